"""From what the user asks for to photos of the library."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from junmai import errors
from junmai.domain.matching import Match
from junmai.domain.model import Photo
from junmai.library.selection import Selection
from junmai.store.base import Store

IDS_NAMED = 20
"""Ids that an error names at the most."""


def names_of(store: Store, photo_ids: Sequence[int]) -> dict[int, str]:
    """The file names of the photos with these ids, in that order.

    Raises `BadInput`, `DuplicatePhotos`, `UnknownPhotos` for ids that are none, no numbers, double or unknown, all
    of them named (the first twenty, and how many more).
    """
    if isinstance(photo_ids, str | bytes) or not isinstance(photo_ids, Sequence) or not photo_ids:
        raise errors.BadInput(detail="photo_ids must be a non-empty list")
    wrong = [value for value in photo_ids if isinstance(value, bool) or not isinstance(value, int)]
    if wrong:
        raise errors.BadInput(detail=f"photo_ids must be whole numbers; these are not: {named(wrong)}")
    if len(set(photo_ids)) != len(photo_ids):
        doubled = _doubled(photo_ids)
        raise errors.DuplicatePhotos(ids=named(doubled), every=doubled)
    outside = [value for value in photo_ids if not -(1 << 63) <= value < 1 << 63]
    found = {} if outside else store.photo_names(photo_ids)
    if len(found) != len(photo_ids):
        unknown = [value for value in photo_ids if value not in found]
        raise errors.UnknownPhotos(ids=named(unknown), every=unknown)
    return {photo_id: found[photo_id] for photo_id in photo_ids}


def matched_to(text: str, photos: Sequence[Photo], match: Match | None) -> Match:
    """The match to the one of these photos that has this id, name or path. Raises `BadInput` for none, or several."""
    path = os.path.abspath(Path(text).expanduser())
    found = [one for one in photos if one.path == path or str(one.id) == text]
    found = found or [one for one in photos if one.file_name.casefold() == text.casefold()]
    if len(found) == 1:
        return Match(found[0].id, match.strength if match else 100.0)
    if found:
        detail = f"{len(found)} photos are called {text}: {named([one.path for one in found])}. Name one by its path."
        raise errors.BadInput(detail=detail)
    near = difflib.get_close_matches(text, [one.file_name for one in photos], n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise errors.BadInput(
        detail=f"{text!r} is none of these photos, nor session or collection; there is nothing to match to.{hint}"
    )


def page(store: Store, selection: Selection, *, after: int, limit: int) -> tuple[list[Photo], int]:
    """A page of the photos that a selection means (all where it is empty), and how many there are in all.

    Raises `UnknownCollection`.
    """
    filters = _filters(store, selection)
    return store.photos(**filters, after=after, limit=limit), store.count_photos(**filters)


def selected(store: Store, selection: Selection) -> Iterator[Photo]:
    """The photos that a selection means, by id. Raises `UnknownCollection`."""
    filters = _filters(store, selection)
    after = 0
    while True:
        found = store.photos(**filters, after=after)
        if not found:
            return
        yield from found
        after = found[-1].id


def _filters(store: Store, selection: Selection) -> dict[str, Any]:
    first, last = selection.bounds()
    return {
        "session_id": selection.session_id,
        "below": os.path.abspath(selection.folder).rstrip(os.sep) + os.sep if selection.folder else None,
        "first": first,
        "last": last,
        "min_rating": selection.min_rating,
        "label": selection.label,
        "camera": selection.camera,
        "collection_id": store.collection_id(selection.collection) if selection.collection is not None else None,
    }


def named(values: Sequence[object]) -> str:
    """Values as a list for a sentence, the first twenty of them."""
    shown = ", ".join(repr(value) for value in values[:IDS_NAMED])
    more = len(values) - IDS_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _doubled(values: Sequence[int]) -> list[int]:
    seen: set[int] = set()
    doubled: dict[int, None] = {}
    for value in values:
        if value in seen:
            doubled[value] = None
        seen.add(value)
    return list(doubled)
