"""`BatchController`: every command over batches, for Python, for the command line and for the server alike."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import structlog

from junmai import config as configuration
from junmai import errors
from junmai.config import Settings
from junmai.control import conditions, doctor
from junmai.control.planning import Look, Order, Plan, make_plan, new_batch_id
from junmai.control.presence import SERVES_NOTHING, Presence
from junmai.control.recovery import live_runners, this_process
from junmai.control.runner import Runner
from junmai.control.status import status_object
from junmai.domain.lifecycle import PauseReason
from junmai.domain.model import Batch, OutputOptions, Photo
from junmai.domain.policy import workers_for
from junmai.executors.processes import ProcessExecutor
from junmai.store.base import Store
from junmai.store.sqlite import SqliteStore

log = structlog.get_logger("junmai.controller")

CONFIG_KEYS = ("preset", "blend", "settings", "output")
IDS_NAMED = 20
"""Ids that an error names at the most."""


class BatchController:
    """Opens the store in a data folder. It starts no work by itself; `runner` makes what does the work."""

    def __init__(
        self,
        data_dir: str | Path | None = None,
        *,
        settings: Settings | None = None,
        store: Store | None = None,
        by: str | None = None,
    ) -> None:
        """`by` is how this user of the store is named to the others. Raises a `StoreError`."""
        self.settings = settings or configuration.load(Path(data_dir) if data_dir is not None else None)
        self.store = store or SqliteStore(self.settings.database)
        self._by = by or this_process()
        self._presence: Presence | None = None

    def close(self) -> None:
        """Close the store; batches stay as they are."""
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

        Raises `BadInput` and its kinds for ids that are empty, double or unknown and for a `config` that does not
        fit; then nothing was created.
        """
        photos = self._photos(photo_ids)
        chosen = batch_id or new_batch_id()
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
        if self._presence is None:
            self._presence = Presence(self.store, self.settings, role="controller", scope=SERVES_NOTHING, workers=0)
        return self._presence.no

    def _photos(self, photo_ids: Sequence[int]) -> list[Photo]:
        if not photo_ids:
            raise errors.BadInput(detail="photo_ids must be a non-empty list")
        wrong = [value for value in photo_ids if isinstance(value, bool) or not isinstance(value, int)]
        if wrong:
            raise errors.BadInput(detail=f"photo_ids must be whole numbers; these are not: {_named(wrong)}")
        seen: set[int] = set()
        doubled = sorted({value for value in photo_ids if value in seen or seen.add(value)})  # type: ignore[func-returns-value]
        if doubled:
            raise errors.DuplicatePhotos(ids=_named(doubled))
        unknown = sorted(seen - self.store.known_photo_ids(photo_ids))
        if unknown:
            raise errors.UnknownPhotos(ids=_named(unknown))
        found = (self.store.photo(photo_id) for photo_id in photo_ids)
        return [photo for photo in found if photo is not None]

    # --- commands -----------------------------------------------------------------------------------------

    def pause(self, batch_id: str) -> Batch:
        """Pause as the user. Raises `UnknownBatch`, `WrongState`."""
        batch = self.store.pause(batch_id, reason=PauseReason.USER, by=self._by)
        log.info("paused", batch=batch_id, by=self._by)
        return batch

    def resume(self, batch_id: str) -> Batch:
        """Resume as the user. Raises `UnknownBatch`, `WrongState`, `CauseLasts`."""
        batch = self.store.batch(batch_id)
        if batch.pause_reason and conditions.lasts(batch, self.settings):
            cause = conditions.sentence(batch.pause_reason, batch.pause_detail)
            raise errors.CauseLasts(batch_id=batch_id, cause=cause)
        resumed = self.store.resume(batch_id, by=self._by)
        log.info("resumed", batch=batch_id, by=self._by)
        return resumed

    def cancel(self, batch_id: str) -> Batch:
        """Give a batch up; photos in hand finish. Raises `UnknownBatch`, `WrongState`."""
        batch = self.store.cancel(batch_id, by=self._by)
        if not live_runners(self.store, self.settings, serving=batch.no):
            while self.store.follow_cancelled():
                pass
        log.info("cancelled", batch=batch_id, by=self._by)
        return batch

    def set_priority(self, batch_id: str, priority: int) -> Batch:
        """1..10, 10 first. Raises `UnknownBatch`, `WrongState`, `BadInput`."""
        return self.store.set_priority(batch_id, priority, by=self._by)

    def retry_failed(self, batch_id: str, error_kind: str | None = None) -> int:
        """Queue failed photos again, of one kind or all; returns how many. Raises `UnknownBatch`, `WrongState`,
        `OutputsTaken`."""
        return self.store.retry_failed(batch_id, by=self._by, error_kind=error_kind)

    # --- showing ------------------------------------------------------------------------------------------

    def status(self, batch_id: str) -> dict[str, object]:
        """The status object. Raises `UnknownBatch`."""
        return status_object(self.store, self.store.batch(batch_id))

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
        """The live runners that develop this batch, each by role and process."""
        found = live_runners(self.store, self.settings, serving=batch.no)
        return [f"{runner.role}, process {runner.pid}" for runner in found]

    def executor(self, workers: int | None = None) -> ProcessExecutor:
        """Local worker processes: as many as asked for, as set, or as cores and free memory allow."""
        count = workers or self.settings.workers or workers_for(cores=_cores(), free_memory=_free_memory())
        return ProcessExecutor(
            count,
            job_seconds=self.settings.photo_seconds,
            memory_bytes=self.settings.worker_memory_mb * 1_000_000,
        )

    def runner(self, batch: Batch, *, workers: int | None = None) -> Runner:
        """A runner for one batch."""
        return Runner(self.store, self.executor(workers), self.settings, role="develop", scope=batch.no)


