"""Colour grading, split toning and shadow tint: tints and brightness of ranges of tone and of everything.

Split toning is what grading was called before; Lightroom keeps the tints of shadows and highlights in its fields. Done
on (n, 3) linear light for the nodes of the table of colours (`junmai.develop.palette`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from junmai.develop import oklab
from junmai.develop.settings import number
from junmai.develop.tone import smoothstep
from junmai.domain.model import SettingValue

Settings = Mapping[str, SettingValue]
Values = NDArray[np.float64]

_TINTS = (
    ("SplitToningShadowHue", "SplitToningShadowSaturation"),
    ("ColorGradeMidtoneHue", "ColorGradeMidtoneSat"),
    ("SplitToningHighlightHue", "SplitToningHighlightSaturation"),
    ("ColorGradeGlobalHue", "ColorGradeGlobalSat"),
)
_LIGHTS = ("ColorGradeShadowLum", "ColorGradeMidtoneLum", "ColorGradeHighlightLum", "ColorGradeGlobalLum")
_GRADED = ("ColorGradeMidtoneSat", "ColorGradeGlobalSat", *_LIGHTS)
_TINT = 0.14
"""Chroma that a tint of 100 adds where it is whole: a strong colour, yet one that a display still shows."""
_MAGENTA = np.array([np.cos(np.radians(328.0)), np.sin(np.radians(328.0))])
_LIGHT = 0.14
"""Lightness that 100 adds or takes where it is whole."""


def is_neutral(settings: Settings) -> bool:
    """Whether grading does nothing."""
    amounts = ("ShadowTint", *_LIGHTS, *(strength for _, strength in _TINTS))
    return not any(number(settings, name) for name in amounts)


def grade(rgb: Values, settings: Settings) -> Values:
    """Tint and brighten the ranges of tone; black and white keep their brightness, white its colour."""
    if is_neutral(settings):
        return rgb
    lab = oklab.from_light(rgb)
    light = np.clip(lab[:, 0], 0, 1)
    shares = ranges(light, settings)
    shift = np.zeros_like(lab)
    for share, (hue, strength) in zip(shares, _TINTS, strict=True):
        angle = np.radians(oklab.wheel_hue(number(settings, hue)))
        amount = _TINT * number(settings, strength) / 100 * share
        shift[:, 1] += amount * np.cos(angle)
        shift[:, 2] += amount * np.sin(angle)
    green_to_magenta = 0.5 * _TINT * number(settings, "ShadowTint") / 100 * (1 - smoothstep(0.1, 0.55, light))
    shift[:, 1:] += green_to_magenta[:, None] * _MAGENTA
    shift[:, 1:] *= (smoothstep(0, 0.25, light) * (1 - smoothstep(0.85, 1.0, light)))[:, None]
    for share, name in zip(shares, _LIGHTS, strict=True):
        shift[:, 0] += _LIGHT * number(settings, name) / 100 * share * 4 * light * (1 - light)
    return oklab.to_light(lab + shift)


def ranges(light: Values, settings: Settings) -> tuple[Values, Values, Values, Values]:
    """How much of shadow, middle tone, highlight and everything a lightness (n,) of 0..1 is, each 0..1.

    Balance moves the middle by up to 0.35; blending widens the steps between the ranges from 0.15 to 0.8. Where it is
    not given and nothing of colour grading is at work, the two tints overlap whole, which is what split toning did.
    """
    graded = any(number(settings, name) for name in _GRADED)
    blending = number(settings, "ColorGradeBlending", 50.0 if graded else 100.0) / 100
    middle = 0.55 - 0.35 * number(settings, "SplitToningBalance") / 100
    reach = 0.15 + 0.65 * blending
    low, high = middle * 0.65, middle + (1 - middle) * 0.35
    shadow = 1 - smoothstep(low - reach / 2, low + reach / 2, light)
    highlight = smoothstep(high - reach / 2, high + reach / 2, light)
    middle_tone = np.maximum(1 - shadow - highlight, 0) if blending == 0 else (1 - shadow) * (1 - highlight)
    return shadow, middle_tone, highlight, np.ones_like(light)
