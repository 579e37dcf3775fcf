"""`junmai batch`: looking at batches and steering them, also from another window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from junmai import config, errors
from junmai.cli import listing
from junmai.cli.opening import chosen, configured, opened
from junmai.cli.render import BarReporter, JsonReporter
from junmai.cli.session import EXIT_DONE, Foreground
from junmai.control import developing
from junmai.control.controller import BatchController
from junmai.control.rebuild import rebuild as rebuild_library
from junmai.domain.lifecycle import BatchStatus
from junmai.domain.model import Batch

app = typer.Typer(help="Look at batches and steer them, also from another window.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
BatchId = Annotated[str | None, typer.Argument(metavar="[BATCH]", help="The batch's id; none: the latest.")]
Workers = Annotated[
    int | None, typer.Option(min=1, max=256, help="Worker processes; none: what cores and free memory allow.")
]


@app.command("list")
def list_all(
    status: Annotated[str | None, typer.Option(help="Only batches in this state.")] = None, json: Json = False
) -> int:
    """List the batches, the newest first."""
    if status is not None and status not in set(BatchStatus):
        raise errors.BadInput(detail=f"There is no state {status!r}; known: {', '.join(BatchStatus)}.")
    with opened("batch list") as controller:
        return listing.batches(controller, status, as_json=json)


@app.command("show")
def show(batch: BatchId = None, json: Json = False) -> int:
    """Show one batch and what failed in it."""
    with opened("batch show") as controller:
        return listing.batch(controller, named(controller, batch), as_json=json)


@app.command("pause")
def pause(batch: BatchId = None, json: Json = False) -> int:
    """Pause: photos in hand are finished, no other is begun."""
    return _steer("pause", batch, json, lambda controller, found: controller.pause(found.id))


@app.command("resume")
def resume(batch: BatchId = None, workers: Workers = None, json: Json = False) -> int:
    """Go on. Where no Junmai is at work on the batch, it is developed here."""
    with opened("resume") as controller:
        found = named(controller, batch)
        since = controller.store.last_event()
        developing.refuse_without_roots(controller, found)
        unattended = found.status == BatchStatus.RUNNING and not developing.is_served(controller, found)
        resumed = found if unattended else controller.resume(found.id)
        if developing.is_served(controller, resumed) or resumed.status != BatchStatus.RUNNING:
            listing.steered("resume", controller, resumed, as_json=json)
            return EXIT_DONE
        return _go_on(controller, resumed, workers, as_json=json, since=since)


@app.command("cancel")
def cancel(batch: BatchId = None, json: Json = False) -> int:
    """Give a batch up. What was developed stays."""
    return _steer("cancel", batch, json, lambda controller, found: controller.cancel(found.id))


@app.command("priority")
def set_priority(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id.")],
    priority: Annotated[int, typer.Argument(metavar="PRIORITY", help="1 to 10; 10 goes first, 5 is usual.")],
    json: Json = False,
) -> int:
    """Say how urgent a batch is."""
    return _steer("priority", batch, json, lambda controller, found: controller.set_priority(found.id, priority))


@app.command("retry-failed")
@app.command("retry", hidden=True)
def retry(
    batch: BatchId = None,
    kind: Annotated[str | None, typer.Option(help="Only failures of this kind, such as disk_full.")] = None,
    workers: Workers = None,
    json: Json = False,
) -> int:
    """Try the failed photos again. Where no Junmai is at work on the batch, it is developed here."""
    with opened("batch retry-failed") as controller:
        found = named(controller, batch)
        developing.refuse_without_roots(controller, found)
        since = controller.store.last_event()
        count = controller.retry_failed(found.id, kind)
        if not count:
            raise errors.BadInput(detail=f"Batch {found.id} has no failed photos{f' of kind {kind}' if kind else ''}.")
        again = controller.store.batch(found.id)
        if developing.is_served(controller, again):
            listing.steered("retry", controller, again, as_json=json)
        return _go_on(controller, again, workers, as_json=json, since=since)


@app.command("recover")
def recover(json: Json = False) -> int:
    """Pause every running batch that no Junmai is at work on, and take back what the dead had in hand."""
    with opened("batch recover") as controller:
        answer = controller.recover_interrupted_batches()
        return listing.recovered(answer, as_json=json)


@app.command("cleanup")
def cleanup(
    days: Annotated[float, typer.Option(min=0, help="Batches that ended so many days ago, or earlier.")] = 7,
    json: Json = False,
) -> int:
    """Forget old batches that have ended. Developed photos stay."""
    with opened("batch cleanup") as controller:
        return listing.cleaned(controller.cleanup_completed_batches(days), days, as_json=json)


@app.command("merge")
def merge(
    batches: Annotated[list[str], typer.Argument(metavar="BATCH BATCH...", help="Ids; the first batch stays.")],
    json: Json = False,
) -> int:
    """Make one batch of several that are unfinished and have the same options. What is done stays done."""
    with opened("batch merge") as controller:
        return listing.merged(controller.merge_batches(batches), as_json=json)


@app.command("rebuild")
def rebuild(
    quick: Annotated[
        bool, typer.Option("--quick", help="Trust outputs whose size and time are right, without reading them.")
    ] = False,
    json: Json = False,
) -> int:
    """Take in the batches that only their state files tell of, as after the database was lost."""
    configured("batch rebuild")
    found = rebuild_library(config.load(chosen()).data, verify=not quick)
    return listing.rebuilt(found, as_json=json)


@app.command("revert")
def revert(batch: BatchId = None, json: Json = False) -> int:
    """Put back what stood where a batch wrote sidecars. What was changed since is left alone and named."""
    with opened("batch revert") as controller:
        return listing.reverted(controller.revert(batch or controller.latest().id), as_json=json)


# --- small steps --------------------------------------------------------------------------------------------


def _go_on(controller: BatchController, batch: Batch, workers: int | None, *, as_json: bool, since: int) -> int:
    """Develop a batch in the foreground, unless a live runner does so already."""
    if batch.status != BatchStatus.RUNNING or developing.is_served(controller, batch):
        return EXIT_DONE
    executor = controller.executor(workers)
    try:
        return Foreground(controller, JsonReporter() if as_json else BarReporter()).run(batch, executor, since=since)
    finally:
        executor.stop(at_once=True)


def _steer(verb: str, batch: str | None, as_json: bool, act: Callable[[BatchController, Batch], Batch]) -> int:
    with opened(f"batch {verb}") as controller:
        listing.steered(verb, controller, act(controller, named(controller, batch)), as_json=as_json)
        return EXIT_DONE


def named(controller: BatchController, batch_id: str | None) -> Batch:
    return controller.store.batch(batch_id) if batch_id else controller.latest()
