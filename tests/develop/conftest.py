"""Small photos that the develop tests make for themselves, and the real ones where they are at hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from junmai.develop.spaces import profile_of
from rawfiles import Mosaic, make_dng, mosaic_of


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
    """Write a mosaic as a DNG, as `rawfiles.make_dng` does."""

    def make(mosaic: Mosaic, name: str = "photo.dng", **options: int) -> Path:
        return make_dng(tmp_path / name, mosaic, **options)

    return make


@pytest.fixture
def mosaic() -> Callable[..., Mosaic]:
    """A noisy mosaic of one colour (`rawfiles.mosaic_of`)."""
    return mosaic_of
