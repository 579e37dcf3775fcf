"""Copies of a SQLite database that is in use, and whether a copy is whole.

A copy is taken under one read transaction: in WAL mode a reader blocks no writer, and without it SQLite would
begin anew at every commit of another connection, so that under load a copy in steps would never end. The price
is that the WAL grows by what is written meanwhile.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw

from junmai import errors, files
from junmai.store.base import Contents

STEP_PAGES = 256
"""Pages of one step (1 MB), after which `between` is called."""
SYNC_STEPS = 16
"""Steps after which the copy is brought to the disk: one flush of a whole large copy at its end held up the
commits of everybody else for as long as it took."""
PROGRESS_OPERATIONS = 200_000
"""Operations of SQLite's machine (about 10 ms) between two looks at whether the checking is to stop."""
BUSY_MILLISECONDS = 30_000

_COUNTS = {name: f"SELECT count(*) FROM {name}" for name in ("photos", "batches", "items", "events")}  # noqa: S608


def copy(source: Path, target: Path, *, between: Callable[[], None]) -> Contents:
    """Copy a database in use into a new file, as it is at this moment. Raises apsw errors, and what `between`
    raises; the new file is then of no use."""
    with _open(source, apsw.SQLITE_OPEN_READWRITE) as origin:
        # a database that turns out to be damaged keeps its WAL: it may hold what can still be saved
        origin.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        origin.execute("BEGIN")
        contents = contents_of(origin)
        with _open(target, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE) as new:
            # nobody else sees this file, and a crash throws it away; it is brought to the disk by the caller
            new.execute("PRAGMA journal_mode = OFF")
            new.execute("PRAGMA synchronous = OFF")
            with new.backup("main", origin, "main") as backup:
                steps = 0
                while not backup.done:
                    backup.step(STEP_PAGES)
                    steps += 1
                    if steps % SYNC_STEPS == 0:
                        files.sync_file(target)
                    between()
        origin.execute("COMMIT")
    return contents


def overwrite(source: Path, database: Path, *, guard: Callable[[], None]) -> Contents:
    """Replace what a database holds by what `source` holds, in one transaction: connections that others have open
    stay good, and a crash leaves the old contents.

    `guard` is called when nobody else can write any more; what it raises leaves everything as it was.
    """
    with _open_to_read(source) as origin, _open(database, apsw.SQLITE_OPEN_READWRITE) as target:
        target.execute("PRAGMA synchronous = FULL")
        if sys.platform == "darwin":
            target.execute("PRAGMA fullfsync = ON")
        with target.backup("main", origin, "main") as backup:
            backup.step(1)  # takes the write lock
            guard()
            while not backup.done:
                backup.step(STEP_PAGES)
        with contextlib.suppress(apsw.BusyError):
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return contents_of(target)


def verify(
    path: Path, *, application_id: int, known_schema: int, interrupted: Callable[[], bool] = lambda: False
) -> Contents:
    """What a copy holds, once everything in it was checked.

    Raises `BackupDamaged`, `StoreTooNew`; apsw.InterruptError once `interrupted` says so.
    """
    try:
        with _open_to_read(path) as connection:
            connection.set_progress_handler(interrupted, PROGRESS_OPERATIONS)
            if _pragma(connection, "application_id") != application_id:
                raise errors.BackupDamaged(path=path, detail="it is no database of Junmai")
            schema = _pragma(connection, "user_version")
            if schema > known_schema:
                raise errors.StoreTooNew(path=path, found=schema, known=known_schema)
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
            if found != ["ok"]:
                raise errors.BackupDamaged(path=path, detail="; ".join(found))
            return contents_of(connection)
    except apsw.InterruptError:
        raise
    except apsw.Error as error:
        raise errors.BackupDamaged(path=path, detail=str(error)) from error


def contents_of(connection: apsw.Connection) -> Contents:
    """What a database holds, counted."""
    counts = {name: int(next(iter(connection.execute(text)))[0]) for name, text in _COUNTS.items()}
    return Contents(schema=_pragma(connection, "user_version"), **counts)


@contextlib.contextmanager
def _open(where: Path | str, flags: int) -> Iterator[apsw.Connection]:
    connection = apsw.Connection(str(where), flags=flags)
    try:
        connection.set_busy_timeout(BUSY_MILLISECONDS)
        yield connection
    finally:
        connection.close()


def _open_to_read(path: Path) -> contextlib.AbstractContextManager[apsw.Connection]:
    """Where it has no WAL, a file is read as unchangeable, so that nothing is made beside it."""
    wal = files.state_of(path.with_name(f"{path.name}-wal"))
    options = "?mode=ro" if wal is not None and wal.size else "?mode=ro&immutable=1"
    return _open(path.absolute().as_uri() + options, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)


def _pragma(connection: apsw.Connection, name: str) -> int:
    return int(next(iter(connection.execute(f"PRAGMA {name}")))[0])
