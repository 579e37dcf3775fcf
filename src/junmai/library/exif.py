"""Turns raw metadata into facts about a photo. Pure.

Cameras and programs write nonsense (zero denominators, ``0000:00:00``, lens ``----``, ISO 65535 for "more"): what
cannot be true is absent, that is None.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

Tags = Mapping[str, Sequence[str]]
"""Texts by exiv2's keys, as `junmai.develop.metadata.read` gives them."""


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What is known of a photo without decoding it; None and () where it is not known.

    `captured_at` is ISO 8601 on the camera's clock, with as many sub-second digits as the camera wrote
    (``2026-05-17T14:03:05.25``); `utc_offset` is ``+02:00``. `shutter_seconds` in seconds, `aperture` the f-number,
    `focal_length_mm` in mm, as written (not 35 mm equivalent). `latitude` -90..90 and `longitude` -180..180 in
    degrees, north and east positive; `altitude` in metres. `orientation` is the file's EXIF orientation, 1..8;
    `width` and `height` are pixels of the full picture held upright (orientation applied). `rating` is 0..5, -1 for
    rejected; `pick` is 1 picked, 0 neither, -1 rejected. `software` is what wrote the file. `unsupported` says why
    the photo cannot be developed and what helps; None where nothing speaks against it.
    """

    captured_at: str | None = None
    utc_offset: str | None = None
    camera: str | None = None
    lens: str | None = None
    iso: int | None = None
    shutter_seconds: float | None = None
    aperture: float | None = None
    focal_length_mm: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    orientation: int = 1
    width: int | None = None
    height: int | None = None
    rating: int | None = None
    label: str | None = None
    pick: int | None = None
    keywords: tuple[str, ...] = ()
    software: str | None = None
    unsupported: str | None = None


def facts_from(tags: Tags, sidecar: Tags | None = None, *, width: int = 0, height: int = 0) -> PhotoFacts:
    """Facts from the tags of a file and of its sidecar, which wins for rating, label, pick, keywords and place.

    `width` and `height` are the pixels as the file stores them, 0 where unknown: then the tags are asked.
    """
    beside = sidecar or {}
    captured_at, utc_offset = _captured(tags, beside)
    latitude, longitude, altitude = _place(tags, beside)
    orientation = _orientation(tags)
    wide, high = (width, height) if width > 0 and height > 0 else _size(tags)
    if orientation >= 5:
        wide, high = high, wide
    return PhotoFacts(
        captured_at=captured_at,
        utc_offset=utc_offset,
        camera=_camera(tags),
        lens=_lens(tags, beside),
        iso=_iso(tags),
        shutter_seconds=_shutter(tags),
        aperture=_aperture(tags),
        focal_length_mm=_within(_number(tags, _both("FocalLength")), 0.1, 20_000),
        latitude=latitude,
        longitude=longitude,
        altitude=altitude,
        orientation=orientation,
        width=wide or None,
        height=high or None,
        rating=_rating(beside) if _rating(beside) is not None else _rating(tags),
        label=_first((beside, tags), ("Xmp.xmp.Label",)),
        pick=_pick(beside) if _pick(beside) is not None else _pick(tags),
        keywords=_keywords(tags, beside),
        software=_first((tags,), ("Exif.Image.Software", "Xmp.xmp.CreatorTool")),
    )


# --- looking up ----------------------------------------------------------------------------------------------


def _both(name: str) -> tuple[str, ...]:
    """Where an EXIF fact may stand: EXIF's own directory, TIFF/EP's, and XMP's copy of it."""
    return (f"Exif.Photo.{name}", f"Exif.Image.{name}", f"Xmp.exif.{name}")


def _texts(tags: Tags, keys: Iterable[str]) -> Iterable[str]:
    for key in keys:
        for text in tags.get(key, ()):
            stripped = text.strip().strip("\0").strip()
            if stripped:
                yield stripped


