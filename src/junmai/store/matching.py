"""The verbs of matching: measure, find a solution for each photo, let items be claimed. Written once.

Measuring has claims of its own, fenced as those of developing are. A crash in it costs the photos in hand; a solution
is written before the batch is said to be solved, and the same measures give the same one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from junmai import errors
from junmai.domain.matching import Adjustment, Found, Measured, Seen, Shown, Solution
from junmai.domain.model import Claim
from junmai.store.batches import end_if_done
from junmai.store.engine import Engine, Row, Transaction, event_values
from junmai.store.library import photo_from

CHUNK = 1000
"""Solutions, or items that are right already, written in one transaction."""
PAGE = 200
"""Measures read at once: 5 MB."""


class MatchVerbs(Engine):
    """What a runner does to a batch that is matched, and what users see and change of it."""

    # --- measuring ----------------------------------------------------------------------------------------

    def known_measures(self, photo_ids: Sequence[int]) -> dict[int, tuple[int, int, str]]:
        """The newest measure of photos, by id: the batch and position where it stands, and its key."""
        rows = self.read("known_measures", ids=json.dumps(list(photo_ids)))
        return {row["photo_id"]: (row["batch_no"], row["position"], row["key"]) for row in rows}

    def end_measures(self, runner_no: int, measured: Sequence[Measured]) -> int:
        """Record what was measured; returns how many of these attempts were accepted. A photo whose known measure was
        removed meanwhile waits to be measured again."""
        with self.write() as transaction:
            rows = transaction.many_rows("measured_item", (_measured_values(runner_no, one) for one in measured))
            accepted = {(row["batch_no"], row["position"]) for row in rows}
            for one in measured:
                if one.known and (one.batch_no, one.position) not in accepted:
                    place = {"batch_no": one.batch_no, "position": one.position, "attempt": one.attempt}
                    transaction.rows("give_back_measure", runner_no=runner_no, tried=0, died=0, **place)
            for no, count in Counter(row["batch_no"] for row in rows).items():
                transaction.must("count_measured", no=no, count=count)
            return len(rows)

    def give_back_measures(self, runner_no: int, claims: Iterable[Claim], *, tried: bool, died: bool) -> int:
        """Photos wait to be measured again; returns how many of these attempts were accepted."""
        facts = {"runner_no": runner_no, "tried": int(tried), "died": int(died)}
        values = (
            {"batch_no": claim.batch_no, "position": claim.position, "attempt": claim.attempt, **facts}
            for claim in claims
        )
        with self.write() as transaction:
            return len(transaction.many_rows("give_back_measure", values))

    # --- solving ------------------------------------------------------------------------------------------

    def measured_batches(self, scope: int | None) -> list[int]:
        """Numbers of running batches that are measured and not solved."""
        return [row["no"] for row in self.read("measured_batches", scope=scope)]

    def measuring_batches(self) -> list[int]:
        """Numbers of running batches whose photos are being measured."""
        return [row["no"] for row in self.read("measuring_batches")]

    def seen(self, no: int) -> Iterator[Seen]:
        """What was measured of a batch, by position."""
        after = -1
        while page := self.read("measures_page", no=no, after=after, limit=PAGE):
            for row in page:
                measure = row["why"] if row["measure"] is None else bytes(row["measure"])
                yield Seen(row["position"], row["photo_id"], row["session_id"], measure or "it was not measured")
            after = page[-1]["position"]

    def keep_solutions(self, no: int, found: Sequence[Found]) -> None:
        """Write what was found for the photos of a batch, in chunks. Where it is solved already, nothing changes."""
        for start in range(0, len(found), CHUNK):
            with self.write() as transaction:
                transaction.many("keep_solution", (_found_values(no, one) for one in found[start : start + CHUNK]))

    def skip_matched(self, no: int, positions: Sequence[int]) -> int:
        """Items whose right output stands there already need nothing, in chunks; returns how many were skipped."""
        skipped = 0
        for start in range(0, len(positions), CHUNK):
            now = self.clock.now()
            with self.write() as transaction:
                values = ({"batch_no": no, "position": position, "now": now} for position in positions[start:][:CHUNK])
                rows = transaction.many_rows("skip_matched", values)
                why = {"reason": "output_is_right", "matched": True}
                transaction.events(
                    [event_values("item_skipped", now, no, row["photo_id"], row["generation"], why) for row in rows]
                )
                if rows:
                    transaction.must("count_skipped", no=no, count=len(rows))
                skipped += len(rows)
        return skipped

    def end_solving(self, no: int, summary: dict[str, object]) -> bool:
        """From here on items are claimed for developing. False where somebody else said so, or the batch has ended."""
        now = self.clock.now()
        with self.write() as transaction:
            if not transaction.rows("solve_batch", no=no):
                return False
            transaction.events([event_values("batch_matched", now, no, None, 0, summary)])
            end_if_done(transaction, no, now)
            return True

    # --- showing and changing -----------------------------------------------------------------------------

    def solution(self, no: int, position: int) -> Solution | None:
        """What is done to one photo of a solved batch; None where it is not solved."""
        row = self.read_one("solution_of", batch_no=no, position=position)
        if row is None or row["exposure"] is None:
            return None
        return _adjustment(row).on(_solution(row))

    def solutions(self, no: int) -> Iterator[Shown]:
        """What is known of the match of every photo that was claimed for measuring, by position."""
        after = -1
        while page := self.solutions_page(no, after=after, limit=CHUNK):
            yield from page
            after = page[-1].position

    def solutions_page(self, no: int, *, after: int, limit: int) -> list[Shown]:
        """A page of these."""
        return [_shown(row) for row in self.read("solutions_page", no=no, after=after, limit=limit)]

    def adjust_match(self, photo_id: int, adjustment: Adjustment) -> int:
        """What the user wants of a photo beside what matching finds, in every batch from then on, and in unfinished
        ones where it is not developed yet; returns how many of these there are."""
        values = {"exposure": adjustment.exposure, "red": adjustment.red, "blue": adjustment.blue}
        values["off"] = int(adjustment.off)
        with self.write(command=True) as transaction:
            if adjustment == Adjustment():
                transaction.rows("forget_adjustment", photo_id=photo_id)
            else:
                transaction.must("keep_adjustment", photo_id=photo_id, now=self.clock.now(), **values)
            return len(transaction.rows("adjust_waiting", photo_id=photo_id, **values))

    def match_faults(self, no: int) -> list[str]:
        """Sentences about what contradicts itself in the match of a batch, for doctor."""
        faults = []
        unsolved = self.read("unsolved", no=no)[0]["count"]
        if unsolved:
            faults.append(f"The batch is matched, but {unsolved} of its photos have no solution.")
        counts = self.read_one("count_measures", no=no)
        if counts is not None and counts["counted"] != counts["found"]:
            faults.append(f"{counts['counted']} measured photos are counted, {counts['found']} are there.")
        return faults


def claim_from(transaction: Transaction, batch_no: int, runner_no: int, limit: int, now: float) -> list[Claim]:
    """Take up to `limit` photos of a batch to measure: those that were given back, then those that nobody has begun."""
    facts: dict[str, object] = {"batch_no": batch_no, "runner_no": runner_no, "now": now}
    rows = transaction.rows("claim_measures_again", limit=limit, **facts)
    fresh = transaction.rows("claim_measures_fresh", limit=limit - len(rows), **facts) if len(rows) < limit else []
    if fresh:
        last = max(row["position"] for row in fresh)
        if not transaction.rows("move_match_cursor", no=batch_no, position=last):
            raise errors.StoreError(detail="photos were claimed for measuring twice")
    rows = sorted([*rows, *fresh], key=lambda row: int(row["position"]))
    ids = json.dumps([row["photo_id"] for row in rows])
    photos = {photo["id"]: photo_from(photo) for photo in transaction.rows("photos_by_ids", ids=ids)}
    return [
        Claim(
            batch_no=batch_no,
            position=row["position"],
            attempt=row["attempt"],
            photo_id=row["photo_id"],
            output_name="",
            generation=0,
            tries=row["tries"],
            worker_deaths=row["worker_deaths"],
            alone=False,
            photo=photos.get(row["photo_id"]),
            measuring=True,
        )
        for row in rows
    ]


def _measured_values(runner_no: int, one: Measured) -> dict[str, object]:
    known_batch_no, known_position = one.known or (None, None)
    return {
        "runner_no": runner_no,
        "batch_no": one.batch_no,
        "position": one.position,
        "attempt": one.attempt,
        "key": one.key,
        "measure": one.measure,
        "why": one.why,
        "known_batch_no": known_batch_no,
        "known_position": known_position,
    }


def _found_values(no: int, one: Found) -> dict[str, object]:
    found = one.solution
    return {
        "batch_no": no,
        "position": one.position,
        "exposure": found.exposure,
        "red": found.red,
        "green": found.green,
        "blue": found.blue,
        "scene": found.group,
        "capped": int(found.capped),
        "top": found.top,
        "before": one.before,
        "after": one.after,
    }


def _solution(row: Row) -> Solution:
    numbers = {name: row[name] for name in ("exposure", "red", "green", "blue", "top")}
    return Solution(**numbers, group=row["scene"], capped=bool(row["capped"]), why=row["why"] or "")


def _adjustment(row: Row) -> Adjustment:
    return Adjustment(row["by_exposure"], row["by_red"], row["by_blue"], bool(row["off"]))


def _shown(row: Row) -> Shown:
    found = None
    if row["exposure"] is not None:
        found = Found(row["position"], _solution(row), row["distance_before"], row["distance_after"])
    names = ("position", "photo_id", "path", "status", "output_name")
    return Shown(**{name: row[name] for name in names}, found=found, adjustment=_adjustment(row))
