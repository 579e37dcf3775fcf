"""Photos of an evening in an old town."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from junmai.demo.canvas import (
    Picture,
    Rng,
    colour,
    patch,
    three,
)
from junmai.demo.layer import DARK, Layer, Tint
from junmai.demo.sky import Hour, mist, paint_sky, paint_water

WALLS: tuple[Tint, ...] = (
    (0.46, 0.36, 0.22), (0.40, 0.24, 0.16), (0.50, 0.45, 0.36), (0.33, 0.32, 0.28), (0.42, 0.30, 0.24),
    (0.30, 0.34, 0.33), (0.52, 0.41, 0.20),
)  # fmt: skip
ROOF: Tint = (0.11, 0.055, 0.04)
_WARM: tuple[Tint, ...] = ((1.0, 0.62, 0.26), (1.0, 0.72, 0.40), (1.0, 0.52, 0.17), (0.95, 0.85, 0.62))


def lamps_on(hour: Hour) -> float:
    """The share of windows and lamps that are lit, by how dark it is."""
    return float(np.clip((12.0 - hour.ev100) / 9.0, 0.04, 0.75))


def glow(rng: Rng, strength: float) -> Tint:
    """The light behind a pane, at most ``strength`` times white paper."""
    r, g, b = _WARM[int(rng.integers(len(_WARM)))]
    power = strength * float(rng.uniform(0.35, 1.0))
    return r * power, g * power, b * power


def ambient(hour: Hour) -> NDArray[np.float32]:
    """The light of the sky on walls and ground."""
    return np.asarray(colour(hour.zenith) * 0.75 + colour(hour.horizon) * 0.35 + colour(hour.sun) * 0.10, np.float32)


# --- a row of houses over the river -------------------------------------------------------------------------


def riverside(hour: Hour, rng: Rng, width: int, height: int) -> Picture:
    """Old houses in rows above a river, with their lights on the water."""
    long = max(width, height)
    focal = long * float(rng.uniform(1.0, 1.5))
    shore = round(height * float(rng.uniform(0.50, 0.64)))
    extra = max(0, height - 2 * shore) + round(0.08 * height)
    rows = shore + extra
    picture = paint_sky(hour, rng, width=width, rows=rows, horizon=rows - 2, focal=focal)
    scale = long * float(rng.uniform(0.05, 0.105))  # a house's width in pixels
    for depth in (3, 2, 1, 0):
        foot = rows - depth * scale * 0.55
        start = max(0, int(foot - scale * (6.0 if depth == 2 else 3.0)))  # no house or tower is higher
        layer = Layer(width, rows - start)
        small = scale * (1 - 0.12 * depth)
        _row_of_houses(layer, hour, rng, width=width, foot=foot - start, scale=small, tower=depth == 2)
        lit = layer.lit(ambient(hour), spill=0.35, reach=long / 60, grain=stain(rng, width, rows - start))
        air = np.float32(0.09 * depth * min(hour.haze, 1.2))
        lit += (colour(hour.horizon) * np.float32(0.6) - lit) * air
        layer.over(picture[start:], lit)
    start = max(0, int(rows - scale * 2.4))
    quay = Layer(width, rows - start)
    _quay(quay, hour, rng, width=width, foot=rows - start, scale=scale)
    quay.over(picture[start:], quay.lit(ambient(hour), spill=0.6, reach=long / 50))
    wind = float(rng.uniform(0.7, 1.6))
    water = paint_water(
        _streaked(picture, long),
        hour,
        rng,
        rows=height - shore,
        shore=rows - 1,
        horizon=rows - 3,
        focal=focal,
        wind=wind,
    )
    result = np.concatenate([picture[extra:], water])
    mist(result, hour, rng, row=shore, spread=height * 0.02, strength=0.25)
    return result


def _streaked(picture: Picture, long: int) -> Picture:
    """Lights drawn out downwards, as small waves do."""
    rows = np.cumsum(picture, axis=0, dtype=np.float32)
    reach = max(2, long // 30)
    streak = picture.copy()
    streak[reach:] = (rows[reach:] - rows[:-reach]) / np.float32(reach)
    return np.asarray(picture * np.float32(0.45) + streak * np.float32(0.55), dtype=np.float32)


def stain(rng: Rng, width: int, rows: int) -> NDArray[np.float32]:
    """Age on walls: a factor around 1, shape (rows, width, 3)."""
    return three(1 + patch(rng, width, rows, 0.8) * np.float32(0.13))


def _row_of_houses(layer: Layer, hour: Hour, rng: Rng, *, width: int, foot: float, scale: float, tower: bool) -> None:
    x = -scale * float(rng.uniform(0.2, 1.0))
    steeple = float(rng.uniform(0.25, 0.75)) * width if tower else math.inf
    while x < width:
        wide = scale * float(rng.uniform(0.75, 1.5))
        tall = scale * float(rng.uniform(1.15, 1.9))
        if x <= steeple < x + wide:
            _tower(layer, hour, x + wide / 2, foot, scale)
        _house(layer, hour, rng, x, foot, wide, tall)
        x += wide * float(rng.uniform(0.97, 1.0))


def _house(layer: Layer, hour: Hour, rng: Rng, x: float, foot: float, wide: float, tall: float) -> None:
    wall = WALLS[int(rng.integers(len(WALLS)))]
    eaves = foot - tall
    ridge = eaves - wide * float(rng.uniform(0.28, 0.5))
    shade = float(rng.uniform(0.75, 1.1))
    roof = (ROOF[0] * shade, ROOF[1] * shade, ROOF[2] * shade)
    over = wide * 0.03
    if rng.random() < 0.45:  # the gable faces the river
        layer.polygon([(x, eaves), (x + wide / 2, ridge), (x + wide, eaves)], wall)
        thick = wide * 0.05
        peak = (x + wide / 2, ridge - thick)
        layer.polygon([(x - over, eaves), peak, (x + wide + over, eaves), (x + wide / 2, ridge + thick)], roof)
    else:
        layer.polygon(
            [(x - over, eaves), (x + over * 2, ridge), (x + wide - over * 2, ridge), (x + wide + over, eaves)], roof
        )
        for _ in range(int(rng.integers(1, 3))):
            chimney = x + wide * float(rng.uniform(0.15, 0.8))
            layer.rectangle(chimney, ridge - wide * 0.10, wide * 0.06, wide * 0.14, (0.16, 0.09, 0.07))
    layer.rectangle(x, eaves, wide, tall + 4, wall)
    layer.rectangle(x - over / 2, eaves - over / 2, wide + over, over, (wall[0] * 0.45, wall[1] * 0.45, wall[2] * 0.45))
    columns, floors = int(rng.integers(3, 6)), int(rng.integers(3, 5))
    for floor in range(floors):
        for column in range(columns):
            _window(layer, hour, rng, x + wide * (column + 0.5) / columns, eaves + tall * (floor + 0.42) / floors,
                    wide / columns * 0.40, tall / floors * 0.50)  # fmt: skip


def _window(layer: Layer, hour: Hour, rng: Rng, x: float, y: float, wide: float, tall: float) -> None:
    """A window around (x, y), lit or dark."""
    layer.rectangle(x - wide * 0.62, y - tall * 0.56, wide * 1.24, tall * 1.16, (0.5, 0.47, 0.42))
    if rng.random() < lamps_on(hour):
        layer.rectangle(x - wide / 2, y - tall / 2, wide, tall, (0.1, 0.08, 0.06), glow(rng, 1.7))
    else:
        pane = 0.35 * float(rng.uniform(0.3, 1.0))
        sky = (hour.zenith[0] * pane, hour.zenith[1] * pane, hour.zenith[2] * pane)
        layer.rectangle(x - wide / 2, y - tall / 2, wide, tall, (0.03, 0.03, 0.035), sky)
    layer.rectangle(x - wide * 0.05, y - tall / 2, wide * 0.10, tall, (0.35, 0.32, 0.28))


def _tower(layer: Layer, hour: Hour, x: float, foot: float, scale: float) -> None:
    """A church tower with a pointed roof, lit from below after dark."""
    half, top = scale * 0.32, foot - scale * 3.6
    night = lamps_on(hour) * 0.55
    light = (0.55 * night, 0.36 * night, 0.17 * night)
    layer.rectangle(x - half, top, half * 2, foot - top, (0.40, 0.37, 0.31), light)
    layer.polygon([(x - half * 1.15, top), (x, top - scale * 2.0), (x + half * 1.15, top)], (0.05, 0.075, 0.07))
    layer.rectangle(x - half * 0.25, top + half * 0.4, half * 0.5, half * 1.2, (0.03, 0.03, 0.03))
    layer.disc(x, top + half * 2.6, half * 0.45, (0.7, 0.66, 0.5), (light[0] * 1.6, light[1] * 1.6, light[2] * 1.6))


def _quay(layer: Layer, hour: Hour, rng: Rng, *, width: int, foot: float, scale: float) -> None:
    """The wall along the water, with trees and lamps."""
    layer.rectangle(-2, foot - scale * 0.22, width + 4, scale * 0.3, (0.17, 0.155, 0.135))
    layer.rectangle(-2, foot - scale * 0.24, width + 4, scale * 0.04, (0.30, 0.28, 0.25))
    for _ in range(int(rng.integers(2, 7))):
        x, size = float(rng.uniform(0, width)), scale * float(rng.uniform(0.35, 0.6))
        layer.rectangle(x - size * 0.06, foot - scale * 0.24 - size, size * 0.12, size, (0.03, 0.025, 0.02))
        for _ in range(26):
            dx, dy = rng.normal(0, 0.42, 2) * size
            green = float(rng.uniform(0.02, 0.06))
            layer.disc(x + dx, foot - scale * 0.3 - size * 1.4 + dy * 0.8, size * float(rng.uniform(0.12, 0.3)),
                       (green * 0.8, green, green * 0.35))  # fmt: skip
    if lamps_on(hour) > 0.15:
        gap = scale * float(rng.uniform(1.4, 2.4))
        for x in np.arange(gap * 0.3, width, gap):
            layer.rectangle(x - scale * 0.012, foot - scale * 0.85, scale * 0.024, scale * 0.62, (0.02, 0.02, 0.02))
            layer.disc(float(x), foot - scale * 0.88, scale * 0.055, DARK, (6.0, 3.9, 1.8))
