"""Reads the metadata of photos and writes it into developed ones, through exiv2.

The only module that imports exiv2, and only worker processes import this one: exiv2 parses hostile files in C++,
and a crash of it may cost a worker, never the service. Files are mapped, read-only, and handed over as memory:
exiv2 never sees a path, which it would take for an address (``http:``) or spell wrongly on Windows.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import exiv2

from junmai import log as logs
from junmai.develop import metadata_rules as rules
from junmai.develop.sidecars import sidecars_of
from junmai.domain.model import MetadataPolicy

log = logs.get(__name__)

SOFTWARE = "Junmai"
"""What outputs name as their software, without a version: the same batch must give the same bytes."""

Tags = dict[str, tuple[str, ...]]

_READ_GROUPS = frozenset(
    ("Image", "Photo", "GPSInfo", "PanasonicRaw", "SubImage1", "SubImage2", "SubImage3", "SubImage4")
)
_READ_MAKER_TAGS = frozenset(("Exif.Nikon3.NEFCompression",))
_READ_LIMIT = 4096
"""Bytes of the longest value that `read` gives: what it is for is shorter, and the rest would only be carried."""
_CRW = "image/x-canon-crw"

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
    image = _open(path, problems)
    tags = _tags_of(image, problems) if image is not None else {}
    sidecar: Tags = {}
    for place in sidecars_of(path):
        opened = _open(place, problems)
        if opened is not None:
            sidecar |= {key: value for key, value in _tags_of(opened, problems).items() if key.startswith("Xmp.")}
    if image is None:
        return RawMetadata(sidecar=sidecar, problems=tuple(problems))
    return RawMetadata(
        tags, sidecar, str(image.mimeType()), int(image.pixelWidth()), int(image.pixelHeight()), tuple(problems)
    )


def _open(source: Path | bytes, problems: list[str]) -> Any | None:
    """An image of exiv2 with what it could read; None if it could read nothing."""
    name = source.name if isinstance(source, Path) else "the encoded picture"
    try:
        image = exiv2.ImageFactory.open(_mapped(source) if isinstance(source, Path) else source)
    except Exception as error:  # noqa: BLE001 - whatever a library says about odd bytes is a fact about them
        problems.append(f"{name}: {_said(error)}")
        return None
    try:
        image.readMetadata()
    except Exception as error:  # noqa: BLE001 - what was read before the fault is there
        problems.append(f"{name}: {_said(error)}")
    if image.xmpPacket() and image.xmpData().empty():
        problems.append(f"{name}: its XMP is not well-formed, or empty")
    return image


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)


def _said(error: Exception) -> str:
    return str(getattr(error, "message", "") or error)[:300]


def _tags_of(image: Any, problems: list[str]) -> Tags:
    tags: Tags = {}
    for datum in _each(image.exifData(), problems):
        key = str(datum.key())
        wanted = key.split(".")[1] in _READ_GROUPS or key in _READ_MAKER_TAGS
        if wanted and key not in tags and datum.size() <= _READ_LIMIT:
            tags[key] = (_text(datum),)
    for datum in _each(image.xmpData(), problems):
        if datum.groupName() != "crs":
            tags[str(datum.key())] = _elements(datum)
    for datum in _each(image.iptcData(), problems):
        if datum.size() <= _READ_LIMIT:
            tags[str(datum.key())] = (*tags.get(str(datum.key()), ()), _text(datum))
    if image.mimeType() == _CRW and "Exif.Photo.DateTimeOriginal" in tags:
        tags["Exif.Photo.DateTimeOriginal"] = (_crw_time(tags["Exif.Photo.DateTimeOriginal"][0]),)
    for key, answer in (("Easy.Lens", exiv2.lensName), ("Easy.Iso", exiv2.isoSpeed)):
        text = _interpreted(image, answer)
        if text:
            tags[key] = (text,)
    return tags


def _each(data: Any, problems: list[str]) -> Iterator[Any]:
    """The data of a container; a fault in one of them ends the walk, and is told."""
    try:
        for datum in data:
            try:
                yield datum
            except (exiv2.Exiv2Error, ValueError, OverflowError) as error:
                problems.append(_said(error))
    except Exception as error:  # noqa: BLE001 - see _open
        problems.append(_said(error))


def _text(datum: Any) -> str:
    """The value as text. Bytes that are not UTF-8 are taken for Windows' Latin 1, which older programs wrote."""
    try:
        return rules.clean(str(datum.toString()))
    except Exception:  # noqa: BLE001 - a value that cannot be shown is none
        return ""


