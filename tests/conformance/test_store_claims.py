"""Claiming, staging, settling, giving back and taking over, in every store."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from collections.abc import Callable

import pytest

from conformance.world import MTIME, World, failure_of, staged_of
from helpers import FakeClock
from junmai.domain.lifecycle import PauseReason
from junmai.domain.model import Batch, Claim, Settled
from junmai.store.base import Store

# --- runners ------------------------------------------------------------------------------------------------


def test_a_runner_is_open_until_it_says_goodbye(store: Store, fake_clock: FakeClock) -> None:
    no = store.add_runner("develop-1", host="here", pid=42, role="develop", scope=None, workers=2)
    (info,) = store.open_runners()
    assert (info.no, info.id, info.pid, info.scope_batch_no, info.workers) == (no, "develop-1", 42, None, 2)
    assert (info.started_at, info.ended_at) == (fake_clock.now(), None)
    assert store.end_runner(no)
    assert store.open_runners() == []
    assert not store.end_runner(no)


@pytest.mark.parametrize("state", ["running", "staged"])
def test_a_runner_that_still_holds_something_cannot_say_goodbye(world: World, state: str) -> None:
    """Else nobody would ever take over what it holds."""
    world.batch(1)
    runner = world.runner()
    claims = world.claim(runner)
    if state == "staged":
        world.store.stage(runner, [staged_of(claims[0])])
    assert not world.store.end_runner(runner)
    assert [info.no for info in world.store.open_runners()] == [runner]
    world.store.release(runner, claims, why="test")
    assert world.store.end_runner(runner)


# --- claiming -----------------------------------------------------------------------------------------------


def test_a_claim_has_all_that_developing_needs(world: World, fake_clock: FakeClock) -> None:
    batch = world.batch(1)
    runner = world.runner()
    (claim,) = world.claim(runner)
    assert (claim.batch_no, claim.position, claim.attempt, claim.generation) == (batch.no, 0, 1, 0)
    assert (claim.tries, claim.worker_deaths, claim.alone) == (0, 0, False)
    assert claim.photo == world.store.photo(claim.photo_id)
    item = world.item(batch)
    assert (item.status, item.attempt, item.runner_no) == ("running", 1, runner)
    assert world.now(batch).begun
    (event,) = [one for one in world.store.events(no=batch.no) if one.type == "items_claimed"]
    assert (event.data["items"], event.at) == ([[claim.photo_id, 1]], fake_clock.now())


def test_no_more_is_claimed_than_asked_for_and_nothing_twice(world: World) -> None:
    world.batch(5)
    first, second = world.runner(), world.runner()
    assert [claim.position for claim in world.claim(first, limit=2)] == [0, 1]
    assert [claim.position for claim in world.claim(second, limit=9)] == [2, 3, 4]
    assert world.claim(first) == []
    assert world.claim(first, limit=0) == []


def test_the_most_urgent_batch_goes_first_then_the_oldest(world: World) -> None:
    made = [world.batch(1, priority=priority) for priority in (5, 9, 5, 1, 9)]
    claims = world.claim(world.runner(), limit=10)
    assert [claim.batch_no for claim in claims] == [made[index].no for index in (1, 4, 0, 2, 3)]


def test_a_claim_goes_on_in_the_next_batch_where_one_is_not_enough(world: World) -> None:
    first, second = world.batch(2, priority=6), world.batch(2)
    claims = world.claim(world.runner(), limit=3)
    assert Counter(claim.batch_no for claim in claims) == {first.no: 2, second.no: 1}


def test_a_new_priority_counts_from_the_next_claim_on(world: World) -> None:
    first, second = world.batch(3), world.batch(3)
    runner = world.runner()
    assert world.claim(runner, limit=1)[0].batch_no == first.no
    world.store.set_priority(second.id, 10, by="test")
    assert world.claim(runner, limit=1)[0].batch_no == second.no


def test_a_scope_claims_from_its_own_batch_only(world: World) -> None:
    world.batch(1, priority=10)
    mine = world.batch(1)
    runner = world.runner(mine.no)
    assert [claim.batch_no for claim in world.claim(runner, scope=mine.no)] == [mine.no]
    assert world.claim(runner, scope=mine.no) == []


@pytest.mark.parametrize("command", ["pause", "cancel"])
def test_nothing_is_claimed_after_a_pause_or_a_cancel(world: World, command: str) -> None:
    batch = world.batch(3)
    runner = world.runner()
    world.claim(runner, limit=1)
    {"pause": world.pause, "cancel": world.cancel}[command](batch)
    assert world.claim(runner) == []
    assert world.claim(runner, scope=batch.no) == []


def test_claims_go_on_after_a_resume(world: World) -> None:
    batch = world.batch(2)
    runner = world.runner()
    world.pause(batch)
    world.resume(batch)
    assert len(world.claim(runner)) == 2


def test_a_waiting_retry_is_claimed_when_its_time_has_come_and_not_before(world: World, fake_clock: FakeClock) -> None:
    batch = world.batch(1)
    runner = world.runner()
    (claim,) = world.claim(runner)
    world.fail(runner, [claim], retry_at=fake_clock.now() + 30)
    assert world.store.next_ready(batch.no) == fake_clock.now() + 30
    fake_clock.turn(29.9)
    assert world.claim(runner) == []
    fake_clock.turn(0.1)
    (again,) = world.claim(runner)
    assert (again.attempt, again.tries) == (2, 1)
    assert world.store.next_ready(batch.no) is None


def test_a_retry_that_is_ready_goes_behind_photos_never_tried(world: World, fake_clock: FakeClock) -> None:
    world.batch(3)
    runner = world.runner()
    world.fail(runner, world.claim(runner, limit=1), retry_at=fake_clock.now())
    assert [claim.position for claim in world.claim(runner, limit=2)] == [1, 2]
    assert [claim.position for claim in world.claim(runner)] == [0]


def test_a_photo_that_left_the_library_is_claimed_without_it(world: World) -> None:
    ids = world.photos(1)
    world.batch(photo_ids=[*ids, 9999])
    claims = world.claim(world.runner())
    assert [claim.photo is None for claim in claims] == [False, True]


# --- staging and settling -----------------------------------------------------------------------------------


def test_a_photo_goes_from_claimed_to_staged_to_processed(world: World, fake_clock: FakeClock) -> None:
    batch = world.batch(2)
    runner = world.runner()
    claim = world.claim(runner, limit=1)[0]
    staged = staged_of(claim)
    assert world.store.stage(runner, [staged]) == {(batch.no, 0)}
    item = world.item(batch)
    assert (item.status, item.output_size, item.output_sha256) == ("staged", staged.size, staged.sha256)
    assert [held.position for held in world.store.in_hand(runner)] == [0]
    fake_clock.turn(5)
    assert world.store.settle(runner, [Settled(staged, MTIME)]) == {(batch.no, 0)}
    item = world.item(batch)
    assert (item.status, item.ended_at, item.runner_no, item.seconds) == ("processed", fake_clock.now(), None, 0.25)
    assert world.store.in_hand(runner) == []
    assert world.now(batch).processed == 1
    (event,) = [one for one in world.store.events(no=batch.no) if one.type == "item_processed"]
    assert (event.photo_id, event.data["output"]) == (claim.photo_id, claim.output_name)


def test_a_group_settles_batches_of_its_own_each(world: World) -> None:
    first, second = world.batch(2), world.batch(1)
    runner = world.runner()
    world.develop(runner, world.claim(runner))
    assert (world.now(first).status, world.now(first).processed) == ("completed", 2)
    assert (world.now(second).status, world.now(second).processed) == ("completed", 1)


def test_an_error_that_may_pass_counts_as_a_try_and_not_as_an_end(world: World, fake_clock: FakeClock) -> None:
    batch = world.batch(1)
    runner = world.runner()
    world.fail(runner, world.claim(runner), error_kind="disk_full", retry_at=fake_clock.now() + 1)
    item = world.item(batch)
    assert (item.status, item.tries, item.worker_deaths, item.error_kind) == ("pending", 1, 0, "disk_full")
    assert world.now(batch).failed == 0
    assert world.event_types(batch)[-1] == "item_retry"


def test_a_death_of_a_worker_is_counted_by_itself(world: World, fake_clock: FakeClock) -> None:
    batch = world.batch(1)
    runner = world.runner()
    world.fail(runner, world.claim(runner), tried=False, worker_died=True, retry_at=fake_clock.now())
    assert (world.item(batch).tries, world.item(batch).worker_deaths) == (0, 1)
    assert world.claim(runner)[0].worker_deaths == 1


def test_a_staged_item_can_fail_and_loses_what_was_staged(world: World) -> None:
    batch = world.batch(1)
    runner = world.runner()
    (claim,) = world.claim(runner)
    world.store.stage(runner, [staged_of(claim)])
    world.fail(runner, [claim], error_kind="output_exists")
    item = world.item(batch)
    assert (item.status, item.error_kind, item.output_sha256) == ("failed", "output_exists", None)


def test_what_is_released_waits_again_at_no_cost(world: World) -> None:
    batch = world.batch(2)
    runner = world.runner()
    claims = world.claim(runner)
    assert world.store.release(runner, claims[:1], why="not begun") == {(batch.no, 0)}
    item = world.item(batch)
    assert (item.status, item.tries, item.worker_deaths, item.runner_deaths) == ("pending", 0, 0, 0)
    assert world.event_types(batch)[-1] == "item_released"
    assert world.claim(runner)[0].attempt == 2


# --- fencing ------------------------------------------------------------------------------------------------


def _late(world: World, batch: Batch, runner: int) -> Claim:
    """A claim that was given back and claimed anew by the same runner."""
    (claim,) = world.claim(runner)
    world.store.release(runner, [claim], why="test")
    world.claim(runner)
    return claim


def _foreign(world: World, batch: Batch, runner: int) -> Claim:
    (claim,) = world.claim(world.runner())
    return claim


def _lost(world: World, batch: Batch, runner: int) -> Claim:
    (claim,) = world.claim(runner)
    world.store.take_over(runner, world.runner())
    return claim


def _done(world: World, batch: Batch, runner: int) -> Claim:
    (claim,) = world.claim(runner)
    world.develop(runner, [claim])
    return claim


def _failed(world: World, batch: Batch, runner: int) -> Claim:
    (claim,) = world.claim(runner)
    world.fail(runner, [claim])
    return claim


def _never(world: World, batch: Batch, runner: int) -> Claim:
    (claim,) = world.claim(runner)
    return dataclasses.replace(claim, position=99)


def _early(world: World, batch: Batch, runner: int) -> Claim:
    (claim,) = world.claim(runner)
    return dataclasses.replace(claim, attempt=claim.attempt + 1)


REPORTS: dict[str, Callable[[World, int, Claim], set[tuple[int, int]]]] = {
    "stage": lambda world, runner, claim: world.store.stage(runner, [staged_of(claim)]),
    "settle": lambda world, runner, claim: world.store.settle(runner, [Settled(staged_of(claim), MTIME)]),
    "fail": lambda world, runner, claim: world.store.end_attempts(runner, [failure_of(claim)]),
    "retry": lambda world, runner, claim: world.store.end_attempts(runner, [failure_of(claim, retry_at=1.0)]),
    "release": lambda world, runner, claim: world.store.release(runner, [claim], why="test"),
}


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("past", [_late, _foreign, _lost, _done, _failed, _never, _early])
def test_a_late_double_or_foreign_result_changes_nothing(
    world: World, past: Callable[[World, Batch, int], Claim], report: str
) -> None:
    batch = world.batch(1)
    runner = world.runner()
    claim = past(world, batch, runner)
    before = world.everything()
    assert REPORTS[report](world, runner, claim) == set()
    assert world.everything() == before


def test_nothing_settles_that_was_not_staged(world: World) -> None:
    world.batch(1)
    runner = world.runner()
    (claim,) = world.claim(runner)
    before = world.everything()
    assert world.store.settle(runner, [Settled(staged_of(claim), MTIME)]) == set()
    assert world.everything() == before


def test_the_same_result_twice_in_one_group_counts_once(world: World) -> None:
    batch = world.batch(2)
    runner = world.runner()
    staged = staged_of(world.claim(runner)[0])
    assert world.store.stage(runner, [staged, staged]) == {(batch.no, 0)}
    world.store.settle(runner, [Settled(staged, MTIME), Settled(staged, MTIME)])
    assert world.now(batch).processed == 1


def test_good_results_settle_beside_late_ones(world: World) -> None:
    batch = world.batch(3)
    runner = world.runner()
    claims = world.claim(runner)
    world.store.release(runner, claims[1:2], why="test")
    assert world.store.stage(runner, [staged_of(claim) for claim in claims]) == {(batch.no, 0), (batch.no, 2)}


# --- taking over --------------------------------------------------------------------------------------------


def test_what_a_lost_runner_had_in_hand_waits_again_and_costs_no_try(world: World) -> None:
    batch = world.batch(2)
    lost, heir = world.runner(), world.runner()
    world.claim(lost, limit=1)
    back, staged = world.store.take_over(lost, heir)
    assert (back, staged) == ([(batch.no, 0, 1)], [])
    item = world.item(batch)
    assert (item.status, item.tries, item.worker_deaths, item.runner_deaths) == ("pending", 0, 0, 1)
    assert [runner.no for runner in world.store.open_runners()] == [heir]
    assert world.store.events()[-1].type == "runner_lost"


def test_what_a_lost_runner_had_staged_is_the_heirs_to_settle(world: World) -> None:
    batch = world.batch(1)
    lost, heir = world.runner(), world.runner()
    staged = staged_of(world.claim(lost)[0])
    world.store.stage(lost, [staged])
    assert world.store.take_over(lost, heir) == ([], [staged])
    assert world.store.settle(lost, [Settled(staged, MTIME)]) == set()
    assert world.store.settle(heir, [Settled(staged, MTIME)]) == {(batch.no, 0)}
    assert world.now(batch).status == "completed"


def test_taking_over_twice_changes_nothing_more(world: World) -> None:
    world.batch(2)
    lost, heir = world.runner(), world.runner()
    world.claim(lost)
    world.store.take_over(lost, heir)
    before = world.everything()
    assert world.store.take_over(lost, world.runner()) == ([], [])
    assert world.everything()[1] == before[1]


def test_only_the_lost_runner_loses(world: World) -> None:
    batch = world.batch(2)
    lost, live = world.runner(), world.runner()
    world.claim(lost, limit=1)
    world.claim(live, limit=1)
    world.store.take_over(lost, live)
    assert world.statuses(batch) == ["pending", "running"]


def test_a_photo_in_hand_at_three_deaths_of_its_runner_is_next_developed_alone(world: World) -> None:
    world.batch(1)
    heir = world.runner()
    alone = []
    for _ in range(4):
        lost = world.runner()
        alone.append(world.claim(lost)[0].alone)
        world.store.take_over(lost, heir)
    assert alone == [False, False, False, True]


def test_a_lost_runner_does_not_resume_what_is_paused(world: World) -> None:
    batch = world.batch(1)
    lost = world.runner()
    world.claim(lost)
    world.pause(batch, PauseReason.INTERRUPTED)
    world.store.take_over(lost, world.runner())
    assert (world.now(batch).status, world.statuses(batch)) == ("paused", ["pending"])


# --- many at once -------------------------------------------------------------------------------------------


def test_threads_that_claim_at_once_claim_each_item_once(world: World) -> None:
    batch = world.batch(300)
    runners = [world.runner() for _ in range(4)]
    claimed: list[list[int]] = [[] for _ in runners]
    together = threading.Barrier(len(runners))

    def work(index: int) -> None:
        together.wait()
        while claims := world.claim(runners[index], limit=7):
            claimed[index] += [claim.position for claim in claims]
            world.develop(runners[index], claims)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(runners))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(position for one in claimed for position in one) == list(range(300))
    assert (world.now(batch).status, world.now(batch).processed) == ("completed", 300)
