"""Every store: what stood where a sidecar is written is kept with its staging, and follows its item and its batch."""

from __future__ import annotations

import dataclasses

import pytest

from conformance.world import MTIME, World, staged_of
from junmai import errors
from junmai.domain.model import Batch, Settled, Staged
from junmai.domain.snapshot import NewSnapshot

BEFORE = b"before\0\xff"


def staged(world: World, runner: int, *, before: bytes | None = BEFORE) -> Staged:
    (claim,) = world.claim(runner, limit=1)
    one = staged_of(claim, sidecar=NewSnapshot("/photos/IMG_1.xmp", before, b"after", "key"))
    assert world.store.stage(runner, [one])
    return one


def settle(world: World, runner: int, one: Staged) -> None:
    assert one.sidecar is not None
    assert world.store.settle(runner, [Settled(one, MTIME, sidecar=one.sidecar.path)])


def states(world: World, batch: Batch) -> list[str]:
    return [one.state for one in world.store.snapshots(batch.id)]


@pytest.mark.parametrize("before", [BEFORE, b"", None], ids=["something", "empty", "nothing"])
def test_what_was_there_comes_back_byte_for_byte(world: World, before: bytes | None) -> None:
    batch = world.batch(1)
    staged(world, world.runner(), before=before)
    (one,) = world.store.snapshots(batch.id)
    assert world.store.snapshot_before(one.id) == before
    assert (one.before_sha256 is None) == (before is None)


def test_what_is_to_be_written_is_there_until_it_is_settled(world: World) -> None:
    batch = world.batch(1)
    runner = world.runner()
    one = staged(world, runner)
    found = world.store.staged_snapshot(batch.id, one)
    assert found is not None
    assert found[1] == b"after"
    settle(world, runner, one)
    assert world.store.staged_snapshot(batch.id, one) is None
    assert states(world, batch) == ["written"]


def test_an_attempt_that_is_late_keeps_nothing(world: World) -> None:
    batch = world.batch(1)
    runner = world.runner()
    (claim,) = world.claim(runner)
    world.fail(runner, [claim], retry_at=0.0)
    late = staged_of(claim, sidecar=NewSnapshot("/photos/IMG_1.xmp", None, b"after", "key"))
    assert world.store.stage(runner, [late]) == set()
    assert states(world, batch) == []


def test_settling_a_sidecar_that_was_never_kept_is_refused_with_its_item(world: World) -> None:
    batch = world.batch(1)
    runner = world.runner()
    (claim,) = world.claim(runner)
    one = staged_of(claim)
    world.store.stage(runner, [one])
    with pytest.raises(errors.StoreError):
        world.store.settle(runner, [Settled(one, MTIME, sidecar="/photos/IMG_1.xmp")])
    assert world.statuses(batch) == ["staged"]


def test_a_sidecar_alone_records_no_output(world: World) -> None:
    batch = world.batch(1)
    runner = world.runner()
    one = staged(world, runner)
    world.store.settle(runner, [Settled(one, MTIME, sidecar="/photos/IMG_1.xmp", pixels=False)])
    row = world.store.output_at(batch.folder, one.output_name)
    assert row is not None
    assert row["sha256"] is None
    (event,) = [event for event in world.store.events(no=batch.no) if event.type == "item_processed"]
    assert event.data["sidecar"] == "/photos/IMG_1.xmp"
    assert "output" not in event.data


def test_one_that_was_written_is_not_dropped(world: World) -> None:
    batch = world.batch(1)
    runner = world.runner()
    one = staged(world, runner)
    settle(world, runner, one)
    (kept,) = world.store.snapshots(batch.id)
    assert not world.store.drop_snapshot(kept.id, runner)


def test_one_that_nothing_was_written_for_is_dropped_by_the_runner_that_holds_it(world: World) -> None:
    batch = world.batch(1)
    runner = world.runner()
    staged(world, runner)
    (kept,) = world.store.snapshots(batch.id)
    assert world.store.drop_snapshot(kept.id, runner)
    assert states(world, batch) == []


def test_a_runner_that_was_taken_over_from_drops_nothing(world: World) -> None:
    """It may have been stopped since it staged; another one is writing that very sidecar by now."""
    batch = world.batch(1)
    stopped, heir = world.runner(), world.runner()
    one = staged(world, stopped)
    (kept,) = world.store.snapshots(batch.id)
    world.store.take_over(stopped, heir)
    assert not world.store.drop_snapshot(kept.id, stopped)
    settle(world, heir, one)
    assert states(world, batch) == ["written"]
    assert world.store.snapshot_before(kept.id) == BEFORE


def test_a_revert_is_recorded_once(world: World) -> None:
    batch = world.batch(1)
    runner = world.runner()
    settle(world, runner, staged(world, runner))
    (one,) = world.store.snapshots(batch.id)
    assert [world.store.snapshot_reverted(one.id) for _ in range(2)] == [True, False]
    assert world.store.snapshot_at(one.path) is None


def test_the_newest_sidecar_at_a_path_is_found_across_batches(world: World) -> None:
    runner = world.runner()
    first, second = world.batch(1), world.batch(1, folder="/out/other")
    for _ in (first, second):
        settle(world, runner, staged(world, runner))
    found = world.store.snapshot_at("/photos/IMG_1.xmp")
    assert found is not None
    assert found.batch_id == second.id
    assert [one.batch_id for one in world.store.snapshots_at("/photos/IMG_1.xmp")] == [second.id, first.id]


def test_a_batch_that_takes_photos_over_takes_their_snapshots_over(world: World) -> None:
    runner = world.runner()
    ids = world.photos(4)
    first = world.batch(photo_ids=ids[:2], folder="/out/a")
    second = world.batch(photo_ids=ids[2:], folder="/out/b")
    (claim,) = world.claim(runner, limit=1, scope=second.no)
    one = staged_of(claim, sidecar=NewSnapshot("/photos/IMG_1.xmp", None, b"after", "key"))
    world.store.stage(runner, [one])
    settle(world, runner, one)
    world.store.merge([first.id, second.id], by="test")
    assert (states(world, first), states(world, second)) == (["written"], [])


def test_a_forgotten_batch_leaves_its_snapshots(world: World) -> None:
    batch = world.batch(1)
    runner = world.runner()
    settle(world, runner, staged(world, runner))
    assert world.store.remove_batch(batch.no)
    assert states(world, batch) == ["written"]


def test_what_a_snapshot_holds_is_frozen(world: World) -> None:
    world.batch(1)
    one = staged(world, world.runner())
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.sidecar.before = b"other"  # type: ignore[union-attr,misc]
