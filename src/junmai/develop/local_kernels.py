"""The loops over the small copy of a photo that local brightness and haze are worked out on; compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from junmai.develop.jit import compiled


@compiled
def box(values: Any, radius: int, out: Any) -> None:
    """Mean of `values` (rows, columns) float64 over (2 radius + 1)^2, windows cut at the edges."""
    rows, columns = values.shape
    across = np.empty((rows, columns))
    for y in range(rows):
        total = 0.0
        for x in range(min(radius, columns)):
            total += values[y, x]
        for x in range(columns):
            if x + radius < columns:
                total += values[y, x + radius]
            if x > radius:
                total -= values[y, x - radius - 1]
            across[y, x] = total / (min(x + radius + 1, columns) - max(x - radius, 0))
    total_down = np.zeros(columns)
    for y in range(min(radius, rows)):
        total_down += across[y]
    for y in range(rows):
        if y + radius < rows:
            total_down += across[y + radius]
        if y > radius:
            total_down -= across[y - radius - 1]
        out[y] = total_down / (min(y + radius + 1, rows) - max(y - radius, 0))


@compiled
def least(values: Any, radius: int, out: Any) -> None:
    """Least of `values` (rows, columns) float64 over (2 radius + 1)^2, windows cut at the edges."""
    rows, columns = values.shape
    across, line = np.empty((rows, columns)), np.empty(columns + 2 * radius)
    for y in range(rows):
        line[:radius] = values[y, 0]
        line[radius : radius + columns] = values[y]
        line[radius + columns :] = values[y, columns - 1]
        across[y] = line[:columns]
        for k in range(1, 2 * radius + 1):
            for x in range(columns):
                across[y, x] = min(across[y, x], line[x + k])
    for y in range(rows):
        first = max(y - radius, 0)
        out[y] = across[first]
        for other in range(first + 1, min(y + radius + 1, rows)):
            for x in range(columns):
                out[y, x] = min(out[y, x], across[other, x])
