"""`junmai store migrate`: a whole installation goes to PostgreSQL, in the middle of a batch."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import psycopg
import pytest

import postgres
from api.serving import free_port
from junmai import errors
from junmai.config import Settings
from junmai.control.moving import move_to_postgres
from junmai.demo.shoot import make_sample_shoot
from junmai.store import queries, sqlite_move
from junmai.store.postgres import PostgresStore
from junmai.store.sqlite import SqliteStore
from running import Develop, Ended, checksums, fingerprints, junmai, kill_group, start

pytestmark = pytest.mark.slow
COUNT = 8
CALM: dict[str, Any] = {"JUNMAI_BUSY_CPU_PERCENT": "0", "JUNMAI_BUSY_MEMORY_PERCENT": "0"}


@pytest.fixture
def url(postgres_server: postgres.Server) -> Iterator[str]:
    """The address of a database that is new."""
    made = postgres_server.fresh()
    yield made
    postgres_server.drop(made)


@dataclass(frozen=True)
class Killed:
    """A batch whose `develop` was killed with a photo in hand."""

    shoot: Path
    out: Path
    data: Path
    batch_id: str


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    base = tmp_path_factory.mktemp("killed")
    shoot, out, data = base / "shoot", base / "out", base / "data"
    make_sample_shoot(shoot, count=COUNT, long_edge=480)
    run = Develop(start("develop", shoot, "--out", out, "--json", "--workers", "1", data=data, **CALM))
    assert run.wait_for_photo()
    kill_group(run.process)
    run.end()
    listed = junmai("batch", "list", "--json", data=data, **CALM)
    return Killed(shoot, out, data, str(listed.lines[0]["batch_id"]))


@pytest.fixture
def library(killed: Killed, tmp_path: Path) -> Path:
    """A copy of its data folder."""
    return Path(shutil.copytree(killed.data, tmp_path / "library"))


def migrate(data: Path, url: str) -> Ended:
    return junmai("store", "migrate", "--to", url, "--json", data=data, **CALM)


def test_a_batch_in_the_middle_is_moved_and_goes_on_where_it_was(
    killed: Killed, library: Path, url: str, tmp_path: Path
) -> None:
    before = fingerprints(killed.shoot)
    moved = migrate(library, url)
    assert moved.code == 0, moved.err
    tables = {line["table"]: line for line in moved.lines[:-1]}
    assert (tables["photos"]["rows"], tables["items"]["rows"], tables["batches"]["rows"]) == (COUNT, COUNT, 1)
    assert moved.summary["rows"] == sum(line["rows"] for line in tables.values())
    (library / "junmai.db").rename(tmp_path / "away.db")  # nobody needs it any more
    again = junmai("develop", killed.shoot, "--out", killed.out, "--json", "--workers", "1", data=library, **CALM)
    assert (again.code, again.summary["batch_id"]) == (0, killed.batch_id), again.err
    assert len(checksums(killed.out)) == COUNT
    with contextlib.closing(PostgresStore(url)) as store:
        (batch,) = store.batches()
        assert (batch.id, batch.status, batch.processed) == (killed.batch_id, "completed", COUNT)
        ends = [event.photo_id for event in store.events(no=batch.no, limit=1000) if event.type == "item_processed"]
        assert len(ends) == len(set(ends)) == COUNT
    checked = junmai("doctor", "--read", data=library, **CALM)
    assert checked.code == 0, checked.out + checked.err
    assert fingerprints(killed.shoot) == before


def test_a_move_that_is_killed_leaves_the_library_where_it_was_and_can_be_done_again(
    killed: Killed, library: Path, url: str
) -> None:
    config = library / "config.toml"
    moving = start("store", "migrate", "--to", url, data=library, **CALM)
    with psycopg.connect(url, autocommit=True) as watching:
        while watching.execute("SELECT to_regclass('items')").fetchone() != ("items",):
            time.sleep(0.01)
    kill_group(moving)
    moving.communicate()
    if not config.exists():  # it was not quicker than the kill
        with contextlib.closing(PostgresStore(url)) as store:
            assert store.batches() == []
        assert junmai("batch", "show", killed.batch_id, data=library, **CALM).code == 0
        assert migrate(library, url).code == 0
    assert junmai("batch", "show", killed.batch_id, data=library, **CALM).code == 0
    assert "postgresql" in config.read_text(encoding="utf-8")


def test_settings_that_are_there_stay_and_the_line_may_be_taken_out_again(
    killed: Killed, library: Path, url: str
) -> None:
    config = library / "config.toml"
    config.write_text("workers = 1\n", encoding="utf-8")
    assert migrate(library, url).code == 0
    first, *others = config.read_text(encoding="utf-8").splitlines()
    assert first == f'store = "{url}"'
    assert others == ["workers = 1"]
    config.write_text("workers = 1\n", encoding="utf-8")
    listed = junmai("batch", "list", "--json", data=library, **CALM)
    assert [line["batch_id"] for line in listed.lines] == [killed.batch_id]


def test_a_database_that_holds_something_is_refused_and_stays_as_it_is(killed: Killed, library: Path, url: str) -> None:
    with contextlib.closing(PostgresStore(url)) as store, store.write() as transaction:
        transaction.event("batch_priority", 1.0)
    refused = migrate(library, url)
    assert (refused.code, "holds events already" in refused.err) == (2, True), refused.err
    assert not (library / "config.toml").exists()


def test_while_somebody_is_at_work_nothing_is_moved(library: Path, url: str) -> None:
    serving = start("serve", "--port", str(free_port()), data=library, **CALM)
    try:
        assert serving.stdout is not None
        assert "Open http" in serving.stdout.readline()
        refused = migrate(library, url)
    finally:
        kill_group(serving)
        serving.communicate()
    assert (refused.code, "at work on it: serve" in refused.err) == (2, True), refused.err


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ("sqlite:///other.db", "postgresql:// address"),
        ("postgresql://nobody@127.0.0.1:1/none", "does not answer"),
    ],
)
def test_an_address_of_no_use_is_said(library: Path, to: str, says: str) -> None:
    refused = migrate(library, to)
    assert refused.code in {1, 2}
    assert says in " ".join(refused.err.split())
    assert not (library / "config.toml").exists()


def test_without_a_library_there_is_nothing_to_move(data: Path, url: str) -> None:
    assert migrate(data, url).code == 2
    assert not (data / "junmai.db").exists()


def test_a_row_that_came_out_otherwise_is_named_and_nothing_is_kept(
    settings: Settings, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.closing(SqliteStore(settings.database)) as store, store.write() as transaction:
        for at in (1.0, 2.0):
            transaction.event("batch_priority", at)
    copy = sqlite_move._copy

    def damaging(connection: psycopg.Connection[object], name: str, columns: list[str], rows: Iterator[object]) -> None:
        copy(connection, name, columns, rows)  # type: ignore[arg-type]
        if name == "events":
            connection.execute("UPDATE events SET at = 3 WHERE id = 2")

    monkeypatch.setattr(sqlite_move, "_copy", damaging)
    with pytest.raises(errors.MoveFailed, match=r"events.*id 2"):
        move_to_postgres(settings, url, lambda table, done, total: None)
    with contextlib.closing(PostgresStore(url)) as there:
        assert there.last_event() == 0
    assert not (settings.data / "config.toml").exists()


def test_new_rows_are_numbered_after_those_that_were_moved(settings: Settings, url: str) -> None:
    with contextlib.closing(SqliteStore(settings.database)) as store:
        numbers = [store.add_runner(f"r{n}", host="here", pid=n, role="serve", scope=None, workers=1) for n in range(3)]
    move_to_postgres(settings, url, lambda table, done, total: None)
    with contextlib.closing(PostgresStore(url)) as there:
        last = there.last_event()
        new = there.add_runner("r9", host="here", pid=9, role="serve", scope=None, workers=1)
        assert new == max(numbers) + 1
        assert there.last_event() > last


def test_every_table_and_column_of_the_file_has_its_place(url: str) -> None:
    connection = apsw.Connection(":memory:")
    for _, text in queries.migrations():
        connection.execute(text)
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    tables = {str(row[0]) for row in found}
    assert tables == set(sqlite_move.KEYS)
    PostgresStore(url).close()
    with psycopg.connect(url) as there:
        for table in tables:
            ours = {str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")}
            theirs = there.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
            ).fetchall()
            assert ours <= {str(row[0]) for row in theirs}, table
