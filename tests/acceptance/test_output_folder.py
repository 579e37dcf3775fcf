"""An output folder that takes no files any more: the batch waits for it, and no photo is failed for it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from junmai import BatchController, errors
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


def test_a_start_that_is_refused_leaves_no_folder(tmp_path: Path) -> None:
    shoot, data = tmp_path / "shoot", tmp_path / "data"
    make_sample_shoot(shoot, count=2)
    out = tmp_path / "out"
    too_long = "/".join(["x" * 100] * 45) + "/{name}"
    refused = junmai("develop", shoot, "--out", out, "--name", too_long, data=data)
    assert refused.code == 2
    assert not out.exists()
    with BatchController(data) as controller, pytest.raises(errors.BadInput):
        controller.start_batch([1], config={"output": {"folder": str(out), "name": too_long}})
    assert not out.exists()


def test_a_sub_folder_of_a_template_that_leads_to_originals_is_refused(tmp_path: Path) -> None:
    shoot, out, data = tmp_path / "shoot", tmp_path / "out", tmp_path / "data"
    make_sample_shoot(shoot, count=2)
    originals = next(path.parent for path in sorted(shoot.rglob("*")) if path.is_file())
    before = sorted(originals.iterdir())
    out.mkdir()
    (out / "sub").symlink_to(originals)
    refused = junmai("develop", shoot, "--out", out, "--name", "sub/{name}", data=data)
    assert (refused.code, "a link to a folder of originals" in " ".join(refused.err.split())) == (2, True), refused.err
    assert sorted(originals.iterdir()) == before
