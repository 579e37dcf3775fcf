"""Batches over small real photos, developed as far as a test wants."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from junmai import BatchController
from junmai.config import Settings
from junmai.control.importing import import_photos
from junmai.control.runner import Runner
from junmai.control.statewriter import StateWriter
from junmai.executors.base import Job, Outcome
from junmai.executors.inline import InlineExecutor


class CountedExecutor(InlineExecutor):
    """Asks its runner to stop when so many jobs are done."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._left = limit
        self.runner: Runner | None = None

    def submit(self, ticket: int, job: Job) -> None:
        super().submit(ticket, job)
        self._left -= 1
        if self._left <= 0 and self.runner is not None:
            self.runner.stop()

    def wait(self, seconds: float) -> Sequence[Outcome]:
        return super().wait(0.0)


def opened(settings: Settings) -> BatchController:
    """A controller over these settings."""
    return BatchController(settings=settings)


def imported(controller: BatchController, folder: Path) -> list[int]:
    """The ids of the photos of a folder."""
    return [photo.id for photo in import_photos(controller, [folder], InlineExecutor()).photos]


def develop(controller: BatchController, batch_id: str, *, photos: int | None = None) -> None:
    """Develop a batch to its end, or so many photos of it."""
    batch = controller.store.batch(batch_id)
    executor = InlineExecutor() if photos is None else CountedExecutor(photos)
    settings = controller.settings.model_copy(update={"low_disk_mb": 0, "retry_base_seconds": 0.0})
    runner = Runner(controller.store, executor, settings, role="test", scope=batch.no)
    if isinstance(executor, CountedExecutor):
        executor.runner = runner
    runner.run()


def written(controller: BatchController, *batch_ids: str) -> None:
    """Write the state files of these batches."""
    writer = StateWriter(controller.store, controller.settings)
    for batch_id in batch_ids:
        writer.note(controller.store.batch(batch_id).no)
    writer.flush()
    writer.close()


def lose_database(settings: Settings) -> None:
    """The database is gone, and with it all that only it knew."""
    for path in settings.data.glob("junmai.db*"):
        path.unlink()
    shutil.rmtree(settings.runners, ignore_errors=True)
