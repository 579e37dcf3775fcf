"""Where the user's DCP files lie, and what they hold: whatever is read from them decides an output as settings do.

Light to import: the files are parsed (`junmai.develop.dcp`) only where a recipe may ask for one and there are some.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from junmai import config
from junmai.domain.model import Recipe


def folder() -> Path:
    """Where DCP files are looked for: JUNMAI_CAMERA_PROFILES, or `camera-profiles` in the default data folder."""
    given = os.environ.get("JUNMAI_CAMERA_PROFILES")
    return Path(given) if given else config.default_data_folder() / "camera-profiles"


def all_files() -> list[Path]:
    """Every DCP file of the folder and what is below it, in the order of their paths."""
    if not folder().is_dir():
        return []
    return sorted(path for path in folder().rglob("*") if path.suffix.casefold() == ".dcp" and path.is_file())


State = tuple[int, int, int, int]


def state_of(path: Path) -> State:
    """What changes whenever a file is written or replaced: its times, size and number. Raises OSError.

    The time of its last write alone would not do: a copy may keep it.
    """
    status = path.stat()
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


def key(recipe: Recipe) -> str:
    """SHA-256 over the DCP files that a recipe's RAW photos may be developed with; `""` where there are none.

    With own settings each photo may name another profile, so every file counts.
    """
    name = str((recipe.overrides if recipe.own else recipe.settings).get("CameraProfile", ""))
    if not name:
        return _digest(all_files()) if recipe.own else ""
    return named_key(name)


def named_key(name: str) -> str:
    """SHA-256 over the DCP files of that name, one for each camera; `""` where there is none."""
    there = all_files()
    if not there:
        return ""
    from junmai.develop import dcp  # numpy: 0.1 s that a command without profiles need not wait for

    return _digest([path for path in there if dcp.is_named(path, name)])


def concern(kind: str) -> bool:
    """Whether profiles can change what is developed from a photo of that kind (by content): from RAW files only."""
    return kind == "raw"


def _digest(paths: list[Path]) -> str:
    if not paths:
        return ""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(_checksum(path))
    return digest.hexdigest()


def _checksum(path: Path) -> bytes:
    try:
        return _read_checksum(path, state_of(path))
    except OSError:
        return hashlib.sha256(b"unreadable " + os.fsencode(path)).digest()


@lru_cache(maxsize=1024)
def _read_checksum(path: Path, _state: State) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()
