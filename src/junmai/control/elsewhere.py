"""State files of batches that other machines change: each machine has its own, and hears only what it does itself."""

from __future__ import annotations

import threading
from collections.abc import Callable

from junmai import errors
from junmai import log as logs
from junmai.store.base import Store

log = logs.get("junmai.elsewhere")

LOOK_SECONDS = 30.0
"""So often progress is looked for; a change of state is told by the store's news."""
PAUSE_SECONDS = 0.2
"""Between two looks: news come for each of a hundred pauses."""


class Elsewhere:
    """Looks at what happened to batches, in a thread of its own, where a store is shared by machines."""

    def __init__(self, store: Store, on_change: Callable[[int, bool], None]) -> None:
        """`on_change` is told of a batch by its number, and whether its state changed; it must not raise."""
        self._store = store
        self._on_change = on_change
        self._wake = threading.Event()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Look from here on. Nothing is done for a store of one machine: there all processes write the same files."""
        if self._thread is not None or self._store.lease_seconds is None:
            return
        self._thread = threading.Thread(target=self._run, name="junmai-elsewhere", daemon=True)
        self._thread.start()
        self._store.hear(self._wake.set)

    def close(self) -> None:
        """Look once more, and end the thread: a batch ends, and `develop` with it."""
        self._end.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        seen: int | None = None
        away = False
        while True:
            last = self._end.is_set()
            if last and away:  # at the end a server that is away is not waited for
                return
            try:
                seen, away = self._look(seen), False
            except errors.StoreError as error:
                away = True
                log.warning("what other machines do is looked for again later", error=error.message)
            if last:
                return
            self._end.wait(PAUSE_SECONDS)
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()

    def _look(self, seen: int | None) -> int:
        newest = self._store.last_event()
        if seen is not None and newest > seen:
            for no, of_state in self._store.changed_batches(seen, newest):
                self._on_change(no, of_state)
        return newest
