"""A batch of very many photos on the page of a real server."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from api.serving import Server, server
from helpers import make_jpeg
from junmai import BatchController
from junmai.domain.model import NewPhoto
from web.browser import opened

MANY = 100_000
SAVED_AT_ONCE = 5000
STOPS = 12
MOST_TILES = 100
"""On 1280 by 800 pixels 60 are drawn: 10 rows of 6."""
MOST_NODES = 1500
"""100 tiles of at most 12 elements, and what stands around them."""
SCROLL = """async (part) => {
    scrollTo(0, document.documentElement.scrollHeight * part);
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
}"""


def a_photo(path: Path, inode: int) -> NewPhoto:
    return NewPhoto(
        path=str(path),
        root=str(path.parent),
        kind="jpeg",
        size=1,
        mtime_ns=1,
        inode=inode,
        fingerprint=f"{inode:064x}",
        facts={},
    )


@pytest.fixture
def batch_id(tmp_path: Path) -> str:
    """A batch of 100,000 photos that nobody develops. Only the last one has its file."""
    folder = tmp_path / "shoot"
    make_jpeg(folder / f"IMG_{MANY:06}.jpg", width=320, height=240)
    controller = BatchController(tmp_path / "library")
    ids: list[int] = []
    for first in range(1, MANY + 1, SAVED_AT_ONCE):
        numbers = range(first, first + SAVED_AT_ONCE)
        ids += controller.store.save_photos([(None, a_photo(folder / f"IMG_{n:06}.jpg", n)) for n in numbers])
    batch_id = controller.start_batch(ids)
    controller.close()
    return batch_id


def nodes(page: Page) -> int:
    return int(page.evaluate("document.getElementsByTagName('*').length"))


def test_a_batch_of_100_000_photos_is_scrolled_to_its_last_one_and_few_are_drawn(
    browser: Browser, tmp_path: Path, batch_id: str
) -> None:
    with server(tmp_path / "library", "--no-runner") as served, opened(browser, address(served)) as page:
        page.goto(f"/#/batch/{batch_id}")
        tiles = page.locator(".grid .tile")
        expect(tiles.first.locator(".name")).to_have_text("IMG_000001.jpg")
        expect(page.locator(".counts")).to_contain_text("0 of 100,000")
        for stop in range(1, STOPS + 1):
            page.evaluate(SCROLL, stop / STOPS)
            expect(page.locator(".grid .tile .name:empty")).to_have_count(0)
            assert tiles.count() <= MOST_TILES
            assert nodes(page) <= MOST_NODES
        last = page.locator(".grid .tile", has_text=f"IMG_{MANY:06}.jpg")
        expect(last).to_be_in_viewport()
        expect(last.locator("img.there")).to_be_visible()


def address(served: Server) -> str:
    return f"http://localhost:{served.port}"
