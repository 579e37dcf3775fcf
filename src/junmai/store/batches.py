"""The verbs over batches and their items that commands use. Written once for every kind of database."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from junmai import errors
from junmai.domain.lifecycle import BatchStatus, ItemStatus, PauseReason
from junmai.domain.model import Batch, Event, FurtherPart, Item, NewBatch, NewItem
from junmai.domain.plan import further_name, name_key
from junmai.domain.recipes import recipe_from_json
from junmai.store import rooting
from junmai.store.engine import Engine, Row, Transaction
from junmai.store.roots import Roots

ITEM_CHUNK = 5_000
"""Items written in one transaction while a batch is made: commands get in between. Twice as many took 49 ms, and up to
420 ms in a folder that other batches write to as well."""
CANCEL_CHUNK = 5000
"""Rows of a cancelled batch that follow it in one transaction."""
NEWEST = 1 << 62


class BatchVerbs(Engine):
    """Making, showing, pausing, resuming, cancelling."""

    # --- making -------------------------------------------------------------------------------------------

    def create_batch(self, new: NewBatch, folder_id: int, items: Sequence[NewItem], *, writer_no: int | None) -> Batch:
        """Write a batch in chunks and seal it; from then on it is running.

        Raises `BatchIdTaken`, `OutputsTaken` where an unfinished batch plans one of its names, `WrongState` where
        somebody cancelled it meanwhile; but for the last nothing stays behind.
        """
        with self.write(command=True) as transaction:
            if transaction.row("batch_by_id", id=new.id) is not None:
                raise errors.BatchIdTaken(batch_id=new.id)
            row = transaction.row(
                "add_batch", now=self.clock.now(), writer_no=writer_no, **_batch_values(new, folder_id)
            )
            no = int(row["no"]) if row else 0
            rooting.need_folder(transaction, no, new.folder)
        try:
            for start in range(0, len(items), ITEM_CHUNK):
                self._write_items(no, new, folder_id, start, items[start : start + ITEM_CHUNK])
            return self._seal(no)
        except BaseException:
            self.discard_unsealed(no)
            raise

    def discard_unsealed(self, no: int) -> bool:
        """Remove a batch that was never sealed, wholly and in chunks. One that was sealed meanwhile stays as it is."""
        while True:
            with self.write() as transaction:
                rows = transaction.rows("delete_unsealed_items", batch_no=no, limit=CANCEL_CHUNK)
                if rows:
                    photo_ids = json.dumps([row["photo_id"] for row in rows])
                    transaction.rows("delete_unsealed_outputs", batch_no=no, photo_ids=photo_ids)
                else:
                    transaction.rows("delete_unsealed_events", batch_no=no)
                    return bool(transaction.rows("delete_unsealed_batch", batch_no=no))

    def unsealed(self) -> list[Row]:
        """Batches that somebody is, or was, writing: `no`, `id`, `writer_no`."""
        return self.read("unsealed_batches")

    def _write_items(self, no: int, new: NewBatch, folder_id: int, start: int, items: Sequence[NewItem]) -> None:
        now = self.clock.now()
        with self.write() as transaction:
            done = sum(item.done for item in items)
            if not transaction.rows("count_written", batch_no=no, total=len(items), skipped=done):
                raise wrong_state(_batch(transaction, no), "written to its end")
            if not new.own_folder:
                self._reserve(transaction, no, new, folder_id, items)
            added = transaction.bulk("add_items", items, batch_no=no, start=start)
            if added != len(items):
                raise errors.StoreError(detail=f"{added} of {len(items)} items of a new batch were written; try again")
            rooting.need_photos(transaction, no, start, start + len(items) - 1)
            for position, item in enumerate(items, start):
                if item.done:
                    transaction.rows("skip_item", batch_no=no, position=position, now=now)
                    transaction.event(
                        "item_skipped", now, batch_no=no, photo_id=item.photo_id, reason="output_is_right"
                    )

    @staticmethod
    def _reserve(transaction: Transaction, no: int, new: NewBatch, folder_id: int, items: Sequence[NewItem]) -> None:
        """Names in a folder that other batches may write to as well."""
        _refuse_taken(transaction, no, folder_id, [item.photo_id for item in items])
        names = [(item.output_name, item.photo_id) for item in items]
        BatchVerbs._reserve_names(transaction, no, folder_id, names, new.recipe.output.format, "")
        for one in new.recipe.further:
            form = one.output.format
            derived = [(further_name(name, one.label, form), photo_id) for name, photo_id in names]
            BatchVerbs._reserve_names(transaction, no, folder_id, derived, form, one.label)

    @staticmethod
    def _reserve_names(
        transaction: Transaction, no: int, folder_id: int, names: Sequence[tuple[str, int]], form: str, label: str
    ) -> None:
        rows = [(name_key(name), name, photo_id) for name, photo_id in names]
        facts: dict[str, object] = {"folder_id": folder_id, "format": form, "batch_no": no, "label": label}
        if transaction.bulk("reserve_outputs", rows, **facts) != len(rows):
            raise errors.StoreError(detail="the names of a new batch changed while it was written; try again")

    def _seal(self, no: int) -> Batch:
        now = self.clock.now()
        with self.write(command=True) as transaction:
            if not transaction.rows("seal_batch", batch_no=no, now=now):
                raise wrong_state(_batch(transaction, no), "written to its end")
            batch = _batch(transaction, no)
            transaction.event("batch_started", now, batch_no=no, total=batch.total, skipped=batch.skipped)
            end_if_done(transaction, no, now)
            return _batch(transaction, no)

    # --- showing ------------------------------------------------------------------------------------------

    def batch(self, batch_id: str) -> Batch:
        """One batch. Raises `UnknownBatch`."""
        row = self.read_one("batch_by_id", id=batch_id)
        if row is None:
            raise errors.UnknownBatch(batch_id=batch_id)
        return batch_from(row)

    def batch_no(self, no: int) -> Batch:
        """One batch by its number. Raises `UnknownBatch`."""
        row = self.read_one("batch_by_no", no=no)
        if row is None:
            raise errors.UnknownBatch(batch_id=no)
        return batch_from(row)

    def find_batch(self, no: int) -> Batch | None:
        """One batch by its number; None where it was removed."""
        row = self.read_one("batch_by_no", no=no)
        return batch_from(row) if row else None

    def batches(self, *, status: str | None = None, before: int = NEWEST, limit: int = 1000) -> list[Batch]:
        """Batches, the newest first."""
        return [batch_from(row) for row in self.read("batches_page", status=status, before=before, limit=limit)]

    def unfinished_by_request(self, request_key: str) -> Batch | None:
        """The unfinished batch that the same command made."""
        row = self.read_one("unfinished_by_request", request_key=request_key)
        return batch_from(row) if row else None

    def items(
        self,
        no: int,
        *,
        status: str | None = None,
        error_kind: str | None = None,
        after: int = -1,
        limit: int = 1000,
    ) -> list[Item]:
        """A page of the items of a batch, by position. Those of a cancelled batch read as cancelled at once."""
        cancelled = self.batch_no(no).status == BatchStatus.CANCELLED
        if cancelled and status == ItemStatus.PENDING:
            return []
        or_status = ItemStatus.PENDING if cancelled and status == ItemStatus.CANCELLED else status
        rows = self.read(
            "items_page",
            no=no,
            status=status,
            or_status=str(or_status) if or_status else None,
            error_kind=error_kind,
            after=after,
            limit=limit,
        )
        found = [item_from(row) for row in rows]
        if not cancelled:
            return found
        return [dataclasses.replace(item, status="cancelled") if item.status == "pending" else item for item in found]

    def counters(self, no: int) -> list[Row]:
        """What is counted of a batch (`batch_status`, `total`, `processed`, `failed`, `skipped`, `leaving`), beside its
        rows by `status` with their `count`, all of one moment. No row where there is no such batch."""
        return self.read("counters", no=no)

    def item_counts(self, no: int) -> dict[str, int]:
        """Rows by status; what counts as cancelled may still be on its way there."""
        return {row["status"]: row["count"] for row in self.read("item_counts", no=no)}

    def in_hand_of(self, no: int) -> int:
        """How many items of a batch somebody holds."""
        row = self.read_one("in_hand_of_batch", no=no)
        return int(row["count"]) if row else 0

    def latest_ends(self, no: int, limit: int) -> list[float]:
        """When the latest items of a batch ended, in rising order."""
        return [row["at"] for row in reversed(self.read("latest_ends", no=no, limit=limit))]

    def events(self, *, after: int = 0, no: int | None = None, limit: int = 1000) -> list[Event]:
        """What happened since an event, of one batch or of all."""
        return [event_from(row, self.roots) for row in self.read("events_after", after=after, batch_no=no, limit=limit)]

    def last_event(self) -> int:
        """The id of the newest event, 0 before the first."""
        return int(self.read("last_event")[0]["id"])

    def final_event_faults(self, no: int) -> list[Row]:
        """Items with two final events, or ended without one."""
        return self.read("final_events_doubled", no=no) + self.read("final_events_missing", no=no)

    def tell(self, kind: str, **data: Any) -> None:
        """Record an event that is about no batch."""
        with self.write() as transaction:
            transaction.event(kind, self.clock.now(), **data)

    # --- commands -----------------------------------------------------------------------------------------

    def pause(self, batch_id: str, *, reason: PauseReason, by: str, detail: str | None = None) -> Batch:
        """No claim from here on. A user's pause takes over one of Junmai's own. Raises `WrongState`."""
        now = self.clock.now()
        kept = None if detail is None else self.roots.kept(detail)
        with self.write(command=True) as transaction:
            batch = named(transaction, batch_id)
            if reason is PauseReason.USER and transaction.rows("take_over_pause", no=batch.no, by=by):
                transaction.event("batch_paused", now, batch_no=batch.no, reason=str(reason), by=by, taken_over=True)
            elif transaction.rows("pause_batch", no=batch.no, reason=str(reason), by=by, detail=detail, now=now):
                transaction.event("batch_paused", now, batch_no=batch.no, reason=str(reason), by=by, detail=kept)
            else:
                raise wrong_state(batch, "paused")
            return _batch(transaction, batch.no)

    def resume(self, batch_id: str, *, by: str, only_reason: PauseReason | None = None) -> Batch:
        """Claims go on; a batch with nothing left ends at once. Raises `WrongState`."""
        now = self.clock.now()
        with self.write(command=True) as transaction:
            batch = named(transaction, batch_id)
            only = str(only_reason) if only_reason else None
            if not transaction.rows("resume_batch", no=batch.no, only_reason=only):
                raise wrong_state(batch, "resumed")
            transaction.event("batch_resumed", now, batch_no=batch.no, by=by)
            end_if_done(transaction, batch.no, now)
            return _batch(transaction, batch.no)

    def cancel(self, batch_id: str, *, by: str, reason: str = "user") -> Batch:
        """Give a batch up. Its pending rows follow in chunks; see `follow_cancelled`. Raises `WrongState`."""
        now = self.clock.now()
        with self.write(command=True) as transaction:
            batch = named(transaction, batch_id)
            if not transaction.rows("cancel_batch", no=batch.no, reason=reason, now=now):
                raise wrong_state(batch, "cancelled")
            transaction.event("batch_cancelled", now, batch_no=batch.no, by=by, reason=reason)
            return _batch(transaction, batch.no)

    def rows_are_behind(self) -> bool:
        """Whether rows of a cancelled or a re-opened batch have yet to follow."""
        return bool(self.read("batches_behind") or self.read("batches_reopening"))

    def follow_cancelled(self) -> bool:
        """Let one chunk of rows follow their cancelled batch. Returns whether there may be more."""
        for row in self.read("batches_behind"):
            with self.write() as transaction:
                if transaction.rows("cancel_rows", no=row["no"], limit=CANCEL_CHUNK):
                    return True
                transaction.rows("rows_followed", no=row["no"])
        return False

    def set_priority(self, batch_id: str, priority: int, *, by: str) -> Batch:
        """1..10, 10 first. Raises `BadInput` and `WrongState`."""
        if type(priority) is not int or not 1 <= priority <= 10:
            raise errors.BadInput(
                detail=f"priority must be a whole number, 1 to 10 (10 goes first); it is {priority!r}."
            )
        now = self.clock.now()
        with self.write(command=True) as transaction:
            batch = named(transaction, batch_id)
            if not transaction.rows("set_priority", no=batch.no, priority=priority):
                raise wrong_state(batch, "given another priority")
            transaction.event("batch_priority", now, batch_no=batch.no, priority=priority, by=by)
            return _batch(transaction, batch.no)


def end_if_done(transaction: Transaction, no: int, now: float) -> str | None:
    """End a running batch whose every item reached its end; returns how, or None."""
    row = transaction.row("end_batch", no=no, now=now)
    if row is None:
        return None
    batch = _batch(transaction, no)
    transaction.event(
        f"batch_{row['status']}",
        now,
        batch_no=no,
        processed=batch.processed,
        failed=batch.failed,
        skipped=batch.skipped,
    )
    return str(row["status"])


def wrong_state(batch: Batch, verb: str) -> errors.WrongState:
    """The refusal of a command, with the state that the batch is in."""
    reason = f" ({batch.pause_reason}, by {batch.pause_by})" if batch.pause_reason else ""
    return errors.WrongState(batch_id=batch.id, status=batch.status, reason=reason, verb=verb)


def outputs_taken(holder: Row) -> errors.OutputsTaken:
    """The refusal of names that another batch holds: its `id`, how many `names` and the `name` of one."""
    more = f" and {holder['names'] - 1} more" if holder["names"] > 1 else ""
    return errors.OutputsTaken(batch_id=holder["id"], names=f"{holder['name']}{more}")


def event_from(row: Row, roots: Roots) -> Event:
    """A row of `events` as a value, with its paths as this machine has them."""
    data = json.loads(row["data"])
    for name in ("sidecar", "detail"):
        if isinstance(data.get(name), str):
            data[name] = roots.local(data[name])
    return Event(row["id"], row["batch_no"], row["type"], row["at"], row["photo_id"], data)


def batch_from(row: Row) -> Batch:
    """A row of `batches` with its folder as a value."""
    values = {name: row[name] for name in Batch.__dataclass_fields__}
    values["config"] = json.loads(row["config"])
    values["recipe"] = recipe_from_json(json.loads(row["recipe"]))
    values["overwrite"] = bool(row["overwrite"])
    values["begun"] = bool(row["begun"])
    return Batch(**values)


def item_from(row: Row) -> Item:
    """A row of `items` with its photo's path as a value."""
    values = {name: row[name] for name in Item.__dataclass_fields__}
    return Item(**{**values, "further": parts_from(row["further"])})


