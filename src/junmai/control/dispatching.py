"""Offering items to workers elsewhere: a bounded window of messages, refilled from the store.

The one who offers claims nothing and develops nothing. It keeps a note of what it has offered; the note may be lost
with its process, and a message with its broker: both cost an offer made twice, or made again after a while.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from junmai import errors
from junmai import log as logs
from junmai.config import Settings
from junmai.control.backup import BackupKeeper
from junmai.control.lookout import Lookout
from junmai.control.presence import Presence
from junmai.control.recovery import live_runners
from junmai.domain.dispatch import Offer, ReadyBatch, queue_for
from junmai.domain.lifecycle import ENDED
from junmai.domain.runner import RunnerInfo
from junmai.store.base import Store

log = logs.get("junmai.dispatcher")

WORKER = "worker"
"""Role of a runner whose items are offered to it by messages."""
TURN_SECONDS = 0.05
LOOK_SECONDS = 1.0
"""How often the living workers are counted, and the messages in the queue."""
AGAIN_SECONDS = 30.0
"""An offer that nobody has taken after this time is made again: its message may be with a worker that is stuck."""
LOST_SECONDS = 3.0
"""The same where the queue is empty: workers claim what they get at once, so the message is gone."""
AWAY_SECONDS = 1.0
EACH_WORKER = 2
"""Offers for each worker process: one in hand, and one that it finds when that ends."""
MEASURED_SECONDS = 0.25
"""And beyond these what is claimed in so long: offers are made every 50 ms, and photos may take 1 ms."""
WINDOW_LIMIT = 2000
QUEUE_LIMIT = 4
"""So many windows may wait in the queue at the most: nobody takes them out, and more would only be more."""


def broker_of(settings: Settings) -> str:
    """The address of the broker. Raises `BadInput` where none is set."""
    if settings.broker is None:
        raise errors.BadInput(
            detail="Photos are to be offered to workers, and no broker is named: set JUNMAI_BROKER, or `broker` in "
            "config.toml, such as redis://server:6379/0."
        )
    return settings.broker


class Sender(Protocol):
    """What offers go through; `junmai.executors.celery.Broker` is one."""

    def send(self, offer: Offer, priority: int, queue: str) -> None:
        """Raises `BrokerAway`."""

    def depth(self, queue: str) -> int:
        """How many wait there. Raises `BrokerAway`."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(slots=True)
class _Made:
    at: float
    priority: int


