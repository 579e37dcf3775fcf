"""Measures that the tests of matching make for themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from junmai.develop import color
from junmai.develop.match_decode import Small
from junmai.develop.match_measure import Measure, measure_light

Light = NDArray[np.float64]


def scene(seed: int, rows: int = 240, columns: int = 320) -> Light:
    """A picture with things in it, linear light of the working space: patches over a slope, each of a colour."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns]
    slope = 2.0 ** rng.uniform(-1, 1, 2)
    base = 0.06 + 0.08 * (slope[0] * y / rows + slope[1] * x / columns)
    light = np.repeat(base[:, :, None], 3, axis=2) * rng.uniform(0.8, 1.2, 3)
    for _ in range(60):
        top, left = rng.integers(0, rows - 20), rng.integers(0, columns - 20)
        down, across = rng.integers(10, rows // 3), rng.integers(10, columns // 3)
        light[top : top + down, left : left + across] = rng.uniform(0.02, 0.35) * rng.uniform(0.7, 1.3, 3)
    return light


def taken(light: Light, exposure: float = 0.0, red: float = 1.0, blue: float = 1.0, **options: Any) -> Measure:
    """The measure of a scene taken with other gains, clipped where sRGB is full."""
    seen = np.minimum(light * 2.0**exposure * (red, 1.0, blue), 1.0).astype(np.float32)
    shown = seen @ color.WORKING_TO_SRGB.T
    sound = ((shown < 0.95) & (shown > 0.002)).all(axis=2)
    return measure_light(Small(options.get("kind", "developed"), seen, sound))
