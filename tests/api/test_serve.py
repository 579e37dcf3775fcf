"""The server as a process: how it starts, shares the store with others, and ends."""

from __future__ import annotations

import io
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from api.serving import CALM, server
from junmai import BatchController
from junmai.config import Settings
from junmai.control.importing import import_photos
from junmai.domain.lifecycle import BatchStatus
from junmai.executors.inline import InlineExecutor
from matching import write_shoot
from running import junmai, wait_until


def imported(data: Path, photos: Path) -> list[int]:
    """The ids of photos that are in a library now."""
    with BatchController(settings=Settings(data=data)) as controller:
        return [photo.id for photo in import_photos(controller, [photos], InlineExecutor()).photos]


def test_a_taken_port_is_said_in_a_sentence(tmp_path: Path) -> None:
    with server(tmp_path / "data", "--no-runner") as found:
        ended = junmai("serve", "--port", str(found.port), data=tmp_path / "other")
    assert ended.code == 2
    assert f"Port {found.port} is taken" in ended.err


def test_it_says_where_the_page_is_and_ends_well_when_it_is_asked_to(tmp_path: Path) -> None:
    with server(tmp_path / "data") as found:
        assert any(line.startswith(f"Open http://localhost:{found.port}/ in a browser.") for line in found.said)
        assert found.end() == 0


