"""DNGs of a known picture: what LibRaw and exiv2 make of them."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path

import exiv2
import numpy as np
import pytest
import rawpy
from numpy.typing import NDArray

from junmai.demo.dng import BLACK, WHITE, bayer_dng
from junmai.demo.light import A_KELVIN, D65_KELVIN, color_matrix, neutral, white_xyz

_TAKEN = datetime(2024, 6, 15, 5, 9, 12, 140_000, tzinfo=timezone(timedelta(hours=2)))


def _picture(height: int = 96, width: int = 128) -> NDArray[np.float32]:
    """Grey, with patches of red, green and blue in three corners."""
    picture = np.full((height, width, 3), 0.18, dtype=np.float32)
    picture[8:40, 8:40] = (0.6, 0.1, 0.1)
    picture[8:40, 88:120] = (0.1, 0.5, 0.1)
    picture[56:88, 8:40] = (0.1, 0.1, 0.6)
    return picture


def _developed(path: Path) -> NDArray[np.float64]:
    """Linear sRGB, 0..1, white-balanced as shot."""
    with rawpy.imread(str(path)) as raw:
        pixels = raw.postprocess(
            gamma=(1, 1), output_bps=16, no_auto_bright=True, adjust_maximum_thr=0, use_camera_wb=True, user_flip=0
        )
    return np.asarray(pixels / 65535)


@pytest.mark.parametrize("kelvin", [A_KELVIN, 4000.0, 5500.0, D65_KELVIN, 7500.0])
def test_a_grey_patch_comes_back_grey_in_every_light(tmp_path: Path, kelvin: float) -> None:
    grey = _developed(bayer_dng(_picture(), tmp_path / "a.dng", kelvin=kelvin))[56:88, 88:120]
    assert grey.reshape(-1, 3) == pytest.approx(0.18, abs=0.001)


def test_a_known_picture_comes_back_through_libraw(tmp_path: Path) -> None:
    back = _developed(bayer_dng(_picture(), tmp_path / "a.dng", kelvin=4500.0))
    for patch in (np.s_[12:36, 12:36], np.s_[12:36, 92:116], np.s_[60:84, 12:36]):
        assert back[patch] == pytest.approx(_picture()[patch], abs=0.003)


def test_a_mistaken_white_balance_leaves_a_cast(tmp_path: Path) -> None:
    path = bayer_dng(_picture(), tmp_path / "a.dng", kelvin=4500.0, as_shot_kelvin=6000.0)
    red, _, blue = _developed(path)[56:88, 88:120].reshape(-1, 3).mean(axis=0)
    assert red > blue * 1.2  # a light that is warmer than the camera thought looks warm


def test_the_baseline_exposure_darkens_the_values_that_the_reader_brightens(tmp_path: Path) -> None:
    path = bayer_dng(_picture(), tmp_path / "a.dng", baseline_exposure=1.0)
    assert _developed(path)[56:88, 88:120] == pytest.approx(0.09, abs=0.001)
    assert _tags(path)["Exif.Image.BaselineExposure"] == "1/1"


def test_what_is_brighter_than_white_is_clipped(tmp_path: Path) -> None:
    path = bayer_dng(_picture() * 100, tmp_path / "a.dng")
    with rawpy.imread(str(path)) as raw:
        assert (raw.raw_image.max(), raw.white_level, raw.black_level_per_channel[0]) == (WHITE, WHITE, BLACK)


def test_noise_grows_with_the_iso_and_keeps_the_mean(tmp_path: Path) -> None:
    deviations = []
    for iso in (100, 1600):
        path = bayer_dng(np.full((128, 128, 3), 0.18), tmp_path / f"{iso}.dng", noise_seed=3, iso=iso)
        with rawpy.imread(str(path)) as raw:
            green = (raw.raw_image[0::2, 1::2].astype(float) - BLACK) / (WHITE - BLACK)
        assert green.mean() == pytest.approx(0.18, abs=0.002)
        deviations.append(green.std())
    assert deviations[1] == pytest.approx(4 * deviations[0], rel=0.1)  # photon noise: the root of the gain


def test_every_fact_of_the_exposure_is_in_the_exif(tmp_path: Path) -> None:
    path = bayer_dng(
        _picture(),
        tmp_path / "a.dng",
        lens="A lens",
        iso=800,
        shutter=Fraction(1, 250),
        aperture=2.8,
        focal_length=50.0,
        taken=_TAKEN,
        orientation=6,
        gps=(46.5, -9.25, 1772.5),
    )
    tags = _tags(path)
    expected = {
        "Exif.Image.Make": "Junmai",
        "Exif.Image.Model": "Junmai Sample Camera",
        "Exif.Image.Orientation": "6",
        "Exif.Photo.LensModel": "A lens",
        "Exif.Photo.ISOSpeedRatings": "800",
        "Exif.Photo.ExposureTime": "1/250",
        "Exif.Photo.FNumber": "14/5",
        "Exif.Photo.FocalLength": "50/1",
        "Exif.Photo.DateTimeOriginal": "2024:06:15 05:09:12",
        "Exif.Photo.SubSecTimeOriginal": "140",
        "Exif.Photo.OffsetTimeOriginal": "+02:00",
        "Exif.GPSInfo.GPSLatitude": "46/1 30/1 0/1",
        "Exif.GPSInfo.GPSLongitude": "9/1 15/1 0/1",
        "Exif.GPSInfo.GPSLongitudeRef": "W",
        "Exif.GPSInfo.GPSTimeStamp": "3/1 9/1 12/1",
    }
    assert {name: tags[name] for name in expected} == expected


def test_the_as_shot_neutral_is_what_the_camera_sees_of_a_grey_in_that_light(tmp_path: Path) -> None:
    path = bayer_dng(_picture(), tmp_path / "a.dng", kelvin=3200.0)
    written = [float(Fraction(value)) for value in _tags(path)["Exif.Image.AsShotNeutral"].split()]
    seen = color_matrix(3200.0) @ white_xyz(3200.0)
    assert written == pytest.approx(seen / seen[1], abs=1e-5)
    assert neutral(3200.0)[1] == 1.0


def test_the_same_picture_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = {
        hashlib.sha256(bayer_dng(_picture(), tmp_path / name, noise_seed=5).read_bytes()).digest()
        for name in ("a.dng", "b.dng")
    }
    assert len(digests) == 1


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.dng"
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        bayer_dng(_picture(), path)
    assert path.read_bytes() == b"mine"


def test_a_picture_with_an_odd_side_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="even"):
        bayer_dng(np.zeros((3, 4, 3)), tmp_path / "a.dng")


def _tags(path: Path) -> dict[str, str]:
    image = exiv2.ImageFactory.open(str(path))
    image.readMetadata()
    return {datum.key(): datum.toString() for datum in image.exifData()}
