"""The application: every route behind one door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.types import ASGIApp

from junmai import __version__
from junmai.api import problems, static
from junmai.api.door import Door
from junmai.api.routes import batches, library, pictures, system
from junmai.api.service import Service

DESCRIPTION = """Develops photos in batches that survive anything.

Errors are JSON: `error` is a sentence, `code` is for programs, the rest is RFC 9457. `GET /events` tells what happens;
so does the WebSocket at `/ws`, which this page cannot describe: see the documentation of the REST interface."""
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"]


def make_app(service: Service) -> ASGIApp:
    """The application over one service, which it starts and ends with its lifespan."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.feed.start()
        try:
            yield
        finally:
            service.feed.close_clients()

    app = FastAPI(
        title="Junmai",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,  # their pages load from another host
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.service = service
    problems.register(app)
    for router in (batches.router, library.router, pictures.router, system.router):
        app.include_router(router)
    app.add_route("/{path:path}", static.anything_else, methods=METHODS, include_in_schema=False)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return Door(app, service.guard, service.counts)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The description of every route, with what FastAPI says of validation replaced by what is true here."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            openapi_version="3.1.0",
        )
        schemas = found.setdefault("components", {}).setdefault("schemas", {})
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        schemas["Problem"] = problems.SCHEMA
        found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        app.openapi_schema = found
    return app.openapi_schema
