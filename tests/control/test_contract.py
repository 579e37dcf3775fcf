"""`BatchController` as the contract has it, point by point, and the mistakes of its first implementation."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from junmai import BatchController, errors
from junmai.control.importing import import_photos
from junmai.control.runner import Runner
from junmai.domain.lifecycle import PauseReason
from junmai.executors.inline import InlineExecutor
from junmai.library.selection import Selection

COUNT = 4


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[BatchController]:
    with BatchController(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def ids(controller: BatchController, tmp_path: Path) -> list[int]:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(COUNT):
        Image.new("RGB", (32, 24), (50 * number, 80, 100)).save(folder / f"IMG_{number}.jpg")
    imported = import_photos(controller, [folder], InlineExecutor())
    return [photo.id for photo in imported.photos]


def develop(controller: BatchController, batch_id: str) -> None:
    """Let a runner develop the batch to its end."""
    batch = controller.store.batch(batch_id)
    Runner(controller.store, InlineExecutor(), controller.settings, role="develop", scope=batch.no).run()


def kinds(controller: BatchController, batch_id: str) -> list[str]:
    return [event.type for event in controller.store.events(no=controller.store.batch(batch_id).no)]


# --- start --------------------------------------------------------------------------------------------------


def test_a_started_batch_is_running_with_or_without_a_runner(controller: BatchController, ids: list[int]) -> None:
    batch_id = controller.start_batch(ids)
    status = controller.get_batch_status(batch_id)
    assert status is not None
    assert (status["status"], status["total_photos"], status["processed_count"]) == ("running", COUNT, 0)
    assert len(batch_id) == len("batch_") + 12


def test_a_batch_started_by_id_writes_into_a_folder_of_its_own_in_the_data_folder(
    controller: BatchController, ids: list[int]
) -> None:
    batch_id = controller.start_batch(ids)
    develop(controller, batch_id)
    folder = controller.settings.data / "developed" / batch_id
    assert sorted(path.name for path in folder.iterdir()) == [f"IMG_{number}.jpg" for number in range(COUNT)]


@pytest.mark.parametrize("given", [[], None, (), "", "12"])
def test_an_empty_list_of_photos_is_refused_in_the_words_of_the_contract(
    controller: BatchController, given: list[int]
) -> None:
    with pytest.raises(errors.BadInput, match="photo_ids must be a non-empty list"):
        controller.start_batch(given)


def test_unknown_photos_are_refused_with_all_their_ids(controller: BatchController, ids: list[int]) -> None:
    with pytest.raises(errors.UnknownPhotos, match="998, 999"):
        controller.start_batch([*ids, 998, 999])
    assert controller.get_all_batches() == []


def test_double_photos_are_refused_with_their_ids(controller: BatchController, ids: list[int]) -> None:
    with pytest.raises(errors.DuplicatePhotos, match=str(ids[1])):
        controller.start_batch([*ids, ids[1]])
    assert controller.get_all_batches() == []


@pytest.mark.parametrize("wrong", ["7", 1.5, None, True, [1]])
def test_ids_of_a_wrong_type_are_refused_with_their_values(
    controller: BatchController, ids: list[int], wrong: object
) -> None:
    with pytest.raises(errors.BadInput) as refusal:
        controller.start_batch([*ids, wrong])  # type: ignore[list-item]
    assert repr(wrong) in refusal.value.message


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"presett": "default"}, "presett"),
        ({"preset": "no-such"}, "no-such"),
        ({"blend": 101}, "blend"),
        ({"blend": "much"}, "blend"),
        ({"settings": {"Exposure": 1}}, "Exposure2012"),
        ({"settings": {"Exposure2012": 9}}, "-5 to 5"),
        ({"output": {"colour": "red"}}, "colour"),
        ({"output": {"quality": "high"}}, "quality"),
        ({"output": {"folder": "relative"}}, "absolute"),
        ({"output": {"format": "bmp"}}, "format"),
        ({"output": []}, "output"),
        ({"output": {"size": 1}}, "long edge"),
        ({"output": {"size": 100, "long_edge": 200}}, "the same thing"),
    ],
)
def test_a_config_that_does_not_fit_is_refused_by_name_and_nothing_is_created(
    controller: BatchController, ids: list[int], config: dict[str, object], said: str
) -> None:
    with pytest.raises(errors.BadInput) as refusal:
        controller.start_batch(ids, config=config)
    assert said in refusal.value.message
    assert controller.get_all_batches() == []


def test_a_start_that_fails_midway_leaves_nothing(controller: BatchController, ids: list[int], tmp_path: Path) -> None:
    config = {"output": {"folder": str(tmp_path / "out")}}
    first = controller.start_batch(ids[:2], config=config)
    with pytest.raises(errors.OutputsTaken, match=first):
        controller.start_batch(list(reversed(ids)), config=config)
    assert [status["batch_id"] for status in controller.get_all_batches()] == [first]
    assert controller.store.unsealed() == []


def test_a_batch_id_may_be_given_and_is_checked(controller: BatchController, ids: list[int]) -> None:
    assert controller.start_batch(ids, batch_id="batch_0123456789ab") == "batch_0123456789ab"
    with pytest.raises(errors.BadInput):
        controller.start_batch(ids, batch_id="../../etc")


def test_preset_blend_and_settings_reach_every_photo(controller: BatchController, ids: list[int]) -> None:
    batch_id = controller.start_batch(
        ids, config={"preset": "classic-black-and-white", "settings": {"Exposure2012": 1}}
    )
    develop(controller, batch_id)
    folder = controller.settings.data / "developed" / batch_id
    for path in folder.iterdir():
        red, green, blue = Image.open(path).convert("RGB").getpixel((10, 10))  # type: ignore[misc]
        assert max(red, green, blue) - min(red, green, blue) <= 2


def test_the_size_of_an_output_is_its_long_edge(controller: BatchController, ids: list[int]) -> None:
    batch_id = controller.start_batch(ids[:1], config={"output": {"size": 16}})
    develop(controller, batch_id)
    (path,) = (controller.settings.data / "developed" / batch_id).iterdir()
    with Image.open(path) as picture:
        assert max(picture.size) == 16


def test_a_folder_is_picked_by_any_spelling_of_its_path(controller: BatchController, ids: list[int]) -> None:
    photo = controller.store.photo(ids[0])
    assert photo is not None
    folder = Path(photo.path).parent
    odd = folder.parent / "elsewhere" / ".." / folder.name
    batch_id = controller.start_selection(Selection(folder=str(odd)))
    assert controller.status(batch_id)["total_photos"] == len(ids)


def test_batches_that_two_threads_start_first_are_all_there(controller: BatchController, ids: list[int]) -> None:
    for _ in range(10):
        with BatchController(settings=controller.settings) as fresh, ThreadPoolExecutor(4) as pool:
            begun = [pool.submit(fresh.start_batch, ids) for _ in range(4)]
            batch_ids = [one.result() for one in begun]
            fresh.recover_interrupted_batches()
            assert {fresh.status(batch_id)["total_photos"] for batch_id in batch_ids} == {len(ids)}


def test_photos_are_picked_by_a_selection(controller: BatchController, ids: list[int]) -> None:
    controller.store.add_to_collection("best", ids[:2])
    batch_id = controller.start_selection(Selection.of(collection="best"))
    assert controller.status(batch_id)["total_photos"] == 2
    with pytest.raises(errors.UnknownCollection):
        controller.start_selection(Selection.of(collection="worst"))
    with pytest.raises(errors.NothingToDevelop):
        controller.start_selection(Selection.of(first="1999-01-01", last="1999-12-31"))
    with pytest.raises(errors.BadInput):
        controller.start_selection(Selection.of())


# --- pause, resume, cancel ----------------------------------------------------------------------------------


def test_pause_resume_and_cancel_say_whether_they_did(controller: BatchController, ids: list[int]) -> None:
    batch_id = controller.start_batch(ids)
    assert controller.pause_batch(batch_id)
    assert not controller.pause_batch(batch_id)
    assert controller.resume_batch(batch_id)
    assert not controller.resume_batch(batch_id)
    assert controller.cancel_batch(batch_id)
    assert not controller.cancel_batch(batch_id)
    assert not controller.resume_batch(batch_id)


@pytest.mark.parametrize("batch_id", ["batch_ffffffffffff", "", "nonsense", "batch_'; DROP TABLE items; --"])
def test_an_unknown_batch_is_false_or_none_and_never_an_exception(controller: BatchController, batch_id: str) -> None:
    assert not controller.pause_batch(batch_id)
    assert not controller.resume_batch(batch_id)
    assert not controller.cancel_batch(batch_id)
    assert controller.get_batch_status(batch_id) is None


def test_resuming_with_nothing_left_ends_the_batch_at_once(controller: BatchController, ids: list[int]) -> None:
    batch_id = controller.start_batch(ids)
    controller.pause_batch(batch_id)
    for photo_id in ids:
        controller.update_batch_progress(batch_id, photo_id, True)
    assert controller.status(batch_id)["status"] == "paused"
    assert controller.resume_batch(batch_id)
    assert controller.status(batch_id)["status"] == "completed"


def test_started_at_is_kept_through_pause_and_resume(controller: BatchController, ids: list[int]) -> None:
    batch_id = controller.start_batch(ids)
    started = controller.status(batch_id)["started_at"]
    controller.pause_batch(batch_id)
    assert controller.status(batch_id)["paused_at"] is not None
    controller.resume_batch(batch_id)
    assert controller.status(batch_id)["started_at"] == started
    assert controller.status(batch_id)["paused_at"] is None


def test_a_late_result_after_a_cancel_changes_nothing(controller: BatchController, ids: list[int]) -> None:
    batch_id = controller.start_batch(ids)
    controller.cancel_batch(batch_id)
    before = controller.status(batch_id)
    assert not controller.update_batch_progress(batch_id, ids[0], True)
    assert controller.status(batch_id) == before
    assert before["cancelled_count"] == COUNT


def test_pauses_that_race_starts_always_hold(controller: BatchController, ids: list[int]) -> None:
    for photo_id in ids * 5:
        batch_id = controller.start_batch([photo_id])
        runner = Runner(
            controller.store,
            InlineExecutor(),
            controller.settings,
            role="develop",
            scope=controller.store.batch(batch_id).no,
        )
        thread = runner.start()
        paused = controller.pause_batch(batch_id)
        runner.stop()
        thread.join(30)
        events = kinds(controller, batch_id)
        if paused:
            assert "items_claimed" not in events[events.index("batch_paused") :]
        else:
            assert controller.status(batch_id)["status"] == "completed"


# --- progress from outside ----------------------------------------------------------------------------------


def test_a_second_word_on_a_photo_changes_nothing(controller: BatchController, ids: list[int]) -> None:
    batch_id = controller.start_batch(ids)
    assert controller.update_batch_progress(batch_id, ids[0], False, "too dark")
    assert not controller.update_batch_progress(batch_id, ids[0], True)
    assert not controller.update_batch_progress(batch_id, ids[0], False)
    status = controller.status(batch_id)
    assert (status["processed_count"], status["failed_count"], status["progress_percent"]) == (0, 1, 25.0)


def test_progress_on_a_photo_of_another_batch_is_refused(controller: BatchController, ids: list[int]) -> None:
    batch_id = controller.start_batch(ids[:1])
    with pytest.raises(errors.PhotoNotInBatch):
        controller.update_batch_progress(batch_id, ids[1], True)


def test_a_batch_whose_every_photo_failed_is_failed(controller: BatchController, ids: list[int]) -> None:
    batch_id = controller.start_batch(ids)
    for photo_id in ids:
        controller.update_batch_progress(batch_id, photo_id, False, "no")
    assert controller.status(batch_id)["status"] == "failed"


def test_a_batch_with_some_failures_is_completed_and_retry_takes_it_back(
    controller: BatchController, ids: list[int]
) -> None:
    batch_id = controller.start_batch(ids)
    for photo_id in ids:
        controller.update_batch_progress(batch_id, photo_id, photo_id != ids[0], "no")
    assert controller.status(batch_id)["status"] == "completed"
    assert controller.retry_failed(batch_id) == 1
    assert controller.status(batch_id)["status"] == "running"
    develop(controller, batch_id)
    status = controller.status(batch_id)
    assert (status["status"], status["processed_count"], status["failed_count"]) == ("completed", COUNT, 0)
    assert controller.examine() == []


def test_progress_from_many_threads_is_counted_once_each(controller: BatchController, ids: list[int]) -> None:
    batch_id = controller.start_batch(ids)
    threads = [
        threading.Thread(target=controller.update_batch_progress, args=(batch_id, photo_id, True))
        for photo_id in ids * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    status = controller.status(batch_id)
    assert (status["status"], status["processed_count"]) == ("completed", COUNT)
    assert controller.examine() == []


# --- recover, list, cleanup ---------------------------------------------------------------------------------


def test_recover_pauses_what_no_live_runner_serves(controller: BatchController, ids: list[int]) -> None:
    lonely = controller.start_batch(ids[:1])
    paused = controller.start_batch(ids[1:2])
    controller.pause_batch(paused)
    answer = controller.recover_interrupted_batches()
    assert (answer["recovered_count"], answer["failed_count"]) == (1, 0)
    assert str(answer["timestamp"]).endswith("Z")
    status = controller.status(lonely)
    assert (status["status"], status["pause_reason"]) == ("paused", "interrupted")
    assert controller.status(paused)["pause_reason"] == "user"


def test_listing_shows_every_batch_the_newest_first(controller: BatchController, ids: list[int]) -> None:
    made = [controller.start_batch([photo_id]) for photo_id in ids]
    assert [status["batch_id"] for status in controller.get_all_batches()] == list(reversed(made))


def test_cleanup_removes_ended_batches_and_keeps_outputs_and_unfinished_ones(
    controller: BatchController, ids: list[int]
) -> None:
    done = controller.start_batch(ids[:2])
    develop(controller, done)
    unfinished = controller.start_batch(ids[2:])
    assert controller.cleanup_completed_batches(7) == 0
    assert controller.cleanup_completed_batches(0) == 1
    assert [status["batch_id"] for status in controller.get_all_batches()] == [unfinished]
    assert len(list((controller.settings.data / "developed" / done).iterdir())) == 2
    assert controller.examine() == []


@pytest.mark.parametrize("days", [-1, -0.5, float("nan"), "7", None, True])
def test_cleanup_refuses_a_number_of_days_that_is_none(controller: BatchController, days: float) -> None:
    with pytest.raises(errors.BadInput):
        controller.cleanup_completed_batches(days)


def test_cleanup_works_after_a_restart(ids: list[int], controller: BatchController) -> None:
    batch_id = controller.start_batch(ids)
    controller.cancel_batch(batch_id)
    with BatchController(controller.settings.data) as again:
        assert again.cleanup_completed_batches(0) == 1
        assert again.get_batch_status(batch_id) is None


def test_opening_a_controller_changes_no_batch(ids: list[int], controller: BatchController) -> None:
    batch_id = controller.start_batch(ids)
    before = controller.status(batch_id)
    with BatchController(controller.settings.data) as again:
        assert again.status(batch_id) == before


@pytest.mark.parametrize("priority", [0, 11, "5", True, 5.5, None])
def test_a_priority_that_is_none_is_refused(controller: BatchController, ids: list[int], priority: int) -> None:
    batch_id = controller.start_batch(ids)
    with pytest.raises(errors.BadInput, match="1 to 10"):
        controller.set_priority(batch_id, priority)
    assert controller.status(batch_id)["priority"] == 5


def test_a_folder_that_was_renamed_and_imported_anew_holds_its_batch_back_no_longer(
    controller: BatchController, ids: list[int], tmp_path: Path
) -> None:
    batch_id = controller.start_batch(ids)
    old = tmp_path / "photos"
    controller.store.pause(batch_id, reason=PauseReason.SOURCE_MISSING, by="junmai", detail=str(old))
    old.rename(tmp_path / "renamed")
    with pytest.raises(errors.CauseLasts):
        controller.resume(batch_id)

    import_photos(controller, [tmp_path / "renamed"], InlineExecutor())

    assert controller.resume(batch_id).status == "running"
    develop(controller, batch_id)
    assert controller.status(batch_id)["processed_count"] == COUNT


# --- the first implementation's other faults, and the letter of the contract ---------------------------------


def test_listing_and_looking_wait_for_nobody_who_writes(controller: BatchController, ids: list[int]) -> None:
    batch_id = controller.start_batch(ids)
    answers: list[object] = []

    def look() -> None:
        answers.extend([controller.get_all_batches(), controller.get_batch_status(batch_id), controller.latest().id])

    with controller.store.write():  # somebody is in the midst of a transaction, and stays there
        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        thread.join(20)
        assert len(answers) == 3, "looking waited for a writer"


def test_a_failure_told_twice_and_then_a_success_count_once(controller: BatchController, ids: list[int]) -> None:
    batch_id = controller.start_batch(ids[:2])
    for success in (False, False, True):
        controller.update_batch_progress(batch_id, ids[0], success)
    status = controller.status(batch_id)
    assert (status["processed_count"], status["failed_count"], status["remaining_count"]) == (0, 1, 1)
    assert controller.state(batch_id).failed_photo_ids == (ids[0],)


def test_a_batch_can_be_steered_while_another_controller_has_it_open(
    controller: BatchController, ids: list[int]
) -> None:
    batch_id = controller.start_batch(ids)
    with BatchController(controller.settings.data) as other:
        assert other.pause_batch(batch_id)
        assert not controller.pause_batch(batch_id)
        assert controller.resume_batch(batch_id)
        assert other.get_batch_status(batch_id) == controller.get_batch_status(batch_id)


def test_a_start_takes_its_own_id_only_once(controller: BatchController, ids: list[int]) -> None:
    controller.start_batch(ids[:1], batch_id="batch_00000000000a")
    with pytest.raises(errors.BadInput, match="batch_00000000000a"):
        controller.start_batch(ids[1:], batch_id="batch_00000000000a")
    assert len(controller.get_all_batches()) == 1


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("start_batch", "(photo_ids, session_id=None, config=None, batch_id=None)"),
        ("pause_batch", "(batch_id)"),
        ("resume_batch", "(batch_id)"),
        ("cancel_batch", "(batch_id)"),
        ("update_batch_progress", "(batch_id, photo_id, success, error_message=None)"),
        ("get_batch_status", "(batch_id)"),
        ("get_all_batches", "()"),
        ("recover_interrupted_batches", "()"),
        ("cleanup_completed_batches", "(days_old=7)"),
    ],
)
def test_every_method_takes_what_the_contract_says(controller: BatchController, method: str, parameters: str) -> None:
    given = inspect.signature(getattr(controller, method))
    plain = [one.replace(annotation=inspect.Parameter.empty) for one in given.parameters.values()]
    assert str(inspect.Signature(plain)) == parameters
