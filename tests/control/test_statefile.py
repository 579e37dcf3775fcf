"""State files: what they say, and that one at its name is always whole and never older than it was."""

from __future__ import annotations

import errno
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from control.shoot import develop, imported, opened, written
from junmai import BatchController, errors, files
from junmai.config import Settings
from junmai.control import statewriter
from junmai.control.rebuild import take_in_unknown
from junmai.control.statefile import BatchState, items_path, mark_of, read_items, read_state, state_path
from junmai.control.statewriter import StateWriter, state_of, write_state
from junmai.domain.lifecycle import BatchStatus, PauseReason

KEYS = {
    *("batch_id", "session_id", "photo_ids", "processed_photo_ids", "failed_photo_ids", "status", "created_at"),
    *("started_at", "paused_at", "completed_at", "total_photos", "processed_count", "failed_count", "config"),
    "task_ids",
}
OLD = {"batch_id": "batch_0123456789ab", "photo_ids": [1, 2, 3], "status": "running"}
HAMMER = """
import sys
from junmai import BatchController
from junmai.control.statewriter import StateWriter
from junmai.domain.lifecycle import PauseReason
from junmai.errors import WrongState
from pathlib import Path
with BatchController(Path(sys.argv[1])) as controller:
    store, batch_id = controller.store, sys.argv[2]
    no = store.batch(batch_id).no
    writer = StateWriter(store, controller.settings)
    for turn in range(int(sys.argv[3])):
        try:
            if turn % 2:
                store.resume(batch_id, by="test")
            else:
                store.pause(batch_id, reason=PauseReason.USER, by="test")
        except WrongState:
            pass
        writer.note(no)
        print(turn, flush=True)
    writer.close()
"""


@pytest.fixture
def controller(settings: Settings) -> Iterator[BatchController]:
    """A controller over an empty library."""
    with opened(settings) as one:
        yield one


@pytest.fixture
def batch_id(controller: BatchController, jpegs: Callable[..., list[Path]]) -> str:
    """A batch of five photos."""
    return controller.start_batch(imported(controller, jpegs(5)[0].parent))


def _path(controller: BatchController, batch_id: str) -> Path:
    return state_path(controller.settings.data, batch_id)


def _hammer(controller: BatchController, batch_id: str, turns: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", HAMMER, str(controller.settings.data), batch_id, str(turns)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


# --- what it says -------------------------------------------------------------------------------------------


def test_a_state_file_has_the_15_keys_and_one_of_its_own(controller: BatchController, batch_id: str) -> None:
    written(controller, batch_id)

    given = json.loads(_path(controller, batch_id).read_text(encoding="utf-8"))

    assert given.keys() == KEYS | {"junmai"}
    assert given["status"] == "running"
    assert given["created_at"].endswith("Z")


def test_what_is_read_is_what_the_store_says(controller: BatchController, batch_id: str) -> None:
    develop(controller, batch_id, photos=2)
    written(controller, batch_id)

    state = read_state(_path(controller, batch_id)).state

    assert state == state_of(controller.store, batch_id)
    assert len(state.processed_photo_ids) == state.processed_count == 2


def test_a_state_goes_through_json_and_back_unchanged(controller: BatchController, batch_id: str) -> None:
    state = state_of(controller.store, batch_id)

    assert BatchState.from_dict(json.loads(json.dumps(state.to_dict()))) == state
    assert state.to_dict().keys() == KEYS


def test_a_state_without_newer_keys_and_with_unknown_ones_is_read() -> None:
    state = BatchState.from_dict({**OLD, "mood": "blue"})

    assert (state.total_photos, state.processed_photo_ids, state.config) == (3, (), {})
    assert state.status is BatchStatus.RUNNING


def test_times_without_a_zone_are_utc_and_others_become_utc() -> None:
    times = {"created_at": "2025-11-08T10:00:00.123456", "started_at": "2025-11-08T10:00:00+02:00"}

    state = BatchState.from_dict({**OLD, **times})

    assert (state.created_at, state.started_at) == ("2025-11-08T10:00:00.123Z", "2025-11-08T08:00:00.000Z")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("batch_id", "../../etc"),
        ("photo_ids", []),
        ("photo_ids", [1, "2"]),
        ("photo_ids", [1, True]),
        ("photo_ids", [1, -2]),
        ("photo_ids", [10**30]),
        ("processed_photo_ids", "1,2"),
        ("failed_photo_ids", [None]),
        ("status", "asleep"),
        ("created_at", "yesterday"),
        ("started_at", 5),
        ("total_photos", -1),
        ("processed_count", 1.5),
        ("session_id", "one"),
        ("config", []),
        ("task_ids", [1]),
    ],
)
def test_a_key_that_does_not_fit_is_named(key: str, value: Any) -> None:
    with pytest.raises(errors.StateUnreadable, match=key):
        BatchState.from_dict({**OLD, key: value})


def test_a_state_cannot_be_changed(controller: BatchController, batch_id: str) -> None:
    with pytest.raises(AttributeError):
        state_of(controller.store, batch_id).status = BatchStatus.FAILED  # type: ignore[misc]


# --- when it is written -------------------------------------------------------------------------------------


def test_a_small_batch_is_written_when_the_command_is_answered(controller: BatchController, batch_id: str) -> None:
    writer = StateWriter(controller.store, controller.settings)
    controller.pause(batch_id)

    writer.note(controller.store.batch(batch_id).no)

    assert read_state(_path(controller, batch_id)).state.status is BatchStatus.PAUSED
    writer.close()


