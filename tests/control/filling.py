"""A store with something in it, and programs that are at work on it in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import apsw

from junmai.store.sqlite import SqliteStore

WRITER = """
import sys, time
from pathlib import Path
from junmai.store.sqlite import SqliteStore
store = SqliteStore(Path(sys.argv[1]))
print("begun", flush=True)
worst = 0.0
count = 0
until = time.monotonic() + float(sys.argv[2])
while time.monotonic() < until:
    began = time.monotonic()
    store.add_session("written meanwhile", folder=None, first_at=None, last_at=None, named_by_user=False)
    worst = max(worst, time.monotonic() - began)
    count += 1
    if count == 1 or count % 50 == 0:
        print(count, flush=True)
print(f"{count} {worst}", flush=True)
"""

SLOW_BACKUP = """
import sys, time
from pathlib import Path
from junmai.clock import SystemClock
from junmai.config import Settings
from junmai.control import backup
from junmai.store import sqlite_copy
from junmai.store.sqlite import SqliteStore
sqlite_copy.STEP_PAGES = 4
settings = Settings(data=Path(sys.argv[1]))
begun = []
def interrupted():
    if not begun:
        begun.append(print("begun", flush=True))
    time.sleep(0.05)
    return False
backup.backup_now(SqliteStore(settings.database), settings, SystemClock(), interrupted=interrupted)
"""

PRESENT = """
import sys, time
from pathlib import Path
from junmai.config import Settings
from junmai.control.presence import Presence
from junmai.store.sqlite import SqliteStore
settings = Settings(data=Path(sys.argv[1]))
presence = Presence(SqliteStore(settings.database), settings, role="develop", scope=None, workers=1)
print("begun", flush=True)
time.sleep(60)
"""

SMALL_FILES_ONLY = """
import resource, signal, sys
from pathlib import Path
from junmai import errors
from junmai.clock import SystemClock
from junmai.config import Settings
from junmai.control import backup
from junmai.store.sqlite import SqliteStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
settings = Settings(data=Path(sys.argv[1]))
store = SqliteStore(settings.database)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    backup.backup_now(store, settings, SystemClock())
except errors.BackupFailed as error:
    print(error.message)
"""


def fill(database: Path, rows: int, *, size: int = 400) -> None:
    """Rows of about that many bytes in the table of events."""
    SqliteStore(database).close()
    connection = apsw.Connection(str(database))
    with connection:
        connection.executemany(
            "INSERT INTO events (type, at, data) VALUES ('filling', ?, ?)",
            ((float(number), f'{{"text": "{number:0{size}}"}}') for number in range(rows)),
        )
    connection.close()


def sessions_in(database: Path) -> list[str]:
    """The names of the sessions that a database holds."""
    store = SqliteStore(database)
    names = [session.name for session in store.sessions()]
    store.close()
    return names


def add_session(database: Path, name: str) -> None:
    """Something by which the states of a store can be told apart."""
    store = SqliteStore(database)
    store.add_session(name, folder=None, first_at=None, last_at=None, named_by_user=True)
    store.close()


def program(text: str, *arguments: object) -> subprocess.Popen[str]:
    """Run a program, up to its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", text, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def end(process: subprocess.Popen[str]) -> str:
    """Wait for the end of a program; what else it said."""
    out, _ = process.communicate(timeout=60)
    return out
