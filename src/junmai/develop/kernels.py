"""The loops over pixels from code values to light, to display, and to code values again; compiled.

They work on a band of rows, float32 and one plane a channel: (3, rows, width). Each pixel depends on its own place
only, never on how the picture is cut into bands. Names follow `junmai.develop.pipeline`; how to write these loops is
said in `junmai.develop.jit`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from junmai.develop.jit import compiled, part

_F = np.float32
_ZERO, _ONE, _TWO, _THREE, _HALF = _F(0), _F(1), _F(2), _F(3), _F(0.5)
_MANTISSA, _EXPONENT_OF_ONE, _BIAS, _SHIFT = np.int32(0x7FFFFF), np.int32(0x3F800000), np.int32(127), np.int32(23)
_BELOW_ONE = _F(1 - 2**-23)


@part
def _log2(value: Any) -> Any:
    """log2 of a positive float32 to 0.00002: exponent, and a polynomial fitted on 1..2 that is exact at both ends."""
    bits = _F(value).view(np.int32)
    whole = _F((bits >> _SHIFT) - _BIAS)
    t = np.int32((bits & _MANTISSA) | _EXPONENT_OF_ONE).view(np.float32) - _ONE
    bend = _F(0.4417403) + t * (_F(-0.26602988) + t * (_F(0.14631434) + t * _F(-0.04400469)))
    return whole + t + t * (_ONE - t) * bend


@part
def _exp2(value: Any) -> Any:
    """2 to the power of a float32 within -100..100, to 0.0000003 of itself (polynomial on 0..1)."""
    whole = math.floor(value)
    t = _F(value - whole)
    bend = _F(0.05582631) + t * (_F(0.00898934) + t * _F(0.00187758))
    power = _ONE + t * (_F(0.69315308) + t * (_F(0.24015361) + t * bend))
    return np.int32(_F(power).view(np.int32) + (np.int32(whole) << _SHIFT)).view(np.float32)


# --- code values to light ----------------------------------------------------------------------------------


@part
def _fullness(value: Any, full: Any) -> Any:
    """0 below 90 % of a full channel, 1 from 99 %, smooth between."""
    t = (value / full - _F(0.90)) * _F(1 / 0.09)
    t = min(max(t, _ZERO), _ONE)
    return t * t * (_THREE - _TWO * t)


@part
def _rebuild(r: Any, g: Any, b: Any, full: Any) -> Any:
    """Rebuild full channels from those that are not: at least the mean of the other two; all full is neutral."""
    tr, tg, tb = _fullness(r, full[0]), _fullness(g, full[1]), _fullness(b, full[2])
    nr = r + tr * max(_HALF * (g + b) - r, _ZERO)
    ng = g + tg * max(_HALF * (r + b) - g, _ZERO)
    nb = b + tb * max(_HALF * (r + g) - b, _ZERO)
    # With two channels full their ratio is lost: fade to neutral by the second fullest one.
    second = max(min(tr, tg), min(max(tr, tg), tb))
    top = max(nr, ng, nb)
    return nr + second * (top - nr), ng + second * (top - ng), nb + second * (top - nb)


@compiled
def load_light(source: Any, table: Any, full: Any, matrix: Any, out: Any) -> None:
    """Code values `source` (rows, width, 3) to linear light of the working space, `out` (3, rows, width).

    table (3, codes): code values to light. full (3,) or (0,): a full sensor's light, to rebuild highlights.
    matrix (3, 3): light to the working space, exposure in it.
    """
    m00, m01, m02 = matrix[0, 0], matrix[0, 1], matrix[0, 2]
    m10, m11, m12 = matrix[1, 0], matrix[1, 1], matrix[1, 2]
    m20, m21, m22 = matrix[2, 0], matrix[2, 1], matrix[2, 2]
    most = np.full(3, np.inf, np.float32)
    if full.size == 3:
        most[:] = _F(0.9) * full
    for y in range(source.shape[0]):
        bright = 0
        for x in range(source.shape[1]):
            r, g, b = table[0, source[y, x, 0]], table[1, source[y, x, 1]], table[2, source[y, x, 2]]
            out[0, y, x], out[1, y, x], out[2, y, x] = r, g, b
            bright += int(r >= most[0]) | int(g >= most[1]) | int(b >= most[2])
        if bright:
            for x in range(source.shape[1]):
                r, g, b = out[0, y, x], out[1, y, x], out[2, y, x]
                if r >= most[0] or g >= most[1] or b >= most[2]:
                    out[0, y, x], out[1, y, x], out[2, y, x] = _rebuild(r, g, b, full)
        for x in range(source.shape[1]):
            r, g, b = out[0, y, x], out[1, y, x], out[2, y, x]
            red, green, blue = m00 * r + m01 * g + m02 * b, m10 * r + m11 * g + m12 * b, m20 * r + m21 * g + m22 * b
            # A broken profile may make infinities and NaNs; as places in a table they would be anywhere in memory.
            out[0, y, x] = red if abs(red) < _F(1e6) else _ZERO
            out[1, y, x] = green if abs(green) < _F(1e6) else _ZERO
            out[2, y, x] = blue if abs(blue) < _F(1e6) else _ZERO


@compiled
def measure_cells(light: Any, cell: int, out: Any) -> None:
    """Mean colour of each cell x cell block of a band (3, rows, width) into `out` (rows of cells, columns, 3).

    Blocks at the right and lower edge may be cut.
    """
    height, width = light.shape[1], light.shape[2]
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            red, green, blue, count = 0.0, 0.0, 0.0, 0
            for y in range(row * cell, min((row + 1) * cell, height)):
                for x in range(column * cell, min((column + 1) * cell, width)):
                    red += light[0, y, x]
                    green += light[1, y, x]
                    blue += light[2, y, x]
                    count += 1
            out[row, column, 0], out[row, column, 1], out[row, column, 2] = red / count, green / count, blue / count


@compiled
def lens_light(light: Any, top: int, gains: Any, spacing: int) -> None:
    """Multiply a band that begins at the picture's row `top` by gains that stand every `spacing` pixels."""
    width, last = light.shape[2], gains.shape[1] - 2
    gain, line, per_pixel = np.empty(width, np.float32), np.empty(gains.shape[1], np.float32), _ONE / _F(spacing)
    for y in range(light.shape[1]):
        at = _F(top + y) * per_pixel
        above = min(int(at), gains.shape[0] - 2)
        share = at - _F(above)
        for column in range(gains.shape[1]):
            line[column] = gains[above, column] + share * (gains[above + 1, column] - gains[above, column])
        for column in range(last + 1):
            step = (line[column + 1] - line[column]) * per_pixel
            for x in range(column * spacing, min((column + 1) * spacing, width)):
                gain[x] = line[column] + _F(x - column * spacing) * step
        for k in range(3):
            for x in range(width):
                light[k, y, x] *= gain[x]


