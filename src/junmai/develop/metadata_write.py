"""Writes metadata into developed photos. For worker processes, as all that exiv2 does.

exiv2 writes into JPEG and TIFF. WebP and AVIF get theirs while they are encoded, as the two packets that a JPEG would
carry: exiv2 cannot write AVIF.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junmai import log as logs
from junmai.develop.metadata import opened, opened_sidecar, said
from junmai.develop.metadata_kept import Kept, fitting_xmp
from junmai.develop.sidecars import sidecars_of
from junmai.develop.version import SOFTWARE
from junmai.domain.model import OutputOptions

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Packets:
    """EXIF (``Exif``, two zeros, then a TIFF header) and XMP as a file carries them; empty where there is none."""

    exif: bytes
    xmp: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be said in one output, and what of it could not be read so far."""

    source: Path
    kept: Kept
    problems: list[str]


def collect(source: Path, output: OutputOptions, *, width: int, height: int) -> Told:
    """The metadata of the photo at `source` and of its sidecars that an output of `width` x `height` pixels gets.

    What is copied says `metadata_rules`; `output.metadata` "no_gps" leaves out all places, "none" everything that is
    not needed to show the picture. Creator and copyright are written whatever it says. Never raises for what is in the
    source.
    """
    problems: list[str] = []
    kept = Kept(output)
    if output.metadata != "none":
        image = opened(source, problems)
        if image is not None:
            _guarded(kept.take, image, problems)
        for place in sidecars_of(source):
            beside = opened_sidecar(place, problems)
            if beside is not None:
                _guarded(kept.take_sidecar, beside, problems)
    kept.sign(output.creator, output.copyright)
    kept.finish(width, height, problems)
    return Told(source, kept, problems)


def written(encoded: bytes, told: Told) -> bytes:
    """A JPEG or TIFF with its metadata in place of any it has; its ICC profile and picture data stay as they are.

    The same input gives the same bytes. What cannot be written is dropped and logged.
    """
    data = _as_much_as_can_be(encoded, told.kept, told.problems)
    if told.problems:
        log.warning("metadata.dropped", source=str(told.source), problems=told.problems[:20], count=len(told.problems))
    return data


def packets(told: Told) -> Packets:
    """The metadata as packets, for an encoder that embeds them itself."""
    from PIL import Image

    with Image.open(io.BytesIO(written(_smallest_jpeg(), told))) as carrier:
        return Packets(carrier.info.get("exif", b""), carrier.info.get("xmp", b""))


@functools.cache
def _smallest_jpeg() -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("L", (1, 1)).save(buffer, "JPEG")
    return buffer.getvalue()


def _guarded(take: Callable[[Any, list[str]], None], image: Any, problems: list[str]) -> None:
    try:
        take(image, problems)
    except Exception as error:  # noqa: BLE001 - what was taken before the fault is kept
        problems.append(said(error))


def _as_much_as_can_be(encoded: bytes, kept: Kept, problems: list[str]) -> bytes:
    """The file with all that can be written: all, else without IPTC, without XMP, or the needed EXIF only."""
    for with_exif, with_xmp, with_iptc in ((1, 1, 1), (1, 1, 0), (1, 0, 0), (0, 1, 0), (0, 0, 0)):
        image = opened(encoded, problems)
        if image is None:
            return encoded
        try:
            _fill(image, kept if with_exif else kept.only_needed())
            if with_xmp and (kept.policy != "none" or kept.xmp):
                _fill_xmp(image, kept, problems)
            for datum in kept.iptc if with_iptc else ():
                image.iptcData().add(datum)
            image.writeMetadata()
            return bytes(image.data())
        except Exception as error:  # noqa: BLE001 - the photo is worth more than a tag of it
            problems.append(f"writing: {said(error)}")
    return encoded


def _fill(image: Any, kept: Kept) -> None:
    kept.exif.sortByKey()
    image.clearExifData()
    image.clearXmpData()
    image.clearIptcData()
    image.setByteOrder(kept.byte_order)
    image.setExifData(kept.exif)


def _fill_xmp(image: Any, kept: Kept, problems: list[str]) -> None:
    data = image.xmpData()
    for root in fitting_xmp(kept.xmp, problems):
        for datum in kept.xmp[root]:
            try:
                data.add(datum)
            except Exception as error:  # noqa: BLE001 - one odd property must not cost the others
                problems.append(f"{datum.key()}: {said(error)}")
    data["Xmp.xmp.CreatorTool"] = SOFTWARE
