"""The database is gone, the state files are not: rebuild, and merge, as the user types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from junmai import BatchController
from junmai.demo.shoot import make_sample_shoot
from running import Develop, checksums, junmai, kill_group, start

pytestmark = pytest.mark.slow
COUNT = 24


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lost") / "shoot"
    make_sample_shoot(folder, count=COUNT)
    return folder


def killed_midway(shoot: Path, out: Path, data: Path) -> str:
    """A batch that was paused and whose process was killed after its first photos; returns its id."""
    run = Develop(start("develop", shoot, "--out", out, "--json", "--workers", "2", data=data))
    assert run.wait_for_photo()
    batch_id = str(junmai("pause", "--json", data=data).summary["batch_id"])
    kill_group(run.process)
    run.close()
    return batch_id


def lose(data: Path) -> None:
    for path in data.glob("junmai.db*"):
        path.unlink()


def test_after_a_kill_and_the_loss_of_the_database_the_same_command_goes_on(
    shoot: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    batch_id = killed_midway(shoot, out, data)
    lose(data)

    again = junmai("develop", shoot, "--out", out, "--json", data=data)

    assert again.code == 0, again.err
    assert f"{batch_id} was taken in from its state file" in again.err
    assert again.summary["batch_id"] == batch_id
    whole = junmai("develop", shoot, "--out", tmp_path / "whole", "--json", data=tmp_path / "other")
    assert whole.code == 0
    assert checksums(out) == checksums(tmp_path / "whole")
    assert junmai("doctor", "--read", data=data).code == 0


def test_rebuild_says_what_it_found_and_reads_every_output(shoot: Path, data: Path, tmp_path: Path) -> None:
    batch_id = killed_midway(shoot, tmp_path / "out", data)
    lose(data)

    rebuilt = junmai("batch", "rebuild", "--json", data=data)

    assert rebuilt.code == 0, rebuilt.err
    assert rebuilt.summary["batch_ids"] == [batch_id]
    assert rebuilt.summary["photos"] == COUNT
    assert "1 batch taken in" not in junmai("batch", "rebuild", data=data).out


def test_rebuild_names_a_file_that_cannot_be_read_and_ends_with_3(data: Path) -> None:
    folder = data / "batch_states"
    folder.mkdir(parents=True)
    (folder / "batch_0123456789ab.json").write_text('{"batch_id": "batch_01')

    rebuilt = junmai("batch", "rebuild", data=data)

    assert rebuilt.code == 3
    assert "batch_0123456789ab.json.unreadable-1" in rebuilt.out


def test_batches_are_merged_and_developed_as_one(shoot: Path, data: Path, tmp_path: Path) -> None:
    junmai("import", shoot, data=data)
    with BatchController(data) as controller:
        ids = [photo.id for photo in controller.store.photos()]
        first, second = controller.start_batch(ids[:10]), controller.start_batch(ids[8:20])

    merged = junmai("batch", "merge", first, second, "--json", data=data)
    assert merged.summary == {"batch_id": first, "photo_count": 20, "merged_batch_ids": [second]}
    resumed = junmai("batch", "resume", first, "--json", data=data)

    assert (resumed.code, resumed.summary["processed_count"]) == (0, 20)
    assert len(checksums(data / "developed" / first)) == 20
    assert junmai("doctor", "--read", data=data).code == 0


def test_batches_that_have_ended_are_not_merged(data: Path, shoot: Path, tmp_path: Path) -> None:
    junmai("import", shoot, data=data)
    with BatchController(data) as controller:
        ids = [photo.id for photo in controller.store.photos()]
        first, second = controller.start_batch(ids[:2]), controller.start_batch(ids[2:4])
        controller.cancel(second)

    refused = junmai("batch", "merge", first, second, data=data)

    assert refused.code == 2
    assert f"Batch {second} is cancelled: it cannot be merged" in refused.err


def test_verbose_shows_what_goes_to_the_log(data: Path) -> None:
    quiet = junmai("batch", "recover", data=data)
    loud = junmai("-v", "batch", "recover", data=data)

    assert "recovered" not in quiet.err
    assert "junmai: info: recovered" in loud.err


@pytest.mark.parametrize("lost", ["junmai.db*", "junmai.db-*"])
def test_a_run_whose_database_is_taken_away_ends_and_the_same_command_goes_on(
    lost: str, shoot: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = Develop(start("develop", shoot, "--out", out, "--json", "--workers", "1", data=data))
    assert run.wait_for_photo()
    for path in data.glob(lost):
        path.unlink()
    ended = run.end()
    run.close()

    assert (ended.code, ended.summary["code"]) == (1, "store_replaced"), ended.err
    again = junmai("develop", shoot, "--out", out, "--json", data=data)
    assert again.code == 0, again.err
    assert len(checksums(out)) == COUNT
    assert junmai("doctor", "--read", data=data).code == 0
