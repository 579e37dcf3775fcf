from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from junmai.develop.encode import encode, resize
from junmai.develop.pipeline import develop_photo
from junmai.develop.spaces import profile_of
from junmai.domain.model import OutputOptions, Recipe

Picture = NDArray[Any]


def test_the_output_is_a_jpeg_with_the_srgb_profile(gradient: Picture) -> None:
    with Image.open(io.BytesIO(encode(gradient, OutputOptions()))) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (120, 80))
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_the_profile_carries_no_date_of_its_making() -> None:
    assert profile_of("srgb")[24:36] == bytes.fromhex("07e8 0001 0001 0000 0000 0000")


def test_better_quality_is_nearer_to_the_picture_and_larger(gradient: Picture) -> None:
    def error_and_size(quality: int) -> tuple[float, int]:
        data = encode(gradient, OutputOptions(quality=quality))
        with Image.open(io.BytesIO(data)) as image:
            return float(np.abs(np.asarray(image).astype(int) - gradient).mean()), len(data)

    low, high = error_and_size(40), error_and_size(97)
    assert high[0] < low[0]
    assert high[1] > low[1]


@pytest.mark.parametrize(("quality", "blocks"), [(89, (2, 2)), (90, (1, 1))])
def test_color_is_kept_at_full_resolution_from_quality_90(
    quality: int, blocks: tuple[int, int], gradient: Picture
) -> None:
    with Image.open(io.BytesIO(encode(gradient, OutputOptions(quality=quality)))) as image:
        layers: Any = image.layer  # type: ignore[attr-defined]
    assert layers[0][1:3] == blocks


def test_shrinking_keeps_the_mean_light_of_an_even_picture() -> None:
    even = np.full((300, 500, 3), (200, 100, 50), np.uint8)
    small = resize(even, 100)
    assert small.shape == (60, 100, 3)
    assert np.abs(small.astype(int) - (200, 100, 50)).max() <= 1


def test_a_very_long_picture_keeps_at_least_one_pixel() -> None:
    assert resize(np.zeros((2, 5000, 3), np.uint8), 100).shape == (1, 100, 3)


def test_neither_date_nor_path_nor_name_goes_into_the_output(write: Callable[..., Path], gradient: Picture) -> None:
    path = write(gradient, "photo.jpg")
    other = path.parent / "deeper" / "another-name.jpg"
    other.parent.mkdir()
    other.write_bytes(path.read_bytes())
    data = develop_photo(path, Recipe()).data
    assert data == develop_photo(other, Recipe()).data
    assert b"photo.jpg" not in data
