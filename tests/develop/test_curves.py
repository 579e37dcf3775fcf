from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from junmai.develop import curves, tone
from junmai.develop.color import srgb_decode
from junmai.develop.settings import FIELDS, parse

EXTREMES = (-100.0, 0.0, 100.0)
CODES = np.linspace(0, 1, 1001)
PARAMETRIC = ("ParametricShadows", "ParametricDarks", "ParametricLights", "ParametricHighlights")


def straight(light: curves.Values) -> curves.Values:
    return light


def shown(**asked: object) -> curves.Values:
    """Code values of a developed photo after the curves, for CODES."""
    table = curves.light_table(parse(asked), straight, 1.0).astype(np.float64)
    roots = np.sqrt(srgb_decode(CODES)) * curves.TABLE_SIZE
    light = np.interp(roots, np.arange(curves.TABLE_SIZE + 1), table)
    return np.asarray(np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055))


def at(code: float, **asked: object) -> float:
    return float(np.interp(code, CODES, shown(**asked)))


def test_without_settings_the_curve_of_a_developed_photo_is_a_straight_line() -> None:
    table = curves.light_table({}, straight, 1.0)
    assert table == pytest.approx((np.arange(curves.TABLE_SIZE + 1) / curves.TABLE_SIZE) ** 2, abs=1e-7)


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize(("contrast", "whites", "blacks"), list(itertools.product(EXTREMES, repeat=3)))
def test_no_setting_of_tone_makes_brighter_light_darker(
    raw: bool, contrast: float, whites: float, blacks: float
) -> None:
    asked = {"Contrast2012": contrast, "Whites2012": whites, "Blacks2012": blacks}
    base, top = (tone.base_curve, tone.RAW_GAIN) if raw else (straight, 1.0)
    table = curves.light_table(parse(asked), base, top)
    assert (np.diff(table) >= 0).all()
    assert (table.min(), table.max() <= 1) == (pytest.approx(table[0]), True)


def test_contrast_darkens_darks_brightens_brights_and_keeps_both_ends() -> None:
    assert at(0.25, Contrast2012=60) < 0.22
    assert at(0.75, Contrast2012=60) > 0.78
    assert (at(0, Contrast2012=60), at(0.5, Contrast2012=60), at(1, Contrast2012=60)) == pytest.approx((0, 0.5, 1))


def test_whites_move_the_bright_end_and_blacks_the_dark_one() -> None:
    assert at(0.9, Whites2012=100) == pytest.approx(1)
    assert at(1, Whites2012=-100) < 0.85
    assert at(0.1, Whites2012=100) == pytest.approx(0.1, abs=0.001)
    assert at(0.05, Blacks2012=-100) == 0
    assert at(0, Blacks2012=100) > 0.08
    assert at(0.9, Blacks2012=100) == pytest.approx(0.9, abs=0.001)


def test_lowered_whites_leave_highlights_a_third_of_their_contrast() -> None:
    bright = CODES >= 0.8
    assert (np.diff(shown(Whites2012=-100)[bright]) > 0.33 * np.diff(CODES[bright])).all()


# --- parametric --------------------------------------------------------------------------------------------


@given(st.tuples(*[st.integers(-100, 100)] * 4), st.integers(10, 70), st.integers(20, 80), st.integers(30, 90))
@settings(max_examples=200, deadline=None)
def test_a_parametric_curve_rises_everywhere_and_keeps_black_and_white(
    amounts: tuple[int, ...], low: int, middle: int, high: int
) -> None:
    splits = {"ParametricShadowSplit": low, "ParametricMidtoneSplit": middle, "ParametricHighlightSplit": high}
    asked = parse({**dict(zip(PARAMETRIC, amounts, strict=True)), **splits})
    curve = curves.parametric(CODES, asked)
    assert (np.diff(curve) > 0).all()
    assert (curve[0], curve[-1]) == pytest.approx((0, 1))


