"""The loops over pixels, compiled. They work on rows `start` to `stop`, in float32 per pixel, and keep no state, so
the result does not depend on how a picture is cut into strips. No fastmath: the same bytes on every run matter more
than the last few percent. Indices are unsigned: numba tests signed ones for wrapping around (0.82 s against 1.00 s
for 22 megapixels).

Light is linear; names follow `junmai.develop.pipeline`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from junmai.develop import tone

_F = TypeVar("_F", bound=Callable[..., Any])


def _compiled(function: _F) -> _F:
    """Compile for any caller; the machine code is kept on disk for the next process.

    Numba keeps it in NUMBA_CACHE_DIR, beside this file, or in the user's cache folder, whichever it may write to; a
    process that may write to none compiles anew (2 s).
    """
    try:
        return cast(_F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
    except RuntimeError:
        return cast(_F, numba.njit(nogil=True, error_model="numpy")(function))


def _part(function: _F) -> _F:
    """Compile into the kernels that call it."""
    return cast(_F, numba.njit(inline="always", error_model="numpy")(function))


_LOW, _STEP = np.float32(tone.BASE_LOW), np.float32(tone.BASE_SIZE / (tone.BASE_HIGH - tone.BASE_LOW))
_BASE_TOP = np.float32(tone.BASE_SIZE - 0.001)
_CURVE_TOP = np.float32(tone.CURVE_SIZE)
_TINY = np.float32(2.0**tone.BASE_LOW)
_ZERO, _ONE, _TWO, _THREE = np.float32(0), np.float32(1), np.float32(2), np.float32(3)


@_part
def _fullness(value: Any, full: Any) -> Any:
    """0 below 90 % of a full channel, 1 from 99 %, smooth between."""
    t = (value / full - np.float32(0.90)) * np.float32(1 / 0.09)
    t = min(max(t, _ZERO), _ONE)
    return t * t * (_THREE - _TWO * t)


@_part
def _rebuild(r: Any, g: Any, b: Any, full: Any) -> Any:
    """Rebuild full channels from those that are not: at least the mean of the other two; all full is neutral."""
    if r < np.float32(0.9) * full[0] and g < np.float32(0.9) * full[1] and b < np.float32(0.9) * full[2]:
        return r, g, b
    tr, tg, tb = _fullness(r, full[0]), _fullness(g, full[1]), _fullness(b, full[2])
    half = np.float32(0.5)
    nr = r + tr * max(half * (g + b) - r, _ZERO)
    ng = g + tg * max(half * (r + b) - g, _ZERO)
    nb = b + tb * max(half * (r + g) - b, _ZERO)
    # With two channels full their ratio is lost: fade to neutral by the second fullest one.
    second = max(min(tr, tg), min(max(tr, tg), tb))
    top = max(nr, ng, nb)
    return nr + second * (top - nr), ng + second * (top - ng), nb + second * (top - nb)


@_part
def _curve(x: Any, table: Any, scale: Any) -> Any:
    """Look up display light for scene light x; the table is dense in the shadows (see tone.curve)."""
    at = math.sqrt(max(x, _ZERO) * scale) * _CURVE_TOP
    if not at < _CURVE_TOP:
        return table[tone.CURVE_SIZE]
    index = np.uint32(at)
    share = np.float32(at - np.float32(index))
    low = table[index]
    return low + share * (table[index + np.uint32(1)] - low)


@_part
def _blend_row(grid: Any, at: Any, out: Any) -> None:
    """Fill `out` (columns, 2) with the row of `grid` (rows, columns, 2) at a fractional place, edges held."""
    last = grid.shape[0] - 1
    at = min(max(at, _ZERO), np.float32(last))
    above = int(at)
    below = min(above + 1, last)
    share = np.float32(at - np.float32(above))
    for column in range(grid.shape[1]):
        for k in range(2):
            low = grid[above, column, k]
            out[column, k] = low + share * (grid[below, column, k] - low)


@_part
def _local_gain(light: Any, row: Any, at: Any, gains: Any) -> Any:
    """Gain for a pixel of luminance `light` at a fractional column of the grid's `row`; see junmai.develop.local."""
    last = row.shape[0] - 1
    at = min(max(at, _ZERO), np.float32(last))
    left = np.uint32(at)
    right = min(left + np.uint32(1), np.uint32(last))
    share = np.float32(at - np.float32(left))
    a = row[left, 0] + share * (row[right, 0] - row[left, 0])
    b = row[left, 1] + share * (row[right, 1] - row[left, 1])
    base = a * np.float32(math.log2(max(light, _TINY))) + b
    step = min(max((base - _LOW) * _STEP, _ZERO), _BASE_TOP)
    index = np.uint32(step)
    return gains[index] + np.float32(step - np.float32(index)) * (gains[index + np.uint32(1)] - gains[index])


@_part
def _times(matrix: Any, r: Any, g: Any, b: Any) -> Any:
    return (
        matrix[0, 0] * r + matrix[0, 1] * g + matrix[0, 2] * b,
        matrix[1, 0] * r + matrix[1, 1] * g + matrix[1, 2] * b,
        matrix[2, 0] * r + matrix[2, 1] * g + matrix[2, 2] * b,
    )


