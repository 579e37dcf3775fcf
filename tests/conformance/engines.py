"""The stores that the suite runs over: one factory for each engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from helpers import FakeClock
from junmai.store.base import Store
from junmai.store.roots import Roots
from junmai.store.sqlite import SqliteStore


def _sqlite(place: str, clock: FakeClock) -> Store:
    return SqliteStore(Path(place) / "junmai.db", clock=clock)


def _postgres(place: str, clock: FakeClock) -> Store:
    from junmai.store.postgres import PostgresStore  # the driver may be missing here, and its tests are skipped

    return PostgresStore(place, clock=clock)


ENGINES: dict[str, Callable[[str, FakeClock], Store]] = {"postgres": _postgres, "sqlite": _sqlite}
"""Opens the store of that kind at a place: a folder, or the address of a database."""


def machine(engine: str, place: str, clock: FakeClock, roots: Mapping[str, str]) -> Store:
    """The same store as a machine with these named roots opens it."""
    store = ENGINES[engine](place, clock)
    store.roots = Roots(roots)
    store.name_what_is_known()
    return store
