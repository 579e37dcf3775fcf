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


def test_the_neutral_curve_of_a_developed_photo_is_a_straight_line() -> None:
    table, top = tone.curve(raw=False, contrast=0, whites=0, blacks=0)
    assert top == 1
    assert table == pytest.approx((np.arange(tone.CURVE_SIZE + 1) / tone.CURVE_SIZE) ** 2, abs=1e-7)


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize(("contrast", "whites", "blacks"), list(itertools.product(EXTREMES, repeat=3)))
def test_no_setting_makes_brighter_light_darker(raw: bool, contrast: float, whites: float, blacks: float) -> None:
    table, _ = tone.curve(raw=raw, contrast=contrast, whites=whites, blacks=blacks)
    assert (np.diff(table) >= 0).all()
    assert table.min() >= 0
    assert table.max() <= 1


def test_contrast_darkens_darks_brightens_brights_and_keeps_both_ends() -> None:
    plain, _ = tone.curve(raw=False, contrast=0, whites=0, blacks=0)
    hard, _ = tone.curve(raw=False, contrast=60, whites=0, blacks=0)
    dark, bright = np.searchsorted(plain, color.srgb_decode(np.array([0.25, 0.75])))
    assert hard[dark] < plain[dark]
    assert hard[bright] > plain[bright]
    assert (hard[0], hard[-1]) == pytest.approx((0, 1))


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize(("highlights", "shadows"), list(itertools.product(EXTREMES, repeat=2)))
def test_local_gains_never_reverse_an_edge(raw: bool, highlights: float, shadows: float) -> None:
    gains = tone.local_gains(raw=raw, highlights=highlights, shadows=shadows)
    if gains is None:
        assert highlights == shadows == 0
        return
    before = np.linspace(tone.BASE_LOW, tone.BASE_HIGH, tone.BASE_SIZE + 1)
    assert (np.diff(before + np.log2(gains)) > 0).all()


def test_encoding_is_srgb_to_the_nearest_level() -> None:
    table = tone.encode_table()
    assert (int(table[0]), int(table[65535])) == (0, 255)
    codes = np.arange(256)
    linear = np.rint(color.srgb_decode(codes / 255) * 65535).astype(int)
    assert np.array_equal(table[linear], codes)
