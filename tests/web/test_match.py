"""One look over a session on the page: asked for where a batch is started, and looked at scene by scene."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from api.serving import Server


def test_a_batch_is_matched_to_the_photo_that_is_shown_as_much_as_was_chosen(page: Page, served: Server) -> None:
    page.goto("/#/new")
    expect(page.get_by_label("Strength of the match")).to_be_hidden()
    page.get_by_label("Match", exact=True).select_option("photo")
    page.locator(".film .tile").nth(1).click()
    name = page.locator(".film .tile").nth(1).get_attribute("title") or ""
    expect(page.locator(".matchform [role=status]")).to_contain_text(name)
    page.get_by_label("Strength of the match").fill("60")
    page.locator("[data-act=start]").click()
    expect(page.locator(".panel .status").first).to_be_visible()
    (target,) = (photo["photo_id"] for photo in served.get("/photos")["photos"] if photo["file_name"] == name)
    assert served.get("/batch/list")["batches"][0]["config"]["match"] == {"to": target, "strength": 60}


def test_a_matched_batch_shows_each_photo_before_and_matched_in_its_scene(page: Page) -> None:
    page.goto("/#/new")
    page.get_by_label("Match", exact=True).select_option("session")
    page.locator("[data-act=start]").click()
    section = page.locator(".match")
    expect(section).to_contain_text("Each session to its middle")
    expect(page.locator(".panel .status").first).to_have_text("Completed")
    page.reload()
    expect(section.locator(".matched")).to_have_count(4)
    expect(section.locator(".matched figcaption").first).to_contain_text("EV · red ×")
    section.locator(".pair").last.scroll_into_view_if_needed()
    expect(section.locator(".pair").last.locator("img.there")).to_have_count(2)
    section.locator(".pair").last.click()
    expect(page.locator(".viewer .frame.both .after")).to_be_visible()
