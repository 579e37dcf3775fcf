"""Sidecars through the real command line: written, read back, taken back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from junmai import BatchController, errors
from junmai.develop import xmp
from running import Ended, checksums, fingerprints, junmai
from sidecars import OF_LIGHTROOM, make_jpeg, make_raws

COUNT = 3
BESIDE = ("--sidecars", "originals")
ALONE = (*BESIDE, "--no-pixels")
LOOK = ("--preset", "warm-portrait")


class Place:
    """A shoot of RAW files of which the first has a sidecar of Lightroom's, a library, and a folder for outputs."""

    def __init__(self, tmp: Path) -> None:
        self.shoot, self.data, self.out = tmp / "shoot", tmp / "data", tmp / "out"
        self.raws = make_raws(self.shoot, COUNT)
        self.sidecar(1).write_bytes(OF_LIGHTROOM)
        self.before = checksums(self.shoot)

    def sidecar(self, number: int, folder: Path | None = None) -> Path:
        return (folder or self.shoot) / f"IMG_{number}.xmp"

    def fields(self, number: int) -> xmp.Fields:
        return xmp.parse(self.sidecar(number).read_bytes())

    def run(self, *words: str | Path) -> Ended:
        return junmai(*words, data=self.data)

    def develop(self, *words: str | Path) -> Ended:
        return self.run("develop", self.shoot, "--out", self.out, "--workers", "1", "--json", *words)

    def written(self, *words: str | Path) -> str:
        """Write sidecars; the id of the batch that did."""
        ended = self.develop(*words or (*ALONE, *LOOK))
        assert ended.code == 0, ended.err
        return str(ended.summary["batch_id"])

    def revert(self, batch: str) -> tuple[int, dict[str, Any]]:
        ended = self.run("batch", "revert", batch, "--json")
        return ended.code, dict(ended.summary)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# --- writing ------------------------------------------------------------------------------------------------


def test_sidecars_stand_beside_the_originals_and_these_are_as_they_were(place: Place) -> None:
    before = fingerprints(place.shoot)
    ended = place.develop(*BESIDE, *LOOK)
    assert ended.code == 0, ended.err
    now = fingerprints(place.shoot)
    assert {name for name in now if name.endswith(".xmp")} == {f"IMG_{number}.xmp" for number in (1, 2, 3)}
    assert all(now[raw.name] == before[raw.name] for raw in place.raws)
    assert {line["sidecar"] for line in ended.photos("processed")} == {str(place.sidecar(n)) for n in (1, 2, 3)}
    assert len(list(place.out.glob("*.jpg"))) == COUNT


def test_exiftool_and_exiv2_read_the_look_and_what_was_there(place: Place) -> None:
    place.written()
    (expected,) = [one for one in place.run("presets", "list", "--json").lines if one["name"] == "warm-portrait"]
    exposure = expected["settings"].get("Exposure2012", 0)
    for program, arguments, keyword in (
        ("exiftool", ("-s", "-XMP:all"), "lake"),
        ("exiv2", ("-px",), "lake"),
    ):
        if shutil.which(program) is None:
            continue
        said = subprocess.run(
            [program, *arguments, place.sidecar(1)], capture_output=True, text=True, check=True
        ).stdout
        assert keyword in said
        assert f"{exposure:+.2f}" in said or f"{exposure:.2f}" in said
        assert "Rating" in said
    assert place.fields(1)["{http://ns.adobe.com/xap/1.0/}Rating"] == "4"


def test_without_pixels_nothing_is_developed_and_no_output_folder_is_made(place: Place) -> None:
    ended = place.develop(*ALONE, *LOOK)
    assert (ended.code, ended.summary["processed_count"]) == (0, COUNT)
    assert not place.out.exists()
    assert all("output" not in line for line in ended.photos("processed"))
    with BatchController(place.data) as controller:
        assert controller.examine(read_outputs=True) == []


def test_the_same_bytes_come_out_again_and_the_same_command_changes_nothing(place: Place) -> None:
    first = place.written()
    once = checksums(place.shoot)
    assert place.develop(*ALONE, *LOOK).summary["skipped_count"] == COUNT
    assert checksums(place.shoot) == once
    place.revert(first)
    assert place.develop(*ALONE, *LOOK).summary["processed_count"] == COUNT
    assert checksums(place.shoot) == once


@pytest.mark.parametrize("counts", ["own", "both"])
def test_with_the_photos_own_settings_the_same_command_does_nothing_again(place: Place, counts: str) -> None:
    words = (*BESIDE, "--settings", counts, *(LOOK if counts == "both" else ()))
    place.written(*words)
    assert place.fields(1)["Exposure2012"] == "+1.35"  # Lightroom's own, over any preset
    once = {**checksums(place.shoot), **checksums(place.out)}
    assert place.develop(*words).summary["skipped_count"] == COUNT
    assert {**checksums(place.shoot), **checksums(place.out)} == once


