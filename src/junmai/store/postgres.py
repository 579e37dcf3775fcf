"""The store for many machines: PostgreSQL through psycopg, with the verbs that every store has.

Over SQLite one writer is at work at a time. Here many are, each holding the rows that it changes: what a verb decides
by is locked before (`postgres_dialect.FIRST`), batches in the order of their numbers, and a batch before its items, so
that no two wait for each other. Commands go one after another; claims and results of other batches do not wait for
them.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from psycopg import Cursor
from psycopg.rows import tuple_row

from junmai import errors
from junmai.clock import Clock, SystemClock
from junmai.domain.dispatch import Offer
from junmai.domain.matching import Found, Measured
from junmai.domain.model import Batch, Claim, Failure, Settled, SourceRead, Staged
from junmai.store import claims, postgres_dialect, queries
from junmai.store.base import Contents, Store
from junmai.store.engine import Listener, Row, Transaction
from junmai.store.postgres_news import News
from junmai.store.postgres_pool import Connection, Pool, place_of, plain, translated
from junmai.store.roots import Roots

FEED_SECONDS = 5.0
"""So long `last_event` waits for the feed to reach what this store has told; transactions take milliseconds."""
FEED_POLL_SECONDS = 0.002


class PostgresStore(Store):
    """All verbs over one schema of a PostgreSQL database, usable from many threads, processes and machines."""

    kind = "postgresql"
    lease_seconds = 60.0

    def __init__(
        self,
        url: str,
        *,
        clock: Clock | None = None,
        lease_seconds: float | None = None,
        roots: Roots | None = None,
    ) -> None:
        """Open the database at a `postgresql://` address, and make or bring up its tables.

        Raises `StoreAway`, `StoreRefused`, `StoreTooNew`, `StoreDamaged`; none of them changes it.
        """
        self.clock = clock or SystemClock()
        self.roots = roots or Roots()
        if lease_seconds is not None:
            self.lease_seconds = lease_seconds
        self._queries = postgres_dialect.load()
        self._place = place_of(url)
        with translated():
            self._pool = Pool(url, self._queries)
        self._news = News(self._pool.alone, self._queries["listen_to_news"])
        self._listeners: list[Listener] = []
        self._local = threading.local()
        self._told = 0
        self._in_doubt: list[tuple[int, float]] = []
        self._migrate()

    def close(self) -> None:
        """Close every connection, those in use when they are given back."""
        self._news.close()
        self._pool.close()

    # --- engine -------------------------------------------------------------------------------------------

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of every change that this store commits."""
        self._listeners.append(listener)

    def hear(self, hearer: Callable[[], None]) -> None:
        """Call `hearer` when any process has changed the state of a batch."""
        self._news.hear(hearer)

    @contextlib.contextmanager
    def write(self, *, command: bool = False) -> Iterator[Transaction]:
        """A write transaction; a command waits for the command before it."""
        nos: list[int] = getattr(self._local, "nos", [])
        with translated(), self._pool.connection() as connection, connection.transaction():
            transaction = _PostgresTransaction(connection, self._queries, self.roots)
            if command:
                transaction.rows("command_lock")
            if nos:
                transaction.rows("lock_batches", nos=json.dumps(nos))
            yield transaction
            if any(transaction.changed.values()):
                transaction.rows("tell_news")
        self._told = max(self._told, transaction.told)
        for no, lifecycle in transaction.changed.items():
            for listener in self._listeners:
                listener(no, lifecycle=lifecycle, command=command)

    @contextlib.contextmanager
    def filling(self) -> Iterator[Connection]:
        """One transaction for whoever fills empty tables; no command comes between."""
        with translated(), self._pool.connection() as connection, connection.transaction():
            connection.execute(self._queries["command_lock"])
            connection.execute(self._queries["filling_begins"])
            yield connection

    def read(self, query: str, /, **parameters: object) -> list[Row]:
        """Run a named query that only reads."""
        with translated(), self._pool.connection() as connection:
            return self.roots.read(connection.execute(self._queries[query], self.roots.written(parameters)).fetchall())

    def tuples(self, query: str, /, **parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a query that only reads, without their names."""
        with translated(), self._pool.connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(self._queries[query], self.roots.written(parameters)).fetchall()

    def integrity(self) -> list[str]:
        """What the server says is wrong with the tables; it checks its pages itself where checksums are on."""
        return [str(row["fault"]) for row in self.read("integrity")]

    def backup_to(self, target: Path, *, between: Callable[[], None]) -> Contents:
        """Not of this store: the server has its own way, which also copies what is written meanwhile."""
        raise errors.BackupFailed(detail="a PostgreSQL database is copied by its own tools, such as pg_dump")

    # --- what many writers at once need -------------------------------------------------------------------

    @contextlib.contextmanager
    def _holding(self, nos: Iterable[int]) -> Iterator[None]:
        """The next write transaction of this thread locks these batches first, the lowest number first."""
        self._local.nos = sorted(set(nos))
        try:
            yield
        finally:
            self._local.nos = []

    def claim(self, runner_no: int, *, scope: int | None, limit: int) -> list[Claim]:
        """Take up to `limit` ready items of running batches, the most urgent batch first.

        A transaction for each batch: their order is that of urgency, which is no order to take locks in.
        """
        now = self.clock.now()
        found: list[Claim] = []
        try:
            self._give_back_what_is_in_doubt()
            facts: dict[str, object] = {"scope": scope, "now": now, "at_hand": self.roots.at_hand}
            for batch in self.read("ready_batches", **facts) if limit > 0 else ():
                if len(found) < limit:
                    with self.write() as transaction:
                        found += claims.claim_from(transaction, batch, runner_no, limit - len(found), now)
        except errors.StoreAway:
            self._in_doubt.append((runner_no, now))
            raise
        except errors.StoreBusy:
            if not found:
                raise
        return found

    def claim_offered(self, runner_no: int, offers: Sequence[Offer]) -> dict[Offer, Claim]:
        """Claim what was offered."""
        now = self.clock.now()
        try:
            self._give_back_what_is_in_doubt()
            return self._claim_offered(runner_no, offers, now)
        except errors.StoreAway:
            self._in_doubt.append((runner_no, now))
            raise

    def _give_back_what_is_in_doubt(self) -> None:
        """The server went away while it took claims. It may have taken them, and nobody knows or works on them."""
        while self._in_doubt:
            runner_no, claimed_at = self._in_doubt[-1]
            with self.write() as transaction:
                transaction.rows("give_back_in_doubt", lost=runner_no, claimed_at=claimed_at)
                transaction.rows("give_back_measures_in_doubt", lost=runner_no, claimed_at=claimed_at)
            self._in_doubt.pop()

    def merge(self, batch_ids: Sequence[str], *, by: str) -> Batch:
        """The first batch takes over the photos of the others."""
        found = (self.read_one("batch_by_id", id=batch_id) for batch_id in batch_ids)
        with self._holding(int(row["no"]) for row in found if row is not None):
            return super().merge(batch_ids, by=by)

    def keep_lease(self, no: int) -> bool:
        """A runner gives a sign of life; one that was taken for dead is among the living again."""
        with self.write() as transaction:
            return bool(transaction.rows("keep_lease", no=no, lease_seconds=self.lease_seconds))

    def stage(self, runner_no: int, staged: Sequence[Staged], read: Sequence[SourceRead] = ()) -> set[claims.Key]:
        """Record whole temporary files, and the checksums of the sources read; returns the items accepted."""
        with self._holding(one.batch_no for one in staged):
            return super().stage(runner_no, staged, sorted(read, key=lambda one: one.id))

    def settle(self, runner_no: int, settled: Sequence[Settled]) -> set[claims.Key]:
        """Record outputs that have their final names: row, counters, event, output, in one transaction."""
        with self._holding(one.staged.batch_no for one in settled):
            return super().settle(runner_no, settled)

    def end_attempts(self, runner_no: int, failures: Sequence[Failure]) -> set[claims.Key]:
        """Record errors: the item fails, or waits for its next try. Returns what was accepted."""
        with self._holding(one.batch_no for one in failures):
            return super().end_attempts(runner_no, failures)

    def release(self, runner_no: int, claims: Iterable[Claim], *, why: str) -> set[claims.Key]:
        """Give claimed items back untried."""
        given_back = list(claims)
        with self._holding(one.batch_no for one in given_back):
            return super().release(runner_no, given_back, why=why)

    def end_measures(self, runner_no: int, measured: Sequence[Measured]) -> int:
        """Record what was measured; returns how many of these attempts were accepted."""
        with self._holding(one.batch_no for one in measured):
            return super().end_measures(runner_no, measured)

    def keep_solutions(self, no: int, found: Sequence[Found]) -> None:
        """Write what was found for the photos of a batch. An adjustment comes before or after it, and is not missed."""
        with self._holding([no]):
            super().keep_solutions(no, found)

    def skip_matched(self, no: int, positions: Sequence[int]) -> int:
        """Items whose right output stands there already need nothing; returns how many were skipped."""
        with self._holding([no]):
            return super().skip_matched(no, positions)

    def end_solving(self, no: int, summary: dict[str, object]) -> bool:
        """From here on items are claimed for developing. False where somebody else said so, or the batch has ended."""
        with self._holding([no]):
            return super().end_solving(no, summary)

    def last_event(self) -> int:
        """The id of the newest event that a feed may begin after, 0 before the first.

        It includes all that this store has told: an older transaction that is still open is waited for.
        """
        until = time.monotonic() + FEED_SECONDS
        while True:
            row = self.read("last_event")[0]
            if row["beyond"] > self._told or time.monotonic() > until:
                return int(row["id"])
            time.sleep(FEED_POLL_SECONDS)

    # --- opening ------------------------------------------------------------------------------------------

    def _schema(self, connection: Connection) -> int:
        """The schema that the database has, 0 where it has none. Raises `StoreTooNew`, `StoreDamaged`."""
        there = connection.execute(self._queries["schema_there"]).fetchone()
        if there and not there["there"]:
            if there["tables"]:
                raise errors.StoreDamaged(path=self._place, detail="it is a database of another program")
            return 0
        row = connection.execute(self._queries["schema_version"]).fetchone()
        found, known = int(row["version"]) if row else 0, queries.migrations("postgres")[-1][0]
        if found > known:
            raise errors.StoreTooNew(path=self._place, found=found, known=known)
        return found

    def _let_event_ids_rise(self, connection: Connection) -> None:
        """After a restore on another server, whose transactions have lower numbers: the feed goes on, and state files
        count anew, as after any restore."""
        if connection.execute(self._queries["event_ids_fall"]).fetchone():
            with connection.transaction():
                connection.execute(self._queries["schema_lock"])
                if connection.execute(self._queries["event_ids_fall"]).fetchone():
                    connection.execute(self._queries["let_event_ids_rise"])
                    connection.execute(self._queries["renew_store_identity"])

    def _migrate(self) -> None:
        steps = queries.migrations("postgres")
        with translated(), self._pool.connection() as connection:
            if self._schema(connection) == steps[-1][0]:
                self._let_event_ids_rise(connection)
                return
            with connection.transaction():
                connection.execute(self._queries["schema_lock"])
                found = self._schema(connection)  # another program may have been quicker
                for number, text in steps:
                    if number > found:
                        connection.execute(text.encode())
                        connection.execute(self._queries["schema_now"], {"version": number})


class _PostgresTransaction(Transaction):
    def __init__(self, connection: Connection, named: dict[str, bytes], roots: Roots) -> None:
        super().__init__(roots)
        self._connection = connection
        self._queries = named
        self._place = 0
        self.told = 0
        """The id of its newest event; 0 where it told none."""

    def _lock_for(self, query: str, parameters: Mapping[str, object]) -> None:
        first = self._queries.get(query + postgres_dialect.FIRST)
        if first is not None:
            self._connection.execute(first, parameters)

    def rows(self, query: str, /, **parameters: object) -> list[Row]:
        values = self.roots.written(parameters)
        self._lock_for(query, values)
        cursor = self._connection.execute(self._queries[query], values)
        return self.roots.read(cursor.fetchall()) if cursor.description else []

    def many(self, query: str, parameters: Iterable[Mapping[str, object]], /) -> int:
        if query == "add_event":
            return self._tell(self._numbered(parameters))
        given = list(map(self.roots.written, parameters))
        if not given:
            return 0
        if query + postgres_dialect.TOGETHER in self._queries:
            return self._together(query, given).rowcount
        with self._connection.cursor() as cursor:
            cursor.executemany(self._queries[query], given)
            return max(cursor.rowcount, 0)

    def many_rows(self, query: str, parameters: Iterable[Mapping[str, object]], /) -> list[Row]:
        given, found = list(map(self.roots.written, parameters)), list[Row]()
        if given and query + postgres_dialect.TOGETHER in self._queries:
            found = self._together(query, given).fetchall()
        elif given:
            with self._connection.cursor() as cursor:
                cursor.executemany(self._queries[query], given, returning=True)
                more: bool | None = True
                while more:
                    found += cursor.fetchall()
                    more = cursor.nextset()
        return self.roots.read(found)

    def _together(self, query: str, given: Sequence[Mapping[str, object]]) -> Cursor[Row]:
        rows = json.dumps([{name: plain(value) for name, value in one.items()} for one in given], ensure_ascii=False)
        return self._connection.execute(self._queries[query + postgres_dialect.TOGETHER], {"rows": rows})

    def bulk(self, query: str, rows: Sequence[Sequence[object]], /, **parameters: object) -> int:
        if query == "add_items":
            return self._stream_items(rows, parameters["batch_no"], parameters["start"])
        values = {**parameters, "rows": json.dumps(rows, ensure_ascii=False), "place": self._place}
        changed = self._connection.execute(self._queries[query], values).rowcount
        if query == "merge_events":
            self._place += changed
        return changed

    def _stream_items(self, rows: Sequence[Sequence[object]], batch_no: Any, start: Any) -> int:
        with self._connection.cursor() as cursor:
            with cursor.copy(self._queries["add_items"]) as copy:
                copy.set_types(["int8", "int8", "int8", "text"])
                for position, row in enumerate(rows, start):
                    copy.write_row((batch_no, position, row[0], row[1]))
            return cursor.rowcount

    def _tell(self, values: list[dict[str, object]]) -> int:
        if values:
            self.told = max(int(row["id"]) for row in self.many_rows("add_event", values))
        return len(values)

    def _numbered(self, values: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
        """Events with their numbers in their batches, which no other transaction gives out before this one has ended,
        and with their places in this transaction."""
        given = [dict(one) for one in values]
        counts = Counter(one["batch_no"] for one in given if isinstance(one["batch_no"], int))
        following: dict[object, int] = {}
        for no in sorted(counts):
            row = self.row("number_events", batch_no=no, count=counts[no])
            if row is not None:
                following[no] = int(row["event_number"]) - counts[no]
        for one in given:
            about = one["batch_no"]
            if about in following:
                following[about] += 1
            self._place += 1
            one |= {"number": following.get(about), "place": self._place}
        return given
