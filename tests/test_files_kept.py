"""Files of Junmai's own that others write, copies, second names, logs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from junmai import files


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_that_others_write_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    final = tmp_path / "a.db"
    with files.whole(final) as temporary:
        temporary.write_bytes(b"whole")
        assert not final.exists()
    assert final.read_bytes() == b"whole"
    assert names(tmp_path) == ["a.db"]


def test_after_an_error_what_stood_there_stands_and_nothing_else(tmp_path: Path) -> None:
    final = tmp_path / "a.db"
    final.write_bytes(b"old")

    def half() -> None:
        with files.whole(final) as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert final.read_bytes() == b"old"
    assert names(tmp_path) == ["a.db"]


def test_a_file_that_nobody_wrote_gets_no_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), files.whole(tmp_path / "a.db"):
        pass
    assert names(tmp_path) == []


@pytest.mark.parametrize("links", [True, False])
def test_a_second_name_holds_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    def no_links(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    if not links:
        monkeypatch.setattr(Path, "hardlink_to", no_links)
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"bytes" * 1000)
    files.second_name(first, second)
    assert second.read_bytes() == first.read_bytes()
    assert names(tmp_path) == ["a", "b"]


def test_a_second_name_replaces_nothing(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"one")
    second.write_bytes(b"two")
    with pytest.raises(FileExistsError):
        files.second_name(first, second)
    assert second.read_bytes() == b"two"


def test_moving_aside_replaces_nothing(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"one")
    second.write_bytes(b"two")
    with pytest.raises(FileExistsError):
        files.move_aside(first, second)
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")


def test_moving_aside_what_is_not_there_is_fine(tmp_path: Path) -> None:
    files.move_aside(tmp_path / "a", tmp_path / "b")
    assert names(tmp_path) == []


def test_appending_says_how_long_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert [files.append(path, b"one\n"), files.append(path, b"two\n")] == [4, 8]
    assert path.read_bytes() == b"one\ntwo\n"


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
def test_an_appended_file_is_its_owners_only(tmp_path: Path) -> None:
    files.append(tmp_path / "log", b"x")
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0


def test_rotating_keeps_so_many(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / "log").write_text(str(number))
        files.rotate(tmp_path / "log", 3)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"log.1": "4", "log.2": "3", "log.3": "2"}
