"""What metadata one output gets: collected from the photo and its sidecars by the white list, then made true.

For worker processes, as all that exiv2 does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import exiv2

from junmai.develop import metadata_rules as rules
from junmai.develop.metadata import CRW, crw_time, each, elements_of, interpreted, said, text_of
from junmai.develop.version import SOFTWARE
from junmai.domain.model import OutputOptions

_UTF8 = "\x1b%G"
"""IPTC-IIM 4.2, data set 1:90: the text is UTF-8."""


class Kept:
    """The metadata of one output: `exif` of exiv2, `xmp` data by ``prefix.Name``, `iptc` data in order."""

    def __init__(self, output: OutputOptions) -> None:
        self.output = output
        self.policy = output.metadata
        self.exif = exiv2.ExifData()
        self.xmp: dict[str, list[Any]] = {}
        self.iptc: list[Any] = []
        self.byte_order = exiv2.ByteOrder.littleEndian

    # --- from the photo -----------------------------------------------------------------------------------

    def take(self, image: Any, problems: list[str]) -> None:
        """Take what the white list lets through of a photo's own metadata."""
        if image.byteOrder() == exiv2.ByteOrder.bigEndian:
            self.byte_order = exiv2.ByteOrder.bigEndian
        self._take_exif(image, problems)
        self.xmp = self._xmp_of(image, problems)
        for datum in each(image.iptcData(), problems):
            if rules.keeps_iptc(datum.groupName(), datum.tagName(), self.policy):
                self.iptc.append(exiv2.Iptcdatum(datum))

    def _take_exif(self, image: Any, problems: list[str]) -> None:
        found: dict[str, Any] = {}
        for datum in each(image.exifData(), problems):
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
                problems.append(f"{target}: {said(error)}")
        if image.mimeType() == CRW and "Exif.Photo.DateTimeOriginal" in self.exif:
            taken = text_of(self.exif["Exif.Photo.DateTimeOriginal"])
            self.exif["Exif.Photo.DateTimeOriginal"] = exiv2.AsciiValue(crw_time(taken))
        self._take_from_maker_notes(image)

    def _take_from_maker_notes(self, image: Any) -> None:
        lens = interpreted(image, exiv2.lensName)
        if "Exif.Photo.LensModel" not in self.exif and rules.is_lens_name(lens):
            self.exif["Exif.Photo.LensModel"] = exiv2.AsciiValue(lens)
            if "Exif.Photo.ExifVersion" in self.exif and text_of(self.exif["Exif.Photo.ExifVersion"]) < "48 50 51":
                _erase(self.exif, "Exif.Photo.ExifVersion")  # the tag came with EXIF 2.3
        iso = interpreted(image, exiv2.isoSpeed)
        if "Exif.Photo.ISOSpeedRatings" not in self.exif and iso.isdigit() and 0 < int(iso) < 65536:
            self.exif["Exif.Photo.ISOSpeedRatings"] = exiv2.UShortValue(int(iso))

    def _xmp_of(self, image: Any, problems: list[str]) -> dict[str, list[Any]]:
        """Properties by ``prefix.Name``, each with the data it is flattened into."""
        found: dict[str, list[Any]] = {}
        for datum in each(image.xmpData(), problems):
            prefix, name = str(datum.groupName()), str(datum.tagName())
            if rules.keeps_xmp(prefix, name, self.policy):
                found.setdefault(f"{prefix}.{rules.xmp_root(name)}", []).append(exiv2.Xmpdatum(datum))
        return found

    # --- from its sidecars --------------------------------------------------------------------------------

    def take_sidecar(self, image: Any, problems: list[str]) -> None:
        """What a sidecar says replaces what the photo says, property by property."""
        told = self._xmp_of(image, problems)
        self.xmp |= told
        if "xmp.Rating" in told:
            self._rate(text_of(told["xmp.Rating"][0]))
        if "dc.subject" in told:
            self._replace_keywords(elements_of(told["dc.subject"][0]))
        if {"exif.GPSLatitude", "exif.GPSLongitude"} <= told.keys():
            for key in [str(datum.key()) for datum in self.exif if datum.groupName() == "GPSInfo"]:
                _erase(self.exif, key)

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
        if had:
            self._write_iptc(("Keywords", word) for word in keywords)

    # --- from the user ------------------------------------------------------------------------------------

    def sign(self, creator: str, copyright: str) -> None:  # noqa: A002 - the field's name
        """Say who made the picture and whose it is, where programs look for it (Metadata Working Group, 2010)."""
        names = [name for each_name in creator.split(";") if (name := each_name.strip())]
        if names:
            self._say("Exif.Image.Artist", "; ".join(names), "Exif.Image.XPAuthor", "tiff.Artist")
            self.xmp["dc.creator"] = [_xmp("Xmp.dc.creator", exiv2.TypeId.xmpSeq, names)]
            self.iptc = [datum for datum in self.iptc if datum.tagName() != "Byline"]
            self._write_iptc(("Byline", rules.shortened(name, rules.BYLINE_LIMIT)) for name in names)
        if copyright:
            self._say("Exif.Image.Copyright", copyright, "tiff.Copyright")
            self.xmp["dc.rights"] = [_xmp("Xmp.dc.rights", exiv2.TypeId.langAlt, [f'lang="x-default" {copyright}'])]
            self.iptc = [datum for datum in self.iptc if datum.tagName() != "Copyright"]
            self._write_iptc([("Copyright", rules.shortened(copyright, rules.COPYRIGHT_LIMIT))])

    def _say(self, key: str, text: str, *others: str) -> None:
        """EXIF says it under this key; elsewhere nothing else may be said about it."""
        self.exif[key] = exiv2.AsciiValue(text)
        for other in others:
            _erase(self.exif, other)
            self.xmp.pop(other, None)

    def _write_iptc(self, given: Iterable[tuple[str, str]]) -> None:
        """Add data sets as UTF-8; what is there already becomes UTF-8 as well."""
        before = [datum for datum in self.iptc if datum.tagName() != "CharacterSet"]
        if not any(text_of(datum) == _UTF8 for datum in self.iptc if datum.tagName() == "CharacterSet"):
            before = [_recoded(datum) for datum in before]
        added = [_iptc(f"Iptc.Application2.{name}", text) for name, text in given]
        self.iptc = [_iptc("Iptc.Envelope.CharacterSet", _UTF8), *before, *added]

    # --- what is true of the output -----------------------------------------------------------------------

    def finish(self, width: int, height: int, problems: list[str]) -> None:
        """Say what is true of the output, and what EXIF requires if the source didn't."""
        self._place_from_xmp(problems)
        if self.output.format == "tiff" and self.byte_order == exiv2.ByteOrder.bigEndian:
            self._turn_unicode()
        if self.output.format in rules.WITHOUT_IPTC:
            self._iptc_as_xmp()
        has_place = any(datum.groupName() == "GPSInfo" for datum in self.exif)
        required = _REQUIRED | (_REQUIRED_OF_GPS if has_place else {})
        if self.output.format == "jpeg":
            required |= _REQUIRED_OF_JPEG
        else:
            _erase(self.exif, "Exif.Image.YCbCrPositioning")
        for key, (kind, text) in required.items():
            if key not in self.exif or self.exif[key].typeId() != kind or text_of(self.exif[key]).endswith("/0"):
                self.exif[key] = _value(kind, text)
        self._say_what_it_is(width, height)

    def resolution(self) -> tuple[tuple[int, int], tuple[int, int], int]:
        """Pixels across and down a unit, as fractions, and the unit (1 none, 2 inch, 3 cm) of TIFF 6.0; 72 an inch
        where nothing that makes sense is said. To be asked after `finish`."""
        across, down = (_fraction(text_of(self.exif[f"Exif.Image.{axis}Resolution"])) for axis in "XY")
        unit = text_of(self.exif["Exif.Image.ResolutionUnit"])
        if across is None or down is None or unit not in ("1", "2", "3"):
            return (72, 1), (72, 1), 2
        return across, down, int(unit)

    def _say_what_it_is(self, width: int, height: int) -> None:
        if self.output.format == "avif":  # turned by the file's own boxes; with the tag, Pillow rewrites all of EXIF
            _erase(self.exif, "Exif.Image.Orientation")
        else:
            self.exif["Exif.Image.Orientation"] = exiv2.UShortValue(1)
        self.exif["Exif.Photo.ColorSpace"] = exiv2.UShortValue(1 if self.output.color_space == "srgb" else 65535)
        if self.output.color_space == "adobe-rgb":  # DCF 2.0 names it by this and "uncalibrated"
            self.exif["Exif.Iop.InteroperabilityIndex"] = exiv2.AsciiValue("R03")
        self.exif["Exif.Photo.PixelXDimension"] = exiv2.ULongValue(width)
        self.exif["Exif.Photo.PixelYDimension"] = exiv2.ULongValue(height)
        if self.output.format == "jpeg":
            self.exif["Exif.Photo.ComponentsConfiguration"] = _value(exiv2.TypeId.undefined, "1 2 3 0")
        self.exif["Exif.Image.Software"] = exiv2.AsciiValue(SOFTWARE)

    def _place_from_xmp(self, problems: list[str]) -> None:
        """A place that was given in Lightroom stands in XMP only; map programs read EXIF."""
        if "Exif.GPSInfo.GPSLatitude" in self.exif:
            return
        try:
            for name in ("GPSLatitude", "GPSLongitude"):
                place = rules.exif_coordinate(text_of(self.xmp[f"exif.{name}"][0]))
                if place is None:
                    return
                self.exif[f"Exif.GPSInfo.{name}Ref"] = exiv2.AsciiValue(place[1])
                self.exif[f"Exif.GPSInfo.{name}"] = _value(exiv2.TypeId.unsignedRational, place[0])
        except KeyError:
            return
        except Exception as error:  # noqa: BLE001 - the XMP has it anyway
            problems.append(f"GPS of XMP: {said(error)}")

    def _turn_unicode(self) -> None:
        """A TIFF has the byte order of its pixels, not the source's; texts in UTF-16 follow it (EXIF 2.32)."""
        for key in rules.CHARSET_TAGS:
            text = text_of(self.exif[key]) if key in self.exif else ""
            if text.startswith("charset="):  # exiv2 has read it as a text and writes it in the order of the file
                continue
            data = bytes(map(int, text.split()))
            if data.startswith(b"UNICODE\0"):
                units = data[8 : len(data) // 2 * 2]
                turned = bytes(each_byte for at in range(0, len(units), 2) for each_byte in (units[at + 1], units[at]))
                self.exif[key] = exiv2.DataValue(data[:8] + turned)

    def _iptc_as_xmp(self) -> None:
        """What only IPTC says is said in XMP, for a format that carries no IPTC."""
        for name, (root, kind) in rules.IPTC_AS_XMP.items():
            texts = [text_of(datum) for datum in self.iptc if datum.tagName() == name]
            if texts and root not in self.xmp:
                said_so = [f'lang="x-default" {texts[0]}'] if kind == "langAlt" else texts
                self.xmp[root] = [_xmp(f"Xmp.{root}", getattr(exiv2.TypeId, kind), said_so)]
        self.iptc = []

    def only_needed(self) -> Kept:
        """Nothing but what the output itself requires."""
        bare = Kept(self.output)
        for key in (*_REQUIRED, *_REQUIRED_OF_JPEG, *_TRUTHS):
            if key in self.exif:
                bare.exif[key] = self.exif[key].value()
        return bare


# --- small steps -------------------------------------------------------------------------------------------


def _fraction(text: str) -> tuple[int, int] | None:
    """`300/1` of exiv2 as whole numbers of 32 bits above 0; None for anything else."""
    parts = text.split("/")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and 0 < int(part) < 1 << 32 for part in parts):
        return None
    return int(parts[0]), int(parts[1])


