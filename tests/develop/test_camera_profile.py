from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from junmai.develop import color, tiff_tags
from junmai.develop.camera_profile import TAGS, ProfiledCamera, dng_camera
from junmai.develop.decode import decode
from junmai.develop.tiff_tags import Tags

WARM = (0.80, -0.25, -0.05, -0.40, 1.20, 0.22, -0.08, 0.20, 0.45)
COOL = (0.6722, -0.0635, -0.0963, -0.4287, 1.2460, 0.2028, -0.0908, 0.2162, 0.5668)
FORWARD = (0.6, 0.25, 0.1142, 0.25, 0.85, -0.1, 0.02, -0.2, 1.0049)


def camera(**more: Any) -> ProfiledCamera:
    """A camera known under standard light A and D65; as-shot 2.2 : 1 : 1.5."""
    tags: Tags = {50721: WARM, 50722: COOL, 50778: (17,), 50779: (21,), 50728: (1 / 2.2, 1.0, 1 / 1.5)}
    tags |= {int(name.removeprefix("tag")): value for name, value in more.items()}
    found = dng_camera([tags], None)
    assert isinstance(found, ProfiledCamera)
    return found


def matrix(values: tuple[float, ...]) -> color.Matrix:
    return np.array(values).reshape(3, 3)


@pytest.mark.parametrize(("kelvin", "known"), [(2400, WARM), (2856, WARM), (6504, COOL), (12000, COOL)])
def test_at_and_beyond_its_two_lights_a_camera_has_their_matrices(kelvin: float, known: tuple[float, ...]) -> None:
    seen = matrix(known) @ color.light_xyz(kelvin, 0)
    assert camera().gains_for(kelvin, 0) == pytest.approx((seen[1] / seen[0], 1, seen[1] / seen[2]))


def test_between_them_the_matrix_goes_straight_in_one_over_kelvin() -> None:
    middle = 2 / (1 / 2856 + 1 / 6504)
    seen = (matrix(WARM) + matrix(COOL)) / 2 @ color.light_xyz(middle, 0)
    assert camera().gains_for(middle, 0) == pytest.approx((seen[1] / seen[0], 1, seen[1] / seen[2]))


@pytest.mark.parametrize("swapped", [False, True])
def test_the_order_of_the_two_lights_does_not_matter(swapped: bool) -> None:
    other = camera(tag50721=COOL, tag50722=WARM, tag50778=(21,), tag50779=(17,)) if swapped else camera()
    assert other.gains_for(4000, 10) == pytest.approx(camera().gains_for(4000, 10))


@pytest.mark.parametrize("kelvin", [2500, 3400, 5000, 8000])
def test_the_light_is_found_again_from_its_gains(kelvin: float) -> None:
    one = camera()
    white = one.white(one.gains_for(kelvin, 12))
    assert color.light_temperature(white) == pytest.approx((kelvin, 12), rel=2e-3, abs=0.2)


@pytest.mark.parametrize("more", [{}, {"tag50964": FORWARD, "tag50965": FORWARD}], ids=["color", "forward"])
@pytest.mark.parametrize("kelvin", [2856, 4000, 6504])
def test_balanced_grey_is_grey(more: dict[str, Any], kelvin: float) -> None:
    one = camera(**more)
    assert one.to_working(one.gains_for(kelvin, 0)) @ np.ones(3) == pytest.approx(np.ones(3))


def test_under_d65_a_colour_comes_out_as_the_camera_saw_it() -> None:
    one = camera()
    gains = one.gains_for(*color.D65_TEMPERATURE)
    xyz = np.array([0.3, 0.25, 0.1])
    balanced = matrix(COOL) @ xyz * gains / (matrix(COOL) @ color.xy_to_xyz(*color.D65))[1]
    assert one.to_working(gains) @ balanced == pytest.approx(color.XYZ_TO_WORKING @ xyz, rel=2e-3)


def test_forward_matrices_win_over_colour_matrices() -> None:
    one = camera(tag50964=FORWARD, tag50965=FORWARD)
    assert np.abs(one.to_working(one.as_shot) - camera().to_working(one.as_shot)).max() > 0.05


def test_the_calibration_of_this_very_camera_counts_where_the_signatures_agree() -> None:
    more = {"tag50723": (1.1, 0, 0, 0, 1, 0, 0, 0, 1), "tag50724": (1.1, 0, 0, 0, 1, 0, 0, 0, 1)}
    plain, redder = camera().gains_for(5000, 0), camera(**more).gains_for(5000, 0)
    assert redder[0] == pytest.approx(plain[0] / 1.1)
    assert camera(**more, tag50931=("com.other",)).gains_for(5000, 0) == pytest.approx(plain)


def test_the_analog_balance_is_part_of_what_the_camera_sees() -> None:
    assert camera(tag50727=(2.0, 1.0, 1.0)).gains_for(5000, 0)[0] == pytest.approx(camera().gains_for(5000, 0)[0] / 2)


def test_a_white_given_as_xy_becomes_gains() -> None:
    tags: Tags = {50721: WARM, 50722: COOL, 50778: (17,), 50779: (21,), 50729: (0.3457, 0.3585)}
    found = dng_camera([tags], None)
    assert found is not None
    assert found.as_shot == pytest.approx(
        camera().gains_for(*color.light_temperature(color.xy_to_xyz(0.3457, 0.3585))), rel=1e-4
    )


@pytest.mark.parametrize("broken", [(0.0,) * 9, (1.0,) * 4, (float("nan"),) * 9, (1.0,) * 9])
def test_a_matrix_that_makes_no_sense_is_left_out(broken: tuple[float, ...]) -> None:
    assert dng_camera([{50721: broken}], (2.0, 1.0, 1.5)) is None


def test_a_dng_is_developed_with_its_own_matrix(write_dng: Callable[..., Path], mosaic: Callable[..., Any]) -> None:
    photo = decode(write_dng(mosaic(0.2, 0.3, 0.2)))
    assert isinstance(photo.camera, ProfiledCamera)
    assert photo.camera.as_shot == pytest.approx((2.0, 1.0, 1.4))


def test_damaged_directories_end_the_reading_quietly(write_dng: Callable[..., Path], mosaic: Any) -> None:
    data = write_dng(mosaic(0.2, 0.3, 0.2)).read_bytes()
    for cut in range(0, 600, 7):
        list(tiff_tags.directories(io.BytesIO(data[:cut]), TAGS))
    loop = bytearray(data)
    loop[4:8] = (4).to_bytes(4, "little")
    list(tiff_tags.directories(io.BytesIO(bytes(loop)), TAGS))
