"""Kills at random moments lose nothing, double nothing and leave nothing half-written.

JUNMAI_TEST_KILLS is the number of kills (30; `make long` takes more), JUNMAI_TEST_SEED the seed of their moments.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import psutil
import pytest

from junmai import BatchController
from junmai.control.doctor import all_items
from junmai.domain.policy import claims_wanted
from running import Develop, checksums, fingerprints, junmai, kill_group, start
from shoots import Shoot

KILLS = int(os.environ.get("JUNMAI_TEST_KILLS", "30"))
SEED = int(os.environ.get("JUNMAI_TEST_SEED", "0")) or random.randrange(1, 1 << 30)
WORKERS = 2

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


class Killer:
    """Starts the command again and again, and kills it again and again."""

    def __init__(self, shoot: Shoot, base: Path) -> None:
        self.random = random.Random(SEED)
        self.data = base / "data"
        self.out = base / "out"
        self.command = ("develop", shoot.folder, "--out", self.out, "--json", "--workers", str(WORKERS))
        self.kills = 0
        self.finished: dict[str, tuple[int, int]] = {}
        self.died_on: set[str] = set()

    def run_once(self, *, victim: str) -> int | None:
        """Start the command and kill it at a random moment; the exit code where it was quicker."""
        run = Develop(start(*self.command, data=self.data))
        if self.random.random() < 0.3:
            time.sleep(self.random.uniform(0.0, 1.5))  # while it starts, imports or plans
        else:
            run.wait_for_photo()
            time.sleep(self.random.uniform(0.0, 0.15))
        if run.process.poll() is not None:
            return run.end().code
        if victim == "worker":
            self._kill_worker(run)
            time.sleep(self.random.uniform(0.0, 0.3))
        if victim == "parent":
            run.process.kill()
            run.process.wait()
            self._wait_for_orphans(run)
        else:
            kill_group(run.process)
        self.kills += 1
        run.end()
        return None

    def _kill_worker(self, run: Develop) -> None:
        workers = run.workers()
        if workers:
            self.random.choice(workers).kill()
            self.kills += 1

    @staticmethod
    def _wait_for_orphans(run: Develop) -> None:
        """Workers end when their parent is gone; nothing is started before they have."""
        group = [one for one in psutil.process_iter() if _group_of(one) == run.process.pid]
        _, alive = psutil.wait_procs(group, timeout=10)
        assert not alive, f"workers outlived their runner: {alive}"

    def look_at_finished(self) -> None:
        """What was finished before this kill stands as it stood: nobody developed it again."""
        standing = {path.name: path.stat() for path in self.out.glob("*.jpg")} if self.out.is_dir() else {}
        now = {name: (state.st_ino, state.st_mtime_ns) for name, state in standing.items()}
        for name, state in self.finished.items():
            assert now.get(name) == state, f"{name} was developed again after it was finished (seed {SEED})"
        self.finished = now


def _group_of(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except OSError:
        return None


def test_a_batch_killed_again_and_again_ends_as_if_it_never_was(shoot: Shoot, tmp_path: Path) -> None:
    print(f"seed {SEED}, {KILLS} kills")
    killer = Killer(shoot, tmp_path)
    code = None
    while killer.kills < KILLS and code is None:
        # a worker's death counts against its photo, and two set it aside: so workers are killed early on only,
        # when the photo in hand is another one each time
        victims = ["group", "parent", "worker"] if killer.kills < KILLS // 3 else ["group", "parent"]
        code = killer.run_once(victim=killer.random.choice(victims))
        killer.look_at_finished()
    assert killer.kills >= KILLS, f"all was done after {killer.kills} kills: give the shoot more photos"

    ended = junmai(*killer.command, data=killer.data)

    assert ended.code == 0, ended.err
    _assert_as_if_never_killed(shoot, killer)


def _assert_as_if_never_killed(shoot: Shoot, killer: Killer) -> None:
    assert checksums(killer.out) == shoot.outputs  # every output, whole, equal; and not one file more
    assert fingerprints(shoot.folder) == shoot.originals
    with BatchController(killer.data) as controller:
        batches = controller.store.batches()
        assert [batch.status for batch in batches] == ["completed"]
        batch = batches[0]
        items = list(all_items(controller.store, batch.no))
        assert {item.status for item in items} == {"processed"}
        assert (batch.total, batch.processed) == (len(items), len(shoot.outputs))
        ends = [
            event.photo_id
            for event in controller.store.events(no=batch.no, limit=100_000)
            if event.type == "item_processed"
        ]
        assert sorted(map(int, filter(None, ends))) == sorted(item.photo_id for item in items)
        # in hand at a kill: the workers' photos and 50 ms of measured work ahead, never more; and nothing else is
        # ever claimed again
        quickest = min(item.seconds or 1.0 for item in items)
        most = claims_wanted(workers=WORKERS, in_hand=0, seconds_per_item=quickest)
        lost = [
            event.data["given_back"] for event in controller.store.events(limit=100_000) if event.type == "runner_lost"
        ]
        assert max(map(int, map(str, lost))) <= most
        repeated = sum(item.attempt - 1 for item in items)
        assert repeated <= sum(map(int, map(str, lost))) + killer.kills
        assert controller.examine(read_outputs=True) == []
    assert junmai(*killer.command, data=killer.data).summary["processed_count"] == 0
