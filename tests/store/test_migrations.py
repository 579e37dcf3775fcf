"""A database of every earlier schema, with data of every kind in it, goes on as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from conformance.world import World, staged_of
from helpers import FakeClock
from junmai.domain.model import Settled
from junmai.domain.snapshot import NewSnapshot
from junmai.store import queries
from junmai.store.sqlite import APPLICATION_ID, SqliteStore

EARLIER = [number for number, _ in queries.migrations()[:-1]]
NEWEST = queries.migrations()[-1][0]

# What a library of the first schema held: every state of a batch and of an item, both kinds of sessions, a
# collection, outputs planned and settled, a runner that died with photos in hand, and the events of it all.
FILL = """
INSERT INTO sessions (id, name, folder, first_at, named_by_user, created_at)
VALUES (1, 'Lake', '/photos/lake', '2024-05-01T10:00:00', 0, 1.0), (2, 'Wedding', NULL, NULL, 1, 2.0);
INSERT INTO photos (id, path, file_name, root, kind, session_id, size, mtime_ns, inode, fingerprint, sha256,
                    captured_at, rating, camera, facts, imported_at)
SELECT value, '/photos/' || value || '.dng', value || '.dng', '/photos', 'raw', 1, 1000 + value, value, value,
       'fingerprint-' || value, CASE WHEN value < 4 THEN printf('%064x', value) END, '2024-05-01T10:00:0' || value, 3,
       'Test', '{"iso": 400}', 3.0
