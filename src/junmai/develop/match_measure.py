"""What a photo looks like to matching: a small grid of its light, and which cells of it can be trusted."""

from __future__ import annotations

import functools
import hashlib
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from junmai.develop import color, match_decode
from junmai.develop.match_decode import Settings, Small
from junmai.files import FileState

MEASURE_VERSION = 1
"""Raised by hand when a measure comes to mean something else; older ones are then made anew."""

GRID = 64
"""Cells down and across, whatever the photo's shape: 4096 means of at least 16 samples, where the photo has them."""
QUANTILES = np.linspace(0.05, 0.95, 19)
LEAST_CELLS = GRID * GRID // 50
"""A photo with fewer sound cells than 2 % cannot be measured."""
FLOOR = 2.0**-12
"""Light below this counts as this much before its logarithm: 12 EV below white."""
_SOUND_SHARE = 0.98
_OF_LIGHT = ("Exposure2012", "WhiteBalance", "Temperature", "Tint", "Incremental", "Red", "Green", "Blue", "Camera")
"""What the names of settings begin with that `decode_small` heeds."""
_TOP_SHARE = 0.998

_HEAD = struct.Struct("<4sHBBf4f")
_MAGIC = b"JMat"
_KINDS = ("developed", "raw")


@dataclass(frozen=True, eq=False)
class Measure:
    """What is known of a photo.

    `light` (GRID, GRID, 3) float16: mean linear light of each cell of the upright photo in the working space. `sound`
    (GRID, GRID): cells of which nearly every sample is neither clipped nor too dark. `top`: the largest channel in
    linear sRGB that all but 0.2 % of the samples stay below; `tops`: the same of each channel of the working space.
    `aspect`: width by height. `kind`: `raw` or `developed`; the light of the two means different things, for a RAW has
    its base curve still before it.
    """

    kind: str
    aspect: float
    light: NDArray[np.float16]
    sound: NDArray[np.bool_]
    top: float
    tops: tuple[float, float, float]

    @functools.cached_property
    def logs(self) -> NDArray[np.float32]:
        """log2 of `light`, (GRID, GRID, 3)."""
        return np.log2(np.maximum(self.light.astype(np.float32), np.float32(FLOOR)))

    @functools.cached_property
    def quantiles(self) -> NDArray[np.float64]:
        """(3, 19): quantiles 5 to 95 % of log2 luminance, log2 red by green, log2 blue by green, of sound cells."""
        if not self.sound.any():
            return np.zeros((3, len(QUANTILES)))
        logs = self.logs[self.sound].astype(np.float64)
        bright = np.log2(np.maximum(self.light[self.sound].astype(np.float64) @ color.WORKING_LUMINANCE, FLOOR))
        values = np.stack([bright, logs[:, 0] - logs[:, 1], logs[:, 2] - logs[:, 1]])
        return np.asarray(np.quantile(values, QUANTILES, axis=1).T)

    @functools.cached_property
    def soft(self) -> NDArray[np.float32]:
        """Logarithm of luminance above a twentieth of its middle, (GRID, GRID): without the noise of blacks."""
        bright = self.light.astype(np.float32) @ color.WORKING_LUMINANCE.astype(np.float32)
        middle = np.maximum(np.median(bright), np.float32(FLOOR))
        return np.asarray(np.log2(np.maximum(bright / middle, 0) + np.float32(0.05)), dtype=np.float32)

    @functools.cached_property
    def softer(self) -> NDArray[np.float32]:
        """The same of 2 x 2 cells, (GRID / 2, GRID / 2)."""
        return np.asarray(self.soft.reshape(GRID // 2, 2, GRID // 2, 2).mean(axis=(1, 3)), dtype=np.float32)

    @property
    def why_not(self) -> str:
        """Why nothing can be matched by this measure; empty if it can."""
        cells = int(np.count_nonzero(self.sound))
        if cells < LEAST_CELLS:
            return f"only {cells} of {GRID * GRID} parts of it are neither clipped nor black"
        return ""

    def to_bytes(self) -> bytes:
        """The same bytes for the same measure, wherever: little endian, 25 kB."""
        head = _HEAD.pack(_MAGIC, MEASURE_VERSION, GRID, _KINDS.index(self.kind), self.aspect, self.top, *self.tops)
        return head + self.light.astype("<f2").tobytes() + np.packbits(self.sound).tobytes()

    @staticmethod
    def from_bytes(data: bytes) -> Measure:
        """The measure that `to_bytes` wrote. Raises ValueError for another version, and for bytes of another size."""
        if len(data) < _HEAD.size or data[:4] != _MAGIC:
            raise ValueError("not a measure")
        _, version, grid, kind, aspect, top, *tops = _HEAD.unpack_from(data)
        cells = GRID * GRID
        if version != MEASURE_VERSION or grid != GRID or kind >= len(_KINDS):
            raise ValueError(f"a measure of version {version}, not {MEASURE_VERSION}")
        if len(data) != _HEAD.size + 6 * cells + cells // 8:
            raise ValueError("a measure that is cut off")
        light = np.frombuffer(data, "<f2", 3 * cells, _HEAD.size).reshape(GRID, GRID, 3).astype(np.float16)
        sound = np.unpackbits(np.frombuffer(data, np.uint8, cells // 8, _HEAD.size + 6 * cells))
        return Measure(
            _KINDS[kind], aspect, light, sound.reshape(GRID, GRID).astype(np.bool_), top, (tops[0], tops[1], tops[2])
        )


def measure(path: Path, settings: Settings | None = None) -> Measure:
    """Measure the photo at `path`, opened for reading only, with the exposure and white balance of its `settings`.

    Raises a `PhotoError`. A photo that can be read but tells nothing says so in `why_not`.
    """
    return measure_light(match_decode.decode_small(path, settings or {}))


def key_of(path: Path, state: FileState, settings: Settings, profile_key: str) -> str:
    """SHA-256 of whatever decides the measure of a photo: its file, its settings of light, the camera profiles that it
    may be decoded with, and how it is measured."""
    facts = {
        "version": MEASURE_VERSION,
        "path": str(path),
        "file": [state.size, state.mtime_ns, state.inode],
        "profiles": profile_key,
        "settings": {name: settings[name] for name in sorted(settings) if name.startswith(_OF_LIGHT)},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def measure_light(small: Small) -> Measure:
    """Measure a picture that is decoded already."""
    height, width = small.sound.shape
    light = _cells(small.light.astype(np.float64))
    sound = _cells(small.sound[:, :, None].astype(np.float64))[:, :, 0] >= _SOUND_SHARE
    sound &= (light > FLOOR).all(axis=2)
    shown = match_decode.of_channels(np.maximum, small.light @ color.WORKING_TO_SRGB.T.astype(np.float32))
    red, green, blue = (float(each) for each in np.quantile(small.light, _TOP_SHARE, axis=(0, 1)).astype(np.float32))
    return Measure(
        kind=small.kind,
        aspect=float(np.float32(width / height)),
        light=np.clip(light, 0, 60000).astype(np.float16),
        sound=sound,
        top=float(np.float32(np.quantile(shown, _TOP_SHARE))),
        tops=(red, green, blue),
    )


def _cells(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of (rows, columns, n) over GRID x GRID cells; where there are fewer rows than cells, cells share them."""
    for axis in (0, 1):
        size = picture.shape[axis]
        edges = np.arange(GRID + 1) * size // GRID
        counts = np.maximum(np.diff(edges), 1)
        shape = [1, 1, 1]
        shape[axis] = GRID
        picture = np.add.reduceat(picture, np.minimum(edges[:-1], size - 1), axis=axis) / counts.reshape(shape)
    return picture
