"""Items that do nothing, and items of 20 ms: Junmai's store and its runner, Celery, a bare process pool."""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench import celery_side
from bench.celery_side import CelerySide
from bench.ground import WORKERS, NothingExecutor, Sizes, add_photos, opened, output_folder, start
from bench.rows import Rows, at_least

from junmai.control.controller import BatchController
from junmai.domain import policy
from junmai.domain.model import Claim, Settled, SourceRead, Staged

EACH_SECONDS = 0.02
AHEAD = policy.AHEAD_LIMIT
DESIGN = "design 8"
STORE_ALONE = "Junmai's store: claim, stage, settle, each item alone"
STORE_GROUPS = f"Junmai's store: claim, stage, settle in groups of {policy.GROUP_SIZE}"
RUNNER_ALONE = "Junmai's runner and worker processes, settling each alone"
RUNNER_GROUPS = "Junmai's runner and worker processes, settling as it does"
POOL = "bare ProcessPoolExecutor"
CELERY = "Celery and Valkey as it comes (nothing is brought to the disk)"
CELERY_KEPT = "Celery and Valkey that brings each message to the disk"
NOTHING = "Items that do nothing, durable; {workers} workers"
WAITING = "Items of 20 ms; {workers} workers"

Side = Callable[[], float]
"""Does its items once and gives the rate a second."""


def measure(base: Path, sizes: Sizes, rounds: int, rng: random.Random, *, with_celery: bool) -> list[Rows]:
    """All rounds; in each one the sides come in another order."""
    nothing = Rows(NOTHING.format(workers=WORKERS))
    waiting = Rows(WAITING.format(workers=WORKERS))
    with contextlib.ExitStack() as stack:
        sides = _sides(base, sizes, stack, with_celery=with_celery and celery_side.is_there())
        for number in range(rounds):
            rates = {}
            for part, name, side in rng.sample(sides, len(sides)):
                rates[part, name] = side()
                print(f"  round {number + 1}, {part}: {name} {rates[part, name]:,.0f}/s", flush=True)
            for part, name, _ in sides:
                (nothing if part == "nothing" else waiting).add(name, rates[part, name], "/s")
            _ratios(nothing, waiting)
    return [nothing, waiting]


