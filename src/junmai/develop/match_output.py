"""What matching did to a written output: it is read again, and held beside the photo developed without its match."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from junmai.develop import match_decode
from junmai.develop.decode import decode
from junmai.develop.match_measure import Measure, measure_light
from junmai.develop.pipeline import upright
from junmai.domain.matching import Color, OutputLight

_TOP = 254.5 / 255
"""Share of the code range from which a channel is at its top, whatever the depth."""


@dataclass(frozen=True)
class _Picture:
    measure: Measure
    clipped: NDArray[np.bool_]


def compared(unmatched: Path, output: Path) -> OutputLight:
    """What the file `output` shows beside `unmatched`, both developed by Junmai with the same output options.

    Clipped pixels are counted in all of the file, for in a smaller picture they would be averaged away. The middle
    colours are those of the same parts of both, so that a part which clips in one of them does not count.
    Raises a `PhotoError`.
    """
    before, after = _picture(unmatched), _picture(output)
    both = before.measure.sound & after.measure.sound
    where = both if both.any() else np.ones_like(both)
    newly = after.clipped & ~before.clipped
    return OutputLight(
        _middle(before.measure, where),
        _middle(after.measure, where),
        *(float(each.mean()) for each in (before.clipped, after.clipped, newly)),
    )


def _picture(path: Path) -> _Picture:
    decoded = decode(path)
    limit = int(np.ceil(_TOP * (255 if decoded.pixels.dtype == np.uint8 else 65535)))
    clipped: NDArray[np.bool_] = np.any(decoded.pixels >= limit, axis=2)
    small = match_decode.small_of(match_decode.some_of(decoded), {})
    return _Picture(measure_light(small), np.asarray(upright(clipped, decoded.orientation), np.bool_))


def _middle(measure: Measure, where: NDArray[np.bool_]) -> Color:
    red, green, blue = (float(each) for each in np.median(measure.light[where].astype(np.float64), axis=0))
    return red, green, blue
