"""Noise reduction, texture and sharpening, on display values (square roots of light), strip by strip.

Luma is taken apart into scales of 2, 4, 8 and 16 pixels: noise reduction shrinks what is weak on each, texture
strengthens or weakens the middle ones, and sharpening works on what comes out. Colour is cleaned at half size, where
its noise is coarse and the eye is not. In square roots of light the noise of light is equally strong at every
brightness, so one limit serves all tones. The limits are fixed, not measured: a session gets one look.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
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
_TEXTURE = (0.35, 1.0, 1.0, 0.4)
_LIMIT = 0.08
"""Contrast (in square roots of light) above which texture takes something for an edge and leaves it."""


@dataclass(frozen=True)
class Sharpening:
    """How to sharpen; see `detail_kernels.sharpen`."""

    amount: float
    taps: NDArray[np.float32]
    fine: float
    limit: float
    even: float

    @property
    def reach(self) -> int:
        return len(self.taps) - 1 + (2 if self.even else 0)


@dataclass(frozen=True)
class Plan:
    """What is to be done, and how many rows beyond a strip must be seen for it."""

    noise: tuple[float, ...]
    gain: tuple[float, ...]
    color_noise: tuple[float, ...]
    sharpening: Sharpening | None

    @property
    def scales(self) -> int:
        used = [k + 1 for k in range(_SCALES) if self.noise[k] or self.gain[k]]
        return max(used, default=0)

    @property
    def halo(self) -> int:
        """Rows; even, so that half-size cells are the same in every strip."""
        luma = 2 * ((1 << self.scales) - 1) + (self.sharpening.reach if self.sharpening else 0)
        colors = 4 * ((1 << _SCALES) - 1) + 2 if self.color_noise else 0
        return -(-max(luma, colors) // 2) * 2


def plan(settings: Settings) -> Plan | None:
    """What the settings ask; None if nothing."""
    smoothing, texture = number(settings, "LuminanceSmoothing"), number(settings, "Texture") / 100
    strength = 0.0009 * smoothing
    fine = 1.5 - number(settings, "LuminanceNoiseReductionDetail", 50.0) / 100
    coarse = 1 - 0.8 * number(settings, "LuminanceNoiseReductionContrast") / 100
    noise = tuple(strength * _NOISE[k] * (fine if k < 2 else coarse) for k in range(_SCALES))
    gain = tuple(texture * share * (1.2 if texture > 0 else 0.8) for share in _TEXTURE)
    found = Plan(noise, gain, _color_noise(settings), sharpening(settings))
    return found if found.scales or found.color_noise or found.sharpening else None


def _color_noise(settings: Settings) -> tuple[float, ...]:
    """Limits for the finest detail and for the scales of 4 to 32 pixels; empty if off."""
    strength = 0.0012 * number(settings, "ColorNoiseReduction")
    if not strength:
        return ()
    fine = 1.5 - number(settings, "ColorNoiseReductionDetail", 50.0) / 100
    coarse = 0.4 + 1.2 * number(settings, "ColorNoiseReductionSmoothness", 50.0) / 100
    return tuple(strength * share for share in (1.5 * fine, fine, 0.7 * fine, 0.5 * coarse, 0.35 * coarse))


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
    reach = max(1, math.ceil(2.5 * sigma))
    taps = np.exp(-0.5 * (np.arange(reach + 1) / sigma) ** 2)
    return np.asarray(taps / (taps[0] + 2 * taps[1:].sum()), dtype=np.float32)


# --- doing it ----------------------------------------------------------------------------------------------


class Window:
    """The rows of a picture that are in hand: luma, red and blue, from row `first` to row `end`.

    Rows come in at the end in order; `change` then says what to add to the luma of all rows, and the colours are
    cleaned in place. Rows within the plan's halo of an end that is not the picture's are not right.
    """

    def __init__(self, plan: Plan, rows: int, width: int, weights: NDArray[np.float32]) -> None:
        self.first = self.end = 0
        self._plan, self._weights = plan, weights
        self._planes = np.empty((3, rows, width), np.float32)
        self._clean = np.empty((2, rows if plan.color_noise else 0, width), np.float32)
        self._change, self._lower, self._other = (np.empty((rows, width), np.float32) for _ in range(3))

    def forget(self, before: int) -> None:
        """Let go of the rows before `before`."""
        drop = before - self.first
        if drop > 0:
            kept = self.end - before
            for plane in self._planes:
                plane[:kept] = plane[drop : drop + kept]
            self.first = before

    def take(self, band: NDArray[np.float32]) -> None:
        """Display values (3, rows, width) of the next rows."""
        at, count = self.end - self.first, band.shape[1]
        kernels.split(band, self._weights, *(plane[at : at + count] for plane in self._planes))
        self.end += count

    def work(self) -> None:
        """Do what the plan says with all rows in hand."""
        rows = self.end - self.first
        luma, change = self._planes[0, :rows], self._change[:rows]
        change[:] = 0
        self._scales(luma, change, rows)
        if self._plan.sharpening:
            todo, smooth = self._lower[:rows], self._other[:rows]
            kernels.add(luma, change, todo)
            sharpen(todo, self._plan.sharpening, smooth, change)
        if self._plan.color_noise:
            for plane, clean in zip(self._planes[1:], self._clean, strict=True):
                clean[:rows] = plane[:rows]
                clean_color(clean[:rows], self._plan.color_noise)

    def give(self, start: int, band: NDArray[np.float32]) -> None:
        """Fill `band` with the finished rows from `start` on."""
        rows = slice(start - self.first, start - self.first + band.shape[1])
        red, blue = self._clean if self._plan.color_noise else self._planes[1:]
        kernels.join(self._planes[0, rows], self._change[rows], red[rows], blue[rows], self._weights, band)

    def _scales(self, luma: Plane, change: Plane, rows: int) -> None:
        upper, buffers = luma, (self._lower[:rows], self._other[:rows])
        for k in range(self._plan.scales):
            lower = buffers[k % 2]
            per_noise, gain = _inverse(self._plan.noise[k]), np.float32(self._plan.gain[k])
            kernels.scale_step(upper, 2**k, per_noise, gain, np.float32(_LIMIT), lower, change)
            upper = lower


def sharpen(plane: Plane, how: Sharpening, smooth: Plane, change: Plane) -> None:
    """Add to `change` what sharpening adds to `plane`; `smooth` is room to work in."""
    kernels.blur(plane, how.taps, smooth)
    amount, fine, limit, even = (np.float32(each) for each in (how.amount, how.fine, how.limit, how.even))
    kernels.sharpen(plane, smooth, amount, fine, limit, even, change)


def clean_color(plane: Plane, noise: tuple[float, ...]) -> None:
    """Take the noise out of one plane of colour, in place."""
    half = np.empty((-(-plane.shape[0] // 2), -(-plane.shape[1] // 2)), np.float32)
    kernels.halve(plane, half)
    change = np.zeros_like(half)
    upper, buffers = half, (np.empty_like(half), np.empty_like(half))
    for k, limit in enumerate(noise[1:]):
        kernels.scale_step(upper, 2**k, _inverse(limit), np.float32(0), np.float32(1), buffers[k % 2], change)
        upper = buffers[k % 2]
    kernels.spread(half, change, _inverse(noise[0]), plane)


def _inverse(noise: float) -> np.float32:
    """What the kernels multiply by; without noise a detail of a millionth is still kept."""
    return np.float32(1 / max(noise, 1e-6))
