"""Files appear whole or not at all, and nothing of others is replaced."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junmai import files
from junmai.files import FINGERPRINT_EDGE, FileState

POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows has no such files")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="this branch is for Linux")


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


# --- looking ------------------------------------------------------------------------------------------------


def test_the_state_of_a_file_is_its_size_time_and_inode(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"abc")
    found = path.stat()
    assert files.state_of(path) == FileState(3, found.st_mtime_ns, found.st_ino)


def test_what_is_not_there_has_no_state(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert files.state_of(tmp_path / "none") is None
    assert files.state_of(tmp_path / "none" / "deeper") is None
    assert files.state_of(tmp_path / "file" / "below a file") is None


def test_a_folder_has_no_state(tmp_path: Path) -> None:
    assert files.state_of(tmp_path) is None


@POSIX
def test_a_pipe_has_no_state_so_that_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert files.state_of(tmp_path / "pipe.jpg") is None


def test_a_checksum_is_of_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(b"x" * 300_000)
    assert files.sha256_of(path) == hashlib.sha256(b"x" * 300_000).hexdigest()


@pytest.mark.parametrize("size", [0, 1, FINGERPRINT_EDGE, FINGERPRINT_EDGE + 1, 2 * FINGERPRINT_EDGE, 500_000])
def test_a_fingerprint_is_of_size_and_both_ends(tmp_path: Path, size: int) -> None:
    content = bytes(index % 251 for index in range(size))
    path = tmp_path / "photo"
    path.write_bytes(content)
    tail = content[max(FINGERPRINT_EDGE, size - FINGERPRINT_EDGE) :]
    expected = hashlib.sha256(str(size).encode() + content[:FINGERPRINT_EDGE] + tail).hexdigest()
    assert files.fingerprint_of(path) == expected


@pytest.mark.parametrize("offset", [0, FINGERPRINT_EDGE - 1, -FINGERPRINT_EDGE, -1])
def test_a_fingerprint_sees_a_change_at_either_end(tmp_path: Path, offset: int) -> None:
    content = bytearray(300_000)
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(content)
    content[offset] = 1
    second.write_bytes(content)
    assert files.fingerprint_of(first) != files.fingerprint_of(second)


def test_a_fingerprint_sees_that_a_file_grew_in_the_middle(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(300_000))
    (tmp_path / "b").write_bytes(bytes(300_001))
    assert files.fingerprint_of(tmp_path / "a") != files.fingerprint_of(tmp_path / "b")


def test_free_room_is_that_of_the_nearest_folder_that_exists(tmp_path: Path) -> None:
    free = files.free_bytes(tmp_path / "not" / "there" / "yet")
    assert free is not None
    assert free > 0


# --- folders ------------------------------------------------------------------------------------------------


def test_a_folder_is_made_with_its_parents_and_once(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "c"
    assert files.make_folder(folder)
    assert folder.is_dir()
    assert not files.make_folder(folder)


def test_a_file_in_the_way_of_a_folder_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(OSError):
            files.make_folder(folder)
    assert (tmp_path / "a").read_bytes() == b"mine"


def test_folders_are_brought_to_the_disk_and_a_missing_one_is_an_error(tmp_path: Path) -> None:
    files.sync_folders([tmp_path, tmp_path])
    if os.name == "posix":
        with pytest.raises(FileNotFoundError):
            files.sync_folder(tmp_path / "none")


# --- temporary files ----------------------------------------------------------------------------------------


def test_a_temporary_file_is_whole_and_its_checksum_told(tmp_path: Path) -> None:
    path = tmp_path / files.temporary_name("batch_1", 3, 2)
    assert files.write_temporary(path, b"data") == hashlib.sha256(b"data").hexdigest()
    assert path.read_bytes() == b"data"


def test_an_earlier_try_of_the_same_attempt_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "x.part"
    files.write_temporary(path, b"a longer earlier try")
    files.write_temporary(path, b"short")
    assert path.read_bytes() == b"short"


def test_nothing_stays_behind_where_a_temporary_file_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.write_temporary(tmp_path / "none" / "x.part", b"data")
    (tmp_path / "folder.part").mkdir()
    with pytest.raises(OSError):
        files.write_temporary(tmp_path / "folder.part", b"data")
    assert _names(tmp_path) == ["folder.part"]


@LINUX
def test_nothing_stays_behind_when_the_disk_is_full(tmp_path: Path) -> None:
    link = tmp_path / "x.part"
    link.symlink_to("/dev/full")
    with pytest.raises(OSError) as caught:
        files.write_temporary(link, b"data")
    assert caught.value.errno == errno.ENOSPC
    assert _names(tmp_path) == []


def test_the_temporary_files_of_a_batch_are_found_with_item_and_attempt(tmp_path: Path) -> None:
    owned = [(0, 1, 0), (12, 345, 0), (12, 345, 1), (7, 1, 8)]
    mine = {files.temporary_name("batch_1", item, attempt, part): (item, attempt) for item, attempt, part in owned}
    for name in mine:
        (tmp_path / name).write_bytes(b"")
    found = {path.name: (item, attempt) for path, item, attempt in files.temporaries_in(tmp_path, "batch_1")}
    assert found == mine


@pytest.mark.parametrize(
    "name",
    [
        files.temporary_name("batch_2", 0, 1),
        files.temporary_name("batch_1-0", 0, 1) + "~",
        ".junmai-batch_1-.part",
        ".junmai-batch_1-0.part",
        ".junmai-batch_1-0-.part",
        ".junmai-batch_1--1.part",
        ".junmai-batch_1-0-1-2-3.part",
        ".junmai-batch_1-²-1.part",
        ".junmai-batch_1-٣-1.part",
        ".junmai-batch_1-0-1.jpg",
        "junmai-batch_1-0-1.part",
        "photo.jpg",
    ],
)
def test_other_files_are_not_taken_for_temporary_ones(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    assert list(files.temporaries_in(tmp_path, "batch_1")) == []


def test_a_folder_that_is_gone_has_no_temporary_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert list(files.temporaries_in(tmp_path / "none", "batch_1")) == []
    assert list(files.temporaries_in(tmp_path / "file", "batch_1")) == []


@given(item=st.integers(0, 10**9), attempt=st.integers(0, 10**6))
def test_temporary_names_are_hidden_and_different(item: int, attempt: int) -> None:
    name = files.temporary_name("batch_1", item, attempt)
    assert name.startswith(".junmai-")
    assert name != files.temporary_name("batch_1", item, attempt + 1)
    assert name != files.temporary_name("batch_1", item + 1, attempt)


def test_removing_what_is_not_there_is_fine(tmp_path: Path) -> None:
    files.remove_temporary(tmp_path / "none")
    (tmp_path / "x").write_bytes(b"")
    files.remove_temporary(tmp_path / "x")
    assert _names(tmp_path) == []


# --- renaming -----------------------------------------------------------------------------------------------


def _temporary(folder: Path) -> Path:
    path = folder / files.temporary_name("batch_1", 0, 1)
    files.write_temporary(path, b"new")
    return path


def test_a_whole_file_gets_its_name(tmp_path: Path) -> None:
    assert files.rename_without_replacing(_temporary(tmp_path), tmp_path / "photo.jpg")
    assert _names(tmp_path) == ["photo.jpg"]
    assert (tmp_path / "photo.jpg").read_bytes() == b"new"


@pytest.mark.parametrize("kind", ["file", "folder", "broken link"])
def test_nothing_that_stands_at_a_name_is_replaced(tmp_path: Path, kind: str) -> None:
    final, temporary = tmp_path / "photo.jpg", _temporary(tmp_path)
    if kind == "file":
        final.write_bytes(b"theirs")
    elif kind == "folder":
        final.mkdir()
    else:
        final.symlink_to(tmp_path / "nowhere")
    before = final.lstat()
    assert not files.rename_without_replacing(temporary, final)
    assert final.lstat() == before
    assert temporary.read_bytes() == b"new"


def test_a_temporary_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.rename_without_replacing(tmp_path / "none", tmp_path / "photo.jpg")
    with pytest.raises(FileNotFoundError):
        files.rename_without_replacing(_temporary(tmp_path), tmp_path / "none" / "photo.jpg")


@POSIX
@pytest.mark.parametrize("stands", [False, True])
def test_where_the_system_has_no_such_call_a_hard_link_takes_the_name(tmp_path: Path, stands: bool) -> None:
    """The way of macOS and of file systems without RENAME_NOREPLACE."""
    final, temporary = tmp_path / "photo.jpg", _temporary(tmp_path)
    if stands:
        final.write_bytes(b"theirs")
    assert files._link_without_replacing(temporary, final) is not stands
    assert final.read_bytes() == (b"theirs" if stands else b"new")
    assert temporary.exists() is stands


@LINUX
@pytest.mark.parametrize("stands", [False, True])
def test_where_no_hard_link_can_be_made_either_the_name_is_looked_at_first(tmp_path: Path, stands: bool) -> None:
    """The way of exFAT; here a file that has as many links as it may have."""
    final, temporary, links = tmp_path / "photo.jpg", _temporary(tmp_path), tmp_path / "links"
    links.mkdir()
    try:
        _link_to_the_limit(temporary, links)
        if stands:
            final.write_bytes(b"theirs")
        assert files._link_without_replacing(temporary, final) is not stands
        assert final.read_bytes() == (b"theirs" if stands else b"new")
        assert temporary.exists() is stands
    finally:
        shutil.rmtree(links)


def _link_to_the_limit(path: Path, folder: Path) -> None:
    for number in range(70_000):
        try:
            os.link(path, folder / str(number))
        except OSError as error:
            if error.errno != errno.EMLINK:
                raise
            return
    pytest.skip("files may have any number of links here")


def test_an_output_may_be_replaced_where_that_is_meant(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"old")
    files.rename_replacing(_temporary(tmp_path), tmp_path / "photo.jpg")
    assert _names(tmp_path) == ["photo.jpg"]
    assert (tmp_path / "photo.jpg").read_bytes() == b"new"


# --- small files of Junmai's own ----------------------------------------------------------------------------


def test_a_small_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    files.write_whole(path, b"first")
    files.write_whole(path, b"second", mode=0o600)
    assert path.read_bytes() == b"second"
    assert _names(tmp_path) == ["state.json"]
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_small_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "state.json").mkdir()
    with pytest.raises(OSError):
        files.write_whole(tmp_path / "state.json", b"data")
    assert _names(tmp_path) == ["state.json"]
