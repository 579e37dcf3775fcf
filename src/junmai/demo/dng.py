"""DNG files of the sample camera: a known picture, seen through a Bayer sensor (DNG specification 1.6)."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from junmai.demo.exif import EXIF_POINTER, GPS_POINTER, Exif, camera_tags, exif_ifd, gps_ifd
from junmai.demo.light import A_KELVIN, D65_KELVIN, camera_from_srgb, color_matrix, neutral
from junmai.demo.tiff import ASCII, BYTE, DOUBLE, LONG, RATIONAL, SHORT, SRATIONAL, Ifd, tiff_bytes

Picture = NDArray[np.float32]

BLACK, WHITE = 512, 15872  # of 14 bits, as usual
_FULL_WELL = 120_000.0  # electrons at ISO 100: many small cells count as one
_READ_NOISE = 2.5  # electrons
_THUMBNAIL = 256
_SUB_IFDS = 330


def bayer_dng(
    linear_rgb: NDArray[Any],
    path: Path,
    *,
    kelvin: float = D65_KELVIN,
    as_shot_kelvin: float | None = None,
    noise_seed: int | None = None,
    baseline_exposure: float = 0.0,
    preview: NDArray[np.uint8] | None = None,
    **exif: Any,
) -> Path:
    """Write a new DNG at ``path`` that develops to ``linear_rgb``, and return the path.

    ``linear_rgb``: shape (height, width, 3), even sides, linear sRGB, 1.0 = clipping. It is stored as it is: an
    ``orientation`` among the EXIF fields only says how to turn it. ``kelvin`` is the light's true temperature,
    ``as_shot_kelvin`` the one that the camera believed (the same, unless given). ``noise_seed`` adds the photon and
    read noise of the ISO. ``baseline_exposure`` (EV) is what the reader shall add; the values are darker by it.
    ``preview`` (same shape, 8-bit sRGB) is what the camera shows; without it the picture itself, without a curve.
    The other keywords are the fields of `Exif`. Raises `FileExistsError`.
    """
    data = dng_bytes(
        linear_rgb,
        Exif(**exif),
        kelvin=kelvin,
        as_shot_kelvin=as_shot_kelvin,
        noise_seed=noise_seed,
        baseline_exposure=baseline_exposure,
        preview=preview,
    )
    with path.open("xb") as file:
        file.write(data)
    return path


def dng_bytes(
    linear_rgb: NDArray[Any],
    exif: Exif,
    *,
    kelvin: float = D65_KELVIN,
    as_shot_kelvin: float | None = None,
    noise_seed: int | None = None,
    baseline_exposure: float = 0.0,
    preview: NDArray[np.uint8] | None = None,
) -> bytes:
    """The file that `bayer_dng` writes. Raises `ValueError` for a picture of another shape."""
    if linear_rgb.ndim != 3 or linear_rgb.shape[2] != 3 or linear_rgb.shape[0] % 2 or linear_rgb.shape[1] % 2:
        raise ValueError(f"a picture of shape (even, even, 3) is wanted, not {linear_rgb.shape}")
    picture = np.ascontiguousarray(linear_rgb, dtype=np.float32)
    scale, offset = _noise_profile(exif.iso)
    exposed = picture * np.float32(2.0**-baseline_exposure) if baseline_exposure else picture
    signal = _mosaic(exposed, kelvin)
    if noise_seed is not None:
        signal = _with_noise(signal, scale, offset, noise_seed)
    levels = np.rint(signal * np.float32(WHITE - BLACK) + np.float32(BLACK))
    raw = np.clip(levels, 0, WHITE).astype("<u2")
    shown = picture if preview is None else preview
    first = _first_ifd(shown, exif, neutral(as_shot_kelvin or kelvin), baseline_exposure)
    first.tags[50781] = (BYTE, list(hashlib.md5(raw.tobytes(), usedforsecurity=False).digest()))
    first.subs[_SUB_IFDS] = _raw_ifd(raw, scale, offset)
    return tiff_bytes(first)


# --- the sensor --------------------------------------------------------------------------------------------


def _mosaic(picture: Picture, kelvin: float) -> Picture:
    """What an RGGB sensor sees of the picture in that light, shape (height, width), 1.0 = full."""
    weights = (camera_from_srgb() * neutral(kelvin)[:, None]).astype(np.float32)
    signal = np.empty(picture.shape[:2], dtype=np.float32)
    for row, column, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        signal[row::2, column::2] = cv2.transform(picture[row::2, column::2], weights[channel : channel + 1])
    return signal


def _noise_profile(iso: int) -> tuple[float, float]:
    """NoiseProfile (51041): variance = scale x signal + offset, for a signal of 0..1."""
    gain = iso / 100.0
    return gain / _FULL_WELL, (_READ_NOISE * gain / _FULL_WELL) ** 2


def _with_noise(signal: Picture, scale: float, offset: float, seed: int) -> Picture:
    """Photon noise as its normal approximation: exact enough above ten electrons, and quick."""
    noise = np.random.default_rng(seed).standard_normal(signal.shape, dtype=np.float32)
    deviation = np.sqrt(np.maximum(signal, np.float32(0)) * np.float32(scale) + np.float32(offset))
    noise *= deviation
    noise += signal
    return noise


# --- the directories ---------------------------------------------------------------------------------------


def _first_ifd(
    shown: Picture | NDArray[np.uint8], exif: Exif, as_shot: NDArray[np.float64], baseline_exposure: float
) -> Ifd:
    """The thumbnail's directory, which also holds all that is said about the camera and the exposure."""
    small = _thumbnail(shown)
    height, width = small.shape[:2]
    subs = {EXIF_POINTER: exif_ifd(exif)}
    gps = gps_ifd(exif)
    if gps is not None:
        subs[GPS_POINTER] = gps
    tags = camera_tags(exif) | {
        254: (LONG, [1]),  # a reduced picture
        256: (LONG, [width]),
        257: (LONG, [height]),
        258: (SHORT, [8, 8, 8]),
        259: (SHORT, [1]),
        262: (SHORT, [2]),  # RGB
        277: (SHORT, [3]),
        278: (LONG, [height]),
        284: (SHORT, [1]),
        50706: (BYTE, [1, 4, 0, 0]),  # DNGVersion
        50707: (BYTE, [1, 1, 0, 0]),  # DNGBackwardVersion
        50708: (ASCII, exif.model),  # UniqueCameraModel
        50721: (SRATIONAL, _matrix_values(A_KELVIN)),  # ColorMatrix1
        50722: (SRATIONAL, _matrix_values(D65_KELVIN)),  # ColorMatrix2
        50728: (RATIONAL, [float(v) for v in as_shot]),  # AsShotNeutral
        50730: (SRATIONAL, [baseline_exposure]),
        50731: (RATIONAL, [1]),  # BaselineNoise
        50732: (RATIONAL, [1]),  # BaselineSharpness
        50734: (RATIONAL, [1]),  # LinearResponseLimit
        50778: (SHORT, [17]),  # CalibrationIlluminant1: standard light A
        50779: (SHORT, [21]),  # CalibrationIlluminant2: D65
        50970: (LONG, [2]),  # PreviewColorSpace: sRGB
    }
    return Ifd(tags, subs, small.tobytes())


