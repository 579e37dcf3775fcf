"""Sessions: which photos belong together, what the session is called, and that adding photos disturbs nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from junmai.library.sessions import Group, Shot, group, session_name, shoot_folder

NOON = datetime(2026, 5, 17, 12)  # noqa: DTZ001 - a camera's clock has no zone


def shot(number: int, hours: float | None, folder: str = "/p/Wedding") -> Shot:
    moment = None if hours is None else (NOON + timedelta(hours=hours)).isoformat()
    return Shot(number, PurePosixPath(folder) / f"{number}.jpg", moment)


def stored(groups: list[Group]) -> list[Group]:
    """The sessions as the store gives them back: with ids."""
    return [replace(found, session_id=index + 1, photo_ids=()) for index, found in enumerate(groups)]


def ids(groups: list[Group]) -> list[tuple[int, ...]]:
    return [found.photo_ids for found in groups]


# --- together or apart ---------------------------------------------------------------------------------------


def test_a_wedding_that_runs_past_midnight_is_one_session() -> None:
    (found,) = group([shot(n, hours) for n, hours in enumerate((0, 5, 9, 12.5, 16))])
    assert found.name == "2026-05-17 Wedding"
    assert (found.first_at, found.last_at) == ("2026-05-17T12:00:00", "2026-05-18T04:00:00")


def test_a_silence_longer_than_the_gap_begins_a_new_session() -> None:
    assert ids(group([shot(1, 0), shot(2, 6), shot(3, 12.1)])) == [(1, 2), (3,)]


def test_photos_of_different_folders_are_not_mixed() -> None:
    assert len(group([shot(1, 0, "/p/A"), shot(2, 0, "/p/B")])) == 2


def test_raw_and_jpeg_folders_and_the_folders_of_a_card_are_one_shoot() -> None:
    folders = ("/p/Lake/RAW", "/p/Lake/jpeg", "/p/Lake/DCIM/100CANON", "/p/Lake/DCIM/101CANON", "/p/Lake")
    (found,) = group([shot(n, n / 10, folder) for n, folder in enumerate(folders)])
    assert found.folder == "/p/Lake"


def test_photos_without_a_time_go_to_the_one_session_of_their_folder() -> None:
    assert ids(group([shot(1, 0), shot(2, None)])) == [(1, 2)]


def test_photos_without_a_time_stay_together_where_their_folder_has_several_sessions() -> None:
    found = group([shot(1, 0), shot(2, 48), shot(3, None), shot(4, None)])
    assert sorted(ids(found)) == [(1,), (2,), (3, 4)]
    assert {item.name for item in found} == {"2026-05-17 Wedding", "2026-05-19 Wedding", "Wedding"}


def test_the_order_in_which_photos_are_given_does_not_matter() -> None:
    shots = [shot(n, n * 2.5) for n in range(20)]
    assert group(shots) == group(list(reversed(shots)))


# --- adding --------------------------------------------------------------------------------------------------


def test_nothing_new_changes_nothing() -> None:
    assert group([], stored(group([shot(1, 0)]))) == []


def test_a_photo_added_later_joins_the_session_of_its_time() -> None:
    known = stored(group([shot(1, 0), shot(2, 20)]))
    (found,) = group([shot(3, 22)], known)
    assert (found.session_id, found.photo_ids, found.first_at) == (2, (3,), "2026-05-18T08:00:00")
    assert found.last_at == "2026-05-18T10:00:00"


def test_a_photo_between_two_sessions_joins_the_nearer_and_merges_nothing() -> None:
    known = stored(group([shot(1, 0), shot(2, 10)]))
    found = group([shot(3, 4), shot(4, 6)], known)
    assert [(item.session_id, item.photo_ids) for item in found] == [(1, (3, 4))]


def test_a_name_that_the_user_gave_is_kept() -> None:
    known = [replace(stored(group([shot(1, 0)]))[0], name="Ann & Bob")]
    assert [item.name for item in group([shot(2, 1)], known)] == ["Ann & Bob"]


def test_photos_without_a_time_join_the_session_without_a_time() -> None:
    known = stored(group([shot(1, 0), shot(2, 48), shot(3, None)]))
    (found,) = group([shot(4, None)], known)
    assert (found.name, found.photo_ids) == ("Wedding", (4,))


# --- names ---------------------------------------------------------------------------------------------------


def test_two_sessions_never_have_the_same_name() -> None:
    found = group([shot(1, -10, "/p/A/Lake"), shot(2, 0, "/p/A/Lake"), shot(3, 0, "/p/B/Lake")])
    assert [item.name for item in found] == ["2026-05-17 Lake", "2026-05-17 Lake (2)", "2026-05-17 Lake (3)"]


def test_a_date_in_the_name_of_the_folder_is_not_said_twice() -> None:
    assert session_name("/p/2026-05-17 Wedding", NOON) == "2026-05-17 Wedding"
    assert session_name("/p/20260517_Ann_and_Bob", NOON) == "2026-05-17 Ann and Bob"
    assert session_name("/p/2026-05-17", NOON) == "2026-05-17"
    assert session_name("/p/2026-05-17 Wedding", None) == "2026-05-17 Wedding"


def test_a_folder_that_only_says_raw_is_still_a_folder() -> None:
    assert shoot_folder(PurePosixPath("/raw")) == PurePosixPath("/")
    assert session_name("/", None) == "Photos"
