"""The decoded photo that is kept for the next look at it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers import develop_job, make_jpeg
from junmai import files
from junmai.develop.kept import DECODED_WITH, Kept
from junmai.develop.pipeline import decode_for, develop_outputs
from junmai.domain.model import OutputOptions, Recipe, SettingValue
from junmai.executors import work
from junmai.executors.base import Ending

WARM: dict[str, SettingValue] = {"IncrementalTemperature": 20.0, "Exposure2012": 0.5, "Sharpness": 40.0}


@pytest.fixture
def raw(write_dng: Callable[..., Path], mosaic: Callable[..., Any]) -> Path:
    return write_dng(mosaic(0.2, 0.3, 0.2))


def state_of(path: Path) -> files.FileState:
    state = files.state_of(path)
    assert state is not None
    return state


def test_other_settings_take_the_same_decoded_photo(raw: Path) -> None:
    kept, state = Kept(), state_of(raw)
    first = kept.decoded(raw, {}, state)
    assert kept.decoded(raw, WARM, state) is first


@pytest.mark.parametrize("changed", [{"Temperature": 4000.0}, {"BaseLook": "neutral"}, {"WhiteBalance": "Shade"}])
def test_what_decoding_depends_on_decodes_anew(raw: Path, changed: dict[str, SettingValue]) -> None:
    kept, state = Kept(), state_of(raw)
    first = kept.decoded(raw, {}, state)
    assert kept.decoded(raw, changed, state) is not first


def test_decoding_looks_at_no_other_setting(raw: Path) -> None:
    seen: set[str] = set()

    class Watched(dict[str, SettingValue]):
        def get(self, key: str, default: Any = None) -> Any:
            seen.add(key)
            return super().get(key, default)

        def __getitem__(self, key: str) -> Any:
            seen.add(key)
            return super().__getitem__(key)

    decode_for(raw, Watched(Temperature=4000.0, WhiteBalanceAmount=50.0, **WARM))
    assert {"Temperature", "BaseLook"} <= seen <= set(DECODED_WITH)


def test_a_file_that_changed_is_decoded_anew(tmp_path: Path) -> None:
    kept, photo = Kept(), make_jpeg(tmp_path / "IMG_1.jpg")
    first = kept.decoded(photo, {}, state_of(photo))
    make_jpeg(photo, width=64)
    assert kept.decoded(photo, {}, state_of(photo)).width == 64 != first.width


def test_another_photo_takes_the_place_of_the_first(tmp_path: Path) -> None:
    kept = Kept()
    one, two = make_jpeg(tmp_path / "IMG_1.jpg"), make_jpeg(tmp_path / "IMG_2.jpg", seed=1)
    first = kept.decoded(one, {}, state_of(one))
    assert (kept.decoded(two, {}, state_of(two)).pixels != first.pixels).any()
    assert kept.decoded(one, {}, state_of(one)) is not first


def test_a_photo_that_is_too_large_is_not_kept(tmp_path: Path) -> None:
    photo = make_jpeg(tmp_path / "IMG_1.jpg", width=48, height=32)
    kept = Kept(most_bytes=48 * 32 * 3 - 1)
    assert kept.decoded(photo, {}, state_of(photo)) is not kept.decoded(photo, {}, state_of(photo))


@pytest.mark.parametrize("kind", ["raw", "jpeg"])
def test_looks_from_the_kept_photo_have_the_bytes_of_looks_from_the_file(raw: Path, tmp_path: Path, kind: str) -> None:
    photo = raw if kind == "raw" else make_jpeg(tmp_path / "IMG_1.jpg")
    other: dict[str, SettingValue] = {"Temperature": 4000.0, "Clarity2012": 30.0}
    for settings in (WARM, {}, WARM, other):
        recipe = Recipe(settings, OutputOptions(quality=85, long_edge=32))
        job = develop_job(photo, tmp_path / "look.part", recipe=recipe, again_soon=True)
        assert work.do(1, job).ending is Ending.DONE
        (fresh,) = develop_outputs(photo, recipe)
        assert job.temporary.read_bytes() == fresh.data


@pytest.mark.parametrize("again_soon", [True, False])
def test_only_a_job_that_says_so_leaves_its_photo_with_the_worker(raw: Path, tmp_path: Path, again_soon: bool) -> None:
    work.kept.cache_clear()
    job = develop_job(raw, tmp_path / "look.part", again_soon=again_soon)
    assert work.do(1, job).ending is Ending.DONE
    assert bool(work.kept.cache_info().currsize) is again_soon
