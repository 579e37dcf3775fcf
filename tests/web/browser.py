"""The browser for the tests of the page: where it is found, and what is expected of every page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSING = (
    "no Chromium was found: install it (Debian and Ubuntu: `apt-get install chromium fonts-noto-cjk`), "
    "or name it in JUNMAI_CHROMIUM"
)
PATIENCE = 60_000
NOT_SHOWN = "Failed to load resource"
"""What Chromium writes to its console for a picture that the server cannot show, or while the server is away."""


def find() -> str | None:
    """The path of a Chromium, None where there is none."""
    named = os.environ.get("JUNMAI_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def opened(
    browser: Browser, address: str, *, width: int = 1280, height: int = 800, locale: str = "en-US"
) -> Iterator[Page]:
    """A page of a user who was never here. Any fault in its scripts, or a breach of the policy, fails the test."""
    context = browser.new_context(base_url=address, viewport={"width": width, "height": height}, locale=locale)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda said: faults.append(said.text) if said.type == "error" and NOT_SHOWN not in said.text else None,
    )
    try:
        yield page
    finally:
        context.close()
    assert not faults, faults