def test_a_change_of_lightrooms_is_kept_by_the_next_run_and_the_look_put_over_it(place: Place) -> None:
    place.written()
    edited = place.sidecar(1).read_bytes().replace(b'xmp:Rating="4"', b'xmp:Rating="5"').replace(b"lake", b"sea")
    place.sidecar(1).write_bytes(edited)
    assert place.develop(*ALONE, *LOOK).summary["processed_count"] == 1
    assert place.sidecar(1).read_bytes() == edited


def test_a_sidecar_beside_the_output_has_its_name_and_is_made_from_the_one_beside_the_original(place: Place) -> None:
    place.written("--sidecars", "output", *LOOK)
    assert {path.name for path in place.out.iterdir()} == {
        f"IMG_{n}.{end}" for n in (1, 2, 3) for end in ("jpg", "xmp")
    }
    assert b"<!-- what no program reads -->" in place.sidecar(1, place.out).read_bytes()
    assert checksums(place.shoot) == place.before
    assert place.develop("--sidecars", "output", *LOOK).summary["skipped_count"] == COUNT


def test_sidecars_beside_outputs_go_into_the_sub_folders_of_a_template(place: Place) -> None:
    place.written("--sidecars", "output", "--name", "{year}/{name}", *LOOK)
    found = {path.relative_to(place.out).with_suffix("") for path in place.out.rglob("*.xmp")}
    assert found == {path.relative_to(place.out).with_suffix("") for path in place.out.rglob("*.jpg")}
    assert len(found) == COUNT


def test_a_file_of_the_users_beside_the_output_is_not_replaced(place: Place) -> None:
    place.out.mkdir()
    place.sidecar(2, place.out).write_text("mine")
    ended = place.develop("--sidecars", "output", *LOOK)
    (failed,) = ended.photos("failed")
    assert (ended.code, failed["error_kind"]) == (3, "output_exists")
    assert str(place.sidecar(2, place.out)) in failed["error_message"]
    assert place.sidecar(2, place.out).read_text() == "mine"
    assert not (place.out / "IMG_2.jpg").exists()
    assert place.develop("--sidecars", "output", "--overwrite", *LOOK).code == 0
    assert place.sidecar(2, place.out).read_bytes().startswith(b"<x:xmpmeta")


def test_the_rights_of_a_sidecar_stay(place: Place) -> None:
    place.sidecar(1).chmod(0o640)
    batch = place.written()
    assert place.sidecar(1).stat().st_mode & 0o777 == 0o640
    place.revert(batch)
    assert place.sidecar(1).stat().st_mode & 0o777 == 0o640


# --- whose it is --------------------------------------------------------------------------------------------


def test_a_pair_has_one_sidecar_which_is_the_raws(place: Place) -> None:
    make_jpeg(place.shoot / "IMG_1.jpg")
    ended = place.develop(*BESIDE, *LOOK)
    assert (ended.code, ended.summary["processed_count"]) == (0, COUNT + 1)
    assert len(list(place.shoot.glob("*.xmp"))) == COUNT
    (remark,) = [line for line in ended.lines if line["event"] == "photo_remarks"]
    assert remark["path"] == str(place.shoot / "IMG_1.jpg")
    assert "in the file itself" in remark["remarks"][0]


def test_the_jpeg_of_a_pair_never_touches_the_raws_sidecar(place: Place) -> None:
    jpeg = make_jpeg(place.shoot / "IMG_1.jpg")
    before = place.sidecar(1).read_bytes()
    ended = place.run("develop", jpeg, "--out", place.out, "--json", *BESIDE, *LOOK)
    assert (ended.code, ended.summary["processed_count"]) == (0, 1)
    assert place.sidecar(1).read_bytes() == before


def test_without_pixels_a_jpeg_is_left_out_and_named(place: Place) -> None:
    jpeg = make_jpeg(place.shoot / "IMG_1.jpg")
    ended = place.develop(*ALONE, *LOOK)
    (left,) = ended.photos("left_out")
    assert (ended.code, left["path"]) == (0, str(jpeg))
    assert "is no RAW" in left["error_message"]


def test_a_folder_of_jpegs_alone_has_nothing_to_write_sidecars_for(place: Place) -> None:
    jpeg = make_jpeg(place.shoot / "IMG_1.jpg")
    ended = place.run("develop", jpeg, "--out", place.out, "--json", *ALONE)
    assert ended.code == 2
    assert "is no RAW" in ended.err


