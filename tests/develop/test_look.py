from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from junmai.develop import color, look, tone
from junmai.develop.curves import slopes
from junmai.develop.difference import ciede2000, working_to_lab

Values = NDArray[np.float64]
MATRIX = np.array([[1.2, -0.15, -0.05], [-0.1, 1.15, -0.05], [0.02, -0.17, 1.15]])


@pytest.fixture(scope="module")
def scene() -> Values:
    """(60, 80, 3) of light over ten EV, in weak and strong colours."""
    rng = np.random.default_rng(3)
    light = 2.0 ** rng.uniform(-8, 0.3, (60, 80, 1))
    return np.asarray(light * (1 + rng.uniform(-0.5, 0.5, (60, 80, 3)) * rng.uniform(0, 1, (60, 80, 1))))


def camera_curve(light: Values) -> Values:
    """Half an EV brighter than the standard curve, with more contrast."""
    return np.asarray(tone.base_curve(np.asarray(light) * 1.4) ** 1.15)


def shown(scene: Values, base: look.Base) -> Values:
    toned = look.apply_curve(scene.reshape(-1, 3), base.curve)
    return np.asarray(np.clip(toned if base.colors is None else base.colors(toned), 0, 1))


@pytest.fixture(scope="module")
def preview(scene: Values) -> Values:
    toned = look.apply_curve(scene.reshape(-1, 3), camera_curve)
    return np.asarray(np.clip(toned @ MATRIX.T, 0, 1).reshape(scene.shape))


def far(first: Values, second: Values) -> float:
    return float(ciede2000(working_to_lab(first.reshape(-1, 3)), working_to_lab(second.reshape(-1, 3))).mean())


def test_the_camera_look_brings_a_scene_to_its_preview(scene: Values, preview: Values) -> None:
    base = look.matched(scene, preview, tone.RAW_GAIN)
    assert base is not None
    assert far(shown(scene, look.standard()), preview) > 2.5
    assert far(shown(scene, base), preview) < 1


def test_its_curve_rises_from_black_to_white(scene: Values, preview: Values) -> None:
    base = look.matched(scene, preview, 2 * tone.RAW_GAIN)
    assert base is not None
    values = base.curve(np.concatenate([[0.0], 2.0 ** np.linspace(-16, np.log2(base.top), 4000)]))
    assert values[0] == 0
    assert values[-1] == pytest.approx(1, abs=0.02)
    assert np.diff(values).min() >= 0


def test_grey_stays_grey(scene: Values, preview: Values) -> None:
    base = look.matched(scene, preview, tone.RAW_GAIN)
    assert base is not None
    assert base.colors is not None
    grey = np.repeat(np.linspace(0, 1, 50)[:, None], 3, axis=1)
    assert base.colors(grey) == pytest.approx(grey, abs=1e-12)


def test_a_black_and_white_preview_gives_its_tones_and_leaves_the_colours(scene: Values, preview: Values) -> None:
    grey = np.repeat((preview @ color.WORKING_LUMINANCE)[:, :, None], 3, axis=2)
    base = look.matched(scene, grey, tone.RAW_GAIN)
    assert base is not None
    assert base.colors is not None
    red = np.array([[0.6, 0.1, 0.1]])
    assert base.colors(red) == pytest.approx(red)


def test_a_dark_frame_has_no_look_of_its_own() -> None:
    dark = np.full((60, 80, 3), 0.001)
    assert look.matched(dark, dark, tone.RAW_GAIN) is None


def test_equal_pairs_give_equal_keys_and_others_other_ones(scene: Values, preview: Values) -> None:
    one, two = (look.matched(scene, preview, tone.RAW_GAIN) for _ in range(2))
    other = look.matched(scene, preview**1.2, tone.RAW_GAIN)
    assert one is not None
    assert two is not None
    assert other is not None
    assert one.key == two.key != other.key


def test_neutral_is_a_straight_line_to_a_full_sensor() -> None:
    light = np.linspace(0, tone.RAW_GAIN, 100)
    assert look.neutral().curve(light) == pytest.approx(np.linspace(0, 1, 100))


def test_a_cubic_through_rising_points_rises() -> None:
    x = np.array([0.0, 0.1, 0.15, 0.6, 1.0])
    y = np.array([0.0, 0.4, 0.41, 0.42, 1.0])
    values = look.cubic(np.linspace(0, 1, 1001), x, y, slopes(x, y))
    assert np.diff(values).min() >= 0
    assert look.cubic(x, x, y, slopes(x, y)) == pytest.approx(y)
