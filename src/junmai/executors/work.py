"""What a worker does with a job. Nothing here knows batches."""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import os
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from junmai import errors, files
from junmai.develop import profile_files, sidecars
from junmai.develop.own import NONE, OwnSettings, laid_between, own_settings
from junmai.domain.matching import match_key
from junmai.domain.model import Recipe
from junmai.executors import saying
from junmai.executors.base import (
    Developed,
    DevelopJob,
    Ending,
    Job,
    MeasureJob,
    NoJob,
    Outcome,
    OutputJob,
    OutputLooked,
    PhotoMeasured,
    PreviewJob,
    ProbeJob,
    Solved,
    SolveJob,
    Written,
)

if TYPE_CHECKING:
    from junmai.develop.kept import Kept

CHANGED_OUTPUT = "its output was changed since it was written"


def do(ticket: int, job: Job) -> Outcome:
    """Do a job and say how it ended; never raises."""
    began = time.perf_counter()
    try:
        result = _result_of(job)
    except errors.PhotoError as error:
        return Outcome(
            ticket,
            Ending.ERROR,
            time.perf_counter() - began,
            error_kind=error.code,
            error_message=error.message,
            may_pass=error.may_pass,
        )
    except Exception as error:  # noqa: BLE001 - whatever a decoder raises costs this photo only, and is told
        failed = errors.DevelopFailed(detail=f"{type(error).__name__}: {error}")
        return Outcome(
            ticket,
            Ending.ERROR,
            time.perf_counter() - began,
            error_kind=failed.code,
            error_message=failed.message,
            may_pass=failed.may_pass,
            trace=traceback.format_exc(),
        )
    return Outcome(ticket, Ending.DONE, time.perf_counter() - began, result=result)


def _result_of(job: Job) -> object:
    try:
        match job:
            case DevelopJob():
                return develop(job)
            case ProbeJob():
                from junmai.library.probe import probe

                return files.fingerprint_of(job.path), probe(job.path, job.kind)
            case PreviewJob():
                return _preview(job)
            case MeasureJob():
                return _measured(job)
            case SolveJob():
                from junmai.develop.match_report import solve_seen

                return Solved(*solve_seen(job.seen, job.match))
            case OutputJob():
                return _looked_at(job)
            case NoJob():
                if job.seconds:
                    time.sleep(job.seconds)
                return job.answer
    except MemoryError as error:
        raise errors.OutOfMemory(detail="the system gave no more") from error


def develop(job: DevelopJob) -> Developed:
    """Develop the source into its temporary files, checking that it is the source that was imported.

    Each is written before the next is encoded. After an error none stays behind. Raises a `PhotoError`.
    """
    began = time.perf_counter()
    state, source_sha256 = _checked_source(job)
    read = time.perf_counter()
    own = _own_settings(job)
    # Before anything is read for the outputs: a file that is saved meanwhile makes them outdated, and is not missed.
    told_key = "" if job.recipe.own else _told_key(job.source)
    profile_key = _profile_key(job)
    in_force = _in_force(job.recipe, own)
    said = saying.say(job, in_force.settings, own.key)
    temporaries = (job.temporary, *job.further)
    try:
        main, *further = _outputs(job, in_force, state, temporaries) if said.pixels else [_no_pixels(said)]
    except BaseException:
        for temporary in temporaries:
            files.remove_temporary(temporary)
        raise
    seconds = Counter(main.seconds)
    for one in further:
        seconds.update(one.seconds)
    return Developed(
        size=main.size,
        sha256=main.sha256,
        source_sha256=source_sha256,
        source_state=state,
        width=main.width,
        height=main.height,
        seconds={"checksum": read - began, **seconds},
        own_key=said.own_key,
        told_key=told_key,
        profile_key=profile_key,
        match_key=match_key(job.solution),
        remarks=(*own.remarks, *main.remarks, *said.remarks),
        further=tuple(Written(one.size, one.sha256) for one in further),
        sidecar=said.sidecar,
    )


def _preview(job: PreviewJob) -> str:
    from junmai.develop.small import small_jpeg

    return _write(job.temporary, small_jpeg(job.source, job.long_edge))


def _measured(job: MeasureJob) -> PhotoMeasured:
    from junmai.develop import match_measure

    state = _unchanged(job.source, job.expected, job.fingerprint)
    settings = _in_force(job.recipe, _own_settings(job)).settings
    key = match_measure.key_of(job.source, state, settings, profile_files.key(job.recipe))
    if key == job.known_key:
        return PhotoMeasured(key, is_known=True)
    measure = match_measure.measure(job.source, settings)
    if _state(job.source) != state:
        raise errors.SourceChanged(detail="it was written to while it was being measured")
    return PhotoMeasured(key, measure.to_bytes(), why=measure.why_not)


