"""What the server costs and how soon it answers, beside what issue and design promise.

    python bench/api.py [--rounds 3] [--quick] [--folder DIR] [--json FILE]

A server without a runner holds a batch of many items and many small ones. Beside it, in a process of its own, a runner
does items that do nothing as fast as it can. Measured over HTTP from this process: `status` and `list` (p50, p99), a
pause acknowledged, the time from a settle that is recorded to the message at a client, and what clients that listen
cost the runner (with and without them, in turns). Everything shares this machine's processors, the measuring process
too. `--quick` runs everything in small; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from junmai.config import Settings
from junmai.control.controller import BatchController
from junmai.control.planning import Order, make_plan, new_batch_id
from junmai.domain.model import NewPhoto
from junmai.store.base import Store


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    items: int = 1_000_000
    batches: int = 100
    requests: int = 500
    pauses: int = 30
    seconds: float = 20.0
    clients: int = 50
    busy: float = 0.02
    """Seconds of processor that an item takes where listening is measured beside real work."""


QUICK = Sizes(items=40_000, batches=5, requests=30, pauses=3, seconds=2.0, clients=5)


# --- the ground ---------------------------------------------------------------------------------------------


def fill(data: Path, sizes: Sizes) -> list[str]:
    """A library with photos that are nowhere, one batch over all of them, and small ones; returns their ids."""
    with BatchController(settings=Settings(data=data)) as controller:
        ids: list[int] = []
        for start in range(0, sizes.items, 20_000):
            new = [(None, _photo(number)) for number in range(start, min(sizes.items, start + 20_000))]
            ids += controller.store.save_photos(new)
        made = [_batch(controller, data, ids)]
        made += [_batch(controller, data, ids[number : number + 10]) for number in range(sizes.batches - 1)]
        for batch_id in made[1:]:
            controller.pause(batch_id)
    return made


def _photo(number: int) -> NewPhoto:
    return NewPhoto(
        path=f"/nowhere/IMG_{number:07}.jpg",
        root="/nowhere",
        kind="jpeg",
        size=1000 + number,
        mtime_ns=number,
        inode=number,
        fingerprint=f"{number:064x}",
        facts={},
    )


def _batch(controller: BatchController, data: Path, ids: list[int]) -> str:
    batch_id = new_batch_id()
    names = controller.store.photo_names(ids)
    order = Order(folder=data / "developed" / batch_id)
    return controller.create(make_plan(controller.store, names, order, batch_id=batch_id)).id


def work(data: Path, batch_id: str, stop: Any, count: Any, busy: Any) -> None:
    """End items as fast as one thread can, each durable, in groups as a runner does; where `busy` is not 0, each takes
    so many seconds of processor and is settled alone."""
    with BatchController(settings=Settings(data=data)) as controller:
        store = controller.store
        no = store.batch(batch_id).no
        name = f"bench-{os.getpid()}"
        runner = store.add_runner(name, host="bench", pid=os.getpid(), role="bench", scope=no, workers=2)
        while not stop.is_set():
            done = _turn(store, runner, no, busy.value)
            count.value += done
            if not done:
                time.sleep(0.005)


def _turn(store: Store, runner: int, no: int, busy: float) -> int:
    from junmai.domain.model import Settled, Staged

    claims = store.claim(runner, scope=no, limit=1 if busy else 32)
    until = time.thread_time() + busy
    while busy and claims and time.thread_time() < until:
        pass
    if not claims:
        return 0
    staged = [
        Staged(one.batch_no, one.position, one.attempt, one.photo_id, one.output_name, 1, "0" * 64, "k", 0.001)
        for one in claims
    ]
    store.stage(runner, staged)
    store.settle(runner, [Settled(one, 0) for one in staged])
    return len(claims)


@contextlib.contextmanager
def at_work(data: Path, batch_id: str) -> Iterator[Any]:
    """A process that ends items, as long as the block lasts; gives the counter of these, and how long each is worked
    at."""
    context = multiprocessing.get_context("spawn")
    stop, count, busy = context.Event(), context.Value("q", 0), context.Value("d", 0.0)
    process = context.Process(target=work, args=(data, batch_id, stop, count, busy))
    process.start()
    while not count.value:
        time.sleep(0.01)
    try:
        yield count, busy
    finally:
        stop.set()
        process.join()


@contextlib.contextmanager
def server(data: Path) -> Iterator[int]:
    """A server without a runner; gives its port."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "junmai", "--data", str(data), "serve", "--no-runner", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
        try:
            yield port
        finally:
            process.terminate()


