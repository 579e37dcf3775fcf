"""What every request passes first: checks of `security`, limits on number, size and time, headers of every answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from junmai import log as logs
from junmai.api import problems
from junmai.api.problems import Refused
from junmai.api.security import COOKIE, HEADERS, SAFE_METHODS, Guard

log = logs.get("junmai.api")

MIB = 1 << 20
BODY_BYTES = MIB
LARGE_BODY_BYTES = 64 * MIB
LARGE_BODIES = frozenset({"/batch/start", "/photos/import"})
DRAINED = 2
"""A body of up to so many times the limit is read to its end: else its sender sees no answer, only a broken pipe."""
BODY_SECONDS = 30.0
MOST_REQUESTS = 500
"""Requests in hand at a time, streams included; beyond it the answer is 503."""


@dataclass
class Counts:
    """What the door saw, for the metrics."""

    requests: dict[tuple[str, int], int]
    seconds: float = 0.0
    open: int = 0


class Door:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, guard: Guard, counts: Counts) -> None:
        self._app = app
        self._guard = guard
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or WebSocket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        answer = _Answer(send, scope)
        self._counts.open += 1
        try:
            await self._pass(scope, receive, answer)
        except Refused as refused:
            await answer.refuse(refused)
        except Exception:
            log.exception("unforeseen", path=scope["path"])
            await answer.refuse(
                Refused(500, "An error inside Junmai stopped this request; the log has the details.", code="internal")
            )
        finally:
            self._counts.open -= 1
            self._counts.seconds += time.monotonic() - began
            key = (str(scope.get("method", "WEBSOCKET")), answer.status)
            self._counts.requests[key] = self._counts.requests.get(key, 0) + 1

    async def _pass(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        if self._counts.open > MOST_REQUESTS:
            raise Refused(503, "Too many requests at once; try again in a moment.", headers={"Retry-After": "1"})
        headers = Headers(scope=scope)
        self._check(scope, headers)
        if scope["type"] == "http":
            body = await _body(scope, headers, receive)
            await self._app(scope, _again(body, receive), answer)
        else:
            await self._app(scope, receive, answer)

    def _check(self, scope: Scope, headers: Headers) -> None:
        guard = self._guard
        host = guard.check_host(headers)
        bearer = guard.carries_token(headers)
        reads = scope["type"] == "http" and scope["method"] in SAFE_METHODS
        guard.check_origin(headers, host, reads=reads, bearer=bearer)
        guard.check_token(scope["path"], headers, cookie_of(headers), bearer=bearer)


def cookie_of(headers: Headers) -> str | None:
    """The value of Junmai's cookie."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None


# --- bodies -------------------------------------------------------------------------------------------------


async def _body(scope: Scope, headers: Headers, receive: Receive) -> bytes:
    """The whole body. Raises `Refused`: 413 too large, 408 too slow, 415 not declared as JSON."""
    limit = LARGE_BODY_BYTES if scope["path"] in LARGE_BODIES else BODY_BYTES
    too_large = Refused(413, f"The body may have {limit // MIB} MiB here.", headers={"Connection": "close"})
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > DRAINED * limit:
        raise too_large
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    break
                chunk = message.get("body", b"")
                size += len(chunk)
                if size <= limit:
                    chunks.append(chunk)
                elif size > DRAINED * limit:
                    raise too_large
                if not message.get("more_body"):
                    break
    except TimeoutError:
        raise Refused(
            408, f"The body did not come within {BODY_SECONDS:.0f} s.", headers={"Connection": "close"}
        ) from None
    if size > limit:
        raise too_large
    if size and scope["method"] not in SAFE_METHODS and not _is_json(headers.get("content-type", "")):
        raise Refused(415, "A body must be sent with Content-Type: application/json.")
    return b"".join(chunks)


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read, then what comes."""
    given = False

    async def once_more() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once_more


# --- answers ------------------------------------------------------------------------------------------------


class _Answer:
    """Sends an answer, with the headers that every answer has."""

    def __init__(self, send: Send, scope: Scope) -> None:
        self._send = send
        self._scope = scope
        self.status = 0

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            present = {name.lower() for name, _ in message.get("headers", ())}
            more = [(name, value) for name, value in HEADERS if name not in present]
            if b"cache-control" not in present:
                more.append((b"cache-control", b"no-store"))
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        elif message["type"] == "websocket.accept":
            self.status = 101
        await self._send(message)

    async def refuse(self, refused: Refused) -> None:
        """Answer with an error, if nothing was answered yet."""
        if self.status:
            return
        response = problems.of_refused(refused)
        if self._scope["type"] == "http":
            await response(self._scope, _nothing, self)
            return
        self.status = refused.status
        if "websocket.http.response" in self._scope.get("extensions", {}):
            await self._send(
                {"type": "websocket.http.response.start", "status": refused.status, "headers": response.raw_headers}
            )
            await self._send({"type": "websocket.http.response.body", "body": bytes(response.body)})
        else:
            await self._send({"type": "websocket.close", "code": 1008, "reason": refused.detail[:100]})


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
