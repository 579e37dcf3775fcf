"""Finding photos: what is taken, what is left out and why, in which order."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from junmai import errors
from junmai.library.scan import Found, FoundPhoto, LeftOut, scan, shown

JPEG = b"\xff\xd8\xff\xe0" + bytes(60)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="links and odd names need rights on Windows")


def put(path: Path, data: bytes = JPEG) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def photos(found: Iterable[Found], root: Path) -> list[str]:
    return [item.path.relative_to(root).as_posix() for item in found if isinstance(item, FoundPhoto)]


def left_out(found: Iterable[Found]) -> dict[str, str]:
    return {item.path.name: item.reason for item in found if isinstance(item, LeftOut)}


def kinds(found: Iterable[Found]) -> dict[str, str]:
    return {item.path.name: item.kind for item in found if isinstance(item, FoundPhoto)}


# --- what is a photo -----------------------------------------------------------------------------------------


def test_content_decides_over_the_extension(tmp_path: Path) -> None:
    put(tmp_path / "really_a_png.jpg", PNG)
    put(tmp_path / "no_extension", JPEG)
    put(tmp_path / "camera.NEF", JPEG)
    assert kinds(scan([tmp_path])) == {"really_a_png.jpg": "png", "no_extension": "jpeg", "camera.NEF": "jpeg"}


def test_a_broken_or_empty_photo_is_found_by_its_extension(tmp_path: Path) -> None:
    put(tmp_path / "broken.cr3", b"nothing of a photo")
    put(tmp_path / "empty.JPG", b"")
    assert kinds(scan([tmp_path])) == {"broken.cr3": "raw", "empty.JPG": "jpeg"}


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a", b"FUJIFILMCCD-RAW 0201", "raw"),
        ("b", b"II\x1a\0\0\0HEAPCCDR", "raw"),
        ("c", b"\0\0\0\x18ftypcrx \0\0\0\1", "raw"),
        ("d", b"\0\0\0\x18ftypheic\0\0\0\0", "heif"),
        ("e", b"\0\0\0\x18ftypavif\0\0\0\0", "heif"),
        ("f", b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        ("g", b"IIU\0\x18\0\0\0", "raw"),
        ("h.nef", b"MM\0*\0\0\0\x08\0\0", "raw"),
        ("i.tif", b"MM\0*\0\0\0\x08\0\0", "tiff"),
    ],
)
def test_formats_are_known_by_their_first_bytes(tmp_path: Path, name: str, head: bytes, kind: str) -> None:
    put(tmp_path / name, head.ljust(64, b"\0"))
    assert kinds(scan([tmp_path])) == {name: kind}


def test_what_is_no_photo_is_left_out_with_what_it_is(tmp_path: Path) -> None:
    put(tmp_path / "clip.mp4", b"\0\0\0\x18ftypisom" + bytes(40))
    put(tmp_path / "notes.txt", b"bring the tripod")
    put(tmp_path / "nothing.bin", b"")
    assert left_out(scan([tmp_path])) == {
        "clip.mp4": "not a photo (a video)",
        "notes.txt": "not a photo",
        "nothing.bin": "not a photo (an empty file)",
    }


def test_sidecars_are_neither_photos_nor_left_out(tmp_path: Path) -> None:
    put(tmp_path / "IMG_1.CR2.xmp", b"<x:xmpmeta/>")
    put(tmp_path / "IMG_1.XMP", b"<x:xmpmeta/>")
    assert list(scan([tmp_path])) == []


# --- where it looks ------------------------------------------------------------------------------------------


def test_folders_are_walked_files_first_and_in_order_of_names(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.jpg", "z/1.jpg", "m/n/2.jpg", "m/1.jpg"):
        put(tmp_path / name)
    expected = ["a.jpg", "b.jpg", "m/1.jpg", "m/n/2.jpg", "z/1.jpg"]
    assert photos(scan([tmp_path]), tmp_path) == expected
    assert photos(scan([tmp_path]), tmp_path) == expected


def test_hidden_files_and_litter_are_passed_over_in_silence(tmp_path: Path) -> None:
    litter = (
        ".hidden.jpg",
        "._IMG_1.jpg",
        ".Trash/1.jpg",
        "@eaDir/1.jpg",
        "$RECYCLE.BIN/1.jpg",
        "Thumbs.db",
        "__MACOSX/1.jpg",
    )
    for name in litter:
        put(tmp_path / name)
    assert list(scan([tmp_path])) == []


def test_previews_of_catalogs_are_left_out_and_named(tmp_path: Path) -> None:
    for name in ("Wedding Previews.lrdata", "CaptureOne", "Photos.photoslibrary"):
        put(tmp_path / name / "1.jpg")
    assert left_out(scan([tmp_path])).keys() == {"Wedding Previews.lrdata", "CaptureOne", "Photos.photoslibrary"}


def test_a_hidden_folder_that_is_named_as_source_is_read(tmp_path: Path) -> None:
    put(tmp_path / ".private/1.jpg")
    assert photos(scan([tmp_path / ".private"]), tmp_path) == [".private/1.jpg"]


def test_files_and_folders_may_be_mixed_and_each_photo_comes_once(tmp_path: Path) -> None:
    first, second = put(tmp_path / "shoot/1.jpg"), put(tmp_path / "shoot/2.jpg")
    assert photos(scan([second, tmp_path / "shoot", first, tmp_path]), tmp_path).count("shoot/1.jpg") == 1
    assert sorted(photos(scan([second, tmp_path, first]), tmp_path)) == ["shoot/1.jpg", "shoot/2.jpg"]


def test_the_caller_leaves_out_folders_and_files(tmp_path: Path) -> None:
    put(tmp_path / "developed/1.jpg")
    put(tmp_path / "2.jpg")
    put(tmp_path / "3.jpg")
    reasons = {"developed": "the output folder", "2.jpg": "an output"}
    found = list(scan([tmp_path], leave_out=lambda path: reasons.get(path.name)))
    assert photos(found, tmp_path) == ["3.jpg"]
    assert left_out(found) == reasons


# --- links ---------------------------------------------------------------------------------------------------


@posix_only
def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    put(tmp_path / "a/1.jpg")
    (tmp_path / "a/loop").symlink_to(tmp_path)
    assert photos(scan([tmp_path]), tmp_path) == ["a/1.jpg"]


@posix_only
def test_a_link_to_what_is_found_anyway_adds_nothing(tmp_path: Path) -> None:
    put(tmp_path / "real/1.jpg")
    (tmp_path / "a_link.jpg").symlink_to(tmp_path / "real/1.jpg")
    found = list(scan([tmp_path]))
    assert photos(found, tmp_path) == ["real/1.jpg"]
    assert "which is there already" in left_out(found)["a_link.jpg"]


@posix_only
def test_links_out_of_the_folder_are_followed(tmp_path: Path) -> None:
    put(tmp_path / "archive/1.jpg")
    (tmp_path / "shoot").mkdir()
    (tmp_path / "shoot/old").symlink_to(tmp_path / "archive")
    (tmp_path / "shoot/gone.jpg").symlink_to(tmp_path / "nowhere")
    found = list(scan([tmp_path / "shoot"]))
    assert photos(found, tmp_path) == ["shoot/old/1.jpg"]
    assert "leads nowhere" in left_out(found)["gone.jpg"]


# --- what goes wrong -----------------------------------------------------------------------------------------


def test_a_source_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceFolderUnreadable, match="nothing there"):
        scan([tmp_path / "missing"])


@pytest.fixture
def unopenable(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes folders of one name impossible to open, also for an administrator."""

    def make(name: str) -> None:
        real = os.scandir

        def refusing(path: object = ".") -> object:
            if Path(os.fspath(path)).name == name:  # type: ignore[call-overload]
                raise PermissionError(13, "Permission denied", str(path))
            return real(path)  # type: ignore[call-overload]

        monkeypatch.setattr(os, "scandir", refusing)

    return make


