"""Measures that the tests of matching make for themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

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


def write_taken(path: Path, light: Light, exposure: float = 0.0, red: float = 1.0, blue: float = 1.0) -> Path:
    """A JPEG of a scene taken with other gains."""
    seen = np.clip((light * 2.0**exposure * (red, 1.0, blue)) @ color.WORKING_TO_SRGB.T, 0, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(color.srgb_encode(seen) * 255).astype(np.uint8)).save(path, quality=95, subsampling=0)
    return path


GAINS = ((0.0, 1.0, 1.0), (1.0, 1.2, 0.9), (-1.2, 0.85, 1.15), (0.6, 0.9, 1.2), (-0.5, 1.15, 0.85))
"""What a shoot is taken with: EV, and red and blue by green."""


def write_shoot(folder: Path, count: int, scenes: int = 1, rows: int = 240, columns: int = 320) -> list[Path]:
    """So many JPEGs of `scenes` scenes, each taken in its own way; the first of each as it is."""
    views = [scene(11 + number, rows, columns) for number in range(scenes)]
    return [
        write_taken(folder / f"IMG_{number:03}.jpg", views[number % scenes], *GAINS[number // scenes % len(GAINS)])
        for number in range(count)
    ]
