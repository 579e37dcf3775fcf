"""The contract as a client has it: requests and WebSockets against the real server, nothing of the project's code."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from api.serving import Server, server

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
STATUS_KEYS = {
    *("batch_id", "session_id", "status", "total_photos", "processed_count", "failed_count", "progress_percent"),
    *("created_at", "started_at", "paused_at", "completed_at", "priority", "remaining_count", "skipped_count"),
    *("photos_per_second", "eta_seconds", "eta_low_seconds", "eta_high_seconds", "pause_reason", "config", "preset"),
}
PROBLEM_KEYS = {"error", "type", "title", "status", "detail", "code"}
NOWHERE = "batch_000000000000"


@pytest.fixture(scope="module")
def still(shoot: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that develops nothing, so that a batch stays where it is put."""
    with server(tmp_path_factory.mktemp("still"), "--no-runner") as found:
        found.post("/photos/import", {"folders": [str(shoot)], "session": "the shoot"})
        yield found


@pytest.fixture
def photo_ids(still: Server) -> list[int]:
    """The photos of the still server."""
    return [photo["photo_id"] for photo in still.get("/photos")["photos"]]


@pytest.fixture
def batch(still: Server, photo_ids: list[int]) -> str:
    """A batch that runs and that nobody develops."""
    return str(still.post("/batch/start", {"photo_ids": photo_ids})["batch_id"])


@contextmanager
def socket_to(where: Server) -> Iterator[ClientConnection]:
    with connect(f"ws://localhost:{where.port}/ws", close_timeout=2) as connection:
        assert heard(connection)["type"] == "connection_established"
        yield connection


def heard(connection: ClientConnection) -> dict[str, Any]:
    said = json.loads(connection.recv(timeout=60))
    assert isinstance(said, dict)
    assert TIME.fullmatch(said["timestamp"])
    return said


def refused(where: Server, status: int, method: str, path: str, body: object = None, **sent: Any) -> dict[str, Any]:
    answer = where.ask(method, path, body, **sent)
    assert answer.status == status, answer.body
    problem = answer.json
    assert problem.keys() >= PROBLEM_KEYS
    assert problem["status"] == status
    assert b"Traceback" not in answer.body
    assert isinstance(problem, dict)
    return problem


# --- starting -----------------------------------------------------------------------------------------------


def test_a_batch_is_started_with_the_message_of_the_contract(still: Server, photo_ids: list[int]) -> None:
    answer = still.post("/batch/start", {"photo_ids": photo_ids, "session_id": 1, "config": {"preset": "default"}})
    assert answer["message"] == "Batch processing started"
    assert re.fullmatch(r"batch_[0-9a-f]{12}", answer["batch_id"])
    assert answer["photo_count"] == len(photo_ids)


def test_a_selection_starts_a_batch_too(still: Server, photo_ids: list[int]) -> None:
    answer = still.post("/batch/start", {"selection": {"session_id": 1}, "config": {"blend": 50}})
    assert answer["photo_count"] == len(photo_ids)


@pytest.mark.parametrize("body", [{"photo_ids": []}, {}, {"photo_ids": None}, {"config": {}}])
def test_no_photos_are_refused_in_the_words_of_the_contract(still: Server, body: object) -> None:
    assert refused(still, 422, "POST", "/batch/start", body)["error"] == "photo_ids must be a non-empty list"


def test_unknown_photos_are_refused_all_of_them_named(still: Server, photo_ids: list[int]) -> None:
    unknown = list(range(1000, 1030))
    problem = refused(still, 422, "POST", "/batch/start", {"photo_ids": photo_ids + unknown})
    assert problem["photo_ids"] == unknown
    assert "1000" in problem["error"]


def test_double_photos_are_refused_and_named(still: Server, photo_ids: list[int]) -> None:
    problem = refused(still, 422, "POST", "/batch/start", {"photo_ids": [*photo_ids, photo_ids[0]]})
    assert problem["photo_ids"] == [photo_ids[0]]


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"presett": "default"}, "presett"),
        ({"preset": "nobody-made-this"}, "nobody-made-this"),
        ({"output": {"colour": 1}}, "colour"),
        ({"blend": "half"}, "blend"),
        ({"settings": {"Exposure2012": 99}}, "Exposure2012"),
    ],
)
def test_a_config_that_does_not_fit_is_refused_by_name(
    still: Server, photo_ids: list[int], config: object, named: str
) -> None:
    before = still.get("/batch/list")["count"]
    assert named in refused(still, 422, "POST", "/batch/start", {"photo_ids": photo_ids, "config": config})["error"]
    assert still.get("/batch/list")["count"] == before


