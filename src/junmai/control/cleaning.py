"""Forgetting batches that have ended, and old events: rows, events and state files go, outputs never."""

from __future__ import annotations

from junmai import log as logs
from junmai.config import Settings
from junmai.control.following import follow
from junmai.control.statewriter import discard
from junmai.store.base import Store
from junmai.store.engine import Row
from junmai.store.outside import Removal

log = logs.get("junmai.cleaning")

SECONDS_A_DAY = 86_400.0


class Forgetting:
    """Forgets every batch (but number `but`) whose end is so many days ago, one short transaction at each step."""

    def __init__(self, store: Store, settings: Settings, days: float, *, but: int | None = None) -> None:
        self._store = store
        self._settings = settings
        self._before = store.clock.now() - days * SECONDS_A_DAY
        self._passed_over = {but}
        self._left: list[Row] = []
        self.count = 0
        """How many were forgotten."""

    def step(self) -> bool:
        """Do a little. Returns whether there may be more. Raises a `StoreError`; the next call goes on."""
        if follow(self._store):
            return True
        if not self._left:
            self._left = [row for row in self._store.old_batches(self._before) if row["no"] not in self._passed_over]
            if not self._left:
                return self._store.remove_old_events(self._before)
        row = self._left[0]
        removal = self._store.remove_chunk(row["no"])
        if removal is not Removal.MORE:
            self._left.pop(0)
            self._passed_over.add(row["no"])  # or taken back by retry-failed in this moment
        if removal is Removal.GONE:
            self.count += 1
            self._discard(row["id"])
        return True

    def _discard(self, batch_id: str) -> None:
        try:
            discard(self._settings.data, batch_id)
        except OSError as error:  # a lock held too long is one as well; the store knows the batch as forgotten
            log.warning("the state file of a forgotten batch is left", batch=batch_id, error=str(error))


def forget_old(store: Store, settings: Settings, days: float) -> int:
    """Forget every batch whose end is so many days ago. Returns how many."""
    forgetting = Forgetting(store, settings, days)
    while forgetting.step():
        pass
    return forgetting.count
