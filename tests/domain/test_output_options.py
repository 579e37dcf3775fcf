"""Which options of outputs decide their bytes, and that recipes of earlier versions are still understood."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any

import pytest

from junmai.control import endings
from junmai.control.endings import output_key
from junmai.domain.model import OutputOptions, Recipe
from junmai.domain.recipes import recipe_from_json

FIRST = {"format": "jpeg", "quality": 92, "long_edge": None, "color_space": "srgb", "metadata": "all"}
OTHER: dict[str, Any] = {
    "format": "webp", "quality": 91, "long_edge": 2048, "color_space": "display-p3", "metadata": "none",
    "creator": "Ann", "copyright": "© Ann", "sharpen_for": "print",
}  # fmt: skip


def test_a_recipe_of_the_first_version_is_read_with_todays_defaults() -> None:
    assert recipe_from_json({"settings": {}, "output": FIRST}).output == OutputOptions()


def test_a_recipe_comes_back_from_json_as_it_was() -> None:
    recipe = Recipe(output=OutputOptions(**OTHER, name="{session}/{name}"))
    assert recipe_from_json(asdict(recipe)) == recipe


def test_options_that_came_later_change_no_key_while_they_stand_at_their_default() -> None:
    assert OutputOptions().deciding() == FIRST


@pytest.mark.parametrize("name", OTHER)
def test_an_option_that_changes_bytes_changes_the_key(name: str) -> None:
    changed = Recipe(output=replace(OutputOptions(), **{name: OTHER[name]}))
    assert output_key("a", changed) != output_key("a", Recipe())


def test_an_option_that_changes_no_bytes_changes_no_key() -> None:
    assert output_key("a", Recipe(output=OutputOptions(name="{name}"))) == output_key("a", Recipe())
    assert output_key("a", Recipe(output=OutputOptions(sidecars="originals"))) == output_key("a", Recipe())
    assert output_key("a", Recipe(output=OutputOptions(sidecars="output", pixels=False))) == output_key("a", Recipe())
    assert output_key("a", Recipe(output=OutputOptions(sharpen_strength="high"))) == output_key("a", Recipe())
    tiff = OutputOptions(format="tiff")
    assert output_key("a", Recipe(output=replace(tiff, quality=50))) == output_key("a", Recipe(output=tiff))


def test_every_option_is_thought_of() -> None:
    decided_with_another = {"sharpen_strength"}
    assert {field.name for field in fields(OutputOptions)} == {
        *OTHER,
        "name",
        "sidecars",
        "pixels",
    } | decided_with_another


def test_what_lensfun_measured_decides_where_a_lens_may_be_corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Recipe({"LensProfileEnable": True}), Recipe(own=True), Recipe()
    before = [output_key("a", look) for look in looks]
    monkeypatch.setattr(endings, "lens_database", lambda: "another")
    assert [output_key("a", look) == key for look, key in zip(looks, before, strict=True)] == [False, False, True]