def order_from(given: Mapping[str, object]) -> Order:
    """The `config` of a batch as an order. Raises `BadInput` naming the key that does not fit."""
    _refuse_unknown("config", given, CONFIG_KEYS)
    output = given.get("output") or {}
    settings = given.get("settings") or {}
    if not isinstance(output, Mapping) or not isinstance(settings, Mapping):
        raise errors.BadInput(detail="config.output and config.settings must be objects.")
    known = [field.name for field in fields(OutputOptions)]
    _refuse_unknown("config.output", output, (*known, "folder"))
    look = Look(
        preset=_text(given, "preset", "default"),
        blend=_number(given, "blend", 100.0),
        settings={str(name): value for name, value in settings.items()},
    )
    folder = output.get("folder")
    if folder is not None and (not isinstance(folder, str) or not Path(folder).is_absolute()):
        raise errors.BadInput(detail="config.output.folder must be an absolute path.")
    options = OutputOptions(**{name: output[name] for name in known if name in output})
    return Order(look, options, Path(folder) if folder else None)


def _refuse_unknown(where: str, given: Mapping[str, object], known: Sequence[str]) -> None:
    unknown = sorted(str(key) for key in given if key not in known)
    if unknown:
        raise errors.BadInput(detail=f"{where} has unknown keys: {', '.join(unknown)}. Known: {', '.join(known)}.")


def _text(given: Mapping[str, object], key: str, default: str) -> str:
    value = given.get(key, default)
    if not isinstance(value, str):
        raise errors.BadInput(detail=f"config.{key} must be a text; it is {value!r}.")
    return value


def _number(given: Mapping[str, object], key: str, default: float) -> float:
    value = given.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise errors.BadInput(detail=f"config.{key} must be a number; it is {value!r}.")
    return float(value)


def _named(values: Sequence[object]) -> str:
    shown = ", ".join(str(value) for value in values[:IDS_NAMED])
    more = len(values) - IDS_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _free_memory() -> int:
    return int(psutil.virtual_memory().available)
