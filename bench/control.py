"""What the control of batches costs, beside what the design (section 8) and the contract (section 6) promise.

    python bench/control.py [--rounds 3] [--parts items,create,load,urgent,memory,state] [--quick] [--no-celery]
                            [--folder DIR] [--seed 1] [--json FILE]

`items`: items that do nothing, and items of 20 ms. Junmai's side is durable: every claim, stage and settle is a
transaction that is on the disk when it returns. Its *store* rows are the three verbs called by one thread; its
*runner* rows are a whole runner with two worker processes, and a file of a few bytes renamed for each item (in memory
where the system has /dev/shm). Celery's side is a task that does nothing, acknowledged late, in a worker with two
prefork processes, from a queue that is full when the clock starts; once with the broker as it comes, which brings
nothing to the disk, and once with one that keeps every message. The bare pool is a `ProcessPoolExecutor` of two
processes that records nothing.
`create`: `start_batch` from a list of ids. `load`: status, list and pause beside a runner in another process.
`urgent`: from `set_priority` 10 to the first photo. `memory`, `state`: batches that are only there.

A row is the median of the rounds, or the worst where one miss breaks the promise; `met` is computed from it. What a
disk takes to sync is said first, because a command is answered after one. `--quick` runs everything in small.
Celery and its broker come with `make setup-dev`; without them these rows are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import apsw

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import control_items, control_scale, control_state
from bench.ground import QUICK, Sizes, sync_milliseconds
from bench.rows import Rows

Part = Callable[[Path, Sizes, int, random.Random], list[Rows]]


def parts(*, with_celery: bool) -> dict[str, Part]:
    """The parts by name, in the order of the table."""
    return {
        "items": partial(control_items.measure, with_celery=with_celery),
        "create": control_scale.create,
        "load": control_scale.load,
        "urgent": control_scale.urgent,
        "memory": control_state.memory,
        "state": control_state.state,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parts", default=",".join(parts(with_celery=True)))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-celery", action="store_true")
    parser.add_argument("--folder", type=Path, help="where the stores are made: its disk is the one measured")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    known = parts(with_celery=not given.no_celery)
    chosen = given.parts.split(",")
    if unknown := [name for name in chosen if name not in known]:
        parser.error(f"no such part: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory(prefix="junmai-bench-", dir=given.folder, ignore_cleanup_errors=True) as folder:
        found = [rows for name in chosen for rows in run(name, known[name], Path(folder), given)]
        print(header(Path(folder), given))
    print("\n".join(rows.text() for rows in found))
    if given.json:
        given.json.write_text(json.dumps([row for rows in found for row in rows.as_dicts()], indent=1))


def run(name: str, part: Part, folder: Path, given: argparse.Namespace) -> list[Rows]:
    """One part, in a folder of its own, with its own seed: leaving another out changes nothing."""
    print(f"{name} ...", flush=True)
    data = folder / name
    data.mkdir()
    sizes, rounds = (QUICK, 1) if given.quick else (Sizes(), given.rounds)
    return part(data, sizes, rounds, random.Random(f"{given.seed} {name}"))


def header(folder: Path, given: argparse.Namespace) -> str:
    """What the figures depend on."""
    busy = f"load {os.getloadavg()[0]:.1f}, " if hasattr(os, "getloadavg") else ""
    what = "quick: the figures say nothing" if given.quick else f"{given.rounds} rounds"
    return (
        f"\n{platform.system()}, Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}, "
        f"{os.cpu_count()} cores, {busy}one sync {sync_milliseconds(folder):.2f} ms, {what}, seed {given.seed}"
    )


if __name__ == "__main__":
    main()
