"""Which metadata goes from a photo into its developed JPEG: the white list, pure.

What is left out, and why:

- structure (strips, tiles, sub-images, colour matrices, `tiff:`): it describes the source's pixels, not the output's;
- thumbnails and previews: they show the undeveloped photo;
- maker notes: their offsets count from the source's header, so that parts of them (often encrypted ones) break
  when they are moved; they hold previews and, for some makers, places. What programs miss most from them,
  the lens and the ISO value, is written as standard tags;
- `crs:` and `xmpMM:`: the develop settings and the history of another program, as if applied to this picture;
- colour facts of the source (white point, primaries, Adobe RGB index): the output has its own;
- face regions (`mwg-rs:`, `MP:`): their frames are relative to the uncropped, unturned picture.

Without places (`no_gps`) the GPS directory, every `exif:GPS*`, and the fields for city, region, country and place
are left out, as a photographer expects who publishes pictures of a home. Kept are free texts (title, caption,
keywords), which only the photographer can judge, and the creator's contact address, which is theirs to publish.
"""

from __future__ import annotations

import re

from junmai.domain.model import MetadataPolicy


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --- EXIF ----------------------------------------------------------------------------------------------------

_IMAGE_TAGS = _names(
    "DocumentName ImageDescription Make Model XResolution YResolution ResolutionUnit PageName DateTime Artist "
    "HostComputer Copyright Rating RatingPercent XPTitle XPComment XPAuthor XPKeywords XPSubject "
    "YCbCrPositioning TimeZoneOffset SecurityClassification ImageHistory ImageNumber SelfTimerMode"
)
_PHOTO_FROM_IMAGE = _names(
    "ExposureTime FNumber ExposureProgram SpectralSensitivity ISOSpeedRatings OECF DateTimeOriginal "
    "ShutterSpeedValue ApertureValue BrightnessValue ExposureBiasValue MaxApertureValue SubjectDistance "
    "MeteringMode LightSource Flash FocalLength FlashEnergy SensingMethod ExposureIndex SubjectLocation"
)
"""TIFF/EP, the parent of most RAW formats, has these in the first directory; EXIF has them in the Photo one."""
_RENAMED = {
    "Exif.Image.CameraSerialNumber": "Exif.Photo.BodySerialNumber",
    "Exif.Image.LensInfo": "Exif.Photo.LensSpecification",
    "Exif.PanasonicRaw.Make": "Exif.Image.Make",
    "Exif.PanasonicRaw.Model": "Exif.Image.Model",
}
_PHOTO_LEFT_OUT = _names(
    "MakerNote InteroperabilityTag PixelXDimension PixelYDimension ColorSpace Gamma ComponentsConfiguration"
)
CHARSET_TAGS = ("Exif.Photo.UserComment", "Exif.GPSInfo.GPSProcessingMethod", "Exif.GPSInfo.GPSAreaInformation")
"""Their first eight bytes name the charset of the rest."""
_UNKNOWN_TAG = re.compile(r"0x[0-9a-f]{1,4}$")
_MISPLACED_TAG = re.compile(r"0x(883[0-5]|a40[1-9a-c]|a420|a43[0-7])$")
"""EXIF tags that some programs write into the first directory, where exiv2 has no name for them."""

EXIF_VALUE_LIMIT = 20_000
"""Bytes of the longest EXIF value that is kept; exiv2 itself drops longer ones."""
EXIF_LIMIT = 60_000
"""Bytes of all EXIF values together: a JPEG segment holds 65,533."""
XMP_LIMIT = 56_000
"""Estimated bytes of the XMP packet, which must fit into one segment, too."""


def exif_target(key: str, policy: MetadataPolicy) -> str | None:
    """The key under which an EXIF tag of the source goes into the output; None if it stays behind."""
    if policy == "none":
        return None
    if key in _RENAMED:
        return _RENAMED[key]
    _, group, name = key.split(".", 2)
    if group == "Image" and _MISPLACED_TAG.match(name):
        return f"Exif.Photo.{name}"
    if _UNKNOWN_TAG.match(name):
        return None
    if group == "Photo":
        return None if name in _PHOTO_LEFT_OUT else key
    if group == "Image":
        if name in _PHOTO_FROM_IMAGE:
            return f"Exif.Photo.{name}"
        return key if name in _IMAGE_TAGS else None
    if group == "GPSInfo" and policy == "all":
        return key
    return None


# --- XMP -----------------------------------------------------------------------------------------------------

_XMP_PREFIXES = _names(
    "dc xmp photoshop iptc iptcExt xmpRights lr exif exifEX aux plus xmpDM digiKam MicrosoftPhoto mediapro acdsee "
    "expressionmedia dcterms"
)
_XMP_OF_TIFF = _names("tiff.Make tiff.Model tiff.Artist tiff.Copyright tiff.ImageDescription tiff.DateTime")
"""The rest of `tiff:` describes the source's pixels."""
_XMP_LEFT_OUT = _names(
    "xmp.CreatorTool xmp.Thumbnails xmp.PageInfo dc.format photoshop.SidecarForExtension photoshop.DocumentAncestors "
    "photoshop.ICCProfile photoshop.ColorMode photoshop.History photoshop.EmbeddedXMPDigest photoshop.LegacyIPTCDigest "
    "photoshop.TextLayers exif.PixelXDimension exif.PixelYDimension exif.ColorSpace exif.NativeDigest exif.MakerNote "
    "exif.ComponentsConfiguration exif.CFAPattern exif.Gamma exifEX.Gamma"
)
_XMP_NESTED = _names(
    "dc xmp photoshop Iptc4xmpCore Iptc4xmpExt xmpRights exif exifEX plus xml rdf stDim stArea stRef xmpDM"
)
"""Prefixes inside structures. Others are left out: how exiv2 spells them depends on the files read before."""
_XMP_PLACES = _names(
    "photoshop.City photoshop.State photoshop.Country iptc.Location iptc.CountryCode iptcExt.LocationCreated "
    "iptcExt.LocationShown iptcExt.WorldRegion dc.coverage dcterms.spatial dcterms.coverage mediapro.Location "
    "mediapro.City mediapro.State mediapro.Country mediapro.Event expressionmedia.Location"
)
_NESTED_PREFIX = re.compile(r"/\??([A-Za-z][\w.-]*):")
_NOT_IN_ROOT = re.compile(r"[\[/]")


