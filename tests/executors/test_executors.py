"""What every executor promises, over each of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from helpers import develop_job
from junmai import files
from junmai.executors.base import Developed, Ending, Executor, NoJob, Outcome, ProbeJob
from junmai.executors.inline import InlineExecutor
from junmai.executors.processes import ProcessExecutor
from junmai.files import FileState

ANSWER = Developed(1, "a" * 64, "b" * 64, FileState(1, 2, 3), 4, 5, {"decode": 0.5})
ENGINES: dict[str, Callable[[], Executor]] = {
    "inline": InlineExecutor,
    "processes": lambda: ProcessExecutor(2, job_seconds=60, memory_bytes=4 << 30),
}


@pytest.fixture(params=ENGINES, scope="module")
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """One of each for all tests of this file: they take and give back everything that they submit."""
    made = ENGINES[request.param]()
    made.start()
    yield made
    made.stop(at_once=True)


def _outcomes(executor: Executor, count: int) -> dict[int, Outcome]:
    found: dict[int, Outcome] = {}
    for _ in range(2000):
        for outcome in executor.wait(0.1):
            assert outcome.ticket not in found
            found[outcome.ticket] = outcome
        if len(found) >= count:
            return found
    raise AssertionError(f"{len(found)} of {count} jobs ended")


def _one(executor: Executor, job: Any) -> Outcome:
    executor.submit(7, job)
    return _outcomes(executor, 1)[7]


def test_there_is_at_least_one_worker(executor: Executor) -> None:
    assert executor.workers >= 1


def test_nothing_comes_from_nothing(executor: Executor) -> None:
    assert list(executor.wait(0.0)) == []
    assert executor.retract() == []


def test_an_outcome_carries_its_ticket_and_result(executor: Executor) -> None:
    outcome = _one(executor, NoJob(ANSWER))
    assert (outcome.ending, outcome.result, outcome.error_kind) == (Ending.DONE, ANSWER, "")
    assert outcome.seconds >= 0


def test_every_job_ends_once(executor: Executor) -> None:
    for ticket in range(100):
        executor.submit(ticket, NoJob(ANSWER))
    assert set(_outcomes(executor, 100)) == set(range(100))


def test_what_was_taken_back_has_no_outcome(executor: Executor) -> None:
    for ticket in range(50):
        executor.submit(ticket, NoJob(ANSWER))
    back = executor.retract()
    assert len(set(back)) == len(back) > 0
    ended = _outcomes(executor, 50 - len(back)) if len(back) < 50 else {}
    assert set(ended) | set(back) == set(range(50))
    assert not set(ended) & set(back)


def test_a_photo_is_developed_into_its_temporary_file(executor: Executor, jpegs: Any, tmp_path: Path) -> None:
    (source,) = jpegs(1)
    job = develop_job(source, tmp_path / ".junmai-b-0-1.part")
    outcome = _one(executor, job)
    assert outcome.ending is Ending.DONE, outcome
    result = outcome.result
    assert isinstance(result, Developed)
    assert files.sha256_of(job.temporary) == result.sha256
    assert job.temporary.stat().st_size == result.size
    assert (result.source_sha256, result.source_state) == (files.sha256_of(source), files.state_of(source))
    with Image.open(job.temporary) as image:
        assert image.size == (result.width, result.height) == (48, 32)


def test_a_known_checksum_is_not_taken_again(executor: Executor, jpegs: Any, tmp_path: Path) -> None:
    (source,) = jpegs(1)
    outcome = _one(executor, develop_job(source, tmp_path / "x.part", known_sha256="c" * 64))
    assert isinstance(outcome.result, Developed)
    assert outcome.result.source_sha256 == "c" * 64


def test_a_known_checksum_of_a_touched_file_is_taken_again(executor: Executor, jpegs: Any, tmp_path: Path) -> None:
    (source,) = jpegs(1)
    job = develop_job(source, tmp_path / "x.part", known_sha256="c" * 64)
    os.utime(source, ns=(5, 5))
    outcome = _one(executor, job)
    assert isinstance(outcome.result, Developed)
    assert outcome.result.source_sha256 == files.sha256_of(source)


def test_the_original_is_not_touched(executor: Executor, jpegs: Any, tmp_path: Path) -> None:
    (source,) = jpegs(1)
    before = (source.read_bytes(), files.state_of(source), sorted(source.parent.iterdir()))
    _one(executor, develop_job(source, tmp_path / "x.part"))
    assert (source.read_bytes(), files.state_of(source), sorted(source.parent.iterdir())) == before


def _missing(source: Path) -> None:
    source.unlink()


def _replaced(source: Path) -> None:
    source.write_bytes(source.read_bytes() + b"more")


def _swapped_with_the_same_size_and_time(source: Path) -> None:
    state = source.stat()
    other = source.with_name("other")
    other.write_bytes(bytes(state.st_size))
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    other.replace(source)


def _a_folder(source: Path) -> None:
    source.unlink()
    source.mkdir()


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (_missing, "source_missing"),
        (_a_folder, "source_missing"),
        (_replaced, "source_changed"),
        (_swapped_with_the_same_size_and_time, "source_changed"),
    ],
)
def test_a_photo_that_is_not_what_was_imported_is_an_error(
    executor: Executor, jpegs: Any, tmp_path: Path, change: Callable[[Path], None], kind: str
) -> None:
    (source,) = jpegs(1)
    job = develop_job(source, tmp_path / "x.part")
    change(source)
    outcome = _one(executor, job)
    assert (outcome.ending, outcome.error_kind, outcome.may_pass) == (Ending.ERROR, kind, False)
    assert outcome.error_message.endswith(".")
    assert not job.temporary.exists()


@pytest.mark.parametrize(("content", "kind"), [(b"", "empty_file"), (b"\xff\xd8\xff no photo", "broken_file")])
def test_a_broken_photo_is_an_error_that_does_not_pass(
    executor: Executor, tmp_path: Path, content: bytes, kind: str
) -> None:
    source = tmp_path / "broken.jpg"
    source.write_bytes(content)
    outcome = _one(executor, develop_job(source, tmp_path / "x.part"))
    assert (outcome.ending, outcome.may_pass) == (Ending.ERROR, False)
    assert outcome.error_kind == kind
    assert not (tmp_path / "x.part").exists()


def test_an_output_that_cannot_be_written_is_an_error_that_may_pass(
    executor: Executor, jpegs: Any, tmp_path: Path
) -> None:
    (source,) = jpegs(1)
    outcome = _one(executor, develop_job(source, tmp_path / "none" / "x.part"))
    assert (outcome.ending, outcome.error_kind, outcome.may_pass) == (Ending.ERROR, "output_not_writable", True)


def test_an_error_costs_no_other_job(executor: Executor, jpegs: Any, tmp_path: Path) -> None:
    sources = jpegs(4)
    sources[1].write_bytes(b"")
    for ticket, source in enumerate(sources):
        executor.submit(ticket, develop_job(source, tmp_path / f"{ticket}.part"))
    outcomes = _outcomes(executor, 4)
    endings = [outcomes[ticket].ending for ticket in range(4)]
    assert endings == [Ending.DONE, Ending.ERROR, Ending.DONE, Ending.DONE]


def test_a_fault_inside_is_told_with_its_trace(executor: Executor, tmp_path: Path) -> None:
    outcome = _one(executor, ProbeJob(None, "jpeg"))  # type: ignore[arg-type]
    assert (outcome.ending, outcome.error_kind, outcome.may_pass) == (Ending.ERROR, "develop_failed", True)
    assert "Traceback" in outcome.trace


def test_the_metadata_of_a_photo_is_read(executor: Executor, jpegs: Any) -> None:
    (source,) = jpegs(1)
    outcome = _one(executor, ProbeJob(source, "jpeg"))
    assert isinstance(outcome.result, tuple)
    fingerprint, facts = outcome.result
    assert fingerprint == files.fingerprint_of(source)
    assert (facts.width, facts.height) == (48, 32)


def test_the_same_photo_gives_the_same_bytes_in_any_executor(jpegs: Any, tmp_path: Path) -> None:
    (source,) = jpegs(1)
    sums = set()
    for name, make in ENGINES.items():
        executor = make()
        outcome = _one(executor, develop_job(source, tmp_path / f"{name}.part"))
        executor.stop(at_once=True)
        assert isinstance(outcome.result, Developed)
        sums.add(outcome.result.sha256)
    assert len(sums) == 1
