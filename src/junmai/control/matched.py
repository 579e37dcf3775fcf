"""What matching found for the photos of a batch, as programs and people read it; and what the user wants beside it."""

from __future__ import annotations

import os
from pathlib import Path

from junmai import errors
from junmai.domain.matching import Adjustment, Shown
from junmai.domain.model import Photo
from junmai.store.base import Store

MOST_EXPOSURE = 5.0
LEAST_GAIN, MOST_GAIN = 0.25, 4.0


def described(one: Shown) -> dict[str, object]:
    """The match of one photo as JSON has it: what is done to it, as found and adjusted; None before it was found."""
    solution, found, by = one.solution, one.found, one.adjustment
    return {
        "position": one.position,
        "photo_id": one.photo_id,
        "file_name": Path(one.path).name if one.path else None,
        "status": one.status,
        "exposure": None if solution is None else round(solution.exposure, 4),
        "red": None if solution is None else round(solution.red, 4),
        "green": None if solution is None else round(solution.green, 4),
        "blue": None if solution is None else round(solution.blue, 4),
        "scene": None if solution is None else solution.group,
        "capped": None if solution is None else solution.capped,
        "why": (found.solution.why or None) if found is not None else None,
        "distance_before": None if found is None else found.before,
        "distance_after": None if found is None else found.after,
        "off": by.off,
        "by_exposure": by.exposure,
        "by_red": by.red,
        "by_blue": by.blue,
    }


def adjust(store: Store, photo: str, adjustment: Adjustment) -> tuple[Photo, int]:
    """Keep what the user wants of a photo (id or path) beside what matching finds.

    Returns the photo, and in how many unfinished batches it waits to be developed so. Raises `BadInput`.
    """
    if not -MOST_EXPOSURE <= adjustment.exposure <= MOST_EXPOSURE:
        raise errors.BadInput(detail=f"The exposure must be -5 to 5 EV; it is {adjustment.exposure:g}.")
    for name, gain in (("red", adjustment.red), ("blue", adjustment.blue)):
        if not LEAST_GAIN <= gain <= MOST_GAIN:
            raise errors.BadInput(detail=f"{name} must be {LEAST_GAIN:g} to {MOST_GAIN:g} times; it is {gain:g}.")
    known = _photo(store, photo)
    return known, store.adjust_match(known.id, adjustment)


def _photo(store: Store, text: str) -> Photo:
    found = store.photo(int(text)) if text.isdecimal() and len(text) < 19 else None
    found = found or store.photo_by_path(os.path.abspath(Path(text).expanduser()))
    if found is None:
        detail = f"{text!r} is no photo of the library: name its path, or its id (`junmai match show` lists them)."
        raise errors.BadInput(detail=detail)
    return found
