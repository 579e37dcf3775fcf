"""What clients that listen are told: all of it, in few messages; and what one that does not read costs."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message as AsgiMessage

from api.serving import Server, server
from junmai import BatchController
from junmai.api import door
from junmai.api.door import Counts, Door
from junmai.api.feed import MOST_CLIENTS
from junmai.api.messages import messages_of
from junmai.api.security import Guard
from junmai.config import Settings
from junmai.control.planning import Order, make_plan, new_batch_id
from junmai.domain.model import Event, NewPhoto, Settled, Staged
from running import wait_until

MANY = 20_000
LONG_NAME = "a" * 180


def batch_of(controller: BatchController, count: int, *, name: str = "IMG") -> str:
    """A running batch of photos that are nowhere."""
    store = controller.store
    ids = store.save_photos([(None, photo(number, name)) for number in range(count)])
    batch_id = new_batch_id()
    order = Order(folder=controller.settings.data / "developed" / batch_id)
    return controller.create(make_plan(store, store.photo_names(ids), order, batch_id=batch_id)).id


def photo(number: int, name: str) -> NewPhoto:
    return NewPhoto(
        path=f"/nowhere/{name}_{number:07}.jpg",
        root="/nowhere",
        kind="jpeg",
        size=1000 + number,
        mtime_ns=number,
        inode=number,
        fingerprint=f"{number:064x}",
        facts={},
    )


def end_all(controller: BatchController, batch_id: str) -> int:
    """Ends every photo of a batch, in groups as a runner does; gives their number."""
    store = controller.store
    no = store.batch(batch_id).no
    runner = store.add_runner("test", host="here", pid=os.getpid(), role="test", scope=no, workers=2)
    ended = 0
    while claims := store.claim(runner, scope=no, limit=32):
        staged = [
            Staged(one.batch_no, one.position, one.attempt, one.photo_id, one.output_name, 1, "0" * 64, "k", 0.001)
            for one in claims
        ]
        store.stage(runner, staged)
        store.settle(runner, [Settled(one, 0) for one in staged])
        ended += len(claims)
    return ended


@dataclass
class Heard:
    """Messages of a stream, read in a thread until one has this status."""

    connection: HTTPConnection
    until: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)

    def read(self) -> None:
        answer = self.connection.getresponse()
        while line := answer.readline():
            if line.startswith(b"id: "):
                self.ids.append(int(line[4:]))
            if line.startswith(b"data: "):
                self.messages.append(json.loads(line[6:]))
                if self.messages[-1].get("status") == self.until:
                    return


@contextlib.contextmanager
def listening(where: Server, until: str, **headers: str) -> Iterator[Heard]:
    """A client of `/events` that reads beside the block, and is at its end when the block is left."""
    connection = HTTPConnection("127.0.0.1", where.port, timeout=60)
    connection.request("GET", "/events", headers={name.replace("_", "-"): value for name, value in headers.items()})
    heard = Heard(connection, until)
    thread = threading.Thread(target=heard.read, daemon=True)
    thread.start()
    assert wait_until(lambda: listeners(where))
    try:
        yield heard
        thread.join(60)
        assert not thread.is_alive(), len(heard.messages)
    finally:
        connection.close()


def listeners(where: Server) -> int:
    """How many clients the server counts that listen."""
    lines = where.ask("GET", "/metrics").body.decode().splitlines()
    return next(int(float(line.split()[1])) for line in lines if line.startswith("junmai_listeners "))


def completed(messages: list[dict[str, Any]]) -> list[int]:
    """The photos that were told as done, each as often as it was told."""
    found: list[int] = []
    for message in messages:
        if message["type"] == "job_completed":
            found.append(message["photo_id"])
        found += message.get("completed", [])
    return found


# --- how many messages --------------------------------------------------------------------------------------


def test_a_thousand_ends_a_second_make_two_messages_a_turn_at_the_most() -> None:
    turns = [
        [
            Event(
                id=50 * turn + number, batch_no=1, type="item_processed", at=0.0, photo_id=50 * turn + number, data={}
            )
            for number in range(1, 51)
        ]
        for turn in range(20)
    ]
    told = [messages_of(turn, lambda no: "batch_000000000000") for turn in turns]
    assert max(len(messages) for messages in told) <= 2
    named = completed([message.data for messages in told for message in messages])
    assert named == list(range(1, 1001))


def test_a_client_learns_of_every_photo_once_in_fewer_messages_than_photos(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with server(data, "--no-runner") as found, BatchController(settings=Settings(data=data)) as controller:
        batch_id = batch_of(controller, 3000)
        with listening(found, "batch_completed") as heard:
            assert end_all(controller, batch_id) == 3000
        ids = [item["photo_id"] for item in found.get(f"/batch/{batch_id}/items?limit=1000")["items"]]
        told = completed(heard.messages)
        assert len(told) == len(set(told)) == 3000
        assert set(ids) <= set(told)
        assert len(heard.messages) < 3000
        assert heard.ids == sorted(heard.ids)


def test_a_client_that_was_away_is_told_all_that_it_missed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with server(data, "--no-runner") as found, BatchController(settings=Settings(data=data)) as controller:
        before = controller.store.last_event()
        batch_id = batch_of(controller, 500)
        end_all(controller, batch_id)
        with listening(found, "batch_completed", Last_Event_ID=str(before)) as heard:
            pass
        assert len(set(completed(heard.messages))) == 500


# --- clients that do not read -------------------------------------------------------------------------------


def test_a_client_that_reads_nothing_is_dropped_and_the_batch_goes_on(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with (
        server(data, "--no-runner") as found,
        BatchController(settings=Settings(data=data)) as controller,
        contextlib.closing(socket.socket()) as deaf,
    ):
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", found.port))
        deaf.sendall(f"GET /events HTTP/1.1\r\nHost: localhost:{found.port}\r\n\r\n".encode())
        assert wait_until(lambda: listeners(found) == 1)
        store = controller.store
        ids = store.save_photos([(None, photo(number, LONG_NAME)) for number in range(MANY)])
        for start in range(0, MANY, 1000):
            store.tell_imported(store.photos_by_ids(ids[start : start + 1000]))
        batch_id = batch_of(controller, 100)
        assert end_all(controller, batch_id) == 100
        assert found.get(f"/batch/{batch_id}/status")["status"] == "completed"
        assert wait_until(lambda: listeners(found) == 0)


def test_more_listeners_than_there_may_be_are_told_to_come_again(tmp_path: Path) -> None:
    with server(tmp_path / "data", "--no-runner") as found, contextlib.ExitStack() as held:
        for _ in range(MOST_CLIENTS):
            one = held.enter_context(contextlib.closing(socket.create_connection(("127.0.0.1", found.port), 60)))
            one.sendall(f"GET /events HTTP/1.1\r\nHost: localhost:{found.port}\r\n\r\n".encode())
        assert wait_until(lambda: listeners(found) == MOST_CLIENTS)
        refused = found.ask("GET", "/events")
        assert (refused.status, refused.headers["retry-after"]) == (503, "10")
        assert found.get("/health")["status"] == "ok"
        held.close()
        assert wait_until(lambda: listeners(found) == 0)


@pytest.mark.anyio
async def test_a_body_that_does_not_come_is_answered_with_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "BODY_SECONDS", 0.01)
    assert await answered(Counts({})) == 408


@pytest.mark.anyio
async def test_beyond_the_most_requests_in_hand_the_answer_is_503() -> None:
    assert await answered(Counts({}, open=door.MOST_REQUESTS)) == 503


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def answered(counts: Counts) -> int:
    """The status of the answer to a request whose body never comes."""
    import anyio

    sent: list[AsgiMessage] = []

    async def receive() -> AsgiMessage:
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    async def nothing(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("a request without its body came through")

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/batch/start",
        "headers": [(b"host", b"localhost:5100"), (b"content-type", b"application/json")],
    }
    await Door(nothing, Guard(frozenset({"localhost"}), 5100, None), counts)(scope, receive, send)
    return int(sent[0]["status"])


# --- a key, whatever crashes --------------------------------------------------------------------------------


@pytest.mark.parametrize("after_seconds", [0.0, 0.02, 0.3])
def test_a_key_starts_one_batch_though_the_server_is_killed_in_between(
    tmp_path: Path, shoot: Path, after_seconds: float
) -> None:
    data = tmp_path / "data"
    body = {"photo_ids": [1, 2, 3]}
    with server(data, "--no-runner") as found:
        found.post("/photos/import", {"folders": [str(shoot)]})
        asking = threading.Thread(target=ask_in_vain, args=(found, body), daemon=True)
        asking.start()
        time.sleep(after_seconds)
        found.process.kill()
        found.process.wait()
        asking.join(60)
    with server(data, "--no-runner") as found:
        first = found.post("/batch/start", body, Idempotency_Key="the same")["batch_id"]
        assert found.post("/batch/start", body, Idempotency_Key="the same")["batch_id"] == first
        assert [batch["batch_id"] for batch in found.get("/batch/list")["batches"]] == [first]


def ask_in_vain(where: Server, body: object) -> None:
    with contextlib.suppress(OSError, HTTPException, AssertionError):
        where.ask("POST", "/batch/start", body, Idempotency_Key="the same")
