"""What happens, how the server is, and the token."""

from __future__ import annotations

import platform
import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from junmai import __version__, errors, files
from junmai.api import bodies, examples, metrics, schemas
from junmai.api.door import cookie_of
from junmai.api.problems import Refused
from junmai.api.routing import BatchId, Declares, answer, service_of
from junmai.api.security import COOKIE
from junmai.api.service import Service
from junmai.api.stream import Dialogue, EventStream, refuse_crowd
from junmai.control.recovery import live_runners
from junmai.control.working import told
from junmai.develop.version import ENGINE_VERSION

router = APIRouter(tags=["system"])
route = Declares(router)
LastEventId = Annotated[
    str | None,
    Header(max_length=40, description="The id of the last event that the client saw; it gets what it missed."),
]
COOKIE_SECONDS = 30 * 24 * 3600


# --- what happens -------------------------------------------------------------------------------------------


@route("GET", "/events", None, examples.EVENTS, 422, media="text/event-stream")
async def events(request: Request, last_event_id: LastEventId = None) -> Response:
    """Server-sent events of everything."""
    feed = service_of(request).feed
    refuse_crowd(feed)
    return EventStream(feed, no=None, after=_seen(last_event_id))


@route("GET", "/batch/{batch_id}/events", None, examples.EVENTS, 404, 422, media="text/event-stream")
async def batch_events(request: Request, batch_id: BatchId, last_event_id: LastEventId = None) -> Response:
    """Server-sent events of one batch."""
    service = service_of(request)
    refuse_crowd(service.feed)
    batch = await service.read(service.controller.store.batch, batch_id)
    return EventStream(service.feed, no=batch.no, after=_seen(last_event_id))


def _seen(last_event_id: str | None) -> int | None:
    if last_event_id is None or not last_event_id.strip():
        return None
    if not (last_event_id.isascii() and last_event_id.isdigit()) or int(last_event_id) > schemas.INT64:
        raise errors.BadInput(detail="Last-Event-ID must be the id of an event.")
    return int(last_event_id)


@router.websocket("/ws")
async def dialogue(socket: WebSocket) -> None:
    """The WebSocket of the contract."""
    service: Service = socket.app.state.service
    refuse_crowd(service.feed)
    await Dialogue(socket, service.feed, f"client_{uuid.uuid4().hex[:12]}").run()


# --- how it is ----------------------------------------------------------------------------------------------


@route(
    "GET",
    "/health",
    schemas.Health,
    {
        "status": "ok",
        "version": __version__,
        "versions": {"junmai": __version__, "engine": "2", "python": "3.12.4"},
        "store": {"kind": "sqlite", "last_event": 4711},
        "runners": [{"role": "serve", "pid": 4242, "host": "studio", "workers": 4, "batch_id": None}],
    },
)
async def health(request: Request) -> JSONResponse:
    """Whether the server and its store answer, and who develops."""
    service = service_of(request)
    return answer(await service.read(_health, service))


def _health(service: Service) -> dict[str, object]:
    store, settings = service.controller.store, service.controller.settings
    runners = []
    for one in live_runners(store, settings):
        if one.scope_batch_no == 0:
            continue  # it only writes batches
        batch = store.find_batch(one.scope_batch_no) if one.scope_batch_no else None
        facts = {"role": one.role, "pid": one.pid, "host": one.host, "workers": one.workers}
        runners.append({**facts, "batch_id": batch.id if batch else None})
    return {
        "status": "ok",
        "version": __version__,
        "versions": {"junmai": __version__, "engine": str(ENGINE_VERSION), "python": platform.python_version()},
        "store": {"kind": store.kind, "last_event": store.last_event()},
        "runners": runners,
    }


@route("GET", "/workers", schemas.Workers, examples.WORKERS)
async def workers(request: Request) -> JSONResponse:
    """Who develops, on whatever machine, with the photos in hand; and how many offers wait in the broker's queue."""
    service = service_of(request)
    return answer(await service.read(_workers, service))


def _workers(service: Service) -> dict[str, object]:
    store, settings = service.controller.store, service.controller.settings
    return told(store, settings)


@route("GET", "/live", schemas.Live, {"status": "live"})
async def live(request: Request) -> JSONResponse:
    """Whether the process answers at all; the store is not asked. Where it does not, start the server anew."""
    return answer({"status": "live"})


@route("GET", "/ready", schemas.Ready, {"status": "ready"})
async def ready(request: Request) -> JSONResponse:
    """Whether requests may be sent here: 503 while the database does not answer or its disk is full."""
    service = service_of(request)
    await service.read(_check_ready, service)
    return answer({"status": "ready"})


def _check_ready(service: Service) -> None:
    """Raises a `StoreError`, or `Refused` (503)."""
    store, settings = service.controller.store, service.controller.settings
    store.last_event()
    free = files.free_bytes(settings.data)
    if free is None or free < settings.low_disk_mb * 1_000_000:
        left = "nobody can say how much is free" if free is None else f"{free // 1_000_000} MB are free"
        raise Refused(
            503,
            f"The disk of the data folder is full: {left}, low_disk_mb is {settings.low_disk_mb}.",
            code="disk_low",
            headers={"Retry-After": "10"},
        )


@route("GET", "/metrics", None, "# HELP junmai_batches Batches by state.\n", media=metrics.MEDIA_TYPE)
async def all_metrics(request: Request) -> Response:
    """Figures for Prometheus."""
    service = service_of(request)
    text = await service.read(metrics.text_of, service)
    return Response(text, headers={"Content-Type": metrics.MEDIA_TYPE})


# --- the token ----------------------------------------------------------------------------------------------


@route(
    "POST",
    "/login",
    schemas.LoggedIn,
    {"message": "Logged in"},
    body=schemas.Login,
    needed=True,
    examples={"a token": {"token": "the token of this server"}},
)
async def login(request: Request) -> JSONResponse:
    """Show the token; the answer sets a cookie for this browser."""
    service = service_of(request)
    body = await bodies.read(request, schemas.Login)
    value = service.guard.log_in(body.token)
    response = answer({"message": "Logged in" if value else "This server needs no token"})
    if value is not None:
        # a proxy with TLS asks us without it; the browser says what it sees
        secure = request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")
        response.set_cookie(COOKIE, value, max_age=COOKIE_SECONDS, httponly=True, samesite="strict", secure=secure)
    return response


@route("POST", "/logout", schemas.LoggedIn, {"message": "Logged out"})
async def logout(request: Request) -> JSONResponse:
    """This browser must show the token again."""
    service_of(request).guard.log_out(cookie_of(request.headers))
    response = answer({"message": "Logged out"})
    response.delete_cookie(COOKIE)
    return response
