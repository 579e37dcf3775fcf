"""A change of colours given on a grid, for pictures of 16 bits a channel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from junmai.develop.jit import compiled

NODES = 52
"""Nodes a channel: every fifth of 8-bit codes, so that a converter of 8 bits can be asked at exactly these places."""


def nodes() -> NDArray[np.uint8]:
    """(NODES^2, NODES, 3): every combination of node values, as a picture to be converted."""
    values = np.arange(NODES, dtype=np.uint8) * 5
    red, green, blue = np.meshgrid(values, values, values, indexing="ij")
    return np.ascontiguousarray(np.stack([red, green, blue], axis=-1).reshape(NODES * NODES, NODES, 3))


def convert(pixels: NDArray[np.uint16], grid: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """(height, width, 3) converted as `grid` says, which is what became of `nodes()`; straight between nodes.

    Between nodes nothing is rounded to 8 bits, so gradients stay smooth; at the nodes it is right to half an 8-bit
    level.
    """
    out = np.empty_like(pixels)
    _convert(pixels, grid.reshape(NODES, NODES, NODES, 3).astype(np.float32) * np.float32(257), out)
    return out


@compiled
def _convert(pixels: Any, grid: Any, out: Any) -> None:
    last = np.float32(NODES - 1)
    scale = last / np.float32(65535)
    one = np.float32(1)
    for y in range(pixels.shape[0]):
        for x in range(pixels.shape[1]):
            r, g, b = pixels[y, x, 0] * scale, pixels[y, x, 1] * scale, pixels[y, x, 2] * scale
            i, j, k = min(int(r), NODES - 2), min(int(g), NODES - 2), min(int(b), NODES - 2)
            u, v, w = r - np.float32(i), g - np.float32(j), b - np.float32(k)
            for channel in range(3):
                low = (grid[i, j, k, channel] * (one - w) + grid[i, j, k + 1, channel] * w) * (one - v) + (
                    grid[i, j + 1, k, channel] * (one - w) + grid[i, j + 1, k + 1, channel] * w
                ) * v
                high = (grid[i + 1, j, k, channel] * (one - w) + grid[i + 1, j, k + 1, channel] * w) * (one - v) + (
                    grid[i + 1, j + 1, k, channel] * (one - w) + grid[i + 1, j + 1, k + 1, channel] * w
                ) * v
                out[y, x, channel] = np.uint16(low + (high - low) * u + np.float32(0.5))
