"""Rows that follow behind a command: those of cancelled batches, and of re-opened ones whose process died meanwhile."""

from __future__ import annotations

import threading

from junmai import errors
from junmai import log as logs
from junmai.store.base import Store

log = logs.get("junmai.following")

WAIT_SECONDS = 2.0
"""How long an end waits for them: 300,000 rows take 2.4 s. Whoever opens the store next goes on."""


class Follower:
    """Lets rows follow in a thread of its own, chunk by chunk, until none is behind."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._again = False
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Rows are behind; returns at once."""
        with self._lock:
            self._again = True
            if self._thread is None:
                self._stop.clear()
                self._thread = threading.Thread(target=self._run, name="junmai-following", daemon=True)
                self._thread.start()

    def close(self, seconds: float = WAIT_SECONDS) -> None:
        """Wait for the rows so long, then end between two chunks."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(seconds)
            self._stop.set()
            thread.join()

    def _run(self) -> None:
        while self._goes_on():
            try:
                while not self._stop.is_set() and follow(self._store):
                    pass
            except errors.StoreError as error:
                log.warning("rows of a cancelled batch are left to follow later", error=error.message)

    def _goes_on(self) -> bool:
        with self._lock:
            goes_on = self._again and not self._stop.is_set()
            self._again = False
            if not goes_on:
                self._thread = None
            return goes_on


def follow(store: Store) -> bool:
    """Let one chunk of rows follow. Returns whether there may be more."""
    return store.follow_cancelled() or store.follow_reopened()