def _fitting(found: Mapping[str, Any], limit: int, problems: list[str]) -> list[str]:
    return rules.largest_out({key: int(datum.size()) + 16 for key, datum in found.items()}, limit, problems)


def fitting_xmp(found: Mapping[str, list[Any]], problems: list[str]) -> list[str]:
    """The properties that fit into one packet; the largest ones are left out, and told."""
    sizes = {
        root: sum(len(text_of(datum).encode()) + 2 * len(str(datum.key())) + 40 for datum in data)
        for root, data in found.items()
    }
    return rules.largest_out(sizes, rules.XMP_LIMIT, problems)


def _erase(data: Any, key: str) -> None:
    if key.startswith("Exif.") and key in data:
        del data[key]


def _iptc(key: str, text: str) -> Any:
    return exiv2.Iptcdatum(exiv2.IptcKey(key), exiv2.StringValue(text))


def _recoded(datum: Any) -> Any:
    """A text in an unknown charset as UTF-8; other data as they are."""
    return _iptc(str(datum.key()), text_of(datum)) if datum.typeId() == exiv2.TypeId.string else datum


def _xmp(key: str, kind: Any, texts: Iterable[str]) -> Any:
    value = exiv2.Value.create(kind)
    for text in texts:
        value.read(text)  # of a sequence and a bag, each adds an element
    return exiv2.Xmpdatum(exiv2.XmpKey(key), value)


