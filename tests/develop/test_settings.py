from __future__ import annotations

import pytest

from junmai import errors
from junmai.develop.settings import ALIASES, FIELDS, NumberField, blend, merge, parse


def test_values_come_back_in_the_order_of_the_table_with_adobes_names() -> None:
    assert list(parse({"Saturation": 5, "Exposure2012": 1})) == ["Exposure2012", "Saturation"]


@pytest.mark.parametrize(("written", "meant"), [("+12.5", 12.5), ("-3", -3.0), (" 7 ", 7.0), (4, 4.0)])
def test_numbers_are_read_as_presets_write_them(written: object, meant: float) -> None:
    assert parse({"Contrast2012": written}) == {"Contrast2012": meant}


@pytest.mark.parametrize(("written", "meant"), [("True", True), ("false", False), (1, True), (False, False)])
def test_switches_are_read_as_presets_write_them(written: object, meant: bool) -> None:
    assert parse({"ConvertToGrayscale": written}) == {"ConvertToGrayscale": meant}


@pytest.mark.parametrize(
    ("given", "meant"),
    [("Exposure", "Exposure2012"), ("exposure2012", "Exposure2012"), ("Saturaton", "Saturation")],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(given: str, meant: str) -> None:
    with pytest.raises(errors.UnknownSetting) as caught:
        parse({given: 1})
    assert given in caught.value.message
    assert f" Did you mean '{meant}'?" in caught.value.message


def test_an_unknown_name_like_no_other_is_refused_without_a_guess() -> None:
    with pytest.raises(errors.UnknownSetting) as caught:
        parse({"Qwzx": 1})
    assert "mean" not in caught.value.message


@pytest.mark.parametrize("value", [5.1, -6, "nan", "inf", "bright", None, True, [1]])
def test_a_number_outside_its_range_or_no_number_is_refused(value: object) -> None:
    with pytest.raises(errors.SettingOutOfRange, match="from -5 to 5"):
        parse({"Exposure2012": value})


def test_a_white_balance_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(errors.SettingOutOfRange, match="Cloudy"):
        parse({"WhiteBalance": "Moonlight"})


def test_every_number_accepts_both_ends_of_its_range() -> None:
    for field in FIELDS.values():
        if isinstance(field, NumberField):
            assert parse({field.name: field.low})[field.name] == field.low
            assert parse({field.name: str(field.high)})[field.name] == field.high


def test_a_point_curve_is_read_from_pairs_and_from_the_strings_of_a_preset() -> None:
    meant = ((0.0, 20.0), (64.0, 55.5), (255.0, 235.0))
    assert parse({"ToneCurvePV2012": [[0, 20], ["64", 55.5], (255, 235)]}) == {"ToneCurvePV2012": meant}
    assert parse({"ToneCurvePV2012": ["0, 20", "64, 55.5", "255,235"]}) == {"ToneCurvePV2012": meant}


@pytest.mark.parametrize(
    "value",
    [
        [],
        [[0, 0]],
        "0, 0",
        [[0, 0], [0, 255]],
        [[10, 0], [5, 255]],
        [[0, 0], [255, 256]],
        [[0, 0, 0], [255, 255]],
        [[0, 0], [255, "white"]],
        [[0, 0], 255],
        7,
        [[at, at] for at in range(65)],
    ],
)
def test_points_that_are_no_curve_are_refused_with_what_is_expected(value: object) -> None:
    with pytest.raises(errors.SettingOutOfRange, match=r"ToneCurvePV2012Red.*input rising"):
        parse({"ToneCurvePV2012Red": value})


@pytest.mark.parametrize(("written", "meant"), sorted(ALIASES.items()))
def test_names_from_the_wild_are_read_as_lightrooms_own(written: str, meant: str) -> None:
    assert parse({written: "2"}) == {meant: 2.0}


def test_lightrooms_own_name_wins_over_one_from_the_wild() -> None:
    assert parse({"SharpnessRadius": 2, "SharpenRadius": 1.5}) == {"SharpenRadius": 1.5}
    assert parse({"SharpenRadius": 1.5, "SharpnessRadius": 2}) == {"SharpenRadius": 1.5}


def test_a_value_under_a_name_from_the_wild_is_checked_even_where_it_loses() -> None:
    with pytest.raises(errors.SettingOutOfRange, match="SharpenRadius"):
        parse({"SharpenRadius": 1.5, "SharpnessRadius": 9})


@pytest.mark.parametrize("value", [1.5, 0, 4])
def test_a_style_is_one_of_three_whole_numbers(value: object) -> None:
    with pytest.raises(errors.SettingOutOfRange, match="a whole number from 1 to 3"):
        parse({"PostCropVignetteStyle": value})


def test_a_text_may_be_empty_and_has_no_space_around_it() -> None:
    assert parse({"CameraProfile": " Adobe Standard "}) == {"CameraProfile": "Adobe Standard"}
    with pytest.raises(errors.SettingOutOfRange, match="at most 1000"):
        parse({"CameraProfile": "x" * 1001})


def test_blend_scales_numbers_in_a_straight_line() -> None:
    assert blend({"Exposure2012": 1.0, "Saturation": -40.0}, 25) == {"Exposure2012": 0.25, "Saturation": -10.0}


def test_blend_of_nothing_gives_no_settings_and_of_all_gives_them_unchanged() -> None:
    look = {"Exposure2012": 1.0, "ConvertToGrayscale": True, "Temperature": 4000.0}
    assert blend(look, 0) == {}
    assert blend(look, 100) == look


def test_blend_keeps_absolute_values_and_carries_their_share_in_an_amount() -> None:
    half = blend({"Temperature": 4000.0, "Tint": 10.0, "ConvertToGrayscale": True}, 50)
    assert half == {
        "Temperature": 4000.0,
        "Tint": 10.0,
        "ConvertToGrayscale": True,
        "WhiteBalanceAmount": 50.0,
        "GrayscaleAmount": 50.0,
    }


def test_blend_takes_a_point_curve_towards_the_diagonal_everywhere() -> None:
    half = blend({"ToneCurvePV2012": ((20.0, 0.0), (100.0, 140.0))}, 50)
    assert half == {"ToneCurvePV2012": ((0.0, 0.0), (20.0, 10.0), (100.0, 120.0), (255.0, 197.5))}


def test_blend_scales_what_is_strong_and_leaves_what_only_shapes_it() -> None:
    look = parse(
        {
            "SplitToningShadowHue": 220,
            "SplitToningShadowSaturation": 20,
            "Sharpness": 40,
            "SharpenRadius": 1.4,
            "HueAdjustmentBlue": -30,
            "PostCropVignetteStyle": 2,
            "ParametricMidtoneSplit": 40,
        }
    )
    changed = {"SplitToningShadowSaturation": 10.0, "Sharpness": 20.0, "HueAdjustmentBlue": -15.0}
    assert blend(look, 50) == {**look, **changed}


def test_blend_keeps_a_crop_whole() -> None:
    crop = parse({"HasCrop": "True", "CropTop": 0.2, "CropAngle": 3})
    assert blend(crop, 40) == crop


def test_blend_scales_the_mixer_with_the_black_and_white_and_not_twice() -> None:
    half = blend({"ConvertToGrayscale": True, "GrayMixerRed": 40.0}, 50)
    assert half == {"ConvertToGrayscale": True, "GrayMixerRed": 40.0, "GrayscaleAmount": 50.0}


def test_blending_twice_multiplies_the_amounts() -> None:
    assert blend(blend({"ConvertToGrayscale": True}, 50), 50)["GrayscaleAmount"] == 25.0


@pytest.mark.parametrize("amount", [-1, 101, float("nan")])
def test_blend_outside_0_to_100_is_refused(amount: float) -> None:
    with pytest.raises(errors.SettingOutOfRange, match="blend"):
        blend({}, amount)


def test_the_later_layer_wins() -> None:
    assert merge({"Saturation": 5.0, "Vibrance": 1.0}, {"Saturation": 0.0}) == {"Saturation": 0.0, "Vibrance": 1.0}


def test_a_later_temperature_replaces_an_earlier_named_white_balance_and_the_other_way_round() -> None:
    assert merge({"WhiteBalance": "Shade"}, {"Temperature": 4000.0}) == {"Temperature": 4000.0}
    assert merge({"Temperature": 4000.0, "Tint": 5.0}, {"WhiteBalance": "As Shot"}) == {"WhiteBalance": "As Shot"}


def test_a_later_white_balance_or_black_and_white_is_whole_again() -> None:
    assert merge(blend({"Temperature": 3000.0}, 50), {"Temperature": 4000.0}) == {"Temperature": 4000.0}
    assert merge(blend({"ConvertToGrayscale": True}, 50), {"ConvertToGrayscale": True}) == {"ConvertToGrayscale": True}
