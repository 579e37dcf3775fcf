"""Photos, sessions, output folders and names, in every store."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.world import World, a_batch, a_photo
from junmai import errors
from junmai.domain.model import NewItem, SourceRead
from junmai.store.base import Store

SHA = "5" * 64


def _read(store: Store, photo_id: int, **changes: object) -> None:
    photo = store.photo(photo_id)
    assert photo is not None
    facts: dict[str, object] = {
        "id": photo_id,
        "sha256": SHA,
        "size": photo.size,
        "mtime_ns": photo.mtime_ns,
        "inode": photo.inode,
        "fingerprint": photo.fingerprint,
    }
    store.stage(0, [], [SourceRead(**{**facts, **changes})])  # type: ignore[arg-type]


def _sha256(store: Store, photo_id: int) -> str | None:
    photo = store.photo(photo_id)
    assert photo is not None
    return photo.sha256


# --- photos -------------------------------------------------------------------------------------------------


def test_a_photo_comes_back_as_it_was_saved(store: Store) -> None:
    new = a_photo(3, path="/photos/été/日本 1.jpg", unsupported="no", sidecars="x.xmp:1:2")
    (photo_id,) = store.save_photos([(None, new)])
    photo = store.photo(photo_id)
    assert photo is not None
    assert (photo.path, photo.file_name, photo.root) == ("/photos/été/日本 1.jpg", "日本 1.jpg", "/photos")
    assert (photo.size, photo.mtime_ns, photo.inode) == (new.size, new.mtime_ns, new.inode)
    assert (photo.rating, photo.camera, photo.facts) == (3, "Test", new.facts)
    assert (photo.unsupported, photo.sidecars, photo.sha256) == ("no", "x.xmp:1:2", None)


def test_ids_come_back_in_the_order_given(store: Store) -> None:
    ids = store.save_photos((None, a_photo(number)) for number in (5, 2, 9))
    assert [photo.path for photo in map(store.photo, ids) if photo] == [a_photo(n).path for n in (5, 2, 9)]


def test_a_photo_is_found_by_its_path(store: Store) -> None:
    (photo_id,) = store.save_photos([(None, a_photo())])
    found = store.photo_by_path(a_photo().path)
    assert found is not None
    assert found.id == photo_id
    assert store.photo_by_path("/photos/img_1.jpg") is None


def test_a_path_that_two_imports_find_at_once_is_one_photo(store: Store) -> None:
    (first,) = store.save_photos([(None, a_photo())])
    _read(store, first)
    assert store.save_photos([(None, a_photo(facts={"rating": 5}))]) == [first]
    (photo,) = store.photos()
    assert (photo.rating, photo.sha256) == (5, SHA)
    store.save_photos([(None, a_photo(mtime_ns=1))])
    assert _sha256(store, first) is None


def test_a_photo_cannot_move_to_where_another_one_is(store: Store) -> None:
    ids = store.save_photos([(None, a_photo(1)), (None, a_photo(2))])
    with pytest.raises(errors.StoreError):
        store.save_photos([(None, a_photo(3)), (ids[1], a_photo(1))])
    assert [photo.path for photo in store.photos()] == [a_photo(1).path, a_photo(2).path]


def test_a_copy_is_a_second_photo_of_the_same_content(store: Store) -> None:
    ids = store.save_photos([(None, a_photo()), (None, a_photo(path="/photos/copy.jpg"))])
    assert [photo.id for photo in store.photos_like(a_photo().fingerprint)] == ids


def test_a_photo_that_moved_keeps_its_id(store: Store) -> None:
    (photo_id,) = store.save_photos([(None, a_photo())])
    assert store.save_photos([(photo_id, a_photo(path="/photos/new/IMG_1.jpg"))]) == [photo_id]
    assert store.photo_by_path(a_photo().path) is None
    moved = store.photo_by_path("/photos/new/IMG_1.jpg")
    assert moved is not None
    assert moved.id == photo_id


def test_a_photo_whose_content_changed_keeps_its_id(store: Store) -> None:
    (photo_id,) = store.save_photos([(None, a_photo())])
    store.save_photos([(photo_id, a_photo(size=7, fingerprint="other", facts={"rating": 5}))])
    photo = store.photo(photo_id)
    assert photo is not None
    assert (photo.size, photo.fingerprint, photo.rating, photo.camera) == (7, "other", 5, None)


def test_the_checksum_of_a_photo_is_kept_once_it_was_read_whole(store: Store) -> None:
    (photo_id,) = store.save_photos([(None, a_photo())])
    _read(store, photo_id)
    assert _sha256(store, photo_id) == SHA


def test_the_checksum_of_other_content_is_not_kept(store: Store) -> None:
    (photo_id,) = store.save_photos([(None, a_photo())])
    _read(store, photo_id, fingerprint="other")
    _read(store, photo_id, size=1)
    assert _sha256(store, photo_id) is None


def test_the_checksum_stays_when_only_facts_or_the_place_change(store: Store) -> None:
    (photo_id,) = store.save_photos([(None, a_photo())])
    _read(store, photo_id)
    store.save_photos([(photo_id, a_photo(path="/elsewhere/IMG_1.jpg", facts={"rating": 1}))])
    assert _sha256(store, photo_id) == SHA


@pytest.mark.parametrize("touched", [{"mtime_ns": 1}, {"inode": 77}, {"size": 1}, {"fingerprint": "other"}])
def test_the_checksum_is_dropped_when_the_file_was_touched(store: Store, touched: dict[str, Any]) -> None:
    (photo_id,) = store.save_photos([(None, a_photo())])
    _read(store, photo_id)
    store.save_photos([(photo_id, a_photo(**touched))])
    assert _sha256(store, photo_id) is None


def test_a_touched_file_with_the_same_content_is_known_by_its_new_time(store: Store) -> None:
    (photo_id,) = store.save_photos([(None, a_photo())])
    _read(store, photo_id, mtime_ns=99, inode=98)
    photo = store.photo(photo_id)
    assert photo is not None
    assert (photo.sha256, photo.mtime_ns, photo.inode) == (SHA, 99, 98)


def test_photos_are_picked_by_folder_time_rating_and_session(store: Store) -> None:
    ids = store.save_photos(
        [
            (None, a_photo(1, path="/a/1.jpg", facts={"captured_at": "2024-01-01T00:00:00", "rating": 1})),
            (None, a_photo(2, path="/a/2.jpg", facts={"captured_at": "2024-01-02T00:00:00", "rating": 5})),
            (None, a_photo(3, path="/b/_%.jpg", facts={})),
        ]
    )
    session = store.add_session("Shoot", folder=None, first_at=None, last_at=None, named_by_user=True)
    store.put_in_session(session, [ids[2]], first_at=None, last_at=None)

    def picked(**filters: object) -> list[int]:
        return [ids.index(photo.id) for photo in store.photos(**filters)]  # type: ignore[arg-type]

    assert picked() == [0, 1, 2]
    assert picked(below="/a/") == [0, 1]
    assert picked(below="/b/_%") == [2]
    assert picked(first="2024-01-02T00:00:00") == [1]
    assert picked(last="2024-01-02T00:00:00") == [0]
    assert picked(min_rating=2) == [1]
    assert picked(session_id=session) == [2]
    assert picked(after=ids[0], limit=1) == [1]


def test_only_ids_of_the_library_are_known(store: Store) -> None:
    ids = store.save_photos((None, a_photo(number)) for number in (1, 2))
    assert store.known_photo_ids([*ids, 99, 0, -1, 1 << 80]) == set(ids)
    assert store.known_photo_ids([]) == set()


# --- sessions -----------------------------------------------------------------------------------------------


def test_a_session_counts_its_photos_and_tells_its_time(store: Store) -> None:
    ids = store.save_photos((None, a_photo(number)) for number in (1, 2, 3))
    session = store.add_session("May", folder="/photos", first_at="a", last_at="b", named_by_user=False)
    store.put_in_session(session, ids[:2], first_at="a", last_at="c")
    (found,) = store.sessions()
    assert (found.id, found.name, found.folder) == (session, "May", "/photos")
    assert (found.first_at, found.last_at, found.photo_count, found.named_by_user) == ("a", "c", 2, False)


def test_a_session_that_the_user_named_is_made_once(store: Store) -> None:
    facts = {"folder": None, "first_at": None, "last_at": None}
    first = store.add_session("Wedding", **facts, named_by_user=True)
    assert store.add_session("Wedding", **facts, named_by_user=True) == first
    assert store.add_session("Wedding", **facts, named_by_user=False) != first


def test_sessions_come_in_pages(store: Store) -> None:
    ids = [
        store.add_session(name, folder=None, first_at=None, last_at=None, named_by_user=False)
        for name in ("a", "b", "c")
    ]
    assert [session.id for session in store.sessions(limit=2)] == ids[:2]
    assert [session.id for session in store.sessions(after=ids[1])] == ids[2:]


# --- output folders and names -------------------------------------------------------------------------------


def test_an_output_folder_has_one_number(store: Store) -> None:
    first = store.output_folder("/out/a", made_by_junmai=True)
    assert store.output_folder("/out/a", made_by_junmai=False) == first
    assert store.output_folder("/out/b", made_by_junmai=False) != first
    assert [(row["path"], row["made_by_junmai"]) for row in store.output_folders()] == [("/out/a", 1), ("/out/b", 0)]


@pytest.mark.skipif("sys.platform != 'linux'", reason="elsewhere these are one folder")
def test_folders_that_differ_in_case_are_two_folders_on_linux(store: Store) -> None:
    assert store.output_folder("/out/A", made_by_junmai=True) != store.output_folder("/out/a", made_by_junmai=True)


def test_a_name_is_known_from_planning_and_what_stands_there_from_settling(world: World) -> None:
    batch = world.batch(1)
    (row,) = world.store.outputs_of(world.folder())
    assert (row["name"], row["sha256"], row["settled_at"]) == (f"{row['photo_id']}.jpg", None, None)
    runner = world.runner()
    world.develop(runner, world.claim(runner))
    known = world.store.output_at("/out", row["name"])
    item = world.item(batch)
    assert known is not None
    assert (known["size"], known["sha256"], known["key"]) == (item.output_size, item.output_sha256, item.output_key)


def test_a_name_is_found_in_any_case(world: World) -> None:
    batch = world.batch(1)
    name = world.item(batch).output_name
    assert name is not None
    assert world.store.output_at("/out", name.upper()) is not None
    assert world.store.output_at("/elsewhere", name) is None


def test_a_name_belongs_to_folder_and_photo_from_batch_to_batch(world: World) -> None:
    first = world.batch(2)
    runner = world.runner()
    world.develop(runner, world.claim(runner))
    world.batch(photo_ids=[item.photo_id for item in world.store.items(first.no)])
    world.develop(runner, world.claim(runner))
    assert len(world.store.outputs_of(world.folder())) == 2


def test_a_name_is_not_given_to_another_photo(world: World) -> None:
    world.batch(1)
    (row,) = world.store.outputs_of(world.folder())
    (other,) = world.photos(1)
    with pytest.raises(errors.StoreError):
        world.store.create_batch(a_batch(77), world.folder(), [NewItem(other, row["name"].upper())], writer_no=None)
    assert [batch.id for batch in world.store.batches()] == ["batch_000000000001"]
    assert len(world.store.outputs_of(world.folder())) == 1


def test_a_folder_of_the_batchs_own_gets_its_names_when_they_stand_there(world: World) -> None:
    batch = world.batch(2, own_folder=True)
    assert world.store.outputs_of(world.folder()) == []
    runner = world.runner()
    claims = world.claim(runner)
    world.develop(runner, claims[:1])
    (row,) = world.store.outputs_of(world.folder())
    assert (row["name"], row["photo_id"], row["batch_no"]) == (claims[0].output_name, claims[0].photo_id, batch.no)
    assert row["sha256"] is not None
