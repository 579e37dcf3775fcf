"""Section 3 of the design as a small pure model: what every verb answers, and what the store says afterwards.

No files, no clock, no database. A verb is a method `do_...`; its arguments and its answer are what JSON carries, so
that the same verb can be asked for in another thread or process (`control.acting`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from junmai.domain.lifecycle import BATCH_EDGES, ITEM_EDGES, steps

Answer = object
Key = tuple[int, int, int]
"""Batch number, position, attempt."""

OUTSIDE = 0
ALONE_FROM = 3
SECONDS_A_DAY = 86_400.0
UNFINISHED = ("running", "paused")
ENDED = ("processed", "failed", "skipped")
HELD = ("running", "staged")
LASTING = "/nowhere/at/all"
"""The folder of a cause that never ends."""

_ITEM_STEPS = steps(ITEM_EDGES)
_BATCH_STEPS = steps(BATCH_EDGES)


def content(photo: int, quality: int) -> bytes:
    """The developed photo: the same bytes on every attempt; another quality has another length."""
    return f"photo {photo:03} at quality {quality:03}\n".encode() * quality


def sha_of(photo: int, quality: int) -> str:
    return hashlib.sha256(content(photo, quality)).hexdigest()


@dataclass
class Photo:
    """One photo of one batch."""

    photo: int
    name: str
    status: str = "pending"
    attempt: int = 0
    tries: int = 0
    worker_deaths: int = 0
    runner_deaths: int = 0
    generation: int = 0
    ready_at: float = 0.0
    runner: int | None = None
    kind: str | None = None
    sha: str | None = None
    placed: int | None = None
    folder: str | None = None
    """Where its output stands, if a merge brought it from a batch with another folder."""

    def go(self, status: str) -> None:
        assert (self.status, status) in _ITEM_STEPS, (self, status)
        self.status = status

    def back(self, ready_at: float) -> None:
        self.go("pending")
        self.runner, self.sha, self.placed, self.ready_at = None, None, None, ready_at


@dataclass
class Shoot:
    """One batch."""

    no: int
    id: str
    folder: str
    quality: int
    created_at: float
    photos: list[Photo]
    status: str = "running"
    reason: str | None = None
    detail: str | None = None
    priority: int = 5
    generation: int = 0
    paused_at: float | None = None
    completed_at: float | None = None

    def go(self, status: str) -> None:
        assert (self.status, status) in _BATCH_STEPS, (self, status)
        self.status = status

    def count(self, *statuses: str) -> int:
        return sum(one.status in statuses for one in self.photos)

    def of(self, photo: int) -> Photo | None:
        return next((one for one in self.photos if one.photo == photo), None)


@dataclass
class Developer:
    """A runner; it lives as long as it holds its lock."""

    no: int
    scope: int | None
    alive: bool = True
    gone: bool = False


@dataclass
class File:
    """A file in an output folder. `token` tells two writings of it apart, as size and time do on a disk."""

    data: bytes
    token: int


@dataclass
class Model:
    """All that the verbs change."""

    now: float
    batches: dict[str, Shoot] = field(default_factory=dict)
    runners: dict[int, Developer] = field(default_factory=dict)
    library: dict[int, dict[str, object]] = field(default_factory=dict)
    read: set[int] = field(default_factory=set)
    """Photos whose checksum is known."""
    names: dict[tuple[str, int], str] = field(default_factory=dict)
    files: dict[tuple[str, str], File] = field(default_factory=dict)
    recorded: dict[tuple[str, str], tuple[int, int, int]] = field(default_factory=dict)
    """What the store knows of an output: token, photo, quality."""
    temporaries: dict[tuple[str, Key], bytes] = field(default_factory=dict)
    finals: Counter[tuple[int, int, int]] = field(default_factory=Counter)
    """Final events: batch number, photo, generation."""
    ends: Counter[int] = field(default_factory=Counter)
    """How often a batch ended."""
    tokens: int = 0

    # --- looking ------------------------------------------------------------------------------------------

    def by_no(self, no: int) -> Shoot | None:
        return next((one for one in self.batches.values() if one.no == no), None)

    def held_by(self, runner: int) -> list[tuple[Shoot, int, Photo]]:
        return [found for found in self.everything() if found[2].runner == runner and found[2].status in HELD]

    def everything(self) -> Iterator[tuple[Shoot, int, Photo]]:
        for batch in self.batches.values():
            for position, one in enumerate(batch.photos):
                yield batch, position, one

    def serves(self, batch: Shoot) -> bool:
        """Whether a live runner develops that batch."""
        return any(one.alive and not one.gone and one.scope in (None, batch.no) for one in self.runners.values())

    def holder(self, folder: str, photos: Iterable[int], but: str) -> str | None:
        """The batch that still writes one of these photos to that folder."""
        wanted = set(photos)
        for batch in self.batches.values():
            if batch.id == but or batch.folder != folder:
                continue
            states = {one.status for one in batch.photos if one.photo in wanted}
            if (batch.status in UNFINISHED and states) or (batch.status == "cancelled" and states & set(HELD)):
                return batch.id
        return None

    def is_done(self, folder: str, photo: int, quality: int) -> bool:
        """Whether the right output stands there already, as Junmai left it."""
        name = self.names.get((folder, photo))
        if name is None or photo not in self.read:
            return False
        stands, known = self.files.get((folder, name)), self.recorded.get((folder, name))
        return stands is not None and known == (stands.token, photo, quality)

    def snapshot(self) -> dict[str, object]:
        """Everything that the store must say as well."""
        return {
            batch.id: (
                (batch.no, batch.status, batch.reason, batch.priority, batch.generation),
                (len(batch.photos), batch.count("processed"), batch.count("failed"), batch.count("skipped")),
                (batch.created_at, batch.created_at, batch.completed_at),
                batch.paused_at if batch.status != "cancelled" else None,
                [
                    (
                        one.photo,
                        one.name,
                        "cancelled" if batch.status == "cancelled" and one.status == "pending" else one.status,
                        (one.attempt, one.tries, one.worker_deaths, one.runner_deaths, one.generation),
                        one.ready_at if one.status == "pending" and batch.status != "cancelled" else 0.0,
                        one.runner,
                        one.kind,
                        one.sha,
                    )
                    for one in batch.photos
                ],
            )
            for batch in self.batches.values()
        }

    # --- commands -----------------------------------------------------------------------------------------

    def refusal_of_start(self, ids: Sequence[int], folder: str) -> str | None:
        if not ids:
            return "bad_input"
        if len(set(ids)) != len(ids):
            return "duplicate_photos"
        if not set(ids) <= self.library.keys():
            return "unknown_photos"
        return "outputs_taken" if self.holder(folder, ids, "") else None

    def started(self, no: int, batch_id: str, folder: str, quality: int, photos: Sequence[tuple[int, str]]) -> Shoot:
        """A batch was made; its number and its names are the store's to choose, and are kept from then on."""
        made = [Photo(photo, name) for photo, name in photos]
        batch = Shoot(no, batch_id, folder, quality, self.now, made)
        for one in made:
            if self.is_done(folder, one.photo, quality):
                one.go("skipped")
                self.finals[no, one.photo, 0] += 1
            assert self.names.setdefault((folder, one.photo), one.name) == one.name, one
        own = [name for (at, _), name in self.names.items() if at == folder]
        assert len(own) == len(set(own)), own
        self.batches[batch_id] = batch
        self._end_if_done(batch)
        return batch

    def selected(self, session: int | None, collection: Sequence[int] | None, rating: int | None) -> list[int]:
        return [
            photo
            for photo, facts in sorted(self.library.items())
            if (session is None or facts["session"] == session)
            and (collection is None or photo in collection)
            and (rating is None or int(str(facts["rating"])) >= rating)
        ]

    def do_pause(self, batch_id: str) -> Answer:
        return self._pause(batch_id, "user", None)

    def do_pause_by_itself(self, batch_id: str, reason: str, detail: str | None) -> Answer:
        return self._pause(batch_id, reason, detail)

    def _pause(self, batch_id: str, reason: str, detail: str | None) -> bool:
        batch = self.batches.get(batch_id)
        if batch is None:
            return False
        if reason == "user" and batch.status == "paused" and batch.reason != "user":
            batch.reason, batch.detail = "user", None
            return True
        if batch.status != "running":
            return False
        batch.go("paused")
        batch.reason, batch.detail, batch.paused_at = reason, detail, self.now
        return True

    def do_resume(self, batch_id: str) -> Answer:
        batch = self.batches.get(batch_id)
        if batch is None or batch.status != "paused" or batch.detail == LASTING:
            return False
        return self._resume(batch)

    def do_resume_by_itself(self, batch_id: str, reason: str) -> Answer:
        batch = self.batches.get(batch_id)
        if batch is None or batch.status != "paused" or batch.reason != reason:
            return False
        return self._resume(batch)

    def _resume(self, batch: Shoot) -> bool:
        batch.go("running")
        batch.reason = batch.detail = batch.paused_at = None
        self._end_if_done(batch)
        return True

    def do_cancel(self, batch_id: str) -> Answer:
        batch = self.batches.get(batch_id)
        if batch is None or batch.status not in UNFINISHED:
            return False
        batch.go("cancelled")
        batch.reason, batch.completed_at = None, self.now
        return True

    def do_priority(self, batch_id: str, priority: int) -> Answer:
        batch = self.batches.get(batch_id)
        if not 1 <= priority <= 10:
            return "bad_input"
        if batch is None:
            return "unknown_batch"
        if batch.status not in UNFINISHED:
            return "wrong_state"
        batch.priority = priority
        return "done"

    def do_retry(self, batch_id: str, kind: str | None) -> Answer:
        batch = self.batches.get(batch_id)
        if batch is None:
            return "unknown_batch"
        if batch.status not in ("completed", "failed"):
            return "wrong_state"
        again = [one for one in batch.photos if one.status == "failed" and kind in (None, one.kind)]
        if not again:
            return 0
        if self.holder(batch.folder, (one.photo for one in again), batch.id):
            return "outputs_taken"
        batch.go("running")
        batch.generation += 1
        batch.completed_at = None
        for one in again:
            one.back(0.0)
            one.kind, one.tries, one.worker_deaths, one.generation = None, 0, 0, batch.generation
        return len(again)

    def do_progress(self, batch_id: str, photo: int, success: bool) -> Answer:
        batch = self.batches.get(batch_id)
        if batch is None:
            return "unknown_batch"
        one = batch.of(photo)
        if one is None:
            return "photo_not_in_batch"
        if one.status != "pending" or batch.status not in UNFINISHED:
            return False
        one.attempt += 1
        one.go("running")
        if success:
            one.go("processed")
        else:
            one.go("failed")
            one.kind, one.tries = "external", one.tries + 1
        self._final(batch, one)
        return True

    def do_recover(self) -> Answer:
        self.take_over(-1)
        left = [batch for batch in self.batches.values() if batch.status == "running" and not self.serves(batch)]
        for batch in left:
            self._pause(batch.id, "interrupted", None)
        return [sorted(batch.id for batch in left), len(left), 0]

    def do_cleanup(self, days: float) -> Answer:
        old = [
            batch.id
            for batch in self.batches.values()
            if batch.completed_at is not None
            and batch.completed_at <= self.now - days * SECONDS_A_DAY
            and not batch.count(*HELD)
        ]
        for batch_id in old:
            del self.batches[batch_id]
        return len(old)

    def do_follow(self) -> Answer:
        return None

    def do_list(self) -> Answer:
        newest = sorted(self.batches.values(), key=lambda one: -one.no)
        said = []
        for batch in newest:
            processed, failed, skipped = (batch.count(status) for status in ENDED)
            left = 0 if batch.status == "cancelled" else len(batch.photos) - processed - failed - skipped
            said.append([batch.id, batch.status, batch.reason, len(batch.photos), processed, failed, skipped, left])
        return said

    # --- runners ------------------------------------------------------------------------------------------

    def do_claim(self, runner: int, scope: int | None, limit: int) -> Answer:
        claims: list[list[object]] = []
        for batch in sorted(self.batches.values(), key=lambda one: (-one.priority, one.no)):
            if batch.status != "running" or scope not in (None, batch.no):
                continue
            ready = [
                (one.ready_at, position, one)
                for position, one in enumerate(batch.photos)
                if one.status == "pending" and one.ready_at <= self.now
            ]
            chosen = sorted(ready, key=lambda found: found[:2])[: limit - len(claims)]
            for _, position, one in sorted(chosen, key=lambda found: found[1]):
                one.go("running")
                one.attempt, one.runner = one.attempt + 1, runner
                alone = one.runner_deaths >= ALONE_FROM
                facts = [batch.no, position, one.attempt, one.photo, one.name]
                claims.append([*facts, one.generation, one.tries, one.worker_deaths, alone])
        return claims

    def do_stage(self, runner: int, staged: Sequence[Sequence[object]]) -> Answer:
        accepted = []
        for no, position, attempt, photo, size, sha in staged:
            del size
            self.read.add(int(str(photo)))
            found = self._mine(runner, no, position, attempt, ("running",))
            if found:
                found[1].go("staged")
                found[1].sha = str(sha)
                accepted.append([no, position])
        return sorted(accepted)

    def do_settle(self, runner: int, settled: Sequence[Sequence[object]]) -> Answer:
        accepted = []
        for no, position, attempt, *_ in settled:
            found = self._mine(runner, no, position, attempt, ("staged",))
            if found:
                self._settle(*found)
                accepted.append([no, position])
        return sorted(accepted)

    def do_fail(self, runner: int, failures: Sequence[Sequence[object]]) -> Answer:
        accepted = []
        for no, position, attempt, kind, tried, died, retry_at in failures:
            found = self._mine(runner, no, position, attempt, HELD)
            if found is None:
                continue
            batch, one = found
            one.tries += bool(tried)
            one.worker_deaths += bool(died)
            one.kind = str(kind)
            if retry_at is None:
                one.go("failed")
                one.runner = one.sha = one.placed = None
                self._final(batch, one)
            else:
                one.back(float(str(retry_at)))
            accepted.append([no, position])
        return sorted(accepted)

    def do_release(self, runner: int, claims: Sequence[Sequence[object]]) -> Answer:
        accepted = []
        for no, position, attempt, *_ in claims:
            found = self._mine(runner, no, position, attempt, HELD)
            if found:
                found[1].back(0.0)
                found[1].kind = None
                accepted.append([no, position])
        return sorted(accepted)

    def do_take_over(self, runner: int) -> Answer:
        return self.take_over(runner)

    def do_take_over_half(self, lost: int, runner: int) -> Answer:
        """As far as the store's part of it; then the one that takes over is gone as well."""
        back, adopted = self._take(lost, runner)
        return [back, adopted]

    def take_over(self, runner: int) -> int:
        """From every dead runner, as `control.recovery` does it. Returns how many photos that were."""
        count = 0
        for dead in self.runners.values():
            if dead.alive or dead.gone or dead.no == runner:
                continue
            touched = {batch.no for batch, _, _ in self.held_by(dead.no)}
            back, adopted = self._take(dead.no, runner)
            for no, position in adopted:
                batch = self.by_no(no)
                assert batch is not None
                self._finish(batch, position)
            self._sweep(touched)
            count += len(back) + len(adopted)
        return count

    def _take(self, lost: int, runner: int) -> tuple[list[list[int]], list[list[int]]]:
        back, adopted = [], []
        for batch, position, one in self.held_by(lost):
            if one.status == "running":
                self.temporaries.pop((batch.folder, (batch.no, position, one.attempt)), None)
                one.back(0.0)
                one.runner_deaths += 1
                back.append([batch.no, position])
            else:
                one.runner = runner
                adopted.append([batch.no, position])
        self.runners[lost].gone = True
        return sorted(back), sorted(adopted)

    def _finish(self, batch: Shoot, position: int) -> None:
        """Final file right, settle; temporary file right, rename and settle; neither, again."""
        one = batch.photos[position]
        placing = self.place(batch, position, recovering=True)
        if placing == "placed":
            self._settle(batch, one)
        elif placing == "blocked":
            one.go("failed")
            one.runner, one.sha, one.placed, one.kind = None, None, None, "output_exists"
            one.tries += 1
            self._final(batch, one)
        else:
            one.back(0.0)
            one.kind = "interrupted"

    def place(self, batch: Shoot, position: int, *, recovering: bool = False) -> str:
        """From the temporary to the final name."""
        one = batch.photos[position]
        here = (batch.folder, one.name)
        mark = (batch.folder, (batch.no, position, one.attempt))
        right = content(one.photo, batch.quality)
        stands = self.files.get(here)
        if recovering and not (stands and stands.data == right) and self.temporaries.get(mark) != right:
            self.temporaries.pop(mark, None)
            return "lost"
        known = self.recorded.get(here)
        if stands is None or (stands.data != right and known is not None and known[0] == stands.token):
            self.tokens += 1
            stands = self.files[here] = File(self.temporaries[mark], self.tokens)
        self.temporaries.pop(mark, None)
        if stands.data != right:
            return "blocked"
        one.placed = stands.token
        return "placed"

    def _sweep(self, batches: Iterable[int]) -> None:
        held = {(batch.no, position, one.attempt) for batch, position, one in self.everything() if one.status in HELD}
        for mark in [one for one in self.temporaries if one[1][0] in batches and one[1] not in held]:
            del self.temporaries[mark]

    def develop_to_the_end(self, batch: Shoot) -> None:
        """What a healthy runner makes of a running batch."""
        self.take_over(-1)
        for position, one in enumerate(batch.photos):
            if one.status == "pending":
                one.attempt += 1
                one.go("running")
                one.go("staged")
                self.read.add(one.photo)
                one.sha = sha_of(one.photo, batch.quality)
                self.temporaries[batch.folder, (batch.no, position, one.attempt)] = content(one.photo, batch.quality)
                self._finish(batch, position)
        self._sweep({batch.no})

    # --- small steps --------------------------------------------------------------------------------------

    def _mine(
        self, runner: int, no: object, position: object, attempt: object, states: Sequence[str]
    ) -> tuple[Shoot, Photo] | None:
        batch = self.by_no(int(str(no)))
        if batch is None or int(str(position)) >= len(batch.photos):
            return None
        one = batch.photos[int(str(position))]
        fits = one.status in states and one.attempt == attempt and one.runner == runner
        return (batch, one) if fits else None

    def _settle(self, batch: Shoot, one: Photo) -> None:
        assert one.placed is not None, "nothing is settled that has not its final name"
        one.go("processed")
        self.recorded[batch.folder, one.name] = (one.placed, one.photo, batch.quality)
        one.runner = None
        self._final(batch, one)

    def _final(self, batch: Shoot, one: Photo) -> None:
        self.finals[batch.no, one.photo, one.generation] += 1
        self._end_if_done(batch)

    def _end_if_done(self, batch: Shoot) -> None:
        if batch.status == "running" and batch.count(*ENDED) == len(batch.photos):
            well = batch.count("processed", "skipped")
            batch.go("completed" if well or not batch.photos else "failed")
            batch.completed_at = self.now
            self.ends[batch.no] += 1
