"""The verbs for what happens beside runners: progress told from outside, and old batches that go."""

from __future__ import annotations

import enum

from junmai import errors
from junmai.domain.lifecycle import ItemStatus
from junmai.store.batches import end_if_done
from junmai.store.batches import named as named_batch
from junmai.store.engine import Engine, Row

OUTSIDE = 0
"""Number of the runner that stands for everything that is none (runners begin at 1)."""

REMOVE_CHUNK = 2000
"""Rows of a forgotten batch that go in one transaction."""
MEASURES_CHUNK = 200
"""The same of what was measured: 25 kB each."""


class Removal(enum.Enum):
    """What came of removing one chunk of a batch."""

    KEPT = 0
    """It has not ended, holds photos in hand, has rows that are behind, or there is none."""
    MORE = 1
    GONE = 2


class OutsideVerbs(Engine):
    """Progress from outside, and cleaning up."""

    def end_from_outside(self, batch_id: str, photo_id: int, *, error_message: str | None) -> bool:
        """Something outside developed a photo (`error_message` None) or failed to: claim and end in one transaction.

        Returns False where the photo has ended already or is in hand, and where the batch is neither running nor
        paused: a second word and a late one change nothing. Raises `UnknownBatch` and `PhotoNotInBatch`.
        """
        now = self.clock.now()
        with self.write() as transaction:
            batch = named_batch(transaction, batch_id)
            item = transaction.row("external_item", no=batch.no, photo_id=photo_id)
            if item is None:
                raise errors.PhotoNotInBatch(photo_id=photo_id, batch_id=batch_id)
            if item["status"] != ItemStatus.PENDING:
                return False
            claim = transaction.row("claim_external", no=batch.no, position=item["position"], now=now)
            if claim is None:  # the batch was cancelled, and its rows have not followed yet
                return False
            facts = {"batch_no": batch.no, "position": item["position"], "attempt": claim["attempt"]}
            facts["runner_no"] = OUTSIDE
            if error_message is None:
                transaction.must("settle_external", now=now, **facts)
                kind, data = "item_processed", {}
            else:
                failure: dict[str, object] = {"error_kind": "external", "error_message": error_message}
                transaction.must("fail_item", now=now, seconds=None, tried=1, died=0, **failure, **facts)
                kind, data = "item_failed", failure
            transaction.event(
                kind, now, batch_no=batch.no, photo_id=photo_id, generation=claim["generation"], external=True, **data
            )
            failed = int(error_message is not None)
            transaction.must("count_up", no=batch.no, processed=1 - failed, failed=failed)
            end_if_done(transaction, batch.no, now)
            return True

    def old_batches(self, before: float, limit: int = 1000) -> list[Row]:
        """Batches that ended at or before a time: `no`, `id`."""
        return self.read("old_batches", before=before, limit=limit)

    def remove_batch(self, no: int) -> bool:
        """Remove an ended batch with its items and events, in chunks; its outputs stay known and stay where they
        are, and no state file brings it back. Returns False where it has not ended, or holds photos in hand."""
        while (removal := self.remove_chunk(no)) is Removal.MORE:
            pass
        return removal is Removal.GONE

    def remove_chunk(self, no: int) -> Removal:
        """One chunk of `remove_batch`, in one transaction. From the first one on nothing re-opens the batch; where
        there is no other, it stands there with fewer rows than it counts until somebody goes on."""
        with self.write() as transaction:
            if not transaction.rows("let_leave", no=no):
                return Removal.KEPT
            if transaction.rows("delete_measures_chunk", no=no, limit=MEASURES_CHUNK):
                return Removal.MORE
            for query in ("delete_items_chunk", "delete_events_chunk"):  # an item never stands there without its event
                if transaction.rows(query, no=no, limit=REMOVE_CHUNK):
                    return Removal.MORE
            gone = transaction.must("delete_batch", no=no)[0]
            transaction.must("forget_batch", id=gone["id"], now=self.clock.now())
            return Removal.GONE

    def remove_old_events(self, before: float) -> bool:
        """Remove a chunk of the events that happened at or before a time and belong to no batch (photos imported,
        warnings); those of a batch go with it. Returns whether there may be more."""
        with self.write() as transaction:
            return len(transaction.rows("delete_loose_events", before=before, limit=REMOVE_CHUNK)) == REMOVE_CHUNK

    def batch_status(self, no: int) -> str | None:
        """The state of a batch; None where there is none."""
        row = self.read_one("batch_by_no", no=no)
        return None if row is None else str(row["status"])