class Dispatcher:
    """Offers the items of one batch (`scope`) or of all (None) until it is asked to stop, or that batch has ended.

    It is used like a `Runner`.
    """

    def __init__(self, store: Store, sender: Sender, settings: Settings, *, role: str, scope: int | None) -> None:
        self._store = store
        self._sender = sender
        self._settings = settings
        self._role = role
        self._scope = scope
        self._lookout = Lookout(store, settings, scope=scope, shared=True)
        self._keeper = BackupKeeper(store, settings)
        self._stopping = threading.Event()
        self._presence: Presence | None = None
        self._made: dict[str, dict[Offer, _Made]] = {}
        self._taken = 0
        self._per_second = 0.0
        self._looked_at = -math.inf
        self._workers: list[RunnerInfo] = []
        self._lacking: tuple[str, ...] = ()
        self._depths: dict[str, int] = {}
        """Of the queues that offers go to, when they were looked at last; others are looked at when they are needed."""
        self._away_until = 0.0
        self.error: BaseException | None = None

    # --- from outside -------------------------------------------------------------------------------------

    def start(self) -> threading.Thread:
        """Run in a thread of its own; what stops it unasked is kept in `error`."""
        self.enter()
        thread = threading.Thread(target=self._guarded_run, name="junmai-dispatcher", daemon=True)
        thread.start()
        return thread

    def enter(self) -> int:
        """Be among the living before the work begins; returns its number."""
        if self._presence is None:
            self._presence = Presence(self._store, self._settings, role=self._role, scope=self._scope, workers=0)
        return self._presence.no

    def stop(self, *, at_once: bool = False) -> None:
        """Offer nothing more. What was offered is claimed as long as its batch runs."""
        self._stopping.set()

    def run(self) -> None:
        """The loop, in the caller's thread."""
        no = self.enter()
        try:
            while not self._stopping.is_set() and not self._scope_has_ended():
                self._turn(no)
                self._stopping.wait(TURN_SECONDS)
        finally:
            self._keeper.close(at_once=True)
            self._sender.close()
            if self._presence is not None:
                self._presence.leave()

    @property
    def has_no_worker(self) -> bool:
        """Whether it has looked, and nobody was there to develop what it offers."""
        return self._looked_at > 0 and not self._workers

    @property
    def lacking(self) -> Sequence[str]:
        """The roots of a ready batch that no living worker has together; empty where there is no such batch."""
        return self._lacking

    def _guarded_run(self) -> None:
        try:
            self.run()
        except BaseException as error:
            log.exception("dispatcher stopped")
            self.error = error

    def _scope_has_ended(self) -> bool:
        if self._scope is None:
            return False
        try:
            status = self._store.batch_status(self._scope)
        except (errors.StoreUnavailable, errors.StoreBusy):
            return False
        return status is None or status in ENDED

    # --- the turn -----------------------------------------------------------------------------------------

    def _turn(self, no: int) -> None:
        try:
            self._lookout.look(no)
            self._keeper.maybe_backup()
            self._offer()
        except (errors.StoreUnavailable, errors.StoreBusy) as error:
            log.warning("the store does not answer; waiting", error=error.message)
            self._stopping.wait(AWAY_SECONDS)

    def _offer(self) -> None:
        now = self._store.clock.monotonic()
        if now < self._away_until:
            return
        try:
            self._look(now)
            self._refill(now)
        except errors.BrokerAway as error:
            log.warning("the broker does not answer; trying again", error=error.message)
            self._away_until = now + AWAY_SECONDS

    def _look(self, now: float) -> None:
        passed = now - self._looked_at
        if passed < LOOK_SECONDS:
            return
        self._per_second, self._taken, self._looked_at = self._taken / passed, 0, now
        self._workers = [one for one in live_runners(self._store, self._settings) if one.role == WORKER and one.workers]
        self._depths.clear()

    def _refill(self, now: float) -> None:
        ready = self._store.ready_batches(self._scope)
        self._made = {batch.id: self._made.get(batch.id, {}) for batch in ready}  # what stands is offered anew later
        self._lacking = ()
        offered: dict[frozenset[int], int] = {}
        for batch in ready:
            queue = queue_for(batch.roots)
            able = [one for one in self._workers if set(batch.roots) <= set(one.roots)]
            if not able:
                self._lacking = self._lacking or batch.roots
            if queue is None or not able:
                continue
            who, window = frozenset(one.no for one in able), self._window(able)
            # less those of batches as urgent or more that the same workers take: they do not keep an urgent one waiting
            room = window - sum(count for others, count in offered.items() if others & who)
            if room > 0 and self._depth(queue) <= QUEUE_LIMIT * window:
                offered[who] = offered.get(who, 0) + self._refill_from(batch, queue, room, now)
            elif offered.get(who, 0) >= window and len(able) == len(self._workers):
                return  # nothing is left for anybody

    def _depth(self, queue: str) -> int:
        if queue not in self._depths:
            self._depths[queue] = self._sender.depth(queue)
        return self._depths[queue]

    def _window(self, able: Sequence[RunnerInfo]) -> int:
        slots = sum(one.workers for one in able)
        return min(WINDOW_LIMIT, EACH_WORKER * slots + int(self._per_second * MEASURED_SECONDS))

    def _refill_from(self, batch: ReadyBatch, queue: str, room: int, now: float) -> int:
        """Returns how many offers of that batch are out."""
        made = self._made[batch.id]
        waiting = self._store.offers(batch, room + len(made))
        still = {offer: made[offer] for offer in waiting if offer in made}
        self._taken += len(made) - len(still)
        self._made[batch.id] = still
        for offer in waiting:
            before = still.get(offer)
            if before is not None and not self._is_to_be_made_again(before, batch, queue, now):
                continue
            if before is None and len(still) >= room:
                break
            self._sender.send(offer, batch.priority, queue)
            still[offer] = _Made(now, batch.priority)
        return len(still)

    def _is_to_be_made_again(self, made: _Made, batch: ReadyBatch, queue: str, now: float) -> bool:
        if batch.priority > made.priority:
            return True
        age = now - made.at
        return age > AGAIN_SECONDS or (not self._depth(queue) and self._looked_at > made.at + LOST_SECONDS)
