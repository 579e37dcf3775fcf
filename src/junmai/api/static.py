"""The page's own files, and the answer to what is nowhere."""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path, PurePosixPath

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from junmai.api.problems import Refused

WEB = Path(__file__).parent.parent / "web"
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


async def anything_else(request: Request) -> Response:
    """A file of the page, or the error for a path or a method that is nowhere. The last route of all.

    Raises `Refused` (404, 405).
    """
    methods = _methods_at(request)
    if methods:
        listed = ", ".join(sorted(methods))
        raise Refused(405, f"{request.method} is not possible here; {listed} is.", headers={"Allow": listed})
    path = file_at(request.url.path)
    if path is None:
        raise Refused(404, f"There is nothing at {request.url.path[:200]}.")
    if request.method not in ("GET", "HEAD"):
        raise Refused(405, f"{request.method} is not possible here; GET is.", headers={"Allow": "GET, HEAD"})
    return await _file(request, path)


def _methods_at(request: Request) -> set[str]:
    """The methods that other routes take at this path."""
    others = [route for route in request.app.routes if getattr(route, "name", "") != anything_else.__name__]
    return {
        method
        for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
        for route in others
        if route.matches({**request.scope, "method": method})[0] is Match.FULL
    }


def file_at(path: str) -> Path | None:
    """The file of the page at a path of a URL: `/` is `index.html`, `/web/NAME` and `/NAME` are files of the room."""
    name = "index.html" if path == "/" else path.removeprefix("/web/").lstrip("/")
    parts = PurePosixPath(name).parts
    if not parts or any(part.startswith(".") or "\\" in part or ":" in part or "\0" in part for part in parts):
        return None
    found = WEB.joinpath(*parts)
    if found.suffix not in TYPES and found.suffix not in (".png", ".ico", ".jpg", ".webp"):
        return None
    try:
        inside = found.is_file() and found.resolve().is_relative_to(WEB.resolve())
    except (OSError, ValueError):
        return None
    return found if inside else None


async def _file(request: Request, path: Path) -> Response:
    data = await anyio.to_thread.run_sync(path.read_bytes)
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(b"" if request.method == "HEAD" else data, headers=headers, media_type=kind)
