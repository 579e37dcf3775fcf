from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lensfunpy
import numpy as np
import pytest
from PIL import Image

from junmai.develop import color, lens
from junmai.develop.decode import Decoded, Wanted, decode
from junmai.develop.pipeline import render

WIDTH, HEIGHT = 600, 400
KNOWN = {271: "Canon", 272: "Canon EOS 5D Mark III"}
ZOOM = {0xA434: "EF24-105mm f/4L IS USM", 37386: 24.0, 33437: 4.0}


@pytest.fixture
def photo(tmp_path: Path) -> Callable[..., Path]:
    """A JPEG of 600 x 400 whose EXIF names a camera and a lens."""

    def make(camera: dict[int, Any], of_lens: dict[int, Any]) -> Path:
        exif = Image.Exif()
        exif.update(camera)
        exif.get_ifd(0x8769).update(of_lens)
        path = tmp_path / "photo.jpg"
        Image.new("RGB", (WIDTH, HEIGHT), (90, 120, 60)).save(path, exif=exif)
        return path

    return make


def test_a_known_lens_moves_corners_and_brightens_them(photo: Callable[..., Path]) -> None:
    found, remark = lens.find(photo(KNOWN, ZOOM), WIDTH, HEIGHT)
    assert remark == ""
    assert found is not None
    assert "24-105" in found.name
    corner, middle = np.array([0.0]), np.array([(WIDTH - 1) / 2])
    assert found.gain(corner, corner)[0] > 1.3
    assert found.gain(middle, np.array([(HEIGHT - 1) / 2]))[0] == pytest.approx(1, abs=0.02)
    places = found.places(middle, np.array([(HEIGHT - 1) / 2]))
    assert places[:, 0, 0] == pytest.approx(middle[0], abs=0.5)
    assert np.abs(found.places(corner, corner)).max() > 3


def test_the_coarse_grid_agrees_with_lensfun_at_every_pixel(photo: Callable[..., Path]) -> None:
    path = photo(KNOWN, ZOOM)
    found, _ = lens.find(path, 1800, 1200)
    assert found is not None
    database = lensfunpy.Database()
    camera = database.find_cameras("Canon", "Canon EOS 5D Mark III")[0]
    known = database.find_lenses(camera, None, "EF24-105mm f/4L IS USM")[0]
    modifier = lensfunpy.Modifier(known, camera.crop_factor, 1800, 1200)
    flags = lensfunpy.ModifyFlags
    chosen = int(flags.TCA | flags.DISTORTION | flags.SCALE | flags.VIGNETTING)
    modifier.initialize(24.0, 4.0, 1000.0, scale=0.0, flags=chosen)
    exact = np.moveaxis(modifier.apply_subpixel_geometry_distortion(), (2, 3), (0, 1))
    x, y = np.meshgrid(np.arange(1800.0), np.arange(1200.0))
    assert np.abs(found.places(x, y) - exact).max() < 0.5
    assert np.abs(found.places(x, y) - exact).mean() < 0.1


def test_no_place_lies_outside_the_picture(photo: Callable[..., Path]) -> None:
    """lensfun enlarges a little, so that no edge stays empty."""
    found, _ = lens.find(photo(KNOWN, ZOOM), WIDTH, HEIGHT)
    assert found is not None
    x, y = np.meshgrid(np.arange(0.0, WIDTH), np.arange(0.0, HEIGHT))
    places = found.places(x, y)[1]
    assert places.min() > -1
    assert places[0].max() < WIDTH
    assert places[1].max() < HEIGHT


@pytest.mark.parametrize(
    ("camera", "of_lens", "said"),
    [
        (KNOWN, {**ZOOM, 0xA434: "Homemade 50mm f/1.1"}, "Homemade 50mm"),
        ({271: "Nobody", 272: "Box 1"}, ZOOM, "the camera Nobody Box 1"),
        ({}, {}, "does not say its camera"),
        (KNOWN, {**ZOOM, 0xA434: "35mm"}, "35mm"),
    ],
    ids=["lens", "camera", "nothing", "vague"],
)
def test_what_lensfun_does_not_know_is_left_as_it_is_and_said(
    camera: dict[int, Any], of_lens: dict[int, Any], said: str, photo: Callable[..., Path]
) -> None:
    found, remark = lens.find(photo(camera, of_lens), WIDTH, HEIGHT)
    assert found is None
    assert said in remark


def test_the_lens_is_corrected_only_where_it_is_asked_for(photo: Callable[..., Path]) -> None:
    path = photo(KNOWN, ZOOM)
    assert decode(path).lens is None
    assert decode(path, want=Wanted(lens=True)).lens is not None


def test_an_even_field_that_a_lens_darkened_is_even_again(photo: Callable[..., Path]) -> None:
    found, _ = lens.find(photo(KNOWN, ZOOM), 1800, 1200)
    assert found is not None
    x, y = np.meshgrid(np.arange(1800.0), np.arange(1200.0))
    darkened = np.rint(0.25 / found.gain(x, y) * 65535).astype(np.uint16)
    pixels = np.repeat(darkened[:, :, None], 3, axis=2)
    ramp = np.repeat((np.arange(65536, dtype=np.float32) / np.float32(65535))[None], 3, axis=0)
    field = Decoded("developed", "TIFF", pixels, ramp, color.SRGB_TO_WORKING, lens=found, bit_depth=16)
    light = color.srgb_decode(render(field, {}, depth=16)[:, :, 1] / 65535)
    inside = light[32:-32, 32:-32]  # gains are worked out every 32 pixels, the last ones beyond the edge
    assert np.abs(np.log2(inside / 0.25)).max() < 0.02


def test_what_the_system_and_the_user_have_of_lensfun_changes_nothing(
    photo: Callable[..., Path], tmp_path: Path
) -> None:
    path = photo(KNOWN, ZOOM)
    code = f"""
import pathlib
from junmai.develop import lens
print(lens.find(pathlib.Path({str(path)!r}), {WIDTH}, {HEIGHT})[0].shifts.sum())
"""

    def corrected() -> str:
        environment = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "share")}
        command = [sys.executable, "-c", code]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    before = corrected()
    (tmp_path / "share" / "lensfun").mkdir(parents=True)
    (tmp_path / "share" / "lensfun" / "mine.xml").write_text(
        '<lensdatabase version="1"><lens><maker>Canon</maker><model>Canon EF 24-105mm f/4L IS USM</model>'
        "<mount>Canon EF</mount><cropfactor>1</cropfactor><calibration>"
        '<distortion model="poly3" focal="24" k1="-0.08"/><distortion model="poly3" focal="105" k1="-0.08"/>'
        "</calibration></lens></lensdatabase>"
    )
    assert corrected() == before
