"""A lost database comes back from its state files, and whoever comes from an older installation is taken in."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from control.shoot import develop, imported, lose_database, opened, written
from helpers import make_jpeg
from junmai import BatchController
from junmai.config import Settings
from junmai.control import statewriter
from junmai.control.rebuild import rebuild, take_in_unknown
from junmai.control.statefile import BatchState, items_path, read_state, state_path
from junmai.domain.lifecycle import BatchStatus
from running import checksums

OLD_ID = "batch_0123456789ab"
Jpegs = Callable[..., list[Path]]


def old_file(settings: Settings, **changes: Any) -> Path:
    """A file as the original system wrote it: 15 keys, times without a zone."""
    given: dict[str, Any] = {
        "batch_id": OLD_ID,
        "session_id": 7,
        "photo_ids": [101, 102, 103, 104],
        "processed_photo_ids": [101],
        "failed_photo_ids": [102],
        "status": "running",
        "created_at": "2025-11-08T10:00:00.123456",
        "started_at": "2025-11-08T10:00:01",
        "paused_at": None,
        "completed_at": None,
        "total_photos": 4,
        "processed_count": 1,
        "failed_count": 1,
        "config": None,
        "task_ids": ["8b1c", "77aa"],
    }
    given.update(changes)
    path = state_path(settings.data, given["batch_id"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(given), encoding="utf-8")
    return path


def finish(settings: Settings) -> dict[str, str]:
    """Resume and develop everything; the checksums of all outputs."""
    with opened(settings) as controller:
        for batch in reversed(controller.store.batches()):
            if batch.status == "paused":
                controller.resume(batch.id)
                develop(controller, batch.id)
        assert controller.examine(read_outputs=True) == []
    return checksums(settings.data / "developed")


def states(settings: Settings, *batch_ids: str) -> list[BatchState]:
    with opened(settings) as controller:
        return [statewriter.state_of(controller.store, batch_id) for batch_id in batch_ids]


def without(state: BatchState, *names: str) -> dict[str, object]:
    return {name: value for name, value in state.to_dict().items() if name not in names}


# --- a lost database ----------------------------------------------------------------------------------------


def three_batches(settings: Settings, folder: Path) -> list[str]:
    """A batch that runs, one that is paused and one that is done, one photo of each broken; written."""
    with opened(settings) as controller:
        ids = imported(controller, folder)
        running, paused, done = (controller.start_batch(ids, batch_id=f"batch_00000000000{n}") for n in "123")
        develop(controller, done)
        develop(controller, running, photos=3)
        develop(controller, paused, photos=2)
        controller.pause(paused)
        written(controller, running, paused, done)
    return [running, paused, done]


@pytest.fixture
def folder(jpegs: Jpegs) -> Path:
    """Six photos, one of them broken."""
    photos = jpegs(6)
    photos[1].write_bytes(photos[1].read_bytes()[:300])
    return photos[0].parent


def test_a_lost_database_comes_back_and_its_batches_end_with_the_same_outputs(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    batch_ids = three_batches(settings, folder)
    before = states(settings, *batch_ids)
    lose_database(settings)

    found = rebuild(settings.data)

    assert (sorted(found.batch_ids), found.photos, found.warnings) == (batch_ids, 6, [])
    assert found.outputs_found == sum(state.processed_count for state in before)
    after = states(settings, *batch_ids)
    assert [state.status for state in after] == ["paused", "paused", "completed"]
    moved = ("status", "paused_at")
    assert [without(state, *moved) for state in after] == [without(state, *moved) for state in before]
    outputs = finish(settings)
    assert len(outputs) == 15
    assert {Path(name).name: sha for name, sha in outputs.items() if batch_ids[0] in name} == {
        Path(name).name: sha for name, sha in outputs.items() if batch_ids[2] in name
    }


def test_photos_that_were_done_are_not_developed_again(settings: Settings, folder: Path) -> None:
    batch_ids = three_batches(settings, folder)
    developed = settings.data / "developed"
    standing = {path: path.stat().st_mtime_ns for path in developed.rglob("*.jpg")}
    lose_database(settings)
    rebuild(settings.data)

    finish(settings)

    assert {path: path.stat().st_mtime_ns for path in standing} == standing
    assert len(batch_ids) == 3


def test_the_failures_of_a_rebuilt_batch_keep_their_reasons_and_can_be_retried(
    settings: Settings, folder: Path
) -> None:
    done = three_batches(settings, folder)[2]
    with opened(settings) as controller:
        before = controller.store.items(controller.store.batch(done).no, status="failed")
    lose_database(settings)
    rebuild(settings.data)

    with opened(settings) as controller:
        after = controller.store.items(controller.store.batch(done).no, status="failed")
        assert [(item.photo_id, item.error_kind, item.error_message) for item in after] == [
            (item.photo_id, item.error_kind, item.error_message) for item in before
        ]
        make_jpeg(folder / "IMG_0001.jpg", seed=1)
        imported(controller, folder)
        assert controller.retry_failed(done) == 1
        develop(controller, done)
        assert controller.store.batch(done).processed == 6


def test_an_output_that_is_gone_is_developed_again(settings: Settings, folder: Path) -> None:
    paused = three_batches(settings, folder)[1]
    gone = next((settings.data / "developed" / paused).iterdir())
    kept = gone.read_bytes()
    gone.unlink()
    lose_database(settings)

    found = rebuild(settings.data)
    finish(settings)

    assert found.outputs_missing == 1
    assert gone.read_bytes() == kept


def test_an_output_that_was_changed_is_not_taken_for_one(settings: Settings, folder: Path) -> None:
    paused = three_batches(settings, folder)[1]
    changed = next((settings.data / "developed" / paused).iterdir())
    state = changed.stat()
    changed.write_bytes(b"x" * state.st_size)
    os.utime(changed, ns=(state.st_atime_ns, state.st_mtime_ns))
    lose_database(settings)

    assert rebuild(settings.data, verify=True).outputs_missing == 1


def test_a_batch_that_had_ended_stays_so_though_its_outputs_were_moved_away(settings: Settings, folder: Path) -> None:
    done = three_batches(settings, folder)[2]
    for output in (settings.data / "developed" / done).iterdir():
        output.unlink()
    lose_database(settings)

    found = rebuild(settings.data)

    assert found.outputs_missing == 5
    assert states(settings, done)[0].status is BatchStatus.COMPLETED


def test_a_photo_that_was_moved_between_two_batches_is_one_photo_where_it_lies_now(
    settings: Settings, folder: Path
) -> None:
    with opened(settings) as controller:
        ids = imported(controller, folder)
        first = controller.start_batch(ids, batch_id="batch_000000000001")
        develop(controller, first)
        written(controller, first)
        moved = folder.rename(folder.with_name("moved"))
        assert imported(controller, moved) == ids
        second = controller.start_batch(ids, batch_id="batch_000000000002")
        written(controller, second)
    lose_database(settings)

    assert rebuild(settings.data).photos == len(ids)

    with opened(settings) as controller:
        places = {controller.store.photo(photo_id).path for photo_id in ids}  # type: ignore[union-attr]
        assert {Path(place).parent for place in places} == {moved}
        assert len(places) == len(ids)


def test_the_second_file_of_a_large_batch_is_enough(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statewriter, "INLINE_ITEMS", 3)
    batch_ids = three_batches(settings, folder)
    lose_database(settings)

    found = rebuild(settings.data)

    assert (sorted(found.batch_ids), found.warnings, found.photos) == (batch_ids, [], 6)
    assert len(finish(settings)) == 15


def test_a_damaged_second_file_is_set_aside_and_the_ids_are_taken_in(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statewriter, "INLINE_ITEMS", 3)
    done = three_batches(settings, folder)[2]
    second = items_path(state_path(settings.data, done))
    second.write_bytes(second.read_bytes()[:-300])
    lose_database(settings)

    found = rebuild(settings.data)

    assert done in found.batch_ids
    assert [one.path.name for one in found.set_aside] == [f"{second.name}.unreadable-1"]


def test_a_photo_whose_id_another_photo_has_by_now_gets_a_new_one(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    batch_ids = three_batches(settings, folder)
    lose_database(settings)
    other = make_jpeg(tmp_path / "other" / "A.jpg", seed=99)
    kept = state_path(settings.data, batch_ids[0]).parent
    kept.rename(tmp_path / "kept")
    with opened(settings) as controller:
        imported(controller, other.parent)
    (tmp_path / "kept").rename(kept)

    found = rebuild(settings.data)

    assert found.renumbered == 1
    with opened(settings) as controller:
        photo = controller.store.photo(1)
        assert photo is not None
        assert photo.path == str(other)
        assert controller.examine() == []
        assert {item.photo_id for item in controller.store.items(1)}.isdisjoint({1})
    assert len(finish(settings)) == 15


def test_a_later_import_keeps_the_ids_and_reads_the_facts_anew(settings: Settings, folder: Path) -> None:
    three_batches(settings, folder)
    with opened(settings) as controller:
        before = {photo.id: (photo.path, photo.width) for photo in controller.store.photos()}
    lose_database(settings)
    rebuild(settings.data)

    with opened(settings) as controller:
        imported(controller, folder)

        assert {photo.id: (photo.path, photo.width) for photo in controller.store.photos()} == before


def test_taking_in_again_changes_nothing(settings: Settings, folder: Path) -> None:
    batch_ids = three_batches(settings, folder)
    lose_database(settings)
    rebuild(settings.data)
    before = states(settings, *batch_ids)

    assert rebuild(settings.data).batch_ids == []
    assert states(settings, *batch_ids) == before


@pytest.mark.slow
def test_a_lost_batch_of_5000_photos_goes_on_to_the_same_outputs(settings: Settings, tmp_path: Path) -> None:
    photos = tmp_path / "many"
    seeds = [make_jpeg(tmp_path / f"seed{n}.jpg", seed=n) for n in range(20)]
    photos.mkdir()
    for number in range(5000):
        (photos / f"P{number:05}.jpg").hardlink_to(seeds[number % 20])
    with opened(settings) as controller:
        batch_id = controller.start_batch(imported(controller, photos))
        develop(controller, batch_id, photos=600)
        written(controller, batch_id)
    lose_database(settings)

    found = rebuild(settings.data)

    assert (found.batch_ids, found.photos, found.warnings) == ([batch_id], 5000, [])
    assert found.outputs_found > 500  # what was claimed and not begun went back
    outputs = finish(settings)
    assert len(outputs) == 5000
    reference = {outputs[f"{batch_id}/P{number:05}.jpg"] for number in range(20)}
    assert len(reference) == 20
    assert set(outputs.values()) == reference


# --- an older installation ----------------------------------------------------------------------------------


def test_an_older_file_is_taken_in_paused_with_what_it_says(settings: Settings) -> None:
    old_file(settings)

    with opened(settings) as controller:
        take_in_unknown(controller.store, settings)

        status = controller.status(OLD_ID)
        assert (status["status"], status["pause_reason"], status["session_id"]) == ("paused", "interrupted", 7)
        assert (status["processed_count"], status["failed_count"], status["remaining_count"]) == (1, 1, 2)
        assert status["created_at"] == "2025-11-08T10:00:00.123Z"
        assert controller.examine() == []


def test_ids_that_the_library_does_not_know_fail_as_source_missing(settings: Settings) -> None:
    old_file(settings)
    with opened(settings) as controller:
        take_in_unknown(controller.store, settings)
        controller.resume(OLD_ID)

        develop(controller, OLD_ID)

        items = controller.store.items(controller.store.batch(OLD_ID).no, status="failed")
        assert {item.photo_id: item.error_kind for item in items} == {
            102: "failed_before",
            103: "source_missing",
            104: "source_missing",
        }
        assert controller.store.batch(OLD_ID).status == "completed"


def test_photos_imported_later_do_not_get_ids_that_an_older_file_speaks_of(settings: Settings, jpegs: Jpegs) -> None:
    old_file(settings, photo_ids=[1, 2, 3, 4], processed_photo_ids=[], failed_photo_ids=[])
    with opened(settings) as controller:
        take_in_unknown(controller.store, settings)

        assert min(imported(controller, jpegs(2)[0].parent)) > 4


def test_photos_of_an_older_file_that_the_library_knows_are_developed(settings: Settings, jpegs: Jpegs) -> None:
    with opened(settings) as controller:
        ids = imported(controller, jpegs(3)[0].parent)
        config = {"preset": "default", "blend": 50}
        old_file(settings, photo_ids=ids, processed_photo_ids=ids[:1], failed_photo_ids=[], config=config)
        take_in_unknown(controller.store, settings)
        controller.resume(OLD_ID)

        develop(controller, OLD_ID)

        assert controller.store.batch(OLD_ID).processed == 3
        assert controller.examine() == []
    assert len(checksums(settings.data / "developed" / OLD_ID)) == 2


def test_an_older_file_is_kept_beside_the_new_one(settings: Settings) -> None:
    path = old_file(settings, mood="blue")
    was = path.read_bytes()

    rebuild(settings.data)

    assert path.with_name(f"{path.name}.original-1").read_bytes() == was
    assert read_state(path).own


def test_a_config_that_means_nothing_here_is_named(settings: Settings) -> None:
    old_file(settings, config={"preset": "default", "gpu": True})

    assert "gpu" in rebuild(settings.data).warnings[0]


def test_a_photo_that_failed_and_then_was_processed_counts_once(settings: Settings) -> None:
    old_file(settings, processed_photo_ids=[101, 101], failed_photo_ids=[101, 102, 102, 999], photo_ids=[101, 102, 101])

    rebuild(settings.data)

    state = states(settings, OLD_ID)[0]
    assert (state.photo_ids, state.processed_photo_ids, state.failed_photo_ids) == ((101, 102), (101,), (102,))


@pytest.mark.parametrize(
    ("status", "processed", "failed", "becomes"),
    [
        ("pending", [], [], "paused"),
        ("paused", [101], [], "paused"),
        ("completed", [101, 102, 103], [104], "completed"),
        ("completed", [], [101, 102, 103, 104], "failed"),
        ("completed", [101], [], "paused"),
        ("failed", [], [101, 102, 103, 104], "failed"),
        ("cancelled", [101], [], "cancelled"),
    ],
)
def test_every_state_of_an_older_file_becomes_one_that_holds_here(
    settings: Settings, status: str, processed: list[int], failed: list[int], becomes: str
) -> None:
    old_file(settings, status=status, processed_photo_ids=processed, failed_photo_ids=failed)

    rebuild(settings.data)

    assert states(settings, OLD_ID)[0].status == becomes
    with opened(settings) as controller:
        assert controller.examine() == []


# --- files that cannot be read ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1, 2]",
        b'{"batch_id": "batch_0123456789ab", "photo_ids": [1, 2',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"batch_id": "batch_0123456789ab", "photo_ids": [NaN], "status": "running"}',
        b'{"batch_id": "batch_0123456789ab", "photo_ids": [' + b"9" * 5000 + b'], "status": "running"}',
        b'{"batch_id": "batch_ffffffffffff", "photo_ids": [1], "status": "running"}',
        b'{"batch_id": "batch_0123456789ab", "photo_ids": [1], "status": "running", "junmai": {"preset": "x"}}',
    ],
    ids=["empty", "nothing", "list", "truncated", "not-text", "deep", "nan", "huge", "another-name", "own-without"],
)
def test_a_file_that_cannot_be_read_is_set_aside_and_hinders_nobody(settings: Settings, content: bytes) -> None:
    path = old_file(settings)
    other = old_file(settings, batch_id="batch_aaaaaaaaaaaa")
    path.write_bytes(content)

    found = rebuild(settings.data)

    assert found.batch_ids == [other.stem]
    assert [one.path.name for one in found.set_aside] == [f"{path.name}.unreadable-1"]
    assert found.set_aside[0].path.read_bytes() == content
    assert path.name in found.warnings[0]


@pytest.mark.parametrize(
    ("column", "value"),
    [("output_name", "../../evil.jpg"), ("status", "dreaming"), ("size", "big"), ("path", 5), ("attempt", -1)],
)
def test_a_photo_that_does_not_fit_makes_the_file_unreadable(
    settings: Settings, folder: Path, column: str, value: object
) -> None:
    three = three_batches(settings, folder)
    path = state_path(settings.data, three[0])
    given = json.loads(path.read_text(encoding="utf-8"))
    given["junmai"]["items"][2][given["junmai"]["columns"].index(column)] = value
    path.write_text(json.dumps(given), encoding="utf-8")
    lose_database(settings)

    found = rebuild(settings.data)

    assert [one.path.name for one in found.set_aside] == [f"{path.name}.unreadable-1"]
    assert column in found.set_aside[0].reason
    assert sorted(found.batch_ids) == three[1:]


def test_a_file_of_a_newer_junmai_is_left_as_it_is(settings: Settings) -> None:
    path = old_file(settings, junmai={"format": 2})
    was = path.read_bytes()

    found = rebuild(settings.data)

    assert "newer" in found.warnings[0]
    assert path.read_bytes() == was


MANY = int(os.environ.get("JUNMAI_TEST_IDS", "200000"))
"""Ids of the largest file; `make long` takes two million."""


@pytest.mark.slow
def test_a_file_of_very_many_ids_is_taken_in(settings: Settings) -> None:
    ids = list(range(1, MANY + 1))
    random.Random(1).shuffle(ids)
    old_file(settings, photo_ids=ids, processed_photo_ids=ids[: MANY // 2], failed_photo_ids=[], total_photos=len(ids))

    began = time.monotonic()
    found = rebuild(settings.data)
    print(f"{MANY:,} ids: {time.monotonic() - began:.1f} s")

    assert found.batch_ids == [OLD_ID]
    with BatchController(settings=settings) as controller:
        status = controller.status(OLD_ID)
        assert (status["total_photos"], status["processed_count"]) == (MANY, MANY // 2)
