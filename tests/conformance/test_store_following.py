"""What touches many rows follows in chunks: nobody waits for it, and wherever it stops it can go on."""

from __future__ import annotations

import pytest

from conformance.world import World
from helpers import FakeClock
from junmai import errors
from junmai.domain.model import Batch
from junmai.store import outside, reopening
from junmai.store.base import Store
from junmai.store.outside import Removal

CHUNK = 3


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reopening, "REOPEN_CHUNK", CHUNK)
    monkeypatch.setattr(outside, "REMOVE_CHUNK", CHUNK)


def failed_batch(world: World, count: int = 8, **changes: object) -> tuple[Batch, int]:
    """A batch whose every photo failed, and the runner that saw it."""
    batch = world.batch(count, **changes)  # type: ignore[arg-type]
    runner = world.runner()
    world.fail(runner, world.claim(runner, scope=batch.no))
    return world.now(batch), runner


def retry_that_stops(world: World, batch: Batch, monkeypatch: pytest.MonkeyPatch, kind: str | None = None) -> None:
    """Retry-failed whose process dies after its first chunk."""
    with monkeypatch.context() as context:

        def die(no: int) -> bool:
            raise KeyboardInterrupt

        context.setattr(world.store, "follow_reopened", die)
        with pytest.raises(KeyboardInterrupt):
            world.store.retry_failed(batch.id, by="test", error_kind=kind)


def follow(store: Store) -> None:
    while store.follow_reopened():
        pass


# --- retry-failed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK - 1])
def test_every_failed_photo_is_open_when_retry_failed_answers(world: World, count: int) -> None:
    batch, runner = failed_batch(world, count)
    assert world.store.retry_failed(batch.id, by="test") == count
    now = world.now(batch)
    assert (now.status, now.failed, now.generation, now.completed_at) == ("running", 0, 1, None)
    assert world.statuses(batch) == ["pending"] * count
    assert not world.store.rows_are_behind()
    world.develop(runner, world.claim(runner))
    assert world.now(batch).status == "completed"


def test_no_transaction_re_opens_more_rows_than_a_chunk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, _ = failed_batch(world, 8)
    retry_that_stops(world, batch, monkeypatch)
    counted = [world.now(batch).failed]
    while world.store.follow_reopened():
        counted.append(world.now(batch).failed)
    assert [*counted, world.now(batch).failed] == [5, 2, 0]


def test_after_a_crash_between_two_chunks_counters_are_right_and_the_rest_follows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, _ = failed_batch(world, 8)
    retry_that_stops(world, batch, monkeypatch)
    world.check()
    assert (world.now(batch).status, world.now(batch).failed) == ("running", 8 - CHUNK)
    assert world.store.rows_are_behind()
    follow(world.store)
    assert (world.now(batch).failed, world.statuses(batch)) == (0, ["pending"] * 8)
    assert {item.generation for item in world.store.items(batch.no)} == {1}
    assert world.event_types(batch)[-2:] == ["batch_retried", "batch_reopened"]


