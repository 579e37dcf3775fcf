"""Connections to a PostgreSQL server: kept while nobody uses them, made anew after a restart of the server."""

from __future__ import annotations

import contextlib
import logging
import selectors
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import psycopg_pool
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row
from psycopg.types.numeric import FloatDumper, Int8Dumper
from psycopg.types.string import StrDumper

from junmai import errors
from junmai.store.engine import Row

OPEN_SECONDS = 5.0
"""So long a server may be away when a store is opened: it may be starting together with Junmai."""
AWAY_SECONDS = 30.0
"""So long it may be away afterwards, as it is while it restarts, before that is an error."""
AGAIN_SECONDS = 1.0
CONNECT_SECONDS = 10
LOCK_SECONDS = 30
SILENT_SECONDS = 10
"""After so long both ends look whether the other is there, and give it up after three times that; without it a server
keeps for two hours what a machine had locked whose network was cut. A transaction in which nothing is asked for so long
is given up at once: its program was stopped, and others wait for its locks."""
MOST = 16
"""Connections of one process. Its threads wait milliseconds for one; a server has 100 as it comes."""
OLDEST_SERVER = 160_000
"""`IS JSON` and subqueries without a name come with PostgreSQL 16."""

LOOK_SECONDS = 1.0
"""A connection that was idle for longer is asked whether it answers before it is given out; one that was not, where the
server has said something meanwhile: that is its goodbye. Asking each time was a sixth of the time of photos that do
nothing."""


class Connection(psycopg.Connection[Row]):
    """A connection that knows when it was last of use."""

    used_at = 0.0


# what it would say while a server is away goes to the user as an error of ours, once, and not at every try
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


class Pool:
    """As many connections as are in use at once. One that is idle is looked at before it is given out."""

    def __init__(self, url: str, named: Mapping[str, bytes]) -> None:
        """Open. Raises `StoreAway`, and `StoreRefused` at once where waiting would not help."""
        self._url = url
        self._begins = named["connection_begins"]
        self._lock = threading.Lock()
        self._pool: psycopg_pool.ConnectionPool[Connection] | None = None
        self._look()
        self._opened()

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection of the caller's own that answers; it is kept afterwards unless it broke.

        Raises `StoreAway` where the server stays away, `StoreBusy` where the other threads keep all.
        """
        pool = self._opened()
        connection = self._taken_from(pool)
        try:
            yield connection
        finally:
            connection.used_at = time.monotonic()
            pool.putconn(connection)

    def close(self) -> None:
        """Close what is idle now, and the others when they are given back. Whoever asks later opens anew."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def alone(self) -> Connection:
        """A connection beside the pool. Raises `StoreAway`, `StoreRefused`."""
        try:
            return Connection.connect(self._url, **_WAYS)
        except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
            if isinstance(error, psycopg.OperationalError) and _may_pass(error):
                raise errors.StoreAway(detail=said(error)) from error
            raise errors.StoreRefused(detail=said(error)) from error

    def _opened(self) -> psycopg_pool.ConnectionPool[Connection]:
        with self._lock:
            if self._pool is None:
                self._pool = psycopg_pool.ConnectionPool(
                    self._url,
                    connection_class=Connection,
                    kwargs=_WAYS,
                    min_size=1,
                    max_size=MOST,
                    open=True,
                    configure=self._begin,
                    check=_look_at,
                    reconnect_timeout=AGAIN_SECONDS,
                    num_workers=1,
                    name="junmai",
                )
            return self._pool

    def _taken_from(self, pool: psycopg_pool.ConnectionPool[Connection]) -> Connection:
        """Asked again and again for a second each: the pool tries to connect when it is asked, and then ever more
        seldom, up to minutes apart."""
        until = time.monotonic() + AWAY_SECONDS
        while True:
            try:
                return pool.getconn(timeout=AGAIN_SECONDS)
            except psycopg_pool.PoolTimeout:
                if time.monotonic() > until:
                    self.alone().close()  # says why; where it can be had, the other threads keep all of ours
                    raise errors.StoreBusy(seconds=AWAY_SECONDS) from None

    # --- one connection -----------------------------------------------------------------------------------

    def _look(self) -> None:
        until = time.monotonic() + OPEN_SECONDS
        while True:
            try:
                connection = self.alone()
            except errors.StoreAway:
                if time.monotonic() > until:
                    raise
                time.sleep(AGAIN_SECONDS / 4)
            else:
                with contextlib.closing(connection):
                    self._begin(connection)
                return

    def _begin(self, connection: Connection) -> None:
        facts = connection.info
        if facts.server_version < OLDEST_SERVER:
            raise errors.StoreRefused(
                detail=f"the server is PostgreSQL {facts.server_version // 10_000}, 16 is the oldest"
            )
        if facts.parameter_status("server_encoding") != "UTF8":
            raise errors.StoreRefused(detail=f"the encoding of the database {facts.dbname} is not UTF8")
        # one type for each kind of value: a statement is prepared once, and not anew for every size of number
        connection.adapters.register_dumper(int, Int8Dumper)
        connection.adapters.register_dumper(float, FloatDumper)
        connection.adapters.register_dumper(str, _TextDumper)
        connection.execute(self._begins, {"lock_timeout": f"{LOCK_SECONDS}s", "silent": str(SILENT_SECONDS)})


