"""A store of each engine, for the conformance suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.engines import ENGINES
from conformance.world import World
from helpers import FakeClock
from junmai.store.base import Store


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> str:
    """Each kind of store, by name."""
    return str(request.param)


@pytest.fixture
def place(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store of that kind is to be opened."""
    return str(request.getfixturevalue("postgres_url")) if engine == "postgres" else str(tmp_path / "store")


@pytest.fixture
def store(engine: str, place: str, fake_clock: FakeClock) -> Iterator[Store]:
    """An empty store of each engine, with a clock that only the test turns."""
    opened = ENGINES[engine](place, fake_clock)
    yield opened
    opened.close()


@pytest.fixture
def world(store: Store) -> Iterator[World]:
    """The store with short words; after each test its counters and final events are checked."""
    made = World(store)
    yield made
    made.check()