def _sides(base: Path, sizes: Sizes, stack: contextlib.ExitStack, *, with_celery: bool) -> list[tuple[str, str, Side]]:
    pool = stack.enter_context(ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")))
    list(pool.map(wait, [0.0] * 2 * WORKERS))
    names = iter(range(1 << 30))

    def fresh() -> Path:
        return base / f"items-{next(names)}"

    sides: list[tuple[str, str, Side]] = [
        ("nothing", POOL, lambda: pool_rate(pool, sizes.pool, 0.0)),
        ("nothing", STORE_ALONE, lambda: store_rate(fresh(), sizes.alone, 1)),
        ("nothing", STORE_GROUPS, lambda: store_rate(fresh(), sizes.grouped, policy.GROUP_SIZE)),
        ("nothing", RUNNER_ALONE, lambda: runner_rate(fresh(), sizes.alone, 0.0, group=1)),
        ("nothing", RUNNER_GROUPS, lambda: runner_rate(fresh(), sizes.grouped, 0.0)),
        ("waiting", POOL, lambda: pool_rate(pool, sizes.waiting, EACH_SECONDS)),
        ("waiting", RUNNER_GROUPS, lambda: runner_rate(fresh(), sizes.waiting, EACH_SECONDS)),
    ]
    if with_celery:
        as_it_comes = stack.enter_context(CelerySide(base / "valkey", WORKERS, durable=False))
        kept = stack.enter_context(CelerySide(base / "valkey-kept", WORKERS, durable=True))
        sides += [
            ("nothing", CELERY, lambda: sizes.celery / as_it_comes.seconds(sizes.celery, 0.0)),
            ("nothing", CELERY_KEPT, lambda: sizes.celery / kept.seconds(sizes.celery, 0.0)),
            ("waiting", CELERY, lambda: sizes.waiting / as_it_comes.seconds(sizes.waiting, EACH_SECONDS)),
        ]
    return sides


def _ratios(nothing: Rows, waiting: Rows) -> None:
    """What the promises are about, from this round's rates."""

    def ratio(rows: Rows, ours: str, theirs: str, least: float | None) -> None:
        with contextlib.suppress(KeyError):  # Celery was not asked
            share = rows.value(ours) / rows.value(theirs)
            promise = None if least is None else at_least(least, DESIGN)
            rows.add(f"ratio: {SHORT[ours]} / {SHORT[theirs]}", share, "x", promise)

    for ours in (STORE_ALONE, RUNNER_ALONE):
        ratio(nothing, ours, CELERY, 3.0)
        ratio(nothing, ours, CELERY_KEPT, None)
    for ours in (STORE_GROUPS, RUNNER_GROUPS):
        ratio(nothing, ours, POOL, 0.5)
    for theirs in (POOL, CELERY):
        ratio(waiting, RUNNER_GROUPS, theirs, None)


SHORT = {
    STORE_ALONE: "store, alone",
    STORE_GROUPS: "store, in groups",
    RUNNER_ALONE: "runner, alone",
    RUNNER_GROUPS: "runner, in groups",
    POOL: "bare pool",
    CELERY: "Celery as it comes",
    CELERY_KEPT: "Celery that keeps",
}


# --- the sides ---------------------------------------------------------------------------------------------


def wait(seconds: float) -> None:
    """What an item of the bare pool does."""
    if seconds:
        time.sleep(seconds)


def pool_rate(pool: ProcessPoolExecutor, count: int, seconds: float) -> float:
    """Items a second of warm processes; nothing is recorded anywhere."""
    began = time.perf_counter()
    for job in [pool.submit(wait, seconds) for _ in range(count)]:
        job.result()
    return count / (time.perf_counter() - began)


def store_rate(data: Path, count: int, group: int) -> float:
    """Items a second through the verbs of a store, by one thread: claimed 64 at a time as a runner does with quick
    items, then each group staged and settled with an fsync each, the checksum of the source kept."""
    ids = add_photos(data, count)
    with opened(data) as controller:
        batch_id = controller.start_batch(ids)
        store = controller.store
        runner = store.add_runner("bench", host="here", pid=1, role="bench", scope=None, workers=WORKERS)
        began = time.perf_counter()
        while claims := store.claim(runner, scope=None, limit=AHEAD):
            for first in range(0, len(claims), group):
                staged = [_staged(claim) for claim in claims[first : first + group]]
                store.stage(runner, staged, [_read(claim) for claim in claims[first : first + group]])
                store.settle(runner, [Settled(one, 1) for one in staged])
        seconds = time.perf_counter() - began
        _check(controller, batch_id, count)
    return count / seconds


def _staged(claim: Claim) -> Staged:
    key = f"{claim.photo_id:064x}"
    return Staged(claim.batch_no, claim.position, claim.attempt, claim.photo_id, claim.output_name, 1, key, key, 0.01)


def _read(claim: Claim) -> SourceRead:
    photo = claim.photo
    if photo is None:
        raise SystemExit("a photo of the bench is gone")
    return SourceRead(photo.id, f"{photo.id:064x}", photo.size, photo.mtime_ns, photo.inode, photo.fingerprint)


def runner_rate(data: Path, count: int, seconds: float, *, group: int = policy.GROUP_SIZE) -> float:
    """Items a second of a whole runner, from its first claim to its last settle: its turns, worker processes over
    pipes, a tiny file renamed for each (in memory where the system has that), staging and settling."""
    ids = add_photos(data, count)
    executor = NothingExecutor(seconds)
    executor.warm()
    with output_folder(data) as folder, opened(data) as controller, _groups_of(group):
        batch = start(controller, ids, folder)
        controller.runner_with(executor, batch).run()
        _check(controller, batch.id, count)
        events = controller.store.events(no=batch.no, limit=10 * count)
    begun = next(event.at for event in events if event.type == "items_claimed")
    ended = max(event.at for event in events if event.type == "item_processed")
    return count / (ended - begun)


@contextlib.contextmanager
def _groups_of(size: int) -> Iterator[None]:
    usual = policy.GROUP_SIZE
    policy.GROUP_SIZE = size
    try:
        yield
    finally:
        policy.GROUP_SIZE = usual


def _check(controller: BatchController, batch_id: str, count: int) -> None:
    status = controller.status(batch_id)
    if status["status"] != "completed" or status["processed_count"] != count:
        raise SystemExit(f"the batch did not end well: {status}")
