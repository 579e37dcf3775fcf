"""Making, pausing, resuming, cancelling and re-opening batches, in every store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.world import World, a_batch, failure_of
from helpers import FakeClock
from junmai import errors
from junmai.domain.lifecycle import PauseReason
from junmai.domain.model import NewItem
from junmai.store.base import Store
from junmai.store.batches import CANCEL_CHUNK, ITEM_CHUNK

# --- making -------------------------------------------------------------------------------------------------


def test_a_new_batch_runs_and_has_all_its_items(world: World, fake_clock: FakeClock) -> None:
    ids = world.photos(3)
    batch = world.batch(photo_ids=ids, priority=7, session_id=4, request_key="key", overwrite=True)
    assert (batch.status, batch.total, batch.remaining, batch.begun) == ("running", 3, 3, False)
    assert (batch.priority, batch.session_id, batch.request_key, batch.overwrite) == (7, 4, "key", True)
    assert (batch.created_at, batch.started_at, batch.completed_at) == (fake_clock.now(), fake_clock.now(), None)
    assert [(item.position, item.photo_id, item.status) for item in world.store.items(batch.no)] == [
        (0, ids[0], "pending"),
        (1, ids[1], "pending"),
        (2, ids[2], "pending"),
    ]
    assert world.event_types(batch) == ["batch_started"]


def test_a_batch_is_frozen_as_it_was_planned(world: World) -> None:
    batch = world.batch(config={"preset": "été", "settings": {"a": 1.5}})
    assert batch.config == {"preset": "été", "settings": {"a": 1.5}}
    assert (batch.recipe, batch.folder, batch.preset) == (a_batch().recipe, "/out", "default@1")
    assert world.store.batch_no(batch.no) == batch


def test_what_is_done_already_is_skipped(world: World) -> None:
    batch = world.batch(3, done=2)
    assert (batch.status, batch.skipped, batch.remaining) == ("running", 2, 1)
    assert world.statuses(batch) == ["skipped", "skipped", "pending"]
    assert world.event_types(batch).count("item_skipped") == 2


def test_a_batch_with_nothing_to_do_is_completed_at_once(world: World) -> None:
    batch = world.batch(2, done=2)
    assert batch.status == "completed"
    assert batch.completed_at is not None
    assert world.event_types(batch)[-1] == "batch_completed"


def test_a_batch_larger_than_one_chunk_is_whole(world: World) -> None:
    batch = world.batch(ITEM_CHUNK * 2 + 1, done=3)
    assert (batch.total, batch.skipped) == (ITEM_CHUNK * 2 + 1, 3)
    assert world.store.item_counts(batch.no) == {"skipped": 3, "pending": ITEM_CHUNK * 2 - 2}


def test_an_unknown_batch_is_named(store: Store) -> None:
    with pytest.raises(errors.UnknownBatch, match="batch_none"):
        store.batch("batch_none")
    with pytest.raises(errors.UnknownBatch):
        store.batch_no(1)
    commands: tuple[Callable[[], object], ...] = (
        lambda: store.pause("batch_none", reason=PauseReason.USER, by="test"),
        lambda: store.resume("batch_none", by="test"),
        lambda: store.cancel("batch_none", by="test"),
        lambda: store.set_priority("batch_none", 5, by="test"),
        lambda: store.retry_failed("batch_none", by="test"),
    )
    for command in commands:
        with pytest.raises(errors.UnknownBatch):
            command()


def test_an_id_is_used_once(world: World) -> None:
    batch = world.batch(1)
    with pytest.raises(errors.BatchIdTaken):
        world.store.create_batch(a_batch(1), world.folder(), [], writer_no=None)
    assert world.store.batches() == [batch]


def test_a_photo_stands_once_in_a_batch(world: World) -> None:
    (photo_id,) = world.photos(1)
    items = [NewItem(photo_id, "a.jpg"), NewItem(photo_id, "a.jpg")]
    with pytest.raises(errors.StoreError):
        world.store.create_batch(a_batch(), world.folder(), items, writer_no=None)
    assert _nothing_is_left(world)


# --- names that are taken -----------------------------------------------------------------------------------


def _nothing_is_left(world: World, *, batches: int = 0, outputs: int = 0) -> bool:
    return (
        len(world.store.batches()) == batches
        and world.store.unsealed() == []
        and len(world.store.outputs_of(world.folder())) == outputs
        and {event.batch_no for event in world.store.events() if event.batch_no}
        == {batch.no for batch in world.store.batches()}
    )


def test_a_second_unfinished_batch_on_the_same_photos_is_refused_with_the_first_ones_id(world: World) -> None:
    first = world.batch(3)
    ids = [item.photo_id for item in world.store.items(first.no)]
    with pytest.raises(errors.OutputsTaken, match=f"{first.id} already writes {ids[0]}.jpg and 1 more"):
        world.batch(photo_ids=[*world.photos(2), *ids[:2]], done=1)
    assert _nothing_is_left(world, batches=1, outputs=3)


def test_what_was_written_before_the_refusal_is_taken_back(world: World) -> None:
    first = world.batch(1)
    (taken,) = [item.photo_id for item in world.store.items(first.no)]
    with pytest.raises(errors.OutputsTaken):
        world.batch(photo_ids=[*world.photos(ITEM_CHUNK + 5), taken])
    assert _nothing_is_left(world, batches=1, outputs=1)


@pytest.mark.parametrize("state", ["paused", "cancelled with a photo in hand"])
def test_a_batch_holds_its_names_until_its_last_photo_ended(world: World, state: str) -> None:
    first = world.batch(2)
    ids = [item.photo_id for item in world.store.items(first.no)]
    runner = world.runner()
    claims = world.claim(runner, limit=1)
    world.pause(first) if state == "paused" else world.cancel(first)
    with pytest.raises(errors.OutputsTaken):
        world.batch(photo_ids=ids)
    world.develop(runner, claims)
    if state != "paused":
        assert world.batch(photo_ids=ids).status == "running"


def test_another_folder_is_free(world: World) -> None:
    first = world.batch(2)
    ids = [item.photo_id for item in world.store.items(first.no)]
    assert world.batch(photo_ids=ids, folder="/other").status == "running"


def test_an_ended_batch_holds_no_names(world: World) -> None:
    first = world.batch(2)
    runner = world.runner()
    claims = world.claim(runner)
    world.develop(runner, claims[:1])
    world.fail(runner, claims[1:])
    assert world.batch(photo_ids=[claim.photo_id for claim in claims]).status == "running"
    assert world.now(first).status == "completed"


def test_names_of_a_failed_photo_survive_a_later_batch_that_was_refused(world: World) -> None:
    """The later batch planned the name too; taking it back must not take the name from the first one."""
    first = world.batch(1)
    runner = world.runner()
    claims = world.claim(runner)
    world.fail(runner, claims)
    holder = world.batch(1)
    (held,) = [item.photo_id for item in world.store.items(holder.no)]
    with pytest.raises(errors.OutputsTaken):
        world.batch(photo_ids=[claims[0].photo_id, *world.photos(ITEM_CHUNK), held])
    assert world.store.retry_failed(first.id, by="test") == 1
    world.develop(runner, world.claim(runner))
    known = world.store.output_at("/out", claims[0].output_name)
    assert known is not None
    assert known["sha256"] is not None


# --- batches that were never sealed -------------------------------------------------------------------------


def _unsealed(world: World, writer: int | None = None) -> int:
    """A batch whose writer died in the middle: as `create_batch` leaves it between two chunks."""
    store = world.store
    ids = world.photos(3)
    folder = world.folder()
    with store.write() as transaction:
        facts = {
            "id": "batch_ffffffffffff",
            "session_id": None,
            "preset": "p",
            "priority": 5,
            "config": "{}",
            "recipe": '{"settings": {}, "output": {}}',
            "folder_id": folder,
            "overwrite": 0,
            "request_key": "unsealed",
        }
        row = transaction.row("add_batch", now=0.0, writer_no=writer, **facts)
    assert row is not None
    items = [NewItem(photo_id, f"{photo_id}.jpg", done=index == 0) for index, photo_id in enumerate(ids)]
    store._write_items(row["no"], a_batch(99), folder, 0, items)
    return int(row["no"])


def test_an_unsealed_batch_is_neither_shown_nor_claimed_from(world: World) -> None:
    no = _unsealed(world, writer=3)
    assert world.store.batches() == []
    assert world.store.unfinished_by_request("unsealed") is None
    assert world.claim(world.runner()) == []
    assert [(row["no"], row["writer_no"]) for row in world.store.unsealed()] == [(no, 3)]
    assert (world.store.batch_no(no).total, world.store.batch_no(no).skipped) == (3, 1)


def test_an_unsealed_batch_is_removed_wholly(world: World) -> None:
    no = _unsealed(world)
    assert world.store.discard_unsealed(no)
    assert _nothing_is_left(world)
    assert not world.store.discard_unsealed(no)


def test_a_batch_that_was_sealed_meanwhile_is_not_removed(world: World) -> None:
    batch = world.batch(2)
    before = world.everything()
    assert not world.store.discard_unsealed(batch.no)
    assert world.everything() == before


def test_a_batch_that_is_being_written_can_be_cancelled(world: World) -> None:
    no = _unsealed(world)
    world.store.cancel("batch_ffffffffffff", by="test")
    with pytest.raises(errors.WrongState):
        world.store._seal(no)
    assert not world.store.discard_unsealed(no)
    world.follow()
    assert world.store.item_counts(no) == {"skipped": 1, "cancelled": 2}


# --- showing ------------------------------------------------------------------------------------------------


def test_batches_are_shown_newest_first_and_in_pages(world: World) -> None:
    made = [world.batch(1) for _ in range(3)]
    world.pause(made[1])
    assert [batch.no for batch in world.store.batches()] == [made[2].no, made[1].no, made[0].no]
    assert [batch.no for batch in world.store.batches(before=made[2].no, limit=1)] == [made[1].no]
    assert [batch.no for batch in world.store.batches(status="paused")] == [made[1].no]


def test_items_are_shown_in_pages_and_by_state_and_kind(world: World) -> None:
    batch = world.batch(4)
    runner = world.runner()
    claims = world.claim(runner)
    world.develop(runner, claims[:1])
    world.fail(runner, claims[1:2])
    world.fail(runner, claims[2:3], error_kind="disk_full")

    def positions(**filters: object) -> list[int]:
        return [item.position for item in world.store.items(batch.no, **filters)]  # type: ignore[arg-type]

    assert positions(limit=2) == [0, 1]
    assert positions(after=1) == [2, 3]
    assert positions(status="failed") == [1, 2]
    assert positions(error_kind="disk_full") == [2]
    assert positions(status="running") == [3]


def test_the_same_command_finds_its_unfinished_batch(world: World) -> None:
    batch = world.batch(1, request_key="mine")
    world.batch(1, request_key="other")
    for state in (None, world.pause):
        if state:
            state(batch)
        found = world.store.unfinished_by_request("mine")
        assert found is not None
        assert found.id == batch.id
    world.cancel(batch)
    assert world.store.unfinished_by_request("mine") is None


def test_events_are_numbered_in_their_order(world: World) -> None:
    first, second = world.batch(1), world.batch(1)
    since = world.store.last_event()
    world.pause(first)
    world.cancel(second)
    events = world.store.events(after=since)
    assert [(event.type, event.batch_no) for event in events] == [
        ("batch_paused", first.no),
        ("batch_cancelled", second.no),
    ]
    assert events[1].id == world.store.last_event() > events[0].id > since
    assert [event.id for event in world.store.events(after=since, no=second.no)] == [events[1].id]
    assert len(world.store.events(limit=1)) == 1


def test_the_latest_ends_come_in_rising_order(world: World, fake_clock: FakeClock) -> None:
    batch = world.batch(3)
    runner = world.runner()
    for claim in world.claim(runner):
        fake_clock.turn(10)
        world.develop(runner, [claim])
    assert world.store.latest_ends(batch.no, 2) == [fake_clock.now() - 10, fake_clock.now()]


# --- pause and resume ---------------------------------------------------------------------------------------


def test_a_pause_has_an_owner_and_a_reason(world: World, fake_clock: FakeClock) -> None:
    batch = world.batch(1)
    paused = world.store.pause(batch.id, reason=PauseReason.DISK_LOW, by="junmai", detail="/out")
    assert (paused.status, paused.pause_reason, paused.pause_by) == ("paused", "disk_low", "junmai")
    assert (paused.pause_detail, paused.paused_at) == ("/out", fake_clock.now())
    (event,) = [one for one in world.store.events(no=batch.no) if one.type == "batch_paused"]
    assert event.data == {"reason": "disk_low", "by": "junmai", "detail": "/out"}


def test_a_resume_forgets_the_pause(world: World) -> None:
    batch = world.batch(1)
    world.pause(batch)
    resumed = world.resume(batch)
    assert (resumed.status, resumed.pause_reason, resumed.pause_by, resumed.paused_at) == ("running", None, None, None)
    assert world.event_types(batch)[-2:] == ["batch_paused", "batch_resumed"]


def test_a_users_pause_takes_over_one_of_junmais_own(world: World) -> None:
    batch = world.batch(1)
    world.pause(batch, PauseReason.DISK_LOW)
    assert world.pause(batch).pause_reason == "user"
    with pytest.raises(errors.WrongState, match="paused"):
        world.store.resume(batch.id, by="junmai", only_reason=PauseReason.DISK_LOW)
    assert world.now(batch).status == "paused"


def test_junmais_pause_does_not_take_over_the_users(world: World) -> None:
    batch = world.batch(1)
    world.pause(batch)
    with pytest.raises(errors.WrongState):
        world.pause(batch, PauseReason.FAILURES)
    assert world.now(batch).pause_reason == "user"


def test_junmai_lifts_only_the_pause_that_it_means(world: World) -> None:
    batch = world.batch(1)
    world.pause(batch, PauseReason.DISK_LOW)
    with pytest.raises(errors.WrongState):
        world.store.resume(batch.id, by="junmai", only_reason=PauseReason.SOURCE_MISSING)
    assert world.store.resume(batch.id, by="junmai", only_reason=PauseReason.DISK_LOW).status == "running"


def test_a_paused_batch_with_nothing_left_stays_paused_and_ends_with_the_resume(world: World) -> None:
    batch = world.batch(2)
    runner = world.runner()
    claims = world.claim(runner)
    world.pause(batch)
    world.develop(runner, claims)
    assert (world.now(batch).status, world.now(batch).processed) == ("paused", 2)
    since = world.store.last_event()
    assert world.resume(batch).status == "completed"
    assert [event.type for event in world.store.events(after=since)] == ["batch_resumed", "batch_completed"]


@pytest.mark.parametrize("ended", ["completed", "failed", "cancelled"])
@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "set_priority"])
def test_an_ended_batch_takes_no_command(world: World, ended: str, verb: str) -> None:
    batch = world.batch(1)
    runner = world.runner()
    claims = world.claim(runner)
    ends: dict[str, Callable[[], object]] = {
        "completed": lambda: world.develop(runner, claims),
        "failed": lambda: world.fail(runner, claims),
        "cancelled": lambda: world.cancel(batch),
    }
    ends[ended]()
    assert world.now(batch).status == ended
    before = world.everything()
    commands: dict[str, Callable[[], object]] = {
        "pause": lambda: world.pause(batch),
        "resume": lambda: world.resume(batch),
        "cancel": lambda: world.cancel(batch),
        "set_priority": lambda: world.store.set_priority(batch.id, 9, by="test"),
    }
    with pytest.raises(errors.WrongState, match=ended):
        commands[verb]()
    assert world.everything() == before


def test_a_running_batch_is_not_resumed_and_a_paused_one_not_paused_again(world: World) -> None:
    batch = world.batch(1)
    with pytest.raises(errors.WrongState):
        world.resume(batch)
    world.pause(batch)
    with pytest.raises(errors.WrongState):
        world.pause(batch)


# --- cancel -------------------------------------------------------------------------------------------------


def test_a_cancelled_batch_reads_as_cancelled_at_once(world: World) -> None:
    batch = world.batch(3)
    cancelled = world.cancel(batch)
    assert (cancelled.status, cancelled.remaining, cancelled.cancel_reason) == ("cancelled", 0, "user")
    assert cancelled.completed_at is not None
    assert world.statuses(batch) == ["cancelled"] * 3
    assert [item.position for item in world.store.items(batch.no, status="cancelled")] == [0, 1, 2]
    assert world.store.items(batch.no, status="pending") == []
    assert world.event_types(batch) == ["batch_started", "batch_cancelled"]


def test_the_rows_of_a_cancelled_batch_follow_in_chunks(world: World) -> None:
    batch = world.batch(CANCEL_CHUNK + 10)
    world.cancel(batch)
    assert world.store.follow_cancelled()
    assert world.store.item_counts(batch.no) == {"cancelled": CANCEL_CHUNK, "pending": 10}
    world.follow()
    assert world.store.item_counts(batch.no) == {"cancelled": CANCEL_CHUNK + 10}
    assert not world.store.follow_cancelled()


def test_photos_in_hand_at_a_cancel_finish_and_settle(world: World) -> None:
    batch = world.batch(3)
    runner = world.runner()
    claims = world.claim(runner, limit=2)
    world.cancel(batch)
    world.follow()
    world.develop(runner, claims[:1])
    world.fail(runner, claims[1:])
    world.follow()
    now = world.now(batch)
    assert (now.status, now.processed, now.failed) == ("cancelled", 1, 1)
    assert world.statuses(batch) == ["processed", "failed", "cancelled"]


@pytest.mark.parametrize("how", ["released", "retried", "lost"])
def test_an_item_given_back_to_a_cancelled_batch_becomes_cancelled(world: World, how: str) -> None:
    batch = world.batch(1)
    runner = world.runner()
    claims = world.claim(runner)
    world.cancel(batch)
    world.follow()
    ways: dict[str, Callable[[], object]] = {
        "released": lambda: world.store.release(runner, claims, why="test"),
        "retried": lambda: world.store.end_attempts(runner, [failure_of(claims[0], retry_at=5e9)]),
        "lost": lambda: world.store.take_over(runner, world.runner()),
    }
    ways[how]()
    assert world.statuses(batch) == ["cancelled"]
    assert world.claim(runner) == []
    world.follow()
    assert world.store.item_counts(batch.no) == {"cancelled": 1}


def test_a_paused_batch_can_be_cancelled(world: World) -> None:
    batch = world.batch(1)
    world.pause(batch)
    assert (world.cancel(batch).status, world.now(batch).pause_reason) == ("cancelled", None)


# --- priority -----------------------------------------------------------------------------------------------


def test_the_priority_is_kept_and_told(world: World) -> None:
    batch = world.batch(1)
    assert world.store.set_priority(batch.id, 10, by="test").priority == 10
    assert world.store.events(no=batch.no)[-1].data == {"priority": 10, "by": "test"}


@pytest.mark.parametrize("priority", [0, 11, -1])
def test_a_priority_out_of_range_is_refused(world: World, priority: int) -> None:
    batch = world.batch(1)
    with pytest.raises(errors.BadInput, match="1 to 10"):
        world.store.set_priority(batch.id, priority, by="test")
    assert world.now(batch).priority == 5


# --- how a batch ends, and retry-failed ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("good", "bad", "done", "status"),
    [(2, 0, 0, "completed"), (1, 1, 0, "completed"), (0, 2, 0, "failed"), (0, 1, 1, "completed")],
)
def test_a_batch_ends_with_its_last_item(world: World, good: int, bad: int, done: int, status: str) -> None:
    batch = world.batch(good + bad + done, done=done)
    runner = world.runner()
    claims = world.claim(runner)
    world.develop(runner, claims[:good])
    assert world.now(batch).status == ("running" if bad else status)
    world.fail(runner, claims[good:])
    ended = world.now(batch)
    assert (ended.status, ended.processed, ended.failed, ended.skipped) == (status, good, bad, done)
    assert ended.completed_at is not None
    assert world.event_types(batch)[-1] == f"batch_{status}"
    assert world.event_types(batch).count(f"batch_{status}") == 1


def test_retry_failed_opens_a_generation_with_new_final_events(world: World) -> None:
    batch = world.batch(2)
    runner = world.runner()
    claims = world.claim(runner)
    world.develop(runner, claims[:1])
    world.fail(runner, claims[1:], worker_died=True)
    assert world.store.retry_failed(batch.id, by="test") == 1
    again = world.now(batch)
    assert (again.status, again.failed, again.generation, again.completed_at) == ("running", 0, 1, None)
    item = world.item(batch, 1)
    assert (item.status, item.tries, item.worker_deaths, item.error_kind) == ("pending", 0, 0, None)
    assert (item.generation, item.attempt) == (1, 1)
    (claim,) = world.claim(runner)
    assert (claim.attempt, claim.generation) == (2, 1)
    world.fail(runner, [claim])
    assert world.now(batch).status == "completed"
    finals = [event.type for event in world.store.events(no=batch.no) if event.photo_id == claim.photo_id]
    assert finals == ["item_failed", "item_failed"]


def test_retry_failed_takes_one_kind_only_where_asked(world: World) -> None:
    batch = world.batch(3)
    runner = world.runner()
    claims = world.claim(runner)
    world.fail(runner, claims[:1], error_kind="disk_full")
    world.fail(runner, claims[1:])
    assert world.now(batch).status == "failed"
    assert world.store.retry_failed(batch.id, by="test", error_kind="disk_full") == 1
    assert world.statuses(batch) == ["pending", "failed", "failed"]
    assert world.now(batch).failed == 2


def test_retry_failed_with_nothing_to_retry_changes_nothing(world: World) -> None:
    world.batch(1)
    runner = world.runner()
    world.develop(runner, world.claim(runner))
    batch = world.store.batches()[0]
    before = world.everything()
    assert world.store.retry_failed(batch.id, by="test") == 0
    assert world.everything() == before


@pytest.mark.parametrize("state", ["running", "paused", "cancelled"])
def test_retry_failed_is_for_completed_and_failed_batches_only(world: World, state: str) -> None:
    batch = world.batch(2)
    runner = world.runner()
    world.fail(runner, world.claim(runner, limit=1))
    if state != "running":
        {"paused": world.pause, "cancelled": world.cancel}[state](batch)
    with pytest.raises(errors.WrongState, match=state):
        world.store.retry_failed(batch.id, by="test")


def test_retry_failed_is_refused_while_another_batch_writes_those_names(world: World) -> None:
    first = world.batch(1)
    runner = world.runner()
    claims = world.claim(runner)
    world.fail(runner, claims)
    second = world.batch(photo_ids=[claims[0].photo_id])
    with pytest.raises(errors.OutputsTaken, match=second.id):
        world.store.retry_failed(first.id, by="test")
    assert world.now(first).status == "failed"


def test_a_reopened_batch_holds_its_names_again(world: World) -> None:
    first = world.batch(1)
    runner = world.runner()
    claims = world.claim(runner)
    world.fail(runner, claims)
    second = world.batch(photo_ids=[claims[0].photo_id])
    world.fail(runner, world.claim(runner))
    assert world.now(second).status == "failed"
    world.store.retry_failed(first.id, by="test")
    with pytest.raises(errors.OutputsTaken, match=first.id):
        world.batch(photo_ids=[claims[0].photo_id])
    with pytest.raises(errors.OutputsTaken, match=first.id):
        world.store.retry_failed(second.id, by="test")


# --- what watchers ask --------------------------------------------------------------------------------------


def test_changed_batches_are_told_with_whether_their_state_changed(world: World) -> None:
    first, second, _ = world.batch(2), world.batch(2), world.batch(1)
    runner = world.runner(scope=second.no)
    before = world.store.last_event()
    world.pause(first)
    world.develop(runner, world.claim(runner, 1, scope=second.no))
    newest = world.store.last_event()
    assert world.store.changed_batches(before, newest) == [(first.no, True), (second.no, False)]
    assert world.store.changed_batches(newest, newest) == []
