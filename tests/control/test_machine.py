"""A busy machine: the photographer is told, batches wait, and go on by themselves."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from conformance.world import World
from helpers import FakeClock
from junmai import errors
from junmai.config import Settings
from junmai.control import conditions
from junmai.control.controller import BatchController
from junmai.control.lookout import Lookout
from junmai.control.machine import Load, ThisMachine
from junmai.control.presence import Presence
from junmai.domain.lifecycle import PauseReason
from junmai.store.sqlite import SqliteStore


class Dial:
    """A machine whose load the test turns: a real one cannot be brought to 95 % of its memory in a test."""

    def __init__(self) -> None:
        self.now = Load(memory=40.0, processor=10.0)

    def load(self) -> Load:
        return self.now


class Watched:
    """A running batch, the lookout of its runner, and the dial."""

    def __init__(self, settings: Settings, clock: FakeClock, *, shared: bool = False) -> None:
        self.clock = clock
        self.store = SqliteStore(settings.database, clock=clock)
        self.world = World(self.store)
        self.dial = Dial()
        self.batch = self.world.batch(3)
        self.runner = self.world.runner()
        self.lookout = Lookout(self.store, settings, scope=None, machine=self.dial, shared=shared)

    def look(self, *, memory: float = 40.0, processor: float = 10.0, seconds: float = 2.5) -> str:
        """Let time pass at that load, looking as often as a runner does; returns the state of the batch."""
        self.dial.now = Load(memory, processor)
        for _ in range(int(seconds / 2.5)):
            self.clock.turn(2.5)
            self.lookout.look(self.runner)
        return self.store.batch(self.batch.id).status

    def warnings(self) -> list[dict[str, object]]:
        return [event.data for event in self.store.events(limit=10_000) if event.type == "resource_warning"]


@pytest.fixture
def watched(settings: Settings, fake_clock: FakeClock) -> Iterator[Watched]:
    # the world's folder is not there; a full disk is not what this is about
    one = Watched(settings.model_copy(update={"low_disk_mb": 0}), fake_clock)
    yield one
    one.store.close()


def test_a_batch_waits_while_the_memory_is_short_and_goes_on_by_itself(watched: Watched) -> None:
    assert watched.look(memory=96.0, seconds=10) == "paused"
    batch = watched.store.batch(watched.batch.id)
    assert (batch.pause_reason, batch.pause_by, batch.pause_detail) == ("machine_busy", "junmai", "memory")
    assert watched.look(memory=90.0, seconds=10) == "paused"
    assert watched.look(memory=80.0) == "running"


def test_a_moment_of_short_memory_pauses_nothing(watched: Watched) -> None:
    assert watched.look(memory=99.0) == "running"
    assert watched.look(memory=50.0, seconds=60) == "running"


def test_other_programs_must_need_the_processors_for_a_minute(watched: Watched) -> None:
    assert watched.look(processor=99.0, seconds=50) == "running"
    assert watched.look(processor=99.0, seconds=20) == "paused"
    assert watched.look(processor=50.0) == "running"


def test_a_crossing_is_told_once_until_it_was_well_below(watched: Watched) -> None:
    for memory in (86.0, 84.0, 87.0, 79.0, 88.0):
        watched.look(memory=memory)
    told = watched.warnings()
    assert [(one["resource_type"], one["current_value"], one["threshold"]) for one in told] == [
        ("memory", 86.0, 85.0),
        ("memory", 88.0, 85.0),
    ]
    assert "86 %" in str(told[0]["message"])


def test_a_users_pause_is_left_alone(watched: Watched) -> None:
    watched.look(memory=96.0, seconds=10)
    watched.store.pause(watched.batch.id, reason=PauseReason.USER, by="somebody")
    assert watched.look(memory=10.0, seconds=10) == "paused"


def test_one_of_many_machines_holds_its_own_claims_and_pauses_nothing(
    settings: Settings, fake_clock: FakeClock
) -> None:
    watched = Watched(settings.model_copy(update={"low_disk_mb": 0}), fake_clock, shared=True)
    held = []
    for memory in (40.0, 96.0, 90.0, 80.0):
        assert watched.look(memory=memory, seconds=10) == "running"
        held.append(watched.lookout.held_for is not None)
    assert held == [False, True, True, False]
    assert len(watched.warnings()) == 1
    watched.store.close()


def test_a_folder_that_one_of_many_machines_does_not_see_pauses_only_where_no_other_develops(
    settings: Settings, fake_clock: FakeClock, tmp_path: Path
) -> None:
    watched = Watched(settings.model_copy(update={"low_disk_mb": 0}), fake_clock, shared=True)
    watched.look()
    gone = conditions.Cause(PauseReason.SOURCE_MISSING, str(tmp_path / "nas"))
    other = Presence(watched.store, settings, role="worker", scope=None, workers=1)
    watched.lookout.pause(watched.batch, gone)
    assert (watched.look(), watched.lookout.held_for) == ("running", gone)
    (tmp_path / "nas").mkdir()
    assert (watched.look(), watched.lookout.held_for) == ("running", None)
    other.leave()
    watched.lookout.pause(watched.batch, gone)
    assert watched.store.batch(watched.batch.id).status == "paused"
    watched.store.close()


def test_limits_of_zero_switch_waiting_off(settings: Settings, fake_clock: FakeClock) -> None:
    off = {"low_disk_mb": 0, "busy_memory_percent": 0.0, "busy_cpu_percent": 0.0}
    watched = Watched(settings.model_copy(update=off), fake_clock)
    assert watched.look(memory=99.0, processor=99.0, seconds=200) == "running"
    assert watched.warnings() == []
    watched.store.close()


def test_a_resume_while_the_memory_is_still_short_is_refused_with_the_cause(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with BatchController(settings=settings) as controller:
        world = World(controller.store)
        batch = world.batch(1)
        controller.store.pause(batch.id, reason=PauseReason.MACHINE_BUSY, by="junmai", detail="memory")
        memory = type("Memory", (), {"percent": 97.0})
        monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
        with pytest.raises(errors.CauseLasts, match="other programs need the memory"):
            controller.resume(batch.id)
        monkeypatch.undo()
        assert controller.resume(batch.id).status == "running"


def test_what_this_process_burns_is_not_counted_as_that_of_others() -> None:
    machine = ThisMachine()
    before, began = psutil.cpu_times(), time.process_time()
    until = time.monotonic() + 1.0
    while time.monotonic() < until:
        pass
    others = machine.load().processor
    after, own = psutil.cpu_times(), time.process_time() - began

    total = sum(after) - sum(before)
    everybody = 100 * (1 - (after.idle - before.idle) / total)
    assert everybody - others > 50 * own / total


def test_what_another_program_burns_is_counted() -> None:
    machine = ThisMachine()
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        time.sleep(1.5)
        assert machine.load().processor > 5.0
    finally:
        other.kill()
        other.wait()


def test_a_batch_that_the_user_resumed_on_a_busy_machine_is_left_alone(watched: Watched) -> None:
    assert watched.look(processor=99.0, seconds=70) == "paused"
    watched.store.resume(watched.batch.id, by="the user")
    assert watched.look(processor=99.0, seconds=30) == "running"
    assert watched.look(processor=10.0) == "running"
    assert watched.look(processor=99.0, seconds=70) == "paused"
