"""The embedded store: opening, refusing, and what the database itself does not allow."""

from __future__ import annotations

import gc
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import psutil
import pytest

from conformance.world import World
from helpers import FakeClock
from junmai import errors
from junmai.domain.lifecycle import PauseReason
from junmai.domain.preset import NewPreset
from junmai.locks import Turnstile
from junmai.store import queries
from junmai.store.sqlite import APPLICATION_ID, COMMAND_WAL_PAGES, WAL_PAGES, SqliteStore, refuse_network
from store.illegal import ILLEGAL


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "junmai.db"


@pytest.fixture
def direct(path: Path) -> Iterator[apsw.Connection]:
    """A connection past the verbs, into a store with one batch of one item."""
    store = SqliteStore(path)
    World(store).batch(1)
    store.close()
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA foreign_keys = ON")
    yield connection
    connection.close()


# --- opening ------------------------------------------------------------------------------------------------


def test_opening_makes_folder_and_database(path: Path) -> None:
    store = SqliteStore(path)
    assert path.is_file()
    assert store.integrity() == []
    assert store.batches() == []
    store.close()


def test_opening_again_changes_nothing(path: Path) -> None:
    store = SqliteStore(path)
    batch = World(store).batch(2)
    store.close()
    before = path.read_bytes()
    for _ in range(2):
        again = SqliteStore(path)
        assert again.batch(batch.id) == batch
        again.close()
    assert path.read_bytes() == before


def test_many_may_open_a_new_store_at_once(path: Path) -> None:
    stores: list[SqliteStore] = []
    threads = [threading.Thread(target=lambda: stores.append(SqliteStore(path))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stores) == 6
    for store in stores:
        assert store.batches() == []
        store.close()


def test_opening_waits_for_another_that_is_making_the_database(path: Path) -> None:
    path.parent.mkdir()
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")  # SQLite says busy at once to who wants the WAL now, and asks no handler
    timer = threading.Timer(0.3, lambda: other.execute("ROLLBACK"))
    timer.start()
    store = SqliteStore(path)
    timer.join()
    assert store.batches() == []
    store.close()
    other.close()


def test_a_store_is_whole_on_the_disk_when_a_verb_returns(path: Path) -> None:
    store = SqliteStore(path)
    World(store).batch(1)
    settings = {name: store._connection().pragma(name) for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    store.close()


def test_a_thread_that_ended_leaves_no_open_file(path: Path) -> None:
    store = SqliteStore(path)

    def open_files() -> int:
        gc.collect()
        return sum(found.path == str(path) for found in psutil.Process().open_files())

    before = open_files()
    for _ in range(5):
        thread = threading.Thread(target=store.batches)
        thread.start()
        thread.join()
    assert open_files() <= before + 1  # SQLite keeps one to use again
    store.close()


def test_closing_waits_for_a_statement_of_another_thread(path: Path) -> None:
    store = SqliteStore(path)
    connection = store._connection()
    began = threading.Event()

    def begun(*_: object) -> int:
        began.set()
        time.sleep(0.3)
        return 1

    def work() -> None:
        connection.create_scalar_function("begun", begun)
        connection.execute("SELECT begun()").fetchall()

    thread = threading.Thread(target=work)
    thread.start()
    assert began.wait(10)
    store.close()
    thread.join()
    assert store.batches() == []
    store.close()


def test_a_closed_store_opens_itself_again(path: Path) -> None:
    store = SqliteStore(path)
    store.close()
    assert store.batches() == []
    store.close()


# --- refusing -----------------------------------------------------------------------------------------------


def _schema(path: Path, number: int) -> None:
    connection = apsw.Connection(str(path))
    connection.execute(f"PRAGMA user_version = {number}")
    connection.close()


def test_a_newer_database_is_refused_and_not_touched(path: Path) -> None:
    SqliteStore(path).close()
    newest = queries.migrations()[-1][0]
    _schema(path, newest + 1)
    before = path.read_bytes()
    with pytest.raises(errors.StoreTooNew) as caught:
        SqliteStore(path)
    assert (caught.value.fields["found"], caught.value.fields["known"]) == (newest + 1, newest)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"this is no database", b"\0" * 8192, b"SQLite format 3\0" + b"\xff" * 8176])
