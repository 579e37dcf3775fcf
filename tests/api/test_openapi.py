"""The OpenAPI says what is so: whole, with examples; and no request whatever makes the server say what it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.serving import Server, server
from running import junmai

CONFIG = Path(__file__).with_name("schemathesis.toml")
REQUESTS = int(os.environ.get("JUNMAI_TEST_REQUESTS", "600"))
"""About so many requests; 5,000 in `make long`."""
OPERATIONS = 50
"""Two runs over 25 of them and more."""
STREAMS = r"/events$"
"""These do not end, and so have no answer to look at."""
ROUTES = {
    *("/batch/start", "/batch/{batch_id}/pause", "/batch/{batch_id}/resume", "/batch/{batch_id}/cancel"),
    *("/batch/{batch_id}/status", "/batch/list", "/batch/recover", "/batch/cleanup", "/batch/{batch_id}/priority"),
    *("/batch/{batch_id}/retry-failed", "/batch/merge", "/photos/import", "/photos", "/sessions", "/presets"),
    *("/batch/{batch_id}/items", "/batch/{batch_id}/events", "/events", "/health", "/live", "/ready", "/metrics"),
    *("/collections", "/photos/{photo_id}/preview", "/batch/{batch_id}/items/{photo_id}/preview"),
    "/batch/{batch_id}/match/{photo_id}/preview",
}


@pytest.fixture(scope="module")
def rooted(shoot: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may import the shoot and nothing else of this machine."""
    data = tmp_path_factory.mktemp("rooted")
    with server(data, "--no-runner", JUNMAI_ROOTS=f'["{shoot}"]') as found:
        found.post("/photos/import", {"folders": [str(shoot)]})
        for _ in range(3):
            found.post("/batch/start", {"photo_ids": [1, 2, 3]})
        yield found


@pytest.fixture
def openapi(rooted: Server) -> dict[str, Any]:
    found = rooted.get("/openapi.json")
    assert isinstance(found, dict)
    return found


def operations(openapi: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_every_route_of_the_contract_is_described(openapi: dict[str, Any]) -> None:
    assert set(openapi["paths"]) >= ROUTES


def test_every_operation_has_an_example_and_its_errors(openapi: dict[str, Any]) -> None:
    for method, path, operation in operations(openapi):
        for status, answer in operation["responses"].items():
            for media in answer["content"].values():
                assert "example" in media or "examples" in media, (method, path, status)
        assert {"200", "401", "403", "503"} <= operation["responses"].keys(), path
        if "{batch_id}" in path:
            assert "404" in operation["responses"], path
        if "requestBody" in operation:
            assert operation["requestBody"]["content"]["application/json"]["examples"], path


def test_no_description_speaks_of_what_fastapi_would_say(openapi: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in str(openapi)
    assert "Problem" in openapi["components"]["schemas"]


@pytest.mark.slow
@pytest.mark.parametrize("known", [False, True], ids=["any ids", "ids that are there"])
def test_no_request_makes_the_server_fail_or_say_what_is_not_described(
    rooted: Server, tmp_path: Path, known: bool
) -> None:
    config = CONFIG.read_text(encoding="utf-8")
    if known:
        batch = rooted.get("/batch/list?limit=1")["batches"][0]["batch_id"]
        config = f'[parameters]\n"path.batch_id" = "{batch}"\n"path.photo_id" = 1\n\n{config}'
    (tmp_path / "config.toml").write_text(config, encoding="utf-8")
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(tmp_path / "config.toml")),
            *("run", f"http://127.0.0.1:{rooted.port}/openapi.json", "--checks", "all"),
            *("--exclude-path-regex", STREAMS, "--max-examples", str(max(1, REQUESTS // OPERATIONS))),
            *("--phases", "examples,coverage,fuzzing", "--seed", os.environ.get("JUNMAI_TEST_SEED", "1")),
            *("--continue-on-failure", "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-20_000:] + ended.stderr
    checked = junmai("doctor", data=rooted.data)
    assert checked.code == 0, checked.out
