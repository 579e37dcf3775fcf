from __future__ import annotations

import threading

import pytest

from conformance.world import MTIME, World, staged_of
from helpers import FakeClock
from junmai import errors
from junmai.domain.model import Settled
from junmai.domain.preset import NewPreset, Preset
from junmai.store.base import Store


def a_preset(name: str = "Gold", *, exposure: float = 0.5, note: str = "") -> NewPreset:
    return NewPreset(
        name=name,
        settings={"Exposure2012": exposure, "ToneCurvePV2012": ((0.0, 8.0), (255.0, 250.0))},
        origin={"kind": "xmp", "file": "gold.xmp", "fields": {"Exposure2012": str(exposure), "ColorVariance": "9"}},
        content=f"{round(exposure * 100):064x}",
        note=note,
    )


def test_a_preset_comes_back_as_it_was_kept(store: Store, fake_clock: FakeClock) -> None:
    kept, new = store.add_preset(a_preset(note="from a friend"))
    assert new
    assert store.preset("Gold") == kept
    assert kept == Preset(
        name="Gold",
        version=1,
        title="Gold",
        description="from a friend",
        settings=a_preset().settings,
        origin=a_preset().origin,
        note="from a friend",
        created_at=fake_clock.now(),
    )


def test_other_content_under_a_name_is_its_next_version_and_the_first_stays(store: Store) -> None:
    first, _ = store.add_preset(a_preset())
    second, new = store.add_preset(a_preset(exposure=1.0))
    assert (second.version, new) == (2, True)
    assert store.preset("Gold") == second
    assert store.preset("Gold", 1) == first
    assert store.preset_versions("Gold") == [second, first]


def test_content_that_is_there_in_any_version_is_no_new_one(store: Store) -> None:
    first, _ = store.add_preset(a_preset())
    store.add_preset(a_preset(exposure=1.0))
    assert store.add_preset(a_preset(note="again")) == (first, False)
    assert len(store.preset_versions("Gold")) == 2


def test_names_differ_by_more_than_case(store: Store) -> None:
    store.add_preset(a_preset("Straße"))
    again, _ = store.add_preset(a_preset("STRASSE", exposure=2.0))
    assert again.version == 2
    assert store.preset("strasse", 1) is not None


def test_the_list_has_the_newest_of_each_by_name(store: Store) -> None:
    for name, exposure in (("b", 0.0), ("A", 0.0), ("b", 1.0)):
        store.add_preset(a_preset(name, exposure=exposure))
    assert [preset.reference for preset in store.presets()] == ["A@1", "b@2"]


def test_what_is_not_there_is_none(store: Store) -> None:
    store.add_preset(a_preset())
    assert store.preset("Silver") is None
    assert store.preset("Gold", 2) is None
    assert store.preset_versions("Silver") == []


def test_a_name_that_looks_like_a_version_is_refused(store: Store) -> None:
    with pytest.raises(errors.StoreError):
        store.add_preset(a_preset("Gold@2"))


def test_the_same_preset_given_twice_at_the_same_moment_is_one_version(store: Store) -> None:
    start = threading.Barrier(4)
    found: list[tuple[Preset, bool]] = []

    def add() -> None:
        start.wait()
        found.append(store.add_preset(a_preset()))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new for _, new in found) == [False, False, False, True]
    assert {preset.version for preset, _ in found} == {1}


# --- what could not be honoured ------------------------------------------------------------------------------


def test_remarks_are_recorded_with_what_is_staged_and_with_nothing_else(world: World) -> None:
    batch, runner = world.batch(3), world.runner()
    first, second, third = world.claim(runner)
    staged = [
        staged_of(first, remarks=("masks are not applied", "spots stay")),
        staged_of(second),
        staged_of(third, attempt=third.attempt - 1, remarks=("late",)),
    ]
    assert len(world.store.stage(runner, staged)) == 2
    assert world.store.remarks(batch.no) == {first.photo_id: ("masks are not applied", "spots stay")}
    assert world.event_types(batch).count("item_remarks") == 1
    world.fail(runner, [third])
    world.store.settle(runner, [Settled(one, MTIME) for one in staged[:2]])


def test_the_newest_word_on_a_photo_counts(world: World) -> None:
    batch, runner = world.batch(1), world.runner()
    for remark in ("first", "second"):
        (claim,) = world.claim(runner)
        world.store.stage(runner, [staged_of(claim, remarks=(remark,))])
        world.fail(runner, [claim], retry_at=0.0)
    assert world.store.remarks(batch.no) == {claim.photo_id: ("second",)}
