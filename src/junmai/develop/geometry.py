"""Crop, angle and lens: where the pixels of the developed picture lie in the stored one.

All three are one resampling of the stored picture, done first, so that nothing is worked out for what is cut away and
the vignette fits the crop. A crop alone is cut on whole pixels and resamples nothing.

Adobe's crop is given in the photo as stored, before its orientation. `CropLeft, CropTop` and `CropRight, CropBottom`
are two corners of the frame, as shares of width and height; the frame itself is turned by `CropAngle` around the
photo's middle, clockwise. (darktable's import of Lightroom's settings reads it in the same way.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from junmai.develop import geometry_kernels as kernels
from junmai.develop.settings import number
from junmai.domain.model import SettingValue

Settings = Mapping[str, SettingValue]
Values = NDArray[np.float64]

SPACING = 32
"""Pixels between places that are worked out. A barrel of 2.5 % at the corner of 22 megapixels is 0.006 of a pixel off
the line between two."""
_TOGETHER = 0.02
"""Pixels by which the channels may lie apart and count as together."""
_ROWS, _COLUMNS = 64, 1024
"""Size of the blocks that are resampled at a time; a multiple of SPACING."""


class Places(Protocol):
    """The correction of a lens; see `junmai.develop.lens`."""

    def places(self, x: Values, y: Values) -> Values: ...

    def gain(self, x: Values, y: Values) -> Values: ...


@dataclass(frozen=True)
class Frame:
    """A frame of `width` x `height` pixels around a point of the photo, turned by the angle of `cos` and `sin`.

    Places are in pixels, 0 being the middle of the first one.
    """

    width: int
    height: int
    middle_x: float
    middle_y: float
    cos: float = 1.0
    sin: float = 0.0

    def places(self, x: Values, y: Values) -> tuple[Values, Values]:
        """Where pixels of the frame lie in the photo."""
        x, y = x - (self.width - 1) / 2, y - (self.height - 1) / 2
        return self.middle_x + x * self.cos - y * self.sin, self.middle_y + x * self.sin + y * self.cos


def frame(settings: Settings, width: int, height: int) -> Frame | None:
    """The frame that the settings ask of a photo of that size; None for the whole photo.

    A crop is applied where `HasCrop` is true, or where it is absent and a field of the crop is given. An angle without
    edges takes the largest frame of the photo's shape that fits. Edges that leave nothing are no crop.
    """
    edges = [f"Crop{edge}" for edge in ("Left", "Top", "Right", "Bottom")]
    if not settings.get("HasCrop", any(name in settings for name in (*edges, "CropAngle"))):
        return None
    angle = math.radians(number(settings, "CropAngle"))
    cos, sin = math.cos(angle), math.sin(angle)
    left, top, right, bottom = (
        number(settings, name, default) for name, default in zip(edges, (0, 0, 1, 1), strict=True)
    )
    if (left, top, right, bottom) == (0, 0, 1, 1):
        return _inside(width, height, cos, sin) if angle else None
    if not angle:
        return _cut(round(left * width), round(top * height), round(right * width), round(bottom * height))
    across, down = (right - left) * width, (bottom - top) * height
    wide, high = across * cos + down * sin, down * cos - across * sin
    if wide < 1 or high < 1:
        return None
    middle_x, middle_y = (left + right) / 2 * width - 0.5, (top + bottom) / 2 * height - 0.5
    return Frame(round(wide), round(high), middle_x, middle_y, cos, sin)


def _cut(left: int, top: int, right: int, bottom: int) -> Frame | None:
    if right <= left or bottom <= top:
        return None
    return Frame(right - left, bottom - top, (left + right - 1) / 2, (top + bottom - 1) / 2)


def _inside(width: int, height: int, cos: float, sin: float) -> Frame:
    """The largest frame of the photo's shape that holds nothing from outside of it."""
    sin_size = abs(sin)
    share = min(width / (width * cos + height * sin_size), height / (width * sin_size + height * cos))
    size = max(1, int(width * share)), max(1, int(height * share))
    return Frame(*size, (width - 1) / 2, (height - 1) / 2, cos, sin)


