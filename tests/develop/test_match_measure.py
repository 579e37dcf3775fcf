"""What is measured of a photo, and that it comes fast and right from each kind of file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from junmai import errors
from junmai.develop import color
from junmai.develop.match_measure import GRID, MEASURE_VERSION, Measure, measure
from matching import scene, taken

Write = Callable[..., Path]


def _codes(light: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(color.srgb_encode(np.clip(light @ color.WORKING_TO_SRGB.T, 0, 1)) * 255), np.uint8)


def _log_means(seen: Measure) -> np.ndarray:
    return np.asarray(seen.logs[seen.sound].mean(axis=0))


def test_a_measure_comes_back_from_its_bytes() -> None:
    made = taken(scene(1), 1.0)
    back = Measure.from_bytes(made.to_bytes())
    assert back.to_bytes() == made.to_bytes()
    assert (back.kind, back.aspect, back.top) == (made.kind, made.aspect, made.top)
    assert np.array_equal(back.light, made.light)
    assert np.array_equal(back.sound, made.sound)
    assert len(made.to_bytes()) < 26_000


def test_bytes_of_another_version_and_broken_ones_are_refused() -> None:
    data = taken(scene(1)).to_bytes()
    older = data[:4] + (MEASURE_VERSION + 1).to_bytes(2, "little") + data[6:]
    for wrong in (b"", b"JPEG" + data[4:], older, data[:-1], data + b"\0"):
        with pytest.raises(ValueError, match="measure"):
            Measure.from_bytes(wrong)


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "photo.tif"])
def test_a_file_is_measured_as_its_linear_light(write: Write, name: str) -> None:
    light = scene(2, 768, 1024)
    seen = measure(write(_codes(light), name, **({"quality": 95} if name.endswith("jpg") else {})))
    wanted = taken(light)
    both = seen.sound & wanted.sound
    apart = np.abs(seen.logs[both] - wanted.logs[both])
    assert both.mean() > 0.8
    assert np.median(apart) < 0.03
    assert seen.aspect == pytest.approx(4 / 3, rel=0.01)


def test_clipped_and_black_parts_are_not_sound(write: Write) -> None:
    picture = np.full((256, 256, 3), 128, np.uint8)
    picture[:64], picture[-64:] = 255, 0
    seen = measure(write(picture))
    assert not seen.sound[: GRID // 4].any()
    assert not seen.sound[-GRID // 4 :].any()
    assert seen.sound[GRID // 4 + 1 : -GRID // 4 - 1].all()


def test_a_photo_that_is_all_white_says_why_it_cannot_be_matched(write: Write) -> None:
    seen = measure(write(np.full((100, 100, 3), 255, np.uint8)))
    assert seen.why_not == "only 0 of 4096 parts of it are neither clipped nor black"
    assert seen.quantiles.shape == (3, 19)


def test_a_tiny_photo_is_measured_too(write: Write) -> None:
    assert measure(write(np.full((3, 5, 3), 128, np.uint8))).why_not == ""


def test_the_measure_is_of_the_upright_photo(tmp_path: Path) -> None:
    codes = _codes(scene(3, 512, 768))
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(np.rot90(codes)).save(tmp_path / "turned.jpg", quality=95, exif=exif, subsampling=0)
    Image.fromarray(codes).save(tmp_path / "straight.jpg", quality=95, subsampling=0)
    turned, straight = measure(tmp_path / "turned.jpg"), measure(tmp_path / "straight.jpg")
    assert turned.aspect == straight.aspect
    assert np.abs(turned.logs - straight.logs).mean() < 0.05


def test_the_photos_own_exposure_counts(write: Write) -> None:
    path = write(_codes(scene(4, 300, 400)))
    assert _log_means(measure(path, {"Exposure2012": 1.0})) == pytest.approx(_log_means(measure(path)) + 1, abs=0.01)


def test_a_raw_is_measured_from_its_sensor(write_dng: Write, mosaic: Callable[..., np.ndarray]) -> None:
    one = measure(write_dng(mosaic(0.10, 0.20, 0.15), "one.dng"))
    two = measure(write_dng(mosaic(0.20, 0.40, 0.30), "two.dng"))
    assert one.kind == "raw"
    assert _log_means(two) == pytest.approx(_log_means(one) + 1, abs=0.01)


def test_the_white_balance_of_its_settings_counts_for_a_raw(
    write_dng: Write, mosaic: Callable[..., np.ndarray]
) -> None:
    path = write_dng(mosaic(0.10, 0.20, 0.15))
    shot, warm = measure(path), measure(path, {"Temperature": 9000.0, "Tint": 0.0})
    assert warm.quantiles[1].mean() > shot.quantiles[1].mean()


def test_a_file_that_is_no_photo_says_so(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a photo")
    with pytest.raises(errors.PhotoError):
        measure(tmp_path / "broken.jpg")
    with pytest.raises(errors.SourceMissing):
        measure(tmp_path / "missing.jpg")


def test_the_same_real_photo_always_gives_the_same_bytes(samples: Path) -> None:
    for name in ("jpeg/me_Canon_EOS_5D.jpg", "raw/Canon_KissX4_colorchart.DNG"):
        assert measure(samples / name).to_bytes() == measure(samples / name).to_bytes()


def test_a_real_raw_is_measured_as_the_engine_decodes_it(samples: Path) -> None:
    from junmai.develop import match_decode, tone
    from junmai.develop.decode import Wanted, decode

    path = samples / "raw" / "Canon_KissX4_colorchart.DNG"
    decoded = decode(path, want=Wanted(base_look="neutral"))
    gain = tone.RAW_GAIN * 2.0**decoded.baseline_exposure
    light = decoded.pixels.astype(np.float64) @ (decoded.table[:, -1] / 65535 * decoded.matrix * gain).T
    small = match_decode.decode_small(path, {})
    middle = np.median(small.light[small.sound], axis=0)
    assert np.log2(middle) == pytest.approx(np.log2(np.median(light, axis=(0, 1))), abs=0.4)