def test_a_batch_does_not_end_while_failed_photos_wait_to_be_re_opened(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, runner = failed_batch(world, 8)
    retry_that_stops(world, batch, monkeypatch)
    world.develop(runner, world.claim(runner))
    assert (world.now(batch).status, world.now(batch).processed) == ("running", CHUNK)
    follow(world.store)
    world.develop(runner, world.claim(runner))
    assert (world.now(batch).status, world.now(batch).processed) == ("completed", 8)
    assert world.event_types(batch).count("batch_completed") == 1


def test_the_last_chunk_ends_a_batch_with_nothing_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, runner = failed_batch(world, CHUNK)
    retry_that_stops(world, batch, monkeypatch)
    world.develop(runner, world.claim(runner))
    assert world.now(batch).status == "running"
    follow(world.store)
    assert world.now(batch).status == "completed"


def test_what_fails_anew_between_two_chunks_is_not_re_opened_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, runner = failed_batch(world, 8)
    retry_that_stops(world, batch, monkeypatch)
    world.fail(runner, world.claim(runner))
    follow(world.store)
    assert (world.now(batch).failed, world.statuses(batch).count("pending")) == (CHUNK, 8 - CHUNK)


def test_one_kind_is_re_opened_to_its_end_and_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, runner = world.batch(12), world.runner()
    claims = world.claim(runner)
    for kind, part in (("a_kind", claims[:3]), ("disk_full", claims[3:10]), ("z_kind", claims[10:])):
        world.fail(runner, part, error_kind=kind)
    retry_that_stops(world, batch, monkeypatch, "disk_full")
    follow(world.store)
    assert world.statuses(batch) == ["failed"] * 3 + ["pending"] * 7 + ["failed"] * 2
    assert world.now(batch).failed == 5


def test_a_paused_batch_is_re_opened_to_its_end_and_stays_paused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, runner = failed_batch(world, 8)
    retry_that_stops(world, batch, monkeypatch)
    world.pause(batch)
    follow(world.store)
    assert (world.now(batch).status, world.now(batch).failed) == ("paused", 0)
    assert world.claim(runner) == []


def test_what_a_cancel_finds_failed_stays_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, _ = failed_batch(world, 8)
    retry_that_stops(world, batch, monkeypatch)
    world.cancel(batch)
    follow(world.store)
    world.follow()
    assert (world.now(batch).status, world.now(batch).failed) == ("cancelled", 8 - CHUNK)
    assert sorted(world.statuses(batch)) == ["cancelled"] * CHUNK + ["failed"] * (8 - CHUNK)


def test_a_merge_takes_every_photo_over_as_re_opened(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, _ = failed_batch(world, 8)
    other = world.batch(1, folder="/out/other")
    retry_that_stops(world, batch, monkeypatch)
    merged = world.store.merge([other.id, batch.id], by="test")
    assert (merged.total, merged.failed) == (9, 0)
    assert world.statuses(other) == ["pending"] * 9
    assert not world.store.follow_reopened()


def test_a_batch_that_came_while_the_names_were_looked_at_refuses_the_retry(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = failed_batch(world, 2)
    ids = [item.photo_id for item in world.store.items(first.no)]
    second: list[Batch] = []
    look = world.store._look_for_holders

    def look_and_be_late(batch_id: str, kind: str | None) -> object:
        seen = look(batch_id, kind)
        second.append(world.batch(photo_ids=ids))
        return seen

    monkeypatch.setattr(world.store, "_look_for_holders", look_and_be_late)
    with pytest.raises(errors.OutputsTaken, match=r"batch_000000000002"):
        world.store.retry_failed(first.id, by="test")
    assert world.now(first).status == "failed"


# --- forgetting ---------------------------------------------------------------------------------------------


def test_a_batch_goes_in_chunks_and_comes_back_at_none_of_them(world: World) -> None:
    batch, _ = failed_batch(world, 4)
    assert world.store.remove_chunk(batch.no) is Removal.MORE
    with pytest.raises(errors.WrongState):
        world.store.retry_failed(batch.id, by="test")
    steps = 1
    while world.store.remove_chunk(batch.no) is Removal.MORE:
        steps += 1
    assert steps >= 4
    assert world.store.find_batch(batch.no) is None
    assert world.store.forgotten_batch_ids([batch.id]) == {batch.id}


def test_a_batch_that_is_half_gone_is_found_again_by_whoever_cleans_up_next(
    world: World, fake_clock: FakeClock
) -> None:
    batch, _ = failed_batch(world, 4)
    assert world.store.remove_chunk(batch.no) is Removal.MORE
    (old,) = world.store.old_batches(fake_clock.now())
    assert world.store.remove_batch(old["no"])
    assert world.store.batches() == []


def test_a_running_batch_is_kept(world: World) -> None:
    batch = world.batch(1)
    assert world.store.remove_chunk(batch.no) is Removal.KEPT
    assert world.store.remove_chunk(999) is Removal.KEPT


# --- status -------------------------------------------------------------------------------------------------


def test_the_latest_ends_are_found_among_many_other_events(world: World, fake_clock: FakeClock) -> None:
    batch, runner = world.batch(6, done=2), world.runner()
    for claim in world.claim(runner):
        fake_clock.turn(1.0)
        world.develop(runner, [claim])
    ends = world.store.latest_ends(batch.no, 3)
    assert len(ends) == 3
    assert ends == sorted(ends)
    assert ends[-1] == fake_clock.now()
