"""Taking over from the dead: their photos in hand wait again, what they had staged is finished."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from junmai import errors, files
from junmai import log as logs
from junmai.config import Settings
from junmai.control.outputs import Placing, blocking, bring_to_name, remove_temporaries_of
from junmai.domain.lifecycle import ItemStatus
from junmai.domain.model import Batch, Failure, Item, Settled, Staged
from junmai.domain.runner import RunnerInfo
from junmai.locks import ProcessLock
from junmai.store.base import Store

log = logs.get("junmai.recovery")


def lock_path(settings: Settings, runner_id: str) -> Path:
    """The file whose lock a runner holds as long as it lives."""
    return settings.runners / f"{runner_id}.lock"


def is_alive(settings: Settings, runner: RunnerInfo) -> bool:
    """Whether a runner lives: the operating system still holds its lock.

    Where its lock is not in this data folder, it is at home in another one, on another machine mostly: then its lease
    tells, where the store has such.
    """
    path = lock_path(settings, runner.id)
    if not path.exists():
        return bool(runner.leased)
    probe = ProcessLock(path)
    if not probe.take():
        return True
    probe.release()
    return False


def live_runners(store: Store, settings: Settings, *, serving: int | None = None) -> list[RunnerInfo]:
    """The runners that live; with `serving`, those that would develop that batch."""
    return [
        runner
        for runner in store.open_runners()
        if (serving is None or runner.scope_batch_no in (None, serving)) and is_alive(settings, runner)
    ]


def take_over_from_dead(store: Store, settings: Settings, runner_no: int) -> int:
    """Take over from every dead runner. Returns how many items came back or were finished."""
    count = 0
    for dead in store.open_runners():
        if dead.no == runner_no or is_alive(settings, dead):
            continue
        lock = ProcessLock(lock_path(settings, dead.id))
        if not lock.take():
            continue
        try:
            count += _take_over(store, dead, runner_no)
        finally:
            lock.release()
        lock_path(settings, dead.id).unlink(missing_ok=True)
    return count


def remove_unsealed(store: Store, settings: Settings) -> int:
    """Remove batches whose writer died before they were sealed. Returns how many."""
    found = store.unsealed()  # before the living: a writer that starts in between is among them
    alive = {runner.no for runner in live_runners(store, settings)} if found else set()
    gone = [row for row in found if row["writer_no"] not in alive]
    return sum(store.discard_unsealed(row["no"]) for row in gone)


def _take_over(store: Store, dead: RunnerInfo, runner_no: int) -> int:
    held = store.in_hand(dead.no)
    touched = {item.batch_no for item in held}
    remove_unstaged(store, held)
    given_back, staged = store.take_over(dead.no, runner_no)
    if given_back or staged or not held:  # what stays is for somebody with the roots of its batch
        log.info("took over", runner=dead.id, pid=dead.pid, given_back=len(given_back), staged=len(staged))
    finish_staged(store, runner_no, staged)
    for batch_no in touched:
        remove_temporaries(store, batch_no)
    return len(given_back) + len(staged)


def remove_unstaged(store: Store, held: Sequence[Item]) -> None:
    """Remove the temporary files of what waits again. Before it does: if the one that takes over dies as well, only
    a photo in hand tells the next one of its file."""
    for item in held:
        if item.status == ItemStatus.RUNNING:
            batch = store.batch_no(item.batch_no)
            remove_temporaries_of(batch, item.position, item.attempt)


def finish_staged(store: Store, runner_no: int, staged: list[Staged]) -> None:
    """Finish staged items: final file right, settle; temporary file right, rename and settle; neither, again.

    Here too a temporary file goes before the store forgets who wrote it.
    """
    settled: list[Settled] = []
    failures: list[Failure] = []
    folders: list[Path] = []
    for one in staged:
        batch = store.batch_no(one.batch_no)
        refused: errors.PhotoError | None = None
        try:
            placing, done = bring_to_name(store, batch, one, recovering=True)
        except errors.PhotoError as error:
            placing, done, refused = Placing.LOST, None, error
        except OSError as error:
            log.warning("staged output could not be placed", output=one.output_name, error=str(error))
            placing, done = Placing.LOST, None
        if done is not None:
            settled.append(done)
            folders.append(Path(batch.folder))
        else:
            remove_temporaries_of(batch, one.position, one.attempt)
            failures.append(_refused(one, refused) if refused else _end_of(store, batch, one, placing))
    try:
        files.sync_folders(folders)
    except OSError as error:
        log.warning("the folder of outputs could not be synced", error=str(error))
    if settled:
        store.settle(runner_no, settled)
    if failures:
        store.end_attempts(runner_no, failures)


def finish_left_staged(store: Store, runner_no: int) -> None:
    """Finish what this runner staged or took over and could not settle, because the store did not answer then.

    To be called between two turns, when nothing of the runner's own is on its way from staged to settled.
    """
    left = [
        Staged(
            batch_no=item.batch_no,
            position=item.position,
            attempt=item.attempt,
            photo_id=item.photo_id,
            output_name=item.output_name or "",
            size=item.output_size or 0,
            sha256=item.output_sha256 or "",
            key=item.output_key or "",
            seconds=item.seconds or 0.0,
            further=item.further,
        )
        for item in store.in_hand(runner_no)
        if item.status == ItemStatus.STAGED
    ]
    if left:
        finish_staged(store, runner_no, left)


def _refused(one: Staged, error: errors.PhotoError) -> Failure:
    """Its sidecar cannot be written; where that may pass, the photo is developed anew and finds out."""
    retry_at = 0.0 if error.may_pass else None
    return Failure(one.batch_no, one.position, one.attempt, error.code, error.message, retry_at=retry_at)


def _end_of(store: Store, batch: Batch, one: Staged, placing: Placing) -> Failure:
    if placing is Placing.BLOCKED:
        error = errors.OutputExists(path=blocking(store, batch, one))
        return Failure(one.batch_no, one.position, one.attempt, error.code, error.message)
    return Failure(
        one.batch_no, one.position, one.attempt, "interrupted", "Its runner was lost.", tried=False, retry_at=0.0
    )


def remove_temporaries(store: Store, batch_no: int) -> int:
    """Remove the temporary files of a batch that no attempt in hand owns. Returns how many."""
    batch = store.batch_no(batch_no)
    found = list(files.temporaries_in(Path(batch.folder), batch.id))
    if not found:
        return 0
    held = {
        (item.position, item.attempt)
        for runner in store.open_runners()
        for item in store.in_hand(runner.no)
        if item.batch_no == batch_no
    }
    loose = [path for path, position, attempt in found if (position, attempt) not in held]
    for path in loose:
        files.remove_temporary(path)
    return len(loose)


def this_process() -> str:
    """How this process is named to the user, as whoever paused or cancelled something."""
    return f"process {os.getpid()}"
