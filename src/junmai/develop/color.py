"""Colour science: spaces, the colour of light, and cameras. Matrices are 3x3 float64 acting on column vectors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
FloatArray = NDArray[np.floating[Any]]
Gains = tuple[float, float, float]
"""Gains of red, green and blue that turn the camera's grey to grey; green is 1."""


def rgb_to_xyz(primaries: tuple[tuple[float, float], ...], white: tuple[float, float]) -> Matrix:
    """Matrix of a linear RGB space from xy of its primaries and white (SMPTE RP 177-1993)."""
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries]).T
    return np.asarray(columns * np.linalg.solve(columns, xy_to_xyz(*white)), dtype=np.float64)


def xy_to_xyz(x: float, y: float) -> Matrix:
    """XYZ with Y = 1 of the chromaticity x, y."""
    return np.array([x / y, 1.0, (1 - x - y) / y])


D65 = (0.3127, 0.3290)
D50_XYZ = np.array([0.9642, 1.0, 0.8249])  # the profile connection space, ICC.1:2022 section 7.2.16

SRGB_TO_XYZ = rgb_to_xyz(((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)), D65)  # IEC 61966-2-1
WORKING_TO_XYZ = rgb_to_xyz(((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)), D65)  # ITU-R BT.2020
"""The working space is linear Rec. 2020: it holds what cameras see with few negative values, so that curves per
channel stay well behaved; sRGB would clip the greens of foliage and the blues of evening skies."""

XYZ_TO_WORKING: Matrix = np.asarray(np.linalg.inv(WORKING_TO_XYZ), dtype=np.float64)
SRGB_TO_WORKING: Matrix = XYZ_TO_WORKING @ SRGB_TO_XYZ
WORKING_TO_SRGB: Matrix = np.asarray(np.linalg.inv(SRGB_TO_WORKING), dtype=np.float64)
WORKING_LUMINANCE: Matrix = WORKING_TO_XYZ[1]

_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def adapt(from_white: Matrix, to_white: Matrix) -> Matrix:
    """Chromatic adaptation of XYZ between two white points (Bradford; ICC.1:2022 annex E)."""
    gains = (_BRADFORD @ to_white) / (_BRADFORD @ from_white)
    return np.asarray(np.linalg.inv(_BRADFORD) @ (gains[:, None] * _BRADFORD), dtype=np.float64)


# --- sRGB transfer (IEC 61966-2-1) -------------------------------------------------------------------------


def luminance_of_lightness(lightness: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE 1976 L* (0..100) to luminance (0..1): CIE 15, section 8.2.1."""
    ramp = (lightness + 16) / 116
    return np.where(lightness > 8, ramp**3, lightness * 27 / 24389)


def srgb_decode(code: FloatArray) -> FloatArray:
    """Code values 0..1 to linear light 0..1."""
    return np.where(code <= 0.04045, code / 12.92, ((np.maximum(code, 0) + 0.055) / 1.055) ** 2.4)


def srgb_encode(linear: FloatArray) -> FloatArray:
    """Linear light 0..1 to code values 0..1."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)


# --- the colour of light -----------------------------------------------------------------------------------


def light_xyz(kelvin: float, tint: float) -> Matrix:
    """XYZ (Y = 1) of light of a temperature in kelvin (1667..50000) and Adobe's tint.

    The locus is Krystek's rational approximation of the Planckian one in CIE 1960 uv (Color Research and Application
    10, 1985), which stays smooth up to 50000 K where Kim's cubic ends at 25000 K. Tint runs across the locus along
    the isotherm, 3000 units to 1 of uv (the scale of the DNG specification); + is light greener than the locus.
    """
    u, v = _locus(kelvin)
    du, dv = _isotherm(kelvin)
    u, v = u + tint / 3000 * du, v + tint / 3000 * dv
    below = 2 * u - 8 * v + 4
    return xy_to_xyz(3 * u / below, 2 * v / below)


def light_temperature(xyz: Matrix) -> tuple[float, float]:
    """Kelvin and tint whose light has the chromaticity of `xyz`: the inverse of `light_xyz`."""
    x, y, z = (float(each) for each in xyz)
    u, v = 4 * x / (x + 15 * y + 3 * z), 6 * y / (x + 15 * y + 3 * z)
    low, high = 1e6 / 50000, 1e6 / 1667

    def ahead(mired: float) -> float:
        base_u, base_v = _locus(1e6 / mired)
        du, dv = _isotherm(1e6 / mired)
        return (u - base_u) * dv - (v - base_v) * du  # signed distance along the locus

    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if ahead(middle) > 0 else (low, middle)
    kelvin = 2e6 / (low + high)
    base_u, base_v = _locus(kelvin)
    du, dv = _isotherm(kelvin)
    return kelvin, 3000 * ((u - base_u) * du + (v - base_v) * dv)


def _locus(kelvin: float) -> tuple[float, float]:
    t = kelvin
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t * t) / (1 + 8.42420235e-4 * t + 7.08145163e-7 * t * t)
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t * t) / (1 - 2.89741816e-5 * t + 1.61456053e-7 * t * t)
    return u, v


