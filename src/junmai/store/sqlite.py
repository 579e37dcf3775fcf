"""The embedded store: SQLite through apsw, which brings its own library.

WAL, so that readers never wait; `synchronous=FULL`, so that what is acknowledged survives the plug. One
connection a thread. Waiting for another writer polls every 0.3 ms: SQLite's own handler backs off up to 100 ms,
with which a pause under full load took 1.1 s at the median.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import apsw
import psutil

from junmai import errors
from junmai.clock import Clock, SystemClock
from junmai.locks import Turnstile
from junmai.store import queries, sqlite_copy
from junmai.store.base import Contents, Store
from junmai.store.engine import Listener, Row, Transaction
from junmai.store.roots import Roots

OLDEST_SQLITE = 3_051_003
"""Older ones can corrupt the database when two connections reset the WAL."""
BUSY_SECONDS = 30.0
BUSY_POLL_SECONDS = 0.0003
WAL_PAGES = 1000
"""Pages of 4 KB in the WAL from which on it is brought into the database, as SQLite itself has it."""
COMMAND_WAL_PAGES = 4000
"""The same after a user's command: somebody waits for it, and a settle will do it soon."""
APPLICATION_ID = 0x4A756E6D  # "Junm"
NETWORK_FILE_SYSTEMS = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb",
        "smb2",
        "smb3",
        "smbfs",
        "afpfs",
        "webdav",
        "davfs",
        "fuse.sshfs",
        "9p",
        "afs",
        "ncpfs",
    }
)


T = TypeVar("T")


