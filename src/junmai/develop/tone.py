"""Tone: settings to small tables that the kernels look up. Pure functions; nothing here depends on a photo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from junmai.develop.color import srgb_decode, srgb_encode

CURVE_SIZE = 8192
BASE_LOW, BASE_HIGH, BASE_SIZE = -14.0, 4.0, 1024
"""Range of the local brightness table in EV below and above white."""

RAW_GAIN = 2.0**0.6
"""Cameras meter so that middle grey lies about 0.6 EV below 18 % of a full sensor, to keep highlights."""

_POWER = 1.35


def base_curve(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scene light (0.18 is middle grey) to display light 0..1: the look of a RAW with no settings.

    A Naka-Rushton curve y = L x^p / (x^p + k), in log-log the S of film; 0.18 stays 0.18 and a full sensor
    (x = RAW_GAIN) becomes 1. p = 1.35 gives middle tones the slope 1.2, a soft shoulder, and a toe that keeps
    shadows open.
    """
    grey, white = 0.18**_POWER, RAW_GAIN**_POWER
    # 0.18 (grey + k) = L grey with L = (white + k) / white, solved for k.
    k = (grey - 0.18 * grey) / (0.18 - grey / white)
    powered = np.power(np.maximum(light, 0), _POWER)
    return np.asarray(np.minimum((white + k) / white * powered / (powered + k), 1.0), dtype=np.float64)


def curve(*, raw: bool, contrast: float, whites: float, blacks: float) -> tuple[NDArray[np.float32], float]:
    """Return (table, top): scene light to display light, both linear; settings are -100..100.

    The table has CURVE_SIZE + 1 entries at x = top * (i / CURVE_SIZE)^2, dense in the shadows; above `top` the last
    entry holds.
    """
    top = RAW_GAIN if raw else 1.0
    light = top * (np.arange(CURVE_SIZE + 1, dtype=np.float64) / CURVE_SIZE) ** 2
    shown = base_curve(light) if raw else light
    if contrast or whites or blacks:
        code = np.asarray(srgb_encode(shown), dtype=np.float64)
        # Cubic S through 0, 1/2 and 1: middle slope 1 + c/2, end slopes 1 - c, so |c| < 1 stays monotonic.
        code = code + 0.008 * contrast * code * (1 - code) * (2 * code - 1)
        code = code + 0.0012 * whites * np.maximum(code, 0) ** 4
        code = code + 0.0010 * blacks * np.clip(1 - code, 0, 1) ** 4
        shown = np.asarray(srgb_decode(np.clip(code, 0, 1)), dtype=np.float64)
    return shown.astype(np.float32), top


def local_gains(*, raw: bool, highlights: float, shadows: float) -> NDArray[np.float32] | None:
    """Gain by local brightness, (BASE_SIZE + 1,) over BASE_LOW..BASE_HIGH EV from white; None if neutral.

    Up to 1.4 EV for highlights and 2 EV for shadows. Each step is so wide that brightness after the gain still rises
    with brightness before (a smoothstep's slope is 1.5 / width: 1.5 * 1.4 / 3 < 1), hence no reversed edges.
    """
    if highlights == 0 and shadows == 0:
        return None
    ev = np.linspace(BASE_LOW, BASE_HIGH, BASE_SIZE + 1)
    bright = smoothstep(-3.0, 0.0, ev)
    if not raw and highlights < 0:
        bright = bright * (1 - 0.6 * smoothstep(-1.2, 0.0, ev))  # a clipped white holds no detail: keep it white
    dark = 1 - smoothstep(-6.0, -1.5, ev)
    gain_ev = 0.014 * highlights * bright + 0.020 * shadows * dark
    return np.exp2(gain_ev).astype(np.float32)


def smoothstep(low: float, high: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float64)


def encode_table() -> NDArray[np.uint8]:
    """(65536,) linear light in 16 bits to sRGB code values; a step is at most 0.05 of a level."""
    linear = np.arange(65536, dtype=np.float64) / 65535
    return np.asarray(np.rint(srgb_encode(linear) * 255), dtype=np.uint8)
