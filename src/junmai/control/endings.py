"""What the end of a job means for its item."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from junmai import errors
from junmai import log as logs
from junmai.develop.version import ENGINE_VERSION, lens_database
from junmai.domain.model import Batch, Claim, Failure, FurtherOutput, FurtherPart, Recipe, SourceRead, Staged
from junmai.domain.plan import further_name
from junmai.domain.policy import DEATHS_TO_QUARANTINE, RetryPolicy
from junmai.domain.snapshot import NewSnapshot
from junmai.executors.base import Developed, Ending, Outcome

log = logs.get("junmai.runner")


def output_key(
    source_sha256: str,
    recipe: Recipe,
    own_key: str = "",
    told_key: str = "",
    profile_key: str = "",
    match_key: str = "",
) -> str:
    """Key of an output: whatever decides its bytes (source, settings, output options, engine) decides the key.

    `own_key` is that of the photo's sidecars where the recipe asks for its own settings, as
    `junmai.develop.sidecars.content_key` has it; else `told_key` that of the metadata which they give to an output.
    `profile_key` is that of the DCP files a RAW may be developed with (`junmai.develop.profile_files.key`), `match_key`
    that of what matching does to the photo (`junmai.domain.matching.match_key`).
    What a photo carries itself is in its checksum.
    """
    decides: dict[str, object] = {"settings": recipe.settings, "output": recipe.output.deciding()}
    facts: dict[str, object] = {"source": source_sha256, "engine": ENGINE_VERSION, "recipe": decides}
    if recipe.own:  # without own settings the key is the same as before there were any
        decides |= {"own": recipe.own, "overrides": recipe.overrides}
        facts["own"] = own_key
    elif told_key and recipe.output.metadata != "none":
        facts["told"] = told_key
    if profile_key:
        facts["profiles"] = profile_key
    if match_key:
        facts["match"] = match_key
    if recipe.own or recipe.settings.get("LensProfileEnable"):  # a photo's own settings may ask for it
        facts["lenses"] = lens_database()
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def sidecar_key(source_sha256: str, recipe: Recipe, base_key: str, match_key: str = "") -> str:
    """Key of a sidecar: whatever decides the settings in it, but for what it replaced, which it was made from.

    `base_key` is that of the photo's sidecars where it stands elsewhere and was made from those.
    """
    facts = {
        "source": source_sha256,
        "settings": recipe.settings,
        "own": recipe.own,
        "overrides": recipe.overrides,
        "base": base_key,
        **({"match": match_key} if match_key else {}),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def staged_of(claim: Claim, outcome: Outcome, batch: Batch) -> Staged:
    """A job that is done, as the store stages it."""
    result = outcome.result
    if not isinstance(result, Developed):
        raise TypeError("only a developed photo is staged")
    keys = (result.own_key, result.told_key, result.profile_key, result.match_key)
    return Staged(
        batch_no=claim.batch_no,
        position=claim.position,
        attempt=claim.attempt,
        photo_id=claim.photo_id,
        output_name=claim.output_name,
        size=result.size,
        sha256=result.sha256,
        key=output_key(result.source_sha256, batch.recipe, *keys),
        seconds=outcome.seconds,
        remarks=result.remarks,
        further=tuple(
            FurtherPart(
                label=one.label,
                name=further_name(claim.output_name, one.label, one.output.format),
                format=one.output.format,
                size=written.size,
                sha256=written.sha256,
                key=further_key(result.source_sha256, batch.recipe, one, *keys),
            )
            for one, written in zip(batch.recipe.further, result.further, strict=True)
        ),
        sidecar=_snapshot_of(result, batch),
    )


def _snapshot_of(result: Developed, batch: Batch) -> NewSnapshot | None:
    made = result.sidecar
    if made is None:
        return None
    key = sidecar_key(result.source_sha256, batch.recipe, made.base_key, result.match_key)
    return NewSnapshot(made.path, made.before, made.content, key)


def further_key(source_sha256: str, recipe: Recipe, one: FurtherOutput, *keys: str) -> str:
    """Key of a further output: that of a main one with its options, whose very bytes it has."""
    return output_key(source_sha256, replace(recipe, output=one.output), *keys)


def source_read(claim: Claim, developed: Developed) -> SourceRead:
    """What a worker learned of the source."""
    state = developed.source_state
    return SourceRead(
        id=claim.photo_id,
        sha256=developed.source_sha256,
        size=state.size,
        mtime_ns=state.mtime_ns,
        inode=state.inode,
        fingerprint=claim.photo.fingerprint if claim.photo else "",
    )


def failure(claim: Claim, kind: str, message: str, *, seconds: float | None = None) -> Failure:
    """An error that ends the item."""
    return Failure(claim.batch_no, claim.position, claim.attempt, kind, message, seconds=seconds)


def judge(claim: Claim, outcome: Outcome, retries: RetryPolicy, *, now: float, randomness: float) -> Failure:
    """Whether an attempt that did not succeed ends its item, or the item is tried again and when."""
    if outcome.ending is Ending.ERROR:
        tries = claim.tries + 1
        again = outcome.may_pass and retries.allows(tries)
        return Failure(
            claim.batch_no,
            claim.position,
            claim.attempt,
            outcome.error_kind,
            outcome.error_message,
            retry_at=now + retries.delay(tries, randomness) if again else None,
            seconds=outcome.seconds,
        )
    deaths = claim.worker_deaths + 1
    error = death(outcome, deaths)
    return Failure(
        claim.batch_no,
        claim.position,
        claim.attempt,
        error.code,
        error.message,
        tried=False,
        worker_died=True,
        retry_at=None if deaths >= DEATHS_TO_QUARANTINE else now,
        seconds=outcome.seconds,
    )


def death(outcome: Outcome, deaths: int) -> errors.PhotoError:
    """The error of a worker that ended under its job, for the `deaths`-th time."""
    if outcome.ending is Ending.HUNG:
        return errors.WorkerHung(seconds=outcome.error_message, deaths=deaths)
    if outcome.ending is Ending.TOO_BIG:
        return errors.OutOfMemory(detail=outcome.error_message)
    return errors.WorkerDied(detail=outcome.error_message, deaths=deaths)


def tell(claim: Claim, failure: Failure, batch_id: str, *, now: float) -> None:
    """Each failure is in the log, with what a photographer or a program needs to find the photo."""
    facts = {
        "batch": batch_id,
        "photo": claim.photo_id,
        "path": claim.photo.path if claim.photo else None,
        "kind": failure.error_kind,
        "error": failure.error_message,
        "attempt": claim.attempt,
    }
    if failure.retry_at is None:
        log.error("photo failed", **facts)
    else:
        log.warning("photo is tried again", **facts, seconds=round(failure.retry_at - now, 1))