# --- local tone --------------------------------------------------------------------------------------------


@part
def _look(table: Any, at: Any) -> Any:
    """Look up a fractional place in a table of one more entry; 0 <= at < size - 1."""
    index = np.uint32(at)
    low = table[index]
    return low + (at - _F(index)) * (table[index + np.uint32(1)] - low)


@part
def _widen(line: Any, left: Any, share: Any, out: Any) -> None:
    """A row of a grid to a row of pixels: each lies its `share` of a cell beyond the middle of the one `left` of it."""
    right = np.uint32(1 if line.shape[0] > 1 else 0)
    for x in range(out.shape[0]):
        value = line[left[x]]
        out[x] = value + share[x] * (line[left[x] + right] - value)


@compiled
def local_tone(
    light: Any, top: int, grid: Any, cell: int, low: Any, step: Any, lift: Any, clarity: Any, haze: Any, weights: Any
) -> None:
    """Dehaze, then highlights, shadows and clarity, on a band of linear light in place; see `junmai.develop.local`.

    top: the picture's row where the band begins. grid (rows, columns, 4): base = grid0 * log2 light + grid1, and
    transmission = grid2 * log2 light + grid3 (of the light before dehaze). lift, clarity (size + 1,): EV, and the share
    of local contrast to add, by base; entry i stands for low + i / step EV. haze (3,): air light, least transmission,
    and 1 to clear, -1 to add, 0 for none.
    """
    width = light.shape[2]
    last = _F(lift.shape[0] - 1) - _F(0.001)
    air, least, hazy = haze[0], haze[1], haze[2]
    rows, columns, per_cell = grid.shape[0], grid.shape[1], _ONE / _F(cell)
    left, share = np.empty(width, np.uint32), np.empty(width, np.float32)
    for x in range(width):
        at = min(max((_F(x) + _HALF) * per_cell - _HALF, _ZERO), _F(columns - 1))
        left[x] = np.uint32(min(int(at), max(columns - 2, 0)))
        share[x] = at - _F(left[x])
    parts, line = 4 if hazy != _ZERO else 2, np.empty(columns, np.float32)
    fit, rise, made = np.empty((4, width), np.float32), np.empty((4, width), np.float32), -1
    place, inner, gain = np.empty(width, np.float32), np.empty(width, np.float32), np.empty(width, np.float32)
    for y in range(light.shape[1]):
        at = min(max((_F(top + y) + _HALF) * per_cell - _HALF, _ZERO), _F(rows - 1))
        above = min(int(at), max(rows - 2, 0))
        down = at - _F(above)
        if above != made:  # a row of the grid serves for a whole cell
            made = above
            for k in range(parts):
                line[:] = grid[above, :, k]
                _widen(line, left, share, fit[k])
                line[:] = grid[min(above + 1, rows - 1), :, k] - line
                _widen(line, left, share, rise[k])
        if hazy != _ZERO:
            for x in range(width):
                r, g, b = light[0, y, x], light[1, y, x], light[2, y, x]
                bright = max(weights[0] * r + weights[1] * g + weights[2] * b, _F(2.0**-14))
                slope, shift = fit[2, x] + down * rise[2, x], fit[3, x] + down * rise[3, x]
                through = min(max(slope * _log2(bright) + shift, least), _ONE)
                scale = _ONE / through if hazy > _ZERO else through
                shift = air * (_ONE - through) * (-scale if hazy > _ZERO else _ONE)
                light[0, y, x], light[1, y, x], light[2, y, x] = r * scale + shift, g * scale + shift, b * scale + shift
        for x in range(width):
            bright = weights[0] * light[0, y, x] + weights[1] * light[1, y, x] + weights[2] * light[2, y, x]
            bright = _log2(max(bright, _F(2.0**-14)))
            base = (fit[0, x] + down * rise[0, x]) * bright + (fit[1, x] + down * rise[1, x])
            inner[x] = bright - base
            place[x] = min(max((base - low) * step, _ZERO), last)
        for x in range(width):
            detail = inner[x]
            soft = detail / (_ONE + abs(detail))
            gain[x] = _look(lift, place[x]) + _look(clarity, place[x]) * soft
        for x in range(width):
            factor = _exp2(gain[x])
            light[0, y, x] *= factor
            light[1, y, x] *= factor
            light[2, y, x] *= factor


