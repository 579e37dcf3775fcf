"""What is in deploy/ names figures, paths and settings that there are."""

from __future__ import annotations

import json
import plistlib
import re
from pathlib import Path

import pytest

from api.serving import server
from junmai.config import Settings

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
PAGE = ROOT / "docs" / "service.md"
WATCHES = (DEPLOY / "prometheus" / "alerts.yml", DEPLOY / "grafana" / "junmai.json")
FIGURE = re.compile(r"\bjunmai_[a-z_]+\b(?=[{`\[ )])")


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the figures that a server gives."""
    with server(tmp_path_factory.mktemp("figures"), "--no-runner") as found:
        found.get("/health")
        text = found.ask("GET", "/metrics").body.decode()
    return {re.split(r"[{ ]", line)[0] for line in text.splitlines() if not line.startswith("#")}


@pytest.mark.parametrize("path", WATCHES, ids=lambda path: path.name)
def test_alerts_and_the_dashboard_ask_for_figures_that_the_server_gives(path: Path, figures: set[str]) -> None:
    named = set(FIGURE.findall(path.read_text(encoding="utf-8")))
    assert len(named) >= 4
    assert named <= figures


def test_the_page_tells_every_figure_and_no_other(figures: set[str]) -> None:
    assert set(FIGURE.findall(PAGE.read_text(encoding="utf-8"))) == figures


def test_every_panel_of_the_dashboard_has_a_place_of_its_own() -> None:
    board = json.loads(WATCHES[1].read_text(encoding="utf-8"))
    places = {(one["gridPos"]["x"], one["gridPos"]["y"]) for one in board["panels"]}
    assert len(places) == len(board["panels"]) == len({one["id"] for one in board["panels"]})


def test_the_unit_and_the_agent_start_the_server_and_leave_it_time_for_the_photos_in_hand() -> None:
    unit = dict(
        line.split("=", 1)
        for line in (DEPLOY / "systemd" / "junmai.service").read_text(encoding="utf-8").splitlines()
        if "=" in line and not line.startswith("#")
    )
    agent = plistlib.loads((DEPLOY / "launchd" / "local.junmai.plist").read_bytes())
    grace = Settings.model_fields["grace_seconds"].default
    assert unit["ExecStart"].endswith("/junmai serve")
    assert agent["ProgramArguments"][0].endswith("/junmai")
    assert agent["ProgramArguments"][1:] == ["serve"]
    assert unit["Environment"] == "JUNMAI_RECOVERY=resume"
    assert agent["EnvironmentVariables"] == {"JUNMAI_RECOVERY": "resume"}
    assert min(int(unit["TimeoutStopSec"]), agent["ExitTimeOut"]) > grace


@pytest.mark.parametrize("path", ["nginx/junmai.conf", "caddy/Caddyfile"])
def test_proxies_ask_the_server_at_its_port_and_say_which_name_it_must_know(path: str) -> None:
    text = (DEPLOY / path).read_text(encoding="utf-8")
    assert f"127.0.0.1:{Settings.model_fields['port'].default}" in text
    assert 'server_names = ["studio.local:443"]' in text
