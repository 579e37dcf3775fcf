"""Offers go where somebody has the roots of their batch, and to a queue of those who have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from conformance.world import World, a_photo
from helpers import FakeClock
from junmai.config import Settings
from junmai.control.dispatching import EACH_WORKER, WORKER, Dispatcher
from junmai.control.recovery import lock_path
from junmai.domain.dispatch import Offer, queue_for, queues_of
from junmai.domain.model import Batch
from junmai.locks import ProcessLock
from junmai.store.roots import Roots
from junmai.store.sqlite import SqliteStore

HERE = {"archive": "/mnt/nas", "scratch": "/scratch", "third": "/third"}


class Queues:
    """Takes offers, and nobody takes them out."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, offer: Offer, priority: int, queue: str) -> None:
        self.sent.append((queue, offer.batch_id))

    def depth(self, queue: str) -> int:
        return sum(1 for name, _ in self.sent if name == queue)

    def close(self) -> None:
        pass


class Offering:
    """A dispatcher over a store, taken turn by turn."""

    def __init__(self, settings: Settings, clock: FakeClock) -> None:
        self.settings = settings
        self.store = SqliteStore(settings.database, clock=clock, roots=Roots(HERE))
        self.world = World(self.store)
        self.queues = Queues()
        self.dispatcher = Dispatcher(self.store, self.queues, settings, role="test", scope=None)
        self._locks: list[ProcessLock] = []

    def worker(self, *roots: str, slots: int = 1) -> None:
        """A living worker with these roots."""
        name = f"worker-{len(self._locks)}"
        path = lock_path(self.settings, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = ProcessLock(path)
        assert lock.take()
        self._locks.append(lock)
        store = SqliteStore(
            self.settings.database, clock=self.store.clock, roots=Roots({one: HERE[one] for one in roots})
        )
        store.add_runner(name, host="here", pid=1, role=WORKER, scope=None, workers=slots)
        store.close()

    def batch(self, *folders: str, count: int = 20) -> Batch:
        """A batch with so many photos in each folder."""
        start = self.store.count_photos()
        paths = [f"{folder}/{number}.jpg" for number in range(start, start + count) for folder in folders]
        ids = self.store.save_photos((None, a_photo(number, path=path)) for number, path in enumerate(paths, start))
        return self.world.batch(photo_ids=ids)

    def offered(self) -> Counter[tuple[str, str]]:
        """What one turn sends, by queue and batch."""
        self.dispatcher._offer()
        return Counter(self.queues.sent)

    def close(self) -> None:
        for lock in self._locks:
            lock.release()
        self.store.close()


@pytest.fixture
def offering(tmp_path: Path, fake_clock: FakeClock) -> Iterator[Offering]:
    made = Offering(Settings(data=tmp_path), fake_clock)
    yield made
    made.close()


def test_queues_are_named_by_the_roots_in_their_order() -> None:
    assert [queue_for(roots) for roots in ((), ("b2",), ("b2", "a1"))] == ["junmai", "junmai.b2", "junmai.a1.b2"]
    assert queue_for(("a1", "b2", "c3")) is None


@pytest.mark.parametrize(("roots", "count"), [((), 1), (("archive",), 2), (("a1", "b2"), 4), (("a1", "b2", "c3"), 7)])
def test_a_worker_looks_into_the_queue_of_all_and_those_of_each_and_each_two_of_its_roots(
    roots: Sequence[str], count: int
) -> None:
    assert len(set(queues_of(roots))) == count
    assert {queue_for(()), *(queue_for((one,)) for one in roots)} <= set(queues_of(roots))


def test_a_batch_goes_to_the_queue_of_its_roots(offering: Offering) -> None:
    offering.worker("archive", "scratch", slots=30)
    free, one, two = offering.batch("/home"), offering.batch("/mnt/nas"), offering.batch("/mnt/nas", "/scratch")
    assert offering.offered().keys() == {
        ("junmai", free.id),
        ("junmai.archive", one.id),
        ("junmai.archive.scratch", two.id),
    }


def test_a_batch_that_no_living_worker_has_the_roots_of_is_not_offered(offering: Offering) -> None:
    offering.worker("scratch")
    offering.worker()
    offering.batch("/mnt/nas")
    assert offering.offered() == {}
    assert offering.dispatcher.lacking == ("archive",)


def test_roots_on_two_workers_do_not_add_up(offering: Offering) -> None:
    offering.worker("scratch")
    offering.worker("archive")
    offering.batch("/mnt/nas", "/scratch")
    assert offering.offered() == {}


def test_a_batch_of_three_roots_is_left_to_those_who_look_into_the_store(offering: Offering) -> None:
    offering.worker(*HERE)
    offering.batch("/mnt/nas", "/scratch", "/third")
    assert offering.offered() == {}
    assert offering.dispatcher.lacking == ()


def test_a_batch_for_one_worker_leaves_the_others_theirs(offering: Offering) -> None:
    offering.worker("archive")
    for _ in range(3):
        offering.worker()
    rooted, free = offering.batch("/mnt/nas"), offering.batch("/home")
    offered = offering.offered()
    assert offered["junmai.archive", rooted.id] == EACH_WORKER
    assert offered["junmai", free.id] == EACH_WORKER * 3


def test_batches_of_different_workers_do_not_wait_for_each_other(offering: Offering) -> None:
    offering.worker("archive")
    offering.worker("scratch")
    first, second = offering.batch("/mnt/nas"), offering.batch("/scratch")
    offered = offering.offered()
    assert offered["junmai.archive", first.id] == offered["junmai.scratch", second.id] == EACH_WORKER