def test_a_sidecar_of_another_raw_of_that_name_is_left_alone_and_the_photo_named(place: Place) -> None:
    other = OF_LIGHTROOM.replace(
        b'xmp:Rating="4"', b'xmp:Rating="4" p:SidecarForExtension="CR2" xmlns:p="http://ns.adobe.com/photoshop/1.0/"'
    )
    place.sidecar(2).write_bytes(other)
    ended = place.develop(*ALONE, *LOOK)
    (failed,) = ended.photos("failed")
    assert (ended.code, failed["error_kind"], failed["path"]) == (3, "sidecar_refused", str(place.raws[1]))
    assert place.sidecar(2).read_bytes() == other
    assert ended.summary["processed_count"] == COUNT - 1


def test_a_sidecar_that_is_no_xmp_is_left_alone_and_the_photo_named(place: Place) -> None:
    place.sidecar(2).write_bytes(b"<broken")
    ended = place.develop(*ALONE, *LOOK)
    assert [line["error_kind"] for line in ended.photos("failed")] == ["sidecar_refused"]
    assert place.sidecar(2).read_bytes() == b"<broken"


@pytest.mark.parametrize(
    "words",
    [("--no-pixels",), ("--sidecars", "orginals"), (*ALONE, "--also", "web:long-edge=100")],
    ids=["no-place", "unknown-place", "further-outputs"],
)
def test_what_makes_no_sense_is_refused_before_anything_begins(place: Place, words: tuple[str, ...]) -> None:
    ended = place.develop(*words)
    assert ended.code == 2
    assert not place.out.exists()
    assert checksums(place.shoot) == place.before


# --- taking back --------------------------------------------------------------------------------------------


def test_a_revert_puts_back_every_byte_and_removes_what_was_not_there(place: Place) -> None:
    code, answer = place.revert(place.written())
    assert code == 0
    assert (answer["restored_count"], answer["removed_count"], answer["left"]) == (1, COUNT - 1, [])
    assert checksums(place.shoot) == place.before


def test_a_second_revert_has_nothing_to_do(place: Place) -> None:
    batch = place.written()
    place.revert(batch)
    code, answer = place.revert(batch)
    assert (code, answer["restored_count"], answer["removed_count"], answer["already_count"]) == (0, 0, 0, 0)
    assert checksums(place.shoot) == place.before


def test_a_sidecar_that_was_edited_since_is_kept_and_named(place: Place) -> None:
    batch = place.written()
    place.sidecar(1).write_bytes(place.sidecar(1).read_bytes().replace(b"lake", b"sea!"))
    place.sidecar(2).unlink()
    edited = place.sidecar(1).read_bytes()
    code, answer = place.revert(batch)
    assert (code, answer["left_count"], answer["removed_count"]) == (3, 1, 1)
    (left,) = answer["left"]
    assert (left["path"], left["reason"]) == (str(place.sidecar(1)), "sidecar_edited")
    assert place.sidecar(1).read_bytes() == edited
    assert not place.sidecar(3).exists()
    said = place.run("batch", "revert", batch)
    assert (said.code, str(place.sidecar(1)) in said.out.replace("\n", "")) == (3, True)


def test_of_two_batches_the_later_one_is_reverted_first(place: Place) -> None:
    first = place.written()
    between = checksums(place.shoot)
    second = place.written(*ALONE, "--preset", "default", "--settings", "preset")
    code, answer = place.revert(first)
    assert code == 3
    assert all(f"{second} wrote it since" in left["detail"] for left in answer["left"])
    assert place.revert(second)[0] == 0
    assert checksums(place.shoot) == between
    assert place.revert(first)[0] == 0
    assert checksums(place.shoot) == place.before


def test_a_batch_that_has_not_ended_is_not_reverted(place: Place) -> None:
    place.run("import", place.shoot)
    with BatchController(place.data) as controller:
        ids = [photo.id for photo in controller.store.photos()]
        batch = controller.start_batch(ids, config={"output": {"sidecars": "originals", "pixels": False}})
        controller.pause(batch)
        with pytest.raises(errors.WrongState):
            controller.revert(batch)
    assert place.revert(batch)[0] == 2


def test_a_batch_that_wrote_none_has_nothing_to_take_back(place: Place) -> None:
    batch = place.written(*LOOK)
    code, answer = place.revert(batch)
    assert (code, answer["left"], answer["restored_count"]) == (0, [], 0)
    assert "no sidecar of it" in place.run("batch", "revert", batch).out
    assert place.run("batch", "revert", "batch_000000000000").code == 2


def test_a_batch_that_was_forgotten_can_still_be_reverted(place: Place) -> None:
    batch = place.written()
    assert place.run("batch", "cleanup", "--days", "0", "--json").code == 0
    assert place.run("batch", "show", batch).code == 2
    assert place.revert(batch)[0] == 0
    assert checksums(place.shoot) == place.before