FROM json_each('[1, 2, 3, 4, 5, 6, 7]');
INSERT INTO collections (id, name, created_at) VALUES (1, 'Best', 4.0);
INSERT INTO collection_photos (collection_id, photo_id) VALUES (1, 2), (1, 5);
INSERT INTO output_folders (id, path, path_key, made_by_junmai) VALUES (1, '/out', '/out', 1);
INSERT INTO outputs (folder_id, name_key, name, photo_id, format, batch_no, key, size, mtime_ns, sha256, settled_at)
VALUES (1, '1.jpg', '1.jpg', 1, 'jpeg', 1, 'key-1', 500, 9, printf('%064x', 1), 12.0),
       (1, '2.jpg', '2.jpg', 2, 'jpeg', 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO runners (no, id, host, pid, role, scope_batch_no, workers, started_at, ended_at)
VALUES (1, 'develop-dead', 'here', 1, 'develop', 1, 2, 10.0, NULL),
       (2, 'develop-gone', 'here', 2, 'develop', 2, 2, 10.0, 11.0);
INSERT INTO batches (no, id, status, preset, config, recipe, folder_id, request_key, begun, pause_reason, pause_by,
                     total, processed, failed, skipped, rows_behind, created_at, started_at, paused_at, completed_at)
VALUES
    (1, 'batch_000000000001', 'running', 'default@1', '{}', :recipe, 1, 'same-words', 1, NULL, NULL, 7, 1, 1, 1, 0,
     10.0, 11.0, NULL, NULL),
    (2, 'batch_000000000002', 'paused', 'default@1', '{}', :recipe, 1, NULL, 0, 'user', 'me', 1, 0, 0, 0, 0,
     20.0, 21.0, 22.0, NULL),
    (3, 'batch_000000000003', 'completed', 'default@1', '{}', :recipe, 1, NULL, 1, NULL, NULL, 1, 0, 0, 1, 0,
     30.0, 31.0, NULL, 32.0),
    (4, 'batch_000000000004', 'failed', 'default@1', '{}', :recipe, 1, NULL, 1, NULL, NULL, 1, 0, 1, 0, 0,
     40.0, 41.0, NULL, 42.0),
    (5, 'batch_000000000005', 'cancelled', 'default@1', '{}', :recipe, 1, NULL, 1, NULL, NULL, 2, 0, 0, 0, 1,
     50.0, 51.0, NULL, 52.0);
INSERT INTO items (batch_no, position, photo_id, status, output_name, attempt, runner_no, output_size, output_sha256,
                   output_key, error_kind, error_message, ended_at)
VALUES
    (1, 0, 1, 'processed', '1.jpg', 1, NULL, 500, printf('%064x', 1), 'key-1', NULL, NULL, 12.0),
    (1, 1, 2, 'pending', '2.jpg', 1, NULL, NULL, NULL, NULL, 'disk_full', 'No room.', NULL),
    (1, 2, 3, 'running', '3.jpg', 1, 1, NULL, NULL, NULL, NULL, NULL, NULL),
    (1, 3, 4, 'staged', '4.jpg', 2, 1, 500, printf('%064x', 4), 'key-4', NULL, NULL, NULL),
    (1, 4, 5, 'failed', '5.jpg', 1, NULL, NULL, NULL, NULL, 'broken_file', 'It is damaged.', 13.0),
    (1, 5, 6, 'skipped', '6.jpg', 0, NULL, NULL, NULL, NULL, NULL, NULL, 11.0),
    (1, 6, 7, 'pending', '7.jpg', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (2, 0, 1, 'pending', '1.jpg', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (3, 0, 1, 'skipped', '1.jpg', 0, NULL, NULL, NULL, NULL, NULL, NULL, 31.0),
    (4, 0, 5, 'failed', '5.jpg', 1, NULL, NULL, NULL, NULL, 'broken_file', 'It is damaged.', 42.0),
    (5, 0, 6, 'cancelled', '6.jpg', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (5, 1, 7, 'pending', '7.jpg', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO events (batch_no, type, at, photo_id, generation, data)
VALUES (1, 'batch_started', 11.0, NULL, 0, '{}'), (1, 'item_skipped', 11.0, 6, 0, '{}'),
       (1, 'item_processed', 12.0, 1, 0, '{"output": "1.jpg"}'), (1, 'item_failed', 13.0, 5, 0, '{}'),
       (3, 'item_skipped', 31.0, 1, 0, '{}'), (4, 'item_failed', 42.0, 5, 0, '{}'),
       (5, 'batch_cancelled', 52.0, NULL, 0, '{}');
"""
RECIPE = (
    '{"settings": {"Exposure2012": 0.5}, "output": {"format": "jpeg", "quality": 92, "long_edge": null, '
    '"color_space": "srgb", "metadata": "all"}}'
)


def filled(path: Path, schema: int) -> SqliteStore:
    """A database of that schema with data in it, opened by this Junmai."""
    path.parent.mkdir(parents=True)
    connection = apsw.Connection(str(path))
    for number, text in queries.migrations():
        if number <= schema:
            connection.execute(text)
    connection.execute(FILL, {"recipe": RECIPE})
    connection.execute(f"PRAGMA user_version = {schema}; PRAGMA application_id = {APPLICATION_ID}")
    connection.close()
    return SqliteStore(path, clock=FakeClock())


def everything(store: SqliteStore) -> dict[str, Any]:
    """All that the verbs show of a store, but for what every database has of its own."""
    batches = store.batches()
    return {
        "batches": batches,
        "items": [store.items(batch.no) for batch in batches],
        "events": store.events(limit=1000),
        "photos": store.photos(),
        "sessions": store.sessions(),
        "collections": store.collections(),
        "outputs": store.outputs_of(1),
        "runners": store.open_runners(),
        "states": [
            {
                name: value
                for name, value in (store.batch_state(batch.no, items_up_to=100) or {}).items()
                if name != "store"
            }
            for batch in batches
        ],
    }


@pytest.fixture(params=EARLIER)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteStore]:
    one = filled(tmp_path / "data" / "junmai.db", request.param)
    yield one
    one.close()


def test_nothing_of_it_is_lost_and_it_reads_as_if_it_had_always_been_new(store: SqliteStore, tmp_path: Path) -> None:
    new = filled(tmp_path / "new" / "junmai.db", NEWEST)

    assert store.integrity() == []
    assert everything(store) == everything(new)
    new.close()


def test_the_work_goes_on_to_the_end(store: SqliteStore) -> None:
    world = World(store)
    store.follow_cancelled()
    runner = store.add_runner("new", host="here", pid=3, role="test", scope=None, workers=2)
    back, staged = store.take_over(1, runner)
    assert (len(back), len(staged)) == (1, 1)
    world.develop(runner, store.claim(runner, scope=1, limit=10))
    store.settle(runner, [Settled(one, 5) for one in staged])

    batch = store.batch("batch_000000000001")
    assert (batch.status, batch.processed, batch.failed, batch.skipped) == ("completed", 5, 1, 1)
    assert store.retry_failed("batch_000000000004", by="test") == 1
    assert store.resume("batch_000000000002", by="test").status == "running"
    world.check()


def test_what_came_with_later_schemas_works_on_it(store: SqliteStore) -> None:
    World(store).pause(store.batch("batch_000000000001"))
    assert len(store.store_id()) == 16
    store.take_over(1, store.add_runner("new", host="here", pid=3, role="test", scope=0, workers=0))
    second = World(store).batch(photo_ids=[2], folder="/out/other", id="batch_00000000000a")
    assert store.merge(["batch_000000000002", second.id], by="test").total == 2


def test_what_stood_where_sidecars_go_can_be_kept_in_it(store: SqliteStore) -> None:
    world = World(store)
    runner = world.runner()
    (claim,) = store.claim(runner, scope=1, limit=1)
    new = NewSnapshot("/photos/1.xmp", b"before", b"after", "key")
    store.stage(runner, [staged_of(claim, sidecar=new)])
    (kept,) = store.snapshots("batch_000000000001")
    assert (kept.state, store.snapshot_before(kept.id)) == ("kept", b"before")


def test_the_database_says_that_it_is_of_the_newest_schema(store: SqliteStore) -> None:
    connection = apsw.Connection(str(store.path), flags=apsw.SQLITE_OPEN_READONLY)
    assert connection.pragma("user_version") == NEWEST
    connection.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "data" / "junmai.db"
    filled(path, EARLIER[0]).close()
    known = queries.migrations()
    broken = [*known, (NEWEST + 1, "CREATE TABLE half (a); CREATE TABLE half (a);")]
    before = everything(SqliteStore(path, clock=FakeClock()))
    monkeypatch.setattr(queries, "migrations", lambda: broken)
    with pytest.raises(Exception, match="half"):
        SqliteStore(path)
    monkeypatch.undo()

    after = SqliteStore(path, clock=FakeClock())
    assert everything(after) == before
    after.close()