def _isotherm(kelvin: float) -> tuple[float, float]:
    """Unit vector in uv across the locus, pointing to green."""
    u0, v0 = _locus(kelvin * 0.999)
    u1, v1 = _locus(kelvin * 1.001)
    length = math.hypot(u1 - u0, v1 - v0)
    across = ((v1 - v0) / length, -(u1 - u0) / length)
    return across if across[1] > 0 else (-across[0], -across[1])


D65_TEMPERATURE = light_temperature(xy_to_xyz(*D65))


def shift_light(temperature: float, tint: float) -> Matrix:
    """Working space to working space for a photo that is already developed: cooler or warmer, greener or pinker.

    `temperature` and `tint` are -100..100. The photo is taken to be made for D65 and is adapted as if its light had
    been bluer (warmer result) or yellower; 100 is 70 mired, about the step from an overcast day to evening light,
    and 50 units of tint. Grey keeps its luminance.
    """
    if temperature == 0 and tint == 0:
        return np.eye(3)
    kelvin, base_tint = D65_TEMPERATURE
    light = light_xyz(1e6 / (1e6 / kelvin - 0.7 * temperature), base_tint + 0.5 * tint)
    white = xy_to_xyz(*D65)
    shifted = adapt(light, white)
    shifted = shifted / float((shifted @ white)[1])
    return np.asarray(XYZ_TO_WORKING @ shifted @ WORKING_TO_XYZ, dtype=np.float64)


# --- cameras -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Camera:
    """What a RAW file says about its camera's colours.

    `as_shot` are the gains of the moment; `xyz_to_camera` maps D65 XYZ to the camera's own linear values, None where
    the camera is not known (then its values are taken for linear sRGB).
    """

    as_shot: Gains
    xyz_to_camera: Matrix | None

    def to_working(self, gains: Gains) -> Matrix:
        """Camera values balanced by `gains` to the working space; grey (1, 1, 1) stays grey.

        Rows of camera-from-sRGB are scaled to sum to 1 before inverting, as in dcraw and LibRaw.
        """
        if self.xyz_to_camera is None:
            return SRGB_TO_WORKING
        from_working = self.xyz_to_camera @ WORKING_TO_XYZ
        return np.asarray(np.linalg.inv(from_working / from_working.sum(axis=1, keepdims=True)), dtype=np.float64)

    def gains_for(self, kelvin: float, tint: float) -> Gains:
        """Gains under light of a temperature and tint; the as-shot ones where the camera is not known."""
        if self.xyz_to_camera is None:
            return self.as_shot
        seen = np.maximum(self.xyz_to_camera @ light_xyz(kelvin, tint), 1e-4)
        return (float(seen[1] / seen[0]), 1.0, float(seen[1] / seen[2]))

    def as_shot_temperature(self) -> tuple[float, float]:
        """Kelvin and tint of the as-shot gains (D65 where the camera is not known)."""
        if self.xyz_to_camera is None:
            return D65_TEMPERATURE
        xyz = np.linalg.solve(self.xyz_to_camera, 1 / np.array(self.as_shot))
        return light_temperature(np.asarray(xyz, dtype=np.float64))
