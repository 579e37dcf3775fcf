from __future__ import annotations

import numpy as np
import pytest

from junmai.develop import color, hsl, oklab
from junmai.develop.color import srgb_decode
from junmai.develop.fields import COLORS
from junmai.develop.settings import parse

GREYS = np.repeat(np.linspace(0, 1, 21)[:, None], 3, axis=1)
WHEEL = dict(zip(COLORS, (0, 30, 60, 120, 180, 240, 270, 300), strict=True))


def pure(name: str, strength: float = 0.6, value: float = 0.8) -> hsl.Values:
    """A colour of Lightroom's wheel, as linear light (1, 3)."""
    sixth = WHEEL[name] / 60
    full = np.clip(np.abs((sixth + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    code = value * (1 - strength + strength * full)
    return np.asarray(srgb_decode(code)[None] @ color.SRGB_TO_WORKING.T, dtype=np.float64)


def seen(rgb: hsl.Values, **asked: object) -> tuple[float, float, float]:
    """Lightness, chroma and hue after the settings."""
    lab = oklab.from_light(hsl.adjust(rgb, parse(asked)))
    return float(lab[0, 0]), float(oklab.chroma(lab)[0]), float(oklab.hue(lab)[0])


def test_without_settings_the_very_same_colors_come_back() -> None:
    assert hsl.adjust(GREYS, {}) is GREYS


@pytest.mark.parametrize(
    "name", [f"{kind}Adjustment{each}" for kind in ("Hue", "Saturation", "Luminance") for each in COLORS]
)
@pytest.mark.parametrize("value", [-100, 100])
def test_no_color_setting_touches_grey(name: str, value: int) -> None:
    assert hsl.adjust(GREYS, parse({name: value})) == pytest.approx(GREYS, abs=1e-9)


@pytest.mark.parametrize("name", ["Vibrance", "Saturation"])
@pytest.mark.parametrize("value", [-100, 100])
def test_vibrance_and_saturation_leave_grey_alone(name: str, value: int) -> None:
    assert hsl.adjust(GREYS, parse({name: value})) == pytest.approx(GREYS, abs=1e-9)


def test_the_eight_colors_share_every_hue_between_two_of_them() -> None:
    shares = hsl.weights(np.random.default_rng(2).random((2000, 3)))
    assert shares.sum(axis=1) == pytest.approx(1)
    assert ((shares > 0).sum(axis=1) <= 2).all()


@pytest.mark.parametrize("tick", [1e-15, 1e-16, 3e-17, 0.0, -1e-16])
def test_a_red_that_rounding_moved_by_a_tick_is_red(tick: float) -> None:
    red = np.array([[0.9, 0.0, tick]]) @ np.linalg.inv(color.WORKING_TO_SRGB.T)
    shares = np.concatenate([hsl.weights(red + way * tick) for way in np.eye(3)])
    assert shares[:, COLORS.index("Red")] == pytest.approx(1)


@pytest.mark.parametrize("name", COLORS)
def test_each_color_is_wholly_its_own_at_its_place_on_the_wheel(name: str) -> None:
    for strength in (0.1, 0.5, 1.0):
        assert hsl.weights(pure(name, strength))[0][COLORS.index(name)] > 0.999


@pytest.mark.parametrize("name", COLORS)
def test_hue_turns_a_color_towards_its_neighbours(name: str) -> None:
    before, around = seen(pure(name))[2], list(COLORS)
    at = around.index(name)
    for value, neighbour in ((100, around[(at + 1) % 8]), (-100, around[at - 1])):
        asked = {f"HueAdjustment{name}": value}
        after, target = seen(pure(name), **asked)[2], seen(pure(neighbour))[2]
        way, turned = (target - before + 180) % 360 - 180, (after - before + 180) % 360 - 180
        assert 0.2 < turned / way < 0.95, (neighbour, way, turned)


@pytest.mark.parametrize("name", COLORS)
def test_saturation_of_a_color_goes_from_none_to_about_twice(name: str) -> None:
    light, strength, hue = seen(pure(name, 0.3))
    gone = seen(pure(name, 0.3), **{f"SaturationAdjustment{name}": -100})
    more = seen(pure(name, 0.3), **{f"SaturationAdjustment{name}": 100})
    assert gone[1] < 1e-6
    assert 1.4 * strength < more[1] < 2.05 * strength
    assert (gone[0], more[0]) == pytest.approx((light, light), abs=1e-6)
    assert more[2] == pytest.approx(hue, abs=0.01)


@pytest.mark.parametrize("name", COLORS)
def test_luminance_of_a_color_darkens_and_brightens_it(name: str) -> None:
    light = seen(pure(name))[0]
    assert seen(pure(name), **{f"LuminanceAdjustment{name}": -100})[0] < light - 0.1
    assert seen(pure(name), **{f"LuminanceAdjustment{name}": 100})[0] > light + 0.03


def test_a_color_setting_leaves_the_opposite_color_alone() -> None:
    blue = pure("Blue")
    for kind in ("Hue", "Saturation", "Luminance"):
        assert hsl.adjust(blue, parse({f"{kind}AdjustmentYellow": 100})) == pytest.approx(blue, abs=1e-9)


def test_vibrance_acts_on_weak_colors_most_and_on_skin_less_than_on_sky() -> None:
    def gain(rgb: hsl.Values, value: int) -> float:
        return seen(rgb, Vibrance=value)[1] / seen(rgb)[1]

    assert gain(pure("Blue", 0.15), 100) > gain(pure("Blue", 0.9), 100) > 0.999
    assert gain(pure("Blue", 0.3), 100) > gain(pure("Orange", 0.3), 100) > 1.1
    assert gain(pure("Green", 0.15), -100) < gain(pure("Green", 0.9), -100) < 1


def test_strong_saturation_keeps_the_order_of_strengths() -> None:
    strengths = [seen(pure("Red", each), Saturation=100)[1] for each in np.linspace(0.05, 1, 20)]
    assert (np.diff(strengths) > 0).all()


@pytest.mark.parametrize("name", COLORS)
def test_the_mixer_brightens_and_darkens_one_color_in_black_and_white(name: str) -> None:
    def grey(value: int) -> float:
        asked = parse({"ConvertToGrayscale": True, f"GrayMixer{name}": value})
        result = hsl.adjust(pure(name), asked)[0]
        assert np.ptp(result) < 1e-9
        return float(result[0])

    assert grey(-100) < 0.65 * grey(0)
    assert grey(100) > 1.15 * grey(0)
    assert grey(0) == pytest.approx(float((pure(name) @ color.WORKING_LUMINANCE)[0]))


def test_the_mixer_leaves_grey_alone_and_does_nothing_without_black_and_white() -> None:
    asked = parse({"ConvertToGrayscale": True, "GrayMixerRed": 100, "GrayMixerBlue": -100})
    assert hsl.adjust(GREYS, asked) == pytest.approx(GREYS, abs=1e-9)
    assert hsl.is_neutral(parse({"GrayMixerRed": 100}))


def test_half_of_black_and_white_lies_halfway() -> None:
    red, asked = pure("Red"), {"ConvertToGrayscale": True}
    half = hsl.adjust(red, parse({**asked, "GrayscaleAmount": 50}))
    assert half == pytest.approx((red + hsl.adjust(red, parse(asked))) / 2)


def test_oklab_goes_there_and_back_and_knows_grey() -> None:
    colors = np.random.default_rng(3).random((200, 3))
    assert oklab.to_light(oklab.from_light(colors)) == pytest.approx(colors, abs=1e-12)
    lab = oklab.from_light(GREYS)
    assert np.abs(lab[:, 1:]).max() < 1e-12
    assert lab[:, 0] == pytest.approx(np.cbrt(GREYS[:, 0]))
