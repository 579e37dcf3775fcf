"""What is in deploy/ names figures, paths and settings that there are."""

from __future__ import annotations

import json
import plistlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.serving import server
from junmai.cli.main import app
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


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_compose_has_server_workers_database_and_broker_each_with_a_look_at_its_health(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"api", "worker", "database", "broker"}
    for service in compose["services"].values():
        assert service["healthcheck"]["test"]
        assert service["restart"] == "unless-stopped"
    for name in ("api", "worker"):
        assert compose["services"][name]["depends_on"] == {
            "database": {"condition": "service_healthy"},
            "broker": {"condition": "service_healthy"},
        }
        assert any(str(volume).endswith(":/photos") for volume in compose["services"][name]["volumes"])


def test_compose_starts_commands_and_names_settings_that_there_are(compose: dict[str, Any]) -> None:
    commands = {info.name or str(info.callback.__name__) for info in app.registered_commands if info.callback}
    for name in ("api", "worker"):
        service = compose["services"][name]
        assert set(service["command"]) <= commands
        for variable in service["environment"]:
            assert variable.removeprefix("JUNMAI_").lower() in Settings.model_fields
    assert str(Settings.model_fields["port"].default) in compose["services"]["api"]["ports"][0]


def test_what_compose_sets_is_what_the_settings_take(
    compose: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in compose["services"]["api"]["environment"].items():
        monkeypatch.setenv(variable, re.sub(r"\$\{[^}]*\}", "word", value))
    settings = Settings(data=tmp_path)
    assert (settings.executor, settings.recovery) == ("celery", "resume")
    assert settings.broker == "redis://broker:6379/0"
    assert [str(folder) for folder in settings.allowed] == ["/photos"]


def test_the_unit_of_a_worker_leaves_it_time_for_the_photos_in_hand() -> None:
    text = (DEPLOY / "systemd" / "junmai-worker.service").read_text(encoding="utf-8")
    unit = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    assert unit["ExecStart"].endswith("/junmai worker")
    assert int(unit["TimeoutStopSec"]) > Settings.model_fields["photo_seconds"].default
    assert re.findall(r"JUNMAI_[A-Z]+", text) == ["JUNMAI_STORE", "JUNMAI_BROKER", "JUNMAI_EXECUTOR"]
