"""Every command in random order, from several controllers, threads and processes over one store, with runners that
come, die and speak too late, against the small model of `control.model`; after every step the store must say what the
model says.

JUNMAI_TEST_STEPS is the number of steps at least (`make long` takes 20,000), JUNMAI_TEST_SEED the seed, 0 for
another one each time (`make long`; the short version takes the same steps each time); with
JUNMAI_TEST_SHRINK=1 a sequence that fails is made as short as it can be, which takes some minutes.
"""

from __future__ import annotations

import copy
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from control.acting import open_controller, perform, source_sha
from control.merging import MergingModel
from control.model import ENDED, HELD, LASTING, Developer, File, Photo, Shoot, content, sha_of
from helpers import FakeClock
from junmai import files
from junmai.control.outputs import bring_to_name, places_of
from junmai.control.presence import Presence
from junmai.control.runner import Runner
from junmai.domain.model import NewPhoto, Staged
from junmai.executors.base import Developed, DevelopJob, Ending, Job, Outcome

STEPS = int(os.environ.get("JUNMAI_TEST_STEPS", "1200"))
SEED = int(os.environ.get("JUNMAI_TEST_SEED", "1")) or random.randrange(1, 1 << 30)
SHRINK = bool(os.environ.get("JUNMAI_TEST_SHRINK"))
STEPS_A_SEQUENCE = 100

PHOTOS = 6
QUALITIES = (40, 70, 90)
BEST = (2, 4, 5)
"""Places of the photos of the collection."""
UNKNOWN = "batch_ffffffffffff"
FOREIGN = b"The user's own file, which nobody may touch."
MOST_BATCHES = 10
MTIME = 1_600_000_000_000_000_000

LATE = ("settle", "stage", "fail", "release")

PICK = st.integers(0, 255)
WHO = st.integers(0, 7)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(7200),
]


class OtherProcess:
    """A process that does verbs when it is asked to."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def ask(self, data: Path, now: float, verb: str, arguments: Sequence[object] = ()) -> object:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "control.acting"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[1],
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        request = {"data": str(data), "now": now, "verb": verb, "arguments": arguments}
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        said = json.loads(process.stdout.readline())
        assert "error" not in said, said["error"]
        return said["answer"]

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


class QuickExecutor:
    """Develops at once, in the caller's thread; while nothing is to be done, time passes."""

    workers = 2

    def __init__(self, clock: FakeClock, photo_ids: dict[str, int]) -> None:
        self._clock = clock
        self._photo_ids = photo_ids
        self._jobs: list[tuple[int, DevelopJob]] = []
        self.idle = 0

    def start(self) -> None:
        """Nothing to get ready."""

    def submit(self, ticket: int, job: Job) -> None:
        assert isinstance(job, DevelopJob)
        self._jobs.append((ticket, job))

    def wait(self, seconds: float) -> Sequence[Outcome]:
        if not self._jobs:
            self.idle += 1
            assert self.idle < 500, "a running batch does not reach its end"
            self._clock.turn(max(seconds, 1.0))
        done = [Outcome(ticket, Ending.DONE, 0.5, self._develop(job)) for ticket, job in self._jobs]
        self._jobs.clear()
        return done

    def retract(self) -> list[int]:
        return []

    def stop(self, *, at_once: bool = False) -> None:
        """Nothing goes on."""

    def _develop(self, job: DevelopJob) -> Developed:
        photo = self._photo_ids[str(job.source)]
        data = content(photo, job.recipe.output.quality)
        sha = files.write_temporary(job.temporary, data)
        return Developed(len(data), sha, source_sha(photo), job.expected, 10, 10, {})


@dataclass
class Ran:
    """What a run of many sequences did."""

    steps: int = 0
    sequences: int = 0
    verbs: Counter[str] | None = None


