"""Reads the metadata of photos, through exiv2; `metadata_write` writes it into developed ones.

Only worker processes import the modules `metadata*`, and only those import exiv2: it parses hostile files in C++, and
a crash of it may cost a worker, never the service. Files are mapped, read-only, and handed over as memory: exiv2 never
sees a path, which it would take for an address (``http:``) or spell wrongly on Windows.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import exiv2

from junmai.develop import metadata_rules as rules
from junmai.develop.sidecars import sidecars_of

Tags = dict[str, tuple[str, ...]]

_READ_GROUPS = frozenset(
    ("Image", "Photo", "GPSInfo", "PanasonicRaw", "SubImage1", "SubImage2", "SubImage3", "SubImage4")
)
_READ_MAKER_TAGS = frozenset(("Exif.Nikon3.NEFCompression",))
_READ_LIMIT = 4096
"""Bytes of the longest value that `read` gives: what it is for is shorter, and the rest would only be carried."""
CRW = "image/x-canon-crw"

PROPERTY_LIMIT = 30_000
"""XMP properties of a sidecar that exiv2 is given: it compares each with all before it, 20,000 took 0.7 s, 40,000
5.6 s, and 150,000 longer than a worker may take over a photo. Elements of lists are not counted: they cost 2 us."""

exiv2.LogMsg.setLevel(exiv2.LogMsg.Level.mute)  # it would write to standard error about every odd tag


@dataclass(frozen=True, slots=True)
class RawMetadata:
    """What a photo's file and its sidecars say, as text, uninterpreted.

    Keys are exiv2's (``Exif.Photo.FNumber``, ``Xmp.dc.subject``, ``Iptc.Application2.Keywords``), values the
    elements as text: rationals as ``5/1``, several numbers in one element with spaces between. ``Easy.Lens`` and
    ``Easy.Iso`` are what exiv2 makes of the maker notes. `width` and `height` are pixels as the file stores them,
    0 where exiv2 doesn't know (and of the preview in some RAW formats). `problems` says what could not be read.
    """

    tags: Tags = field(default_factory=dict)
    sidecar: Tags = field(default_factory=dict)
    mime: str = ""
    width: int = 0
    height: int = 0
    problems: tuple[str, ...] = ()


# --- reading -------------------------------------------------------------------------------------------------


def read(path: Path) -> RawMetadata:
    """EXIF, XMP and IPTC of the photo at `path` and the XMP of its sidecars. Never raises for what is in them."""
    problems: list[str] = []
    image = opened(path, problems)
    tags = _tags_of(image, problems) if image is not None else {}
    sidecar: Tags = {}
    for place in sidecars_of(path):
        beside = opened_sidecar(place, problems)
        if beside is not None:
            sidecar |= {key: value for key, value in _tags_of(beside, problems).items() if key.startswith("Xmp.")}
    if image is None:
        return RawMetadata(sidecar=sidecar, problems=tuple(problems))
    return RawMetadata(
        tags, sidecar, str(image.mimeType()), int(image.pixelWidth()), int(image.pixelHeight()), tuple(problems)
    )


def opened(source: Path | bytes, problems: list[str]) -> Any | None:
    """An image of exiv2 with what it could read; None if it could read nothing."""
    name = source.name if isinstance(source, Path) else "the encoded picture"
    try:
        image = exiv2.ImageFactory.open(_mapped(source) if isinstance(source, Path) else source)
    except Exception as error:  # noqa: BLE001 - whatever a library says about odd bytes is a fact about them
        problems.append(f"{name}: {said(error)}")
        return None
    try:
        image.readMetadata()
    except Exception as error:  # noqa: BLE001 - what was read before the fault is there
        problems.append(f"{name}: {said(error)}")
    if image.xmpPacket() and image.xmpData().empty():
        problems.append(f"{name}: its XMP is not well-formed, or empty")
    return image


def opened_sidecar(path: Path, problems: list[str]) -> Any | None:
    """The same for a sidecar, but for one that would keep exiv2 busy for minutes."""
    try:
        data = path.read_bytes()
    except OSError as error:
        problems.append(f"{path.name}: {error.strerror}")
        return None
    properties = data.count(b'="') + data.count(b"='") + data.count(b"</") - data.count(b"</rdf:")
    if properties > PROPERTY_LIMIT:
        problems.append(f"{path.name}: it has about {properties:,} properties; {PROPERTY_LIMIT:,} are the most")
        return None
    return opened(path, problems)


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def said(error: Exception) -> str:
    """What a library says about odd bytes, in short."""
    return str(getattr(error, "message", "") or error)[:300]


def _tags_of(image: Any, problems: list[str]) -> Tags:
    tags: Tags = {}
    for datum in each(image.exifData(), problems):
        key = str(datum.key())
        wanted = key.split(".")[1] in _READ_GROUPS or key in _READ_MAKER_TAGS
        if wanted and key not in tags and datum.size() <= _READ_LIMIT:
            tags[key] = (text_of(datum),)
    for datum in each(image.xmpData(), problems):
        if datum.groupName() != "crs":
            tags[str(datum.key())] = elements_of(datum)
    for datum in each(image.iptcData(), problems):
        if datum.size() <= _READ_LIMIT:
            tags[str(datum.key())] = (*tags.get(str(datum.key()), ()), text_of(datum))
    if image.mimeType() == CRW and "Exif.Photo.DateTimeOriginal" in tags:
        tags["Exif.Photo.DateTimeOriginal"] = (crw_time(tags["Exif.Photo.DateTimeOriginal"][0]),)
    for key, answer in (("Easy.Lens", exiv2.lensName), ("Easy.Iso", exiv2.isoSpeed)):
        text = interpreted(image, answer)
        if text:
            tags[key] = (text,)
    return tags


def each(data: Any, problems: list[str]) -> Iterator[Any]:
    """The data of a container; a fault in one of them ends the walk, and is told."""
    try:
        for datum in data:
            try:
                yield datum
            except (exiv2.Exiv2Error, ValueError, OverflowError) as error:
                problems.append(said(error))
    except Exception as error:  # noqa: BLE001 - see opened
        problems.append(said(error))


def text_of(datum: Any) -> str:
    """The value as text. Bytes that are not UTF-8 are taken for Windows' Latin 1, which older programs wrote."""
    try:
        return rules.clean(str(datum.toString()))
    except Exception:  # noqa: BLE001 - a value that cannot be shown is none
        return ""