_WAYS: dict[str, Any] = {
    "autocommit": True,
    "row_factory": dict_row,
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": SILENT_SECONDS,
    "keepalives_interval": SILENT_SECONDS,
    "keepalives_count": 2,
    "tcp_user_timeout": 3 * SILENT_SECONDS * 1000,
    "prepare_threshold": 3,
    "application_name": "junmai",
    "client_encoding": "utf8",
}


def _look_at(connection: Connection) -> None:
    """Raises where the connection is of no use any more."""
    with selectors.DefaultSelector() as told:
        told.register(connection.fileno(), selectors.EVENT_READ)
        said_something = bool(told.select(0))
    if said_something or time.monotonic() - connection.used_at > LOOK_SECONDS:
        psycopg_pool.ConnectionPool.check_connection(connection)


class _TextDumper(StrDumper):
    def dump(self, obj: str) -> Any:
        return super().dump(plain(obj))


def plain(value: object) -> Any:
    """A value as PostgreSQL keeps it: no NUL in a text, and what a camera or a library says may have one."""
    if isinstance(value, str) and "\0" in value:
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return value


def place_of(url: str) -> str:
    """An address as it may be shown: without its password."""
    facts = conninfo_to_dict(url)
    return f"{facts.get('dbname') or ''} at {facts.get('host') or 'this machine'}"


def _may_pass(error: psycopg.OperationalError) -> bool:
    """Whether a connection that is refused now may be had soon: the server is away, starts or stops. A wrong password
    or a database that is not there are not of that kind."""
    text = str(error).lower()
    hopeless = ("authentication", "password", "does not exist", "no pg_hba", "could not translate", "failed to resolve")
    return not any(words in text for words in hopeless)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn PostgreSQL's errors into ours."""
    try:
        yield
    except (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable) as error:
        raise errors.StoreBusy(seconds=LOCK_SECONDS) from error
    except (psycopg.errors.DiskFull, psycopg.errors.IoError) as error:
        raise errors.StoreUnavailable(detail=said(error)) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise errors.StoreAway(detail=said(error)) from error
    except psycopg.IntegrityError as error:
        raise errors.StoreError(detail=f"it refuses what contradicts its rules ({said(error)})") from error
    except psycopg.Error as error:
        raise errors.StoreError(detail=said(error)) from error


def said(error: psycopg.Error) -> str:
    """What the server says, in one line."""
    return " ".join(str(error.diag.message_primary or error).split())
