"""How SQLite goes about each named query: none reads all items or events, and what reads all of one batch says why."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import apsw
import pytest

from conformance.world import World
from junmai.store import queries
from junmai.store.sqlite import SqliteStore

QUERIES = queries.load("sqlite")

IN_HAND = "by the index of what is in hand: no more rows than workers have, however many items there are"
WHOLE_BATCH = {
    "item_counts": "tests and tools count rows with it",
    "counters": "doctor compares every row with the counters",
    "final_events_doubled": "doctor reads every final event",
    "final_events_missing": "doctor reads every row",
    "batch_state": "a state file lists every photo; a read, which holds nobody up",
    "merge_yield": "a merge looks at every photo",
    "merge_fresh": "a merge looks at every photo",
    "merge_names": "a merge looks at every name",
    "merge_counts": "a merge counts every row",
    "waits_for_root": "stops at the first photo that waits, for a batch whose disk is unplugged",
    "delete_unsealed_items": "stops at the limit",
    "delete_items_chunk": "stops at the limit",
    "delete_events_chunk": "stops at the limit",
    "delete_loose_events": "stops at the limit; the events of no batch alone",
    "delete_unsealed_events": "the events of a batch that never was",
    "latest_ends": "stops at the limit",
    "merge_end": "looks at one end of the index",
    "remarks": "the remarks of a batch, when somebody reads its report",
    "newest_event": "looks at one end of the index",
}
"""Queries that may read a batch from its first row on."""
WHOLE_TABLE = {
    "in_hand_of_batch": IN_HAND,
    "rows_followed": IN_HAND,
    "let_leave": IN_HAND,
    "old_batches": IN_HAND,
}

TABLE = r"(items|events|mine|other)"
ALL_ROWS = re.compile(rf"^SCAN {TABLE}\b")
ALL_OF_BATCH = re.compile(
    rf"^SEARCH {TABLE}( EXISTS)? USING (PRIMARY KEY|(COVERING )?INDEX events_\w+) \(batch_no=\?\)"
)


class _Unknown(dict[str, None]):
    def __missing__(self, name: str) -> None:
        return None


@pytest.fixture(scope="module")
def plans() -> dict[str, list[str]]:
    connection = apsw.Connection(":memory:")
    for _, text in queries.migrations():
        connection.execute(text)
    return {
        name: [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", _Unknown())]
        for name, text in QUERIES.items()
    }


@pytest.mark.parametrize("name", sorted(QUERIES.keys() - WHOLE_TABLE))
def test_no_query_reads_every_item_or_event(plans: dict[str, list[str]], name: str) -> None:
    assert [step for step in plans[name] if ALL_ROWS.match(step)] == []


@pytest.mark.parametrize("name", sorted(QUERIES.keys() - WHOLE_BATCH))
def test_no_query_reads_every_row_of_a_batch(plans: dict[str, list[str]], name: str) -> None:
    assert [step for step in plans[name] if ALL_OF_BATCH.match(step)] == []


@pytest.mark.parametrize("name", [name for name, why in WHOLE_TABLE.items() if why == IN_HAND])
def test_what_is_scanned_is_only_what_is_in_hand(plans: dict[str, list[str]], name: str) -> None:
    scanned = [step for step in plans[name] if ALL_ROWS.match(step)]
    assert scanned
    assert all("USING INDEX items_in_hand" in step or "COVERING INDEX items_in_hand" in step for step in scanned)


def test_every_exception_is_needed(plans: dict[str, list[str]]) -> None:
    needed: dict[str, set[str]] = defaultdict(set)
    for name, steps in plans.items():
        for step in steps:
            for kind, pattern in (("table", ALL_ROWS), ("batch", ALL_OF_BATCH)):
                if pattern.match(step):
                    needed[kind].add(name)
    assert needed == {"table": set(WHOLE_TABLE), "batch": set(WHOLE_BATCH)}


def test_whether_there_is_a_photo_in_any_root_is_asked_once_and_not_for_every_photo_of_a_batch(
    plans: dict[str, list[str]],
) -> None:
    steps = plans["add_item_roots"]
    assert not any("EXISTS" in step for step in steps)
    assert "SCALAR SUBQUERY 1" in steps


@pytest.mark.parametrize("name", ["ready_batches", "claim_items", "offered_batch", "give_back_lost", "adopt_staged"])
def test_the_roots_of_a_batch_are_found_by_its_number(plans: dict[str, list[str]], name: str) -> None:
    assert "SEARCH batch_roots USING PRIMARY KEY (batch_no=?)" in plans[name]


# --- what it costs, counted in operations of SQLite's machine -----------------------------------------------


def operations(store: SqliteStore, name: str, **parameters: object) -> int:
    """How many hundred operations a query takes."""
    count = 0

    def counted() -> bool:
        nonlocal count
        count += 1
        return False

    connection = store._connection()
    connection.set_progress_handler(counted, 100)
    try:
        store.read(name, **parameters)
    finally:
        connection.set_progress_handler(None)
    return count


def test_the_latest_ends_cost_the_same_however_many_photos_were_skipped(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "junmai.db")
    world = World(store)
    costs = []
    for skipped in (2_000, 20_000):
        batch = world.batch(skipped + 1, done=skipped)
        costs.append(operations(store, "latest_ends", no=batch.no, limit=200))
    assert costs[1] <= costs[0] + 1
    store.close()


def test_what_a_batch_has_in_hand_costs_the_same_at_any_size(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "junmai.db")
    world = World(store)
    runner = world.runner()
    costs = []
    for size in (100, 20_000):
        batch = world.batch(size)
        world.claim(runner, limit=4, scope=batch.no)
        costs.append(operations(store, "in_hand_of_batch", no=batch.no))
    assert costs[1] <= costs[0] + 1
    assert store.in_hand_of(batch.no) == 4
    store.close()
