from __future__ import annotations

import numpy as np
import pytest

from junmai.develop import calibration, oklab
from junmai.develop.color import WORKING_LUMINANCE
from junmai.develop.settings import parse

PRIMARIES = {"Red": 0, "Green": 1, "Blue": 2}


def seen(primary: int, **asked: float) -> tuple[float, float]:
    """Chroma and hue of a colour of one primary and a little of all."""
    rgb = np.full((1, 3), 0.2)
    rgb[0, primary] = 0.6
    lab = oklab.from_light(rgb @ calibration.matrix(parse(asked)).T)
    return float(oklab.chroma(lab)[0]), float(oklab.hue(lab)[0])


def test_without_settings_it_is_the_identity() -> None:
    assert np.array_equal(calibration.matrix({}), np.eye(3))


@pytest.mark.parametrize("name", [f"{color}{kind}" for color in PRIMARIES for kind in ("Hue", "Saturation")])
@pytest.mark.parametrize("value", [-100, 100])
def test_white_and_brightness_stay_and_no_channel_is_lost(name: str, value: int) -> None:
    matrix = calibration.matrix(parse({name: value}))
    assert matrix.sum(axis=1) == pytest.approx(1)
    assert WORKING_LUMINANCE @ matrix == pytest.approx(WORKING_LUMINANCE)
    assert abs(float(np.linalg.det(matrix))) > 0.2


@pytest.mark.parametrize("color", PRIMARIES)
def test_strength_of_a_primary_acts_on_its_colors(color: str) -> None:
    weak, plain, strong = (seen(PRIMARIES[color], **{f"{color}Saturation": value})[0] for value in (-100, 0, 100))
    assert weak < 0.85 * plain
    assert strong > 1.1 * plain


@pytest.mark.parametrize("color", PRIMARIES)
def test_hue_of_a_primary_turns_its_colors_both_ways(color: str) -> None:
    before = seen(PRIMARIES[color])[1]
    up, down = (
        (seen(PRIMARIES[color], **{f"{color}Hue": value})[1] - before + 180) % 360 - 180 for value in (100, -100)
    )
    assert up > 4
    assert down < -4
