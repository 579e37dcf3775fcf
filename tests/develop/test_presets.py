from __future__ import annotations

import dataclasses
import re

import pytest

from junmai import errors
from junmai.develop import presets, settings
from junmai.develop.builtin import PRESETS


def test_default_comes_first_and_changes_nothing() -> None:
    first = presets.all_presets()[0]
    assert first.name == "default"
    assert dict(first.settings) == {}


def test_at_least_ten_presets_stand_beside_default_and_those_of_the_first_release_among_them() -> None:
    names = [each.name for each in presets.all_presets()[1:]]
    assert len(names) >= 10
    assert {"warm-portrait", "vivid-landscape", "classic-black-and-white"} <= set(names)


def test_no_version_is_there_twice_and_names_can_be_typed() -> None:
    references = [each.reference for each in PRESETS]
    assert len(set(references)) == len(references)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", each.name) for each in PRESETS)


def test_the_newest_version_is_meant_and_the_older_ones_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    second = dataclasses.replace(presets.find("warm-portrait"), version=2, title="Warmer")
    monkeypatch.setattr(presets, "PRESETS", (*PRESETS, second))
    assert presets.find("warm-portrait") is second
    assert presets.find("warm-portrait@1").version == 1
    assert [each.version for each in presets.all_presets() if each.name == "warm-portrait"] == [2]


def test_no_preset_holds_what_belongs_to_one_photo_or_one_camera() -> None:
    for preset in PRESETS:
        for name in preset.settings:
            assert not name.startswith(("Crop", "HasCrop", "CameraProfile", "BaseLook", "LensProfile")), preset.name
            assert name not in ("Temperature", "Tint", "WhiteBalance"), preset.name


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
