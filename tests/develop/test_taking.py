from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from junmai.develop import adobe, xmp
from junmai.develop.fields import FIELDS
from junmai.develop.taking import Line, Taken, Verdict, take
from junmai.develop.xmp import Fields


def line(taken: Taken, field: str) -> Line:
    return next(one for one in taken.report if one.field == field)


def test_numbers_with_a_sign_and_decimals_are_applied() -> None:
    taken = take({"Contrast2012": "-12.5", "Exposure2012": "+0.15"})
    assert taken.settings == {"Exposure2012": 0.15, "Contrast2012": -12.5}
    assert {one.verdict for one in taken.report} == {Verdict.APPLIED}


def test_curves_are_applied() -> None:
    taken = take({"ToneCurvePV2012": {"Seq": ["0, 20", "64,55", "255, 235"]}})
    assert taken.settings == {"ToneCurvePV2012": ((0, 20), (64, 55), (255, 235))}


def test_a_name_that_only_presets_in_the_wild_use_is_read_as_the_standard_one() -> None:
    taken = take({"SharpnessRadius": "1.4"})
    assert taken.settings == {"SharpenRadius": 1.4}
    assert line(taken, "SharpnessRadius").says == "read as SharpenRadius"


def test_the_standard_name_wins_over_the_wild_one() -> None:
    assert take({"SharpnessRadius": "1.4", "SharpenRadius": "2"}).settings == {"SharpenRadius": 2}


def test_a_value_out_of_range_is_brought_into_it_and_said() -> None:
    taken = take({"Exposure2012": "+7"})
    assert taken.settings == {"Exposure2012": 5}
    assert line(taken, "Exposure2012") == Line("Exposure2012", "+7", Verdict.ADJUSTED, "goes from -5 to 5; 5 is used")


@pytest.mark.parametrize("value", ["", "much", "nan", "1e999", {"Seq": ["1"]}, {"struct": {}}])
def test_a_value_that_cannot_be_read_is_not_applied_and_said(value: xmp.Node) -> None:
    taken = take({"Exposure2012": value})
    assert taken.settings == {}
    assert line(taken, "Exposure2012").verdict is Verdict.NOT_SUPPORTED


def test_a_field_that_is_not_supported_is_named_with_what_it_would_have_done() -> None:
    taken = take({"ColorVariance": "+12", "Madeup": "1"})
    assert line(taken, "ColorVariance") == Line(
        "ColorVariance", "+12", Verdict.NOT_SUPPORTED, "brings colours nearer to each other"
    )
    assert line(taken, "Madeup").says == "is not known to Junmai"


def test_a_field_that_is_not_supported_and_does_nothing_is_no_loss() -> None:
    fields: dict[str, xmp.Node] = {"ColorVariance": "0", "DefringePurpleHueLo": "30"}
    taken = take({**fields, "LensBlur": {"struct": {}}, "RetouchInfo": {"Seq": []}})
    assert {one.verdict for one in taken.report} == {Verdict.NO_EFFECT}


def test_masks_are_counted() -> None:
    taken = take({"MaskGroupBasedCorrections": {"Seq": [{"struct": {"What": "Correction"}}] * 3}})
    found = line(taken, "MaskGroupBasedCorrections")
    assert (found.value, found.verdict) == ("3 entries", Verdict.NOT_SUPPORTED)
    assert found.says == "changes parts of the picture through masks"


def test_what_speaks_about_the_preset_is_neither_applied_nor_lost() -> None:
    taken = take({"Name": {"lang": [["x-default", "Gold"]]}, "UUID": "AB", "SupportsAmount": "True"})
    assert taken.settings == {}
    assert {one.verdict for one in taken.report} == {Verdict.ABOUT}


def test_a_panel_that_is_switched_off_takes_its_fields_with_it() -> None:
    taken = take({"EnableDetail": "False", "Sharpness": "80", "Contrast2012": "10"})
    assert taken.settings == {"Contrast2012": 10}
    assert line(taken, "Sharpness").says == "is switched off by EnableDetail"


def test_the_temperature_of_a_photo_as_shot_is_not_asked_for() -> None:
    assert take({"WhiteBalance": "As Shot", "Temperature": "5150", "Tint": "+8"}).settings == {
        "WhiteBalance": "As Shot"
    }


def test_a_crop_counts_only_where_the_photo_says_that_it_has_one() -> None:
    crop: Fields = {"CropTop": "0.1", "CropLeft": "0", "CropBottom": "0.9", "CropRight": "1"}
    assert take({**crop, "HasCrop": "True"}).settings["CropTop"] == 0.1
    assert "CropTop" not in take({**crop, "HasCrop": "False"}).settings
    left_out = take({**crop, "HasCrop": "True"}, with_crop=False)
    assert left_out.settings == {}
    assert {one.verdict for one in left_out.report} == {Verdict.LEFT_OUT}


