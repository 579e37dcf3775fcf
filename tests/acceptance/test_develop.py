"""`junmai develop` as a photographer meets it: real files in, developed photos out, nothing twice."""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

from junmai import BatchController
from junmai.demo.shoot import make_sample_shoot
from running import checksums, fingerprints, junmai
from shoots import SAMPLES, WITHOUT_SAMPLES

needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=WITHOUT_SAMPLES)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "shoot"
    make_sample_shoot(folder, count=8, long_edge=240)
    return folder


@pytest.fixture
def shoot(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "shoot"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@needs_samples
def test_every_readable_photo_is_developed_at_full_size_and_a_second_run_develops_nothing(
    out: Path, data: Path
) -> None:
    sources = [SAMPLES / "jpeg", SAMPLES / "raw"]
    before = [fingerprints(folder) for folder in sources]
    first = junmai("develop", *sources, "--out", out, "--json", data=data)
    assert first.code == 0, first.err
    photos = {path.name for folder in sources for path in folder.iterdir() if path.suffix != ".icm"}
    assert {Path(line["path"]).name for line in first.photos("processed")} == photos
    assert [Path(line["path"]).name for line in first.photos("left_out")] == ["sharp_hilutite.icm"]
    with BatchController(data) as controller:
        sizes = {photo.file_name: (photo.width or 0, photo.height or 0) for photo in controller.store.photos()}
        outputs = {line["path"]: line["output"] for line in first.photos("processed")}
    for path, name in outputs.items():
        with Image.open(out / name) as picture:
            picture.load()
            assert sorted(picture.size) == sorted(sizes[Path(path).name]), path
            assert picture.info["icc_profile"]

    second = junmai("develop", *sources, "--out", out, "--json", data=data)

    assert (second.code, second.summary["batch_id"], second.summary["processed_count"]) == (0, None, 0)
    assert second.summary["skipped_count"] == len(photos)
    assert [fingerprints(folder) for folder in sources] == before


@needs_samples
def test_every_file_that_cannot_be_developed_is_named_with_a_reason_and_has_no_output(out: Path, data: Path) -> None:
    before = fingerprints(SAMPLES / "bad")
    ended = junmai("develop", SAMPLES / "bad", "--out", out, "--json", data=data)
    assert ended.code == 3
    failed, done = ended.photos("failed"), ended.photos("processed")
    assert len(failed) + len(done) + len(ended.photos("left_out")) == len(before)
    names = {Path(line["path"]).name for line in failed}
    assert {"truncated_Canon-R6.CR3", "truncated_Nikon_D7100.NEF", "unsupported_GoPro_Hero8.GPR"} <= names
    assert {"pil_truncated_jpeg.jpg", "sharp_truncated.jpg", "pil_broken_data_stream.png"} <= names
    for line in failed:
        assert len(line["error_message"]) > 20
        assert line["error_kind"] not in {"develop_failed", "worker_died", "worker_hung"}, line
    assert {path.name for path in out.iterdir()} == {line["output"] for line in done}
    assert fingerprints(SAMPLES / "bad") == before


def test_a_photo_that_was_added_later_is_the_only_one_developed(shoot: Path, out: Path, data: Path) -> None:
    assert junmai("develop", shoot, "--out", out, data=data).code == 0
    Image.new("RGB", (40, 30), (90, 120, 60)).save(shoot / "added.jpg")
    again = junmai("develop", shoot, "--out", out, "--json", data=data)
    assert [Path(line["path"]).name for line in again.photos("processed")] == ["added.jpg"]
    assert again.summary["skipped_count"] == 8


def test_an_output_that_was_deleted_is_developed_again_and_only_it(shoot: Path, out: Path, data: Path) -> None:
    junmai("develop", shoot, "--out", out, data=data)
    before = checksums(out)
    victim = sorted(out.iterdir())[0]
    victim.unlink()
    again = junmai("develop", shoot, "--out", out, "--json", data=data)
    assert again.summary["processed_count"] == 1
    assert checksums(out) == before


def test_another_preset_develops_everything_anew_under_the_same_names(shoot: Path, out: Path, data: Path) -> None:
    junmai("develop", shoot, "--out", out, data=data)
    before = checksums(out)
    again = junmai("develop", shoot, "--out", out, "--preset", "classic-black-and-white", "--json", data=data)
    assert again.summary["processed_count"] == 8
    after = checksums(out)
    assert after.keys() == before.keys()
    assert all(after[name] != before[name] for name in before)


def test_a_blend_of_nothing_is_the_default_look(shoot: Path, tmp_path: Path, data: Path) -> None:
    junmai("develop", shoot, "--out", tmp_path / "a", data=data)
    junmai("develop", shoot, "--out", tmp_path / "b", "--preset", "vivid-landscape", "--blend", "0", data=data)
    junmai("develop", shoot, "--out", tmp_path / "c", "--preset", "vivid-landscape", "--blend", "50%", data=data)
    assert checksums(tmp_path / "a") == checksums(tmp_path / "b")
    assert checksums(tmp_path / "a") != checksums(tmp_path / "c")


def test_one_worker_and_three_give_the_same_bytes(shoot: Path, tmp_path: Path, data: Path) -> None:
    junmai("develop", shoot, "--out", tmp_path / "one", "--workers", "1", data=data)
    junmai("develop", shoot, "--out", tmp_path / "three", "--workers", "3", data=data)
    assert checksums(tmp_path / "one") == checksums(tmp_path / "three")


def test_a_file_of_somebody_else_is_never_replaced_unless_asked(shoot: Path, out: Path, data: Path) -> None:
    name = sorted(shoot.rglob("*.jpg"))[0].stem + ".jpg"
    out.mkdir()
    (out / name).write_bytes(b"mine")
    ended = junmai("develop", shoot, "--out", out, "--json", data=data)
    assert ended.code == 3
    assert [line["error_kind"] for line in ended.photos("failed")] == ["output_exists"]
    assert (out / name).read_bytes() == b"mine"
    again = junmai("develop", shoot, "--out", out, "--overwrite", "--json", data=data)
    assert again.code == 0
    assert (out / name).read_bytes() != b"mine"


def test_an_output_that_the_user_edited_is_not_replaced(shoot: Path, out: Path, data: Path) -> None:
    junmai("develop", shoot, "--out", out, data=data)
    edited = sorted(out.iterdir())[0]
    edited.write_bytes(b"edited by hand")
    ended = junmai("develop", shoot, "--out", out, "--preset", "warm-portrait", "--json", data=data)
    assert [line["error_kind"] for line in ended.photos("failed")] == ["output_exists"]
    assert edited.read_bytes() == b"edited by hand"


def test_outputs_are_never_taken_for_photos(shoot: Path, data: Path) -> None:
    first = junmai("develop", ".", "--json", data=data, cwd=shoot)
    assert first.code == 0, first.err
    assert len(checksums(shoot / "developed")) == 8
    second = junmai("develop", ".", "--json", data=data, cwd=shoot)
    assert (second.summary["batch_id"], second.summary["skipped_count"]) == (None, 8)
    elsewhere = junmai("import", ".", "--json", data=data.with_name("other"), cwd=shoot)
    assert elsewhere.summary["imported"] == 8


def test_originals_lie_safely_in_the_folder_that_outputs_go_to(shoot: Path, data: Path) -> None:
    photo = sorted(shoot.rglob("*.jpg"))[0]
    before = fingerprints(photo.parent)
    ended = junmai("develop", photo, "--out", photo.parent, "--overwrite", "--json", data=data)
    assert ended.code == 0, ended.err
    assert ended.photos("processed")[0]["output"] == f"{photo.stem}-2.jpg"
    after = fingerprints(photo.parent)
    assert {name: after[name] for name in before} == before
    refused = junmai("develop", photo.parent, "--out", photo.parent, data=data)
    assert refused.code == 2


def test_a_changed_photo_and_a_removed_one_fail_as_such_and_the_others_go_on(
    shoot: Path, out: Path, data: Path
) -> None:
    photos = sorted(shoot.rglob("*.jpg"))
    assert junmai("import", shoot, data=data).code == 0
    with BatchController(data) as controller:
        ids = [photo.id for photo in controller.store.photos()]
        photos[0].write_bytes(photos[0].read_bytes()[:-200])
        photos[1].unlink()
        batch_id = controller.start_batch(ids, config={"output": {"folder": str(out)}})
    ended = junmai("batch", "resume", batch_id, "--json", data=data)
    assert ended.code == 3
    kinds = {Path(line["path"]).name: line["error_kind"] for line in ended.photos("failed")}
    assert kinds == {photos[0].name: "source_changed", photos[1].name: "source_missing"}
    assert len(ended.photos("processed")) == 6


def test_a_disk_of_originals_that_is_gone_pauses_the_batch_and_fails_nothing(
    shoot: Path, out: Path, data: Path, tmp_path: Path
) -> None:
    from running import Develop, start, wait_until

    assert junmai("import", shoot, data=data).code == 0
    with BatchController(data) as controller:
        ids = [photo.id for photo in controller.store.photos()]
        batch_id = controller.start_batch(ids, config={"output": {"folder": str(out)}})
        away = shoot.rename(tmp_path / "unplugged")
        run = Develop(start("batch", "resume", batch_id, "--json", data=data))
        assert wait_until(lambda: controller.status(batch_id)["pause_reason"] == "source_missing")
        refused = junmai("batch", "resume", batch_id, "--json", data=data)
        assert refused.lines[-1]["code"] == "cause_lasts"
        away.rename(shoot)
        ended = run.end()
        assert ended.code == 0, ended.err
        assert controller.status(batch_id)["processed_count"] == 8


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="a small disk is mounted, as root on Linux")
def test_a_disk_that_is_full_pauses_the_batch_and_it_goes_on_when_there_is_room(
    shoot: Path, data: Path, tmp_path: Path
) -> None:
    import subprocess

    from running import Develop, kill_group, start, wait_until

    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(small)], check=True)
    ballast = small / "ballast"
    ballast.write_bytes(bytes(330_000))
    out = small / "out"
    run = Develop(start("develop", shoot, "--out", out, "--json", data=data, JUNMAI_LOW_DISK_MB="0"))
    try:
        with BatchController(data) as controller:
            assert wait_until(
                lambda: bool(controller.store.batches()) and controller.latest().pause_reason == "disk_low"
            )
            # what the other worker had in hand is finished, or given back without a trace
            assert wait_until(lambda: list(out.glob(".junmai-*")) == [])
            ballast.unlink()
            ended = run.end()
            assert ended.code == 0, ended.err
            assert (controller.latest().processed, controller.latest().failed) == (8, 0)
    finally:
        kill_group(run.process)
        run.close()
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_gps_is_kept_and_left_out_when_asked(shoot: Path, tmp_path: Path, data: Path) -> None:
    junmai("develop", shoot, "--out", tmp_path / "with", data=data)
    junmai("develop", shoot, "--out", tmp_path / "without", "--no-gps", data=data)

    def placed(folder: Path) -> int:
        return sum(
            bool(Image.open(io.BytesIO(path.read_bytes())).getexif().get_ifd(0x8825)) for path in folder.iterdir()
        )

    assert placed(tmp_path / "with") > 0
    assert placed(tmp_path / "without") == 0


