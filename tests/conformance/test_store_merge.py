"""Several batches become one, in every store."""

from __future__ import annotations

import pytest

from conformance.world import World
from junmai import errors
from junmai.domain.model import Batch


def two(world: World, *, folders: tuple[str, str] = ("/out/a", "/out/b")) -> tuple[Batch, Batch, list[int]]:
    """Two batches of three photos each, of which one is the same in both."""
    ids = world.photos(5)
    first = world.batch(photo_ids=ids[:3], folder=folders[0])
    second = world.batch(photo_ids=ids[2:], folder=folders[1])
    return first, second, ids


def merge(world: World, *batches: Batch) -> Batch:
    return world.store.merge([batch.id for batch in batches], by="test")


def by_photo(world: World, batch: Batch) -> dict[int, str]:
    return {item.photo_id: item.status for item in world.store.items(batch.no)}


def test_the_first_batch_has_every_photo_once_in_the_order_of_the_batches(world: World) -> None:
    first, second, ids = two(world)

    merged = merge(world, first, second)

    assert (merged.id, merged.status, merged.total) == (first.id, "running", 5)
    assert [item.photo_id for item in world.store.items(first.no)] == ids


def test_the_other_batches_are_cancelled_with_the_reason(world: World) -> None:
    first, second, _ = two(world)

    merge(world, first, second)

    other = world.now(second)
    assert (other.status, other.cancel_reason) == ("cancelled", "merged_into")
    (event,) = [one for one in world.store.events(no=second.no) if one.type == "batch_cancelled"]
    assert (event.data["reason"], event.data["into"]) == ("merged_into", first.id)
    world.follow()
    assert world.statuses(second) == ["cancelled"] * 3


def test_a_photo_developed_in_the_second_batch_counts_as_developed(world: World) -> None:
    first, second, ids = two(world)
    runner = world.runner()
    world.develop(runner, world.claim(runner, limit=2, scope=second.no))

    merged = merge(world, first, second)

    assert by_photo(world, first) == dict(
        zip(ids, ["pending", "pending", "processed", "processed", "pending"], strict=True)
    )
    assert (merged.processed, merged.remaining) == (2, 3)
    done = [item for item in world.store.items(first.no) if item.status == "processed"]
    assert {item.folder for item in done} == {"/out/b"}
    assert all(item.output_sha256 for item in done)


def test_a_photo_developed_in_the_first_batch_is_not_developed_again(world: World) -> None:
    first, second, ids = two(world)
    runner = world.runner()
    claims = world.claim(runner, scope=first.no)
    world.develop(runner, [claim for claim in claims if claim.photo_id == ids[2]])
    world.store.release(runner, [claim for claim in claims if claim.photo_id != ids[2]], why="test")

    merge(world, first, second)

    (done,) = world.store.items(first.no, status="processed")
    assert (done.photo_id, done.folder) == (ids[2], "/out/a")
    assert ids[2] not in [claim.photo_id for claim in world.claim(runner, scope=first.no)]


def test_a_photo_that_failed_in_one_and_waits_in_the_other_is_tried_again(world: World) -> None:
    first, second, ids = two(world)
    runner = world.runner()
    claims = world.claim(runner, scope=first.no)
    world.fail(runner, [claim for claim in claims if claim.photo_id == ids[2]])
    world.store.release(runner, [claim for claim in claims if claim.photo_id != ids[2]], why="test")

    merged = merge(world, first, second)

    assert by_photo(world, first)[ids[2]] == "pending"
    assert merged.failed == 0


def test_a_failure_of_the_second_batch_keeps_its_reason_and_may_be_retried(world: World) -> None:
    first, second, ids = two(world)
    runner = world.runner()
    claims = world.claim(runner, scope=second.no)
    world.fail(runner, [claim for claim in claims if claim.photo_id == ids[4]])
    world.store.release(runner, [claim for claim in claims if claim.photo_id != ids[4]], why="test")

    merge(world, first, second)
    world.develop(runner, world.claim(runner, scope=first.no))

    (failed,) = world.store.items(first.no, status="failed")
    assert (failed.photo_id, failed.error_kind) == (ids[4], "broken_file")
    assert world.store.retry_failed(first.id, by="test") == 1
    world.develop(runner, world.claim(runner, scope=first.no))
    assert world.now(first).status == "completed"


def test_photos_that_move_get_names_that_are_free_in_the_first_folder(world: World) -> None:
    first, second, ids = two(world)

    merge(world, first, second)

    names = [item.output_name for item in world.store.items(first.no)]
    assert len(set(names)) == 5
    assert {item.folder for item in world.store.items(first.no)} == {"/out/a"}
    runner = world.runner()
    world.develop(runner, world.claim(runner, scope=first.no))
    assert world.now(first).status == "completed"
    assert by_photo(world, first) == dict.fromkeys(ids, "processed")


def test_batches_of_one_folder_keep_their_names(world: World) -> None:
    ids = world.photos(4)
    first = world.batch(photo_ids=ids[:2], folder="/out")
    second = world.batch(photo_ids=ids[2:], folder="/out")

    merge(world, first, second)

    assert [item.output_name for item in world.store.items(first.no)] == [f"{photo_id}.jpg" for photo_id in ids]


def test_nothing_is_merged_while_a_photo_is_in_hand(world: World) -> None:
    first, second, _ = two(world)
    world.claim(world.runner(), limit=1, scope=second.no)
    before = world.everything()

    with pytest.raises(errors.PhotosInHand, match="1 photos in hand"):
        merge(world, first, second)

    assert world.everything() == before


@pytest.mark.parametrize("which", [0, 1])
def test_a_batch_that_has_ended_is_refused_and_nothing_changes(world: World, which: int) -> None:
    batches = two(world)[:2]
    world.cancel(batches[which])
    world.follow()
    before = world.everything()

    with pytest.raises(errors.WrongState):
        merge(world, *batches)

    assert world.everything() == before


def test_an_unknown_batch_is_refused_and_nothing_changes(world: World) -> None:
    first, _, _ = two(world)
    before = world.everything()

    with pytest.raises(errors.UnknownBatch):
        world.store.merge([first.id, "batch_ffffffffffff"], by="test")

    assert world.everything() == before


def test_a_late_result_of_an_attempt_from_before_the_merge_changes_nothing(world: World) -> None:
    first, second, ids = two(world)
    runner = world.runner()
    old = world.claim(runner, scope=first.no)
    world.store.release(runner, old, why="test")
    claims = world.claim(runner, scope=second.no)
    world.fail(runner, claims[:1], retry_at=0.0)
    world.store.release(runner, claims[1:], why="test")
    merge(world, first, second)
    again = world.claim(runner, scope=first.no)

    stale = next(claim for claim in old if claim.photo_id == ids[2])
    fresh = next(claim for claim in again if claim.photo_id == ids[2])

    assert fresh.attempt > stale.attempt


def test_three_batches_become_one(world: World) -> None:
    first, second, _ = two(world)
    third = world.batch(2, folder="/out/c")

    merged = merge(world, first, second, third)

    assert merged.total == 7
    assert {world.now(batch).status for batch in (second, third)} == {"cancelled"}


def test_a_paused_batch_stays_paused(world: World) -> None:
    first, second, _ = two(world)
    world.pause(first)

    assert merge(world, first, second).status == "paused"
