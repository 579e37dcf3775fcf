"""A solution of matching, said in Lightroom's settings, gives the same picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from junmai.develop.difference import ciede2000, srgb_to_lab
from junmai.develop.match_settings import with_match
from junmai.develop.pipeline import decode_for, render_kinds
from junmai.domain.matching import Solution
from junmai.domain.model import SettingValue
from sidecars import make_raws

NEUTRAL: dict[str, SettingValue] = {"BaseLook": "neutral"}
SOLUTION = Solution(exposure=0.4, red=1.1, green=0.98, blue=0.9, top=0.9)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (made,) = make_raws(tmp_path_factory.mktemp("raws"), 1)
    return made


def picture(photo: Path, settings: dict[str, SettingValue], solution: Solution | None = None) -> np.ndarray:
    decoded = decode_for(photo, settings)
    return np.asarray(render_kinds(decoded, settings, [(8, "srgb")], solution=solution)[8, "srgb"])


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(ciede2000(srgb_to_lab(one[::4, ::4]), srgb_to_lab(other[::4, ::4])).mean())


def test_its_exposure_temperature_and_tint_give_the_matched_picture(raw: Path) -> None:
    said, remarks = with_match(raw, NEUTRAL, SOLUTION)
    matched = picture(raw, NEUTRAL, SOLUTION)
    assert remarks == ()
    assert said["WhiteBalance"] == "Custom"
    assert said["Exposure2012"] == pytest.approx(0.4, abs=0.1)
    assert apart(picture(raw, said), matched) < 1.0 < apart(picture(raw, NEUTRAL), matched) / 3


def test_without_gains_of_color_only_the_exposure_is_another(raw: Path) -> None:
    said, _ = with_match(raw, {**NEUTRAL, "Exposure2012": 0.25}, Solution(exposure=-0.5))
    assert said == {**NEUTRAL, "Exposure2012": -0.25}


def test_an_exposure_beyond_lightrooms_range_is_cut_off_and_told(raw: Path) -> None:
    said, remarks = with_match(raw, {"Exposure2012": 4.0}, Solution(exposure=2.0))
    assert said["Exposure2012"] == 5.0
    assert "cut off" in remarks[0]
