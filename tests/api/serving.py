"""Runs the real server as a process of its own, and asks it over HTTP and WebSocket as any program would."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from running import kill_group, start

START_SECONDS = 60.0
CALM: dict[str, Any] = {"JUNMAI_BUSY_CPU_PERCENT": "0", "JUNMAI_BUSY_MEMORY_PERCENT": "0", "JUNMAI_WORKERS": "1"}
"""No batch waits here for what else the machine is doing."""


def free_port() -> int:
    """A port that nobody has at the moment."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Answer:
    """The answer to a request."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its JSON."""
        return json.loads(self.body)


@dataclass
class Server:
    """A server that runs, and requests to it."""

    port: int
    data: Path
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: object = None, *, raw: Any = None, **headers: str) -> Answer:
        """One request; `_` in the names of headers stands for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_host="Host" in sent or "No-Host" in sent)
            for name, value in sent.items():
                if name != "No-Host":
                    connection.putheader(name, value)
            if data is not None:
                connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def get(self, path: str, **headers: str) -> Any:
        """The JSON at a path, which must be there."""
        answer = self.ask("GET", path, **headers)
        assert answer.status == 200, answer.body
        return answer.json

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        """The JSON answer to a command, which must succeed."""
        answer = self.ask("POST", path, body, **headers)
        assert answer.status == 200, answer.body
        return answer.json

    def wait_for(self, batch_id: str, *states: str, seconds: float = 120.0) -> dict[str, Any]:
        """The status of a batch when it is in one of these states."""
        deadline = time.monotonic() + seconds
        while True:
            status: dict[str, Any] = self.get(f"/batch/{batch_id}/status")
            if status["status"] in states:
                return status
            assert time.monotonic() < deadline, status
            time.sleep(0.05)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; returns its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=90)


@contextlib.contextmanager
def server(data: Path, *options: str, port: int | None = None, **environment: str) -> Iterator[Server]:
    """A server over a data folder, as long as the block lasts."""
    chosen = port or free_port()
    process = start("serve", "--port", str(chosen), *options, data=data, **{**CALM, **environment})
    found = Server(chosen, data, process)
    reading = [threading.Thread(target=_read, args=(found, name), daemon=True) for name in ("stdout", "stderr")]
    for thread in reading:
        thread.start()
    try:
        _wait_until_it_listens(found)
        yield found
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=60)
        kill_group(process)
        for thread in reading:
            thread.join(10)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _read(found: Server, name: str) -> None:
    pipe = getattr(found.process, name)
    with contextlib.suppress(ValueError):
        found.said.extend(iter(pipe.readline, ""))


def _wait_until_it_listens(found: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not any(line.startswith("Open http") for line in found.said):
        assert found.process.poll() is None, found.said
        assert time.monotonic() < deadline, found.said
        time.sleep(0.02)
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", found.port), 5):
            return
        assert time.monotonic() < deadline, found.said
        time.sleep(0.02)
