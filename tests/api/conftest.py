"""One server with real photos for the tests that leave it as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.serving import Server, server
from junmai.demo.shoot import make_sample_shoot


@pytest.fixture(scope="session")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with six photos of the demo shoot, RAW and JPEG, in two folders."""
    folder = tmp_path_factory.mktemp("api") / "shoot"
    make_sample_shoot(folder, count=6, long_edge=480)
    return folder


@pytest.fixture(scope="session")
def served(shoot: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose library holds the shoot."""
    with server(tmp_path_factory.mktemp("library")) as found:
        found.post("/photos/import", {"folders": [str(shoot)]})
        yield found


@pytest.fixture
def ids(served: Server) -> list[int]:
    """The ids of its photos."""
    return [photo["photo_id"] for photo in served.get("/photos")["photos"]]
