"""What `junmai worker` does: a runner whose claims come from messages, and the consumer that brings them."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from junmai import errors
from junmai import log as logs
from junmai.clock import iso
from junmai.config import Settings
from junmai.control import conditions, rooting
from junmai.control.claiming import FromOffers
from junmai.control.controller import BatchController
from junmai.control.dispatching import WORKER, broker_of
from junmai.control.presence import VERSION
from junmai.control.recovery import live_runners
from junmai.control.runner import Runner
from junmai.domain.dispatch import QUEUE, HeldPhoto, queues_of
from junmai.domain.policy import AHEAD_LIMIT
from junmai.domain.runner import RunnerInfo
from junmai.executors.celery import Broker, Consumer
from junmai.store.base import Store

log = logs.get("junmai.working")

LOOK_SECONDS = 0.1
AGAIN_SECONDS = 2.0
BROKER_SECONDS = 10.0
"""So often a worker looks whether its broker can be used."""
CONSUMER_SECONDS = 10.0
"""How long Celery may take to end when nothing is in hand any more."""


class Work:
    """Develops what is offered, until it is asked to end."""

    def __init__(
        self,
        controller: BatchController,
        workers: int | None,
        *,
        events: bool = False,
        complain: Callable[[str], None] = lambda text: None,
    ) -> None:
        """`complain` is told when the broker cannot be used, and when it can be again. Raises `BadInput`,
        `ClusterNotInstalled`, and `VersionsDiffer` where workers of another version live."""
        store, settings = controller.store, controller.settings
        if settings.store is None:
            raise errors.BadInput(detail="a worker needs the store that the others have: set `store` as they do")
        executor = controller.executor(workers)
        self._source = FromOffers(store, executor.workers)
        self._consumer = Consumer(
            broker_of(settings),
            self._source.take,
            threads=executor.workers + AHEAD_LIMIT,
            queues=queues_of(store.roots.names),
            events=events,
        )
        check_version(store, settings)
        self._broker = BrokerWatch(broker_of(settings), complain)
        self._runner = Runner(store, executor, settings, role=WORKER, scope=None, source=self._source)
        self._complain = complain
        self._held_for: conditions.Cause | None = None
        self._asked = 0
        self.workers = executor.workers
        self.name = self._consumer.name

    def stop(self) -> str:
        """Once: finish the photos in hand. Twice: give them back. Only takes a note, for a signal handler; returns what
        to tell the user."""
        self._asked += 1
        if self._asked == 1:
            return "Finishing the photos in hand. Ctrl-C again gives them back at once."
        return "Giving back the photos in hand."

    def run(self, ready: Callable[[], None]) -> None:
        """Work until `stop`; `ready` is called when this worker is among the living. What ends it unasked is raised."""
        thread = self._runner.start()
        ready()
        self._consumer.want(self.workers)
        self._consumer.start()
        self._broker.start()
        again_at = 0.0
        while thread.is_alive() and not self._asked:
            time.sleep(LOOK_SECONDS)
            self._consumer.want(self._source.limit)
            self._say_if_held()
            if not self._consumer.is_alive and time.monotonic() > again_at:
                log.warning("the consumer has ended; another begins")
                again_at = time.monotonic() + AGAIN_SECONDS
                self._consumer.start()
        self._end(thread)
        if self._runner.error is not None:
            raise self._runner.error

    def _say_if_held(self) -> None:
        cause = self._runner.held_for
        if cause == self._held_for:
            return
        self._held_for = cause
        words = (
            "It goes on." if cause is None else f"Takes nothing new: {conditions.sentence(cause.reason, cause.detail)}."
        )
        log.warning("what this worker may take has changed", said=words)
        self._complain(words)

    def _end(self, thread: threading.Thread) -> None:
        self._broker.stop()
        self._consumer.stop()
        self._source.close()
        self._runner.stop(at_once=self._asked > 1)
        while thread.is_alive():
            thread.join(LOOK_SECONDS)
            if self._asked > 1:
                self._runner.stop(at_once=True)
        self._source.release()
        if not self._consumer.join(CONSUMER_SECONDS):
            log.warning("Celery did not end in time")


class BrokerWatch:
    """Says when the broker cannot be used, and when it can be again; Celery itself tries on in silence."""

    def __init__(self, url: str, complain: Callable[[str], None]) -> None:
        self._url = url
        self._complain = complain
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="junmai-broker", daemon=True)

    def start(self) -> None:
        """Look in a thread of its own: a broker may take seconds not to answer."""
        self._thread.start()

    def stop(self) -> None:
        """No more; the thread ends by itself."""
        self._end.set()

    def _run(self) -> None:
        broker, away = Broker(self._url), False
        while not self._end.is_set():
            try:
                broker.depth()
            except errors.BrokerAway as error:
                if not away:
                    log.warning("the broker cannot be used", code=error.code, error=error.message)
                    self._complain(error.message)
                away = True
            else:
                if away:
                    log.info("the broker can be used again")
                    self._complain("The broker can be used again.")
                away = False
            self._end.wait(BROKER_SECONDS)
        broker.close()


def check_version(store: Store, settings: Settings) -> None:
    """Raises `VersionsDiffer` where workers of another version live."""
    others = [one for one in _workers(store, settings) if one.version != VERSION]
    if others:
        named = ", ".join(f"process {one.pid} on {one.host}" for one in others)
        raise errors.VersionsDiffer(own=VERSION, other=others[0].version, workers=named)


def _workers(store: Store, settings: Settings) -> list[RunnerInfo]:
    return [one for one in live_runners(store, settings) if one.role == WORKER]


@dataclass(frozen=True, slots=True)
class AtWork:
    """A living runner and the photos that it has in hand."""

    runner: RunnerInfo
    photos: tuple[HeldPhoto, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """The broker's queues: how many offers wait in them, or why nobody knows."""

    depth: int | None
    error: str = ""


