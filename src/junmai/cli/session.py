"""A run in the foreground: a runner in a thread, the user's signals, and the events of the store on the screen."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any

from rich.markup import escape

from junmai import errors
from junmai.cli.render import Reporter, counted, span
from junmai.control import conditions, presetting, rooting
from junmai.control.controller import BatchController
from junmai.control.developing import is_served
from junmai.control.dispatching import Dispatcher
from junmai.control.recovery import live_runners
from junmai.control.runner import Runner
from junmai.domain.lifecycle import ENDED, BatchStatus
from junmai.domain.model import Batch, Event
from junmai.executors.processes import ProcessExecutor

LOOK_SECONDS = 0.1
WORKERS_SECONDS = 2.0
"""So often whoever watches a batch looks for workers."""
EXIT_DONE, EXIT_FAULT, EXIT_BAD_INPUT, EXIT_FAILURES, EXIT_PAUSED, EXIT_CANCELLED = range(6)
_ENDS = {"item_processed": "processed", "item_failed": "failed"}


@dataclass
class Counts:
    """Photos that ended in this run."""

    processed: int = 0
    failed: int = 0
    skipped: int = 0


class Foreground:
    """Develops one batch, or watches it being developed, until it ends or the user stops it."""

    def __init__(self, controller: BatchController, reporter: Reporter) -> None:
        self._controller = controller
        self._store = controller.store
        self._reporter = reporter
        self._presses = 0
        self._runner: Runner | Dispatcher | None = None
        self.counts = Counts()
        self._remarked: set[int] = set()
        self.unreadable = 0
        self.resumed = False
        self._began = time.monotonic()
        self._looked_at = -WORKERS_SECONDS
        self._missing: str | None = None

    def run(self, batch: Batch, executor: ProcessExecutor, *, since: int) -> int:
        """Returns the exit code; `since` is the event that this run begins after."""
        self._reporter.begin(total=batch.total, ended=batch.total - batch.remaining, failed=batch.failed)
        thread: threading.Thread | None = None
        with self._signals(batch):
            if is_served(self._controller, batch):
                served = ", ".join(self._controller.served_by(batch))
                self._reporter.word(f"{batch.id} is being developed already ({served}); watching it.")
                executor.stop()
                self._controller.keep_state_files()
            else:
                thread = self._start(batch, executor)
            self._follow(batch, thread, executor, since)
        if self._runner is not None and self._runner.error is not None:
            raise self._runner.error
        self._end_if_nothing_is_left(batch)
        return self._close(self._store.batch(batch.id))

    def _start(self, batch: Batch, executor: ProcessExecutor) -> threading.Thread:
        if self._controller.settings.executor == "celery":
            executor.stop()
            self._runner = self._controller.dispatcher("develop", batch.no)
        else:
            self._runner = self._controller.runner_with(executor, batch)
        return self._runner.start()

    # --- following ----------------------------------------------------------------------------------------

    def _follow(self, batch: Batch, thread: threading.Thread | None, executor: ProcessExecutor, since: int) -> None:
        seen = since
        while True:
            at_work = thread is not None and thread.is_alive()
            seen = self._show(batch, seen)
            now = self._store.batch(batch.id)
            self._say_if_waiting(now)
            if now.matching is not None:
                self._reporter.measuring(now.measured if now.matching == "measuring" else now.total)
            self._reporter.tick(now.remaining)
            if thread is not None and not at_work:
                break
            if thread is None:
                if now.status in ENDED or self._presses:
                    break
                if not is_served(self._controller, now):  # it died: this process goes on with the batch
                    thread = self._start(now, self._controller.executor(executor.workers))
            time.sleep(LOOK_SECONDS)
        self._show(batch, seen)

    def _show(self, batch: Batch, seen: int) -> int:
        while events := self._store.events(after=seen, no=batch.no):
            for event in events:
                seen = event.id
                if event.type in _ENDS and "merged_from" not in event.data:  # those ended elsewhere, and earlier
                    self._count(batch, event)
                elif event.type == "item_skipped" and "matched" in event.data:  # others are known from the start
                    self.counts.skipped += 1
                elif event.type == "item_remarks":
                    self._remark(event)
                elif event.type == "batch_matched":
                    self._reporter.word(matched(event.data))
        return seen

    def _count(self, batch: Batch, event: Event) -> None:
        status = _ENDS[event.type]
        photo = self._store.photo(event.photo_id or 0)
        path = photo.path if photo else f"photo {event.photo_id}"
        facts: dict[str, object] = {}
        if status == "failed":
            self.counts.failed += 1
            facts = {name: event.data.get(name) for name in ("error_kind", "error_message")}
        else:
            self.counts.processed += 1
            facts = {name: event.data[name] for name in ("output", "sidecar", "seconds") if name in event.data}
        self._reporter.photo(f"photo_{status}", path=path, photo_id=event.photo_id, status=status, **facts)

    def _remark(self, event: Event) -> None:
        photo = self._store.photo(event.photo_id or 0)
        self._remarked.add(event.photo_id or 0)
        remarks = event.data.get("remarks")
        said = [str(one) for one in remarks] if isinstance(remarks, list) else []
        self._reporter.remark(photo.path if photo else "", event.photo_id, said)

    def _say_if_waiting(self, batch: Batch) -> None:
        if batch.status == BatchStatus.RUNNING and (missing := self._missing_workers(batch)):
            self._reporter.waiting(missing)
            return
        if batch.status != BatchStatus.PAUSED or self._presses:
            self._reporter.waiting(None)
            return
        if batch.pause_reason == "user":
            text = f"Paused by {batch.pause_by}. `junmai resume` in another window goes on."
        else:
            cause = conditions.sentence(batch.pause_reason, batch.pause_detail)
            text = f"Paused: {cause}." + (
                " It goes on by itself when that is over." if conditions.goes_on_by_itself(batch) else ""
            )
        self._reporter.waiting(text)

    def _missing_workers(self, batch: Batch) -> str | None:
        """Why nobody develops it, where photos are offered to workers: by this process, or by one that is watched."""
        if isinstance(self._runner, Dispatcher):
            none, lacking = self._runner.has_no_worker, self._runner.lacking
        elif self._runner is None and self._controller.settings.executor == "celery":
            if time.monotonic() < self._looked_at + WORKERS_SECONDS:
                return self._missing
            self._looked_at = time.monotonic()
            settings = self._controller.settings
            none = not any(one.workers for one in live_runners(self._store, settings, serving=batch.no))
            lacking = () if none else rooting.missing_for(self._store, settings, batch)
        else:
            return None
        self._missing = None
        if none:
            self._missing = "No worker is there: `junmai worker` on any machine starts one."
        elif lacking:
            root = " and ".join(lacking)
            self._missing = f"No worker has the root {root} that it needs; {rooting.advice(lacking)}."
        return self._missing

    # --- the user -----------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _signals(self, batch: Batch) -> Iterator[None]:
        """Ctrl-C once: finish what is in hand and pause. Twice: stop at once."""
        pressed = threading.Event()
        done = threading.Event()

        def press(number: int, frame: FrameType | None) -> None:
            self._presses += 1
            if self._runner is not None:  # it only takes a note, and needs no lock and no store
                self._runner.stop(at_once=self._presses > 1)
            pressed.set()

        def obey() -> None:
            # a signal handler must not wait for the store; this thread may
            while not done.is_set():
                if pressed.wait(LOOK_SECONDS):
                    pressed.clear()
                    self._obey(batch)

        names = ("SIGINT", "SIGTERM", "SIGHUP")
        kinds = [getattr(signal, name) for name in names if hasattr(signal, name)]
        before = {kind: signal.signal(kind, press) for kind in kinds}
        helper = threading.Thread(target=obey, daemon=True)
        helper.start()
        try:
            yield
        finally:
            done.set()
            helper.join()
            for kind, handler in before.items():
                signal.signal(kind, handler)

    def _obey(self, batch: Batch) -> None:
        """Write the pause, then speak: the terminal may be gone, the pause must not be."""
        if self._runner is None or self._presses > 1:
            return
        try:
            self._controller.pause(batch.id)
        except errors.WrongState:
            pass  # it ended, or somebody else paused or cancelled it, in this moment
        except errors.StoreError as error:
            self._reporter.word(f"The pause could not be written ({error.message})")
        self._reporter.word("Finishing the photos in hand, then pausing. Ctrl-C again stops at once.")

    def _end_if_nothing_is_left(self, batch: Batch) -> None:
        """Ctrl-C met the last photos: they are finished, so there is nothing to pause."""
        now = self._store.batch(batch.id)
        if not self._presses or self._runner is None:
            return
        if now.status == BatchStatus.RUNNING:  # the store did not take the pause at first
            with contextlib.suppress(errors.WrongState):
                now = self._controller.pause(batch.id)
        if now.status == BatchStatus.PAUSED and not now.remaining:
            with contextlib.suppress(errors.WrongState):
                self._controller.resume(batch.id)

    # --- the end ------------------------------------------------------------------------------------------

    def _close(self, batch: Batch) -> int:
        seconds = time.monotonic() - self._began
        summary = {
            "batch_id": batch.id,
            "status": batch.status,
            "processed_count": self.counts.processed,
            "failed_count": self.counts.failed,
            "skipped_count": self.counts.skipped,
            "seconds": round(seconds, 3),
        }
        self._reporter.end(summary, self._closing_lines(batch, seconds))
        if self._runner is None and batch.status not in ENDED:
            return EXIT_DONE  # it was only watched, and goes on where it is developed
        code = exit_code(batch)
        return EXIT_FAILURES if code == EXIT_DONE and self.unreadable else code

    def _closing_lines(self, batch: Batch, seconds: float) -> Iterator[str]:
        done = f"{self.counts.processed} {'developed' if batch.recipe.output.pixels else 'given a sidecar'}"
        failed = f", [red]{self.counts.failed} failed[/]" if self.counts.failed else ""
        skipped = f", {self.counts.skipped} were right already" if self.counts.skipped else ""
        watched = self._runner is None and batch.status not in ENDED
        if watched:
            yield f"Stopped watching {batch.id}; it goes on where it is being developed."
            return
        yield f"[bold]{batch.id} {batch.status}[/]: {done}{failed}{skipped} in {span(seconds)}."
        if (batch.processed, batch.failed) != (self.counts.processed, self.counts.failed):
            yield f"The whole batch: {batch.processed} developed, {batch.failed} failed, of {counted(batch.total)}."
        if self._remarked:
            count = len(self._remarked)
            yield f"Something that was asked of {count} photo{'' if count == 1 else 's'} could not be done;"
            yield f"`junmai batch show {batch.id}` names it."
        if lost := presetting.lost_of(self._store, batch.preset):
            fields = counted(len(lost), "field")
            yield f"{fields} of the preset {escape(batch.preset)} could not be done on any photo;"
            yield f"`junmai batch show {batch.id}` names {'it' if len(lost) == 1 else 'them'}."
        if self.unreadable:
            yield f"[red]{self.unreadable} files or folders could not be read[/]; they are named above."
        if batch.processed or batch.skipped:
            yield from _where(batch)
        if batch.status == BatchStatus.PAUSED:
            yield f"{batch.remaining} to go: the same command, or `junmai resume`, goes on from here."
        if self.resumed and batch.status == BatchStatus.COMPLETED:
            yield "Photos that were added since it began: the same command once more develops them."
        if batch.status == BatchStatus.CANCELLED:
            left = batch.total - batch.processed - batch.failed - batch.skipped
            yield f"{counted(left)} not developed; the same command as before develops what is left."
        elif batch.failed:
            yield f"`junmai batch show {batch.id}` lists what failed,"
            yield f"`junmai batch retry-failed {batch.id}` tries it again."


def matched(said: Mapping[str, Any]) -> str:
    """A sentence about what matching found, from the event that tells it."""
    text = f"Matched: {counted(said.get('moved', 0))} of {counted(said.get('scenes', 0), 'scene')} will be moved"
    if said.get("spread_before") is not None:
        text += (
            f"; photos of one scene are {said['spread_before']:.1f} dE00 apart, and will be {said['spread_after']:.1f}"
        )
    if said.get("unmeasured"):
        text += f"; {counted(said['unmeasured'])} could not be measured, and will be like the neighbours"
    if said.get("target_why"):
        text += (
            f"; the photo to match to could not be measured ({said['target_why']}), so each scene has its own middle"
        )
    return f"{text}."


def _where(batch: Batch) -> Iterator[str]:
    output = batch.recipe.output
    if output.pixels:
        yield f"The photos are in {escape(batch.folder)}"
    if output.sidecars == "output":
        yield f"The sidecars are in {escape(batch.folder)}"
    if output.sidecars == "originals":
        yield f"The sidecars are beside the originals; `junmai batch revert {batch.id}` puts back what was there."


def exit_code(batch: Batch) -> int:
    """What a run ends with, by the state that it leaves the batch in."""
    match batch.status:
        case BatchStatus.CANCELLED:
            return EXIT_CANCELLED
        case BatchStatus.COMPLETED | BatchStatus.FAILED:
            return EXIT_FAILURES if batch.failed else EXIT_DONE
        case _:
            return EXIT_PAUSED
