"""One thread reads what happens from the store, whoever made it happen, and hands it to every client that listens.

A client has a bounded queue; one that does not keep up is dropped and costs nobody anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial

import anyio.to_thread

from junmai import errors
from junmai import log as logs
from junmai.api.messages import Message, messages_of, system
from junmai.control.status import status_object
from junmai.domain.model import Event
from junmai.store.base import Store

log = logs.get("junmai.feed")

TURN_SECONDS = 0.1
"""Between two looks at the store where nobody here says that something happened."""
PACE_SECONDS = 0.05
"""Two turns are at least so far apart: at most 20 a second."""
PROGRESS_SECONDS = 0.5
PAGE = 2000
QUEUE = 5 * PAGE
"""Messages that wait for one client at the most: an import may tell of a page of photos at each turn."""
MOST_CLIENTS = 200


class Subscriber:
    """A client's queue, filled and emptied in the event loop."""

    def __init__(self, wants: Callable[[Message], bool], since: int) -> None:
        self.wants = wants
        self.since = since
        """The newest event when it came; later ones are offered."""
        self.waiting: deque[Message] = deque()
        self.dropped = False
        self._ready = asyncio.Event()

    def offer(self, messages: list[Message]) -> None:
        """Take what this client wants; a client that is too far behind is dropped."""
        self.waiting.extend(message for message in messages if message.id > self.since and self.wants(message))
        if len(self.waiting) > QUEUE:
            self.dropped = True
            self.waiting.clear()
        if self.waiting or self.dropped:
            self._ready.set()

    def end(self) -> None:
        """Nothing comes any more."""
        self.dropped = True
        self._ready.set()

    async def take(self, seconds: float) -> list[Message]:
        """What waits, or nothing after so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), seconds)
        self._ready.clear()
        taken = list(self.waiting)
        self.waiting.clear()
        return taken


class Feed:
    """Reads events and publishes messages."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ids: dict[int, str] = {}
        self._progress_at: dict[int, float] = {}
        self._moved: set[int] = set()
        self.subscribers: set[Subscriber] = set()
        self.published = 0
        """The newest event that was published, as the event loop sees it."""

    def start(self) -> None:
        """Begin after the newest event; to be called in the event loop."""
        self._loop = asyncio.get_running_loop()
        self.published = self._store.last_event()
        self._store.listen(self._heard)
        self._store.hear(self._wake.set)
        self._thread = threading.Thread(target=self._read, args=(self.published,), name="junmai-feed", daemon=True)
        self._thread.start()

    def close_clients(self) -> None:
        """End every stream; in the event loop."""
        self._closing.set()
        for subscriber in self.subscribers:
            subscriber.end()

    def close(self) -> None:
        """End the thread."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _heard(self, no: int, *, lifecycle: bool, command: bool) -> None:
        self._wake.set()

    def now(self) -> float:
        """The store's time, in seconds since 1970."""
        return self._store.clock.now()

    # --- clients ------------------------------------------------------------------------------------------

    async def newest(self) -> int:
        """The newest event there is, published or not: what a client that comes now has not missed."""
        return max(self.published, await anyio.to_thread.run_sync(self._store.last_event))

    @contextlib.contextmanager
    def subscribed(self, wants: Callable[[Message], bool], since: int) -> Iterator[Subscriber]:
        """A subscriber to what is newer than an event, as long as the block lasts."""
        subscriber = Subscriber(wants, since)
        if self._closing.is_set():
            subscriber.end()
        self.subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            self.subscribers.discard(subscriber)

    async def missed(self, after: int, until: int, no: int | None) -> AsyncIterator[list[Message]]:
        """What a client that saw event `after` missed, up to event `until`, page by page."""
        while after < until:
            page = await anyio.to_thread.run_sync(partial(self._page, after, no))
            events = [event for event in page if event.id <= until]
            if not events:
                return
            after = page[-1].id
            yield await anyio.to_thread.run_sync(messages_of, events, self._batch_id)

    def _page(self, after: int, no: int | None) -> list[Event]:
        if no is None:
            return self._store.events(after=after, limit=PAGE)
        return self._store.batch_events(no, after=after, limit=PAGE)

    # --- the thread ---------------------------------------------------------------------------------------

    def _read(self, seen: int) -> None:
        while not self._closing.is_set():
            self._wake.wait(TURN_SECONDS)
            self._wake.clear()
            try:
                seen = self._turn(seen)
            except errors.StoreError as error:
                log.warning("events cannot be read just now", error=error.message)
                self._closing.wait(1.0)
            except Exception:
                log.exception("events could not be told")
                self._closing.wait(1.0)
            self._closing.wait(PACE_SECONDS)

    def _turn(self, seen: int) -> int:
        if not self.subscribers:  # reading 5,000 events a second for nobody kept requests waiting
            self._in_loop(self._skip, self._store.last_event())
            return seen
        seen = max(seen, self.published)
        events = self._store.events(after=seen, limit=PAGE)
        seen = events[-1].id if events else seen
        self._moved.update(event.batch_no for event in events if event.batch_no is not None)
        self._moved.update(self._store.measuring_batches())  # no event tells of every photo that is measured
        messages = [*messages_of(events, self._batch_id), *self._progress(seen)]
        if events or messages:
            self._in_loop(self._publish, messages, seen)
        return seen

    def _in_loop(self, act: Callable[..., None], *arguments: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # the loop ended in this moment
                self._loop.call_soon_threadsafe(act, *arguments)

    def _progress(self, seen: int) -> list[Message]:
        """The counters of the batches that moved, at most twice a second each."""
        now = time.monotonic()
        due = [no for no in self._moved if now - self._progress_at.get(no, 0.0) >= PROGRESS_SECONDS]
        found = []
        for no in due:
            self._moved.discard(no)
            self._progress_at[no] = now
            batch = self._store.find_batch(no)
            if batch is not None and batch.status != "pending":
                details = status_object(self._store, batch)
                found.append(system("batch_progress", self._store.clock.now(), no, seen, details))
        return found

    def _skip(self, seen: int) -> None:
        if not self.subscribers:  # one that came in between is told what happened since
            self.published = max(self.published, seen)

    def _publish(self, messages: list[Message], seen: int) -> None:
        self.published = max(self.published, seen)
        for subscriber in self.subscribers:
            subscriber.offer(messages)

    def _batch_id(self, no: int) -> str | None:
        if no not in self._ids:
            batch = self._store.find_batch(no)
            if batch is None:
                return None
            self._ids[no] = batch.id
        return self._ids[no]
