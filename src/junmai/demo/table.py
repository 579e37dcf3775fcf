"""Close-ups on a table: cups, a bowl, fruit, a candle, before a background out of focus."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from junmai.demo.canvas import (
    Picture,
    Plane,
    Rng,
    blur,
    colour,
    lay_over,
    noise_tile,
    patch,
    sample_tile,
    smoothstep,
    three,
    tinted,
)
from junmai.demo.sky import Hour

_TILT = 0.30  # sine of the angle at which the camera looks down
Tint = tuple[float, float, float]
_FRUIT: tuple[Tint, ...] = (
    (0.72, 0.25, 0.03),
    (0.52, 0.05, 0.035),
    (0.62, 0.45, 0.06),
    (0.30, 0.40, 0.06),
    (0.13, 0.03, 0.07),
)
_GLAZES: tuple[Tint, ...] = (
    (0.62, 0.58, 0.50),
    (0.10, 0.17, 0.24),
    (0.42, 0.22, 0.12),
    (0.22, 0.30, 0.24),
    (0.05, 0.05, 0.055),
)


@dataclass(frozen=True)
class Lamp:
    """The light on the table: unit direction towards it (x right, y up, z to the camera), its and the room's colour."""

    towards: NDArray[np.float32]
    key: NDArray[np.float32]
    fill: NDArray[np.float32]


def lamp_for(hour: Hour, rng: Rng) -> Lamp:
    """A window by day, a warm lamp in the evening; always from one side."""
    side = -1.0 if rng.random() < 0.5 else 1.0
    towards = colour((side * 0.78, 0.52, float(rng.uniform(-0.15, 0.35))))
    towards /= np.float32(np.linalg.norm(towards))
    if hour.ev100 < 8:
        return Lamp(towards, colour((1.9, 1.22, 0.66)), colour((0.13, 0.10, 0.095)))
    key = colour(hour.sun) * np.float32(0.45) + colour(hour.horizon) * np.float32(0.75)
    return Lamp(towards, key, colour(hour.zenith) * np.float32(0.35) + np.float32(0.10))


# --- the pictures ------------------------------------------------------------------------------------------


def still_life(hour: Hour, rng: Rng, backdrop: Picture) -> Picture:
    """Things on a wooden table before ``backdrop`` (a picture of the same size, not blurred yet)."""
    height, width = backdrop.shape[:2]
    long, unit = max(width, height), min(width, height)
    lamp = lamp_for(hour, rng)
    picture = blur(backdrop, long / 38).copy()
    if hour.ev100 < 8:
        picture *= np.float32(0.35)
        _bokeh(picture, rng, int(rng.integers(18, 34)))
    edge = round(height * float(rng.uniform(0.46, 0.56)))
    _table(picture, lamp, rng, edge)
    things = _arrange(rng, width, height, edge)
    for x, foot, size, _ in things:
        _shadow(picture, lamp, x, foot, size * unit)
    for x, foot, size, kind in things:
        _thing(picture, lamp, rng, x, foot, size * unit, kind)
    _shallow(picture, edge, things, height)
    return picture


def _arrange(rng: Rng, width: int, height: int, edge: int) -> list[tuple[float, float, float, str]]:
    """A group that stands together, back to front: (x, foot, size as share of the short side, kind)."""
    kinds = [
        "bowl" if rng.random() < 0.55 else "cup",
        "fruit",
        "fruit",
        "bottle" if rng.random() < 0.5 else "vase",
        "cup",
        "fruit",
    ]
    kinds = kinds[: int(rng.integers(3, 7))]
    unit = min(width, height)
    middle = width * float(rng.uniform(0.40, 0.60))
    things = []
    slots = (0.0, 0.30, -0.34, -0.22, 0.52, 0.13)
    depths = (0.40, 0.62, 0.60, 0.12, 0.22, 0.78)
    sizes = {"bowl": 0.46, "cup": 0.24, "fruit": 0.17, "bottle": 0.20, "vase": 0.26}
    mirror = -1 if rng.random() < 0.5 else 1
    for kind, slot, depth in zip(kinds, slots, depths, strict=False):
        x = middle + mirror * (slot + float(rng.normal(0, 0.02))) * unit
        foot = edge + (height - edge) * (depth + float(rng.uniform(-0.05, 0.05)))
        things.append((x, foot, sizes[kind] * float(rng.uniform(0.92, 1.1)) * (0.85 + 0.3 * depth), kind))
    return sorted(things, key=lambda thing: thing[1])