@_part
def _inside(r: Any, g: Any, b: Any, light: Any) -> Any:
    """Bring a colour outside the output space towards the grey of its luminance until it is inside."""
    low, top = min(r, g, b), max(r, g, b)
    if low >= _ZERO and top <= _ONE:
        return r, g, b
    light = min(max(light, _ZERO), _ONE)
    keep = _ONE
    if low < _ZERO:
        keep = min(keep, light / (light - low))
    if top > _ONE:
        keep = min(keep, (_ONE - light) / (top - light))
    return light + (r - light) * keep, light + (g - light) * keep, light + (b - light) * keep


@_compiled
def develop_rows(
    source: Any,
    out: Any,
    start: int,
    stop: int,
    table: Any,
    full: Any,
    matrix: Any,
    grid: Any,
    cell: int,
    gains: Any,
    curve: Any,
    curve_scale: Any,
    look: Any,
    weights: Any,
    to_output: Any,
    encode: Any,
) -> None:
    """Develop rows of `source` (height, width, 3) into the same rows of `out` (height, width, 3) uint8.

    table (3, codes): code values to light. full (3,) or (0,): a full sensor's light, to rebuild highlights.
    matrix (3, 3): light to the working space, exposure in it. grid (rows, columns, 2), cell, gains: local tone, off
    if gains is empty. curve, curve_scale: scene to display light. look: saturation, vibrance, grey amount, as
    -1..1, -1..1, 0..1. weights (3,): luminance. to_output (3, 3), encode (65536,): display light to code values.
    """
    rebuilds, local = full.size == 3, gains.size > 0
    saturation, vibrance, grey = look[0], look[1], look[2]
    colored = saturation != _ZERO or vibrance != _ZERO or grey != _ZERO
    per_cell = _ONE / np.float32(cell)
    half = np.float32(0.5)
    row = np.empty((grid.shape[1], 2), np.float32)
    for y in range(start, stop):
        if local:
            _blend_row(grid, (np.float32(y) + half) * per_cell - half, row)
        for x in range(source.shape[1]):
            r, g, b = table[0, source[y, x, 0]], table[1, source[y, x, 1]], table[2, source[y, x, 2]]
            if rebuilds:
                r, g, b = _rebuild(r, g, b, full)
            wr, wg, wb = _times(matrix, r, g, b)
            if local:
                light = weights[0] * wr + weights[1] * wg + weights[2] * wb
                gain = _local_gain(light, row, (np.float32(x) + half) * per_cell - half, gains)
                wr, wg, wb = wr * gain, wg * gain, wb * gain

            # The curve acts on the largest and smallest channel; the middle one keeps its place between them, so
            # that hue stays (DNG SDK's and Adobe's way with tone curves).
            top, low = max(wr, wg, wb), min(wr, wg, wb)
            new_top, new_low = _curve(top, curve, curve_scale), _curve(low, curve, curve_scale)
            spread = top - low
            if spread > np.float32(1e-7):
                stretch = (new_top - new_low) / spread
                wr = new_low + (wr - low) * stretch
                wg = new_low + (wg - low) * stretch
                wb = new_low + (wb - low) * stretch
            else:
                wr = wg = wb = new_top

            if colored:
                light = weights[0] * wr + weights[1] * wg + weights[2] * wb
                chroma = (new_top - new_low) / max(new_top, np.float32(1e-6))
                amount = (_ONE + saturation) * (_ONE + vibrance * (_ONE - chroma)) * (_ONE - grey)
                wr = light + (wr - light) * amount
                wg = light + (wg - light) * amount
                wb = light + (wb - light) * amount

            r, g, b = _times(to_output, wr, wg, wb)
            r, g, b = _inside(r, g, b, weights[0] * wr + weights[1] * wg + weights[2] * wb)
            for channel, value in ((0, r), (1, g), (2, b)):
                code = min(max(value, _ZERO), _ONE) * np.float32(65535) + half
                out[y, x, channel] = encode[np.uint32(code)]


@_compiled
def measure_light(
    source: Any, table: Any, full: Any, matrix: Any, weights: Any, cell: int, start: int, stop: int, out: Any
) -> None:
    """Mean luminance of each cell x cell block, in log2, for rows `start` to `stop` of `out` (rows, columns).

    Of large cells about 5 x 5 pixels are looked at: the mean moves by less than the filter's own blur.
    """
    step = max(1, cell // 4)
    height, width = source.shape[0], source.shape[1]
    rebuilds = full.size == 3
    for row in range(start, stop):
        for column in range(out.shape[1]):
            total, count = 0.0, 0
            for y in range(row * cell, min((row + 1) * cell, height), step):
                for x in range(column * cell, min((column + 1) * cell, width), step):
                    r, g, b = table[0, source[y, x, 0]], table[1, source[y, x, 1]], table[2, source[y, x, 2]]
                    if rebuilds:
                        r, g, b = _rebuild(r, g, b, full)
                    r, g, b = _times(matrix, r, g, b)
                    total += weights[0] * r + weights[1] * g + weights[2] * b
                    count += 1
            out[row, column] = math.log2(max(total / count, float(_TINY)))
