"""Named roots with the real command line: photos that machines have at different places."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import cluster as clusters
from api.serving import server
from cluster import Cluster, Valkey, wait_until
from junmai.demo.shoot import make_sample_shoot
from running import Develop, Ended, checksums, fingerprints, junmai, kill_group, start

pytestmark = pytest.mark.slow
PHOTOS = 4


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "shoot"
    make_sample_shoot(folder, count=PHOTOS, long_edge=240)
    return folder


@pytest.fixture(autouse=True)
def _not_for_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JUNMAI_BUSY_CPU_PERCENT", "JUNMAI_BUSY_MEMORY_PERCENT"):
        monkeypatch.setenv(name, "0")


def _name(data: Path, **roots: Path) -> None:
    """The `config.toml` of a machine."""
    data.mkdir(exist_ok=True)
    lines = [f"roots.{name} = {json.dumps(str(folder))}\n" for name, folder in roots.items()]
    (data / "config.toml").write_text("".join(lines), encoding="utf-8")


def _said(ended: Ended) -> str:
    return " ".join((ended.out + ended.err).split())


def test_naming_a_root_later_doubles_no_photo_and_develops_none_again(made: Path, tmp_path: Path, data: Path) -> None:
    nas = tmp_path / "nas"
    shutil.copytree(made, nas / "2026")
    command = ("develop", nas / "2026", "--out", nas / "out", "--json", "--workers", "1")
    first = junmai(*command, data=data)
    assert first.code == 0, first.err
    _name(data, archive=nas)
    again = junmai(*command, data=data)
    assert (again.code, again.summary["processed_count"], again.summary["skipped_count"]) == (0, 0, PHOTOS), again.err
    for _ in range(2):  # from state files as they were before, and as they were written anew then
        (data / "junmai.db").unlink()
        assert len(junmai("photos", "--json", data=data).lines) == PHOTOS
        (state,) = (data / "batch_states").glob("batch_*.json")
        assert json.loads(state.read_text(encoding="utf-8"))["junmai"]["folder"] == "root:archive/out"
    again = junmai(*command, data=data)
    assert (again.code, again.summary["processed_count"], again.summary["skipped_count"]) == (0, 0, PHOTOS), again.err


def test_a_machine_that_lacks_the_root_is_told_which_and_where_to_name_it(
    made: Path, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUNMAI_STORE", postgres_url)
    nas, elsewhere = tmp_path / "nas", tmp_path / "elsewhere"
    shutil.copytree(made, nas / "2026")
    elsewhere.symlink_to(nas)
    here, lacking, there = (tmp_path / name for name in ("here", "lacking", "there"))
    _name(here, archive=nas)
    _name(lacking)
    _name(there, archive=elsewhere)
    assert junmai("import", nas / "2026", "--workers", "1", data=here).code == 0
    script = tmp_path / "begin.py"
    script.write_text(
        "from junmai import BatchController\n"
        "import sys\n"
        "with BatchController(sys.argv[1]) as controller:\n"
        "    ids = [photo.id for photo in controller.store.photos()]\n"
        "    controller.start_batch(ids, config={'output': {'folder': sys.argv[2]}})\n",
        encoding="utf-8",
    )
    begun = start(script, here, nas / "out", program=(), data=here)
    said = begun.communicate(timeout=60)
    assert begun.returncode == 0, said

    shown = junmai("status", data=lacking)
    assert "waits for the root archive" in _said(shown)
    assert "roots.archive" in _said(shown)
    refused = junmai("batch", "resume", "--json", data=lacking)
    assert refused.code == 2
    assert "root_missing" in _said(refused)
    assert "needs the named root archive" in _said(refused)

    went_on = junmai("batch", "resume", "--json", "--workers", "1", data=there)
    assert (went_on.code, went_on.summary["processed_count"]) == (0, PHOTOS), went_on.err
    assert len(checksums(nas / "out")) == PHOTOS


def test_the_same_command_on_another_machine_goes_on_with_its_unfinished_batch(
    made: Path, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUNMAI_STORE", postgres_url)
    nas, elsewhere = tmp_path / "nas", tmp_path / "elsewhere"
    shutil.copytree(made, nas / "2026")
    elsewhere.symlink_to(nas)
    here, there = tmp_path / "here", tmp_path / "there"
    _name(here, archive=nas)
    _name(there, archive=elsewhere)
    begun = ("develop", nas / "2026", "--out", nas / "out", "--json", "--workers", "1")
    run = Develop(start(*begun, data=here, JUNMAI_LOW_DISK_MB="1000000000"))  # so it waits before the first photo
    assert run.process.stderr is not None
    assert any("Paused" in line for line in iter(run.process.stderr.readline, ""))
    kill_group(run.process)
    run.close()
    command = ("develop", elsewhere / "2026", "--out", elsewhere / "out", "--json", "--workers", "1")
    went_on = junmai(*command, data=there)
    assert went_on.code == 0, went_on.err
    assert went_on.summary["processed_count"] == PHOTOS
    assert len(checksums(nas / "out")) == PHOTOS
    assert len(junmai("batch", "list", "--json", data=there).lines) == 1


# --- with a broker -----------------------------------------------------------------------------------------


@pytest.fixture
def machines(tmp_path: Path, postgres_url: str) -> Iterator[Cluster]:
    if (why := clusters.missing()) is not None or sys.platform == "win32":
        pytest.skip(why or "clusters of Windows machines are not offered")
    folder = tmp_path / "valkey"
    folder.mkdir()
    valkey = Valkey(folder)
    made = Cluster(tmp_path, postgres_url, valkey)
    yield made
    made.close()
    valkey.stop()


def _add_worker(machines: Cluster, **roots: str) -> None:
    machines.environment["JUNMAI_ROOTS"] = json.dumps(roots)
    machines.add_workers(1)


def test_only_a_worker_with_the_root_develops_and_to_where_its_own_root_is(
    machines: Cluster, made: Path, tmp_path: Path
) -> None:
    nas, copy = tmp_path / "nas", tmp_path / "copy"
    shutil.copytree(made, nas / "2026")
    shutil.copytree(made, copy / "2026")
    (copy / "out").mkdir()  # of one share, it would be there by what was made on the other side
    before = fingerprints(copy / "2026")
    _add_worker(machines)
    here = machines.machine()
    _name(here, archive=nas)
    del machines.environment["JUNMAI_ROOTS"]
    offering = machines.start("develop", nas / "2026", "--out", nas / "out", "--json", data=here)
    try:
        wait_until(lambda: (now := machines.batch()) is not None and now.status == "running", "the batch")
        shown = junmai("batch", "show", data=here, **machines.environment)
        assert "archive" in _said(shown)
        _add_worker(machines, archive=str(copy))
        _, err = offering.communicate(timeout=clusters.PATIENCE)
        assert offering.returncode == 0, err
    finally:
        kill_group(offering)
        with contextlib.suppress(ValueError):
            offering.communicate()
    batch = machines.batch()
    assert batch is not None
    assert (batch.status, batch.processed) == ("completed", PHOTOS)
    assert (len(checksums(copy / "out")), list((nas / "out").iterdir())) == (PHOTOS, [])
    assert fingerprints(copy / "2026") == before
    listed = junmai("workers", "--json", data=here, **machines.environment).summary
    assert sorted(one["roots"] for one in listed["workers"]) == [[], ["archive"]]


def test_a_worker_whose_disk_is_not_mounted_takes_nothing_and_the_others_go_on(
    machines: Cluster, made: Path, tmp_path: Path
) -> None:
    nas, unmounted = tmp_path / "nas", tmp_path / "unmounted"
    unmounted.mkdir()
    shutil.copytree(made, nas / "2026")
    _add_worker(machines, archive=str(unmounted))
    _add_worker(machines, archive=str(nas))
    del machines.environment["JUNMAI_ROOTS"]
    here = machines.machine()
    _name(here, archive=nas)
    ended = junmai("develop", nas / "2026", "--out", nas / "out", "--json", data=here, **machines.environment)
    assert ended.code == 0, ended.err
    assert len(checksums(nas / "out")) == PHOTOS
    assert list(unmounted.iterdir()) == []
    batch = machines.batch()
    assert batch is not None
    with machines.store() as store:
        assert not [event for event in store.events(no=batch.no) if event.type == "batch_paused"]


def test_whoever_watches_a_server_without_workers_is_told_what_is_missing(
    machines: Cluster, made: Path, tmp_path: Path
) -> None:
    shoot = tmp_path / "shoot"
    shutil.copytree(made, shoot)
    with server(tmp_path / "serving", **machines.environment):
        run = Develop(
            start("develop", shoot, "--out", tmp_path / "out", "--json", data=tmp_path / "here", **machines.environment)
        )
        try:
            assert run.process.stderr is not None
            said = iter(run.process.stderr.readline, "")
            assert any("No worker is there" in line for line in said)
        finally:
            kill_group(run.process)
            run.close()