class Source:
    """The pixels of a frame, a few rows at a time, so that a turned photo never stands in memory beside itself."""

    def __init__(self, pixels: NDArray[Any], asked: Frame | None, lens: Places | None = None) -> None:
        height, width = pixels.shape[:2]
        whole = asked or Frame(width, height, (width - 1) / 2, (height - 1) / 2)
        self.width, self.height = whole.width, whole.height
        self._pixels = pixels
        self._moved = lens is not None or whole.sin != 0
        self._places = _places(whole, lens) if self._moved else np.empty((1, 2, 0, 0))
        self._left = round(whole.middle_x - (whole.width - 1) / 2)
        self._top = round(whole.middle_y - (whole.height - 1) / 2)
        self._number, self._made = -1, np.empty((0, 0, 3), pixels.dtype)

    def rows(self, top: int, stop: int) -> NDArray[Any]:
        """Rows `top` to before `stop` (rows, width, 3), contiguous, good until the next ones are asked for."""
        if not self._moved:
            part = self._pixels[self._top + top : self._top + stop, self._left : self._left + self.width]
            return np.ascontiguousarray(part)
        # Blocks begin at fixed rows, however the rows are asked for: places are rounded within a block.
        parts = [self._block(at, top, stop) for at in range(top // _ROWS, -(-stop // _ROWS))]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _block(self, number: int, top: int, stop: int) -> NDArray[Any]:
        """What the block of that number has of the rows."""
        first = number * _ROWS
        if self._number != number:
            self._number = number
            self._made = np.empty((min(_ROWS, self.height - first), self.width, 3), self._pixels.dtype)
            for left in range(0, self.width, _COLUMNS):
                size = (len(self._made), min(_COLUMNS, self.width - left), 3)
                block = np.empty(size, self._made.dtype)
                _resample(self._pixels, _of_block(self._places, left, first, size), block)
                self._made[:, left : left + _COLUMNS] = block
        return self._made[max(top - first, 0) : stop - first]


def lens_light(lens: Places | None, asked: Frame | None, width: int, height: int) -> NDArray[np.float32] | None:
    """Gains against the lens's vignetting, every SPACING pixels of a frame of that size; None without a lens.

    Vignetting darkened the picture as it was decoded, so each gain is that of the place which green comes from.
    """
    if lens is None:
        return None
    whole = asked or Frame(width, height, (width - 1) / 2, (height - 1) / 2)
    y, x = np.mgrid[0 : -(-height // SPACING) + 1, 0 : -(-width // SPACING) + 1].astype(np.float64) * SPACING
    return np.nan_to_num(np.clip(lens.gain(*lens.places(*whole.places(x, y))[1]), 0, 16), nan=1.0).astype(np.float32)


def _places(whole: Frame, lens: Places | None) -> Values:
    """Places of a frame's pixels every SPACING pixels: (1 or 3, 2, rows, columns)."""
    rows, columns = -(-whole.height // SPACING) + 1, -(-whole.width // SPACING) + 1
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float64) * SPACING
    x, y = whole.places(x, y)
    return np.stack([x, y])[None] if lens is None else np.nan_to_num(lens.places(x, y))


def _of_block(places: Values, left: int, top: int, shape: tuple[int, ...]) -> Values:
    """The part of a frame's places that a block needs; for one channel where the channels lie together."""
    row, column = top // SPACING, left // SPACING
    rows, columns = -(-shape[0] // SPACING) + 1, -(-shape[1] // SPACING) + 1
    found = places[:, :, row : row + rows, column : column + columns]
    return found[:1] if len(found) == 1 or np.ptp(found, axis=0).max() < _TOGETHER else found


def _resample(pixels: NDArray[Any], places: Values, out: NDArray[Any]) -> None:
    """Fill a block from the places of its pixels; beyond the photo's edge its edge goes on."""
    height, width = pixels.shape[:2]
    # Places far outside, which a broken lens may give, are held near the photo; those of the grid may lie a little out.
    out_by = 4 * SPACING
    held = np.clip(places, -out_by, np.array([width, height]).reshape(1, 2, 1, 1) + out_by)
    low = np.floor(held.min(axis=(0, 2, 3))).astype(int) - 2
    high = np.ceil(held.max(axis=(0, 2, 3))).astype(int) + 4
    left, top = np.clip(low, 0, [width - 1, height - 1])
    right, bottom = np.clip(high, [left + 1, top + 1], [width, height])
    planes = np.empty((3, high[1] - low[1], high[0] - low[0]), np.float32)
    kernels.to_planes(np.ascontiguousarray(pixels[top:bottom, left:right]), np.array([left, top]) - low, planes)
    near = np.ascontiguousarray(held - low.reshape(1, 2, 1, 1), dtype=np.float32)
    kernels.resample(planes, near, SPACING, np.float32(np.iinfo(pixels.dtype).max), out)


def at_points(grid: NDArray[np.float32], x: Values, y: Values) -> NDArray[np.float32]:
    """Values of a grid (rows, columns, n) at fractional columns and rows, edges held: the shape of x and n."""
    found = np.empty((x.size, grid.shape[2]), np.float32)
    kernels.at_points(grid, x.reshape(-1), y.reshape(-1), found)
    return found.reshape(*x.shape, grid.shape[2])
