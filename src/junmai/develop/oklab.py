"""OKLab, the space in which hue, strength and brightness of colours are changed (Ottosson, 2020).

Its lightness, chroma and hue are near to independent for the eye, so that a blue that is darkened does not turn purple.
Arrays are (n, 3) float64; light is linear, in the working space (Rec. 2020, D65).
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from junmai.develop import color

Values = NDArray[np.float64]

_XYZ_TO_CONES = np.array(
    [
        [0.8189330101, 0.3618667424, -0.1288597137],
        [0.0329845436, 0.9293118715, 0.0361456387],
        [0.0482003018, 0.2643662691, 0.6338517070],
    ]
)
_CONES_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_TO_CONES = _XYZ_TO_CONES @ color.WORKING_TO_XYZ
_TO_CONES = _TO_CONES / _TO_CONES.sum(axis=1, keepdims=True)  # white to exactly (1, 1, 1): grey stays grey
_TO_LAB = (
    _CONES_TO_LAB - np.array([[_CONES_TO_LAB[0].sum() - 1], [_CONES_TO_LAB[1].sum()], [_CONES_TO_LAB[2].sum()]]) / 3
)
_FROM_CONES, _FROM_LAB = np.linalg.inv(_TO_CONES), np.linalg.inv(_TO_LAB)


def from_light(rgb: Values) -> Values:
    """Linear light to L (0 black, 1 white), a, b."""
    return np.asarray(np.cbrt(rgb @ _TO_CONES.T) @ _TO_LAB.T, dtype=np.float64)


def to_light(lab: Values) -> Values:
    """L, a, b to linear light; values outside 0..1 where the colour is outside the working space."""
    return np.asarray((lab @ _FROM_LAB.T) ** 3 @ _FROM_CONES.T, dtype=np.float64)


def hue(lab: Values) -> Values:
    """Hue in degrees, 0..360; of grey it means nothing."""
    return np.asarray(np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) % 360, dtype=np.float64)


def chroma(lab: Values) -> Values:
    return np.hypot(lab[:, 1], lab[:, 2])


def turned(lab: Values, degrees: Values) -> Values:
    """Hues turned by (n,) degrees."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    a, b = lab[:, 1], lab[:, 2]
    return np.stack([lab[:, 0], a * cos - b * sin, a * sin + b * cos], axis=1)


def wheel_hue(degrees: Values | float) -> Values:
    """The hue here of a hue on Lightroom's wheels, where red, green and blue lie 120 degrees apart."""
    wheel, own = _wheel()
    return np.asarray(np.interp(np.asarray(degrees) % 360, wheel, own) % 360, dtype=np.float64)


@functools.cache
def _wheel() -> tuple[Values, Values]:
    """Hues of full sRGB colours, every 5 degrees: (73,) on the wheel and (73,) here, both rising."""
    wheel = np.arange(0, 361, 5.0)
    sixth = wheel[:, None] / 60
    code = np.clip(np.abs((sixth + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)  # HSV with full strength and value
    light = np.asarray(color.srgb_decode(code), dtype=np.float64) @ color.SRGB_TO_WORKING.T
    return wheel, np.unwrap(hue(from_light(light)), period=360)
