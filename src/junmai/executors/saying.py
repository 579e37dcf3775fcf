"""A worker's part in a sidecar: it reads what is there, and says what is to be there. The runner writes it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from junmai import errors
from junmai.develop import sidecars
from junmai.develop.own import laid_between, settings_in
from junmai.develop.settings import is_neutral
from junmai.domain.model import SettingValue

if TYPE_CHECKING:
    from junmai.develop.sidecar_write import Sidecar
    from junmai.executors.base import DevelopJob, MadeSidecar


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a job's sidecar. `own_key` is the key of the photo's own settings once it stands."""

    sidecar: MadeSidecar | None
    own_key: str
    remarks: tuple[str, ...] = ()
    pixels: bool = True


def say(job: DevelopJob, settings: Mapping[str, SettingValue], own_key: str) -> Said:
    """The sidecar of a job, if it asks for one. A photo that gets none is developed all the same; a remark says why.

    Raises `SidecarRefused` where nothing else is asked for, `SidecarNotWritable`, `SourceUnreadable`.
    """
    if job.sidecar is None:
        return Said(None, own_key)
    from junmai.develop import sidecar_write
    from junmai.executors.base import MadeSidecar

    target = job.sidecar.target
    matched: tuple[str, ...] = ()
    moved = job.solution is not None and not job.solution.is_neutral
    try:
        sidecar_write.place_beside(job.source)
        if job.solution is not None and moved:
            from junmai.develop.match_settings import with_match

            settings, matched = with_match(job.source, settings, job.solution)
        made, remarks = sidecar_write.made(job.source, settings, target, keeps_look=job.recipe.own)
    except errors.SidecarRefused as error:
        if job.sidecar.alone:
            raise
        return Said(None, own_key, (error.message,))
    except OSError as error:
        raise errors.SourceUnreadable(detail=f"{error.filename}: {error.strerror or error}") from error
    if target is None:
        _look_whether_writable(made)
        # with a match in it, it is not the photo's own: the next run reads what stood there before
        if job.recipe.own and not moved and _means_the_same(job, made.content, settings):
            own_key = sidecar_write.key_after(job.source, made)
    base_key = sidecars.content_key(sidecars.read(job.source)) if target is not None else ""
    said = MadeSidecar(str(made.path), made.before, made.content, base_key)
    return Said(said, own_key, (*matched, *remarks), pixels=not job.sidecar.alone)


def _look_whether_writable(made: Sidecar) -> None:
    """Seen before the photo is developed for nothing; whoever writes it finds out for good."""
    if made.before != made.content and not os.access(made.path.parent, os.W_OK):
        raise errors.SidecarNotWritable(path=made.path, detail="its folder is read-only")


def _means_the_same(job: DevelopJob, content: bytes, settings: Mapping[str, SettingValue]) -> bool:
    """Whether the photo's own settings, as the sidecar will say them, come to the same: then its output stays right."""
    now = laid_between(job.recipe.settings, settings_in(content), job.recipe.overrides)
    return _moved(now) == _moved(settings)


def _moved(settings: Mapping[str, SettingValue]) -> dict[str, SettingValue]:
    return {name: value for name, value in settings.items() if not is_neutral(name, value)}