def _looked_at(job: OutputJob) -> OutputLooked:
    from junmai.develop.match_output import compared

    state = _unchanged(job.source, job.expected, job.fingerprint)
    with _readable(job.output):
        written = files.state_of(job.output)
        if written is None or files.sha256_of(job.output) != job.sha256:
            return OutputLooked(None, CHANGED_OUTPUT)
    in_force = replace(_in_force(job.recipe, _own_settings(job)), further=())
    unmatched = DevelopJob(job.source, job.expected, job.fingerprint, None, in_force, job.temporary)
    try:
        for _ in _outputs(unmatched, in_force, state, (job.temporary,)):
            pass
        light = compared(job.temporary, job.output)
    finally:
        files.remove_temporary(job.temporary)
    with _readable(job.output):
        if files.state_of(job.output) != written:  # a batch that runs meanwhile has developed the photo again
            return OutputLooked(None, CHANGED_OUTPUT)
    return OutputLooked(light)


class _Output(NamedTuple):
    size: int
    sha256: str
    width: int
    height: int
    seconds: dict[str, float]
    remarks: tuple[str, ...]


def _no_pixels(said: saying.Said) -> _Output:
    content = said.sidecar.content if said.sidecar else b""
    return _Output(len(content), hashlib.sha256(content).hexdigest(), 0, 0, {}, ())


def _outputs(
    job: DevelopJob, recipe: Recipe, state: files.FileState, temporaries: tuple[Path, ...]
) -> Iterator[_Output]:
    """Every output of a job, written as soon as it is encoded: never two whole files in memory."""
    from junmai.develop.pipeline import develop_outputs

    if job.again_soon:
        developing = develop_outputs(
            job.source,
            recipe,
            lambda source, settings: kept().decoded(source, settings, state),
            solution=job.solution,
        )
    else:
        developing = develop_outputs(job.source, recipe, solution=job.solution)
    for temporary in temporaries:
        developed = next(developing)
        if _state(job.source) != state:
            raise errors.SourceChanged(detail="it was written to while it was being developed")
        writing = time.perf_counter()
        sha256 = _write(temporary, developed.data)
        seconds = {**developed.seconds, "write": time.perf_counter() - writing}
        yield _Output(len(developed.data), sha256, developed.width, developed.height, seconds, developed.remarks)
        del developed


@functools.cache
def kept() -> Kept:
    """The photo that this worker keeps decoded."""
    from junmai.develop.kept import Kept

    return Kept()


def _own_settings(job: DevelopJob | MeasureJob | OutputJob) -> OwnSettings:
    if not job.recipe.own:
        return NONE
    try:
        return own_settings(job.source, job.instead)
    except OSError as error:  # also a sidecar that is replaced in this moment: the next try finds the new one
        detail = f"{error.filename or job.source}: {error.strerror or error}"
        raise errors.SourceUnreadable(detail=detail) from error


def _profile_key(job: DevelopJob) -> str:
    from junmai.develop.decode import identify

    key = profile_files.key(job.recipe)
    return key if key and profile_files.concern(identify(job.source).kind) else ""


def _told_key(source: Path) -> str:
    """The key of what sidecars tell; one that cannot be opened tells the outputs nothing either."""
    try:
        return sidecars.told_key(sidecars.read(source))
    except OSError:
        return ""


def _in_force(recipe: Recipe, own: OwnSettings) -> Recipe:
    """The recipe for this one photo, with everything that decides its pixels in `settings`."""
    if not recipe.own:
        return recipe
    settings = laid_between(recipe.settings, own.settings, recipe.overrides)
    return replace(recipe, settings=settings, own=False, overrides={})


def _checked_source(job: DevelopJob) -> tuple[files.FileState, str]:
    state = _unchanged(job.source, job.expected, job.fingerprint)
    if state == job.expected and job.known_sha256:
        return state, job.known_sha256
    with _readable(job.source):
        return state, files.sha256_of(job.source)


def _unchanged(source: Path, expected: files.FileState, fingerprint: str) -> files.FileState:
    """The state of a source that is still the one that was imported."""
    state = _state(source)
    with _readable(source):
        if state != expected and files.fingerprint_of(source) != fingerprint:
            raise errors.SourceChanged(detail=f"it had {expected.size:,} bytes, now it has {state.size:,}")
    return state


@contextlib.contextmanager
def _readable(source: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise errors.SourceMissing(path=source) from error
    except OSError as error:
        raise errors.SourceUnreadable(detail=error.strerror or str(error)) from error


def _state(source: Path) -> files.FileState:
    try:
        state = files.state_of(source)
    except OSError as error:
        raise errors.SourceUnreadable(detail=error.strerror or str(error)) from error
    if state is None:
        raise errors.SourceMissing(path=source)
    return state


def _write(temporary: Path, data: bytes) -> str:
    if orphaned():
        os._exit(1)  # the runner is gone: whoever takes over must not find a file that nobody awaits
    try:
        return files.write_temporary(temporary, data)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise errors.DiskFull(path=temporary.parent) from error
        raise errors.OutputNotWritable(path=temporary.parent, detail=error.strerror or str(error)) from error


# --- the process that this runs in -------------------------------------------------------------------------

_parent: int | None = None


def remember_parent(pid: int) -> None:
    """In a worker process: whose worker it is."""
    global _parent  # noqa: PLW0603 - one fact about this process
    _parent = pid


def orphaned() -> bool:
    """Whether this is a worker whose runner is gone."""
    return _parent is not None and os.name == "posix" and os.getppid() != _parent
