"""Lightroom's camera calibration: hue and strength of the three primaries, and a tint of the shadows.

The primaries are a matrix on linear light that keeps white. (The tint of the shadows depends on brightness and is done
with colour grading.)
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from junmai.develop.color import WORKING_LUMINANCE
from junmai.develop.settings import number
from junmai.domain.model import SettingValue

_HUE, _STRENGTH = 0.4, 0.5
"""How far a hue of 100 leans towards the neighbouring primary, and how much a strength of 100 adds."""


def matrix(settings: Mapping[str, SettingValue]) -> NDArray[np.float64]:
    """Working space to working space. A hue above 0 turns red to orange, green to aqua and blue to purple.

    What a colour has of a primary beyond its luminance is moved along that primary or along a neighbour, both without
    their luminance: grey has none of it, and brightness stays. As in Lightroom the opposite colours move along: more
    strength of blue makes yellow stronger too.
    """
    made = np.eye(3)
    for primary, name in enumerate(("Red", "Green", "Blue")):
        hue, strength = number(settings, f"{name}Hue") / 100, number(settings, f"{name}Saturation") / 100
        neighbour = (primary + (1 if hue > 0 else 2)) % 3
        move = _STRENGTH * strength * _pure(primary) + _HUE * abs(hue) * _pure(neighbour)
        made += np.outer(move, np.eye(3)[primary] - WORKING_LUMINANCE)
    return made


def _pure(primary: int) -> NDArray[np.float64]:
    return np.asarray(np.eye(3)[primary] - WORKING_LUMINANCE[primary], dtype=np.float64)
