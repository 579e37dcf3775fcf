from __future__ import annotations

import numpy as np
import pytest

from junmai.develop import color
from junmai.develop.color import Camera

XYZ_TO_CAMERA = np.array([[0.6722, -0.0635, -0.0963], [-0.4287, 1.2460, 0.2028], [-0.0908, 0.2162, 0.5668]])
CAMERA = Camera(as_shot=(2.0, 1.0, 1.4), xyz_to_camera=XYZ_TO_CAMERA)


@pytest.mark.parametrize(
    ("kelvin", "x", "y"),
    [(2856, 0.4476, 0.4075), (4000, 0.3805, 0.3768), (6500, 0.3135, 0.3237), (10000, 0.2807, 0.2884)],
)
def test_light_follows_the_planckian_locus(kelvin: float, x: float, y: float) -> None:
    xyz = color.light_xyz(kelvin, 0)
    assert xyz[:2] / xyz.sum() == pytest.approx([x, y], abs=0.001)


@pytest.mark.parametrize("kelvin", [2000, 3200, 5500, 12000, 50000])
@pytest.mark.parametrize("tint", [-150, 0, 60])
def test_temperature_and_tint_are_found_again_from_the_light(kelvin: float, tint: float) -> None:
    assert color.light_temperature(color.light_xyz(kelvin, tint)) == pytest.approx((kelvin, tint), rel=1e-3, abs=0.01)


def test_daylight_is_named_as_adobe_names_it() -> None:
    kelvin, tint = color.light_temperature(color.xy_to_xyz(0.3324, 0.3474))  # CIE D55
    assert kelvin == pytest.approx(5500, abs=60)
    assert tint == pytest.approx(10, abs=2)


def test_the_spaces_agree_on_white() -> None:
    assert color.SRGB_TO_WORKING @ np.ones(3) == pytest.approx(np.ones(3))


def test_srgb_is_coded_and_decoded_as_the_standard_says() -> None:
    assert color.srgb_encode(np.array([0.0, 0.0031308, 0.18, 1.0])) == pytest.approx([0, 0.04045, 0.4613, 1], abs=1e-4)
    codes = np.linspace(0, 1, 300)
    assert color.srgb_encode(color.srgb_decode(codes)) == pytest.approx(codes, abs=1e-6)


def test_balanced_grey_of_a_camera_is_grey_in_the_working_space() -> None:
    assert CAMERA.to_working((1.0, 1.0, 1.0)) @ np.ones(3) == pytest.approx(np.ones(3))


def test_the_gains_for_the_as_shot_temperature_are_the_as_shot_gains() -> None:
    assert CAMERA.gains_for(*CAMERA.as_shot_temperature()) == pytest.approx(CAMERA.as_shot, rel=1e-6)


def test_a_higher_temperature_gives_a_warmer_photo() -> None:
    cool, warm = CAMERA.gains_for(4000, 0), CAMERA.gains_for(8000, 0)
    assert warm[0] > cool[0]
    assert warm[2] < cool[2]


def test_a_higher_tint_gives_a_more_magenta_photo() -> None:
    green, magenta = CAMERA.gains_for(5500, -40), CAMERA.gains_for(5500, 40)
    assert magenta[0] > green[0]
    assert magenta[2] > green[2]


def test_a_camera_without_a_matrix_keeps_its_as_shot_gains() -> None:
    unknown = Camera(as_shot=(1.5, 1.0, 1.2), xyz_to_camera=None)
    assert unknown.gains_for(3000, 0) == (1.5, 1.0, 1.2)


def test_shifting_by_nothing_changes_nothing() -> None:
    assert np.array_equal(color.shift_light(0, 0), np.eye(3))


def test_a_shifted_grey_keeps_its_luminance() -> None:
    for temperature, tint in ((100, 0), (-100, 0), (0, 100), (40, -70)):
        shifted = color.shift_light(temperature, tint) @ np.ones(3)
        assert color.WORKING_LUMINANCE @ shifted == pytest.approx(1)


def test_warmer_means_more_red_and_pinker_means_less_green() -> None:
    warm, pink = color.shift_light(50, 0) @ np.ones(3), color.shift_light(0, 50) @ np.ones(3)
    assert warm[0] > 1 > warm[2]
    assert pink[1] < 1 < pink[0]
