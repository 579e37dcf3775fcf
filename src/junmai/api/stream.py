"""Server-sent events and the WebSocket dialogue over the feed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from junmai.api.feed import MOST_CLIENTS, Feed, Subscriber
from junmai.api.messages import CHANNELS, Message
from junmai.api.problems import Refused
from junmai.clock import iso

PING_SECONDS = 10.0
SEND_SECONDS = 10.0
"""A client that takes nothing for so long is dropped."""
RETRY_MS = 2000
WORDS_BYTES = 64 * 1024
"""What a client may say on the WebSocket in one message."""
AT_ONCE = 200
"""Messages that go out in one piece."""


def refuse_crowd(feed: Feed) -> None:
    """Raises `Refused` (503) where too many listen already."""
    if len(feed.subscribers) >= MOST_CLIENTS:
        raise Refused(503, "Too many clients are listening.", headers={"Retry-After": "10"})


class EventStream(Response):
    """`text/event-stream` of what happens, in one batch or in all, after an event (None: from now on)."""

    media_type = "text/event-stream"

    def __init__(self, feed: Feed, *, no: int | None, after: int | None) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._feed = feed
        self._no = no
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client goes, is dropped, or the server ends. Raises nothing for a client that takes nothing:
        what is left of its connection ends without a last word."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with anyio.create_task_group() as group:
            group.start_soon(_until_gone, receive, group.cancel_scope)
            with self._feed.subscribed(self._wants, await self._feed.newest()) as subscriber:
                async for chunk in self._chunks(subscriber):
                    if not await _sent(send, chunk, more=True):
                        break
                else:
                    await _sent(send, b"", more=False)
            group.cancel_scope.cancel()

    def _wants(self, message: Message) -> bool:
        return self._no is None or message.batch_no == self._no

    async def _chunks(self, subscriber: Subscriber) -> AsyncIterator[bytes]:
        live_from = subscriber.since
        after = live_from if self._after is None or self._after > live_from else self._after
        yield f"retry: {RETRY_MS}\n: from {after}\n\n".encode()
        async for messages in self._feed.missed(after, live_from, self._no):
            yield b"".join(message.event for message in messages)
        while True:
            taken = await subscriber.take(PING_SECONDS)
            if subscriber.dropped:
                return
            yield b"".join(message.event for message in taken) or b": ping\n\n"


async def _sent(send: Send, chunk: bytes, *, more: bool) -> bool:
    """Whether the client took it in time."""
    with anyio.move_on_after(SEND_SECONDS) as scope:
        await send({"type": "http.response.body", "body": chunk, "more_body": more})
    return not scope.cancelled_caught


async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


# --- WebSocket ----------------------------------------------------------------------------------------------


class Dialogue:
    """One client on `/ws`."""

    def __init__(self, socket: WebSocket, feed: Feed, client_id: str) -> None:
        self._socket = socket
        self._feed = feed
        self._client_id = client_id
        self._channels: set[str] = set()

    async def run(self) -> None:
        """Answer and tell until the client goes, is dropped, or the server ends."""
        await self._socket.accept()
        since = await self._feed.newest()
        with self._feed.subscribed(lambda message: message.channel in self._channels, since) as subscriber:
            await self._say("connection_established", client_id=self._client_id, channels=list(CHANNELS))
            listening = asyncio.create_task(self._listen())
            telling = asyncio.create_task(self._tell(subscriber))
            done, pending = await asyncio.wait({listening, telling}, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
            for task in done:
                error = task.exception()
                if error is not None and not isinstance(error, (WebSocketDisconnect, TimeoutError, RuntimeError)):
                    raise error
            if telling in done:
                await self._close()

    async def _close(self) -> None:
        try:
            await asyncio.wait_for(self._socket.close(1012, "the server ends, or this client is too slow"), 1.0)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            return

    async def _tell(self, subscriber: Subscriber) -> None:
        while not subscriber.dropped:
            for message in await subscriber.take(3600.0):
                await asyncio.wait_for(self._socket.send_text(message.text), SEND_SECONDS)

    async def _listen(self) -> None:
        while True:
            said = await self._socket.receive()
            if said["type"] == "websocket.disconnect":
                return
            text = said.get("text")
            await self._answer(text if text is not None else (said.get("bytes") or b""))

    async def _answer(self, said: str | bytes) -> None:
        try:
            given: Any = json.loads(said) if len(said) <= WORDS_BYTES else None
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict) or not isinstance(given.get("type"), str):
            await self._say("error", code="bad_message", error="A message is a JSON object with a type.")
            return
        match given["type"]:
            case "subscribe" | "unsubscribe" as kind:
                await self._subscribe(kind, given.get("channels"))
            case "ping":
                await self._say("pong")
            case "register":
                await self._say("registration_confirmed", client_id=self._client_id)
            case other:
                await self._say("error", code="unknown_type", error=f"There is no message of type {other[:80]!r}.")

    async def _subscribe(self, kind: str, channels: object) -> None:
        named = channels if isinstance(channels, list) else []
        wrong = [name for name in named if name not in CHANNELS] if named else ["none"]
        if wrong:
            said = f"channels must be a list of {', '.join(CHANNELS)}."
            await self._say("error", code="unknown_channel", error=said, channels=sorted(self._channels))
            return
        self._channels = self._channels | set(named) if kind == "subscribe" else self._channels - set(named)
        confirmed = "subscription_confirmed" if kind == "subscribe" else "unsubscription_confirmed"
        await self._say(confirmed, channels=named, subscribed=sorted(self._channels))

    async def _say(self, kind: str, **data: object) -> None:
        message = {"type": kind, "timestamp": iso(self._feed.now()), **data}
        await asyncio.wait_for(self._socket.send_text(json.dumps(message, ensure_ascii=False)), SEND_SECONDS)
