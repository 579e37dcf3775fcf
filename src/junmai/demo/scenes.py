"""From a shot on paper to its picture."""

from __future__ import annotations

import numpy as np

from junmai.demo.canvas import Picture, Rng, lens
from junmai.demo.lake import lake_view, misty_forest
from junmai.demo.plan import Shot
from junmai.demo.sky import HOURS, Hour
from junmai.demo.street import street
from junmai.demo.table import still_life
from junmai.demo.town import riverside

_PLACE = 1  # all photos of a shoot are of one valley
_BACKDROP_SHRINK = 4  # a background out of focus needs no more


def paint(shot: Shot, long_edge: int) -> Picture:
    """The upright picture in linear sRGB, exposed as the shot says, shape (height, width, 3); sides are even."""
    long, short = long_edge // 2 * 2, long_edge // 3 * 2
    width, height = (short, long) if shot.portrait else (long, short)
    rng = np.random.default_rng(shot.seed)
    picture = lens(_scene(shot, HOURS[shot.hour].vary(rng), rng, width, height))
    return np.asarray(picture * np.float32(2**shot.exposure), dtype=np.float32)


def _scene(shot: Shot, hour: Hour, rng: Rng, width: int, height: int) -> Picture:
    match shot.scene:
        case "forest":
            return misty_forest(hour, rng, width, height)
        case "riverside":
            return riverside(hour, rng, width, height)
        case "street":
            return street(hour, rng, width, height)
        case "table":
            return still_life(hour, rng, _backdrop(shot, hour, rng, width, height))
        case _:
            return lake_view(hour, rng, width, height, _PLACE)


def _backdrop(shot: Shot, hour: Hour, rng: Rng, width: int, height: int) -> Picture:
    """The session's own view, to be blurred behind a still life."""
    import cv2

    small = (max(32, width // _BACKDROP_SHRINK), max(32, height // _BACKDROP_SHRINK))
    town = shot.session.startswith("Evening")
    view = riverside(hour, rng, *small) if town else lake_view(hour, rng, *small, _PLACE)
    return cv2.resize(view, (width, height), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]
