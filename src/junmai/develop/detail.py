"""Noise reduction, texture and sharpening, on display values (square roots of light), as the rows come by.

Luma is taken apart into scales of 2, 4, 8 and 16 pixels: noise reduction shrinks what is weak on each, texture
strengthens or weakens the middle ones, and sharpening works on what comes out. Colour is cleaned at half size, where
its noise is coarse and the eye is not. In square roots of light the noise of light is equally strong at every
brightness, so one limit serves all tones. The limits are fixed, not measured: a session gets one look.

Every step keeps its latest rows in a ring and works on a row as soon as the rows around it are there. So nothing is
worked out twice, the rings of one step stay in a core's own cache, and the result cannot depend on how the rows come.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from junmai.develop import detail_kernels as kernels
from junmai.develop.settings import number
from junmai.domain.model import SettingValue

Settings = Mapping[str, SettingValue]
Plane = NDArray[np.float32]

_SCALES = 4
_NOISE = (1.0, 0.5, 0.25, 0.12)
"""Noise on each scale. White noise would fall as 0.89, 0.20, 0.09, 0.04; that of demosaiced photos is coarser."""
_TEXTURE = (0.15, 0.7, 1.0, 0.5)
_LIMIT, _SOFT_LIMIT = 0.15, 0.08
"""Contrast (in square roots of light) above which texture takes something for an edge and leaves it; the second when it
softens, which shows on edges sooner."""


@dataclass(frozen=True)
class Sharpening:
    """How to sharpen; see `detail_kernels.sharpen_rows`."""

    amount: float
    taps: NDArray[np.float32]
    fine: float
    limit: float
    even: float


@dataclass(frozen=True)
class Plan:
    """What is to be done: limits of noise and gains of texture for each scale of luma, limits of colour noise."""

    noise: tuple[float, ...]
    gain: tuple[float, ...]
    color_noise: tuple[float, ...]
    sharpening: Sharpening | None

    @property
    def scales(self) -> int:
        used = [k + 1 for k in range(_SCALES) if self.noise[k] or self.gain[k]]
        return max(used, default=0)


def plan(settings: Settings) -> Plan | None:
    """What the settings ask; None if nothing."""
    smoothing, texture = number(settings, "LuminanceSmoothing"), number(settings, "Texture") / 100
    strength = 0.0009 * smoothing
    fine = 1.5 - number(settings, "LuminanceNoiseReductionDetail", 50.0) / 100
    coarse = 1 - 0.8 * number(settings, "LuminanceNoiseReductionContrast") / 100
    noise = tuple(strength * _NOISE[k] * (fine if k < 2 else coarse) for k in range(_SCALES))
    gain = tuple(texture * share * (1.0 if texture > 0 else 0.9) for share in _TEXTURE)
    found = Plan(noise, gain, _color_noise(settings), sharpening(settings))
    return found if found.scales or found.color_noise or found.sharpening else None


def _color_noise(settings: Settings) -> tuple[float, ...]:
    """Limits for the finest detail and for the scales of 4 to 32 pixels; empty if off."""
    strength = 0.0012 * number(settings, "ColorNoiseReduction")
    if not strength:
        return ()
    fine = 1.5 - number(settings, "ColorNoiseReductionDetail", 50.0) / 100
    coarse = 0.4 + 1.2 * number(settings, "ColorNoiseReductionSmoothness", 50.0) / 100
    return tuple(strength * share for share in (1.5 * fine, 0.9 * fine, 0.45 * fine, 0.22 * coarse, 0.11 * coarse))


def sharpening(settings: Settings) -> Sharpening | None:
    """What `Sharpness` and the three that shape it ask; None if off."""
    amount = number(settings, "Sharpness")
    if not amount:
        return None
    detail = number(settings, "SharpenDetail", 25.0) / 100
    return Sharpening(
        amount=0.016 * amount,
        taps=gaussian(0.8 * number(settings, "SharpenRadius", 1.0)),
        fine=0.012 * (1 - detail),
        limit=0.04 + 0.4 * detail,
        even=0.0006 * number(settings, "SharpenEdgeMasking"),
    )


def gaussian(sigma: float) -> NDArray[np.float32]:
    """One half of a Gaussian's taps, the middle first; all of it sums to 1."""
    reach = max(2, math.ceil(2.5 * sigma))
    taps = np.exp(-0.5 * (np.arange(reach + 1) / sigma) ** 2)
    return np.asarray(taps / (taps[0] + 2 * taps[1:].sum()), dtype=np.float32)


