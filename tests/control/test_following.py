"""Nobody waits for what touches many rows: a cancel answers, a runner turns, and doctor sees a store at work."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import pytest

from conformance.world import World
from helpers import FakeClock
from junmai import BatchController
from junmai.config import Settings
from junmai.control.doctor import Finding, examine
from junmai.control.lookout import Lookout
from junmai.store import batches, outside, reopening
from junmai.store.sqlite import SqliteStore

CHUNK = 3


class HeldStore(SqliteStore):
    """A store whose rows follow one chunk for each that the test lets through."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.lets = threading.Semaphore(0)

    def follow_cancelled(self) -> bool:
        self.lets.acquire()
        return super().follow_cancelled()


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "CANCEL_CHUNK", CHUNK)
    monkeypatch.setattr(reopening, "REOPEN_CHUNK", CHUNK)
    monkeypatch.setattr(outside, "REMOVE_CHUNK", CHUNK)


# --- cancel -------------------------------------------------------------------------------------------------


def test_a_cancel_answers_before_its_rows_have_followed(settings: Settings) -> None:
    store = HeldStore(settings.database)
    controller = BatchController(settings=settings, store=store)
    batch = World(store).batch(10)
    assert controller.cancel_batch(batch.id)
    assert store.item_counts(batch.no) == {"pending": 10}
    assert [item.status for item in store.items(batch.no)] == ["cancelled"] * 10
    store.lets.release(10)
    controller.close()
    assert store.item_counts(batch.no) == {"cancelled": 10}


def test_what_an_end_does_not_wait_for_follows_with_the_next_opening(settings: Settings) -> None:
    store = HeldStore(settings.database)
    controller = BatchController(settings=settings, store=store)
    batch = World(store).batch(10)
    controller.cancel(batch.id)
    closing = threading.Thread(target=controller._follower.close, args=(0.0,))
    closing.start()
    while not controller._follower._stop.is_set():
        pass
    store.lets.release()  # it ends between two chunks, wherever it is
    closing.join()
    assert store.item_counts(batch.no)["pending"] >= 10 - CHUNK
    controller.close()
    BatchController(settings=settings).close()
    with BatchController(settings=settings) as again:
        assert again.store.item_counts(batch.no) == {"cancelled": 10}


def test_what_a_retry_left_follows_with_the_next_opening(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with BatchController(settings=settings) as controller:
        world = World(controller.store)
        batch, runner = world.batch(10), world.runner()
        world.fail(runner, world.claim(runner))
        with monkeypatch.context() as context:
            context.setattr(controller.store, "follow_reopened", lambda no=None: False)
            assert controller.retry_failed(batch.id) == 10
        assert world.now(batch).failed == 10 - CHUNK
        assert len(controller.state(batch.id).failed_photo_ids) == 10 - CHUNK
    BatchController(settings=settings).close()
    with BatchController(settings=settings) as again:
        assert again.store.batch(batch.id).failed == 0
        assert again.catch_up()
        assert again.state(batch.id).failed_photo_ids == ()


# --- the runner's turn --------------------------------------------------------------------------------------


def test_a_look_forgets_one_chunk_of_an_old_batch_and_no_more(settings: Settings, fake_clock: FakeClock) -> None:
    store = SqliteStore(settings.database, clock=fake_clock)
    world = World(store)
    batch, runner = world.batch(10, done=10), world.runner()
    assert world.now(batch).status == "completed"
    fake_clock.turn(8 * 86_400.0)
    lookout = Lookout(store, settings.model_copy(update={"cleanup_days": 7, "low_disk_mb": 0}), scope=None)
    left = [_rows(store, batch.no)]
    while store.find_batch(batch.no):
        lookout.look(runner)
        left.append(_rows(store, batch.no))
    assert len(left) > 7
    assert all(before - after <= CHUNK for before, after in itertools.pairwise(left))
    store.close()


def test_a_runner_lets_rows_of_a_retry_follow_whose_process_died(settings: Settings, fake_clock: FakeClock) -> None:
    store = SqliteStore(settings.database, clock=fake_clock)
    world = World(store)
    batch, runner = world.batch(10), world.runner()
    world.fail(runner, world.claim(runner))
    store._reopen(batch.id, "test", None)
    lookout = Lookout(store, settings.model_copy(update={"cleanup_days": 0, "low_disk_mb": 0}), scope=None)
    for _ in range(5):
        fake_clock.turn(2.0)
        lookout.look(runner)
    assert world.now(batch).failed == 0
    store.close()


def _rows(store: SqliteStore, no: int) -> int:
    return sum(store.item_counts(no).values()) + len(store.events(no=no))


# --- doctor -------------------------------------------------------------------------------------------------


def test_doctor_finds_no_fault_in_a_batch_that_gets_on_while_it_looks(settings: Settings) -> None:
    store = SqliteStore(settings.database)
    world = World(store)
    slow, lost = world.batch(4), world.batch(1, folder="/out/lost")
    runner = world.runner()
    world.develop(runner, world.claim(runner, scope=lost.no))
    found: list[Finding] = []
    for finding in examine(store, settings):  # the newest batch first, whose output is gone
        if finding.check == "output" and finding.batch_id == lost.id:
            world.develop(runner, world.claim(runner, limit=2, scope=slow.no))
        found.append(finding)
    assert [one.check for one in found if one.level == "error"] == []
    assert world.now(slow).processed == 2
    store.close()


def test_doctor_says_that_a_counter_is_wrong(settings: Settings) -> None:
    store = SqliteStore(settings.database)
    batch = World(store).batch(2, done=1)
    store._connection().execute("UPDATE batches SET failed = 1")
    found = [one for one in examine(store, settings) if one.check == "counters"]
    assert [(one.level, one.batch_id, one.message) for one in found] == [
        ("error", batch.id, "1 failed are counted, 0 are there.")
    ]
    store.close()


def test_doctor_leaves_a_batch_alone_that_is_being_forgotten(settings: Settings) -> None:
    store = SqliteStore(settings.database)
    batch = World(store).batch(10, done=10)
    for _ in range(7):
        store.remove_chunk(batch.no)
    assert store.item_counts(batch.no) != {"skipped": 10}
    assert [one for one in examine(store, settings) if one.level == "error"] == []
    store.close()
