"""Photos, sessions, collections, presets, and what may be imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse

from junmai import errors
from junmai.api import bodies, examples, schemas, shapes
from junmai.api.problems import Refused
from junmai.api.routing import Cursor, Declares, Limit, PhotoId, answer, place_of, service_of
from junmai.api.service import Service
from junmai.control import picking
from junmai.control.controller import BatchController
from junmai.control.importing import import_photos
from junmai.control.presetting import all_presets
from junmai.domain.model import Photo
from junmai.library.selection import Selection

router = APIRouter(tags=["library"])
route = Declares(router)
Text = Annotated[str | None, Query(max_length=1000)]
LEFT_OUT_NAMED = 1000


@route(
    "POST",
    "/photos/import",
    schemas.ImportedAnswer,
    {
        "imported": 240,
        "known": 0,
        "left_out": [{"path": "/photos/wedding/notes.txt", "reason": "not a photo"}],
        "session_ids": [1],
    },
    body=schemas.Import,
    needed=True,
    examples={"a folder": {"folders": ["/photos/wedding"], "session": "wedding"}},
)
async def import_folders(request: Request) -> JSONResponse:
    """Take photos into the library. It answers when all of them are in."""
    service = service_of(request)
    body = await bodies.read(request, schemas.Import)
    return answer(await service.long(_import, service, body.folders, body.session))


def _import(service: Service, folders: Sequence[str], session: str | None) -> dict[str, object]:
    paths = [service.check_path(folder) for folder in folders]
    controller = service.controller
    executor = controller.executor(1)
    try:
        with service.imports.begun([_text(str(path)) for path in paths]) as progress:
            found = import_photos(controller, paths, executor, session=session, on_progress=progress)
    finally:
        executor.stop(at_once=True)
    return {
        "imported": found.new,
        "known": found.known,
        "left_out": [
            {"path": _text(str(left.path)), "reason": left.reason} for left in found.left_out[:LEFT_OUT_NAMED]
        ],
        "session_ids": list(found.session_ids),
    }


def _text(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


@route(
    "GET",
    "/imports",
    schemas.RunningImports,
    {"imports": [{"folders": ["/photos/wedding"], "looked_at": 120, "total": 240}]},
)
async def imports(request: Request) -> JSONResponse:
    """The imports that run on this server: photos looked at, of how many (null while folders are still read)."""
    running = service_of(request).imports.all()
    return answer({"imports": [asdict(one) for one in running]})


@route("GET", "/photos", schemas.Photos, {"photos": [examples.PHOTO], "total": 1, "next_cursor": None}, 404, 422)
async def photos(
    request: Request,
    session_id: Annotated[int | None, Query(ge=0, le=schemas.INT64)] = None,
    collection: Text = None,
    first: Annotated[str | None, Query(alias="from", max_length=40, description="Taken then or later.")] = None,
    last: Annotated[str | None, Query(alias="to", max_length=40, description="Taken then or earlier.")] = None,
    min_rating: Annotated[int | None, Query(ge=-1, le=5)] = None,
    label: Text = None,
    camera: Text = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> JSONResponse:
    """Photos of the library, by id. All that is given must hold; `total` counts them."""
    service = service_of(request)
    given = {
        "session_id": session_id,
        "collection": collection,
        "first": first,
        "last": last,
        "min_rating": min_rating,
        "label": label,
        "camera": camera,
    }
    selection = Selection.of(**{name: value for name, value in given.items() if value is not None})
    return answer(await service.read(_photos, service.controller, selection, place_of(cursor, 0), limit))


def _photos(controller: BatchController, selection: Selection, after: int, limit: int) -> dict[str, object]:
    found, total = picking.page(controller.store, selection, after=after, limit=limit + 1)
    shown = found[:limit]
    return {
        "photos": [shapes.photo(one) for one in shown],
        "total": total,
        "next_cursor": str(shown[-1].id) if len(found) > limit else None,
    }


@route("GET", "/photos/{photo_id:int}", schemas.PhotoAnswer, examples.PHOTO, 404, 422)
async def photo(request: Request, photo_id: PhotoId) -> JSONResponse:
    """One photo with its EXIF."""
    service = service_of(request)
    return answer(shapes.photo(await service.read(photo_of, service.controller, photo_id)))


def photo_of(controller: BatchController, photo_id: int) -> Photo:
    """The photo with that id. Raises `Refused` (404)."""
    found = controller.store.photo(photo_id)
    if found is None:
        raise Refused(404, f"There is no photo {photo_id}.", code="unknown_photo")
    return found


@route("GET", "/sessions", schemas.Sessions, {"sessions": [examples.SESSION], "next_cursor": None}, 422)
async def sessions(request: Request, limit: Limit = 200, cursor: Cursor = None) -> JSONResponse:
    """The sessions, by id."""
    service = service_of(request)
    found = await service.read(service.controller.store.sessions, after=place_of(cursor, 0), limit=limit + 1)
    shown = found[:limit]
    following = str(shown[-1].id) if len(found) > limit else None
    return answer({"sessions": [shapes.session(one) for one in shown], "next_cursor": following})


@route(
    "GET",
    "/collections",
    schemas.Collections,
    {"collections": [{"name": "best", "photo_count": 12, "cover_photo_id": 17}]},
)
async def collections(request: Request) -> JSONResponse:
    """The collections, by name."""
    service = service_of(request)
    found = await service.read(service.controller.store.collections)
    return answer({"collections": [shapes.collection(one) for one in found]})


@route(
    "POST",
    "/collections",
    schemas.Collected,
    {"name": "best", "added": 2},
    body=schemas.Collect,
    needed=True,
    examples={"two photos": {"name": "best", "photo_ids": [17, 18]}},
)
async def collect(request: Request) -> JSONResponse:
    """Add photos to a collection, which is made if it is new."""
    service = service_of(request)
    body = await bodies.read(request, schemas.Collect)
    added = await service.command(_collect, service.controller, body)
    return answer({"name": body.name, "added": added})


def _collect(controller: BatchController, body: schemas.Collect) -> int:
    names = picking.names_of(controller.store, body.photo_ids)
    if not body.name.strip() or not body.name.isprintable():
        raise errors.BadInput(detail="The name of a collection must be a text that can be seen.")
    return controller.store.add_to_collection(body.name, names)


@route("GET", "/presets", schemas.Presets, {"presets": [examples.PRESET]})
async def presets(request: Request) -> JSONResponse:
    """The presets: the built-in ones, then the user's by name, each in its newest version."""
    service = service_of(request)
    found = await service.read(all_presets, service.controller.store)
    return answer({"presets": [shapes.preset(one) for one in found]})


@route("GET", "/roots", schemas.Roots, {"roots": ["/photos"], "anywhere": False})
async def roots(request: Request) -> JSONResponse:
    """Which folders this server imports from and writes to."""
    allowed = service_of(request).roots
    home = [str(Path.home())] if allowed is None else [str(root) for root in allowed]
    return answer({"roots": home, "anywhere": allowed is None})
