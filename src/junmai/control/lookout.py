"""What a runner looks at beside its work: the dead, what follows cancelled batches, causes of pauses, old batches."""

from __future__ import annotations

import contextlib

from junmai import errors
from junmai.config import Settings
from junmai.control import conditions, rooting
from junmai.control.cleaning import Forgetting
from junmai.control.following import follow
from junmai.control.machine import Machine, Watch
from junmai.control.recovery import finish_left_staged, live_runners, remove_unsealed, take_over_from_dead
from junmai.domain.lifecycle import BatchStatus, PauseReason
from junmai.domain.model import Batch
from junmai.store.base import Store
from junmai.store.roots import lacking

SWEEP_SECONDS = 1.0
"""How often the dead are looked for: their photos are taken over within twice that."""
CONDITION_SECONDS = 2.0
CLEANUP_SECONDS = 3600.0


class Lookout:
    """Looks around for one runner, each thing at its own interval."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        scope: int | None,
        machine: Machine | None = None,
        shared: bool = False,
    ) -> None:
        """`shared`: batches are developed by many machines. That this one is busy, or sees no folder that others see,
        holds its own claims (`held_for`), and pauses no batch."""
        self._store = store
        self._shared = shared
        self._short: conditions.Cause | None = None
        self._gone: conditions.Cause | None = None
        self._settings = settings
        self._scope = scope
        self._due = dict.fromkeys((self._sweep, self._causes, self._old), 0.0)
        self._watch = Watch(store, settings, machine)
        self._forgetting: Forgetting | None = None
        self._runner_no = 0
        self._held: set[int] = set()
        """Batches that wait for the machine, as far as this runner knows."""
        self._excused: set[int] = set()
        """Those that somebody resumed while it was busy: they know what else the machine is doing."""

    def look(self, runner_no: int) -> None:
        """Do what is due. Raises a `StoreError`; the next call goes on."""
        self._runner_no = runner_no
        now = self._store.clock.monotonic()
        for act, due in self._due.items():
            if now >= due:
                act()
                self._due[act] = now + _INTERVALS[act.__name__]
        if self._forgetting is not None and not self._forgetting.step():
            self._forgetting = None

    @property
    def held_for(self) -> conditions.Cause | None:
        """Why this machine is to take nothing new; None where it may."""
        return self._gone or self._short

    def pause(self, batch: Batch, cause: conditions.Cause) -> None:
        """Pause for a cause of Junmai's own; somebody who paused or cancelled first serves as well. A folder that this
        machine alone does not see is no cause for the others: one with a disk that was not mounted paused a batch of 12
        photos 38 times, and was named nowhere."""
        if self._shared and _is_of_a_folder(cause) and self._others_develop(batch):
            self._gone = cause
            return
        with contextlib.suppress(errors.WrongState):
            self._store.pause(batch.id, reason=cause.reason, by="junmai", detail=cause.detail or None)

    def _sweep(self) -> None:
        take_over_from_dead(self._store, self._settings, self._runner_no)
        finish_left_staged(self._store, self._runner_no)
        remove_unsealed(self._store, self._settings)
        follow(self._store)

    def _causes(self) -> None:
        busy = self._watch.look()
        if self._shared:
            self._hold(busy)
            busy = None
            if self._gone is not None and conditions.is_back(self._gone):
                self._gone = None
        if busy is None:
            self._held.clear()
            self._excused.clear()
        for batch in self._served():
            if lacking(batch.folder) or lacking(batch.pause_detail or ""):
                continue  # only a machine that has the root can see whether its disk is there
            if batch.status == BatchStatus.RUNNING:
                cause = conditions.disk_cause(batch, self._settings) or self._busy(batch, busy)
                if cause is not None:
                    self.pause(batch, cause)
            elif batch.status == BatchStatus.PAUSED and conditions.goes_on_by_itself(batch) and self._is_over(batch):
                with contextlib.suppress(errors.WrongState):
                    self._store.resume(batch.id, by="junmai", only_reason=PauseReason(str(batch.pause_reason)))

    def _hold(self, busy: conditions.Cause | None) -> None:
        if busy is not None:
            self._short = busy
        elif self._short is not None and self._watch.is_over(self._short.detail):
            self._short = None

    def _others_develop(self, batch: Batch) -> bool:
        found = live_runners(self._store, self._settings, serving=batch.no)
        others = [one for one in found if one.workers and one.no != self._runner_no]
        return bool(others) and not rooting.beyond(self._store.roots_of(batch.no), others)

    def _busy(self, batch: Batch, busy: conditions.Cause | None) -> conditions.Cause | None:
        if batch.no in self._held:
            self._excused.add(batch.no)
        if busy is None or batch.no in self._excused:
            return None
        self._held.add(batch.no)
        return busy

    def _is_over(self, batch: Batch) -> bool:
        if batch.pause_reason == PauseReason.MACHINE_BUSY:
            return self._shared or self._watch.is_over(batch.pause_detail or conditions.MEMORY)
        return not conditions.lasts(self._store, batch, self._settings)

    def _served(self) -> list[Batch]:
        if self._scope is not None:
            return [batch for batch in [self._store.find_batch(self._scope)] if batch is not None]
        return self._store.batches(status="running") + self._store.batches(status="paused")

    def _old(self) -> None:
        """Finished batches go by themselves after some days, a chunk at each look: one of 300,000 photos at once kept
        the runner from its work for 3.8 s."""
        days = self._settings.cleanup_days
        if days > 0 and self._forgetting is None:
            self._forgetting = Forgetting(self._store, self._settings, days, but=self._scope)


def _is_of_a_folder(cause: conditions.Cause) -> bool:
    return cause.reason in {PauseReason.SOURCE_MISSING, PauseReason.FAILURES} and bool(cause.detail)


_INTERVALS = {"_sweep": SWEEP_SECONDS, "_causes": CONDITION_SECONDS, "_old": CLEANUP_SECONDS}
