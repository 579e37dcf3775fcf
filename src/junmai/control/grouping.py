"""Puts photos that have no session yet into sessions, in the store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from junmai.domain.model import Photo, Session
from junmai.library.sessions import Group, Shot, group
from junmai.store.base import Store


def put_in_sessions(store: Store, photos: Sequence[Photo], *, name: str | None = None) -> tuple[int, ...]:
    """Give every photo a session: the one that the user named, or the shoot that folder and time tell.

    Returns the ids of all sessions that these photos are in.
    """
    loose = [photo for photo in photos if photo.session_id is None]
    kept = {photo.session_id for photo in photos if photo.session_id is not None}
    if name is not None:
        kept = {_named(store, name, photos)}
    elif loose:
        kept |= _grouped(store, loose)
    return tuple(sorted(kept))


def _named(store: Store, name: str, photos: Sequence[Photo]) -> int:
    times = sorted(photo.captured_at for photo in photos if photo.captured_at)
    first, last = (times[0], times[-1]) if times else (None, None)
    session_id = store.add_session(name, folder=None, first_at=first, last_at=last, named_by_user=True)
    store.put_in_session(session_id, [photo.id for photo in photos], first_at=first, last_at=last)
    return session_id


def _grouped(store: Store, loose: Sequence[Photo]) -> set[int]:
    shots = [Shot(photo.id, Path(photo.path), photo.captured_at) for photo in loose]
    ids: set[int] = set()
    for found in group(shots, [_as_group(session) for session in _automatic(store)]):
        session_id = found.session_id or store.add_session(
            found.name, folder=found.folder, first_at=found.first_at, last_at=found.last_at, named_by_user=False
        )
        store.put_in_session(session_id, found.photo_ids, first_at=found.first_at, last_at=found.last_at)
        ids.add(session_id)
    return ids


def _automatic(store: Store) -> list[Session]:
    found: list[Session] = []
    while page := store.sessions(after=found[-1].id if found else 0):
        found += page
    return [session for session in found if not session.named_by_user and session.folder]


def _as_group(session: Session) -> Group:
    return Group(session.id, session.name, session.folder or "", session.first_at, session.last_at)