# --- doing it ----------------------------------------------------------------------------------------------

MOST_ROWS = 32
"""Rows that come in or go out at a time, at most."""
_RING = 16
"""Rings have a multiple of this many rows."""


class Flow:
    """Rows of a picture on their way: display values come in by `push`, in order, and go out by `give`."""

    def __init__(self, plan: Plan, height: int, width: int, weights: NDArray[np.float32]) -> None:
        self._weights, self._height, self._in = weights, height, 0
        luma = _Luma(plan, height, width) if plan.scales or plan.sharpening else None
        behind = luma.behind if luma else 0
        self._luma = luma
        self._colors: list[_Color] = []
        if plan.color_noise:
            self._colors = [_Color(plan.color_noise, height, width) for _ in range(2)]
            behind = max(behind, self._colors[0].behind)
        size = _rows(behind + 2 * MOST_ROWS)
        self._planes = np.zeros((3, size, width), np.float32)
        self._change = np.zeros((size, width), np.float32)

    @property
    def ready(self) -> int:
        """How many rows, from the first one on, are done."""
        done = ([self._luma.done] if self._luma else []) + [each.done for each in self._colors]
        return min(self._in, self._height, *done)

    def push(self, band: NDArray[np.float32]) -> None:
        """Display values (3, rows, width) of the next rows, at most MOST_ROWS."""
        kernels.split(band, self._in, self._weights, *self._planes)
        self._go_on(band.shape[1])

    def run_out(self) -> None:
        """After the last row: as if some more had come, so that a step never makes more rows than its ring holds."""
        self._go_on(_RING)

    def _go_on(self, rows: int) -> None:
        self._in += rows
        if self._luma:
            self._luma.go_on(self._in, self._planes[0], self._change)
        for each, plane in zip(self._colors, self._planes[1:], strict=False):
            each.go_on(self._in, plane)

    def give(self, start: int, band: NDArray[np.float32]) -> None:
        """Fill `band` (3, rows, width) with finished rows from `start` on."""
        luma, red, blue = self._planes
        kernels.join(luma, self._change, red, blue, self._weights, start, band)


class _Scales:
    """The scales of one plane: from rows of it to rows of what is to change in it.

    The last of `lower` is the plane without any of its details.
    """

    def __init__(self, noise: Sequence[float], gain: Sequence[float], height: int, width: int) -> None:
        self._noise, self._gain, self._height = noise, gain, height
        self.lower = [np.empty((_rows(4 * (2 << k) + 2 * MOST_ROWS), width), np.float32) for k in range(len(noise))]
        self._made = [0] * len(noise)
        self.behind = 2 * ((1 << len(noise)) - 1)

    def go_on(self, known: int, plane: Plane, change: Plane) -> None:
        """Work on what the first `known` rows of the plane allow: `known - behind` rows are done."""
        upper = plane
        for k, lower in enumerate(self.lower):
            known -= 2 << k
            make = _within(known, self._height)
            per_noise, gain = _inverse(self._noise[k]), np.float32(self._gain[k])
            per_limit = np.float32(1 / (_LIMIT if gain > 0 else _SOFT_LIMIT))
            rows = self._made[k], make, self._height
            kernels.scale_rows(upper, *rows, 1 << k, per_noise, gain, per_limit, lower, change)
            self._made[k] = make
            upper = lower


