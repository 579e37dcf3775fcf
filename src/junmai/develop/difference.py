"""How far two colours are apart to the eye: CIE L*a*b* and CIEDE2000."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from junmai.develop import color

Lab = NDArray[np.float64]


def srgb_to_lab(code: NDArray[Any]) -> Lab:
    """sRGB codes (..., 3), uint8 or float 0..1, to L*a*b* for D65 (CIE 15:2004, section 8.2.1)."""
    shares = code / 255.0 if code.dtype == np.uint8 else code.astype(np.float64)
    return xyz_to_lab(color.srgb_decode(shares) @ color.SRGB_TO_XYZ.T)


def working_to_lab(light: NDArray[Any]) -> Lab:
    """Linear working space (..., 3), 1.0 = white, to L*a*b* for D65."""
    return xyz_to_lab(light @ color.WORKING_TO_XYZ.T)


def xyz_to_lab(xyz: NDArray[Any]) -> Lab:
    """D65 XYZ (..., 3), white at Y = 1, to L*a*b*."""
    share = np.asarray(xyz, dtype=np.float64) / color.xy_to_xyz(*color.D65)
    root = np.where(share > (6 / 29) ** 3, np.cbrt(np.maximum(share, 0)), share * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def ciede2000(first: Lab, second: Lab) -> NDArray[np.float64]:
    """Colour difference of L*a*b* arrays (..., 3): about 1 is just visible (Sharma, Wu, Dalal 2005, equations 2-22)."""
    l1, a1, b1 = np.moveaxis(np.asarray(first, dtype=np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(second, dtype=np.float64), -1, 0)
    mean7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(mean7 / (mean7 + 25.0**7))
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1 = np.degrees(np.arctan2(b1, stretch * a1)) % 360
    h2 = np.degrees(np.arctan2(b2, stretch * a2)) % 360

    colored = c1 * c2 > 0
    turn = np.where(colored, (h2 - h1 + 180) % 360 - 180, 0.0)
    d_light, d_chroma = l2 - l1, c2 - c1
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)

    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = np.where(colored, (h1 + turn / 2) % 360, h1 + h2)
    t = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    s_light = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_chroma, s_hue = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    blue = 60 * np.exp(-(((hue - 275) / 25) ** 2))
    rotation = -np.sin(np.radians(blue)) * 2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    along, across = d_chroma / s_chroma, d_hue / s_hue
    return np.asarray(np.sqrt((d_light / s_light) ** 2 + along**2 + across**2 + rotation * along * across))
