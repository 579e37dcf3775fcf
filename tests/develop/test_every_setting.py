"""Every setting of the table through the whole pipeline, on a developed photo and on a RAW."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from junmai.develop.decode import Decoded, decode, wanted
from junmai.develop.fields import FIELDS, ChoiceField, CurveField, NumberField, SwitchField
from junmai.develop.pipeline import balance, render, upright
from junmai.develop.settings import blend, parse

Picture = NDArray[Any]

RAW_ONLY = {"WhiteBalance", "Temperature", "Tint", "WhiteBalanceAmount"}
LOADED_APART = {"BaseLook", "CameraProfile", "LensProfileEnable"}
"""What these do depends on the file; decoding has their tests."""
SHAPES: dict[str, dict[str, object]] = {
    "Crop": {"CropAngle": 4, "CropLeft": 0.1, "CropTop": 0.1, "CropRight": 0.9, "CropBottom": 0.9},
    "HasCrop": {"CropTop": 0.4},  # which a crop counts without
    "WhiteBalanceAmount": {"Temperature": 3000},
    "ShadowTint": {"Exposure2012": -2},
    "Parametric": {
        "ParametricShadows": 60,
        "ParametricDarks": -40,
        "ParametricLights": 40,
        "ParametricHighlights": -50,
    },
    "Gray": {"ConvertToGrayscale": True, "GrayMixerRed": 10},
    "SplitToning": {"SplitToningShadowSaturation": 40, "SplitToningHighlightSaturation": 50},
    "ColorGrade": {"ColorGradeMidtoneSat": 40, "ColorGradeGlobalSat": 30, "SplitToningShadowSaturation": 30},
    "Luminance": {"LuminanceSmoothing": 40},
    "LuminanceAdjustment": {},
    "ColorNoise": {"ColorNoiseReduction": 40},
    "Sharpen": {"Sharpness": 80},
    "PostCropVignette": {"PostCropVignetteAmount": -90},
    "Grain": {"GrainAmount": 50},
}
"""What must be at work to see a setting; the longest beginning of its name counts."""
TINTS = ("ShadowTint", "Temp", "Tint", "Incremental", "WhiteBalance", "SplitToning", "ColorGrade", "ToneCurvePV2012")
EVERYTHING: dict[str, object] = {
    "IncrementalTemperature": 20,
    "Exposure2012": 0.4,
    "Dehaze": 20,
    "Highlights2012": -60,
    "Shadows2012": 50,
    "Clarity2012": 30,
    "Contrast2012": 20,
    "Whites2012": 10,
    "Blacks2012": -10,
    "ParametricDarks": 20,
    "ToneCurvePV2012": [[0, 10], [128, 140], [255, 250]],
    "ToneCurvePV2012Blue": [[0, 20], [255, 240]],
    "HueAdjustmentBlue": -20,
    "LuminanceAdjustmentGreen": 30,
    "Vibrance": 20,
    "Saturation": 15,
    "SplitToningShadowHue": 220,
    "SplitToningShadowSaturation": 20,
    "LuminanceSmoothing": 30,
    "ColorNoiseReduction": 25,
    "Texture": 30,
    "Sharpness": 60,
    "SharpenEdgeMasking": 20,
    "PostCropVignetteAmount": -30,
    "GrainAmount": 30,
}


@pytest.fixture
def jpeg(write: Callable[..., Path]) -> Decoded:
    """(120, 180): patches of many colours over a ramp, with some noise."""
    random = np.random.default_rng(8)
    ramp = np.linspace(10, 220, 180)[None, :, None] * np.ones((120, 1, 3))
    patches = random.uniform(0.2, 1.0, (6, 9, 3)).repeat(20, axis=0).repeat(20, axis=1)
    picture = np.clip(ramp * patches + random.normal(0, 3, (120, 180, 3)), 0, 255)
    return decode(write(picture.astype(np.uint8)))


@pytest.fixture
def raw(write_dng: Callable[..., Path], mosaic: Any) -> Callable[[dict[str, Any]], Decoded]:
    """A RAW of a ramp from green to red, decoded as settings ask."""
    picture = mosaic(0.05, 0.08, 0.05).astype(float)
    picture[0::2, 0::2] += np.linspace(0, 6000, 96)[None]
    picture[:64] *= 2
    path = write_dng(np.clip(picture, 512, 15000).astype(np.uint16))
    return lambda asked: decode(path, lambda camera: balance(camera, asked), wanted(asked))


def beside(name: str) -> dict[str, object]:
    keys = [key for key in SHAPES if name.startswith(key)]
    return {each: value for each, value in SHAPES[max(keys, key=len)].items() if each != name} if keys else {}


def neutral(name: str) -> object:
    match FIELDS[name]:
        case NumberField(neutral=value):
            return value
        case CurveField():
            return [[0, 0], [255, 255]]
        case SwitchField():
            return False
        case ChoiceField(choices=choices):
            return choices[0]
    return ""


def moved(name: str) -> list[object]:
    """Values that must show."""
    match FIELDS[name]:
        case NumberField(low=low, high=high, neutral=middle):
            if name.startswith("Crop") and name != "CropAngle":
                return [0.3 if name in ("CropTop", "CropLeft") else 0.7]
            return [
                value for value in (low, high) if value != middle and not (name.endswith("Hue") and value in (0, 360))
            ] or [120]
        case CurveField():
            return [[[0, 40], [255, 255]], [[0, 0], [128, 60], [255, 255]]]
        case SwitchField():
            return [name != "HasCrop"]
        case ChoiceField(choices=choices):
            return list(choices[2:])
    return []


NAMES = [name for name in FIELDS if name not in LOADED_APART]


@pytest.mark.parametrize("name", [name for name in NAMES if neutral(name) is not None])
def test_a_setting_at_its_default_changes_no_byte(name: str, jpeg: Decoded) -> None:
    value = neutral(name)  # of others only their absence changes nothing
    assert np.array_equal(render(jpeg, parse({name: value})), render(jpeg, {}))
    without = {"Contrast2012": 30, **beside(name)}
    if name not in ("HasCrop", "Contrast2012"):
        assert np.array_equal(render(jpeg, parse({**without, name: value})), render(jpeg, parse(without)))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in RAW_ONLY])
def test_a_setting_shows_on_a_developed_photo(name: str, jpeg: Decoded) -> None:
    before = render(jpeg, parse(beside(name)))
    for value in moved(name):
        after = render(jpeg, parse({**beside(name), name: value}))
        assert after.shape != before.shape or np.abs(after.astype(int) - before).max() >= 3, value


@pytest.mark.parametrize(
    "name", [name for name in NAMES if not name.startswith(("Hue", "Saturation", "Lum", "GrayMixer"))]
)
def test_a_setting_shows_on_a_raw(name: str, raw: Callable[[dict[str, Any]], Decoded]) -> None:
    def developed(asked: dict[str, Any]) -> Picture:
        return render(raw(asked), asked)

    before = developed(parse(beside(name)))
    for value in moved(name):
        after = developed(parse({**beside(name), name: value}))
        assert after.shape != before.shape or np.abs(after.astype(int) - before).max() >= 2, value


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith(TINTS)])
def test_grey_stays_grey(name: str, write: Callable[..., Path]) -> None:
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(40, axis=0)
    photo = decode(write(grey))
    for value in moved(name):
        result = render(photo, parse({**beside(name), name: value, "Exposure2012": 0.1})).astype(int)
        assert np.ptp(result, axis=2).max() <= 1, value


@pytest.mark.parametrize("name", ["Exposure2012", "Contrast2012", "Highlights2012", "Shadows2012", "Whites2012"])
def test_darker_settings_clip_nothing_that_was_not_clipped(name: str, jpeg: Decoded) -> None:
    low = -1 if name == "Exposure2012" else -100
    before, after = render(jpeg, {}), render(jpeg, parse({name: low}))
    assert not ((after == 255) & (before < 255)).any()


def test_a_raw_at_minus_one_ev_clips_nothing_new(raw: Callable[[dict[str, Any]], Decoded]) -> None:
    before, after = render(raw({}), {}), render(raw({}), parse({"Exposure2012": -1}))
    assert not ((after == 255) & (before < 255)).any()


def test_everything_at_once_does_not_depend_on_the_strips(
    jpeg: Decoded, raw: Callable[[dict[str, Any]], Decoded]
) -> None:
    for photo in (jpeg, raw({})):
        for geometry in ({}, {"CropAngle": 3.0}, {"CropLeft": 0.21, "CropBottom": 0.77}):
            asked = parse({**EVERYTHING, **geometry})
            whole = render(photo, asked)
            for rows in (1, 7, 32, 10_000):
                assert np.array_equal(render(photo, asked, strip=rows), whole)


def test_sixteen_bits_say_what_eight_bits_say(jpeg: Decoded) -> None:
    asked = parse({**EVERYTHING, "GrainAmount": 0})
    deep = render(jpeg, asked, depth=16)
    assert deep.dtype == np.uint16
    assert np.abs(deep / 257 - render(jpeg, asked)).max() < 0.53
    assert len(np.unique(deep)) > 2000
    assert np.array_equal(render(jpeg, {}, depth=16), render(jpeg, {}).astype(np.uint16) * 257)


def test_a_crop_changes_nothing_of_what_it_leaves(jpeg: Decoded) -> None:
    asked = {**EVERYTHING, "PostCropVignetteAmount": 0, "GrainAmount": 0}
    whole = render(jpeg, parse(asked)).astype(int)
    cut = render(jpeg, parse({**asked, "CropLeft": 0.5, "CropTop": 0.25})).astype(int)
    inner = np.abs(cut[40:, 40:] - whole[30 + 40 :, 90 + 40 :])  # detail at the new edge sees no neighbours
    assert inner.max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_crop_is_in_the_photo_as_stored_and_is_turned_with_it(orientation: int, jpeg: Decoded) -> None:
    asked = parse({"CropLeft": 0.25, "CropTop": 0.1, "CropRight": 0.9, "CropAngle": 0})
    stored = render(jpeg, asked)
    turned = render(dataclasses.replace(jpeg, orientation=orientation), asked)
    assert np.array_equal(turned, upright(stored, orientation))


def test_half_of_everything_lies_between_nothing_and_all(jpeg: Decoded) -> None:
    asked = parse({**EVERYTHING, "GrainAmount": 0})
    none, half, full = (render(jpeg, blend(asked, amount)).astype(float) for amount in (0, 50, 100))
    low, high = np.minimum(none, full).mean(axis=(0, 1)) - 1, np.maximum(none, full).mean(axis=(0, 1)) + 1
    assert (half.mean(axis=(0, 1)) >= low).all()
    assert (half.mean(axis=(0, 1)) <= high).all()
    assert 0.2 < np.abs(half - none).mean() / np.abs(full - none).mean() < 0.8


def test_broken_profiles_do_not_break_the_engine(jpeg: Decoded) -> None:
    for value in (np.nan, np.inf, -np.inf, 1e30):
        matrix = jpeg.matrix.copy()
        matrix[1, 1] = value
        picture = render(dataclasses.replace(jpeg, matrix=matrix), parse(EVERYTHING))
        assert picture.shape == jpeg.pixels.shape


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 3), (17, 5)])
def test_the_smallest_photos_go_through_everything(shape: tuple[int, int], write: Callable[..., Path]) -> None:
    photo = decode(write(np.random.default_rng(1).integers(0, 256, (*shape, 3)).astype(np.uint8)))
    assert render(photo, parse({**EVERYTHING, "CropAngle": 5})).size
    assert render(photo, parse(EVERYTHING)).shape == (*shape, 3)