def at_work(store: Store, settings: Settings) -> list[AtWork]:
    """Everybody who develops, with what they hold."""
    held: dict[int, list[HeldPhoto]] = defaultdict(list)
    for photo in store.held_photos():
        held[photo.runner_no].append(photo)
    runners = [one for one in live_runners(store, settings) if one.scope_batch_no != 0]
    return [AtWork(one, tuple(held[one.no])) for one in runners]


def queue_of(store: Store, settings: Settings) -> Queue | None:
    """How long the queues are that living workers look into, together; None where no broker is set."""
    if settings.broker is None:
        return None
    try:
        broker = Broker(settings.broker)
    except errors.ClusterNotInstalled as error:
        return Queue(None, error.message)
    try:
        names = {QUEUE}.union(*(queues_of(one.roots) for one in _workers(store, settings)))
        return Queue(sum(map(broker.depth, sorted(names))))
    except errors.BrokerAway as error:
        return Queue(None, error.message)
    finally:
        broker.close()


def told(store: Store, settings: Settings) -> dict[str, object]:
    """All of it as JSON, with the batches that wait for roots; `queue_depth` and `queue_error` are null where no broker
    is set."""
    found, queue = at_work(store, settings), queue_of(store, settings)
    return {
        "workers": [_shown(one) for one in found],
        "queue_depth": queue.depth if queue else None,
        "queue_error": (queue.error or None) if queue else None,
        "waiting": [{"batch_id": batch.id, "roots": missing} for batch, missing in rooting.waiting(store, settings)],
    }


def _shown(one: AtWork) -> dict[str, object]:
    runner = one.runner
    return {
        "id": runner.id,
        "role": runner.role,
        "host": runner.host,
        "pid": runner.pid,
        "workers": runner.workers,
        "version": runner.version,
        "roots": list(runner.roots),
        "started_at": iso(runner.started_at),
        "photos": [
            {
                "photo_id": photo.photo_id,
                "file_name": Path(photo.path).name,
                "batch_id": photo.batch_id,
                "since": iso(photo.since),
            }
            for photo in one.photos
        ],
    }
