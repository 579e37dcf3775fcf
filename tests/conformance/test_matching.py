"""Measuring, solving and developing with what was found, in every store."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable

import pytest

from conformance.measuring import KEY, a_match, everything, found_at, measure, measured_of, solve, solved
from conformance.world import World
from junmai.domain.matching import Adjustment, Found, Measured, Solution
from junmai.domain.model import Claim
from junmai.store import matching


@pytest.fixture(autouse=True)
def _without_faults(world: World) -> Iterable[None]:
    """After each test the counters equal the rows."""
    yield
    for batch in world.store.batches():
        assert world.store.match_faults(batch.no) == []


# --- measuring ----------------------------------------------------------------------------------------------


def test_a_batch_without_a_match_is_not_measured(world: World) -> None:
    batch = world.batch(1)
    assert world.now(batch).matching is None
    (claim,) = world.claim(world.runner())
    assert not claim.measuring
    assert world.store.measured_batches(None) == []


def test_no_item_is_claimed_for_developing_before_the_batch_is_solved(world: World) -> None:
    batch = a_match(world, 2)
    runner = world.runner()
    claims = world.claim(runner)
    assert [claim.measuring for claim in claims] == [True, True]
    assert world.claim(runner) == []
    measure(world, runner, claims)
    assert world.claim(runner) == []
    assert world.statuses(batch) == ["pending", "pending"]
    assert solve(world, batch)
    assert [(claim.position, claim.measuring) for claim in world.claim(runner)] == [(0, False), (1, False)]


def test_a_claim_to_measure_has_all_that_measuring_needs(world: World) -> None:
    batch = a_match(world, 1)
    (claim,) = world.claim(world.runner())
    assert (claim.batch_no, claim.position, claim.attempt, claim.measuring) == (batch.no, 0, 1, True)
    assert claim.photo == world.store.photo(claim.photo_id)
    assert world.now(batch).begun


def test_photos_to_measure_are_claimed_once_and_in_their_order(world: World) -> None:
    a_match(world, 5)
    first, second = world.runner(), world.runner()
    assert [claim.position for claim in world.claim(first, limit=2)] == [0, 1]
    assert [claim.position for claim in world.claim(second, limit=9)] == [2, 3, 4]
    assert world.claim(first) == []


def test_photos_that_were_given_back_are_measured_before_those_that_nobody_has_begun(world: World) -> None:
    a_match(world, 4)
    runner = world.runner()
    claims = world.claim(runner, limit=2)
    assert world.store.give_back_measures(runner, claims[1:], tried=True, died=False) == 1
    again = world.claim(runner, limit=2)
    assert [(claim.position, claim.attempt, claim.tries) for claim in again] == [(1, 2, 1), (2, 1, 0)]


def test_a_worker_that_died_under_a_photo_is_counted(world: World) -> None:
    a_match(world, 1)
    runner = world.runner()
    world.store.give_back_measures(runner, world.claim(runner), tried=False, died=True)
    (claim,) = world.claim(runner)
    assert (claim.tries, claim.worker_deaths) == (0, 1)


def test_many_threads_measure_every_photo_once(world: World) -> None:
    batch = a_match(world, 60)
    taken: list[int] = []

    def work(runner: int) -> None:
        while claims := world.claim(runner, limit=3):
            taken.extend(claim.position for claim in claims)
            assert measure(world, runner, claims) == len(claims)

    threads = [threading.Thread(target=work, args=(world.runner(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(60))
    assert world.now(batch).measured == 60
    assert world.store.measured_batches(None) == [batch.no]


def test_measures_are_read_by_position_with_the_session_of_each_photo(world: World) -> None:
    batch = a_match(world, 3)
    runner = world.runner()
    claims = world.claim(runner)
    failed = Measured(batch.no, 1, 1, why="The file is damaged.")
    world.store.end_measures(runner, [measured_of(claims[2]), measured_of(claims[0]), failed])
    seen = list(world.store.seen(batch.no))
    assert [one.position for one in seen] == [0, 1, 2]
    assert [one.photo_id for one in seen] == [claim.photo_id for claim in claims]
    assert seen[0].measure == b"measure of %d" % claims[0].photo_id
    assert seen[1].measure == "The file is damaged."
    assert world.now(batch).measured == 3


LATE: dict[str, Callable[[Claim], Measured]] = {
    "double": lambda claim: measured_of(claim, measure=b"other"),
    "of an earlier attempt": lambda claim: Measured(claim.batch_no, claim.position, claim.attempt - 1, why="late"),
    "of no photo": lambda claim: Measured(claim.batch_no, 99, 1, why="foreign"),
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
def test_a_late_or_double_measure_changes_nothing(world: World, late: Callable[[Claim], Measured]) -> None:
    batch = a_match(world, 2)
    runner = world.runner()
    claims = world.claim(runner)
    measure(world, runner, claims[:1])
    before = everything(world, batch)
    assert world.store.end_measures(runner, [late(claims[0])]) == 0
    assert world.store.give_back_measures(runner, claims[:1], tried=True, died=True) == 0
    assert everything(world, batch) == before


def test_a_measure_of_another_runner_changes_nothing(world: World) -> None:
    batch = a_match(world, 1)
    runner, foreign = world.runner(), world.runner()
    claims = world.claim(runner)
    before = everything(world, batch)
    assert measure(world, foreign, claims) == 0
    assert world.store.give_back_measures(foreign, claims, tried=True, died=False) == 0
    assert everything(world, batch) == before
    assert measure(world, runner, claims) == 1


def test_a_lost_runners_measures_wait_again(world: World) -> None:
    batch = a_match(world, 3)
    lost, runner = world.runner(), world.runner()
    claims = world.claim(lost, limit=2)
    measure(world, lost, claims[:1])
    world.store.take_over(lost, runner)
    assert [info.no for info in world.store.open_runners()] == [runner]
    assert measure(world, lost, claims[1:]) == 0
    assert [(claim.position, claim.attempt) for claim in world.claim(runner)] == [(1, 2), (2, 1)]
    assert world.now(batch).measured == 1


def test_a_runner_that_still_measures_something_cannot_say_goodbye(world: World) -> None:
    a_match(world, 1)
    runner = world.runner()
    claims = world.claim(runner)
    assert not world.store.end_runner(runner)
    world.store.give_back_measures(runner, claims, tried=False, died=False)
    assert world.store.end_runner(runner)


def test_a_pause_stops_claims_to_measure_and_what_was_measured_meanwhile_counts(world: World) -> None:
    batch = a_match(world, 3)
    runner = world.runner()
    claims = world.claim(runner, limit=2)
    world.store.give_back_measures(runner, claims[:1], tried=False, died=False)
    world.pause(batch)
    assert world.claim(runner) == []
    assert measure(world, runner, claims[1:]) == 1
    world.resume(batch)
    assert [claim.position for claim in world.claim(runner)] == [0, 2]


def test_no_photo_of_a_cancelled_batch_is_measured(world: World) -> None:
    batch = a_match(world, 2)
    runner = world.runner()
    claims = world.claim(runner, limit=1)
    world.cancel(batch)
    assert world.claim(runner) == []
    measure(world, runner, claims)
    world.follow()
    assert world.store.measured_batches(None) == []
    assert not world.store.end_solving(batch.no, {})


# --- known measures -----------------------------------------------------------------------------------------


def test_a_known_measure_is_copied_from_another_batch(world: World) -> None:
    runner, ids = world.runner(), world.photos(2)
    solved(world, runner, photo_ids=ids)
    newest = solved(world, runner, photo_ids=ids, folder="/second")
    assert world.store.known_measures(ids) == {ids[0]: (newest.no, 0, KEY), ids[1]: (newest.no, 1, KEY)}
    batch = a_match(world, photo_ids=ids[1:], folder="/third")
    (claim,) = world.claim(runner, scope=batch.no)
    known = measured_of(claim, measure=None, known=(newest.no, 1))
    assert world.store.end_measures(runner, [known]) == 1
    (seen,) = world.store.seen(batch.no)
    assert seen.measure == b"measure of %d" % ids[1]


@pytest.mark.parametrize("key", [KEY, "another key"])
def test_a_photo_whose_known_measure_is_gone_or_another_is_measured_again(world: World, key: str) -> None:
    batch = a_match(world, 1)
    runner = world.runner()
    (claim,) = world.claim(runner)
    place = (batch.no + 1, 0)
    if key != KEY:
        other = solved(world, runner, photo_ids=[claim.photo_id], folder="/other")
        place = (other.no, 0)
    known = measured_of(claim, key=key, measure=None, known=place)
    assert world.store.end_measures(runner, [known]) == 0
    (again,) = world.claim(runner, scope=batch.no)
    assert (again.position, again.attempt, again.tries) == (0, 2, 0)
    assert world.now(batch).measured == 0


def test_a_photo_that_could_not_be_measured_has_no_known_measure(world: World) -> None:
    a_match(world, 1)
    runner = world.runner()
    (claim,) = world.claim(runner)
    world.store.end_measures(runner, [Measured(claim.batch_no, 0, 1, why="The file is damaged.")])
    assert world.store.known_measures([claim.photo_id, 12345]) == {}


# --- solving ------------------------------------------------------------------------------------------------


def test_a_batch_is_to_be_solved_once_every_photo_is_measured(world: World) -> None:
    batch, other = a_match(world, 3), a_match(world, 1, folder="/other")
    runner = world.runner()
    claims = world.claim(runner, limit=2, scope=batch.no)
    measure(world, runner, claims)
    assert world.store.measured_batches(batch.no) == []
    last = world.claim(runner, scope=batch.no)
    assert world.store.measured_batches(batch.no) == []
    measure(world, runner, last)
    assert world.store.measured_batches(batch.no) == world.store.measured_batches(None) == [batch.no]
    assert world.store.measured_batches(other.no) == []
    world.pause(batch)
    assert world.store.measured_batches(None) == []


@pytest.mark.parametrize("done", [0, 1, 2])
def test_a_batch_is_not_solved_before_every_photo_is_measured(world: World, done: int) -> None:
    batch = a_match(world, 3)
    runner = world.runner()
    measure(world, runner, world.claim(runner, limit=done) if done else [])
    assert not solve(world, batch)
    assert world.now(batch).matching == "measuring"
    assert "batch_matched" not in world.event_types(batch)


def test_a_batch_is_not_solved_before_every_photo_has_a_solution(world: World) -> None:
    batch = a_match(world, 2)
    runner = world.runner()
    measure(world, runner, world.claim(runner))
    world.store.keep_solutions(batch.no, [found_at(1)])
    assert not world.store.end_solving(batch.no, {})
    world.store.keep_solutions(batch.no, [found_at(0)])
    assert world.store.solution(batch.no, 0) is None
    assert world.store.end_solving(batch.no, {})
    assert world.store.solution(batch.no, 0) == found_at(0).solution


def test_the_end_of_solving_is_told_once_and_what_was_found_stays(world: World) -> None:
    runner = world.runner()
    batch = solved(world, runner, 2)
    before = everything(world, batch)
    world.store.keep_solutions(batch.no, [Found(0, Solution()), Found(1, Solution())])
    assert not world.store.end_solving(batch.no, {"scenes": 9})
    assert world.store.skip_matched(batch.no, [0, 1]) == 0
    assert everything(world, batch) == before
    (event,) = [one for one in world.store.events(no=batch.no) if one.type == "batch_matched"]
    assert event.data == {"scenes": 1}
    assert world.store.solution(batch.no, 1) == found_at(1).solution


def test_what_was_found_is_shown_by_position(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "CHUNK", 2)
    monkeypatch.setattr(matching, "PAGE", 2)
    batch = solved(world, world.runner(), 5)
    shown = list(world.store.solutions(batch.no))
    assert [one.found for one in shown] == [found_at(position) for position in range(5)]
    assert {one.adjustment for one in shown} == {Adjustment()}
    first = world.store.items(batch.no)[0]
    assert (shown[0].photo_id, shown[0].output_name, shown[0].status) == (first.photo_id, first.output_name, "pending")
    assert shown[0].path == "/photos/IMG_1.jpg"


def test_items_that_are_right_already_are_skipped_and_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "CHUNK", 2)
    batch = a_match(world, 4)
    runner = world.runner()
    measure(world, runner, world.claim(runner))
    world.store.keep_solutions(batch.no, [found_at(position) for position in range(4)])
    assert world.store.skip_matched(batch.no, [0, 1, 3]) == 3
    assert world.store.skip_matched(batch.no, [0, 1, 3]) == 0
    assert world.store.end_solving(batch.no, {})
    assert world.now(batch).skipped == 3
    assert Counter(world.event_types(batch))["item_skipped"] == 3
    assert [claim.position for claim in world.claim(runner)] == [2]


def test_a_batch_with_nothing_left_ends_when_it_is_solved(world: World) -> None:
    batch = a_match(world, 2)
    runner = world.runner()
    measure(world, runner, world.claim(runner))
    world.store.keep_solutions(batch.no, [found_at(0), found_at(1)])
    world.store.skip_matched(batch.no, [0, 1])
    assert world.now(batch).status == "running"
    assert world.store.end_solving(batch.no, {})
    assert (world.now(batch).status, world.now(batch).skipped) == ("completed", 2)


def test_a_solved_batch_is_developed_to_its_end(world: World) -> None:
    runner = world.runner()
    batch = solved(world, runner)
    world.develop(runner, world.claim(runner))
    assert (world.now(batch).status, world.now(batch).processed) == ("completed", 3)
