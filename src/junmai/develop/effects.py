"""Vignette and grain, on display values (square roots of light) of the cropped picture."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from junmai.develop.jit import compiled, part
from junmai.develop.settings import number
from junmai.develop.tone import smoothstep
from junmai.domain.model import SettingValue

Settings = Mapping[str, SettingValue]

_TILES = (1024, 928)
"""Edges of two tiles of grain that are laid over each other: together they repeat every 29,696 pixels."""
_STEPS = 1024
_F = np.float32
_ZERO, _ONE, _FOUR = _F(0), _F(1), _F(4)


@dataclass(frozen=True)
class Vignette:
    """`across` (width,) and `down` (height,) add up to a place in `share` (steps + 1,): how much of it is there.

    `light` is the factor on square roots of light where it is whole, `protect` 0..1 how far bright spots are kept, and
    `paint` 1 to mix with black (light < 1) or white instead.
    """

    across: NDArray[np.float32]
    down: NDArray[np.float32]
    share: NDArray[np.float32]
    light: float
    protect: float
    paint: float


@dataclass(frozen=True)
class Grain:
    """Two tiles of grain, where in them the picture begins, and how strong it is."""

    tiles: tuple[NDArray[np.float32], NDArray[np.float32]]
    starts: NDArray[np.int64]
    strength: float


@dataclass(frozen=True)
class Plan:
    vignette: Vignette | None
    grain: Grain | None


def plan(settings: Settings, width: int, height: int, seed: int) -> Plan | None:
    """What the settings ask for a picture of that size; None if nothing. `seed` decides where in the tiles it lies."""
    found = Plan(_vignette(settings, width, height), _grain(settings, max(width, height), seed))
    return found if found.vignette or found.grain else None


def seed_of(pixels: NDArray[Any]) -> int:
    """A number that a photo's own pixels decide, from about 10,000 of them."""
    step = max(1, max(pixels.shape[:2]) // 100)
    return zlib.crc32(np.ascontiguousarray(pixels[::step, ::step]).tobytes())


def apply(band: NDArray[np.float32], top: int, todo: Plan, weights: NDArray[np.float32]) -> None:
    """Vignette, then grain, in place on a band (3, rows, width) that begins at the picture's row `top`."""
    if todo.vignette:
        each = todo.vignette
        numbers = (_F(value) for value in (each.light, each.protect, each.paint))
        shade_rows(band, each.across, each.down[top : top + band.shape[1]], each.share, *numbers)
    if todo.grain:
        one, other = todo.grain.tiles
        grain_rows(band, top, one, other, todo.grain.starts, _F(todo.grain.strength), weights)


# --- vignette ----------------------------------------------------------------------------------------------


def _vignette(settings: Settings, width: int, height: int) -> Vignette | None:
    """The vignette's shape is a superellipse |x/a|^n + |y/b|^n: n = 2 is an ellipse, more is nearer to the frame.

    Roundness below 0 raises n to 8; above 0 the longer axis shrinks until it is a circle. The corner of the frame is
    at distance 1; midpoint moves the place where half of the vignette is reached from 0.35 to 1, feather its softness.
    """
    amount = number(settings, "PostCropVignetteAmount") / 100
    if not amount:
        return None
    roundness = number(settings, "PostCropVignetteRoundness") / 100
    power = 2.0 + 6.0 * max(-roundness, 0.0) ** 1.5
    half = np.array([width, height]) / 2
    axes = half + (half.mean() - half) * max(roundness, 0.0)
    reach = float(((half / axes) ** power).sum())
    parts = [np.abs((np.arange(2 * h) + 0.5 - h) / axis) ** power / reach for h, axis in zip(half, axes, strict=True)]
    middle = 0.35 + 0.65 * number(settings, "PostCropVignetteMidpoint", 50.0) / 100
    soft = 0.02 + 0.75 * number(settings, "PostCropVignetteFeather", 50.0) / 100
    distance = (np.arange(_STEPS + 1) / _STEPS) ** (1 / power)
    share = smoothstep(middle - soft, middle + soft, distance)
    style = round(number(settings, "PostCropVignetteStyle", 1.0))
    kept = number(settings, "PostCropVignetteHighlightContrast") / 100 if amount < 0 and style < 3 else 0.0
    return Vignette(
        across=parts[0].astype(np.float32),
        down=parts[1].astype(np.float32),
        share=share.astype(np.float32),
        light=float(2.0 ** (2.4 * np.sign(amount) * abs(amount) ** 1.15)),
        protect=kept if style == 1 else 0.5 + 0.5 * kept if style == 2 else 0.0,
        paint=abs(amount) if style == 3 else 0.0,
    )


@compiled
def shade_rows(band: Any, across: Any, down: Any, share: Any, light: Any, protect: Any, paint: Any) -> None:
    """See `Vignette`. Darkening leaves `protect` of what is white; brightening never goes beyond white."""
    width = band.shape[2]
    last = _F(share.shape[0] - 1)
    gain, target = np.empty(width, np.float32), _ZERO if light < _ONE else _ONE
    for y in range(band.shape[1]):
        for x in range(width):
            at = min((across[x] + down[y]) * last, last - _F(0.001))
            index = np.uint32(at)
            low = share[index]
            gain[x] = low + (at - _F(index)) * (share[index + np.uint32(1)] - low)
        for k in range(3):
            for x in range(width):
                value, part = band[k, y, x], gain[x]
                if paint > _ZERO:
                    band[k, y, x] = value + part * paint * (target - value)
                else:
                    factor = _ONE + part * (light - _ONE)
                    bend = _ONE + (factor - _ONE) * min(max(value, _ZERO), _ONE)
                    held = value * factor / bend
                    plain = held if factor > _ONE else value * factor
                    band[k, y, x] = plain + protect * (held - plain)


# --- grain -------------------------------------------------------------------------------------------------


def _grain(settings: Settings, long_edge: int, seed: int) -> Grain | None:
    """Grain belongs to the frame, as on film: a photo of more pixels gets wider grains, in steps of a quarter."""
    amount = number(settings, "GrainAmount") / 100
    if not amount:
        return None
    size, rough = number(settings, "GrainSize", 25.0), number(settings, "GrainFrequency", 50.0)
    where = np.random.default_rng(seed)
    starts = np.array([where.integers(0, edge, 2) for edge in _TILES], dtype=np.int64)
    scale = round(4 * min(max(long_edge / 4000, 0.5), 2.0)) / 4
    tiles = tuple(tile(edge, scale * (0.4 + 0.02 * size), rough) for edge in _TILES)
    return Grain((tiles[0], tiles[1]), starts, 0.08 * amount)


@functools.lru_cache(maxsize=4)
def tile(edge: int, width: float, rough: float) -> NDArray[np.float32]:
    """Grain of mean 0 and deviation 1 that goes on across the edges of its tile, (edge, edge).

    Noise, smoothed by a Gaussian of `width` pixels; roughness (0..100) mixes clumps four times as wide with a finer
    grain.
    """
    noise = np.fft.rfft2(np.random.default_rng(edge).standard_normal((edge, edge)))
    along, down = np.fft.rfftfreq(edge)[None, :], np.fft.fftfreq(edge)[:, None]
    square = along**2 + down**2

    def of_width(pixels: float) -> NDArray[np.float64]:
        smooth = np.fft.irfft2(noise * np.exp(-2 * (np.pi * pixels) ** 2 * square), s=(edge, edge))
        return np.asarray(smooth / smooth.std(), dtype=np.float64)

    mixed = of_width(width * (1.2 - 0.4 * rough / 100)) + 0.6 * rough / 100 * of_width(4 * width)
    return np.asarray((mixed - mixed.mean()) / mixed.std(), dtype=np.float32)


@part
def _lay(tile: Any, row: int, column: int, line: Any) -> None:
    """A row of a tile into `line` (width,), again and again from its column on."""
    row, column = row % tile.shape[0], column % tile.shape[1]
    x = 0
    while x < line.shape[0]:
        count = min(tile.shape[1] - column, line.shape[0] - x)
        line[x : x + count] = tile[row, column : column + count]
        x, column = x + count, 0


@compiled
def grain_rows(band: Any, top: int, one: Any, other: Any, starts: Any, strength: Any, weights: Any) -> None:
    """Add both tiles, strongest in the middle tones, none on black and white, the same to all channels."""
    width = band.shape[2]
    first, second = np.empty(width, np.float32), np.empty(width, np.float32)
    half = _F(0.70710678) * strength
    for y in range(band.shape[1]):
        _lay(one, top + y + starts[0, 0], starts[0, 1], first)
        _lay(other, top + y + starts[1, 0], starts[1, 1], second)
        for x in range(width):
            light = weights[0] * band[0, y, x] + weights[1] * band[1, y, x] + weights[2] * band[2, y, x]
            light = min(max(light, _ZERO), _ONE)
            change = half * (first[x] + second[x]) * _FOUR * light * (_ONE - light)
            band[0, y, x] += change
            band[1, y, x] += change
            band[2, y, x] += change
