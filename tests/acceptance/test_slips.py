"""What a photographer may mistype or misunderstand, and what is said then."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import make_jpeg
from running import junmai

pytestmark = pytest.mark.slow


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return make_jpeg(tmp_path / "shoot" / "IMG_1.jpg")


def test_kelvin_on_a_jpeg_is_told_and_the_photo_is_developed(photo: Path, data: Path, tmp_path: Path) -> None:
    ended = junmai("develop", photo, "--out", tmp_path / "out", "--set", "Temperature=3000", "--json", data=data)
    assert ended.code == 0, ended.err
    said = [line["remarks"] for line in ended.lines if line["event"] == "photo_remarks"]
    assert "Temperature (3000) is not applied to a developed picture" in said[0][0]
    assert "IncrementalTemperature works on both" in junmai("batch", "show", data=data).out


def test_a_crop_that_leaves_nothing_is_refused_and_nothing_is_created(photo: Path, data: Path, tmp_path: Path) -> None:
    settings = ("--set", "CropTop=0.9", "--set", "CropBottom=0.1")
    ended = junmai("develop", photo, "--out", tmp_path / "out", *settings, data=data)
    assert (ended.code, "CropBottom must be more than CropTop (0.9)" in ended.err) == (2, True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["--copyright", "--creator", "--preset", "--name", "--set", "--also"])
def test_an_option_without_its_value_does_not_take_the_next_one(
    option: str, photo: Path, data: Path, tmp_path: Path
) -> None:
    ended = junmai("develop", photo, option, "--out", "wb", data=data, cwd=tmp_path)
    assert (ended.code, f"{option} needs a value; '--out' looks like an option" in ended.err) == (2, True)
    assert not data.exists()


def test_a_value_that_begins_like_an_option_can_be_given_with_a_sign(photo: Path, data: Path, tmp_path: Path) -> None:
    ended = junmai("develop", photo, "--out", tmp_path / "out", "--copyright=--x", "--json", data=data)
    assert ended.code == 0, ended.err
