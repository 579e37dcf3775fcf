"""What users want beside what matching finds, and what is left of a matched batch, in every store."""

from __future__ import annotations

import pytest

from conformance.measuring import a_match, found_at, solved
from conformance.world import World
from helpers import FakeClock
from junmai.domain.matching import Adjustment, Solution
from junmai.store import outside
from junmai.store.base import Store

# --- adjustments --------------------------------------------------------------------------------------------

WANTED = Adjustment(exposure=0.5, red=1.25, blue=0.5)


def test_an_adjustment_reaches_the_solutions_of_photos_that_wait(world: World) -> None:
    runner = world.runner()
    batch = solved(world, runner, 2)
    first, second = world.store.items(batch.no)
    assert world.store.adjust_match(first.photo_id, WANTED) == 1
    assert world.store.solution(batch.no, 0) == WANTED.on(found_at(0).solution)
    assert world.store.solution(batch.no, 1) == found_at(1).solution
    world.develop(runner, world.claim(runner))
    assert world.store.adjust_match(second.photo_id, WANTED) == 0
    assert world.store.solution(batch.no, 1) == found_at(1).solution


def test_an_adjustment_reaches_later_batches_until_it_is_forgotten(world: World) -> None:
    runner, ids = world.runner(), world.photos(1)
    assert world.store.adjust_match(ids[0], Adjustment(off=True)) == 0
    assert world.store.adjust_match(ids[0], WANTED) == 0
    second = solved(world, runner, photo_ids=ids)
    assert world.store.solution(second.no, 0) == WANTED.on(found_at(0).solution)
    world.develop(runner, world.claim(runner))
    assert world.store.adjust_match(ids[0], Adjustment()) == 0
    third = solved(world, runner, photo_ids=ids, folder="/third")
    assert world.store.solution(third.no, 0) == found_at(0).solution
    (shown,) = world.store.solutions(second.no)
    assert shown.adjustment == WANTED


def test_a_photo_can_be_left_out_of_the_match(world: World) -> None:
    batch = solved(world, world.runner(), 1)
    world.store.adjust_match(world.item(batch).photo_id, Adjustment(off=True))
    assert world.store.solution(batch.no, 0) == Solution(group=1)
    world.store.adjust_match(world.item(batch).photo_id, Adjustment())
    assert world.store.solution(batch.no, 0) == found_at(0).solution


# --- the end of a batch -------------------------------------------------------------------------------------


def test_removing_an_old_batch_removes_its_measures(
    world: World, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "MEASURES_CHUNK", 2)
    runner = world.runner()
    batch = solved(world, runner, 5)
    ids = [item.photo_id for item in world.store.items(batch.no)]
    world.develop(runner, world.claim(runner))
    assert [row["no"] for row in world.store.old_batches(fake_clock.now())] == [batch.no]
    assert world.store.remove_batch(batch.no)
    assert list(world.store.seen(batch.no)) == []
    assert world.store.known_measures(ids) == {}


def test_doctor_is_told_of_counters_that_differ_from_the_rows(world: World, store: Store) -> None:
    batch = a_match(world, 1)
    with store.write() as transaction:
        transaction.must("count_measured", no=batch.no, count=1)
    assert store.match_faults(batch.no) == ["1 measured photos are counted, 0 are there."]
    with store.write() as transaction:
        transaction.must("count_measured", no=batch.no, count=-1)
