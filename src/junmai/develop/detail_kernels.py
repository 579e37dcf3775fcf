"""The loops over pixels for noise reduction, texture and sharpening; compiled.

They work on rings: planes (size, width) of float32 that hold the latest rows of a picture, row y at y % size. A kernel
makes the rows `start` to before `stop`; whoever calls it sees to it that the rows around them are there
(`junmai.develop.detail`). Rows and columns outside the picture are taken to be like those at its edge.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from junmai.develop.jit import compiled, part

_F = np.float32
_ZERO, _ONE, _TWO, _THREE, _HALF, _QUARTER = _F(0), _F(1), _F(2), _F(3), _F(0.5), _F(0.25)


@compiled
def split(band: Any, start: int, weights: Any, luma: Any, red: Any, blue: Any) -> None:
    """Display values (3, rows, width) to rings of luma and of what red and blue have more than it."""
    for row in range(band.shape[1]):
        y = (start + row) % luma.shape[0]
        for x in range(band.shape[2]):
            r, g, b = band[0, row, x], band[1, row, x], band[2, row, x]
            bright = weights[0] * r + weights[1] * g + weights[2] * b
            luma[y, x] = bright
            red[y, x] = r - bright
            blue[y, x] = b - bright


@compiled
def join(luma: Any, change: Any, red: Any, blue: Any, weights: Any, start: int, band: Any) -> None:
    """The inverse of `split`, with `change` added to luma."""
    per_green = _ONE / weights[1]
    for row in range(band.shape[1]):
        y = (start + row) % luma.shape[0]
        for x in range(band.shape[2]):
            bright = luma[y, x] + change[y, x]
            band[0, row, x] = bright + red[y, x]
            band[1, row, x] = bright - (weights[0] * red[y, x] + weights[2] * blue[y, x]) * per_green
            band[2, row, x] = bright + blue[y, x]


@part
def _strength(value: Any, per_noise: Any) -> Any:
    """From almost 0 well below the noise (1 / per_noise) over 1 at it to very much: s / (s + 1) is the share to keep.

    It is held above what floats keep at full speed: even areas took ten times as long.
    """
    ratio = value * per_noise
    power = max(ratio * ratio, _F(1e-12))
    return power * power


@compiled
def scale_rows(
    plane: Any,
    start: int,
    stop: int,
    height: int,
    reach: int,
    per_noise: Any,
    gain: Any,
    per_limit: Any,
    lower: Any,
    change: Any,
) -> None:
    """One scale of an undecimated wavelet transform (à trous, B3 spline; Starck, Murtagh, Fadili, 2010, section 2.4).

    `lower` gets `plane` smoothed by 1 4 6 4 1 with `reach` pixels between the taps. The detail between them is
    shrunk where it is below the noise (1 / per_noise) and strengthened by `gain` where there is no edge; what that
    changes is added to `change`, which the first scale (reach 1) sets. An edge is where the plane rises or falls by
    more than the limit (1 / per_limit) over the filter's width, which is as far as the detail of an edge reaches.
    """
    size, width = plane.shape
    line = np.empty(width + 4 * reach, np.float32)
    outer, inner, middle = _F(1 / 16), _F(4 / 16), _F(6 / 16)
    margin, first = 2 * reach, reach == 1
    for row in range(start, stop):
        y, down, out = row % size, row % lower.shape[0], row % change.shape[0]
        a, b = max(row - 2 * reach, 0) % size, max(row - reach, 0) % size
        d, e = min(row + reach, height - 1) % size, min(row + 2 * reach, height - 1) % size
        for x in range(width):
            ends, near = plane[a, x] + plane[e, x], plane[b, x] + plane[d, x]
            line[x + margin] = outer * ends + inner * near + middle * plane[y, x]
        line[:margin] = line[margin]
        line[width + margin :] = line[width + margin - 1]
        for x in range(width):
            ends, near = line[x] + line[x + 4 * reach], line[x + reach] + line[x + 3 * reach]
            lower[down, x] = outer * ends + inner * near + middle * line[x + 2 * reach]
        if gain == _ZERO:  # colour: no edges to be found
            for x in range(width):
                detail = plane[y, x] - lower[down, x]
                less = detail / (_strength(detail, per_noise) + _ONE)
                change[out, x] = -less if first else change[out, x] - less
        else:
            for x in range(width):
                detail = plane[y, x] - lower[down, x]
                slope = max(abs(line[x] - line[x + 4 * reach]), abs(plane[a, x] - plane[e, x])) * per_limit
                strong, edge = _strength(detail, per_noise), _ONE + slope * slope
                more = detail * (strong * (edge + gain) / ((strong + _ONE) * edge) - _ONE)
                change[out, x] = more if first else change[out, x] + more


@compiled
def add_rows(plane: Any, change: Any, start: int, stop: int, out: Any) -> None:
    """`out` gets the sum of two rings of one size."""
    for row in range(start, stop):
        y = row % plane.shape[0]
        for x in range(plane.shape[1]):
            out[y, x] = plane[y, x] + change[y, x]


@compiled
def blur_rows(plane: Any, start: int, stop: int, height: int, taps: Any, out: Any) -> None:
    """Smooth by symmetric taps: taps[0] in the middle, taps[k] for k pixels away on each side; 3 or more."""
    size, width = plane.shape
    reach = taps.shape[0] - 1
    line = np.empty(width + 2 * reach, np.float32)
    for row in range(start, stop):
        y = row % size
        a, b = max(row - 2, 0) % size, max(row - 1, 0) % size
        d, e = min(row + 1, height - 1) % size, min(row + 2, height - 1) % size
        for x in range(width):
            near, far = plane[b, x] + plane[d, x], plane[a, x] + plane[e, x]
            line[x + reach] = taps[0] * plane[y, x] + taps[1] * near + taps[2] * far
        for k in range(3, reach + 1):
            above, below, tap = max(row - k, 0) % size, min(row + k, height - 1) % size, taps[k]
            for x in range(width):
                line[x + reach] += tap * (plane[above, x] + plane[below, x])
        line[:reach] = line[reach]
        line[width + reach :] = line[width + reach - 1]
        for x in range(width):
            near, far = line[x + reach - 1] + line[x + reach + 1], line[x + reach - 2] + line[x + reach + 2]
            out[y, x] = taps[0] * line[x + reach] + taps[1] * near + taps[2] * far
        for k in range(3, reach + 1):
            tap = taps[k]
            for x in range(width):
                out[y, x] += tap * (line[x + reach - k] + line[x + reach + k])


@compiled
def sharpen_rows(
    plane: Any,
    smooth: Any,
    start: int,
    stop: int,
    height: int,
    amount: Any,
    fine: Any,
    limit: Any,
    even: Any,
    change: Any,
) -> None:
    """Add to `change` what sharpening adds to `plane`, whose blurred copy is `smooth`; all rings have one size.

    amount: share of the detail that is added. Details well below `fine` are left alone, those above `limit` (edges that
    would get a halo) are held back. Where `smooth` changes by less than `even` over four pixels nothing is added; from
    three times that on, all of it; 0 adds everywhere.
    """
    size, width = plane.shape
    slope = np.empty(width, np.float32)
    slope[:] = _ONE
    least = max(fine * fine, _F(1e-12))
    for row in range(start, stop):
        y, above, below = row % size, max(row - 2, 0) % size, min(row + 2, height - 1) % size
        if even > _ZERO:
            for x in range(width):
                across = smooth[y, min(x + 2, width - 1)] - smooth[y, max(x - 2, 0)]
                slope[x] = max(abs(across), abs(smooth[below, x] - smooth[above, x]))
            for x in range(width):
                t = min(max((slope[x] / even - _ONE) * _HALF, _ZERO), _ONE)
                slope[x] = t * t * (_THREE - _TWO * t)
        for x in range(width):
            detail = plane[y, x] - smooth[y, x]
            square = detail * detail
            kept = detail * (square / (square + least))
            change[y, x] += amount * slope[x] * kept / (_ONE + abs(kept) / limit)


# --- half size ----------------------------------------------------------------------------


@compiled
def halve_rows(plane: Any, start: int, stop: int, height: int, out: Any) -> None:
    """Means of 2 x 2 pixels, into the rows of half size; what is cut at the right and lower edge counts double."""
    size, width = plane.shape
    for row in range(start, stop):
        y, below, down = (2 * row) % size, min(2 * row + 1, height - 1) % size, row % out.shape[0]
        for x in range(width // 2):
            pair = plane[y, 2 * x] + plane[y, 2 * x + 1]
            out[down, x] = _QUARTER * (pair + plane[below, 2 * x] + plane[below, 2 * x + 1])
        if width % 2:
            out[down, width // 2] = _HALF * (plane[y, width - 1] + plane[below, width - 1])


@compiled
def widen_rows(half: Any, start: int, stop: int, height: int, out: Any) -> None:
    """Add to `out` a ring of half size, brought to full size in straight lines."""
    size, width, across = out.shape[0], out.shape[1], half.shape[1]
    last_row = (height + 1) // 2 - 1
    line, wide = np.empty(across + 2, np.float32), np.empty(2 * across, np.float32)
    three = _F(0.75)
    for row in range(start, stop):
        y, at = row % size, row // 2
        other = min(max(at + 2 * (row % 2) - 1, 0), last_row) % half.shape[0]
        at %= half.shape[0]
        for x in range(across):
            line[x + 1] = three * half[at, x] + _QUARTER * half[other, x]
        line[0], line[across + 1] = line[1], line[across]
        for x in range(across):
            wide[2 * x] = three * line[x + 1] + _QUARTER * line[x]
            wide[2 * x + 1] = three * line[x + 1] + _QUARTER * line[x + 2]
        for x in range(width):
            out[y, x] += wide[x]


@compiled
def shrink_rows(half: Any, start: int, stop: int, height: int, per_noise: Any, plane: Any) -> None:
    """Shrink, in place, what `plane` has beyond its copy at half size, where it is below the noise."""
    size, width, across = plane.shape[0], plane.shape[1], half.shape[1]
    last_row = (height + 1) // 2 - 1
    line, wide = np.empty(across + 2, np.float32), np.empty(2 * across, np.float32)
    three = _F(0.75)
    for row in range(start, stop):
        y, at = row % size, row // 2
        other = min(max(at + 2 * (row % 2) - 1, 0), last_row) % half.shape[0]
        at %= half.shape[0]
        for x in range(across):
            line[x + 1] = three * half[at, x] + _QUARTER * half[other, x]
        line[0], line[across + 1] = line[1], line[across]
        for x in range(across):
            wide[2 * x] = three * line[x + 1] + _QUARTER * line[x]
            wide[2 * x + 1] = three * line[x + 1] + _QUARTER * line[x + 2]
        for x in range(width):
            fine = plane[y, x] - wide[x]
            plane[y, x] -= fine / (_strength(fine, per_noise) + _ONE)
