"""The tables of the bench: what each contender took, the ratios, and whether they reach what they should."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.parts.contenders import (
    AHD,
    ALL,
    ALL_UNCOMPRESSED,
    DARKTABLE,
    FLOOR,
    FLOOR_JPEG,
    PLAIN,
    PPG,
    RAWTHERAPEE,
    TWO_PPG,
    TWO_WORKERS,
    Kind,
    Threads,
)
from bench.parts.watch import Usage


@dataclass(frozen=True, slots=True)
class Target:
    """`ours` may take at most `most` of the time of `theirs`; `asked` tells a number of the design from a mere goal."""

    ours: str
    theirs: str
    most: float | None


@dataclass(frozen=True, slots=True)
class Steps:
    """Seconds of one photo inside a warm process: in all, of the processor, and of each step."""

    seconds: float
    cpu: float
    steps: dict[str, float]


MEMORY: dict[str, float] = {"raw": 650, "jpeg": 450}
"""Most MB of a process of Junmai."""
TWO_FOLD = 1.6
"""Throughput of two worker processes on two cores against one."""

_RAW = (
    *(Target(ours, theirs, 0.30) for ours in (PLAIN, ALL, ALL_UNCOMPRESSED) for theirs in (DARKTABLE, RAWTHERAPEE)),
    *(Target(ours, theirs, None) for ours in (PLAIN, ALL) for theirs in (PPG, AHD)),
    *(Target(ours, FLOOR, 1.0) for ours in (PLAIN, ALL)),
)
_JPEG = (
    *(Target(ours, DARKTABLE, 0.45) for ours in (PLAIN, ALL)),
    *(Target(ours, RAWTHERAPEE, 0.20) for ours in (PLAIN, ALL)),
    *(Target(ours, FLOOR_JPEG, None) for ours in (PLAIN, ALL)),
)


def print_runs(kind: Kind, threads: Threads, photos: int, took: dict[str, list[Usage]]) -> None:
    """Print what each took, and the ratios."""
    rounds = len(next(iter(took.values())))
    how = "one thread a process" if threads == "one" else f"each tool's default threads, {os.cpu_count()} cores"
    print(f"\n{kind.upper()}, 22 MP, {how}: {photos} photos, {rounds} rounds, load {_load()}")
    print(f"{'':44}{'s/photo':>9}{'spread':>8}{'cpu s/photo':>13}{'MB, largest':>13}{'MB, all':>9}")
    for name, runs in took.items():
        seconds = [run.seconds / photos for run in runs]
        cpu = statistics.median(run.cpu for run in runs) / photos
        largest, tree = (max(values) / 1e6 for values in ([run.largest for run in runs], [run.tree for run in runs]))
        print(f"{name:44}{statistics.median(seconds):9.2f}{_spread(seconds):>8}{cpu:13.2f}{largest:13.0f}{tree:9.0f}")
    print(f"\n{'ratios':86}{'time':>7}{'spread':>8}{'cpu':>7}{'to reach':>10}  met")
    for target in _RAW if kind == "raw" else _JPEG:
        if target.ours in took and target.theirs in took:
            name = f"{target.ours} / {target.theirs}"
            ratios = _ratios(took[target.ours], took[target.theirs], lambda run: run.seconds)
            cpu_ratios = _ratios(took[target.ours], took[target.theirs], lambda run: run.cpu)
            _line(name, ratios, cpu_ratios, target.most, "most")
    _print_own(kind, took)


def _print_own(kind: Kind, took: dict[str, list[Usage]]) -> None:
    """What Junmai must hold by itself: memory, and what a second worker brings."""
    if TWO_WORKERS in took and (os.cpu_count() or 1) >= 2:
        ratios = _ratios(took[ALL], took[TWO_WORKERS], lambda run: run.seconds)
        _line("throughput of 2 workers against 1, all features", ratios, [], TWO_FOLD, "least")
    if TWO_PPG in took and PPG in took:  # what the machine has left for a second process
        ratios = _ratios(took[PPG], took[TWO_PPG], lambda run: run.seconds)
        _line("throughput of 2 bare processes of dcraw_emu against 1", ratios, [], None, "least")
    for name in (name for name in (PLAIN, ALL, ALL_UNCOMPRESSED) if name in took):
        largest = max(run.largest for run in took[name]) / 1e6
        met = "yes" if largest <= MEMORY[kind] else "NO"
        print(f"{f'{name}: MB of its largest process':86}{largest:7.0f}{'':15}{MEMORY[kind]:10.0f}  {met}")


def _line(
    name: str, ratios: Sequence[float], cpu: Sequence[float], bound: float | None, way: Literal["most", "least"]
) -> None:
    middle = statistics.median(ratios)
    reached = "" if bound is None else "yes" if (middle <= bound if way == "most" else middle >= bound) else "NO"
    wanted = "-" if bound is None else f"{bound:.2f}"
    of_cpu = f"{statistics.median(cpu):7.2f}" if cpu else f"{'':7}"
    print(f"{name:86}{middle:7.2f}{_spread(ratios):>8}{of_cpu}{wanted:>10}  {reached}")


def print_steps(kind: Kind, looks: dict[str, Steps]) -> None:
    """Print where the time goes inside `develop_photo`."""
    for look, took in looks.items():
        print(f"\n{kind.upper()}, {look}: inside one warm process {took.seconds:.2f} s, processor {took.cpu:.2f} s")
        whole = sum(took.steps.values())
        for name, seconds in took.steps.items():
            print(f"  {name:20}{seconds:8.3f} s{100 * seconds / whole:6.0f} %")


def _ratios(ours: Sequence[Usage], theirs: Sequence[Usage], of: Callable[[Usage], float]) -> list[float]:
    """Round by round, so that noise that lasts longer than a round falls out."""
    return [of(one) / of(other) for one, other in zip(ours, theirs, strict=True) if of(other) > 0]


def _spread(values: Sequence[float]) -> str:
    return f"{100 * (max(values) - min(values)) / statistics.median(values):.0f} %"


def _load() -> str:
    """Processes that wanted a core over the last minute, where the system tells."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
