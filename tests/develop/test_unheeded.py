"""Settings that a photo cannot follow are named, and only those."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import make_jpeg
from junmai import errors
from junmai.develop import settings as develop_settings
from junmai.develop.pipeline import develop_photo
from junmai.domain.model import OutputOptions, Recipe
from rawfiles import make_dng, mosaic_of


@pytest.fixture
def jpeg(tmp_path: Path) -> Path:
    return make_jpeg(tmp_path / "IMG_1.jpg")


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return make_dng(tmp_path / "IMG_1.dng", mosaic_of(0.1, 0.2, 0.1))


def remarks(photo: Path, **given: object) -> tuple[str, ...]:
    return develop_photo(photo, Recipe(develop_settings.parse(given), OutputOptions())).remarks


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Temperature": 3000, "Tint": 0}, ["Temperature (3000)", "Tint (0)"]),
        ({"WhiteBalance": "Tungsten"}, ["WhiteBalance (Tungsten)"]),
        ({"BaseLook": "neutral"}, ["BaseLook (neutral)"]),
        ({"CameraProfile": "Velvet"}, ["CameraProfile (Velvet)"]),
    ],
)
def test_what_is_for_raws_only_is_named_on_a_jpeg(jpeg: Path, given: dict[str, object], said: list[str]) -> None:
    found = remarks(jpeg, **given)
    assert [one.partition(" is not applied to a developed picture")[0] for one in found] == said


def test_a_white_balance_in_kelvin_on_a_jpeg_points_to_what_works_there(jpeg: Path) -> None:
    assert "IncrementalTemperature works on both" in remarks(jpeg, Temperature=3000)[0]


@pytest.mark.parametrize(
    "given",
    [
        {"WhiteBalance": "As Shot"},
        {"IncrementalTemperature": 10},
        {"BaseLook": "camera"},
        {"CameraProfile": "Adobe Standard"},
        {"CropTop": 0.2, "CropBottom": 0.8},
        {"HasCrop": False, "CropTop": 0.9, "CropBottom": 0.1},
    ],
)
def test_what_is_done_or_changes_nothing_is_not_named(jpeg: Path, given: dict[str, object]) -> None:
    assert remarks(jpeg, **given) == ()


def test_a_raw_follows_them(raw: Path) -> None:
    assert remarks(raw, Temperature=3000, Tint=0, BaseLook="neutral") == ()


def test_adobes_standard_profile_is_no_loss_where_there_is_no_such_file(raw: Path) -> None:
    assert remarks(raw, CameraProfile="Adobe Standard") == ()
    assert "put its .dcp file there" in remarks(raw, CameraProfile="Velvet")[0]


@pytest.mark.parametrize("angle", [0, 5])
def test_a_crop_that_leaves_nothing_is_named(jpeg: Path, angle: float) -> None:
    found = remarks(jpeg, HasCrop=True, CropTop=0.25, CropBottom=0.1, CropAngle=angle)
    assert found == ("the crop (CropTop 0.25, CropBottom 0.1) leaves nothing of the photo, so it is not applied",)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"CropTop": 0.9, "CropBottom": 0.1}, "CropBottom must be more than CropTop"),
        ({"CropLeft": 1}, "CropRight must be more than CropLeft"),
    ],
)
def test_a_crop_that_leaves_nothing_is_refused_where_it_is_asked_for(given: dict[str, object], said: str) -> None:
    with pytest.raises(errors.SettingOutOfRange, match=said):
        develop_settings.asked_for(given)


def test_a_crop_that_is_switched_off_or_turned_is_not_judged_without_its_photo() -> None:
    for more in ({"HasCrop": False}, {"CropAngle": 10}):
        given = {"CropTop": 0.9, "CropBottom": 0.1, **more}
        assert develop_settings.asked_for(given) == develop_settings.parse(given)
