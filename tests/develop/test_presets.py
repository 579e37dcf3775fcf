from __future__ import annotations

import dataclasses

import pytest

from junmai import errors
from junmai.develop import presets, settings


def test_default_comes_first_and_changes_nothing() -> None:
    first = presets.all_presets()[0]
    assert first.name == "default"
    assert dict(first.settings) == {}


def test_three_presets_stand_beside_default() -> None:
    assert [each.name for each in presets.all_presets()[1:]] == [
        "warm-portrait",
        "vivid-landscape",
        "classic-black-and-white",
    ]


def test_a_preset_is_found_by_name_and_by_name_and_version() -> None:
    assert presets.find("warm-portrait") is presets.find("warm-portrait@1")


def test_case_of_the_name_does_not_matter() -> None:
    assert presets.find("Vivid-Landscape").name == "vivid-landscape"


def test_an_unknown_preset_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(errors.UnknownPreset, match="Did you mean 'vivid-landscape'"):
        presets.find("vivid-landscap")


def test_a_version_that_does_not_exist_is_refused() -> None:
    with pytest.raises(errors.UnknownPreset):
        presets.find("warm-portrait@99")


def test_every_preset_holds_valid_settings_and_says_what_it_does() -> None:
    for preset in presets.all_presets():
        assert settings.parse(preset.settings) == dict(preset.settings)
        assert preset.title
        assert preset.description


def test_a_preset_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        presets.find("default").name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        presets.find("warm-portrait").settings["Saturation"] = 1.0  # type: ignore[index]
