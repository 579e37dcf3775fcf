"""The status object of a batch: what clients of the contract read."""

from __future__ import annotations

from junmai.clock import iso
from junmai.domain.lifecycle import BatchStatus
from junmai.domain.model import Batch
from junmai.domain.progress import UNKNOWN, WINDOW, Pace, pace_of
from junmai.store.base import Store

IDLE_SECONDS = 120.0
"""A gap this long between two ends is a pause or a closed lid, and not counted as work."""


def status_object(store: Store, batch: Batch) -> dict[str, object]:
    """Every field that the contract names, timestamps in ISO 8601 UTC. Costs the same at any size of the batch."""
    pace = pace_now(store, batch)
    ended = batch.processed + batch.failed + batch.skipped
    cancelled = batch.total - ended if batch.status == BatchStatus.CANCELLED else 0
    return {
        "batch_id": batch.id,
        "session_id": batch.session_id,
        "status": batch.status,
        "total_photos": batch.total,
        "processed_count": batch.processed,
        "failed_count": batch.failed,
        "skipped_count": batch.skipped,
        "cancelled_count": cancelled,
        "remaining_count": batch.remaining,
        "progress_percent": round(100 * ended / batch.total, 2) if batch.total else 100.0,
        "created_at": iso(batch.created_at),
        "started_at": iso(batch.started_at),
        "paused_at": iso(batch.paused_at),
        "completed_at": iso(batch.completed_at),
        "priority": batch.priority,
        "photos_per_second": _rounded(pace.photos_per_second),
        "eta_seconds": _rounded(pace.eta_seconds),
        "eta_low_seconds": _rounded(pace.eta_low_seconds),
        "eta_high_seconds": _rounded(pace.eta_high_seconds),
        "pause_reason": batch.pause_reason,
        "matching": batch.matching,
        "measured_count": batch.measured,
        "preset": batch.preset,
        "config": batch.config,
    }


def pace_now(store: Store, batch: Batch) -> Pace:
    """How fast a running batch goes, from its latest ends."""
    if batch.status != BatchStatus.RUNNING:
        return UNKNOWN
    return pace_of(_since_last_gap(store.latest_ends(batch.no, WINDOW)), batch.remaining)


def _since_last_gap(ends: list[float]) -> list[float]:
    for index in range(len(ends) - 1, 0, -1):
        if not 0 <= ends[index] - ends[index - 1] <= IDLE_SECONDS:
            return ends[index:]
    return ends


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
