"""Small tools of the sample photos' painter: noise, blending, blur. All pictures are linear float32."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]  # shape (height, width)
Picture = NDArray[np.float32]  # shape (height, width, 3), linear sRGB
Rng = np.random.Generator
TILE = 512


def colour(values: Sequence[float]) -> NDArray[np.float32]:
    """Three linear values as an array that keeps float32 arithmetic in float32."""
    return np.array(values, dtype=np.float32)


def smoothstep(low: float, high: float, value: NDArray[Any]) -> Plane:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((value - np.float32(low)) * np.float32(1.0 / (high - low)), 0, 1)
    return np.asarray(t * t * (np.float32(3) - np.float32(2) * t), dtype=np.float32)


def three(plane: Plane) -> Picture:
    """The plane as a grey picture. numpy's own broadcasting over three channels is five times slower."""
    return cv2.merge((plane, plane, plane))  # type: ignore[return-value]


def tinted(plane: Plane, tint: NDArray[Any]) -> Picture:
    """The plane times one colour."""
    return cv2.merge([plane * np.float32(value) for value in tint])  # type: ignore[return-value]


def lay_over(picture: Picture, layer: NDArray[Any], mask: Plane) -> None:
    """Blend ``layer`` (a picture or one colour) over ``picture`` in place, by ``mask`` (0..1)."""
    if layer.ndim == 1:
        layer = tinted(np.ones(picture.shape[:2], dtype=np.float32), layer)
    picture[:] = cv2.blendLinear(
        np.ascontiguousarray(layer, dtype=np.float32), np.ascontiguousarray(picture), mask, np.float32(1) - mask
    )


def blur(picture: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gaussian blur; a wide one is made on a smaller picture, which nobody can tell apart and costs little."""
    if sigma < 0.3:
        return picture
    step = 1 if sigma < 4 else int(sigma / 2)
    if step == 1:
        return cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)  # type: ignore[return-value]
    height, width = picture.shape[:2]
    size = (max(2, width // step), max(2, height // step))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / step, borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


@lru_cache(maxsize=48)
def noise_tile(seed: int, slope: float = 1.0, size: int = TILE) -> Plane:
    """Fractal noise that tiles, shape (size, size), mean 0, deviation 1; amplitude falls as 1 / frequency**slope."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft2(rng.standard_normal((size, size)))
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    frequency[0, 0] = 1.0
    spectrum /= frequency**slope
    spectrum[0, 0] = 0.0
    noise = np.fft.irfft2(spectrum, s=(size, size))
    tile: Plane = (noise / noise.std()).astype(np.float32)
    tile.setflags(write=False)
    return tile


def sample_tile(tile: NDArray[np.float32], x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float32]:
    """The tile at (x, y) in its pixels, repeated for ever."""
    height, width = tile.shape[:2]
    wrapped_x = (x - np.floor(x * np.float32(1 / width)) * np.float32(width)).astype(np.float32)
    wrapped_y = (y - np.floor(y * np.float32(1 / height)) * np.float32(height)).astype(np.float32)
    return cv2.remap(tile, wrapped_x, wrapped_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)  # type: ignore[return-value]


def patch(rng: Rng, width: int, height: int, slope: float = 1.0, *, zoom: tuple[float, float] = (1, 1)) -> Plane:
    """A random cut of fractal noise, shape (height, width), about -2..2; ``zoom`` stretches it in x and y."""
    tile = noise_tile(int(rng.integers(4)), slope)
    x = (np.arange(width, dtype=np.float32) / np.float32(zoom[0]) + np.float32(rng.uniform(0, TILE)))[None, :]
    y = (np.arange(height, dtype=np.float32) / np.float32(zoom[1]) + np.float32(rng.uniform(0, TILE)))[:, None]
    return sample_tile(tile, np.broadcast_to(x, (height, width)), np.broadcast_to(y, (height, width)))


def wander(rng: Rng, count: int, slope: float = 1.0) -> NDArray[np.float32]:
    """Fractal noise along a line, shape (count,), deviation about 1."""
    tile = noise_tile(int(rng.integers(4)), slope)
    row = np.full((1, count), rng.uniform(0, TILE), dtype=np.float32)
    x = np.arange(count, dtype=np.float32)[None, :] + np.float32(rng.uniform(0, TILE))
    return np.asarray(sample_tile(tile, x, row)[0])


def lens(picture: Picture, *, bloom: float = 0.06, vignette: float = 0.25, softness: float = 0.55) -> Picture:
    """What glass does: a little softness against aliasing, glow around what is bright, darker corners."""
    height, width = picture.shape[:2]
    result = blur(picture, softness)
    if bloom:
        small = cv2.resize(result, (max(2, width // 4), max(2, height // 4)), interpolation=cv2.INTER_AREA)
        bright = np.asarray(np.minimum(small, 8), dtype=np.float32)
        near, wide = blur(bright, max(height, width) / 360), blur(bright, max(height, width) / 100)
        glow = cv2.resize(near * np.float32(0.6) + wide * np.float32(0.4), (width, height))
        result = np.asarray(cv2.addWeighted(result, 1 - bloom, glow, bloom, 0), dtype=np.float32)
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(height / width)
    shade = 1 - np.float32(vignette) * np.minimum((x * x + y * y) / np.float32(1.45), 1)
    return np.asarray(result * three(shade.astype(np.float32)), dtype=np.float32)
