from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from junmai.develop import presets
from junmai.develop.color import srgb_decode
from junmai.develop.decode import decode
from junmai.develop.pipeline import balance, develop_photo, lying, render, upright
from junmai.develop.settings import blend, parse
from junmai.domain.model import OutputOptions, Recipe

Write = Callable[..., Path]
Picture = NDArray[Any]
_OVER_THE_PICTURE = ("Grain", "PostCropVignette", "Clarity", "Texture", "Sharp", "Dehaze")
"""What depends on the place in the picture and not on the tone alone."""
EVERYTHING = {
    "IncrementalTemperature": 20,
    "Exposure2012": 0.4,
    "Contrast2012": 20,
    "Highlights2012": -60,
    "Shadows2012": 50,
    "Whites2012": 10,
    "Blacks2012": -10,
    "Vibrance": 20,
    "Saturation": 15,
}


def developed(path: Path, **settings: object) -> Picture:
    return render(decode(path), parse(settings))


def light(picture: Picture) -> Picture:
    return srgb_decode(picture / 255)


# --- a photo that is already developed ---------------------------------------------------------------------


def test_with_no_settings_an_8_bit_srgb_picture_comes_out_as_it_is(write: Write, gradient: Picture) -> None:
    assert np.array_equal(developed(write(gradient)), gradient)


def test_the_full_way_through_the_engine_is_true_to_one_level(
    write: Write, gradient: Picture, tagged: dict[str, bytes]
) -> None:
    almost_nothing = developed(write(gradient, **tagged), Exposure2012=1e-6)
    assert np.abs(almost_nothing.astype(int) - gradient).max() <= 1


def test_a_jpeg_with_no_settings_comes_back_within_a_level_before_encoding(write: Write, gradient: Picture) -> None:
    path = write(gradient, "photo.jpg", quality=95)
    with Image.open(path) as image:
        assert np.abs(developed(path).astype(int) - np.asarray(image)).max() <= 1


def test_one_ev_doubles_unclipped_light_within_one_percent(write: Write) -> None:
    codes = np.arange(90, 181, dtype=np.uint8)  # below, the 8 bits of the output are coarser than 1 %
    before = np.repeat(codes[None, :, None], 3, axis=2).repeat(4, axis=0)
    after = developed(write(before), Exposure2012=1)
    level = light(after.astype(float) + 0.5) - light(after)
    assert (np.abs(light(after) - 2 * light(before)) <= 0.01 * 2 * light(before) + level).all()


def test_one_ev_doubles_the_light_of_colors_in_every_channel(write: Write) -> None:
    path = write(np.full((8, 8, 3), (110, 150, 90), np.uint8))
    ratio = light(developed(path, Exposure2012=1)) / light(developed(path))
    assert ratio == pytest.approx(2, rel=0.01)


def test_exposure_does_not_depend_on_what_else_is_in_the_picture(write: Write, gradient: Picture) -> None:
    bright, dark = gradient.copy(), gradient.copy()
    bright[40:], dark[40:] = 255, 0
    first = developed(write(bright, "a.png"), Exposure2012=0.7, Contrast2012=20)
    second = developed(write(dark, "b.png"), Exposure2012=0.7, Contrast2012=20)
    assert np.array_equal(first[:40], second[:40])


def test_grey_stays_grey_whatever_is_done_to_light_and_saturation(write: Write) -> None:
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(8, axis=0)
    settings = {name: value for name, value in EVERYTHING.items() if name != "IncrementalTemperature"}
    result = developed(write(grey), **settings).astype(int)
    assert np.abs(result - result[:, :, :1]).max() <= 1


def test_brighter_grey_stays_brighter_under_every_preset(write: Write) -> None:
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(8, axis=0)
    path = write(grey)
    for preset in presets.all_presets():
        tones = {name: value for name, value in preset.settings.items() if not name.startswith(_OVER_THE_PICTURE)}
        result = render(decode(path), tones)[4].astype(int)
        assert (np.diff(result.sum(axis=1)) >= -2).all(), preset.name


def test_black_and_white_leaves_no_color(write: Write, gradient: Picture) -> None:
    result = developed(write(gradient), ConvertToGrayscale=True).astype(int)
    assert np.abs(result - result[:, :, :1]).max() <= 1


def test_saturation_of_minus_100_leaves_no_color_and_plus_adds_some(write: Write) -> None:
    path = write(np.full((8, 8, 3), (120, 100, 90), np.uint8))
    assert np.ptp(developed(path, Saturation=-100)[0, 0].astype(int)) <= 1
    assert np.ptp(developed(path, Saturation=50)[0, 0]) > 30


