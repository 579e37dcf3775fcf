"""Whole batches of 22-megapixel photos: Junmai against darktable, RawTherapee, LibRaw's own tool and the floor.

    python bench/develop.py [--photos 20] [--rounds 3] [--only raw|jpeg] [--threads one|default] [--quick]
    python bench/develop.py --sample FILE.dng     (any Bayer DNG; else the sample that JUNMAI_SAMPLES has)

Each round runs every contender once over a folder of equal photos, from its start to its last file; every second round
in reversed order. The tables give medians over the rounds; the spread, (largest - smallest) / median, says how noisy
the machine was. Processor seconds count every process and suffer less from that. Ratios are taken within a round.

First with one thread a process (`--workers 1`, `OMP_NUM_THREADS=1`, darktable `-t 1`), then with each tool's own
default. Contenders that are not installed are named and left out. Nothing outside a temporary folder is touched.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.parts import tables
from bench.parts.contenders import ROOT, Contender, Job, Kind, Threads, contenders
from bench.parts.material import Material, prepare
from bench.parts.watch import Usage, measure

SAMPLES = Path(os.environ.get("JUNMAI_SAMPLES", ROOT.parent / "shared" / "samples"))
SAMPLE = SAMPLES / "raw" / "bayer_22mp_synthetic.dng"


def main() -> None:
    """Run what is asked for and print the tables."""
    given = _arguments()
    if not given.sample.is_file():
        raise SystemExit(
            f"There is no RAW to develop at {given.sample}: name one with --sample, or set JUNMAI_SAMPLES."
        )
    base = Path(tempfile.mkdtemp(prefix="junmai-bench-"))
    try:
        made, one = prepare(given.sample, base / "photos", given.photos), prepare(given.sample, base / "one", 1)
        for kind in given.kinds:
            for threads in given.threads:
                rows = _ready(kind, threads)
                _warm(rows, one, base, threads)
                tables.print_runs(kind, threads, given.photos, _rounds(rows, made, base, threads, given.rounds))
            if "one" in given.threads:
                tables.print_steps(kind, {look: _steps(kind, look, made, given.times) for look in ("plain", "all")})
    finally:
        shutil.rmtree(base)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=20, help="photos in a batch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("raw", "jpeg"), help="one kind of photo; else both")
    parser.add_argument("--threads", choices=("one", "default"), help="one way to run; else both")
    parser.add_argument("--sample", type=Path, default=SAMPLE, help="the RAW: a Bayer DNG")
    parser.add_argument("--quick", action="store_true", help="3 photos, 1 round: to see that everything runs")
    given = parser.parse_args()
    given.kinds = [given.only] if given.only else ["raw", "jpeg"]
    given.threads = [given.threads] if given.threads else ["one", "default"]
    given.times = 5
    if given.quick:
        given.photos, given.rounds, given.times = 3, 1, 2
    return given


def _ready(kind: Kind, threads: Threads) -> list[Contender]:
    """The contenders that can run here; the others are named."""
    rows = contenders(kind, threads)
    for missing in (row.missing for row in rows):
        if missing:
            _say(f"left out: {missing}")
    return [row for row in rows if row.missing is None]


def _warm(rows: list[Contender], one: Material, base: Path, threads: Threads) -> None:
    """Every contender once with one photo, uncounted: caches of code, of fonts, of profiles fill."""
    for row in rows:
        _run(row, one, base, threads)


def _rounds(rows: list[Contender], made: Material, base: Path, threads: Threads, rounds: int) -> dict[str, list[Usage]]:
    """By contender, what it took in each round."""
    took: dict[str, list[Usage]] = {row.name: [] for row in rows}
    for number in range(rounds):
        for row in rows[::-1] if number % 2 else rows:
            usage = _run(row, made, base, threads)
            took[row.name].append(usage)
            _say(f"round {number + 1} of {rounds}, {row.name}: {usage.seconds:.1f} s, processor {usage.cpu:.1f} s")
    return took


def _run(row: Contender, made: Material, base: Path, threads: Threads) -> Usage:
    """One batch by one contender, checked and cleared away."""
    with tempfile.TemporaryDirectory(dir=base) as folder:
        scratch, out, home = Path(folder), Path(folder) / "out", base / "home"
        out.mkdir()
        home.mkdir(exist_ok=True)
        job = Job(row.folder(made), out, scratch, home, threads)
        usage = measure(row.command(job), job.env, ROOT, keep_output=row.keep_output)
        written = [path for path in out.iterdir() if path.read_bytes()[:3] == b"\xff\xd8\xff"]
        if row.writes and len(written) != len(job.photos):
            raise SystemExit(f"{row.name} wrote {len(written)} of {len(job.photos)} photos:\n{usage.output[-2000:]}")
    return usage


def _steps(kind: Kind, look: str, made: Material, times: int) -> tables.Steps:
    """Where the time goes inside `develop_photo`, in one warm process."""
    source = made.compressed if kind == "raw" else made.jpeg
    script = [sys.executable, "-m", "bench.parts.steps", str(source), str(times), look]
    env = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1")
    told = json.loads(subprocess.run(script, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout)
    return tables.Steps(told["seconds"], told["cpu"], told["steps"])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
