"""The runner: claims items, gets them developed, brings outputs to their names, settles.

One thread, one loop. A turn of it: look around (the dead, the paused, the disk), claim for the workers that are
free, take what ended, stage it, rename it, settle it. Whatever ends the process between two of these steps, the
next runner goes on from what the store says.
"""

from __future__ import annotations

import enum
import math
import random
import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from junmai import errors
from junmai import log as logs
from junmai.config import Settings
from junmai.control import conditions, endings, sidecars
from junmai.control.backup import BackupKeeper
from junmai.control.claiming import FromStore, Source
from junmai.control.insisting import Insistence
from junmai.control.lookout import Lookout
from junmai.control.matching import Matching
from junmai.control.outputs import places_of, remove_temporaries_of
from junmai.control.presence import Presence
from junmai.control.settling import Settler
from junmai.control.written_match import written_match
from junmai.domain import policy
from junmai.domain.lifecycle import ENDED, BatchStatus, PauseReason
from junmai.domain.model import Batch, Claim, Failure, SourceRead, Staged
from junmai.executors.base import Developed, DevelopJob, Ending, Executor, Job, Outcome
from junmai.files import FileState
from junmai.store.base import Store

log = logs.get("junmai.runner")

TURN_SECONDS = 0.05


class Stop(enum.Enum):
    """How a runner is asked to end."""

    NO = 0
    AFTER_HAND = 1
    """Claim nothing more, finish the photos in hand."""
    AT_ONCE = 2
    """Stop the workers and give their photos back."""