def test_vibrance_acts_on_weak_colors_more_than_on_strong_ones(write: Write) -> None:
    def gain(color: tuple[int, int, int]) -> float:
        path = write(np.full((4, 4, 3), color, np.uint8))
        return float(np.ptp(developed(path, Vibrance=60)[0, 0])) / (max(color) - min(color))

    assert gain((110, 100, 95)) > gain((160, 60, 50)) > 1


def test_incremental_temperature_warms(write: Write) -> None:
    red, _, blue = developed(write(np.full((4, 4, 3), 128, np.uint8)), IncrementalTemperature=40)[0, 0]
    assert red > 132
    assert blue < 122


def test_temperature_in_kelvin_is_for_raw_and_leaves_a_jpeg_alone(write: Write, gradient: Picture) -> None:
    assert np.array_equal(developed(write(gradient), Temperature=3000, Tint=40), gradient)


def test_shadows_open_the_dark_side_and_leave_the_bright_one(write: Write) -> None:
    halves = np.full((200, 300, 3), 20, np.uint8)
    halves[:, 150:] = 220
    result = developed(write(halves), Shadows2012=80)
    assert result[100, 40, 0] > 35
    assert abs(int(result[100, 260, 0]) - 220) <= 2


def test_highlights_calm_the_bright_side_and_leave_the_dark_one(write: Write) -> None:
    halves = np.full((200, 300, 3), 20, np.uint8)
    halves[:, 150:] = 220
    result = developed(write(halves), Highlights2012=-80)
    assert result[100, 260, 0] < 200
    assert abs(int(result[100, 40, 0]) - 20) <= 1


def test_an_edge_gets_no_halo(write: Write) -> None:
    halves = np.full((200, 300, 3), 20, np.uint8)
    halves[:, 150:] = 220
    row = developed(write(halves), Shadows2012=100, Highlights2012=-100)[100, :, 0].astype(int)
    assert np.ptp(row[:149]) <= 12
    assert np.ptp(row[151:]) <= 12


def test_half_a_blend_lies_between_nothing_and_all(write: Write) -> None:
    path = write(np.full((8, 8, 3), (150, 100, 80), np.uint8))
    for name in ("warm-portrait", "vivid-landscape", "classic-black-and-white"):
        look = presets.find(name).settings
        none, half, full = (light(render(decode(path), blend(look, amount))[0, 0]) for amount in (0, 50, 100))
        assert (half <= np.maximum(none, full) + 0.01).all(), name
        assert (half >= np.minimum(none, full) - 0.01).all(), name
        assert not np.array_equal(half, full), name


# --- a RAW -------------------------------------------------------------------------------------------------


def test_a_grey_card_shot_as_the_camera_balanced_it_comes_out_grey(write_dng: Write, mosaic: Any) -> None:
    result = developed(write_dng(mosaic(0.06, 0.12, 0.12 / 1.4)))[30:90, 30:150].mean(axis=(0, 1))
    assert np.ptp(result) < 1.5


def test_a_metered_grey_card_comes_out_as_middle_grey(write_dng: Write, mosaic: Any) -> None:
    result = developed(write_dng(mosaic(0.06, 0.12, 0.12 / 1.4))).mean()
    assert 105 < result < 130


def test_a_full_sensor_comes_out_white_and_not_magenta(write_dng: Write, mosaic: Any) -> None:
    burnt = mosaic(0.06, 0.12, 0.12 / 1.4)
    burnt[:64] = 15000
    assert developed(write_dng(burnt))[8:48, 8:-8].min() >= 254


def test_highlights_bring_back_what_the_curve_had_pushed_to_white(write_dng: Write, mosaic: Any) -> None:
    path = write_dng(mosaic(0.45, 0.85, 0.85 / 1.4))
    assert developed(path, Highlights2012=-100).mean() < developed(path).mean() - 10


def test_a_lower_temperature_makes_a_raw_bluer(write_dng: Write, mosaic: Any) -> None:
    path = write_dng(mosaic(0.06, 0.12, 0.12 / 1.4))

    def warmth(**settings: object) -> float:
        photo = decode(path, lambda camera: _balance(camera, settings))
        mean = render(photo, parse(settings)).mean(axis=(0, 1))
        return float(mean[0] - mean[2])

    assert warmth(Temperature=3500) < warmth(Temperature=5500) < warmth(Temperature=9000)
    assert warmth(WhiteBalance="Tungsten") < warmth(WhiteBalance="Shade")


def test_white_balance_amount_goes_from_as_shot_to_the_asked_one(write_dng: Write, mosaic: Any) -> None:
    camera = decode(write_dng(mosaic(0.06, 0.12, 0.08))).camera
    assert camera is not None
    assert _balance(camera, {"Temperature": 3000, "WhiteBalanceAmount": 0}) == pytest.approx(camera.as_shot)
    half = _balance(camera, {"Temperature": 3000, "WhiteBalanceAmount": 50})
    full = _balance(camera, {"Temperature": 3000})
    assert half[0] == pytest.approx((camera.as_shot[0] * full[0]) ** 0.5)


