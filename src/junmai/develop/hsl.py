"""Colours by hue: the eight HSL colours, vibrance and saturation, and black and white with its mixer.

Everything is done on (n, 3) linear light of the working space, for the nodes of the table of colours
(`junmai.develop.palette`); no pixel comes here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from junmai.develop import color, oklab
from junmai.develop.fields import COLORS
from junmai.develop.settings import number
from junmai.develop.tone import smoothstep
from junmai.domain.model import SettingValue

Settings = Mapping[str, SettingValue]
Values = NDArray[np.float64]

_WHEEL = np.array([0, 30, 60, 120, 180, 240, 270, 300], dtype=np.float64)
"""Where the eight colours lie on Lightroom's wheel."""
_COLORFUL = 0.10
"""Chroma from which a colour's brightness is changed whole; grey keeps its brightness. Skin has about 0.06."""


def adjust(rgb: Values, settings: Settings) -> Values:
    """HSL, vibrance, saturation and black and white."""
    if is_neutral(settings):
        return rgb
    lab = oklab.from_light(rgb)
    if not settings.get("ConvertToGrayscale"):
        lab = _strengthened(_by_color(lab, settings), settings)
        return oklab.to_light(lab)
    amount = number(settings, "GrayscaleAmount", 100.0) / 100
    colored = lab if amount == 1 else _strengthened(_by_color(lab, settings), settings)
    grey = _mixed(rgb, lab, settings)
    return np.asarray(amount * grey + (1 - amount) * oklab.to_light(colored), dtype=np.float64)


def is_neutral(settings: Settings) -> bool:
    """Whether nothing here does anything."""
    names = [f"{kind}Adjustment{name}" for kind in ("Hue", "Saturation", "Luminance") for name in COLORS]
    if settings.get("ConvertToGrayscale") and number(settings, "GrayscaleAmount", 100.0):
        return False
    return not any(number(settings, name) for name in (*names, "Vibrance", "Saturation"))


def weights(hue: Values) -> Values:
    """How much of each of the eight colours a hue (n,) is: (n, 8), summing to 1, smooth between neighbours."""
    centers = oklab.wheel_hue(_WHEEL)
    centers = np.unwrap(centers, period=360)
    ahead = np.roll(centers, -1)
    ahead[-1] += 360
    shares = np.zeros((len(hue), len(COLORS)))
    place = (hue - centers[0]) % 360 + centers[0]
    for k in range(len(COLORS)):
        inside = (place >= centers[k]) & (place < ahead[k])
        share = smoothstep(centers[k], ahead[k], place[inside])
        shares[inside, k] = 1 - share
        shares[inside, (k + 1) % len(COLORS)] = share
    return shares


def _gaps() -> tuple[Values, Values]:
    """Degrees to the neighbour below and above each colour."""
    centers = np.unwrap(oklab.wheel_hue(_WHEEL), period=360)
    above = np.diff(np.append(centers, centers[0] + 360))
    return np.roll(above, 1), above


def _by_color(lab: Values, settings: Settings) -> Values:
    """The eight colours' hue (100 is 0.6 of the way to the neighbour), strength (twice, or none) and brightness."""
    hues, strengths, lights = (
        np.array([number(settings, f"{kind}Adjustment{name}") / 100 for name in COLORS])
        for kind in ("Hue", "Saturation", "Luminance")
    )
    if not (hues.any() or strengths.any() or lights.any()):
        return lab
    share = weights(oklab.hue(lab))
    below, above = _gaps()
    lighter = _brightened(lab, share @ lights)
    turned = oklab.turned(lighter, share @ (0.6 * np.where(hues > 0, above, below) * hues))
    return _scaled(turned, 1 + share @ strengths)


def _brightened(lab: Values, amount: Values) -> Values:
    """Lightness by -1..1, as far as there is colour; up to 0.45 of itself darker, 0.45 of what is left lighter."""
    amount = 0.45 * amount * smoothstep(0, _COLORFUL, oklab.chroma(lab))
    light = lab[:, 0]
    lighter = light + np.where(amount > 0, amount * np.maximum(1 - light, 0), amount * light)
    kept = np.where(amount > 0, 1, np.maximum(lighter, 0) / np.maximum(light, 1e-6))  # darker colours hold less chroma
    return np.stack([lighter, lab[:, 1] * kept, lab[:, 2] * kept], axis=1)


def _strengthened(lab: Values, settings: Settings) -> Values:
    """Vibrance and saturation. Vibrance leaves strong colours alone and goes easy on skin (orange)."""
    vibrance, saturation = number(settings, "Vibrance") / 100, number(settings, "Saturation") / 100
    if not vibrance and not saturation:
        return lab
    strong = smoothstep(0, 0.25, oklab.chroma(lab))
    weak = 1 - strong
    skin = weights(oklab.hue(lab))[:, 1] * smoothstep(0.02, 0.08, oklab.chroma(lab))
    return _scaled(lab, (1 + 0.9 * vibrance * weak * (1 - 0.5 * skin * (vibrance > 0))) * (1 + saturation))


def _scaled(lab: Values, factor: Values) -> Values:
    """Chroma times a factor; what would grow beyond 0.3, about the edge of printable colours, grows ever less."""
    grown = oklab.chroma(lab) * np.maximum(factor - 1, 0)
    held = 1 / (1 + (grown / 0.3) ** 2)
    factor = np.where(factor > 1, 1 + (factor - 1) * held, factor)
    return np.stack([lab[:, 0], lab[:, 1] * factor, lab[:, 2] * factor], axis=1)


def _mixed(rgb: Values, lab: Values, settings: Settings) -> Values:
    """Black and white: luminance, and by the mixer up to 1.2 EV lighter or darker where a colour was."""
    mix = np.array([number(settings, f"GrayMixer{name}") / 100 for name in COLORS])
    ev = 1.2 * (weights(oklab.hue(lab)) @ mix) * smoothstep(0, _COLORFUL, oklab.chroma(lab))
    light = np.maximum(rgb @ color.WORKING_LUMINANCE, 0)
    gain = np.exp2(ev)
    light = np.where(gain > 1, light * gain / (1 + (gain - 1) * light), light * gain)  # white stays the most there is
    return np.repeat(light[:, None], 3, axis=1)
