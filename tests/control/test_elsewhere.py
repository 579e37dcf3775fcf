"""Machines that share a store have data folders of their own: the one that gives commands has the state files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from control.shoot import develop, imported, opened
from junmai import BatchController
from junmai.config import Settings
from junmai.control import elsewhere
from junmai.control.statefile import read_state, state_path
from running import wait_until

Jpegs = Callable[..., list[Path]]


@pytest.fixture
def here(postgres_url: str, tmp_path: Path) -> Iterator[BatchController]:
    with opened(Settings(data=tmp_path / "here", store=postgres_url)) as controller:
        yield controller


@pytest.fixture
def there(postgres_url: str, tmp_path: Path) -> Iterator[BatchController]:
    """A worker's controller on another machine."""
    settings = Settings(data=tmp_path / "there", store=postgres_url)
    with contextlib.closing(BatchController(settings=settings, state_files=False)) as controller:
        yield controller


@pytest.fixture
def batch_id(here: BatchController, there: BatchController, jpegs: Jpegs) -> str:
    return here.start_batch(imported(here, jpegs(4)[0].parent))


def says(controller: BatchController, batch_id: str, status: str, processed: int = 0) -> bool:
    path = state_path(controller.settings.data, batch_id)
    if not path.exists():
        return False
    state = read_state(path).state
    return (state.status, state.processed_count) == (status, processed)


def test_the_end_that_another_machine_brought_about_is_in_the_file(
    here: BatchController, there: BatchController, batch_id: str
) -> None:
    here.keep_state_files()
    develop(there, batch_id)
    assert wait_until(lambda: says(here, batch_id, "completed", 4))


def test_a_command_given_on_another_machine_is_in_the_file(
    here: BatchController, there: BatchController, batch_id: str
) -> None:
    here.keep_state_files()
    there.pause(batch_id)
    assert wait_until(lambda: says(here, batch_id, "paused"))
    there.resume(batch_id)
    assert wait_until(lambda: says(here, batch_id, "running"))


def test_a_batch_that_was_made_and_ended_on_another_machine_has_a_file_here(
    here: BatchController, there: BatchController, jpegs: Jpegs
) -> None:
    here.keep_state_files()
    batch_id = there.start_batch(imported(there, jpegs(2)[0].parent))
    develop(there, batch_id)
    assert wait_until(lambda: says(here, batch_id, "completed", 2))


def test_progress_on_another_machine_is_in_the_file_after_a_while(
    here: BatchController, there: BatchController, batch_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr("junmai.control.statewriter.PROGRESS_SECONDS", 0.5)
    here.keep_state_files()
    store = there.store
    runner = store.add_runner("there", host="there", pid=1, role="test", scope=None, workers=1)
    one = store.claim(runner, scope=None, limit=1)[0]
    store.end_from_outside(batch_id, here.store.items(one.batch_no, after=one.position)[0].photo_id, error_message=None)
    assert wait_until(lambda: says(here, batch_id, "running", 1))


def test_an_end_just_before_the_controller_is_closed_is_in_the_file(
    here: BatchController, there: BatchController, batch_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "PAUSE_SECONDS", 60.0)  # so that only the look at the end can have seen it
    here.keep_state_files()
    here.catch_up()
    develop(there, batch_id)
    here.close()
    assert says(here, batch_id, "completed", 4)


def test_what_happened_before_it_looked_is_caught_up(
    here: BatchController, there: BatchController, batch_id: str
) -> None:
    develop(there, batch_id)
    assert says(here, batch_id, "running")
    here.keep_state_files()
    assert wait_until(lambda: says(here, batch_id, "completed", 4))


def test_a_worker_of_many_writes_no_state_files(there: BatchController, batch_id: str) -> None:
    there.keep_state_files()
    develop(there, batch_id)
    there.close()
    assert not (there.settings.data / "batch_states").exists()


def test_a_store_of_one_machine_is_not_looked_at(settings: Settings) -> None:
    with opened(settings) as controller:
        one = elsewhere.Elsewhere(controller.store, lambda no, of_state: None)
        one.begin()
        assert one._thread is None
        one.close()