def _bokeh(picture: Picture, rng: Rng, count: int) -> None:
    """Distant lights as the lens's opening shows them: discs with a brighter rim, in place."""
    height, width = picture.shape[:2]
    long = max(width, height)
    total = np.zeros_like(picture)
    for _ in range(count):
        x, y = float(rng.uniform(-0.02, 1.02)) * width, abs(float(rng.normal(0.24, 0.17))) * height
        radius = long * float(rng.uniform(0.016, 0.036))
        warm = float(rng.random())
        tint = colour((1.0, 0.42 + 0.4 * warm, 0.10 + 0.45 * warm * warm))
        if rng.random() < 0.16:
            tint = colour((0.95, 0.10, 0.06) if rng.random() < 0.5 else (0.25, 0.7, 0.85))
        box = _box(x, y, radius + 3, radius + 3, width, height)
        if box is None:
            continue
        rows, columns = box
        yy, xx = np.ogrid[rows, columns]
        away = np.sqrt((xx - x) ** 2 + (yy - y) ** 2).astype(np.float32) / np.float32(radius)
        disc = smoothstep(1.03, 0.96, away) * (np.float32(0.72) + np.float32(0.28) * smoothstep(0.6, 0.97, away))
        total[rows, columns] += disc[..., None] * tint * np.float32(rng.uniform(0.08, 0.75))
    picture += total


def _box(x: float, y: float, half_w: float, half_h: float, width: int, height: int) -> tuple[slice, slice] | None:
    """The part of the picture within that reach of (x, y)."""
    left, right = max(0, math.floor(x - half_w)), min(width, math.ceil(x + half_w) + 1)
    top, bottom = max(0, math.floor(y - half_h)), min(height, math.ceil(y + half_h) + 1)
    return (slice(top, bottom), slice(left, right)) if left < right and top < bottom else None


