"""From a temporary file to its final name: the only place that decides what may be replaced."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from junmai import files
from junmai.domain.model import Batch, Settled, Staged
from junmai.store.base import Store


class Placing(StrEnum):
    """What came of bringing an output to its final name."""

    PLACED = "placed"
    BLOCKED = "blocked"
    """A file that Junmai did not write stands there."""
    LOST = "lost"
    """The temporary file is gone or not the one that was recorded."""


@dataclass(frozen=True, slots=True)
class Place:
    """The two names of one attempt's output in a folder."""

    folder: Path
    final_name: str
    temporary_name: str

    @property
    def final(self) -> Path:
        """Where the output belongs."""
        return self.folder / self.final_name

    @property
    def temporary(self) -> Path:
        """Where the attempt writes."""
        return self.folder / self.temporary_name


def place_of(batch: Batch, position: int, attempt: int, output_name: str) -> Place:
    """Where an attempt writes (always in the batch's folder), and where its output belongs (there or below)."""
    return Place(_folder(batch.folder), output_name, files.temporary_name(batch.id, position, attempt))


_folder = functools.lru_cache(maxsize=16)(Path)


def bring_to_name(
    store: Store, batch: Batch, staged: Staged, *, recovering: bool = False
) -> tuple[Placing, Settled | None]:
    """Rename the temporary file without replacing anything that is not Junmai's own.

    What stands at the name already may be the very same output (a crash came between the rename and the settling,
    or the database was lost): then it is taken as it is. Raises OSError.
    """
    place = place_of(batch, staged.position, staged.attempt, staged.output_name)
    folder = Path(batch.folder)
    if recovering and holds(place.final, staged):
        files.remove_temporary(place.temporary)
        return Placing.PLACED, _settled(place.final, staged, folder)
    if recovering and not holds(place.temporary, staged):
        return Placing.LOST, None
    files.make_folders_below(folder, place.final.parent)
    if not files.rename_without_replacing(place.temporary, place.final):
        if holds(place.final, staged):
            files.remove_temporary(place.temporary)
        elif may_replace(store, batch, staged.output_name):
            files.rename_replacing(place.temporary, place.final)
        else:
            files.remove_temporary(place.temporary)
            return Placing.BLOCKED, None
    return Placing.PLACED, _settled(place.final, staged, folder)


def holds(path: Path, staged: Staged) -> bool:
    """Whether the file at that path is wholly the recorded output."""
    state = files.state_of(path)
    return state is not None and state.size == staged.size and files.sha256_of(path) == staged.sha256


def may_replace(store: Store, batch: Batch, name: str) -> bool:
    """Whether the file at a final name is Junmai's own and untouched, or the user allows to replace it.

    An original is never replaced, whatever the user allows.
    """
    if is_original(store, Path(batch.folder) / name):
        return False
    if batch.overwrite:
        return True
    return stands_as_recorded(store, batch.folder, name)


def is_original(store: Store, path: Path) -> bool:
    """Whether the file at that path is a photo of the library, under this or any other spelling of its path.

    Links, `..`, bind mounts and case-insensitive disks give one file many paths: its inode tells.
    """
    if store.photo_by_path(str(path)) is not None or store.photo_by_path(os.path.realpath(path)) is not None:
        return True
    state = files.state_of(path)
    if state is None:
        return False
    return any(files.is_same(Path(photo.path), path) for photo in store.photos_at_inode(state.inode))


def stands_as_recorded(store: Store, folder: str, name: str) -> bool:
    """Whether what Junmai wrote under that name stands there as it left it, by size and time."""
    row = store.output_at(folder, name)
    if row is None or row["size"] is None:
        return False
    state = files.state_of(Path(folder) / name)
    return state is not None and (state.size, state.mtime_ns) == (row["size"], row["mtime_ns"])


def _settled(final: Path, staged: Staged, folder: Path) -> Settled:
    """An output at its name. Its sub-folder is on the disk; whoever settles brings `folder` there, once for a group."""
    if final.parent != folder:
        files.sync_folder(final.parent)
    return Settled(staged, final.stat().st_mtime_ns)
