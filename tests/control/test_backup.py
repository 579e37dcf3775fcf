"""Backups of a store that is at work."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from control import filling
from helpers import FakeClock
from junmai import errors, files
from junmai.clock import SystemClock
from junmai.config import Settings
from junmai.control import backup
from junmai.control.backup import BackupKeeper, backup_now, due, list_backups, only_one, verified
from junmai.store import sqlite_copy
from junmai.store.sqlite import SqliteStore

HOUR = 3600.0
DAY = 24 * HOUR


@pytest.fixture
def store(settings: Settings) -> Iterator[SqliteStore]:
    filling.fill(settings.database, 100)
    opened = SqliteStore(settings.database)
    yield opened
    opened.close()


def entries(settings: Settings) -> list[str]:
    return sorted(path.name for path in settings.backups.iterdir()) if settings.backups.exists() else []


# --- one backup -----------------------------------------------------------------------------------------------


def test_a_backup_is_a_whole_store_under_the_name_of_its_time(store: SqliteStore, settings: Settings) -> None:
    moment = datetime(2026, 5, 17, 23, 59, 58, tzinfo=UTC).timestamp()
    made = backup_now(store, settings, FakeClock(moment))
    assert entries(settings) == ["junmai-20260517T235958Z.db"]
    assert (made.name, made.at) == ("junmai-20260517T235958Z.db", moment)
    assert made.contents is not None
    assert made.contents.events == 100
    copy = SqliteStore(made.path)
    assert copy.integrity() == []
    copy.close()


def test_two_backups_in_the_same_second_have_two_names(store: SqliteStore, settings: Settings) -> None:
    clock = FakeClock(0.0)
    backup_now(store, settings, clock)
    backup_now(store, settings, clock)
    assert entries(settings) == ["junmai-19700101T000000Z.db", "junmai-19700101T000001Z.db"]


def test_a_writer_in_another_process_goes_on_while_a_backup_is_made(settings: Settings) -> None:
    filling.fill(settings.database, 30_000)
    store = SqliteStore(settings.database)
    writer = filling.program(filling.WRITER, settings.database, 3.0)
    assert writer.stdout is not None
    writer.stdout.readline()  # it has written
    made = backup_now(store, settings, SystemClock())
    written_then = len(store.sessions(limit=100_000))
    count = int(filling.end(writer).split("\n")[-2].split()[0])
    assert count > written_then, "the writer stood still"
    assert 0 < len(filling.sessions_in(made.path)) <= written_then
    store.close()


def test_a_backup_comes_to_its_end_under_constant_writing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    filling.fill(settings.database, 5_000)
    monkeypatch.setattr(sqlite_copy, "STEP_PAGES", 4)
    store = SqliteStore(settings.database)
    steps = 0

    def write_between() -> bool:
        nonlocal steps
        steps += 1
        if steps < 300:
            store.add_session(str(steps), folder=None, first_at=None, last_at=None, named_by_user=False)
        return False

    made = backup_now(store, settings, SystemClock(), interrupted=write_between)
    assert steps > 100
    assert filling.sessions_in(made.path) == [], "what was written after its beginning is in it"
    store.close()


def test_a_second_backup_at_the_same_time_is_refused(store: SqliteStore, settings: Settings) -> None:
    with only_one(settings), pytest.raises(errors.BackupFailed, match="another process"):
        backup_now(store, settings, SystemClock())


def test_a_copy_that_is_damaged_never_gets_its_name(
    store: SqliteStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store.backup_to

    def spoiled(target: Path, **named: object) -> object:
        contents = real(target, between=lambda: None)
        data = bytearray(target.read_bytes())
        data[4096 * 2 : 4096 * 5] = b"\x55" * 4096 * 3
        target.write_bytes(data)
        return contents

    monkeypatch.setattr(store, "backup_to", spoiled)
    with pytest.raises(errors.BackupFailed, match="not a whole backup"):
        backup_now(store, settings, SystemClock())
    assert entries(settings) == []


# --- what goes wrong --------------------------------------------------------------------------------------------


def test_kill_9_in_the_middle_leaves_no_backup_and_the_next_one_clears_up(settings: Settings) -> None:
    filling.fill(settings.database, 2_000)
    process = filling.program(filling.SLOW_BACKUP, settings.data)
    process.kill()
    filling.end(process)
    assert list_backups(settings) == []
    assert [name.endswith(".part") for name in entries(settings)] == [True]

    store = SqliteStore(settings.database)
    made = backup_now(store, settings, SystemClock())
    store.close()

    assert entries(settings) == [made.name]


def test_a_backup_that_would_fill_the_disk_is_not_begun(
    store: SqliteStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "free_bytes", lambda folder: settings.low_disk_mb * 1_000_000)
    with pytest.raises(errors.BackupFailed, match="are needed"):
        backup_now(store, settings, SystemClock())
    assert entries(settings) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are of POSIX")
def test_a_disk_that_takes_no_more_leaves_nothing_behind(settings: Settings) -> None:
    filling.fill(settings.database, 5_000)
    ended = subprocess.run(
        [sys.executable, "-c", filling.SMALL_FILES_ONLY, str(settings.data)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "could not be backed up" in ended.stdout
    assert entries(settings) == []


# --- which are kept ----------------------------------------------------------------------------------------------


def test_the_newest_ten_and_one_a_day_for_seven_days_are_kept(store: SqliteStore, settings: Settings) -> None:
    clock = FakeClock(10 * DAY + 3 * HOUR)
    for _ in range(50):  # every 6 hours, at 3, 9, 15 and 21 o'clock
        backup_now(store, settings, clock)
        clock.turn(6 * HOUR)
    hours = [(one.at - (10 * DAY + 3 * HOUR)) / HOUR for one in list_backups(settings)]
    newest = [294.0 - 6 * step for step in range(10)]
    last_of_day = [18.0 + 24 * day for day in range(12)]
    assert hours == sorted({*newest, *last_of_day[-6:]}, reverse=True)


def test_a_file_of_the_users_among_the_backups_stays(store: SqliteStore, settings: Settings) -> None:
    settings.backups.mkdir()
    own = settings.backups / "junmai-before-the-wedding.db"
    own.write_bytes(b"mine")
    clock = FakeClock()
    for _ in range(12):
        backup_now(store, settings, clock)
        clock.turn(1)
    assert own.read_bytes() == b"mine"
    assert len(list_backups(settings)) == 10


# --- by itself ---------------------------------------------------------------------------------------------------


def test_a_backup_is_due_when_the_newest_is_six_hours_old(store: SqliteStore, settings: Settings) -> None:
    clock = FakeClock()
    assert due(settings, clock)
    backup_now(store, settings, clock)
    clock.turn(6 * HOUR - 1)
    assert not due(settings, clock)
    clock.turn(1)
    assert due(settings, clock)


def test_no_backup_is_due_where_they_are_turned_off(settings: Settings) -> None:
    assert not due(settings.model_copy(update={"backup_hours": 0.0}), FakeClock())


def test_a_clock_that_was_set_back_far_does_not_stop_the_backups(store: SqliteStore, settings: Settings) -> None:
    clock = FakeClock(400 * DAY)
    backup_now(store, settings, clock)
    clock.turn(-365 * DAY)
    assert due(settings, clock)


def test_a_keeper_makes_one_backup_when_it_is_due(store: SqliteStore, settings: Settings) -> None:
    keeper = BackupKeeper(store, settings)
    assert [keeper.maybe_backup() for _ in range(3)] == [True, False, False]
    keeper.close()
    assert len(list_backups(settings)) == 1


def test_a_keeper_says_in_the_log_what_went_wrong_and_goes_on(
    store: SqliteStore, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(files, "free_bytes", lambda folder: 0)
    keeper = BackupKeeper(store, settings)
    with caplog.at_level(logging.WARNING, logger="junmai"):
        keeper.maybe_backup()
        keeper.close()
    assert "backup failed" in caplog.text
    assert "are needed" in caplog.text
    assert entries(settings) == []


def test_a_keeper_that_is_closed_at_once_breaks_its_backup_off(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    filling.fill(settings.database, 2_000)
    monkeypatch.setattr(sqlite_copy, "STEP_PAGES", 1)
    monkeypatch.setattr(backup, "YIELD_SECONDS", 0.05)
    store = SqliteStore(settings.database)
    keeper = BackupKeeper(store, settings)
    keeper.maybe_backup()
    deadline = time.monotonic() + 10
    while not entries(settings) and time.monotonic() < deadline:
        time.sleep(0.01)
    keeper.close(at_once=True)
    assert entries(settings) == []
    store.close()


def test_verifying_makes_nothing_beside_the_backup(store: SqliteStore, settings: Settings) -> None:
    made = backup_now(store, settings, FakeClock())
    verified(made.path)
    assert entries(settings) == [made.name]
