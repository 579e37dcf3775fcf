"""The names of outputs."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junmai.domain.plan import LONGEST_NAME, name_key, plain_stem, plan_names

FILE_NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\\\0"), min_size=1, max_size=30)


def _names(
    *file_names: str,
    known: dict[int, str] | None = None,
    taken: tuple[str, ...] = (),
    reserved: tuple[str, ...] = (),
) -> list[str]:
    photos = list(enumerate(file_names, 1))
    planned = plan_names(
        photos,
        stem=plain_stem,
        extension=".jpg",
        known=known or {},
        taken=[name_key(name) for name in taken],
        reserved=lambda _, name: name in reserved,
    )
    assert list(planned) == [photo_id for photo_id, _ in photos]
    return list(planned.values())


def test_a_photo_keeps_its_name_with_the_extension_of_the_output() -> None:
    assert _names("IMG_1.CR2", "DSC.0042.nef") == ["IMG_1.jpg", "DSC.0042.jpg"]


def test_the_second_of_a_pair_gets_a_number() -> None:
    assert _names("IMG_1.CR2", "IMG_1.JPG", "IMG_1.dng") == ["IMG_1.jpg", "IMG_1-2.jpg", "IMG_1-3.jpg"]


def test_a_number_that_a_photo_has_by_itself_is_left_out() -> None:
    assert _names("IMG_1-2.jpg", "IMG_1.jpg", "IMG_1.cr2") == ["IMG_1-2.jpg", "IMG_1.jpg", "IMG_1-3.jpg"]
    assert _names("IMG_1.jpg", "IMG_1.cr2", "IMG_1-2.jpg") == ["IMG_1.jpg", "IMG_1-2.jpg", "IMG_1-2-2.jpg"]


def test_names_that_differ_only_in_case_are_one_name() -> None:
    assert _names("Straße.jpg", "STRASSE.cr2", "strasse.png") == ["Straße.jpg", "STRASSE-2.jpg", "strasse-3.jpg"]


def test_composed_and_decomposed_letters_are_one_name() -> None:
    composed = unicodedata.normalize("NFC", "Café.jpg")
    decomposed = unicodedata.normalize("NFD", "Café.cr2")
    assert _names(composed, decomposed) == ["Café.jpg", unicodedata.normalize("NFC", "Café-2.jpg")]


def test_a_photo_keeps_the_name_that_it_has_in_the_folder() -> None:
    assert _names("B.jpg", "A.jpg", known={2: "Holiday.jpg"}) == ["B.jpg", "Holiday.jpg"]


def test_a_known_name_of_a_later_photo_is_not_given_to_an_earlier_one() -> None:
    assert _names("IMG_1.cr2", "IMG_1.jpg", known={2: "IMG_1.jpg"}) == ["IMG_1-2.jpg", "IMG_1.jpg"]


def test_a_name_given_away_is_not_given_again() -> None:
    assert _names("IMG_1.jpg", taken=("img_1.JPG", "IMG_1-2.jpg")) == ["IMG_1-3.jpg"]


def test_a_reserved_name_is_left_alone() -> None:
    assert _names("IMG_1.cr2", "IMG_1.jpg", reserved=("IMG_1.jpg",)) == ["IMG_1-2.jpg", "IMG_1-3.jpg"]


def test_a_long_name_is_cut_between_letters_and_leaves_room_for_a_number() -> None:
    names = _names(*["é" * 200 + ".jpg"] * 2)
    assert len(set(names)) == 2
    for name in names:
        assert name.startswith("é" * (LONGEST_NAME // 2))
        assert len(name.encode()) <= 255


@pytest.mark.parametrize("name", [".jpg", "...", " .jpg", "photo", "a.b.c"])
def test_an_odd_name_is_a_name_too(name: str) -> None:
    (planned,) = _names(name)
    assert planned.endswith(".jpg")
    assert len(planned) > len(".jpg")


def test_ten_thousand_photos_of_one_name_get_ten_thousand_names() -> None:
    names = _names(*["IMG_0001.jpg"] * 10_000)
    assert (names[0], names[-1]) == ("IMG_0001.jpg", "IMG_0001-10000.jpg")
    assert len(set(names)) == 10_000


@given(file_names=st.lists(FILE_NAMES, max_size=20), taken=st.lists(FILE_NAMES, max_size=5))
def test_names_are_unique_on_every_file_system_whatever_the_photos_are_called(
    file_names: list[str], taken: list[str]
) -> None:
    names = _names(*file_names, *file_names, taken=tuple(taken))
    keys = [name_key(name) for name in names]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & {name_key(name) for name in taken}
    for fold in (str.lower, str.upper, str.casefold):
        folded = [unicodedata.normalize("NFC", fold(name)) for name in names]
        assert len(set(folded)) == len(folded)


@given(file_names=st.lists(FILE_NAMES, max_size=10, unique=True))
def test_a_plan_is_the_same_every_time(file_names: list[str]) -> None:
    assert _names(*file_names) == _names(*file_names)


@given(name=FILE_NAMES)
def test_every_spelling_of_a_name_has_one_key(name: str) -> None:
    for form in ("NFC", "NFD"):
        assert name_key(unicodedata.normalize(form, name)) == name_key(name)
