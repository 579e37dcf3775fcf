"""Workers die, hang and grow; their executor says so, and goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from helpers import FakeClock
from junmai.executors.base import Developed, Ending, NoJob, Outcome
from junmai.executors.processes import DEPTH, ProcessExecutor
from junmai.files import FileState
from running import wait_until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")

ANSWER = NoJob(Developed(1, "a" * 64, "b" * 64, FileState(1, 2, 3), 4, 5, {}))
JOB_SECONDS = 60.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make(clock: FakeClock) -> Iterator[Callable[..., ProcessExecutor]]:
    """Makes an executor with workers that have answered once, so that they are at work and not still starting."""
    made: list[ProcessExecutor] = []

    def start(workers: int = 1) -> ProcessExecutor:
        executor = ProcessExecutor(workers, job_seconds=JOB_SECONDS, memory_bytes=8 << 30, clock=clock)
        made.append(executor)
        executor.start()
        for ticket in range(workers * DEPTH):
            executor.submit(-1 - ticket, ANSWER)
        _outcomes(executor, workers * DEPTH)
        return executor

    yield start
    for executor in made:
        executor.stop(at_once=True)


def _outcomes(executor: ProcessExecutor, count: int) -> dict[int, Outcome]:
    found: dict[int, Outcome] = {}
    for _ in range(2000):
        for outcome in executor.wait(0.05):
            assert outcome.ticket not in found
            found[outcome.ticket] = outcome
        if len(found) >= count:
            return found
    raise AssertionError(f"{len(found)} of {count} jobs ended")


def _frozen(executor: ProcessExecutor) -> int:
    """The only worker, stopped: it holds its job for as long as the test wants."""
    (pid,) = executor.pids
    os.kill(pid, signal.SIGSTOP)
    return pid


def _ended(executor: ProcessExecutor) -> None:
    """The only worker is killed while it has nothing to do, and wholly gone when this returns."""
    (pid,) = executor.pids
    os.kill(pid, signal.SIGKILL)
    executor._live[0].process.join(30)


def test_a_job_whose_worker_is_killed_has_died_and_the_one_behind_it_was_not_begun(
    make: Callable[..., ProcessExecutor],
) -> None:
    executor = make()
    pid = _frozen(executor)
    executor.submit(1, ANSWER)
    executor.submit(2, ANSWER)
    executor.submit(3, ANSWER)
    os.kill(pid, signal.SIGKILL)
    outcomes = _outcomes(executor, 3)
    assert [outcomes[ticket].ending for ticket in (1, 2, 3)] == [Ending.DIED, Ending.NOT_BEGUN, Ending.DONE]
    assert outcomes[1].error_message == "SIGKILL"
    assert executor.pids != [pid]


def test_a_worker_that_is_gone_before_it_got_its_job_costs_the_job_nothing(
    make: Callable[..., ProcessExecutor],
) -> None:
    executor = make()
    _ended(executor)
    executor.submit(1, ANSWER)
    assert _outcomes(executor, 1)[1].ending is Ending.NOT_BEGUN
    executor.submit(1, ANSWER)
    assert _outcomes(executor, 1)[1].ending is Ending.DONE


def test_a_worker_that_dies_with_nothing_to_do_is_replaced(make: Callable[..., ProcessExecutor]) -> None:
    executor = make()
    _ended(executor)
    assert list(executor.wait(0.0)) == []
    assert executor.pids == []
    executor.submit(1, ANSWER)
    assert _outcomes(executor, 1)[1].ending is Ending.DONE


def test_a_job_that_takes_too_long_has_hung(make: Callable[..., ProcessExecutor], clock: FakeClock) -> None:
    executor = make()
    pid = _frozen(executor)
    executor.submit(1, ANSWER)
    executor.submit(2, ANSWER)
    for _ in range(int(JOB_SECONDS)):
        clock.turn(1.0)
        assert list(executor.wait(0.0)) == []
    clock.turn(1.0)
    outcomes = _outcomes(executor, 2)
    assert [outcomes[ticket].ending for ticket in (1, 2)] == [Ending.HUNG, Ending.NOT_BEGUN]
    assert outcomes[1].error_message == f"{JOB_SECONDS:g}"
    assert not psutil.pid_exists(pid)


def test_the_start_of_a_worker_does_not_count_as_the_time_of_its_first_job() -> None:
    executor = ProcessExecutor(1, job_seconds=0.2, memory_bytes=8 << 30)  # the start takes longer on any machine
    executor.start()
    try:
        executor.submit(1, ANSWER)
        assert _outcomes(executor, 1)[1].ending is Ending.DONE
    finally:
        executor.stop(at_once=True)


def test_a_job_did_not_hang_while_the_whole_program_stood_still(
    make: Callable[..., ProcessExecutor], clock: FakeClock
) -> None:
    executor = make()
    pid = _frozen(executor)
    executor.submit(1, ANSWER)
    assert list(executor.wait(0.0)) == []
    clock.turn(8 * 3600.0)  # Ctrl-Z in the evening, `fg` in the morning
    assert list(executor.wait(0.0)) == []
    os.kill(pid, signal.SIGCONT)
    outcome = _outcomes(executor, 1)[1]
    assert outcome.ending is Ending.DONE
    assert executor.pids == [pid]


def test_the_time_of_a_job_begins_when_the_one_before_it_ended(
    make: Callable[..., ProcessExecutor], clock: FakeClock
) -> None:
    executor = make()
    for ticket in range(4):
        clock.turn(JOB_SECONDS - 1)
        executor.wait(0.0)
        executor.submit(ticket, ANSWER)
        assert _outcomes(executor, 1)[ticket].ending is Ending.DONE


def test_a_worker_that_grows_too_large_is_stopped(make: Callable[..., ProcessExecutor], clock: FakeClock) -> None:
    executor = make()
    _frozen(executor)
    executor.submit(1, ANSWER)
    executor._memory_bytes = 1_000_000
    clock.turn(1.0)
    outcome = _outcomes(executor, 1)[1]
    assert outcome.ending is Ending.TOO_BIG
    assert "MB" in outcome.error_message


def test_jobs_go_on_whatever_happens_to_workers(make: Callable[..., ProcessExecutor]) -> None:
    executor = make(2)
    waiting = dict.fromkeys(range(60), ANSWER)
    kills = 0
    for ticket, job in waiting.items():
        executor.submit(ticket, job)
    done: set[int] = set()
    for _ in range(3000):
        for outcome in executor.wait(0.05):
            if outcome.ending is Ending.DONE:
                done.add(outcome.ticket)
                if outcome.ticket % 20 == 10 and kills < 3:
                    kills += 1
                    os.kill(executor.pids[0], signal.SIGKILL)
            else:
                executor.submit(outcome.ticket, ANSWER)
        if len(done) == 60:
            break
    assert done == set(range(60))
    assert kills


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_worker_leaves_signals_to_the_group_to_its_runner(make: Callable[..., ProcessExecutor], name: str) -> None:
    executor = make()
    (pid,) = executor.pids
    os.kill(pid, getattr(signal, name))
    executor.submit(1, ANSWER)
    assert _outcomes(executor, 1)[1].ending is Ending.DONE
    assert executor.pids == [pid]


def test_what_lies_in_a_pipe_is_not_taken_back(make: Callable[..., ProcessExecutor]) -> None:
    executor = make()
    pid = _frozen(executor)
    for ticket in range(5):
        executor.submit(ticket, ANSWER)
    assert executor.retract() == list(range(DEPTH, 5))
    os.kill(pid, signal.SIGCONT)
    assert set(_outcomes(executor, DEPTH)) == set(range(DEPTH))


@pytest.mark.parametrize("at_once", [True, False])
def test_no_worker_is_left_after_a_stop(make: Callable[..., ProcessExecutor], at_once: bool) -> None:
    executor = make(2)
    pids = executor.pids
    assert len(pids) == 2
    executor.stop(at_once=at_once)
    assert executor.pids == []
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    executor.stop()


def test_a_stop_at_once_does_not_wait_for_a_job(make: Callable[..., ProcessExecutor]) -> None:
    executor = make()
    pid = _frozen(executor)
    executor.submit(1, ANSWER)
    executor.stop(at_once=True)
    assert not psutil.pid_exists(pid)
    assert list(executor.wait(0.0)) == []


def test_an_executor_that_was_stopped_begins_anew(make: Callable[..., ProcessExecutor]) -> None:
    executor = make()
    executor.stop()
    executor.submit(1, ANSWER)
    assert _outcomes(executor, 1)[1].ending is Ending.DONE


# --- the end of the parent ----------------------------------------------------------------------------------

PARENT = """
import sys, time
from pathlib import Path
sys.path[:0] = [{tests!r}]
from junmai.executors.processes import ProcessExecutor