class _Halved:
    """The scales of a plane's copy at half size."""

    def __init__(self, noise: Sequence[float], gain: Sequence[float], height: int, width: int) -> None:
        self._full_height, self._height, self._made = height, -(-height // 2), 0
        self._scales = _Scales(noise, gain, self._height, -(-width // 2))
        self.behind = 2 * self._scales.behind + 4
        size = _rows(self._scales.behind + 2 * MOST_ROWS)
        self.half, self.change = (np.empty((size, -(-width // 2)), np.float32) for _ in range(2))

    def go_on(self, known: int, plane: Plane) -> None:
        """Work on what the first `known` rows of the plane at full size allow: `known - behind` rows are done."""
        make = _within(known // 2, self._height)
        kernels.halve_rows(plane, self._made, make, self._full_height, self.half)
        self._made = make
        self._scales.go_on(known // 2, self.half, self.change)


class _Luma:
    """Noise reduction and texture, the coarser scales at half size; then sharpening."""

    def __init__(self, plan: Plan, height: int, width: int) -> None:
        self._height, self.done, self._widened, self.behind = height, 0, 0, 0
        self._fine: _Scales | None = None
        self._coarse: _Halved | None = None
        self._sharpener = _Sharpener(plan.sharpening, height) if plan.sharpening else None
        if plan.scales:
            self._fine = _Scales(plan.noise[:1], plan.gain[:1], height, width)
            self.behind += self._fine.behind
        if plan.scales > 1:
            self._coarse = _Halved(plan.noise[1 : plan.scales], plan.gain[1 : plan.scales], height, width)
            self.behind += self._coarse.behind
        if self._sharpener:
            self.behind += self._sharpener.behind

    def go_on(self, known: int, plane: Plane, change: Plane) -> None:
        if self._fine:
            self._fine.go_on(known, plane, change)
            known -= self._fine.behind
        if self._fine and self._coarse:
            self._coarse.go_on(known, self._fine.lower[0])
            known -= self._coarse.behind
            widen = _within(known, self._height)
            kernels.widen_rows(self._coarse.change, self._widened, widen, self._height, change)
            self._widened = widen
        if self._sharpener:
            self._sharpener.go_on(known, plane, change, changed=self._fine is not None)
        self.done = self._sharpener.done if self._sharpener else _within(known, self._height)


class _Sharpener:
    def __init__(self, how: Sharpening, height: int) -> None:
        self._how, self._height = how, height
        self._taken = self._smoothed = self.done = 0
        self._seen = self._smooth = np.empty((0, 0), np.float32)
        self.behind = len(how.taps) - 1 + (2 if how.even else 0)

    def go_on(self, known: int, plane: Plane, change: Plane, *, changed: bool) -> None:
        """`change` is what the scales changed, if they did; rows come anew otherwise."""
        if not self._seen.size:
            self._seen, self._smooth = np.empty_like(plane), np.empty_like(plane)
        how, height = self._how, self._height
        take = _within(known, height)
        if not changed:
            change[np.arange(self._taken, take) % len(change)] = 0
        kernels.add_rows(plane, change, self._taken, take, self._seen)
        self._taken = take
        known -= len(how.taps) - 1
        smooth = _within(known, height)
        kernels.blur_rows(self._seen, self._smoothed, smooth, height, how.taps, self._smooth)
        self._smoothed = smooth
        sharp = _within(known - 2 if how.even else known, height)
        amount, fine, limit, even = (np.float32(each) for each in (how.amount, how.fine, how.limit, how.even))
        rows_asked = self.done, sharp, height
        kernels.sharpen_rows(self._seen, self._smooth, *rows_asked, amount, fine, limit, even, change)
        self.done = sharp


class _Color:
    """One plane of colour, cleaned in place."""

    def __init__(self, noise: tuple[float, ...], height: int, width: int) -> None:
        self._height, self._per_noise, self.done = height, _inverse(noise[0]), 0
        self._coarse = _Halved(noise[1:], [0.0] * len(noise[1:]), height, width)
        self.behind = self._coarse.behind

    def go_on(self, known: int, plane: Plane) -> None:
        self._coarse.go_on(known, plane)
        rows = self.done, _within(known - self.behind, self._height), self._height
        kernels.shrink_rows(self._coarse.half, *rows, self._per_noise, plane)
        kernels.widen_rows(self._coarse.change, *rows, plane)
        self.done = rows[1]


def sharpen(plane: Plane, how: Sharpening) -> Plane:
    """What sharpening adds to a whole plane (rows, width)."""
    sharpener, change = _Sharpener(how, len(plane)), np.zeros_like(plane)
    sharpener.go_on(len(plane) + sharpener.behind, plane, change, changed=False)
    return change


def _within(row: int, height: int) -> int:
    return min(max(row, 0), height)


def _rows(least: int) -> int:
    return -(-least // _RING) * _RING


def _inverse(noise: float) -> np.float32:
    """What the kernels multiply by; without noise a detail of a millionth is still kept."""
    return np.float32(1 / max(noise, 1e-6))
