"""The words of the page, and what its files may hold."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from junmai import errors
from junmai.develop.presets import all_presets
from junmai.domain.lifecycle import BatchStatus, ItemStatus, PauseReason
from junmai.domain.model import ColorSpace, MetadataPolicy, OutputFormat, SharpenFor

WEB = Path(__file__).parent.parent.parent / "src" / "junmai" / "web"
SCRIPTS = sorted(WEB.glob("*.js"))
MADE = (
    "status.",
    "paused.",
    "item.",
    "act.",
    "kind.",
    "help.",
    "preset.",
    "error.",
    "exif.",
    "live.",
    "nav.",
    "viewer.",
)
MADE_OUTPUT = ("viewer.", "out.", "format.", "color_space.", "sharpen_for.", "metadata.", "settings_from.")
"""Keys that scripts put together from a state, a code or a name."""
LONGEST = 400


def table(language: str) -> dict[str, str]:
    pairs = json.loads((WEB / f"words-{language}.json").read_text(encoding="utf-8"), object_pairs_hook=list)
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), "a key stands twice"
    return dict(pairs)


ENGLISH, JAPANESE = table("en"), table("ja")


def test_both_languages_have_the_same_words_in_the_same_order() -> None:
    assert list(ENGLISH) == list(JAPANESE)
    assert not [key for words in (ENGLISH, JAPANESE) for key, text in words.items() if not text.strip()]


@pytest.mark.parametrize("key", ENGLISH)
def test_both_languages_fill_in_the_same_values(key: str) -> None:
    filled = re.compile(r"\{\w+\}")
    for form in ENGLISH[key].split("|"):
        assert set(filled.findall(form)) <= set(filled.findall(JAPANESE[key])), key
    assert set(filled.findall(JAPANESE[key])) == set(filled.findall(ENGLISH[key].split("|")[-1]))


def test_every_word_that_a_script_says_is_in_the_tables() -> None:
    said = {key for path in SCRIPTS for key in re.findall(r"\bt\(\"([^\"]+)\"", path.read_text(encoding="utf-8"))}
    assert len(said) > 80
    assert not said - set(ENGLISH)


def test_no_word_stands_in_the_tables_that_nothing_says() -> None:
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    kept = [key for key in ENGLISH if not key.startswith((*MADE, *MADE_OUTPUT))]
    assert not [key for key in kept if f'"{key}"' not in scripts]


def test_every_state_reason_and_option_has_words() -> None:
    needed = [f"status.{each}" for each in BatchStatus] + [f"item.{each}" for each in ItemStatus]
    needed += [f"paused.{each}" for each in PauseReason]
    for name, values in {
        "format": OutputFormat,
        "color_space": ColorSpace,
        "sharpen_for": SharpenFor,
        "metadata": MetadataPolicy,
    }.items():
        needed += [f"{name}.{value}" for value in get_args(values)]
    assert not set(needed) - set(ENGLISH)


def test_every_cause_of_a_failure_has_a_name_and_what_to_do() -> None:
    kinds = [each.code for each in errors.PhotoError.__subclasses__()] + ["external", "failed_before"]
    assert not {f"{part}.{kind}" for kind in kinds for part in ("kind", "help")} - set(ENGLISH)


def test_built_in_presets_are_called_as_they_are_everywhere() -> None:
    for preset in all_presets():
        assert ENGLISH[f"preset.{preset.name}"] == preset.title
        assert ENGLISH[f"preset.{preset.name}.text"] == preset.description


# --- what the files may hold --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_put_text_in_as_text_and_ask_nobody_else(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert forbidden not in text
    hosts = set(re.findall(r"https?://[^\s\"'`)]+", text))
    assert hosts <= {"http://www.w3.org/2000/svg"}
    assert len(text.splitlines()) <= LONGEST


@pytest.mark.parametrize("path", sorted([*WEB.glob("*.css"), *WEB.glob("*.html")]), ids=lambda path: path.name)
def test_pages_and_styles_have_nothing_inline_and_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "//" not in re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*src=)|javascript:|@import", text)
