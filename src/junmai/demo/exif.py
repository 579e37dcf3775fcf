"""What a sample photo says about itself, as EXIF 2.32 directories (CIPA DC-008-2019)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction

from junmai.demo.tiff import ASCII, BYTE, LONG, RATIONAL, SHORT, SRATIONAL, UNDEFINED, Ifd, Value

EXIF_POINTER, GPS_POINTER = 34665, 34853
_CROP_FACTOR = 1.5
SOFTWARE = "Junmai Sample Camera 1.0"


@dataclass(frozen=True)
class Exif:
    """The facts of one exposure.

    ``taken`` has a time zone and may have milliseconds; ``shutter`` in seconds; ``focal_length`` in mm;
    ``orientation`` as in EXIF (1, 3, 6, 8); ``gps`` is (latitude, longitude in degrees, altitude in m).
    """

    make: str = "Junmai"
    model: str = "Junmai Sample Camera"
    lens: str = "Junmai 16-80mm F2.8-4"
    iso: int = 100
    shutter: Fraction = Fraction(1, 125)
    aperture: float = 5.6
    focal_length: float = 35.0
    taken: datetime = field(default=datetime(2024, 6, 1, 12, 0, tzinfo=UTC))
    orientation: int = 1
    bias: float = 0.0
    gps: tuple[float, float, float] | None = None


def camera_tags(exif: Exif) -> dict[int, tuple[int, Value]]:
    """The tags of the first directory: camera, orientation, date of the file."""
    return {
        271: (ASCII, exif.make),
        272: (ASCII, exif.model),
        274: (SHORT, [exif.orientation]),
        282: (RATIONAL, [300]),
        283: (RATIONAL, [300]),
        296: (SHORT, [2]),
        305: (ASCII, SOFTWARE),
        306: (ASCII, exif.taken.strftime("%Y:%m:%d %H:%M:%S")),
    }


def exif_ifd(exif: Exif) -> Ifd:
    """The EXIF directory."""
    when = exif.taken.strftime("%Y:%m:%d %H:%M:%S")
    offset = exif.taken.isoformat()[-6:]
    subsec = f"{exif.taken.microsecond // 1000:03d}"
    speed = -math.log2(float(exif.shutter))  # APEX, EXIF annex C
    return Ifd(
        {
            33434: (RATIONAL, [exif.shutter]),
            33437: (RATIONAL, [Fraction(round(exif.aperture * 10), 10)]),
            34850: (SHORT, [3]),  # aperture priority
            34855: (SHORT, [exif.iso]),
            34864: (SHORT, [2]),  # the speed above is the recommended exposure index
            34866: (LONG, [exif.iso]),
            36864: (UNDEFINED, b"0232"),
            36867: (ASCII, when),
            36868: (ASCII, when),
            36880: (ASCII, offset),
            36881: (ASCII, offset),
            36882: (ASCII, offset),
            37377: (SRATIONAL, [Fraction(round(speed * 1000), 1000)]),
            37378: (RATIONAL, [Fraction(round(2000 * math.log2(exif.aperture)), 1000)]),
            37380: (SRATIONAL, [Fraction(round(exif.bias * 3), 3)]),
            37383: (SHORT, [5]),  # matrix metering
            37385: (SHORT, [16]),  # flash off
            37386: (RATIONAL, [Fraction(round(exif.focal_length * 10), 10)]),
            37520: (ASCII, subsec),
            37521: (ASCII, subsec),
            37522: (ASCII, subsec),
            41986: (SHORT, [0]),
            41987: (SHORT, [0]),
            41989: (SHORT, [round(exif.focal_length * _CROP_FACTOR)]),
            41990: (SHORT, [0]),
            42034: (RATIONAL, [16, 80, Fraction(28, 10), 4]),
            42035: (ASCII, exif.make),
            42036: (ASCII, exif.lens),
        }
    )


def gps_ifd(exif: Exif) -> Ifd | None:
    """The GPS directory, or None for a photo without a place."""
    if exif.gps is None:
        return None
    latitude, longitude, altitude = exif.gps
    utc = exif.taken.astimezone(UTC)
    return Ifd(
        {
            0: (BYTE, [2, 3, 0, 0]),
            1: (ASCII, "N" if latitude >= 0 else "S"),
            2: (RATIONAL, _degrees(latitude)),
            3: (ASCII, "E" if longitude >= 0 else "W"),
            4: (RATIONAL, _degrees(longitude)),
            5: (BYTE, [0 if altitude >= 0 else 1]),
            6: (RATIONAL, [Fraction(round(abs(altitude) * 10), 10)]),
            7: (RATIONAL, [utc.hour, utc.minute, utc.second]),
            18: (ASCII, "WGS-84"),
            29: (ASCII, utc.strftime("%Y:%m:%d")),
        }
    )


def _degrees(angle: float) -> list[Fraction]:
    """Degrees, minutes and seconds (to 1/1000) of an angle's size."""
    thousandths = round(abs(angle) * 3_600_000)
    degrees, rest = divmod(thousandths, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return [Fraction(degrees), Fraction(minutes), Fraction(rest, 1000)]


def jpeg_exif(exif: Exif, width: int, height: int) -> Ifd:
    """The first directory of a JPEG's EXIF block, for a stored picture of ``width`` x ``height`` in sRGB."""
    inner = exif_ifd(exif)
    inner.tags.update(
        {
            37121: (UNDEFINED, bytes([1, 2, 3, 0])),  # components are Y, Cb, Cr
            40960: (UNDEFINED, b"0100"),
            40961: (SHORT, [1]),  # sRGB
            40962: (LONG, [width]),
            40963: (LONG, [height]),
        }
    )
    subs = {EXIF_POINTER: inner}
    gps = gps_ifd(exif)
    if gps is not None:
        subs[GPS_POINTER] = gps
    return Ifd({**camera_tags(exif), 531: (SHORT, [1])}, subs)