def test_an_unreadable_source_is_an_error(tmp_path: Path, unopenable: Callable[[str], None]) -> None:
    (tmp_path / "locked").mkdir()
    unopenable("locked")
    with pytest.raises(errors.SourceFolderUnreadable, match="Permission denied"):
        scan([tmp_path / "locked"])


def test_an_unreadable_folder_below_is_left_out_and_the_rest_goes_on(
    tmp_path: Path, unopenable: Callable[[str], None]
) -> None:
    put(tmp_path / "locked/1.jpg")
    put(tmp_path / "open/2.jpg")
    unopenable("locked")
    found = list(scan([tmp_path]))
    assert photos(found, tmp_path) == ["open/2.jpg"]
    assert left_out(found) == {"locked": "the folder cannot be opened (Permission denied); check its permissions"}


@posix_only
def test_pipes_are_never_opened(tmp_path: Path) -> None:
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe.jpg")
    assert "not a file" in left_out(scan([tmp_path]))["pipe.jpg"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets names be any bytes")
def test_a_name_that_is_not_unicode_is_left_out_and_can_be_shown(tmp_path: Path) -> None:
    bad = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg"))
    bad.write_bytes(JPEG)
    put(tmp_path / "日本酒 🍶.jpg")
    found = list(scan([tmp_path]))
    assert photos(found, tmp_path) == ["日本酒 🍶.jpg"]
    assert "not valid Unicode" in left_out(found)[bad.name]
    assert shown(bad).endswith(r"caf\udce9.jpg")


def test_size_and_time_are_told_and_nothing_is_written(tmp_path: Path) -> None:
    photo = put(tmp_path / "1.jpg")
    photo.chmod(0o400)
    before = photo.stat()
    (found,) = scan([tmp_path])
    assert isinstance(found, FoundPhoto)
    assert (found.size, found.mtime_ns, found.root) == (before.st_size, before.st_mtime_ns, tmp_path)