def test_a_long_edge_makes_photos_smaller_and_never_larger(shoot: Path, tmp_path: Path, data: Path) -> None:
    for edge, expected in (("100", 100), ("1000", 240)):
        folder = tmp_path / edge
        junmai("develop", shoot, "--out", folder, "--long-edge", edge, data=data)
        sizes = {max(Image.open(io.BytesIO(path.read_bytes())).size) for path in folder.iterdir()}
        assert sizes == {expected}


def test_only_photos_of_the_asked_rating_are_developed(shoot: Path, out: Path, data: Path) -> None:
    photo = sorted(shoot.rglob("*.jpg"))[0]
    photo.with_suffix(".xmp").write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
    )
    ended = junmai("develop", shoot, "--out", out, "--min-rating", "4", "--json", data=data)
    assert [line["path"] for line in ended.photos("processed")] == [str(photo)]


@pytest.mark.parametrize("spelling", ["link", "dots", "backwards"])
def test_originals_are_safe_from_another_spelling_of_their_folder(
    spelling: str, shoot: Path, data: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(shoot)
    folder = shoot / "Evening in town"
    source, out = {
        "link": (shoot, link),
        "dots": (shoot, shoot / ".." / shoot.name),
        "backwards": (link, shoot),
    }[spelling]
    before = fingerprints(shoot)
    assert junmai("develop", source, "--out", out, "--overwrite", data=data).code == 2
    assert fingerprints(shoot) == before
    photo = sorted(folder.glob("*.jpg"))[0]
    alias = tmp_path / "alias"
    alias.symlink_to(folder)
    ended = junmai("develop", photo, "--out", alias, "--overwrite", "--json", data=data)
    assert ended.photos("processed")[0]["output"] == f"{photo.stem}-2.jpg"
    assert {name: state for name, state in fingerprints(shoot).items() if name in before} == before


def test_a_reader_that_leaves_does_not_stop_the_work(shoot: Path, out: Path, data: Path) -> None:
    from running import start

    process = start("develop", shoot, "--out", out, "--json", data=data)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), said) == (0, "")
    assert len(checksums(out)) == 8


def test_a_name_that_would_steer_the_terminal_is_shown_harmless(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "named"
    folder.mkdir()
    (folder / "\x1b[31m[red]evil\n.jpg").write_bytes(b"\xff\xd8 nothing")
    ended = junmai("develop", folder, "--out", tmp_path / "out", data=data)
    assert ended.code == 3
    assert "\x1b" not in ended.out
    assert "\\x1b[31m[red]evil\\x0a.jpg" in ended.out
