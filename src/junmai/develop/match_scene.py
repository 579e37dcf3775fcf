"""Which photos of a session show the same, and how their light differs.

Two photos are linked where one is the other up to a gain of each channel: cell by cell with the same framing, found for
all pairs at once by matrix products, or where the middle of one is found in the other. Links make scenes. Each photo
gets the gains that bring it to its scene's root along the surest links; only cells that are sound in both count.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from junmai.develop import color
from junmai.develop.match_measure import GRID, Measure

Logs = NDArray[np.float64]

COARSE = GRID // 2
LEAST_SHARE = 0.04
"""Share of the grid that must be sound in both photos: 164 cells."""
SAME_VIEW = 0.95
"""Correlation of log luminance from which two photos have the same framing."""
MOST_RESIDUAL = 0.25
"""Robust spread, in EV, that may remain between the cells of two photos after the gain, in luminance and each ratio."""
FOUND = 0.80
"""Correlation from which the middle of a photo counts as found in another one."""
ZOOMS = tuple(1.12**step for step in range(-4, 5))
"""Sizes of one framing in another: 0.64 to 1.57."""
CANDIDATES = 6
"""How many other views each view is looked for in: the most alike ones, at 1 ms each."""
_BLOCK = 512


@dataclass(frozen=True, eq=False)
class Scenes:
    """`scene` (n,) is the number of each photo's scene, counted in order of the photos; `to_root` (n, 3) are the
    log2 gains that bring a photo to the root of its scene."""

    scene: NDArray[np.int64]
    to_root: Logs


@dataclass(frozen=True)
class _Link:
    """`logs` bring `second` to `first`; `weight` is the count of cells that say so."""

    first: int
    second: int
    logs: tuple[float, float, float]
    weight: int


def scenes(measures: Sequence[Measure]) -> Scenes:
    """The scenes of measurable photos in their order."""
    count = len(measures)
    links = _same_framing(measures)
    views, _ = _spread(count, links)
    firsts = [int(np.flatnonzero(views == view)[0]) for view in range(views.max() + 1)] if count else []
    links += _other_framing(measures, firsts)
    scene, to_root = _spread(count, links)
    return Scenes(scene, to_root)


# --- the same framing --------------------------------------------------------------------------------------


def _same_framing(measures: Sequence[Measure]) -> list[_Link]:
    """Links of each photo to those of the same framing. All pairs by products of (photos, cells) matrices."""
    if len(measures) < 2:
        return []
    sound = np.stack([_coarse_sound(each).ravel() for each in measures]).astype(np.float32)
    bright = np.stack([_coarse_bright(each).ravel() for each in measures]) * sound
    square = bright**2
    links: list[_Link] = []
    linked_to: dict[int, int] = {}
    for top in range(0, len(measures), _BLOCK):
        part = slice(top, top + _BLOCK)
        both = np.maximum(sound[part] @ sound.T, 1)
        mine, theirs = bright[part] @ sound.T / both, sound[part] @ bright.T / both
        mine2 = square[part] @ sound.T / both - mine**2
        theirs2 = sound[part] @ square.T / both - theirs**2
        common = bright[part] @ bright.T / both - mine * theirs
        alike = common / np.sqrt(np.maximum(mine2 * theirs2, 1e-8))
        near = (alike > SAME_VIEW) & (both >= LEAST_SHARE * sound.shape[1])
        for row, column in zip(*np.nonzero(near), strict=True):
            first, second = top + int(row), int(column)
            # a chain of links is enough: one to a photo before it, and that one's own first
            if first < second and linked_to.get(second, -1) != linked_to.get(first, first):
                link = _compared(measures, first, second)
                if link is not None:
                    links.append(link)
                    linked_to[second] = linked_to.get(first, first)
    return links


def _compared(measures: Sequence[Measure], first: int, second: int) -> _Link | None:
    one, other = measures[first], measures[second]
    if one.kind != other.kind:
        return None
    return _link(first, second, one.logs, other.logs, one.sound & other.sound)


def _link(
    first: int, second: int, one: NDArray[np.float32], other: NDArray[np.float32], both: NDArray[np.bool_]
) -> _Link | None:
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
    return _Link(first, second, (float(red), float(green), float(blue)), weight)


# --- another framing ---------------------------------------------------------------------------------------


def _other_framing(measures: Sequence[Measure], firsts: Sequence[int]) -> list[_Link]:
    """Links between views, of which `firsts` are one photo each, where one is found in another."""
    if len(firsts) < 2:
        return []
    shapes = np.stack([shape(measures[each]) for each in firsts])
    size = (shapes**2).sum(axis=1)
    apart = size[:, None] + size[None, :] - 2 * shapes @ shapes.T
    np.fill_diagonal(apart, np.inf)
    nearest = np.argsort(apart, axis=1, kind="stable")[:, :CANDIDATES]
    pairs = sorted({(min(row, int(c)), max(row, int(c))) for row in range(len(firsts)) for c in nearest[row]})
    links: list[_Link] = []
    for row, column in pairs:
        one, other = firsts[row], firsts[column]
        if measures[one].kind == measures[other].kind and np.isfinite(apart[row, column]):
            link = _found(measures, one, other)
            if link is not None:
                links.append(link)
    return links


def shape(seen: Measure) -> Logs:
    """What stays of the quantiles without gains: (57,), each curve less its middle, in EV."""
    return (seen.quantiles - np.median(seen.quantiles, axis=1, keepdims=True)).ravel()


def _found(measures: Sequence[Measure], first: int, second: int) -> _Link | None:
    """The link of two photos where the middle of either lies in the other."""
    best = max((_place(measures[a], measures[b]), a, b) for a, b in ((first, second), (second, first)))
    (likeness, zoom, left, top), whole, part = best
    if likeness < FOUND:
        return None
    import cv2

    one, other = measures[whole], measures[part]
    across = zoom * other.aspect / one.aspect
    rows, columns = np.meshgrid(np.arange(GRID), np.arange(GRID), indexing="ij")
    x = np.float32(left * GRID) + (columns.astype(np.float32) + 0.5) * np.float32(across) - np.float32(0.5)
    y = np.float32(top * GRID) + (rows.astype(np.float32) + 0.5) * np.float32(zoom) - np.float32(0.5)
    inside = (x >= 0) & (x <= GRID - 1) & (y >= 0) & (y <= GRID - 1)
    seen = cv2.remap(one.logs, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    sound = cv2.remap(one.sound.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) > 0.999
    return _link(whole, part, np.asarray(seen, np.float32), other.logs, inside & other.sound & sound)


def _place(whole: Measure, part: Measure) -> tuple[float, float, float, float]:
    """How well the middle of `part` is found in `whole`, the height of all of `part` in heights of `whole`, and the
    place of its left and upper edge in widths and heights of `whole`."""
    import cv2

    around, inner = _coarse_bright(whole), _coarse_bright(part)
    edge = COARSE // 4
    middle = inner[edge : COARSE - edge, edge : COARSE - edge]
    best = (0.0, 1.0, 0.0, 0.0)
    for zoom in ZOOMS:
        down, across = zoom, zoom * part.aspect / whole.aspect
        height, width = round(middle.shape[0] * down), round(middle.shape[1] * across)
        if not (6 <= height <= COARSE and 6 <= width <= COARSE):
            continue
        scaled = cv2.resize(middle, (width, height), interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
        if float(scaled.std()) < 0.1:  # an even middle is found anywhere
            continue
        likeness = cv2.matchTemplate(around, scaled, cv2.TM_CCOEFF_NORMED)
        y, x = np.unravel_index(int(np.argmax(likeness)), likeness.shape)
        found = float(likeness[y, x])
        if found > best[0]:
            exact_down, exact_across = height / middle.shape[0], width / middle.shape[1]
            left, top = int(x) - edge * exact_across, int(y) - edge * exact_down
            best = (found, exact_down, left / COARSE, top / COARSE)
    return best


def _coarse_bright(seen: Measure) -> NDArray[np.float32]:
    """log2 luminance of 2 x 2 cells, (COARSE, COARSE)."""
    return _bright_of(seen)


@functools.lru_cache(maxsize=4096)
def _bright_of(seen: Measure) -> NDArray[np.float32]:
    bright = seen.light.astype(np.float32) @ color.WORKING_LUMINANCE.astype(np.float32)
    pooled = bright.reshape(COARSE, 2, COARSE, 2).mean(axis=(1, 3))
    return np.asarray(np.log2(np.maximum(pooled, np.float32(2.0**-12))), dtype=np.float32)


def _coarse_sound(seen: Measure) -> NDArray[np.bool_]:
    return np.asarray(seen.sound.reshape(COARSE, 2, COARSE, 2).all(axis=(1, 3)))


# --- along the links ---------------------------------------------------------------------------------------


def _spread(count: int, links: Sequence[_Link]) -> tuple[NDArray[np.int64], Logs]:
    """The part that each node is in, numbered by its first node, and the log gains to that node along the links with
    the most cells (Prim's spanning tree)."""
    around: list[list[tuple[int, int, Logs]]] = [[] for _ in range(count)]
    for link in links:
        logs = np.array(link.logs)
        around[link.first].append((link.weight, link.second, logs))
        around[link.second].append((link.weight, link.first, -logs))
    scene = np.full(count, -1, np.int64)
    to_root = np.zeros((count, 3))
    parts = 0
    for root in range(count):
        if scene[root] < 0:
            _grow(root, parts, around, scene, to_root)
            parts += 1
    return scene, to_root


def _grow(
    root: int, part: int, around: Sequence[Sequence[tuple[int, int, Logs]]], scene: NDArray[np.int64], to_root: Logs
) -> None:
    import heapq

    waiting: list[tuple[int, int, int]] = []
    logs_of: dict[tuple[int, int], Logs] = {}

    def reach(node: int) -> None:
        scene[node] = part
        for weight, other, logs in around[node]:
            if scene[other] < 0:
                logs_of[node, other] = logs
                heapq.heappush(waiting, (-weight, other, node))

    reach(root)
    while waiting:
        _, node, known = heapq.heappop(waiting)
        if scene[node] < 0:
            to_root[node] = to_root[known] + logs_of[known, node]
            reach(node)
