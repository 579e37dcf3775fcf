"""How the light of two photos differs, and where one lies in the other when they are framed differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from junmai.develop.match_measure import GRID, Measure

COARSE = GRID // 2
LEAST_SHARE = 0.04
"""Share of the grid that must be sound in both photos: 164 cells."""
MOST_RESIDUAL = 0.25
"""Robust spread, in EV, that may remain between the cells of two photos after the gain, in luminance and each ratio."""
FOUND = 0.80
"""Correlation from which the middle of a photo counts as found in another one."""
WINDOW = COARSE // 2
WINDOWS = tuple((COARSE // 4 * row, COARSE // 4 * column) for row, column in ((1, 1), (0, 0), (0, 2), (2, 0), (2, 2)))
"""Upper left corners of what is looked for: the middle of a photo and its quarters."""
OVERLAID = 0.85
"""Correlation of log green over all that two photos share, once one is laid over the other."""
ROUGH = 0.6
"""The same before the place is made exact, which costs 2 ms."""
LEAST_OVERLAP = 0.08
"""Share of the grid that two photos must share."""
LEAST_DETAIL = 0.15
"""EV of deviation that a window needs."""
ZOOMS = tuple(1.15**step for step in range(-3, 4))
"""Sizes of one framing in another: 0.66 to 1.52."""
TRIES = 2
"""Windows that are tried for a pair of photos and a direction, the most alike ones first."""


@dataclass(frozen=True)
class Link:
    """`logs` bring `second` to `first`; `weight` is the count of cells that say so."""

    first: int
    second: int
    logs: tuple[float, float, float]
    weight: int


def link_of(
    first: int, second: int, one: NDArray[np.float32], other: NDArray[np.float32], both: NDArray[np.bool_]
) -> Link | None:
    """The gains between two grids of log light, or None where more than gains is between them."""
    weight = int(np.count_nonzero(both))
    if weight < LEAST_SHARE * GRID * GRID:
        return None
    apart = one[both].astype(np.float64) - other[both]
    middle = np.median(apart, axis=0)
    rest = np.abs(apart - middle)
    rest = np.column_stack([rest[:, 1], np.abs((apart - middle)[:, [0, 2]] - (apart - middle)[:, 1:2])])
    if (1.4826 * np.median(rest, axis=0)).max() > MOST_RESIDUAL:
        return None
    # cells within the spread say it best; at the edges of things a small shift makes large differences
    near = (rest <= 2 * np.maximum(1.4826 * np.median(rest, axis=0), 0.01)).all(axis=1)
    red, green, blue = apart[near].mean(axis=0) if near.any() else middle
    return Link(first, second, (float(red), float(green), float(blue)), weight)


# --- one in the other ---


@dataclass(frozen=True)
class _Place:
    """Where `part` lies in `whole`, by one of its windows: `down` and `across` are its height and width in those of
    `whole`, `left` and `top` the place of its corner."""

    likeness: float
    whole: int
    part: int
    down: float
    across: float
    left: float
    top: float


def found(measures: Sequence[Measure], first: int, second: int) -> Link | None:
    """The link of two photos, by the most alike window that holds for all that they share."""
    for whole, part in ((first, second), (second, first)):
        places = sorted(_places(measures, whole, part), key=lambda each: -each.likeness)
        for place in places[:TRIES]:
            link = _overlaid(measures, place)
            if link is not None:
                return link
    return None


def _overlaid(measures: Sequence[Measure], place: _Place) -> Link | None:
    """The link of two photos that are laid over each other."""
    one, other = measures[place.whole], measures[place.part]
    begun = _begun(place)
    rough, inside = _laid(one.soft, begun)
    if np.count_nonzero(inside) < LEAST_OVERLAP * GRID * GRID or _likeness(rough, other.soft, inside) < ROUGH:
        return None
    found = _refined(one, other, begun)
    seen, inside = _laid(one.logs, found)
    sound = _laid(one.sound.astype(np.float32), found)[0] > 0.999
    both = inside & other.sound & sound
    if np.count_nonzero(both) < LEAST_OVERLAP * GRID * GRID:
        return None
    if _likeness(seen[:, :, 1], other.logs[:, :, 1], both) < OVERLAID:
        return None
    return link_of(place.whole, place.part, seen, other.logs, both)


def _begun(place: _Place) -> NDArray[np.float32]:
    """(2, 3): columns and rows of the part's grid to those of the whole's."""
    x0, y0 = place.left * GRID + 0.5 * place.across - 0.5, place.top * GRID + 0.5 * place.down - 0.5
    return np.array([[place.across, 0, x0], [0, place.down, y0]], np.float32)


def _laid(picture: NDArray[np.float32], way: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """A grid as the other one's cells see it, by a matrix (2, 3), and which of them lie in it."""
    import cv2

    columns, rows = np.meshgrid(np.arange(GRID, dtype=np.float32), np.arange(GRID, dtype=np.float32))
    x, y = (each[0] * columns + each[1] * rows + each[2] for each in way)
    inside = (x >= 0) & (x <= GRID - 1) & (y >= 0) & (y <= GRID - 1)
    laid = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(laid, dtype=np.float32), np.asarray(inside)


def _likeness(one: NDArray[np.float32], other: NDArray[np.float32], where: NDArray[np.bool_]) -> float:
    """Correlation of two grids where it counts; 0 where one is even."""
    a, b = one[where].astype(np.float64), other[where].astype(np.float64)
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 1e-3 else 0.0


def _refined(one: Measure, other: Measure, begun: NDArray[np.float32]) -> NDArray[np.float32]:
    """(2, 3): `begun` made exact by enhanced correlation (Evangelidis and Psarakis 2008), or itself where that leads
    nowhere. Without it fine texture 3 % out of scale leaves up to 0.5 EV between cells."""
    import cv2

    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    mask = one.sound.astype(np.uint8)
    try:
        _, found = cv2.findTransformECC(other.soft, one.soft, begun.copy(), cv2.MOTION_AFFINE, stop, mask, 3)
    except cv2.error:
        return begun
    turned = np.abs(found[:, :2] - begun[:, :2]).max()
    middle = np.array((GRID / 2, GRID / 2, 1))
    moved = np.abs(found @ middle - begun @ middle).max()
    return np.asarray(found if turned < 0.15 and moved < 0.1 * GRID else begun, dtype=np.float32)


def _places(measures: Sequence[Measure], whole: int, part: int) -> list[_Place]:
    """The best place of each window of `part` that is found in `whole`."""
    import cv2

    around, inner = measures[whole].softer, measures[part].softer
    stretch = measures[part].aspect / measures[whole].aspect
    places: list[_Place] = []
    for row, column in WINDOWS:
        window = inner[row : row + WINDOW, column : column + WINDOW]
        if float(window.std()) < LEAST_DETAIL:  # an even window is found anywhere
            continue
        best = _Place(FOUND, whole, part, 0, 0, 0, 0)
        for zoom in ZOOMS:
            height, width = round(WINDOW * zoom), round(WINDOW * zoom * stretch)
            if not (6 <= height <= COARSE and 6 <= width <= COARSE):
                continue
            way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
            scaled = cv2.resize(window, (width, height), interpolation=way)
            _, likeness, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(around, scaled, cv2.TM_CCOEFF_NORMED))
            if likeness > best.likeness:
                down, across = height / WINDOW, width / WINDOW
                left, top = (x - column * across) / COARSE, (y - row * down) / COARSE
                best = _Place(likeness, whole, part, down, across, left, top)
        if best.down:
            places.append(best)
    return places
