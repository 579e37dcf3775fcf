"""Which photos of a session show the same, and how their light differs.

Two photos are linked where one is the other up to a gain of each channel: cell by cell with the same framing, found for
all pairs at once by matrix products, or where the middle of one is found in the other. Links make scenes. Each photo
gets the gains that bring it to its scene's root along the surest links; only cells that are sound in both count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from junmai.develop import color
from junmai.develop.match_measure import Measure
from junmai.develop.match_place import COARSE, LEAST_SHARE, Link, found, link_of

Logs = NDArray[np.float64]

SAME_VIEW = 0.95
"""Correlation of log luminance from which two photos have the same framing."""
CANDIDATES = 4
"""How many other views each view is looked for in: the most alike ones, at 1 to 3 ms each."""
_BLOCK = 512


@dataclass(frozen=True, eq=False)
class Scenes:
    """`scene` (n,) is the number of each photo's scene, counted in order of the photos; `to_root` (n, 3) are the
    log2 gains that bring a photo to the root of its scene."""

    scene: NDArray[np.int64]
    to_root: Logs


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


def _same_framing(measures: Sequence[Measure]) -> list[Link]:
    """Links of each photo to those of the same framing. All pairs by products of (photos, cells) matrices."""
    if len(measures) < 2:
        return []
    sound = np.stack([_coarse_sound(each).ravel() for each in measures]).astype(np.float32)
    bright = np.stack([_coarse_bright(each).ravel() for each in measures]) * sound
    square = bright**2
    links: list[Link] = []
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


def _compared(measures: Sequence[Measure], first: int, second: int) -> Link | None:
    one, other = measures[first], measures[second]
    if one.kind != other.kind:
        return None
    return link_of(first, second, one.logs, other.logs, one.sound & other.sound)


# --- another framing ---------------------------------------------------------------------------------------


def _other_framing(measures: Sequence[Measure], firsts: Sequence[int]) -> list[Link]:
    """Links between views, of which `firsts` are one photo each, where one is found in another."""
    if len(firsts) < 2:
        return []
    shapes = np.stack([shape(measures[each]) for each in firsts])
    size = (shapes**2).sum(axis=1)
    apart = size[:, None] + size[None, :] - 2 * shapes @ shapes.T
    np.fill_diagonal(apart, np.inf)
    nearest = np.argsort(apart, axis=1, kind="stable")[:, :CANDIDATES]
    pairs = {(min(row, int(other)), max(row, int(other))) for row in range(len(firsts)) for other in nearest[row]}
    part = list(range(len(firsts)))
    links: list[Link] = []
    for row, column in sorted(pairs, key=lambda pair: (apart[pair], pair)):  # the most alike first
        one, other = firsts[row], firsts[column]
        if part[row] == part[column] or measures[one].kind != measures[other].kind:
            continue  # a chain of links is enough
        link = found(measures, one, other)
        if link is not None:
            links.append(link)
            part = [part[row] if each == part[column] else each for each in part]
    return links


def shape(seen: Measure) -> Logs:
    """What stays of the quantiles without gains: (57,), each curve less its middle, in EV."""
    return (seen.quantiles - np.median(seen.quantiles, axis=1, keepdims=True)).ravel()


def _coarse_bright(seen: Measure) -> NDArray[np.float32]:
    """log2 luminance of 2 x 2 cells, (COARSE, COARSE)."""
    bright = seen.light.astype(np.float32) @ color.WORKING_LUMINANCE.astype(np.float32)
    pooled = bright.reshape(COARSE, 2, COARSE, 2).mean(axis=(1, 3))
    return np.asarray(np.log2(np.maximum(pooled, np.float32(2.0**-12))), dtype=np.float32)


def _coarse_sound(seen: Measure) -> NDArray[np.bool_]:
    return np.asarray(seen.sound.reshape(COARSE, 2, COARSE, 2).all(axis=(1, 3)))


# --- along the links ---------------------------------------------------------------------------------------


def _spread(count: int, links: Sequence[Link]) -> tuple[NDArray[np.int64], Logs]:
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