def _matrix_values(kelvin: float) -> list[float]:
    return [round(float(v), 4) for v in color_matrix(kelvin).ravel()]


def _raw_ifd(raw: NDArray[np.uint16], scale: float, offset: float) -> Ifd:
    """The sensor picture's directory."""
    height, width = raw.shape
    return Ifd(
        {
            254: (LONG, [0]),  # the picture itself
            256: (LONG, [width]),
            257: (LONG, [height]),
            258: (SHORT, [16]),
            259: (SHORT, [1]),
            262: (SHORT, [32803]),  # colour filter array
            277: (SHORT, [1]),
            278: (LONG, [height]),
            284: (SHORT, [1]),
            33421: (SHORT, [2, 2]),  # CFARepeatPatternDim
            33422: (BYTE, [0, 1, 1, 2]),  # CFAPattern: RGGB
            50710: (BYTE, [0, 1, 2]),  # CFAPlaneColor
            50711: (SHORT, [1]),  # CFALayout: square
            50713: (SHORT, [1, 1]),  # BlackLevelRepeatDim
            50714: (LONG, [BLACK]),
            50717: (LONG, [WHITE]),
            50718: (RATIONAL, [1, 1]),  # DefaultScale
            50719: (LONG, [0, 0]),  # DefaultCropOrigin
            50720: (LONG, [width, height]),  # DefaultCropSize
            50829: (LONG, [0, 0, height, width]),  # ActiveArea
            51041: (DOUBLE, [scale, offset] * 3),  # NoiseProfile
        },
        strip=raw.tobytes(),
    )


def _thumbnail(picture: Picture | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture as sRGB of 8 bits (what has 8 bits is that already), at most 256 pixels long."""
    height, width = picture.shape[:2]
    factor = min(1.0, _THUMBNAIL / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small) if small.dtype == np.uint8 else srgb8(small.astype(np.float32))


def srgb8(linear: Picture) -> NDArray[np.uint8]:
    """Linear sRGB (any shape, clipped to 0..1) as 8-bit sRGB (IEC 61966-2-1)."""
    clipped = np.clip(linear, 0, 1)
    table: NDArray[np.uint8] = _srgb_table()
    index: NDArray[np.int32] = (clipped * np.float32(len(table) - 1) + np.float32(0.5)).astype(np.int32)
    return np.asarray(table[index], dtype=np.uint8)


@lru_cache(maxsize=1)
def _srgb_table(size: int = 8192) -> NDArray[np.uint8]:
    linear = np.linspace(0.0, 1.0, size)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(encoded * 255), dtype=np.uint8)
