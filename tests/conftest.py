"""Fixtures that all tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import FakeClock, make_jpeg
from junmai.config import Settings


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