def _value(kind: Any, text: str) -> Any:
    value = exiv2.Value.create(kind)
    value.read(text)
    return value


_TRUTHS = (
    *("Exif.Image.Orientation", "Exif.Image.Software", "Exif.Photo.ColorSpace", "Exif.Iop.InteroperabilityIndex"),
    *("Exif.Photo.PixelXDimension", "Exif.Photo.PixelYDimension", "Exif.Photo.ComponentsConfiguration"),
)
_REQUIRED = {
    "Exif.Image.XResolution": (exiv2.TypeId.unsignedRational, "72/1"),
    "Exif.Image.YResolution": (exiv2.TypeId.unsignedRational, "72/1"),
    "Exif.Image.ResolutionUnit": (exiv2.TypeId.unsignedShort, "2"),
    "Exif.Photo.ExifVersion": (exiv2.TypeId.undefined, "48 50 51 50"),
    "Exif.Photo.FlashpixVersion": (exiv2.TypeId.undefined, "48 49 48 48"),
}
_REQUIRED_OF_JPEG = {"Exif.Image.YCbCrPositioning": (exiv2.TypeId.unsignedShort, "1")}
_REQUIRED_OF_GPS = {"Exif.GPSInfo.GPSVersionID": (exiv2.TypeId.unsignedByte, "2 3 0 0")}
