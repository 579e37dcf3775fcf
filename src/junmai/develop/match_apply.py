"""Highlights that matching brought above white roll off instead of clipping; its gains are in the matrix of light."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from junmai.develop import color
from junmai.develop.jit import compiled
from junmai.domain.matching import Solution

KNEE = 0.85
"""Share of white from which highlights roll off: 237 of 255."""

ROLLED_FROM = 1.02
"""Where a photo's brightest parts must lie, in white, before anything rolls off: a photo that is brought back to what
it was ends at 1, give or take the rounding of its file."""
CEILING = 0.99
"""Share of white that rolled-off highlights end at: 254 of 255. With 1 the flat end of the curve was 255 for 2.8 % of
the pixels of a bright test picture."""

Shoulder = tuple[np.float32, np.float32]
"""The light that becomes white, and where a photo's brightest parts are, in white."""

_F = np.float32
_ONE = _F(1)
_TO_SRGB = color.WORKING_TO_SRGB.astype(np.float32)


def shoulder(solution: Solution | None, white: float = 1.0) -> Shoulder | None:
    """How highlights roll off; None where they stay as they are, so that photos of one scene stay exact.

    `white` is the light that becomes white: 1 for a developed photo, the base look's top for a RAW.
    """
    if solution is None or solution.is_neutral or solution.top <= ROLLED_FROM * white:
        return None
    return _F(white), _F(solution.top / white)


def roll_off(band: NDArray[np.float32], by: Shoulder) -> None:
    """Roll off a band of linear light (3, rows, width) of the working space, in place.

    It is seen in sRGB whatever the output's space: a further output has the very bytes of a main one, and what is
    below white in sRGB is so in the wider spaces.
    """
    white, top = by
    _roll_off(band, _TO_SRGB, white, (_F(KNEE), _F(CEILING), top))


@compiled
def _roll_off(band: Any, matrix: Any, white: Any, shoulder: Any) -> None:
    """Bring the largest channel of (3, rows, width) in the space that `matrix` (3, 3) leads to from knee..top shares of
    white to knee..ceiling, and the others with it, so that hue and saturation stay. `shoulder` is (knee, ceiling, top).

    The way is Reinhard's with a white point (Reinhard et al. 2002, equation 4), whose slope at the knee is 1:
    t (1 + t / T^2) / (1 + t).
    """
    m00, m01, m02 = matrix[0, 0], matrix[0, 1], matrix[0, 2]
    m10, m11, m12 = matrix[1, 0], matrix[1, 1], matrix[1, 2]
    m20, m21, m22 = matrix[2, 0], matrix[2, 1], matrix[2, 2]
    width = band.shape[2]
    knee, ceiling, top = shoulder
    room = ceiling - knee
    most = (top - knee) / room
    per_white = _ONE / white
    for y in range(band.shape[1]):
        for x in range(width):
            r, g, b = band[0, y, x] * per_white, band[1, y, x] * per_white, band[2, y, x] * per_white
            high = max(m00 * r + m01 * g + m02 * b, m10 * r + m11 * g + m12 * b, m20 * r + m21 * g + m22 * b)
            if high > knee:
                t = (high - knee) / room
                rolled = min(t * (_ONE + t / (most * most)) / (_ONE + t), _ONE)
                scale = (knee + room * rolled) / high
                band[0, y, x] *= scale
                band[1, y, x] *= scale
                band[2, y, x] *= scale