def parts_from(text: str | None) -> tuple[FurtherPart, ...]:
    """The further outputs of an item as its row has them."""
    return tuple(FurtherPart(*part) for part in json.loads(text)) if text else ()


def parts_json(parts: Sequence[FurtherPart]) -> str | None:
    """The further outputs of an item as its row has them; None where there are none, so that rows stay small."""
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")) if parts else None


def _batch(transaction: Transaction, no: int) -> Batch:
    row = transaction.row("batch_by_no", no=no)
    if row is None:
        raise errors.UnknownBatch(batch_id=no)
    return batch_from(row)


def named(transaction: Transaction, batch_id: str) -> Batch:
    """The batch of that id, inside a transaction. Raises `UnknownBatch`."""
    row = transaction.row("batch_by_id", id=batch_id)
    if row is None:
        raise errors.UnknownBatch(batch_id=batch_id)
    return batch_from(row)


def _refuse_taken(transaction: Transaction, no: int, folder_id: int, photo_ids: Sequence[int]) -> None:
    holder = transaction.row("unfinished_holder", folder_id=folder_id, photo_ids=json.dumps(photo_ids), but=no)
    if holder is not None:
        raise outputs_taken(holder)


def _batch_values(new: NewBatch, folder_id: int) -> dict[str, object]:
    return {
        "id": new.id,
        "session_id": new.session_id,
        "preset": new.preset,
        "priority": new.priority,
        "config": json.dumps(new.config, sort_keys=True, ensure_ascii=False),
        "recipe": json.dumps(dataclasses.asdict(new.recipe), sort_keys=True, ensure_ascii=False),
        "folder_id": folder_id,
        "overwrite": int(new.overwrite),
        "request_key": new.request_key,
    }
