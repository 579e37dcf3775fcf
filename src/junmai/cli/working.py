"""`junmai worker` and `junmai workers`: developing what is offered by messages, and who does."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.markup import escape

from junmai.cli.opening import opened
from junmai.cli.render import complaints, console, counted, print_json, span
from junmai.control import rooting
from junmai.control.working import AtWork, Work, at_work, queue_of, told

EXIT_DONE = 0
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def worker(
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Worker processes; none: what cores and free memory allow.")
    ] = None,
    events: Annotated[bool, typer.Option("--events", help="Tell Flower of every photo.")] = False,
) -> int:
    """Develop what other Junmais offer by the broker, until Ctrl-C. It needs `store` and `broker` set as they have."""
    with opened("worker") as controller:
        work = Work(controller, workers, events=events, complain=_complain)
        count = counted(work.workers, "process", "processes")

        def ready() -> None:
            print(f"{work.name} waits for photos, {count}. Ctrl-C ends it.", flush=True)

        with _signals(work):
            work.run(ready)
        print("Ended; nothing is in hand.", flush=True)
    return EXIT_DONE


def _complain(text: str) -> None:
    complaints.print(escape(text), style="yellow")


@contextmanager
def _signals(work: Work) -> Iterator[None]:
    """Ctrl-C once: finish what is in hand. Twice: give it back."""

    def press(number: int, frame: FrameType | None) -> None:
        word = work.stop()
        with suppress(OSError, ValueError):  # a closed terminal; a handler must not print, it may have met a print
            os.write(sys.stdout.fileno(), f"{word}\n".encode())

    kinds = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {kind: signal.signal(kind, press) for kind in kinds}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def workers(json: Json = False) -> int:
    """List who develops, on whatever machine, with the photos in hand; and how many wait in the broker's queue."""
    with opened("workers") as controller:
        if json:
            print_json(told(controller.store, controller.settings))
            return EXIT_DONE
        found = at_work(controller.store, controller.settings)
        queue = queue_of(controller.store, controller.settings)
        now = controller.store.clock.now()
        for one in found:
            _print(one, now)
        if not found:
            console.print("Nobody develops at this moment: `junmai worker`, `serve` and `develop` do.")
        for batch, missing in rooting.waiting(controller.store, controller.settings):
            complaints.print(escape(f"{batch.id}: {rooting.sentence(missing)}"), style="yellow")
        if queue is not None and queue.error:
            complaints.print(escape(queue.error), style="yellow")
        elif queue is not None:
            console.print(f"{counted(queue.depth or 0)} in the queue of the broker.")
    return EXIT_DONE


def _print(one: AtWork, now: float) -> None:
    runner = one.runner
    processes = (
        f", {counted(runner.workers, 'process', 'processes')}" if runner.workers else ", offers photos to workers"
    )
    roots = f", roots {', '.join(runner.roots)}" if runner.roots else ""
    where = f"{runner.role} on {escape(runner.host)}, pid {runner.pid}"
    console.print(f"[bold]{escape(runner.id)}[/]: {where}{processes}{roots}")
    for photo in one.photos:
        since = f" for {span(now - photo.since)}" if photo.since is not None else ""
        console.print(f"  {escape(Path(photo.path).name)} of {photo.batch_id}{since}")
