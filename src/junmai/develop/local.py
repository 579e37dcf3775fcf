"""Local brightness and haze: the large-scale light of a photo, with edges kept.

A guided filter (He, Sun, Tang: Guided Image Filtering, 2013) of log luminance, solved on a small copy and applied at
full size (He, Sun: Fast Guided Filter, 2015): base = a * light + b with a near 1 at strong edges, hence no halos, and
a near 0 in even areas, hence texture keeps its contrast. Highlights, shadows and clarity lean on it.

Dehaze takes the light of the haze away: light = scene * transmission + air * (1 - transmission), with the transmission
from the dark channel (He, Sun, Tang: Single Image Haze Removal Using Dark Channel Prior, 2009), fitted to the light by
the same filter. The air is taken to be grey, so that grey stays grey.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from junmai.develop import local_kernels as kernels
from junmai.develop.geometry import Frame, at_points

SMALL_EDGE = 640
"""Long edge of the small copy. The filter's window is 1/16 of it, so more pixels would only cost time."""

RADIUS_SHARE = 1 / 32
EDGE_EV = 0.7
"""Differences well above this are edges, differences below it are texture."""

_TINY = 2.0**-14
_LEAST_AIR, _MOST_AIR = 0.35, 1.0
_PATCH_SHARE = 1 / 90
"""Half of the patch in which the darkest channel is looked for: a leaf or a roof has something dark in that."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class LocalLight:
    """What the kernel needs: `grid` (rows, columns, 4), pixels a cell, and the haze (air, least transmission, sign)."""

    grid: NDArray[np.float32]
    cell: int
    haze: NDArray[np.float32]


def cell_size(height: int, width: int) -> int:
    """How many pixels, across and down, make one cell of the small copy; a multiple of 3 from 3 on."""
    size = max(1, -(-max(height, width) // SMALL_EDGE))
    return size if size < 3 else -(-size // 3) * 3


def solve(color: NDArray[np.float32], weights: NDArray[np.float32], cell: int, dehaze: float = 0.0) -> LocalLight:
    """Solve the filters on a small copy `color` (rows, columns, 3) of linear light; `dehaze` is -100..100."""
    light = np.maximum(color.astype(np.float64) @ weights.astype(np.float64), _TINY)
    radius = max(1, round(max(light.shape) * RADIUS_SHARE))
    grid = np.zeros((*light.shape, 4), np.float32)
    haze = np.zeros(3, np.float32)
    if dehaze:
        through, air = _transmission(color.astype(np.float64), dehaze)
        least = 0.25 if dehaze > 0 else 0.0
        guide = np.log2(light)
        grid[:, :, 2], grid[:, :, 3] = _fit(guide, through, radius, 0.3)
        through = np.clip(grid[:, :, 2] * guide + grid[:, :, 3], least, 1)
        cleared = (light - air * (1 - through)) / through if dehaze > 0 else light * through + air * (1 - through)
        light = np.maximum(cleared, _TINY)
        haze[:] = air, least, np.sign(dehaze)
    guide = np.log2(light)
    grid[:, :, 0], grid[:, :, 1] = _fit(guide, guide, radius, EDGE_EV)
    return LocalLight(grid, cell, haze)


def framed(light: LocalLight, frame: Frame | None) -> LocalLight:
    """The same for a frame of the photo: its cells are counted from the frame's own corner."""
    if frame is None:
        return light
    y, x = np.mgrid[0 : -(-frame.height // light.cell), 0 : -(-frame.width // light.cell)].astype(np.float64)
    x, y = frame.places((x + 0.5) * light.cell - 0.5, (y + 0.5) * light.cell - 0.5)
    grid = at_points(light.grid, (x + 0.5) / light.cell - 0.5, (y + 0.5) / light.cell - 0.5)
    return replace(light, grid=grid)


def _transmission(color: Values, dehaze: float) -> tuple[Values, float]:
    """Transmission of each cell, and the light of the air."""
    patch = max(1, round(max(color.shape) * _PATCH_SHARE))
    dark = np.maximum(_least(color.min(axis=2), patch), 0)
    air = float(np.clip(np.quantile(dark, 0.995), _LEAST_AIR, _MOST_AIR))
    veil = np.minimum(dark / air, 1)
    if dehaze > 0:
        return 1 - 0.0075 * dehaze * veil, air
    return 1 + 0.01 * dehaze * (0.1 + 0.45 * veil), max(air, 0.9)


def _fit(guide: Values, values: Values, radius: int, edge: float) -> tuple[Values, Values]:
    """The guided filter: a and b with values = a * guide + b around each cell."""
    mean, target = _box(guide, radius), _box(values, radius)
    variance = np.maximum(_box(guide * guide, radius) - mean * mean, 0)
    together = variance if values is guide else _box(guide * values, radius) - mean * target
    a = together / (variance + edge**2)
    return _box(a, radius), _box(target - a * mean, radius)


def _box(values: Values, radius: int) -> Values:
    mean = np.empty(values.shape)
    kernels.box(np.ascontiguousarray(values), radius, mean)
    return mean


def _least(values: Values, radius: int) -> Values:
    least = np.empty(values.shape)
    kernels.least(np.ascontiguousarray(values), radius, least)
    return least