if __name__ == "__main__":
    from helpers import develop_job
    executor = ProcessExecutor(2, job_seconds=60, memory_bytes=8 << 30)
    executor.start()
    sources = [Path(name) for name in sys.argv[2:]]
    for ticket, source in enumerate(sources):
        executor.submit(ticket, develop_job(source, Path(sys.argv[1]) / f".junmai-b-{{ticket}}-1.part"))
    while not executor.wait(0.1):
        pass
    print(*executor.pids, flush=True)
    {then}
"""


@pytest.fixture
def parent(tmp_path: Path, jpegs: Any) -> Iterator[Callable[[str], tuple[subprocess.Popen[str], list[int]]]]:
    """A program of its own with two workers in the middle of their work; then it does as it is told."""
    started: list[subprocess.Popen[str]] = []
    pids: list[int] = []

    def start(then: str) -> tuple[subprocess.Popen[str], list[int]]:
        script = tmp_path / "parent.py"
        script.write_text(PARENT.format(tests=str(Path(__file__).parents[1]), then=then))
        (tmp_path / "out").mkdir()
        sources = jpegs(40, width=1200, height=800)
        process = subprocess.Popen(
            [sys.executable, str(script), str(tmp_path / "out"), *map(str, sources)], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        pids.extend(int(word) for word in process.stdout.readline().split())
        assert len(pids) == 2
        return process, pids

    yield start
    for process in started:
        process.kill()
        process.communicate()
    for pid in pids:
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGKILL)


def _gone(pids: list[int]) -> bool:
    return not [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


def test_workers_end_when_their_parent_is_killed(
    parent: Callable[[str], tuple[subprocess.Popen[str], list[int]]],
) -> None:
    process, pids = parent("time.sleep(600)")
    assert not _gone(pids)
    process.kill()
    process.wait()
    assert wait_until(lambda: _gone(pids))


@pytest.mark.parametrize("then", ["sys.exit(3)", "raise SystemExit(3)"])
def test_a_program_that_forgets_to_stop_its_workers_ends_all_the_same(
    parent: Callable[[str], tuple[subprocess.Popen[str], list[int]]], then: str
) -> None:
    process, pids = parent(then)
    assert process.wait(timeout=60) == 3
    assert wait_until(lambda: _gone(pids))


def test_a_killed_parent_leaves_no_file_at_a_final_name(
    parent: Callable[[str], tuple[subprocess.Popen[str], list[int]]], tmp_path: Path
) -> None:
    process, pids = parent("time.sleep(600)")
    process.kill()
    process.wait()
    assert wait_until(lambda: _gone(pids))
    assert all(path.name.startswith(".junmai-b-") for path in (tmp_path / "out").iterdir())


def test_a_worker_is_started_with_one_thread_for_every_library_that_would_take_more(
    make: Callable[..., ProcessExecutor],
) -> None:
    (pid,) = make().pids
    assert psutil.Process(pid).environ()["OMP_NUM_THREADS"] == "1"
    assert "OMP_NUM_THREADS" not in os.environ


UNGUARDED = """
import sys
from junmai import BatchController
from junmai.control.importing import import_photos

with BatchController(sys.argv[1]) as controller:
    executor = controller.executor(1)
    try:
        import_photos(controller, [sys.argv[2]], executor)
    finally:
        executor.stop(at_once=True)
"""


def test_a_program_without_the_line_for_spawned_processes_ends_and_says_which_line(tmp_path: Path) -> None:
    program, photos = tmp_path / "program.py", tmp_path / "photos"
    program.write_text(UNGUARDED)
    photos.mkdir()
    Image.new("RGB", (32, 24)).save(photos / "one.jpg")
    ended = subprocess.run(
        [sys.executable, program, tmp_path / "data", photos],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "ProgramNotGuarded: This program was loaded anew for a worker process" in ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert last.startswith(
        "junmai.errors.WorkersDoNotStart: 5 workers in a row ended before they took a job (exit code 1)."
    )
    assert '__name__ == "__main__"' in last
