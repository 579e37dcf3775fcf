"""One bad photo, one bad moment: a decoder that crashes or hangs, and a process that ends between two steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from junmai import BatchController
from junmai.demo.shoot import make_sample_shoot
from running import Ended, checksums, fingerprints, junmai, start

FAULTY = str(Path(__file__).with_name("faulty.py"))
COUNT = 6

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def small_shoot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "shoot"
    make_sample_shoot(folder, count=COUNT, long_edge=240)
    return folder


def faulty(fault: str, *arguments: str | Path, data: Path, **environment: str) -> Ended:
    """The real command line with a fault in it."""
    process = start(*arguments, data=data, cwd=None, program=(FAULTY,), FAULT=fault, **environment)
    out, err = process.communicate(timeout=120)
    return Ended(process.returncode, out, err)


def victim_of(folder: Path) -> Path:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".jpg")[0]


def test_a_photo_that_crashes_the_decoder_is_set_aside_and_the_others_go_on(small_shoot: Path, tmp_path: Path) -> None:
    victim = victim_of(small_shoot)
    ended = faulty(
        f"segfault:{victim.name}", "develop", small_shoot, "--out", tmp_path / "out", "--json", data=tmp_path / "data"
    )
    assert ended.code == 3, ended.err
    (failed,) = ended.photos("failed")
    assert failed["path"] == str(victim)
    assert failed["error_kind"] == "worker_died"
    assert "SIGSEGV" in failed["error_message"]
    assert len(ended.photos("processed")) == COUNT - 1


def test_a_photo_that_hangs_the_decoder_is_stopped_and_set_aside(small_shoot: Path, tmp_path: Path) -> None:
    victim = victim_of(small_shoot)
    ended = faulty(
        f"hang:{victim.name}",
        "develop",
        small_shoot,
        "--out",
        tmp_path / "out",
        "--json",
        data=tmp_path / "data",
        JUNMAI_PHOTO_SECONDS="4",
    )
    assert ended.code == 3, ended.err
    (failed,) = ended.photos("failed")
    assert failed["error_kind"] == "worker_hung"
    assert len(ended.photos("processed")) == COUNT - 1


def test_the_photo_that_was_set_aside_is_developed_by_retry_failed_once_it_is_well(
    small_shoot: Path, tmp_path: Path
) -> None:
    victim = victim_of(small_shoot)
    out, data = tmp_path / "out", tmp_path / "data"
    first = faulty(f"segfault:{victim.name}", "develop", small_shoot, "--out", out, "--json", data=data)
    again = junmai("batch", "retry-failed", first.summary["batch_id"], "--json", data=data)
    assert again.code == 0, again.err
    assert [line["path"] for line in again.photos("processed")] == [str(victim)]
    assert len(checksums(out)) == COUNT


@pytest.mark.parametrize(
    "point",
    [
        "claim:1",
        "claim:3",
        "stage:1",
        "stage:2",
        "rename_without_replacing:1",
        "rename_without_replacing:4",
        "sync_folder:4",
        "settle:1",
        "settle:3",
        "add_runner:1",
    ],
)
def test_a_process_that_ends_between_two_steps_loses_and_doubles_nothing(
    point: str, small_shoot: Path, tmp_path: Path
) -> None:
    before = fingerprints(small_shoot)
    data, out = tmp_path / "data", tmp_path / "out"
    command = ("develop", small_shoot, "--out", out, "--json", "--workers", "2")
    ended = faulty(f"exit_after:{point}", *command, data=data)
    assert ended.code == 137, f"the point was not passed: {ended.err}"

    again = junmai(*command, data=data)

    assert again.code == 0, again.err
    assert len(checksums(out)) == COUNT
    assert fingerprints(small_shoot) == before
    with BatchController(data) as controller:
        (batch,) = controller.store.batches()
        assert (batch.status, batch.processed) == ("completed", COUNT)
        events = controller.store.events(no=batch.no)
        assert sum(event.type == "item_processed" for event in events) == COUNT
        assert controller.examine(read_outputs=True) == []


@pytest.mark.parametrize("point", ["make_folders_below:1", "rename_without_replacing:2", "sync_folder:6", "stage:2"])
def test_a_process_that_ends_while_outputs_go_into_sub_folders_loses_and_doubles_nothing(
    point: str, small_shoot: Path, tmp_path: Path
) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    command = ("develop", small_shoot, "--out", out, "--name", "{date}/{name}/x", "--json", "--workers", "2")
    ended = faulty(f"exit_after:{point}", *command, data=data)
    assert ended.code == 137, f"the point was not passed: {ended.err}"

    again = junmai(*command, data=data)

    assert again.code == 0, again.err
    found = checksums(out)
    assert len(found) == COUNT
    assert all(len(Path(name).parts) == 3 for name in found)
    with BatchController(data) as controller:
        assert controller.examine(read_outputs=True) == []


@pytest.mark.parametrize(
    "point",
    ["rename_without_replacing:1", "rename_without_replacing:2", "make_folders_below:3", "stage:1"],
)
def test_a_process_that_ends_between_two_outputs_of_a_photo_loses_and_doubles_none(
    point: str, small_shoot: Path, tmp_path: Path
) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    command = ("develop", small_shoot, "--out", out, "--json", "--workers", "2")
    also = ("--also", "web:long-edge=100", "--also", "proof:format=webp,long-edge=60")
    ended = faulty(f"exit_after:{point}", *command, *also, data=data)
    assert ended.code == 137, f"the point was not passed: {ended.err}"

    again = junmai(*command, *also, data=data)

    assert again.code == 0, again.err
    stems = {path.stem for path in out.glob("*.jpg")}
    assert len(stems) == COUNT
    assert {path.stem for path in (out / "web").iterdir()} == stems
    assert {path.stem for path in (out / "proof").iterdir()} == stems
    assert not list(out.rglob("*.part"))
    with BatchController(data) as controller:
        (batch,) = controller.store.batches()
        assert (batch.status, batch.processed) == ("completed", COUNT)
        assert controller.examine(read_outputs=True) == []
