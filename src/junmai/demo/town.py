"""Photos of an evening in an old town."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from junmai.demo.canvas import (
    Picture,
    Rng,
    blur,
    colour,
    lay_over,
    noise_tile,
    patch,
    sample_tile,
    smoothstep,
    three,
)
from junmai.demo.layer import DARK, Layer, Tint
from junmai.demo.sky import Hour, mist, paint_sky, paint_water

_WALLS: tuple[Tint, ...] = (
    (0.46, 0.36, 0.22), (0.40, 0.24, 0.16), (0.50, 0.45, 0.36), (0.33, 0.32, 0.28), (0.42, 0.30, 0.24),
    (0.30, 0.34, 0.33), (0.52, 0.41, 0.20),
)  # fmt: skip
_ROOF: Tint = (0.11, 0.055, 0.04)
_WARM: tuple[Tint, ...] = ((1.0, 0.62, 0.26), (1.0, 0.72, 0.40), (1.0, 0.52, 0.17), (0.95, 0.85, 0.62))


def lamps_on(hour: Hour) -> float:
    """The share of windows and lamps that are lit, by how dark it is."""
    return float(np.clip((12.0 - hour.ev100) / 9.0, 0.04, 0.75))


def _glow(rng: Rng, strength: float) -> Tint:
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
    scale = long * float(rng.uniform(0.055, 0.075))  # a house's width in pixels
    for depth in (3, 2, 1, 0):
        layer = Layer(width, rows)
        foot = rows - depth * scale * 0.55
        _row_of_houses(layer, hour, rng, width=width, foot=foot, scale=scale * (1 - 0.12 * depth), tower=depth == 2)
        lit = layer.lit(ambient(hour), spill=0.35, reach=long / 60, grain=_stain(rng, width, rows))
        air = np.float32(0.09 * depth * min(hour.haze, 1.2))
        lit += (colour(hour.horizon) * np.float32(0.6) - lit) * air
        layer.over(picture, lit)
    quay = Layer(width, rows)
    _quay(quay, hour, rng, width=width, foot=rows, scale=scale)
    quay.over(picture, quay.lit(ambient(hour), spill=0.6, reach=long / 50))
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


def _stain(rng: Rng, width: int, rows: int) -> NDArray[np.float32]:
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
    wall = _WALLS[int(rng.integers(len(_WALLS)))]
    eaves = foot - tall
    ridge = eaves - wide * float(rng.uniform(0.28, 0.5))
    shade = float(rng.uniform(0.75, 1.1))
    roof = (_ROOF[0] * shade, _ROOF[1] * shade, _ROOF[2] * shade)
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
        layer.rectangle(x - wide / 2, y - tall / 2, wide, tall, (0.1, 0.08, 0.06), _glow(rng, 1.7))
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


# --- a wet street ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Eye:
    """A camera 1.6 m above a street: projects metres (x right, y up, z ahead) to pixels. ``mirror`` turns y over."""

    x: float
    horizon: float
    focal: float
    mirror: bool = False

    def at(self, x: float, y: float, z: float) -> tuple[float, float]:
        up = -y if self.mirror else y
        return self.x + self.focal * x / z, self.horizon - self.focal * (up - 1.6) / z

    def wall(self, x: float, bottom: float, top: float, near: float, far: float) -> list[tuple[float, float]]:
        """A rectangle on a wall that runs ahead at ``x``."""
        return [self.at(x, bottom, near), self.at(x, top, near), self.at(x, top, far), self.at(x, bottom, far)]

    def front(self, x: float, bottom: float, wide: float, tall: float, z: float) -> list[tuple[float, float]]:
        """A rectangle that faces the camera."""
        corners = ((x, bottom), (x + wide, bottom), (x + wide, bottom + tall), (x, bottom + tall))
        return [self.at(cx, cy, z) for cx, cy in corners]


def street(hour: Hour, rng: Rng, width: int, height: int) -> Picture:
    """A narrow street after rain, shop windows and lamps mirrored on the ground."""
    long = max(width, height)
    eye = _Eye(
        width * float(rng.uniform(0.36, 0.64)),
        height * float(rng.uniform(0.52, 0.64)),
        long * float(rng.uniform(0.95, 1.5)),
    )
    picture = paint_sky(hour, rng, width=width, rows=height, horizon=eye.horizon, focal=eye.focal)
    scene_seed = int(rng.integers(2**31))
    grain = _stain(rng, width, height)
    layer, below = Layer(width, height), Layer(width, height)
    _build_street(layer, eye, hour, np.random.default_rng(scene_seed))
    mirrored = _Eye(eye.x, eye.horizon, eye.focal, mirror=True)
    _build_street(below, mirrored, hour, np.random.default_rng(scene_seed))
    lit = layer.lit(ambient(hour), spill=0.55, reach=long / 45, grain=grain, shimmer=_rooms(rng, width, height))
    layer.over(picture, lit)
    _wet_ground(picture, below, layer, eye, hour, rng)
    return picture


def _rooms(rng: Rng, width: int, height: int) -> NDArray[np.float32]:
    """Unevenness of what is behind lit panes: curtains, shelves, lamps. A factor, shape (height, width, 3)."""
    fine = patch(rng, width, height, 0.9, zoom=(0.7, 2.5)) * np.float32(0.13)
    coarse = patch(rng, width, height, 1.3, zoom=(0.35, 0.35)) * np.float32(0.25)
    return three(np.clip(np.float32(0.75) + fine + coarse, 0.15, 1.6))


def _wet_ground(picture: Picture, below: Layer, layer: Layer, eye: _Eye, hour: Hour, rng: Rng) -> None:
    """Cobbles that mirror the street, in place."""
    height, width = picture.shape[:2]
    top = int(eye.horizon) + 2
    rows = height - top
    long = max(width, height)
    down = (np.arange(rows, dtype=np.float32)[:, None] + np.float32(top - eye.horizon)) / np.float32(eye.focal)
    z = np.float32(1.6) / down
    x = ((np.arange(width, dtype=np.float32) - np.float32(eye.x)) / np.float32(eye.focal))[None, :] * z
    ahead = np.broadcast_to(z, x.shape)
    stones = sample_tile(noise_tile(0, 0.45), x * 26, ahead * 26)
    wide = sample_tile(noise_tile(2, 1.3), x * 14, ahead * 8)
    sky_mirror = picture[top - 1 :: -1][:rows]
    seen = np.empty((rows, width, 3), dtype=np.float32)
    seen[: len(sky_mirror)] = sky_mirror
    seen[len(sky_mirror) :] = sky_mirror[-1]
    lit = below.lit(ambient(hour), spill=0.4, reach=long / 40)[top:]
    lay_over(seen, lit, below.cover()[top:])
    seen = _smeared(seen, stones, long)
    fresnel = np.float32(0.06) + np.float32(0.80) * (1 - np.clip(down * 1.3, 0, 1)) ** 3
    wet = (
        fresnel * (np.float32(0.45) + np.float32(0.55) * smoothstep(-0.6, 0.9, wide)) * (1 - stones * np.float32(0.16))
    )
    spill = blur(layer.light(), long / 12)[top - 1][None] * np.exp(-down * 2)[..., None] * np.float32(1.2)
    ground = three(np.float32(0.085) * (1 + stones * np.float32(0.3))) * (ambient(hour) + spill)
    lay_over(picture[top:], ground + seen * three(wet), 1 - layer.cover()[top:])


def _smeared(seen: Picture, stones: NDArray[np.float32], long: int) -> Picture:
    """Mirrored light, drawn out downwards and broken up by the stones."""
    import cv2

    rows, width = seen.shape[:2]
    tall = cv2.blur(seen, (max(1, long // 400), max(2, long // 28)), borderType=cv2.BORDER_REPLICATE)
    seen = np.asarray(seen * np.float32(0.3) + tall * np.float32(0.7), dtype=np.float32)
    y = np.arange(rows, dtype=np.float32)[:, None] + stones * np.float32(long / 260)
    x = np.broadcast_to(np.arange(width, dtype=np.float32)[None, :], stones.shape) + stones * np.float32(long / 600)
    return cv2.remap(seen, x, y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[return-value]


def _build_street(layer: Layer, eye: _Eye, hour: Hour, rng: Rng) -> None:
    """Everything that stands in the street, from far to near."""
    left, right = -float(rng.uniform(3.2, 4.6)), float(rng.uniform(3.2, 4.6))
    far = float(rng.uniform(55, 80))
    _end_of_street(layer, eye, hour, rng, far)
    for side in (left, right):
        edges = [2.2]
        while edges[-1] < far:
            edges.append(edges[-1] + float(rng.uniform(6, 10)))
        for near, end in reversed(list(pairwise(edges))):
            _facade(layer, eye, hour, rng, side, near, end)
    for z in np.arange(52.0, 7.0, -float(rng.uniform(7, 11))):
        side = left if rng.random() < 0.5 else right
        _lamp(layer, eye, hour, side * 0.80, 4.4, float(z))
    for z in sorted(rng.uniform(7, 34, int(rng.integers(2, 6))), reverse=True):
        _walker(layer, eye, rng, float(rng.uniform(left * 0.7, right * 0.7)), float(z))


def _end_of_street(layer: Layer, eye: _Eye, hour: Hour, rng: Rng, z: float) -> None:
    """The houses, and often a tower, that close the view."""
    for x in np.arange(-14, 14, 7.0):
        tall = float(rng.uniform(8, 14))
        wall = _WALLS[int(rng.integers(len(_WALLS)))]
        layer.polygon(eye.front(float(x), 0, 7, tall, z), wall)
        layer.polygon([eye.at(x, tall, z), eye.at(x + 3.5, tall + 3.5, z), eye.at(x + 7, tall, z)], _ROOF)
        for wx in np.arange(x + 0.8, x + 6.5, 1.8):
            for wy in np.arange(1.2, tall - 1.5, 3.0):
                light = _glow(rng, 1.6) if rng.random() < lamps_on(hour) else DARK
                layer.polygon(eye.front(float(wx), float(wy), 0.9, 1.5, z), (0.04, 0.04, 0.045), light)
    if rng.random() < 0.7:
        x, night = float(rng.uniform(-4, 2)), lamps_on(hour) * 0.6
        light = (0.6 * night, 0.40 * night, 0.20 * night)
        layer.polygon(eye.front(x, 0, 5, 24, z - 1), (0.42, 0.38, 0.31), light)
        layer.polygon(
            [eye.at(x - 0.4, 24, z - 1), eye.at(x + 2.5, 36, z - 1), eye.at(x + 5.4, 24, z - 1)], (0.05, 0.07, 0.065)
        )
        layer.polygon(eye.front(x + 1.7, 19, 1.6, 2.8, z - 1), (0.03, 0.03, 0.03))


def _facade(layer: Layer, eye: _Eye, hour: Hour, rng: Rng, x: float, near: float, far: float) -> None:
    """One house of the street: wall, cornices, rows of windows, a shop at the bottom."""
    wall = _WALLS[int(rng.integers(len(_WALLS)))]
    floors = int(rng.integers(3, 5))
    tall = 4.0 + 3.1 * floors
    layer.polygon(eye.wall(x, 0, tall, near, far), wall)
    layer.polygon(eye.wall(x * 0.94, tall - 0.1, tall + 0.35, near, far), (wall[0] * 0.4, wall[1] * 0.4, wall[2] * 0.4))
    layer.polygon(eye.wall(x * 0.985, 3.65, 3.9, near, far), (wall[0] * 0.6, wall[1] * 0.6, wall[2] * 0.6))
    columns = int(rng.integers(2, 5))
    pitch = (far - near) / columns
    for floor in range(floors):
        bottom = 4.6 + 3.1 * floor
        for column in range(columns - 1, -1, -1):
            z = near + pitch * (column + 0.28)
            _street_window(layer, eye, hour, rng, x, bottom, z, z + pitch * 0.44)
    shop = rng.random() < 0.65
    for column in range(columns - 1, -1, -1):
        z = near + pitch * (column + 0.12)
        bright = _glow(rng, 2.6) if shop and hour.ev100 < 12 else DARK
        layer.polygon(eye.wall(x * 0.995, 0.5, 3.1, z, z + pitch * 0.76), (0.05, 0.045, 0.04))
        layer.polygon(eye.wall(x * 0.99, 0.7, 2.95, z + pitch * 0.05, z + pitch * 0.71), (0.05, 0.05, 0.05), bright)
        if bright != DARK:
            for _ in range(5):  # goods and people stand in the light
                spot = z + pitch * float(rng.uniform(0.08, 0.6))
                dim = (bright[0] * 0.35, bright[1] * 0.3, bright[2] * 0.25)
                high = float(rng.uniform(1.0, 1.9))
                layer.polygon(eye.wall(x * 0.988, 0.7, high, spot, spot + pitch * 0.07), (0.1, 0.1, 0.1), dim)
    if shop:
        cloth = (0.28, 0.05, 0.04) if rng.random() < 0.5 else (0.05, 0.12, 0.09)
        corners = [
            eye.at(x, 3.5, near + 0.4),
            eye.at(x, 3.5, far - 0.4),
            eye.at(x * 0.74, 2.85, far - 0.4),
            eye.at(x * 0.74, 2.85, near + 0.4),
        ]
        if near > 6:
            layer.polygon(corners, cloth)


def _street_window(
    layer: Layer, eye: _Eye, hour: Hour, rng: Rng, x: float, bottom: float, near: float, far: float
) -> None:
    wide = far - near
    layer.polygon(eye.wall(x * 0.998, bottom - 0.15, bottom + 1.85, near - 0.12, far + 0.12), (0.52, 0.49, 0.43))
    light = (
        _glow(rng, 1.5)
        if rng.random() < lamps_on(hour)
        else (hour.zenith[0] * 0.2, hour.zenith[1] * 0.2, hour.zenith[2] * 0.2)
    )
    layer.polygon(eye.wall(x * 0.996, bottom, bottom + 1.7, near, far), (0.04, 0.04, 0.045), light)
    layer.polygon(eye.wall(x * 0.994, bottom, bottom + 1.7, near + wide * 0.47, near + wide * 0.53), (0.4, 0.37, 0.33))
    layer.polygon(eye.wall(x * 0.994, bottom + 1.1, bottom + 1.17, near, far), (0.4, 0.37, 0.33))
    if rng.random() < 0.5:  # shutters
        for start in (near - wide * 0.5, far + wide * 0.03):
            layer.polygon(
                eye.wall(x * 0.985, bottom - 0.05, bottom + 1.75, start, start + wide * 0.46), (0.05, 0.085, 0.06)
            )


def _lamp(layer: Layer, eye: _Eye, hour: Hour, x: float, y: float, z: float) -> None:
    """A lantern on an arm."""
    layer.polygon(eye.wall(x, y + 0.34, y + 0.40, z, z + 0.2), (0.02, 0.02, 0.02))
    px, py = eye.at(x, y, z)
    size = eye.focal / z
    layer.disc(px, py - size * 0.26 * (-1 if eye.mirror else 1), size * 0.16, (0.02, 0.02, 0.02), flat=0.5)
    light = (6.0, 3.8, 1.7) if hour.ev100 < 10 else (0.5, 0.45, 0.35)
    layer.disc(px, py, size * 0.14, (0.4, 0.4, 0.4), light, flat=1.25)


def _walker(layer: Layer, eye: _Eye, rng: Rng, x: float, z: float) -> None:
    """Somebody who walks here, often under an umbrella."""
    tall, coat = float(rng.uniform(1.55, 1.85)), float(rng.uniform(0.012, 0.05))
    dark = (coat, coat * 0.95, coat)
    stride = float(rng.uniform(0.08, 0.26))
    for foot in (-stride, stride):
        hip = [(x - 0.09, 0.85), (x + 0.09, 0.85), (x + foot + 0.08, 0.0), (x + foot - 0.06, 0.0)]
        layer.polygon([eye.at(px, py, z) for px, py in hip], dark)
    body = [
        (-0.17, 0.62),
        (-0.25, 0.95),
        (-0.24, 1.30),
        (-0.10, 1.42),
        (0.10, 1.42),
        (0.24, 1.30),
        (0.25, 0.95),
        (0.19, 0.62),
    ]
    layer.polygon([eye.at(x + px, py * tall / 1.7, z) for px, py in body], dark)
    hx, hy = eye.at(x, tall - 0.12, z)
    layer.disc(hx, hy, eye.focal / z * 0.105, (0.06, 0.04, 0.03), flat=1.2)
    if rng.random() < 0.55:
        arc = np.linspace(0, np.pi, 12)
        tint = ((0.25, 0.02, 0.02), (0.02, 0.02, 0.03), (0.03, 0.06, 0.12))[int(rng.integers(3))]
        layer.polygon([eye.at(x + 0.62 * np.cos(a), tall + 0.02 + 0.34 * np.sin(a), z) for a in arc], tint)
