"""How fast a batch goes and when it will be done."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

WINDOW = 200
"""Photos that the rate looks back on: long enough to be calm, short enough to follow a change of light load."""


LEAST_ENDS = 4
LEAST_SECONDS = 2.0
"""Less says nothing: workers that begin together end together, and two ends in a burst look like 30,000 a second."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Photos a second and seconds left, with the bounds of the latter. None while too little is known."""

    photos_per_second: float | None
    eta_seconds: float | None
    eta_low_seconds: float | None
    eta_high_seconds: float | None


UNKNOWN = Pace(None, None, None, None)


def pace_of(ends: list[float], remaining: int) -> Pace:
    """Pace from the times (seconds) at which the latest photos ended, in rising order.

    The bounds come from the faster and the slower half of the window: a shoot's RAWs and JPEGs differ.
    """
    if len(ends) < LEAST_ENDS or ends[-1] - ends[0] < LEAST_SECONDS:
        return UNKNOWN
    rate = (len(ends) - 1) / (ends[-1] - ends[0])
    middle = len(ends) // 2
    halves = [
        (len(half) - 1) / (half[-1] - half[0])
        for half in (ends[: middle + 1], ends[middle:])
        if len(half) > 1 and half[-1] > half[0]
    ] or [rate]
    slow, fast = min([*halves, rate]), max([*halves, rate])
    return Pace(rate, remaining / rate, remaining / fast, remaining / slow)


class Meter:
    """Keeps the times of the latest ends and forgets idle spans (a pause, a closed lid)."""

    def __init__(self, window: int = WINDOW, idle_seconds: float = 120.0) -> None:
        self._ends: deque[float] = deque(maxlen=window)
        self._idle = idle_seconds

    def add(self, at: float) -> None:
        """A photo ended at that time."""
        if self._ends and not 0 <= at - self._ends[-1] <= self._idle:
            self._ends.clear()
        self._ends.append(at)

    def forget(self) -> None:
        """The batch stood still: what was measured before does not count."""
        self._ends.clear()

    def pace(self, remaining: int) -> Pace:
        """The pace now, with `remaining` photos to go."""
        return pace_of(list(self._ends), remaining)