def test_the_same_key_never_starts_two_batches(still: Server, photo_ids: list[int]) -> None:
    first = still.post("/batch/start", {"photo_ids": photo_ids}, Idempotency_Key="one")
    assert still.post("/batch/start", {"photo_ids": photo_ids}, Idempotency_Key="one") == first
    assert still.post("/batch/start", {"photo_ids": photo_ids}, Idempotency_Key="two")["batch_id"] != first["batch_id"]
    problem = refused(still, 422, "POST", "/batch/start", {"photo_ids": photo_ids[:1]}, Idempotency_Key="one")
    assert problem["code"] == "key_reused"


# --- steering -----------------------------------------------------------------------------------------------


def test_pause_resume_and_cancel_say_what_they_did_without_any_body(still: Server, batch: str) -> None:
    for verb, said in (("pause", "paused"), ("resume", "resumed"), ("cancel", "cancelled")):
        answer = still.post(f"/batch/{batch}/{verb}")
        assert answer == {"message": f"Batch {said} successfully", "batch_id": batch}


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "retry-failed"])
def test_a_wrong_state_is_409_and_says_the_state(still: Server, batch: str, verb: str) -> None:
    still.post(f"/batch/{batch}/cancel")
    problem = refused(still, 409, "POST", f"/batch/{batch}/{verb}")
    assert problem["state"] == "cancelled"
    assert "cancelled" in problem["error"]


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        *(("POST", verb) for verb in ("pause", "resume", "cancel", "retry-failed")),
        *(("GET", what) for what in ("status", "items", "events", "failures")),
    ],
)
@pytest.mark.parametrize("batch_id", [NOWHERE, "batch_1", "x", "..%2f..", "%00", "batch_3F9C1A2B4D5E"])
def test_an_unknown_batch_is_404_a_malformed_id_too(still: Server, method: str, rest: str, batch_id: str) -> None:
    refused(still, 404, method, f"/batch/{batch_id}/{rest}")


def test_priority_goes_from_1_to_10(still: Server, batch: str) -> None:
    answer = still.post(f"/batch/{batch}/priority", {"priority": 10})
    assert answer == {"message": "Batch priority updated", "batch_id": batch, "priority": 10}
    assert still.get(f"/batch/{batch}/status")["priority"] == 10
    for wrong in (0, 11, "5", 5.5, True, None):
        refused(still, 422, "POST", f"/batch/{batch}/priority", {"priority": wrong})


def test_batches_are_merged_into_the_first(still: Server, photo_ids: list[int]) -> None:
    first = still.post("/batch/start", {"photo_ids": photo_ids[:3]})["batch_id"]
    second = still.post("/batch/start", {"photo_ids": photo_ids[2:]})["batch_id"]
    answer = still.post("/batch/merge", {"batch_ids": [first, second]})
    assert answer == {
        "message": "Batches merged",
        "batch_id": first,
        "photo_count": len(photo_ids),
        "merged_batch_ids": [second],
    }
    assert still.get(f"/batch/{second}/status")["status"] == "cancelled"
    refused(still, 422, "POST", "/batch/merge", {"batch_ids": [first]})


# --- looking ------------------------------------------------------------------------------------------------


def test_the_status_object_has_every_key_of_the_contract(still: Server, batch: str) -> None:
    status = still.get(f"/batch/{batch}/status")
    assert status.keys() >= STATUS_KEYS
    assert (status["status"], status["progress_percent"], status["priority"]) == ("running", 0.0, 5)
    assert TIME.fullmatch(status["created_at"])
    assert TIME.fullmatch(status["started_at"])
    assert (status["paused_at"], status["completed_at"]) == (None, None)


