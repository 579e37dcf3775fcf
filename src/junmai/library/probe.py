"""Looks at one photo without decoding it: its facts, its size, and whether it can be developed at all.

For worker processes: exiv2 and LibRaw parse what may be hostile. Import this module anywhere; they are loaded
when `probe` is called.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from junmai.develop.raw_size import own_crop
from junmai.develop.sniff import Kind
from junmai.library.exif import PhotoFacts, facts_from

if TYPE_CHECKING:
    from junmai.develop import metadata

RESAVE = "re-save it as DNG with Adobe DNG Converter (free), or as TIFF with the camera maker's program"

_EXIF_ORIENTATION = {0: 1, 3: 3, 5: 8, 6: 6}
"""EXIF's orientation for LibRaw's flip."""
_NIKON_HIGH_EFFICIENCY = {"13": "High Efficiency", "14": "High Efficiency*"}
_DNG_COMPRESSIONS = {
    "9": "GoPro's VC-5 compression",
    "52546": "JPEG XL compression",
}


def probe(path: Path, kind: Kind) -> PhotoFacts:
    """Facts of the photo at `path`, of which `kind` is what scanning said.

    Never raises for what is in the file: broken metadata is no metadata. `unsupported` is set where LibRaw
    knows the file and cannot read it; a damaged one is not "unsupported" but fails when it is developed.
    Raises OSError where the file itself cannot be read.
    """
    from junmai.develop import metadata

    with path.open("rb") as stream:
        stream.read(1)
    raw = metadata.read(path)
    if kind == "raw":
        return _raw_facts(path, raw)
    width, height = _picture_size(path, kind)
    facts = facts_from(raw.tags, raw.sidecar, width=width or raw.width, height=height or raw.height)
    if kind == "heif" and width:  # libheif turns the picture itself: its size is the upright one
        return replace(facts, width=width, height=height)
    return facts


def _picture_size(path: Path, kind: Kind) -> tuple[int, int]:
    """Pixels as the file stores them (HEIF: upright), from its header; 0, 0 where it cannot be told."""
    from PIL import Image

    if kind == "heif":
        import pillow_heif

        pillow_heif.register_heif_opener()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path) as image:
                return image.size
        except Exception:  # noqa: BLE001 - a broken picture has no size; developing it says what is wrong
            return 0, 0


# --- RAW -----------------------------------------------------------------------------------------------------


def _raw_facts(path: Path, raw: metadata.RawMetadata) -> PhotoFacts:
    import rawpy

    reason = _unreadable_compression(raw.tags)
    try:
        with rawpy.RawPy() as opened:
            opened.open_file(str(path))
            sizes = opened.sizes
            facts = facts_from(raw.tags, raw.sidecar)
            _, _, height, width = own_crop(sizes)
            if sizes.flip in (5, 6):
                width, height = height, width
            orientation = _EXIF_ORIENTATION.get(sizes.flip, facts.orientation)
            facts = replace(facts, width=width, height=height, orientation=orientation)
    except rawpy.LibRawFileUnsupportedError:
        facts = facts_from(raw.tags, raw.sidecar)
        if reason is None and facts.camera:  # no camera: more likely damaged than new
            reason = f"LibRaw cannot read this kind of RAW of the {facts.camera}"
    except rawpy.LibRawError:
        facts = facts_from(raw.tags, raw.sidecar)
    return replace(facts, unsupported=f"{reason}; {RESAVE}" if reason else None)


def _unreadable_compression(tags: Mapping[str, Sequence[str]]) -> str | None:
    """The compression that LibRaw opens but cannot unpack, in words; None if there is none."""
    nikon = _NIKON_HIGH_EFFICIENCY.get(_text(tags, "Exif.Nikon3.NEFCompression"))
    if nikon:
        return f"Nikon's {nikon} compression (NEF) cannot be read"
    for group in ("Image", "SubImage1", "SubImage2", "SubImage3", "SubImage4"):
        name = _DNG_COMPRESSIONS.get(_text(tags, f"Exif.{group}.Compression"))
        if name and _text(tags, f"Exif.{group}.NewSubfileType") == "0":
            return f"{name} of this DNG cannot be read"
    return None


def _text(tags: Mapping[str, Sequence[str]], key: str) -> str:
    return next(iter(tags.get(key, ())), "")
