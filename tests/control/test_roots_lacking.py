"""What a machine does with photos and batches in a named root that it lacks: it looks, and leaves them alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.world import World, a_photo, staged_of
from helpers import FakeClock
from junmai import errors
from junmai.config import Settings
from junmai.control import conditions, rooting
from junmai.control.doctor import examine
from junmai.control.importing import _is_gone
from junmai.control.lookout import Lookout
from junmai.control.presence import Presence
from junmai.control.recovery import take_over_from_dead
from junmai.control.working import told
from junmai.domain.lifecycle import PauseReason
from junmai.domain.model import Batch, Settled
from junmai.store.roots import Roots
from junmai.store.sqlite import SqliteStore


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", busy_cpu_percent=0, busy_memory_percent=0)


@pytest.fixture
def here(settings: Settings, tmp_path: Path, fake_clock: FakeClock) -> Iterator[World]:
    """The machine that has the root."""
    store = SqliteStore(settings.database, clock=fake_clock, roots=Roots({"archive": tmp_path / "nas"}))
    yield World(store)
    store.close()


@pytest.fixture
def lacking(settings: Settings, here: World, fake_clock: FakeClock) -> Iterator[SqliteStore]:
    store = SqliteStore(settings.database, clock=fake_clock)
    yield store
    store.close()


@pytest.fixture
def batch(here: World, tmp_path: Path) -> Batch:
    nas = tmp_path / "nas"
    found = [a_photo(number, path=str(nas / f"{number}.jpg"), root=str(nas)) for number in (1, 2)]
    return here.batch(photo_ids=here.store.save_photos((None, photo) for photo in found), folder=str(nas / "out"))


def test_a_photo_there_is_not_taken_for_moved(lacking: SqliteStore, batch: Batch) -> None:
    assert not any(_is_gone(photo) for photo in lacking.photos())


def test_what_a_dead_runner_held_is_left_and_taken_over_by_who_can(
    settings: Settings, here: World, lacking: SqliteStore, batch: Batch
) -> None:
    dead = here.runner()
    (claim,) = here.claim(dead, limit=1)
    helper = Presence(lacking, settings, role="test", scope=0, workers=0)
    assert take_over_from_dead(lacking, settings, helper.no) == 0
    assert here.item(batch, claim.position).status == "running"
    heir = Presence(here.store, settings, role="test", scope=0, workers=0)
    assert take_over_from_dead(here.store, settings, heir.no) == 1
    helper.leave()
    heir.leave()


@pytest.mark.parametrize("reason", [PauseReason.SOURCE_MISSING, PauseReason.DISK_LOW])
def test_a_pause_for_a_folder_there_is_lifted_by_nobody_who_cannot_see_it(
    settings: Settings, here: World, lacking: SqliteStore, batch: Batch, reason: PauseReason
) -> None:
    here.store.pause(batch.id, reason=reason, by="junmai", detail=batch.folder)
    helper = Presence(lacking, settings, role="test", scope=None, workers=0)
    Lookout(lacking, settings, scope=None).look(helper.no)
    assert lacking.batch(batch.id).status == "paused"
    assert not conditions.lasts(lacking, lacking.batch(batch.id), settings)  # and the user may
    helper.leave()


def test_outputs_there_are_not_said_to_be_gone(
    settings: Settings, here: World, lacking: SqliteStore, batch: Batch
) -> None:
    runner = here.runner()
    claims = here.claim(runner)
    here.store.stage(runner, [staged_of(claim) for claim in claims])
    here.store.settle(runner, [Settled(staged_of(claim), 1) for claim in claims])
    here.store.end_runner(runner)
    (unseen,) = (one for one in examine(lacking, settings) if one.check in {"output", "root"})
    assert (unseen.check, unseen.level) == ("root", "warning")
    assert "archive" in unseen.message
    assert [one.check for one in examine(here.store, settings) if one.check in {"output", "root"}] == ["output"]


def test_the_roots_that_keep_a_batch_waiting_are_named(
    settings: Settings, here: World, lacking: SqliteStore, batch: Batch
) -> None:
    assert rooting.missing_for(lacking, settings, batch) == ["archive"]
    assert rooting.missing_for(here.store, settings, batch) == []
    without = Presence(lacking, settings, role="worker", scope=None, workers=1)
    assert rooting.missing_for(here.store, settings, batch) == ["archive"]
    assert told(here.store, settings)["waiting"] == [{"batch_id": batch.id, "roots": ["archive"]}]
    having = Presence(here.store, settings, role="worker", scope=None, workers=1)
    assert rooting.missing_for(lacking, settings, batch) == []
    assert told(lacking, settings)["waiting"] == []
    assert rooting.missing_for(lacking, settings, replace(batch, status="paused")) == []
    without.leave()
    having.leave()


def test_the_refusal_names_root_and_setting() -> None:
    refused = rooting.refusal("Batch batch_1", ["archive"])
    assert isinstance(refused, errors.RootMissing)
    assert "archive" in refused.message
    assert "roots.archive" in refused.message
