"""Batches on the page: started, watched, steered, retried, looked at, in a real browser on a real server."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from api.serving import Server

TRUNCATED = 4000


def status(page: Page) -> Locator:
    return page.locator(".panel .status").first


def developed(page: Page) -> Locator:
    return page.locator('.grid .tile[data-status="processed"]')


def test_a_batch_is_started_with_what_was_chosen_and_fills_as_it_is_developed(
    page: Page, served: Server, tmp_path: Path
) -> None:
    session = served.get("/sessions")["sessions"][0]
    page.goto("/#/new")
    page.get_by_label("Session").select_option(str(session["session_id"]))
    expect(page.locator(".total")).to_have_text(f"{session['photo_count']} photos")
    expect(page.locator(".film .tile img.there")).to_have_count(session["photo_count"])
    page.locator(".film .tile").nth(1).click()
    page.locator(".preset", has_text="Classic black and white").click()
    page.get_by_label("How much of it").fill("60")
    expect(page.locator(".try > p")).to_contain_text("Classic black and white, 60 %")
    expect(page.locator(".stage:not([aria-busy]) .frame.both .after")).to_be_visible()
    page.get_by_text("Output", exact=True).click()
    page.get_by_label("Format").select_option("webp")
    page.get_by_label("Long edge, pixels").fill("320")
    page.get_by_label("Folder", exact=True).fill(str(tmp_path / "web"))
    page.get_by_role("button", name=f"Develop {session['photo_count']} photos").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(session["name"])
    expect(developed(page)).to_have_count(session["photo_count"])
    expect(status(page)).to_have_text("Completed")
    assert len(list((tmp_path / "web").glob("*.webp"))) == session["photo_count"]
    config = served.get("/batch/list")["batches"][0]["config"]
    assert (config["preset"], config["blend"]) == ("classic-black-and-white", 60)


def test_dates_and_ratings_pick_photos_too(page: Page) -> None:
    page.goto("/#/new")
    page.get_by_label("Session").select_option("")
    expect(page.locator(".total")).to_have_text("8 photos")
    page.get_by_label("From").fill("2024-06-01")
    page.get_by_label("To", exact=True).fill("2024-06-30")
    expect(page.locator(".total")).to_have_text("4 photos")
    page.get_by_label("Rating").select_option("5")
    expect(page.locator(".total")).to_have_text("No photo fits all of these.")
    expect(page.locator("[data-act=start]")).to_be_disabled()


def test_a_collection_is_picked_and_developed(page: Page, served: Server) -> None:
    ids = [photo["photo_id"] for photo in served.get("/photos")["photos"]][1:4]
    served.post("/collections", {"name": "favourites", "photo_ids": ids})
    page.goto("/#/new")
    page.get_by_label("Session").select_option("")
    page.get_by_label("Collection").select_option("favourites")
    expect(page.locator(".total")).to_have_text("3 photos")
    page.get_by_role("button", name="Develop 3 photos").click()
    expect(status(page)).to_have_text("Completed")
    batch_id = served.get("/batch/list")["batches"][0]["batch_id"]
    items = served.get(f"/batch/{batch_id}/items")["items"]
    assert [item["photo_id"] for item in items] == ids


def test_the_dates_that_were_picked_are_the_ones_that_are_developed(page: Page) -> None:
    page.goto("/#/new")
    page.get_by_label("Session").select_option("")
    page.get_by_label("From").fill("2024-06-01")
    page.get_by_label("To", exact=True).fill("2024-06-30")
    page.get_by_role("button", name="Develop 4 photos").click()
    expect(page.locator(".counts")).to_contain_text("of 4")


def test_paused_reloaded_and_resumed_it_goes_on_to_its_end(
    page: Page, served: Server, start: Callable[..., str]
) -> None:
    batch_id = start()
    page.goto(f"/#/batch/{batch_id}")
    page.get_by_role("button", name="Pause").click()
    expect(status(page)).to_have_text("Paused")
    expect(page.get_by_role("button", name="Resume")).to_be_focused()
    page.reload()
    expect(status(page)).to_have_text("Paused")
    assert served.get(f"/batch/{batch_id}/status")["status"] == "paused"
    page.get_by_role("button", name="Resume").click()
    expect(status(page)).to_have_text("Completed")
    expect(developed(page)).to_have_count(8)


def test_what_another_program_does_is_shown_without_a_reload(
    page: Page, served: Server, start: Callable[..., str]
) -> None:
    page.goto("/#/batches")
    expect(page.get_by_text("No batch yet")).to_be_visible()
    expect(page.locator("#live")).to_have_text("Live")
    batch_id = start()
    card = page.locator(f'[data-batch="{batch_id}"]')
    expect(card).to_be_visible()
    served.ask("POST", f"/batch/{batch_id}/pause")
    expect(card.locator(".status")).to_have_text("Paused")


def test_cancelling_asks_first_and_escape_keeps_the_batch(
    page: Page, served: Server, start: Callable[..., str]
) -> None:
    batch_id = start()
    served.post(f"/batch/{batch_id}/pause")
    page.goto("/#/batches")
    page.get_by_role("button", name="Cancel batch").click()
    page.keyboard.press("Escape")
    expect(status(page)).to_have_text("Paused")
    page.get_by_role("button", name="Cancel batch").click()
    page.get_by_role("button", name="Cancel the batch").click()
    expect(status(page)).to_have_text("Cancelled")
    assert served.get(f"/batch/{batch_id}/status")["status"] == "cancelled"


def test_the_priority_is_changed_and_taken_back(page: Page, served: Server, start: Callable[..., str]) -> None:
    batch_id = start()
    served.post(f"/batch/{batch_id}/pause")
    page.goto(f"/#/batch/{batch_id}")
    page.get_by_label("Priority").select_option("9")
    expect(page.locator(".toast", has_text="Priority is 9 now.")).to_be_visible()
    assert served.get(f"/batch/{batch_id}/status")["priority"] == 9
    page.get_by_role("button", name="Undo").click()
    page.get_by_label("Priority").blur()
    expect(page.get_by_label("Priority")).to_have_value("5")
    assert served.get(f"/batch/{batch_id}/status")["priority"] == 5


def test_failures_are_grouped_by_cause_and_one_group_is_tried_again(
    page: Page, served: Server, shoot: Path, start: Callable[..., str]
) -> None:
    originals = sorted(shoot.rglob("JUN_*"))
    gone = originals[0].rename(originals[0].with_suffix(".away"))
    originals[1].write_bytes(originals[1].read_bytes()[:TRUNCATED])
    batch_id = start()
    served.wait_for(batch_id, "completed")
    page.goto(f"/#/batch/{batch_id}")
    missing = page.locator('.failure[data-kind="source_missing"]')
    expect(missing.get_by_role("heading")).to_have_text("Original is gone")
    expect(missing).to_contain_text("Put the file back and retry")
    expect(page.locator(".failure")).to_have_count(2)
    gone.rename(originals[0])
    missing.get_by_role("button", name="Retry this photo").click()
    expect(missing).to_have_count(0)
    expect(page.locator(".failure")).to_have_count(1)
    expect(developed(page)).to_have_count(7)


def test_a_photo_that_failed_is_shown_where_it_can_be(
    page: Page, served: Server, start: Callable[..., str], tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    name = Path(served.get("/photos")["photos"][0]["file_name"]).stem
    (folder / f"{name}.jpg").write_text("a file of the user's", encoding="utf-8")
    batch_id = start({"output": {"folder": str(folder)}}, 2)
    served.wait_for(batch_id, "completed")
    page.goto(f"/#/batch/{batch_id}")
    group = page.locator('.failure[data-kind="output_exists"]')
    expect(group.locator("img.there")).to_have_count(1)
    group.locator(".tile").click()
    expect(page.locator(".viewer .why")).to_contain_text("A file that Junmai did not write")


def test_before_and_after_are_compared_by_keyboard(page: Page, served: Server, start: Callable[..., str]) -> None:
    batch_id = start({"preset": "classic-black-and-white"})
    served.wait_for(batch_id, "completed")
    page.goto(f"/#/batch/{batch_id}")
    first = page.locator(".grid .tile").first
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".viewer .dim").first).to_have_text("2 of 8")
    expect(page.locator(".viewer .frame.both")).to_be_visible()
    slider = page.get_by_label("Before and after")
    slider.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "100 % before")
    line = page.locator(".viewer .line")
    frame = page.locator(".viewer .frame").bounding_box()
    placed = line.bounding_box()
    assert frame is not None
    assert placed is not None
    assert abs(placed["x"] - (frame["x"] + frame["width"])) < 3
    page.keyboard.press("b")
    expect(slider).to_have_attribute("aria-valuetext", "0 % before")
    expect(page.locator(".viewer .exif")).to_contain_text("Camera")
    page.keyboard.press("PageDown")
    expect(page.locator(".viewer .dim").first).to_have_text("3 of 8")
    page.keyboard.press("Escape")
    expect(page.locator(".grid .tile").nth(2)).to_be_focused()


def test_the_slider_follows_the_pointer(page: Page, served: Server, start: Callable[..., str]) -> None:
    batch_id = start({"preset": "golden-hour"}, 1)
    served.wait_for(batch_id, "completed")
    page.goto(f"/#/batch/{batch_id}")
    page.locator(".grid .tile").first.click()
    expect(page.locator(".viewer .frame.both")).to_be_visible()
    box = page.locator(".viewer .frame").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2)
    value = int(page.get_by_label("Before and after").input_value())
    assert 22 <= value <= 28


def test_rate_and_time_left_are_shown_while_it_runs(page: Page, start: Callable[..., str]) -> None:
    page.goto("/#/batches")
    start()
    expect(page.locator(".pace").first).to_have_text(re.compile("a second|a minute|measuring"))
    expect(page.locator("[role=progressbar]").first).to_have_attribute("aria-valuetext", re.compile("of 8"))
