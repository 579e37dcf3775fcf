"""Which metadata goes from a photo into its developed JPEG: the white list, pure.

What is left out, and why:

- structure (strips, tiles, sub-images, colour matrices, `tiff:`): it describes the source's pixels, not the output's;
- thumbnails and previews: they show the undeveloped photo;
- maker notes: their offsets count from the source's header, so that parts of them (often encrypted ones) break
  when they are moved; they hold previews and, for some makers, places. What programs miss most from them,
  the lens and the ISO value, is written as standard tags;
- `crs:` and `xmpMM:`: the develop settings and the history of another program, as if applied to this picture;
- colour facts of the source (white point, primaries, Adobe RGB index): the output is sRGB;
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
_UNKNOWN_TAG = re.compile(r"0x[0-9a-f]{1,4}$")

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
    if policy == "none" or prefix not in _XMP_PREFIXES:
        return False
    root = f"{prefix}.{xmp_root(name)}"
    if root in _XMP_LEFT_OUT or any(nested not in _XMP_NESTED for nested in _NESTED_PREFIX.findall(name)):
        return False
    return not (policy == "no_gps" and (root in _XMP_PLACES or "GPS" in name))


# --- IPTC ----------------------------------------------------------------------------------------------------

_IPTC_LEFT_OUT = _names("Preview PreviewFormat PreviewVersion Program ProgramVersion RecordVersion RasterizedCaption")
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
