"""Decisions by numbers: when to try again, when to set a photo aside, how much to claim."""

from __future__ import annotations

from dataclasses import dataclass

DEATHS_TO_QUARANTINE = 2
"""A photo that two workers died on is set aside."""
RUNNER_DEATHS_TO_ISOLATE = 3
"""A photo in hand at three deaths of its runner is developed alone: it may be what takes the machine down."""
GROUP_SIZE = 32
"""Results that are settled in one transaction at the most."""
GROUP_SECONDS = 0.05
"""How long the first of a group waits for the others."""
AHEAD_SECONDS = 0.05
"""Measured work that may be claimed beyond the free workers, so that a pause acts on the next photo."""
AHEAD_LIMIT = 64
"""Items claimed ahead at the most, however quick they are."""
BYTES_PER_WORKER = 900 * 1024 * 1024
"""Memory that must be free for each worker: a 22 megapixel RAW peaks at about 650 MB."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Automatic retries with exponential backoff and jitter."""

    limit: int = 3
    base_seconds: float = 1.0
    ceiling_seconds: float = 300.0

    def allows(self, tries: int) -> bool:
        """Whether an item that has now seen `tries` errors is tried again."""
        return tries <= self.limit

    def delay(self, tries: int, randomness: float) -> float:
        """Seconds until the next try; `randomness` is 0..1 and spreads the wait over 50..150 %."""
        exponential = self.base_seconds * float(2 ** max(0, tries - 1))
        return min(self.ceiling_seconds, exponential) * (0.5 + randomness)


def claims_wanted(*, workers: int, in_hand: int, seconds_per_item: float | None) -> int:
    """How many items to claim now: the free workers, plus 50 ms of measured work."""
    ahead = 0
    if seconds_per_item is not None:
        per_second = workers / max(seconds_per_item, 1e-6)
        ahead = min(AHEAD_LIMIT, int(per_second * AHEAD_SECONDS))
    return max(0, workers + ahead - in_hand)


def workers_for(*, cores: int, free_memory: int) -> int:
    """How many workers a machine carries: one a core, each with room for a large RAW; at least one."""
    return max(1, min(cores, free_memory // BYTES_PER_WORKER))
