"""Where a runner's claims come from: the store as it stands, or offers that messages brought."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import Protocol

from junmai import errors
from junmai.domain.dispatch import Offer
from junmai.domain.model import Claim
from junmai.executors.celery import NotWanted
from junmai.store.base import Store

PATIENCE_SECONDS = 5.0
"""A worker that has got no message for so long looks into the store itself: the broker may be away or wiped, its
consumer may have stopped, and nobody may be there to send one."""
POLL_SECONDS = 0.5


class Source(Protocol):
    """Gives a runner its claims."""

    def claims(self, runner_no: int, limit: int) -> Sequence[Claim]:
        """Up to `limit` claims. Raises a `StoreError`; the next call goes on."""

    def hold(self, in_hand: Collection[Claim], limit: int) -> None:
        """What of them is still in hand, and how many there may be at once."""

    def close(self) -> None:
        """No more will be claimed."""


class FromStore:
    """Claims the most urgent items that are ready."""

    def __init__(self, store: Store, scope: int | None) -> None:
        self._store = store
        self._scope = scope

    def claims(self, runner_no: int, limit: int) -> Sequence[Claim]:
        """Up to `limit` claims of the scope."""
        return self._store.claim(runner_no, scope=self._scope, limit=limit)

    def hold(self, in_hand: Collection[Claim], limit: int) -> None:
        """Nobody waits for it."""

    def close(self) -> None:
        """Nothing to do."""


Key = tuple[int, int, int, bool]


def _key(claim: Claim) -> Key:
    return claim.batch_no, claim.position, claim.attempt, claim.measuring


class _Delivery:
    def __init__(self, offer: Offer) -> None:
        self.offer = offer
        self.wanted = True
        self.over = threading.Event()


class FromOffers:
    """Claims what messages offer; each message is answered when its item is out of hand."""

    def __init__(self, store: Store, workers: int) -> None:
        """`workers` is how many photos are developed at once."""
        self._store = store
        self._workers = workers
        self._lock = threading.Lock()
        self._new: list[_Delivery] = []
        self._held: dict[Key, _Delivery] = {}
        self._closed = False
        self._heard_at = store.clock.monotonic()
        self._polled_at = 0.0
        self.limit = 1
        """How many offers may be here at once, as the runner said last."""

    def take(self, offer: Offer) -> None:
        """In a thread of whoever got the message: wait until its item is out of hand. Raises `NotWanted`."""
        delivery = _Delivery(offer)
        with self._lock:
            if self._closed:
                raise NotWanted
            self._new.append(delivery)
            self._heard_at = self._store.clock.monotonic()
        delivery.over.wait()
        if not delivery.wanted:
            raise NotWanted

    def claims(self, runner_no: int, limit: int) -> Sequence[Claim]:
        """Claims of what was offered; where nothing was for some seconds, of whatever the store has ready."""
        with self._lock:
            taken = self._new[:limit]
        if not taken:
            return self._unasked(runner_no, limit)
        found = self._store.claim_offered(runner_no, [delivery.offer for delivery in taken])
        with self._lock:
            del self._new[: len(taken)]  # not before: an error above leaves them here for the next call
        claims = []
        for delivery in taken:
            claim = found.pop(delivery.offer, None)
            if claim is None:
                delivery.over.set()  # late, doubled, or of a batch that stands
            else:
                self._held[_key(claim)] = delivery
                claims.append(claim)
        if claims and self.limit > self._workers:
            claims += self._along(runner_no, limit - len(claims))
        return claims

    def _along(self, runner_no: int, limit: int) -> Sequence[Claim]:
        """Where photos are so quick that a runner claims ahead, a message is the slower part: what is ready is taken
        along with what was offered. Two workers with photos of no time: 46 a second without, 185 with it."""
        try:
            return self._store.claim(runner_no, scope=None, limit=limit)
        except (errors.StoreUnavailable, errors.StoreBusy):
            return ()  # what was claimed above is in hand, and must not be lost

    def hold(self, in_hand: Collection[Claim], limit: int) -> None:
        """Answer the messages of what is out of hand."""
        self.limit = limit
        still = {_key(claim) for claim in in_hand}
        for key in [one for one in self._held if one not in still]:
            self._held.pop(key).over.set()

    def close(self) -> None:
        """Send back what was offered and not claimed."""
        with self._lock:
            self._closed = True
            waiting, self._new = self._new, []
        for delivery in waiting:
            delivery.wanted = False
            delivery.over.set()

    def release(self) -> None:
        """The runner has ended: nothing is in hand any more."""
        self.close()
        self.hold((), self.limit)

    def _unasked(self, runner_no: int, limit: int) -> Sequence[Claim]:
        now = self._store.clock.monotonic()
        if now - self._heard_at < PATIENCE_SECONDS or now - self._polled_at < POLL_SECONDS:
            return ()
        found = self._store.claim(runner_no, scope=None, limit=limit)
        self._polled_at = 0.0 if found else now
        return found
