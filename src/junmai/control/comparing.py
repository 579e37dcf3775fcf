"""Two looks of one photo side by side: developed by worker processes, as every photo is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from junmai import errors, files
from junmai.domain.model import OutputOptions, Recipe, SettingValue
from junmai.executors.base import DevelopJob, Ending, Executor, Outcome

WAIT_SECONDS = 0.2
LONG_EDGE = 1600


@dataclass(frozen=True, slots=True)
class Look:
    """A named set of settings."""

    name: str
    settings: Mapping[str, SettingValue]


def side_by_side(photo: Path, looks: tuple[Look, Look], out: Path, executor: Executor) -> bytes:
    """The sheet for `out`, a JPEG or PNG, with both looks of the photo, which is only read. Temporary files lie beside
    `out` meanwhile.

    Raises `BadInput` where the photo cannot be developed, or nothing can be written there.
    """
    from junmai.develop import compare

    form, folder = compare.format_of(out), out.parent
    require_folder(folder)
    temporaries = [folder / files.temporary_name("compared", os.getpid(), index) for index in range(len(looks))]
    try:
        jobs = [_job(photo, look, temporary) for look, temporary in zip(looks, temporaries, strict=True)]
        executor.start()
        for ticket, job in enumerate(jobs):
            executor.submit(ticket, job)
        waiting = set(range(len(jobs)))
        while waiting:
            for outcome in executor.wait(WAIT_SECONDS):
                _check(photo, outcome)
                waiting.discard(outcome.ticket)
        pictures = [temporary.read_bytes() for temporary in temporaries]
    except OSError as error:
        raise errors.BadInput(detail=f"{photo} cannot be compared ({error.strerror or error}).") from error
    finally:
        for temporary in temporaries:
            files.remove_temporary(temporary)
    return compare.side_by_side(pictures, [look.name for look in looks], form)


def require_folder(folder: Path) -> None:
    """Raises `BadInput` where a file is to go to a folder that is not there."""
    if not folder.is_dir():
        raise errors.BadInput(detail=f"There is no folder {folder}; make it first.")


def _job(photo: Path, look: Look, temporary: Path) -> DevelopJob:
    state = files.state_of(photo)
    if state is None:
        raise errors.BadInput(detail=f"There is no photo at {photo}.")
    output = OutputOptions(quality=95, long_edge=LONG_EDGE, metadata="none")
    return DevelopJob(
        source=photo,
        expected=state,
        fingerprint=files.fingerprint_of(photo),
        known_sha256=None,
        recipe=Recipe(dict(look.settings), output),
        temporary=temporary,
    )


def _check(photo: Path, outcome: Outcome) -> None:
    if outcome.ending is not Ending.DONE:
        raise errors.BadInput(detail=f"{photo} cannot be developed: {outcome.error_message or outcome.ending}")