@pytest.mark.parametrize("region", range(4))
def test_each_region_of_the_parametric_curve_acts_most_in_its_own_range(region: int) -> None:
    change = curves.parametric(CODES, parse({PARAMETRIC[region]: 100})) - CODES
    assert 0.25 * region <= CODES[int(change.argmax())] <= 0.25 * (region + 1)
    assert change.max() > 0.04
    assert change.min() > -1e-9


def test_a_split_moves_where_a_region_acts() -> None:
    def top(split: int) -> float:
        asked = parse({"ParametricShadows": 100, "ParametricShadowSplit": split, "ParametricMidtoneSplit": 80})
        return float(CODES[int((curves.parametric(CODES, asked) - CODES).argmax())])

    assert top(10) < top(40) < top(70)


# --- point curves ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("points", [((0.0, 0.0), (255.0, 255.0)), ((0.0, 0.0), (77.0, 77.0), (255.0, 255.0)), None])
def test_points_on_the_diagonal_change_nothing(points: object) -> None:
    assert np.array_equal(curves.point_curve(points)(CODES), CODES)
    assert curves.is_neutral({} if points is None else {"ToneCurvePV2012": points})  # type: ignore[dict-item]


def test_a_point_curve_goes_through_its_points_and_is_level_outside() -> None:
    points = ((20.0, 10.0), (64.0, 40.0), (128.0, 150.0), (200.0, 240.0))
    curve = curves.point_curve(points)
    for x, y in points:
        assert curve(np.array([x / 255]))[0] * 255 == pytest.approx(y)
    assert curve(np.array([0.0, 1.0])) * 255 == pytest.approx([10, 240])


def test_short_points_on_the_diagonal_still_level_what_is_outside() -> None:
    assert curves.point_curve(((50.0, 50.0), (255.0, 255.0)))(np.array([0.0]))[0] * 255 == pytest.approx(50)


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), min_size=2, max_size=16))
@settings(max_examples=200, deadline=None)
def test_a_curve_through_rising_points_rises_and_never_leaves_their_range(drawn: list[tuple[int, int]]) -> None:
    xs = sorted({x for x, _ in drawn})
    if len(xs) < 2:
        return
    ys = sorted(y for _, y in drawn)[: len(xs)]
    curve = curves.point_curve(tuple(zip(map(float, xs), map(float, ys), strict=True)))(CODES)
    assert (np.diff(curve) >= -1e-12).all()
    assert curve.min() * 255 >= ys[0] - 1e-9
    assert curve.max() * 255 <= ys[-1] + 1e-9


def test_a_curve_may_fall_where_its_points_fall() -> None:
    curve = curves.point_curve(((0.0, 255.0), (255.0, 0.0)))
    assert curve(CODES) == pytest.approx(1 - CODES)


def test_the_point_curve_comes_after_contrast() -> None:
    flat = [[0, 128], [255, 128]]
    assert at(0.3, Contrast2012=100, ToneCurvePV2012=flat) == pytest.approx(128 / 255, abs=0.001)


def test_single_channels_get_tables_only_where_one_is_bent() -> None:
    assert curves.channel_tables({}).shape == (3, 0)
    tables = curves.channel_tables(parse({"ToneCurvePV2012Red": [[0, 40], [255, 255]]}))
    steps = np.arange(curves.CHANNEL_SIZE + 1) / curves.CHANNEL_SIZE
    assert tables[1] == pytest.approx(steps, abs=1e-6)
    assert tables[0][0] ** 2 == pytest.approx(srgb_decode(np.array(40 / 255)), abs=1e-5)


@pytest.mark.parametrize("name", [name for name in FIELDS if name.startswith(("ToneCurve", "Parametric"))])
def test_neutral_is_told_from_bent(name: str) -> None:
    if "Split" in name:
        assert curves.is_neutral(parse({name: 40}))
    else:
        assert not curves.is_neutral(parse({name: [[0, 5], [255, 255]] if "ToneCurve" in name else 10}))
