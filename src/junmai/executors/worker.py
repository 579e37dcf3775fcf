"""The life of one worker process: jobs come in by its own pipe, outcomes go out by it, and its end ends it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection

from junmai import errors, log
from junmai.executors import work
from junmai.executors.base import Job

PR_SET_PDEATHSIG = 1
LIVES = None
"""The first word of a worker: it has come as far as taking jobs."""


def live(pipe: Connection, parent: int) -> None:
    """Do jobs until the pipe closes or says None."""
    _end_with_parent(parent)
    _leave_signals_to_the_runner()
    _be_quiet()
    with contextlib.suppress(AttributeError):
        os.nice(5)  # the machine stays pleasant to use while photos are developed
    jobs: queue.SimpleQueue[tuple[int, Job] | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, jobs), daemon=True).start()
    warm_up()
    try:
        pipe.send(LIVES)
    except OSError:
        return
    while (given := jobs.get()) is not None:
        outcome = work.do(*given)
        try:
            pipe.send(outcome)
        except OSError:
            return
    pipe.close()


def refuse_while_starting() -> None:
    """In a program that Python loads anew for a new worker: end it, before it does everything a second time.

    Raises `ProgramNotGuarded`.
    """
    # the mark by which Python's own multiprocessing.spawn refuses new processes at this moment
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise errors.ProgramNotGuarded


def _listen(pipe: Connection, jobs: queue.SimpleQueue[tuple[int, Job] | None]) -> None:
    """Take in jobs, even while one is being done, so that the end of the pipe is seen at once."""
    while True:
        try:
            given = pipe.recv()
        except (EOFError, OSError):
            os._exit(1)  # the runner is gone: nobody waits for the photo in hand
        jobs.put(given)
        if given is None:
            return


def _leave_signals_to_the_runner() -> None:
    """Ctrl-C, a closed terminal and a service manager's stop reach the whole group; what becomes of the photos in
    hand is for the runner to say. A worker that obeyed would look like one that its photo has killed."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


@contextlib.contextmanager
def no_interrupt() -> Iterator[None]:
    """For whoever starts workers: a Ctrl-C that meets one before it comes to its first line would end in a traceback.
    A process begins with what the thread that starts it has blocked, and ignores it later."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # with the first worker it would start now, and let go of the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """For whoever starts workers: one is one core's work, and LibRaw, OpenCV and BLAS would each take every core in it.

    They ask when they are loaded, which in a program of the user's own is before a worker comes to its first line.
    """
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM", "VECLIB_MAXIMUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _be_quiet() -> None:
    """What decoders print of broken photos is not for the user's terminal; the error that they give is."""
    log.configure(None)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    os.close(silence)


def warm_up() -> None:
    """Load the engine while the runner is still looking at photos: 0.3 s that no photo waits for."""
    with contextlib.suppress(ImportError):  # a library that is missing is told by the first job
        import junmai.develop.pipeline  # noqa: F401


def _end_with_parent(parent: int) -> None:
    """On Linux the kernel kills this process when its runner ends, however it ends."""
    work.remember_parent(parent)
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if work.orphaned():
        os._exit(1)
