"""A process that ends between the snapshot of a sidecar and its settling, or in a revert, loses nothing that was there.

JUNMAI_TEST_KILLS is the number of kills at random moments (12; `make long` takes more), JUNMAI_TEST_SEED their seed.
With JUNMAI_TEST_LONG, as in `make long`, each point is taken without pixels as well.
"""

from __future__ import annotations

import contextlib
import os
import random
import time
from pathlib import Path

import pytest

from junmai import BatchController
from junmai.control.doctor import all_items
from running import Develop, Ended, checksums, fingerprints, junmai, kill_group, start
from sidecars import OF_LIGHTROOM, make_raws

FAULTY = str(Path(__file__).with_name("faulty.py"))
COUNT = 4
KILLS = int(os.environ.get("JUNMAI_TEST_KILLS", "12"))
SEED = int(os.environ.get("JUNMAI_TEST_SEED", "0")) or random.randrange(1, 1 << 30)
LOOK = ("--preset", "warm-portrait", "--sidecars", "originals")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


UNDISTURBED: dict[tuple[int, tuple[str, ...]], tuple[dict[str, str], dict[str, str]]] = {}
"""Checksums of sidecars and outputs where nothing disturbs, by the number of photos and the words of the command: found
once, because the same photos give the same."""


class Place:
    """RAW files, every second of which has a sidecar of Lightroom's; what they are with none to disturb the writing."""

    def __init__(self, tmp: Path, count: int, *words: str) -> None:
        self.shoot, self.data, self.out = tmp / "shoot", tmp / "data", tmp / "out"
        self.raws = make_raws(self.shoot, count)
        for number in range(1, count + 1, 2):
            # each its own, so that one that is put back in the place of another is seen
            data = OF_LIGHTROOM.replace(b'catalogue:shelf="7"', b'catalogue:shelf="%d"' % number)
            (self.shoot / f"IMG_{number}.xmp").write_bytes(data)
        self.command: tuple[str | Path, ...] = (
            "develop",
            self.shoot,
            "--out",
            self.out,
            "--json",
            "--workers",
            "2",
            *LOOK,
            *words,
        )
        self.before = checksums(self.shoot)
        self.originals = {raw.name: fingerprints(self.shoot)[raw.name] for raw in self.raws}
        if (count, words) not in UNDISTURBED:
            UNDISTURBED[count, words] = self._undisturbed(tmp / "undisturbed")
        self.after, self.outputs = UNDISTURBED[count, words]

    def _undisturbed(self, data: Path) -> tuple[dict[str, str], dict[str, str]]:
        """What sidecars and outputs come to be; then everything is as it was."""
        undisturbed = junmai(*self.command, data=data)
        assert undisturbed.code == 0, undisturbed.err
        after, outputs = checksums(self.shoot), checksums(self.out)
        assert junmai("batch", "revert", data=data).code == 0
        assert checksums(self.shoot) == self.before
        for name in outputs:
            (self.out / name).unlink()
        return after, outputs

    def faulty(self, point: str, *words: str | Path) -> Ended:
        process = start(*words, data=self.data, program=(FAULTY,), FAULT=f"exit_after:{point}")
        out, err = process.communicate(timeout=120)
        return Ended(process.returncode, out, err)

    def nothing_lost(self) -> None:
        """Each sidecar is what it was, or the new one, and there is no half of one; what it was is in the store."""
        now = checksums(self.shoot)
        for name, sha256 in self.after.items():
            assert now.get(name) in (self.before.get(name), sha256), name

    def looks_as_if_never_killed(self) -> None:
        assert checksums(self.shoot) == self.after  # and not one file more
        assert checksums(self.out) == self.outputs if self.outputs else not self.out.exists()
        self.originals_are_untouched()

    def originals_are_untouched(self) -> None:
        now = fingerprints(self.shoot)
        assert {name: now[name] for name in self.originals} == self.originals


POINTS = (
    "stage:1",
    "staged_snapshot:1",
    "prepare:1",
    "prepare:4",
    "place:1",
    "place:2",
    "rename_without_replacing:1",
    "rename_without_replacing:2",
    "rename_replacing:2",
    "rename_replacing:3",
    "settle:1",
    "settle:3",
)
ALONE = POINTS if os.environ.get("JUNMAI_TEST_LONG") else ("place:1", "rename_replacing:2", "settle:1")


