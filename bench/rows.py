"""The rows of a bench's table: what was measured in each round, the promise beside it, and whether it is met."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

PICKS: dict[str, Callable[[Sequence[float]], float]] = {"median": statistics.median, "worst": max}


@dataclass(frozen=True)
class Promise:
    """A bound on a figure, and where it is promised."""

    bound: float
    at_least: bool
    where: str

    def holds(self, value: float) -> bool:
        """Whether a measured figure keeps the promise."""
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.bound:g} ({self.where})"


def at_least(bound: float, where: str) -> Promise:
    """The figure is this or more."""
    return Promise(bound, True, where)


def at_most(bound: float, where: str) -> Promise:
    """The figure is this or less."""
    return Promise(bound, False, where)


@dataclass
class Row:
    """One line: a figure a round. `pick` is what stands for them, the median or the worst (largest)."""

    name: str
    unit: str
    promise: Promise | None = None
    pick: str = "median"
    values: list[float] = field(default_factory=list)

    @property
    def value(self) -> float:
        """The figure that stands for all rounds."""
        return PICKS[self.pick](self.values)

    @property
    def spread(self) -> float:
        """Distance of the largest from the smallest figure, in percent of the median."""
        middle = statistics.median(self.values)
        return 100 * (max(self.values) - min(self.values)) / middle if middle else 0.0

    @property
    def verdict(self) -> str:
        """Whether the promise is met by what was measured; empty where nothing is promised."""
        if self.promise is None:
            return ""
        return "met" if self.promise.holds(self.value) else "not met"

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "pick": self.pick,
            "values": self.values,
            "promise": str(self.promise) if self.promise else None,
            "verdict": self.verdict or None,
        }


class Rows:
    """The rows of one part of a table, made as they are first written to."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._rows: dict[str, Row] = {}

    def add(self, name: str, value: float, unit: str, promise: Promise | None = None, *, pick: str = "median") -> None:
        """One more round of a row."""
        self._rows.setdefault(name, Row(name, unit, promise, pick)).values.append(value)

    def value(self, name: str) -> float:
        """The figure of the latest round. Raises KeyError."""
        return self._rows[name].values[-1]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def as_dicts(self) -> list[dict[str, object]]:
        """For JSON."""
        return [{"part": self.title, **row.as_dict()} for row in self._rows.values()]

    def text(self) -> str:
        """The part as it is printed."""
        lines = ["", self.title]
        for row in self._rows.values():
            figure = f"{number(row.value)} {row.unit}"
            spread = f"worst of {len(row.values)}" if row.pick == "worst" else f"spread {row.spread:.0f} %"
            end = f"{row.promise!s:28} {row.verdict}" if row.promise else ""
            lines.append(f"  {row.name:66} {figure:>16}  {spread:14} {end}".rstrip())
        return "\n".join(lines)


def number(value: float) -> str:
    """Three digits that count."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 4)}f}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share (0..1) of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(len(ordered) * share) - 1)]