def _first(places: Iterable[Tags], keys: Iterable[str]) -> str | None:
    keys = tuple(keys)
    return next((text for tags in places for text in _texts(tags, keys)), None)


def _as_number(text: str) -> float | None:
    """A number or fraction; None for zero denominators and for what is no number."""
    above, slash, below = text.partition("/")
    try:
        number = float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if abs(number) < 1e15 else None  # false for NaN, too


def _numbers(tags: Tags, keys: Iterable[str]) -> Iterable[float]:
    for text in _texts(tags, keys):
        number = _as_number(text.split()[0])
        if number is not None:
            yield number


def _number(tags: Tags, keys: Iterable[str]) -> float | None:
    return next(iter(_numbers(tags, keys)), None)


def _within(number: float | None, low: float, high: float) -> float | None:
    return number if number is not None and low <= number <= high else None


# --- time ----------------------------------------------------------------------------------------------------

_TIMES: tuple[tuple[str, str, str], ...] = (
    ("Exif.Photo.DateTimeOriginal", "Exif.Photo.SubSecTimeOriginal", "Exif.Photo.OffsetTimeOriginal"),
    ("Exif.Image.DateTimeOriginal", "Exif.Photo.SubSecTimeOriginal", "Exif.Photo.OffsetTimeOriginal"),
    ("Xmp.exif.DateTimeOriginal", "", ""),
    ("Exif.Photo.DateTimeDigitized", "Exif.Photo.SubSecTimeDigitized", "Exif.Photo.OffsetTimeDigitized"),
    ("Xmp.photoshop.DateCreated", "", ""),
    ("Xmp.xmp.CreateDate", "", ""),
    ("Exif.Image.DateTime", "Exif.Photo.SubSecTime", "Exif.Photo.OffsetTime"),
)
_TIME = re.compile(
    r"(\d{4})[:\-/.](\d{1,2})[:\-/.](\d{1,2})[ T]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?\d*\s*"
    r"(Z|[+-]\d{2}:?\d{2})?"
)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})$")
_FIRST_YEAR, _LAST_YEAR = 1839, 2199  # nobody photographed before


def _captured(tags: Tags, beside: Tags) -> tuple[str | None, str | None]:
    for place in (tags, beside):
        for key, fraction_key, offset_key in _TIMES:
            for text in _texts(place, (key,)):
                moment = _moment(text, _first((place,), (fraction_key,)), _first((place,), (offset_key,)))
                if moment:
                    return moment
    return None, None


def _moment(text: str, fraction: str | None, offset: str | None) -> tuple[str, str | None] | None:
    match = _TIME.match(text)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - a camera's clock has no zone
    except ValueError:
        return None
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    digits = match[7] or (fraction if fraction and re.fullmatch(r"[0-9]{1,9}", fraction) else None)
    return moment.isoformat() + (f".{digits}" if digits else ""), _offset(match[8] or offset)


def _offset(text: str | None) -> str | None:
    if text == "Z":
        return "+00:00"
    match = _OFFSET.match(text or "")
    if not match or int(match[2]) > 15 or int(match[3]) > 59:
        return None
    return f"{match[1]}{match[2]}:{match[3]}"


# --- camera and exposure -------------------------------------------------------------------------------------

_CORPORATE = re.compile(
    r"[ ,]*\b(corporation|corp\b\.?|company|co\b\.?|ltd\b\.?|inc\b\.?|ag|gmbh|imaging|optical|electric|elec\b\.?|"
    r"digital camera|techwin|computer)(?=[ ,.]|$)",
    re.IGNORECASE,
)
_NOT_A_NAME = re.compile(
    r"^[-\s.*?0]*$|^(n/?a|none|unknown|undefined|null|unknown lens|no lens|manual lens)\b|^\(|^0(\.0)? ?mm", re.I
)
_ISO_KEYS = ("Exif.Photo.ISOSpeedRatings", "Exif.Image.ISOSpeedRatings", "Exif.PanasonicRaw.ISOSpeed")
_ISO_LONG_KEYS = (
    "Exif.Photo.RecommendedExposureIndex",
    "Exif.Photo.StandardOutputSensitivity",
    "Exif.Photo.ISOSpeed",
)


