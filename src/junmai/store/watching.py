"""The verbs of those who watch: the server, its metrics, its page. They only read, but for what an import tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from junmai import errors
from junmai.domain.model import Event, Item, Photo
from junmai.store.batches import event_from, item_from
from junmai.store.engine import Engine, Row, event_values


@dataclass(frozen=True, slots=True)
class FailureKind:
    """Failures of one kind in a batch, and the position of the first."""

    error_kind: str
    count: int
    first: int


class WatchVerbs(Engine):
    """Looking at many things cheaply."""

    def item(self, no: int, batch_id: str, photo_id: int) -> Item:
        """The item of one photo in a batch. Raises `PhotoNotInBatch`."""
        row = self.read_one("item_of_photo", no=no, photo_id=photo_id)
        if row is None:
            raise errors.PhotoNotInBatch(photo_id=photo_id, batch_id=batch_id)
        return item_from(row)

    def failed_items(self, no: int, *, error_kind: str | None = None, after: int = -1, limit: int = 1000) -> list[Item]:
        """A page of the failed items of a batch, at a cost that does not grow with the others."""
        rows = self.read("failed_page", no=no, error_kind=error_kind, after=after, limit=limit)
        return [item_from(row) for row in rows]

    def failure_kinds(self, no: int) -> list[FailureKind]:
        """The failures of a batch by their kind, the most frequent first."""
        return [FailureKind(**row) for row in self.read("failures_by_kind", no=no)]

    def batch_events(self, no: int, *, after: int, limit: int = 1000) -> list[Event]:
        """What happened to one batch since an event."""
        rows = self.read("batch_events_after", batch_no=no, after=after, limit=limit)
        return [event_from(row, self.roots) for row in rows]

    def changed_batches(self, after: int, until: int) -> list[tuple[int, bool]]:
        """The batches that events after one and up to another tell of, each with whether its state changed."""
        rows = self.read("changed_batches", after=after, until=until)
        return [(row["batch_no"], bool(row["of_state"])) for row in rows]

    def batch_totals(self) -> list[Row]:
        """By `status`: `batches`, `photos`, `processed`, `failed`, `skipped`."""
        return self.read("batch_totals")

    def tell_imported(self, photos: Sequence[Photo]) -> None:
        """Record that photos are new in the library."""
        now = self.clock.now()
        with self.write() as transaction:
            transaction.events(
                [
                    event_values(
                        "photo_imported",
                        now,
                        None,
                        photo.id,
                        0,
                        {"session_id": photo.session_id, "file_name": photo.file_name},
                    )
                    for photo in photos
                ]
            )
