"""What a RAW photo must come out as, whatever the sensor: light, white, highlights, strips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from junmai.develop import color, look
from junmai.develop.color import SRGB_TO_WORKING, srgb_decode
from junmai.develop.decode import Decoded, Wanted, decode
from junmai.develop.difference import srgb_to_lab
from junmai.develop.pipeline import balance, render

Write = Callable[..., Path]
NEUTRAL = Wanted(base_look="neutral")
BLACK, WHITE = 512, 15000


def light(photo: Decoded, settings: dict[str, Any]) -> NDArray[np.float64]:
    """The linear working light of a finished picture of 16 bits."""
    return np.asarray(srgb_decode(render(photo, settings, depth=16) / 65535.0) @ SRGB_TO_WORKING.T)


def balanced(path: Path, settings: dict[str, Any], want: Wanted = NEUTRAL) -> Decoded:
    return decode(path, lambda camera: balance(camera, settings), want)


# --- exposure ----------------------------------------------------------------------------------------------


def test_one_ev_more_doubles_light_that_is_not_clipped(write_dng: Write, garden: NDArray[np.uint16]) -> None:
    photo = decode(write_dng(garden), want=NEUTRAL)
    before, after = light(photo, {}), light(photo, {"Exposure2012": 1.0})
    clear = (before.min(axis=2) > 0.004) & (after.max(axis=2) < 0.9)
    assert clear.mean() > 0.3
    assert after[clear] / before[clear] == pytest.approx(2, rel=0.01)


def test_exposure_does_not_depend_on_what_else_is_in_the_picture(write_dng: Write, mosaic: Callable[..., Any]) -> None:
    dark, bright = mosaic(0.1, 0.2, 0.1), mosaic(0.1, 0.2, 0.1)
    dark[:, 96:] = mosaic(0.001, 0.001, 0.001)[:, 96:]
    bright[:, 96:] = mosaic(0.9, 0.95, 0.9)[:, 96:]
    one, two = (render(decode(write_dng(each, f"{name}.dng")), {}) for name, each in (("a", dark), ("b", bright)))
    assert np.array_equal(one[:, :80], two[:, :80])


def test_at_one_ev_less_nothing_new_is_clipped(write_dng: Write, garden: NDArray[np.uint16]) -> None:
    photo = decode(write_dng(garden))
    before, after = render(photo, {}), render(photo, {"Exposure2012": -1.0})
    assert not ((after == 255) & (before < 255)).any()
    assert not ((after == 0) & (before > 3)).any()
    assert (after == 255).sum() <= (before == 255).sum()


def test_a_dngs_own_correction_of_exposure_is_applied(write_dng: Write, mosaic: Callable[..., Any]) -> None:
    flat = mosaic(0.1, 0.2, 0.14)
    one = light(decode(write_dng(flat, "a.dng"), want=NEUTRAL), {})
    two = light(decode(write_dng(flat, "b.dng", baseline_exposure=1), want=NEUTRAL), {})
    assert np.median(two / one) == pytest.approx(2, rel=0.01)


# --- white balance -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("grey", [(0.30, 0.40, 0.10), (0.15, 0.40, 0.35), (0.35, 0.30, 0.25), (0.2, 0.40, 0.2857)])
@pytest.mark.parametrize("level", [0.3, 1.0])
def test_what_the_white_balance_was_picked_from_is_grey(
    grey: tuple[float, float, float], level: float, write_dng: Write, mosaic: Callable[..., Any]
) -> None:
    red, green, blue = (each * level for each in grey)
    path = write_dng(mosaic(red, green, blue))
    camera = decode(path).camera
    assert camera is not None
    kelvin, tint = replace(camera, as_shot=(green / red, 1.0, green / blue)).as_shot_temperature()
    settings = {"Temperature": kelvin, "Tint": tint}
    for want in (NEUTRAL, Wanted()):
        lab = srgb_to_lab(render(balanced(path, settings, want), {}, depth=16) / 65535.0)[20:-20, 20:-20]
        assert np.abs(lab[:, :, 1:].mean(axis=(0, 1))).max() < 0.5


def test_a_photo_at_its_as_shot_temperature_is_as_it_was_shot(write_dng: Write, garden: NDArray[np.uint16]) -> None:
    path = write_dng(garden)
    camera = decode(path).camera
    assert camera is not None
    kelvin, tint = camera.as_shot_temperature()
    asked = balanced(path, {"Temperature": kelvin, "Tint": tint})
    apart = render(asked, {}).astype(int) - render(decode(path, want=NEUTRAL), {})
    assert np.abs(apart).max() <= 1


# --- highlights --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [15000, 13500], ids=["at white", "below it"])
def test_burnt_highlights_are_white_and_not_magenta(level: int, write_dng: Write, mosaic: Callable[..., Any]) -> None:
    """Also where the sensor saturates below the white level that its file names."""
    burnt = mosaic(0.2, 0.3, 0.2)
    y, x = np.mgrid[0:128, 0:192]
    burnt[np.hypot(y - 64, x - 96) < 40] = level
    for want in (NEUTRAL, Wanted()):
        middle = srgb_to_lab(render(decode(write_dng(burnt), want=want), {}))[50:78, 80:112]
        assert np.abs(middle[:, :, 1:]).max() < 2
        assert middle[:, :, 0].min() > 85


def test_a_clipped_green_is_rebuilt_from_red_and_blue(write_dng: Write, mosaic: Callable[..., Any]) -> None:
    """A warm highlight whose green is at its end must not fall below its surroundings' green."""
    clipped = mosaic(0.75, 1.0, 0.70, noise=0)
    lab = srgb_to_lab(
        render(
            decode(
                write_dng(clipped + np.random.default_rng(1).integers(0, 2, clipped.shape, np.uint16)), want=NEUTRAL
            ),
            {},
        )
    )
    assert lab[30:-30, 30:-30, 1].mean() < 6


