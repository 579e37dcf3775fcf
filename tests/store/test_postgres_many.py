"""Many at once over PostgreSQL: pauses hold, events are told once and in order, and who lives is known everywhere."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from conformance.measuring import a_match, measure
from conformance.world import MTIME, World, staged_of
from junmai import errors
from junmai.config import Settings
from junmai.control.presence import Presence
from junmai.control.recovery import is_alive, live_runners, take_over_from_dead
from junmai.domain.model import Settled
from junmai.store.engine import Transaction
from postgres import Server
from running import wait_until

pytest.importorskip("psycopg", reason="psycopg is not installed: `pip install 'junmai[cluster]'`")

from junmai.store.postgres import PostgresStore

RUNNERS = 6


@pytest.fixture
def world(postgres_url: str) -> Iterator[World]:
    made = World(PostgresStore(postgres_url))
    yield made
    made.check()
    made.store.close()


def _work(store: PostgresStore, runner: int, stop: threading.Event) -> None:
    while not stop.is_set():
        staged = [staged_of(claim) for claim in store.claim(runner, scope=None, limit=1)]
        store.stage(runner, staged)
        store.settle(runner, [Settled(one, MTIME) for one in staged])


@contextlib.contextmanager
def _at_work(world: World) -> Iterator[None]:
    """Runners that claim and settle, each in a thread of its own, as long as the block lasts."""
    stop = threading.Event()
    assert isinstance(world.store, PostgresStore)
    threads = [
        threading.Thread(target=_work, args=(world.store, world.runner(), stop), name=f"runner-{number}")
        for number in range(RUNNERS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


# --- commands among claims ----------------------------------------------------------------------------------


def test_no_claim_follows_any_of_many_pauses(world: World) -> None:
    batch = world.batch(4_000)
    with _at_work(world):
        for _ in range(40):
            time.sleep(0.01)
            world.pause(batch)
            time.sleep(0.005)
            world.resume(batch)
    paused, late = False, 0
    for event in world.store.events(no=batch.no, limit=100_000):
        paused = event.type == "batch_paused" or (paused and event.type != "batch_resumed")
        late += paused and event.type == "items_claimed"
    assert late == 0
    assert world.now(batch).processed > 0


def test_events_have_numbers_without_gaps_in_the_order_of_their_ids(world: World) -> None:
    batches = [world.batch(80, folder=f"/out/{number}") for number in range(2)]
    with _at_work(world):
        assert wait_until(lambda: world.now(batches[1]).status == "completed")
    for batch in batches:
        rows = world.store.read("events_after", after=0, batch_no=batch.no, limit=100_000)
        assert len(rows) > 80
        assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))


def _losing_the_answer(commit: Callable[..., AbstractContextManager[Transaction]]) -> Callable[..., object]:
    @contextlib.contextmanager
    def write_and_lose_the_answer(store: PostgresStore, *, command: bool = False) -> Iterator[Transaction]:
        with commit(store, command=command) as transaction:
            yield transaction
        raise errors.StoreAway(detail="the connection broke")

    return write_and_lose_the_answer


def test_claims_that_the_server_took_without_an_answer_are_claimed_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, runner = world.batch(3), world.runner()
    world.claim(runner, 1)
    time.sleep(0.01)
    with monkeypatch.context() as context:
        context.setattr(PostgresStore, "write", _losing_the_answer(PostgresStore.write))
        with pytest.raises(errors.StoreAway):
            world.claim(runner, 2)
    assert world.statuses(batch) == ["running"] * 3
    assert [(claim.position, claim.attempt) for claim in world.claim(runner)] == [(1, 2), (2, 2)]
    assert [item.attempt for item in world.store.in_hand(runner)] == [1, 2, 2]


def test_claims_to_measure_that_the_server_took_without_an_answer_are_claimed_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_match(world, 3)
    runner = world.runner()
    (held,) = world.claim(runner, 1)
    time.sleep(0.01)
    with monkeypatch.context() as context:
        context.setattr(PostgresStore, "write", _losing_the_answer(PostgresStore.write))
        with pytest.raises(errors.StoreAway):
            world.claim(runner, 2)
    assert [(claim.position, claim.attempt) for claim in world.claim(runner)] == [(1, 2), (2, 2)]
    assert measure(world, runner, [held]) == 1


# --- the feed -----------------------------------------------------------------------------------------------


def test_whoever_follows_all_events_misses_none_that_was_told_late(world: World) -> None:
    """A transaction that began earlier tells later; whoever has read on would never see what it told."""
    store = world.store
    seen = store.last_event()
    with store.write() as early:
        early.event("early", 1.0)
        told = threading.Thread(target=store.tell, args=("late",))
        told.start()
        told.join()
        assert store.events(after=seen) == []
    assert [event.type for event in store.events(after=seen)] == ["early", "late"]


def test_followers_of_a_busy_store_see_every_event_once(world: World) -> None:
    world.batch(4_000)
    seen: list[int] = []
    with _at_work(world):
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            seen += [event.id for event in world.store.events(after=seen[-1] if seen else 0, limit=1000)]
    while page := world.store.events(after=seen[-1], limit=1000):
        seen += [event.id for event in page]
    rows = world.store.events(limit=1_000_000)
    assert len(rows) > 100
    assert seen == [event.id for event in rows]


def test_another_process_hears_at_once_that_a_batch_was_paused(world: World, postgres_url: str) -> None:
    other = PostgresStore(postgres_url)
    heard = threading.Event()
    other.hear(heard.set)
    assert heard.wait(10.0), "it may have missed something before it listened"
    batch = world.batch(1)
    heard.clear()
    world.pause(batch)
    assert heard.wait(10.0)
    other.close()


def test_events_go_on_rising_after_a_restore_on_a_server_that_is_younger(
    postgres_url: str, postgres_server: Server
) -> None:
    world = World(PostgresStore(postgres_url))
    batch = world.batch(1)
    known = world.store.store_id()
    world.store.close()
    postgres_server.run("UPDATE events SET id = id + (1::bigint << 45)", postgres_url)
    restored = World(PostgresStore(postgres_url))
    assert restored.store.store_id() != known
    newest = restored.store.last_event()
    assert newest > 1 << 45
    restored.pause(batch)
    assert [event.type for event in restored.store.events(after=newest)] == ["batch_paused"]
    restored.store.close()
    postgres_server.run("UPDATE junmai_schema SET event_base = 0", postgres_url)


# --- who lives ----------------------------------------------------------------------------------------------


def _elsewhere(settings: Settings, tmp_path: Path) -> Settings:
    """As another machine has them: the same store, another data folder."""
    return settings.model_copy(update={"data": tmp_path / "elsewhere"})


def test_a_runner_of_another_machine_lives_as_long_as_its_lease(
    world: World, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresStore, "lease_seconds", 1.0)
    store, here = world.store, _elsewhere(settings, tmp_path)
    here.runners.mkdir(parents=True)
    batch = world.batch(2)
    presence = Presence(store, settings, role="develop", scope=None, workers=1)
    time.sleep(1.5)  # longer than one lease: it is renewed
    assert [runner.no for runner in live_runners(store, here)] == [presence.no]
    world.claim(presence.no, 1)
    mine = world.runner()
    assert take_over_from_dead(store, here, mine) == 0
    assert store.in_hand_of(batch.no) == 1
    assert store.end_runner(presence.no) is False  # it holds something
    assert len(store.take_over(presence.no, mine)[0]) == 1
    presence.leave()
    assert presence.no not in [runner.no for runner in store.open_runners()]


def test_a_runner_whose_lease_ended_is_taken_over_from_and_its_late_result_changes_nothing(
    world: World, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresStore, "lease_seconds", 0.2)
    store = world.store
    settings.runners.mkdir(parents=True)
    batch = world.batch(1, folder=str(tmp_path / "out"))
    slow = world.runner()
    claims = world.claim(slow, 1)
    (row,) = store.open_runners()
    assert is_alive(settings, row)
    time.sleep(0.3)
    (row,) = store.open_runners()
    assert not is_alive(settings, row)
    assert take_over_from_dead(store, settings, world.runner()) == 1
    assert world.statuses(batch) == ["pending"]
    assert store.stage(slow, [staged_of(claim) for claim in claims]) == set()
    assert slow not in [one.no for one in store.open_runners()]
    assert store.keep_lease(slow)
    assert slow in [one.no for one in store.open_runners()]
    assert len(world.claim(slow, 1)) == 1


def test_a_runner_of_this_machine_that_was_killed_is_known_at_once(world: World, settings: Settings) -> None:
    presence = Presence(world.store, settings, role="develop", scope=None, workers=1)
    (row,) = world.store.open_runners()
    assert is_alive(settings, row)
    presence._lock.release()  # as the end of its process does
    assert not is_alive(settings, row)
    presence.leave()
