"""The verbs of runners: claim, stage, settle, fail, give back, take over. Written once for every database.

Every write is guarded by (status, attempt, runner), and what comes back says what was accepted: late, double and
foreign results change nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from junmai import errors
from junmai.domain.model import Claim, Failure, Item, Settled, SourceRead, Staged
from junmai.domain.plan import name_key
from junmai.domain.policy import RUNNER_DEATHS_TO_ISOLATE
from junmai.domain.runner import RunnerInfo
from junmai.store import matching, snapshots
from junmai.store.batches import end_if_done, item_from, parts_from, parts_json
from junmai.store.engine import Engine, Row, Transaction, event_values
from junmai.store.library import photo_from
from junmai.store.roots import Roots

Key = tuple[int, int]
"""(batch number, position): an item."""


class ClaimVerbs(Engine):
    """What a runner does to items."""

    # --- runners ------------------------------------------------------------------------------------------

    def add_runner(
        self, runner_id: str, *, host: str, pid: int, role: str, scope: int | None, workers: int, version: str = ""
    ) -> int:
        """Record a runner; it must hold its lock already. Returns its number."""
        now = self.clock.now()
        with self.write() as transaction:
            row = transaction.row(
                "add_runner",
                id=runner_id,
                host=host,
                pid=pid,
                role=role,
                scope=scope,
                workers=workers,
                of_version=version,
                has_roots=" ".join(self.roots.names),
                now=now,
                lease_seconds=self.lease_seconds or 0,
            )
            if row is None:
                raise errors.StoreError(detail="the runner was not recorded")
            transaction.event("runner_started", now, batch_no=scope, runner=runner_id, pid=pid, workers=workers)
            return int(row["no"])

    def keep_lease(self, no: int) -> bool:
        """A runner gives a sign of life; one that was taken for dead is among the living again, with nothing in hand.

        Returns whether there is such a runner. Only stores with `lease_seconds` keep it.
        """
        return self.lease_seconds is None

    def end_runner(self, no: int) -> bool:
        """A runner is gone and holds nothing any more."""
        with self.write() as transaction:
            return bool(transaction.rows("end_runner", no=no, now=self.clock.now()))

    def open_runners(self) -> list[RunnerInfo]:
        """Runners that have not said goodbye: alive as long as their lock is held, or their lease lasts."""
        rows = [{**row, "roots": tuple(row["roots"].split())} for row in self.read("open_runners")]
        return [RunnerInfo(**{name: row[name] for name in RunnerInfo.__dataclass_fields__}) for row in rows]

    # --- claiming -----------------------------------------------------------------------------------------

    def claim(self, runner_no: int, *, scope: int | None, limit: int) -> list[Claim]:
        """Take up to `limit` ready items of running batches, the most urgent batch first; of one that is being matched
        and not solved yet, photos to measure."""
        now = self.clock.now()
        facts: dict[str, object] = {"scope": scope, "now": now, "at_hand": self.roots.at_hand}
        if limit <= 0 or not self.read("ready_batches", **facts):
            return []
        claims: list[Claim] = []
        with self.write() as transaction:
            for batch in transaction.rows("ready_batches", **facts):
                wanted = limit - len(claims)
                if wanted <= 0:
                    break
                claims += claim_from(transaction, batch, runner_no, wanted, now)
        return claims

    def next_ready(self, no: int) -> float | None:
        """When the next waiting item of a batch may be claimed; None where none waits."""
        row = self.read_one("next_ready", batch_no=no)
        return float(row["ready_at"]) if row else None

    def waits_for_root(self, no: int, root: str) -> bool:
        """Whether a waiting photo of a batch was imported with that folder, and not since with another."""
        return self.read_one("waits_for_root", batch_no=no, root=root) is not None

    # --- ends ---------------------------------------------------------------------------------------------

    def stage(self, runner_no: int, staged: Sequence[Staged], read: Sequence[SourceRead] = ()) -> set[Key]:
        """Record whole temporary files, and the checksums of the sources read; returns the items accepted."""
        now = self.clock.now()
        with self.write() as transaction:
            transaction.many("keep_sha256", (_values(one, one.__dataclass_fields__) for one in read))
            rows = transaction.many_rows("stage_item", _stage_values(runner_no, staged))
            accepted = _keys(rows)
            snapshots.keep(transaction, (one for one in staged if (one.batch_no, one.position) in accepted), now)
            for one in staged:
                if one.remarks and (one.batch_no, one.position) in accepted:
                    said = list(one.remarks)
                    transaction.event("item_remarks", now, batch_no=one.batch_no, photo_id=one.photo_id, remarks=said)
            return accepted

    def settle(self, runner_no: int, settled: Sequence[Settled]) -> set[Key]:
        """Record outputs that have their final names: row, counters, event, output, in one transaction."""
        now = self.clock.now()
        by_attempt = {(one.staged.batch_no, one.staged.position, one.staged.attempt): one for one in settled}
        names = ("batch_no", "position", "attempt")
        facts: dict[str, object] = {"runner_no": runner_no, "now": now}
        with self.write() as transaction:
            rows = transaction.many_rows(
                "settle_item", (dict(zip(names, key, strict=True), **facts) for key in by_attempt)
            )
            done = [by_attempt[row["batch_no"], row["position"], row["attempt"]] for row in rows]
            _record_outputs(transaction, done, now)
            snapshots.settle(transaction, done, now)
            transaction.events([_end_of(row, one, now, self.roots) for row, one in zip(rows, done, strict=True)])
            _count(transaction, processed=Counter(row["batch_no"] for row in rows), failed=Counter(), now=now)
            return _keys(rows)

    def end_attempts(self, runner_no: int, failures: Sequence[Failure]) -> set[Key]:
        """Record errors: the item fails, or waits for its next try (`retry_at`). Returns what was accepted."""
        now = self.clock.now()
        accepted: set[Key] = set()
        failed: Counter[int] = Counter()
        with self.write() as transaction:
            for one in failures:
                if _end_attempt(transaction, runner_no, one, now):
                    accepted.add((one.batch_no, one.position))
                    failed[one.batch_no] += one.retry_at is None
            _count(transaction, processed=Counter(), failed=failed, now=now)
        return accepted

    def release(self, runner_no: int, claims: Iterable[Claim], *, why: str) -> set[Key]:
        """Give claimed items back untried: not begun, or the runner stops at once."""
        released: set[Key] = set()
        with self.write() as transaction:
            for claim in claims:
                row = transaction.row(
                    "give_back_item",
                    batch_no=claim.batch_no,
                    position=claim.position,
                    attempt=claim.attempt,
                    runner_no=runner_no,
                    ready_at=0,
                    error_kind=None,
                    error_message=None,
                    tried=0,
                    died=0,
                )
                if row is not None:
                    released.add((claim.batch_no, claim.position))
                    transaction.event(
                        "item_released",
                        self.clock.now(),
                        batch_no=claim.batch_no,
                        photo_id=claim.photo_id,
                        generation=claim.generation,
                        attempt=claim.attempt,
                        why=why,
                    )
        return released

    # --- taking over --------------------------------------------------------------------------------------

    def in_hand(self, runner_no: int) -> list[Item]:
        """The items that a runner holds."""
        return [item_from(row) for row in self.read("in_hand", runner_no=runner_no)]

    def take_over(self, lost: int, runner_no: int) -> tuple[list[tuple[int, int, int]], list[Staged]]:
        """A runner is lost: what it had in hand waits again, what it had staged is this runner's to finish.

        What is of a batch in a named root that this machine lacks stays for somebody who has it.

        Returns the (batch, position, attempt) given back, and the staged items.
        """
        now = self.clock.now()
        with self.write() as transaction:
            back = [
                (row["batch_no"], row["position"], row["attempt"])
                for row in transaction.rows("give_back_lost", lost=lost, at_hand=self.roots.at_hand)
            ]
            staged = [
                Staged(
                    batch_no=row["batch_no"],
                    position=row["position"],
                    attempt=row["attempt"],
                    photo_id=row["photo_id"],
                    output_name=row["output_name"],
                    size=row["output_size"],
                    sha256=row["output_sha256"],
                    key=row["output_key"],
                    seconds=row["seconds"] or 0.0,
                    further=parts_from(row["further"]),
                )
                for row in transaction.rows("adopt_staged", lost=lost, runner_no=runner_no, at_hand=self.roots.at_hand)
            ]
            transaction.rows("give_back_lost_measures", lost=lost)
            if transaction.rows("end_runner", no=lost, now=now):
                transaction.event("runner_lost", now, runner=lost, given_back=len(back), staged=len(staged))
            return back, staged


def _values(value: SourceRead | Staged, names: Iterable[str]) -> dict[str, object]:
    return {name: getattr(value, name) for name in names}  # `asdict` copies deeply


def _stage_values(runner_no: int, staged: Iterable[Staged]) -> Iterator[dict[str, object]]:
    names = ("batch_no", "position", "attempt", "size", "sha256", "key", "seconds")
    facts = ((_values(one, names), parts_json(one.further)) for one in staged)
    return ({**values, "runner_no": runner_no, "further": further} for values, further in facts)


def claim_from(transaction: Transaction, batch: Row, runner_no: int, limit: int, now: float) -> list[Claim]:
    """Take up to `limit` ready items of one batch, a row of `ready_batches`; or photos of it to measure."""
    take = matching.claim_from if batch["matching"] == "measuring" else _claim_from
    return take(transaction, batch["no"], runner_no, limit, now)


def _claim_from(transaction: Transaction, batch_no: int, runner_no: int, limit: int, now: float) -> list[Claim]:
    facts: dict[str, object] = {"limit": limit, "now": now, "at_hand": transaction.roots.at_hand}
    rows = transaction.rows("claim_items", batch_no=batch_no, runner_no=runner_no, **facts)
    return claimed(transaction, batch_no, rows, now)


def claimed(transaction: Transaction, batch_no: int, rows: list[Row], now: float) -> list[Claim]:
    """Tell of items of one batch that this transaction has claimed; they come back with their photos."""
    if not rows:
        return []
    transaction.rows("mark_begun", no=batch_no)
    rows.sort(key=lambda row: int(row["position"]))
    transaction.event(
        "items_claimed", now, batch_no=batch_no, items=[[row["photo_id"], row["attempt"]] for row in rows]
    )
    ids = json.dumps([row["photo_id"] for row in rows])
    photos = {photo["id"]: photo_from(photo) for photo in transaction.rows("photos_by_ids", ids=ids)}
    return [
        Claim(
            batch_no=batch_no,
            position=row["position"],
            attempt=row["attempt"],
            photo_id=row["photo_id"],
            output_name=row["output_name"],
            generation=row["generation"],
            tries=row["tries"],
            worker_deaths=row["worker_deaths"],
            alone=row["runner_deaths"] >= RUNNER_DEATHS_TO_ISOLATE,
            photo=photos.get(row["photo_id"]),
        )
        for row in rows
    ]


def _keys(rows: Iterable[Row]) -> set[Key]:
    return {(row["batch_no"], row["position"]) for row in rows}


def _record_outputs(transaction: Transaction, settled: Sequence[Settled], now: float) -> None:
    places = {no: transaction.rows("folder_and_format", no=no)[0] for no in {one.staged.batch_no for one in settled}}
    written = [one for one in settled if one.pixels]
    rows = (values for one in written for values in _output_values(one, places[one.staged.batch_no], now))
    # fewer rows than names is no fault: another batch may have reserved a name in this one's own folder meanwhile
    transaction.many("record_output", rows)


def _output_values(one: Settled, place: Row, now: float) -> Iterator[dict[str, object]]:
    staged = one.staged
    facts = {**place, "photo_id": staged.photo_id, "batch_no": staged.batch_no, "now": now}
    name = staged.output_name
    main = {"name_key": name_key(name), "name": name, "key": staged.key, "size": staged.size, "sha256": staged.sha256}
    yield {**facts, **main, "label": "", "mtime_ns": one.mtime_ns}
    for part, mtime_ns in zip(staged.further, one.further, strict=True):
        yield {**facts, **part._asdict(), "name_key": name_key(part.name), "mtime_ns": mtime_ns}


def _end_of(row: Row, one: Settled, now: float, roots: Roots) -> dict[str, object]:
    staged = one.staged
    data: dict[str, object] = {"output": staged.output_name, "seconds": round(staged.seconds, 4)}
    if one.sidecar:
        data["sidecar"] = roots.kept(one.sidecar)
    if not one.pixels:
        del data["output"]
    if staged.further:
        data["further"] = [part.name for part in staged.further]
    return event_values("item_processed", now, row["batch_no"], row["photo_id"], row["generation"], data)


def _end_attempt(transaction: Transaction, runner_no: int, one: Failure, now: float) -> bool:
    facts: dict[str, object] = {
        "batch_no": one.batch_no,
        "position": one.position,
        "attempt": one.attempt,
        "runner_no": runner_no,
        "error_kind": one.error_kind,
        "error_message": one.error_message,
        "tried": int(one.tried),
        "died": int(one.worker_died),
    }
    if one.retry_at is None:
        row = transaction.row("fail_item", now=now, seconds=one.seconds, **facts)
    else:
        row = transaction.row("give_back_item", ready_at=one.retry_at, **facts)
    if row is None:
        return False
    transaction.event(
        "item_failed" if one.retry_at is None else "item_retry",
        now,
        batch_no=one.batch_no,
        photo_id=row["photo_id"],
        generation=row["generation"],
        error_kind=one.error_kind,
        error_message=one.error_message,
        retry_at=one.retry_at,
    )
    return True


def _count(transaction: Transaction, *, processed: Counter[int], failed: Counter[int], now: float) -> None:
    """Move the counters with the rows, and end the batches that are done."""
    for no in sorted(processed.keys() | failed.keys()):
        transaction.must("count_up", no=no, processed=processed[no], failed=failed[no])
        end_if_done(transaction, no, now)