def test_the_list_has_status_objects_and_counts_them(still: Server, batch: str) -> None:
    listed = still.get("/batch/list")
    assert listed["count"] == len(listed["batches"])
    assert listed["batches"][0]["batch_id"] == batch
    assert listed["batches"][0].keys() >= STATUS_KEYS


def test_the_list_comes_in_pages_and_by_state(still: Server, batch: str) -> None:
    whole = [one["batch_id"] for one in still.get("/batch/list")["batches"]]
    first = still.get("/batch/list?limit=1")
    rest = still.get(f"/batch/list?limit=1000&cursor={first['next_cursor']}")
    assert [one["batch_id"] for one in first["batches"] + rest["batches"]] == whole
    assert {one["status"] for one in still.get("/batch/list?status=running")["batches"]} == {"running"}
    refused(still, 422, "GET", "/batch/list?cursor=x")


def test_the_items_of_a_batch_come_in_pages(still: Server, batch: str, photo_ids: list[int]) -> None:
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = still.get(f"/batch/{batch}/items?limit=4{cursor and f'&cursor={cursor}'}")
        found += page["items"]
        cursor = page["next_cursor"]
    assert [item["photo_id"] for item in found] == photo_ids
    assert found[0].keys() >= {"status", "attempts", "error_kind", "error_message", "output_path", "output_sha256"}
    assert [item["position"] for item in still.get(f"/batch/{batch}/items?position=3&limit=2")["items"]] == [3, 4]


def test_photos_and_sessions_are_there_with_their_facts(still: Server, photo_ids: list[int]) -> None:
    session = still.get("/sessions")["sessions"][0]
    assert (session["name"], session["photo_count"]) == ("the shoot", len(photo_ids))
    photos = still.get(f"/photos?session_id={session['session_id']}&limit=2")
    assert photos["total"] == len(photo_ids)
    photo = photos["photos"][0]
    assert photo.keys() >= {"photo_id", "session_id", "file_name", "path", "captured_at", "camera", "width", "height"}
    assert len(still.get(f"/photos?cursor={photos['next_cursor']}")["photos"]) == len(photo_ids) - 2
    assert still.get("/photos?from=2030-01-01")["total"] == 0
    assert still.get("/photos?from=2000-01-01&to=2030-01-01")["total"] == len(photo_ids)


def test_a_collection_is_made_and_picks_photos(still: Server, photo_ids: list[int]) -> None:
    assert still.post("/collections", {"name": "best", "photo_ids": photo_ids[:2]})["added"] == 2
    assert still.get("/photos?collection=best")["total"] == 2
    refused(still, 404, "GET", "/photos?collection=none")


def test_presets_have_name_version_and_settings(still: Server) -> None:
    presets = still.get("/presets")["presets"]
    assert {"default", "warm-portrait"} <= {preset["name"] for preset in presets}
    assert all(preset.keys() >= {"version", "settings"} for preset in presets)


def test_the_same_folder_again_is_known(still: Server, shoot: Path, photo_ids: list[int]) -> None:
    answer = still.post("/photos/import", {"folders": [str(shoot)]})
    assert (answer["imported"], answer["known"], answer["left_out"]) == (0, len(photo_ids), [])
    refused(still, 422, "POST", "/photos/import", {"folders": ["not/absolute"]})
    refused(still, 422, "POST", "/photos/import", {"folders": [str(shoot / "nowhere")]})


def test_health_says_ok(still: Server) -> None:
    health = still.get("/health")
    assert health["status"] == "ok"
    assert health["runners"] == []


# --- keeping ------------------------------------------------------------------------------------------------


def test_recover_pauses_what_nobody_serves(still: Server, batch: str) -> None:
    answer = still.post("/batch/recover")
    assert answer["message"] == "Batch recovery completed"
    assert answer["recovered_count"] >= 1
    assert answer["failed_count"] == 0
    assert TIME.fullmatch(answer["timestamp"])
    status = still.get(f"/batch/{batch}/status")
    assert (status["status"], status["pause_reason"]) == ("paused", "interrupted")


