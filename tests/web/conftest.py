"""A browser, and servers with photos of the demo shoot."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from api.serving import Server, server
from junmai.demo.shoot import make_sample_shoot
from web.browser import MISSING, PATIENCE, find, opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; ended with the file, as Playwright leaves its event loop running in this thread."""
    program = find()
    if program is None:
        pytest.skip(MISSING)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight real photos, RAW and JPEG, of two sessions."""
    folder = tmp_path_factory.mktemp("web") / "shoot"
    make_sample_shoot(folder, count=8, long_edge=640)
    return folder


@pytest.fixture
def shoot(photos: Path, tmp_path: Path) -> Path:
    """A copy of the photos that the test may change."""
    return Path(shutil.copytree(photos, tmp_path / "shoot"))


@pytest.fixture
def served(shoot: Path, tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, whose library holds the shoot as two sessions."""
    with server(tmp_path / "library") as found:
        found.post("/photos/import", {"folders": [str(shoot)]})
        yield found


@pytest.fixture
def page(browser: Browser, served: Server) -> Iterator[Page]:
    """The page of that server in English on a desktop."""
    with opened(browser, f"http://localhost:{served.port}") as found:
        yield found


@pytest.fixture
def start(served: Server) -> Callable[..., str]:
    """Starts a batch over every photo, or some."""

    def begin(config: dict[str, object] | None = None, count: int | None = None) -> str:
        ids = [photo["photo_id"] for photo in served.get("/photos")["photos"]][:count]
        return str(served.post("/batch/start", {"photo_ids": ids, "config": config or {}})["batch_id"])

    return begin
