"""Fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import postgres
from helpers import FakeClock, make_jpeg
from junmai.config import Settings

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""Thousands of commands are started here; one that compiles Junmai anew takes 0.2 s longer than one of a user."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a data folder of the test's own."""
    return Settings(data=tmp_path / "data")


@pytest.fixture
def fake_clock() -> FakeClock:
    """A clock that only the test turns."""
    return FakeClock()


@pytest.fixture
def jpegs(tmp_path: Path) -> Callable[..., list[Path]]:
    """Makes small JPEGs, each different, in a folder `originals`."""

    def make(count: int, *, width: int = 48, height: int = 32) -> list[Path]:
        folder = tmp_path / "originals"
        return [
            make_jpeg(folder / f"IMG_{index:04}.jpg", width=width, height=height, seed=index) for index in range(count)
        ]

    return make


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server, begun for the first test that wants one."""
    if reason := postgres.missing():
        pytest.skip(f"no PostgreSQL here: {reason}")
    with postgres.server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_database(postgres_server: postgres.Server) -> str:
    """The address of a database with the tables of a store, for one test after another."""
    from junmai.store.postgres import PostgresStore

    url = postgres_server.fresh()
    PostgresStore(url).close()
    return url


@pytest.fixture
def postgres_url(postgres_server: postgres.Server, postgres_database: str) -> str:
    """The address of a database with empty tables, which nobody else has open."""
    postgres_server.empty(postgres_database)
    return postgres_database
