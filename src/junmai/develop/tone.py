"""Tone: settings to small tables that the kernels look up. Pure functions; nothing here depends on a photo."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from junmai.develop.color import FloatArray, srgb_encode

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


def lift(*, raw: bool, highlights: float, shadows: float) -> NDArray[np.float32]:
    """EV to add by local brightness, (BASE_SIZE + 1,) over BASE_LOW..BASE_HIGH EV from white; settings are -100..100.

    Highlights go down by up to 1.4 EV and up by 0.9 EV, less near white, where 1.4 EV burnt out a light wooden table;
    shadows move by up to 2 EV. Each step is so wide that brightness after the gain still rises with brightness before
    (a smoothstep's slope is 1.5 / width: 1.5 * 1.4 / 2.8 < 1), hence no reversed edges.
    """
    ev = np.linspace(BASE_LOW, BASE_HIGH, BASE_SIZE + 1)
    bright = smoothstep(-2.6, 0.2, ev)
    if not raw and highlights < 0:
        bright = bright * (1 - 0.6 * smoothstep(-1.2, 0.0, ev))  # a clipped white holds no detail: keep it white
    if highlights > 0:
        bright = 0.9 / 1.4 * bright * (1 - 0.6 * smoothstep(-1.2, 0.4, ev))
    dark = 1 - smoothstep(-6.0, -1.5, ev)
    return (0.014 * highlights * bright + 0.020 * shadows * dark).astype(np.float32)


def clarity(amount: float) -> NDArray[np.float32]:
    """The share of local contrast to add, by local brightness as in `lift`; `amount` is -100..100.

    Middle tones get it whole; deep shadows, whose local contrast is noise, and whites get little. At -100 six tenths of
    it are taken away, never all, so that edges keep their direction.
    """
    ev = np.linspace(BASE_LOW, BASE_HIGH, BASE_SIZE + 1)
    middle = smoothstep(-9.0, -4.5, ev) * (1 - 0.85 * smoothstep(-1.5, 0.3, ev))
    return ((0.013 if amount > 0 else 0.006) * amount * middle).astype(np.float32)


def smoothstep(low: float, high: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float64)


def encode_table(
    depth: int = 8, encode: Callable[[FloatArray], FloatArray] = srgb_encode
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """(65536,) square roots of linear light, in 16 bits, to code values of 8 or 16 bits.

    A step of the square root is at most 1.1 steps of 16-bit code values of sRGB; of a bare gamma 2.7 at the very black.
    """
    linear = (np.arange(65536, dtype=np.float64) / 65535) ** 2
    if depth == 8:
        return np.asarray(np.rint(encode(linear) * 255), dtype=np.uint8)
    return np.asarray(np.rint(encode(linear) * 65535), dtype=np.uint16)
