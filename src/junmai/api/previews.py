"""Small pictures for looking at: made by a worker process of their own, kept in the data folder.

Photos may be hostile, so the server itself opens none. The newest wish comes first: it is what somebody looks at now.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from junmai import errors, files
from junmai import log as logs
from junmai.api.problems import Refused
from junmai.control.controller import BatchController
from junmai.executors.base import DevelopJob, Ending, Job, Outcome, PreviewJob
from junmai.executors.processes import ProcessExecutor

log = logs.get("junmai.previews")

SIZES = (160, 320, 640, 1024, 1600, 2048)
"""Long edges that are made; what is asked for becomes the next larger one."""
VERSION = 1
WAIT_SECONDS = 0.2
IDLE_SECONDS = 60.0
"""The worker ends when nobody looked for so long."""
MOST_WAITING = 500
KEPT_BYTES = 500_000_000
KEPT_SHARE = 0.8
LOOK_EVERY = 500


def size_of(asked: int) -> int:
    """The long edge in pixels that is made for a size that is asked for."""
    return next((size for size in SIZES if size >= asked), SIZES[-1])


@dataclass(frozen=True, slots=True)
class Wish:
    """A preview: what identifies its bytes, and how it is made (with its temporary file)."""

    key: str
    job: Job


class Previews:
    """Makes previews one after the other and keeps them."""

    def __init__(self, controller: BatchController) -> None:
        self.folder = controller.settings.data / "previews"
        self._controller = controller
        self._lock = threading.Condition()
        self._waiting: dict[str, tuple[Wish, Future[Path]]] = {}
        self._closing = False
        self._thread: threading.Thread | None = None
        self._made = 0

    def path_of(self, key: str) -> Path:
        """Where a preview stands when it is made."""
        return self.folder / key[:2] / f"{key}.jpg"

    def temporary_of(self, key: str) -> Path:
        """The file that a worker writes."""
        return self.folder / files.temporary_name(f"preview-{key[:16]}", os.getpid(), 0)

    async def get(self, wish: Wish) -> Path:
        """The file of a preview, made if it is not there. Raises a `BadInput` where it cannot be made, `Refused`
        (503) where too many wait."""
        path = self.path_of(wish.key)
        if await asyncio.to_thread(path.is_file):
            return path
        return await asyncio.wrap_future(self._ask(wish))

    def close(self) -> None:
        """End the worker; wishes that wait are given up."""
        with self._lock:
            self._closing = True
            self._lock.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _ask(self, wish: Wish) -> Future[Path]:
        with self._lock:
            if self._closing or len(self._waiting) >= MOST_WAITING:
                raise Refused(503, "Too many previews are asked for; try again.", headers={"Retry-After": "2"})
            _, future = self._waiting.pop(wish.key, (wish, Future()))
            self._waiting[wish.key] = (wish, future)  # last in, first out
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="junmai-previews", daemon=True)
                self._thread.start()
            self._lock.notify_all()
            return future

    # --- the thread ---------------------------------------------------------------------------------------

    def _work(self) -> None:
        executor = self._controller.executor(1)
        try:
            files.make_folder(self.folder)
            self._drop_old()
            while (taken := self._next()) is not None:
                self._make(executor, *taken)
        except Exception:
            log.exception("previews cannot be made")
            self._give_up()
        finally:
            executor.stop(at_once=True)

    def _next(self) -> tuple[Wish, Future[Path]] | None:
        deadline = time.monotonic() + IDLE_SECONDS
        with self._lock:
            while not self._closing:
                if self._waiting:
                    return self._waiting[next(reversed(self._waiting))]
                left = deadline - time.monotonic()
                if left <= 0:
                    self._thread = None
                    return None
                self._lock.wait(left)
        self._give_up()
        return None

    def _give_up(self) -> None:
        with self._lock:
            waiting, self._waiting = dict(self._waiting), {}
            self._thread = None
        for _, future in waiting.values():
            if future.set_running_or_notify_cancel():
                future.set_exception(Refused(503, "Previews cannot be made just now.", headers={"Retry-After": "5"}))

    def _make(self, executor: ProcessExecutor, wish: Wish, future: Future[Path]) -> None:
        outcome = _done(executor, wish.job)
        path = self.path_of(wish.key)
        error: Exception | None = None
        try:
            if outcome.ending is Ending.DONE:
                files.make_folder(path.parent)
                files.rename_replacing(self.temporary_of(wish.key), path)
            else:
                error = _refusal(outcome)
        except OSError as problem:
            error = Refused(503, f"The preview cannot be kept ({problem.strerror or problem}).")
        files.remove_temporary(self.temporary_of(wish.key))
        with self._lock:
            self._waiting.pop(wish.key, None)
        if future.set_running_or_notify_cancel():
            if error is None:
                future.set_result(path)
            else:
                future.set_exception(error)
        self._made += 1
        if self._made % LOOK_EVERY == 0:
            self._drop_old()

    def _drop_old(self) -> None:
        """Keep the cache below its size: the oldest go."""
        found = []
        for path in self.folder.glob("*/*.jpg"):
            state = files.state_of(path)
            if state is not None:
                found.append((state.mtime_ns, state.size, path))
        total = sum(size for _, size, _ in found)
        if total <= KEPT_BYTES:
            return
        for _, size, path in sorted(found):
            files.remove(path)
            total -= size
            if total <= KEPT_BYTES * KEPT_SHARE:
                return


def _done(executor: ProcessExecutor, job: Job) -> Outcome:
    executor.start()
    executor.submit(0, job)
    while True:
        for outcome in executor.wait(WAIT_SECONDS):
            return outcome


def _refusal(outcome: Outcome) -> Exception:
    code = outcome.error_kind or f"worker_{outcome.ending}"
    said = outcome.error_message or "The photo cannot be shown: its worker ended over it."
    status = 404 if code == errors.SourceMissing.code else 422
    return Refused(status, said, code=code)


# --- wishes -------------------------------------------------------------------------------------------------


def plain_wish(previews: Previews, identity: str, source: Path, size: int) -> Wish:
    """A photo as it is; `identity` says which bytes the file has."""
    key = _key("plain", identity, str(size))
    return Wish(key, PreviewJob(source, size, previews.temporary_of(key)))


def developed_wish(previews: Previews, identity: str, job: DevelopJob) -> Wish:
    """A photo developed; the temporary file of the job is set here."""
    from dataclasses import replace

    key = _key("developed", identity, repr(job.recipe))
    return Wish(key, replace(job, temporary=previews.temporary_of(key)))


def _key(*facts: str) -> str:
    return hashlib.sha256("\0".join((str(VERSION), *facts)).encode("utf-8", "replace")).hexdigest()
