"""Local worker processes: one process, one pipe, one sentinel each.

No shared queue and no shared lock: with a pool library, SIGKILL of workers broke or hung the pool in 13 of 110
kills; with a pipe of its own each, in none of 268. A worker that dies, hangs or grows too large is replaced, and
costs the job that it was doing one attempt; jobs that it had not begun come back as such.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing import util
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import psutil

from junmai import errors
from junmai.clock import Clock, SystemClock
from junmai.executors.base import Ending, Job, Outcome
from junmai.executors.worker import LIVES, live, no_interrupt, one_thread

MEMORY_LOOK_SECONDS = 0.5
STOP_SECONDS = 5.0
STOOD_STILL_SECONDS = 5.0
"""Nobody asked for so long: the whole program stood still (Ctrl-Z, a sleeping laptop), and its workers with it."""
START_SECONDS = 60.0
"""How long a worker may take to come to its first job, however short the limit of a job is: on a busy machine a start
of 0.5 s took more than 4."""
STILLBORN_LIMIT = 5
"""So many workers in a row that end before they live: another one would as well."""
DEPTH = 2
"""Jobs in one worker's pipe: the one that it does and one behind it, so that it never waits for the runner."""


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    jobs: deque[int] = field(default_factory=deque)
    began: float = 0.0
    lives: bool = False


