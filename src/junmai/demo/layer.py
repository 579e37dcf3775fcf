"""A layer of things with outlines: drawn with smooth edges, then lit and laid over the picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from junmai.demo.canvas import Picture, Plane, blur, lay_over, three

_SHIFT = 4  # cv2 draws in 1/16 pixels
_LIGHT = 6.0  # the brightest lamp, 1.0 = white paper in the sun
_SQUARES = np.square(np.arange(256, dtype=np.float32) / np.float32(255))
Tint = tuple[float, float, float]
DARK: Tint = (0.0, 0.0, 0.0)


class Layer:
    """What things are (albedo 0..1), what light they give (0..6), and where they are.

    The buffers have 8 bits because cv2 draws smooth edges only there; they hold the square root of what they mean,
    so that dark things keep their shades.
    """

    def __init__(self, width: int, height: int) -> None:
        self._albedo = np.zeros((height, width, 3), dtype=np.uint8)
        self._light = np.zeros((height, width, 3), dtype=np.uint8)
        self._cover = np.zeros((height, width), dtype=np.uint8)

    def polygon(self, points: Sequence[Any] | NDArray[np.float64], albedo: Tint, light: Tint = DARK) -> None:
        """Fill an outline of (x, y) in pixels."""
        fixed = [np.array(np.asarray(points) * (1 << _SHIFT), dtype=np.int32)]
        cv2.fillPoly(self._albedo, fixed, _bytes(albedo, 1.0), cv2.LINE_AA, _SHIFT)
        cv2.fillPoly(self._light, fixed, _bytes(light, _LIGHT), cv2.LINE_AA, _SHIFT)
        cv2.fillPoly(self._cover, fixed, 255, cv2.LINE_AA, _SHIFT)

    def rectangle(self, x: float, y: float, width: float, height: float, albedo: Tint, light: Tint = DARK) -> None:
        """Fill a rectangle whose upper left corner is (x, y)."""
        self.polygon([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], albedo, light)

    def disc(self, x: float, y: float, radius: float, albedo: Tint, light: Tint = DARK, *, flat: float = 1.0) -> None:
        """Fill an ellipse around (x, y), ``flat`` times as high as wide."""
        angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
        self.polygon(np.stack([x + radius * np.cos(angle), y + flat * radius * np.sin(angle)], 1), albedo, light)

    def albedo(self) -> Picture:
        """The share of light that each pixel throws back, 0..1."""
        return cv2.LUT(self._albedo, _SQUARES)  # type: ignore[return-value]

    def light(self) -> Picture:
        """The light that each pixel gives, 0..6."""
        return cv2.LUT(self._light, _SQUARES * np.float32(_LIGHT))  # type: ignore[return-value]

    def cover(self) -> Plane:
        """How much of each pixel the layer covers, 0..1."""
        return self._cover.astype(np.float32) * np.float32(1 / 255)

    def lit(
        self,
        ambient: NDArray[Any],
        *,
        spill: float,
        reach: float,
        grain: NDArray[Any] | None = None,
        shimmer: NDArray[Any] | None = None,
    ) -> Picture:
        """The layer in ``ambient`` light and in its own lamps' light, spilt ``reach`` pixels around them.

        ``grain`` is a factor of the albedo, ``shimmer`` one of the lamps.
        """
        light = self.light()
        if shimmer is not None:
            light *= shimmer
        around = cv2.addWeighted(blur(light, reach), spill, blur(light, reach * 3), spill * 1.3, 0)
        albedo = self.albedo()
        if grain is not None:
            albedo *= grain
        return np.asarray(albedo * (ambient + around) + light, dtype=np.float32)

    def over(self, picture: Picture, lit: Picture, *, soft: float = 0.0) -> None:
        """Lay the lit layer over the picture, in place; ``soft`` blurs it (pixels)."""
        cover = self.cover()
        if soft:
            lit, cover = blur(lit * three(cover), soft), blur(cover, soft)
            picture *= three(1 - cover)
            picture += lit
        else:
            lay_over(picture, lit, cover)


@lru_cache(maxsize=4096)
def _bytes(tint: Tint, top: float) -> tuple[float, float, float]:
    r, g, b = (round(255 * min(max(value / top, 0.0), 1.0) ** 0.5) for value in tint)
    return r, g, b
