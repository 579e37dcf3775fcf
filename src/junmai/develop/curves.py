"""Curves: settings to tables that the kernels look up. Pure functions; nothing here depends on a photo's pixels.

In this order: the base curve, contrast, whites, blacks, the parametric curve, the point curve of all channels, those
of single channels. All but the first act on sRGB code values, which is what Lightroom's 0..255 mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from junmai.develop.color import srgb_decode, srgb_encode
from junmai.develop.settings import number
from junmai.domain.model import SettingValue

Settings = Mapping[str, SettingValue]
Values = NDArray[np.float64]

TABLE_SIZE = 8192
CHANNEL_SIZE = 4096

_TONE = ("Contrast2012", "Whites2012", "Blacks2012")
_PARAMETRIC = ("ParametricShadows", "ParametricDarks", "ParametricLights", "ParametricHighlights")
_CHANNELS = ("ToneCurvePV2012Red", "ToneCurvePV2012Green", "ToneCurvePV2012Blue")


def is_neutral(settings: Settings) -> bool:
    """Whether no curve does anything."""
    return not any(number(settings, name) for name in _TONE + _PARAMETRIC) and not any(
        _is_bent(settings.get(name)) for name in ("ToneCurvePV2012", *_CHANNELS)
    )


def light_table(settings: Settings, base: Callable[[Values], Values], top: float) -> NDArray[np.float32]:
    """Scene light to display light, (TABLE_SIZE + 1,): entry i for the light top * (i / TABLE_SIZE)^2.

    `base` takes scene light to display light and reaches 1 at `top`.
    """
    shown = base(top * (np.arange(TABLE_SIZE + 1, dtype=np.float64) / TABLE_SIZE) ** 2)
    if any(number(settings, name) for name in _TONE + _PARAMETRIC) or _is_bent(settings.get("ToneCurvePV2012")):
        code = np.asarray(srgb_encode(shown), dtype=np.float64)
        code = parametric(_toned(code, settings), settings)
        code = point_curve(settings.get("ToneCurvePV2012"))(code)
        shown = np.asarray(srgb_decode(np.clip(code, 0, 1)), dtype=np.float64)
    return np.nan_to_num(np.clip(shown, 0, 1)).astype(np.float32)


def channel_tables(settings: Settings) -> NDArray[np.float32]:
    """A curve for each channel, (3, CHANNEL_SIZE + 1), of square roots of display light; (3, 0) if none is bent."""
    if not any(_is_bent(settings.get(name)) for name in _CHANNELS):
        return np.empty((3, 0), np.float32)
    code = np.asarray(srgb_encode((np.arange(CHANNEL_SIZE + 1) / CHANNEL_SIZE) ** 2), dtype=np.float64)
    curves = [point_curve(settings.get(name))(code) for name in _CHANNELS]
    return np.sqrt(srgb_decode(np.clip(np.stack(curves), 0, 1))).astype(np.float32)


def _toned(code: Values, settings: Settings) -> Values:
    contrast, whites, blacks = (number(settings, name) for name in _TONE)
    # Cubic S through 0, 1/2 and 1: middle slope 1 + c/2, end slopes 1 - c, so |c| < 1 stays monotonic.
    code = code + 0.008 * contrast * code * (1 - code) * (2 * code - 1)
    # The white end moves by up to 0.18. A power of 2.5 leaves highlights more than half of their contrast at -100; the
    # fourth power left an eighth, and they turned into one flat grey.
    code = code + 0.0018 * whites * np.maximum(code, 0) ** 2.5
    return np.asarray(code + 0.0010 * blacks * np.clip(1 - code, 0, 1) ** 4, dtype=np.float64)


# --- parametric curve --------------------------------------------------------------------------------------


def parametric(code: Values, settings: Settings) -> Values:
    """The parametric curve on code values 0..1; it rises everywhere and keeps 0 and 1.

    Each region lifts or lowers the curve by a hump whose top lies in the region's middle and whose feet lie in the
    middles of its neighbours; 100 is 0.45 of the hump's half width. Where regions that pull in opposite directions
    would turn the curve around, its slope is held at a tenth.
    """
    amounts = [number(settings, name) / 100 for name in _PARAMETRIC]
    if not any(amounts):
        return code
    edges = np.array([0.0, *_splits(settings), 1.0])
    middles = (edges[:-1] + edges[1:]) / 2
    feet = np.array([0.0, *middles, 1.0])
    at = np.linspace(0, 1, 4097)
    curve = at.copy()
    for k, amount in enumerate(amounts):
        left, top, right = feet[k : k + 3]
        share = np.where(at < top, (at - left) / (top - left), (right - at) / (right - top))
        hump = 0.5 - 0.5 * np.cos(np.pi * np.clip(share, 0, 1))
        curve += amount * 0.45 * min(top - left, right - top) * hump
    rise = np.maximum(np.diff(curve), 0.1 / 4096)
    curve = np.concatenate([[0.0], np.cumsum(rise) / rise.sum()])
    return np.asarray(np.interp(code, at, curve), dtype=np.float64)


def _splits(settings: Settings) -> tuple[float, float, float]:
    """The three splits as 0..1; ones that stand too near or in the wrong order are moved apart."""
    low = number(settings, "ParametricShadowSplit", 25.0) / 100
    middle = max(number(settings, "ParametricMidtoneSplit", 50.0) / 100, low + 0.05)
    high = max(number(settings, "ParametricHighlightSplit", 75.0) / 100, middle + 0.05)
    return low, middle, high


# --- point curves ------------------------------------------------------------------------------------------


def point_curve(points: object) -> Callable[[Values], Values]:
    """The smooth curve through points of 0..255, as a function of code values 0..1; level outside the points.

    A cubic between the points whose slopes never make it turn where the points do not (Fritsch and Butland: A method
    for constructing local monotone piecewise cubic interpolants, 1984).
    """
    if not _is_bent(points):
        return lambda code: code
    x, y = np.array(points, dtype=np.float64).T / 255
    slope = slopes(x, y)

    def curve(code: Values) -> Values:
        inside = np.clip(code, x[0], x[-1])
        left = np.clip(np.searchsorted(x, inside, side="right") - 1, 0, len(x) - 2)
        width = x[left + 1] - x[left]
        t = (inside - x[left]) / width
        rest = 1 - t
        value = y[left] * (1 + 2 * t) * rest**2 + y[left + 1] * t**2 * (3 - 2 * t)
        return np.asarray(value + width * t * rest * (slope[left] * rest - slope[left + 1] * t), dtype=np.float64)

    return curve


def slopes(x: Values, y: Values) -> Values:
    """Slopes of a monotone cubic through points (n,), two or more, x rising (Fritsch, Butland 1984, equation 5).

    The slope of the shorter side counts more.
    """
    width, rise = np.diff(x), np.diff(y) / np.diff(x)
    if len(x) == 2:
        return np.array([rise[0], rise[0]])
    before, after = rise[:-1], rise[1:]
    weigh_before, weigh_after = width[:-1] + 2 * width[1:], 2 * width[:-1] + width[1:]
    turning = before * after <= 0
    safe_before, safe_after = np.where(turning, 1, before), np.where(turning, 1, after)
    inner = (weigh_before + weigh_after) / (weigh_before / safe_before + weigh_after / safe_after)
    ends = [_end_slope(width[0], width[1], rise[0], rise[1]), _end_slope(width[-1], width[-2], rise[-1], rise[-2])]
    return np.concatenate([[ends[0]], np.where(turning, 0, inner), [ends[1]]])


def _end_slope(near: float, next_: float, rise: float, next_rise: float) -> float:
    slope = ((2 * near + next_) * rise - near * next_rise) / (near + next_)
    if slope * rise <= 0:
        return 0.0
    return 3 * rise if rise * next_rise < 0 and abs(slope) > 3 * abs(rise) else float(slope)


def _is_bent(points: object) -> bool:
    if not isinstance(points, tuple):
        return False
    ends_meet = points[0] == (0.0, 0.0) and points[-1] == (255.0, 255.0)
    return not (ends_meet and all(x == y for x, y in points))