class SqliteStore(Store):
    """All verbs over one SQLite file, usable from many threads and processes."""

    kind = "sqlite"

    def __init__(self, path: Path, *, clock: Clock | None = None, roots: Roots | None = None) -> None:
        """Open the database, making it if it is not there.

        Raises `StoreOnNetwork`, `DataFolderUnusable`, `StoreTooNew` or `StoreDamaged`; none of them changes it.
        """
        if apsw.SQLITE_VERSION_NUMBER < OLDEST_SQLITE:
            raise errors.StoreError(detail=f"apsw brings SQLite {apsw.sqlite_lib_version()}, 3.51.3 is the oldest")
        self.path = path
        self._wal = path.with_name(path.name + "-wal")
        self.clock = clock or SystemClock()
        self.roots = roots or Roots()
        self._queries = queries.load("sqlite")
        self._local = threading.local()
        self._open: weakref.WeakSet[apsw.Connection] = weakref.WeakSet()  # a thread's own ends with the thread
        self._open_lock = threading.Lock()
        self._closed = False
        self._turnstile = Turnstile(path.with_name("turnstile.lock"))
        self._listeners: list[Listener] = []
        refuse_network(path.parent)
        with _translated(path):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._look_before()
                self._migrate()
            except (OSError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError) as error:
                raise errors.DataFolderUnusable(path=path.parent, detail=str(error)) from error

    def close(self) -> None:
        """Close every connection, each when the thread that is using it has come to the end of its statement."""
        with self._open_lock:
            self._closed = True  # from here on the WAL is gone because this store removed it
            for connection in list(self._open):
                _close(connection)
            self._open.clear()
        self._local = threading.local()

    # --- engine -------------------------------------------------------------------------------------------

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of every change that this store commits."""
        self._listeners.append(listener)

    def hear(self, hearer: Callable[[], None]) -> None:
        """SQLite tells no news: whoever watches looks for events again and again."""

    @contextlib.contextmanager
    def write(self, *, command: bool = False) -> Iterator[Transaction]:
        """A write transaction; a command holds the turnstile, everything else passes behind it."""
        with self._open_transaction(command) as transaction:
            yield transaction
        for no, lifecycle in transaction.changed.items():
            for listener in self._listeners:
                listener(no, lifecycle=lifecycle, command=command)
        self._checkpoint(COMMAND_WAL_PAGES if command else WAL_PAGES)

    @contextlib.contextmanager
    def _open_transaction(self, command: bool) -> Iterator[Transaction]:
        with _translated(self.path), self._turnstile.hold() if command else contextlib.nullcontext():
            if not command:
                self._turnstile.wait()
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield _SqliteTransaction(connection, self._queries, self.roots)
            except BaseException:
                with contextlib.suppress(apsw.Error):
                    connection.execute("ROLLBACK")
                raise
            try:
                connection.execute("COMMIT")
            except apsw.Error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            self._look_whether_replaced()  # what went to a file that nobody finds again was not done

    def read(self, query: str, /, **parameters: object) -> list[Row]:
        """Run a named query that only reads."""
        with _translated(self.path):
            values = self.roots.written(parameters)
            return self.roots.read(_rows(self._connection().execute(self._queries[query], values)))

    def tuples(self, query: str, /, **parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a query that only reads, without their names."""
        with _translated(self.path):
            return self._connection().execute(self._queries[query], self.roots.written(parameters)).fetchall()

    def integrity(self) -> list[str]:
        """What SQLite finds wrong with the file; empty when nothing is."""
        with _translated(self.path):
            found = [str(row[0]) for row in self._connection().execute("PRAGMA integrity_check(20)")]
            return [] if found == ["ok"] else found

    def backup_to(self, target: Path, *, between: Callable[[], None]) -> Contents:
        """Copy the store into a new file, over a connection of its own."""
        with _translated(self.path):
            return sqlite_copy.copy(self.path, target, between=between)

    def _checkpoint(self, pages: int) -> None:
        """Bring a WAL of so many pages into the database, when others may write again.

        SQLite would do so within the COMMIT, while a command holds the turnstile and everybody waits.
        """
        if getattr(self._local, "wal_pages", 0) >= pages:  # closed meanwhile: its connection did it
            self._local.wal_pages = 0
            with _translated(self.path), contextlib.suppress(apsw.BusyError):  # somebody else is at it
                self._connection().wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def _written(self, connection: apsw.Connection, name: str, pages: int) -> int:
        self._local.wal_pages = pages
        return apsw.SQLITE_OK

    # --- opening ------------------------------------------------------------------------------------------

    def _connection(self) -> apsw.Connection:
        connection: apsw.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = apsw.Connection(str(self.path), statementcachesize=256)
            connection.set_busy_handler(_Patience())
            mode = _patiently(partial(_one, connection, "PRAGMA journal_mode = WAL"))
            if mode != "wal":
                connection.close()
                raise errors.DataFolderUnusable(
                    path=self.path.parent, detail="its file system cannot carry SQLite's WAL"
                )
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA cache_size = -16000")
            if sys.platform == "darwin":
                connection.execute("PRAGMA fullfsync = ON")
            connection.set_wal_hook(self._written)  # in the place of SQLite's own checkpoints
            self._local.wal_pages = 0
            _one(connection, "PRAGMA user_version")  # opens the WAL
            self._local.files = self._files_now()
            self._local.connection = connection
            with self._open_lock:
                self._closed = False
                self._open.add(connection)
        else:
            self._look_whether_replaced()
        return connection

    def _files_now(self) -> tuple[int, ...]:
        """Which files stand under the names of the database and its WAL. Raises FileNotFoundError."""
        found = (self.path.stat(), self._wal.stat())
        return tuple(number for one in found for number in (one.st_dev, one.st_ino))

    def _look_whether_replaced(self) -> None:
        """Raise `StoreReplaced` where the files that this thread's connection has open are no longer those of the
        data folder: SQLite goes on writing to them, and what it acknowledges is lost. Costs 3 us."""
        try:
            if self._closed or self._files_now() == self._local.files:
                return
            detail = "another file stands in its place"
        except FileNotFoundError as error:
            detail = f"{error.filename} is gone"
        if self._closed:
            return  # in this moment
        raise errors.StoreReplaced(path=self.path, detail=detail)

    def _look_before(self) -> None:
        """Refuse a database that is not for this Junmai, before anything is written to it: the switch to WAL would."""
        if not self.path.exists():
            return
        try:
            with contextlib.closing(apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
                connection.set_busy_handler(_Patience())
                _patiently(partial(self._schema, connection))
        except (apsw.ReadOnlyError, apsw.CantOpenError):
            return  # a crash left a journal that must be rolled back first; `_migrate` does that and looks again

    def _schema(self, connection: apsw.Connection) -> int:
        """The schema that the database has, 0 for an empty one. Raises `StoreTooNew`, `StoreDamaged`."""
        found = int(_one(connection, "PRAGMA user_version"))
        empty = not found and not _one(connection, "SELECT count(*) FROM sqlite_master")
        if not empty and _one(connection, "PRAGMA application_id") != APPLICATION_ID:
            raise errors.StoreDamaged(path=self.path, detail="it is a database of another program")
        known = queries.migrations()[-1][0]
        if found > known:
            raise errors.StoreTooNew(path=self.path, found=found, known=known)
        return found

    def _migrate(self) -> None:
        steps = queries.migrations()
        connection = self._connection()
        if self._schema(connection) == steps[-1][0]:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            found = self._schema(connection)  # another process may have been quicker
            for number, text in steps:
                if number > found:
                    connection.execute(text)
                    connection.execute(f"PRAGMA user_version = {number}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


class _SqliteTransaction(Transaction):
    def __init__(self, connection: apsw.Connection, named: dict[str, str], roots: Roots) -> None:
        super().__init__(roots)
        self._connection = connection
        self._queries = named

    def rows(self, query: str, /, **parameters: object) -> list[Row]:
        return self.roots.read(_rows(self._connection.execute(self._queries[query], self.roots.written(parameters))))

    def many(self, query: str, parameters: Iterable[Mapping[str, object]], /) -> int:
        before = self._connection.total_changes()
        for _ in self._connection.executemany(self._queries[query], map(self.roots.written, parameters)):
            pass  # statements go on only as their rows are taken
        return self._connection.total_changes() - before

    def many_rows(self, query: str, parameters: Iterable[Mapping[str, object]], /) -> list[Row]:
        given = map(self.roots.written, parameters)
        return self.roots.read(_rows(self._connection.executemany(self._queries[query], given)))

    def bulk(self, query: str, rows: Sequence[Sequence[object]], /, **parameters: object) -> int:
        # one statement over a JSON list: 2.7 us an item against 5.0 us with a statement an item
        self._connection.execute(self._queries[query], {**parameters, "rows": json.dumps(rows, ensure_ascii=False)})
        return self._connection.changes()


class _Patience:
    """Busy handler: wait a little, again and again, up to the limit."""

    def __init__(self) -> None:
        self._since = 0.0

    def __call__(self, earlier_calls: int) -> bool:
        if earlier_calls == 0:
            self._since = time.monotonic()
        elif time.monotonic() - self._since > BUSY_SECONDS:
            return False
        time.sleep(BUSY_POLL_SECONDS)
        return True


def _close(connection: apsw.Connection) -> None:
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.close()
        except apsw.ThreadingViolationError:
            if time.monotonic() > until:
                raise
            time.sleep(BUSY_POLL_SECONDS)
        else:
            return


def _patiently(act: Callable[[], T]) -> T:
    """Do what may be done again, as often as the database is busy, up to the limit.

    Where two connections make a new database or switch it to WAL at the same moment, SQLite says busy at once and
    asks no handler: 1 of 360 openings failed that way.
    """
    patience = _Patience()
    tries = 0
    while True:
        try:
            return act()
        except apsw.BusyError:
            if not patience(tries):
                raise
            tries += 1


def refuse_network(folder: Path) -> None:
    """Raise `StoreOnNetwork` where the folder lies on a network share: its locks and its WAL do not hold there."""
    resolved = folder.resolve()
    best, kind = "", ""
    for partition in psutil.disk_partitions(all=True):
        inside = resolved == Path(partition.mountpoint) or Path(partition.mountpoint) in resolved.parents
        if inside and len(partition.mountpoint) >= len(best):
            best, kind = partition.mountpoint, partition.fstype
    remote_drive = sys.platform == "win32" and str(resolved).startswith("\\\\")
    if kind.lower() in NETWORK_FILE_SYSTEMS or remote_drive:
        raise errors.StoreOnNetwork(path=folder, filesystem=kind or "network drive")


def _one(connection: apsw.Connection, text: str) -> Any:
    return next(iter(connection.execute(text)))[0]


def _rows(cursor: apsw.Cursor) -> list[Row]:
    first = next(cursor, None)
    if first is None:
        return []
    names = [column[0] for column in cursor.get_description()]
    found = [dict(zip(names, first, strict=True))]
    found.extend(dict(zip(names, row, strict=True)) for row in cursor)
    return found


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise errors.StoreDamaged(path=path, detail=str(error)) from error
    except (apsw.BusyError, apsw.LockedError) as error:
        raise errors.StoreBusy(seconds=BUSY_SECONDS) from error
    except (apsw.FullError, apsw.IOError) as error:
        raise errors.StoreUnavailable(detail=str(error)) from error
    except apsw.ConstraintError as error:
        raise errors.StoreError(detail=f"it refuses what contradicts its rules ({error})") from error
