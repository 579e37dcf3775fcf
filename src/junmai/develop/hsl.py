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
    lab, share = oklab.from_light(rgb), weights(rgb)
    if not settings.get("ConvertToGrayscale"):
        return oklab.to_light(_strengthened(_by_color(lab, share, settings), share, settings))
    amount = number(settings, "GrayscaleAmount", 100.0) / 100
    colored = lab if amount == 1 else _strengthened(_by_color(lab, share, settings), share, settings)
    grey = _mixed(rgb, lab, share, settings)
    return np.asarray(amount * grey + (1 - amount) * oklab.to_light(colored), dtype=np.float64)


def is_neutral(settings: Settings) -> bool:
    """Whether nothing here does anything."""
    names = [f"{kind}Adjustment{name}" for kind in ("Hue", "Saturation", "Luminance") for name in COLORS]
    if settings.get("ConvertToGrayscale") and number(settings, "GrayscaleAmount", 100.0):
        return False
    return not any(number(settings, name) for name in (*names, "Vibrance", "Saturation"))


def weights(rgb: Values) -> Values:
    """How much of each of the eight colours linear light (n, 3) is: (n, 8), summing to 1, smooth between neighbours.

    By the hue of Lightroom's wheel, which is that of HSV in sRGB: in OKLab a pale blue lies halfway to purple.
    """
    code = color.srgb_encode(np.maximum(rgb @ color.WORKING_TO_SRGB.T, 0))
    low, high = code.min(axis=1), code.max(axis=1)
    spread = np.maximum(high - low, 1e-9)
    red, green, blue = code.T
    sixth = np.where(high == red, (green - blue) / spread, (blue - red) / spread + 2)
    sixth = np.where((high == blue) & (high > np.maximum(red, green)), (red - green) / spread + 4, sixth)
    place, ahead = (60 * sixth) % 360, np.append(_WHEEL[1:], 360)
    place[place == 360] = 0  # a remainder of -1e-16 is rounded to 360 itself, which lies before no colour
    shares = np.zeros((len(rgb), len(COLORS)))
    for k in range(len(COLORS)):
        inside = (place >= _WHEEL[k]) & (place < ahead[k])
        share = (place[inside] - _WHEEL[k]) / (ahead[k] - _WHEEL[k])
        share = (share + smoothstep(0, 1, share)) / 2  # a smoothstep alone turns hues together into flat patches
        shares[inside, k] = 1 - share
        shares[inside, (k + 1) % len(COLORS)] = share
    return shares


def _gaps() -> tuple[Values, Values]:
    """Degrees to the neighbour below and above each colour."""
    centers = np.unwrap(oklab.wheel_hue(_WHEEL), period=360)
    above = np.diff(np.append(centers, centers[0] + 360))
    return np.roll(above, 1), above


def _by_color(lab: Values, share: Values, settings: Settings) -> Values:
    """The eight colours' hue (100 is 0.6 of the way to the neighbour), strength (twice, or none) and brightness."""
    hues, strengths, lights = (
        np.array([number(settings, f"{kind}Adjustment{name}") / 100 for name in COLORS])
        for kind in ("Hue", "Saturation", "Luminance")
    )
    if not (hues.any() or strengths.any() or lights.any()):
        return lab
    below, above = _gaps()
    lighter = _brightened(lab, share @ lights)
    turned = oklab.turned(lighter, share @ (0.6 * np.where(hues > 0, above, below) * hues))
    return _scaled(turned, 1 + share @ strengths)


def _brightened(lab: Values, amount: Values) -> Values:
    """Lightness by -1..1, as far as there is colour: up to 0.45 of itself darker, in the middle 0.13 lighter."""
    amount = 0.45 * amount * smoothstep(0, _COLORFUL, oklab.chroma(lab))
    light = lab[:, 0]
    lighter = light + amount * light * np.where(amount > 0, 1.2 * np.maximum(1 - light, 0), 1)
    kept = np.where(amount > 0, 1, np.maximum(lighter, 0) / np.maximum(light, 1e-6))  # darker colours hold less chroma
    return np.stack([lighter, lab[:, 1] * kept, lab[:, 2] * kept], axis=1)


def _strengthened(lab: Values, share: Values, settings: Settings) -> Values:
    """Vibrance and saturation. Vibrance leaves strong colours alone and goes easy on skin (orange)."""
    vibrance, saturation = number(settings, "Vibrance") / 100, number(settings, "Saturation") / 100
    if not vibrance and not saturation:
        return lab
    strong = smoothstep(0, 0.25, oklab.chroma(lab))
    weak = 1 - strong
    skin = share[:, 1] * smoothstep(0.02, 0.08, oklab.chroma(lab))
    return _scaled(lab, (1 + 0.9 * vibrance * weak * (1 - 0.5 * skin * (vibrance > 0))) * (1 + saturation))


def _scaled(lab: Values, factor: Values) -> Values:
    """Chroma times a factor; what would grow beyond 0.3, about the edge of printable colours, grows ever less."""
    grown = oklab.chroma(lab) * np.maximum(factor - 1, 0)
    held = 1 / (1 + (grown / 0.3) ** 2)
    factor = np.where(factor > 1, 1 + (factor - 1) * held, factor)
    return np.stack([lab[:, 0], lab[:, 1] * factor, lab[:, 2] * factor], axis=1)


def _mixed(rgb: Values, lab: Values, share: Values, settings: Settings) -> Values:
    """Black and white: luminance, and by the mixer up to 1.8 EV lighter or darker where a colour was."""
    mix = np.array([number(settings, f"GrayMixer{name}") / 100 for name in COLORS])
    ev = 1.8 * (share @ mix) * smoothstep(0, _COLORFUL, oklab.chroma(lab))
    light = np.maximum(rgb @ color.WORKING_LUMINANCE, 0)
    gain = np.exp2(ev)
    light = np.where(gain > 1, light * gain / (1 + (gain - 1) * light), light * gain)  # white stays the most there is
    return np.repeat(light[:, None], 3, axis=1)
