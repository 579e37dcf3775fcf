"""State files follow by themselves whatever happens to a batch, and merge goes through the whole house."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from control.shoot import develop, imported, lose_database, opened
from junmai import BatchController, BatchState, errors
from junmai.config import Settings
from junmai.control import restoring
from junmai.control.backup import backup_now
from junmai.control.rebuild import rebuild
from junmai.control.statefile import read_state, state_path
from junmai.domain.lifecycle import BatchStatus
from running import checksums

Jpegs = Callable[..., list[Path]]


@pytest.fixture
def controller(settings: Settings) -> Iterator[BatchController]:
    with opened(settings) as one:
        yield one


@pytest.fixture
def ids(controller: BatchController, jpegs: Jpegs) -> list[int]:
    return imported(controller, jpegs(6)[0].parent)


def on_disk(settings: Settings, batch_id: str) -> BatchState:
    return read_state(state_path(settings.data, batch_id)).state


# --- written by themselves ----------------------------------------------------------------------------------


def test_every_command_on_a_small_batch_is_in_its_file_when_it_is_answered(
    controller: BatchController, ids: list[int]
) -> None:
    batch_id = controller.start_batch(ids)
    assert on_disk(controller.settings, batch_id).status == "running"
    for command, status in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        getattr(controller, f"{command}_batch")(batch_id)
        assert on_disk(controller.settings, batch_id).status == status


def test_priority_and_retry_are_in_the_file_as_well(controller: BatchController, ids: list[int]) -> None:
    batch_id = controller.start_batch(ids)
    controller.set_priority(batch_id, 9)
    path = state_path(controller.settings.data, batch_id)
    assert json.loads(path.read_text())["junmai"]["priority"] == 9
    for photo_id in ids:
        controller.update_batch_progress(batch_id, photo_id, success=False)
    controller.retry_failed(batch_id)
    assert on_disk(controller.settings, batch_id).failed_photo_ids == ()


def test_what_a_runner_did_is_in_the_file_when_the_controller_is_closed(settings: Settings, jpegs: Jpegs) -> None:
    with opened(settings) as controller:
        batch_id = controller.start_batch(imported(controller, jpegs(4)[0].parent))
        develop(controller, batch_id)
        said = controller.state(batch_id)

    state = on_disk(settings, batch_id)
    assert state == said
    assert (state.status, state.processed_count) == (BatchStatus.COMPLETED, 4)


def test_progress_that_was_not_written_in_time_is_caught_up_by_the_next_runner(
    settings: Settings, jpegs: Jpegs
) -> None:
    with opened(settings) as controller:
        ids = imported(controller, jpegs(4)[0].parent)
        other = controller.start_batch(ids[:1])
        batch_id = controller.start_batch(ids)
    state_path(settings.data, other).unlink()  # as if its process had died before it wrote

    with opened(settings) as controller:
        controller.runner(controller.store.batch(batch_id), workers=1)
        assert controller.catch_up()
        assert on_disk(settings, other).status == "running"


def test_cleanup_takes_the_file_with_the_batch(controller: BatchController, ids: list[int]) -> None:
    batch_id = controller.start_batch(ids)
    controller.cancel(batch_id)

    controller.cleanup_completed_batches(0)

    assert not state_path(controller.settings.data, batch_id).exists()
    with opened(controller.settings) as another:
        assert another.taken_in.batch_ids == []
        assert another.get_all_batches() == []


# --- taken in by themselves ---------------------------------------------------------------------------------


def test_opening_takes_in_what_only_state_files_tell_of(settings: Settings, jpegs: Jpegs) -> None:
    with opened(settings) as controller:
        batch_id = controller.start_batch(imported(controller, jpegs(4)[0].parent))
        develop(controller, batch_id, photos=2)
    before = checksums(settings.data / "developed")
    lose_database(settings)

    with opened(settings) as controller:
        assert controller.taken_in.batch_ids == [batch_id]
        assert controller.resume_batch(batch_id)
        develop(controller, batch_id)
        assert controller.examine(read_outputs=True) == []
        assert controller.status(batch_id)["processed_count"] == 4
    assert before.items() <= checksums(settings.data / "developed").items()


def test_batches_made_after_a_backup_come_back_from_their_files_after_its_restore(
    settings: Settings, jpegs: Jpegs
) -> None:
    with opened(settings) as controller:
        ids = imported(controller, jpegs(4)[0].parent)
        early = controller.start_batch(ids[:2])
        made = backup_now(controller.store, settings, controller.store.clock)
        late = controller.start_batch(ids[2:])
        controller.pause(early)
        develop(controller, late)
    restoring.restore(settings, made.path)

    with opened(settings) as controller:
        assert controller.taken_in.batch_ids == [late]
        assert controller.status(late)["status"] == "completed"
        assert controller.status(early)["status"] == "running"
        controller.pause(early)
    assert on_disk(settings, early).status == "paused"


# --- merge --------------------------------------------------------------------------------------------------


def test_merged_batches_are_developed_to_the_same_pictures_as_each_alone(
    controller: BatchController, ids: list[int]
) -> None:
    alone = controller.start_batch(ids)
    develop(controller, alone)
    first, second = controller.start_batch(ids[:3]), controller.start_batch(ids[2:])
    develop(controller, second, photos=2)

    answer = controller.merge_batches([first, second])
    develop(controller, first)

    assert answer == {"batch_id": first, "photo_count": 6, "merged_batch_ids": [second]}
    assert controller.status(first)["status"] == "completed"
    assert controller.status(second)["status"] == "cancelled"
    assert controller.examine(read_outputs=True) == []
    folder = controller.settings.data / "developed"
    outputs = checksums(folder / first) | checksums(folder / second)
    assert sorted(outputs.values()) == sorted(checksums(folder / alone).values())


def test_a_merged_batch_comes_back_whole_from_its_state_file(settings: Settings, jpegs: Jpegs) -> None:
    with opened(settings) as controller:
        ids = imported(controller, jpegs(5)[0].parent)
        first, second = controller.start_batch(ids[:3]), controller.start_batch(ids[2:])
        develop(controller, second, photos=2)
        controller.merge_batches([first, second])
        before = controller.state(first)
    lose_database(settings)

    found = rebuild(settings.data)

    assert (found.outputs_missing, found.warnings) == (0, [])
    with opened(settings) as controller:
        after = controller.state(first)
        assert replace(after, status=before.status, paused_at=None) == before
        folders = {item.folder for item in controller.store.items(controller.store.batch(first).no, status="processed")}
        assert folders == {str(settings.data / "developed" / second)}
        controller.resume(first)
        develop(controller, first)
        assert controller.examine(read_outputs=True) == []


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"preset": "classic-black-and-white"}, "preset, settings, settings_from"),
        ({"output": {"quality": 50}}, "output.quality"),
        ({"settings": {"Exposure2012": 1.0}}, "settings"),
    ],
)
def test_batches_with_other_options_are_refused_and_what_differs_is_named(
    controller: BatchController, ids: list[int], config: dict[str, object], named: str
) -> None:
    first, second = controller.start_batch(ids[:3]), controller.start_batch(ids[3:], config=config)

    with pytest.raises(errors.OptionsDiffer, match=f"their {named} differ"):
        controller.merge_batches([first, second])

    assert controller.status(second)["status"] == "running"


def test_batches_into_folders_of_the_user_merge_only_where_it_is_the_same_one(
    controller: BatchController, ids: list[int], tmp_path: Path
) -> None:
    def into(name: str) -> dict[str, object]:
        return {"output": {"folder": str(tmp_path / name)}}

    first = controller.start_batch(ids[:2], config=into("a"))
    same = controller.start_batch(ids[2:4], config=into("a"))
    other = controller.start_batch(ids[4:], config=into("b"))

    assert controller.merge_batches([first, same])["photo_count"] == 4
    with pytest.raises(errors.OptionsDiffer, match=r"output\.folder"):
        controller.merge_batches([first, other])


@pytest.mark.parametrize("given", [[], ["batch_000000000001"], "batch_000000000001", [1, 2], ["a", "a"]])
def test_what_is_no_list_of_two_batches_is_refused(controller: BatchController, given: list[str]) -> None:
    with pytest.raises(errors.BadInput):
        controller.merge_batches(given)