def test_a_damaged_file_is_refused_and_not_touched(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(errors.StoreDamaged, match="not changed"):
        SqliteStore(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("version", [0, 1, 999])
def test_a_database_of_another_program_is_refused_and_not_touched(path: Path, version: int) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(errors.StoreDamaged, match="another program"):
        SqliteStore(path)
    assert path.read_bytes() == before
    assert sorted(entry.name for entry in path.parent.iterdir() if entry.suffix == ".db") == ["junmai.db"]


def test_damage_inside_is_found(path: Path) -> None:
    store = SqliteStore(path)
    World(store).batch(2000)
    store.close()
    content = bytearray(path.read_bytes())
    content[20_480:32_768] = b"\x5a" * 12_288
    path.write_bytes(content)
    try:
        damaged = SqliteStore(path)
        found = damaged.integrity()
        damaged.close()
    except errors.StoreDamaged as error:  # which of the two meets the damage is not promised
        found = [error.message]
    assert found


def test_a_data_folder_that_is_a_file_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(errors.DataFolderUnusable, match="data"):
        SqliteStore(tmp_path / "data" / "junmai.db")


def test_a_database_that_is_a_folder_is_said_so(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(errors.StoreError):
        SqliteStore(path)


def test_a_local_folder_is_not_on_the_network(tmp_path: Path) -> None:
    refuse_network(tmp_path)


# --- transactions -------------------------------------------------------------------------------------------


def test_what_is_raised_in_a_transaction_takes_it_back(path: Path) -> None:
    store = SqliteStore(path, clock=FakeClock())

    def record_and_break() -> None:
        with store.write() as transaction:
            transaction.event("test", 0.0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        record_and_break()
    assert store.events() == []
    with store.write() as transaction:
        transaction.event("test", 0.0)
    assert len(store.events()) == 1
    store.close()


def test_a_refusal_of_the_database_is_an_error_of_the_store(path: Path) -> None:
    store = SqliteStore(path)
    World(store).batch(1)
    with pytest.raises(errors.StoreError), store.write() as transaction:
        transaction.rows("set_priority", no=1, priority=11)
    assert store.batches()[0].priority == 5
    store.close()


# --- what the database itself refuses -----------------------------------------------------------------------


@pytest.mark.parametrize("text", ILLEGAL.values(), ids=ILLEGAL)
def test_the_database_refuses(direct: apsw.Connection, text: str) -> None:
    with pytest.raises(apsw.ConstraintError):
        direct.execute(text)


# --- named queries ------------------------------------------------------------------------------------------


def test_every_named_query_is_sql_that_the_schema_understands(path: Path) -> None:
    store = SqliteStore(path)
    connection = store._connection()
    for name, text in queries.load("sqlite").items():
        assert text.endswith(";"), name
        parameters = dict.fromkeys(re.findall(r":([a-z_0-9]+)", text), 1)
        connection.execute(f"EXPLAIN {text}", parameters)
    store.close()


def test_the_database_says_whose_it_is(path: Path) -> None:
    SqliteStore(path).close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    connection.close()


def test_claiming_needs_no_sorting_of_what_waits(path: Path) -> None:
    """A million waiting retries must cost a claim nothing."""
    store = SqliteStore(path)
    text = queries.load("sqlite")["claim_items"]
    parameters = dict.fromkeys(("batch_no", "runner_no", "now", "limit", "at_hand"), 1)
    plan = [row[3] for row in store._connection().execute(f"EXPLAIN QUERY PLAN {text}", parameters)]
    assert any("items_ready" in line for line in plan)
    assert not any("TEMP B-TREE" in line and "ORDER BY" in line for line in plan), plan
    store.close()


@pytest.mark.parametrize("change", ["UPDATE presets SET settings = '{}'", "DELETE FROM presets"])
def test_a_version_of_a_preset_never_changes(path: Path, change: str) -> None:
    store = SqliteStore(path)
    store.add_preset(NewPreset("Gold", {"Exposure2012": 0.5}, {"kind": "xmp"}, "a" * 64))
    with pytest.raises(apsw.ConstraintError, match="a version of a preset"):
        store._connection().execute(change)
    store.close()


# --- taken away under an open store -------------------------------------------------------------------------


@pytest.mark.parametrize("suffixes", [("",), ("-wal",), ("", "-wal", "-shm")])
def test_a_database_that_is_taken_away_under_an_open_store_is_neither_read_nor_written(
    suffixes: tuple[str, ...], path: Path
) -> None:
    store = SqliteStore(path)
    batch = World(store).batch(2)
    for suffix in suffixes:
        path.with_name(path.name + suffix).unlink()
    with pytest.raises(errors.StoreReplaced, match="is gone"):
        store.pause(batch.id, reason=PauseReason.USER, by="test")
    with pytest.raises(errors.StoreReplaced, match="is gone"):
        store.batch(batch.id)
    store.close()


def test_a_database_that_another_one_replaced_is_neither_read_nor_written(path: Path) -> None:
    store = SqliteStore(path)
    batch = World(store).batch(2)
    for name in ("junmai.db", "junmai.db-wal", "junmai.db-shm"):
        path.with_name(name).rename(path.with_name(f"old-{name}"))
    other = SqliteStore(path)
    with pytest.raises(errors.StoreReplaced, match="another file stands in its place"):
        store.pause(batch.id, reason=PauseReason.USER, by="test")
    assert other.batches() == []
    store.close()
    other.close()


def test_what_was_written_while_the_database_was_taken_away_is_not_acknowledged(path: Path) -> None:
    store = SqliteStore(path)
    batch = World(store).batch(2)

    def write_and_lose() -> None:
        with store.write() as transaction:
            transaction.event("batch_paused", 0.0, batch_no=batch.no)
            path.unlink()

    with pytest.raises(errors.StoreReplaced):
        write_and_lose()
    store.close()


# --- the WAL ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("command", "pages"), [(False, WAL_PAGES), (True, COMMAND_WAL_PAGES)])
def test_the_wal_is_brought_into_the_database_again_and_again(command: bool, pages: int, path: Path) -> None:
    store = SqliteStore(path)
    big = "x" * 400_000
    for number in range(60):
        with store.write(command=command) as transaction:
            transaction.event("batch_noted", float(number), text=big)
    written = 60 * len(big) / 4096
    assert written > 1.2 * pages
    assert path.with_name("junmai.db-wal").stat().st_size < (pages + 300) * 4200
    store.close()


def test_the_wal_is_brought_in_when_others_may_write_again(path: Path) -> None:
    held: list[bool] = []

    class Watched(SqliteStore):
        def _checkpoint(self, pages: int) -> None:
            turnstile = Turnstile(path.with_name("turnstile.lock"))
            with other.write() as transaction:  # would wait for 30 s, and fail
                transaction.event("batch_noted", 0.0)
            turnstile.wait()
            held.append(False)
            super()._checkpoint(0)

    other = SqliteStore(path)
    store = Watched(path)
    with store.write(command=True) as transaction:
        transaction.event("batch_noted", 0.0)
    assert held == [False]
    store.close()
    other.close()