def _named(text: str | None) -> str | None:
    if text is None or _NOT_A_NAME.search(text):
        return None
    return " ".join(text.split())


def _camera(tags: Tags) -> str | None:
    make = _named(_first((tags,), ("Exif.Image.Make", "Exif.PanasonicRaw.Make", "Xmp.tiff.Make")))
    model = _named(_first((tags,), ("Exif.Image.Model", "Exif.PanasonicRaw.Model", "Xmp.tiff.Model")))
    model = model or _named(_first((tags,), ("Exif.Image.UniqueCameraModel",)))
    if make is None or model is None:
        return model or make
    brand = _CORPORATE.sub("", make).strip(" ,.") or make
    brands = {word.casefold() for word in brand.split() if len(word) > 1}
    return model if model.split()[0].casefold() in brands else f"{brand} {model}"


def _lens(tags: Tags, beside: Tags) -> str | None:
    keys = ("Exif.Photo.LensModel", "Easy.Lens", "Xmp.exifEX.LensModel", "Xmp.aux.Lens")
    names = (_named(text) for place in (tags, beside) for text in _texts(place, keys))
    return next((name for name in names if name and re.search("[A-Za-z]", name)), None)


def _iso(tags: Tags) -> int | None:
    short = [number for number in _numbers(tags, _ISO_KEYS) if number != 65535]  # 65535: it didn't fit
    for number in (*short, *_numbers(tags, (*_ISO_LONG_KEYS, "Xmp.exif.ISOSpeedRatings", "Easy.Iso"))):
        if 1 <= number <= 10_000_000:
            return round(number)
    return None


def _shutter(tags: Tags) -> float | None:
    seconds = _within(_number(tags, _both("ExposureTime")), 1e-7, 1e6)
    apex = _within(_number(tags, _both("ShutterSpeedValue")), -17, 23)
    if seconds is None and apex:  # 0 is what programs write that don't know
        return float(2.0**-apex)
    return seconds


def _aperture(tags: Tags) -> float | None:
    number = _within(_number(tags, _both("FNumber")), 0.3, 1024)
    apex = _within(_number(tags, _both("ApertureValue")), -2, 20)
    if number is None and apex:
        return float(round(2.0 ** (apex / 2), 2))
    return number


# --- place ---------------------------------------------------------------------------------------------------

_XMP_COORDINATE = re.compile(r"(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?(?:,(\d+(?:\.\d+)?))?\s*([NSEW])$", re.IGNORECASE)


def _place(tags: Tags, beside: Tags) -> tuple[float | None, float | None, float | None]:
    for latitude, longitude, altitude in (_xmp_place(beside), _exif_place(tags), _xmp_place(tags)):
        if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
            continue
        if latitude or longitude:  # 0, 0 is what a receiver without a fix says
            return latitude, longitude, altitude
    return None, None, None


def _exif_place(tags: Tags) -> tuple[float | None, float | None, float | None]:
    def coordinate(name: str, negative: str) -> float | None:
        parts = [_as_number(part) for part in (_first((tags,), (f"Exif.GPSInfo.{name}",)) or "").split()[:3]]
        ref = _first((tags,), (f"Exif.GPSInfo.{name}Ref",))
        if not parts or parts[0] is None or ref is None:
            return None
        degrees: float = sum((part or 0.0) / 60.0**index for index, part in enumerate(parts))
        return -degrees if ref[0].upper() == negative else degrees

    altitude = _number(tags, ("Exif.GPSInfo.GPSAltitude",))
    if altitude is not None and _first((tags,), ("Exif.GPSInfo.GPSAltitudeRef",)) in ("1", "3"):
        altitude = -altitude
    return coordinate("GPSLatitude", "S"), coordinate("GPSLongitude", "W"), _within(altitude, -12_000, 100_000)


