"""What holds on every part of the page: languages, widths, themes, keyboard, screen readers, a lost connection."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from api.serving import Server, free_port, server
from helpers import make_jpeg
from web.browser import opened

HOSTILE = "<img src=x onerror=document.title='taken'>&amp;.jpg"
MANY = 100_000
SOME = 2000
NOTE_PROGRESS = """
    window.progress = [];
    new MutationObserver(() => {
        const text = document.querySelector(".importing .bar")?.getAttribute("aria-valuetext");
        if (text) window.progress.push(text);
    }).observe(document, { subtree: true, childList: true });
"""
TOKEN = "a-token-that-only-this-test-knows"


def address(served: Server) -> str:
    return f"http://localhost:{served.port}"


def test_a_newcomer_imports_a_folder_and_sees_the_photos_with_their_exif(
    browser: Browser, shoot: Path, tmp_path: Path
) -> None:
    with server(tmp_path / "library") as served, opened(browser, address(served)) as page:
        page.goto("/")
        expect(page.get_by_text("No batch yet")).to_be_visible()
        page.locator("main").get_by_role("link", name="Photos").click()
        page.get_by_label("Folder with photos").fill(str(shoot))
        page.get_by_role("button", name="Import").click()
        expect(page.get_by_text("8 photos imported.")).to_be_visible()
        expect(page.locator(".cover")).to_have_count(2)
        expect(page.locator(".cover img.there")).to_have_count(2)
        page.locator(".cover").first.click()
        page.locator(".grid .tile").first.click()
        expect(page.locator(".exif")).to_contain_text("Junmai Sample Camera")
        expect(page.locator(".exif")).to_contain_text("ISO")


def test_an_import_shows_how_far_it_is_also_to_who_comes_later(browser: Browser, tmp_path: Path) -> None:
    for number in range(SOME):
        make_jpeg(tmp_path / "photos" / f"IMG_{number}.jpg", seed=number)
    with server(tmp_path / "library") as served, opened(browser, address(served)) as page:
        page.add_init_script(NOTE_PROGRESS)
        page.goto("/#/photos")
        page.get_by_label("Folder with photos").fill(str(tmp_path / "photos"))
        page.get_by_role("button", name="Import").click()
        bar = page.get_by_role("progressbar", name="Progress of the import")
        expect(bar).to_have_attribute("aria-valuetext", re.compile(f"of {SOME:,} photos"))
        first = page.evaluate("progress")
        page.reload()
        expect(page.locator(".importing")).to_contain_text(str(tmp_path / "photos"))
        expect(page.locator(".cover")).to_contain_text(f"{SOME:,} photos")
        expect(bar).to_have_count(0)
        seen = [
            int(text.split(" ")[0].replace(",", "")) for text in first + page.evaluate("progress") if " of " in text
        ]
        assert len(set(seen)) > 2, seen
        assert seen == sorted(seen)


def test_a_folder_that_cannot_be_read_is_said(page: Page) -> None:
    page.goto("/#/photos")
    page.get_by_label("Folder with photos").fill("/nowhere/at/all")
    page.get_by_role("button", name="Import").click()
    expect(page.locator(".import .bad")).to_contain_text("/nowhere/at/all")


def test_a_hostile_file_name_is_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    make_jpeg(tmp_path / "photos" / HOSTILE)
    with server(tmp_path / "library") as served, opened(browser, address(served)) as page:
        served.post("/photos/import", {"folders": [str(tmp_path / "photos")], "session": "<b>bold</b>"})
        page.goto("/#/photos")
        expect(page.get_by_text("<b>bold</b>")).to_be_visible()
        page.locator(".cover").click()
        expect(page.locator(".tile .name")).to_have_text(HOSTILE)
        assert page.title() == "<b>bold</b> · Junmai"


def test_a_lost_connection_is_shown_and_mends_by_itself(browser: Browser, shoot: Path, tmp_path: Path) -> None:
    port = free_port()
    with server(tmp_path / "library", port=port) as first:
        first.post("/photos/import", {"folders": [str(shoot)]})
        with opened(browser, address(first)) as page:
            page.goto("/#/batches")
            expect(page.locator("#live")).to_have_text("Live")
            first.end()
            expect(page.locator("#live")).to_have_text("Not connected")
            expect(page.get_by_text("The connection to Junmai is lost.")).to_be_visible()
            with server(tmp_path / "library", port=port) as second:
                expect(page.locator("#live")).to_have_text("Live")
                expect(page.get_by_text("The connection to Junmai is lost.")).to_have_count(0)
                ids = [photo["photo_id"] for photo in second.get("/photos")["photos"]]
                batch_id = second.post("/batch/start", {"photo_ids": ids[:2]})["batch_id"]
                expect(page.locator(f'[data-batch="{batch_id}"] .status')).to_have_text("Completed")
                page.goto("about:blank")


def test_japanese_speaks_japanese_with_letters_that_are_there(browser: Browser, served: Server) -> None:
    with opened(browser, address(served), locale="ja-JP") as page:
        page.goto("/#/new")
        expect(page.get_by_role("button", name="枚を現像")).to_be_visible()
        assert page.evaluate("document.documentElement.lang") == "ja"
        drawn = page.evaluate("""() => ["現", "像"].map((letter) => {
            const pen = document.createElement("canvas").getContext("2d");
            pen.font = getComputedStyle(document.body).font;
            pen.fillText(letter, 10, 40);
            return pen.canvas.toDataURL();
        })""")
        assert drawn[0] != drawn[1], "the system has no font with Japanese: `apt-get install fonts-noto-cjk`"
        left = page.locator("main, header").all_inner_texts()
        assert "New batch" not in "".join(left)


def test_the_language_is_chosen_and_kept(page: Page) -> None:
    page.goto("/#/photos")
    page.get_by_label("Language").select_option("ja")
    expect(page.get_by_role("button", name="読み込む")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="読み込む")).to_be_visible()


def test_the_theme_is_chosen_and_kept(page: Page) -> None:
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Light or dark").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


@pytest.mark.parametrize("locale", ["en-US", "ja-JP"])
def test_nothing_is_wider_than_a_phone(
    browser: Browser, served: Server, start: Callable[..., str], locale: str
) -> None:
    batch_id = start(count=2)
    served.wait_for(batch_id, "completed")
    session = served.get("/sessions")["sessions"][0]["session_id"]
    with opened(browser, address(served), width=360, height=740, locale=locale) as page:
        for part in ("batches", f"batch/{batch_id}", "new", "photos", f"session/{session}"):
            page.goto(f"/#/{part}")
            expect(page.locator("main .wait")).to_have_count(0)
            expect(page.locator("main img.there").first).to_be_attached()
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, part


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_screen_reader_finds_its_way(page: Page, served: Server, start: Callable[..., str], theme: str) -> None:
    batch_id = start(count=2)
    served.wait_for(batch_id, "completed")
    page.add_init_script(f"localStorage.setItem('junmai.theme', '{theme}')")
    for part in ("batches", f"batch/{batch_id}", "new", "photos"):
        page.goto(f"/#/{part}")
        page.reload()
        expect(page.locator("main img.there").first).to_be_attached()
        found = Axe().run(page)
        assert found.violations_count == 0, f"{part}: {found.generate_report()}"


def test_the_keyboard_reaches_the_content_first(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_text("No batch yet")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#skip")).to_be_focused()


def test_of_many_photos_only_what_is_seen_is_drawn(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_text("No batch yet")).to_be_visible()
    page.evaluate(
        """async (total) => {
        const { Grid } = await import("/web/grid.js");
        const make = (index) => {
            const element = document.createElement("button");
            element.textContent = `photo ${index + 1}`;
            return { element, drop() {} };
        };
        const grid = new Grid({ make, wide: () => 100, high: () => 90, label: "many" });
        document.getElementById("main").replaceChildren(grid.element);
        grid.size = total;
    }""",
        MANY,
    )
    tiles = page.locator(".grid button")
    expect(tiles.first).to_have_text("photo 1")
    assert tiles.count() < 300
    tiles.first.focus()
    page.keyboard.press("End")
    expect(page.locator(".grid button:focus")).to_have_text(f"photo {MANY}")
    assert tiles.count() < 300
    page.evaluate("scrollTo(0, (document.documentElement.scrollHeight - innerHeight) / 2)")
    expect(page.get_by_text(f"photo {MANY // 2}", exact=True)).to_be_in_viewport()


def test_beyond_this_machine_the_page_asks_for_the_token(browser: Browser, shoot: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN, encoding="utf-8")
    token.chmod(0o600)
    options = ("--host", "0.0.0.0", "--token-file", str(token))
    with server(tmp_path / "library", *options) as served, opened(browser, address(served)) as page:
        page.goto("/")
        page.get_by_label("Token", exact=True).fill("not the token at all, but long")
        page.get_by_role("button", name="Enter").click()
        expect(page.get_by_text("That is not the token.")).to_be_visible()
        page.get_by_label("Token", exact=True).fill(TOKEN)
        page.get_by_role("button", name="Enter").click()
        expect(page.get_by_text("No batch yet")).to_be_visible()
        expect(page.locator("#live")).to_have_text("Live")


def test_without_a_runner_the_page_says_that_nobody_develops(browser: Browser, tmp_path: Path) -> None:
    with server(tmp_path / "library", "--no-runner") as served, opened(browser, address(served)) as page:
        page.goto("/")
        expect(page.get_by_text("Nobody develops at the moment")).to_be_visible()
