"""From developed photos to settled ones: staged in one transaction, renamed, the folder synced, settled in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from junmai import errors, files
from junmai import log as logs
from junmai.control import conditions
from junmai.control.outputs import Placing, blocking, bring_to_name, remove_temporaries_of
from junmai.control.recovery import remove_temporaries
from junmai.domain.lifecycle import ENDED
from junmai.domain.model import Batch, Failure, Settled, SourceRead, Staged
from junmai.domain.policy import RetryPolicy
from junmai.store.base import Store

log = logs.get("junmai.runner")

Tries = Mapping[tuple[int, int], int]
"""Errors that each item has seen, by (batch number, position)."""


class Settler:
    """Settles for one runner."""

    def __init__(
        self,
        store: Store,
        retries: RetryPolicy,
        *,
        insist: Callable[[Callable[[], Any]], Any],
        batch_of: Callable[[int], Batch],
        pause: Callable[[Batch, conditions.Cause], None],
        chance: Callable[[], float],
    ) -> None:
        """`insist` does a verb of the store as often as it takes and returns None where it was told to give up."""
        self._store = store
        self._retries = retries
        self._insist = insist
        self._batch = batch_of
        self._pause = pause
        self._chance = chance
        self._synced: set[str] = set()

    def settle(self, runner_no: int, staged: list[Staged], read: Sequence[SourceRead], tries: Tries) -> bool:
        """Bring a group to its end. Returns whether a photo of it was settled."""
        if not staged:
            return False
        accepted = self._insist(lambda: self._store.stage(runner_no, staged, read)) or set()
        placed: list[Settled] = []
        failures: list[Failure] = []
        for one in staged:
            if (one.batch_no, one.position) in accepted:
                self._place(runner_no, one, placed, failures, tries)
            else:
                self._drop(one)
        self._synced.clear()
        settled = [done for done in placed if self._name_is_kept(done, failures, tries)]
        if settled:
            self._insist(lambda: self._store.settle(runner_no, settled))
        if failures:
            self._insist(lambda: self._store.end_attempts(runner_no, failures))
        for no in {one.batch_no for one in staged}:
            if self._insist(partial(self._store.batch_status, no)) in ENDED:
                remove_temporaries(self._store, no)
        return bool(settled)

    def _drop(self, one: Staged) -> None:
        batch = self._batch(one.batch_no)
        log.warning("late result dropped", batch=batch.id, position=one.position, attempt=one.attempt)
        remove_temporaries_of(batch, one.position, one.attempt)

    def _place(self, runner_no: int, one: Staged, placed: list[Settled], failures: list[Failure], tries: Tries) -> None:
        batch = self._batch(one.batch_no)
        try:
            placing, done = bring_to_name(self._store, batch, one, holder=runner_no)
        except OSError as error:
            failures.append(self._not_placed(one, batch, error, tries))
            return
        except errors.PhotoError as error:
            remove_temporaries_of(batch, one.position, one.attempt)
            failures.append(self._failure(one, error, tries))
            return
        if done is not None:
            placed.append(done)
        elif placing is Placing.BLOCKED:
            exists = errors.OutputExists(path=blocking(self._store, batch, one))
            failures.append(Failure(one.batch_no, one.position, one.attempt, exists.code, exists.message))

    def _name_is_kept(self, done: Settled, failures: list[Failure], tries: Tries) -> bool:
        """Bring the folder with the new name to the disk, once for all of a group."""
        batch = self._batch(done.staged.batch_no)
        if batch.folder in self._synced:
            return True
        try:
            files.sync_folder(Path(batch.folder))
        except OSError as error:
            failures.append(self._not_placed(done.staged, batch, error, tries))
            return False
        self._synced.add(batch.folder)
        return True

    def _not_placed(self, one: Staged, batch: Batch, error: OSError, tries: Tries) -> Failure:
        """The folder did not take the name; the photo is tried again, and a folder that is gone pauses the batch."""
        cause = conditions.output_cause(batch)
        if cause:
            self._pause(batch, cause)
        remove_temporaries_of(batch, one.position, one.attempt)
        failed = errors.OutputNotWritable(path=batch.folder, detail=error.strerror or str(error))
        return self._failure(one, failed, tries, tried=cause is None)

    def _failure(self, one: Staged, error: errors.PhotoError, tries: Tries, *, tried: bool = True) -> Failure:
        """An error of a developed photo on its way to its name; it is tried again where that may help."""
        seen = tries[one.batch_no, one.position] + 1
        again = not tried or (error.may_pass and self._retries.allows(seen))
        at = self._store.clock.now() + self._retries.delay(seen, self._chance())
        return Failure(
            one.batch_no,
            one.position,
            one.attempt,
            error.code,
            error.message,
            tried=tried,
            retry_at=at if again else None,
        )
