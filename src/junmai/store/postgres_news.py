"""News of other processes: PostgreSQL tells at once that a batch began, paused, went on or ended."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg

from junmai import errors
from junmai import log as logs
from junmai.store.postgres_pool import Connection

log = logs.get("junmai.store")

LOOK_SECONDS = 0.5
"""How often the thread looks whether it is to end."""
AGAIN_SECONDS = 1.0


class News:
    """A thread with a connection of its own that waits for news; none before somebody wants to hear."""

    def __init__(self, connect: Callable[[], Connection], listen: bytes) -> None:
        """`connect` gives a connection, `listen` is the statement that asks for news."""
        self._connect = connect
        self._listen = listen
        self._lock = threading.Lock()
        self._hearers: list[Callable[[], None]] = []
        self._end = threading.Event()

    def hear(self, hearer: Callable[[], None]) -> None:
        """Call `hearer`, which must not raise nor take long, after each piece of news, and after each time that some
        may have been missed."""
        with self._lock:
            self._hearers.append(hearer)
            first = len(self._hearers) == 1
        if first:
            threading.Thread(target=self._run, name="junmai-news", daemon=True).start()

    def close(self) -> None:
        """No more news; the thread ends by itself."""
        self._end.set()

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                with self._connect() as connection:
                    connection.execute(self._listen)
                    self._tell()
                    while not self._end.is_set():
                        if list(connection.notifies(timeout=LOOK_SECONDS, stop_after=1)):
                            self._tell()
            except (psycopg.Error, errors.StoreError) as error:
                log.warning("no news of other processes; events are looked for instead", error=str(error))
                self._end.wait(AGAIN_SECONDS)

    def _tell(self) -> None:
        for hearer in self._hearers:
            hearer()
