"""The sample shoot: two sessions of RAW and JPEG photos."""

from __future__ import annotations

from pathlib import Path

import exiv2
import numpy as np
import pytest
import rawpy
from PIL import Image

from junmai.demo.plan import plan
from junmai.demo.shoot import make_sample_shoot
from junmai.errors import BadInput

_EDGE = 96


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return make_sample_shoot(tmp_path_factory.mktemp("shoot"), long_edge=_EDGE)


def _taken(path: Path) -> str:
    image = exiv2.ImageFactory.open(str(path))
    image.readMetadata()
    return str(image.exifData()["Exif.Photo.DateTimeOriginal"].toString())


def test_a_shoot_has_two_sessions_on_different_days(shoot: list[Path]) -> None:
    assert len(shoot) == 24
    days = {path.parent.name: {_taken(p)[:10] for p in shoot if p.parent == path.parent} for path in shoot}
    assert days == {"Morning at the lake": {"2024:06:15"}, "Evening in town": {"2024:09:28"}}


def test_photos_come_in_the_order_they_were_taken(shoot: list[Path]) -> None:
    times = [_taken(path) for path in shoot]
    assert times == sorted(times)
    assert len(set(times)) == len(times)


def test_each_session_has_raw_and_jpeg(shoot: list[Path]) -> None:
    for session in {path.parent for path in shoot}:
        assert {path.suffix for path in shoot if path.parent == session} == {".dng", ".jpg"}


def test_every_raw_photo_opens_in_libraw_in_full_size(shoot: list[Path]) -> None:
    for path in shoot:
        if path.suffix == ".dng":
            with rawpy.imread(str(path)) as raw:
                assert raw.postprocess(half_size=False, user_flip=0).shape == (_EDGE * 2 // 3, _EDGE, 3)


def test_every_jpeg_opens_in_pillow_with_its_camera(shoot: list[Path]) -> None:
    for path in shoot:
        if path.suffix == ".jpg":
            with Image.open(path) as image:
                image.load()
                assert (image.mode, image.size) == ("RGB", (_EDGE, _EDGE * 2 // 3))
                assert image.getexif()[272] == "Junmai Sample Camera"


def test_photos_differ_from_each_other(shoot: list[Path]) -> None:
    small = []
    for path in shoot:
        with Image.open(path) as image:  # of a DNG this is the thumbnail
            small.append(np.asarray(image.convert("RGB").resize((12, 8)), dtype=float))
    for index, one in enumerate(small):
        for other in small[index + 1 :]:
            assert np.abs(one - other).mean() > 2


def test_no_photo_is_all_black_or_all_white(shoot: list[Path]) -> None:
    for path in shoot:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("L"), dtype=float)
        assert 5 < pixels.mean() < 235, path.name
        assert pixels.std() > 8, path.name


def test_a_shoot_has_upright_photos_and_places_and_exposures_that_wobble() -> None:
    shots = plan(24, 1)
    assert {shot.exif.orientation for shot in shots} >= {1, 6, 8}
    assert {shot.exif.gps is None for shot in shots} == {True, False}
    assert max(shot.exposure for shot in shots) - min(shot.exposure for shot in shots) > 0.8
    assert len({shot.hour for shot in shots}) >= 6


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, shoot: list[Path]) -> None:
    again = make_sample_shoot(tmp_path, long_edge=_EDGE)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in shoot]


def test_another_seed_gives_other_photos(tmp_path: Path, shoot: list[Path]) -> None:
    other = make_sample_shoot(tmp_path, count=2, seed=2, long_edge=_EDGE)
    assert other[0].read_bytes() != shoot[0].read_bytes()


def test_a_second_call_changes_nothing_and_returns_the_same_list(tmp_path: Path) -> None:
    first = make_sample_shoot(tmp_path, count=3, long_edge=_EDGE)
    times = [path.stat().st_mtime_ns for path in first]
    assert make_sample_shoot(tmp_path, count=3, long_edge=_EDGE) == first
    assert [path.stat().st_mtime_ns for path in first] == times


def test_a_photo_that_was_cut_off_is_completed(tmp_path: Path) -> None:
    paths = make_sample_shoot(tmp_path, count=2, long_edge=_EDGE)
    whole = paths[1].read_bytes()
    paths[1].write_bytes(whole[:1000])
    make_sample_shoot(tmp_path, count=2, long_edge=_EDGE)
    assert paths[1].read_bytes() == whole


def test_a_file_with_other_content_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    mine = tmp_path / plan(4, 1)[-1].session / plan(4, 1)[-1].name
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    with pytest.raises(BadInput, match="Another file stands at"):
        make_sample_shoot(tmp_path, count=4, long_edge=_EDGE)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]
    assert mine.read_bytes() == b"mine"


def test_any_count_from_two_up_is_made(tmp_path: Path) -> None:
    assert len(set(make_sample_shoot(tmp_path, count=61, seed=9, long_edge=48))) == 61
    with pytest.raises(BadInput, match="at least 2"):
        make_sample_shoot(tmp_path / "one", count=1)


def test_progress_is_told_after_each_photo(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    make_sample_shoot(tmp_path, count=3, long_edge=_EDGE, on_progress=lambda done, count: told.append((done, count)))
    assert told == [(1, 3), (2, 3), (3, 3)]