class Runner:
    """Develops one batch (`scope`) or all of them (None) until it is asked to stop or its batch has ended."""

    def __init__(
        self,
        store: Store,
        executor: Executor,
        settings: Settings,
        *,
        role: str,
        scope: int | None,
        seed: int | None = None,
        source: Source | None = None,
    ) -> None:
        """`source` gives it its claims; none: the store, the most urgent first."""
        self._store = store
        self._executor = executor
        self._settings = settings
        self._scope = scope
        self._role = role
        self._random = random.Random(seed)
        self._retries = policy.RetryPolicy(settings.retry_limit, settings.retry_base_seconds)
        self._stop = Stop.NO
        self._insist = Insistence(store, lambda: self._stop is Stop.AT_ONCE)
        self._source = source or FromStore(store, scope)
        self._in_hand: dict[int, Claim] = {}
        self._alone: list[Claim] = []
        self._ticket = 0
        self._batches: dict[int, Batch] = {}
        self._mean_seconds: float | None = None
        self._failures_in_a_row = 0
        self._lookout = Lookout(store, settings, scope=scope, shared=source is not None)
        self._keeper = BackupKeeper(store, settings)
        self._settler = Settler(
            store,
            self._retries,
            insist=self._insist,
            batch_of=self._batch,
            pause=self._pause,
            chance=self._random.random,
        )
        self._matching = Matching(
            store, executor, self._retries, insist=self._insist, batch_of=self._batch, pause=self._pause
        )
        self._presence: Presence | None = None
        self.error: BaseException | None = None

    # --- from outside -------------------------------------------------------------------------------------

    def start(self) -> threading.Thread:
        """Run in a thread of its own; what stops it unasked is kept in `error`."""
        self._enter()
        thread = threading.Thread(target=self._guarded_run, name="junmai-runner", daemon=True)
        thread.start()
        return thread

    def enter(self) -> int:
        """Be among the living before the work begins; returns the runner's number."""
        self._enter()
        return self._no

    def stop(self, *, at_once: bool = False) -> None:
        """Ask the runner to end."""
        if at_once:
            self._stop = Stop.AT_ONCE
        elif self._stop is Stop.NO:
            self._stop = Stop.AFTER_HAND

    @property
    def held_for(self) -> conditions.Cause | None:
        """Why it claims nothing for now, where that is of this machine alone."""
        return self._lookout.held_for

    def run(self) -> None:
        """The loop, in the caller's thread."""
        self._enter()
        try:
            self._executor.start()
            while not self._done():
                self._turn()
        finally:
            self._leave()

    def _guarded_run(self) -> None:
        try:
            self.run()
        except BaseException as error:
            log.exception("runner stopped")
            self.error = error

    def _enter(self) -> None:
        if self._presence is None:
            self._presence = Presence(
                self._store, self._settings, role=self._role, scope=self._scope, workers=self._executor.workers
            )

    def _leave(self) -> None:
        self._keeper.close(at_once=self._stop is Stop.AT_ONCE)
        self._executor.stop(at_once=self._stop is Stop.AT_ONCE or bool(self._in_hand))
        self._source.close()
        left = [*self._in_hand.values(), *self._alone]
        self._in_hand.clear()
        self._alone.clear()
        try:
            for claim in left:  # before they are given back: nobody would know whose file it was
                self._remove_temporaries(claim)
            self._give_back(left, "the runner stopped")
        finally:
            if self._presence is not None:
                self._presence.leave()  # what it still holds is then taken over from it as from the dead

    @property
    def _no(self) -> int:
        if self._presence is None:
            raise RuntimeError("the runner has not begun")
        return self._presence.no

    # --- the turn -----------------------------------------------------------------------------------------

    def _done(self) -> bool:
        if self._stop is Stop.AT_ONCE:
            return True
        if self._in_hand:
            return False
        if self._stop is Stop.AFTER_HAND:
            return True
        if self._scope is None:
            return False
        return bool(self._insist(self._scope_has_ended))

    def _scope_has_ended(self) -> bool:
        status = self._store.batch_status(self._scope or 0)
        return (status is None or status in ENDED) and not self._store.follow_cancelled()

    def _turn(self) -> None:
        self._insist(lambda: self._lookout.look(self._no))
        self._keeper.maybe_backup()
        self._release_what_stands()
        self._claim()
        if self._stop is Stop.NO:
            self._matching.solve(self._scope, self._next_ticket)
        outcomes = self._executor.wait(TURN_SECONDS)
        if outcomes:
            taken = self._taken(outcomes)
            self._claim()  # the workers go on while these are settled
            taken += self._linger(len(taken))
            for start in range(0, len(taken), policy.GROUP_SIZE):
                self._finish(taken[start : start + policy.GROUP_SIZE])
        self._source.hold([*self._in_hand.values(), *self._alone], self._limit)

    def _taken(self, outcomes: Sequence[Outcome]) -> list[tuple[Claim, Outcome]]:
        others = self._matching.take(outcomes)
        return [(self._in_hand.pop(one.ticket), one) for one in others if one.ticket in self._in_hand]

    def _linger(self, count: int) -> list[tuple[Claim, Outcome]]:
        """What ends within the next 50 ms is settled along: each settling costs 1.5 ms of processor and three syncs.

        Only where photos are so quick that something will; a photo alone is settled at once. The workers live on what
        was claimed ahead meanwhile.
        """
        each = (self._mean_seconds or math.inf) / self._executor.workers
        if each > policy.GROUP_SECONDS:
            return []
        deadline = time.monotonic() + policy.GROUP_SECONDS
        more: list[tuple[Claim, Outcome]] = []
        while self._in_hand and self._stop is Stop.NO and count + len(more) < policy.GROUP_SIZE:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            more += self._taken(self._executor.wait(left))
        if more:
            self._claim()
        return more

    def _release_what_stands(self) -> None:
        """A pause or a cancel gives back what was claimed and not begun."""
        if len(self._in_hand) + len(self._alone) <= self._executor.workers and not self._alone:
            return
        held = {claim.batch_no for claim in [*self._in_hand.values(), *self._alone]}
        still = {no for no in held if self._insist(partial(self._store.batch_status, no)) != BatchStatus.RUNNING}
        if not still and self._stop is Stop.NO:
            return
        tickets = self._executor.retract()
        self._matching.retracted(tickets)
        retracted = [self._in_hand.pop(ticket) for ticket in tickets if ticket in self._in_hand]
        self._give_back([*retracted, *self._alone], "not begun")
        self._alone.clear()

    # --- claiming -----------------------------------------------------------------------------------------

    def _claim(self) -> None:
        if self._stop is not Stop.NO or self._lookout.held_for is not None:
            return
        if self._alone:
            if not self._in_hand:
                self._submit(self._alone.pop(0))
            return
        if any(claim.alone for claim in self._in_hand.values()):
            return
        wanted = policy.claims_wanted(
            workers=self._executor.workers, in_hand=len(self._in_hand), seconds_per_item=self._mean_seconds
        )
        if not wanted:
            return
        claims = self._insist(lambda: self._source.claims(self._no, wanted)) or []
        for claim in claims:
            if claim.alone:
                self._alone.append(claim)
            else:
                self._submit(claim)

    @property
    def _limit(self) -> int:
        """How many items may be in hand."""
        if self._stop is not Stop.NO:
            return 0
        workers = self._executor.workers
        return policy.claims_wanted(workers=workers, in_hand=0, seconds_per_item=self._mean_seconds)

    def _next_ticket(self) -> int:
        self._ticket += 1
        return self._ticket

    def _submit(self, claim: Claim) -> None:
        if claim.photo is not None:
            ticket = self._next_ticket()
            self._in_hand[ticket] = claim
            self._executor.submit(ticket, self._matching.job(claim) if claim.measuring else self._job(claim))
            return
        missing = errors.SourceMissing(path=f"photo {claim.photo_id}")
        if claim.measuring:
            self._matching.record(self._no, [self._matching.unmeasured(claim, missing.message)])
        else:
            self._end_attempts([endings.failure(claim, missing.code, missing.message)])

    def _job(self, claim: Claim) -> Job:
        batch = self._batch(claim.batch_no)
        photo = claim.photo
        if photo is None:
            raise RuntimeError("a job needs its photo")
        main, *further = places_of(batch, claim.position, claim.attempt, claim.output_name)
        return DevelopJob(
            source=Path(photo.path),
            expected=FileState(photo.size, photo.mtime_ns, photo.inode),
            fingerprint=photo.fingerprint,
            known_sha256=photo.sha256,
            recipe=batch.recipe,
            temporary=main.temporary,
            further=tuple(place.temporary for place in further),
            sidecar=sidecars.job_of(batch, claim.output_name),
            solution=self._store.solution(batch.no, claim.position) if batch.recipe.match else None,
            instead=written_match(self._store, photo, batch.recipe),
        )

    def _remove_temporaries(self, claim: Claim) -> None:
        if not claim.measuring:
            remove_temporaries_of(self._batch(claim.batch_no), claim.position, claim.attempt)

    def _batch(self, no: int) -> Batch:
        """The frozen side of a batch: recipe, folder, id. Its state is always read anew.

        The folder was made with the batch. It is not made again: where it is gone, its disk may be unplugged.
        """
        if no not in self._batches:
            self._batches[no] = self._store.batch_no(no)
        return self._batches[no]

    # --- finishing ----------------------------------------------------------------------------------------

    def _finish(self, taken: Sequence[tuple[Claim, Outcome]]) -> None:
        back = [one for one in taken if one[1].ending is Ending.NOT_BEGUN or self._paused_for(*one)]
        ended = [one for one in taken if one not in back] if back else taken
        self._matching.finish(self._no, [one for one in ended if one[0].measuring])
        self._settle([one for one in ended if not one[0].measuring])
        for claim, _ in back:
            self._remove_temporaries(claim)
        self._give_back([claim for claim, _ in back], "not begun")

    def _settle(self, ended: Sequence[tuple[Claim, Outcome]]) -> None:
        staged: list[Staged] = []
        read: list[SourceRead] = []
        failures: list[Failure] = []
        for claim, outcome in ended:
            if outcome.ending is Ending.DONE and isinstance(outcome.result, Developed):
                self._measure(outcome.seconds)
                staged.append(endings.staged_of(claim, outcome, self._batch(claim.batch_no)))
                read.append(endings.source_read(claim, outcome.result))
            else:
                failures.append(self._judge(claim, outcome))
        tries = {(claim.batch_no, claim.position): claim.tries for claim, _ in ended}
        if self._settler.settle(self._no, staged, read, tries):
            self._failures_in_a_row = 0
        self._end_attempts(failures)

    def _judge(self, claim: Claim, outcome: Outcome) -> Failure:
        """What an attempt that did not succeed means for its item."""
        self._remove_temporaries(claim)
        if outcome.trace:
            log.error("develop failed", photo=claim.photo_id, trace=outcome.trace)
        failure = endings.judge(
            claim, outcome, self._retries, now=self._store.clock.now(), randomness=self._random.random()
        )
        endings.tell(claim, failure, self._batch(claim.batch_no).id, now=self._store.clock.now())
        if failure.retry_at is None and (outcome.may_pass or outcome.ending is not Ending.ERROR):
            self._failures_in_a_row += 1
            limit = self._settings.failures_in_a_row
            if limit and self._failures_in_a_row >= limit:
                self._pause(self._batch(claim.batch_no), conditions.Cause(PauseReason.FAILURES, ""))
        return failure

    def _paused_for(self, claim: Claim, outcome: Outcome) -> bool:
        """Whether the error is of something greater than the photo; then the batch is paused for it."""
        batch = self._batch(claim.batch_no)
        cause: conditions.Cause | None = None
        if outcome.error_kind == errors.DiskFull.code:
            cause = conditions.Cause(PauseReason.DISK_LOW, batch.folder)
        elif outcome.error_kind == errors.SourceMissing.code and claim.photo is not None:
            cause = conditions.source_cause(claim.photo)
        elif outcome.error_kind == errors.OutputNotWritable.code:
            cause = conditions.output_cause(batch)
        if cause is None:
            return False
        self._pause(batch, cause)
        return True

    # --- small steps --------------------------------------------------------------------------------------

    def _pause(self, batch: Batch, cause: conditions.Cause) -> None:
        self._insist(lambda: self._lookout.pause(batch, cause))
        self._failures_in_a_row = 0

    def _end_attempts(self, failures: list[Failure]) -> None:
        if failures:
            self._insist(lambda: self._store.end_attempts(self._no, failures))

    def _give_back(self, claims: list[Claim], why: str) -> None:
        self._matching.give_back(self._no, [claim for claim in claims if claim.measuring])
        developing = [claim for claim in claims if not claim.measuring]
        if developing:
            self._insist(lambda: self._store.release(self._no, developing, why=why))

    def _measure(self, seconds: float) -> None:
        """A running mean of the time of one item, for claiming ahead."""
        old = self._mean_seconds
        self._mean_seconds = seconds if old is None else 0.9 * old + 0.1 * seconds
