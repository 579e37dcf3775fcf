"""Many machines: how quick workers with a broker and PostgreSQL are, beside plain Celery and beside one machine.

    python bench/cluster.py [--rounds 3] [--parts items,photos,grow,create,pause,urgent,lost] [--quick]

All of it runs on this machine: PostgreSQL as it comes (each commit is brought to the disk), Valkey that keeps nothing,
workers as processes. So figures with more workers than cores say what the store and the broker bear, not what more
machines would bring.

- `items`: photos that do nothing; plain Celery (two prefork processes, its own Valkey of the same kind) beside two
  workers of a cluster, and beside the runner of one machine over SQLite and over PostgreSQL.
- `photos`: the same with photos of the sample shoot; plain Celery calls the same engine and writes the same file.
- `grow`: photos that wait 100 ms, with 1, 2, 4 and 8 workers of four processes each.
- `create`: a batch of 1,000,000 photos.
- `pause`: 100 pauses and resumes of a batch of 10,000 and more that eight workers settle at full speed; what they claim
  after them, and how many messages were sent for it.
- `urgent`: a batch of priority 10 beside one of 100,000 whose photos take 20 ms.
- `lost`: a worker is killed; when its photos wait again, against its lease.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import celery_side, control_items, control_scale
from bench.celery_side import CelerySide
from bench.cluster_side import ClusterSide, batch_of, offered, rate_of, temporary
from bench.control_scale import wait_for
from bench.ground import QUICK, WORKERS, NothingExecutor, Sizes, output_folder, sync_milliseconds
from bench.rows import Rows, at_least, at_most, percentile

from junmai.control.controller import BatchController
from junmai.control.importing import import_photos
from junmai.control.working import AtWork, at_work
from junmai.demo.shoot import make_sample_shoot

ISSUE = "wanted"
CELERY = "plain Celery, 2 processes"
CLUSTER = "cluster, 2 workers"
SQLITE = "one machine, 2 processes, SQLite"
POSTGRES = "one machine, 2 processes, PostgreSQL"
GROWN = (1, 2, 4, 8)
PROCESSES = 4
EACH_SECONDS = 0.1

Part = Callable[[ClusterSide, Path, Sizes, int, random.Random], Rows]


def items(side: ClusterSide, base: Path, sizes: Sizes, rounds: int, rng: random.Random) -> Rows:
    """Photos that do nothing."""
    rows = Rows("Photos that do nothing, a second")
    ids = side.add_photos(sizes.celery)
    names = iter(range(1 << 30))
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(output_folder(base))
        controller = stack.enter_context(side.opened())
        celery = stack.enter_context(CelerySide(base / "celery", WORKERS, durable=False))

        def cluster() -> float:
            with side.workers(WORKERS):
                return _developed(controller, ids, folder / f"{next(names)}")

        def one_machine() -> float:
            executor = NothingExecutor()
            executor.warm()
            with side.opened(executor="processes") as alone:
                batch = batch_of(alone, ids, folder / f"{next(names)}")
                alone.runner_with(executor, batch).run()
                return rate_of(alone, batch)

        sides: dict[str, Callable[[], float]] = {
            CELERY: lambda: len(ids) / celery.seconds(len(ids), 0.0),
            CLUSTER: cluster,
            SQLITE: lambda: control_items.runner_rate(base / f"sqlite-{next(names)}", len(ids), 0.0),
            POSTGRES: one_machine,
        }
        _rounds(rows, sides, rounds, rng)
    return rows


def photos(side: ClusterSide, base: Path, sizes: Sizes, rounds: int, rng: random.Random) -> Rows:
    """Photos that are developed."""
    count = min(120, sizes.celery)
    rows = Rows(f"{count} photos of the sample shoot, a second")
    make_sample_shoot(base / "shoot", count=count, long_edge=1240)
    names = iter(range(1 << 30))
    with contextlib.ExitStack() as stack:
        controller = stack.enter_context(side.opened())
        ids = _imported(controller, base / "shoot")
        celery = stack.enter_context(CelerySide(base / "celery", WORKERS, durable=False))
        local = stack.enter_context(
            BatchController(settings=side.settings(executor="processes").model_copy(update={"store": None}))
        )
        local_ids = _imported(local, base / "shoot")
        paths = [photo.path for photo in controller.store.photos_by_ids(ids)]

        def cluster() -> float:
            with side.workers(WORKERS, seconds=None):
                _developed(controller, ids[: 2 * WORKERS], base / f"warm-{next(names)}")
                return _developed(controller, ids, base / f"out-{next(names)}")

        def one_machine(where: BatchController, mine: list[int]) -> float:
            batch = batch_of(where, mine, base / f"out-{next(names)}")
            where.runner(batch, workers=WORKERS).run()
            return rate_of(where, batch)

        def plain() -> float:
            out = base / f"out-{next(names)}"
            out.mkdir()
            celery.developed(paths[: 2 * WORKERS], out)
            return len(paths) / celery.developed(paths, out)

        alone = stack.enter_context(side.opened(executor="processes"))
        sides: dict[str, Callable[[], float]] = {
            CELERY: plain,
            CLUSTER: cluster,
            SQLITE: lambda: one_machine(local, local_ids),
            POSTGRES: lambda: one_machine(alone, ids),
        }
        _rounds(rows, sides, rounds, rng)
    return rows


def _imported(controller: BatchController, folder: Path) -> list[int]:
    executor = controller.executor(WORKERS)
    executor.start()
    try:
        import_photos(controller, [folder], executor)
    finally:
        executor.stop()
    return [photo.id for photo in controller.store.photos(limit=100_000)]


def _rounds(rows: Rows, sides: dict[str, Callable[[], float]], rounds: int, rng: random.Random) -> None:
    for number in range(rounds):
        rates = {}
        for name in rng.sample(list(sides), len(sides)):
            rates[name] = sides[name]()
            print(f"  round {number + 1}: {name} {rates[name]:,.1f}/s", flush=True)
        for name in sides:
            rows.add(name, rates[name], "/s")
        rows.add(f"ratio: {CLUSTER} / {CELERY}", rates[CLUSTER] / rates[CELERY], "x", at_least(0.8, ISSUE))
        rows.add(f"ratio: {CLUSTER} / {SQLITE}", rates[CLUSTER] / rates[SQLITE], "x")
        rows.add(f"ratio: {CLUSTER} / {POSTGRES}", rates[CLUSTER] / rates[POSTGRES], "x")


def _developed(controller: BatchController, ids: list[int], folder: Path) -> float:
    batch = batch_of(controller, ids, folder)
    with offered(controller, batch.no):
        wait_for_end(controller, batch.no)
    return rate_of(controller, controller.store.batch_no(batch.no))


def wait_for_end(controller: BatchController, no: int, seconds: float = 600.0) -> None:
    """Wait until a batch is completed. Raises SystemExit where it never is."""
    deadline = time.monotonic() + seconds
    while (batch := controller.store.batch_no(no)).status != "completed":
        if time.monotonic() > deadline:
            raise SystemExit(f"the batch does not end: {batch}")
        time.sleep(0.02)


def grow(side: ClusterSide, base: Path, sizes: Sizes, rounds: int, rng: random.Random) -> Rows:
    """More workers."""
    rows = Rows(f"Photos that wait {EACH_SECONDS * 1e3:.0f} ms, a second; {PROCESSES} processes for each worker")
    ids = side.add_photos(sizes.waiting * GROWN[-1])
    with output_folder(base) as folder, side.opened() as controller:
        for number in range(rounds):
            for count in rng.sample(GROWN, len(GROWN)):
                with side.workers(count, seconds=EACH_SECONDS, processes=PROCESSES):
                    rate = _developed(controller, ids[: sizes.waiting * count], folder / f"{number}-{count}")
                print(f"  round {number + 1}: {count} workers {rate:,.1f}/s", flush=True)
                rows.add(f"{count} workers (at most {count * PROCESSES / EACH_SECONDS:.0f})", rate, "/s")
    return rows


def create(side: ClusterSide, base: Path, sizes: Sizes, rounds: int, rng: random.Random) -> Rows:
    """A batch of very many."""
    count = max(sizes.created)
    rows = Rows("Making a batch over PostgreSQL (ids looked up, names planned, rows written with COPY)")
    ids = side.add_photos(count)
    with side.opened(executor="processes") as controller:
        for number in range(rounds):
            began = time.perf_counter()
            batch_id = controller.start_batch(ids)
            seconds = time.perf_counter() - began
            print(f"  round {number + 1}: {count:,} photos in {seconds:.2f} s", flush=True)
            rows.add(f"{count:,} photos", seconds, "s")
            rows.add("photos a second", count / seconds, "/s")
            controller.cancel(batch_id)
            controller.catch_up(600)
    return rows


def pause(side: ClusterSide, base: Path, sizes: Sizes, rounds: int, rng: random.Random) -> Rows:
    """Pauses in the middle of it."""
    count = sizes.beside // 5
    rows = Rows(f"Pauses of a batch of {count:,} that 8 workers settle at full speed")
    ids = side.add_photos(count)
    with output_folder(base) as folder, side.opened() as controller, side.workers(8):
        for number in range(rounds):
            batch = batch_of(controller, ids, folder / f"{number}")
            with offered(controller, batch.no):
                wait_for(lambda no=batch.no: controller.store.batch_no(no).processed > 50)  # type: ignore[misc]
                sent, began = _messages(side), time.perf_counter()
                processed = controller.store.batch_no(batch.no).processed
                control_scale.pauses(rows, controller, batch, sizes, rng)
                settled = controller.store.batch_no(batch.no).processed - processed
                rows.add("photos settled meanwhile", settled / (time.perf_counter() - began), "/s")
                rows.add("messages sent for each photo settled meanwhile", (_messages(side) - sent) / settled, "")
                left = controller.store.batch_no(batch.no)
                rows.add("photos outstanding at the last pause", left.total - left.processed, "")
                controller.cancel(batch.id)
            controller.catch_up(600)
            print(f"  round {number + 1} done", flush=True)
    return rows


def _messages(side: ClusterSide) -> int:
    """How many messages the broker has taken."""
    with contextlib.closing(side.broker.client()) as client:
        said = client.info("commandstats")
    return sum(int(said.get(f"cmdstat_{name}", {}).get("calls", 0)) for name in ("lpush", "rpush"))


def urgent(side: ClusterSide, base: Path, sizes: Sizes, rounds: int, rng: random.Random) -> Rows:
    """An urgent batch beside a very large one."""
    each = control_scale.URGENT_SECONDS
    rows = Rows(f"An urgent batch beside one of {sizes.beside:,} (photos of {each * 1e3:.0f} ms, 2 workers)")
    ids = side.add_photos(sizes.beside)
    most = at_most(each + 0.5, ISSUE)
    with output_folder(base) as folder, side.opened() as controller, side.workers(WORKERS, seconds=each):
        large = batch_of(controller, ids, folder / "large")
        with offered(controller, None):
            wait_for(lambda: controller.store.batch_no(large.no).processed > 50)
            for number in range(rounds):
                waits = []
                for turn in range(sizes.urgent):
                    batch = batch_of(controller, ids[:10], folder / f"urgent-{number}-{turn}")
                    controller.set_priority(batch.id, 10)
                    wait_for_end(controller, batch.no)
                    waits.append(control_scale.first_start(controller, batch))
                    time.sleep(rng.uniform(0.0, 0.3))
                rows.add("its first photo starts after, median", percentile(waits, 0.5), "s", most)
                rows.add("its first photo starts after, worst", max(waits), "s", most, pick="worst")
    return rows


def lost(side: ClusterSide, base: Path, sizes: Sizes, rounds: int, rng: random.Random) -> Rows:
    """A worker is killed in the middle."""
    lease = 3.0
    rows = Rows(f"A worker of two is killed; its lease is {lease:.0f} s, photos take 0.5 s")
    ids = side.add_photos(24)
    os.environ["JUNMAI_LEASE_SECONDS"] = str(lease)
    try:
        with output_folder(base) as folder, side.opened() as controller:
            for number in range(rounds):
                with side.workers(1, seconds=0.5), side.workers(1, seconds=0.5):
                    batch = batch_of(controller, ids, folder / f"{number}")
                    with offered(controller, batch.no):
                        wait_for(lambda no=batch.no: controller.store.batch_no(no).processed > 4)  # type: ignore[misc]
                        victim = next(one for one in _workers(controller) if one.photos)
                        os.killpg(victim.runner.pid, signal.SIGKILL)
                        began = time.perf_counter()
                        wait_for(lambda no=victim.runner.no: not _holds(controller, no))  # type: ignore[misc]
                        rows.add("its photos wait again after", time.perf_counter() - began, "s")
                        wait_for_end(controller, batch.no)
                        rows.add("the batch has ended after", time.perf_counter() - began, "s")
    finally:
        del os.environ["JUNMAI_LEASE_SECONDS"]
    return rows


def _workers(controller: BatchController) -> list[AtWork]:
    return [one for one in at_work(controller.store, controller.settings) if one.runner.workers]


def _holds(controller: BatchController, runner_no: int) -> bool:
    return any(photo.runner_no == runner_no for photo in controller.store.held_photos())


PARTS: dict[str, Part] = {
    "items": items,
    "photos": photos,
    "grow": grow,
    "create": create,
    "pause": pause,
    "urgent": urgent,
    "lost": lost,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if not celery_side.is_there():
        parser.error("Celery and its broker are not installed: `make setup-dev`")
    if unknown := [name for name in given.parts.split(",") if name not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}")
    sizes, rounds = (QUICK, 1) if given.quick else (Sizes(), given.rounds)
    found = []
    with temporary() as folder:
        for name in given.parts.split(","):
            print(f"{name} ...", flush=True)
            base = Path(folder) / name
            base.mkdir()
            with ClusterSide(base / "cluster") as side:
                found.append(PARTS[name](side, base, sizes, rounds, random.Random(f"{given.seed} {name}")))
            print(found[-1].text(), flush=True)
        sync = sync_milliseconds(Path(folder))
    what = "quick: the figures say nothing" if given.quick else f"{rounds} rounds"
    print(
        f"\n{platform.system()}, Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}, one sync {sync:.2f} ms, {what}, seed {given.seed}"
    )
    print("\n".join(rows.text() for rows in found))
    if given.json:
        given.json.write_text(json.dumps([row for rows in found for row in rows.as_dicts()], indent=1))


if __name__ == "__main__":
    main()
