"""Wrong words, empty folders, lists and exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from running import junmai, start

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "photos"
    made.mkdir()
    for number in range(3):
        Image.new("RGB", (60, 40), (40 * number, 90, 120)).save(made / f"IMG_{number}.jpg")
    return made


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--preset", "warm-portait"), "warm-portrait"),
        (("--blend", "140"), "0 to 100"),
        (("--blend", "half"), "0 to 100"),
        (("--quality", "0"), "1 to 100"),
        (("--long-edge", "3"), "16 to"),
        (("--workers", "0"), "--workers"),
        (("--no-such-option",), "--no-such-option"),
    ],
)
def test_a_wrong_word_is_named_and_nothing_is_created(
    words: tuple[str, ...], said: str, folder: Path, data: Path, tmp_path: Path
) -> None:
    ended = junmai("develop", folder, "--out", tmp_path / "out", *words, data=data)
    assert ended.code == 2
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "out").exists()
    assert junmai("batch", "list", "--json", data=data).lines == []


def test_a_folder_without_photos_is_refused_with_2(data: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    ended = junmai("develop", empty, "--out", tmp_path / "out", data=data)
    assert (ended.code, "no photo" in ended.err) == (2, True)


def test_a_folder_that_is_not_there_is_refused_with_2(data: Path, tmp_path: Path) -> None:
    ended = junmai("develop", tmp_path / "nowhere", data=data, cwd=tmp_path)
    assert ended.code == 2
    assert "nowhere" in ended.err


def test_what_is_no_photo_is_left_out_by_name_and_the_exit_code_stays(folder: Path, data: Path, tmp_path: Path) -> None:
    (folder / "notes.txt").write_text("call the florist")
    ended = junmai("develop", folder, "--out", tmp_path / "out", "--json", data=data)
    assert ended.code == 0
    assert [Path(line["path"]).name for line in ended.photos("left_out")] == ["notes.txt"]


def test_an_empty_file_that_is_called_a_photo_fails_with_its_reason(folder: Path, data: Path, tmp_path: Path) -> None:
    (folder / "IMG_9.jpg").touch()
    ended = junmai("develop", folder, "--out", tmp_path / "out", "--json", data=data)
    assert ended.code == 3
    assert [line["error_kind"] for line in ended.photos("failed")] == ["empty_file"]


def test_when_every_photo_failed_the_batch_is_failed(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "IMG_1.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    ended = junmai("develop", folder, "--out", tmp_path / "out", "--json", data=data)
    assert (ended.code, ended.summary["status"]) == (3, "failed")


def test_every_line_of_develop_json_has_the_promised_fields(folder: Path, data: Path, tmp_path: Path) -> None:
    ended = junmai("develop", folder, "--out", tmp_path / "out", "--json", data=data)
    *photos, summary = [json.loads(line) for line in ended.out.splitlines()]
    promised = {"event", "path", "photo_id", "status", "error_kind", "error_message"}
    assert all(promised <= line.keys() for line in photos)
    counts = {"batch_id", "status", "processed_count", "failed_count", "skipped_count", "seconds"}
    assert counts <= summary.keys()


def test_show_prints_the_status_object_of_the_contract(folder: Path, data: Path, tmp_path: Path) -> None:
    ended = junmai("develop", folder, "--out", tmp_path / "out", "--json", data=data)
    shown = junmai("batch", "show", ended.summary["batch_id"], "--json", data=data).summary
    promised = {
        "batch_id", "session_id", "status", "total_photos", "processed_count", "failed_count", "progress_percent",
        "created_at", "started_at", "paused_at", "completed_at",
    }  # fmt: skip
    assert promised <= shown.keys()
    assert shown["created_at"].endswith("Z")
    assert (shown["progress_percent"], shown["paused_at"]) == (100.0, None)


def test_the_data_folder_may_be_named_before_and_after_the_command(folder: Path, data: Path, tmp_path: Path) -> None:
    other = tmp_path / "named"
    assert junmai("--data", other, "import", folder, data=data).code == 0
    assert len(junmai("photos", "--json", "--data", other, data=data).lines) == 3
    assert not data.exists()


def test_a_second_import_of_a_folder_knows_everything(folder: Path, data: Path) -> None:
    assert junmai("import", folder, "--json", data=data).summary["imported"] == 3
    second = junmai("import", folder, "--json", data=data).summary
    assert (second["imported"], second["known"]) == (0, 3)


def test_an_unknown_batch_is_refused_with_2(data: Path) -> None:
    ended = junmai("batch", "pause", "batch_000000000000", "--json", data=data)
    assert (ended.code, ended.lines[-1]["code"]) == (2, "unknown_batch")


def test_without_a_batch_the_short_words_say_so(data: Path) -> None:
    for word in ("status", "pause", "resume"):
        ended = junmai(word, data=data)
        assert (ended.code, "no batch yet" in ended.err) == (2, True)


def test_a_finished_batch_can_not_be_paused(folder: Path, data: Path, tmp_path: Path) -> None:
    junmai("develop", folder, "--out", tmp_path / "out", data=data)
    ended = junmai("pause", "--json", data=data)
    assert (ended.code, ended.lines[-1]["code"]) == (2, "wrong_state")


def test_presets_are_listed_and_shown(data: Path) -> None:
    names = [line["name"] for line in junmai("presets", "list", "--json", data=data).lines]
    assert names[0] == "default"
    assert len(names) >= 4
    assert junmai("presets", "show", names[1], "--json", data=data).summary["settings"]
    assert junmai("presets", "show", "nothing", data=data).code == 2


def test_doctor_finds_nothing_wrong_after_a_run(folder: Path, data: Path, tmp_path: Path) -> None:
    junmai("develop", folder, "--out", tmp_path / "out", data=data)
    ended = junmai("doctor", "--read", "--json", data=data)
    assert (ended.code, ended.lines) == (0, [])


def test_help_and_version_need_no_data_folder(data: Path) -> None:
    assert junmai("--version", data=data).out.strip() == "0.1.0"
    assert "develop" in junmai("--help", data=data).out
    assert junmai("develop", "--help", data=data).code == 0
    assert not data.exists()


def test_a_damaged_database_is_said_and_not_touched(data: Path) -> None:
    data.mkdir()
    (data / "junmai.db").write_bytes(b"not a database at all" * 100)
    before = (data / "junmai.db").read_bytes()
    ended = junmai("batch", "list", data=data)
    assert (ended.code, "damaged" in ended.err) == (2, True)
    assert (data / "junmai.db").read_bytes() == before


def test_photos_are_listed_in_aligned_columns(folder: Path, data: Path) -> None:
    junmai("import", folder, data=data)
    head, *rows = junmai("photos", data=data).out.splitlines()
    assert head.split() == ["id", "file", "taken", "camera", "size", "rating", "session"]
    assert rows
    for row in rows:
        name = row[head.index("file") :].split()[0]
        assert (folder / name).is_file()


@pytest.mark.skipif(os.name == "nt", reason="Windows has text alone in its command lines and names")
@pytest.mark.parametrize("option", [("--out", b"o\xff"), ("--preset", b"\xff"), ("--name", b"{name}\xff")])
def test_bytes_that_are_no_text_are_refused_with_2(option: tuple[str, bytes], folder: Path, data: Path) -> None:
    ended = junmai("develop", folder, option[0], os.fsdecode(option[1]), data=data)
    assert (ended.code, "no UTF-8 text" in ended.err) == (2, True)
    assert not data.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows does not let go of a folder that somebody is in")
def test_a_current_folder_that_is_gone_is_said(folder: Path, data: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = "import os, sys; os.rmdir(os.getcwd()); from junmai.cli.main import run; sys.exit(run(sys.argv[1:]))"
    begun = start("develop", folder, data=data, cwd=gone, program=("-c", program))
    _, err = begun.communicate(timeout=60)
    assert (begun.returncode, "the folder that the shell is in is gone" in err) == (2, True), err


@pytest.mark.parametrize("name", ["runners", "import.lock"])
def test_what_the_system_refuses_is_said_with_its_path(name: str, folder: Path, data: Path, tmp_path: Path) -> None:
    data.mkdir()
    blocked = data / name
    if name == "runners":
        blocked.write_text("a file where a folder belongs")
    else:
        blocked.mkdir()
    ended = junmai("develop", folder, "--out", tmp_path / "out", "--json", data=data)
    said = ended.summary
    assert (ended.code, said["code"], str(blocked) in said["error"]) == (1, "system_refused", True), ended.err


@pytest.mark.parametrize("name", ["batch_states", "backups"])
def test_doctor_tells_of_a_folder_that_takes_no_files(name: str, folder: Path, data: Path, tmp_path: Path) -> None:
    data.mkdir()
    (data / name).write_text("a file where a folder belongs")
    assert junmai("develop", folder, "--out", tmp_path / "out", data=data).code == 0
    doctor = junmai("doctor", "--json", data=data)
    assert doctor.code == 0
    (finding,) = doctor.lines
    assert (finding["level"], finding["check"]) == ("warning", "folder")
    assert str(data / name) in finding["message"]


def test_a_collection_is_developed_like_a_folder(folder: Path, data: Path, tmp_path: Path) -> None:
    junmai("import", folder, data=data)
    junmai("collections", "add", "best", "1", "3", data=data)
    (folder / "IMG_2.jpg").touch()  # as another program that looked at it leaves it
    words = ("develop", "--collection", "best", "--out", tmp_path / "out", "--json")
    first = junmai(*words, data=data)
    assert (first.code, sorted(line["photo_id"] for line in first.photos("processed"))) == (0, [1, 3]), first.err
    again = junmai(*words, data=data)
    assert (again.code, again.summary["batch_id"], again.summary["skipped_count"]) == (0, None, 2)


def test_a_photo_of_a_collection_that_is_gone_fails_by_name(folder: Path, data: Path, tmp_path: Path) -> None:
    junmai("import", folder, data=data)
    junmai("collections", "add", "best", "1", "2", data=data)
    (folder / "IMG_0.jpg").unlink()
    ended = junmai("develop", "--collection", "best", "--out", tmp_path / "out", "--json", data=data)
    assert (ended.code, ended.summary["processed_count"]) == (3, 1)
    assert [line["error_kind"] for line in ended.photos("failed")] == ["source_missing"]


@pytest.mark.parametrize("words", [(), ("--collection", "none"), ("--collection", "best", ".")])
def test_what_to_develop_is_named_once(words: tuple[str, ...], folder: Path, data: Path, tmp_path: Path) -> None:
    junmai("import", folder, data=data)
    junmai("collections", "add", "best", "1", data=data)
    ended = junmai("develop", *words, "--out", tmp_path / "out", data=data, cwd=folder)
    assert (ended.code, "ollection" in ended.err) == (2, True), ended.err
    assert not (tmp_path / "out").exists()


def test_a_library_that_was_not_there_is_said(folder: Path, data: Path, tmp_path: Path) -> None:
    assert "There was no library in" in junmai("batch", "list", data=tmp_path / "mistyped").err
    assert "There was no library in" not in junmai("import", folder, data=data).err
    assert "There was no library in" not in junmai("batch", "list", data=data).err


def test_show_says_what_kind_of_files_a_batch_writes(folder: Path, data: Path, tmp_path: Path) -> None:
    options = ("--format", "webp", "--quality", "80", "--long-edge", "50", "--color-space", "display-p3")
    junmai("develop", folder, "--out", tmp_path / "out", *options, data=data)
    assert "webp of quality 80, 50 px, display-p3" in junmai("batch", "show", data=data).out


def test_a_date_that_is_none_is_named_by_its_option(data: Path) -> None:
    ended = junmai("collections", "add", "best", "--to", "2026-13-01", data=data)
    assert (ended.code, "--to must be a day" in ended.err) == (2, True)