def _elements(datum: Any) -> tuple[str, ...]:
    try:
        if datum.typeName() in ("XmpBag", "XmpSeq", "XmpAlt"):
            return tuple(rules.clean(str(element)) for element in datum.value())
        if datum.typeName() == "LangAlt":
            return tuple(rules.clean(str(text)) for text in dict(datum.value()).values())
    except Exception:  # noqa: BLE001 - see _text
        return ()
    return (_text(datum),)


def _interpreted(image: Any, answer: Any) -> str:
    try:
        data = image.exifData()
        datum = answer(data)
        return "" if datum is None else rules.clean(str(datum.print(data)))
    except Exception:  # noqa: BLE001 - see _text
        return ""


def _crw_time(text: str) -> str:
    """CRW keeps seconds since 1970 on the camera's clock; exiv2 shows them in this machine's time zone."""
    try:
        seconds = time.mktime(time.strptime(text, "%Y:%m:%d %H:%M:%S"))
    except (ValueError, OverflowError):
        return text
    return time.strftime("%Y:%m:%d %H:%M:%S", time.gmtime(seconds))


# --- writing -------------------------------------------------------------------------------------------------


def transfer(source: Path, encoded: bytes, *, policy: MetadataPolicy, width: int, height: int) -> bytes:
    """Give the JPEG `encoded` the metadata of the photo at `source` and of its sidecars, and return the new JPEG.

    `width` and `height` are those of `encoded`, in pixels. Its ICC profile and picture data stay as they are. What
    is copied says `metadata_rules`; `policy` "no_gps" leaves out all places, "none" everything that is not needed
    to show the picture. The same input gives the same bytes. Metadata that cannot be kept is dropped and logged;
    this never raises for what is in the source.
    """
    problems: list[str] = []
    image = None if policy == "none" else _open(source, problems)
    kept = _Kept(policy)
    if image is not None:
        _guarded(kept.take, image, problems)
    if policy != "none":
        for place in sidecars_of(source):
            opened = _open(place, problems)
            if opened is not None:
                _guarded(kept.take_sidecar, opened, problems)
    kept.finish(width, height, problems)
    data = _written(encoded, kept, problems)
    if problems:
        log.warning("metadata.dropped", source=str(source), problems=problems[:20], count=len(problems))
    return data


def _guarded(take: Callable[[Any, list[str]], None], image: Any, problems: list[str]) -> None:
    try:
        take(image, problems)
    except Exception as error:  # noqa: BLE001 - what was taken before the fault is kept
        problems.append(_said(error))


