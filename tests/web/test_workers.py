"""Who develops, on the page: where somebody else does, or nobody can."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from api.serving import Server, server
from control.shoot import imported
from junmai import BatchController
from junmai.config import Settings
from web.browser import opened


def test_a_machine_that_works_alone_is_not_listed(page: Page, served: Server) -> None:
    page.goto("/")
    expect(page.locator("#workers")).to_be_hidden()


def test_a_batch_that_waits_for_a_root_says_which_and_leads_there(
    browser: Browser, photos: Path, tmp_path: Path
) -> None:
    shutil.copytree(photos, tmp_path / "nas" / "shoot")
    data = tmp_path / "library"
    with BatchController(settings=Settings(data=data, roots={"archive": tmp_path / "nas"})) as controller:
        batch_id = controller.start_batch(imported(controller, tmp_path / "nas" / "shoot"))
    with server(data) as found, opened(browser, f"http://localhost:{found.port}") as page:
        page.goto("/")
        section = page.locator("#workers")
        expect(section).to_contain_text("waits for the root archive, which nobody who develops has")
        section.get_by_role("link").click()
        expect(page).to_have_url(f"http://localhost:{found.port}/#/batch/{batch_id}")
