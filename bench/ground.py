"""What the parts of `control.py` stand on: sizes, stores with photos, and workers that do nothing, or wait."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from junmai.config import Settings
from junmai.control.controller import BatchController
from junmai.domain.model import Batch
from junmai.executors.base import Developed, DevelopJob, Job, NoJob, Outcome
from junmai.executors.processes import ProcessExecutor
from junmai.files import FileState
from junmai.store.sqlite import SqliteStore

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # a bench starts the servers as the tests do
WORKERS = 2
MEMORY_FOLDER = Path("/dev/shm")
NO_STATE = FileState(1, 1, 1)
TINY = b"an output of no size worth a word"
PHOTOS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO photos (path, file_name, root, kind, size, mtime_ns, inode, fingerprint, captured_at, rating, camera, facts,
                    imported_at)
SELECT '/photos/shoot/IMG_' || i || '.CR3', 'IMG_' || i || '.CR3', '/photos/shoot', 'raw', 25000000, i, i,
       printf('%064x', i), '2026-05-01T10:00:00', 3, 'Canon EOS R6', '{"iso": 400, "rating": 3}', 0 FROM n
"""


@dataclass(frozen=True)
class Sizes:
    """How much of everything one round takes."""

    alone: int = 4000
    grouped: int = 20_000
    pool: int = 20_000
    celery: int = 4000
    waiting: int = 400
    created: tuple[int, ...] = (100_000, 1_000_000)
    asked: int = 1000
    pauses: int = 100
    beside: int = 100_000
    urgent: int = 5
    active: tuple[int, ...] = (5, 1000, 100_000)
    many: int = 100
    written: int = 20


QUICK = Sizes(60, 300, 300, 60, 12, (500, 3000), 40, 4, 500, 2, (5, 100, 2500), 12, 3)
"""Enough to see that everything runs; the figures say nothing."""


def quiet_settings(data: Path) -> Settings:
    """Settings of a runner that does nothing beside its work, and does not pause because the bench keeps it busy."""
    return Settings(data=data, backup_hours=0, cleanup_days=0, low_disk_mb=0, busy_cpu_percent=0, busy_memory_percent=0)


def opened(data: Path, *, store: SqliteStore | None = None) -> BatchController:
    """A controller over a data folder of the bench."""
    return BatchController(settings=quiet_settings(data), store=store)


def add_photos(data: Path, count: int) -> list[int]:
    """Make a store with so many photos, wholly on the disk when this returns; their ids."""
    settings = quiet_settings(data)
    SqliteStore(settings.database).close()
    with contextlib.closing(apsw.Connection(str(settings.database))) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(PHOTOS, {"count": count})
        connection.execute("PRAGMA synchronous = FULL")  # the checkpoint syncs, or the first commits would wait for it
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return list(range(1, count + 1))


@contextlib.contextmanager
def output_folder(base: Path) -> Iterator[Path]:
    """A folder for tiny outputs: in memory where the system has that, so that only the store's syncs count."""
    parent = MEMORY_FOLDER if os.access(MEMORY_FOLDER, os.W_OK) else base
    folder = Path(tempfile.mkdtemp(prefix="junmai-bench-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def start(controller: BatchController, ids: Sequence[int], folder: Path) -> Batch:
    """A batch over these photos that writes to a folder."""
    return controller.store.batch(controller.start_batch(ids, config={"output": {"folder": str(folder)}}))


class NothingExecutor:
    """Real worker processes that take a job over their pipes and answer at once, or after `seconds`.

    The output of each is a real file of a few bytes, made here when the job is handed out, so that the runner has
    something to rename.
    """

    def __init__(self, seconds: float = 0.0, workers: int = WORKERS) -> None:
        self._inner = ProcessExecutor(workers, job_seconds=600, memory_bytes=1 << 34)
        self._seconds = seconds
        self._sha256 = hashlib.sha256(TINY).hexdigest()

    @property
    def workers(self) -> int:
        """How many jobs are done side by side."""
        return self._inner.workers

    def start(self) -> None:
        """Start the workers."""
        self._inner.start()

    def warm(self) -> None:
        """Start the workers and wait until each has answered."""
        self.start()
        for ticket in range(2 * self.workers):
            self._inner.submit(-1 - ticket, self._nothing(None))
        answered = 0
        while answered < 2 * self.workers:
            answered += len(self._inner.wait(1.0))

    def submit(self, ticket: int, job: Job) -> None:
        """Take a job."""
        if not isinstance(job, DevelopJob):
            raise TypeError("the bench develops only")
        job.temporary.write_bytes(TINY)
        self._inner.submit(ticket, self._nothing(job))

    def wait(self, seconds: float) -> Sequence[Outcome]:
        """Outcomes that are there, waiting up to that long for the first."""
        return self._inner.wait(seconds)

    def retract(self) -> list[int]:
        """Take back the jobs that were not begun."""
        return self._inner.retract()

    def stop(self, *, at_once: bool = False) -> None:
        """End the workers."""
        self._inner.stop(at_once=at_once)

    def _nothing(self, job: DevelopJob | None) -> NoJob:
        source = job.fingerprint if job else "0" * 64
        state = job.expected if job else NO_STATE
        return NoJob(Developed(len(TINY), self._sha256, source, state, 1, 1, {}), self._seconds)


def sync_milliseconds(folder: Path, times: int = 200) -> float:
    """How long bringing one page of a file to the disk takes in that folder: what each transaction waits for."""
    took = []
    with (folder / "sync").open("wb") as stream:
        for _ in range(times):
            stream.write(b"x" * 4096)
            stream.flush()
            began = time.perf_counter()
            os.fsync(stream.fileno())
            took.append(time.perf_counter() - began)
    return sorted(took)[times // 2] * 1e3
