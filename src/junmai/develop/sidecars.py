"""Which XMP sidecars belong to a photo.

Two ways of naming are in use: Lightroom, Bridge and Capture One write ``IMG_1.xmp``, darktable and digiKam
``IMG_1.CR2.xmp``. The first is shared by all files of that stem, so it needs a rule for RAW+JPEG pairs.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from junmai import errors
from junmai.develop import xmp
from junmai.develop.sniff import RAW_EXTENSIONS

SIDECAR_LIMIT = 16 * 1024 * 1024
"""Bytes of the largest sidecar that is read; one of Lightroom with many brush strokes has a few MB."""
_SPELLINGS = (".xmp", ".XMP", ".Xmp")
_NOT_TOLD = (
    *("{http://ns.adobe.com/camera-raw", "{http://ns.adobe.com/xap/1.0/mm/}"),
    *("{http://ns.adobe.com/xap/1.0/}MetadataDate", "{http://ns.adobe.com/xap/1.0/}ModifyDate"),
    "{http://ns.adobe.com/photoshop/1.0/}SidecarForExtension",
)
_EXTENSION_OWNED = re.compile(rb"SidecarForExtension\s*(?:=\s*[\"']|>)\s*\.?([A-Za-z0-9]{1,8})")


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A sidecar as it was read."""

    path: Path
    data: bytes


@dataclass(frozen=True, slots=True)
class Instead:
    """A sidecar that is read as if `before` (None: nothing) stood in its place, as long as it has that SHA-256."""

    path: Path
    sha256: str
    before: bytes | None


def read(photo: Path, instead: Instead | None = None) -> tuple[Sidecar, ...]:
    """The sidecars of a photo with what they hold, the more general first. Raises OSError."""
    found = (Sidecar(path, path.read_bytes()) for path in sidecars_of(photo))
    if instead is None:
        return tuple(found)
    return tuple(one for each in found if (one := _replaced(each, instead)) is not None)


def _replaced(one: Sidecar, instead: Instead) -> Sidecar | None:
    if one.path != instead.path or hashlib.sha256(one.data).hexdigest() != instead.sha256:
        return one
    return None if instead.before is None else Sidecar(one.path, instead.before)


def content_key(found: Sequence[Sidecar]) -> str:
    """SHA-256 over what sidecars hold, in their order; `""` where there is none. Their times do not matter."""
    if not found:
        return ""
    digest = hashlib.sha256()
    for one in found:
        digest.update(hashlib.sha256(one.data).digest())
    return digest.hexdigest()


def told_key(found: Sequence[Sidecar]) -> str:
    """SHA-256 over what sidecars tell that an output may carry: everything but other programs' settings and history,
    and when they were last written. `""` where they tell nothing. One that cannot be parsed counts as it is."""
    told = [_told(one) for one in found]
    if not any(told):
        return ""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _told(one: Sidecar) -> dict[str, xmp.Node]:
    try:
        fields = xmp.parse(one.data)
    except errors.XmpUnreadable:
        return {"": hashlib.sha256(one.data).hexdigest()}
    # settings of Camera Raw stand bare; an element of each other name begins with its namespace in braces
    return {name: node for name, node in fields.items() if name.startswith("{") and not name.startswith(_NOT_TOLD)}


def too_large(photo: Path) -> tuple[Path, ...]:
    """Sidecars of a photo that are larger than what is read. Never raises."""
    there = (_first_there(photo, stem, larger=True) for stem in (photo.stem, photo.name))
    return tuple(path for path in there if path is not None)


def sidecars_of(photo: Path) -> tuple[Path, ...]:
    """The sidecars of a photo, the more general first: what a later one says wins. Never raises.

    ``IMG_1.CR2.xmp`` is its photo's own. ``IMG_1.xmp`` belongs to the file whose extension it names
    (photoshop:SidecarForExtension); if it names none, to the RAW of that stem if there is one, since programs
    write into a JPEG itself.
    """
    shared = _first_there(photo, photo.stem)
    own = _first_there(photo, photo.name)
    found = [shared] if shared is not None and shared_is_for(shared, photo) else []
    return (*found, own) if own is not None else tuple(found)


def _first_there(photo: Path, stem: str, *, larger: bool = False) -> Path | None:
    for spelling in _SPELLINGS:
        candidate = photo.parent / (stem + spelling)
        try:
            if candidate.is_file() and (candidate.stat().st_size > SIDECAR_LIMIT) == larger:
                return candidate
        except (OSError, ValueError):
            continue
    return None


def shared_place(photo: Path) -> Path | None:
    """Where a sidecar of Lightroom's name stands, whatever its spelling, size and owner; None where none does."""
    for spelling in _SPELLINGS:
        candidate = photo.parent / (photo.stem + spelling)
        if os.path.lexists(candidate):
            return candidate
    return None


def shared_is_for(sidecar: Path, photo: Path) -> bool:
    """Whether a sidecar of Lightroom's name is that of this photo, and not of another file of the same stem."""
    extension = photo.suffix.lower()
    try:
        with sidecar.open("rb") as stream:
            owned = _EXTENSION_OWNED.search(stream.read(SIDECAR_LIMIT))
    except OSError:
        owned = None  # whoever reads it learns why it cannot be opened; here it must not be passed over in silence
    if owned:
        return "." + owned[1].decode("ascii").lower() == extension
    return extension in RAW_EXTENSIONS or not _raw_beside(photo)


def _raw_beside(photo: Path) -> bool:
    try:
        with os.scandir(photo.parent) as entries:
            for entry in entries:
                if not entry.name.startswith(photo.stem):
                    continue
                other = Path(entry.name)
                if other.stem == photo.stem and other.suffix.lower() in RAW_EXTENSIONS:
                    return True
    except OSError:
        return False
    return False
