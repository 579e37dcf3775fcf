"""Locks between processes end with their process."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from junmai.locks import ProcessLock, Turnstile

HOLDER = """
import sys
from pathlib import Path
from junmai.locks import ProcessLock, Turnstile
kind, path = sys.argv[1], Path(sys.argv[2])
if kind == "lock":
    lock = ProcessLock(path)
    print("taken" if lock.take() else "refused", flush=True)
    sys.stdin.readline()
else:
    with Turnstile(path).hold():
        print("taken", flush=True)
        sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts a process that takes a lock and holds it until it gets a line."""
    started: list[subprocess.Popen[str]] = []

    def start(kind: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, kind, str(tmp_path / "a.lock")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_lock_is_taken_once(tmp_path: Path) -> None:
    first, second = ProcessLock(tmp_path / "a.lock"), ProcessLock(tmp_path / "a.lock")
    assert first.take()
    assert not second.take()
    first.release()
    assert second.take()
    second.release()


def test_looking_at_a_lock_does_not_take_it_away(tmp_path: Path) -> None:
    first = ProcessLock(tmp_path / "a.lock")
    assert first.take()
    for _ in range(3):
        assert not ProcessLock(tmp_path / "a.lock").take()
    first.release()


def test_another_process_holds_a_lock_as_long_as_it_lives(
    tmp_path: Path, holder: Callable[[str], subprocess.Popen[str]]
) -> None:
    process = holder("lock")
    lock = ProcessLock(tmp_path / "a.lock")
    assert not lock.take()
    process.kill()
    process.wait()
    assert lock.take()
    lock.release()


def test_a_lock_ends_with_a_process_that_ends_by_itself(
    tmp_path: Path, holder: Callable[[str], subprocess.Popen[str]]
) -> None:
    process = holder("lock")
    process.communicate("\n")
    lock = ProcessLock(tmp_path / "a.lock")
    assert lock.take()
    lock.release()


def test_a_turnstile_lets_everybody_through_when_nobody_holds_it(tmp_path: Path) -> None:
    turnstile = Turnstile(tmp_path / "a.lock")
    turnstile.wait()
    with turnstile.hold():
        pass
    turnstile.wait()


def test_a_settle_waits_while_a_command_holds_the_turnstile(tmp_path: Path) -> None:
    turnstile = Turnstile(tmp_path / "a.lock")
    passed = threading.Event()

    def settle() -> None:
        turnstile.wait()
        passed.set()

    thread = threading.Thread(target=settle)
    with turnstile.hold():
        thread.start()
        assert not passed.wait(0.05)
    thread.join()
    assert passed.is_set()


def test_a_turnstile_is_free_again_when_its_holder_is_killed(
    tmp_path: Path, holder: Callable[[str], subprocess.Popen[str]]
) -> None:
    process = holder("turnstile")
    process.kill()
    process.wait()
    Turnstile(tmp_path / "a.lock").wait()


def test_a_turnstile_is_free_again_when_its_command_raises(tmp_path: Path) -> None:
    turnstile = Turnstile(tmp_path / "a.lock")
    with pytest.raises(ZeroDivisionError), turnstile.hold():
        _ = 1 / 0
    turnstile.wait()
