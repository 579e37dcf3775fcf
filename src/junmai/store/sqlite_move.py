"""Everything that a SQLite store holds, brought into the empty tables of a PostgreSQL store, and compared there.

It happens in one transaction of the server, and under a write lock of the file: nobody changes the one meanwhile, and
whatever goes wrong leaves the other empty.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
from psycopg import sql
from psycopg.rows import tuple_row

from junmai import errors
from junmai.store.postgres import PostgresStore
from junmai.store.postgres_pool import Connection

KEYS: dict[str, tuple[str, ...]] = {
    "store_identity": ("one",),
    "sessions": ("id",),
    "photos": ("id",),
    "collections": ("id",),
    "collection_photos": ("collection_id", "photo_id"),
    "output_folders": ("id",),
    "presets": ("id",),
    "batches": ("no",),
    "batch_roots": ("batch_no", "root"),
    "outputs": ("folder_id", "name_key"),
    "items": ("batch_no", "position"),
    "match_items": ("batch_no", "position"),
    "match_adjustments": ("photo_id",),
    "snapshots": ("id",),
    "events": ("id",),
    "forgotten_batches": ("id",),
    "runners": ("no",),
}
"""Every table with its key, in an order in which no row comes before one that it refers to."""
NUMBERED = ("sessions", "photos", "collections", "output_folders", "presets", "batches", "snapshots", "runners")
"""Tables that number their rows themselves."""
ONLY_THERE = {
    "events": "CASE WHEN batch_no IS NOT NULL THEN row_number() OVER (PARTITION BY batch_no ORDER BY id) END AS number",
    "batches": "(SELECT count(*) FROM events WHERE batch_no = batches.no) AS event_number",
}
"""Columns that PostgreSQL has beside those of SQLite: events of a batch are counted there."""
CHUNK = 20_000
"""Rows of one COPY: its triggers keep them all until its end."""
BUSY_MILLISECONDS = 30_000

Row = tuple[Any, ...]
Progress = Callable[[str, int, int], None]
"""Told the table, and how many of how many rows are copied and compared."""


@dataclass(frozen=True, slots=True)
class MovedTable:
    """A table that is the same on both sides; `sha256` is that of its rows in the order of its key."""

    name: str
    rows: int
    sha256: str


def move(database: Path, target: PostgresStore, on_progress: Progress) -> list[MovedTable]:
    """Copy and compare every table. Raises `MoveRefused` where the target holds something, and `MoveFailed` where a row
    came out otherwise; then the target is as it was."""
    with _locked(database) as source, target.filling() as connection:
        _refuse_filled(connection)
        counts = {name: _count(source, name) for name in KEYS}
        steps = itertools.count(1)
        whole = 2 * sum(counts.values())

        def told(name: str, rows: Iterator[Row]) -> Iterator[Row]:
            for row in rows:
                done = next(steps)
                if done % CHUNK == 0:
                    on_progress(name, done, whole)
                yield row

        for name in KEYS:
            _copy(connection, name, *_read(source, name, told))
        moved = [_compared(connection, name, *_read(source, name, told)) for name in KEYS]
        for name in NUMBERED:
            _count_on(source, connection, name)
        on_progress("", whole, whole)
        return moved


@contextlib.contextmanager
def _locked(database: Path) -> Iterator[apsw.Connection]:
    """The file, which nobody else changes meanwhile."""
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.set_busy_timeout(BUSY_MILLISECONDS)
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("ROLLBACK")
    except apsw.BusyError as error:
        raise errors.StoreBusy(seconds=BUSY_MILLISECONDS / 1000) from error
    finally:
        connection.close(True)


def _count(source: apsw.Connection, name: str) -> int:
    return int(source.execute(f"SELECT count(*) FROM {name}").get)  # noqa: S608 - a name of ours


def _read(
    source: apsw.Connection, name: str, told: Callable[[str, Iterator[Row]], Iterator[Row]]
) -> tuple[list[str], Iterator[Row]]:
    """The columns of a table, and its rows in the order of its key."""
    more = f", {ONLY_THERE[name]}" if name in ONLY_THERE else ""
    columns = [str(row[1]) for row in source.execute(f"PRAGMA table_info({name})")]
    columns += [more.rpartition(" AS ")[2]] if more else []
    rows = source.execute(f"SELECT *{more} FROM {name} ORDER BY {', '.join(KEYS[name])}")  # noqa: S608
    return columns, told(name, (tuple(map(_as_there, row)) for row in rows))


def _as_there(value: Any) -> Any:
    """PostgreSQL keeps no NUL in a text, and what a camera or a library says may have one."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) and "\0" in value else value


def _refuse_filled(connection: Connection) -> None:
    for name in KEYS:
        if name != "store_identity" and _one(connection, sql.SQL("SELECT EXISTS (SELECT FROM {})"), name):
            raise errors.MoveRefused(detail=f"the database there holds {name} already; give an empty one")


def _one(connection: Connection, query: sql.SQL, name: str) -> Any:
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(query.format(sql.Identifier(name))).fetchone()
    return row[0] if row else None


def _copy(connection: Connection, name: str, columns: Sequence[str], rows: Iterator[Row]) -> None:
    if name == "store_identity":  # made with the tables; it is the same library, and its state files stay its own
        for row in rows:
            connection.execute("UPDATE store_identity SET id = %s", [row[columns.index("id")]])
        return
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), _names(columns))
    while chunk := list(itertools.islice(rows, CHUNK)):
        with connection.cursor() as cursor, cursor.copy(into) as copy:
            for row in chunk:
                copy.write_row(row)


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _compared(connection: Connection, name: str, columns: Sequence[str], rows: Iterator[Row]) -> MovedTable:
    """Read a table again, and hold each row beside the one that it was made from. Raises `MoveFailed`."""
    query = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(_names(columns), sql.Identifier(name), _names(KEYS[name]))
    seen = hashlib.sha256()
    count = 0
    with connection.cursor(name=f"moved_{name}", row_factory=tuple_row) as cursor:
        cursor.itersize = CHUNK
        cursor.execute(query)
        for ours, there in itertools.zip_longest(rows, cursor):
            if ours != there:
                row = ours or there
                key = ", ".join(f"{each} {row[columns.index(each)]}" for each in KEYS[name])
                raise errors.MoveFailed(table=name, key=key)
            seen.update(repr(there).encode())
            count += 1
    return MovedTable(name, count, seen.hexdigest())


def _count_on(source: apsw.Connection, connection: Connection, name: str) -> None:
    """New rows are numbered after the highest number that ever was."""
    found = source.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (name,)).get
    if found:
        connection.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [name, *KEYS[name], found])
