"""The examples of the page on REST run against the real server."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from api.serving import server

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples" / "rest"
NODE = shutil.which("node")


def said(*command: str) -> list[str]:
    ended = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


@pytest.mark.slow
def test_the_python_example_develops_a_folder(tmp_path: Path, shoot: Path) -> None:
    with server(tmp_path / "library") as found:
        lines = said(sys.executable, str(EXAMPLES / "develop.py"), f"http://localhost:{found.port}", str(shoot))
    assert lines == ["6 photos are new", "completed 6 developed, 0 failed"]


@pytest.mark.slow
@pytest.mark.skipif(NODE is None, reason="there is no node here")
def test_the_javascript_example_follows_a_batch(tmp_path: Path, shoot: Path) -> None:
    with server(tmp_path / "library") as found:
        found.post("/photos/import", {"folders": [str(shoot)], "session": "all"})
        lines = said(str(NODE), str(EXAMPLES / "watch.mjs"), f"http://127.0.0.1:{found.port}", "1")
    assert lines == ["batch_completed 6"]


def test_the_page_names_every_example_and_every_route() -> None:
    page = (EXAMPLES.parent.parent / "rest-api.md").read_text(encoding="utf-8")
    assert [one.name for one in EXAMPLES.iterdir() if f"examples/rest/{one.name}" not in page] == []
    from api.test_openapi import ROUTES

    assert [
        route
        for route in ROUTES
        if route.replace("{batch_id}", "{id}").replace("{photo_id}", "{id}")
        not in page.replace("{batch_id}", "{id}").replace("{photo_id}", "{id}")
    ] == []
