from __future__ import annotations

import itertools

import numpy as np
import pytest

from junmai.develop import color, tone

EXTREMES = (-100.0, 0.0, 100.0)


def test_the_base_curve_keeps_middle_grey_and_makes_a_full_sensor_white() -> None:
    shown = tone.base_curve(np.array([0.0, 0.18, tone.RAW_GAIN, 9.0]))
    assert shown == pytest.approx([0, 0.18, 1, 1])


def test_the_base_curve_rolls_off_before_white() -> None:
    light = np.linspace(0.5, tone.RAW_GAIN, 50)
    assert (np.diff(tone.base_curve(light), 2) < 0).all()


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize(("highlights", "shadows"), list(itertools.product(EXTREMES, repeat=2)))
def test_highlights_and_shadows_never_reverse_an_edge(raw: bool, highlights: float, shadows: float) -> None:
    lift = tone.lift(raw=raw, highlights=highlights, shadows=shadows)
    before = np.linspace(tone.BASE_LOW, tone.BASE_HIGH, tone.BASE_SIZE + 1)
    assert (np.diff(before + lift) > 0).all()
    assert lift.any() == (highlights != 0 or shadows != 0)


def test_raised_highlights_burn_less_the_nearer_they_are_to_white() -> None:
    lift = tone.lift(raw=False, highlights=100, shadows=0)
    ev = np.linspace(tone.BASE_LOW, tone.BASE_HIGH, tone.BASE_SIZE + 1)
    bright = lift[(ev > -0.5) & (ev < 0.4)]
    assert (np.diff(bright) < 0).all()
    assert 0.3 < bright.min() < bright.max() < 0.7


@pytest.mark.parametrize("amount", [-100.0, 100.0])
def test_clarity_is_strongest_in_the_middle_tones_and_never_turns_an_edge(amount: float) -> None:
    share = np.abs(tone.clarity(amount))
    at = {ev: int((ev - tone.BASE_LOW) / (tone.BASE_HIGH - tone.BASE_LOW) * tone.BASE_SIZE) for ev in (-10, -2.5, 1)}
    assert share[at[-2.5]] > 3 * share[at[1]]
    assert share[at[-10]] == 0
    assert tone.clarity(-100).min() > -1


@pytest.mark.parametrize("depth", [8, 16])
def test_encoding_is_srgb_to_the_nearest_level_of_8_bits_and_to_one_of_16(depth: int) -> None:
    table, top = tone.encode_table(depth), 2**depth - 1
    assert (int(table[0]), int(table[65535])) == (0, top)
    codes = np.arange(0, top + 1, max(1, top // 5000))
    roots = np.rint(np.sqrt(color.srgb_decode(codes / top)) * 65535).astype(int)
    assert np.abs(table[roots].astype(int) - codes).max() <= (0 if depth == 8 else 1)