def _xmp_place(tags: Tags) -> tuple[float | None, float | None, float | None]:
    def coordinate(name: str) -> float | None:
        match = _XMP_COORDINATE.match(_first((tags,), (f"Xmp.exif.{name}",)) or "")
        if not match:
            return None
        degrees: float = sum(float(part or 0) / 60.0**index for index, part in enumerate(match.groups()[:3]))
        return -degrees if match[4].upper() in "SW" else degrees

    altitude = _number(tags, ("Xmp.exif.GPSAltitude",))
    if altitude is not None and _first((tags,), ("Xmp.exif.GPSAltitudeRef",)) == "1":
        altitude = -altitude
    return coordinate("GPSLatitude"), coordinate("GPSLongitude"), _within(altitude, -12_000, 100_000)


# --- size ----------------------------------------------------------------------------------------------------


def _orientation(tags: Tags) -> int:
    number = _number(tags, ("Exif.Image.Orientation", "Exif.PanasonicRaw.Orientation", "Xmp.tiff.Orientation"))
    return int(number) if number is not None and number in range(1, 9) else 1


def _size(tags: Tags) -> tuple[int, int]:
    for wide, high in (
        ("Exif.Photo.PixelXDimension", "Exif.Photo.PixelYDimension"),
        ("Exif.Image.ImageWidth", "Exif.Image.ImageLength"),
    ):
        width, height = _number(tags, (wide,)), _number(tags, (high,))
        if width and height and 1 <= width < 1e6 and 1 <= height < 1e6:
            return int(width), int(height)
    return 0, 0


# --- what the photographer said ------------------------------------------------------------------------------

_STARS_BY_PERCENT = ((99, 5), (75, 4), (50, 3), (25, 2), (1, 1))  # as Windows writes them


def _rating(tags: Tags) -> int | None:
    for number in _numbers(tags, ("Xmp.xmp.Rating", "Exif.Image.Rating", "Xmp.acdsee.rating")):
        if number in range(-1, 6):
            return int(number)
    percent = _within(_number(tags, ("Xmp.MicrosoftPhoto.Rating", "Exif.Image.RatingPercent")), 0, 100)
    if percent is None:
        return None
    return next((stars for least, stars in _STARS_BY_PERCENT if percent >= least), 0)


def _pick(tags: Tags) -> int | None:
    number = _number(tags, ("Xmp.xmpDM.pick",))
    if number in (-1, 0, 1):
        return int(number or 0)
    good = (_first((tags,), ("Xmp.xmpDM.good",)) or "").casefold()
    return {"true": 1, "1": 1, "false": -1, "0": -1}.get(good)


def _keywords(tags: Tags, beside: Tags) -> tuple[str, ...]:
    for place, keys in (
        (beside, ("Xmp.dc.subject",)),
        (tags, ("Xmp.dc.subject",)),
        (tags, ("Iptc.Application2.Keywords",)),
        (beside, ("Xmp.lr.hierarchicalSubject", "Xmp.digiKam.TagsList")),
        (tags, ("Xmp.lr.hierarchicalSubject", "Xmp.digiKam.TagsList")),
    ):
        words = [
            re.split(r"[|/]", text)[-1] if "subject" not in keys[0] and "Iptc" not in keys[0] else text
            for text in _texts(place, keys)
        ]
        if words:
            return tuple(dict.fromkeys(words))
    return _windows_keywords(tags)


def _windows_keywords(tags: Tags) -> tuple[str, ...]:
    """`XPKeywords` is UTF-16 in bytes, words separated by semicolons."""
    text = _first((tags,), ("Exif.Image.XPKeywords",)) or ""
    try:
        words = bytes(int(part) for part in text.split()).decode("utf-16-le")
    except (ValueError, UnicodeDecodeError):
        return ()
    return tuple(dict.fromkeys(word.strip() for word in words.strip("\0").split(";") if word.strip()))
