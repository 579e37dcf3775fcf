"""Backups of the store, made while it is at work: verified, rotated, never half there.

A backup is `backups/junmai-YYYYMMDDTHHMMSSZ.db` in the data folder: a whole database of its own. It gets that name
only after everything in it was checked and it is on the disk. One process at a time makes one (a lock says so), so
that whatever temporary file stands there when somebody begins is left over from one that was killed.

Kept are the newest 10, and the last one of each of the 7 newest days that have any (in UTC, counted by backups and
not by today: a laptop that was put away for a month keeps its history). At 6 hours that is a week, in at most 16
files. `restore` stands in `control/restoring.py`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import apsw

from junmai import errors, files
from junmai import log as logs
from junmai.clock import Clock, iso
from junmai.config import Settings
from junmai.locks import ProcessLock
from junmai.store import queries, sqlite_copy
from junmai.store.base import Contents, Store
from junmai.store.sqlite import APPLICATION_ID

log = logs.get("junmai.backup")

KEEP_NEWEST = 10
KEEP_DAYS = 7
NAME = "junmai-%Y%m%dT%H%M%SZ.db"
LOOK_SECONDS = 60.0
"""How often a keeper looks whether a backup is due."""
AGAIN_SECONDS = 600.0
"""How long a keeper waits after a backup that failed."""
YIELD_SECONDS = 0.001
"""Pause after each step of the copy, so that whoever settles gets the disk and the processor in between."""
WAIT_SECONDS = 5.0
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class BackupInfo:
    """One backup. `at` is when it was begun (seconds since 1970), to the second; `contents` is there where it was
    counted: of one that was just made or verified."""

    path: Path
    at: float
    size: int
    contents: Contents | None = None
    seconds: float | None = None

    @property
    def name(self) -> str:
        """What it is called in `backups`."""
        return self.path.name

    def to_dict(self) -> dict[str, object]:
        """As JSON shows it."""
        shown: dict[str, object] = {
            "name": self.name,
            "path": str(self.path),
            "created_at": iso(self.at),
            "size": self.size,
        }
        if self.contents is not None:
            counts = self.contents
            shown |= {"photos": counts.photos, "batches": counts.batches, "items": counts.items}
        return shown if self.seconds is None else {**shown, "seconds": round(self.seconds, 3)}


class Interrupted(Exception):
    """The backup was told to stop."""


# --- making -----------------------------------------------------------------------------------------------


def backup_now(
    store: Store, settings: Settings, clock: Clock, *, interrupted: Callable[[], bool] = lambda: False
) -> BackupInfo:
    """Back the store up while it is at work. Raises `BackupFailed`; then nothing of it is left.

    `interrupted` is asked now and then; once it says so, `Interrupted` is raised.
    """
    if settings.store is not None:
        raise errors.BackupFailed(detail="a PostgreSQL database is backed up by its own tools, such as pg_dump")
    try:
        files.make_folder(settings.backups)
        with only_one(settings):
            for left in files.leftovers_in(settings.backups):
                files.remove(left)
            _refuse_without_room(settings)
            made = _make(store, _free_name(settings, clock.now()), interrupted)
            removed = _rotate(settings)
    except (errors.StoreError, OSError, apsw.Error) as error:
        if isinstance(error, errors.BackupFailed):
            raise
        detail = error.message if isinstance(error, errors.JunmaiError) else str(error)
        raise errors.BackupFailed(detail=detail.rstrip(".")) from error
    log.info("backed up", backup=made.name, size=made.size, seconds=made.seconds, rotated_out=removed)
    return made


def _make(store: Store, final: Path, interrupted: Callable[[], bool]) -> BackupInfo:
    began = time.perf_counter()

    def between() -> None:
        if interrupted():
            raise Interrupted
        time.sleep(YIELD_SECONDS)

    with files.whole(final) as temporary:
        copied = store.backup_to(temporary, between=between)
        found = verified(temporary, interrupted)
        if found != copied:
            raise errors.BackupFailed(detail=f"the copy holds {found}, the store held {copied}")
    at = _time_of(final.name)
    return BackupInfo(final, at or 0.0, final.stat().st_size, found, time.perf_counter() - began)


def verified(path: Path, interrupted: Callable[[], bool] = lambda: False) -> Contents:
    """What a backup holds. Raises `BackupDamaged`, `StoreTooNew`, `Interrupted`."""
    known = queries.migrations()[-1][0]
    try:
        return sqlite_copy.verify(path, application_id=APPLICATION_ID, known_schema=known, interrupted=interrupted)
    except apsw.InterruptError as error:
        raise Interrupted from error


@contextlib.contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Nobody else makes a backup or restores one meanwhile. Raises `BackupFailed`."""
    lock = ProcessLock(settings.data / "backup.lock")
    if not lock.take():
        raise errors.BackupFailed(detail="another process is making or restoring a backup at this moment")
    try:
        yield
    finally:
        lock.release()


