"""The colour spaces of outputs, and the ICC profiles that say which one a picture is in.

A colour that a space cannot hold goes towards the grey of its luminance until it is inside (`kernels.store`).
"""

from __future__ import annotations

import functools
import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from junmai.develop import color
from junmai.develop.color import FloatArray, Matrix
from junmai.domain.model import ColorSpace

ADOBE_GAMMA = 563 / 256
"""Adobe RGB (1998) Color Image Encoding, version 2005-05, section 4.3.4.2: 2 + 51/256."""


@dataclass(frozen=True)
class Space:
    """A space with white D65. `encode` takes linear light 0..1 to code values 0..1, `decode` back."""

    title: str
    primaries: tuple[tuple[float, float], ...]
    """CIE 1931 x, y of red, green and blue."""
    encode: Callable[[FloatArray], FloatArray]
    decode: Callable[[FloatArray], FloatArray]
    curve: tuple[float, ...]
    """Numbers of the parametric curve of an ICC profile: one for a gamma, five for a power and a straight foot."""

    @functools.cached_property
    def to_xyz(self) -> Matrix:
        """Linear light of the space to XYZ of D65."""
        return color.rgb_to_xyz(self.primaries, color.D65)

    @functools.cached_property
    def from_working(self) -> Matrix:
        """Linear light of the working space to linear light of this one."""
        return np.asarray(np.linalg.inv(self.to_xyz) @ color.WORKING_TO_XYZ, dtype=np.float64)


def _power(exponent: float) -> Callable[[FloatArray], FloatArray]:
    return lambda value: np.maximum(value, 0.0) ** exponent


_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)

SPACES: dict[ColorSpace, Space] = {
    "srgb": Space(  # IEC 61966-2-1
        "sRGB", ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)), color.srgb_encode, color.srgb_decode, _SRGB_CURVE
    ),
    "display-p3": Space(  # primaries of SMPTE RP 431-2, white and curve of sRGB (CSS Color 4, section 10.4)
        "Display P3",
        ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
        color.srgb_encode,
        color.srgb_decode,
        _SRGB_CURVE,
    ),
    "adobe-rgb": Space(  # the encoding named above, sections 4.3.1 and 4.3.4
        "Compatible with Adobe RGB (1998)",
        ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
        _power(1 / ADOBE_GAMMA),
        _power(ADOBE_GAMMA),
        (ADOBE_GAMMA,),
    ),
}


# --- profiles (ICC.1:2022) ---------------------------------------------------------------------------------


@functools.cache
def profile_of(name: ColorSpace) -> bytes:
    """The ICC profile (version 4.4, display, matrix and curves) of a space; always the same bytes."""
    space = SPACES[name]
    adapted = color.adapt(color.xy_to_xyz(*color.D65), color.D50_XYZ)
    columns = (adapted @ space.to_xyz).T
    curve = _curve(space.curve)
    tags = [
        (b"desc", _text(space.title)),
        (b"cprt", _text("No copyright, use freely")),
        (b"wtpt", _xyz(color.D50_XYZ)),
        (b"chad", b"sf32\0\0\0\0" + _fixed(*adapted.ravel())),
        *zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(_xyz, columns), strict=True),
        *((tag, curve) for tag in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    return _put_together(tags)


def _put_together(tags: list[tuple[bytes, bytes]]) -> bytes:
    """Header (section 7.2), table (7.3) and elements, each once however many tags share it."""
    start = 132 + 12 * len(tags)
    places: dict[bytes, int] = {}
    body = b""
    for _, element in tags:
        if element not in places:
            places[element] = start + len(body)
            body += element + bytes(-len(element) % 4)
    table = struct.pack(">I", len(tags))
    table += b"".join(struct.pack(">4sII", tag, places[element], len(element)) for tag, element in tags)
    header = struct.pack(
        ">I4sI4s4s4s6H4s4sIIIQI12s4s",
        start + len(body), b"", 0x04400000, b"mntr", b"RGB ", b"XYZ ", *(2024, 1, 1, 0, 0, 0),
        b"acsp", b"", 0, 0, 0, 0, 1, _fixed(*color.D50_XYZ), b"",
    )  # fmt: skip
    whole = header + bytes(128 - len(header)) + table + body
    # the profile's id is its MD5 with flags, intent and id as zeros (7.2.18); the intent is relative colorimetric: 1
    bare = whole[:44] + bytes(4) + whole[48:64] + bytes(4) + whole[68:84] + bytes(16) + whole[100:]
    return whole[:84] + hashlib.md5(bare, usedforsecurity=False).digest() + whole[100:]


def _fixed(*numbers: float) -> bytes:
    """Numbers as s15Fixed16."""
    return b"".join(struct.pack(">i", round(float(number) * 65536)) for number in numbers)


def _xyz(xyz: Matrix) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*xyz)


def _curve(numbers: tuple[float, ...]) -> bytes:
    kind = {1: 0, 5: 3}[len(numbers)]
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + _fixed(*numbers)


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded
