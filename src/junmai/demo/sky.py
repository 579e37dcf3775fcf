"""The light of an hour: sky, clouds, haze, and how still water shows them again."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from junmai.demo.canvas import (
    Picture,
    Plane,
    Rng,
    blur,
    colour,
    lay_over,
    noise_tile,
    sample_tile,
    smoothstep,
    three,
    tinted,
)

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Hour:
    """The light of an hour; colours are linear sRGB as a balanced camera sees them, 1.0 = white paper.

    ``sun_up`` and ``sun_side`` in degrees (side: right of where the camera looks). ``ev100`` is the light value
    for the EXIF, ``kelvin`` the colour temperature. ``cover`` 0..1 of clouds.
    """

    zenith: Rgb
    horizon: Rgb
    sun: Rgb
    sun_up: float
    sun_side: float
    glow: float
    cover: float
    haze: float
    ev100: float
    kelvin: float

    def vary(self, rng: Rng) -> Hour:
        """The same hour on another moment: clouds, sun and haze differ."""
        return replace(
            self,
            sun_side=self.sun_side + float(rng.uniform(-14, 14)),
            sun_up=self.sun_up + float(rng.uniform(-1.0, 1.5)),
            cover=float(np.clip(self.cover + rng.uniform(-0.2, 0.2), 0, 1)),
            haze=self.haze * float(rng.uniform(0.6, 1.5)),
        )


HOURS = {
    "dawn": Hour((0.10, 0.16, 0.33), (0.60, 0.42, 0.38), (1.0, 0.42, 0.20), -1.5, 12, 0.8, 0.5, 1.0, 6.0, 5200),
    "sunrise": Hour((0.16, 0.25, 0.45), (0.90, 0.60, 0.36), (1.9, 0.95, 0.40), 3.5, 14, 1.0, 0.45, 1.05, 10.5, 4900),
    "morning": Hour((0.13, 0.27, 0.56), (0.58, 0.66, 0.72), (1.45, 1.15, 0.80), 17, 52, 0.35, 0.4, 0.7, 13.0, 5300),
    "noon": Hour((0.08, 0.20, 0.50), (0.45, 0.58, 0.72), (1.35, 1.25, 1.1), 52, 70, 0.1, 0.45, 0.4, 15.0, 5500),
    "overcast": Hour((0.34, 0.38, 0.43), (0.62, 0.65, 0.67), (0.22, 0.22, 0.22), 40, 40, 0.0, 1.0, 1.3, 12.0, 6800),
    "golden": Hour((0.15, 0.25, 0.46), (0.86, 0.60, 0.38), (1.9, 1.0, 0.45), 7, -24, 0.8, 0.5, 0.8, 11.0, 4700),
    "dusk": Hour((0.040, 0.085, 0.23), (0.34, 0.23, 0.24), (0.75, 0.28, 0.09), -3, -8, 0.6, 0.4, 0.8, 4.5, 5000),
    "night": Hour((0.006, 0.011, 0.030), (0.04, 0.04, 0.06), (0.0, 0.0, 0.0), -12, 0, 0.0, 0.4, 0.6, 2.0, 3600),
}


def paint_sky(hour: Hour, rng: Rng, *, width: int, rows: int, horizon: float, focal: float) -> Picture:
    """The sky of ``rows`` rows, shape (rows, width, 3). It has no detail finer than two pixels, so half is made."""
    half_w, half_r = max(2, width // 2), max(2, rows // 2)
    x = ((np.arange(half_w, dtype=np.float32) * 2 - width / 2) / np.float32(focal))[None, :].astype(np.float32)
    up = ((np.float32(horizon) - np.arange(half_r, dtype=np.float32) * 2) / np.float32(focal))[:, None]
    up = np.maximum(up, np.float32(0.0)).astype(np.float32)
    height = 1 - np.exp(-up * np.float32(3.4))
    picture = colour(hour.horizon) + (colour(hour.zenith) - colour(hour.horizon)) * height[..., None]
    picture = np.repeat(picture, half_w, axis=1).astype(np.float32)
    away = _from_sun(hour, x, up)
    glow = np.exp(-away * np.float32(5)) * np.float32(0.55) + np.exp(-away * np.float32(18)) * np.float32(0.8)
    picture += tinted(glow, colour(hour.sun) * np.float32(hour.glow))
    _clouds(picture, hour, rng, x, up, glow)
    if hour.sun_up > 0:
        disc = smoothstep(0.022, 0.011, away)
        picture += tinted(disc, colour(hour.sun) * np.float32(6 * (1 - 0.85 * hour.cover)))
    return cv2.resize(picture, (width, rows), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def _from_sun(hour: Hour, x: Plane, up: Plane) -> Plane:
    side, height = math.tan(math.radians(hour.sun_side)), math.tan(math.radians(hour.sun_up))
    return np.sqrt((x - np.float32(side)) ** 2 + (up - np.float32(height)) ** 2).astype(np.float32)


def _clouds(picture: Picture, hour: Hour, rng: Rng, x: Plane, up: Plane, glow: Plane) -> None:
    """Clouds on a flat ceiling, seen in perspective; lit where the side towards the sun is thinner."""
    far = 1 / (up + np.float32(0.06))
    tile = noise_tile(int(rng.integers(4)), 1.45)
    scale = float(rng.uniform(34, 60))
    u = x * far * np.float32(scale) + np.float32(rng.uniform(0, 512))
    v = np.broadcast_to(far * np.float32(scale * 1.5), u.shape) + np.float32(rng.uniform(0, 512))
    density = sample_tile(tile, u, v)
    shift = 5.0 if hour.sun_side > 0 else -5.0
    towards = sample_tile(tile, u + np.float32(shift), v + np.float32(4))
    threshold = 1.5 - 2.6 * hour.cover
    cover = smoothstep(threshold - 0.25, threshold + 1.5, density)
    lit = np.clip(np.float32(0.55) + (density - towards) * np.float32(0.8) - cover * np.float32(0.25), 0, 1.2)
    base = (colour(hour.zenith) * np.float32(0.8) + colour(hour.horizon) * np.float32(0.45)).astype(np.float32)
    bright = colour(hour.horizon) * np.float32(0.75) + colour(hour.sun) * np.float32(0.28)
    layer = base + tinted(lit, bright - base) + tinted(glow, colour(hour.sun) * np.float32(0.7))
    fade = smoothstep(0.0, 0.14, up) * np.float32(0.92)
    lay_over(picture, layer, cover * fade)


def haze_colour(hour: Hour) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The colour that the distance takes."""
    return np.asarray(colour(hour.horizon) * np.float32(0.80) + colour(hour.zenith) * np.float32(0.20))


