"""Machines of a cluster for the bench: a PostgreSQL that brings every commit to the disk, a Valkey, and workers.

    python -m bench.cluster_side SECONDS PROCESSES

is one worker whose photos take so many seconds, as `bench/cluster.py` starts it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.ground import ROOT, NothingExecutor

import postgres
from cluster import Valkey
from junmai.config import Settings
from junmai.control.controller import BatchController
from junmai.control.working import Work
from junmai.domain.model import Batch

OPTIONS: tuple[str, ...] = ("max_connections=300",)
READY = "waits for photos"
PHOTOS = """
INSERT INTO photos (path, file_name, root, kind, size, mtime_ns, inode, fingerprint, captured_at, rating, camera, facts,
                    imported_at)
SELECT '/photos/shoot/IMG_' || i || '.CR3', 'IMG_' || i || '.CR3', '/photos/shoot', 'raw', 25000000, i, i,
       lpad(to_hex(i), 64, '0'), '2026-05-01T10:00:00', 3, 'Canon EOS R6', '{"iso": 400, "rating": 3}', 0
FROM generate_series(1, %s) AS i
"""


class ClusterSide:
    """A store and a broker that run until the block ends; workers come and go."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self._server: Any = None
        self._machines = 0

    def __enter__(self) -> Self:
        postgres.OPTIONS = OPTIONS  # the tests' server keeps nothing; this one is as it comes
        self._server = self._stack.enter_context(postgres.server())
        self.broker = Valkey(self._folder / "valkey")
        self._stack.callback(self.broker.stop)
        self.url = self._server.fresh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def settings(self, *, executor: str = "celery") -> Settings:
        """Settings of another machine that does nothing beside its work."""
        self._machines += 1
        return Settings.model_validate(
            {
                "data": self._folder / f"machine-{self._machines}",
                "store": self.url,
                "broker": self.broker.url,
                "executor": executor,
                "backup_hours": 0,
                "cleanup_days": 0,
                "low_disk_mb": 0,
                "busy_cpu_percent": 0,
                "busy_memory_percent": 0,
            }
        )

    def opened(self, *, executor: str = "celery") -> BatchController:
        """A controller on another machine."""
        return BatchController(settings=self.settings(executor=executor))

    def add_photos(self, count: int) -> list[int]:
        """Photos in the library; their ids."""
        self.opened().close()  # makes the tables
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(PHOTOS.encode(), (count,))
            connection.execute("VACUUM ANALYZE photos")
        return list(range(1, count + 1))

    @contextlib.contextmanager
    def workers(self, count: int, *, seconds: float | None = 0.0, processes: int = 1) -> Iterator[None]:
        """So many workers, each on a machine of its own; None seconds: they develop."""
        started = [self._worker(seconds, processes) for _ in range(count)]
        try:
            for process in started:
                _wait_until_ready(process)
            yield
        finally:
            for process in started:
                process.send_signal(signal.SIGTERM)
            for process in started:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(30)
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if process.stdout is not None:
                    process.stdout.close()

    def _worker(self, seconds: float | None, processes: int) -> subprocess.Popen[str]:
        settings = self.settings()
        junmai = ["-m", "junmai", "worker", "--workers", str(processes)]
        nothing = ["-m", "bench.cluster_side", str(seconds), str(processes)]
        given = {
            f"JUNMAI_{name.upper()}": str(value)
            for name, value in settings.model_dump(exclude_unset=True).items()
            if value is not None
        }
        return subprocess.Popen(
            [sys.executable, *(junmai if seconds is None else nothing)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env={**os.environ, **given},
            start_new_session=True,
        )


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if READY in line:
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return
    raise SystemExit("a worker of the bench does not start")


@contextlib.contextmanager
def offered(controller: BatchController, scope: int | None) -> Iterator[None]:
    """What offers photos, while the block runs."""
    dispatcher = controller.dispatcher("develop" if scope else "serve", scope)
    thread = dispatcher.start()
    try:
        yield
    finally:
        dispatcher.stop()
        thread.join()
        if dispatcher.error is not None:
            raise dispatcher.error


def batch_of(controller: BatchController, ids: Sequence[int], folder: Path) -> Batch:
    """A batch into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    batch_id = controller.start_batch(ids, config={"output": {"folder": str(folder)}})
    return controller.store.batch(batch_id)


def rate_of(controller: BatchController, batch: Batch) -> float:
    """Photos a second of a batch that has ended, from its first claim to its last settle."""
    events = controller.store.events(no=batch.no, limit=10 * batch.total + 1000)
    begun = min(event.at for event in events if event.type == "items_claimed")
    ended = max(event.at for event in events if event.type == "item_processed")
    return batch.total / (ended - begun)


def temporary() -> tempfile.TemporaryDirectory[str]:
    """A folder for the bench that everybody may look into: PostgreSQL does not run as root."""
    return tempfile.TemporaryDirectory(prefix="junmai-bench-", ignore_cleanup_errors=True)


def main() -> None:
    """One worker whose photos do nothing for some seconds."""
    seconds, processes = float(sys.argv[1]), int(sys.argv[2])
    with BatchController(settings=Settings(), state_files=False) as controller:
        executor: Any = NothingExecutor(seconds, processes)
        executor.warm()
        controller.executor = lambda workers=None: executor  # type: ignore[method-assign]
        work = Work(controller, processes)
        signal.signal(signal.SIGTERM, lambda number, frame: work.stop())
        work.run(lambda: print(READY, flush=True))


if __name__ == "__main__":
    main()
