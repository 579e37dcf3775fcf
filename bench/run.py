"""Real photos through `junmai develop` against a bare process pool that calls the same function.

    python bench/run.py [--photos 40] [--rounds 3] [--workers 2] [--raw FILE.dng]

Both sides develop the same photos with the same number of warm processes, one thread in each, and write every output
with an fsync; the bare pool keeps no state. Each round runs both, in alternating order; the table gives medians, and
the spread says how noisy the machine was. `--raw` adds copies of one real RAW file, for photos of the size that cameras
make.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

from junmai import files
from junmai.demo.shoot import make_sample_shoot
from junmai.domain.model import Recipe
from junmai.executors.worker import one_thread, warm_up


@dataclass(frozen=True)
class Run:
    """One side of one round: seconds in all, seconds inside developing, peak memory in bytes."""

    seconds: float
    inside: float
    memory: int
    largest_worker: int


def develop_bare(source: str, target: str) -> float:
    """What a worker does with a photo, with nothing around it."""
    from junmai.develop.pipeline import develop_photo

    began = time.perf_counter()
    files.sha256_of(Path(source))
    developed = develop_photo(Path(source), Recipe())
    files.write_temporary(Path(target), developed.data)
    return time.perf_counter() - began


def warm(_: int) -> None:
    """Load what a worker needs, as Junmai's own do before their first photo."""
    warm_up()
    time.sleep(0.5)  # so that the first worker that is there does not take the calls of all


class Watch:
    """Samples the memory of this process's children."""

    def __init__(self, pid: int, *, leave_out: int = 0) -> None:
        self.peak, self.largest = 0, 0
        self._pid, self._leave_out, self._stop = pid, leave_out, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.wait(0.05):
            total, largest = 0, 0
            try:
                for one in [psutil.Process(self._pid), *psutil.Process(self._pid).children(recursive=True)]:
                    if one.pid != self._leave_out:
                        held = one.memory_info().rss
                        total, largest = total + held, max(largest, held)
            except psutil.Error:
                continue
            self.peak, self.largest = max(self.peak, total), max(self.largest, largest)

    def end(self) -> None:
        """Stop sampling."""
        self._stop.set()
        self._thread.join()


def bare_pool(photos: list[Path], out: Path, workers: int) -> Run:
    """The floor: the same function in a pool of warm processes."""
    out.mkdir()
    with one_thread(), ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        watch = Watch(os.getpid(), leave_out=os.getpid())
        list(pool.map(warm, range(workers)))
        began = time.perf_counter()
        jobs = [pool.submit(develop_bare, str(photo), str(out / f"{photo.stem}.jpg")) for photo in photos]
        inside = sum(job.result() for job in jobs)
        seconds = time.perf_counter() - began
        watch.end()
    return Run(seconds, inside, watch.peak, watch.largest)


def junmai(folder: Path, out: Path, data: Path, workers: int) -> Run:
    """The whole command: start, import, plan, develop, settle, end."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "junmai", "develop", str(folder), "--out", str(out), "--json"]
    process = subprocess.Popen(
        [*command, "--workers", str(workers), "--data", str(data)], stdout=subprocess.PIPE, text=True
    )
    watch = Watch(process.pid)
    said, _ = process.communicate()
    watch.end()
    seconds = time.perf_counter() - began
    lines = [json.loads(line) for line in said.splitlines()]
    if process.returncode:
        raise SystemExit(f"develop ended with {process.returncode}: {lines[-1]}")
    inside = sum(float(line["seconds"]) for line in lines if line["event"] == "photo_processed")
    return Run(seconds, inside, watch.peak, watch.largest)


def throughput(folder: Path, data: Path) -> float:
    """Seconds from the first claim to the last settle of the latest batch: the batch without start and import."""
    from junmai import BatchController

    with BatchController(data) as controller:
        events = controller.store.events(no=controller.latest().no, limit=1_000_000)
    return events[-1].at - next(event.at for event in events if event.type == "items_claimed")


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=80)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--raw", type=Path)
    given = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="junmai-bench-"))
    try:
        report(base, given)
    finally:
        shutil.rmtree(base)


def report(base: Path, given: argparse.Namespace) -> None:
    """The rounds."""
    folder = base / "shoot"
    if given.raw:
        folder.mkdir()
        for number in range(given.photos):
            shutil.copyfile(given.raw, folder / f"RAW_{number:04}{given.raw.suffix}")
    else:
        make_sample_shoot(folder, count=given.photos)
    photos = sorted(path for path in folder.rglob("*") if path.is_file())
    bare_pool(photos[:4], base / "warm", given.workers)
    bare: list[Run] = []
    ours: list[Run] = []
    batch: list[float] = []
    for number in range(given.rounds):
        for side in ("bare", "ours") if number % 2 else ("ours", "bare"):
            if side == "bare":
                bare.append(bare_pool(photos, base / f"bare-{number}", given.workers))
            else:
                data = base / f"data-{number}"
                ours.append(junmai(folder, base / f"ours-{number}", data, given.workers))
                batch.append(throughput(folder, data))
    table(len(photos), given, bare, ours, batch)


def table(count: int, given: argparse.Namespace, bare: list[Run], ours: list[Run], batch: list[float]) -> None:
    """Print medians and spreads."""

    def row(name: str, values: list[float], unit: str) -> None:
        middle = statistics.median(values)
        spread = (max(values) - min(values)) / middle * 100 if middle else 0.0
        print(f"{name:58} {middle:9.2f} {unit:9} (spread {spread:.0f} %)")

    print(f"{count} photos, {given.workers} workers, {given.rounds} rounds, medians")
    row("bare process pool", [run.seconds for run in bare], "s")
    row("junmai develop, the whole command", [run.seconds for run in ours], "s")
    row("junmai develop, first claim to last settle", batch, "s")
    pairs = list(zip(bare, ours, batch, strict=True))
    row("throughput against the pool, batch alone", [one.seconds / seconds for one, _, seconds in pairs], "x")
    row("throughput against the pool, whole command", [one.seconds / our.seconds for one, our, _ in pairs], "x")
    row(
        "share of the batch spent outside developing",
        [100 * (1 - our.inside / (seconds * given.workers)) for _, our, seconds in pairs],
        "%",
    )
    row("memory of all processes, bare pool", [run.memory / 1e6 for run in bare], "MB")
    row("memory of all processes, junmai", [run.memory / 1e6 for run in ours], "MB")
    row("largest process, junmai", [run.largest_worker / 1e6 for run in ours], "MB")


if __name__ == "__main__":
    main()
