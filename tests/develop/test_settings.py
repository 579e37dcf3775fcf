from __future__ import annotations

import pytest

from junmai import errors
from junmai.develop.settings import FIELDS, NumberField, blend, merge, parse


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
