"""Large batches: making them, asking and pausing them under full load, an urgent batch beside one."""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.synchronize import Event as Flag
from pathlib import Path

import psutil
from bench.ground import NothingExecutor, Sizes, add_photos, opened, output_folder, quiet_settings, start
from bench.rows import Rows, at_most, percentile

from junmai.control.controller import BatchController
from junmai.control.runner import Runner
from junmai.domain.model import Batch
from junmai.store.engine import Transaction
from junmai.store.sqlite import SqliteStore

DESIGN = "design 8"
OTHER_BATCHES = 20
"""Small batches that the list shows beside the large one."""
URGENT_PHOTOS = 10
URGENT_SECONDS = 0.02
PATIENCE = 60.0


class TimedStore(SqliteStore):
    """Knows how long its longest write transaction lasted, from the moment that nobody else could write."""

    longest = 0.0

    @contextlib.contextmanager
    def _open_transaction(self, command: bool) -> Iterator[Transaction]:
        """The time ends when its commit is on the disk and others may write; the WAL is brought in after that."""
        with super()._open_transaction(command) as transaction:
            began = time.perf_counter()
            yield transaction
        self.longest = max(self.longest, time.perf_counter() - began)


def create(data: Path, sizes: Sizes, rounds: int, rng: random.Random) -> list[Rows]:
    """From ids to a running batch, by `start_batch`: the names of the photos, the plan, every row written."""
    rows = Rows("Making a batch (start_batch: ids looked up, names planned, rows written and on the disk)")
    ids = add_photos(data, max(sizes.created))
    store = TimedStore(quiet_settings(data).database)
    cases = [(count, shared) for count in sizes.created for shared in (False, True)]
    with output_folder(data) as folder, opened(data, store=store) as controller:
        for number in range(rounds):
            took = {}
            for count, shared in rng.sample(cases, len(cases)):
                target = folder / f"{number}-{count}" if shared else None
                took[count, shared] = _created(controller, store, ids[:count], target)
                print(f"  round {number + 1}: {count:,} photos in {took[count, shared][0]:.2f} s", flush=True)
            for count, shared in cases:
                seconds, longest = took[count, shared]
                name = f"{count:,} photos into {'a shared folder' if shared else 'a folder of its own'}"
                promise = at_most(5, DESIGN) if count == max(sizes.created) else None
                rows.add(name, seconds, "s", promise)
                rows.add(f"  longest write transaction: {name}", longest, "ms", at_most(100, DESIGN), pick="worst")
    return [rows]


def _created(
    controller: BatchController, store: TimedStore, ids: Sequence[int], folder: Path | None
) -> tuple[float, float]:
    """Seconds that making a batch takes, and milliseconds of its longest write transaction."""
    config = {"output": {"folder": str(folder)}} if folder else None
    store.longest = 0.0
    began = time.perf_counter()
    batch_id = controller.start_batch(ids, config=config)
    seconds, longest = time.perf_counter() - began, store.longest
    controller.cancel(batch_id)
    controller.catch_up(600)  # its state files are not to be written while the next one is made
    return seconds, longest * 1e3


# --- asked and paused under load ---------------------------------------------------------------------------


def settle_at_full_speed(data: Path, batch_id: str | None, seconds: float, stop: Flag) -> None:
    """What another process does meanwhile: a runner of one batch, or of all, until it is told to stop."""
    executor = NothingExecutor(seconds)
    executor.warm()
    with opened(data) as controller:
        if batch_id is None:
            runner = Runner(controller.store, executor, controller.settings, role="serve", scope=None)
        else:
            runner = controller.runner_with(executor, controller.store.batch(batch_id))
        thread = threading.Thread(target=runner.run)
        thread.start()
        stop.wait()
        runner.stop()
        thread.join()