class _Kept:
    """The metadata that an output gets, collected from its sources in turn."""

    def __init__(self, policy: MetadataPolicy) -> None:
        self.policy = policy
        self.exif = exiv2.ExifData()
        self.xmp: dict[str, list[Any]] = {}
        self.iptc: list[Any] = []
        self.byte_order = exiv2.ByteOrder.littleEndian

    def take(self, image: Any, problems: list[str]) -> None:
        """Take what the white list lets through of a photo's own metadata."""
        if image.byteOrder() == exiv2.ByteOrder.bigEndian:
            self.byte_order = exiv2.ByteOrder.bigEndian
        self._take_exif(image, problems)
        self.xmp = self._xmp_of(image, problems)
        for datum in _each(image.iptcData(), problems):
            if rules.keeps_iptc(datum.groupName(), datum.tagName(), self.policy):
                self.iptc.append(exiv2.Iptcdatum(datum))

    def take_sidecar(self, image: Any, problems: list[str]) -> None:
        """What a sidecar says replaces what the photo says, property by property."""
        told = self._xmp_of(image, problems)
        self.xmp |= told
        if "xmp.Rating" in told:
            self._rate(_text(told["xmp.Rating"][0]))
        if "dc.subject" in told:
            self._replace_keywords(_elements(told["dc.subject"][0]))
        if {"exif.GPSLatitude", "exif.GPSLongitude"} <= told.keys():
            for key in [str(datum.key()) for datum in self.exif if datum.groupName() == "GPSInfo"]:
                _erase(self.exif, key)

    def finish(self, width: int, height: int, problems: list[str]) -> None:
        """Say what is true of the output, and what EXIF requires if the source didn't."""
        self._place_from_xmp(problems)
        has_place = any(datum.groupName() == "GPSInfo" for datum in self.exif)
        for key, (kind, text) in (_REQUIRED | (_REQUIRED_OF_GPS if has_place else {})).items():
            if key not in self.exif or self.exif[key].typeId() != kind or _text(self.exif[key]).endswith("/0"):
                self.exif[key] = _value(kind, text)
        for key, number in _TRUTHS.items():
            self.exif[key] = exiv2.UShortValue(number)
        self.exif["Exif.Photo.PixelXDimension"] = exiv2.ULongValue(width)
        self.exif["Exif.Photo.PixelYDimension"] = exiv2.ULongValue(height)
        self.exif["Exif.Photo.ComponentsConfiguration"] = _value(exiv2.TypeId.undefined, "1 2 3 0")
        self.exif["Exif.Image.Software"] = exiv2.AsciiValue(SOFTWARE)

    def _take_exif(self, image: Any, problems: list[str]) -> None:
        found: dict[str, Any] = {}
        for datum in _each(image.exifData(), problems):
            target = rules.exif_target(str(datum.key()), self.policy)
            if target is None or datum.size() == 0:
                continue
            if datum.size() > rules.EXIF_VALUE_LIMIT:
                problems.append(f"{datum.key()}: {datum.size()} bytes do not fit")
            elif target not in found or target == datum.key():  # a tag at its own place wins over a moved one
                found[target] = datum
        for target in _fitting(found, rules.EXIF_LIMIT, problems):
            try:
                self.exif.add(exiv2.ExifKey(target), found[target].value())
            except Exception as error:  # noqa: BLE001 - one odd tag must not cost the others
                problems.append(f"{target}: {_said(error)}")
        if image.mimeType() == _CRW and "Exif.Photo.DateTimeOriginal" in self.exif:
            taken = _text(self.exif["Exif.Photo.DateTimeOriginal"])
            self.exif["Exif.Photo.DateTimeOriginal"] = exiv2.AsciiValue(_crw_time(taken))
        self._take_from_maker_notes(image)

    def _take_from_maker_notes(self, image: Any) -> None:
        lens = _interpreted(image, exiv2.lensName)
        if "Exif.Photo.LensModel" not in self.exif and rules.is_lens_name(lens):
            self.exif["Exif.Photo.LensModel"] = exiv2.AsciiValue(lens)
            if "Exif.Photo.ExifVersion" in self.exif and _text(self.exif["Exif.Photo.ExifVersion"]) < "48 50 51":
                _erase(self.exif, "Exif.Photo.ExifVersion")  # the tag came with EXIF 2.3
        iso = _interpreted(image, exiv2.isoSpeed)
        if "Exif.Photo.ISOSpeedRatings" not in self.exif and iso.isdigit() and 0 < int(iso) < 65536:
            self.exif["Exif.Photo.ISOSpeedRatings"] = exiv2.UShortValue(int(iso))

    def _xmp_of(self, image: Any, problems: list[str]) -> dict[str, list[Any]]:
        """Properties by ``prefix.Name``, each with the data it is flattened into."""
        found: dict[str, list[Any]] = {}
        for datum in _each(image.xmpData(), problems):
            prefix, name = str(datum.groupName()), str(datum.tagName())
            if rules.keeps_xmp(prefix, name, self.policy):
                found.setdefault(f"{prefix}.{rules.xmp_root(name)}", []).append(exiv2.Xmpdatum(datum))
        return found

    def _rate(self, text: str) -> None:
        if "Exif.Image.Rating" in self.exif:
            _erase(self.exif, "Exif.Image.RatingPercent")
            try:
                self.exif["Exif.Image.Rating"] = exiv2.UShortValue(min(5, max(0, round(float(text)))))
            except ValueError:
                _erase(self.exif, "Exif.Image.Rating")

    def _replace_keywords(self, keywords: tuple[str, ...]) -> None:
        """Programs that read IPTC or Windows' keywords must not show the ones that the sidecar replaced."""
        had = any(datum.tagName() == "Keywords" for datum in self.iptc)
        self.iptc = [datum for datum in self.iptc if datum.tagName() != "Keywords"]
        _erase(self.exif, "Exif.Image.XPKeywords")
        plain = all(_text(datum).isascii() for datum in self.iptc if datum.tagName() != "CharacterSet")
        if had and plain:  # else the data sets may be in another charset than the keywords
            self.iptc = [datum for datum in self.iptc if datum.tagName() != "CharacterSet"]
            self.iptc.append(_iptc("Iptc.Envelope.CharacterSet", "\x1b%G"))
            self.iptc += [_iptc("Iptc.Application2.Keywords", word) for word in keywords]

    def _place_from_xmp(self, problems: list[str]) -> None:
        """A place that was given in Lightroom stands in XMP only; map programs read EXIF."""
        if "Exif.GPSInfo.GPSLatitude" in self.exif:
            return
        try:
            for name in ("GPSLatitude", "GPSLongitude"):
                place = rules.exif_coordinate(_text(self.xmp[f"exif.{name}"][0]))
                if place is None:
                    return
                self.exif[f"Exif.GPSInfo.{name}Ref"] = exiv2.AsciiValue(place[1])
                self.exif[f"Exif.GPSInfo.{name}"] = _value(exiv2.TypeId.unsignedRational, place[0])
        except KeyError:
            return
        except Exception as error:  # noqa: BLE001 - the XMP has it anyway
            problems.append(f"GPS of XMP: {_said(error)}")


