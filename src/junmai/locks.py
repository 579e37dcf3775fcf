"""Locks of the operating system between processes: they end with their process, however it ends."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

TURNSTILE_LIMIT = 10.0
"""Seconds after which a command goes ahead without the turnstile: it only orders, it does not guard."""


class ProcessLock:
    """A lock that lives as long as the process that took it (flock, or LockFileEx on Windows)."""

    def __init__(self, path: Path) -> None:
        self._lock = FileLock(str(path), thread_local=False)

    def take(self) -> bool:
        """Take the lock now, or return False because another process holds it."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        """Give the lock back."""
        self._lock.release()


@contextlib.contextmanager
def exclusive(path: Path, *, seconds: float) -> Iterator[None]:
    """Hold a lock between threads and processes while the block runs. Raises TimeoutError after so many seconds."""
    lock = FileLock(str(path), thread_local=False)
    lock.acquire(timeout=seconds, poll_interval=0.002)  # `Timeout` is a TimeoutError
    try:
        yield
    finally:
        lock.release()


class Turnstile:
    """Lets commands pass before settles.

    A command holds it through its transaction; a settle only waits until nobody holds it. So a pause meets at
    most the one settle that has already begun.
    """

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def hold(self) -> _Held:
        """Context manager for a command."""
        return _Held(FileLock(self._path, thread_local=False))

    def wait(self) -> None:
        """For a settle: return when no command holds the turnstile."""
        if not _is_free(self._path):
            with self.hold():
                pass


if sys.platform == "win32":

    def _is_free(path: str) -> bool:
        """Cannot be told at a glance."""
        return False

else:
    import fcntl

    def _is_free(path: str) -> bool:
        """Whether nobody holds the lock, at a glance: 8 us, where taking it as `FileLock` does costs 350 us, which
        was 40 % of a runner's own time."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return True  # no command was ever given
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return True


class _Held:
    def __init__(self, lock: FileLock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        try:
            self._lock.acquire(timeout=TURNSTILE_LIMIT, poll_interval=0.0005)
        except Timeout:
            return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock.is_locked:
            self._lock.release()
