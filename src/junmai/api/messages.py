"""What clients are told, in the words of the contract, made from the events of the store. Pure.

A few ends of photos are told one by one. Where many come at once they are told together, so that a client gets a
bounded number of messages however fast photos are developed, and still learns of every photo.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from junmai.clock import iso
from junmai.domain.model import Event

CHANNELS = ("system", "jobs", "photos", "sessions", "queue")
ONE_BY_ONE = 5
"""Photos of a batch in one turn that are told one by one; more are told together."""
TOGETHER = 500
"""Photos that one message names at the most."""
STATES = {
    "batch_started": "batch_started",
    "batch_paused": "batch_paused",
    "batch_resumed": "batch_resumed",
    "batch_cancelled": "batch_cancelled",
    "batch_completed": "batch_completed",
    "batch_failed": "batch_failed",
    "batch_taken_in": "batch_recovered",
    "batch_retried": "batch_retried",
    "batch_priority": "batch_priority",
    "batch_merged": "batch_merged",
    "batch_matched": "batch_matched",
}
_ENDS = {"item_processed": "job_completed", "item_failed": "job_failed"}
BatchId = Callable[[int], str | None]


@dataclass(frozen=True)
class Message:
    """One message: `id` is the newest event that it tells of."""

    id: int
    channel: str
    batch_no: int | None
    type: str
    data: dict[str, object]

    @cached_property
    def text(self) -> str:
        """As a WebSocket carries it. Made once for all clients."""
        return json.dumps(self.data, ensure_ascii=False)

    @cached_property
    def event(self) -> bytes:
        """As a stream of server-sent events carries it. Made once for all clients."""
        return f"id: {self.id}\nevent: {self.type}\ndata: {self.text}\n\n".encode("utf-8", "replace")


def system(status: str, at: float, no: int, event_id: int, details: dict[str, object]) -> Message:
    """A `system_status` about a batch; `details` has its `batch_id`."""
    said = {"type": "system_status", "timestamp": iso(at), "status": status, "details": details}
    return Message(event_id, "system", no, "system_status", {**said, "batch_id": details["batch_id"]})


def messages_of(events: Sequence[Event], batch_id: BatchId) -> list[Message]:
    """The messages of one turn, in the order of their events; ends that are told together come where the last is."""
    crowded = _crowded(events)
    together: dict[int, list[Event]] = {no: [] for no in crowded}
    found: list[Message] = []
    for event in events:
        if event.batch_no in together and event.type in (*_ENDS, "items_claimed"):
            together[event.batch_no].append(event)
            if len(together[event.batch_no]) >= TOGETHER:
                found += _told_together(event.batch_no, together[event.batch_no], batch_id)
                together[event.batch_no] = []
            continue
        if event.batch_no is not None and together.get(event.batch_no):
            found += _told_together(event.batch_no, together[event.batch_no], batch_id)
            together[event.batch_no] = []
        found += _told(event, batch_id)
    for no, waiting in together.items():
        found += _told_together(no, waiting, batch_id) if waiting else []
    return sorted(found, key=lambda message: message.id)


def _crowded(events: Sequence[Event]) -> list[int]:
    counts: dict[int, int] = {}
    for event in events:
        if event.batch_no is not None and event.type in _ENDS:
            counts[event.batch_no] = counts.get(event.batch_no, 0) + 1
    return [no for no, count in counts.items() if count > ONE_BY_ONE]


def _told_together(no: int, events: Sequence[Event], batch_id: BatchId) -> list[Message]:
    known, last = batch_id(no), events[-1]
    ended = [event for event in events if event.type in _ENDS]
    if known is None or not ended:
        return []
    data: dict[str, object] = {
        "type": "job_progress",
        "timestamp": iso(last.at),
        "job_id": known,
        "batch_id": known,
        "photo_id": ended[-1].photo_id,
        "completed": [event.photo_id for event in ended if event.type == "item_processed"],
        "failed": [
            {"photo_id": event.photo_id, "error_kind": event.data.get("error_kind")}
            for event in ended
            if event.type == "item_failed"
        ],
    }
    return [Message(last.id, "jobs", no, "job_progress", data)]


def _told(event: Event, batch_id: BatchId) -> Iterator[Message]:
    known = batch_id(event.batch_no) if event.batch_no is not None else None
    if event.type == "photo_imported":
        yield _message(event, "photos", event.type, photo_id=event.photo_id, **event.data)
    elif event.type == "resource_warning":
        yield _message(event, "system", event.type, **event.data)
    elif event.batch_no is None or known is None:
        return
    elif event.type in STATES:
        yield system(STATES[event.type], event.at, event.batch_no, event.id, {**event.data, "batch_id": known})
    elif event.type == "items_claimed":
        claimed = event.data.get("items")
        for photo_id, attempt in claimed if isinstance(claimed, list) else []:
            yield _job(event, known, "job_started", photo_id, attempt=attempt)
    elif event.type in _ENDS:
        yield _job(event, known, _ENDS[event.type], event.photo_id, **event.data)
    elif event.type == "item_retry":
        yield _job(event, known, "job_progress", event.photo_id, status="retry", **event.data)


def _job(event: Event, batch_id: str, kind: str, photo_id: object, **data: object) -> Message:
    return _message(event, "jobs", kind, **{**data, "job_id": batch_id, "batch_id": batch_id, "photo_id": photo_id})


def _message(event: Event, channel: str, kind: str, **data: object) -> Message:
    said = {**data, "type": kind, "timestamp": iso(event.at)}
    return Message(event.id, channel, event.batch_no, kind, said)
