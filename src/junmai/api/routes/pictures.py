"""Pictures for looking at: photos as they are, developed live with a preset, and outputs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import FileResponse, Response

from junmai import errors, files
from junmai.api import previews
from junmai.api.previews import Wish
from junmai.api.problems import Refused
from junmai.api.routes.library import photo_of
from junmai.api.routing import BatchId, Declares, PhotoId, service_of
from junmai.api.service import Service
from junmai.control.ordering import order_from
from junmai.control.planning import resolve
from junmai.control.presetting import finder
from junmai.control.written_match import written_match
from junmai.domain.matching import match_key
from junmai.domain.model import Batch, Item, OutputOptions, Photo, Recipe
from junmai.executors.base import DevelopJob
from junmai.files import FileState

router = APIRouter(tags=["previews"])
route = Declares(router)
Size = Annotated[int, Query(ge=32, le=2048, description="Long edge in pixels; a little more may come.")]
SETTINGS_LENGTH = 20_000
DEVELOPED = ("processed", "skipped")


@route("GET", "/photos/{photo_id:int}/preview", None, "(a JPEG)", 404, 422, media="image/jpeg")
async def photo_preview(
    request: Request,
    photo_id: PhotoId,
    size: Size = 640,
    preset: Annotated[str | None, Query(max_length=200, description="Developed with this preset.")] = None,
    blend: Annotated[float | None, Query(ge=0, le=100, description="How much of the preset.")] = None,
    settings: Annotated[
        str | None, Query(max_length=SETTINGS_LENGTH, description='JSON of settings over it: {"Exposure2012": 0.5}.')
    ] = None,
    settings_from: Annotated[str | None, Query(max_length=20)] = None,
) -> Response:
    """A photo as it is; with a preset, a blend or settings it is developed."""
    service = service_of(request)
    look = {"preset": preset, "blend": blend, "settings": settings, "settings_from": settings_from}
    given = {name: value for name, value in look.items() if value is not None}
    return await _picture(request, await service.read(_of_photo, service, photo_id, previews.size_of(size), given))


@route("GET", "/batch/{batch_id}/items/{photo_id:int}/preview", None, "(a JPEG)", 404, 422, media="image/jpeg")
async def item_preview(request: Request, batch_id: BatchId, photo_id: PhotoId, size: Size = 640) -> Response:
    """The output of a photo in a batch."""
    service = service_of(request)
    return await _picture(request, await service.read(_of_item, service, batch_id, photo_id, previews.size_of(size)))


@route("GET", "/batch/{batch_id}/match/{photo_id:int}/preview", None, "(a JPEG)", 404, 422, media="image/jpeg")
async def match_preview(
    request: Request,
    batch_id: BatchId,
    photo_id: PhotoId,
    size: Size = 640,
    matched: Annotated[bool, Query(description="With its match; false: the same look without.")] = True,
) -> Response:
    """A photo of a matched batch in the look of the batch, with its match or without."""
    service = service_of(request)
    edge = previews.size_of(size)
    return await _picture(request, await service.read(_of_match, service, batch_id, photo_id, edge, matched))


async def _picture(request: Request, wish: Wish) -> Response:
    headers = {"ETag": f'"{wish.key[:32]}"', "Cache-Control": "private, no-cache"}
    if headers["ETag"] in [
        one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")
    ]:
        return Response(status_code=304, headers=headers)
    path = await service_of(request).previews.get(wish)
    return FileResponse(path, media_type="image/jpeg", headers=headers)


# --- wishes -------------------------------------------------------------------------------------------------


def _of_photo(service: Service, photo_id: int, size: int, look: dict[str, Any]) -> Wish:
    photo = photo_of(service.controller, photo_id)
    state = _state(Path(photo.path))
    if not look:
        return previews.plain_wish(service.previews, _identity(Path(photo.path), state), Path(photo.path), size)
    job = _job(photo, _recipe(service, look, size))
    return previews.developed_wish(service.previews, f"{_identity(Path(photo.path), state)}|{photo.sidecars}", job)


def _of_match(service: Service, batch_id: str, photo_id: int, size: int, matched: bool) -> Wish:
    store = service.controller.store
    batch, item = _item(service, batch_id, photo_id)
    solution = store.solution(batch.no, item.position)
    if solution is None:
        raise Refused(404, f"Nothing was matched for photo {photo_id} in batch {batch_id}.", code="not_matched")
    if matched and item.status in DEVELOPED and batch.recipe.output.pixels:
        return _of_item(service, batch_id, photo_id, size)
    photo = photo_of(service.controller, photo_id)
    given = solution if matched else None
    instead = written_match(store, photo, batch.recipe)
    job = replace(_job(photo, _small(batch.recipe, size)), solution=given, instead=instead)
    state = _state(Path(photo.path))
    identity = f"{_identity(Path(photo.path), state)}|{photo.sidecars}|{match_key(given)}"
    return previews.developed_wish(service.previews, identity, job)


def _recipe(service: Service, look: dict[str, Any], size: int) -> Recipe:
    if "settings" in look:
        try:
            look = {**look, "settings": json.loads(look["settings"])}
        except (ValueError, RecursionError) as error:
            raise errors.BadInput(detail='settings must be JSON such as {"Exposure2012": 0.5}.') from error
    recipe, _ = resolve(order_from(look), finder(service.controller.store))
    return _small(recipe, size)


def _small(recipe: Recipe, size: int) -> Recipe:
    output = OutputOptions(quality=85, long_edge=size, metadata="none")
    return Recipe(recipe.settings, output, recipe.own, recipe.overrides)


def _job(photo: Photo, recipe: Recipe) -> DevelopJob:
    return DevelopJob(
        source=Path(photo.path),
        expected=_known(photo),
        fingerprint=photo.fingerprint,
        known_sha256=photo.sha256 or "unread",  # a look at it needs no checksum of the whole file
        recipe=recipe,
        temporary=Path(),
        again_soon=True,
    )


def _item(service: Service, batch_id: str, photo_id: int) -> tuple[Batch, Item]:
    store = service.controller.store
    batch = store.batch(batch_id)
    try:
        return batch, store.item(batch.no, batch.id, photo_id)
    except errors.PhotoNotInBatch as error:
        raise Refused(404, error.message, code=error.code) from error


def _of_item(service: Service, batch_id: str, photo_id: int, size: int) -> Wish:
    _, item = _item(service, batch_id, photo_id)
    if item.status not in DEVELOPED or item.output_name is None:
        raise Refused(404, f"Photo {photo_id} is not developed in batch {batch_id}.", code="not_developed")
    path = Path(item.folder) / item.output_name
    try:
        state = files.state_of(path)
    except OSError:
        state = None
    if state is None:
        raise Refused(404, f"The output of photo {photo_id} is no longer there.", code="output_missing")
    return previews.plain_wish(service.previews, _identity(path, state), path, size)


def _state(path: Path) -> FileState:
    try:
        state = files.state_of(path)
    except OSError as error:
        unreadable = errors.SourceUnreadable(detail=error.strerror or str(error))
        raise Refused(422, unreadable.message, code=unreadable.code) from error
    if state is None:
        missing = errors.SourceMissing(path=path)
        raise Refused(404, missing.message, code=missing.code)
    return state


def _known(photo: Photo) -> FileState:
    return FileState(photo.size, photo.mtime_ns, photo.inode)


def _identity(path: Path, state: FileState) -> str:
    return f"{path}|{state.size}|{state.mtime_ns}|{state.inode}"
