"""What matching did to the written outputs of a batch: each is looked at by a worker process, and told for all."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from junmai import files
from junmai.control.matched import described
from junmai.control.outputs import stands_as_recorded
from junmai.control.standing import key_now
from junmai.control.written_match import written_match
from junmai.develop import profile_files
from junmai.domain.matching import OutputLight, Shown, match_key
from junmai.domain.model import Batch, Photo
from junmai.domain.plan import name_key
from junmai.executors.base import Ending, Executor, Outcome, OutputJob, OutputLooked
from junmai.files import FileState
from junmai.store.base import Store
from junmai.store.engine import Row

VERSION = 1
"""Raised by hand when an output comes to be looked at otherwise."""
OWNER = "looked"
WAIT_SECONDS = 0.2
AHEAD = 4
DEVELOPED = ("processed", "skipped")
GONE = "its photo is no longer known"
NOT_THERE = "its output is no longer there"
CHANGED = "its output was changed since it was written"
OUTDATED = "its settings, its sidecar or its match were changed since, or another batch developed it again"


@dataclass(frozen=True, slots=True)
class Looked:
    """One photo of a matched batch with its output looked at; the distances (dE00) are those of its middle colour to
    the reference of its scene. `why` says why its output tells nothing."""

    shown: Shown
    light: OutputLight | None
    why: str = ""
    before: float | None = None
    after: float | None = None


def look_at_outputs(
    store: Store, data: Path, batch: Batch, executor: Executor, on_progress: Callable[[int, int], None]
) -> list[Looked]:
    """Every photo of the batch that is developed by now, by position. What was looked at once is kept below `data`.

    `on_progress` is told how many of how many are done. The executor is stopped whatever happens.
    """
    from junmai.develop.match_report import distances_of  # numpy and numba: 0.3 s that no other command need wait for

    shown = [one for one in store.solutions(batch.no) if one.status in DEVELOPED and one.solution is not None]
    found = _Looking(store, data / OWNER, batch, executor).all(shown, on_progress)
    target = batch.recipe.match.to if batch.recipe.match is not None else None
    lights = {one.photo_id: light for one, (light, _) in zip(shown, found, strict=True) if light is not None}
    scenes = {one.photo_id: one.solution.group for one in shown if one.solution is not None}
    before = distances_of({each: light.before for each, light in lights.items()}, scenes, target)
    after = distances_of({each: light.after for each, light in lights.items()}, scenes, target)
    return [
        Looked(one, light, why, before.get(one.photo_id), after.get(one.photo_id))
        for one, (light, why) in zip(shown, found, strict=True)
    ]


def told(one: Looked) -> dict[str, object]:
    """One photo as JSON has it: what `match show` says, and what its output shows."""
    light = one.light
    return {
        **described(one.shown),
        "output_distance_before": one.before,
        "output_distance_after": one.after,
        "clipped_before_percent": None if light is None else _percent(light.clipped_before),
        "clipped_after_percent": None if light is None else _percent(light.clipped_after),
        "newly_clipped_percent": None if light is None else _percent(light.newly_clipped),
        "output_why": one.why or None,
    }


def summed_up(looked: Sequence[Looked]) -> dict[str, object]:
    """What is told of all of them: the mean distances over photos that share their scene, and the mean share of clipped
    pixels."""
    lights = [one.light for one in looked if one.light is not None]
    return {
        "looked_at": len(lights),
        "not_looked_at": len(looked) - len(lights),
        "scenes": len({one.shown.solution.group for one in looked if one.shown.solution is not None}),
        "spread_before": _mean([one.before for one in looked if one.before is not None]),
        "spread_after": _mean([one.after for one in looked if one.after is not None]),
        "clipped_before_percent": _percent(_mean([one.clipped_before for one in lights], 7)),
        "clipped_after_percent": _percent(_mean([one.clipped_after for one in lights], 7)),
        "newly_clipped_percent": _percent(_mean([one.newly_clipped for one in lights], 7)),
    }


@dataclass(frozen=True, slots=True)
class _Known:
    """An output that stands as it was written, of a photo and settings that are still the same."""

    photo: Photo
    path: Path
    sha256: str
    key: str

    def kept_name(self) -> str:
        """What was seen of it is kept under whatever decides that: source and settings are in the key."""
        facts = f"{VERSION}|{self.key}|{self.sha256}"
        return hashlib.sha256(facts.encode()).hexdigest()


class _Looking:
    """Has outputs looked at, and keeps what was seen."""

    def __init__(self, store: Store, folder: Path, batch: Batch, executor: Executor) -> None:
        self._store = store
        self._folder = folder
        self._batch = batch
        self._executor = executor
        self._found: dict[int, tuple[OutputLight | None, str]] = {}
        self._in_hand: dict[int, OutputJob] = {}

    def all(
        self, shown: Sequence[Shown], on_progress: Callable[[int, int], None]
    ) -> list[tuple[OutputLight | None, str]]:
        """What each output shows, or why that is not known, in their order."""
        known = self._known(shown)
        todo = {index: one for index, one in known.items() if not self._is_kept(index, one)}
        waiting = iter(todo.items())
        self._sweep()
        try:
            while len(self._found) < len(shown):
                while len(self._in_hand) < self._executor.workers * AHEAD and (one := next(waiting, None)):
                    self._submit(one[0], self._job(*one))
                for outcome in self._executor.wait(WAIT_SECONDS):
                    self._take(todo[outcome.ticket], outcome)
                on_progress(len(self._found), len(shown))
        finally:
            self._executor.stop(at_once=True)
            for job in self._in_hand.values():
                files.remove_temporary(job.temporary)
        return [self._found[index] for index in range(len(shown))]

    def _known(self, shown: Sequence[Shown]) -> dict[int, _Known]:
        """The outputs that may be looked at, by their place in `shown`; why not is found for the others."""
        photos = {photo.id: photo for photo in self._store.photos_by_ids([one.photo_id for one in shown])}
        rows = {row["name_key"]: row for row in self._store.outputs_in(self._batch.folder) if not row["label"]}
        profile_key = profile_files.key(self._batch.recipe)
        known: dict[int, _Known] = {}
        for index, one in enumerate(shown):
            one_known = self._known_one(
                one, photos.get(one.photo_id), rows.get(name_key(one.output_name or "")), profile_key
            )
            if isinstance(one_known, str):
                self._found[index] = (None, one_known)
            else:
                known[index] = one_known
        return known

    def _known_one(self, one: Shown, photo: Photo | None, row: Row | None, profile_key: str) -> _Known | str:
        if photo is None:
            return GONE
        folder = Path(self._batch.folder)
        if row is None or row["photo_id"] != photo.id or row["sha256"] is None or not (folder / row["name"]).is_file():
            return NOT_THERE
        if not stands_as_recorded(row, folder):
            return CHANGED
        profiles = profile_key if profile_files.concern(photo.kind) else ""
        if row["key"] != key_now(self._store, photo, self._batch.recipe, profiles, match_key(one.solution)):
            return OUTDATED
        return _Known(photo, folder / row["name"], row["sha256"], row["key"])

    def _is_kept(self, index: int, one: _Known) -> bool:
        try:
            self._found[index] = (_light(json.loads(self._path(one).read_bytes())), "")
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True

    def _job(self, index: int, one: _Known) -> OutputJob:
        return OutputJob(
            source=Path(one.photo.path),
            expected=FileState(one.photo.size, one.photo.mtime_ns, one.photo.inode),
            fingerprint=one.photo.fingerprint,
            recipe=self._batch.recipe,
            output=one.path,
            sha256=one.sha256,
            temporary=self._folder / files.temporary_name(OWNER, os.getpid(), index),
            instead=written_match(self._store, one.photo, self._batch.recipe),
        )

    def _submit(self, index: int, job: OutputJob) -> None:
        self._in_hand[index] = job
        self._executor.submit(index, job)

    def _take(self, one: _Known, outcome: Outcome) -> None:
        job = self._in_hand.pop(outcome.ticket)
        if outcome.ending is Ending.NOT_BEGUN:
            self._submit(outcome.ticket, job)
            return
        files.remove_temporary(job.temporary)  # a worker that died over it left it
        result = outcome.result
        if not isinstance(result, OutputLooked):
            self._found[outcome.ticket] = (None, outcome.error_message or f"its worker ended ({outcome.ending})")
            return
        self._found[outcome.ticket] = (result.light, result.why)
        if result.light is not None:
            path = self._path(one)
            files.make_folder(path.parent)
            files.write_whole(path, json.dumps(asdict(result.light)).encode())

    def _path(self, one: _Known) -> Path:
        name = one.kept_name()
        return self._folder / name[:2] / f"{name}.json"

    def _sweep(self) -> None:
        """Remove what a command that was killed left; others may be looking at this moment."""
        files.make_folder(self._folder)
        for path, pid, _ in files.temporaries_in(self._folder, OWNER):
            if not psutil.pid_exists(pid):
                files.remove_temporary(path)


def _light(said: Mapping[str, object]) -> OutputLight:
    before, after = ([float(each) for each in _list(said[name])] for name in ("before", "after"))
    shares = [float(str(said[name])) for name in ("clipped_before", "clipped_after", "newly_clipped")]
    return OutputLight((before[0], before[1], before[2]), (after[0], after[1], after[2]), *shares)


def _list(value: object) -> list[float]:
    if not isinstance(value, list) or len(value) != 3:
        raise TypeError(f"{value!r} is no colour")
    return value


def _mean(values: Sequence[float], digits: int = 3) -> float | None:
    return round(sum(values) / len(values), digits) if values else None


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 4)
