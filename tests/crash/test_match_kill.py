"""Killed while photos are measured, and while they are developed with what was found, a batch ends the same.

JUNMAI_TEST_SEED is the seed of the moments.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from junmai import BatchController
from matching import write_shoot
from running import checksums, fingerprints, junmai, kill_group, start

COUNT, SCENES = 40, 4
KILLS_IN_EACH = 3
SEED = int(os.environ.get("JUNMAI_TEST_SEED", "0")) or random.randrange(1, 1 << 30)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def command(shoot: Path, out: Path) -> tuple[str | Path, ...]:
    return ("develop", shoot, "--out", out, "--json", "--workers", "2", "--match", "collection")


def found(data: Path) -> dict[str, tuple[float, ...]]:
    """The gains and the brightest part of each photo, by its path: another library may have other ids for them."""
    with BatchController(data) as controller:
        (batch,) = controller.store.batches()
        assert controller.examine(read_outputs=True) == []
        shown = controller.store.solutions(batch.no)
        return {str(one.path): (*one.solution.gains, one.solution.top) for one in shown if one.solution is not None}


def killed_at(data: Path, words: tuple[str | Path, ...], measured: int, processed: int) -> bool:
    """Kill the command as soon as so many photos are measured, and so many developed. Whether it met it at work."""
    process = start(*words, data=data)
    with BatchController(data) as controller:
        while process.poll() is None:
            batches = controller.store.batches()
            if batches and batches[0].measured >= measured and batches[0].processed >= processed:
                kill_group(process)
                process.communicate()
                return batches[0].status == "running"
            time.sleep(0.002)
    process.communicate()
    return False


def test_killed_in_both_phases_it_finds_the_same_solutions_and_writes_the_same_bytes(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    moments = random.Random(SEED)
    shoot, data, out = tmp_path / "shoot", tmp_path / "data", tmp_path / "out"
    write_shoot(shoot, COUNT, SCENES, rows=600, columns=800)
    originals = fingerprints(shoot)
    undisturbed = junmai(*command(shoot, tmp_path / "whole"), data=tmp_path / "undisturbed")
    assert undisturbed.code == 0, undisturbed.err

    met = 0
    for number in range(KILLS_IN_EACH):  # while photos are measured
        met += killed_at(data, command(shoot, out), moments.randrange(1 + 12 * number, 12 * number + 13), 0)
    for number in range(KILLS_IN_EACH):  # while they are developed
        met += killed_at(data, command(shoot, out), COUNT, moments.randrange(1 + 10 * number, 10 * number + 11))
    ended = junmai(*command(shoot, out), data=data)

    assert met >= KILLS_IN_EACH
    assert ended.code == 0, ended.err
    assert len(found(data)) == COUNT
    assert found(data) == found(tmp_path / "undisturbed")
    assert checksums(out) == checksums(tmp_path / "whole")
    assert fingerprints(shoot) == originals
