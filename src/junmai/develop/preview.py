"""The preview that a camera puts into its RAW files: reading it, and laying it over the sensor's picture."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import rawpy
from numpy.typing import NDArray

from junmai.develop import color, icc
from junmai.develop.look import MOST_CELLS

Light = NDArray[np.float32]

FINE_CELLS = 512
"""Long edge at which the preview is laid over the sensor's picture."""
_REACH = 8
"""How many fine cells a part of the preview may lie beside its place: margins differ by up to 1.5 %."""
_LEAST_LIKENESS = 0.7
"""Correlation of log luminance below which a preview does not show this picture. The right turn of the samples gives
0.98 and more, wrong ones 0.5 at most."""

_EXIF_ORIENTATION = 274


def read(raw: Any, most: int = 300_000_000) -> Light | None:
    """The preview (rows, columns, 3) in the linear working space, 1.0 = white, as stored; None if there is none.

    One of more than `most` pixels counts for none: no camera makes a preview larger than its sensor, and a small file
    can hold one that takes a gigabyte. Damaged previews count for none: they must not stop a sound photo.
    """
    try:
        found = raw.extract_thumb()
        if found.format == rawpy.ThumbFormat.JPEG:
            return _from_jpeg(found.data, most)
        if found.format == rawpy.ThumbFormat.BITMAP and found.data.ndim == 3 and found.data.shape[2] == 3:
            return _linear(np.asarray(found.data, dtype=np.uint8), icc.srgb())
    except rawpy.LibRawError:
        return None
    except Exception:  # noqa: BLE001 - whatever a damaged JPEG makes Pillow say
        return None
    return None


def _from_jpeg(data: bytes, most: int) -> Light | None:
    from PIL import Image

    from junmai.develop.decode_picture import says_adobe_rgb

    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        if image.width * image.height > most:
            return None
        profile = image.info.get("icc_profile") or b""
        adobe = says_adobe_rgb(image)
        image.draft("RGB", (FINE_CELLS, FINE_CELLS))  # the DCT gives a half, quarter or eighth for nothing
        if image.mode not in ("RGB", "L") or min(image.size) < 32:
            return None
        pixels = np.asarray(image.convert("RGB"))
    shaper = icc.read_shaper(profile) if icc.color_space(profile) == "RGB" else None
    return _linear(pixels, shaper or (icc.adobe_rgb() if adobe else icc.srgb()))


def _linear(pixels: NDArray[np.uint8], shaper: icc.Shaper) -> Light:
    light = np.stack([shaper.table[channel][pixels[:, :, channel]] for channel in range(3)], axis=2)
    return np.asarray(light @ shaper.matrix.T.astype(np.float32), dtype=np.float32)


# --- laying it over ----------------------------------------------------------------------------------------