# --- sensors and strips ------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_result_does_not_depend_on_strips(orientation: int, write_dng: Write, garden: NDArray[np.uint16]) -> None:
    photo = decode(write_dng(garden, orientation=orientation))
    whole = render(photo, {"Highlights2012": -50, "Sharpness": 60.0})
    for strip in (7, 16, 31):
        assert np.array_equal(whole, render(photo, {"Highlights2012": -50, "Sharpness": 60.0}, strip=strip))


def test_decoding_twice_gives_the_same(samples: Path) -> None:
    path = samples / "raw" / "Canon_EOS_D30.CRW"
    one, two = decode(path), decode(path)
    assert one.base is not None
    assert two.base is not None
    assert np.array_equal(one.pixels, two.pixels)
    assert one.base.key == two.base.key


def test_an_x_trans_sensor_is_developed_in_its_colours(tmp_path: Path) -> None:
    """LibRaw takes a DNG of 6 x 6 sites for Fuji's X-Trans; it interpolates none of less than 512 pixels a side."""
    sites = np.array([[1, 1, 0, 1, 1, 2], [1, 1, 2, 1, 1, 0], [2, 0, 1, 0, 2, 1]])
    sites = np.vstack([sites, np.roll(sites, 3, axis=1)])
    levels = np.array([0.3, 0.4, 0.1])[np.tile(sites, (100, 110))]
    noise = np.random.default_rng(4).integers(-8, 9, levels.shape)
    mosaic = (BLACK + levels * (WHITE - BLACK) + noise).astype(np.uint16)
    path = _dng(tmp_path / "x.dng", mosaic, sites.ravel().tolist(), (6, 6))
    photo = decode(path, lambda _: (1.0, 1.0, 1.0), NEUTRAL)
    middle = photo.pixels[40:-40, 40:-40].reshape(-1, 3).mean(axis=0) / 65535
    assert middle == pytest.approx([0.3, 0.4, 0.1], abs=0.01)


