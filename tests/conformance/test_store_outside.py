"""Progress told from outside, old batches that go, and collections, in every store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.world import World
from helpers import FakeClock
from junmai import errors
from junmai.store import outside
from junmai.store.base import Store

# --- progress from outside ----------------------------------------------------------------------------------


def test_something_outside_may_develop_a_photo(world: World) -> None:
    batch = world.batch(2)
    photo_id = world.item(batch).photo_id
    assert world.store.end_from_outside(batch.id, photo_id, error_message=None)
    assert world.statuses(batch) == ["processed", "pending"]
    assert world.now(batch).processed == 1
    (event,) = [one for one in world.store.events(no=batch.no) if one.type == "item_processed"]
    assert (event.photo_id, event.data["external"]) == (photo_id, True)


def test_something_outside_may_fail_to_and_the_last_word_ends_the_batch(world: World) -> None:
    batch = world.batch(1)
    assert world.store.end_from_outside(batch.id, world.item(batch).photo_id, error_message="It broke.")
    item = world.item(batch)
    assert (item.status, item.error_kind, item.error_message) == ("failed", "external", "It broke.")
    assert world.now(batch).status == "failed"


@pytest.mark.parametrize("second", [None, "It broke."])
def test_a_second_word_on_the_same_photo_changes_nothing(world: World, second: str | None) -> None:
    batch = world.batch(2)
    photo_id = world.item(batch).photo_id
    world.store.end_from_outside(batch.id, photo_id, error_message=None)
    before = world.everything()
    assert not world.store.end_from_outside(batch.id, photo_id, error_message=second)
    assert world.everything() == before


def test_a_photo_in_hand_belongs_to_its_runner(world: World) -> None:
    batch = world.batch(1)
    runner = world.runner()
    claims = world.claim(runner)
    before = world.everything()
    assert not world.store.end_from_outside(batch.id, claims[0].photo_id, error_message=None)
    assert world.everything() == before


def test_a_paused_batch_hears_what_comes_from_outside_and_stays_paused(world: World) -> None:
    batch = world.batch(1)
    world.pause(batch)
    assert world.store.end_from_outside(batch.id, world.item(batch).photo_id, error_message=None)
    assert world.now(batch).status == "paused"
    assert world.resume(batch).status == "completed"


def test_a_cancelled_batch_does_not(world: World) -> None:
    batch = world.batch(1)
    world.cancel(batch)
    before = world.everything()
    assert not world.store.end_from_outside(batch.id, world.item(batch).photo_id, error_message=None)
    assert world.everything() == before


def test_a_photo_of_another_batch_is_refused(world: World) -> None:
    batch, other = world.batch(1), world.batch(1)
    with pytest.raises(errors.PhotoNotInBatch):
        world.store.end_from_outside(batch.id, world.item(other).photo_id, error_message=None)


# --- old batches --------------------------------------------------------------------------------------------


def test_an_ended_batch_is_old_when_its_time_has_come(world: World, fake_clock: FakeClock) -> None:
    running, ended = world.batch(1), world.batch(1)
    runner = world.runner()
    world.develop(runner, world.claim(runner, scope=ended.no))
    assert world.store.old_batches(fake_clock.now() - 1) == []
    assert [row["id"] for row in world.store.old_batches(fake_clock.now())] == [ended.id]
    assert not world.store.remove_batch(running.no)


def test_a_batch_that_is_removed_leaves_its_outputs_known(world: World) -> None:
    batch = world.batch(2)
    runner = world.runner()
    claims = world.claim(runner)
    world.develop(runner, claims[:1])
    world.fail(runner, claims[1:])
    assert world.store.remove_batch(batch.no)
    with pytest.raises(errors.UnknownBatch):
        world.now(batch)
    assert world.store.events(no=batch.no) == []
    known = world.store.output_at("/out", claims[0].output_name)
    assert known is not None
    assert known["sha256"] is not None
    assert not world.store.remove_batch(batch.no)


def test_a_cancelled_batch_with_a_photo_in_hand_is_not_removed(world: World) -> None:
    batch = world.batch(2)
    runner = world.runner()
    claims = world.claim(runner, limit=1)
    world.cancel(batch)
    world.follow()
    before = world.everything()
    assert not world.store.remove_batch(batch.no)
    assert world.everything() == before
    world.develop(runner, claims)
    world.follow()
    assert world.store.remove_batch(batch.no)


def test_a_batch_that_was_reopened_meanwhile_is_not_removed(world: World, fake_clock: FakeClock) -> None:
    batch = world.batch(1)
    runner = world.runner()
    world.fail(runner, world.claim(runner))
    (old,) = world.store.old_batches(fake_clock.now())
    world.store.retry_failed(batch.id, by="test")
    before = world.everything()
    assert not world.store.remove_batch(old["no"])
    assert world.everything() == before


# --- collections --------------------------------------------------------------------------------------------


def test_a_collection_holds_each_photo_once(world: World) -> None:
    ids = world.photos(3)
    assert world.store.add_to_collection("Best", ids[:2]) == 2
    assert world.store.add_to_collection("Best", ids) == 1
    assert [(one.name, one.photo_count) for one in world.store.collections()] == [("Best", 3)]
    assert world.store.take_from_collection("Best", [ids[0], ids[0]]) == 1


def test_a_collection_goes_and_its_photos_stay(world: World) -> None:
    ids = world.photos(2)
    world.store.add_to_collection("Best", ids)
    assert world.store.remove_collection("Best")
    assert world.store.collections() == []
    assert world.store.known_photo_ids(ids) == set(ids)


def test_an_unknown_collection_is_named(store: Store) -> None:
    acts: tuple[Callable[[], object], ...] = (
        lambda: store.collection_id("Worst"),
        lambda: store.take_from_collection("Worst", [1]),
        lambda: store.remove_collection("Worst"),
    )
    for act in acts:
        with pytest.raises(errors.UnknownCollection, match="Worst"):
            act()


def test_old_events_of_no_batch_are_removed_in_chunks_and_those_of_a_batch_stay(
    world: World, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "REMOVE_CHUNK", 2)
    batch = world.batch(1)
    with world.store.write() as transaction:
        for age in (3.0, 2.0, 1.0, 0.0):
            transaction.event("resource_warning", fake_clock.now() - age, age=age)
    before = fake_clock.now() - 1.0
    assert [world.store.remove_old_events(before) for _ in range(2)] == [True, False]
    left = world.store.events(limit=100)
    assert [event.data["age"] for event in left if event.type == "resource_warning"] == [0.0]
    assert [event.type for event in left if event.batch_no == batch.no] == ["batch_started"]