def shrink(pixels: NDArray[np.uint16]) -> Light:
    """(height, width, 3) to FINE_CELLS long, by area means over every other pixel (a quarter of the reading)."""
    import cv2

    height, width = pixels.shape[:2]
    scale = min(1.0, FINE_CELLS / max(height, width))
    seen = pixels[::2, ::2] if scale < 0.25 else pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(seen, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def align(scene: Light, preview: Light) -> tuple[Light, Light] | None:
    """Scene and preview, cell by cell the same view, at most MOST_CELLS long; None if they do not show the same.

    `scene` (rows, columns, 3) is the sensor's picture as stored, FINE_CELLS long. The preview may be turned, have
    black bars, be cut to another aspect, or lie some cells beside its place.
    """
    preview = _without_bars(_coarse(preview, FINE_CELLS))
    best: tuple[float, Light, Light] | None = None
    for turned in _turns(preview):
        part, fitted = _same_view(scene, turned)
        likeness = _likeness(_log(_coarse(part, 64)), _log(_coarse(fitted, 64)))
        if best is None or likeness > best[0]:
            best = (likeness, part, fitted)
    if best is None or best[0] < _LEAST_LIKENESS * 0.8:
        return None
    _, part, fitted = best
    part, fitted = _register(part, fitted)
    part, fitted = _coarse(part, MOST_CELLS), _coarse(fitted, MOST_CELLS)
    return (part, fitted) if _likeness(_log(part), _log(fitted)) >= _LEAST_LIKENESS else None


def _turns(preview: Light) -> list[Light]:
    return [np.ascontiguousarray(np.rot90(preview, quarter)) for quarter in (0, 1, 3, 2)]


def _without_bars(preview: Light) -> Light:
    """Cut off black bars, which thumbnails of a fixed size have above and below or left and right."""
    for axis in (0, 1):
        lines = preview.max(axis=(1 - axis, 2))
        seen = np.flatnonzero(lines > 0.01)
        first, last = (int(seen[0]), int(seen[-1]) + 1) if len(seen) else (0, len(lines))
        if 0.5 * len(lines) < last - first < 0.98 * len(lines):
            preview = np.take(preview, np.arange(first, last), axis=axis)
    return preview


def _same_view(scene: Light, preview: Light) -> tuple[Light, Light]:
    """The middle part of the scene with the preview's aspect, and the preview at its size."""
    import cv2

    height, width = scene.shape[:2]
    aspect = preview.shape[1] / preview.shape[0]
    if abs(np.log(aspect * height / width)) > 0.03:
        across = min(width, round(height * aspect))
        down = min(height, round(width / aspect))
        left, top = (width - across) // 2, (height - down) // 2
        scene = scene[top : top + down, left : left + across]
    size = (scene.shape[1], scene.shape[0])
    shrinks = preview.shape[0] >= size[1]
    fitted = cv2.resize(preview, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.ascontiguousarray(scene), np.asarray(fitted, dtype=np.float32)


def _register(scene: Light, preview: Light) -> tuple[Light, Light]:
    """Move and scale the preview so that its four quarters lie where they do in the scene."""
    import cv2

    height, width = scene.shape[:2]
    if min(height, width) < 8 * _REACH:
        return scene, preview
    known, seen = _log(scene), _log(preview)
    places, shifts = [], []
    for rows in (slice(_REACH, height // 2), slice(height // 2, height - _REACH)):
        for columns in (slice(_REACH, width // 2), slice(width // 2, width - _REACH)):
            part = seen[rows, columns]
            around = known[rows.start - _REACH : rows.stop + _REACH, columns.start - _REACH : columns.stop + _REACH]
            match = cv2.matchTemplate(around, part, cv2.TM_CCOEFF_NORMED)
            if match.max() < 0.5:
                return scene, preview
            y, x = np.unravel_index(int(np.argmax(match)), match.shape)
            places.append(((columns.start + columns.stop) / 2, (rows.start + rows.stop) / 2))
            shifts.append((_peak(match[y, :], int(x)) - _REACH, _peak(match[:, x], int(y)) - _REACH))
    move = np.zeros((2, 3))
    for axis in (0, 1):
        at = np.array([place[axis] for place in places])
        by = np.array([shift[axis] for shift in shifts])
        slope, offset = np.polyfit(at, at + by, 1)
        move[axis, axis], move[axis, 2] = slope, offset
    moved = cv2.warpAffine(preview, move, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inner = (slice(_REACH, height - _REACH), slice(_REACH, width - _REACH))
    return np.ascontiguousarray(scene[inner]), np.ascontiguousarray(moved[inner])


def _peak(line: NDArray[Any], at: int) -> float:
    """Place of a maximum between samples, by the parabola through three."""
    if not 0 < at < len(line) - 1:
        return float(at)
    low, top, high = (float(each) for each in line[at - 1 : at + 2])
    below = low - 2 * top + high
    return at + 0.5 * (low - high) / below if below < 0 else float(at)


def _coarse(picture: Light, cells: int) -> Light:
    import cv2

    height, width = picture.shape[:2]
    scale = min(1.0, cells / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _log(picture: Light) -> NDArray[np.float32]:
    weights = color.WORKING_LUMINANCE.astype(np.float32)
    return np.asarray(np.log2(np.maximum(picture @ weights, 0) + np.float32(1e-3)), dtype=np.float32)


def _likeness(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Correlation of two pictures of one size, brightness as ranks would see it: 0 where one is even."""
    a, b = first.astype(np.float64).ravel(), second.astype(np.float64).ravel()
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else 0.0
