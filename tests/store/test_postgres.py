"""The PostgreSQL store: opening, refusing, going on after a restart, and what the database itself does not allow."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from conformance.world import World
from junmai import errors
from junmai.config import Settings
from junmai.domain.lifecycle import BATCH_EDGES, ITEM_EDGES, Edge
from junmai.store.opening import open_store
from junmai.store.sqlite import SqliteStore
from postgres import Server
from store.illegal import ILLEGAL

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed: `pip install 'junmai[cluster]'`")

from junmai.store import postgres_pool  # noqa: E402 - what it needs may be missing, and then these tests are skipped
from junmai.store.postgres import PostgresStore  # noqa: E402


@pytest.fixture
def fresh(postgres_server: Server) -> Iterator[str]:
    """A database with nothing in it."""
    url = postgres_server.fresh()
    yield url
    postgres_server.drop(url)


def _tables(url: str) -> list[str]:
    with psycopg.connect(url) as direct:
        rows = direct.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        ).fetchall()
    return [row[0] for row in rows]


# --- which store --------------------------------------------------------------------------------------------


def test_the_setting_store_chooses_the_store(tmp_path: Path, postgres_url: str) -> None:
    kinds = []
    for address in (None, postgres_url):
        store = open_store(Settings(data=tmp_path, store=address))
        kinds.append(store.kind)
        store.close()
    assert kinds == ["sqlite", "postgresql"]


def test_an_address_of_another_kind_is_no_setting() -> None:
    with pytest.raises(ValueError, match="store"):
        Settings(store="mysql://somewhere/junmai")


def test_the_address_is_not_shown_with_the_settings(postgres_url: str) -> None:
    assert "postgres" not in repr(Settings(data=Path("/data"), store=postgres_url))


def test_without_the_packages_the_way_to_them_is_named(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "junmai.store.postgres", None)
    with pytest.raises(errors.ClusterNotInstalled, match=r"pipx install --force '\.\[cluster\]'"):
        open_store(Settings(data=tmp_path, store=postgres_url))
    SqliteStore(tmp_path / "junmai.db").close()


# --- opening ------------------------------------------------------------------------------------------------


def test_many_may_open_a_new_database_at_once(fresh: str) -> None:
    with ThreadPoolExecutor(6) as threads:
        for store in threads.map(PostgresStore, [fresh] * 6):
            store.close()
    assert "items" in _tables(fresh)


def test_a_newer_database_is_refused_and_not_touched(fresh: str, postgres_server: Server) -> None:
    PostgresStore(fresh).close()
    postgres_server.run("UPDATE junmai_schema SET version = 999", fresh)
    with pytest.raises(errors.StoreTooNew, match="999"):
        PostgresStore(fresh)


def test_a_database_of_another_program_is_refused_and_not_touched(fresh: str, postgres_server: Server) -> None:
    postgres_server.run("CREATE TABLE invoices (id int)", fresh)
    with pytest.raises(errors.StoreDamaged, match="another program"):
        PostgresStore(fresh)
    assert _tables(fresh) == ["invoices"]


def test_a_database_with_texts_of_another_encoding_is_refused(postgres_server: Server) -> None:
    postgres_server.run("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(errors.StoreRefused, match="UTF8"):
        PostgresStore(postgres_server.url("latin"))
    postgres_server.run("DROP DATABASE latin")


def test_a_database_that_is_not_there_is_refused_at_once_and_named(postgres_server: Server) -> None:
    with pytest.raises(errors.StoreRefused, match=r"nowhere.*does not exist"):
        PostgresStore(postgres_server.url("nowhere"))


def test_a_server_that_is_not_there_is_said_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(postgres_pool, "OPEN_SECONDS", 0.3)
    with pytest.raises(errors.StoreAway):
        PostgresStore(f"postgresql://postgres@/junmai?host={tmp_path}")


def test_a_closed_store_opens_itself_again(postgres_url: str) -> None:
    store = PostgresStore(postgres_url)
    store.close()
    assert store.batches() == []
    store.close()


# --- a restart of the server --------------------------------------------------------------------------------


def test_a_restart_of_the_server_is_survived_and_nothing_acknowledged_is_lost(
    postgres_url: str, postgres_server: Server
) -> None:
    world = World(PostgresStore(postgres_url))
    runner, batch = world.runner(), world.batch(4)
    world.develop(runner, world.claim(runner, 2))
    postgres_server.stop()
    postgres_server.start()
    assert world.now(batch).processed == 2
    world.develop(runner, world.claim(runner))
    assert world.now(batch).status == "completed"
    world.check()
    world.store.close()


def test_a_server_that_stays_away_is_an_error_and_one_that_comes_back_goes_on(
    postgres_url: str, postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_pool, "AWAY_SECONDS", 0.5)
    world = World(PostgresStore(postgres_url))
    batch = world.batch(1)
    postgres_server.stop()
    try:
        with pytest.raises(errors.StoreAway) as caught:
            world.pause(batch)
        assert caught.value.code == "store_away"
        assert isinstance(caught.value, errors.StoreUnavailable), "a runner waits for it"
    finally:
        postgres_server.start()
    monkeypatch.setattr(postgres_pool, "AWAY_SECONDS", 30.0)
    assert world.pause(batch).status == "paused"
    world.store.close()


# --- what the database itself refuses -----------------------------------------------------------------------


@pytest.fixture
def direct(postgres_url: str) -> Iterator[Any]:
    """A connection past the verbs, into a store with one batch of one item."""
    store = PostgresStore(postgres_url)
    World(store).batch(1)
    store.close()
    with psycopg.connect(postgres_url) as connection:
        yield connection
        connection.rollback()


REFUSED = {
    **{name: text.replace("printf('%064d', 1)", "lpad('1', 64, '0')") for name, text in ILLEGAL.items()},
    "two final events of one generation": (
        "INSERT INTO events (id, batch_no, number, type, at, photo_id) VALUES (1, 1, 91, 'item_failed', 0, 1);"
        "INSERT INTO events (id, batch_no, number, type, at, photo_id) VALUES (2, 1, 92, 'item_processed', 0, 1)"
    ),
    "two events of one number": (
        "INSERT INTO events (id, batch_no, number, type, at) VALUES (1, 1, 91, 'a', 0);"
        "INSERT INTO events (id, batch_no, number, type, at) VALUES (2, 1, 91, 'b', 0)"
    ),
    "an output of no folder": (
        "INSERT INTO outputs (folder_id, name_key, name, photo_id, format, batch_no)"
        " VALUES (99, 'a', 'a', 7, 'jpeg', 1)"
    ),
    "an item that changes its batch": "UPDATE items SET batch_no = 99",
    "a batch that goes before its items": "DELETE FROM batches",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_the_database_refuses(direct: Any, text: str) -> None:
    with pytest.raises(psycopg.IntegrityError):
        direct.execute(text.encode())


@pytest.mark.parametrize(("table", "edges"), [("batches", BATCH_EDGES), ("items", ITEM_EDGES)])
def test_the_edges_of_the_database_are_those_of_the_machine(table: str, edges: tuple[Edge, ...], direct: Any) -> None:
    row = direct.execute(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = %s", [f"{table}_follow_the_edges"]
    ).fetchone()
    assert row is not None
    there = set(re.findall(r"'(\w+>\w+)'", str(row[0])))
    assert there == {f"{source}>{edge.target}" for edge in edges for source in edge.sources}


def test_a_text_with_a_nul_is_kept_without_it(postgres_url: str) -> None:
    world = World(PostgresStore(postgres_url))
    runner, batch = world.runner(), world.batch(1)
    world.fail(runner, world.claim(runner), error_message="The camera wrote \0 here.")
    assert world.item(batch).error_message == "The camera wrote \N{REPLACEMENT CHARACTER} here."
    world.store.close()
