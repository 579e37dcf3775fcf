"""Gains on linear light, and highlights that roll off."""

from __future__ import annotations

import numpy as np
import pytest

from junmai.develop import color, match_apply
from junmai.domain.matching import Solution
from matching import scene


def _band(light: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(light, -1, 0), dtype=np.float32)


def _shown(band: np.ndarray) -> np.ndarray:
    return np.asarray(np.moveaxis(band, 0, -1) @ color.WORKING_TO_SRGB.T)


def _apply(band: np.ndarray, solution: Solution, white: float = 1.0) -> None:
    band *= np.array(solution.gains, np.float32).reshape(3, 1, 1)
    shoulder = match_apply.shoulder(solution, white)
    if shoulder:
        match_apply.roll_off(band, shoulder)


def test_where_nothing_comes_above_white_it_is_gains_and_nothing_else() -> None:
    band = _band(scene(1))
    before = band.copy()
    _apply(band, Solution(exposure=1.0, red=1.1, blue=0.9, top=0.9))
    assert band == pytest.approx(before * np.array([2.2, 2.0, 1.8]).reshape(3, 1, 1), rel=1e-6)


def test_a_neutral_solution_leaves_every_bit() -> None:
    band = _band(scene(1))
    before = band.copy()
    _apply(band, Solution(top=3.0))
    assert np.array_equal(band, before)


def test_brightened_highlights_roll_off_below_white_and_keep_their_order_and_hue() -> None:
    ramp = np.linspace(0.01, 1.0, 400)[:, None] * np.array([1.0, 0.8, 0.6])
    band = _band(ramp[None])
    top = 2.0**1.5 * float(_shown(band).max())
    _apply(band, Solution(exposure=1.5, top=top))
    shown = _shown(band)[0]
    assert shown.max() == pytest.approx(match_apply.CEILING, abs=1e-4)
    assert (np.diff(shown, axis=0) > 0).all()
    assert shown / shown[:, :1] == pytest.approx(np.repeat((shown / shown[:, :1])[:1], 400, axis=0), rel=1e-4)


def test_below_the_knee_the_roll_off_changes_nothing() -> None:
    band = _band(np.full((2, 5, 3), 0.2))
    _apply(band, Solution(exposure=1.0, top=2.0))
    assert band == pytest.approx(0.4, rel=1e-6)


def test_at_most_one_pixel_in_a_hundred_is_newly_clipped() -> None:
    light = scene(3) * 2.4
    was = (light @ color.WORKING_TO_SRGB.T).max(axis=2) >= 1
    top = float(np.quantile((light @ color.WORKING_TO_SRGB.T).max(axis=2), 0.998))
    band = _band(light)
    _apply(band, Solution(exposure=1.0, red=1.2, blue=0.9, top=top * 2.4))
    codes = np.rint(color.srgb_encode(np.clip(_shown(band), 0, 1)) * 255)
    assert ((codes == 255).any(axis=2) & ~was).mean() <= 0.01


def test_strips_of_any_height_give_the_same() -> None:
    whole = _band(scene(4) * 2)
    parts = whole.copy()
    solution = Solution(exposure=0.7, red=1.1, top=1.9)
    _apply(whole, solution)
    for top in range(0, parts.shape[1], 7):
        strip = np.ascontiguousarray(parts[:, top : top + 7])
        _apply(strip, solution)
        parts[:, top : top + 7] = strip
    assert np.array_equal(parts, whole)


def test_white_of_a_raw_lies_where_its_base_look_ends() -> None:
    band = _band(np.full((1, 1, 3), 0.7))
    _apply(band, Solution(exposure=1.0, top=1.45), white=1.5)
    assert band == pytest.approx(1.4, rel=1e-6)
