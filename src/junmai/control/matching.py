"""A runner's part in matching: photos are measured, one solution is found for each, then they are developed with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from junmai import errors
from junmai import log as logs
from junmai.control import conditions, endings
from junmai.control.standing import right_positions
from junmai.control.written_match import written_match
from junmai.domain import policy
from junmai.domain.lifecycle import PauseReason
from junmai.domain.matching import Measured
from junmai.domain.model import Batch, Claim
from junmai.executors.base import Ending, Executor, MeasureJob, Outcome, PhotoMeasured, Solved, SolveJob
from junmai.files import FileState
from junmai.store.base import Store

log = logs.get("junmai.matching")

LOOK_SECONDS = 0.5
"""How often it is looked for a batch that others measured, or that waits to be solved again. At each turn of a runner
it was 20 questions a second to the database, also from a worker that had nothing to do."""


class Matching:
    """Measures claimed photos and solves batches that are measured, for one runner.

    `insist` does something with the store as often as it takes.
    """

    def __init__(
        self,
        store: Store,
        executor: Executor,
        retries: policy.RetryPolicy,
        *,
        insist: Callable[[Callable[[], Any]], Any],
        batch_of: Callable[[int], Batch],
        pause: Callable[[Batch, conditions.Cause], None],
    ) -> None:
        self._store = store
        self._executor = executor
        self._retries = retries
        self._insist = insist
        self._batch = batch_of
        self._pause = pause
        self._solving: dict[int, int] = {}
        self._deaths: Counter[int] = Counter()
        self._look_at = 0.0

    # --- measuring ----------------------------------------------------------------------------------------

    def job(self, claim: Claim) -> MeasureJob:
        """What a worker has to measure for a claim."""
        photo = claim.photo
        if photo is None:
            raise RuntimeError("a job needs its photo")
        known = self._store.known_measures([photo.id]).get(photo.id)
        recipe = self._batch(claim.batch_no).recipe
        return MeasureJob(
            source=Path(photo.path),
            expected=FileState(photo.size, photo.mtime_ns, photo.inode),
            fingerprint=photo.fingerprint,
            recipe=recipe,
            known_key=known[2] if known else "",
            instead=written_match(self._store, photo, recipe),
        )

    def finish(self, runner_no: int, taken: Sequence[tuple[Claim, Outcome]]) -> None:
        """Record what came of measuring. A photo that cannot be measured takes its neighbours' solution; developing
        it says what is wrong with it."""
        measured: list[Measured] = []
        for claim, outcome in taken:
            if outcome.ending is Ending.NOT_BEGUN:
                self.give_back(runner_no, [claim])
            elif outcome.ending is Ending.DONE and isinstance(outcome.result, PhotoMeasured):
                measured.append(self._measured(claim, outcome.result))
            elif self._is_tried_again(runner_no, claim, outcome):
                log.warning("photo is measured again", photo=claim.photo_id, error=outcome.error_message)
            else:
                measured.append(self.unmeasured(claim, _why(claim, outcome)))
        self.record(runner_no, measured)

    def record(self, runner_no: int, measured: Sequence[Measured]) -> None:
        """Bring what was measured into the store."""
        if measured:
            self._insist(lambda: self._store.end_measures(runner_no, measured))
            self._look_at = 0.0  # it may have been the last of its batch

    def give_back(self, runner_no: int, claims: Sequence[Claim]) -> None:
        """Photos that were not begun, or paused for something greater than they are, wait again."""
        if claims:
            self._insist(lambda: self._store.give_back_measures(runner_no, claims, tried=False, died=False))

    @staticmethod
    def unmeasured(claim: Claim, why: str) -> Measured:
        """A photo that there is no measure of."""
        return Measured(claim.batch_no, claim.position, claim.attempt, why=why)

    def _measured(self, claim: Claim, result: PhotoMeasured) -> Measured:
        if result.why:
            return self.unmeasured(claim, result.why)
        place = (claim.batch_no, claim.position, claim.attempt)
        if not result.is_known:
            return Measured(*place, key=result.key, measure=result.measure)
        known = self._store.known_measures([claim.photo_id]).get(claim.photo_id, (0, 0, ""))
        return Measured(
            *place, key=result.key, known=known[:2]
        )  # a known one that is gone is no known one to the store

    def _is_tried_again(self, runner_no: int, claim: Claim, outcome: Outcome) -> bool:
        died = outcome.ending is not Ending.ERROR
        if died:
            again = claim.worker_deaths + 1 < policy.DEATHS_TO_QUARANTINE
        else:
            again = outcome.may_pass and self._retries.allows(claim.tries + 1)
        if again:
            self._insist(lambda: self._store.give_back_measures(runner_no, [claim], tried=not died, died=died))
        return again

    # --- solving ------------------------------------------------------------------------------------------

    def solve(self, scope: int | None, next_ticket: Callable[[], int]) -> None:
        """Have every batch solved that is measured; a worker does it, one batch at a time."""
        now = self._store.clock.monotonic()
        if self._solving or now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        for no in self._insist(lambda: self._store.measured_batches(scope)) or []:
            batch = self._batch(no)
            match = batch.recipe.match
            if match is None:
                raise errors.StoreError(detail=f"{batch.id} is matched to nothing")
            ticket = next_ticket()
            self._solving[ticket] = no
            self._executor.submit(ticket, SolveJob(tuple(self._store.seen(no)), match))
            return

    def take(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Take what was solved; returns the other outcomes."""
        others = []
        for one in outcomes:
            if one.ticket in self._solving:
                self._solved(self._batch(self._solving.pop(one.ticket)), one)
            else:
                others.append(one)
        return others

    def retracted(self, tickets: Sequence[int]) -> None:
        """Jobs that were not begun: a batch that was to be solved is found again."""
        for ticket in tickets:
            self._solving.pop(ticket, None)

    def _solved(self, batch: Batch, outcome: Outcome) -> None:
        if not isinstance(outcome.result, Solved):  # it is found again, unless it is of no use to try once more
            log.error("solving failed", batch=batch.id, error=outcome.error_message, trace=outcome.trace)
            self._deaths[batch.no] += outcome.ending is not Ending.NOT_BEGUN
            if outcome.ending is Ending.ERROR or self._deaths[batch.no] >= policy.DEATHS_TO_QUARANTINE:
                self._pause(batch, conditions.Cause(PauseReason.FAILURES, ""))
            return
        solved = outcome.result
        self._insist(lambda: self._store.keep_solutions(batch.no, solved.found))
        right = right_positions(self._store, batch)
        self._insist(lambda: self._store.skip_matched(batch.no, right))
        self._insist(lambda: self._store.end_solving(batch.no, solved.summary))
        self._look_at = 0.0


def _why(claim: Claim, outcome: Outcome) -> str:
    if outcome.ending is Ending.ERROR:
        return outcome.error_message
    return endings.death(outcome, claim.worker_deaths + 1).message
