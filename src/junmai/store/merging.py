"""The verb that makes one batch of several. Written once for every kind of database."""

from __future__ import annotations

from collections.abc import Sequence

from junmai import errors
from junmai.domain.lifecycle import BatchStatus, ItemStatus
from junmai.domain.model import Batch
from junmai.domain.plan import EXTENSIONS, name_key, plain_stem, plan_names
from junmai.store import rooting
from junmai.store.batches import end_if_done, named, wrong_state
from junmai.store.engine import Engine, Row, Transaction
from junmai.store.reopening import reopen_chunk

MERGED_INTO = "merged_into"
"""The reason for which a batch is cancelled whose photos another one has taken over."""
_DONE = (ItemStatus.PROCESSED, ItemStatus.SKIPPED)


class MergeVerbs(Engine):
    """Merging."""

    def merge(self, batch_ids: Sequence[str], *, by: str) -> Batch:
        """The first batch takes over the photos of the others, in one transaction; the others become cancelled.

        A photo in two of them is kept once, with the end that it has in one of them: what is done stays done and
        stays where it stands. Whether their options are the same is for the caller to see. Raises `UnknownBatch`,
        `WrongState` for a batch that has ended, `PhotosInHand`.
        """
        now = self.clock.now()
        with self.write(command=True) as transaction:
            into, *others = [_mergeable(transaction, batch_id, now) for batch_id in batch_ids]
            total = into.total
            for number, other in enumerate(others, 1):
                total = _take_over(transaction, into, other, into.generation + number)
                transaction.must("cancel_batch", no=other.no, reason=MERGED_INTO, now=now)
                transaction.event("batch_cancelled", now, batch_no=other.no, by=by, reason=MERGED_INTO, into=into.id)
            merged = [other.id for other in others]
            transaction.event("batch_merged", now, batch_no=into.no, by=by, merged=merged, total=total)
            end_if_done(transaction, into.no, now)
            return named(transaction, into.id)


def _mergeable(transaction: Transaction, batch_id: str, now: float) -> Batch:
    while reopen_chunk(transaction, named(transaction, batch_id).no, now, told=False):
        pass
    batch = named(transaction, batch_id)
    if batch.status not in (BatchStatus.RUNNING, BatchStatus.PAUSED):
        raise wrong_state(batch, "merged")
    count = transaction.rows("in_hand_of_batch", no=batch.no)[0]["count"]
    if count:
        raise errors.PhotosInHand(batch_id=batch_id, status=batch.status, count=count)
    return batch


def _take_over(transaction: Transaction, into: Batch, other: Batch, generation: int) -> int:
    """Take the items of one batch over; returns the photos that there are then."""
    facts: dict[str, object] = {"into": into.no, "other": other.no}
    start = int(transaction.rows("merge_end", into=into.no)[0]["position"]) + 1
    given_way = {row["photo_id"]: row for row in transaction.rows("merge_yield", **facts)}
    fresh = transaction.rows("merge_fresh", **facts)
    elsewhere = into.folder != other.folder
    names = _names(transaction, into, fresh) if elsewhere else {row["photo_id"]: row["output_name"] for row in fresh}
    rows: list[tuple[object, ...]] = []
    for row in fresh:
        mine = given_way.get(row["photo_id"])
        position = mine["position"] if mine else start
        start += mine is None
        rows.append((row["photo_id"], position, names[row["photo_id"]], mine["attempt"] if mine else 0))
    facts["generation"] = generation
    kept = transaction.row("folder_and_format", no=other.no) if elsewhere else None
    added = transaction.bulk("merge_items", rows, kept_folder_id=kept["folder_id"] if kept else None, **facts)
    if added != len(rows):
        raise errors.StoreError(detail=f"{added} of {len(rows)} items were merged; try again")
    rooting.need_photos(transaction, into.no, 0, start)
    transaction.rows("merge_snapshots", into=into.no, other=other.no)
    transaction.bulk("merge_events", rows, other_id=other.id, **facts)
    counted = transaction.row("merge_counts", into=into.no, generation=generation)
    if counted is None:
        raise wrong_state(into, "merged")
    return int(counted["total"])


def _names(transaction: Transaction, into: Batch, fresh: Sequence[Row]) -> dict[int, str]:
    """Names in the first batch's folder; what is done keeps the one that it has in its own."""
    done = {row["photo_id"]: row["output_name"] for row in fresh if row["status"] in _DONE}
    taken = {name_key(row["output_name"]) for row in transaction.rows("merge_names", into=into.no)}
    named_by = "output_name" if into.recipe.output.name else "file_name"  # a template has done its work already
    planned = plan_names(
        [(row["photo_id"], row[named_by]) for row in fresh if row["photo_id"] not in done],
        stem=plain_stem,
        extension=EXTENSIONS[into.recipe.output.format],
        known={},
        taken=taken,
        reserved=None,
    )
    return {**planned, **done}
