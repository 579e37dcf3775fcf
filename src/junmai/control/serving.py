"""Serving every batch of the store: what `serve` does at its start, and the runner that it keeps alive."""

from __future__ import annotations

import contextlib
import threading
import time

from junmai import errors
from junmai import log as logs
from junmai.control.controller import NO_LIMIT, BatchController
from junmai.control.dispatching import Dispatcher
from junmai.control.recovery import live_runners, remove_unsealed, take_over_from_dead
from junmai.control.runner import Runner
from junmai.domain.lifecycle import BatchStatus, PauseReason

log = logs.get("junmai.serving")

AGAIN_SECONDS = 2.0
ROLE = "serve"


def take_stock(controller: BatchController, runner_no: int) -> list[str]:
    """At the start of a server: running batches whose runner died are paused (`interrupted`), or go on by themselves
    with `recovery = "resume"`. One that no runner has touched yet is simply begun. Returns the ids of the paused."""
    store, settings = controller.store, controller.settings
    remove_unsealed(store, settings)
    take_over_from_dead(store, settings, runner_no)
    if settings.recovery == "resume":
        return []
    paused = []
    for batch in store.batches(status=BatchStatus.RUNNING, limit=NO_LIMIT):
        others = [one for one in live_runners(store, settings, serving=batch.no) if one.no != runner_no]
        if not batch.begun or others:
            continue
        with contextlib.suppress(errors.WrongState):  # it ended, or somebody else paused it, in this moment
            store.pause(batch.id, reason=PauseReason.INTERRUPTED, by="junmai serve")
            paused.append(batch.id)
    return paused


class Serving:
    """A runner over all batches, started again if it should end unasked."""

    def __init__(self, controller: BatchController, workers: int | None) -> None:
        self._controller = controller
        self._workers = workers
        self._closing = threading.Event()
        self._runner: Runner | Dispatcher | None = None
        self._thread: threading.Thread | None = None
        self.interrupted: list[str] = []

    def start(self) -> None:
        """Take stock, then serve in a thread of its own. Raises a `StoreError`."""
        runner = self._new_runner()
        self.interrupted = take_stock(self._controller, runner.enter())
        self._thread = threading.Thread(target=self._serve, args=(runner,), name="junmai-serving", daemon=True)
        self._thread.start()

    def close(self, *, at_once: bool = False) -> None:
        """Claim nothing more. Only takes a note, so a signal handler may call it."""
        self._closing.set()
        if self._runner is not None:
            self._runner.stop(at_once=at_once)

    def join(self, seconds: float) -> bool:
        """Wait for the photos in hand; those that take longer are given back. Returns whether none was."""
        if self._thread is None:
            return True
        self.close()
        deadline = time.monotonic() + seconds
        while self._thread.is_alive() and time.monotonic() < deadline:
            self._thread.join(0.1)
        in_time = not self._thread.is_alive()
        if not in_time and self._runner is not None:
            self._runner.stop(at_once=True)
        self._thread.join()
        return in_time

    def _new_runner(self) -> Runner | Dispatcher:
        controller = self._controller
        controller.catch_up(0)
        if controller.settings.executor == "celery":
            return controller.dispatcher(ROLE, None)
        return Runner(controller.store, controller.executor(self._workers), controller.settings, role=ROLE, scope=None)

    def _serve(self, runner: Runner | Dispatcher) -> None:
        while True:
            self._runner = runner
            if self._closing.is_set():
                runner.stop()
            try:
                runner.run()
            except Exception:
                log.exception("the server's runner ended unasked; another begins")
            if self._closing.wait(AGAIN_SECONDS if not self._closing.is_set() else 0):
                return
            runner = self._new_runner()
