"""Putting a backup in the place of the store.

The store is replaced in one transaction of SQLite's own: programs that have it open see the new contents, and a
crash leaves the old ones. (Renaming a database that somebody has open is how databases are ruined: the other
program goes on with the WAL of the wrong file.) What was there is kept as a whole copy, `junmai.db.before-restore-N`.
Only a database that is damaged, made by a newer Junmai or no database at all is exchanged by renaming, with its
-wal and -shm beside it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import apsw

from junmai import errors, files
from junmai import log as logs
from junmai.clock import Clock, SystemClock
from junmai.config import Settings
from junmai.control.backup import BackupInfo, list_backups, only_one, verified
from junmai.domain.runner import RunnerInfo
from junmai.locks import ProcessLock
from junmai.store import sqlite_copy
from junmai.store.base import Contents
from junmai.store.sqlite import SqliteStore

log = logs.get("junmai.backup")

SIDE_FILES = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. `set_aside` is the store as it was before; None where there was none."""

    backup: BackupInfo
    set_aside: Path | None

    def to_dict(self) -> dict[str, object]:
        """As JSON shows it."""
        return {**self.backup.to_dict(), "set_aside": str(self.set_aside) if self.set_aside else None}


def find(settings: Settings, which: str | Path | None = None) -> BackupInfo:
    """A backup by name, a database in the data folder, or any by path; None: the newest. Raises `UnknownBackup`,
    and `RestoreRefused` where the store is PostgreSQL."""
    if settings.store is not None:
        raise errors.RestoreRefused(detail="a PostgreSQL database is restored by its own tools, such as pg_restore")
    if which is None:
        backups = list_backups(settings)
        if not backups:
            raise errors.UnknownBackup(name=f"in {settings.backups}")
        return backups[0]
    by_name = {one.name: one for one in list_backups(settings)}
    if str(which) in by_name:
        return by_name[str(which)]
    for path in (settings.backups / which, settings.data / which, Path.cwd() / which):
        if path.is_file() and path != settings.database:
            state = path.stat()
            return BackupInfo(path, state.st_mtime, state.st_size)
    raise errors.UnknownBackup(name=which)


def restore(settings: Settings, which: str | Path | None = None, *, clock: Clock | None = None) -> Restored:
    """Put a backup (None: the newest) in the place of the store, keeping what was there.

    Raises `UnknownBackup`, `BackupDamaged`, `StoreTooNew`, `RestoreRefused` while a process is at work on the store,
    `BackupFailed`; then nothing was changed.
    """
    backup = find(settings, which)
    contents = verified(backup.path)
    backup = BackupInfo(backup.path, backup.at, backup.size, contents)
    try:
        files.make_folder(settings.data)
        with only_one(settings):
            refuse_while_at_work(settings, clock or SystemClock())
            aside = _exchange(settings, backup.path, contents, clock or SystemClock())
            _renew(settings, clock or SystemClock())
    except apsw.Error as error:
        raise errors.RestoreRefused(detail=f"the database cannot be replaced ({error})") from error
    except OSError as error:
        raise errors.BackupFailed(detail=str(error)) from error
    log.info("restored", backup=str(backup.path), set_aside=str(aside) if aside else None)
    return Restored(backup, aside)


def _renew(settings: Settings, clock: Clock) -> None:
    """The state files of the time after the backup count as another database's: they give way to this one's."""
    store = SqliteStore(settings.database, clock=clock)
    try:
        store.renew_store_id()
    finally:
        store.close()


# --- who is at work ---------------------------------------------------------------------------------------


def refuse_while_at_work(settings: Settings, clock: Clock) -> None:
    """Raise `RestoreRefused` while a process holds its lock, naming it. The locks are asked and not the table of
    runners: the table may be what is to be restored."""
    if names := at_work(settings, clock):
        raise errors.RestoreRefused(detail=f"at work on it: {'; '.join(names)}. End that first")


def at_work(settings: Settings, clock: Clock) -> list[str]:
    """The processes that hold their lock, named."""
    held = _held(settings)
    rows = _runners(settings, clock) if held else {}
    return [_named(runner_id, rows.get(runner_id)) for runner_id in held]


def _held(settings: Settings) -> list[str]:
    return [path.stem for path in sorted(settings.runners.glob("*.lock")) if _is_held(path)]


def _is_held(path: Path) -> bool:
    probe = ProcessLock(path)
    if not probe.take():
        return True
    probe.release()
    return False


def _named(runner_id: str, row: RunnerInfo | None) -> str:
    if row is None:
        return f"{runner_id.rpartition('-')[0]} ({runner_id})"
    return f"{row.role}, process {row.pid} on {row.host}"


def _runners(settings: Settings, clock: Clock) -> dict[str, RunnerInfo]:
    try:
        store = SqliteStore(settings.database, clock=clock)
    except errors.StoreError:
        return {}
    try:
        return {runner.id: runner for runner in store.open_runners()}
    except errors.StoreError:
        return {}
    finally:
        store.close()


# --- the exchange -----------------------------------------------------------------------------------------


def _exchange(settings: Settings, backup: Path, contents: Contents, clock: Clock) -> Path | None:
    database = settings.database
    aside = _free_aside(database)
    if not _keep_copy(database, aside):
        return _exchange_files(database, backup, aside)
    found = sqlite_copy.overwrite(backup, database, guard=lambda: _refuse_while_held(settings))
    if found != contents:
        raise errors.BackupFailed(detail=f"the store holds {found}, the backup {contents}; {aside} is as it was")
    return aside


def _refuse_while_held(settings: Settings) -> None:
    """Look again, now that nobody can enter the table any more."""
    if held := _held(settings):
        raise errors.RestoreRefused(detail=f"at work on it: {'; '.join(held)}. End that first")


def _keep_copy(database: Path, aside: Path) -> bool:
    """Keep a whole copy of the database that is there. False where it cannot be read as one."""
    if not database.exists():
        return False
    try:
        with files.whole(aside) as temporary:
            copied = sqlite_copy.copy(database, temporary, between=lambda: None)
            if verified(temporary) != copied:
                raise errors.BackupDamaged(path=database, detail="the copy differs")
    except (apsw.FullError, OSError):
        raise
    except (apsw.Error, errors.StoreError):
        return False
    return True


def _exchange_files(database: Path, backup: Path, aside: Path) -> Path | None:
    """Put a copy of the backup at the name of the database, which stands there at every moment."""
    there = database.exists()
    with files.whole(database) as temporary:
        files.copy_bytes(backup, temporary)
        if there:
            files.second_name(database, aside)
        for side in SIDE_FILES[1:]:  # a WAL of the old database would be played into the new one
            files.move_aside(Path(f"{database}{side}"), Path(f"{aside}{side}"))
    return aside if there else None


def _free_aside(database: Path) -> Path:
    names = (database.with_name(f"{database.name}.before-restore-{number}") for number in itertools.count(1))
    return next(path for path in names if not any(Path(f"{path}{side}").exists() for side in SIDE_FILES))