def test_a_curve_that_is_only_named_has_the_points_of_lightroom() -> None:
    strong = ((0, 0), (32, 16), (64, 50), (128, 128), (192, 202), (255, 255))
    assert take({"ToneCurveName2012": "Strong Contrast"}).settings == {"ToneCurvePV2012": strong}
    given: Fields = {"ToneCurveName2012": "Strong Contrast", "ToneCurvePV2012": {"Seq": ["0, 0", "255, 255"]}}
    assert take(given).settings == {"ToneCurvePV2012": ((0, 0), (255, 255))}


# --- the older process ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [{"ProcessVersion": "5.7"}, {}])
def test_fields_of_the_older_process_are_read_as_their_successors(version: Fields) -> None:
    older: Fields = {"Exposure": "0.5", "Contrast": "40", "HighlightRecovery": "30", "FillLight": "20", "Shadows": "9"}
    taken = take({**version, **older})
    assert taken.settings == {
        "Exposure2012": 0.5,
        "Highlights2012": -30,
        "Shadows2012": 20,
        "Contrast2012": 15,
        "Blacks2012": -4,
    }
    assert {one.verdict for one in taken.report if one.field in older} == {Verdict.ADJUSTED}


def test_the_older_process_at_rest_asks_for_nothing() -> None:
    older: Fields = {"ProcessVersion": "5.7", "Contrast": "25", "Shadows": "5", "Brightness": "50"}
    assert set(take(older).settings.values()) == {0}


def test_fields_of_the_older_process_beside_those_of_today_are_not_asked_for() -> None:
    taken = take({"ProcessVersion": "11.0", "Exposure": "2", "Exposure2012": "0.5", "Shadows": "5"})
    assert taken.settings == {"Exposure2012": 0.5}
    assert line(taken, "Shadows").verdict is Verdict.NO_EFFECT


# --- profiles ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"Treatment": "Monochrome"},
        {"Look": {"struct": {"Name": "Adobe Monochrome"}}},
        {"Look": {"struct": {"Name": "B&W 03", "Parameters": {"struct": {"ConvertToGrayscale": "True"}}}}},
    ],
)
def test_a_preset_that_is_black_and_white_by_its_profile_is_black_and_white(fields: Fields) -> None:
    assert take(fields).settings == {"ConvertToGrayscale": True}


def test_a_preset_that_says_it_is_in_colour_is_in_colour() -> None:
    assert take({"ConvertToGrayscale": "False", "Treatment": "Monochrome"}).settings == {"ConvertToGrayscale": False}


def test_a_creative_profile_is_named_as_not_supported_and_the_standard_one_is_no_loss() -> None:
    assert line(take({"Look": {"struct": {"Name": "Cinema 02"}}}), "Look").verdict is Verdict.NOT_SUPPORTED
    assert line(take({"Look": {"struct": {"Name": "Adobe Color"}}}), "Look").verdict is Verdict.NO_EFFECT


# --- all of them ---------------------------------------------------------------------------------------------

_KNOWN = [*FIELDS, *adobe._FIELDS, "Exposure", "Look", "Name", "Table_AB12", "{http://x/}y"]


@given(
    st.dictionaries(
        st.one_of(st.sampled_from(_KNOWN), st.from_regex(r"[A-Z][a-z]{2,8}", fullmatch=True)),
        st.one_of(
            st.sampled_from(["0", "+12.5", "True", "False", "", "x", "-1e9"]),
            st.builds(lambda items: {"Seq": items}, st.lists(st.sampled_from(["0, 0", "9, 300", "255, 255"]))),
            st.builds(lambda text: {"struct": {"Name": text}}, st.text(max_size=5)),
        ),
        max_size=12,
    )
)
@settings(max_examples=300, deadline=None)
def test_every_field_has_one_line_whatever_it_holds(fields: Fields) -> None:
    assert [one.field for one in take(fields).report] == list(fields)


def test_no_field_is_both_applied_and_in_the_table_of_what_is_not() -> None:
    assert not FIELDS.keys() & adobe._FIELDS.keys()


def test_every_sample_preset_has_a_whole_report(samples: Path) -> None:
    for path in sorted((samples / "presets").glob("*.xmp")):
        fields = xmp.parse(path.read_bytes(), name=path.name)
        taken = take(fields)
        assert [one.field for one in taken.report] == list(fields)
        assert all(one.says for one in taken.lines(Verdict.NOT_SUPPORTED, Verdict.ADJUSTED))
        assert len(taken.settings) > 30
