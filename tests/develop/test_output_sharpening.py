from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from junmai.develop.output_sharpening import sharpen_output
from junmai.domain.model import SharpenFor, SharpenStrength

Picture = NDArray[Any]


@pytest.fixture
def edges() -> Picture:
    """(600, 40, 3) uint8: columns of two colours."""
    picture = np.full((600, 40, 3), (90, 100, 110), np.uint8)
    picture[:, 20:] = (150, 160, 140)
    return picture


def test_without_a_purpose_the_very_picture_comes_back(edges: Picture) -> None:
    assert sharpen_output(edges, "none", "high") is edges


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("purpose", ["screen", "print"])
def test_edges_get_steeper_the_stronger_it_is_and_even_areas_stay(
    dtype: type, purpose: SharpenFor, edges: Picture
) -> None:
    picture: Picture = edges.astype(dtype) * (257 if dtype is np.uint16 else 1)
    steps = []
    strengths: tuple[SharpenStrength, ...] = ("low", "standard", "high")
    for strength in strengths:
        result = sharpen_output(picture, purpose, strength)
        assert result.dtype == dtype
        assert np.array_equal(result[:, :12], picture[:, :12])
        steps.append(int(result[300, 20, 1]) - int(result[300, 19, 1]))
    assert int(picture[0, 20, 1]) - int(picture[0, 19, 1]) < steps[0] < steps[1] < steps[2]


def test_a_print_is_sharpened_wider_than_a_screen(edges: Picture) -> None:
    def reach(purpose: SharpenFor) -> int:
        changed = sharpen_output(edges, purpose, "standard") != edges
        return int(changed[300, :, 1].sum())

    assert reach("print") > reach("screen")


def test_the_strips_it_works_in_do_not_show(edges: Picture) -> None:
    result = sharpen_output(edges, "print", "high")
    assert (result == result[:1]).all()


def test_grey_stays_grey() -> None:
    grey = np.random.default_rng(1).integers(0, 256, (40, 40, 1)).astype(np.uint8).repeat(3, axis=2)
    assert np.ptp(sharpen_output(grey, "print", "high").astype(int), axis=2).max() == 0