def xmp_root(name: str) -> str:
    """The property that a flattened name belongs to: ``LocationShown[1]/Iptc4xmpExt:City`` -> ``LocationShown``."""
    return _NOT_IN_ROOT.split(name, maxsplit=1)[0]


def keeps_xmp(prefix: str, name: str, policy: MetadataPolicy) -> bool:
    """Whether an XMP property goes into the output; `prefix` and `name` as exiv2 spells them."""
    root = f"{prefix}.{xmp_root(name)}"
    if policy == "none" or (prefix not in _XMP_PREFIXES and root not in _XMP_OF_TIFF):
        return False
    if root in _XMP_LEFT_OUT or any(nested not in _XMP_NESTED for nested in _NESTED_PREFIX.findall(name)):
        return False
    return not (policy == "no_gps" and (root in _XMP_PLACES or "GPS" in name))


# --- IPTC ----------------------------------------------------------------------------------------------------

_IPTC_LEFT_OUT = _names("Preview PreviewFormat PreviewVersion Program ProgramVersion RasterizedCaption")
_IPTC_PLACES = _names("City SubLocation ProvinceState CountryCode CountryName LocationCode LocationName")


def keeps_iptc(record: str, name: str, policy: MetadataPolicy) -> bool:
    """Whether an IPTC data set goes into the output; `record` is ``Envelope`` or ``Application2``."""
    if policy == "none":
        return False
    if record == "Envelope":
        return name == "CharacterSet"
    if record != "Application2" or name in _IPTC_LEFT_OUT or _UNKNOWN_TAG.match(name):
        return False
    return not (policy == "no_gps" and name in _IPTC_PLACES)


WITHOUT_IPTC = _names("webp avif")
"""Formats that have no place for IPTC; there it is said in XMP."""
IPTC_AS_XMP = {
    "ObjectName": ("dc.title", "langAlt"),
    "Caption": ("dc.description", "langAlt"),
    "Keywords": ("dc.subject", "xmpBag"),
    "Byline": ("dc.creator", "xmpSeq"),
    "Copyright": ("dc.rights", "langAlt"),
    "BylineTitle": ("photoshop.AuthorsPosition", "xmpText"),
    "Headline": ("photoshop.Headline", "xmpText"),
    "Credit": ("photoshop.Credit", "xmpText"),
    "Source": ("photoshop.Source", "xmpText"),
    "SpecialInstructions": ("photoshop.Instructions", "xmpText"),
    "TransmissionReference": ("photoshop.TransmissionReference", "xmpText"),
    "Writer": ("photoshop.CaptionWriter", "xmpText"),
    "City": ("photoshop.City", "xmpText"),
    "ProvinceState": ("photoshop.State", "xmpText"),
    "CountryName": ("photoshop.Country", "xmpText"),
    "CountryCode": ("iptc.CountryCode", "xmpText"),
    "SubLocation": ("iptc.Location", "xmpText"),
}
"""Data sets by exiv2's names and the property that says the same (IPTC Photo Metadata Standard 2023.1, "IIM" lines)."""
BYLINE_LIMIT, COPYRIGHT_LIMIT = 32, 128
"""Octets of the data sets 2:80 and 2:116 (IPTC-IIM 4.2)."""


# --- values --------------------------------------------------------------------------------------------------

_XMP_COORDINATE = re.compile(r"\s*(\d{1,3}),(\d{1,2}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?))?([NSEW])\s*$")


def clean(text: str) -> str:
    """Text of exiv2 made storable: bytes that are not UTF-8 are taken for Windows' Latin 1; ends at a NUL."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = text.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return text.partition("\0")[0]


def shortened(text: str, limit: int) -> str:
    """The text cut between characters so that it fits into `limit` bytes of UTF-8."""
    return text.encode("utf-8")[:limit].decode("utf-8", "ignore")


def is_lens_name(text: str) -> bool:
    """Whether exiv2's answer names a lens, and not a number of its table, ``n/a`` or dashes."""
    return bool(re.search(r"[A-Za-z]", text)) and bool(re.search(r"\d", text)) and not text.startswith(("(", "n/a"))


def exif_coordinate(text: str) -> tuple[str, str] | None:
    """XMP's ``48,8.25N`` as EXIF's ``48/1 825/100 0/1`` and ``N``; None if it is no coordinate."""
    match = _XMP_COORDINATE.match(text)
    if match is None:
        return None
    degrees, minutes, seconds, ref = match.groups()
    return f"{degrees}/1 {_as_rational(minutes)} {_as_rational(seconds or '0')}", ref


def _as_rational(decimal: str) -> str:
    whole, _, fraction = decimal.partition(".")
    return f"{whole}{fraction[:6]}/{10 ** len(fraction[:6])}"


def largest_out(sizes: dict[str, int], limit: int, problems: list[str]) -> list[str]:
    """The keys in their order, without the largest ones if all together exceed `limit` bytes."""
    total = sum(sizes.values())
    for key in sorted(sizes, key=lambda key: (-sizes[key], key)):
        if total <= limit:
            break
        total -= sizes.pop(key)
        problems.append(f"{key}: there is no room for it")
    return list(sizes)
