"""Processes that claim items."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunnerInfo:
    """A runner as the store has it; `scope_batch_no` None serves every batch."""

    no: int
    id: str
    host: str
    pid: int
    role: str
    scope_batch_no: int | None
    workers: int
    started_at: float
    ended_at: float | None
    version: str
    """Of Junmai and its engine; empty where it was not told."""
    roots: tuple[str, ...]
    """The named roots that its machine has."""
    leased: bool | None
    """Whether it gave a sign of life not long ago; None where its lock is all that tells."""
