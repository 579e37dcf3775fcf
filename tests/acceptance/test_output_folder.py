"""An output folder that takes no files any more: the batch waits for it, and no photo is failed for it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from junmai import BatchController
from junmai.demo.shoot import make_sample_shoot
from running import Develop, junmai, kill_group, start, wait_until

pytestmark = pytest.mark.slow
COUNT = 30


def _locker(folder: Path) -> Callable[[bool], None]:
    """How this user can forbid itself to write into a folder: by its mode, or where root ignores modes by the
    immutable attribute."""
    if os.geteuid() != 0:
        return lambda locked: folder.chmod(0o555 if locked else 0o755)
    chattr = shutil.which("chattr")
    if chattr is None or subprocess.run([chattr, "+i", folder], capture_output=True, check=False).returncode:
        pytest.skip("root may write into every folder, and this file system has no immutable attribute")
    subprocess.run([chattr, "-i", folder], check=True)

    def change(locked: bool) -> None:
        subprocess.run([chattr, "+i" if locked else "-i", folder], check=True)

    return change


def test_the_batch_waits_until_the_folder_takes_files_again(tmp_path: Path) -> None:
    shoot, out, data = tmp_path / "shoot", tmp_path / "out", tmp_path / "data"
    make_sample_shoot(shoot, count=COUNT)
    out.mkdir()
    lock = _locker(out)
    run = Develop(start("develop", shoot, "--out", out, "--json", "--workers", "2", data=data))
    try:
        assert run.wait_for_photo()
        lock(True)
        with BatchController(data) as controller:
            assert wait_until(lambda: controller.latest().status == "paused")
            batch = controller.latest()
            assert (batch.pause_reason, batch.pause_by, batch.failed) == ("failures", "junmai", 0)
            refused = junmai("resume", data=data)
            assert refused.code == 2
            assert "cannot be written to" in refused.err
            lock(False)
            ended = run.end()
    finally:
        lock(False)
        kill_group(run.process)
        run.close()

    assert (ended.code, ended.summary["processed_count"], ended.summary["failed_count"]) == (0, COUNT, 0)
