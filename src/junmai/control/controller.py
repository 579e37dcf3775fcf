"""`BatchController`: every command over batches, for Python, for the command line and for the server alike."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from junmai import config as configuration
from junmai import errors
from junmai import log as logs
from junmai.clock import iso
from junmai.config import Settings
from junmai.control import cleaning, conditions, doctor, merging, picking, reverting
from junmai.control.dispatching import Dispatcher, broker_of
from junmai.control.elsewhere import Elsewhere
from junmai.control.following import Follower
from junmai.control.ordering import order_from
from junmai.control.planning import Plan, make_plan, new_batch_id
from junmai.control.presence import SERVES_NOTHING, Presence
from junmai.control.rebuild import TakenIn, take_in_unknown
from junmai.control.recovery import (
    finish_left_staged,
    live_runners,
    remove_unsealed,
    take_over_from_dead,
    this_process,
)
from junmai.control.reverting import Reverted
from junmai.control.runner import Runner
from junmai.control.statefile import BatchState
from junmai.control.statewriter import StateWriter, state_of
from junmai.control.status import status_object
from junmai.domain.lifecycle import BatchStatus, PauseReason
from junmai.domain.model import Batch
from junmai.domain.policy import workers_for
from junmai.executors.base import Executor
from junmai.executors.celery import Broker
from junmai.executors.processes import ProcessExecutor
from junmai.executors.worker import refuse_while_starting
from junmai.library.selection import Selection
from junmai.store.base import Store
from junmai.store.opening import open_store

log = logs.get("junmai.controller")

NO_LIMIT = 1 << 31
BATCH_ID = re.compile(r"batch_[0-9a-f]{12}")


class BatchController:
    """Opens the store in a data folder. It starts no work by itself; `runner` makes what does the work.

    Usable from many threads; any number of processes may open the same data folder. Opening changes no batch that
    the store knows; batches that only a state file tells of are taken in (`taken_in` says what came of it).
    """

    def __init__(
        self,
        data_dir: str | Path | None = None,
        *,
        settings: Settings | None = None,
        store: Store | None = None,
        by: str | None = None,
        state_files: bool = True,
    ) -> None:
        """`by` is how this user of the store is named to the others. A worker of many keeps no `state_files`: whoever
        gives commands does. Raises a `StoreError`, `ProgramNotGuarded`."""
        refuse_while_starting()
        self.settings = settings or configuration.load(Path(data_dir) if data_dir is not None else None)
        self.store = store or open_store(self.settings)
        self._by = by or this_process()
        self._presence: Presence | None = None
        self._entering = threading.Lock()
        self._states = StateWriter(self.store, self.settings)
        self._elsewhere = Elsewhere(self.store, self._states.heard_elsewhere)
        self._keeps_state_files = state_files
        if state_files:
            self.store.listen(self._states.heard)
        self.taken_in: TakenIn = take_in_unknown(self.store, self.settings)
        self._follower = Follower(self.store)
        if self.store.rows_are_behind():
            self._follower.begin()

    def close(self) -> None:
        """Bring the state files up to date and close the store; batches stay as they are. Rows of a cancelled batch
        are waited for up to 2 s; the next controller or runner goes on with them."""
        self._follower.close()
        self._elsewhere.close()
        self._states.close()
        if self._presence is not None:
            self._presence.leave()
            self._presence = None
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- making -------------------------------------------------------------------------------------------

    def start_batch(
        self,
        photo_ids: Sequence[int],
        session_id: int | None = None,
        config: Mapping[str, object] | None = None,
        batch_id: str | None = None,
    ) -> str:
        """Create a batch over photos of the library; it is running when this returns, runner or not.

        Raises `BadInput` and its kinds for ids that are empty, double or unknown, for a `config` that does not fit
        and for a `batch_id` that is taken; then nothing was created.
        """
        photos = picking.names_of(self.store, photo_ids)
        return self._start(photos, session_id, config, batch_id)

    def start_selection(self, selection: Selection, config: Mapping[str, object] | None = None) -> str:
        """Create a batch over the photos that a selection means. Raises `BadInput` where it means none."""
        if selection.is_empty:
            raise errors.BadInput(detail="Say what photos are meant: a session, a collection, dates, a folder, ...")
        photos = {photo.id: photo.file_name for photo in picking.selected(self.store, selection)}
        if not photos:
            raise errors.NothingToDevelop(where="the selection", reasons="")
        return self._start(photos, selection.session_id, config, None)

    def _start(
        self,
        photos: Mapping[int, str],
        session_id: int | None,
        config: Mapping[str, object] | None,
        batch_id: str | None,
    ) -> str:
        chosen = batch_id or new_batch_id()
        if not BATCH_ID.fullmatch(chosen):
            raise errors.BadInput(detail=f"A batch id is batch_ and 12 hexadecimal digits; this is {chosen!r}.")
        if session_id is not None and (isinstance(session_id, bool) or not isinstance(session_id, int)):
            raise errors.BadInput(detail=f"session_id must be a whole number; it is {session_id!r}.")
        order = order_from(config or {})
        if order.folder is None:
            order = replace(order, folder=self.settings.data / "developed" / chosen)
        plan = make_plan(self.store, photos, order, batch_id=chosen, session_id=session_id)
        return self.create(plan).id

    def create(self, plan: Plan) -> Batch:
        """Create a planned batch. Raises `OutputsTaken`."""
        batch = self.store.create_batch(plan.new, plan.folder_id, plan.items, writer_no=self._present())
        log.info("batch created", batch=batch.id, total=batch.total, skipped=batch.skipped, by=self._by)
        return batch

    def _present(self) -> int:
        with self._entering:  # two threads at once, and the batch of one would look like that of a dead writer
            if self._presence is None:
                self._presence = Presence(self.store, self.settings, role="controller", scope=SERVES_NOTHING, workers=0)
            return self._presence.no

    # --- commands -----------------------------------------------------------------------------------------

    def pause(self, batch_id: str) -> Batch:
        """Pause as the user. Raises `UnknownBatch`, `WrongState`."""
        batch = self.store.pause(batch_id, reason=PauseReason.USER, by=self._by)
        log.info("paused", batch=batch_id, by=self._by)
        return batch

    def resume(self, batch_id: str) -> Batch:
        """Resume as the user. Raises `UnknownBatch`, `WrongState`, `CauseLasts`."""
        batch = self.store.batch(batch_id)
        if batch.pause_reason and conditions.lasts(self.store, batch, self.settings):
            cause = conditions.sentence(batch.pause_reason, batch.pause_detail)
            raise errors.CauseLasts(batch_id=batch_id, cause=cause)
        resumed = self.store.resume(batch_id, by=self._by)
        log.info("resumed", batch=batch_id, by=self._by)
        return resumed

    def cancel(self, batch_id: str) -> Batch:
        """Give a batch up; photos in hand finish. Raises `UnknownBatch`, `WrongState`."""
        batch = self.store.cancel(batch_id, by=self._by)
        self._follower.begin()
        log.info("cancelled", batch=batch_id, by=self._by)
        return batch

    def set_priority(self, batch_id: str, priority: int) -> Batch:
        """1..10, 10 first. Raises `UnknownBatch`, `WrongState`, `BadInput`."""
        batch = self.store.set_priority(batch_id, priority, by=self._by)
        log.info("priority set", batch=batch_id, priority=priority, by=self._by)
        return batch

    def retry_failed(self, batch_id: str, error_kind: str | None = None) -> int:
        """Queue failed photos again, of one kind or all; returns how many. Raises `UnknownBatch`, `WrongState`,
        `OutputsTaken`."""
        count = self.store.retry_failed(batch_id, by=self._by, error_kind=error_kind)
        log.info("failed photos queued again", batch=batch_id, count=count, error_kind=error_kind, by=self._by)
        return count

    def revert(self, batch_id: str) -> Reverted:
        """Put back what stood where a batch wrote sidecars; what was changed since is left alone, and named in `left`.

        Raises `UnknownBatch`, and `WrongState` for a batch that has not ended.
        """
        found = reverting.revert(self.store, batch_id)
        log.info("sidecars reverted", batch=batch_id, left=len(found.left), by=self._by)
        return found

    def merge_batches(self, batch_ids: Sequence[str]) -> dict[str, object]:
        """Make one batch of several that are unfinished and have the same options; the first one stays.

        A photo in two of them is kept once, what is done stays done, the others become cancelled (`merged_into`).
        Returns `batch_id`, `photo_count` and `merged_batch_ids`. Raises `BadInput`, `UnknownBatch`, `OptionsDiffer`,
        `WrongState`, and `PhotosInHand` while a photo of one is in hand; then nothing was changed.
        """
        batch = merging.merge(self.store, self.settings.data, batch_ids, by=self._by)
        merged = list(batch_ids[1:])
        log.info("merged", batch=batch.id, merged=merged, total=batch.total, by=self._by)
        return {"batch_id": batch.id, "photo_count": batch.total, "merged_batch_ids": merged}

    # --- the contract, to the letter ----------------------------------------------------------------------

    def pause_batch(self, batch_id: str) -> bool:
        """Pause; False for an unknown batch or a wrong state."""
        return self._answered(lambda: self.pause(batch_id))

    def resume_batch(self, batch_id: str) -> bool:
        """Resume; False for an unknown batch or a wrong state."""
        return self._answered(lambda: self.resume(batch_id))

    def cancel_batch(self, batch_id: str) -> bool:
        """Cancel; False for an unknown batch or a wrong state."""
        return self._answered(lambda: self.cancel(batch_id))

    def update_batch_progress(
        self, batch_id: str, photo_id: int, success: bool, error_message: str | None = None
    ) -> bool:
        """Something outside ended a photo. A second word on it changes nothing; returns whether this one did.

        Raises `UnknownBatch` and `PhotoNotInBatch`.
        """
        message = None if success else (error_message or "It failed outside of Junmai.")
        return self.store.end_from_outside(batch_id, photo_id, error_message=message)

    def get_batch_status(self, batch_id: str) -> dict[str, object] | None:
        """The status object; None for an unknown batch."""
        try:
            return self.status(batch_id)
        except errors.UnknownBatch:
            return None

    def get_all_batches(self) -> list[dict[str, object]]:
        """The status objects of all batches, the newest first."""
        return [status_object(self.store, batch) for batch in doctor.all_batches(self.store)]

    def recover_interrupted_batches(self) -> dict[str, object]:
        """Pause (`interrupted`) every running batch that no live runner serves; resume goes on with it.

        Returns `recovered_count`, `failed_count`, `batch_ids` and `timestamp`.
        """
        remove_unsealed(self.store, self.settings)
        finish_left_staged(self.store, self._present())  # what an earlier call took over and could not finish
        take_over_from_dead(self.store, self.settings, self._present())
        recovered: list[str] = []
        failed = 0
        for batch in self.store.batches(status=BatchStatus.RUNNING, limit=NO_LIMIT):
            if live_runners(self.store, self.settings, serving=batch.no):
                continue
            try:
                self.store.pause(batch.id, reason=PauseReason.INTERRUPTED, by=self._by)
            except errors.WrongState:
                failed += 1  # somebody else paused, ended or cancelled it in this moment
            else:
                recovered.append(batch.id)
        timestamp = iso(self.store.clock.now())
        log.info("recovered", batches=recovered, by=self._by)
        return {
            "recovered_count": len(recovered),
            "failed_count": failed,
            "batch_ids": recovered,
            "timestamp": timestamp,
        }

    def cleanup_completed_batches(self, days_old: float = 7) -> int:
        """Remove ended batches whose end is so many days ago, with items and events, never an output.

        Returns how many. Raises `BadInput` for a negative number.
        """
        if isinstance(days_old, bool) or not isinstance(days_old, int | float) or not days_old >= 0:
            raise errors.BadInput(detail=f"days_old must be 0 or more; it is {days_old!r}.")
        count = cleaning.forget_old(self.store, self.settings, days_old)
        log.info("cleaned up", count=count, days_old=days_old, by=self._by)
        return count

    @staticmethod
    def _answered(act: Callable[[], object]) -> bool:
        try:
            act()
        except (errors.UnknownBatch, errors.WrongState, errors.CauseLasts):
            return False
        return True

    # --- showing ------------------------------------------------------------------------------------------

    def status(self, batch_id: str) -> dict[str, object]:
        """The status object. Raises `UnknownBatch`."""
        return status_object(self.store, self.store.batch(batch_id))

    def state(self, batch_id: str) -> BatchState:
        """What the state file of a batch says, as the store has it now. Raises `UnknownBatch`."""
        return state_of(self.store, batch_id)

    def catch_up(self, seconds: float = 60.0) -> bool:
        """Write every state file that is behind the store. Returns whether that was done within so many seconds."""
        self._states.catch_up()
        return self._states.flush(seconds)

    def keep_state_files(self) -> None:
        """From here on write also those of batches that other machines change; what is behind by now first. Returns at
        once."""
        if self._keeps_state_files:
            self._elsewhere.begin()
            self._states.catch_up_behind()

    def latest(self) -> Batch:
        """The newest batch. Raises `NoBatchYet`."""
        found = self.store.batches(limit=1)
        if not found:
            raise errors.NoBatchYet
        return found[0]

    def examine(self, *, read_outputs: bool = False) -> list[doctor.Finding]:
        """What `junmai doctor` finds."""
        return list(doctor.examine(self.store, self.settings, read_outputs=read_outputs))

    # --- working ------------------------------------------------------------------------------------------

    def served_by(self, batch: Batch) -> list[str]:
        """The live runners that develop this batch, each by role and process, and by its machine where that is
        another."""
        found = live_runners(self.store, self.settings, serving=batch.no)
        here = socket.gethostname()
        names = ((f"{one.role}, process {one.pid}", "" if one.host == here else f" on {one.host}") for one in found)
        return ["".join(parts) for parts in names]

    def executor(self, workers: int | None = None) -> ProcessExecutor:
        """Local worker processes: as many as asked for, as set, or as cores and free memory allow."""
        count = workers or self.settings.workers or workers_for(cores=_cores(), free_memory=_free_memory())
        return ProcessExecutor(
            count,
            job_seconds=self.settings.photo_seconds,
            memory_bytes=self.settings.worker_memory_mb * 1_000_000,
        )

    def runner(self, batch: Batch, *, workers: int | None = None) -> Runner:
        """A runner for one batch, with workers of its own."""
        return self.runner_with(self.executor(workers), batch)

    def runner_with(self, executor: Executor, batch: Batch) -> Runner:
        """A runner for one batch over an executor that is there already."""
        self.keep_state_files()
        return Runner(self.store, executor, self.settings, role="develop", scope=batch.no)

    def dispatcher(self, role: str, scope: int | None) -> Dispatcher:
        """Offers one batch or all of them to workers elsewhere. Raises `BadInput` where no broker is set."""
        self.keep_state_files()
        return Dispatcher(self.store, Broker(broker_of(self.settings)), self.settings, role=role, scope=scope)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _free_memory() -> int:
    return int(psutil.virtual_memory().available)
