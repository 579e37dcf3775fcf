"""The verbs of those who offer items to workers elsewhere, and of the workers that take an offer. Written once.

An offer changes nothing in the store: the claim does, guarded by the attempt that the offer names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from junmai import errors
from junmai.domain.dispatch import HeldPhoto, Offer, ReadyBatch
from junmai.domain.model import Claim
from junmai.store import matching
from junmai.store.claims import claimed
from junmai.store.engine import Engine, Transaction


class DispatchVerbs(Engine):
    """Offering, and claiming what was offered."""

    def ready_batches(self, scope: int | None) -> list[ReadyBatch]:
        """Running batches that have something to claim, the most urgent first, then the oldest, whatever roots they
        need."""
        rows = self.read("ready_batches", scope=scope, now=self.clock.now(), at_hand=None)
        roots: dict[int, list[str]] = defaultdict(list)
        for row in self.read("roots_of_ready") if rows else ():
            roots[row["batch_no"]].append(row["name"])
        return [
            ReadyBatch(row["no"], row["id"], row["priority"], row["matching"] == "measuring", tuple(roots[row["no"]]))
            for row in rows
        ]

    def offers(self, batch: ReadyBatch, limit: int) -> list[Offer]:
        """Up to `limit` items of a batch that wait, in the order in which they would be claimed."""
        if batch.measuring:
            rows = self.read("offered_measures", batch_no=batch.no, limit=limit)
            rows += self.read("offered_measures_fresh", batch_no=batch.no, limit=limit - len(rows))
        else:
            rows = self.read("offered_items", batch_no=batch.no, limit=limit, now=self.clock.now())
        return [Offer(batch.id, row["position"], row["attempt"]) for row in rows]

    def claim_offered(self, runner_no: int, offers: Sequence[Offer]) -> dict[Offer, Claim]:
        """Claim what was offered; what is missing in the answer waits no more for that attempt, or its batch does not
        run, or needs a root that this machine lacks.

        Photos that are to be measured are taken as they come: they have one order, whatever was offered.
        """
        return self._claim_offered(runner_no, offers, self.clock.now())

    def _claim_offered(self, runner_no: int, offers: Sequence[Offer], now: float) -> dict[Offer, Claim]:
        by_batch: dict[str, list[Offer]] = defaultdict(list)
        for offer in dict.fromkeys(offers):
            by_batch[offer.batch_id].append(offer)
        found: dict[Offer, Claim] = {}
        try:
            for batch_id, named in by_batch.items():  # one transaction each: their order is none to take locks in
                with self.write() as transaction:
                    claims = _claim(transaction, batch_id, runner_no, named, now)
                found |= claims
        except errors.StoreBusy:
            if not found:  # what was claimed is somebody's to develop
                raise
        return found

    def held_photos(self) -> list[HeldPhoto]:
        """What every runner has in hand, by runner, the oldest first."""
        rows = self.read("held_photos") + self.read("measured_photos_in_hand")
        return [HeldPhoto(**row) for row in rows]


def _claim(
    transaction: Transaction, batch_id: str, runner_no: int, named: Sequence[Offer], now: float
) -> dict[Offer, Claim]:
    batch = transaction.row("offered_batch", id=batch_id, at_hand=transaction.roots.at_hand)
    if batch is None:
        return {}
    if batch["matching"] == "measuring":
        claims = matching.claim_from(transaction, batch["no"], runner_no, len(named), now)
        return dict(zip(named, claims, strict=False))
    rows = transaction.many_rows(
        "claim_offered",
        [
            {
                "batch_no": batch["no"],
                "position": one.position,
                "attempt": one.attempt,
                "runner_no": runner_no,
                "now": now,
            }
            for one in sorted(named, key=lambda one: one.position)
        ],
    )
    return {Offer(batch_id, one.position, one.attempt): one for one in claimed(transaction, batch["no"], rows, now)}
