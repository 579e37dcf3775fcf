"""Forgetting batches that have ended: rows, events and state files go, outputs never."""

from __future__ import annotations

from junmai import log as logs
from junmai.config import Settings
from junmai.control.statewriter import discard
from junmai.store.base import Store

log = logs.get("junmai.cleaning")

SECONDS_A_DAY = 86_400.0


def forget_old(store: Store, settings: Settings, days: float, *, but: int | None = None) -> int:
    """Forget every batch (but number `but`) whose end is so many days ago. Returns how many."""
    while store.follow_cancelled():
        pass
    before = store.clock.now() - days * SECONDS_A_DAY
    count = 0
    while True:
        old = [row for row in store.old_batches(before) if row["no"] != but]
        gone = sum(_forget(store, settings, row["no"], row["id"]) for row in old)
        count += gone
        if not gone:  # none is left, or each was taken back by retry-failed in this moment
            return count


def _forget(store: Store, settings: Settings, no: int, batch_id: str) -> bool:
    if not store.remove_batch(no):
        return False
    try:
        discard(settings.data, batch_id)
    except OSError as error:  # a lock that is held too long is one as well; the store knows the batch as forgotten
        log.warning("the state file of a forgotten batch is left", batch=batch_id, error=str(error))
    return True
