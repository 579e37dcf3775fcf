"""Recipes and settings as JSON holds them, back to values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from junmai.domain.matching import Match
from junmai.domain.model import MOST_FURTHER, FurtherOutput, OutputOptions, Recipe, SettingValue


def settings_from_json(given: Mapping[str, Any]) -> dict[str, SettingValue]:
    """Settings as JSON holds them: what is a list there is a curve."""
    return {
        name: tuple((x, y) for x, y in value) if isinstance(value, list) else value for name, value in given.items()
    }


def recipe_from_json(given: Mapping[str, Any]) -> Recipe:
    """A recipe as `dataclasses.asdict` and JSON hold it. Raises KeyError, TypeError or ValueError if it is none."""
    return Recipe(
        settings=settings_from_json(given["settings"]),
        output=OutputOptions(**given["output"]),
        own=given.get("own", False) is True,
        overrides=settings_from_json(given.get("overrides", {})),
        further=_further_from_json(given.get("further", ())),
        match=Match(given["match"]["to"], given["match"]["strength"]) if given.get("match") else None,
    )


def _further_from_json(given: Any) -> tuple[FurtherOutput, ...]:
    found = tuple(FurtherOutput(one["label"], OutputOptions(**one["output"])) for one in given)
    if len(found) > MOST_FURTHER or len({one.label.casefold() for one in found}) < len(found):
        raise ValueError("the labels of further outputs are too many, or two are the same")
    return found
