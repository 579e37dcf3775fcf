"""Plants as masks: spruces, reeds, grass, leaves. A mask is float32 of 0..1, shape (height, width)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from junmai.demo.canvas import Plane, Rng

_SHIFT = 4  # cv2 draws in 1/16 pixels
Points = NDArray[np.float64]  # shape (n, 2): x, y


class Stencil:
    """A mask that is drawn on with smooth edges."""

    def __init__(self, width: int, height: int) -> None:
        self._cells = np.zeros((height, width), dtype=np.uint8)

    def polygon(self, points: Points, shade: int = 255) -> None:
        """Fill an outline."""
        fixed = np.rint(np.clip(points, -4000, 8000) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(self._cells, [fixed], shade, cv2.LINE_AA, _SHIFT)

    def mask(self) -> Plane:
        """What was drawn, 0..1."""
        return self._cells.astype(np.float32) * np.float32(1 / 255)


def spruce(rng: Rng, x: float, foot: float, height: float) -> Points:
    """The outline of a spruce that stands at (x, foot)."""
    tiers = int(np.clip(height / 5, 6, 26))
    t = np.linspace(0, 1, 2 * tiers)
    ragged = np.where(np.arange(2 * tiers) % 2, 1.0, 0.50) * rng.uniform(0.75, 1.2, 2 * tiers)
    reach = height * float(rng.uniform(0.14, 0.20)) * (0.03 + t**0.85) * ragged
    other = np.where(np.arange(2 * tiers) % 2, 1.0, 0.50) * rng.uniform(0.75, 1.2, 2 * tiers)
    reach_left = height * 0.17 * (0.03 + t**0.85) * other
    y = foot - height * (1 - t) + np.where(np.arange(2 * tiers) % 2, height * 0.02, 0)
    lean = (1 - t) * height * float(rng.uniform(-0.02, 0.02))
    right, left = np.stack([x + lean + reach, y], 1), np.stack([x + lean - reach_left, y], 1)
    trunk = np.array([[x + height * 0.015, foot + height * 0.05], [x - height * 0.015, foot + height * 0.05]])
    return np.concatenate([right, trunk, left[::-1]])


def blade(rng: Rng, x: float, foot: float, length: float, thick: float, bend: float) -> Points:
    """The outline of a blade of grass or reed that grows at (x, foot) and bends over."""
    t = np.linspace(0, 1, 9)
    angle = float(rng.normal(0, 0.10)) + bend * t**1.6
    step = length / 8
    spine_x = x + np.concatenate([[0], np.cumsum(np.sin(angle[1:]) * step)])
    spine_y = foot - np.concatenate([[0], np.cumsum(np.cos(angle[1:]) * step)])
    half = thick * (1 - t**1.5) * 0.5 + 0.15
    across = np.stack([np.cos(angle), np.sin(angle)], 1) * half[:, None]
    spine = np.stack([spine_x, spine_y], 1)
    return np.concatenate([spine + across, (spine - across)[::-1]])


def leaf(x: float, y: float, size: float, angle: float) -> Points:
    """The outline of a pointed leaf that hangs at (x, y)."""
    t = np.linspace(0, 1, 7)
    half = np.sin(np.pi * t**0.8) * size * 0.24
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    spine = np.array([x, y]) + t[:, None] * size * along
    return np.concatenate([spine + half[:, None] * across, (spine - half[:, None] * across)[::-1]])
