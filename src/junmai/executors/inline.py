"""Does each job in the runner's own process, one after the other: for tests and for very small machines."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from junmai.executors import work
from junmai.executors.base import Job, Outcome


class InlineExecutor:
    """One worker, which is the caller."""

    workers = 1

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, Job]] = deque()

    def start(self) -> None:
        """Nothing to get ready."""

    def submit(self, ticket: int, job: Job) -> None:
        """Take a job; it is done when the outcomes are asked for."""
        self._waiting.append((ticket, job))

    def wait(self, seconds: float) -> Sequence[Outcome]:
        """Do the next job."""
        if not self._waiting:
            return []
        return [work.do(*self._waiting.popleft())]

    def retract(self) -> list[int]:
        """Take back the jobs that were not begun."""
        tickets = [ticket for ticket, _ in self._waiting]
        self._waiting.clear()
        return tickets

    def stop(self, *, at_once: bool = False) -> None:
        """Forget what was not begun."""
        self._waiting.clear()
