"""Photos of a narrow street after rain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from junmai.demo.canvas import (
    Picture,
    Rng,
    blur,
    lay_over,
    noise_tile,
    patch,
    sample_tile,
    smoothstep,
    three,
)
from junmai.demo.layer import DARK, Layer
from junmai.demo.sky import Hour, paint_sky
from junmai.demo.town import ROOF, WALLS, ambient, glow, lamps_on, stain


@dataclass(frozen=True)
class _Eye:
    """A camera 1.6 m above a street: projects metres (x right, y up, z ahead) to pixels. ``mirror`` turns y over."""

    x: float
    horizon: float
    focal: float
    mirror: bool = False

    def at(self, x: float, y: float, z: float) -> tuple[float, float]:
        """The pixel (x, y) of a point in metres."""
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
    """A narrow street after rain, shop windows and lamps mirrored on the ground, people in focus before it."""
    long = max(width, height)
    eye = _Eye(
        width * float(rng.uniform(0.36, 0.64)),
        height * float(rng.uniform(0.50, 0.62)),
        long * float(rng.uniform(0.95, 1.5)),
    )
    half = _Eye(eye.x / 2, eye.horizon / 2, eye.focal / 2)  # out of focus, nobody sees more
    behind = defocus(_background(hour, rng, half, width // 2, height // 2), long / float(rng.choice([128, 180, 260])))
    picture = np.asarray(cv2.resize(behind, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
    seed = int(rng.integers(2**31))
    for turned in (replace(eye, mirror=True), eye):
        people = Layer(width, height)
        _people(people, turned, np.random.default_rng(seed))
        _lay_people(picture, people, hour, long, mirrored=turned.mirror)
    return picture


def _background(hour: Hour, rng: Rng, eye: _Eye, width: int, height: int) -> Picture:
    """The street without the people in front, sharp."""
    long = max(width, height)
    picture = paint_sky(hour, rng, width=width, rows=height, horizon=eye.horizon, focal=eye.focal)
    seed = int(rng.integers(2**31))
    layer, below = Layer(width, height), Layer(width, height)
    _build_street(layer, eye, hour, np.random.default_rng(seed))
    _build_street(below, replace(eye, mirror=True), hour, np.random.default_rng(seed))
    rooms, walls = _rooms(rng, width, height), stain(rng, width, height)
    lit = layer.lit(ambient(hour), spill=0.55, reach=long / 45, grain=walls, shimmer=rooms)
    _wet_ground(picture, below, layer, eye, hour, rng)
    layer.over(picture, lit)
    return picture


def defocus(picture: Picture, radius: float) -> Picture:
    """The picture out of focus: every point becomes a disc of that radius, as an open lens draws it."""
    height, width = picture.shape[:2]
    step = max(1, int(radius / 3.5))
    small = cv2.resize(picture, (max(2, width // step), max(2, height // step)), interpolation=cv2.INTER_AREA)
    reach = radius / step
    side = np.arange(-int(np.ceil(reach)), int(np.ceil(reach)) + 1)
    disc = np.clip(reach + 0.5 - np.hypot(side[:, None], side[None, :]), 0, 1)
    small = cv2.filter2D(small, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)  # type: ignore[return-value]


def _lay_people(picture: Picture, people: Layer, hour: Hour, long: int, *, mirrored: bool) -> None:
    """People against the light: dark, with a rim of it on their edges; faint on the wet ground. In place."""
    cover = people.cover()
    around = blur(picture, long / 40)
    lit = people.albedo() * (ambient(hour) + around * np.float32(0.9))
    if mirrored:
        cover = cv2.blur(cover, (max(1, long // 240), max(1, long // 60))) * np.float32(0.6)
    else:
        rim = np.clip(cover - blur(cover, long / 420), 0, 1) * np.float32(0.45)
        lit += around * three(np.asarray(rim, dtype=np.float32))
    lay_over(picture, lit, cover)


def _people(layer: Layer, eye: _Eye, rng: Rng) -> None:
    """One to three who walk a few metres ahead, side by side."""
    count = int(rng.integers(1, 4))
    lanes = float(rng.uniform(-1.2, 0.4)) + np.arange(count) * float(rng.uniform(0.75, 1.1))
    for x, z in zip(lanes, sorted(rng.uniform(7.0, 12, count), reverse=True), strict=True):
        _walker(layer, eye, rng, float(x), float(z))


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
    picture[top:] = ground + seen * three(wet)


def _smeared(seen: Picture, stones: NDArray[np.float32], long: int) -> Picture:
    """Mirrored light, drawn out downwards and broken up by the stones."""
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
    for z in sorted(rng.uniform(14, 40, int(rng.integers(2, 7))), reverse=True):
        _walker(layer, eye, rng, float(rng.uniform(left * 0.7, right * 0.7)), float(z))


def _end_of_street(layer: Layer, eye: _Eye, hour: Hour, rng: Rng, z: float) -> None:
    """The houses, and often a tower, that close the view."""
    for x in np.arange(-14, 14, 7.0):
        tall = float(rng.uniform(8, 14))
        wall = WALLS[int(rng.integers(len(WALLS)))]
        layer.polygon(eye.front(float(x), 0, 7, tall, z), wall)
        layer.polygon([eye.at(x, tall, z), eye.at(x + 3.5, tall + 3.5, z), eye.at(x + 7, tall, z)], ROOF)
        for wx in np.arange(x + 0.8, x + 6.5, 1.8):
            for wy in np.arange(1.2, tall - 1.5, 3.0):
                light = glow(rng, 1.6) if rng.random() < lamps_on(hour) else DARK
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
    wall = WALLS[int(rng.integers(len(WALLS)))]
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
        bright = glow(rng, 2.6) if shop and hour.ev100 < 12 else DARK
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
        glow(rng, 1.5)
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
    """Somebody who walks here in a coat, often under an umbrella."""
    tall, coat = float(rng.uniform(1.58, 1.86)), float(rng.uniform(0.010, 0.045))
    dark = (coat, coat * 0.95, coat)
    stride, scale = float(rng.uniform(0.05, 0.20)), tall / 1.75
    for foot in (-stride, stride):
        leg = [
            (-0.10, 0.9),
            (0.10, 0.9),
            (foot + 0.065, 0.10),
            (foot + 0.15, 0.02),
            (foot - 0.05, 0.0),
            (foot - 0.06, 0.1),
        ]
        layer.polygon([eye.at(x + px, py * scale, z) for px, py in leg], dark)
    half = np.array([
        (0.0, 1.50), (0.055, 1.50), (0.065, 1.44), (0.17, 1.40), (0.235, 1.31), (0.27, 1.05), (0.285, 0.80),
        (0.22, 0.74), (0.20, 0.62), (0.24, 0.46), (0.0, 0.44),
    ])  # fmt: skip
    outline = _rounded(np.concatenate([half, half[::-1] * (-1, 1)]))
    sway = float(rng.uniform(-0.03, 0.03))
    layer.polygon([eye.at(x + px + sway * (1.5 - py), py * scale, z) for px, py in outline], dark)
    hx, hy = eye.at(x, 1.62 * scale, z)
    hair = float(rng.uniform(0.008, 0.07))
    layer.disc(hx, hy, eye.focal / z * 0.098, (hair, hair * 0.75, hair * 0.6), flat=1.28)
    if rng.random() < 0.55:
        arc = np.linspace(0, np.pi, 12)
        tint = ((0.25, 0.02, 0.02), (0.02, 0.02, 0.03), (0.03, 0.06, 0.12))[int(rng.integers(3))]
        ends = [(x + 0.58 * np.cos(a), tall + 0.05 + 0.30 * np.sin(a)) for a in arc]
        ribs = [(x - 0.58 + 0.29 * k, tall + (0.09 if k % 2 else 0.05)) for k in np.arange(0.5, 4, 0.5)]
        layer.polygon([eye.at(px, py, z) for px, py in ends + ribs], tint)


def _rounded(outline: NDArray[np.float64]) -> NDArray[np.float64]:
    """A closed outline with its corners cut twice (Chaikin)."""
    for _ in range(2):
        following = np.roll(outline, -1, axis=0)
        outline = np.stack([outline * 0.75 + following * 0.25, outline * 0.25 + following * 0.75], 1).reshape(-1, 2)
    return outline