def test_as_shot_is_kept_whatever_temperature_stands_beside_it(write_dng: Write, mosaic: Any) -> None:
    camera = decode(write_dng(mosaic(0.06, 0.12, 0.08))).camera
    assert camera is not None
    assert _balance(camera, {"WhiteBalance": "As Shot", "Temperature": 3000}) == camera.as_shot


def test_a_dngs_own_baseline_exposure_is_honoured(write_dng: Write, mosaic: Any) -> None:
    card = mosaic(0.06, 0.12, 0.12 / 1.4)
    plain = write_dng(card, "a.dng")
    lifted = write_dng(card, "b.dng", baseline_exposure=1)
    assert np.array_equal(developed(lifted), developed(plain, Exposure2012=1))


def test_the_exposure_of_a_raw_does_not_depend_on_content(write_dng: Write, mosaic: Any) -> None:
    card, lamp = mosaic(0.06, 0.12, 0.08), mosaic(0.06, 0.12, 0.08)
    lamp[:32, :32] = 14500
    first, second = developed(write_dng(card, "a.dng")), developed(write_dng(lamp, "b.dng"))
    assert np.array_equal(first[64:], second[64:])


def _balance(camera: Any, settings: dict[str, Any]) -> Any:
    return balance(camera, parse(settings))


# --- turning and shrinking ---------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_laying_down_undoes_setting_upright(orientation: int, gradient: Picture) -> None:
    assert np.array_equal(lying(np.array(upright(gradient, orientation)), orientation), gradient)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_applied_as_pillow_does(
    orientation: int, write: Write, gradient: Picture, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    path = write(gradient, "photo.jpg", exif=exif, quality=95)
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(developed(path), expected)
    through_engine = developed(path, Exposure2012=1e-6).astype(int)
    assert np.abs(through_engine - expected).max() <= 1


@pytest.mark.parametrize("value", [0, 9, 77])
def test_an_orientation_that_does_not_exist_counts_as_upright(value: int, write: Write, gradient: Picture) -> None:
    exif = Image.Exif()
    exif[274] = value
    assert developed(write(gradient, "photo.jpg", exif=exif)).shape == gradient.shape


def test_a_raw_is_turned_too(write_dng: Write, mosaic: Any) -> None:
    assert developed(write_dng(mosaic(0.06, 0.12, 0.08), orientation=6)).shape == (192, 128, 3)


def test_the_long_edge_is_what_was_asked_and_the_shape_stays(write: Write, gradient: Picture) -> None:
    result = develop_photo(write(gradient), Recipe(output=OutputOptions(long_edge=60)))
    assert (result.width, result.height) == (60, 40)


def test_nothing_is_ever_enlarged(write: Write, gradient: Picture) -> None:
    result = develop_photo(write(gradient), Recipe(output=OutputOptions(long_edge=5000)))
    assert (result.width, result.height) == (120, 80)


# --- the same bytes ----------------------------------------------------------------------------------------


def test_the_result_does_not_depend_on_the_strips(write: Write, gradient: Picture) -> None:
    photo = decode(write(np.tile(gradient, (5, 4, 1))))
    whole = render(photo, parse(EVERYTHING), strip=10_000)
    for rows in (1, 37, 128):
        assert np.array_equal(render(photo, parse(EVERYTHING), strip=rows), whole)


def test_developing_twice_gives_the_same_bytes(write: Write, write_dng: Write, mosaic: Any, gradient: Picture) -> None:
    for path in (write(gradient, "photo.jpg"), write_dng(mosaic(0.06, 0.12, 0.08))):
        recipe = Recipe(settings=parse(EVERYTHING))
        assert develop_photo(path, recipe).data == develop_photo(path, recipe).data


def test_developing_writes_nothing_and_leaves_the_original_alone(write: Write, gradient: Picture) -> None:
    path = write(gradient, "photo.jpg")
    before = hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns, sorted(path.parent.iterdir())
    develop_photo(path, Recipe(settings=parse(EVERYTHING)))
    after = hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns, sorted(path.parent.iterdir())
    assert after == before


def test_the_result_says_its_size_and_how_long_each_step_took(write: Write, gradient: Picture) -> None:
    result = develop_photo(write(gradient), Recipe())
    with Image.open(io.BytesIO(result.data)) as image:
        assert image.size == (result.width, result.height) == (120, 80)
    assert list(result.seconds) == ["decode", "develop", "resize", "metadata", "encode"]