def paint_water(
    above: Picture, hour: Hour, rng: Rng, *, rows: int, shore: int, horizon: float, focal: float, wind: float
) -> Picture:
    """The lake below row ``shore`` of the picture ``above``, shape (rows, width, 3).

    A mirror whose ripples shift each pixel's source, more and coarser towards the viewer; how much it mirrors
    follows Schlick's form of Fresnel's law, softened for waves.
    """
    width = above.shape[1]
    below = np.arange(rows, dtype=np.float32)[:, None] + np.float32(0.5)
    dip = (below + np.float32(max(shore - horizon, 1.0))) / np.float32(focal)
    away = 1 / np.maximum(dip, np.float32(2e-3))
    x = ((np.arange(width, dtype=np.float32) - width / 2) / np.float32(focal))[None, :].astype(np.float32)
    across, along = (x * away * np.float32(34)), np.broadcast_to(away * np.float32(88), (rows, width))
    ripple = sample_tile(noise_tile(3, 1.1), across, along.astype(np.float32))
    fine = sample_tile(noise_tile(0, 0.6), across * np.float32(2.7), along * np.float32(2.7))
    wave = (ripple * np.float32(0.8) + fine * np.float32(0.4)) * smoothstep(0.0, 0.03, dip)
    lift = wave * np.float32(wind * focal * 0.055) * np.minimum(dip * 6, 1)
    source_y = np.float32(shore) - below * np.float32(1.0) - np.abs(lift)
    source_x = np.arange(width, dtype=np.float32)[None, :] + lift * np.float32(0.15)
    mirrored = cv2.remap(
        above,
        np.broadcast_to(source_x, (rows, width)).astype(np.float32),
        np.broadcast_to(source_y, (rows, width)).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    facing = np.clip(dip * np.float32(0.8) - wave * np.float32(0.10 * wind), 0, 1)
    fresnel = np.float32(0.10) + np.float32(0.84) * (1 - facing) ** 3
    depth = colour(hour.zenith) * colour((0.10, 0.20, 0.20)) + colour((0.004, 0.010, 0.011))
    return np.asarray(mirrored * three(fresnel) + tinted(1 - fresnel, depth), dtype=np.float32)


def mist(picture: Picture, hour: Hour, rng: Rng, *, row: float, spread: float, strength: float) -> None:
    """Lay a bank of mist along a row, in place."""
    begin, end = max(0, int(row - 2.4 * spread)), min(len(picture), int(row + 2.4 * spread) + 1)
    part = picture[begin:end]
    height, width = part.shape[:2]
    rows = np.arange(begin, end, dtype=np.float32)[:, None]
    lift = sample_tile(
        noise_tile(1, 1.5),
        np.broadcast_to(np.arange(width, dtype=np.float32)[None, :] * np.float32(0.35), (height, width)),
        np.broadcast_to(rows * np.float32(1.6), (height, width)) + np.float32(rng.uniform(0, 512)),
    )
    bank = np.exp(-(((rows - np.float32(row)) / np.float32(spread)) ** 2))
    mask = np.clip(bank * (np.float32(0.55) + lift * np.float32(0.32)) * np.float32(strength), 0, 0.92)
    tint = haze_colour(hour) * np.float32(0.9) + colour(hour.sun) * np.float32(0.10)
    lay_over(part, tint.astype(np.float32), blur(mask.astype(np.float32), 1.5))