def test_it_opens_the_page_in_the_users_browser_when_it_is_asked_to(tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser.py"  # as Python itself finds one: BROWSER names a command with %s for the address
    browser.write_text(f"import pathlib, sys\npathlib.Path({str(opened)!r}).write_text(sys.argv[1])\n")
    with server(tmp_path / "data", "--no-runner", "--open", BROWSER=f"{sys.executable} {browser} %s") as found:
        assert wait_until(lambda: opened.exists() and opened.read_text() == f"http://localhost:{found.port}/")


def test_what_another_process_starts_is_developed_and_seen(tmp_path: Path, shoot: Path) -> None:
    data = tmp_path / "data"
    with server(data) as found:
        ended = junmai("develop", shoot, "--out", tmp_path / "out", "--long-edge", "300", "--json", data=data, **CALM)
        assert ended.code == 0, ended.err
        runners = found.get("/health")["runners"]
        assert [runner["role"] for runner in runners] == ["serve"]
        assert found.get("/batch/list")["batches"][0]["processed_count"] == 6
        assert "is being developed already (serve, process" in ended.out + ended.err


def test_resume_in_another_terminal_leaves_the_batch_to_the_server(tmp_path: Path, shoot: Path) -> None:
    data = tmp_path / "data"
    with server(data) as found:
        found.post("/photos/import", {"folders": [str(shoot)]})
        ids = [photo["photo_id"] for photo in found.get("/photos")["photos"]]
        batch = found.post("/batch/start", {"photo_ids": ids, "config": {"output": {"size": 300}}})["batch_id"]
        found.post(f"/batch/{batch}/pause")
        ended = junmai("batch", "resume", batch, data=data, **CALM)
        assert ended.code == 0, ended.err
        assert found.wait_for(batch, "completed")["processed_count"] == len(ids)


def test_the_more_urgent_batch_goes_first(tmp_path: Path, jpegs: Callable[..., list[Path]]) -> None:
    photos = jpegs(60, width=600, height=400)
    data = tmp_path / "data"
    ids = imported(data, photos[0].parent)
    with server(data) as found:
        slow = found.post("/batch/start", {"photo_ids": ids, "config": {"settings": {"Clarity2012": 20}}})["batch_id"]
        urgent = found.post("/batch/start", {"photo_ids": ids[:3], "config": {"settings": {"Dehaze": 20}}})["batch_id"]
        found.post(f"/batch/{urgent}/priority", {"priority": 10})
        found.wait_for(urgent, "completed")
        assert found.get(f"/batch/{slow}/status")["remaining_count"] > 0


def test_a_batch_whose_server_was_killed_is_paused_at_the_next_start(tmp_path: Path, shoot: Path) -> None:
    data = tmp_path / "data"
    with server(data) as found:
        found.post("/photos/import", {"folders": [str(shoot)]})
        ids = [photo["photo_id"] for photo in found.get("/photos")["photos"]]
        batch = found.post("/batch/start", {"photo_ids": ids})["batch_id"]
        assert wait_until(lambda: found.get(f"/batch/{batch}/status")["processed_count"])
        found.process.kill()
        found.process.wait()
    with server(data) as found:
        status = found.get(f"/batch/{batch}/status")
        assert (status["status"], status["pause_reason"]) in [("paused", "interrupted"), ("completed", None)]
        if status["status"] == "paused":
            found.post(f"/batch/{batch}/resume")
            assert found.wait_for(batch, "completed")["processed_count"] == len(ids)


def test_a_batch_that_nobody_touched_is_begun_at_the_start(tmp_path: Path, shoot: Path) -> None:
    data = tmp_path / "data"
    ids = imported(data, shoot)
    with BatchController(settings=Settings(data=data)) as controller:
        batch = controller.start_batch(ids, config={"output": {"size": 200}})
    with server(data) as found:
        assert found.wait_for(batch, "completed")["processed_count"] == len(ids)


def test_asked_to_end_it_finishes_what_is_in_hand_and_leaves_the_rest(tmp_path: Path, shoot: Path) -> None:
    data = tmp_path / "data"
    with server(data) as found:
        found.post("/photos/import", {"folders": [str(shoot)]})
        ids = [photo["photo_id"] for photo in found.get("/photos")["photos"]]
        batch = found.post("/batch/start", {"photo_ids": ids})["batch_id"]
        assert wait_until(lambda: found.get(f"/batch/{batch}/status")["processed_count"])
        assert found.end(signal.SIGTERM) == 0
    with BatchController(settings=Settings(data=data)) as controller:
        known = controller.store.batch(batch)
        counts = controller.store.item_counts(known.no)
        assert set(counts) <= {"processed", "pending"}
        assert known.status in (BatchStatus.RUNNING, BatchStatus.COMPLETED)
        assert controller.examine(read_outputs=True) == []


@pytest.mark.parametrize("count", [8])
def test_many_ask_for_the_same_key_at_once_and_one_batch_comes_of_it(tmp_path: Path, shoot: Path, count: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with server(tmp_path / "data", "--no-runner") as found, ThreadPoolExecutor(count) as threads:
        found.post("/photos/import", {"folders": [str(shoot)]})
        asked = [
            threads.submit(found.post, "/batch/start", {"photo_ids": [1, 2]}, Idempotency_Key="k") for _ in range(count)
        ]
        assert len({one.result()["batch_id"] for one in asked}) == 1
        assert found.get("/batch/list")["count"] == 1


def test_previews_are_small_jpegs_known_by_an_etag(tmp_path: Path, shoot: Path) -> None:
    with server(tmp_path / "data") as found:
        found.post("/photos/import", {"folders": [str(shoot)]})
        for path in ("/photos/1/preview?size=160", "/photos/1/preview?size=160&preset=vivid-landscape&blend=50"):
            answer = found.ask("GET", path)
            assert answer.status == 200, answer.body
            assert answer.headers["content-type"] == "image/jpeg"
            assert answer.body.startswith(b"\xff\xd8\xff")
            again = found.ask("GET", path, If_None_Match=answer.headers["etag"])
            assert (again.status, again.body) == (304, b"")
        settings = json.dumps({"Exposure2012": 99}).replace(" ", "").replace('"', "%22")
        assert found.ask("GET", f"/photos/1/preview?settings={settings}").status == 422


def test_a_photo_of_a_matched_batch_is_shown_without_its_match_and_with_it(tmp_path: Path) -> None:
    write_shoot(tmp_path / "shoot", 3, rows=120, columns=160)
    with server(tmp_path / "data") as found:
        found.post("/photos/import", {"folders": [str(tmp_path / "shoot")]})
        config = {"match": {"to": "session"}}
        batch_id = found.post("/batch/start", {"photo_ids": [1, 2, 3], "config": config})["batch_id"]
        found.wait_for(batch_id, "completed")
        shown = [found.ask("GET", f"/batch/{batch_id}/match/2/preview?size=160&matched={each}") for each in ("0", "1")]
        assert [one.headers["content-type"] for one in shown] == ["image/jpeg"] * 2
        means = [float(np.asarray(Image.open(io.BytesIO(one.body))).mean()) for one in shown]
        (match,) = (one for one in found.get(f"/batch/{batch_id}/match")["photos"] if one["photo_id"] == 2)
        assert (means[1] > means[0]) == (match["exposure"] > 0)
        plain = found.post("/batch/start", {"photo_ids": [1]})["batch_id"]
        assert found.ask("GET", f"/batch/{plain}/match/1/preview").json["code"] == "not_matched"


def test_a_photo_that_cannot_be_shown_is_an_error_and_no_picture(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(2000))
    with server(tmp_path / "data", "--no-runner") as found:
        found.post("/photos/import", {"folders": [str(photos)]})
        photo = found.get("/photos")["photos"][0]
        answer = found.ask("GET", f"/photos/{photo['photo_id']}/preview")
        assert answer.status == 422
        assert answer.json["error"]
        (photos / "broken.jpg").unlink()
        assert found.ask("GET", f"/photos/{photo['photo_id']}/preview").status == 404


def test_metrics_count_what_happened(tmp_path: Path, shoot: Path) -> None:
    with server(tmp_path / "data", "--no-runner") as found:
        found.post("/photos/import", {"folders": [str(shoot)]})
        found.post("/batch/start", {"photo_ids": [1, 2]})
        text = found.ask("GET", "/metrics").body.decode()
    assert 'junmai_batches{status="running"} 1.0' in text
    assert 'junmai_batch_photos{end="remaining"} 2.0' in text
    assert 'junmai_http_requests_total{method="POST",status="200"} 2.0' in text


def test_a_server_whose_disk_is_full_lives_and_is_not_ready(tmp_path: Path) -> None:
    with server(tmp_path / "data", "--no-runner", JUNMAI_LOW_DISK_MB="1000000000") as found:
        answer = found.ask("GET", "/ready")
        assert (answer.status, answer.json["code"]) == (503, "disk_low")
        assert "MB are free" in answer.json["error"]
        assert found.get("/live") == {"status": "live"}
        assert found.get("/health")["status"] == "ok"


def test_a_server_whose_database_is_gone_lives_and_is_not_ready(tmp_path: Path) -> None:
    with server(tmp_path / "data", "--no-runner") as found:
        assert found.get("/ready") == {"status": "ready"}
        for path in (tmp_path / "data").glob("junmai.db*"):
            path.unlink()
        assert found.ask("GET", "/ready").status == 503
        assert found.get("/live") == {"status": "live"}


def test_a_second_ctrl_c_is_not_needed_to_end_while_clients_listen(tmp_path: Path) -> None:
    with server(tmp_path / "data", "--no-runner") as found:
        from http.client import HTTPConnection

        connection = HTTPConnection("127.0.0.1", found.port, timeout=30)
        connection.request("GET", "/events")
        connection.getresponse()
        assert found.end(signal.SIGINT) == 0
        connection.close()
