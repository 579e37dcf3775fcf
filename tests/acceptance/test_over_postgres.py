"""The real command line over PostgreSQL: the same photos, the same words, and nothing lost by a kill."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import psutil
import pytest

from api.serving import server
from junmai.demo.shoot import make_sample_shoot
from running import Develop, checksums, fingerprints, junmai, kill_group, start

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "shoot"
    make_sample_shoot(folder, count=8, long_edge=480)
    return folder


@pytest.fixture(autouse=True)
def _over_postgresql(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUNMAI_STORE", postgres_url)
    for name in ("JUNMAI_BUSY_CPU_PERCENT", "JUNMAI_BUSY_MEMORY_PERCENT"):
        monkeypatch.setenv(name, "0")  # no batch waits here for what else the machine is doing


def _shoot(made: Path, folder: Path, count: int) -> Path:
    folder.mkdir()
    for path in sorted(made.rglob("*.*"))[:count]:
        shutil.copy2(path, folder)
    return folder


def test_three_photos_are_developed_over_postgresql_and_a_second_run_develops_none(
    made: Path, tmp_path: Path, data: Path
) -> None:
    shoot, out = _shoot(made, tmp_path / "shoot", 3), tmp_path / "out"
    before = fingerprints(shoot)
    command = ("develop", shoot, "--out", out, "--json", "--workers", "1")
    first = junmai(*command, data=data)
    assert first.code == 0, first.err
    assert len(first.photos("processed")) == len(list(out.iterdir())) == 3
    assert not (data / "junmai.db").exists()
    again = junmai(*command, data=data)
    assert (again.code, again.summary["processed_count"], again.summary["skipped_count"]) == (0, 0, 3)
    shown = junmai("batch", "show", first.summary["batch_id"], "--json", data=data)
    status = json.loads(shown.out)
    assert (shown.code, status["status"], status["processed_count"]) == (0, "completed", 3)
    assert junmai("doctor", data=data).code == 0
    assert fingerprints(shoot) == before


def test_photos_are_matched_over_postgresql(made: Path, tmp_path: Path, data: Path) -> None:
    shoot, out = _shoot(made, tmp_path / "shoot", 3), tmp_path / "out"
    ended = junmai("develop", shoot, "--match", "session", "--out", out, "--json", "--workers", "1", data=data)
    assert ended.code == 0, ended.err
    assert len(ended.photos("processed")) == len(list(out.iterdir())) == 3
    status = json.loads(junmai("batch", "show", ended.summary["batch_id"], "--json", data=data).out)
    assert (status["status"], status["matching"], status["measured_count"]) == ("completed", "solved", 3)


def test_a_develop_that_watches_a_server_of_another_machine_has_its_own_state_file(
    made: Path, tmp_path: Path, data: Path
) -> None:
    shoot = _shoot(made, tmp_path / "shoot", 3)
    with server(tmp_path / "serving"):
        ended = junmai("develop", shoot, "--out", tmp_path / "out", "--json", data=data)
    assert ended.code == 0, ended.err
    assert "being developed already (serve, process" in ended.err
    (file,) = (data / "batch_states").glob("batch_*.json")
    state = json.loads(file.read_text(encoding="utf-8"))
    assert (state["status"], state["processed_count"]) == ("completed", 3)


def test_a_killed_develop_goes_on_over_postgresql_and_nothing_is_lost_or_done_twice(
    made: Path, tmp_path: Path, data: Path
) -> None:
    shoot, out = _shoot(made, tmp_path / "shoot", 8), tmp_path / "out"
    command = ("develop", shoot, "--out", out, "--json", "--workers", "1")
    run = Develop(start(*command, data=data))
    assert run.wait_for_photo()
    kill_group(run.process)
    run.close()
    done = checksums(out)
    assert 0 < len(done) < 8
    ended = junmai(*command, data=data)
    assert ended.code == 0, ended.err
    assert 0 < ended.summary["processed_count"] < 8
    shown = junmai("batch", "show", ended.summary["batch_id"], "--json", data=data)
    status = json.loads(shown.out)
    assert (status["status"], status["processed_count"], status["failed_count"]) == ("completed", 8, 0)
    whole = checksums(out)
    assert len(whole) == 8
    assert {name: whole[name] for name in done if not name.startswith(".")} == {
        name: digest for name, digest in done.items() if not name.startswith(".")
    }
    assert junmai("doctor", data=data).code == 0
    assert not [one for one in psutil.process_iter(["cmdline"]) if str(shoot) in (one.info["cmdline"] or [])]


def test_a_wrong_address_is_named_without_its_password(data: Path, postgres_url: str) -> None:
    wrong = postgres_url.replace("postgresql://postgres@/", "postgresql://postgres:secret-word@/no_such_")
    ended = junmai("batch", "list", data=data, JUNMAI_STORE=wrong)
    assert ended.code == 2
    assert "does not exist" in ended.err
    assert "JUNMAI_STORE" in ended.err
    assert "secret-word" not in ended.out + ended.err


def test_a_backup_of_postgresql_is_left_to_its_own_tools(data: Path) -> None:
    for command in ("backup", "restore"):
        ended = junmai(command, data=data)
        assert ended.code != 0
        assert "pg_" in ended.err
