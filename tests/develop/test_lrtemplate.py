from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crs import TEMPLATE
from junmai import errors
from junmai.develop import lrtemplate


def template(inner: str) -> lrtemplate.Template:
    return lrtemplate.parse(f"s = {{ value = {{ settings = {{ {inner} }} }} }}".encode())


def test_a_template_has_its_title_its_id_and_its_settings_as_xmp_would() -> None:
    found = lrtemplate.parse(TEMPLATE.encode())
    assert found.title == 'Faded "Summer"'
    assert found.uuid == "83C3EAE3-1E07-4D0C-84E5-ECAA759F976F"
    assert found.fields == {
        "AutoTone": "False",
        "ConvertToGrayscale": "True",
        "Contrast2012": "-12.5",
        "ToneCurvePV2012": {"Seq": ["0, 20", "255, 235"]},
        "WhiteBalance": "Custom",
    }


@pytest.mark.parametrize(
    "title", ['ZSTR "$$$/Presets/Old=Old Film"', '"$$$/Presets/Old=Old Film"', 'LOC("$$$/Presets/Old=Old Film")']
)
def test_a_title_that_lightroom_translates_is_read_in_english(title: str) -> None:
    assert lrtemplate.parse(TEMPLATE.replace('"Faded \\"Summer\\""', title).encode()).title == "Old Film"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("[[long\ntext]]", "long\ntext"),
        ("[==[a]]b]==]", "a]]b"),
        ("'single'", "single"),
        (r'"tab\t\65\\"', "tab\tA\\"),
        ("0x1F", "31"),
        ("-.5e2", "-.5e2"),
        ("+0.5", "+0.5"),
    ],
)
def test_texts_and_numbers_are_read_in_every_spelling_of_lua(written: str, read: str) -> None:
    assert template(f"A = {written}").fields == {"A": read}


def test_keys_may_be_in_brackets_and_values_may_end_in_semicolons() -> None:
    assert template('["Contrast2012"] = 5; --[[ long\ncomment ]] Vibrance = 1').fields == {
        "Contrast2012": "5",
        "Vibrance": "1",
    }


def test_what_is_nil_is_not_there() -> None:
    assert template("A = nil, B = 1").fields == {"B": "1"}


def test_local_edits_become_structures() -> None:
    found = template('PaintBasedCorrections = { { What = "Correction", CorrectionMasks = { { Radius = 0.1 } } } }')
    assert found.fields["PaintBasedCorrections"] == {
        "Seq": [{"struct": {"What": "Correction", "CorrectionMasks": {"Seq": [{"struct": {"Radius": "0.1"}}]}}}]
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("s = { value = { settings = { A = os.execute('x') } } }", "line 1"),
        ("s = { value = { settings = { A = 1 B = 2 } } }", "lacks a comma"),
        ("s = {\n\n  value = @ }", "line 3"),
        ("s = " + "{" * 100_000, "nested deeper"),
        ("s = { a = " + "ZSTR " * 100_000, "nested deeper"),
        ("--[[\n" * 200_000, "which no preset has"),
        ("s = { } while true do end", "after its end"),
        ("s = { }", "no develop settings"),
        ("s = { type = 'Export', value = { settings = { A = 1 } } }", "template for 'Export'"),
        ("s = { value = { settings = { ['a b'] = 1 } } }", "cannot be the name"),
        ("", "should be"),
    ],
)
def test_what_is_no_table_of_settings_is_refused_and_never_run(text: str, why: str) -> None:
    with pytest.raises(errors.PresetUnreadable, match=why):
        lrtemplate.parse(text.encode(), name="mine.lrtemplate")


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(errors.PresetUnreadable, match="are the most"):
        lrtemplate.parse(b" " * (lrtemplate.FILE_LIMIT + 1))


@given(st.text(alphabet="s={}[]\"'\\,;-=$ \n\t01.eTruenilZSTR", max_size=200))
@settings(max_examples=300, deadline=None)
def test_whatever_the_text_is_there_is_an_answer_or_a_refusal(text: str) -> None:
    try:
        lrtemplate.parse(text.encode())
    except errors.PresetUnreadable:
        return
