"""Names by a template: what is understood, what is refused, and that the result is safe everywhere."""

from __future__ import annotations

import unicodedata
from pathlib import PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junmai import errors
from junmai.domain.naming import FIELDS, NameFacts, is_relative_name, parse
from junmai.domain.plan import EXTENSIONS, plan_names

FACTS = NameFacts(
    file_name="IMG_1.CR2",
    session="Lake, 17 May",
    captured_at="2026-05-17T14:03:05.25",
    camera="Canon EOS 5D",
    lens="EF 50mm f/1.4 USM",
    rating=4,
    preset="warm-portrait",
)
TEXTS = st.text(min_size=0, max_size=30)
ANY_FACTS = st.builds(
    NameFacts, file_name=TEXTS, session=TEXTS, captured_at=TEXTS, camera=TEXTS, lens=TEXTS, rating=st.integers(-1, 5)
)


def named(template: str, facts: NameFacts = FACTS, sequence: int = 1) -> str:
    return parse(template).stem(facts, sequence)


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{session}/{date}_{camera}_{name}", "Lake, 17 May/2026-05-17_Canon EOS 5D_IMG_1"),
        ("{year}/{month}/{day}/{time}", "2026/05/17/14-03-05"),
        ("{rating} stars, {preset}", "4 stars, warm-portrait"),
        ("{lens}", "EF 50mm f_1.4 USM"),
        ("{sequence}", "0001"),
        ("{{{name}}}", "{IMG_1}"),
        ("all", "all"),
    ],
)
def test_a_template_says_what_is_known_of_the_photo(template: str, name: str) -> None:
    assert named(template) == name


def test_every_documented_field_is_understood() -> None:
    assert "/".join(named(f"{{{field}}}") for field in FIELDS).count("/") == len(FIELDS) - 1


def test_what_is_not_known_reads_unknown() -> None:
    bare = NameFacts("A.jpg")
    assert named("{session}/{date}/{time}/{year}{month}{day}/{camera}/{lens}/{rating}", bare) == (
        "unknown/unknown/unknown/unknownunknownunknown/unknown/unknown/0"
    )


def test_a_half_known_date_is_told_as_far_as_it_goes() -> None:
    assert named("{year}-{month}-{day} {time}", NameFacts("A.jpg", captured_at="2026-05")) == "2026-05-unknown unknown"


@pytest.mark.parametrize(("field", "nearest"), [("sesion", "session"), ("Camera", "camera"), ("seq", "sequence")])
def test_an_unknown_field_is_refused_with_the_nearest_one(field: str, nearest: str) -> None:
    with pytest.raises(errors.UnknownNameField) as caught:
        parse(f"{{{field}}}_{{name}}")
    assert f"{{{field}}}" in caught.value.message
    assert f"Did you mean {{{nearest}}}?" in caught.value.message


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("../{name}", "out of the output folder"),
        ("{session}/../../{name}", "out of the output folder"),
        ("/etc/{name}", "out of the output folder"),
        ("{session}//{name}", "empty"),
        ("{session}/", "empty"),
        ("{session}/ ", "empty"),
        ("{session}\\{name}", "folders are divided by /"),
        ("C:{name}", "':'"),
        ("{name}?", "'?'"),
        ("{name", "braces"),
        ("{name}}", "braces"),
        ("{name:>30}", "stands alone"),
        ("{name!r}", "stands alone"),
        ("{name}.jpg", "added by itself"),
        ("{name}\n", "cannot stand"),
        ("/".join("{year}" * 1 for _ in range(10)), "more than 8 folders"),
    ],
)
def test_a_template_that_cannot_be_is_refused_with_the_reason(template: str, why: str) -> None:
    with pytest.raises(errors.NameTemplateRefused) as caught:
        parse(template)
    assert why in caught.value.message


@pytest.mark.parametrize("field", ["{}", "{0}", "{name.__class__}", "{name[0]}"])
def test_nothing_of_python_can_be_reached_through_braces(field: str) -> None:
    with pytest.raises(errors.UnknownNameField):
        parse(field)


