"""The verb that re-opens the failed items of an ended batch. Written once for every kind of database."""

from __future__ import annotations

import json

from junmai import errors
from junmai.domain.lifecycle import batch_may
from junmai.domain.model import Batch
from junmai.store import rooting
from junmai.store.batches import end_if_done, named, outputs_taken, wrong_state
from junmai.store.engine import Engine, Row, Transaction

REOPEN_CHUNK = 5000
"""Failed rows re-opened in one transaction: 200,000 in one held everybody else up for 0.75 s."""


class ReopenVerbs(Engine):
    """Retry-failed."""

    def retry_failed(self, batch_id: str, *, by: str, error_kind: str | None = None) -> int:
        """The failed items of an ended batch begin a new generation; returns how many.

        From the first transaction on the batch is running, and cannot end before the last item is re-opened. Rows
        follow in chunks before this returns, the counter with them; where this process dies in between, whoever calls
        `follow_reopened` next goes on. Raises `WrongState`, and `OutputsTaken` where another unfinished batch now
        writes their names.
        """
        no, count = self._reopen(batch_id, by, error_kind)
        while count and self.follow_reopened(no):
            pass
        return count

    def follow_reopened(self, no: int | None = None) -> bool:
        """Re-open one chunk of the rows of a batch, or of any. Returns whether there may be more."""
        for row in self.read("batches_reopening"):
            if no in (None, row["no"]):
                with self.write() as transaction:
                    if reopen_chunk(transaction, row["no"], self.clock.now(), told=False):
                        return True
        return False

    def _reopen(self, batch_id: str, by: str, kind: str | None) -> tuple[int, int]:
        """The batch is running again, with the first chunk of its items. Returns its number and how many it will be."""
        seen = self._look_for_holders(batch_id, kind)
        now = self.clock.now()
        with self.write(command=True) as transaction:
            batch = named(transaction, batch_id)
            if not batch_may(batch.status, "retry_failed"):
                raise wrong_state(batch, "retried")
            count = _failed(transaction, batch, kind)
            if not count:
                return batch.no, 0
            fresh = [row["no"] for row in transaction.rows("writers_beside", no=batch.no) if row not in seen]
            if fresh:
                _refuse(transaction.row("holder_of_failed", no=batch.no, kind=kind, nos=json.dumps(fresh)))
            if not transaction.rows("reopen_batch", no=batch.no, kind=kind):
                raise wrong_state(batch, "retried")
            transaction.event("batch_retried", now, batch_no=batch.no, by=by, count=count, error_kind=kind)
            reopen_chunk(transaction, batch.no, now, told=True)
            return batch.no, count

    def _look_for_holders(self, batch_id: str, kind: str | None) -> list[Row]:
        """Refuse where another batch holds a name, before anybody is held up; returns the batches that were looked at.

        Those that change or come between this and the transaction are looked at there.
        """
        row = self.read_one("batch_by_id", id=batch_id)
        if row is None or not batch_may(row["status"], "retry_failed"):
            return []
        seen = self.read("writers_beside", no=row["no"])
        if seen:
            nos = json.dumps([one["no"] for one in seen])
            _refuse(self.read_one("holder_of_failed", no=row["no"], kind=kind, nos=nos))
        return seen


def reopen_chunk(transaction: Transaction, no: int, now: float, *, told: bool) -> bool:
    """Re-open one chunk of the failed items that wait for it. Returns whether there may be more.

    The last chunk is told by an event, so that the state file is written anew; unless that was `told` in this very
    transaction. Then the batch may end as well: what was re-opened first may be done.
    """
    row = transaction.row("reopening_batch", no=no)
    if row is None:
        return False
    reopened = transaction.rows("reopen_items", no=no, limit=REOPEN_CHUNK, **row)
    positions = [one["position"] for one in reopened]
    if positions:  # a photo may lie in another root by now
        rooting.need_photos(transaction, no, min(positions), max(positions))
    if not transaction.rows("count_reopened", no=no, count=len(reopened)):
        raise errors.StoreError(detail=f"{len(reopened)} failed items were re-opened, more than are counted")
    if len(reopened) == REOPEN_CHUNK:
        return True
    transaction.must("end_reopening", no=no)
    if not told:
        transaction.event("batch_reopened", now, batch_no=no, generation=row["generation"])
    end_if_done(transaction, no, now)
    return False


def _failed(transaction: Transaction, batch: Batch, kind: str | None) -> int:
    if kind is None:
        return batch.failed
    return int(transaction.rows("failed_of_kind", no=batch.no, kind=kind)[0]["count"])


def _refuse(holder: Row | None) -> None:
    if holder is not None:
        raise outputs_taken(holder)