@contextlib.contextmanager
def busy(controller: BatchController, batch: Batch, *, alone: bool, seconds: float = 0.0) -> Iterator[None]:
    """A runner at work in a process of its own while the block runs."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    arguments = (controller.settings.data, batch.id if alone else None, seconds, stop)
    process = context.Process(target=settle_at_full_speed, args=arguments)
    process.start()
    try:
        wait_for(lambda: controller.store.batch_no(batch.no).processed > 50, process)
        yield
    finally:
        stop.set()
        process.join(PATIENCE)
        if process.is_alive():
            process.kill()


def wait_for(truth: Callable[[], bool], process: multiprocessing.process.BaseProcess | None = None) -> None:
    """Wait until something is so. Raises SystemExit where it never is."""
    deadline = time.monotonic() + PATIENCE
    while not truth():
        if time.monotonic() > deadline or (process is not None and not process.is_alive()):
            raise SystemExit("the runner of the bench does not work")
        time.sleep(0.005)


def load(data: Path, sizes: Sizes, rounds: int, rng: random.Random) -> list[Rows]:
    """Status, list and pause while another process settles the same batch as fast as it can."""
    count = max(sizes.created)
    rows = Rows(f"Asked and paused at {count:,} items, beside a runner that settles them at full speed")
    ids = add_photos(data, count)
    with opened(data) as controller:
        for number in range(OTHER_BATCHES):
            controller.start_batch(ids[number * 5 : number * 5 + 5])
        for number in range(rounds):
            with output_folder(data) as folder:
                batch = start(controller, ids, folder)
                controller.catch_up(600)
                with busy(controller, batch, alone=True):
                    _ask(rows, controller, batch, sizes, rng)
                    pauses(rows, controller, batch, sizes, rng)
                controller.cancel(batch.id)
                controller.catch_up(600)
            print(f"  round {number + 1} done", flush=True)
    return [rows]


def _ask(rows: Rows, controller: BatchController, batch: Batch, sizes: Sizes, rng: random.Random) -> None:
    process = psutil.Process()
    before, settled = process.memory_info().rss, controller.store.batch_no(batch.no).processed
    began = time.perf_counter()
    status = _times(lambda: controller.status(batch.id), sizes.asked, rng)
    listed = _times(controller.get_all_batches, sizes.asked // 4, rng)
    grown = process.memory_info().rss - before
    rate = (controller.store.batch_no(batch.no).processed - settled) / (time.perf_counter() - began)
    rows.add("photos settled meanwhile", rate, "/s")
    percentiles(rows, "status", status, 5)
    percentiles(rows, f"list of {OTHER_BATCHES + 1} batches and more", listed, None)
    rows.add("memory that asking takes (resident)", max(0, grown) / 1e6, "MB", at_most(50, DESIGN), pick="worst")


def pauses(rows: Rows, controller: BatchController, batch: Batch, sizes: Sizes, rng: random.Random) -> None:
    """Pause and resume a batch that others settle at full speed, again and again."""
    paused, resumed = [], []
    first = controller.store.last_event()
    for _ in range(sizes.pauses):
        paused.append(timed(lambda: controller.pause(batch.id)))
        time.sleep(rng.uniform(0.02, 0.1))
        resumed.append(timed(lambda: controller.resume(batch.id)))
        settled = controller.store.batch_no(batch.no).processed
        wait_for(lambda settled=settled: controller.store.batch_no(batch.no).processed > settled)  # type: ignore[misc]
        time.sleep(rng.uniform(0.0, 0.05))
    percentiles(rows, "pause acknowledged", paused, 100)
    percentiles(rows, "resume acknowledged", resumed, None)
    claimed = claims_while_paused(controller, batch, first)
    rows.add(f"claims after {sizes.pauses} acknowledged pauses", claimed, "", at_most(0, DESIGN), pick="worst")


def claims_while_paused(controller: BatchController, batch: Batch, after: int) -> int:
    """How often a runner claimed between a pause and its resume, as the events tell it."""
    paused, claims = False, 0
    while events := controller.store.events(after=after, no=batch.no, limit=10_000):
        after = events[-1].id
        for event in events:
            if event.type in ("batch_paused", "batch_resumed"):
                paused = event.type == "batch_paused"
            claims += paused and event.type == "items_claimed"
    return claims


def percentiles(rows: Rows, name: str, took: Sequence[float], most: float | None) -> None:
    """Two rows: what half, and what 99 of 100 do not exceed; `most` ms is promised of the latter."""
    rows.add(f"{name}, p50", percentile(took, 0.5) * 1e3, "ms")
    rows.add(f"{name}, p99", percentile(took, 0.99) * 1e3, "ms", None if most is None else at_most(most, DESIGN))


def timed(act: Callable[[], object]) -> float:
    """Seconds that something takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _times(act: Callable[[], object], count: int, rng: random.Random) -> list[float]:
    took = []
    for _ in range(count):
        took.append(timed(act))
        time.sleep(rng.uniform(0.001, 0.009))  # not in step with the turns of the runner
    return took


# --- an urgent batch ---------------------------------------------------------------------------------------


def urgent(data: Path, sizes: Sizes, rounds: int, rng: random.Random) -> list[Rows]:
    """How long a batch of priority 10 waits for its first photo while one of many photos of 20 ms is developed."""
    rows = Rows(f"An urgent batch beside one of {sizes.beside:,} (photos of {URGENT_SECONDS * 1e3:.0f} ms)")
    ids = add_photos(data, sizes.beside)
    most = URGENT_SECONDS + 0.5
    with output_folder(data) as folder, opened(data) as controller:
        large = start(controller, ids, folder / "large")
        controller.catch_up(600)
        with busy(controller, large, alone=False, seconds=URGENT_SECONDS):
            for number in range(rounds):
                waits = []
                for turn in range(sizes.urgent):
                    batch = start(controller, ids[:URGENT_PHOTOS], folder / f"urgent-{number}-{turn}")
                    controller.set_priority(batch.id, 10)
                    wait_for(lambda no=batch.no: controller.store.batch_no(no).status == "completed")  # type: ignore[misc]
                    waits.append(first_start(controller, batch))
                    time.sleep(rng.uniform(0.0, 0.3))
                rows.add("its first photo starts after, median", percentile(waits, 0.5), "s", at_most(most, DESIGN))
                rows.add("its first photo starts after, worst", max(waits), "s", at_most(most, DESIGN), pick="worst")
    return [rows]


def first_start(controller: BatchController, batch: Batch) -> float:
    """Seconds from the command that made a batch urgent to the start of its first photo, at the most: a photo is
    taken to have started its own time before it was settled."""
    events = controller.store.events(no=batch.no)
    asked = next(event.at for event in events if event.type == "batch_priority")
    ends = [event for event in events if event.type == "item_processed"]
    return max(0.0, min(event.at - float(str(event.data["seconds"])) for event in ends) - asked)
