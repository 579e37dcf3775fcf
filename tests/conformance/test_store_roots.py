"""Named roots, in every store: one text for all machines, and nothing claimed where a root is lacking."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

import pytest

from conformance.engines import machine
from conformance.world import MTIME, World, a_batch, a_photo, staged_of
from helpers import FakeClock
from junmai.domain.dispatch import Offer
from junmai.domain.lifecycle import PauseReason
from junmai.domain.model import Batch, NewItem, Settled
from junmai.domain.snapshot import NewSnapshot
from junmai.store.base import Store
from junmai.store.states import RestoredPhoto

Machines = Callable[[Mapping[str, str]], World]
HERE = {"archive": "/mnt/nas"}
THERE = {"archive": "/Volumes/nas", "scratch": "/scratch"}


@pytest.fixture
def machines(engine: str, place: str, fake_clock: FakeClock) -> Iterator[Machines]:
    """Opens the one store as a machine with some named roots does."""
    with contextlib.ExitStack() as opened:

        def opening(roots: Mapping[str, str]) -> World:
            store = machine(engine, place, fake_clock, roots)
            opened.callback(store.close)
            return World(store)

        yield opening


def photos(store: Store, *paths: str) -> list[int]:
    found = [
        a_photo(number, path=path, root=path.rpartition("/")[0])
        for number, path in enumerate(paths, store.count_photos())
    ]
    return store.save_photos((None, photo) for photo in found)


def batch(world: World, *paths: str, folder: str = "/out") -> Batch:
    return world.batch(photo_ids=photos(world.store, *paths), folder=folder)


def names(batch: Batch, world: World) -> list[str]:
    return world.store.roots_of(batch.no)


def test_each_machine_has_a_photo_at_its_own_place(machines: Machines) -> None:
    here, there = machines(HERE), machines(THERE)
    (photo_id,) = photos(here.store, "/mnt/nas/2026/IMG 1.CR3")
    photo = there.store.photo(photo_id)
    assert photo is not None
    assert (photo.path, photo.root) == ("/Volumes/nas/2026/IMG 1.CR3", "/Volumes/nas/2026")
    found = there.store.photo_by_path("/Volumes/nas/2026/IMG 1.CR3")
    assert found is not None
    assert found.id == photo_id


def test_a_machine_that_lacks_the_root_has_a_path_that_leads_nowhere(machines: Machines) -> None:
    (photo_id,) = photos(machines(HERE).store, "/mnt/nas/2026/IMG_1.CR3")
    photo = machines({}).store.photo(photo_id)
    assert photo is not None
    assert photo.path == "/root:archive/2026/IMG_1.CR3"


def test_output_folders_and_sessions_are_one_for_all_machines(machines: Machines) -> None:
    here, there = machines(HERE).store, machines(THERE).store
    folder_id = here.output_folder("/mnt/nas/out", made_by_junmai=True)
    assert there.output_folder("/Volumes/nas/out", made_by_junmai=True) == folder_id
    assert there.output_folders()[0]["path"] == "/Volumes/nas/out"
    here.add_session("Lake", folder="/mnt/nas/lake", first_at=None, last_at=None, named_by_user=False)
    assert there.sessions()[0].folder == "/Volumes/nas/lake"


def test_photos_below_a_folder_are_found_in_roots_around_and_inside_it(machines: Machines) -> None:
    store = machines(HERE).store
    photos(store, "/mnt/nas/2026/1.jpg", "/mnt/nas/2027/2.jpg", "/mnt/disk/3.jpg", "/mnt/nas2/4.jpg")

    def below(folder: str, limit: int = 10) -> list[str]:
        assert store.count_photos(below=folder) == len(store.photos(below=folder))
        return [photo.path for photo in store.photos(below=folder, limit=limit)]

    assert below("/mnt/nas/2026/") == ["/mnt/nas/2026/1.jpg"]
    assert below("/mnt/nas/") == ["/mnt/nas/2026/1.jpg", "/mnt/nas/2027/2.jpg"]
    assert below("/mnt/") == ["/mnt/nas/2026/1.jpg", "/mnt/nas/2027/2.jpg", "/mnt/disk/3.jpg", "/mnt/nas2/4.jpg"]
    assert below("/mnt/", limit=1) == ["/mnt/nas/2026/1.jpg"]
    assert store.photo_in_folder("/mnt/nas/2026") == "/mnt/nas/2026/1.jpg"
    assert store.photo_in_folder("/mnt/nas") is None


def test_a_batch_needs_the_roots_of_its_photos_and_of_its_outputs(machines: Machines) -> None:
    world = machines(THERE)
    assert names(batch(world, "/home/1.jpg"), world) == []
    assert names(batch(world, "/Volumes/nas/1.jpg", "/home/2.jpg"), world) == ["archive"]
    assert names(batch(world, "/home/3.jpg", folder="/scratch/out"), world) == ["scratch"]
    assert names(batch(world, "/Volumes/nas/4.jpg", folder="/scratch/out"), world) == ["archive", "scratch"]


@pytest.mark.parametrize("folder", ["/out", "/mnt/nas/out"])
def test_nothing_is_claimed_by_a_runner_that_lacks_a_root(machines: Machines, folder: str) -> None:
    here, lacking = machines(HERE), machines({"scratch": "/scratch"})
    made = batch(here, "/mnt/nas/1.jpg", "/mnt/nas/2.jpg", folder=folder)
    runner = lacking.runner()
    assert lacking.claim(runner) == []
    assert lacking.store.claim_offered(runner, [Offer(made.id, 0, 1)]) == {}
    assert lacking.store.lacks(made.no) == ["archive"]
    other = here.store.add_runner("other", host="here", pid=1, role="test", scope=None, workers=1)
    assert len(here.claim(other, limit=1)) == 1
    assert len(here.store.claim_offered(other, [Offer(made.id, 1, 1)])) == 1


def test_batches_without_roots_are_claimed_by_everybody(machines: Machines) -> None:
    lacking = machines({})
    batch(machines(HERE), "/mnt/nas/1.jpg")
    free = lacking.batch(photo_ids=photos(lacking.store, "/home/2.jpg"), id="batch_00000000000f")
    assert {claim.batch_no for claim in lacking.claim(lacking.runner())} == {free.no}


def test_the_one_who_offers_sees_what_batches_need(machines: Machines) -> None:
    world = machines(THERE)
    batch(world, "/Volumes/nas/1.jpg", folder="/scratch/out")
    assert [one.roots for one in machines({}).store.ready_batches(None)] == [("archive", "scratch")]


def test_runners_tell_their_roots(machines: Machines) -> None:
    machines(THERE).runner()
    assert [one.roots for one in machines({}).store.open_runners()] == [("archive", "scratch")]


def test_what_a_dead_runner_held_stays_for_one_who_has_the_root(machines: Machines) -> None:
    here, lacking = machines(HERE), machines({})
    made = batch(here, "/mnt/nas/1.jpg", "/mnt/nas/2.jpg")
    dead = here.runner()
    first, _ = here.claim(dead)
    here.store.stage(dead, [staged_of(first)])
    other = lacking.store.add_runner("a", host="here", pid=1, role="test", scope=0, workers=0)
    assert lacking.store.take_over(dead, other) == ([], [])
    assert here.statuses(made) == ["staged", "running"]
    heir = here.store.add_runner("b", host="here", pid=1, role="test", scope=None, workers=1)
    back, staged = here.store.take_over(dead, heir)
    assert (len(back), len(staged)) == (1, 1)
    assert here.statuses(made) == ["staged", "pending"]


def test_a_merged_batch_needs_the_roots_of_both(machines: Machines) -> None:
    world = machines(THERE)
    first, second = batch(world, "/Volumes/nas/1.jpg"), batch(world, "/scratch/2.jpg")
    merged = world.store.merge([first.id, second.id], by="test")
    assert names(merged, world) == ["archive", "scratch"]


def test_a_photo_that_moves_to_another_root_takes_its_batches_along(machines: Machines) -> None:
    world = machines(THERE)
    made = batch(world, "/home/1.jpg")
    (item,) = world.store.items(made.no)
    world.store.save_photos([(item.photo_id, a_photo(0, path="/scratch/1.jpg", root="/scratch"))])
    assert names(made, world) == ["scratch"]


def test_a_batch_that_goes_takes_its_roots_along(machines: Machines) -> None:
    world = machines(HERE)
    made = batch(world, "/mnt/nas/1.jpg")
    world.develop(world.runner(), world.claim(1))
    assert world.store.remove_batch(made.no)
    assert names(made, world) == []


def test_a_pause_for_a_folder_names_it_on_every_machine_as_it_is_there(machines: Machines) -> None:
    here, there = machines(HERE), machines(THERE)
    made = batch(here, "/mnt/nas/2026/1.jpg")
    here.store.pause(made.id, reason=PauseReason.SOURCE_MISSING, by="junmai", detail="/mnt/nas/2026")
    assert there.store.batch(made.id).pause_detail == "/Volumes/nas/2026"
    assert there.store.waits_for_root(made.no, "/Volumes/nas/2026")
    told = [event.data["detail"] for event in there.store.events(no=made.no) if event.type == "batch_paused"]
    assert told == ["/Volumes/nas/2026"]


def test_a_photo_from_a_state_file_has_the_roots_of_others(machines: Machines) -> None:
    store = machines(HERE).store
    photo = RestoredPhoto(5, "root:archive/1.jpg", "root:archive", "jpeg", 10, MTIME, 1, "fingerprint", None)
    store.restore_photos([photo])
    assert store.photo_by_path("/mnt/nas/1.jpg") is not None


# --- naming what is known ----------------------------------------------------------------------------------


def test_photos_that_were_known_before_their_root_had_a_name_are_known_by_it(machines: Machines) -> None:
    before = machines({})
    made = batch(before, "/mnt/nas/2026/1.jpg", "/mnt/nas2/2.jpg", folder="/mnt/nas/out")
    before.store.add_session("Lake", folder="/mnt/nas", first_at=None, last_at=None, named_by_user=False)
    named, there = machines(HERE), machines(THERE)
    assert [photo.path for photo in named.store.photos()] == ["/mnt/nas/2026/1.jpg", "/mnt/nas2/2.jpg"]
    assert [photo.path for photo in there.store.photos()] == ["/Volumes/nas/2026/1.jpg", "/mnt/nas2/2.jpg"]
    assert [photo.root for photo in there.store.photos()] == ["/Volumes/nas/2026", "/mnt/nas2"]
    assert there.store.batch(made.id).folder == "/Volumes/nas/out"
    assert there.store.sessions()[0].folder == "/Volumes/nas"
    assert names(made, there) == ["archive"]
    assert before.claim(before.runner()) == []


def test_a_photo_that_is_imported_again_under_its_name_is_not_doubled(machines: Machines) -> None:
    ids = photos(machines({}).store, "/mnt/nas/1.jpg")
    store = machines(HERE).store
    assert store.save_photos([(None, a_photo(0, path="/mnt/nas/1.jpg", root="/mnt/nas"))]) == ids
    assert store.count_photos() == 1


def test_naming_happens_once(machines: Machines) -> None:
    photos(machines({}).store, "/mnt/nas/1.jpg")
    store = machines(HERE).store
    assert store.name_what_is_known() == 0


def test_a_photo_that_is_known_by_its_name_already_stays(machines: Machines) -> None:
    photos(machines(HERE).store, "/mnt/nas/1.jpg")
    photos(machines({}).store, "/mnt/nas/1.jpg")
    named = machines(HERE).store
    found = named.photo_by_path("/mnt/nas/1.jpg")
    assert found is not None
    assert found.id == 1


def test_a_sidecar_that_was_written_before_its_root_had_a_name_is_found(machines: Machines) -> None:
    before = machines({})
    batch(before, "/mnt/nas/1.jpg")
    runner = before.runner()
    (claim,) = before.claim(runner)
    staged = staged_of(claim, sidecar=NewSnapshot("/mnt/nas/1.xmp", b"before", b"after", "key"))
    before.store.stage(runner, [staged])
    before.store.settle(runner, [Settled(staged, MTIME, sidecar="/mnt/nas/1.xmp")])
    assert machines(HERE).store.snapshot_at("/mnt/nas/1.xmp") is not None


def test_sidecars_are_told_on_every_machine_where_they_are(machines: Machines) -> None:
    here = machines(HERE)
    made = batch(here, "/mnt/nas/1.jpg")
    runner = here.runner()
    (claim,) = here.claim(runner)
    staged = staged_of(claim, sidecar=NewSnapshot("/mnt/nas/1.xmp", b"before", b"after", "key"))
    here.store.stage(runner, [staged])
    here.store.settle(runner, [Settled(staged, MTIME, sidecar="/mnt/nas/1.xmp")])
    there = machines(THERE).store
    told = [event.data.get("sidecar") for event in there.events(no=made.no) if event.type == "item_processed"]
    assert told == ["/Volumes/nas/1.xmp"]
    assert there.snapshot_at("/Volumes/nas/1.xmp") is not None


def test_a_batch_written_over_many_chunks_needs_what_any_of_them_needs(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("junmai.store.batches.ITEM_CHUNK", 2)
    world = machines(HERE)
    ids = photos(world.store, "/home/1.jpg", "/home/2.jpg", "/home/3.jpg", "/mnt/nas/4.jpg")
    items = [NewItem(photo_id, f"{photo_id}.jpg", done=False) for photo_id in ids]
    made = world.store.create_batch(a_batch(), world.folder(), items, writer_no=None)
    assert names(made, world) == ["archive"]
