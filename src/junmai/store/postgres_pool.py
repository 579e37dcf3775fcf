"""Connections to a PostgreSQL server: kept while nobody uses them, made anew after a restart of the server."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.numeric import FloatDumper, Int8Dumper
from psycopg.types.string import StrDumper

from junmai import errors
from junmai.store.engine import Row

RECONNECT_SECONDS = 30.0
"""So long a server may be away, as it is while it restarts, before that is an error."""
RECONNECT_POLL_SECONDS = 0.2
CONNECT_SECONDS = 10
LOCK_SECONDS = 30
OLDEST_SERVER = 160_000
"""`IS JSON` and subqueries without a name come with PostgreSQL 16."""

Connection = psycopg.Connection[Row]


class Pool:
    """As many connections as are in use at once. One that is idle is looked at before it is given out."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._lock = threading.Lock()
        self._generation = 0

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection of the caller's own that answers; it is kept afterwards unless it broke."""
        connection, generation = self._take(), self._generation
        try:
            yield connection
        finally:
            with self._lock:
                self._busy.discard(connection)
                whole = not connection.closed and connection.info.transaction_status == 0
                if whole and generation == self._generation:
                    self._idle.append(connection)
                    connection = None  # type: ignore[assignment]
            if connection is not None:
                connection.close()

    def close(self) -> None:
        """Close what is idle now, and the others when they are given back."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._generation += 1
        for connection in idle:
            connection.close()

    def _take(self) -> Connection:
        until = time.monotonic() + RECONNECT_SECONDS
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            try:
                connection = connection or self._connect()
                connection.execute(b"")  # a restart of the server is noticed here, where nothing has begun
            except psycopg.OperationalError as error:
                if connection is not None:
                    connection.close()
                    continue  # the next idle one, and then a new one
                if not _may_pass(error) or time.monotonic() > until:
                    raise
                time.sleep(RECONNECT_POLL_SECONDS)
            else:
                with self._lock:
                    self._busy.add(connection)
                return connection

    def _connect(self) -> Connection:
        connection: Connection = psycopg.connect(
            self._url, autocommit=True, row_factory=dict_row, connect_timeout=CONNECT_SECONDS, prepare_threshold=3
        )
        if connection.info.server_version < OLDEST_SERVER:
            found = connection.info.server_version // 10_000
            connection.close()
            raise errors.StoreError(detail=f"the server is PostgreSQL {found}, 16 is the oldest")
        # one type for each kind of value: a statement is prepared once, and not anew for every size of number
        connection.adapters.register_dumper(int, Int8Dumper)
        connection.adapters.register_dumper(float, FloatDumper)
        connection.adapters.register_dumper(str, StrDumper)
        connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'".encode())
        connection.execute(b"SET default_transaction_isolation = 'read committed'")
        return connection


def _may_pass(error: psycopg.OperationalError) -> bool:
    """Whether a connection that is refused now may be had soon: the server is away, starts or stops. A wrong password
    or a database that is not there are not of that kind."""
    said = str(error).lower()
    return not any(word in said for word in ("authentication", "does not exist", "no pg_hba", "could not translate"))


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn PostgreSQL's errors into ours."""
    try:
        yield
    except (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable) as error:
        raise errors.StoreBusy(seconds=LOCK_SECONDS) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise errors.StoreUnavailable(detail=str(error).strip()) from error
    except psycopg.IntegrityError as error:
        raise errors.StoreError(detail=f"it refuses what contradicts its rules ({said(error)})") from error
    except psycopg.Error as error:
        raise errors.StoreError(detail=said(error)) from error


def said(error: psycopg.Error) -> str:
    """What the server says in one line."""
    primary: Any = error.diag.message_primary
    return str(primary or error).strip()