class BatchMachine(RuleBasedStateMachine):
    """One store, its users, its runners, and the model beside them.

    Draws never depend on the state: what a number means is looked up, so that a sequence can be repeated.
    """

    base: ClassVar[Path]
    other: ClassVar[OtherProcess]
    ran: ClassVar[Ran]

    # --- around -------------------------------------------------------------------------------------------

    @initialize(chance=st.integers(0, 1 << 16))
    def begin(self, chance: int) -> None:
        self.chance = random.Random(chance)
        self.data = Path(tempfile.mkdtemp(dir=self.base)) / "data"
        self.clock = FakeClock()
        self.model = MergingModel(now=self.clock.now())
        self.controllers = [open_controller(self.data, self.clock, by=name) for name in ("first", "second")]
        self.thread = ThreadPoolExecutor(1)
        self.presences: dict[int, Presence] = {}
        self.mtimes: dict[tuple[int, int, int], int] = {}
        self.touched: set[tuple[str, str]] = set()
        self.last_event = 0
        self.standing: set[int | None] = set()
        self.claimed: set[tuple[int | None, int, int]] = set()
        self.finals: Counter[tuple[int, int, int]] = Counter()
        self.ends: Counter[int] = Counter()
        self.number = 0
        self.mtime = MTIME
        self.ran.sequences += 1
        self._fill_the_library()

    def _fill_the_library(self) -> None:
        store = self.store
        sessions = [
            store.add_session(name, folder=None, first_at=None, last_at=None, named_by_user=True) for name in "ab"
        ]
        photos = [
            NewPhoto(
                path=str(self.data.parent / f"card{number % 2}" / f"IMG_{number // 2}.jpg"),
                root=str(self.data.parent / f"card{number % 2}"),
                kind="jpeg",
                size=1000 + number,
                mtime_ns=MTIME,
                inode=number + 1,
                fingerprint=f"fingerprint-{number}",
                facts={"rating": number},
            )
            for number in range(PHOTOS)
        ]
        self.ids = store.save_photos((None, photo) for photo in photos)
        self.photo_ids = {photo.path: number for photo, number in zip(photos, self.ids, strict=True)}
        for number, photo_id in enumerate(self.ids):
            session = sessions[number % 2]
            store.put_in_session(session, [photo_id], first_at=None, last_at=None)
            self.model.library[photo_id] = {"session": session, "rating": number}
        store.add_to_collection("best", [self.ids[number] for number in BEST])
        self.sessions = sessions

    @property
    def store(self) -> Any:
        return self.controllers[0].store

    def _act(self, who: int, verb: str, *arguments: object) -> object:
        """Let one of the users do something: two controllers here, one of them in a thread too, or a process."""
        assert self.ran.verbs is not None
        self.ran.verbs[verb] += 1
        return self._user(who)(verb, arguments)

    def _user(self, who: int) -> Callable[[str, Sequence[object]], object]:
        if who < 4:
            return lambda verb, arguments: perform(self.controllers[who % 2], verb, arguments)
        if who < 6:
            return lambda verb, arguments: self.thread.submit(perform, self.controllers[0], verb, arguments).result()
        return lambda verb, arguments: self.other.ask(self.data, self.clock.now(), verb, arguments)

    def _both(self, who: int, verb: str, *arguments: object) -> object:
        """Do it in the store and in the model; both must answer the same."""
        expected = json.loads(json.dumps(getattr(self.model, f"do_{verb}")(*arguments)))
        answer = self._act(who, verb, *arguments)
        assert answer == expected, (verb, arguments)
        return answer

    # --- picking ------------------------------------------------------------------------------------------

    def _batch(self, pick: int) -> Shoot:
        """A batch, more often an unfinished one; the first is made when there is none."""
        if not self.model.batches:
            self._start(0, self.ids[:4], None, QUALITIES[0])
        found = sorted(self.model.batches.values(), key=lambda one: one.no)
        unfinished = [one for one in found if one.status in ("running", "paused")]
        chosen = unfinished if unfinished and pick % 4 else found
        return chosen[pick // 4 % len(chosen)]

    def _batch_id(self, pick: int) -> str:
        return UNKNOWN if pick == 255 else self._batch(pick).id

    def _runner(self, pick: int) -> int:
        """A live runner; one enters when there is none."""
        alive = [no for no, one in self.model.runners.items() if one.alive]
        return alive[pick % len(alive)] if alive else self._enter(None)

    def _enter(self, scope: int | None) -> int:
        presence = Presence(self.store, self.controllers[0].settings, role="test", scope=scope, workers=2)
        self.presences[presence.no] = presence
        self.model.runners[presence.no] = Developer(presence.no, scope)
        return presence.no

    def _drop(self, no: int) -> None:
        """The process of a runner is gone, and its lock with it; it said no goodbye."""
        self.presences.pop(no)._lock.release()
        self.model.runners[no].alive = False

    # --- batches ------------------------------------------------------------------------------------------

    @rule(who=WHO, mask=st.integers(1, 63), where=PICK, quality=st.integers(0, 2), wrong=st.integers(0, 15))
    def start(self, who: int, mask: int, where: int, quality: int, wrong: int) -> None:
        ids = [photo for place, photo in enumerate(self.ids) if mask >> place & 1]
        if where & 8:
            ids.reverse()
        if wrong < 3:
            ids = [[*ids, 999], [*ids, ids[0]], []][wrong]
        self._start(who, ids, self._folder(where), QUALITIES[quality])

    def _folder(self, where: int) -> str | None:
        """An own folder for the batch, or one of two that batches share."""
        many = sum(one.status in ("running", "paused") for one in self.model.batches.values()) >= MOST_BATCHES
        shared = str(self.data.parent / ("out-a" if where & 2 else "out-b"))
        return shared if where & 1 or many else None

    def _start(self, who: int, ids: Sequence[int], folder: str | None, quality: int) -> None:
        if len(self.model.batches) >= MOST_BATCHES * 2:
            self._both(who, "cleanup", 0)
        self.number += 1
        batch_id = f"batch_{self.number:012x}"
        target = folder or str(self.data / "developed" / batch_id)
        refusal = self.model.refusal_of_start(ids, target)
        answer = self._act(who, "start", ids, batch_id, quality, folder)
        assert answer == (refusal or batch_id)
        if refusal is None:
            self._adopt(batch_id, target, quality, ids)

    def _adopt(self, batch_id: str, folder: str, quality: int, ids: Sequence[int]) -> None:
        batch = self.store.batch(batch_id)
        items = self.store.items(batch.no)
        assert [item.photo_id for item in items] == list(ids)
        named = [(item.photo_id, item.output_name) for item in items]
        self.model.started(batch.no, batch_id, folder, quality, named)

    @rule(who=WHO, by=st.integers(0, 4), where=PICK, quality=st.integers(0, 2))
    def start_selection(self, who: int, by: int, where: int, quality: int) -> None:
        folder = str(self.data.parent / ("out-a" if where & 2 else "out-b"))
        session = self.sessions[where >> 4 & 1]
        selection, ids = [
            ({"session_id": session}, self.model.selected(session, None, None)),
            ({"collection": "best"}, self.model.selected(None, [self.ids[number] for number in BEST], None)),
            ({"min_rating": 3, "session_id": session}, self.model.selected(session, None, 3)),
            ({"min_rating": 9}, []),
            ({"collection": "worst"}, []),
        ][by]
        none = "unknown_collection" if "worst" in selection.values() else "nothing_to_develop"
        refusal = self.model.refusal_of_start(ids, folder) if ids else none
        answer = self._act(who, "start_selection", selection, QUALITIES[quality], folder)
        if refusal is not None:
            assert answer == refusal
        else:
            self._adopt(str(answer), folder, QUALITIES[quality], ids)

    @rule(who=WHO, pick=PICK)
    def pause(self, who: int, pick: int) -> None:
        self._both(who, "pause", self._batch_id(pick))

    @rule(who=WHO, pick=PICK)
    def resume(self, who: int, pick: int) -> None:
        self._both(who, "resume", self._batch_id(pick))

    @rule(who=WHO, pick=PICK, chance=st.integers(0, 2))
    def cancel(self, who: int, pick: int, chance: int) -> None:
        self._both(who, "cancel" if chance == 0 else "list", *([self._batch_id(pick)] if chance == 0 else []))

    @rule(who=WHO, picks=st.lists(PICK, min_size=1, max_size=3), likely=st.integers(0, 3))
    def merge(self, who: int, picks: list[int], likely: int) -> None:
        ids = [self._batch_id(pick) for pick in picks]
        if likely:  # batches chosen blindly have the same options once in a hundred times
            quality = self.model.batches[ids[0]].quality if ids[0] in self.model.batches else QUALITIES[0]
            if len(self.model.batches) < MOST_BATCHES:
                self._start(who, self.ids[picks[0] % 3 :][: 1 + likely], None, quality)
            ids = next((found for one in self.model.batches if len(found := self.model.mergeable_with(one)) > 1), ids)
        answer = self._both(who, "merge", ids)
        if isinstance(answer, list):
            items = self.store.items(self.store.batch(ids[0]).no)
            self.model.named(ids[0], [str(item.output_name) for item in items])

    @rule(who=WHO, pick=PICK, priority=st.integers(0, 11))
    def priority(self, who: int, pick: int, priority: int) -> None:
        self._both(who, "priority", self._batch_id(pick), priority)

    @rule(who=WHO, pick=PICK, kind=st.sampled_from([None, "broken_file", "external", "output_exists", "no_such"]))
    def retry_failed(self, who: int, pick: int, kind: str | None) -> None:
        ended = [one.id for one in self.model.batches.values() if one.count("failed") and one.completed_at is not None]
        self._both(who, "retry", ended[pick % len(ended)] if ended and pick & 3 else self._batch_id(pick), kind)

    @rule(who=WHO, pick=PICK, photo=st.integers(0, PHOTOS), success=st.integers(0, 2))
    def progress(self, who: int, pick: int, photo: int, success: int) -> None:
        self._both(who, "progress", self._batch_id(pick), [*self.ids, 999][photo], success > 0)

    @rule(who=WHO, pick=PICK)
    def progress_of_a_whole_batch(self, who: int, pick: int) -> None:
        if pick % 3:
            self.work(who, pick, 4)
            return
        batch = self._batch(pick)
        for one in batch.photos:
            self._both(who, "progress", batch.id, one.photo, one.photo % 2 == 0 and pick & 1 == 1)

    @rule(
        who=WHO,
        pick=PICK,
        reason=st.sampled_from(["interrupted", "machine_busy", "failures", "source_missing"]),
        lift=st.booleans(),
    )
    def junmai_pauses_and_lifts(self, who: int, pick: int, reason: str, lift: bool) -> None:
        batch_id = self._batch_id(pick)
        if lift:
            self._both(who, "resume_by_itself", batch_id, reason)
        else:
            self._both(who, "pause_by_itself", batch_id, reason, LASTING if reason == "failures" else None)

    @rule(who=WHO)
    def recover(self, who: int) -> None:
        self._both(who, "recover")

    @rule(who=WHO, days=st.sampled_from([7, 0.1, 0.001, 0]))
    def cleanup(self, who: int, days: float) -> None:
        self._both(who, "cleanup", days)

    @rule(who=WHO)
    def follow_cancelled(self, who: int) -> None:
        self._both(who, "follow")

    @rule(which=st.integers(0, 2), crash=st.integers(0, 15))
    def a_controller_goes_and_another_comes(self, which: int, crash: int) -> None:
        if which == 2:
            if crash == 0:
                self.other.kill()
            else:
                self.other.ask(self.data, self.clock.now(), "close")
            return
        old = self.controllers[which]
        if crash % 2 and old._presence is not None:
            old._presence._lock.release()
            old.store.close()
        else:
            old.close()
        if which == 0:
            for presence in self.presences.values():
                presence._store = self.controllers[1].store
        self.controllers[which] = open_controller(self.data, self.clock, by="anew")

    # --- runners ------------------------------------------------------------------------------------------

    @rule(pick=PICK, scoped=st.booleans())
    def a_runner_comes(self, pick: int, scoped: bool) -> None:
        if len(self.presences) < 4:
            self._enter(self._batch(pick).no if scoped else None)

    @rule(pick=PICK)
    def a_runner_dies(self, pick: int) -> None:
        holders = sorted({one.runner for _, _, one in self.model.everything() if one.runner in self.presences})
        self._drop(holders[pick % len(holders)] if holders and pick % 8 else self._runner(pick))

    @rule(who=WHO, pick=PICK)
    def a_runner_leaves(self, who: int, pick: int) -> None:
        no = self._runner(pick)
        held = self.model.held_by(no)
        self._give_back(who, no, held)
        self.presences.pop(no).leave()
        self.model.runners[no].alive, self.model.runners[no].gone = False, True

    @rule(who=WHO, pick=PICK, count=st.integers(1, 4))
    def claim(self, who: int, pick: int, count: int) -> None:
        no = self._runner(pick)
        self._both(who, "claim", no, self.model.runners[no].scope, count)

    @rule(pick=PICK, torn=st.booleans())
    def develop(self, pick: int, torn: bool) -> None:
        """A worker writes the temporary file; a torn one is what a crash leaves."""
        for batch, position, one in self._in_hand(pick, "running")[:2]:
            self._write(batch, position, one, torn=torn)

    @rule(who=WHO, pick=PICK, count=st.integers(1, 4))
    def stage(self, who: int, pick: int, count: int) -> None:
        self._stage(who, self._in_hand(pick, "running")[:count])

    @rule(who=WHO, pick=PICK, count=st.integers(1, 4))
    def place(self, who: int, pick: int, count: int) -> None:
        """Outputs get their names, and are not settled yet."""
        held = self._in_hand(pick, "staged")[:count]
        self._fail_blocked(who, [found for found in held if self._place(*found) == "blocked"])

    @rule(who=WHO, pick=PICK, count=st.integers(1, 4))
    def settle(self, who: int, pick: int, count: int) -> None:
        self._settle(who, self._in_hand(pick, "staged")[:count])

    @rule(who=WHO, pick=PICK, count=st.integers(1, 6))
    def work(self, who: int, pick: int, count: int) -> None:
        """A runner that does everything in one go."""
        no = self._runner(pick)
        self._both(who, "claim", no, self.model.runners[no].scope, count)
        self._stage(who, [found for found in self.model.held_by(no) if found[2].status == "running"])
        self._settle(who, [found for found in self.model.held_by(no) if found[2].status == "staged"])

    @rule(who=WHO, pick=PICK, how=st.integers(0, 5))
    def fail(self, who: int, pick: int, how: int) -> None:
        """Errors that pass, that do not pass, and workers that die; also after the output has its name."""
        held = self._in_hand(pick, "running" if how < 4 else "staged")[:2]
        retry_at = [None, self.clock.now(), self.clock.now() + 5, None, self.clock.now() + 60, None][how]
        died = how == 3
        self._fail(who, held, "broken_file", tried=not died, died=died, retry_at=retry_at)

    @rule(who=WHO, pick=PICK)
    def release(self, who: int, pick: int) -> None:
        held = self._in_hand(pick, "running")[:2]
        if held:
            self._give_back(who, held[0][2].runner or 0, held)

    @rule(
        who=WHO,
        pick=PICK,
        verb=st.sampled_from(LATE),
        older=st.integers(-1, 2),
        runner=st.integers(0, 4),
    )
    def a_late_double_or_foreign_word(self, who: int, pick: int, verb: str, older: int, runner: int) -> None:
        """Whoever is not the newest attempt of the item's own runner changes nothing."""
        fitting = {"stage": ("running",), "settle": ("staged",)}.get(verb, HELD)
        found = sorted(self.model.everything(), key=lambda one: (one[2].status not in fitting, one[0].no, one[1]))
        if not found:
            return
        batch, position, one = found[pick % min(len(found), 4 if older else 40)]
        runners = sorted(self.model.runners)
        own = one.runner if runner < 3 else None
        no = own if own is not None else [0, 999_999, *runners][pick % (2 + len(runners))]
        attempt = one.attempt - older
        if no == one.runner and attempt == one.attempt:
            attempt -= 1
        facts: list[object] = [batch.no, position, attempt]
        size, sha = len(content(one.photo, batch.quality)), sha_of(one.photo, batch.quality)
        before = self.model.snapshot()
        self._both(
            who,
            verb,
            no,
            [
                {
                    "stage": [*facts, one.photo, size, sha],
                    "settle": [*facts, one.photo, size, sha, MTIME],
                    "fail": [*facts, "late", True, False, None],
                    "release": [*facts, one.photo],
                }[verb]
            ],
        )
        assert self.model.snapshot() == before

    @rule(who=WHO, pick=PICK)
    def take_over(self, who: int, pick: int) -> None:
        self._both(who, "take_over", self._runner(pick))

    @rule(who=WHO, pick=PICK)
    def take_over_and_die(self, who: int, pick: int) -> None:
        """Whoever takes over dies before it has finished what it took."""
        no = self._runner(pick)
        dead = [one.no for one in self.model.runners.values() if not one.alive and not one.gone]
        if dead and pick % 2:
            self._both(who, "take_over_half", dead[pick % len(dead)], no)
            self._drop(no)

    # --- everything else ----------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 5, 30, 600]))
    def time_passes(self, seconds: int) -> None:
        self.clock.turn(seconds)
        self.model.now = self.clock.now()

    @rule(pick=PICK, remove=st.integers(0, 3))
    def the_user_touches_an_output(self, pick: int, remove: int) -> None:
        """A foreign file at a name that a batch will want, an edited output, one that was deleted."""
        places = sorted({(one.folder or batch.folder, one.name) for batch, _, one in self.model.everything()})
        if not places or pick % 3:
            return
        here = places[pick % len(places)]
        path = Path(*here)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.touched.add(here)
        if remove == 0:
            path.unlink(missing_ok=True)
            self.model.files.pop(here, None)
        else:
            path.write_bytes(FOREIGN)
            self.model.tokens += 1
            self.model.files[here] = File(FOREIGN, self.model.tokens)

    @rule(pick=PICK, kinds=st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(0, 8)), many=st.booleans())
    def at_the_same_moment(self, pick: int, kinds: tuple[int, int, int], many: bool) -> None:
        """Two or three verbs at once, in a thread, a process and here: the outcome is that of some order of them."""
        asked = [self._one_of(kind, pick + place) for place, kind in enumerate(kinds[: 3 if many else 2])]
        if any(verb == "fail" for verb, _ in asked):
            # as every runner does it: the file goes before the store forgets whose it was
            self._remove_temporaries([found for found in self.model.everything() if found[2].status == "running"])
        now = self.clock.now()
        pool = ThreadPoolExecutor(3)
        users: list[Callable[[str, Sequence[object]], object]] = [
            lambda verb, arguments: self.other.ask(self.data, now, verb, arguments),
            lambda verb, arguments: perform(self.controllers[0], verb, arguments),
            lambda verb, arguments: perform(self.controllers[1], verb, arguments),
        ]
        with pool:
            futures = [
                pool.submit(user, verb, arguments) for user, (verb, arguments) in zip(users, asked, strict=False)
            ]
            answers = [future.result() for future in futures]
        assert self.ran.verbs is not None
        self.ran.verbs["at once"] += len(asked)
        said = self._said_by_the_store()
        for order in itertools.permutations(range(len(asked))):
            model = copy.deepcopy(self.model)
            expected = {one: getattr(model, f"do_{asked[one][0]}")(*asked[one][1]) for one in order}
            same = all(json.loads(json.dumps(expected[one])) == answers[one] for one in order)
            if same and model.snapshot() == said:
                self.model = model
                return
        raise AssertionError(f"no order of {asked} answers {answers} and leaves {said}; before: {self.model}")

    def _one_of(self, kind: int, pick: int) -> tuple[str, Sequence[object]]:
        batch = self._batch(pick % 255)
        runner = self._runner(pick)
        staged = [found for found in self.model.held_by(runner) if found[2].placed is not None]
        running = [found for found in self.model.held_by(runner) if found[2].status == "running"]
        photo = batch.photos[pick % len(batch.photos)].photo
        return [
            ("pause", [batch.id]),
            ("resume", [batch.id]),
            ("cancel", [batch.id]) if pick % 4 == 0 else ("pause", [batch.id]),
            ("priority", [batch.id, 1 + pick % 10]),
            ("retry", [batch.id, None]),
            ("progress", [batch.id, photo, pick % 3 > 0]),
            ("claim", [runner, self.model.runners[runner].scope, 1 + pick % 3]),
            ("settle", [runner, [self._settled(*found) for found in staged]]),
            (
                "fail",
                [runner, [[one[0].no, one[1], one[2].attempt, "broken_file", True, False, None] for one in running]],
            ),
        ][kind]  # type: ignore[return-value]

    # --- steps of a runner --------------------------------------------------------------------------------

    def _in_hand(self, pick: int, status: str) -> list[tuple[Shoot, int, Photo]]:
        """What one runner holds in that state."""
        holders = sorted({one.runner or 0 for _, _, one in self.model.everything() if one.status == status})
        alive = [no for no in holders if no in self.presences]
        if not alive:
            return []
        return [found for found in self.model.held_by(alive[pick % len(alive)]) if found[2].status == status]

    def _temporary(self, batch: Shoot, position: int, one: Photo) -> Path:
        return Path(batch.folder) / files.temporary_name(batch.id, position, one.attempt)

    def _write(self, batch: Shoot, position: int, one: Photo, *, torn: bool = False) -> None:
        data = content(one.photo, batch.quality)
        path = self._temporary(batch, position, one)
        files.make_folder(path.parent)
        files.write_temporary(path, data[: len(data) // 2] if torn else data)
        self.mtime += 1_000_000
        os.utime(path, ns=(self.mtime, self.mtime))
        self.model.temporaries[batch.folder, (batch.no, position, one.attempt)] = path.read_bytes()

    def _stage(self, who: int, held: Sequence[tuple[Shoot, int, Photo]]) -> None:
        if not held:
            return
        for found in held:
            self._write(*found)
        facts = [
            [b.no, position, one.attempt, one.photo, len(content(one.photo, b.quality)), sha_of(one.photo, b.quality)]
            for b, position, one in held
        ]
        answer = self._both(who, "stage", held[0][2].runner, facts)
        assert answer == sorted([b.no, position] for b, position, _ in held)

    def _place(self, batch: Shoot, position: int, one: Photo) -> str:
        """As the runner does it: no name is given to a file that is not staged."""
        if one.placed is not None:
            return "placed"
        found = self.store.batch(batch.id)
        data = content(one.photo, batch.quality)
        staged = Staged(batch.no, position, one.attempt, one.photo, one.name, len(data), str(one.sha), "", 0.5)
        placing, done = bring_to_name(self.store, found, staged)
        expected = self.model.place(batch, position)
        assert str(placing) == expected
        assert (done is not None) == (expected == "placed")
        assert not places_of(found, position, one.attempt, one.name)[0].temporary.exists()
        if done is not None:
            self.mtimes[batch.no, position, one.attempt] = done.mtime_ns
        return expected

    def _settled(self, batch: Shoot, position: int, one: Photo) -> list[object]:
        size, sha = len(content(one.photo, batch.quality)), sha_of(one.photo, batch.quality)
        mtime = self.mtimes[batch.no, position, one.attempt]
        return [batch.no, position, one.attempt, one.photo, size, sha, mtime]

    def _settle(self, who: int, held: Sequence[tuple[Shoot, int, Photo]]) -> None:
        if not held:
            return
        runner = held[0][2].runner
        placed = [found for found in held if self._place(*found) == "placed"]
        blocked = [found for found in held if found not in placed]
        self._both(who, "settle", runner, [self._settled(*found) for found in placed])
        self._fail_blocked(who, blocked)

    def _fail_blocked(self, who: int, held: Sequence[tuple[Shoot, int, Photo]]) -> None:
        self._fail(who, held, "output_exists", tried=True, died=False, retry_at=None)

    def _fail(
        self,
        who: int,
        held: Sequence[tuple[Shoot, int, Photo]],
        kind: str,
        *,
        tried: bool,
        died: bool,
        retry_at: float | None,
    ) -> None:
        if held:
            self._remove_temporaries(held)
            self.touched |= {(batch.folder, one.name) for batch, _, one in held if one.placed is not None}
            runner = held[0][2].runner
            facts = [[b.no, position, one.attempt, kind, tried, died, retry_at] for b, position, one in held]
            self._both(who, "fail", runner, facts)

    def _give_back(self, who: int, runner: int, held: Sequence[tuple[Shoot, int, Photo]]) -> None:
        if held:
            self._remove_temporaries(held)
            facts = [[batch.no, position, one.attempt, one.photo] for batch, position, one in held]
            self._both(who, "release", runner, facts)

    def _remove_temporaries(self, held: Sequence[tuple[Shoot, int, Photo]]) -> None:
        for batch, position, one in held:
            files.remove_temporary(self._temporary(batch, position, one))
            self.model.temporaries.pop((batch.folder, (batch.no, position, one.attempt)), None)

    def _the_work_goes_on(self) -> None:
        """Between the steps runners do what they are there for, so that there is something to disturb."""
        random_one = self.chance.choice
        acts: list[Callable[[int, int, int], object]] = [
            lambda who, pick, count: self.claim(who, pick, count + 1),
            self.claim,
            self.stage,
            self.stage,
            self.place,
            lambda who, pick, count: self.develop(pick, count > 1),
            self.settle,
            lambda who, pick, count: self.fail(who, pick, count * 2 - 1),
            lambda who, pick, count: self.resume(who, pick),
            lambda who, pick, count: self.a_runner_dies(pick) if count == 1 else self.a_runner_comes(pick, False),
            lambda who, pick, count: self.take_over(who, pick) if count == 1 else None,
            lambda who, pick, count: self.a_late_double_or_foreign_word(
                who, pick, random_one(LATE), count - 1, random_one(range(5))
            ),
        ]
        running = [one for one in self.model.batches.values() if one.status == "running"]
        if len(running) < 2:
            shared = str(self.data.parent / random_one(("out-a", "out-b")))
            ids = self.chance.sample(self.ids, self.chance.randrange(2, PHOTOS))
            self._start(self.chance.randrange(8), ids, random_one((None, shared)), random_one(QUALITIES))
        for _ in range(3):
            random_one(acts)(self.chance.randrange(8), self.chance.randrange(256), self.chance.randrange(1, 4))

    # --- after each step ----------------------------------------------------------------------------------

    @invariant()
    def the_store_says_what_the_model_says(self) -> None:
        if not hasattr(self, "data"):
            return
        self.ran.steps += 1
        self._the_work_goes_on()
        _same(self._said_by_the_store(), self.model.snapshot())
        self._read_events()
        self._ends_are_told_once()

    def _said_by_the_store(self) -> dict[str, object]:
        return {
            batch.id: (
                (batch.no, batch.status, batch.pause_reason, batch.priority, batch.generation),
                (batch.total, batch.processed, batch.failed, batch.skipped),
                (batch.created_at, batch.started_at, batch.completed_at),
                batch.paused_at if batch.status != "cancelled" else None,
                [
                    (
                        item.photo_id,
                        item.output_name,
                        item.status,
                        (item.attempt, item.tries, item.worker_deaths, item.runner_deaths, item.generation),
                        item.ready_at if item.status == "pending" else 0.0,
                        item.runner_no,
                        item.error_kind,
                        item.output_sha256,
                    )
                    for item in self.store.items(batch.no)
                ],
            )
            for batch in self.store.batches()
        }

    def _read_events(self) -> None:
        """One final event for each end; no claim between an acknowledged pause or cancel and the resume."""
        for event in self.store.events(after=self.last_event, limit=100_000):
            assert event.id > self.last_event
            self.last_event = event.id
            no, kind = event.batch_no, event.type
            if kind in ("batch_paused", "batch_cancelled"):
                self.standing.add(no)
            elif kind in ("batch_resumed", "batch_retried"):
                self.standing.discard(no)
            elif kind == "items_claimed":
                assert no not in self.standing, event
                taken = {(no, photo, attempt) for photo, attempt in event.data["items"]}
                assert not taken & self.claimed, event
                self.claimed |= taken
            elif kind in ("batch_completed", "batch_failed"):
                self.ends[no] += 1
            elif kind.removeprefix("item_") in ENDED:
                self.finals[no, event.photo_id, self._generation(event.id)] += 1

    def _ends_are_told_once(self) -> None:
        """Of every batch that is there; one that ended and was cleaned up within one step has no events to read."""
        there = {batch.no for batch in self.model.batches.values()}
        assert {key: count for key, count in self.finals.items() if key[0] in there} == {
            key: count for key, count in self.model.finals.items() if key[0] in there
        }
        assert {no: count for no, count in self.ends.items() if no in there} == {
            no: count for no, count in self.model.ends.items() if no in there
        }

    def _generation(self, event_id: int) -> int:
        (row,) = self.store.read("events_after", after=event_id - 1, batch_no=None, limit=1)
        return int(row["generation"])

    # --- after each sequence ------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "data"):
            return
        try:
            if sys.exc_info()[0] is None:
                self._faults_stop()
        finally:
            self.other_closes()
            for presence in self.presences.values():
                presence._lock.release()
            for controller in self.controllers:
                controller.close()
            self.thread.shutdown()

    def other_closes(self) -> None:
        self.other.ask(self.data, self.clock.now(), "close")

    def _faults_stop(self) -> None:
        """The runners die a last time; a healthy one comes, and every batch must reach its end."""
        for no in list(self.presences):
            self._drop(no)
        for batch in list(self.model.batches.values()):
            if batch.detail == LASTING:
                self._both(0, "resume_by_itself", batch.id, "failures")
            self._both(0, "resume", batch.id)
        self._errors_of_doctor(read_outputs=False)
        self._both(0, "recover")
        for batch in sorted(self.model.batches.values(), key=lambda one: one.no):
            if batch.status != "paused":
                continue
            self._both(0, "resume", batch.id)
            self.model.develop_to_the_end(batch)
            executor = QuickExecutor(self.clock, self.photo_ids)
            settings_of_it = self.controllers[0].settings
            Runner(self.store, executor, settings_of_it, role="develop", scope=batch.no).run()
        self._everything_has_ended()

    def _everything_has_ended(self) -> None:
        for batch, _, one in self.model.everything():
            assert batch.completed_at is not None
            assert one.status not in ("running", "staged")
        _same(_without_attempts(self._said_by_the_store()), _without_attempts(self.model.snapshot()))
        self._read_events()
        self._ends_are_told_once()
        self._errors_of_doctor(read_outputs=True)
        self._folders_hold_what_they_should()

    def _errors_of_doctor(self, *, read_outputs: bool) -> None:
        """No error ever; at the end only outputs that somebody touched are worth a warning."""
        found = self.controllers[0].examine(read_outputs=read_outputs)
        if read_outputs:
            folders = {folder for folder, _ in self.touched}
            found = [one for one in found if not (one.check == "output" and any(f in one.message for f in folders))]
        else:
            found = [one for one in found if one.level == "error"]
        assert found == []

    def _folders_hold_what_they_should(self) -> None:
        """Every output whole, nothing half-written, nothing left behind, what is the user's as it was."""
        folders = {Path(folder) for folder, _ in self.model.names} | {Path(folder) for folder, _ in self.model.files}
        stands = {(str(f), path.name): path.read_bytes() for f in folders if f.is_dir() for path in f.iterdir()}
        assert stands == {here: file.data for here, file in self.model.files.items()}
        for batch, position, one in self.model.everything():
            known = self.model.recorded.get((one.folder or batch.folder, one.name))
            here = self.model.files.get((one.folder or batch.folder, one.name))
            if (
                one.status == "processed"
                and one.sha is not None
                and here is not None
                and known
                == (
                    here.token,
                    one.photo,
                    batch.quality,
                )
            ):
                assert files.sha256_of(Path(one.folder or batch.folder) / one.name) == one.sha, (batch.id, position)


def _same(said: dict[str, object], expected: dict[str, object]) -> None:
    """Name what differs, batch by batch."""
    for batch_id in said.keys() | expected.keys():
        assert said.get(batch_id) == expected.get(batch_id), batch_id


def _without_attempts(said: dict[str, object]) -> dict[str, object]:
    """The real runner may claim ahead and give back; its attempts are its own matter."""
    kept: dict[str, object] = {}
    for batch_id, value in said.items():
        head, counts, (created, started, _), paused, photos = value  # type: ignore[misc]
        kept[batch_id] = (
            *(head, counts, created, started, paused),  # type: ignore[has-type]
            [(*one[:3], one[3][1:], *one[5:]) for one in photos],  # type: ignore[has-type]
        )
    return kept


@pytest.fixture
def other_process() -> Iterator[OtherProcess]:
    process = OtherProcess()
    yield process
    process.kill()


def test_every_sequence_of_commands_ends_as_the_model_says(
    tmp_path: Path, other_process: OtherProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    BatchMachine.base, BatchMachine.other, BatchMachine.ran = tmp_path, other_process, Ran(verbs=Counter())
    with capsys.disabled():
        print(f"\nJUNMAI_TEST_SEED={SEED}", flush=True)
    began, number = time.monotonic(), SEED
    while BatchMachine.ran.steps < STEPS:
        left = -(-(STEPS - BatchMachine.ran.steps) // STEPS_A_SEQUENCE)
        seed(number)(BatchMachine)
        run_state_machine_as_test(
            BatchMachine,
            settings=settings(
                max_examples=left,
                stateful_step_count=STEPS_A_SEQUENCE,
                deadline=None,
                database=None,
                phases=[Phase.generate, *([Phase.shrink] if SHRINK else [])],
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
        number += 1
    ran = BatchMachine.ran
    with capsys.disabled():
        seconds = time.monotonic() - began
        print(f"{ran.steps} steps in {ran.sequences} sequences, {seconds:.0f} s; verbs: {dict(ran.verbs or {})}")
