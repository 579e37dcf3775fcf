"""Batches: start, steer, look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import JSONResponse

from junmai import errors
from junmai.api import bodies, examples, schemas, shapes
from junmai.api.routing import BatchId, Cursor, Declares, Limit, answer, place_of, service_of
from junmai.api.service import Service
from junmai.control import picking, starting
from junmai.control.controller import BatchController
from junmai.control.matched import described
from junmai.control.status import status_object
from junmai.domain.lifecycle import BatchStatus, ItemStatus
from junmai.domain.model import Batch
from junmai.library.selection import Selection

router = APIRouter(tags=["batches"])
route = Declares(router)
KEY_LENGTH = 200
SHOWN = 12
"""Photos that a kind of failure names."""
NEWEST = 1 << 62


# --- making -------------------------------------------------------------------------------------------------


@route(
    "POST",
    "/batch/start",
    schemas.Started,
    examples.said("Batch processing started", photo_count=3),
    404,
    409,
    body=schemas.StartBatch,
    needed=True,
    examples=examples.START,
)
async def start(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=KEY_LENGTH, description="The same key never starts two batches.")
    ] = None,
) -> JSONResponse:
    """Start a batch over photos, by their ids or by a selection."""
    service = service_of(request)
    body = await bodies.read(request, schemas.StartBatch)
    batch = await service.long(_start, service, body, idempotency_key)
    return answer({"message": "Batch processing started", "batch_id": batch.id, "photo_count": batch.total})


def _start(service: Service, body: schemas.StartBatch, key: str | None) -> Batch:
    controller = service.controller
    output = body.config.get("output") if isinstance(body.config, dict) else None
    folder = output.get("folder") if isinstance(output, dict) else None
    if isinstance(folder, str):
        service.check_path(folder)
    photos = body.photo_ids or ()
    if body.selection is not None:
        if body.photo_ids is not None:
            raise errors.BadInput(detail="Give photo_ids or a selection, not both.")
        photos = Selection.of(**body.selection.model_dump(exclude_none=True))
    if isinstance(output, dict) and output.get("sidecars") == "originals":
        _check_folders(service, photos)
    return starting.start(controller, photos, session_id=body.session_id, config=body.config, key=key)


@route(
    "POST",
    "/batch/merge",
    schemas.Merged,
    examples.said("Batches merged", photo_count=480, merged_batch_ids=[examples.OTHER]),
    404,
    409,
    body=schemas.Merge,
    needed=True,
    examples={"two": {"batch_ids": [examples.ID, examples.OTHER]}},
)
async def merge(request: Request) -> JSONResponse:
    """Make one batch of several that are unfinished and have the same options; the first one stays."""
    service = service_of(request)
    body = await bodies.read(request, schemas.Merge)
    merged = await service.long(service.controller.merge_batches, body.batch_ids)
    return answer({"message": "Batches merged", **merged})


@route(
    "POST",
    "/batch/recover",
    schemas.Recovered,
    {
        "message": "Batch recovery completed",
        "recovered_count": 1,
        "failed_count": 0,
        "batch_ids": [examples.ID],
        "timestamp": "2026-05-18T09:41:00.000Z",
    },
)
async def recover(request: Request) -> JSONResponse:
    """Pause every running batch that no live runner serves."""
    service = service_of(request)
    found = await service.command(service.controller.recover_interrupted_batches)
    return answer({"message": "Batch recovery completed", **found})


@route(
    "POST",
    "/batch/cleanup",
    schemas.Cleaned,
    {"message": "Batch cleanup completed", "cleaned_count": 4, "days_old": 7},
    body=schemas.Cleanup,
    examples={"a month": {"days_old": 30}},
)
async def cleanup(request: Request) -> JSONResponse:
    """Forget batches that ended so many days ago, never an output."""
    service = service_of(request)
    body = await bodies.read(request, schemas.Cleanup)
    days = int(body.days_old) if body.days_old == int(body.days_old) else body.days_old
    count = await service.long(service.controller.cleanup_completed_batches, days)
    return answer({"message": "Batch cleanup completed", "cleaned_count": count, "days_old": days})


def _check_folders(service: Service, photos: Sequence[int] | Selection) -> None:
    """What is written beside originals is written only where clients may write. Raises `Refused` (403)."""
    if service.roots is not None:
        store = service.controller.store
        chosen = picking.selected(store, photos) if isinstance(photos, Selection) else store.photos_by_ids(list(photos))
        for folder in {str(Path(photo.path).parent) for photo in chosen}:
            service.check_path(folder)


# --- looking ------------------------------------------------------------------------------------------------


@route(
    "GET",
    "/batch/list",
    schemas.Batches,
    {"batches": [examples.STATUS], "count": 1, "next_cursor": None},
    422,
)
async def list_all(
    request: Request,
    status: Annotated[BatchStatus | None, Query(description="Only batches in this state.")] = None,
    limit: Annotated[int | None, Query(ge=1, le=1000, description="How many at the most; none: all.")] = None,
    cursor: Cursor = None,
) -> JSONResponse:
    """The batches, the newest first."""
    service = service_of(request)
    found = await service.read(_list, service.controller, status, limit, place_of(cursor, NEWEST))
    return answer(found)


def _list(controller: BatchController, status: str | None, limit: int | None, before: int) -> dict[str, object]:
    store = controller.store
    wanted = NEWEST if limit is None else limit + 1
    found = store.batches(status=status, before=before, limit=wanted)
    page = found if limit is None else found[:limit]
    more = len(found) > len(page)
    return {
        "batches": [status_object(store, batch) for batch in page],
        "count": len(page),
        "next_cursor": str(page[-1].no) if more else None,
    }


@route("GET", "/batch/{batch_id}/status", schemas.Status, examples.STATUS, 404)
async def status_of(request: Request, batch_id: BatchId) -> JSONResponse:
    """The state of a batch, its counters, its rate and the time left."""
    service = service_of(request)
    return answer(await service.read(service.controller.status, batch_id))


@route("GET", "/batch/{batch_id}/items", schemas.Items, {"items": [examples.ITEM], "next_cursor": None}, 404, 422)
async def items(
    request: Request,
    batch_id: BatchId,
    status: Annotated[ItemStatus | None, Query()] = None,
    error_kind: Annotated[str | None, Query(max_length=100)] = None,
    limit: Limit = 200,
    cursor: Cursor = None,
    position: Annotated[int | None, Query(ge=0, le=schemas.INT64, description="Begin there; 0 is the first.")] = None,
) -> JSONResponse:
    """The photos of a batch, in their order."""
    service = service_of(request)
    after = place_of(cursor, -1) if position is None else position - 1
    return answer(await service.read(_items, service.controller, batch_id, status, error_kind, limit, after))


def _items(
    controller: BatchController, batch_id: str, status: str | None, error_kind: str | None, limit: int, after: int
) -> dict[str, object]:
    store = controller.store
    batch = store.batch(batch_id)
    no = batch.no
    if status == ItemStatus.FAILED:
        found = store.failed_items(no, error_kind=error_kind, after=after, limit=limit + 1)
    else:
        found = store.items(no, status=status, error_kind=error_kind, after=after, limit=limit + 1)
    page = found[:limit]
    return {
        "items": [shapes.item(one, pixels=batch.recipe.output.pixels) for one in page],
        "next_cursor": str(page[-1].position) if len(found) > limit else None,
    }


@route(
    "GET",
    "/batch/{batch_id}/match",
    schemas.Matches,
    {"matching": "solved", "measured_count": 240, "photos": [examples.MATCH], "next_cursor": None},
    404,
    422,
)
async def match(request: Request, batch_id: BatchId, limit: Limit = 200, cursor: Cursor = None) -> JSONResponse:
    """What matching does to the photos of a batch, in their order; none where nothing is matched."""
    service = service_of(request)
    return answer(await service.read(_match, service.controller, batch_id, limit, place_of(cursor, -1)))


def _match(controller: BatchController, batch_id: str, limit: int, after: int) -> dict[str, object]:
    batch = controller.store.batch(batch_id)
    found = controller.store.solutions_page(batch.no, after=after, limit=limit + 1)
    page = found[:limit]
    return {
        "matching": batch.matching,
        "measured_count": batch.measured,
        "photos": [described(one) for one in page],
        "next_cursor": str(page[-1].position) if len(found) > limit else None,
    }


@route(
    "GET",
    "/batch/{batch_id}/failures",
    schemas.Failures,
    {
        "failures": [
            {
                "error_kind": "truncated_file",
                "count": 1,
                "error_message": "The file ends too early: the copy was cut off.",
                "photo_ids": [23],
            }
        ]
    },
    404,
)
async def failures(request: Request, batch_id: BatchId) -> JSONResponse:
    """What failed, by cause, the most frequent first."""
    service = service_of(request)
    return answer({"failures": await service.read(_failures, service.controller, batch_id)})


def _failures(controller: BatchController, batch_id: str) -> list[dict[str, object]]:
    store = controller.store
    no = store.batch(batch_id).no
    found: list[dict[str, object]] = []
    for kind in store.failure_kinds(no):
        shown = store.failed_items(no, error_kind=kind.error_kind, limit=SHOWN)
        found.append(
            {
                "error_kind": kind.error_kind,
                "count": kind.count,
                "error_message": shown[0].error_message if shown else "",
                "photo_ids": [one.photo_id for one in shown],
            }
        )
    return found


# --- steering -----------------------------------------------------------------------------------------------


async def _steer(request: Request, verb: Callable[[str], object], batch_id: str, message: str) -> JSONResponse:
    await service_of(request).command(verb, batch_id)
    return answer({"message": message, "batch_id": batch_id})


@route("POST", "/batch/{batch_id}/pause", schemas.BatchAnswer, examples.said("Batch paused successfully"), 404, 409)
async def pause(request: Request, batch_id: BatchId) -> JSONResponse:
    """Pause: photos in hand are finished, no other is begun."""
    return await _steer(request, service_of(request).controller.pause, batch_id, "Batch paused successfully")


@route("POST", "/batch/{batch_id}/resume", schemas.BatchAnswer, examples.said("Batch resumed successfully"), 404, 409)
async def resume(request: Request, batch_id: BatchId) -> JSONResponse:
    """Go on with a paused batch."""
    return await _steer(request, service_of(request).controller.resume, batch_id, "Batch resumed successfully")


@route("POST", "/batch/{batch_id}/cancel", schemas.BatchAnswer, examples.said("Batch cancelled successfully"), 404, 409)
async def cancel(request: Request, batch_id: BatchId) -> JSONResponse:
    """Give a batch up. What was developed stays."""
    return await _steer(request, service_of(request).controller.cancel, batch_id, "Batch cancelled successfully")


@route(
    "POST",
    "/batch/{batch_id}/priority",
    schemas.Prioritised,
    examples.said("Batch priority updated", priority=9),
    404,
    409,
    body=schemas.Priority,
    needed=True,
    examples={"urgent": {"priority": 9}},
)
async def priority(request: Request, batch_id: BatchId) -> JSONResponse:
    """Say how urgent a batch is: 1 to 10, 10 goes first."""
    service = service_of(request)
    body = await bodies.read(request, schemas.Priority)
    batch = await service.command(service.controller.set_priority, batch_id, body.priority)
    return answer({"message": "Batch priority updated", "batch_id": batch.id, "priority": batch.priority})


@route(
    "POST",
    "/batch/{batch_id}/retry-failed",
    schemas.Retried,
    examples.said("Failed photos queued again", retried_count=2),
    404,
    409,
    body=schemas.RetryFailed,
    examples={"all": {}, "of one kind": {"error_kind": "disk_full"}},
)
async def retry_failed(request: Request, batch_id: BatchId) -> JSONResponse:
    """Queue the failed photos of an ended batch again, of one kind or all."""
    service = service_of(request)
    body = await bodies.read(request, schemas.RetryFailed)
    count = await service.command(service.controller.retry_failed, batch_id, body.error_kind)
    return answer({"message": "Failed photos queued again", "batch_id": batch_id, "retried_count": count})


@route(
    "POST",
    "/batch/{batch_id}/revert",
    schemas.Reverted,
    examples.said(
        "Sidecars reverted", restored_count=41, removed_count=6, already_count=0, left_count=1, left=[examples.LEFT]
    ),
    404,
    409,
)
async def revert(request: Request, batch_id: BatchId) -> JSONResponse:
    """Put back what stood where a batch wrote sidecars; what was changed since is left alone and named."""
    service = service_of(request)
    found = await service.long(_revert, service, batch_id)
    return answer({"message": "Sidecars reverted", **found})


def _revert(service: Service, batch_id: str) -> dict[str, object]:
    if service.roots is not None:
        for folder in {str(Path(one.path).parent) for one in service.controller.store.snapshots(batch_id)}:
            service.check_path(folder)
    return service.controller.revert(batch_id).to_dict()
