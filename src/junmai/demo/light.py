"""The sample camera's colour science: light sources, and what its sensor makes of a colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

D65_KELVIN, A_KELVIN = 6504.0, 2856.0
# IEC 61966-2-1: linear sRGB to CIE XYZ (D65).
SRGB_TO_XYZ: Matrix = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], dtype=np.float64
)
# Lindbloom, "Chromatic Adaptation": the linear Bradford cone responses, which the DNG specification uses too.
_BRADFORD: Matrix = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]], dtype=np.float64
)
# XYZ to camera under D65: invented, of the size and signs that are usual for silicon behind Bayer filters.
_XYZ_TO_CAMERA_D65: Matrix = np.array(
    [[0.72, -0.22, -0.06], [-0.44, 1.22, 0.24], [-0.08, 0.19, 0.62]], dtype=np.float64
)


def white_xyz(kelvin: float) -> Matrix:
    """CIE XYZ (Y = 1, shape (3,)) of a light of that correlated colour temperature, 1700..25000 K.

    From 4000 K up the daylight locus (CIE 15:2004, 3.1), below it the Planckian locus (Kim et al., US patent
    7024034, cubic approximation). Exactly D65 and illuminant A at their own temperatures.
    """
    if kelvin == D65_KELVIN:
        x, y = 0.31271, 0.32902
    elif kelvin == A_KELVIN:
        x, y = 0.44757, 0.40745
    else:
        x, y = _locus(1000.0 / kelvin)
    return np.array([x / y, 1.0, (1.0 - x - y) / y])


def _locus(t: float) -> tuple[float, float]:
    """Chromaticity of the light of 1000 / t kelvin."""
    if t > 0.25:
        x = -0.2661239 * t**3 - 0.2343589 * t**2 + 0.8776956 * t + 0.179910
        if t > 1000 / 2222:
            return x, -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
        return x, -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    if t >= 1 / 7:
        x = -4.6070 * t**3 + 2.9678 * t**2 + 0.09911 * t + 0.244063
    else:
        x = -2.0064 * t**3 + 1.9018 * t**2 + 0.24748 * t + 0.237040
    return x, -3.000 * x**2 + 2.870 * x - 0.275


def camera_from_srgb() -> Matrix:
    """White-balanced camera RGB from linear sRGB, shape (3, 3): every row sums to 1, so grey stays grey."""
    matrix = _XYZ_TO_CAMERA_D65 @ SRGB_TO_XYZ
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))


def color_matrix(kelvin: float) -> Matrix:
    """XYZ to camera for a light, shape (3, 3): ColorMatrix2 at D65, ColorMatrix1 at illuminant A.

    The matrix for A is made so that a picture developed through it, with Bradford adaptation, has the same colours
    as through D65's; in between they are mixed in 1/T, as the DNG specification 1.6 (chapter 6) has readers do it.
    """
    share = (1 / kelvin - 1 / D65_KELVIN) / (1 / A_KELVIN - 1 / D65_KELVIN)
    share = min(max(share, 0.0), 1.0)
    return (1 - share) * _XYZ_TO_CAMERA_D65 + share * _color_matrix_a()


def _color_matrix_a() -> Matrix:
    white_a, white_d65 = white_xyz(A_KELVIN), SRGB_TO_XYZ.sum(axis=1)
    gains = (_BRADFORD @ white_d65) / (_BRADFORD @ white_a)
    adapt = np.linalg.inv(_BRADFORD) @ np.diag(gains) @ _BRADFORD
    neutral = _XYZ_TO_CAMERA_D65 @ white_a
    return np.asarray(np.diag(neutral) @ camera_from_srgb() @ np.linalg.inv(SRGB_TO_XYZ) @ adapt)


def neutral(kelvin: float) -> Matrix:
    """What the camera records for a grey in that light, shape (3,), green = 1: AsShotNeutral."""
    response = color_matrix(kelvin) @ white_xyz(kelvin)
    return np.asarray(response / response[1])
