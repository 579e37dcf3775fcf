"""The imports that run at the moment, and how far they are."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Running:
    """An import that runs: photos looked at so far, and how many there are; None while folders are still read."""

    folders: tuple[str, ...]
    looked_at: int = 0
    total: int | None = None


class Imports:
    """What imports tell of themselves, from their threads, for whoever asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._running: dict[int, Running] = {}

    @contextmanager
    def begun(self, folders: Sequence[str]) -> Iterator[Progress]:
        """Stands in the list as long as the block lasts; gives what is to be told how far it is."""
        with self._lock:
            number = next(self._numbers)
            self._running[number] = Running(tuple(folders))
        try:
            yield Progress(self, number)
        finally:
            with self._lock:
                del self._running[number]

    def tell(self, number: int, looked_at: int, total: int | None) -> None:
        """How far one of them is."""
        with self._lock:
            self._running[number] = replace(self._running[number], looked_at=looked_at, total=total)

    def all(self) -> list[Running]:
        """Those that run, the oldest first."""
        with self._lock:
            return list(self._running.values())


@dataclass(frozen=True, slots=True)
class Progress:
    """Tells how far one import is: what `import_photos` takes as `on_progress`."""

    _imports: Imports
    _number: int

    def __call__(self, looked_at: int, total: int | None) -> None:
        self._imports.tell(self._number, looked_at, total)
