from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rawpy
from numpy.typing import NDArray

from junmai.demo.plan import plan
from junmai.demo.scenes import paint
from junmai.develop import color
from junmai.develop.decode import decode
from junmai.develop.demosaic import bayer

Picture = NDArray[np.float64]
RGGB = np.array([[0, 1], [3, 2]])
PATTERNS = {"RGGB": RGGB, "BGGR": RGGB[::-1, ::-1], "GRBG": RGGB[:, ::-1], "GBRG": RGGB[::-1]}
BLACK, SPAN = 512, 14488


def seen_through(picture: Picture, pattern: NDArray[np.int64]) -> NDArray[np.uint16]:
    """(height, width, 3) in 0..1 as a mosaic of black 512 and white 15000."""
    mosaic = np.empty(picture.shape[:2], np.uint16)
    for (row, column), site in np.ndenumerate(pattern):
        values = picture[row::2, column::2, 1 if site == 3 else int(site)]
        mosaic[row::2, column::2] = np.rint(BLACK + values * SPAN)
    return mosaic


def developed(mosaic: NDArray[np.uint16], pattern: NDArray[np.int64] = RGGB) -> NDArray[np.uint16]:
    return bayer(mosaic, pattern, (BLACK,) * 4, (65535 / SPAN,) * 4)


@pytest.fixture(scope="module")
def garden() -> Picture:
    """(426, 640, 3) of linear light: branches, water and grass of the sample shoot, sharp to the pixel."""
    shot = next(each for each in plan(24, seed=3) if each.scene not in ("forest", "table") and not each.portrait)
    return np.clip(paint(shot, 640).astype(np.float64) * 0.8, 0.002, 0.95)


def decibels(result: NDArray[Any], truth: Picture, *, codes: bool) -> float:
    light = result[8:-8, 8:-8] / 65535
    truth = truth[8:-8, 8:-8]
    if codes:
        light, truth = np.asarray(color.srgb_encode(light)), np.asarray(color.srgb_encode(truth))
    return float(-10 * np.log10(np.mean((light - truth) ** 2)))


@pytest.mark.parametrize("codes", [False, True], ids=["light", "codes"])
def test_a_known_picture_is_recovered_as_well_as_by_libraw(
    garden: Picture, write_dng: Callable[..., Path], codes: bool
) -> None:
    path = write_dng(seen_through(garden, RGGB))
    own = decibels(decode(path, lambda _: (1.0, 1.0, 1.0)).pixels, garden, codes=codes)
    theirs = []
    for algorithm in (rawpy.DemosaicAlgorithm.PPG, rawpy.DemosaicAlgorithm.AHD):
        with rawpy.imread(str(path)) as raw:
            pixels = raw.postprocess(
                demosaic_algorithm=algorithm,
                output_color=rawpy.ColorSpace.raw,
                highlight_mode=rawpy.HighlightMode.Ignore,
                gamma=(1, 1),
                output_bps=16,
                no_auto_bright=True,
                adjust_maximum_thr=0,
                user_wb=[1, 1, 1, 1],
            )
        theirs.append(decibels(pixels, garden, codes=codes))
    assert own > max(theirs) - 0.3


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS.keys())
def test_every_order_of_the_sites_is_understood(garden: Picture, pattern: NDArray[np.int64]) -> None:
    good = decibels(developed(seen_through(garden, RGGB)), garden, codes=False)
    assert decibels(developed(seen_through(garden, pattern), pattern), garden, codes=False) > good - 1


def test_an_even_colour_stays_even_up_to_the_edges() -> None:
    even = np.empty((48, 64, 3))
    even[:] = (0.6, 0.3, 0.1)
    result = developed(seen_through(even, RGGB))
    assert np.abs(result / 65535 - even).max() < 1e-4
    assert (result == result[0, 0]).all()


def test_a_row_depends_on_its_neighbours_only(garden: Picture) -> None:
    mosaic = seen_through(garden, RGGB)
    for top in (2, 34, 70):
        assert np.array_equal(developed(mosaic[top:])[10:], developed(mosaic)[top + 10 :])


def test_what_is_brighter_than_the_range_is_cut_and_not_wrapped() -> None:
    full = np.ones((32, 32, 3))
    assert (bayer(seen_through(full, RGGB), RGGB, (BLACK,) * 4, (3 * 65535 / SPAN,) * 4) == 65535).all()


@pytest.mark.parametrize("place", [(20, 20), (20, 21), (21, 21)], ids=["red", "green", "blue"])
def test_a_hot_pixel_is_put_out(place: tuple[int, int]) -> None:
    dark = seen_through(np.full((48, 48, 3), 0.02), RGGB)
    hot = dark.copy()
    hot[place] = 15000
    assert np.abs(developed(hot).astype(int) - developed(dark)).max() <= 1


def test_a_star_is_no_hot_pixel() -> None:
    night = np.full((48, 48, 3), 0.02)
    y, x = np.mgrid[0:48, 0:48]
    night += 0.9 * np.exp(-((y - 20) ** 2 + (x - 20) ** 2) / (2 * 0.7**2))[:, :, None]
    assert developed(seen_through(night, RGGB))[20, 20, 0] > 0.9 * 65535
