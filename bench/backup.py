"""What a backup of a large store costs those who settle meanwhile.

    python bench/backup.py [--items 1000000] [--seconds 10]

Makes a store with that many developed photos and a second batch that is at work, then claims, stages and settles
one photo after the other: alone, and while a backup is made in the same process, as in a runner. The table says how
long one settle took and how many there were a second.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import apsw

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from conformance.world import a_batch, staged_of
from junmai.clock import SystemClock
from junmai.config import Settings
from junmai.control import backup
from junmai.domain.model import NewItem, Settled
from junmai.store.sqlite import SqliteStore

FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO photos (path, file_name, root, kind, size, mtime_ns, inode, fingerprint, sha256, facts, imported_at)
SELECT '/photos/2026/shoot/IMG_' || i || '.CR3', 'IMG_' || i || '.CR3', '/photos/2026/shoot', 'raw', 25000000, i, i,
       printf('%064x', i), printf('%064x', i), '{"camera": "Canon EOS R6", "iso": 400, "rating": 3}', 0 FROM n;
INSERT INTO output_folders (id, path, path_key, made_by_junmai) VALUES (1, '/out', '/out', 1);
INSERT INTO batches (no, id, status, preset, config, recipe, folder_id, total, processed, created_at, started_at,
                     completed_at)
VALUES (1, 'batch_aaaaaaaaaaaa', 'completed', 'default@1', '{}', '{}', 1, :count, :count, 0, 0, 1);
INSERT INTO items (batch_no, position, photo_id, status, output_name, attempt, output_size, output_sha256, output_key,
                   ended_at)
SELECT 1, id - 1, id, 'processed', 'IMG_' || id || '.jpg', 1, 9000000, sha256, sha256, 1 FROM photos;
INSERT INTO outputs (folder_id, name_key, name, photo_id, format, batch_no, key, size, mtime_ns, sha256, settled_at)
SELECT 1, 'img_' || id || '.jpg', 'IMG_' || id || '.jpg', id, 'jpeg', 1, sha256, 9000000, id, sha256, 1 FROM photos;
INSERT INTO events (batch_no, type, at, photo_id, data)
SELECT 1, 'item_processed', 1, id, '{"output": "IMG_' || id || '.jpg", "seconds": 1.5}' FROM photos;
"""


def fill(database: Path, count: int) -> None:
    """A store that has developed so many photos."""
    SqliteStore(database).close()
    connection = apsw.Connection(str(database))
    connection.execute("PRAGMA synchronous = OFF")
    with connection:
        for statement in FILL.split(";\n"):
            connection.execute(statement, {"count": count} if ":count" in statement else {})
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def settle_while(store: SqliteStore, runner: int, goes_on: Callable[[], bool]) -> list[float]:
    """Settle photos one by one; how long each settle took."""
    took: list[float] = []
    while goes_on():
        claims = store.claim(runner, scope=None, limit=1)
        if not claims:
            raise SystemExit("more items are needed for so long a time")
        staged = [staged_of(claim) for claim in claims]
        store.stage(runner, staged)
        began = time.perf_counter()
        store.settle(runner, [Settled(one, 1) for one in staged])
        took.append(time.perf_counter() - began)
    return took


def row(name: str, took: list[float], seconds: float) -> str:
    """One line of the table."""
    ordered = sorted(took)
    p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    figures = f"{p50 * 1e3:9.2f} {p99 * 1e3:9.2f} {ordered[-1] * 1e3:9.1f}"
    return f"{name:14} {len(took) / seconds:10.0f} {figures}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--at-work", type=int, default=60_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        fill(settings.database, given.items)
        store = SqliteStore(settings.database)
        at_work = min(given.at_work, given.items)
        folder_id = store.output_folder("/out2", made_by_junmai=True)
        items = [NewItem(number + 1, f"{number}.jpg", False) for number in range(at_work)]
        store.create_batch(a_batch(1, folder="/out2"), folder_id, items, writer_no=None)
        runner = store.add_runner("bench", host="here", pid=1, role="bench", scope=None, workers=1)
        print(f"store: {settings.database.stat().st_size / 1e6:,.0f} MB, {given.items:,} developed photos")

        until = time.perf_counter() + given.seconds
        alone = settle_while(store, runner, lambda: time.perf_counter() < until)
        keeper = backup.BackupKeeper(store, settings)
        began = time.perf_counter()
        keeper.maybe_backup()
        thread = keeper._thread
        beside = settle_while(store, runner, lambda: thread is not None and thread.is_alive())
        seconds = time.perf_counter() - began
        wal = settings.database.with_name("junmai.db-wal").stat().st_size / 1e6
        quiet = backup.backup_now(store, settings, SystemClock())

        print(f"backup: {seconds:.1f} s beside the settling, {quiet.seconds or 0:.1f} s alone; WAL then {wal:.0f} MB")
        print(f"{'':14} {'settles/s':>10} {'p50 ms':>9} {'p99 ms':>9} {'worst ms':>9}")
        print(row("alone", alone, given.seconds))
        print(row("beside backup", beside, seconds))
        store.close()


if __name__ == "__main__":
    main()
