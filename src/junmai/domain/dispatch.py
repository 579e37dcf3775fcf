"""What is told to workers of other processes and machines: which item to claim, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

BATCH_ID = re.compile(r"batch_[0-9a-f]{12}")
LARGEST = 1 << 62
QUEUE = "junmai"
MOST_ROOTS = 2
"""Batches that need more named roots are offered in no queue: each worker would have one for every combination."""


def queue_for(roots: Sequence[str]) -> str | None:
    """The queue for what needs these roots: `junmai`, `junmai.archive`, `junmai.archive.scratch`; None for more."""
    return ".".join([QUEUE, *sorted(roots)]) if len(roots) <= MOST_ROOTS else None


def queues_of(roots: Sequence[str]) -> list[str]:
    """The queues of a machine that has these named roots: the one for all, and one for each and for each two."""
    return [".".join([QUEUE, *some]) for count in range(MOST_ROOTS + 1) for some in combinations(sorted(roots), count)]


@dataclass(frozen=True, slots=True)
class Offer:
    """An item that may be claimed, and the number that this attempt will have.

    A hint: whoever takes it claims the item in the store first, and one that is late, doubled or of a batch that does
    not run claims nothing.
    """

    batch_id: str
    position: int
    attempt: int

    @classmethod
    def of(cls, said: Mapping[str, object]) -> Offer:
        """The offer that a message carries. Raises ValueError for one that is none."""
        batch_id, position, attempt = (said.get(name) for name in ("batch_id", "position", "attempt"))
        if set(said) != {"batch_id", "position", "attempt"}:
            raise ValueError(f"an offer has a batch, a position and an attempt, not {sorted(said)}")
        if not isinstance(batch_id, str) or not BATCH_ID.fullmatch(batch_id):
            raise ValueError(f"{batch_id!r} is no batch")
        if type(position) is not int or type(attempt) is not int:
            raise ValueError(f"position {position!r} and attempt {attempt!r} are no whole numbers")
        if not (0 <= position < LARGEST and 0 < attempt < LARGEST):
            raise ValueError(f"position {position} or attempt {attempt} is out of range")
        return cls(batch_id, position, attempt)


@dataclass(frozen=True, slots=True)
class ReadyBatch:
    """A running batch that has something to claim: photos to measure, or items to develop."""

    no: int
    id: str
    priority: int
    measuring: bool
    roots: tuple[str, ...] = ()
    """The named roots that it needs, sorted."""


@dataclass(frozen=True, slots=True)
class HeldPhoto:
    """A photo that a runner has in hand."""

    runner_no: int
    batch_id: str
    photo_id: int
    path: str
    since: float | None
