"""ICC profiles of photos: what they mean in linear light. Those of outputs are made in `spaces`.

Profiles of a matrix and three curves (nearly all RGB photos) are read here, so that 16-bit pictures keep their depth
and wide colours are not clipped on the way in; profiles made of tables go through LittleCMS.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from junmai.develop import color

_SAME = 0.004
"""Largest difference in linear light at which a profile counts as sRGB: half a level of 8 bits in the middle."""


@dataclass(frozen=True)
class Shaper:
    """A profile as curves and a matrix: (3, codes) float32 to linear light, and from there to the working space."""

    table: NDArray[np.float32]
    matrix: color.Matrix
    is_srgb: bool


def srgb(codes: int = 256) -> Shaper:
    """Plain sRGB for `codes` code values (256 or 65536)."""
    curve = color.srgb_decode(np.arange(codes, dtype=np.float64) / (codes - 1)).astype(np.float32)
    return Shaper(np.repeat(curve[None], 3, axis=0), color.SRGB_TO_WORKING, is_srgb=True)


def adobe_rgb(codes: int = 256) -> Shaper:
    """Adobe RGB (1998), for camera files that name it in their EXIF only; its gamma is 563/256."""
    curve = ((np.arange(codes, dtype=np.float64) / (codes - 1)) ** (563 / 256)).astype(np.float32)
    to_xyz = color.rgb_to_xyz(((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), color.D65)
    return Shaper(np.repeat(curve[None], 3, axis=0), color.XYZ_TO_WORKING @ to_xyz, is_srgb=False)


def color_space(profile: bytes) -> str:
    """The data colour space of a profile: `RGB`, `GRAY`, `CMYK`, ...; empty if it is none."""
    return profile[16:20].decode("latin-1").strip() if len(profile) > 132 and profile[36:40] == b"acsp" else ""


def read_shaper(profile: bytes, codes: int = 256) -> Shaper | None:
    """Read a matrix or grey profile (ICC.1:2022 sections 8.3 and 10); None if it is another kind or damaged."""
    try:
        tags = _tags(profile)
        if "A2B0" in tags:
            return None
        if color_space(profile) == "GRAY" and "kTRC" in tags:
            curve = _curve(tags["kTRC"], codes)
            if profile[20:24] == b"Lab ":  # the curve leads to lightness
                curve = color.luminance_of_lightness(curve * 100)
            table = np.repeat(curve[None], 3, axis=0)
            matrix = color.SRGB_TO_WORKING
        elif color_space(profile) == "RGB" and profile[20:24] == b"XYZ ":
            table = np.stack([_curve(tags[name], codes) for name in ("rTRC", "gTRC", "bTRC")])
            to_pcs = np.stack([_xyz(tags[name]) for name in ("rXYZ", "gXYZ", "bXYZ")], axis=1)
            to_d65 = color.adapt(color.D50_XYZ, color.xy_to_xyz(*color.D65))
            matrix = color.XYZ_TO_WORKING @ to_d65 @ to_pcs
        else:
            return None
    except (KeyError, struct.error, ValueError, IndexError, ZeroDivisionError):
        return None
    if not np.isfinite(table).all() or not np.isfinite(matrix).all():
        return None
    plain = srgb(codes)
    same = np.abs(table - plain.table).max() < _SAME and np.abs(matrix - plain.matrix).max() < _SAME
    return Shaper(table.astype(np.float32), matrix, is_srgb=bool(same))


def _tags(profile: bytes) -> dict[str, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    found: dict[str, bytes] = {}
    for index in range(min(count, 100)):
        name, at, size = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        found[name.decode("latin-1")] = profile[at : at + size]
    return found


def _xyz(tag: bytes) -> NDArray[np.float64]:
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _curve(tag: bytes, codes: int) -> NDArray[np.float64]:
    """A `curv` or `para` element, sampled at `codes` code values."""
    x = np.arange(codes, dtype=np.float64) / (codes - 1)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return x
        values = np.frombuffer(tag, dtype=">u2", count=count, offset=12)
        if count == 1:
            return np.asarray(x ** (float(values[0]) / 256))
        return np.interp(x, np.linspace(0, 1, count), values / 65535)
    if tag[:4] != b"para":
        raise ValueError(tag[:4])
    (kind,) = struct.unpack_from(">H", tag, 8)
    number = (1, 3, 4, 5, 7)[kind]
    given = [each / 65536 for each in struct.unpack_from(f">{number}i", tag, 12)]
    return _parametric(kind, given, x)


def _parametric(kind: int, p: list[float], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """ICC.1:2022 table 68."""
    gamma = p[0]
    a, b = (p[1], p[2]) if kind else (1.0, 0.0)
    powered = np.maximum(a * x + b, 0) ** gamma
    if kind == 0:
        return np.asarray(powered)
    if kind == 1:
        return np.where(x >= -b / a, powered, 0.0)
    if kind == 2:
        return np.where(x >= -b / a, powered + p[3], p[3])
    c, d = p[3], p[4]
    e, f = (p[5], p[6]) if kind == 4 else (0.0, 0.0)
    return np.where(x >= d, powered + e, c * x + f)


# --- LittleCMS ---------------------------------------------------------------------------------------------


def lcms_transform(profile: bytes, mode: str, target: bytes = b"") -> Any | None:
    """A LittleCMS transform of 8-bit pictures of a Pillow mode to the RGB space of a profile, sRGB where none is
    given; None if the profile does not suit."""
    import io

    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(
            source,
            ImageCms.ImageCmsProfile(io.BytesIO(target)) if target else ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