# --- light to display --------------------------------------------------------------------------------------


@compiled
def show(band: Any, curve: Any, scale: Any, channels: Any) -> None:
    """Scene light to display values, in place: square roots of display light, 0..1.

    curve (size + 1,): display light, entry i for scene light (i / size)^2 / scale, the last one for all above. It acts
    on the largest and smallest channel; the middle one keeps its place between them, so that hue stays (the way of the
    DNG SDK with tone curves). channels (3, size + 1) or (3, 0): then a curve for each channel, of square roots.
    """
    width = band.shape[2]
    size = _F(curve.shape[0] - 1) * _BELOW_ONE
    per_channel = _F(channels.shape[1] - 1) * _BELOW_ONE
    place, shown = np.empty((2, width), np.float32), np.empty((2, width), np.float32)
    for y in range(band.shape[1]):
        for x in range(width):
            r, g, b = band[0, y, x], band[1, y, x], band[2, y, x]
            place[0, x] = math.sqrt(min(max(max(r, g, b) * scale, _ZERO), _ONE)) * size
            place[1, x] = math.sqrt(min(max(min(r, g, b) * scale, _ZERO), _ONE)) * size
        for k in range(2):
            for x in range(width):
                shown[k, x] = _look(curve, place[k, x])
        for x in range(width):
            r, g, b = band[0, y, x], band[1, y, x], band[2, y, x]
            low, bottom = min(r, g, b), shown[1, x]
            stretch = (shown[0, x] - bottom) / max(max(r, g, b) - low, _F(1e-7))
            band[0, y, x] = math.sqrt(max(bottom + (r - low) * stretch, _ZERO))
            band[1, y, x] = math.sqrt(max(bottom + (g - low) * stretch, _ZERO))
            band[2, y, x] = math.sqrt(max(bottom + (b - low) * stretch, _ZERO))
        if channels.shape[1]:
            for k in range(3):
                for x in range(width):
                    band[k, y, x] = _look(channels[k], min(band[k, y, x], _ONE) * per_channel)


