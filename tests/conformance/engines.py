"""The stores that the suite runs over: one factory for each engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from helpers import FakeClock
from junmai.store.base import Store
from junmai.store.sqlite import SqliteStore


def _sqlite(folder: Path, clock: FakeClock) -> Store:
    return SqliteStore(folder / "junmai.db", clock=clock)


ENGINES: dict[str, Callable[[Path, FakeClock], Store]] = {"sqlite": _sqlite}
"""Opens the store of that kind in a folder, empty where the folder is new."""
