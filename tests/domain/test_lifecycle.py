"""One table holds every edge; the database allows the same steps and no other."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from junmai.domain.lifecycle import (
    BATCH_EDGES,
    ENDED,
    ITEM_EDGES,
    ITEM_ENDED,
    UNFINISHED,
    BatchStatus,
    ItemStatus,
    batch_may,
    mermaid,
    outcome,
    steps,
)
from junmai.store.sqlite import SqliteStore

# what each state demands of its row, so that only the step itself can be refused
BATCH_FACTS = {
    "pending": "total = 2, pause_reason = NULL, completed_at = NULL",
    "running": "total = 2, pause_reason = NULL, completed_at = NULL",
    "paused": "total = 2, pause_reason = 'user', completed_at = NULL",
    "completed": "total = 2, processed = 1, failed = 1, pause_reason = NULL, completed_at = 5",
    "failed": "total = 2, processed = 0, failed = 2, pause_reason = NULL, completed_at = 5",
    "cancelled": "total = 2, pause_reason = NULL, completed_at = 5",
}
WHOLE = f"output_size = 9, output_sha256 = '{'a' * 64}'"
ITEM_FACTS = {
    "pending": "runner_no = NULL, ended_at = NULL",
    "running": "runner_no = 1, ended_at = NULL",
    "staged": f"runner_no = 1, ended_at = NULL, {WHOLE}",
    "processed": f"runner_no = NULL, ended_at = 5, {WHOLE}",
    "failed": "runner_no = NULL, ended_at = 5, error_kind = 'x', error_message = 'y'",
    "skipped": "runner_no = NULL, ended_at = 5",
    "cancelled": "runner_no = NULL, ended_at = NULL",
}


def _put(table: str, status: str) -> str:
    facts = (BATCH_FACTS if table == "batches" else ITEM_FACTS)[status]
    return f"UPDATE {table} SET status = '{status}', {facts}"  # noqa: S608 - our own words


@pytest.fixture
def step(tmp_path: Path) -> Callable[[str, str, str], bool]:
    """Whether the database lets a row go from one state to another. The trigger is put back after each set-up."""
    SqliteStore(tmp_path / "junmai.db").close()
    connection = apsw.Connection(str(tmp_path / "junmai.db"))
    for _ in connection.execute(
        "INSERT INTO output_folders (path, path_key, made_by_junmai) VALUES ('/o', '/o', 0);"
        "INSERT INTO batches (id, preset, config, recipe, folder_id, created_at, started_at)"
        " VALUES ('batch_0123456789ab', 'p', '{}', '{}', 1, 0, 0);"
        "INSERT INTO items (batch_no, position, photo_id, attempt) VALUES (1, 0, 1, 1)"
    ):
        pass
    triggers = {
        table: next(
            iter(
                connection.execute(
                    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
                )
            )
        )
        for table in ("batches", "items")
    }

    def allowed(table: str, source: str, target: str) -> bool:
        name, text = triggers[table]
        connection.execute("BEGIN")
        try:
            connection.execute(f"DROP TRIGGER {name}")
            connection.execute(_put(table, source))
            connection.execute(text)
            connection.execute(_put(table, target))
        except apsw.ConstraintError as error:
            if "illegal step" not in str(error):
                raise
            return False
        finally:
            connection.execute("ROLLBACK")
        return True

    return allowed


def test_the_database_allows_a_batch_exactly_the_steps_of_the_table(step: Callable[[str, str, str], bool]) -> None:
    pairs = itertools.product(map(str, BatchStatus), repeat=2)
    assert {pair for pair in pairs if step("batches", *pair)} == steps(BATCH_EDGES)


def test_the_database_allows_an_item_exactly_the_steps_of_the_table(step: Callable[[str, str, str], bool]) -> None:
    pairs = itertools.product(map(str, ItemStatus), repeat=2)
    assert {pair for pair in pairs if step("items", *pair)} == steps(ITEM_EDGES)


def test_a_batch_takes_these_steps_and_no_other() -> None:
    assert steps(BATCH_EDGES) == {
        ("pending", "running"),
        ("running", "paused"),
        ("paused", "running"),
        ("running", "completed"),
        ("running", "failed"),
        ("pending", "cancelled"),
        ("running", "cancelled"),
        ("paused", "cancelled"),
        ("completed", "running"),
        ("failed", "running"),
    }


def test_an_item_takes_these_steps_and_no_other() -> None:
    assert steps(ITEM_EDGES) == {
        ("pending", "running"),
        ("running", "staged"),
        ("staged", "processed"),
        ("running", "processed"),
        ("running", "failed"),
        ("running", "pending"),
        ("staged", "failed"),
        ("staged", "pending"),
        ("pending", "skipped"),
        ("pending", "cancelled"),
        ("failed", "pending"),
    }


@pytest.mark.parametrize(
    ("verb", "states"),
    [
        ("seal", {"pending"}),
        ("pause", {"running"}),
        ("resume", {"paused"}),
        ("complete", {"running"}),
        ("fail", {"running"}),
        ("cancel", {"pending", "running", "paused"}),
        ("retry_failed", {"completed", "failed"}),
    ],
)
def test_a_batch_takes_a_verb_only_in_its_states(verb: str, states: set[str]) -> None:
    assert {str(status) for status in BatchStatus if batch_may(status, verb)} == states


def test_each_verb_stands_once_in_its_table() -> None:
    for edges in (BATCH_EDGES, ITEM_EDGES):
        verbs = [edge.verb for edge in edges]
        assert len(verbs) == len(set(verbs))


def test_every_state_is_reached_and_every_unfinished_one_is_left() -> None:
    batch = steps(BATCH_EDGES)
    assert {target for _, target in batch} | {"pending"} == set(BatchStatus)
    assert {source for source, _ in batch} >= set(UNFINISHED)
    item = steps(ITEM_EDGES)
    assert {target for _, target in item} == set(ItemStatus)
    assert {source for source, _ in item} == {"pending", "running", "staged", "failed"}


def test_a_batch_is_either_unfinished_or_ended() -> None:
    assert set(UNFINISHED) | set(ENDED) == set(BatchStatus)
    assert not set(UNFINISHED) & set(ENDED)


def test_only_a_failed_item_leaves_its_end() -> None:
    assert {source for source, _ in steps(ITEM_EDGES) if source in ITEM_ENDED} == {"failed"}


@pytest.mark.parametrize(
    ("processed", "skipped", "failed", "status"),
    [
        (1, 0, 0, "completed"),
        (0, 1, 0, "completed"),
        (0, 0, 0, "completed"),
        (1, 0, 9, "completed"),
        (0, 1, 9, "completed"),
        (0, 0, 1, "failed"),
        (0, 0, 9, "failed"),
    ],
)
def test_a_batch_is_failed_only_when_nothing_went_well_and_something_failed(
    processed: int, skipped: int, failed: int, status: str
) -> None:
    assert outcome(processed=processed, skipped=skipped, failed=failed) == status


def test_the_diagram_draws_every_edge_with_its_verb() -> None:
    text = mermaid(ITEM_EDGES)
    assert text.startswith("stateDiagram-v2\n")
    for edge in ITEM_EDGES:
        for source in edge.sources:
            assert f"    {source} --> {edge.target}: {edge.verb}" in text
