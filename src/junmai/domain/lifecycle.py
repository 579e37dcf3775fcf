"""The state machine: every state, and in one table every edge with its verb.

Nothing else decides what may follow what. The database repeats the table in a trigger (a test holds the two
together) and the diagram in the docs is generated from it by `mermaid`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BatchStatus(StrEnum):
    """Where a batch stands."""

    PENDING = "pending"
    """Still being written; nobody claims from it. Removed at start-up when its writer died."""
    RUNNING = "running"
    """Sealed; its photos are claimed whenever a runner is there."""
    PAUSED = "paused"
    """Nothing is claimed. It has an owner (`PauseReason`); photos in hand finish and settle."""
    COMPLETED = "completed"
    """Every photo reached its end, at least one of them well (or there was nothing to fail)."""
    FAILED = "failed"
    """Every photo reached its end, none was processed or skipped, and at least one failed."""
    CANCELLED = "cancelled"
    """The user gave it up. What was developed stays; pending photos count as cancelled at once."""


class ItemStatus(StrEnum):
    """Where one photo of one batch stands."""

    PENDING = "pending"
    """Waits to be claimed; not before `ready_at`."""
    RUNNING = "running"
    """Held by one attempt of one runner."""
    STAGED = "staged"
    """A whole temporary file with known size and SHA-256 lies beside the final name."""
    PROCESSED = "processed"
    """The output stands at its final name, whole."""
    FAILED = "failed"
    """Ended with an error kind and a message."""
    SKIPPED = "skipped"
    """The right output stood there already."""
    CANCELLED = "cancelled"
    """Its batch was cancelled before it began."""


class PauseReason(StrEnum):
    """Who or what paused a batch. All but `USER` are Junmai's own, and may be lifted by it."""

    USER = "user"
    INTERRUPTED = "interrupted"
    DISK_LOW = "disk_low"
    FAILURES = "failures"
    MACHINE_BUSY = "machine_busy"
    SOURCE_MISSING = "source_missing"


@dataclass(frozen=True, slots=True)
class Edge:
    """One verb and the states that it leads from and to."""

    verb: str
    sources: tuple[str, ...]
    target: str
    meaning: str


_B = BatchStatus
_I = ItemStatus

BATCH_EDGES: tuple[Edge, ...] = (
    Edge("seal", (_B.PENDING,), _B.RUNNING, "every item is written"),
    Edge("pause", (_B.RUNNING,), _B.PAUSED, "no claim from here on"),
    Edge("resume", (_B.PAUSED,), _B.RUNNING, "claims go on"),
    Edge("complete", (_B.RUNNING,), _B.COMPLETED, "the last item reached its end"),
    Edge("fail", (_B.RUNNING,), _B.FAILED, "every item failed"),
    Edge("cancel", (_B.PENDING, _B.RUNNING, _B.PAUSED), _B.CANCELLED, "given up"),
    Edge("retry_failed", (_B.COMPLETED, _B.FAILED), _B.RUNNING, "a new generation of its failed items"),
)

ITEM_EDGES: tuple[Edge, ...] = (
    Edge("skip", (_I.PENDING,), _I.SKIPPED, "the right output stands there already"),
    Edge("claim", (_I.PENDING,), _I.RUNNING, "a new attempt holds it"),
    Edge("stage", (_I.RUNNING,), _I.STAGED, "a whole temporary file is recorded"),
    Edge("settle", (_I.STAGED,), _I.PROCESSED, "the file has its final name"),
    Edge("settle_external", (_I.RUNNING,), _I.PROCESSED, "something outside developed it"),
    Edge("fail", (_I.RUNNING, _I.STAGED), _I.FAILED, "an error that does not pass"),
    Edge("give_back", (_I.RUNNING, _I.STAGED), _I.PENDING, "retry, or its runner was lost"),
    Edge("cancel", (_I.PENDING,), _I.CANCELLED, "its batch was cancelled"),
    Edge("retry_failed", (_I.FAILED,), _I.PENDING, "the user wants another generation"),
)

UNFINISHED = (_B.PENDING, _B.RUNNING, _B.PAUSED)
ENDED = (_B.COMPLETED, _B.FAILED, _B.CANCELLED)
ITEM_ENDED = (_I.PROCESSED, _I.FAILED, _I.SKIPPED, _I.CANCELLED)

_BATCH_BY_VERB = {edge.verb: edge for edge in BATCH_EDGES}


def batch_may(status: str, verb: str) -> bool:
    """Whether a batch in that state may take that verb."""
    return status in _BATCH_BY_VERB[verb].sources


def steps(edges: tuple[Edge, ...]) -> frozenset[tuple[str, str]]:
    """Every (from, to) pair that the edges allow."""
    return frozenset((str(source), str(edge.target)) for edge in edges for source in edge.sources)


def outcome(*, processed: int, skipped: int, failed: int) -> BatchStatus:
    """How a batch ends whose every item reached its end."""
    return _B.FAILED if failed and not processed and not skipped else _B.COMPLETED


def mermaid(edges: tuple[Edge, ...]) -> str:
    """The edges as a Mermaid state diagram, for the docs."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {source} --> {edge.target}: {edge.verb}" for edge in edges for source in edge.sources]
    return "\n".join(lines)