def test_a_reverted_sidecar_is_written_again_by_the_same_command(place: Place) -> None:
    place.revert(place.written(*BESIDE, *LOOK))
    again = place.develop(*BESIDE, *LOOK)
    assert (again.summary["processed_count"], again.summary["skipped_count"]) == (COUNT, 0)
    assert place.sidecar(3).exists()


def test_sidecars_beside_outputs_are_taken_back_too(place: Place) -> None:
    code, answer = place.revert(place.written("--sidecars", "output", *LOOK))
    assert (code, answer["removed_count"]) == (0, COUNT)
    assert {path.suffix for path in place.out.iterdir()} == {".jpg"}


def test_without_its_database_the_sidecars_of_a_batch_stay_as_they_are(place: Place) -> None:
    batch = place.written()
    written = checksums(place.shoot)
    for path in place.data.glob("junmai.db*"):
        path.unlink()
    rebuilt = place.run("batch", "rebuild", "--json")
    assert (rebuilt.code, rebuilt.summary["outputs_missing"]) == (0, 0)
    assert place.run("batch", "show", batch, "--json").lines[0]["status"] == "completed"
    assert place.revert(batch)[1]["restored_count"] == 0
    assert checksums(place.shoot) == written


# --- folders that take no files -----------------------------------------------------------------------------


def _locker(folder: Path) -> Callable[[bool], None]:
    """By the folder's mode, or where root ignores modes by the immutable attribute."""
    if os.geteuid() != 0:
        return lambda locked: folder.chmod(0o555 if locked else 0o755)
    chattr = shutil.which("chattr")
    if chattr is None or subprocess.run([chattr, "+i", folder], capture_output=True, check=False).returncode:
        pytest.skip("root may write into every folder, and this file system has no immutable attribute")

    def change(locked: bool) -> None:
        subprocess.run([chattr, "+i" if locked else "-i", folder], check=True)

    return change


@pytest.fixture
def locked(place: Place) -> Iterator[Callable[[bool], None]]:
    """Forbids this user to write into a second folder of the shoot, and allows it again."""
    folder = place.shoot / "card"
    folder.mkdir()
    shutil.copy(place.raws[0], folder / "IMG_9.dng")
    (folder / "IMG_9.xmp").write_bytes(OF_LIGHTROOM)
    change = _locker(folder)
    change(True)
    yield change
    change(False)


def test_in_a_read_only_folder_the_photo_is_named_and_the_others_go_on(
    place: Place, locked: Callable[[bool], None]
) -> None:
    ended = place.develop(*BESIDE, *LOOK)
    (failed,) = ended.photos("failed")
    assert (ended.code, failed["error_kind"]) == (3, "sidecar_not_writable")
    assert "Make its folder writable" in failed["error_message"]
    assert (place.shoot / "card" / "IMG_9.xmp").read_bytes() == OF_LIGHTROOM
    assert ended.summary["processed_count"] == COUNT
    assert not (place.out / "IMG_9.jpg").exists()
    locked(False)
    batch = ended.summary["batch_id"]
    assert place.run("batch", "retry-failed", batch, "--json").code == 0
    assert place.revert(batch)[0] == 0
    assert (place.shoot / "card" / "IMG_9.xmp").read_bytes() == OF_LIGHTROOM


def test_a_revert_into_a_read_only_folder_names_it_and_can_be_done_later(
    place: Place, locked: Callable[[bool], None]
) -> None:
    locked(False)
    batch = place.written()
    locked(True)
    code, answer = place.revert(batch)
    assert (code, [left["reason"] for left in answer["left"]]) == (3, ["sidecar_not_writable"])
    locked(False)
    assert place.revert(batch)[0] == 0
    assert checksums(place.shoot).items() >= place.before.items()


def test_the_answer_of_a_revert_is_one_line_of_json(place: Place) -> None:
    said = place.run("batch", "revert", place.written(), "--json").out
    assert len(said.splitlines()) == 1
    assert set(json.loads(said)) == {
        *("batch_id", "restored_count", "removed_count", "already_count", "left_count", "left"),
    }


def test_a_revert_without_the_disk_of_the_photos_takes_nothing_for_done(place: Place, tmp_path: Path) -> None:
    before = checksums(place.shoot)
    batch = place.written()
    place.shoot.rename(tmp_path / "unplugged")
    code, answer = place.revert(batch)
    assert (code, answer["already_count"], answer["left_count"]) == (3, 0, COUNT)
    (tmp_path / "unplugged").rename(place.shoot)
    assert place.revert(batch)[0] == 0
    assert checksums(place.shoot) == before
