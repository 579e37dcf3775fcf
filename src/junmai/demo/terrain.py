"""Mountains: a height field, and how it looks from a place near the water."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from junmai.demo.canvas import Plane, Rng, blur, noise_tile, sample_tile, smoothstep

_SIZE = 1024
CELL = 20.0  # m
_NEAR, _FAR, _GROWTH = 700.0, 19_000.0, 0.0065
_CENTRE = _SIZE * CELL / 2


@dataclass(frozen=True)
class Terrain:
    """Heights in m above the lake, unit normals (x, up, z), and openness (about -1 in a gully, 1 on a crest)."""

    height: Plane
    normal: NDArray[np.float32]
    openness: Plane


@dataclass(frozen=True)
class View:
    """What a camera sees of a terrain from row ``top`` down: per pixel its distance in m (inf where the sky is), and
    where it is."""

    top: int
    distance: Plane
    height: Plane
    normal: NDArray[np.float32]
    openness: Plane
    east: Plane
    north: Plane

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Where there is ground."""
        return np.isfinite(self.distance)


def _octave(rng: Rng, cells: int) -> Plane:
    grid = rng.random((cells + 3, cells + 3), dtype=np.float32)
    scale = _SIZE / cells
    side = np.arange(_SIZE, dtype=np.float32) / np.float32(scale) + 1
    x, y = np.meshgrid(side, side)
    return cv2.remap(grid, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)  # type: ignore[return-value]


@lru_cache(maxsize=4)
def make_terrain(seed: int) -> Terrain:
    """Ridged multifractal mountains (Musgrave, "Texturing and Modeling", ch. 16) around a lake in the middle."""
    rng = np.random.default_rng([seed, 77])
    ridges = np.zeros((_SIZE, _SIZE), dtype=np.float32)
    weight, amplitude = np.ones_like(ridges), 1.0
    for octave in range(8):
        signal = 1 - np.abs(2 * _octave(rng, 5 * 2**octave) - 1)
        signal *= signal * weight
        ridges += signal * np.float32(amplitude)
        weight = np.clip(signal * 2.2, 0.05, 1)
        amplitude *= 0.47
    side = (np.arange(_SIZE, dtype=np.float32) + np.float32(0.5)) * np.float32(CELL) - np.float32(_CENTRE)
    bend = noise_tile(seed % 4, 1.6)
    wide = cv2.resize(bend, (_SIZE, _SIZE), interpolation=cv2.INTER_CUBIC)
    away = np.hypot(side[None, :], side[:, None]) + wide * 500
    rise = smoothstep(1500, 9500, away)
    hills = _octave(rng, 9)
    height = (ridges * 1500 - 150) * rise + (hills - 0.35) * 420 * smoothstep(1300, 3200, away) - 12
    height = np.asarray(blur(height.astype(np.float32), 0.6))
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=1 / (8 * CELL))
    slope_z = cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=1 / (8 * CELL))
    normal = np.dstack([-slope_x, np.ones_like(height), -slope_z])
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    openness = np.clip((height - blur(height, 12)) / 90, -1, 1)
    return Terrain(height, normal.astype(np.float32), openness.astype(np.float32))


def look(terrain: Terrain, *, width: int, rows: int, horizon: float, focal: float, azimuth: float, eye: float) -> View:
    """Look from the middle of the lake, ``eye`` m above it, towards ``azimuth`` (radians).

    ``rows`` rows of ``width`` pixels, ``horizon`` the row of eye level, ``focal`` the focal length in pixels. Each
    column walks outwards; a pixel shows the first slice whose projection rises above it.
    """
    count = int(np.log(_FAR / _NEAR) / np.log1p(_GROWTH))
    reach = (_NEAR * (1 + _GROWTH) ** np.arange(count)).astype(np.float32)
    across = ((np.arange(width, dtype=np.float32) - np.float32(width / 2)) / np.float32(focal))[None, :]
    sin, cos = np.float32(np.sin(azimuth)), np.float32(np.cos(azimuth))
    east, north = reach[:, None] * (across * cos + sin), reach[:, None] * (cos - across * sin)
    heights = _at(terrain.height, east, north) + _trees(terrain, east, north)
    line = np.float32(horizon) - (heights - np.float32(eye)) * np.float32(focal) / reach[:, None]
    line = np.minimum.accumulate(line, axis=0)
    top = int(np.clip(line.min(), 0, rows - 2))
    index = _first_slice(line, rows)[top:]
    columns = np.broadcast_to(np.arange(width), index.shape)
    safe = np.clip(index, 1, count - 1)
    upper, lower = line[safe, columns], line[safe - 1, columns]
    row = np.arange(top, rows, dtype=np.float32)[:, None]
    share = np.clip((lower - row) / np.maximum(lower - upper, np.float32(1e-3)), 0, 1)
    distance = reach[safe - 1] + share * (reach[safe] - reach[safe - 1])
    east, north = distance * (across * cos + sin), distance * (cos - across * sin)
    return View(
        top,
        np.where(index >= count, np.float32(np.inf), distance),
        _at(terrain.height, east, north),
        _at(terrain.normal, east, north),
        _at(terrain.openness, east, north),
        east,
        north,
    )


def _first_slice(line: Plane, rows: int) -> NDArray[np.int64]:
    """For every pixel the number of slices that stay below it, by counting slices per row from the top down."""
    count, width = line.shape
    bucket = np.clip(np.ceil(line), 0, rows).astype(np.int64)
    flat = (bucket * width + np.arange(width)[None, :]).ravel()
    histogram = np.bincount(flat, minlength=(rows + 1) * width).reshape(rows + 1, width)
    below = np.cumsum(histogram, axis=0)
    return np.asarray(count - below[:rows], dtype=np.int64)


def _at(field: NDArray[np.float32], east: Plane, north: Plane) -> NDArray[np.float32]:
    x = (east + np.float32(_CENTRE)) * np.float32(1 / CELL)
    y = (north + np.float32(_CENTRE)) * np.float32(1 / CELL)
    return cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)  # type: ignore[return-value]


def forest(height: Plane, east: Plane, north: Plane) -> Plane:
    """How wooded the ground is, 0..1: below a tree line that wavers."""
    line = np.float32(620) + sample_tile(noise_tile(1), east / 30, north / 30) * 130
    return smoothstep(-90, 60, line - height) * smoothstep(-2, 4, height)


def _trees(terrain: Terrain, east: Plane, north: Plane) -> Plane:
    """Tree tops as a rough skin on wooded ground, m."""
    ground = _at(terrain.height, east, north)
    crown = sample_tile(noise_tile(2, 0.35), east / 7, north / 7)
    return forest(ground, east, north) * np.clip(crown * 8 + 9, 0, 30)