@pytest.mark.parametrize(
    ("session", "folder"),
    [
        ("..", "_"),
        ("../../etc", "_._.._etc"),
        (".hidden", "_hidden"),
        ("CON", "CON_"),
        ("nul.backup", "nul_.backup"),
        ("com¹", "com¹_"),
        ("Console", "Console"),
        ('What? A: "B"', "What_ A_ _B_"),
        ("  spaces and dots. . ", "spaces and dots"),
        ("a\0b\x1bc", "a_b_c"),
        ("gpj\u202eexe", "gpjexe"),
        ("", "unknown"),
        ("   ", "_"),
        ("shoot.jpg", "shoot_jpg"),
        (unicodedata.normalize("NFD", "Café"), "Café"),
        ("é" * 200, "é" * 60),
    ],
)
def test_what_a_photo_says_is_made_safe_for_every_system(session: str, folder: str) -> None:
    assert named("{session}/x", NameFacts("A.jpg", session=session)) == f"{folder}/x"


@given(
    facts=ANY_FACTS, template=st.sampled_from(["{session}/{camera}/{name}", "{date}{time}", "{lens}/{name}_{rating}"])
)
def test_whatever_a_photo_says_the_name_stays_below_the_folder_and_fits(facts: NameFacts, template: str) -> None:
    name = named(template, facts) + ".jpg"
    assert is_relative_name(name)
    assert name.count("/") == template.count("/")
    for part in PureWindowsPath(name).parts:
        assert len(part.encode()) <= 255
        assert part == part.strip()
        assert not part.startswith(".")
        assert not part.endswith(".")
        assert not set(part) & set('<>:"\\|?*')
        assert unicodedata.is_normalized("NFC", part)
        assert part.split(".")[0].strip().upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9"}
    assert not any(folder.endswith(tuple(EXTENSIONS.values())) for folder in name.split("/")[:-1])


# --- many photos ---------------------------------------------------------------------------------------------


def planned(
    template: str, *facts: NameFacts, taken: tuple[str, ...] = (), known: dict[int, str] | None = None
) -> list[str]:
    parsed = parse(template)
    names = plan_names(
        list(enumerate(facts, 1)),
        stem=parsed.stem,
        extension=".tif",
        known=known or {},
        taken=taken,
        reserved=None,
        counts=parsed.counts,
    )
    return list(names.values())


def test_two_photos_of_one_name_are_numbered_within_their_folder() -> None:
    monday, friday = (NameFacts("A.jpg", captured_at=f"2026-05-{day}T10:00:00") for day in (18, 22))
    assert planned("{day}/{name}", monday, friday, monday) == ["18/A.tif", "22/A.tif", "18/A-2.tif"]


def test_sequence_numbers_count_through_the_batch_and_pass_over_what_is_taken() -> None:
    assert planned("{sequence}", FACTS, FACTS, FACTS, taken=("0002.tif",)) == ["0001.tif", "0003.tif", "0004.tif"]


def test_sequence_numbers_go_on_after_the_photos_that_have_theirs() -> None:
    names = planned("{sequence}", FACTS, FACTS, FACTS, known={2: "0001.tif", 3: "0002.tif"})
    assert names == ["0003.tif", "0001.tif", "0002.tif"]


def test_a_sequence_that_is_cut_off_by_the_length_of_a_name_still_gives_two_names() -> None:
    long = NameFacts("é" * 200 + ".jpg")
    first, second = planned("{name}{sequence}", long, long)
    assert first != second
    assert second.endswith("-2.tif")


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../a.jpg", "a/../../b.jpg", "a//b.jpg", "a/", ".", "a\\b", "a\0b"]
)
def test_a_name_that_leads_elsewhere_is_no_relative_name(name: str) -> None:
    assert not is_relative_name(name)


@pytest.mark.parametrize("name", ["a.jpg", "a/b.jpg", "a/b/..c.jpg", "a: b.jpg"])
def test_a_name_below_the_folder_is_one(name: str) -> None:
    assert is_relative_name(name)
