"""What a batch costs that is only there: memory while it is active, and its state file."""

from __future__ import annotations

import gc
import multiprocessing
import random
import statistics
import time
import tracemalloc
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import apsw
from bench.ground import Sizes, add_photos, opened, output_folder, start
from bench.rows import Rows, at_most

from junmai.control.controller import BatchController
from junmai.control.runner import Runner
from junmai.control.statefile import items_path, state_path
from junmai.control.statewriter import write_state
from junmai.executors.base import Job, Outcome

CONTRACT = "contract 6"
ONE_OF = 10
"""Batches over which the memory of one is taken."""


class HoldingExecutor:
    """Takes photos and never ends them: whoever runs it has them in hand."""

    workers = 2

    def start(self) -> None:
        """Nothing to get ready."""

    def submit(self, ticket: int, job: Job) -> None:
        """Take a job."""

    def wait(self, seconds: float) -> Sequence[Outcome]:
        """Nothing ever ends."""
        time.sleep(seconds)
        return []

    def retract(self) -> list[int]:
        """All are begun."""
        return []

    def stop(self, *, at_once: bool = False) -> None:
        """Nothing to stop."""


def memory(data: Path, sizes: Sizes, rounds: int, rng: random.Random) -> list[Rows]:
    """In a process of its own that has a controller and a live runner: what so many batches more take of it."""
    rows = Rows("Memory of active batches (Python's objects in a process with a controller and a live runner)")
    cases = [(count, ONE_OF) for count in sizes.active] + [(sizes.active[0], sizes.many)]
    for number in range(rounds):
        held = {}
        for count, batches in rng.sample(cases, len(cases)):
            folder = data / f"memory-{number}-{count}-{batches}"
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
                held[count, batches] = pool.submit(memory_of, folder, count, batches).result()
        for count in sizes.active:
            name = f"a batch of {count:,} photos (a tenth of ten)"
            rows.add(name, held[count, ONE_OF][0] / 1e3 / ONE_OF, "KB", at_most(10, CONTRACT))
        objects, pages = held[cases[-1]]
        rows.add(f"{sizes.many} batches of {sizes.active[0]}", objects / 1e3, "KB", at_most(1000, CONTRACT))
        rows.add("  pages of the database that SQLite keeps beside (16 MB at most)", pages / 1e3, "KB")
    return [rows]


def memory_of(data: Path, count: int, batches: int) -> tuple[int, int]:
    """Bytes of Python's objects, and of SQLite, that so many active batches of so many photos take."""
    ids = add_photos(data, count)
    with output_folder(data) as folder, opened(data) as controller:
        _begin(controller, ids, folder, 3, "before")
        runner = Runner(controller.store, HoldingExecutor(), controller.settings, role="serve", scope=None)
        thread = runner.start()
        _look(controller)
        tracemalloc.start()
        before, pages = _held()
        _begin(controller, ids, folder, batches, "more")
        _look(controller)
        after, more = _held()
        tracemalloc.stop()
        runner.stop(at_once=True)
        thread.join()
    return after - before, more - pages


def _begin(controller: BatchController, ids: Sequence[int], folder: Path, batches: int, name: str) -> None:
    for number in range(batches):
        start(controller, ids, folder / f"{name}-{number}")
    controller.catch_up(600)


def _look(controller: BatchController) -> None:
    for _ in range(3):
        controller.get_all_batches()
    time.sleep(0.3)  # the runner turns


def _held() -> tuple[int, int]:
    gc.collect()
    return tracemalloc.get_traced_memory()[0], apsw.memory_used()


# --- state files -------------------------------------------------------------------------------------------


def state(data: Path, sizes: Sizes, rounds: int, rng: random.Random) -> list[Rows]:
    """State files of batches of several sizes: how long writing one takes, and how large it is."""
    rows = Rows("State files (written whole, on the disk), and a pause with nothing else at work")
    ids = add_photos(data, max(sizes.active))
    with output_folder(data) as folder, opened(data) as controller:
        for number in range(rounds):
            for count in sizes.active:
                batch = start(controller, ids[:count], folder / f"{number}-{count}")
                controller.catch_up(600)
                _state_rows(rows, controller, batch.no, count, sizes.written, rng)
                controller.cancel(batch.id)
                controller.catch_up(600)
    return [rows]


def _state_rows(rows: Rows, controller: BatchController, no: int, count: int, times: int, rng: random.Random) -> None:
    store, data = controller.store, controller.settings.data
    batch = store.batch_no(no)
    path = state_path(data, batch.id)
    writing, pausing = [], []
    for _ in range(times):
        began = time.perf_counter()
        write_state(store, data, no)
        writing.append(time.perf_counter() - began)
        began = time.perf_counter()
        controller.pause(batch.id)
        pausing.append(time.perf_counter() - began)
        controller.resume(batch.id)
        time.sleep(rng.uniform(0.0, 0.01))
    controller.catch_up(600)
    most = at_most(1, CONTRACT)
    rows.add(f"{count:,} photos: state file written", statistics.median(writing) * 1e3, "ms", most)
    rows.add(f"{count:,} photos: pause answered", statistics.median(pausing) * 1e3, "ms", most)
    rows.add(f"{count:,} photos: size of the state file", path.stat().st_size / 1e3, "KB", most)
    if items_path(path).exists():
        rows.add(f"{count:,} photos: size of the second file", items_path(path).stat().st_size / 1e3, "KB")
