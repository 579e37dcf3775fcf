"""Putting a backup in the place of the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from control import filling
from helpers import FakeClock
from junmai import BatchController, errors
from junmai.clock import SystemClock
from junmai.config import Settings
from junmai.control.backup import BackupInfo, backup_now, only_one
from junmai.control.presence import Presence
from junmai.control.restoring import restore
from junmai.demo.shoot import make_sample_shoot
from junmai.store.sqlite import SqliteStore
from running import Develop, checksums, junmai, start

COUNT = 6


def back_up(settings: Settings, at: float = 0.0) -> BackupInfo:
    store = SqliteStore(settings.database)
    made = backup_now(store, settings, FakeClock(at))
    store.close()
    return made


@pytest.fixture
def backed_up(settings: Settings) -> BackupInfo:
    """A store that was backed up with the session `before` in it, and then got the session `after`."""
    filling.fill(settings.database, 50)
    filling.add_session(settings.database, "before")
    made = back_up(settings)
    filling.add_session(settings.database, "after")
    return made


def test_a_restore_brings_back_what_the_newest_backup_holds(settings: Settings, backed_up: BackupInfo) -> None:
    done = restore(settings)
    assert done.backup.name == backed_up.name
    assert filling.sessions_in(settings.database) == ["before"]


def test_a_backup_can_be_named(settings: Settings, backed_up: BackupInfo) -> None:
    back_up(settings, at=3600.0)
    restore(settings, backed_up.name)
    assert filling.sessions_in(settings.database) == ["before"]


def test_what_was_there_is_kept_and_can_be_gone_back_to(settings: Settings, backed_up: BackupInfo) -> None:
    done = restore(settings)
    assert done.set_aside == settings.data / "junmai.db.before-restore-1"
    restore(settings, done.set_aside.name)
    assert filling.sessions_in(settings.database) == ["before", "after"]
    assert (settings.data / "junmai.db.before-restore-2").exists()


def test_a_program_that_has_the_store_open_sees_the_restored_one(settings: Settings, backed_up: BackupInfo) -> None:
    store = SqliteStore(settings.database)
    assert len(store.sessions()) == 2
    restore(settings)
    assert [session.name for session in store.sessions()] == ["before"]
    store.add_session("later", folder=None, first_at=None, last_at=None, named_by_user=True)
    store.close()
    assert filling.sessions_in(settings.database) == ["before", "later"]


def test_a_restore_is_refused_while_a_runner_lives_and_names_it(settings: Settings, backed_up: BackupInfo) -> None:
    runner = filling.program(filling.PRESENT, settings.data)
    try:
        with pytest.raises(errors.RestoreRefused, match=f"develop, process {runner.pid} "):
            restore(settings)
    finally:
        runner.kill()
        filling.end(runner)
    assert filling.sessions_in(settings.database) == ["before", "after"]
    restore(settings)
    assert filling.sessions_in(settings.database) == ["before"]


def test_a_runner_that_comes_in_between_stops_the_restore(
    settings: Settings, backed_up: BackupInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("junmai.control.restoring.refuse_while_at_work", lambda settings, clock: None)
    store = SqliteStore(settings.database)
    presence = Presence(store, settings, role="develop", scope=None, workers=1)
    with pytest.raises(errors.RestoreRefused):
        restore(settings)
    presence.leave()
    store.close()
    assert filling.sessions_in(settings.database) == ["before", "after"]


def test_a_restore_is_refused_while_a_backup_is_made(settings: Settings, backed_up: BackupInfo) -> None:
    with only_one(settings), pytest.raises(errors.BackupFailed, match="another process"):
        restore(settings)


def test_a_damaged_backup_is_refused_and_nothing_changes(settings: Settings, backed_up: BackupInfo) -> None:
    data = backed_up.path.read_bytes()
    backed_up.path.write_bytes(data[: len(data) // 2])
    with pytest.raises(errors.BackupDamaged):
        restore(settings)
    assert filling.sessions_in(settings.database) == ["before", "after"]
    assert not (settings.data / "junmai.db.before-restore-1").exists()


def test_a_backup_that_is_not_there_is_named(settings: Settings, backed_up: BackupInfo) -> None:
    with pytest.raises(errors.UnknownBackup, match=r"junmai-x\.db"):
        restore(settings, "junmai-x.db")


def test_a_damaged_store_is_set_aside_with_what_stood_beside_it(settings: Settings, backed_up: BackupInfo) -> None:
    settings.database.write_bytes(b"no database at all" * 1000)
    wal = settings.data / "junmai.db-wal"
    wal.write_bytes(b"a WAL of the old one")
    done = restore(settings)
    assert done.set_aside is not None
    assert done.set_aside.read_bytes().startswith(b"no database")
    assert (settings.data / "junmai.db.before-restore-1-wal").read_bytes() == b"a WAL of the old one"
    assert filling.sessions_in(settings.database) == ["before"]


def test_a_store_that_is_gone_is_restored(settings: Settings, backed_up: BackupInfo) -> None:
    for path in settings.data.glob("junmai.db*"):
        path.unlink()
    assert restore(settings).set_aside is None
    assert filling.sessions_in(settings.database) == ["before"]


# --- and then it goes on -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shoot") / "shoot"
    make_sample_shoot(folder, count=COUNT, long_edge=240)
    return folder


def is_well(settings: Settings, out: Path, expected: dict[str, str]) -> None:
    assert checksums(out) == expected
    with BatchController(settings=settings) as controller:
        assert controller.latest().status == "completed"
        assert controller.latest().failed == 0
        assert controller.examine(read_outputs=True) == []


@pytest.mark.slow
def test_after_a_restore_in_the_middle_the_same_command_ends_right(
    settings: Settings, shoot: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = ("develop", shoot, "--out", out, "--json", "--workers", "1")
    run = Develop(start(*command, data=settings.data, JUNMAI_BACKUP_HOURS="0"))
    assert run.wait_for_photo()
    store = SqliteStore(settings.database)
    made = backup_now(store, settings, SystemClock())
    store.close()
    assert run.end().code == 0
    expected = checksums(out)

    restore(settings, made.path)
    again = junmai(*command, data=settings.data)

    assert again.code == 0, again.err
    assert again.photos("failed") == []
    is_well(settings, out, expected)


@pytest.mark.slow
def test_after_a_restore_to_before_the_batch_the_same_command_recognises_its_outputs(
    settings: Settings, shoot: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = ("develop", shoot, "--out", out, "--json")
    SqliteStore(settings.database).close()
    made = back_up(settings)
    assert junmai(*command, data=settings.data).code == 0
    expected = checksums(out)

    restore(settings, made.path)
    again = junmai(*command, data=settings.data)

    assert again.code == 0, again.err
    is_well(settings, out, expected)