def _written(encoded: bytes, kept: _Kept, problems: list[str]) -> bytes:
    """The JPEG with as much as can be written: all, else without IPTC, without XMP, or the needed EXIF only."""
    for with_exif, with_xmp, with_iptc in ((1, 1, 1), (1, 1, 0), (1, 0, 0), (0, 1, 0), (0, 0, 0)):
        image = _open(encoded, problems)
        if image is None:
            return encoded
        try:
            _fill(image, kept if with_exif else _only_needed(kept))
            if with_xmp and kept.policy != "none":
                _fill_xmp(image, kept, problems)
            for datum in kept.iptc if with_iptc else ():
                image.iptcData().add(datum)
            image.writeMetadata()
            return bytes(image.data())
        except Exception as error:  # noqa: BLE001 - the photo is worth more than a tag of it
            problems.append(f"writing: {_said(error)}")
    return encoded


def _fill(image: Any, kept: _Kept) -> None:
    kept.exif.sortByKey()
    image.clearExifData()
    image.clearXmpData()
    image.clearIptcData()
    image.setByteOrder(kept.byte_order)
    image.setExifData(kept.exif)


def _only_needed(kept: _Kept) -> _Kept:
    bare = _Kept("none")
    for key in (
        *_REQUIRED,
        *_TRUTHS,
        "Exif.Photo.PixelXDimension",
        "Exif.Photo.PixelYDimension",
        "Exif.Image.Software",
    ):
        bare.exif[key] = kept.exif[key].value()
    return bare


def _fill_xmp(image: Any, kept: _Kept, problems: list[str]) -> None:
    data = image.xmpData()
    for root in _fitting_xmp(kept.xmp, problems):
        for datum in kept.xmp[root]:
            try:
                data.add(datum)
            except Exception as error:  # noqa: BLE001 - one odd property must not cost the others
                problems.append(f"{datum.key()}: {_said(error)}")
    data["Xmp.xmp.CreatorTool"] = SOFTWARE


def _fitting(found: Mapping[str, Any], limit: int, problems: list[str]) -> list[str]:
    return rules.largest_out({key: int(datum.size()) + 16 for key, datum in found.items()}, limit, problems)


def _fitting_xmp(found: Mapping[str, list[Any]], problems: list[str]) -> list[str]:
    sizes = {
        root: sum(len(_text(datum).encode()) + 2 * len(str(datum.key())) + 40 for datum in data)
        for root, data in found.items()
    }
    return rules.largest_out(sizes, rules.XMP_LIMIT, problems)


def _erase(data: Any, key: str) -> None:
    if key in data:
        del data[key]


def _iptc(key: str, text: str) -> Any:
    return exiv2.Iptcdatum(exiv2.IptcKey(key), exiv2.StringValue(text))


def _value(kind: Any, text: str) -> Any:
    value = exiv2.Value.create(kind)
    value.read(text)
    return value


_TRUTHS = {"Exif.Image.Orientation": 1, "Exif.Photo.ColorSpace": 1}
_REQUIRED = {
    "Exif.Image.XResolution": (exiv2.TypeId.unsignedRational, "72/1"),
    "Exif.Image.YResolution": (exiv2.TypeId.unsignedRational, "72/1"),
    "Exif.Image.ResolutionUnit": (exiv2.TypeId.unsignedShort, "2"),
    "Exif.Image.YCbCrPositioning": (exiv2.TypeId.unsignedShort, "1"),
    "Exif.Photo.ExifVersion": (exiv2.TypeId.undefined, "48 50 51 50"),
    "Exif.Photo.FlashpixVersion": (exiv2.TypeId.undefined, "48 49 48 48"),
}
_REQUIRED_OF_GPS = {"Exif.GPSInfo.GPSVersionID": (exiv2.TypeId.unsignedByte, "2 3 0 0")}