def _refuse_without_room(settings: Settings) -> None:
    """A backup must not be what fills the disk: batches would pause for it."""
    state = files.state_of(settings.database)
    free = files.free_bytes(settings.data)
    needed = (state.size if state else 0) + settings.low_disk_mb * MEGABYTE
    if free is not None and free < needed:
        room = f"{free // MEGABYTE:,} MB are free on the disk of {settings.data}, {needed // MEGABYTE:,} MB are needed"
        raise errors.BackupFailed(detail=room)


def _free_name(settings: Settings, now: float) -> Path:
    """The name of this second, or of the next one that is free."""
    while (path := settings.backups / datetime.fromtimestamp(now, UTC).strftime(NAME)).exists():
        now += 1
    return path


# --- what there is ----------------------------------------------------------------------------------------


def list_backups(settings: Settings) -> list[BackupInfo]:
    """Every backup in the data folder, the newest first."""
    found: list[BackupInfo] = []
    for path in settings.backups.glob("junmai-*.db"):
        at, state = _time_of(path.name), files.state_of(path)
        if at is not None and state is not None:
            found.append(BackupInfo(path, at, state.size))
    return sorted(found, key=lambda one: one.at, reverse=True)


def due(settings: Settings, clock: Clock) -> bool:
    """Whether the newest backup is older than `backup_hours`, or there is none. One from the future (the clock was
    set back) counts by its distance as well. A PostgreSQL database is backed up by its own tools."""
    if not settings.backup_hours or settings.store is not None:
        return False
    backups = list_backups(settings)
    return not backups or abs(clock.now() - backups[0].at) >= settings.backup_hours * 3600


def kept(backups: Sequence[BackupInfo]) -> set[Path]:
    """Which of these, the newest first, stay: the newest ones, and the last of each of the newest days."""
    last_of_day: dict[int, Path] = {}
    for one in backups:
        last_of_day.setdefault(int(one.at // 86_400), one.path)
    return {one.path for one in backups[:KEEP_NEWEST]} | set(list(last_of_day.values())[:KEEP_DAYS])


def _rotate(settings: Settings) -> list[str]:
    backups = list_backups(settings)
    keep = kept(backups)
    gone = [one for one in backups if one.path not in keep]
    for one in gone:
        files.remove(one.path)
    return [one.name for one in gone]


def _time_of(name: str) -> float | None:
    try:
        return datetime.strptime(name, NAME).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


# --- by itself --------------------------------------------------------------------------------------------


class BackupKeeper:
    """Makes backups when they are due, for a runner that calls `maybe_backup` in its loop.

    The call itself takes microseconds: the work is done in a thread over a connection of its own, so that settling
    goes on. Whatever goes wrong with a backup goes to the log and to nobody else.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._next_look = 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def maybe_backup(self) -> bool:
        """Begin a backup if one is due. Returns whether one was begun."""
        now = self._store.clock.monotonic()
        if now < self._next_look or self._stop.is_set() or (self._thread is not None and self._thread.is_alive()):
            return False
        self._next_look = now + LOOK_SECONDS
        try:
            if not due(self._settings, self._store.clock):
                return False
        except OSError as error:
            log.warning("backups cannot be listed", error=str(error))
            return False
        self._thread = threading.Thread(target=self._backup, name="junmai-backup", daemon=True)
        self._thread.start()
        return True

    def close(self, *, at_once: bool = False) -> None:
        """Let a backup that is being made come to its end for a few seconds, unless it must be at once; then break
        it off, leaving nothing of it."""
        if self._thread is not None:
            self._thread.join(0 if at_once else WAIT_SECONDS)
            self._stop.set()
            self._thread.join(WAIT_SECONDS)
        self._stop.set()

    def _backup(self) -> None:
        try:
            backup_now(self._store, self._settings, self._store.clock, interrupted=self._stop.is_set)
        except Interrupted:
            log.info("backup broken off")
        except errors.JunmaiError as error:
            self._next_look = self._store.clock.monotonic() + AGAIN_SECONDS
            log.warning("backup failed", error=error.message)
        except Exception:
            self._next_look = self._store.clock.monotonic() + AGAIN_SECONDS
            log.exception("backup failed")
