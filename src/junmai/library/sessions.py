"""Groups photos into sessions, the photos of one shoot, by folder and by gaps in time. Pure.

A session is not cut at midnight: only a gap cuts it, so that a wedding that runs until four is one session.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import PurePath

DEFAULT_GAP = timedelta(hours=6)
"""A longer silence begins a new session: longer than any dinner at a wedding, shorter than a night."""
_NEVER = datetime(9999, 12, 31)  # noqa: DTZ001 - a camera's clock has no zone


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo that has no session yet. `captured_at` is ISO 8601 on the camera's clock, as in `PhotoFacts`."""

    photo_id: int
    path: PurePath
    captured_at: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A session, or one to be made (`session_id` None), with the photos to be added to it.

    `folder` is the folder of the shoot (see `shoot_folder`). `first_at` and `last_at` are ISO 8601 to the second,
    both None if no photo has a time.
    """

    session_id: int | None
    name: str
    folder: str
    first_at: str | None = None
    last_at: str | None = None
    photo_ids: tuple[int, ...] = ()


def group(shots: Iterable[Shot], existing: Sequence[Group] = (), *, gap: timedelta = DEFAULT_GAP) -> list[Group]:
    """Put `shots` into the existing sessions that they belong to, and into new ones.

    Returns the sessions that get photos, existing ones first, with their photos by time; `first_at` and `last_at`
    cover the new photos too. Existing sessions keep their names and are never merged or cut, so that adding a
    folder in pieces disturbs nothing, and adding nothing returns nothing. Photos without a time go to the one
    session of their folder; where it has none or several, to one without a time.
    """
    folders: dict[str, list[_Growing]] = {}
    for session in existing:
        folders.setdefault(session.folder, []).append(_Growing.of(session))
    by_folder: dict[str, list[Shot]] = {}
    for shot in shots:
        by_folder.setdefault(str(shoot_folder(shot.path.parent)), []).append(shot)
    for folder in sorted(by_folder):
        _fill(folders.setdefault(folder, []), folder, by_folder[folder], gap)
    names = {session.name for session in existing}
    grown = [session for sessions in folders.values() for session in sessions if session.added]
    grown.sort(key=lambda session: (session.group.session_id is None, session.group.folder, session.first or _NEVER))
    return [session.finished(names) for session in grown]


# --- folders and names ---------------------------------------------------------------------------------------

_CARD_FOLDER = re.compile(r"\d{3}[A-Z0-9_]{5}$", re.IGNORECASE)  # 100CANON, 101MSDCF: DCF's rule
_FORMAT_FOLDERS = frozenset(
    ("dcim", "raw", "raws", "jpg", "jpgs", "jpeg", "jpegs", "dng", "nef", "cr2", "cr3", "arw", "heic")
)
_DATE_AT_START = re.compile(r"(\d{4})[-_. ]?(\d{2})[-_. ]?(\d{2})(?!\d)[-_. ]*")


def shoot_folder(folder: PurePath) -> PurePath:
    """The folder that stands for the shoot: above the folders that cameras make (``DCIM/100CANON``, of which a
    camera begins a new one in the middle of a shoot) and those that part RAW from JPEG."""
    while folder.parent != folder and (_CARD_FOLDER.match(folder.name) or folder.name.lower() in _FORMAT_FOLDERS):
        folder = folder.parent
    return folder


def session_name(folder: str, first: datetime | None) -> str:
    """``2026-05-17 Wedding``: the day it began and the folder, whose own date is not said twice."""
    title = PurePath(folder).name
    match = _DATE_AT_START.match(title)
    if match:
        title = title[match.end() :] if first or match.end() < len(title) else title
    title = " ".join(title.replace("_", " ").split())
    day = first.strftime("%Y-%m-%d") if first else ""
    if match and not first:
        day = "-".join(match.groups())
        title = "" if title.startswith(match[1]) else title
    return " ".join(part for part in (day, title) if part) or "Photos"


def _unique(name: str, taken: set[str]) -> str:
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name} ({number})"
    taken.add(candidate)
    return candidate


# --- growing -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Growing:
    group: Group
    first: datetime | None
    last: datetime | None
    added: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, session: Group) -> _Growing:
        first, last = _moment(session.first_at), _moment(session.last_at)
        return cls(session, first or last, last or first)

    def distance(self, moment: datetime) -> timedelta:
        """How far `moment` is from the time that the session covers; 0 within."""
        if self.first is None or self.last is None:
            return timedelta.max
        return max(self.first - moment, moment - self.last, timedelta(0))

    def add(self, photo_id: int, moment: datetime | None) -> None:
        self.added.append(photo_id)
        if moment is not None:
            self.first = min(self.first or moment, moment)
            self.last = max(self.last or moment, moment)

    def finished(self, taken: set[str]) -> Group:
        name = self.group.name
        if self.group.session_id is None:
            name = _unique(session_name(self.group.folder, self.first), taken)
        return replace(
            self.group,
            name=name,
            first_at=self.first.isoformat() if self.first else None,
            last_at=self.last.isoformat() if self.last else None,
            photo_ids=tuple(self.added),
        )


def _fill(sessions: list[_Growing], folder: str, shots: list[Shot], gap: timedelta) -> None:
    timed = sorted(
        ((moment, shot.photo_id) for shot in shots if (moment := _moment(shot.captured_at)) is not None),
    )
    dated = sorted((session for session in sessions if session.first), key=lambda session: session.first or _NEVER)
    starts = [session.first or _NEVER for session in dated]
    for moment, photo_id in timed:
        at = bisect_right(starts, moment)
        near = dated[max(0, at - 1) : at + 1]  # sessions of a folder don't overlap: one before, one after
        best = min(near, key=lambda session: session.distance(moment), default=None)
        if best is None or best.distance(moment) > gap:
            best = _Growing(Group(None, "", folder), None, None)
            sessions.append(best)
            dated.insert(at, best)
            starts.insert(at, moment)
        best.add(photo_id, moment)
    undated = sorted(shot.photo_id for shot in shots if _moment(shot.captured_at) is None)
    if undated:
        target = _for_undated(sessions, dated, folder)
        for photo_id in undated:
            target.add(photo_id, None)


def _for_undated(sessions: list[_Growing], dated: list[_Growing], folder: str) -> _Growing:
    without_time = next((session for session in sessions if session.first is None), None)
    if without_time is not None:
        return without_time
    if len(dated) == 1:
        return dated[0]
    target = _Growing(Group(None, "", folder), None, None)
    sessions.append(target)
    return target


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text[:19]) if text else None
    except ValueError:
        return None
