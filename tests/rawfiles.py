"""RAW files and camera profiles that tests make for themselves."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

Mosaic = NDArray[np.uint16]
COLOR_MATRIX = (6722, -635, -963, -4287, 12460, 2028, -908, 2162, 5668)
BLACK, WHITE = 512, 15000
CAMERA = "Junmai Test"


def make_dng(path: Path, mosaic: Mosaic, *, baseline_exposure: int = 0, orientation: int = 1) -> Path:
    """A Bayer mosaic (RGGB, black 512, white 15000) as a DNG with a colour matrix and as-shot 2 : 1 : 1.4."""
    tags = [
        (274, "H", 1, orientation, True),
        (33421, "H", 2, (2, 2), True),
        (33422, "B", 4, bytes((0, 1, 1, 2)), True),
        (50706, "B", 4, bytes((1, 4, 0, 0)), True),
        (50708, "s", 0, CAMERA, True),
        (50714, "H", 1, BLACK, True),
        (50717, "H", 1, WHITE, True),
        (50721, "2i", 9, _rationals(), True),
        (50728, "2I", 3, (1, 2, 1, 1, 10, 14), True),
        (50730, "2i", 1, (baseline_exposure, 1), True),
        (50778, "H", 1, 21, True),
    ]
    tifffile.imwrite(path, mosaic, photometric="cfa", metadata=None, software=False, extratags=tags)
    return path


def make_dcp(path: Path, name: str, camera: str = CAMERA, extra: list[Any] | None = None) -> Path:
    """A DCP file with one matrix and what `extra` adds: a TIFF with another number in its head."""
    tags = [
        (50708, "s", 0, camera, True),
        (50721, "2i", 9, _rationals(), True),
        (50778, "H", 1, 21, True),
        (50936, "s", 0, name, True),
        *(extra or []),
    ]
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.zeros((1, 1), np.uint8), metadata=None, software=False, extratags=tags)
    data = bytearray(buffer.getvalue())
    data[2:4] = b"RC"
    path.write_bytes(data)
    return path


def tone_curve(*points: float) -> tuple[Any, ...]:
    """ProfileToneCurve as an extra tag of `make_dcp`: x, y, x, y, ..., linear, 0..1."""
    return (50940, "f", len(points), points, True)


def mosaic_of(
    red: float, green: float, blue: float, shape: tuple[int, int] = (128, 192), noise: int = 8, seed: int = 7
) -> Mosaic:
    """A noisy mosaic of one colour: levels of red, green and blue as shares of a full sensor, before white balance."""
    levels = np.empty(shape)
    levels[0::2, 0::2], levels[1::2, 1::2] = red, blue
    levels[0::2, 1::2] = levels[1::2, 0::2] = green
    grain = np.random.default_rng(seed).integers(-noise, noise + 1, shape) if noise else 0
    values = BLACK + levels * (WHITE - BLACK) + grain
    return np.clip(values, 0, WHITE).astype(np.uint16)


def _rationals() -> tuple[int, ...]:
    return tuple(each for value in COLOR_MATRIX for each in (value, 10000))