# --- measuring ----------------------------------------------------------------------------------------------


def milliseconds(act: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def ask(connection: HTTPConnection, method: str, path: str) -> Any:
    """The JSON answer to a request over a connection that stays."""
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{method} {path}: {answer.status} {body[:200]!r}")
    return json.loads(body)


def percentile(values: list[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Listener(threading.Thread):
    """A client of `/events` that notes how late each message about ends comes."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self.connection.request("GET", "/events")
        self.answer = self.connection.getresponse()
        self.delays: list[float] = []
        self.messages = 0
        self.stopped = False

    def run(self) -> None:
        from datetime import datetime

        with contextlib.suppress(OSError, ValueError, AttributeError):
            while not self.stopped:
                line = self.answer.readline()
                if line.startswith(b"data: "):
                    self.messages += 1
                    said = json.loads(line[6:])
                    if said["type"] in ("job_progress", "job_completed"):
                        self.delays.append(1000 * (time.time() - datetime.fromisoformat(said["timestamp"]).timestamp()))


def latencies(port: int, batch_id: str, sizes: Sizes) -> dict[str, float]:
    """Status, list and pause over HTTP while items end."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    status = [milliseconds(lambda: ask(connection, "GET", f"/batch/{batch_id}/status")) for _ in range(sizes.requests)]
    listed = [milliseconds(lambda: ask(connection, "GET", "/batch/list")) for _ in range(max(10, sizes.requests // 5))]
    pauses = []
    for _ in range(sizes.pauses):
        pauses.append(milliseconds(lambda: ask(connection, "POST", f"/batch/{batch_id}/pause")))
        ask(connection, "POST", f"/batch/{batch_id}/resume")
        time.sleep(0.05)
    connection.close()
    found = {}
    for name, values in (("status", status), ("list", listed), ("pause", pauses)):
        found[f"{name} p50, ms"] = percentile(values, 0.5)
        found[f"{name} p99, ms"] = percentile(values, 0.99)
    return found


def listening(port: int, count: Any, sizes: Sizes) -> dict[str, float]:
    """Items a second without and with clients that listen, in turns; the delay and number of their messages."""
    alone, crowded, delays, messages = [], [], [], 0
    for _ in range(3):
        alone.append(_rate(count, sizes.seconds / 3))
        clients = [Listener(port) for _ in range(sizes.clients)]
        for client in clients:
            client.start()
        crowded.append(_rate(count, sizes.seconds / 3))
        for client in clients:
            client.stopped = True
            client.connection.close()
            delays += client.delays
        messages += clients[0].messages
    return {
        "items a second, nobody listens": statistics.median(alone),
        f"items a second, {sizes.clients} clients listen": statistics.median(crowded),
        "what listening costs, %": 100 * (1 - statistics.median(crowded) / statistics.median(alone)),
        "settle to client p50, ms": percentile(delays or [0.0], 0.5),
        "settle to client p99, ms": percentile(delays or [0.0], 0.99),
        "messages a second to one client": messages / sizes.seconds,
    }


def _rate(count: Any, seconds: float) -> float:
    before, began = count.value, time.perf_counter()
    time.sleep(seconds)
    return float((count.value - before) / (time.perf_counter() - began))


PROMISED = {
    "status p99, ms": 5.0,
    "pause p99, ms": 100.0,
    "what listening costs, %": 3.0,
    "what listening costs beside items of 20 ms, %": 3.0,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--folder", type=Path, help="where the library goes; none: a temporary folder")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    given = parser.parse_args()
    sizes = QUICK if given.quick else Sizes()
    rounds: list[dict[str, float]] = []
    for _ in range(1 if given.quick else given.rounds):
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            data = Path(folder)
            made = fill(data, sizes)
            with server(data) as port, at_work(data, made[0]) as (count, busy):
                found = {**latencies(port, made[0], sizes), **listening(port, count, sizes)}
                busy.value = sizes.busy
                time.sleep(0.5)
                beside = listening(port, count, sizes)
                share = beside["what listening costs, %"]
                rounds.append({**found, f"what listening costs beside items of {sizes.busy * 1e3:g} ms, %": share})
    figures = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    print(f"{sizes.items} items, {sizes.batches} batches, {len(rounds)} rounds")
    for name, value in figures.items():
        limit = PROMISED.get(name)
        verdict = "" if limit is None else f"   promised {limit:g}: {'met' if value <= limit else 'missed'}"
        print(f"{name:<40}{value:>12.2f}{verdict}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