def test_a_large_batch_is_written_behind_the_command_in_two_files(
    controller: BatchController, batch_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statewriter, "INLINE_ITEMS", 3)
    writer = StateWriter(controller.store, controller.settings)

    writer.note(controller.store.batch(batch_id).no)
    assert writer.flush()
    writer.close()

    file = read_state(_path(controller, batch_id))
    assert "items" not in file.own
    assert [row["photo_id"] for row in read_items(file)] == list(file.state.photo_ids)
    assert mark_of(items_path(file.path)) == mark_of(file.path)


def test_progress_is_written_when_the_last_file_is_old_enough(
    controller: BatchController, batch_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statewriter, "PROGRESS_SECONDS", 0.3)
    writer = StateWriter(controller.store, controller.settings)
    no = controller.store.batch(batch_id).no
    writer.note(no)
    develop(controller, batch_id, photos=1)

    writer.progress(no)

    assert read_state(_path(controller, batch_id)).state.processed_count == 0
    deadline = time.monotonic() + 5
    while not read_state(_path(controller, batch_id)).state.processed_count and time.monotonic() < deadline:
        time.sleep(0.02)
    assert read_state(_path(controller, batch_id)).state.processed_count == 1
    writer.close()


def test_closing_writes_what_was_still_planned(controller: BatchController, batch_id: str) -> None:
    writer = StateWriter(controller.store, controller.settings)
    writer.progress(controller.store.batch(batch_id).no)

    writer.close()

    assert _path(controller, batch_id).exists()


def test_catching_up_writes_what_is_missing(controller: BatchController, batch_id: str) -> None:
    writer = StateWriter(controller.store, controller.settings)

    writer.catch_up()
    writer.close()

    assert read_state(_path(controller, batch_id)).state.batch_id == batch_id


# --- what may go wrong --------------------------------------------------------------------------------------


def test_a_full_disk_does_not_fail_the_command_and_is_tried_again(
    controller: BatchController, batch_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = StateWriter(controller.store, controller.settings)
    _path(controller, batch_id).unlink()

    def full(*_: object) -> bool:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(files, "write_whole_if", full)
        writer.note(controller.store.batch(batch_id).no)
        assert not _path(controller, batch_id).exists()

    assert writer.flush()
    assert _path(controller, batch_id).exists()
    writer.close()


def test_an_older_state_is_never_written_over_a_newer(
    controller: BatchController, batch_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    no = controller.store.batch(batch_id).no
    older = controller.store.batch_state(no, items_up_to=2000)
    controller.pause(batch_id)
    written(controller, batch_id)
    monkeypatch.setattr(controller.store, "batch_state", lambda *_, **__: older)

    write_state(controller.store, controller.settings.data, no)

    assert read_state(_path(controller, batch_id)).state.status is BatchStatus.PAUSED


def test_two_processes_only_ever_make_the_file_newer(controller: BatchController, batch_id: str) -> None:
    written(controller, batch_id)
    path = _path(controller, batch_id)
    both = [_hammer(controller, batch_id, 60) for _ in range(2)]
    newest = 0
    while any(process.poll() is None for process in both):
        mark = mark_of(path)
        assert mark is not None
        assert mark.sequence >= newest
        newest = mark.sequence
        read_state(path)
    for process in both:
        process.communicate()
        assert process.returncode == 0
    mark = mark_of(path)
    assert mark is not None
    assert mark.sequence == controller.store.newest_event(controller.store.batch(batch_id).no)


def test_a_process_killed_while_it_writes_leaves_a_whole_file(controller: BatchController, batch_id: str) -> None:
    written(controller, batch_id)
    path = _path(controller, batch_id)
    for _ in range(6):
        process = _hammer(controller, batch_id, 100_000)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(random.uniform(0.0, 0.05))
        process.kill()
        process.communicate()

        assert read_state(path).state.batch_id == batch_id
        assert mark_of(path) is not None


def test_a_batch_that_was_cleaned_up_does_not_come_back(controller: BatchController, batch_id: str) -> None:
    controller.cancel(batch_id)
    written(controller, batch_id)
    late = _path(controller, batch_id).read_bytes()
    controller.cleanup_completed_batches(0)
    assert not _path(controller, batch_id).exists()
    _path(controller, batch_id).write_bytes(late)  # as a process would that was about to rename it

    found = take_in_unknown(controller.store, controller.settings)

    assert found.batch_ids == []
    assert not _path(controller, batch_id).exists()


def test_a_writer_that_is_late_does_not_write_a_removed_batch(controller: BatchController, batch_id: str) -> None:
    writer = StateWriter(controller.store, controller.settings)
    no = controller.store.batch(batch_id).no
    controller.cancel(batch_id)
    controller.cleanup_completed_batches(0)

    writer.note(no)
    writer.close()

    assert not _path(controller, batch_id).exists()


def test_a_damaged_file_at_the_name_is_kept_beside_the_new_one(controller: BatchController, batch_id: str) -> None:
    path = _path(controller, batch_id)
    path.write_text('{"batch_id": "batch_')

    written(controller, batch_id)

    assert read_state(path).state.batch_id == batch_id
    assert path.with_name(f"{path.name}.unreadable-1").read_text() == '{"batch_id": "batch_'


def test_the_file_of_a_former_database_gives_way(controller: BatchController, batch_id: str) -> None:
    written(controller, batch_id)
    former = mark_of(_path(controller, batch_id))
    controller.store.pause(batch_id, reason=PauseReason.USER, by="test")
    controller.store.renew_store_id()

    written(controller, batch_id)

    assert former is not None
    assert mark_of(_path(controller, batch_id)) not in (None, former)
    assert read_state(_path(controller, batch_id)).state.status is BatchStatus.PAUSED