class ProcessExecutor:
    """`workers` processes, started when there is work for them."""

    def __init__(self, workers: int, *, job_seconds: float, memory_bytes: int, clock: Clock | None = None) -> None:
        """`job_seconds` and `memory_bytes` (resident) are the limits of a worker over one job."""
        self._count = workers
        self._job_seconds = job_seconds
        self._memory_bytes = memory_bytes
        self._clock = clock or SystemClock()
        self._context = multiprocessing.get_context("spawn")
        self._live: list[_Worker] = []
        util.Finalize(self, _kill_all, (self._live,), exitpriority=10)  # before Python waits for its children
        self._waiting: deque[tuple[int, Job]] = deque()
        self._ended: list[Outcome] = []
        self._memory_at = 0.0
        self._stillborn = 0
        self._asked_at = self._clock.monotonic()

    @property
    def workers(self) -> int:
        """How many jobs are done side by side."""
        return self._count

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers that live."""
        return [worker.process.pid for worker in self._live if worker.process.pid]

    def start(self) -> None:
        """Start every worker, so that they warm up while the first photos are claimed."""
        while len(self._live) < self._count:
            self._start_one()

    def submit(self, ticket: int, job: Job) -> None:
        """Take a job."""
        self._waiting.append((ticket, job))
        self._hand_out()

    def wait(self, seconds: float) -> Sequence[Outcome]:
        """Outcomes that are there, waiting up to that long for the first. Raises `WorkersDoNotStart`."""
        if not self._ended:
            self._collect(seconds)
        self._enforce_limits()
        self._hand_out()
        found, self._ended = self._ended, []
        return found

    def retract(self) -> list[int]:
        """Take back the jobs that no worker has yet; what lies in a pipe is at most one job a worker."""
        tickets = [ticket for ticket, _ in self._waiting]
        self._waiting.clear()
        return tickets

    def stop(self, *, at_once: bool = False) -> None:
        """End every worker; a job in hand is waited for only unless it must be at once."""
        for worker in self._live:
            if at_once:
                worker.process.kill()
            else:
                with contextlib.suppress(OSError):
                    worker.pipe.send(None)
        deadline = time.monotonic() + STOP_SECONDS
        for worker in self._live:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.pipe.close()
        self._live.clear()
        self._waiting.clear()
        self._ended.clear()

    # --- handing out --------------------------------------------------------------------------------------

    def _start_one(self) -> _Worker:
        mine, theirs = self._context.Pipe()
        process = self._context.Process(target=live, args=(theirs, os.getpid()), name="junmai-worker", daemon=True)
        with one_thread(), no_interrupt():
            process.start()
        theirs.close()
        worker = _Worker(process, mine)
        self._live.append(worker)
        return worker

    def _hand_out(self) -> None:
        while self._waiting:
            if len(self._live) < self._count:
                self._start_one()
            worker = min(self._live, key=lambda one: len(one.jobs))
            if len(worker.jobs) >= DEPTH:
                return
            ticket, job = self._waiting.popleft()
            try:
                worker.pipe.send((ticket, job))
            except OSError:  # it ended before this job could reach it: the job is not to blame
                self._bury(worker, Ending.DIED)
                self._ended.append(Outcome(ticket, Ending.NOT_BEGUN, 0.0, error_message="the worker was gone"))
                continue
            if not worker.jobs:
                worker.began = self._clock.monotonic()
            worker.jobs.append(ticket)

    # --- collecting ---------------------------------------------------------------------------------------

    def _collect(self, seconds: float) -> None:
        """Read what the workers say; a sentinel without a word is a death."""
        by_pipe = {worker.pipe: worker for worker in self._live}
        by_sentinel = {worker.process.sentinel: worker for worker in self._live}
        if not by_pipe:
            time.sleep(seconds)
            return
        ready = wait([*by_pipe, *by_sentinel], timeout=seconds)
        for one in ready:
            if isinstance(one, Connection) and one in by_pipe:
                self._read(by_pipe[one], spoke=True)
        for one in ready:
            if isinstance(one, int) and one in by_sentinel and by_sentinel[one] in self._live:
                self._read(by_sentinel[one])  # it may have answered before it ended
                self._bury(by_sentinel[one], Ending.DIED)

    def _read(self, worker: _Worker, *, spoke: bool = False) -> None:
        while worker in self._live:
            try:
                if not spoke and not worker.pipe.poll():
                    return
                spoke = False
                outcome = worker.pipe.recv()
            except (EOFError, OSError):
                self._bury(worker, Ending.DIED)
                return
            worker.began = self._clock.monotonic()
            if outcome is LIVES:
                worker.lives, self._stillborn = True, 0
                continue
            if worker.jobs and worker.jobs[0] == outcome.ticket:
                worker.jobs.popleft()
            self._ended.append(outcome)

    def _bury(self, worker: _Worker, ending: Ending, detail: str = "") -> None:
        """A worker is gone: the job that it was doing ends so, those behind it were not begun."""
        if worker not in self._live:
            return
        self._live.remove(worker)
        worker.process.kill()
        worker.process.join(STOP_SECONDS)
        worker.pipe.close()
        message = detail or _how_it_ended(worker.process.exitcode)
        if not worker.lives:  # no job is to blame
            self._count_stillborn(message)
            ending = Ending.NOT_BEGUN
        for index, ticket in enumerate(worker.jobs):
            self._ended.append(
                Outcome(
                    ticket,
                    ending if index == 0 else Ending.NOT_BEGUN,
                    self._clock.monotonic() - worker.began if index == 0 else 0.0,
                    error_message=message,
                )
            )

    def _count_stillborn(self, how: str) -> None:
        self._stillborn += 1
        if self._stillborn >= STILLBORN_LIMIT:
            advice = "Close other programs, or use fewer workers." if how == "SIGKILL" else _GUARD_ADVICE
            raise errors.WorkersDoNotStart(count=self._stillborn, detail=how, advice=advice)

    def _enforce_limits(self) -> None:
        now = self._clock.monotonic()
        stood_still, self._asked_at = now - self._asked_at, now
        look = now - self._memory_at >= MEMORY_LOOK_SECONDS
        if look:
            self._memory_at = now
        for worker in self._live if stood_still > STOOD_STILL_SECONDS else ():
            worker.began = min(now, worker.began + stood_still)
        for worker in [one for one in self._live if one.jobs]:
            limit = self._job_seconds if worker.lives else max(self._job_seconds, START_SECONDS)
            if now - worker.began > limit:
                self._bury(worker, Ending.HUNG, f"{limit:g}")
            elif look:
                with contextlib.suppress(psutil.Error):
                    held = psutil.Process(worker.process.pid).memory_info().rss
                    if held > self._memory_bytes:
                        self._bury(worker, Ending.TOO_BIG, f"it took {held / 1e6:,.0f} MB")


_GUARD_ADVICE = 'A program of your own needs the line if __name__ == "__main__": before what it does.'


def _kill_all(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.process.kill()


def _how_it_ended(exit_code: int | None) -> str:
    if exit_code is None:
        return "it did not answer"
    if exit_code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-exit_code).name
    return f"exit code {exit_code}"
