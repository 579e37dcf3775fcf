"""Several processes over one store."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.world import World
from junmai.domain.lifecycle import PauseReason
from junmai.domain.model import Batch

Process = subprocess.Popen[str]


@pytest.fixture
def claimer(world: World, engine: str, place: str) -> Iterator[Callable[[Batch, int], Process]]:
    """Starts a process that claims from a batch, some at a time; it begins when it gets a line."""
    started: list[Process] = []

    def start(batch: Batch, limit: int) -> Process:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "conformance.claiming", engine, place),
                *(str(world.runner()), str(batch.no), str(limit)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def _go(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def _claimed(process: Process) -> list[int]:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return [int(word) for word in out.split()]


def test_processes_that_claim_at_once_claim_each_item_once(
    world: World, claimer: Callable[[Batch, int], Process]
) -> None:
    batch = world.batch(200)
    processes = [claimer(batch, 3) for _ in range(3)]
    for process in processes:
        _go(process)
    claimed = [_claimed(process) for process in processes]
    assert sorted(position for one in claimed for position in one) == list(range(200))
    assert world.now(batch).status == "completed"


def test_a_pause_gets_through_while_another_process_settles_and_no_claim_follows_it(
    world: World, claimer: Callable[[Batch, int], Process]
) -> None:
    batch = world.batch(20_000)
    processes = [claimer(batch, 1) for _ in range(2)]
    for process in processes:
        _go(process)
        assert process.stdout is not None
        process.stdout.readline()  # it is at work
    world.store.pause(batch.id, reason=PauseReason.USER, by="test")
    acknowledged = world.store.last_event()
    for process in processes:
        _claimed(process)
    events = world.store.events(no=batch.no, limit=100_000)
    (pause,) = [event for event in events if event.type == "batch_paused"]
    assert all(event.id < pause.id <= acknowledged for event in events if event.type == "items_claimed")
    now = world.now(batch)
    assert now.status == "paused"
    assert 2 <= now.processed < 20_000
    assert world.store.in_hand_of(batch.no) == 0
