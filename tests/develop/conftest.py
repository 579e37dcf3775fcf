"""Small photos that the develop tests make for themselves, and the real ones where they are at hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from junmai.develop.spaces import profile_of

Mosaic = NDArray[np.uint16]
COLOR_MATRIX = (6722, -635, -963, -4287, 12460, 2028, -908, 2162, 5668)
BLACK, WHITE = 512, 15000


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real camera files: JUNMAI_SAMPLES, or `shared/samples` beside the project."""
    given = os.environ.get("JUNMAI_SAMPLES")
    folder = Path(given) if given else Path(__file__).parents[3] / "shared" / "samples"
    if not (folder / "jpeg").is_dir():
        pytest.skip(f"no real photos in {folder}; set JUNMAI_SAMPLES to their folder")
    return folder


@pytest.fixture
def gradient() -> NDArray[np.uint8]:
    """(80, 120, 3): every channel runs over its whole range, in different directions; one half is grey."""
    rows, columns = np.mgrid[0:80, 0:120]
    picture = np.stack([columns * 255 // 119, rows * 255 // 79, (columns + rows) * 255 // 198], axis=2)
    picture[:, 60:] = (columns[:, 60:, None] - 60) * 255 // 59
    return picture.astype(np.uint8)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write an array as a picture by Pillow and return its path. PNG and TIFF keep every value."""

    def make(picture: NDArray[Any], name: str = "photo.png", **options: Any) -> Path:
        path = tmp_path / name
        Image.fromarray(picture).save(path, **options)
        return path

    return make


@pytest.fixture
def tagged() -> dict[str, bytes]:
    return {"icc_profile": profile_of("srgb")}


@pytest.fixture
def write_dng(tmp_path: Path) -> Callable[..., Path]:
    """Write a Bayer mosaic (RGGB, black 512, white 15000) as a DNG with a colour matrix and as-shot 2 : 1 : 1.4."""

    def make(mosaic: Mosaic, name: str = "photo.dng", baseline_exposure: int = 0, orientation: int = 1) -> Path:
        path = tmp_path / name
        matrix = tuple(each for value in COLOR_MATRIX for each in (value, 10000))
        tags = [
            (274, "H", 1, orientation, True),
            (33421, "H", 2, (2, 2), True),
            (33422, "B", 4, bytes((0, 1, 1, 2)), True),
            (50706, "B", 4, bytes((1, 4, 0, 0)), True),
            (50708, "s", 0, "Junmai Test", True),
            (50714, "H", 1, BLACK, True),
            (50717, "H", 1, WHITE, True),
            (50721, "2i", 9, matrix, True),
            (50728, "2I", 3, (1, 2, 1, 1, 10, 14), True),
            (50730, "2i", 1, (baseline_exposure, 1), True),
            (50778, "H", 1, 21, True),
        ]
        tifffile.imwrite(path, mosaic, photometric="cfa", metadata=None, software=False, extratags=tags)
        return path

    return make


@pytest.fixture
def mosaic() -> Callable[..., Mosaic]:
    """A noisy mosaic of one colour: levels of red, green and blue as shares of a full sensor, before white balance."""

    def make(red: float, green: float, blue: float, shape: tuple[int, int] = (128, 192), noise: int = 8) -> Mosaic:
        levels = np.empty(shape)
        levels[0::2, 0::2], levels[1::2, 1::2] = red, blue
        levels[0::2, 1::2] = levels[1::2, 0::2] = green
        grain = np.random.default_rng(7).integers(-noise, noise + 1, shape) if noise else 0
        values = BLACK + levels * (WHITE - BLACK) + grain
        return np.clip(values, 0, WHITE).astype(np.uint16)

    return make
