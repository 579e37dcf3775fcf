"""Which sidecar belongs to which photo."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from junmai.develop.sidecars import content_key, read, sidecars_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("IMG_1.CR2", "IMG_1.jpg", "IMG_2.jpg"):
        (tmp_path / name).touch()
    return tmp_path


def xmp(path: Path, text: str = "<x:xmpmeta/>") -> Path:
    path.write_text(text)
    return path


def test_a_photo_without_sidecars_has_none(folder: Path) -> None:
    assert sidecars_of(folder / "IMG_1.CR2") == ()


def test_both_ways_of_naming_are_found_and_the_own_one_comes_last(folder: Path) -> None:
    own, shared = xmp(folder / "IMG_1.CR2.xmp"), xmp(folder / "IMG_1.xmp")
    assert sidecars_of(folder / "IMG_1.CR2") == (shared, own)


def test_in_a_pair_the_shared_sidecar_belongs_to_the_raw(folder: Path) -> None:
    xmp(folder / "IMG_1.xmp")
    assert sidecars_of(folder / "IMG_1.jpg") == ()


def test_a_sidecar_that_names_an_extension_belongs_to_that_file(folder: Path) -> None:
    shared = xmp(folder / "IMG_1.xmp", '<rdf:Description photoshop:SidecarForExtension="JPG"/>')
    assert sidecars_of(folder / "IMG_1.jpg") == (shared,)
    assert sidecars_of(folder / "IMG_1.CR2") == ()


def test_a_jpeg_alone_may_have_a_sidecar(folder: Path) -> None:
    shared = xmp(folder / "IMG_2.xmp")
    assert sidecars_of(folder / "IMG_2.jpg") == (shared,)


def test_a_folder_named_like_a_sidecar_is_none(folder: Path) -> None:
    (folder / "IMG_2.xmp").mkdir()
    assert sidecars_of(folder / "IMG_2.jpg") == ()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is closed to this user")
def test_a_sidecar_that_cannot_be_opened_is_still_one_and_reading_it_says_why(folder: Path) -> None:
    xmp(folder / "IMG_2.xmp").chmod(0)
    with pytest.raises(PermissionError):
        read(folder / "IMG_2.jpg")


def test_the_key_of_sidecars_is_that_of_their_contents_in_their_order(folder: Path) -> None:
    photo = folder / "IMG_1.CR2"
    assert content_key(read(photo)) == ""
    own, shared = xmp(folder / "IMG_1.CR2.xmp", "a"), xmp(folder / "IMG_1.xmp", "b")
    both = content_key(read(photo))
    own.write_text("b")
    shared.write_text("a")
    assert content_key(read(photo)) not in (both, "")
    shared.unlink()
    own.rename(shared)
    alone = content_key(read(photo))
    assert alone not in (both, "")
