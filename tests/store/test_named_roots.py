"""Paths of one machine, as the store keeps them, and as another machine has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junmai.store import roots
from junmai.store.roots import Roots

HERE = Roots({"archive": "/mnt/nas", "scratch": "/tmp/the scratch"}, windows=False)
THERE = Roots({"archive": "/Volumes/写真"}, windows=False)
BARE = Roots(windows=False)
WINDOWS = Roots({"archive": Path("Z:\\Photos")}, windows=True)

names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
below = st.lists(names, min_size=1, max_size=4).map("/".join)
folders = st.sampled_from(["/mnt/nas", "/tmp/the scratch", "/mnt/nas2", "/mnt", "/home/me/写真", "", "/mnt/nas root:"])


@given(folder=folders, rest=below)
def test_every_path_comes_back_as_it_was(folder: str, rest: str) -> None:
    path = f"{folder}/{rest}"
    assert HERE.local(HERE.kept(path)) == path
    assert BARE.local(BARE.kept(path)) == path


@given(rest=below)
def test_a_path_in_a_root_is_the_same_text_for_every_machine_that_has_it(rest: str) -> None:
    kept = HERE.kept(f"/mnt/nas/{rest}")
    assert kept == f"root:archive/{rest}"
    assert THERE.local(kept) == f"/Volumes/写真/{rest}"
    assert THERE.kept(THERE.local(kept)) == kept


@given(rest=below)
def test_a_machine_that_lacks_the_root_writes_back_what_it_read(rest: str) -> None:
    kept = f"root:archive/{rest}"
    lacked = BARE.local(kept)
    assert Path(lacked).is_absolute()
    assert roots.lacking(lacked) == "archive"
    assert BARE.kept(lacked) == kept
    assert HERE.kept(lacked) == kept
    assert HERE.kept(kept) == kept


@pytest.mark.parametrize(
    "path", ["/mnt/nas2/a.jpg", "/mnt/na", "/mnt", "mnt/nas/a.jpg", "/MNT/NAS/a.jpg", "", "memory"]
)
def test_what_is_not_below_a_root_stays(path: str) -> None:
    assert HERE.kept(path) == path
    assert HERE.local(path) == path
    assert roots.lacking(path) is None


def test_the_root_itself_has_its_name() -> None:
    assert HERE.kept("/mnt/nas") == "root:archive"
    assert HERE.kept("/mnt/nas/") == "root:archive/"
    assert HERE.local("root:archive") == "/mnt/nas"


def test_a_root_may_be_given_with_a_separator_at_its_end_or_be_the_whole_disk() -> None:
    assert Roots({"archive": "/mnt/nas/"}, windows=False).kept("/mnt/nas/a.jpg") == "root:archive/a.jpg"
    whole = Roots({"disk": "/"}, windows=False)
    assert whole.kept("/a/b.jpg") == "root:disk/a/b.jpg"
    assert whole.local("root:disk/a/b.jpg") == "/a/b.jpg"
    assert whole.local("root:disk") == "/"


@pytest.mark.parametrize("path", [r"Z:\Photos\2026\a.jpg", r"z:\photos\2026\a.jpg", "Z:/Photos/2026/a.jpg"])
def test_paths_of_windows_are_kept_with_the_separators_of_all(path: str) -> None:
    assert WINDOWS.kept(path) == "root:archive/2026/a.jpg"
    assert WINDOWS.local("root:archive/2026/a.jpg") == r"Z:\Photos\2026\a.jpg"


def test_on_windows_too_a_root_that_is_lacking_is_known_again() -> None:
    assert WINDOWS.kept(r"\root:scratch\2026\a.jpg") == "root:scratch/2026/a.jpg"
    assert WINDOWS.kept(r"Z:\Photos2\a.jpg") == r"Z:\Photos2\a.jpg"


def test_roots_inside_a_folder_are_found() -> None:
    assert HERE.inside("/mnt") == ["archive"]
    assert HERE.inside("/mnt/") == ["archive"]
    assert HERE.inside("/") == ["archive", "scratch"]
    assert HERE.inside("/mnt/nas") == []


def test_the_bounds_of_a_root_hold_what_is_below_it_and_nothing_else() -> None:
    low, high = HERE.bounds("archive")
    for inside in ("/mnt/nas/a", "/mnt/nas/z/z"):
        assert low < inside < high
    assert not low < "/mnt/nas" < high
    assert not low < "/mnt/nas2/a" < high
