"""The loops over pixels for noise reduction, texture and sharpening; compiled.

They work on planes (rows, width) of float32 that are a window of the picture: rows near the window's edge come out
wrong and are thrown away by whoever asked (`junmai.develop.detail` says how many).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from junmai.develop.jit import compiled, part

_F = np.float32
_ZERO, _ONE, _TWO, _THREE, _HALF, _QUARTER = _F(0), _F(1), _F(2), _F(3), _F(0.5), _F(0.25)


@compiled
def split(band: Any, weights: Any, luma: Any, red: Any, blue: Any) -> None:
    """Display values (3, rows, width) to luma and to what red and blue have more than it."""
    for y in range(band.shape[1]):
        for x in range(band.shape[2]):
            r, g, b = band[0, y, x], band[1, y, x], band[2, y, x]
            bright = weights[0] * r + weights[1] * g + weights[2] * b
            luma[y, x] = bright
            red[y, x] = r - bright
            blue[y, x] = b - bright


@compiled
def join(luma: Any, change: Any, red: Any, blue: Any, weights: Any, band: Any) -> None:
    """The inverse of `split`, with `change` added to luma."""
    for y in range(band.shape[1]):
        for x in range(band.shape[2]):
            bright = luma[y, x] + change[y, x]
            band[0, y, x] = bright + red[y, x]
            band[1, y, x] = bright - (weights[0] * red[y, x] + weights[2] * blue[y, x]) / weights[1]
            band[2, y, x] = bright + blue[y, x]


@part
def _kept(value: Any, per_noise: Any) -> Any:
    """What of a detail is kept: nothing well below the noise (1 / per_noise), half at it, all well above.

    The least power is held above what floats keep at full speed: even areas took ten times as long.
    """
    ratio = value * per_noise
    power = max(ratio * ratio, _F(1e-12))
    power = power * power
    return value * (power / (power + _ONE))


@compiled
def scale_step(plane: Any, reach: int, per_noise: Any, gain: Any, limit: Any, lower: Any, change: Any) -> None:
    """One scale of an undecimated wavelet transform (à trous, B3 spline; Starck, Murtagh, Fadili, 2010, section 2.4).

    `lower` gets `plane` smoothed by 1 4 6 4 1 with `reach` pixels between the taps. The detail between them is
    shrunk where it is below the noise and strengthened by `gain` where it is below `limit`; what that changes is added
    to `change`. Rows and columns outside are taken to be like those at the edge.
    """
    rows, width = plane.shape
    line = np.empty(width + 4 * reach, np.float32)
    outer, inner, middle = _F(1 / 16), _F(4 / 16), _F(6 / 16)
    margin = 2 * reach
    for y in range(rows):
        a, b = max(y - 2 * reach, 0), max(y - reach, 0)
        d, e = min(y + reach, rows - 1), min(y + 2 * reach, rows - 1)
        for x in range(width):
            ends, near = plane[a, x] + plane[e, x], plane[b, x] + plane[d, x]
            line[x + margin] = outer * ends + inner * near + middle * plane[y, x]
        line[:margin] = line[margin]
        line[width + margin :] = line[width + margin - 1]
        for x in range(width):
            ends, near = line[x] + line[x + 4 * reach], line[x + reach] + line[x + 3 * reach]
            lower[y, x] = outer * ends + inner * near + middle * line[x + 2 * reach]
        for x in range(width):
            detail = plane[y, x] - lower[y, x]
            kept = _kept(detail, per_noise)
            ratio = detail / limit
            change[y, x] += kept - detail + gain * kept / (_ONE + ratio * ratio)


@compiled
def add(plane: Any, change: Any, out: Any) -> None:
    for y in range(plane.shape[0]):
        for x in range(plane.shape[1]):
            out[y, x] = plane[y, x] + change[y, x]


@compiled
def blur(plane: Any, taps: Any, out: Any) -> None:
    """Smooth by symmetric taps: taps[0] in the middle, taps[k] for k pixels away on each side."""
    rows, width = plane.shape
    reach = taps.shape[0] - 1
    line = np.empty(width + 2 * reach, np.float32)
    for y in range(rows):
        for x in range(width):
            line[x + reach] = taps[0] * plane[y, x]
        for k in range(1, reach + 1):
            above, below, tap = max(y - k, 0), min(y + k, rows - 1), taps[k]
            for x in range(width):
                line[x + reach] += tap * (plane[above, x] + plane[below, x])
        line[:reach] = line[reach]
        line[width + reach :] = line[width + reach - 1]
        for x in range(width):
            out[y, x] = taps[0] * line[x + reach]
        for k in range(1, reach + 1):
            tap = taps[k]
            for x in range(width):
                out[y, x] += tap * (line[x + reach - k] + line[x + reach + k])


@compiled
def sharpen(plane: Any, smooth: Any, amount: Any, fine: Any, limit: Any, even: Any, change: Any) -> None:
    """Add to `change` what sharpening adds to `plane`, whose blurred copy is `smooth`.

    amount: share of the detail that is added. Details well below `fine` are left alone, those above `limit` (edges that
    would get a halo) are held back. Where `smooth` changes by less than `even` over four pixels nothing is added; from
    three times that on, all of it; 0 adds everywhere.
    """
    rows, width = plane.shape
    slope = np.empty(width, np.float32)
    for y in range(rows):
        above, below = max(y - 2, 0), min(y + 2, rows - 1)
        if even > _ZERO:
            for x in range(width):
                across = smooth[y, min(x + 2, width - 1)] - smooth[y, max(x - 2, 0)]
                slope[x] = max(abs(across), abs(smooth[below, x] - smooth[above, x]))
            for x in range(width):
                t = min(max((slope[x] / even - _ONE) * _HALF, _ZERO), _ONE)
                slope[x] = t * t * (_THREE - _TWO * t)
        else:
            slope[:] = _ONE
        for x in range(width):
            detail = plane[y, x] - smooth[y, x]
            square = detail * detail
            kept = detail * square / (square + fine * fine + _F(1e-30))
            change[y, x] += amount * slope[x] * kept / (_ONE + abs(kept) / limit)


# --- colour noise, at half size ----------------------------------------------------------------------------


@compiled
def halve(plane: Any, out: Any) -> None:
    """Means of 2 x 2 pixels; what is cut at the right and lower edge counts double."""
    rows, width = plane.shape
    for y in range(out.shape[0]):
        below = min(2 * y + 1, rows - 1)
        for x in range(out.shape[1]):
            right = min(2 * x + 1, width - 1)
            pair = plane[2 * y, 2 * x] + plane[2 * y, right]
            out[y, x] = _QUARTER * (pair + plane[below, 2 * x] + plane[below, right])


@compiled
def spread(half: Any, change: Any, per_noise: Any, plane: Any) -> None:
    """Bring a change at half size to `plane`, in place, and shrink the detail that only full size has."""
    rows, width = plane.shape
    last_row, last = half.shape[0] - 1, half.shape[1] - 1
    old, new = np.empty(last + 3, np.float32), np.empty(last + 3, np.float32)
    three = _F(0.75)
    for y in range(rows):
        at = y // 2
        other = min(max(at + 2 * (y % 2) - 1, 0), last_row)
        for x in range(last + 1):
            old[x + 1] = three * half[at, x] + _QUARTER * half[other, x]
            new[x + 1] = three * change[at, x] + _QUARTER * change[other, x]
        old[0], old[last + 2], new[0], new[last + 2] = old[1], old[last + 1], new[1], new[last + 1]
        for x in range(width):
            mid, side = x // 2 + 1, x // 2 + 2 * (x % 2)
            fine = plane[y, x] - (three * old[mid] + _QUARTER * old[side])
            plane[y, x] += three * new[mid] + _QUARTER * new[side] + _kept(fine, per_noise) - fine
