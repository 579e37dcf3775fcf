"""The loops over pixels that take a turned or corrected photo from its places; compiled.

Cubic interpolation (Keys: Cubic convolution interpolation for digital image processing, 1981, a = -1/2), which keeps
straight ramps straight. A photo is turned by little and a lens moves pixels by little, so that along a row the same
four rows and the same distance hold for many pixels: over such a run the loop has no look-ups and uses vectors. 22
megapixels at 1 degree take 0.25 s, those of a lens with coloured edges 0.35 s; OpenCV's remap takes 0.35 and 1.15 s.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from junmai.develop.jit import compiled, part

_F = np.float32
_ZERO, _ONE, _TWO, _THREE, _HALF = _F(0), _F(1), _F(2), _F(3), _F(0.5)
_A = _F(-0.5)


@compiled
def to_planes(part: Any, before: Any, planes: Any) -> None:
    """Pixels (rows, columns, 3) to float planes (3, ...), whose first row and column lie `before` (2,) the part's.

    What lies outside the part is like its nearest edge.
    """
    for y in range(planes.shape[1]):
        row = min(max(y - before[1], 0), part.shape[0] - 1)
        for x in range(planes.shape[2]):
            column = min(max(x - before[0], 0), part.shape[1] - 1)
            planes[0, y, x] = _F(part[row, column, 0])
            planes[1, y, x] = _F(part[row, column, 1])
            planes[2, y, x] = _F(part[row, column, 2])


@part
def _cubic(t: Any) -> Any:
    """Weights of the four pixels around a place that lies `t` (0..1) beyond the second."""
    u = _ONE - t
    first, last = _A * t * u * u, _A * u * t * t
    second = ((_A + _TWO) * t - (_A + _THREE)) * t * t + _ONE
    return first, second, _ONE - first - second - last, last


@part
def _run_of_one(plane: Any, row: int, left: int, across: Any, down: Any, found: Any) -> None:
    """Pixels of a run: four rows of a plane from `row - 1` on, from column `left` on, one pixel on for each."""
    row0, row1, row2, row3 = plane[row - 1, left:], plane[row, left:], plane[row + 1, left:], plane[row + 2, left:]
    for i in range(across.shape[0]):
        v0, v1, v2, v3 = _cubic(down[i])
        h0, h1, h2, h3 = _cubic(across[i])
        sum0 = v0 * row0[i] + v1 * row1[i] + v2 * row2[i] + v3 * row3[i]
        sum1 = v0 * row0[i + 1] + v1 * row1[i + 1] + v2 * row2[i + 1] + v3 * row3[i + 1]
        sum2 = v0 * row0[i + 2] + v1 * row1[i + 2] + v2 * row2[i + 2] + v3 * row3[i + 2]
        sum3 = v0 * row0[i + 3] + v1 * row1[i + 3] + v2 * row2[i + 3] + v3 * row3[i + 3]
        found[i] = h0 * sum0 + h1 * sum1 + h2 * sum2 + h3 * sum3


@part
def _place_row(grid: Any, cell: int, down: Any, spacing: int, out: Any) -> None:
    """One row of places, between those of a grid (grid rows, grid columns) that stand every `spacing` pixels."""
    per_cell = _ONE / _F(spacing)
    for column in range(grid.shape[1] - 1):
        left = grid[cell, column] + down * (grid[cell + 1, column] - grid[cell, column])
        right = grid[cell, column + 1] + down * (grid[cell + 1, column + 1] - grid[cell, column + 1])
        first = column * spacing
        for x in range(first, min(first + spacing, out.shape[0])):
            out[x] = left + _F(x - first) * per_cell * (right - left)


@compiled
def resample(planes: Any, places: Any, spacing: int, most: Any, out: Any) -> None:
    """Pixels `out` (rows, width, 3) of `planes` (3, ...) at places that stand every `spacing` pixels.

    places (1 or 3, 2, grid rows, grid columns): x and y in the planes, at least 1 pixel and a little from their edges;
    for all channels, or for each. `most` is the largest code value.
    """
    width = out.shape[1]
    across, down, value = np.empty(width, np.float32), np.empty(width, np.float32), np.empty((3, width), np.float32)
    shift, above = np.empty(width, np.int32), np.empty(width, np.int32)
    for y in range(out.shape[0]):
        cell = y // spacing
        below = _F(y - cell * spacing) * (_ONE / _F(spacing))
        for k in range(places.shape[0]):
            _place_row(places[k, 0], cell, below, spacing, across)
            _place_row(places[k, 1], cell, below, spacing, down)
            for x in range(width):
                left, top = math.floor(across[x]), math.floor(down[x])
                shift[x], above[x] = np.int32(left) - np.int32(x), np.int32(top)
                across[x] -= left
                down[x] -= top
            begin, end = (k, k + 1) if places.shape[0] == 3 else (0, 3)
            x = 0
            while x < width:
                stop, row, left = x + 1, above[x], x + shift[x] - 1
                while stop < width and shift[stop] == shift[x] and above[stop] == row:
                    stop += 1
                for c in range(begin, end):
                    _run_of_one(planes[c], row, left, across[x:stop], down[x:stop], value[c, x:stop])
                x = stop
        for x in range(width):
            for c in range(3):
                out[y, x, c] = np.uint16(min(max(value[c, x], _ZERO), most) + _HALF)


@compiled
def at_points(grid: Any, x: Any, y: Any, out: Any) -> None:
    """Values `out` (n, k) of a grid (rows, columns, k) at fractional columns and rows (n,) float64, edges held."""
    last_row, last_column = grid.shape[0] - 1, grid.shape[1] - 1
    for i in range(x.shape[0]):
        column, row = min(max(x[i], 0.0), float(last_column)), min(max(y[i], 0.0), float(last_row))
        left, above = min(max(int(column), 0), last_column), min(max(int(row), 0), last_row)
        right, below = min(left + 1, last_column), min(above + 1, last_row)
        along, down = _F(column - left), _F(row - above)
        for k in range(grid.shape[2]):
            upper = grid[above, left, k] + along * (grid[above, right, k] - grid[above, left, k])
            lower = grid[below, left, k] + along * (grid[below, right, k] - grid[below, left, k])
            out[i, k] = upper + down * (lower - upper)
