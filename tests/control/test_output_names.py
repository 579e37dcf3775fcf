"""Names by a template in real batches: sub-folders, clashes, names that are kept, crashes between two steps."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from control.shoot import develop, imported, lose_database, opened, written
from helpers import make_jpeg
from junmai import BatchController, errors, files
from junmai.config import Settings
from junmai.control import naming
from junmai.control.outputs import Placing, bring_to_name, places_of
from junmai.control.rebuild import rebuild
from junmai.domain.model import Staged
from running import checksums

Jpegs = Callable[..., list[Path]]


@pytest.fixture
def controller(settings: Settings) -> Iterator[BatchController]:
    with opened(settings) as found:
        yield found


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def config(out: Path, name: str, **output: Any) -> dict[str, object]:
    return {"output": {"folder": str(out), "name": name, **output}}


def names(controller: BatchController, batch_id: str) -> list[str | None]:
    return [item.output_name for item in controller.store.items(controller.store.batch(batch_id).no)]


# --- sub-folders ---------------------------------------------------------------------------------------------


def test_photos_go_into_the_sub_folders_of_the_template(controller: BatchController, jpegs: Jpegs, out: Path) -> None:
    ids = imported(controller, jpegs(3)[0].parent)
    batch_id = controller.start_batch(ids, config=config(out, "{session}/{preset}/{sequence}_{name}"))
    develop(controller, batch_id)
    session = controller.store.sessions()[0].name
    assert list(checksums(out)) == [f"{session}/default/{n:04}_IMG_{n - 1:04}.jpg" for n in (1, 2, 3)]
    assert controller.examine(read_outputs=True) == []


def test_sub_folders_are_made_when_they_are_needed_and_not_before(
    controller: BatchController, jpegs: Jpegs, out: Path
) -> None:
    ids = imported(controller, jpegs(3)[0].parent)
    batch_id = controller.start_batch(ids, config=config(out, "{name}/{rating}"))
    assert list(out.iterdir()) == []
    develop(controller, batch_id, photos=1)
    assert len(list(out.iterdir())) == 1


def test_a_template_changes_names_and_no_bytes(controller: BatchController, jpegs: Jpegs, out: Path) -> None:
    ids = imported(controller, jpegs(2)[0].parent)
    for folder, name in ((out / "flat", ""), (out / "deep", "{name}/x")):
        develop(controller, controller.start_batch(ids, config=config(folder, name)))
    assert sorted(checksums(out / "flat").values()) == sorted(checksums(out / "deep").values())
    rows = [controller.store.output_at(str(out / "flat"), "IMG_0000.jpg")]
    rows.append(controller.store.output_at(str(out / "deep"), "IMG_0000/x.jpg"))
    assert len({row["key"] for row in rows if row}) == 1


def test_the_output_folder_is_not_made_anew_for_a_sub_folder(
    controller: BatchController, jpegs: Jpegs, out: Path
) -> None:
    ids = imported(controller, jpegs(1)[0].parent)
    batch_id = controller.start_batch(ids, config=config(out, "a/{name}"))
    out.rmdir()
    develop_until_paused(controller, batch_id)
    assert not out.exists()
    assert controller.store.batch(batch_id).pause_reason == "failures"


def develop_until_paused(controller: BatchController, batch_id: str) -> None:
    develop(controller, batch_id, photos=1)


def test_outputs_in_sub_folders_of_a_folder_of_the_user_are_never_imported(
    controller: BatchController, jpegs: Jpegs, tmp_path: Path
) -> None:
    photos = jpegs(2)
    mine = tmp_path / "originals" / "mine"
    mine.mkdir()
    ids = imported(controller, photos[0].parent)
    develop(controller, controller.start_batch(ids, config=config(mine, "{name}/x", metadata="none")))
    assert len(checksums(mine)) == 2
    assert imported(controller, tmp_path / "originals") == ids


# --- clashes before the start --------------------------------------------------------------------------------


def test_an_original_in_a_sub_folder_keeps_its_name_to_itself(controller: BatchController, tmp_path: Path) -> None:
    out = tmp_path / "photos"
    make_jpeg(out / "day" / "A.jpg", seed=1)
    ids = imported(controller, out)
    batch_id = controller.start_batch(ids, config=config(out, "day/{name}"))
    assert names(controller, batch_id) == ["day/A-2.jpg"]


def test_a_file_of_somebody_else_in_a_sub_folder_is_not_replaced(
    controller: BatchController, jpegs: Jpegs, out: Path
) -> None:
    ids = imported(controller, jpegs(1)[0].parent)
    (out / "day").mkdir(parents=True)
    (out / "day" / "IMG_0000.jpg").write_bytes(b"mine")
    batch_id = controller.start_batch(ids, config=config(out, "day/{name}"))
    develop(controller, batch_id)
    (item,) = controller.store.items(controller.store.batch(batch_id).no)
    assert item.error_kind == "output_exists"
    assert (out / "day" / "IMG_0000.jpg").read_bytes() == b"mine"


def test_a_file_where_a_sub_folder_belongs_is_named_before_anything_begins(
    controller: BatchController, jpegs: Jpegs, out: Path
) -> None:
    ids = imported(controller, jpegs(1)[0].parent)
    out.mkdir()
    (out / "day").write_bytes(b"a file")
    with pytest.raises(errors.OutputFolderRefused, match="a file stands where"):
        controller.start_batch(ids, config=config(out, "day/deeper/{name}"))
    assert controller.store.batches() == []


def test_a_sub_folder_on_another_disk_is_refused(controller: BatchController, jpegs: Jpegs, out: Path) -> None:
    elsewhere = next((one for one in (Path("/dev/shm"), Path("/proc")) if one.is_dir()), None)
    out.mkdir()
    if elsewhere is None or elsewhere.stat().st_dev == out.stat().st_dev:
        pytest.skip("there is only one disk here")
    (out / "day").symlink_to(elsewhere)
    ids = imported(controller, jpegs(1)[0].parent)
    with pytest.raises(errors.OutputFolderRefused, match="another disk"):
        controller.start_batch(ids, config=config(out, "day/{name}"))


def test_a_path_too_long_for_the_system_is_named_before_anything_begins(
    controller: BatchController, jpegs: Jpegs, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = imported(controller, jpegs(1)[0].parent)
    monkeypatch.setattr(naming, "LONGEST_PATH", len(os.fsencode(out)) + 30)
    controller.start_batch(ids, config=config(out, "d/{name}"))
    with pytest.raises(errors.OutputFolderRefused, match="shorten the template"):
        controller.start_batch(ids, config=config(out / "b", "{name}{name}{name}{name}"))


@pytest.mark.parametrize(
    ("output", "code"),
    [
        ({"name": "{sesion}"}, "unknown_name_field"),
        ({"name": "../{name}"}, "name_template"),
        ({"creator": "A\nB"}, "bad_input"),
        ({"copyright": "x" * 1001}, "bad_input"),
        ({"format": "webp", "long_edge": 20_000}, "bad_input"),
        ({"format": "gif"}, "bad_input"),
        ({"color_space": "prophoto"}, "bad_input"),
        ({"names": "{name}"}, "bad_input"),
    ],
)
def test_an_output_that_cannot_be_is_refused_and_nothing_is_created(
    controller: BatchController, jpegs: Jpegs, out: Path, output: dict[str, Any], code: str
) -> None:
    ids = imported(controller, jpegs(1)[0].parent)
    with pytest.raises(errors.BadInput) as caught:
        controller.start_batch(ids, config={"output": {"folder": str(out), **output}})
    assert caught.value.code == code
    assert not out.exists()
    assert controller.store.batches() == []


# --- names are kept ------------------------------------------------------------------------------------------


def test_a_photo_keeps_its_name_in_the_folder_whatever_a_later_template_says(
    controller: BatchController, jpegs: Jpegs, out: Path
) -> None:
    photos = jpegs(2)
    (one,) = imported(controller, photos[0])
    both = imported(controller, photos[0].parent)
    develop(controller, controller.start_batch([one], config=config(out, "")))
    batch_id = controller.start_batch(both, config=config(out, "x/{name}", quality=60))
    assert names(controller, batch_id) == ["IMG_0000.jpg", "x/IMG_0001.jpg"]


def test_every_format_has_names_of_its_own_in_one_folder(controller: BatchController, jpegs: Jpegs, out: Path) -> None:
    ids = imported(controller, jpegs(1)[0].parent)
    for form in ("jpeg", "tiff", "webp", "avif"):
        develop(controller, controller.start_batch(ids, config=config(out, "", format=form)))
    assert list(checksums(out)) == ["IMG_0000.avif", "IMG_0000.jpg", "IMG_0000.tif", "IMG_0000.webp"]
    again = controller.start_batch(ids, config=config(out, "", format="tiff", quality=50))
    assert controller.store.batch(again).skipped == 1  # a TIFF knows no quality


# --- crashes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("renamed", [True, False])
def test_an_output_in_a_sub_folder_is_recovered_on_either_side_of_its_rename(
    controller: BatchController, jpegs: Jpegs, out: Path, renamed: bool
) -> None:
    ids = imported(controller, jpegs(1)[0].parent)
    batch = controller.store.batch(controller.start_batch(ids, config=config(out, "a/b/{name}")))
    (place,) = places_of(batch, 0, 1, "a/b/IMG_0000.jpg")
    assert place.temporary.parent == out  # one folder to clean, on the disk of the output
    sha256 = files.write_temporary(place.temporary, b"the picture")
    staged = Staged(batch.no, 0, 1, ids[0], "a/b/IMG_0000.jpg", 11, sha256, "key", 0.1)
    if renamed:
        place.final.parent.mkdir(parents=True)
        place.temporary.rename(place.final)
    placing, done = bring_to_name(controller.store, batch, staged, recovering=True)
    assert placing is Placing.PLACED
    assert done is not None
    assert place.final.read_bytes() == b"the picture"
    assert not place.temporary.exists()


def test_what_is_lost_makes_no_empty_sub_folder(controller: BatchController, jpegs: Jpegs, out: Path) -> None:
    ids = imported(controller, jpegs(1)[0].parent)
    batch = controller.store.batch(controller.start_batch(ids, config=config(out, "a/{name}")))
    staged = Staged(batch.no, 0, 1, ids[0], "a/IMG_0000.jpg", 11, "0" * 64, "key", 0.1)
    assert bring_to_name(controller.store, batch, staged, recovering=True) == (Placing.LOST, None)
    assert list(out.iterdir()) == []


def test_an_older_output_in_a_sub_folder_is_replaced_where_junmai_wrote_it(
    controller: BatchController, jpegs: Jpegs, out: Path
) -> None:
    ids = imported(controller, jpegs(1)[0].parent)
    for quality in (50, 95):
        develop(controller, controller.start_batch(ids, config=config(out, "a/{name}", quality=quality)))
        sizes = [path.stat().st_size for path in out.rglob("*.jpg")]
    assert len(sizes) == 1
    assert controller.examine(read_outputs=True) == []


def test_a_lost_database_comes_back_with_names_in_sub_folders(settings: Settings, jpegs: Jpegs, out: Path) -> None:
    folder = jpegs(4)[0].parent
    with opened(settings) as controller:
        batch_id = controller.start_batch(imported(controller, folder), config=config(out, "{session}/{name}"))
        develop(controller, batch_id, photos=2)
        written(controller, batch_id)
        before = names(controller, batch_id)
    lose_database(settings)

    found = rebuild(settings.data)

    assert (found.warnings, found.outputs_found) == ([], 2)
    with opened(settings) as controller:
        assert names(controller, batch_id) == before
        controller.resume(batch_id)
        develop(controller, batch_id)
        assert controller.examine(read_outputs=True) == []
    assert sorted(checksums(out)) == sorted(name or "" for name in before)


# --- what the templates may ask of many photos ---------------------------------------------------------------


def test_facts_of_more_photos_than_one_page_are_found_in_order(
    controller: BatchController, jpegs: Jpegs, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naming, "PAGE", 2)
    ids = imported(controller, jpegs(5)[0].parent)
    batch_id = controller.start_batch(list(reversed(ids)), config=config(out, "{session}_{name}_{sequence}"))
    session = controller.store.sessions()[0].name
    assert names(controller, batch_id) == [f"{session}_IMG_{4 - n:04}_{n + 1:04}.jpg" for n in range(5)]
