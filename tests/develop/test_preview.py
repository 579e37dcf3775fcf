from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rawpy
from numpy.typing import NDArray
from PIL import Image

from junmai.develop import preview
from junmai.develop.decode import decode

Light = NDArray[np.float32]


@pytest.fixture(scope="module")
def scene() -> Light:
    """(341, 512, 3): blobs of many sizes, nowhere alike."""
    rng = np.random.default_rng(11)
    y, x = np.mgrid[0:341, 0:512]
    light = np.full((341, 512), 0.05)
    for _ in range(150):
        place, size = rng.uniform(0, (341, 512)), rng.uniform(4, 50)
        light += rng.uniform(0, 0.4) * np.exp(-((y - place[0]) ** 2 + (x - place[1]) ** 2) / size**2)
    return np.asarray(light[:, :, None] * np.array([0.9, 1.0, 0.8]), dtype=np.float32)


def differing(pair: tuple[Light, Light] | None) -> float:
    """Mean relative difference of the cells of an aligned pair."""
    assert pair is not None
    first, second = pair
    assert first.shape == second.shape
    return float(np.mean(np.abs(first - second) / (first + 0.01)))


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_a_turned_preview_is_turned_back(scene: Light, quarter: int) -> None:
    assert differing(preview.align(scene, np.ascontiguousarray(np.rot90(scene, quarter)))) < 0.01


def test_a_preview_that_lies_some_pixels_beside_is_moved(scene: Light) -> None:
    beside = np.ascontiguousarray(scene[4:-1, 5:-2])
    assert differing(preview.align(scene, beside)) < 0.02


def test_black_bars_are_left_out(scene: Light) -> None:
    barred = np.pad(scene, ((22, 21), (0, 0), (0, 0)))
    assert differing(preview.align(scene, barred)) < 0.02


def test_a_preview_of_another_aspect_shows_the_middle(scene: Light) -> None:
    wide = np.ascontiguousarray(scene[26:-27])
    assert differing(preview.align(scene, wide)) < 0.02


def test_a_preview_of_something_else_is_not_used(scene: Light) -> None:
    rng = np.random.default_rng(1)
    other = np.kron(rng.uniform(0, 1, (12, 18, 3)), np.ones((10, 10, 1))).astype(np.float32)
    assert preview.align(scene, other) is None


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xe0 no more", bytes(200)])
def test_a_damaged_preview_counts_for_none(data: bytes) -> None:
    thumb = SimpleNamespace(format=rawpy.ThumbFormat.JPEG, data=data)
    assert preview.read(SimpleNamespace(extract_thumb=lambda: thumb)) is None


def test_a_preview_in_adobe_rgb_is_read_as_such() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 2
    shown = [_read(_jpeg(exif=exif)), _read(_jpeg())]
    assert shown[0][32, 32, 0] < shown[1][32, 32, 0] - 0.01  # the same green code is a purer green in Adobe RGB


def test_the_sample_with_a_preview_comes_out_like_it(samples: Path) -> None:
    from junmai.develop.color import WORKING_TO_SRGB, srgb_decode
    from junmai.develop.difference import ciede2000, working_to_lab
    from junmai.develop.pipeline import render

    path = samples / "raw" / "Canon_EOS_D30.CRW"
    photo = decode(path)
    assert photo.base is not None
    assert photo.base.name == "camera"
    with rawpy.RawPy() as raw:
        raw.open_file(str(path))
        shown = preview.read(raw)
    assert shown is not None
    picture = srgb_decode(render(photo, {}) / 255.0) @ np.linalg.inv(WORKING_TO_SRGB).T
    pair = preview.align(_small(picture), shown)
    assert pair is not None
    assert ciede2000(working_to_lab(pair[0]), working_to_lab(pair[1])).mean() <= 3


def _small(picture: NDArray[Any]) -> Light:
    return preview.shrink(np.clip(picture * 65535, 0, 65535).astype(np.uint16)) / np.float32(65535)


def _jpeg(**options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (60, 180, 60)).save(buffer, "JPEG", quality=95, **options)
    return buffer.getvalue()


def _read(data: bytes) -> Light:
    thumb = SimpleNamespace(format=rawpy.ThumbFormat.JPEG, data=data)
    light = preview.read(SimpleNamespace(extract_thumb=lambda: thumb))
    assert light is not None
    return light


def test_a_preview_that_is_larger_than_the_sensor_is_not_read() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (640, 480), (90, 120, 60)).save(stream, "JPEG")
    raw = SimpleNamespace(extract_thumb=lambda: SimpleNamespace(format=rawpy.ThumbFormat.JPEG, data=stream.getvalue()))
    assert preview.read(raw, most=640 * 480) is not None
    assert preview.read(raw, most=640 * 480 - 1) is None
