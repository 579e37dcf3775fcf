"""Causes for which Junmai itself pauses a batch, and whether they are over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

from junmai import files
from junmai.config import Settings
from junmai.domain.lifecycle import PauseReason
from junmai.domain.model import Batch, Photo
from junmai.store.base import Store
from junmai.store.roots import lacking

MEMORY, PROCESSOR = "memory", "processor"
"""The detail of a pause because the machine is busy: which resource is short."""
ROOM_TO_GO_ON = 1.5
"""Times the limit must be free before a batch goes on, so that it does not stop and go at the limit."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a batch is to be paused; `detail` is the folder or the resource that it is about."""

    reason: PauseReason
    detail: str

    def sentence(self) -> str:
        """The cause as a half sentence for the user."""
        return sentence(self.reason, self.detail)


def disk_cause(batch: Batch, settings: Settings) -> Cause | None:
    """The disk of the outputs is nearly full."""
    free = files.free_bytes(Path(batch.folder))
    if free is not None and free < _least_free(batch, settings):
        return Cause(PauseReason.DISK_LOW, batch.folder)
    return None


def _least_free(batch: Batch, settings: Settings) -> int:
    """Bytes that must be free: what workers may write between two looks grows with the outputs of a photo."""
    return settings.low_disk_mb * 1_000_000 * len(batch.recipe.outputs)


def source_cause(photo: Photo) -> Cause | None:
    """Not only the photo is missing, but the whole folder that was imported: its disk is not connected."""
    return None if files.is_there(Path(photo.root)) else Cause(PauseReason.SOURCE_MISSING, photo.root)


def is_back(cause: Cause) -> bool:
    """Whether the folder that a cause is about can be used again."""
    folder = Path(cause.detail)
    return files.is_there(folder) if cause.reason is PauseReason.SOURCE_MISSING else files.takes_files(folder)


def output_cause(batch: Batch) -> Cause | None:
    """The output folder is gone, or takes no files any more."""
    return None if files.takes_files(Path(batch.folder)) else Cause(PauseReason.FAILURES, batch.folder)


def lasts(store: Store, batch: Batch, settings: Settings) -> bool:
    """Whether the cause of one of Junmai's own pauses is still there, for a user who wants to go on. A busy processor
    holds nobody back: the user knows what else the machine is doing."""
    detail = batch.pause_detail or ""
    if lacking(batch.folder) or lacking(detail):
        return False  # a machine that has the root sees it, and pauses again
    match batch.pause_reason:
        case PauseReason.DISK_LOW:
            free = files.free_bytes(Path(batch.folder))
            return free is not None and free < _least_free(batch, settings) * ROOM_TO_GO_ON
        case PauseReason.SOURCE_MISSING:
            return not files.is_there(Path(detail)) and store.waits_for_root(batch.no, detail)
        case PauseReason.FAILURES:
            return bool(detail) and not files.takes_files(Path(detail))
        case PauseReason.MACHINE_BUSY if detail == MEMORY:
            return (
                bool(settings.busy_memory_percent) and psutil.virtual_memory().percent >= settings.busy_memory_percent
            )
        case _:
            return False


def goes_on_by_itself(batch: Batch) -> bool:
    """Whether Junmai lifts the pause when its cause is over: those whose end it can see."""
    by_sight = (PauseReason.DISK_LOW, PauseReason.SOURCE_MISSING, PauseReason.MACHINE_BUSY)
    return batch.pause_reason in by_sight or (batch.pause_reason == PauseReason.FAILURES and bool(batch.pause_detail))


def sentence(reason: str | None, detail: str | None) -> str:
    """A cause as a half sentence."""
    match reason:
        case PauseReason.DISK_LOW:
            return f"the disk of {detail} is nearly full"
        case PauseReason.SOURCE_MISSING:
            return f"{detail} is not there (is its disk connected?)"
        case PauseReason.FAILURES if detail:
            return f"the output folder {detail} is gone or cannot be written to"
        case PauseReason.FAILURES:
            return "too many photos in a row failed"
        case PauseReason.INTERRUPTED:
            return "its process ended before it was done"
        case PauseReason.MACHINE_BUSY:
            return f"other programs need the {detail or 'machine'}"
        case _:
            return "it was asked to"