def _table(picture: Picture, lamp: Lamp, rng: Rng, edge: int) -> None:
    """A wooden table top below row ``edge``: boards, grain, light that falls off, in place."""
    height, width = picture.shape[:2]
    rows = height - edge
    down = (np.arange(rows, dtype=np.float32)[:, None] + np.float32(0.5)) / np.float32(height)
    z = 1 / (down + np.float32(0.32))
    x = ((np.arange(width, dtype=np.float32) - width / 2) / np.float32(height))[None, :] * z
    ahead = np.broadcast_to(z, x.shape)
    grain = sample_tile(noise_tile(1, 0.9), x * 30 + 40, ahead * 520)
    board = ahead * np.float32(4.2) + sample_tile(noise_tile(2, 1.5), x * 20, ahead * 30) * np.float32(0.012)
    number = np.floor(board)
    tone = sample_tile(noise_tile(0, 0.1), number * 37, np.zeros_like(number))
    seam = 1 - smoothstep(0.0, 0.035, board - number)
    shade = 1 + grain * np.float32(0.20) + tone * np.float32(0.10) - seam * np.float32(0.65)
    wood = colour(((0.20, 0.115, 0.058), (0.27, 0.21, 0.15), (0.115, 0.062, 0.035))[int(rng.integers(3))])
    side = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * np.sign(lamp.towards[0])
    fall = np.float32(0.68) + side * np.float32(0.40) + down * np.float32(0.2)
    light = tinted(fall, lamp.key * lamp.towards[1] * np.float32(1.35)) + lamp.fill
    sheen = blur(picture, max(width, height) / 60)[edge - 1 :: -1][:rows]
    if len(sheen) < rows:
        sheen = np.concatenate([sheen, np.repeat(sheen[-1:], rows - len(sheen), axis=0)])
    gloss = three(np.float32(0.14) * (1 - down) ** 4 * (1 + grain * np.float32(0.25)))
    picture[edge:] = tinted(np.clip(shade, 0.1, 2), wood) * light + sheen * gloss
    reach = max(2, height // 40)  # the far edge is out of focus
    strip = blur(picture[edge - 2 * reach : edge + 2 * reach], height / 160)
    picture[edge - reach : edge + reach] = strip[reach : 3 * reach]


def _shadow(picture: Picture, lamp: Lamp, x: float, foot: float, size: float) -> None:
    """A soft shadow away from the lamp, darkest where the thing stands, in place."""
    height, width = picture.shape[:2]
    away = -float(lamp.towards[0])
    mask = np.zeros((height // 2, width // 2), dtype=np.float32)
    for share, reach, dark in ((0.12, 0.46, 0.90), (0.50, 0.52, 0.70), (1.0, 0.62, 0.45)):
        centre = (round((x + away * size * share) / 2), round((foot - size * 0.10) / 2))
        axes = (max(1, round(size * reach / 2)), max(1, round(size * reach * _TILT / 1.7)))
        one = np.zeros_like(mask)
        cv2.ellipse(one, centre, axes, 0, 0, 360, dark, -1)
        mask = np.maximum(mask, blur(one, max(0.5, size * (0.03 + share * 0.08) / 2)))
    mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
    picture *= three(1 - mask * np.float32(0.9))


def _shallow(picture: Picture, edge: int, things: list[tuple[float, float, float, str]], height: int) -> None:
    """Depth of field on the table: sharp where the front things stand, soft before and behind, in place."""
    sharp = float(np.mean([foot for _, foot, _, _ in things])) - height * 0.02
    rows = np.arange(height, dtype=np.float32)
    near = smoothstep(sharp + 0.10 * height, sharp + 0.42 * height, rows)[:, None]
    begin = int(np.clip(sharp + 0.10 * height, edge, height - 2))
    mask = np.repeat(near[begin:], picture.shape[1], axis=1)
    lay_over(picture[begin:], blur(picture[begin:], height / 110), mask)


# --- things ------------------------------------------------------------------------------------------------


def _thing(picture: Picture, lamp: Lamp, rng: Rng, x: float, foot: float, size: float, kind: str) -> None:
    if kind == "fruit":
        _fruit(picture, lamp, rng, x, foot, size)
        return
    glaze = _GLAZES[int(rng.integers(len(_GLAZES)))]
    t = np.linspace(0, 1, 64)
    radius: NDArray[np.floating[Any]]
    if kind == "bowl":
        tall, radius = size * 0.42, size * 0.5 * np.clip(0.42 + 0.58 * (1 - t**2.2), 0.0, 1)
        radius = np.maximum(radius, size * 0.5 * 0.44)
    elif kind == "cup":
        tall, radius = size * 0.85, size * 0.5 * (0.98 - 0.22 * t**3)
    elif kind == "vase":
        tall, radius = size * 1.5, size * 0.5 * (0.42 + 0.55 * np.sin(np.pi * np.clip(t * 0.92 + 0.05, 0, 1)) ** 1.5)
    else:
        tall = size * 2.6
        radius = size * 0.5 * (0.26 + 0.74 * np.asarray(smoothstep(0.25, 0.62, t)))
        glaze = (0.03, 0.055, 0.025)
    if kind == "bowl":
        _inside(picture, lamp, x, foot - tall, float(radius[0]), glaze, None)
        for dx in (-0.19, 0.20, 0.0):
            _fruit(picture, lamp, rng, x + dx * size, foot - tall + size * (0.11 if dx else 0.15), size * 0.36)
    _lathe(
        picture,
        lamp,
        x,
        foot,
        tall,
        radius.astype(np.float32),
        glaze,
        gloss=0.8 if kind == "bottle" else 0.35,
        open_top=kind == "bowl",
    )
    if kind == "cup":
        drink = (0.05, 0.022, 0.010) if rng.random() < 0.6 else (0.30, 0.16, 0.05)
        _inside(picture, lamp, x, foot - tall, float(radius[0]), glaze, drink)


def _lathe(
    picture: Picture, lamp: Lamp, x: float, foot: float, tall: float, radius: NDArray[np.float32], glaze: Tint,
    *, gloss: float, open_top: bool,
) -> None:  # fmt: skip
    """A turned body: ``radius`` in pixels from its rim down to its foot. Seen from above by the tilt, in place."""
    height, width = picture.shape[:2]
    widest = float(radius.max())
    box = _box(x, foot - tall / 2, widest + 2, tall / 2 + widest * _TILT + 3, width, height)
    if box is None:
        return
    yy, xx = np.mgrid[box].astype(np.float32)
    along = (yy - np.float32(foot - tall)) / np.float32(tall)  # 0 at the rim, 1 at the foot
    count = len(radius)
    at = along
    for _ in range(3):  # the front of a ring lies lower in the picture than its middle
        r = _along(radius, at)
        nx = np.clip((xx - np.float32(x)) / r, -1, 1)
        nz = np.sqrt(1 - nx * nx)
        at = along - r * nz * np.float32(_TILT / tall)
    slope = np.gradient(radius) * np.float32((count - 1) / tall)
    ny = -_along(slope, at)
    inside = smoothstep(1.0, -1.0, np.abs(xx - np.float32(x)) - r)
    cover = inside * smoothstep(-0.5 / tall, 0.5 / tall, at) * smoothstep(0.5 / tall, -0.5 / tall, at - 1)
    if not open_top:
        cap = (
            ((xx - np.float32(x)) / radius[0]) ** 2 + ((yy - np.float32(foot - tall)) / (radius[0] * _TILT)) ** 2
        ) < 1
        cover = np.maximum(cover, cap.astype(np.float32))
    normal = np.dstack([nx, ny, nz])
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    lit = _shaded(normal, lamp, colour(glaze), gloss)
    lit *= (1 - np.float32(0.35) * smoothstep(0.75, 1.0, at))[..., None]
    lay_over(picture[box], lit, cover)


def _along(values: NDArray[np.float32], at: Plane) -> Plane:
    """The profile's value at 0 (rim) .. 1 (foot)."""
    return np.asarray(np.interp(at, np.linspace(0, 1, len(values)), values), dtype=np.float32)


def _inside(picture: Picture, lamp: Lamp, x: float, y: float, radius: float, glaze: Tint, drink: Tint | None) -> None:
    """The opening of a cup or bowl: rim, inner wall, and what is in it, in place."""
    height, width = picture.shape[:2]
    box = _box(x, y, radius + 2, radius * _TILT + 2, width, height)
    if box is None:
        return
    yy, xx = np.mgrid[box].astype(np.float32)
    u, v = (xx - np.float32(x)) / np.float32(radius), (yy - np.float32(y)) / np.float32(radius * _TILT)
    away = np.sqrt(u * u + v * v)
    soft = 1.2 / radius
    wall = colour(glaze) * (
        lamp.key * (np.float32(0.40) - u * np.sign(lamp.towards[0]) * np.float32(0.38) - v * 0.12)[..., None]
        + lamp.fill
    )
    lay_over(picture[box], wall.astype(np.float32), smoothstep(1 + soft, 1 - soft, away))
    if drink is not None:
        low = np.sqrt(u * u + (v - np.float32(0.22)) ** 2 * np.float32(1.15)) / np.float32(0.88)
        surface = colour(drink) * (lamp.key * np.float32(0.5) + lamp.fill)
        shine = smoothstep(0.35, 0.0, np.hypot(u - lamp.towards[0] * 0.5, v - 0.1)) * np.float32(0.10)
        cover = smoothstep(1 + soft, 1 - soft, low) * smoothstep(0.97, 0.93, away)
        lay_over(picture[box], surface + lamp.key * shine[..., None], cover)
    rim = smoothstep(2.2 * soft + 0.035, 0.02, np.abs(away - np.float32(0.975)))
    bright = (
        colour(glaze)
        * (lamp.key * (np.float32(0.75) + u * np.sign(lamp.towards[0]) * np.float32(0.25))[..., None] + lamp.fill)
        + 0.02
    )
    lay_over(picture[box], bright.astype(np.float32), rim)


def _fruit(picture: Picture, lamp: Lamp, rng: Rng, x: float, foot: float, size: float) -> None:
    """A round fruit that lies on (x, foot), in place."""
    height, width = picture.shape[:2]
    tint = colour(_FRUIT[int(rng.integers(len(_FRUIT)))])
    radius = size * 0.5
    y = foot - radius * 0.92
    box = _box(x, y, radius + 2, radius + 2, width, height)
    if box is None:
        return
    yy, xx = np.mgrid[box].astype(np.float32)
    u, v = (xx - np.float32(x)) / np.float32(radius), (np.float32(y) - yy) / np.float32(radius * 0.94)
    away = np.sqrt(u * u + v * v)
    nz = np.sqrt(np.clip(1 - away * away, 0, 1))
    skin = patch(rng, u.shape[1], u.shape[0], 0.8)[..., None]
    blush = patch(rng, u.shape[1], u.shape[0], 1.6)[..., None]
    normal = np.dstack([u, v, nz]) + skin * np.float32(0.035)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    albedo = tint * (1 + skin * np.float32(0.06) + blush * np.float32(0.10) * colour((0.6, 1.6, 1.0)))
    dimple = smoothstep(0.16, 0.0, np.hypot(u + 0.05, (v - 0.80) * 2.2))
    lit = _shaded(normal, lamp, albedo, 0.22) * (1 - dimple * np.float32(0.65))[..., None]
    lit *= (np.float32(0.35) + np.float32(0.65) * smoothstep(-1.0, -0.25, v))[..., None]
    lay_over(picture[box], lit.astype(np.float32), smoothstep(1 + 1 / radius, 1 - 1 / radius, away))


def _shaded(normal: NDArray[np.float32], lamp: Lamp, albedo: NDArray[np.float32], gloss: float) -> Picture:
    """Lambert's law with a soft edge (a large lamp), Blinn's highlight, and light from the table and the room."""
    facing = normal @ lamp.towards
    direct = np.clip((facing + np.float32(0.22)) / np.float32(1.22), 0, 1) ** np.float32(1.2)
    half = lamp.towards + colour((0, _TILT, 1))
    half /= np.float32(np.linalg.norm(half))
    shine = np.clip(normal @ half, 0, 1) ** np.float32(60) * np.float32(gloss)
    edge = (1 - np.clip(normal[..., 2], 0, 1)) ** np.float32(3) * np.float32(0.10 * gloss + 0.015)
    room = np.float32(0.8) + normal[..., 1] * np.float32(0.35)
    light = direct[..., None] * lamp.key + room[..., None] * lamp.fill
    return np.asarray(albedo * light + (shine[..., None] + edge[..., None]) * lamp.key, dtype=np.float32)
