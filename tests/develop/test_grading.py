from __future__ import annotations

import numpy as np
import pytest

from junmai.develop import grading, oklab
from junmai.develop.settings import parse

GREYS = np.repeat((np.linspace(0, 1, 41) ** 3)[:, None], 3, axis=1)
LIGHT = np.linspace(0, 1, 41)


def tinted(**asked: object) -> grading.Values:
    """L, a, b of a grey scale after grading."""
    return oklab.from_light(grading.grade(GREYS, parse(asked)))


def where(values: grading.Values) -> float:
    """The lightness in which a change is centred."""
    return float((LIGHT * values).sum() / values.sum())


def test_without_strength_a_hue_does_nothing() -> None:
    asked = parse({"SplitToningShadowHue": 220, "ColorGradeMidtoneHue": 40, "ColorGradeBlending": 100})
    assert grading.grade(GREYS, asked) is GREYS


@pytest.mark.parametrize("hue", [0, 60, 120, 180, 240, 300])
def test_a_tint_has_the_hue_of_the_wheel(hue: int) -> None:
    lab = tinted(ColorGradeGlobalHue=hue, ColorGradeGlobalSat=50)[20:21]
    off = (oklab.hue(lab)[0] - float(oklab.wheel_hue(hue)) + 180) % 360 - 180
    assert abs(off) < 0.5
    assert oklab.chroma(lab)[0] > 0.04


def test_a_tint_keeps_brightness_black_and_white() -> None:
    lab = tinted(ColorGradeGlobalHue=30, ColorGradeGlobalSat=100)
    assert lab[:, 0] == pytest.approx(LIGHT, abs=1e-6)
    assert np.abs(lab[[0, -1], 1:]).max() < 1e-6


def test_shadows_middle_tones_and_highlights_are_tinted_where_they_are() -> None:
    shadow, middle, light = (
        oklab.chroma(tinted(**{name: 50}))
        for name in ("SplitToningShadowSaturation", "ColorGradeMidtoneSat", "SplitToningHighlightSaturation")
    )
    assert where(shadow) < where(middle) - 0.1
    assert where(middle) < where(light) - 0.05


def test_balance_gives_more_room_to_one_of_the_tints() -> None:
    def room(balance: int, name: str) -> float:
        return float(oklab.chroma(tinted(**{name: 50, "SplitToningBalance": balance})).sum())

    for name, grows in (("SplitToningShadowSaturation", -1), ("SplitToningHighlightSaturation", 1)):
        assert room(-grows * 80, name) < room(0, name) < room(grows * 80, name)


def test_blending_lets_a_tint_reach_further() -> None:
    narrow, wide = (
        oklab.chroma(tinted(SplitToningShadowSaturation=50, ColorGradeBlending=blending)) for blending in (0, 100)
    )
    assert (wide > 0.002).sum() > (narrow > 0.002).sum() + 3


def test_split_toning_alone_overlaps_whole_as_it_did_before_there_was_blending() -> None:
    old = tinted(SplitToningShadowSaturation=50)
    assert np.array_equal(old, tinted(SplitToningShadowSaturation=50, ColorGradeBlending=100))


@pytest.mark.parametrize("blending", [0, 50, 100])
@pytest.mark.parametrize("balance", [-100, 0, 100])
def test_ranges_are_shares_and_leave_no_gap_of_untinted_tones(blending: int, balance: int) -> None:
    asked = parse({"ColorGradeBlending": blending, "SplitToningBalance": balance})
    shares = grading.ranges(LIGHT, asked)
    for share in shares:
        assert share.min() >= 0
        assert share.max() <= 1
    assert (shares[0] + shares[1] + shares[2]).min() > 0.7


def test_shadow_tint_makes_shadows_magenta_or_green_and_leaves_highlights() -> None:
    magenta, green = tinted(ShadowTint=100), tinted(ShadowTint=-100)
    assert magenta[10, 1] > 0.02 > -0.02 > green[10, 1]
    assert np.abs(magenta[30:, 1:]).max() < 1e-6


@pytest.mark.parametrize("name", ["Shadow", "Midtone", "Highlight", "Global"])
@pytest.mark.parametrize("value", [-100, 100])
def test_brightness_of_a_range_changes_it_and_keeps_order_black_and_white(name: str, value: int) -> None:
    light = tinted(**{f"ColorGrade{name}Lum": value})[:, 0]
    assert np.sign(light - LIGHT).sum() * value > 0
    assert (light[0], light[-1]) == pytest.approx((0, 1), abs=1e-9)
    assert (np.diff(light) > 0).all()


def test_a_field_of_grading_that_does_nothing_changes_nothing() -> None:
    split = {"SplitToningShadowSaturation": 60, "SplitToningHighlightSaturation": 60}
    assert np.array_equal(tinted(**split), tinted(**split, ColorGradeGlobalLum=0, ColorGradeMidtoneHue=40))