def test_cleanup_takes_days_of_0_and_more_and_no_body_at_all(still: Server, batch: str) -> None:
    still.post(f"/batch/{batch}/cancel")
    assert still.post("/batch/cleanup") == {"message": "Batch cleanup completed", "cleaned_count": 0, "days_old": 7}
    assert still.post("/batch/cleanup", {"days_old": 0})["cleaned_count"] >= 1
    refused(still, 404, "GET", f"/batch/{batch}/status")
    refused(still, 422, "POST", "/batch/cleanup", {"days_old": -1})


# --- errors of requests -------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [b"{", b"[1,", b"\xff\xfe", b'{"photo_ids": NaN}', b"[" * 100_000, b'{"a": "\\ud800"}'])
def test_broken_json_is_400(still: Server, raw: bytes) -> None:
    refused(still, 400, "POST", "/batch/start", raw=raw, Content_Type="application/json")


@pytest.mark.parametrize("raw", [b"[]", b"1", b'"x"', b"null", b'{"a":' + b"[" * 40 + b"]" * 40 + b"}"])
def test_json_that_does_not_fit_is_422(still: Server, raw: bytes) -> None:
    refused(still, 422, "POST", "/batch/start", raw=raw, Content_Type="application/json")


def test_a_body_must_be_declared_as_json_and_no_body_need_not(still: Server, batch: str) -> None:
    raw = b'{"photo_ids": [1]}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        refused(still, 415, "POST", "/batch/start", raw=raw, Content_Type=kind)
    still.post(f"/batch/{batch}/pause", Content_Type="text/plain")