def test_a_linear_dng_needs_no_interpolation(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    picture = np.clip(np.array([0.3, 0.4, 0.1]) + rng.normal(0, 0.01, (96, 128, 3)), 0.01, 0.9)
    values = (BLACK + picture * (WHITE - BLACK)).astype(np.uint16)
    path = tmp_path / "linear.dng"
    tags = [each for each in _TAGS if each[0] not in (33421, 33422)]
    tifffile.imwrite(
        path, values, photometric=34892, planarconfig="contig", metadata=None, software=False, extratags=tags
    )
    photo = decode(path, lambda _: (1.0, 1.0, 1.0), NEUTRAL)
    assert np.abs(photo.pixels / 65535 - picture).max() < 0.002


def test_a_monochrome_sensor_gives_a_grey_picture(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    values = (BLACK + np.linspace(0.05, 0.9, 128) * (WHITE - BLACK) + rng.integers(0, 9, (96, 128))).astype(np.uint16)
    path = tmp_path / "mono.dng"
    tags = [each for each in _TAGS if each[0] not in (33421, 33422, 50721, 50728, 50778)]
    tifffile.imwrite(path, values, photometric="minisblack", metadata=None, software=False, extratags=tags)
    data = bytearray(path.read_bytes())
    at = data.index((262).to_bytes(2, "little") + b"\x03\0\x01\0\0\0\x01\0")
    data[at + 8 : at + 10] = (34892).to_bytes(2, "little")  # LinearRaw, which tifffile writes with three channels only
    path.write_bytes(data)
    picture = render(decode(path), {})
    assert np.array_equal(picture[:, :, 0], picture[:, :, 1])
    assert np.array_equal(picture[:, :, 1], picture[:, :, 2])
    assert np.diff(picture[:, :, 0].mean(axis=0)[4:-4]).min() > -1.5
    assert picture[:, 120].mean() > picture[:, 8].mean() + 100


def test_black_levels_of_each_site_are_taken_off(tmp_path: Path, mosaic: Callable[..., Any]) -> None:
    flat = mosaic(0.2, 0.2, 0.2, noise=2).astype(int)
    offsets = np.array([[0, 40], [80, 120]])
    raised = (flat + np.tile(offsets, (64, 96))).astype(np.uint16)
    path = tmp_path / "black.dng"
    blacks = tuple(int(each) for each in (offsets + BLACK).ravel())
    tags = [*(each for each in _TAGS if each[0] != 50714), (50713, "H", 2, (2, 2), True), (50714, "H", 4, blacks, True)]
    tifffile.imwrite(path, raised, photometric="cfa", metadata=None, software=False, extratags=tags)
    photo = decode(path, lambda _: (1.0, 1.0, 1.0), NEUTRAL)
    means = photo.pixels[10:-10, 10:-10].reshape(-1, 3).mean(axis=0) / 65535
    assert means == pytest.approx([0.2, 0.2, 0.2], abs=0.003)


@pytest.mark.parametrize(("margin", "kept"), [((2, 4), True), ((0, 0), False), ((24, 0), False)])
def test_the_cameras_own_margin_is_left_out_and_a_crop_by_the_photographer_is_not(
    margin: tuple[int, int], kept: bool, tmp_path: Path, mosaic: Callable[..., Any]
) -> None:
    down, right = margin
    path = tmp_path / "margin.dng"
    size = (192 - 2 * right, 128 - 2 * down)
    tags = [*_TAGS, (50719, "H", 2, (right, down), True), (50720, "H", 2, size, True)]
    tifffile.imwrite(path, mosaic(0.2, 0.3, 0.2), photometric="cfa", metadata=None, software=False, extratags=tags)
    photo = decode(path)
    assert (photo.width, photo.height) == (size if kept else (192, 128))


# --- the base look -----------------------------------------------------------------------------------------


def test_a_raw_without_a_preview_has_the_standard_look(write_dng: Write, mosaic: Callable[..., Any]) -> None:
    photo = decode(write_dng(mosaic(0.2, 0.3, 0.2)))
    assert photo.base is not None
    assert photo.base.key == look.standard().key


def test_a_demo_photo_comes_out_like_its_preview(tmp_path: Path) -> None:
    from junmai.demo.dng import bayer_dng
    from junmai.demo.plan import plan
    from junmai.demo.scenes import paint
    from junmai.develop.difference import ciede2000

    shot = next(each for each in plan(24, seed=3) if not each.portrait)
    painted = np.clip(paint(shot, 960), 0, 1)
    path = bayer_dng(painted, tmp_path / "demo.dng", noise_seed=2)
    photo = decode(path)
    assert photo.base is not None
    assert photo.base.name == "camera"
    truth = srgb_to_lab(np.asarray(color.srgb_encode(painted.astype(np.float64))))
    apart = {
        name: ciede2000(srgb_to_lab(render(decode(path, want=Wanted(base_look=name)), {})), truth).mean()
        for name in LOOKS
    }
    assert apart["camera"] < min(3, apart["standard"])


LOOKS: tuple[look.BaseLook, ...] = ("camera", "standard")

# --- helpers -----------------------------------------------------------------------------------------------

_MATRIX = tuple(n for value in (6722, -635, -963, -4287, 12460, 2028, -908, 2162, 5668) for n in (value, 10000))
_TAGS: list[Any] = [
    (33421, "H", 2, (2, 2), True),
    (33422, "B", 4, bytes((0, 1, 1, 2)), True),
    (50706, "B", 4, bytes((1, 4, 0, 0)), True),
    (50708, "s", 0, "Junmai Test", True),
    (50714, "H", 1, BLACK, True),
    (50717, "H", 1, WHITE, True),
    (50721, "2i", 9, _MATRIX, True),
    (50728, "2I", 3, (1, 2, 1, 1, 10, 14), True),
    (50778, "H", 1, 21, True),
]


def _dng(path: Path, mosaic: NDArray[np.uint16], sites: list[int], repeat: tuple[int, int]) -> Path:
    tags = [each for each in _TAGS if each[0] not in (33421, 33422)]
    tags += [(33421, "H", 2, repeat, True), (33422, "B", len(sites), bytes(sites), True)]
    tifffile.imwrite(path, mosaic, photometric="cfa", metadata=None, software=False, extratags=tags)
    return path


@pytest.fixture(scope="module")
def garden() -> NDArray[np.uint16]:
    """A mosaic (128, 192) with light from deep shadow to nearly full, in many colours."""
    y, x = np.mgrid[0:128, 0:192]
    brightness = 0.002 + 0.9 * (x / 191) ** 2
    shares = np.stack([0.45 + 0.1 * np.sin(y / 9), np.ones(y.shape), 0.6 + 0.2 * np.cos(y / 13)], axis=2)
    levels = brightness[:, :, None] * shares
    mosaic = levels[:, :, 1].copy()
    mosaic[0::2, 0::2], mosaic[1::2, 1::2] = levels[0::2, 0::2, 0], levels[1::2, 1::2, 2]
    noise = np.random.default_rng(9).integers(-3, 4, mosaic.shape)
    return np.asarray(np.clip(BLACK + mosaic * (WHITE - BLACK) + noise, 0, WHITE), dtype=np.uint16)
