from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from junmai.develop import effects
from junmai.develop.settings import parse

WEIGHTS = np.array([0.3, 0.6, 0.1], np.float32)
Band = NDArray[np.float32]


def done(picture: Band, seed: Any = 1, rows: Any = 16, **asked: float) -> Band:
    plan = effects.plan(parse(asked), picture.shape[2], picture.shape[1], seed)
    assert plan is not None
    out = picture.copy()
    for top in range(0, picture.shape[1], rows):
        band = np.ascontiguousarray(out[:, top : top + rows])
        effects.apply(band, top, plan, WEIGHTS)
        out[:, top : top + rows] = band
    return out


def even(value: float, shape: tuple[int, int] = (80, 120)) -> Band:
    return np.full((3, *shape), value, np.float32)


def test_settings_that_only_shape_others_ask_for_nothing() -> None:
    assert effects.plan(parse({"PostCropVignetteFeather": 0, "GrainSize": 90}), 10, 10, 1) is None


# --- vignette ----------------------------------------------------------------------------------------------


def test_a_vignette_darkens_or_brightens_corners_and_leaves_the_middle() -> None:
    dark, light = (done(even(0.5), PostCropVignetteAmount=amount)[1] for amount in (-60, 60))
    assert dark[0, 0] < 0.3
    assert light[0, 0] > 0.6
    assert (dark[40, 60], light[40, 60]) == pytest.approx((0.5, 0.5), abs=0.002)
    for corner in ((0, -1), (-1, 0), (-1, -1)):
        assert dark[corner] == pytest.approx(dark[0, 0])


def test_a_vignette_falls_off_steadily_from_the_middle() -> None:
    result = done(even(0.5), PostCropVignetteAmount=-80)[1]
    assert (np.diff(result[40, 60:]) <= 1e-6).all()
    assert (np.diff(result[np.arange(40, 80), np.arange(60, 120, 1.5).astype(int)]) <= 1e-6).all()


def test_brightening_never_goes_beyond_white_and_keeps_order() -> None:
    ramp = np.repeat(np.linspace(0, 1, 120, dtype=np.float32)[None, None], 3, axis=0).repeat(2, axis=1)
    plan = effects.plan(parse({"PostCropVignetteAmount": 100, "PostCropVignetteMidpoint": 0}), 120, 2, 1)
    assert plan is not None
    assert plan.vignette is not None
    band = ramp.copy()
    corner = np.full(120, 0.999, np.float32)
    effects.shade_rows(
        band,
        corner,
        np.zeros(2, np.float32),
        plan.vignette.share,
        np.float32(plan.vignette.light),
        np.float32(0),
        np.float32(0),
    )
    assert band.max() <= 1
    assert (np.diff(band[1, 0]) > 0).all()


def test_midpoint_feather_and_roundness_shape_it() -> None:
    def at(row: int, column: int, **asked: float) -> float:
        return float(done(even(0.5), PostCropVignetteAmount=-80, **asked)[1][row, column])

    assert at(40, 100, PostCropVignetteMidpoint=0) < at(40, 100, PostCropVignetteMidpoint=100) - 0.1
    hard = done(even(0.5), PostCropVignetteAmount=-80, PostCropVignetteFeather=0)[1][40]
    soft = done(even(0.5), PostCropVignetteAmount=-80, PostCropVignetteFeather=100)[1][40]
    assert np.abs(np.diff(hard)).max() > 3 * np.abs(np.diff(soft)).max()
    # A frame darkens the middles of all sides; a circle those of the short sides and leaves the long ones.
    for side in ((40, 116), (3, 60)):
        assert at(*side, PostCropVignetteRoundness=-100) < at(*side) - 0.05
    assert at(40, 116, PostCropVignetteRoundness=100) < at(40, 116) - 0.05
    assert at(3, 60, PostCropVignetteRoundness=100) > at(3, 60) + 0.02


def test_highlights_are_kept_by_colour_priority_and_by_highlight_contrast_and_paint_covers_all() -> None:
    def white(**asked: float) -> float:
        return float(done(even(1.0), PostCropVignetteAmount=-80, **asked)[1][0, 0])

    assert white() < white(PostCropVignetteStyle=2)
    assert white() < white(PostCropVignetteHighlightContrast=50) < white(PostCropVignetteHighlightContrast=100)
    assert white(PostCropVignetteHighlightContrast=100) == pytest.approx(1, abs=0.01)
    paint = done(even(0.0), PostCropVignetteAmount=80, PostCropVignetteStyle=3)[1]
    assert paint[0, 0] > 0.7
    assert paint[40, 60] == pytest.approx(0, abs=0.002)


# --- grain -------------------------------------------------------------------------------------------------


def test_grain_is_the_same_each_time_and_another_for_another_photo() -> None:
    first = done(even(0.5), GrainAmount=50)
    assert np.array_equal(done(even(0.5), GrainAmount=50, rows=7), first)
    assert not np.array_equal(done(even(0.5), GrainAmount=50, seed=2), first)


def test_grain_is_brightness_only_and_keeps_the_mean() -> None:
    change = done(even(0.5, (300, 300)), GrainAmount=100) - 0.5
    assert np.ptp(change, axis=0).max() < 1e-6
    assert abs(float(change.mean())) < 0.004
    assert 0.06 < float(change.std()) < 0.1


def test_grain_is_strongest_in_the_middle_tones_and_leaves_black_and_white() -> None:
    deviations = [float(done(even(value, (200, 200)), GrainAmount=60).std()) for value in (0.0, 0.15, 0.5, 0.85, 1.0)]
    assert deviations[0] == deviations[4] == 0
    assert deviations[2] > deviations[1] > 0
    assert deviations[2] > deviations[3] > 0


def test_more_amount_is_stronger_and_more_size_is_coarser() -> None:
    weak, strong = (done(even(0.5), GrainAmount=amount).std() for amount in (10, 80))
    assert strong > 5 * weak

    def coarseness(shape: tuple[int, int], size: float) -> float:
        grain = done(even(0.5, shape), GrainAmount=50, GrainSize=size)[1] - 0.5
        return float((grain * np.roll(grain, 1, axis=1)).mean() / grain.var())

    small = (60, 2000)
    assert coarseness(small, 0) < coarseness(small, 30) < coarseness(small, 100)
    assert coarseness((60, 6000), 30) > coarseness(small, 30) + 0.1  # a larger photo, the same grain in the frame


def test_a_tile_of_grain_goes_on_across_its_edges() -> None:
    tile = effects.tile(256, 1.5, 50.0)
    across = np.abs(tile[:, 0] - tile[:, -1]).mean()
    assert across < 1.3 * np.abs(np.diff(tile, axis=1)).mean()
    assert (tile.mean(), tile.std()) == (pytest.approx(0, abs=1e-5), pytest.approx(1, abs=1e-5))


def test_the_seed_depends_on_what_is_in_the_photo() -> None:
    picture = np.random.default_rng(3).integers(0, 256, (50, 60, 3)).astype(np.uint8)
    other = picture.copy()
    other[:, ::2] ^= 1
    assert effects.seed_of(picture) == effects.seed_of(picture.copy())
    assert effects.seed_of(picture) != effects.seed_of(other)
