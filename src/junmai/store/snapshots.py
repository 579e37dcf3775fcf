"""The verbs over snapshots: what stood where a batch writes a sidecar. Written once for every kind of database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from junmai.domain.model import Settled, Staged
from junmai.domain.snapshot import Snapshot
from junmai.store.engine import Engine, Row, Transaction

PAGE = 500
_NEWEST = 1 << 62


class SnapshotVerbs(Engine):
    """Finding what was there, and saying that it is there again."""

    def staged_snapshot(self, batch_id: str, staged: Staged) -> tuple[Snapshot, bytes] | None:
        """The snapshot of one attempt whose sidecar is not settled, and what is to be written; None where it has none.

        What stands at the path may be either: a crash may have come between the rename and the settling.
        """
        facts = {"position": staged.position, "attempt": staged.attempt, "photo_id": staged.photo_id}
        row = self.read_one("staged_snapshot", batch_id=batch_id, **facts)
        return (snapshot_from(row), row["content"]) if row is not None else None

    def drop_snapshot(self, snapshot_id: int, runner_no: int) -> bool:
        """Nothing was written, and nothing will be. One that is settled stays, and so does one whose item this runner
        does not hold any more: whoever took it over may be writing that sidecar."""
        with self.write() as transaction:
            return transaction.row("drop_snapshot", id=snapshot_id, runner_no=runner_no) is not None

    def snapshots(self, batch_id: str) -> Iterator[Snapshot]:
        """Those of a batch, the newest first."""
        before = _NEWEST
        while page := self.read("snapshots_page", batch_id=batch_id, before_id=before, limit=PAGE):
            yield from map(snapshot_from, page)
            before = page[-1]["id"]

    def snapshot_before(self, snapshot_id: int) -> bytes | None:
        """What stood there; None for nothing."""
        found: bytes | None = self.read("snapshot_before", id=snapshot_id)[0]["before"]
        return found

    def snapshot_at(self, path: str) -> Snapshot | None:
        """The newest sidecar that was written (or was to be) at a path and not taken back."""
        row = self.read_one("snapshot_at", path=path, plain=path)
        return snapshot_from(row) if row is not None else None

    def snapshots_at(self, path: str) -> list[Snapshot]:
        """What was written at a path, or was to be, the newest first; 100 at most."""
        return [snapshot_from(row) for row in self.read("snapshots_at", path=path, plain=path)]

    def snapshot_reverted(self, snapshot_id: int) -> bool:
        """What was there stands there again. False where that is known already."""
        with self.write() as transaction:
            return transaction.row("snapshot_reverted", id=snapshot_id, now=self.clock.now()) is not None

    def tell_reverted(self, no: int, **counts: int) -> None:
        """Record that the sidecars of a batch were taken back."""
        with self.write() as transaction:
            transaction.event("sidecars_reverted", self.clock.now(), batch_no=no, **counts)


def keep(transaction: Transaction, staged: Iterable[Staged], now: float) -> None:
    """Keep what stands where sidecars are to be written, in the transaction that stages their items."""
    for one in staged:
        new = one.sidecar
        if new is not None:
            transaction.must(
                "keep_snapshot",
                batch_no=one.batch_no,
                photo_id=one.photo_id,
                position=one.position,
                attempt=one.attempt,
                path=new.path,
                before=new.before,
                before_sha256=None if new.before is None else hashlib.sha256(new.before).hexdigest(),
                content=new.content,
                written_sha256=hashlib.sha256(new.content).hexdigest(),
                key=new.key,
                now=now,
            )


def settle(transaction: Transaction, settled: Iterable[Settled], now: float) -> None:
    """The sidecars of settled items stand, in the transaction that settles them."""
    for one in settled:
        if one.sidecar:
            staged = one.staged
            facts = {"batch_no": staged.batch_no, "position": staged.position, "attempt": staged.attempt}
            transaction.must("snapshot_written", photo_id=staged.photo_id, now=now, **facts)


def snapshot_from(row: Row) -> Snapshot:
    """A row of `snapshots` as a value."""
    return Snapshot(**{name: row[name] for name in Snapshot.__dataclass_fields__})
