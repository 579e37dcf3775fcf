"""Pause, resume, cancel, priority and Ctrl-C, on a `develop` that runs in a process of its own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from junmai import BatchController
from junmai.demo.shoot import make_sample_shoot
from running import Develop, checksums, junmai, kill_group, start, wait_until

COUNT = 40
TEMPORARY = ".junmai-*"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("steered") / "shoot"
    make_sample_shoot(folder, count=COUNT)
    return folder


@pytest.fixture
def run(shoot: Path, tmp_path: Path, data: Path) -> Iterator[Develop]:
    """A `develop` that has ended its first photo."""
    started = Develop(start("develop", shoot, "--out", tmp_path / "out", "--json", "--workers", "2", data=data))
    assert started.wait_for_photo()
    yield started
    kill_group(started.process)
    started.close()


def test_a_pause_from_another_process_holds_and_a_resume_goes_on_to_the_end(
    run: Develop, data: Path, tmp_path: Path
) -> None:
    paused = junmai("pause", "--json", data=data)
    assert paused.summary["status"] == "paused"
    with BatchController(data) as controller:
        no = controller.latest().no
        assert wait_until(lambda: controller.store.in_hand_of(no) == 0)
        assert controller.latest().remaining > 0
        assert run.process.poll() is None  # it waits

        resumed = junmai("resume", "--json", data=data)
        assert resumed.summary["status"] == "running"
        ended = run.end()

        assert ended.code == 0, ended.err
        assert ended.summary["status"] == "completed"
        order = [event.type for event in controller.store.events(no=no, limit=10_000)]
        between = order[order.index("batch_paused") : order.index("batch_resumed")]
        assert "items_claimed" not in between
        assert len(checksums(tmp_path / "out")) == COUNT


def test_a_develop_paused_from_elsewhere_says_who_paused_it(run: Develop, data: Path) -> None:
    junmai("batch", "pause", data=data)
    junmai("batch", "resume", data=data)
    assert "Paused by junmai batch pause (process" in run.end().err


def test_a_cancel_from_another_process_ends_the_run_with_5_and_nothing_is_claimed_after_it(
    run: Develop, data: Path, tmp_path: Path
) -> None:
    cancelled = junmai("batch", "cancel", "--json", data=data)
    assert cancelled.summary["status"] == "cancelled"
    ended = run.end()
    assert ended.code == 5
    with BatchController(data) as controller:
        batch = controller.latest()
        order = [event.type for event in controller.store.events(no=batch.no, limit=10_000)]
        assert "items_claimed" not in order[order.index("batch_cancelled") :]
        assert set(controller.store.item_counts(batch.no)) == {"processed", "cancelled"}
        assert len(checksums(tmp_path / "out")) == batch.processed
        assert controller.examine() == []


def test_ctrl_c_finishes_the_photos_in_hand_and_pauses_and_the_same_command_goes_on(
    run: Develop, data: Path, shoot: Path, tmp_path: Path
) -> None:
    run.process.send_signal(signal.SIGINT)
    ended = run.end()
    assert ended.code == 4, ended.err
    assert ended.summary["status"] == "paused"
    assert list((tmp_path / "out").glob(TEMPORARY)) == []

    again = junmai("develop", shoot, "--out", tmp_path / "out", "--json", data=data)
    assert again.code == 0, again.err
    assert again.summary["batch_id"] == ended.summary["batch_id"]
    assert ended.summary["processed_count"] + again.summary["processed_count"] == COUNT


def test_a_second_ctrl_c_stops_at_once_and_leaves_nothing_half_written(
    run: Develop, data: Path, tmp_path: Path
) -> None:
    run.process.send_signal(signal.SIGINT)
    run.process.send_signal(signal.SIGINT)
    wait_until(lambda: run.process.poll() is not None, 0.3)
    run.process.send_signal(signal.SIGINT)
    ended = run.end()
    assert ended.code == 4, ended.err
    assert list((tmp_path / "out").glob(TEMPORARY)) == []
    with BatchController(data) as controller:
        batch = controller.latest()
        assert controller.store.in_hand_of(batch.no) == 0
        assert len(checksums(tmp_path / "out")) == batch.processed
    assert run.workers() == []


def test_resume_in_another_window_develops_a_batch_that_nobody_works_on(run: Develop, data: Path) -> None:
    kill_group(run.process)
    resumed = junmai("resume", "--json", data=data)
    assert resumed.code == 0, resumed.err
    assert resumed.summary["status"] == "completed"


def test_a_second_develop_of_the_same_command_watches_the_first(
    run: Develop, data: Path, shoot: Path, tmp_path: Path
) -> None:
    watching = junmai("develop", shoot, "--out", tmp_path / "out", "--json", data=data)
    first = run.end()
    assert (first.code, watching.code) == (0, 0), watching.err
    assert "being developed already" in watching.err
    assert watching.summary["batch_id"] == first.summary["batch_id"]
    with BatchController(data) as controller:
        assert len(controller.store.batches()) == 1


def test_a_watcher_takes_over_when_the_process_that_it_watches_is_killed(
    run: Develop, data: Path, shoot: Path, tmp_path: Path
) -> None:
    watcher = Develop(start("develop", shoot, "--out", tmp_path / "out", "--json", data=data))
    assert watcher.wait_for_photo()
    kill_group(run.process)
    ended = watcher.end()
    assert ended.code == 0, ended.err
    assert len(checksums(tmp_path / "out")) == COUNT


def test_an_unfinished_batch_keeps_its_names_from_another_one(
    run: Develop, data: Path, shoot: Path, tmp_path: Path
) -> None:
    other = junmai("develop", shoot, "--out", tmp_path / "out", "--preset", "warm-portrait", "--json", data=data)
    assert other.code == 2
    assert other.lines[-1]["code"] == "outputs_taken"
    with BatchController(data) as controller:
        assert controller.latest().id in other.lines[-1]["error"]
        assert len(controller.store.batches()) == 1


def test_the_priority_is_set_while_it_runs(run: Develop, data: Path) -> None:
    with BatchController(data) as controller:
        batch_id = controller.latest().id
    assert junmai("batch", "priority", batch_id, "9", "--json", data=data).summary["priority"] == 9
    assert junmai("batch", "priority", batch_id, "11", data=data).code == 2


def test_the_same_command_given_many_times_at_the_same_moment_makes_one_batch(
    data: Path, shoot: Path, tmp_path: Path
) -> None:
    command = ("develop", shoot, "--out", tmp_path / "out", "--json", "--workers", "1")
    twins = [Develop(start(*command, data=data)) for _ in range(4)]
    ends = [twin.end() for twin in twins]
    assert [ended.code for ended in ends] == [0] * 4, [ended.err for ended in ends]
    assert len(checksums(tmp_path / "out")) == COUNT
    with BatchController(data) as controller:
        (batch,) = controller.store.batches()
        assert batch.processed == COUNT
        assert len(controller.store.sessions()) == 2
        assert controller.examine(read_outputs=True) == []