def test_a_body_that_is_too_large_is_413(still: Server, batch: str) -> None:
    large = b'{"error_kind": "' + b"x" * (1 << 20) + b'"}'
    refused(still, 413, "POST", f"/batch/{batch}/retry-failed", raw=large, Content_Type="application/json")
    connection = HTTPConnection("127.0.0.1", still.port, timeout=30)
    connection.putrequest("POST", "/batch/start")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str((128 << 20) + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_what_is_nowhere_is_404_and_a_wrong_method_405(still: Server) -> None:
    refused(still, 404, "GET", "/nothing/here")
    refused(still, 404, "POST", "/nothing")
    answer = still.ask("DELETE", "/batch/list")
    assert (answer.status, answer.headers["allow"]) == (405, "GET")
    refused(still, 405, "GET", "/batch/start")


# --- WebSocket ----------------------------------------------------------------------------------------------


def test_the_dialogue_of_the_websocket(still: Server) -> None:
    with socket_to(still) as socket:
        for asked, answered in (
            ({"type": "subscribe", "channels": ["system", "jobs"]}, "subscription_confirmed"),
            ({"type": "unsubscribe", "channels": ["jobs"]}, "unsubscription_confirmed"),
            ({"type": "ping"}, "pong"),
            ({"type": "register", "client": "a test"}, "registration_confirmed"),
            ({"type": "dance"}, "error"),
            ({"type": "subscribe", "channels": ["cooking"]}, "error"),
        ):
            socket.send(json.dumps(asked))
            assert heard(socket)["type"] == answered
        for nonsense in ("{", "[]", "7", b"\xff"):
            socket.send(nonsense)
            assert heard(socket)["type"] == "error"


def test_the_websocket_tells_of_commands(still: Server, photo_ids: list[int]) -> None:
    with socket_to(still) as socket:
        socket.send(json.dumps({"type": "subscribe", "channels": ["system"]}))
        heard(socket)
        batch = still.post("/batch/start", {"photo_ids": photo_ids})["batch_id"]
        for verb in ("pause", "resume", "cancel"):
            still.post(f"/batch/{batch}/{verb}")
        told = []
        while "batch_cancelled" not in told:
            message = heard(socket)
            assert message["type"] == "system_status"
            if message["details"]["batch_id"] != batch:
                continue  # the counters of an earlier one
            told += [message["status"]] if message["status"] != "batch_progress" else []
    assert told == ["batch_started", "batch_paused", "batch_resumed", "batch_cancelled"]


# --- with real photos ---------------------------------------------------------------------------------------


def test_a_batch_is_paused_resumed_and_completed_with_real_photos(served: Server, ids: list[int]) -> None:
    with socket_to(served) as socket:
        socket.send(json.dumps({"type": "subscribe", "channels": ["jobs", "system"]}))
        heard(socket)
        config = {"preset": "warm-portrait", "blend": 80, "output": {"size": 600}}
        batch = served.post("/batch/start", {"photo_ids": ids, "config": config})["batch_id"]
        while heard(socket)["type"] != "job_completed":
            pass
        served.post(f"/batch/{batch}/pause")
        paused = served.get(f"/batch/{batch}/status")
        assert (paused["status"], paused["pause_reason"]) == ("paused", "user")
        served.post(f"/batch/{batch}/resume")
        status = served.wait_for(batch, "completed")
        told: dict[str, set[int]] = {"job_started": set(), "job_completed": set()}
        while (message := heard(socket)).get("status") != "batch_completed":
            if message["type"] in told:
                assert message["job_id"] == batch
                told[message["type"]].add(message["photo_id"])
    assert (status["processed_count"], status["failed_count"], status["progress_percent"]) == (len(ids), 0, 100.0)
    assert told["job_completed"] <= set(ids)
    items = served.get(f"/batch/{batch}/items")["items"]
    assert all(Path(item["output_path"]).is_file() for item in items)
    assert all(len(item["output_sha256"]) == 64 for item in items)


def test_a_photo_that_fails_is_told_and_tried_again(shoot: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photos" / "cut.jpg"
    photo.parent.mkdir()
    whole = next(shoot.rglob("*.jpg")).read_bytes()
    photo.write_bytes(whole[: len(whole) // 2])
    with server(tmp_path / "library") as found, socket_to(found) as socket:
        socket.send(json.dumps({"type": "subscribe", "channels": ["jobs", "photos"]}))
        heard(socket)
        found.post("/photos/import", {"folders": [str(photo.parent)]})
        imported = heard(socket)
        assert (imported["type"], imported["file_name"]) == ("photo_imported", "cut.jpg")
        batch = found.post("/batch/start", {"photo_ids": [imported["photo_id"]]})["batch_id"]
        assert found.wait_for(batch, "failed")["failed_count"] == 1
        while (message := heard(socket))["type"] != "job_failed":
            pass
        assert message["error_message"]
        kinds = found.get(f"/batch/{batch}/failures")["failures"]
        assert [(kind["count"], kind["photo_ids"]) for kind in kinds] == [(1, [imported["photo_id"]])]
        photo.write_bytes(whole)
        assert found.post(f"/batch/{batch}/retry-failed", {"error_kind": "no_such"})["retried_count"] == 0
        answer = found.post(f"/batch/{batch}/retry-failed")
        assert (answer["message"], answer["retried_count"]) == ("Failed photos queued again", 1)
        found.wait_for(batch, "completed", "failed")


# --- server-sent events -------------------------------------------------------------------------------------


def events_of(where: Server, path: str, until: str, **headers: str) -> list[dict[str, Any]]:
    """The events of a stream up to the first whose data has that status."""
    connection = HTTPConnection("127.0.0.1", where.port, timeout=60)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    assert answer.getheader("content-type", "").startswith("text/event-stream")
    found: list[dict[str, Any]] = []
    event: dict[str, Any] = {}
    try:
        while True:
            line = answer.readline().decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if name in ("id", "event", "data"):
                event[name] = value
            elif not line and "data" in event:
                event["data"] = json.loads(event["data"])
                found.append(event)
                if event["data"].get("status") == until:
                    return found
                event = {}
    finally:
        connection.close()


def test_a_client_that_was_away_misses_nothing(still: Server, photo_ids: list[int]) -> None:
    batch = still.post("/batch/start", {"photo_ids": photo_ids})["batch_id"]
    still.post(f"/batch/{batch}/pause")
    first = events_of(still, f"/batch/{batch}/events", "batch_paused", Last_Event_ID="0")
    assert [event["data"]["status"] for event in first] == ["batch_started", "batch_paused"]
    still.post(f"/batch/{batch}/resume")
    still.post(f"/batch/{batch}/cancel")
    time.sleep(0.3)
    later = events_of(still, "/events", "batch_cancelled", Last_Event_ID=first[-1]["id"])
    assert [event["data"]["status"] for event in later] == ["batch_resumed", "batch_cancelled"]
    refused(still, 422, "GET", "/events", Last_Event_ID="yesterday")