@compiled
def look_up_colors(band: Any, colors: Any, edge: int) -> None:
    """Replace display values by those of a table of colours, in place.

    colors (3, edge^3): the table; red is its slowest axis. Between its nodes the four corners of a tetrahedron are
    weighed (Kasson, Plouffe, Nin, 1993): on the grey axis only grey nodes count, so that grey stays grey.
    """
    width = band.shape[2]
    top = _F(edge - 1) * _BELOW_ONE
    along_red, along_green, along_blue = np.int32(edge * edge), np.int32(edge), np.int32(1)
    across = along_red + along_green + along_blue
    node, share = np.empty((3, width), np.int32), np.empty((4, width), np.float32)
    for y in range(band.shape[1]):
        for x in range(width):
            r = min(max(band[0, y, x], _ZERO), _ONE) * top
            g = min(max(band[1, y, x], _ZERO), _ONE) * top
            b = min(max(band[2, y, x], _ZERO), _ONE) * top
            red, green, blue = np.int32(r), np.int32(g), np.int32(b)
            r, g, b = r - _F(red), g - _F(green), b - _F(blue)
            low, high = min(r, g, b), max(r, g, b)
            middle = max(min(r, g), min(max(r, g), b))
            corner = red * along_red + green * along_green + blue
            node[0, x] = corner
            node[1, x] = corner + (along_red if r == high else (along_green if g == high else along_blue))
            node[2, x] = corner + across - (along_blue if b == low else (along_green if g == low else along_red))
            share[0, x], share[1, x], share[2, x], share[3, x] = _ONE - high, high - middle, middle - low, low
        for k in range(3):
            for x in range(width):
                first = np.uint32(node[0, x])
                value = share[0, x] * colors[k, first] + share[1, x] * colors[k, np.uint32(node[1, x])]
                value += share[2, x] * colors[k, np.uint32(node[2, x])]
                band[k, y, x] = value + share[3, x] * colors[k, first + np.uint32(across)]


# --- display to code values --------------------------------------------------------------------------------


@compiled
def store(band: Any, matrix: Any, weights: Any, table: Any, out: Any) -> None:
    """Display values (square roots of light in the working space) to code values `out` (rows, width, 3).

    matrix (3, 3): to the output space, whose luminance has `weights` (3,) in the working space. A colour outside the
    output space goes towards the grey of its luminance until it is inside. table (65536,): square roots of light to
    code values.
    """
    m00, m01, m02 = matrix[0, 0], matrix[0, 1], matrix[0, 2]
    m10, m11, m12 = matrix[1, 0], matrix[1, 1], matrix[1, 2]
    m20, m21, m22 = matrix[2, 0], matrix[2, 1], matrix[2, 2]
    width = band.shape[2]
    at = np.empty((3, width), np.int32)
    most, tiny = _F(65535), _F(1e-9)
    for y in range(band.shape[1]):
        for x in range(width):
            r, g, b = band[0, y, x], band[1, y, x], band[2, y, x]
            r, g, b = r * abs(r), g * abs(g), b * abs(b)
            light = min(max(weights[0] * r + weights[1] * g + weights[2] * b, _ZERO), _ONE)
            red = m00 * r + m01 * g + m02 * b
            green = m10 * r + m11 * g + m12 * b
            blue = m20 * r + m21 * g + m22 * b
            low, high = min(red, green, blue), max(red, green, blue)
            keep = light / max(light - min(low, _ZERO), tiny)
            keep = min(keep, (_ONE - light) / max(max(high, _ONE) - light, tiny), _ONE)
            keep = keep if low < _ZERO or high > _ONE else _ONE
            red, green, blue = (
                light + (red - light) * keep,
                light + (green - light) * keep,
                light + (blue - light) * keep,
            )
            at[0, x] = np.int32(math.sqrt(min(max(red, _ZERO), _ONE)) * most + _HALF)
            at[1, x] = np.int32(math.sqrt(min(max(green, _ZERO), _ONE)) * most + _HALF)
            at[2, x] = np.int32(math.sqrt(min(max(blue, _ZERO), _ONE)) * most + _HALF)
        for x in range(width):
            out[y, x, 0] = table[np.uint32(at[0, x])]
            out[y, x, 1] = table[np.uint32(at[1, x])]
            out[y, x, 2] = table[np.uint32(at[2, x])]
