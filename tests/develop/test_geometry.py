from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from junmai.develop import geometry, local
from junmai.develop.geometry import Frame
from junmai.develop.settings import parse

WIDTH, HEIGHT = 300, 200


def frame(**asked: object) -> Frame | None:
    return geometry.frame(parse(asked), WIDTH, HEIGHT)


def taken(pixels: NDArray[Any], asked: Frame | None, lens: Any = None, rows: int = 16) -> NDArray[Any]:
    source = geometry.Source(pixels, asked, lens)
    parts = [source.rows(top, min(top + rows, source.height)).copy() for top in range(0, source.height, rows)]
    return np.concatenate(parts)


def places() -> NDArray[np.uint16]:
    """A picture whose red is 100 times the column and whose green is 100 times the row."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([columns * 100, rows * 100, columns * 0], axis=2).astype(np.uint16)


# --- frames ------------------------------------------------------------------------------------------------


def test_without_a_crop_there_is_no_frame() -> None:
    assert frame() is None
    assert frame(HasCrop=True) is None
    assert frame(HasCrop=False, CropTop=0.2, CropAngle=3) is None


def test_a_crop_counts_where_nothing_says_that_there_is_none() -> None:
    assert frame(CropTop=0.5) == frame(HasCrop=True, CropTop=0.5)


def test_a_crop_that_leaves_nothing_is_none() -> None:
    assert frame(HasCrop=True, CropTop=0.7, CropBottom=0.2) is None
    assert frame(HasCrop=True, CropLeft=0.8, CropRight=0.2, CropAngle=5) is None


def test_a_crop_is_cut_on_whole_pixels() -> None:
    asked = frame(CropLeft=0.1, CropTop=0.25, CropRight=0.9, CropBottom=0.75)
    assert np.array_equal(taken(places(), asked), places()[50:150, 30:270])


@pytest.mark.parametrize("angle", [-45.0, -3.2, 0.4, 10.0, 45.0])
def test_an_angle_alone_takes_the_largest_frame_of_the_photos_shape_that_fits(angle: float) -> None:
    asked = frame(CropAngle=angle)
    assert asked is not None
    assert asked.width / asked.height == pytest.approx(WIDTH / HEIGHT, rel=0.03)
    x, y = asked.places(
        np.array([0.0, asked.width - 1, 0.0, asked.width - 1]), np.array([0.0, 0, *[asked.height - 1] * 2])
    )
    assert x.min() >= -0.5
    assert x.max() <= WIDTH - 0.5
    assert y.min() >= -0.5
    assert y.max() <= HEIGHT - 0.5
    spare = min(x.min() + 0.5, WIDTH - 0.5 - x.max(), y.min() + 0.5, HEIGHT - 0.5 - y.max())
    assert spare < 1.5


def test_the_corners_of_a_turned_crop_are_where_adobe_puts_them() -> None:
    asked = frame(HasCrop=True, CropLeft=0.3, CropTop=0.2, CropRight=0.8, CropBottom=0.7, CropAngle=12)
    assert asked is not None
    x, y = asked.places(np.array([-0.5, asked.width - 0.5]), np.array([-0.5, asked.height - 0.5]))
    assert (x[0] + 0.5, y[0] + 0.5) == pytest.approx((0.3 * WIDTH, 0.2 * HEIGHT), abs=0.7)
    assert (x[1] + 0.5, y[1] + 0.5) == pytest.approx((0.8 * WIDTH, 0.7 * HEIGHT), abs=0.7)
    # The frame's upper side falls to the right: it is turned clockwise.
    right, down = asked.places(np.array([0.0, 1.0]), np.array([0.0, 0.0]))
    assert math.degrees(math.atan2(down[1] - down[0], right[1] - right[0])) == pytest.approx(12)


# --- pixels ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("angle", [-20.0, 1.0, 7.5])
def test_turning_takes_each_pixel_from_its_place(angle: float) -> None:
    asked = frame(CropAngle=angle)
    assert asked is not None
    result = taken(places(), asked).astype(float)
    rows, columns = np.mgrid[0 : asked.height, 0 : asked.width].astype(float)
    x, y = asked.places(columns, rows)
    inner = np.s_[8:-8, 8:-8]
    assert (
        np.abs(result[..., 0] - 100 * x)[inner].max() < 6
    )  # OpenCV's cubic is off by up to 0.053 of a pixel on a slope
    assert np.abs(result[..., 1] - 100 * y)[inner].max() < 0.6


def test_how_many_rows_are_taken_at_a_time_does_not_matter() -> None:
    pixels = np.random.default_rng(1).integers(0, 65536, (HEIGHT, WIDTH, 3)).astype(np.uint16)
    asked = frame(CropAngle=5)
    whole = taken(pixels, asked, rows=1000)
    for rows in (1, 7, 64):
        assert np.array_equal(taken(pixels, asked, rows=rows), whole)


def test_an_even_picture_stays_even_to_its_edge() -> None:
    even = np.full((HEIGHT, WIDTH, 3), (200, 100, 50), np.uint8)
    assert (taken(even, frame(CropAngle=-9)) == even[0, 0]).all()


def test_a_very_wide_picture_is_turned_too() -> None:
    wide = np.zeros((8, 40_000, 3), np.uint8)
    wide[:, 39_000:] = 250
    asked = Frame(39_990, 4, 19_999.5, 3.5, math.cos(1e-5), math.sin(1e-5))
    result = taken(wide, asked)
    assert (result[1:3, :38_900] == 0).all()
    assert (result[1:3, 39_100:] == 250).all()


class Shifting:
    """A lens that moves red to the right by 2 pixels and blue down by 1, and is darker to the right."""

    def places(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([np.stack([x + 2, y]), np.stack([x, y]), np.stack([x, y + 1])])

    def gain(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1 + x / 100 + 0 * y


def test_a_lens_is_corrected_channel_by_channel() -> None:
    pixels = np.random.default_rng(2).integers(0, 65536, (60, 80, 3)).astype(np.uint16)
    result = taken(pixels, None, Shifting()).astype(int)
    for channel, rows, columns in ((0, 0, 2), (1, 0, 0), (2, 1, 0)):
        moved = pixels[rows:, columns:, channel]
        off = result[: moved.shape[0], : moved.shape[1], channel] - moved
        assert np.abs(off).max() <= 2, channel  # places are kept in 32 bits


def test_a_lens_that_moves_all_channels_alike_is_one_resampling() -> None:
    class Barrel(Shifting):
        def places(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.stack([np.stack([x * 1.01 - 1, y * 1.01 - 1])] * 3)

    class Apart(Barrel):
        def places(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
            apart = np.array([0.03, 0, 0]).reshape(3, *[1] * (x.ndim + 1))
            return np.asarray(super().places(x, y) + apart, dtype=np.float64)

    pixels = (np.random.default_rng(2).random((60, 80, 3)) * 60000).astype(np.uint16)
    together, apart = taken(pixels, None, Barrel()), taken(pixels, None, Apart())
    assert np.array_equal(together[..., 1:], apart[..., 1:])
    assert not np.array_equal(together[..., 0], apart[..., 0])


def test_places_that_are_nowhere_do_no_harm() -> None:
    class Broken(Shifting):
        def places(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.stack([np.full((2, *x.shape), each) for each in (np.nan, 1e12, -np.inf)])

    pixels = np.full((60, 80, 3), 7, np.uint8)
    assert (taken(pixels, None, Broken()) == 7).all()


def test_the_light_of_a_lens_is_asked_in_the_photos_own_places() -> None:
    asked = Frame(100, 50, 149.5, 99.5)
    gains = geometry.lens_light(Shifting(), asked, 100, 50)
    assert gains is not None
    assert gains[0, 0] == pytest.approx(2.0)
    assert gains[0, 2] - gains[0, 1] == pytest.approx(geometry.SPACING / 100)
    assert geometry.lens_light(None, asked, 100, 50) is None


def test_the_local_light_of_a_crop_is_that_of_the_whole_photo() -> None:
    grid = np.random.default_rng(3).random((40, 60, 4)).astype(np.float32)
    light = local.LocalLight(grid, 5, np.zeros(3, np.float32))
    cut = local.framed(light, geometry.frame(parse({"CropLeft": 0.1, "CropTop": 0.2}), 300, 200))
    assert cut.grid == pytest.approx(grid[8:, 6:], abs=1e-5)
    assert local.framed(light, None) is light