def elements_of(datum: Any) -> tuple[str, ...]:
    """The elements of an XMP bag, sequence or choice of languages; of anything else its text."""
    try:
        if datum.typeName() in ("XmpBag", "XmpSeq", "XmpAlt"):
            return tuple(rules.clean(str(element)) for element in datum.value())
        if datum.typeName() == "LangAlt":
            return tuple(rules.clean(str(text)) for text in dict(datum.value()).values())
    except Exception:  # noqa: BLE001 - see text_of
        return ()
    return (text_of(datum),)


def interpreted(image: Any, answer: Any) -> str:
    """What exiv2 makes of the maker notes: `answer` is one of its functions, such as `exiv2.lensName`."""
    try:
        data = image.exifData()
        datum = answer(data)
        return "" if datum is None else rules.clean(str(datum.print(data)))
    except Exception:  # noqa: BLE001 - see text_of
        return ""


def crw_time(text: str) -> str:
    """CRW keeps seconds since 1970 on the camera's clock; exiv2 shows them in this machine's time zone."""
    try:
        seconds = time.mktime(time.strptime(text, "%Y:%m:%d %H:%M:%S"))
    except (ValueError, OverflowError):
        return text
    return time.strftime("%Y:%m:%d %H:%M:%S", time.gmtime(seconds))
