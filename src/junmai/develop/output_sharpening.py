"""Sharpening for where the output is seen: the last thing that is done to its pixels, after resizing.

A screen shows pixels as they are and wants a touch on the finest detail; ink spreads, so a print wants more of it and a
little wider. Edges are held back, so that none gets a halo.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from junmai.develop.detail import Sharpening, gaussian, sharpen
from junmai.domain.model import SharpenFor, SharpenStrength

Picture = NDArray[np.uint8] | NDArray[np.uint16]

_ROWS = 256
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Of code values, ITU-R BT.709. For sharpening the other output spaces' own weights would look the same."""
_AMOUNTS: dict[SharpenFor, dict[SharpenStrength, float]] = {
    "none": {"low": 0.0, "standard": 0.0, "high": 0.0},
    "screen": {"low": 0.3, "standard": 0.6, "high": 1.0},
    "print": {"low": 0.5, "standard": 0.9, "high": 1.4},
}
_SIGMA = {"none": 1.0, "screen": 0.6, "print": 1.0}


def sharpen_output(picture: Picture, purpose: SharpenFor, strength: SharpenStrength) -> Picture:
    """The picture (height, width, 3), uint8 or uint16, sharpened; itself if `purpose` is `none`.

    All channels of a pixel are changed alike, so that grey stays grey.
    """
    amount = _AMOUNTS[purpose][strength]
    if not amount:
        return picture
    how = Sharpening(amount, gaussian(_SIGMA[purpose]), fine=0.004, limit=0.12, even=0.0)
    reach = len(how.taps) - 1
    top = np.float32(np.iinfo(picture.dtype).max)
    out: Picture = np.empty_like(picture)
    for start in range(0, len(picture), _ROWS):
        first, end = max(start - reach, 0), min(start + _ROWS + reach, len(picture))
        red, green, blue = np.moveaxis(picture[first:end], 2, 0).astype(np.float32) / top
        luma = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
        change = sharpen(luma, how)
        rows = slice(start, min(start + _ROWS, len(picture)))
        added = change[rows.start - first : rows.stop - first, :, None] * top
        out[rows] = np.clip(np.rint(picture[rows] + added), 0, top).astype(picture.dtype)
    return out
