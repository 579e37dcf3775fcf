"""Local brightness: the large-scale light of a photo, with edges kept, for highlights and shadows.

A guided filter (He, Sun, Tang: Guided Image Filtering, 2013) of log luminance, solved on a small copy and applied at
full size (He, Sun: Fast Guided Filter, 2015): base = a * light + b with a near 1 at strong edges, hence no halos, and
a near 0 in even areas, hence texture keeps its contrast.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SMALL_EDGE = 640
"""Long edge of the small copy. The filter's window is 1/16 of it, so more pixels would only cost time."""

RADIUS_SHARE = 1 / 32
EDGE_EV = 0.7
"""Differences well above this are edges, differences below it are texture."""


def cell_size(height: int, width: int) -> int:
    """How many pixels, across and down, make one of the small copy."""
    return max(1, -(-max(height, width) // SMALL_EDGE))


def solve(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the (rows, columns, 2) grid of a and b from log2 luminance (rows, columns)."""
    guide = light.astype(np.float64)
    radius = max(1, round(max(guide.shape) * RADIUS_SHARE))
    mean = _box(guide, radius)
    variance = np.maximum(_box(guide * guide, radius) - mean * mean, 0)
    a = variance / (variance + EDGE_EV**2)
    b = mean * (1 - a)
    return np.stack([_box(a, radius), _box(b, radius)], axis=2).astype(np.float32)


def _box(values: NDArray[np.float64], radius: int) -> NDArray[np.float64]:
    """Mean over (2 radius + 1)^2, windows cut at the edges."""
    for axis in (0, 1):
        length = values.shape[axis]
        sums = np.cumsum(values, axis=axis)
        sums = np.concatenate([np.zeros_like(np.take(sums, [0], axis=axis)), sums], axis=axis)
        low = np.maximum(np.arange(length) - radius, 0)
        high = np.minimum(np.arange(length) + radius + 1, length)
        shape = [1, 1]
        shape[axis] = length
        values = (np.take(sums, high, axis=axis) - np.take(sums, low, axis=axis)) / (high - low).reshape(shape)
    return values