@pytest.mark.parametrize(
    ("point", "words"), [*((point, ()) for point in POINTS), *((point, ("--no-pixels",)) for point in ALONE)]
)
def test_a_run_that_ends_between_two_steps_ends_as_if_it_had_not_and_can_be_taken_back(
    point: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    place = Place(tmp_path, COUNT, *words)
    ended = place.faulty(point, *place.command)
    assert ended.code == 137, f"the point was not passed: {ended.err}"
    place.nothing_lost()

    again = junmai(*place.command, data=place.data)

    assert again.code == 0, again.err
    place.looks_as_if_never_killed()
    with BatchController(place.data) as controller:
        (batch,) = controller.store.batches()
        assert {item.status for item in all_items(controller.store, batch.no)} == {"processed"}
        assert controller.examine(read_outputs=True) == []
        assert {one.state for one in controller.store.snapshots(batch.id)} == {"written"}
    assert junmai("batch", "revert", data=place.data).code == 0
    assert checksums(place.shoot) == place.before


@pytest.mark.parametrize(
    "point",
    ["write_temporary:1", "rename_replacing:1", "remove:1", "snapshot_reverted:1", "snapshot_reverted:3"],
)
def test_a_revert_that_ends_between_two_steps_is_finished_by_the_next_one(point: str, tmp_path: Path) -> None:
    place = Place(tmp_path, COUNT, "--no-pixels")
    assert junmai(*place.command, data=place.data).code == 0
    ended = place.faulty(point, "batch", "revert")
    assert ended.code == 137, f"the point was not passed: {ended.err}"
    place.nothing_lost()

    again = junmai("batch", "revert", "--json", data=place.data)

    assert (again.code, again.summary["left"]) == (0, [])
    assert checksums(place.shoot) == place.before  # and not one file more
    place.originals_are_untouched()


def test_a_sidecar_that_is_edited_between_a_crash_and_the_next_run_is_kept_and_so_is_what_was_before(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, 1, "--no-pixels")
    sidecar = place.shoot / "IMG_1.xmp"
    assert place.faulty("place:1", *place.command).code == 137
    edited = sidecar.read_bytes().replace(b"lake", b"sea!")
    sidecar.write_bytes(edited)

    assert junmai(*place.command, data=place.data).code == 0

    assert b"sea!" in sidecar.read_bytes()
    with BatchController(place.data) as controller:
        (batch,) = controller.store.batches()
        kept = [controller.store.snapshot_before(one.id) for one in controller.store.snapshots(batch.id)]
    assert kept == [edited, OF_LIGHTROOM.replace(b'"7"', b'"1"')]


def test_killed_again_and_again_while_it_writes_and_while_it_takes_back_it_loses_no_sidecar(tmp_path: Path) -> None:
    print(f"seed {SEED}, {KILLS} kills")
    chance = random.Random(SEED)
    place = Place(tmp_path, 5 * KILLS, "--no-pixels")
    kills = _killed(place, place.command, chance, KILLS // 2)
    done = junmai(*place.command, data=place.data)
    assert done.code == 0, done.err
    place.looks_as_if_never_killed()

    kills += _killed(place, ("batch", "revert", "--json"), chance, KILLS - KILLS // 2)
    done = junmai("batch", "revert", "--json", data=place.data)

    assert (done.code, done.summary["left"]) == (0, []), f"seed {SEED}"
    assert checksums(place.shoot) == place.before, f"seed {SEED}"
    place.originals_are_untouched()
    print(f"{kills} kills met a command at work")
    assert kills >= KILLS // 2, f"only {kills} kills met anything"


def _killed(place: Place, words: tuple[str | Path, ...], chance: random.Random, times: int) -> int:
    """Start a command and kill it with all its processes, again and again. Returns how many times it was at work.

    Moments are counted in sidecars, not in seconds: on a quick machine a second is enough for all of them, and
    most kills then met nothing (8 of 30).
    """
    met = 0
    for _ in range(times):
        sidecars = _states(place.shoot)
        run = Develop(start(*words, data=place.data))
        wished = chance.randint(0, 4)
        while run.process.poll() is None and len(_states(place.shoot) ^ sidecars) < wished:
            time.sleep(0.001)
        time.sleep(chance.uniform(0.0, 0.01) if wished else chance.uniform(0.0, 0.6))
        met += run.process.poll() is None
        kill_group(run.process)
        run.end()
        place.nothing_lost()
    return met


def _states(folder: Path) -> set[tuple[str, int]]:
    """The sidecars of a folder, each with the time of its last change: one that is replaced counts as two."""
    states = set()
    for path in folder.glob("*.xmp"):
        with contextlib.suppress(FileNotFoundError):  # taken away since it was listed
            states.add((path.name, path.stat().st_mtime_ns))
    return states
