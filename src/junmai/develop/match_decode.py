"""A photo decoded small and fast, for measuring: light as the engine sees it, without interpolation.

A JPEG comes from its DCT at an eighth of its size, a RAW from blocks of 2 x 2 sensor sites, as they are before
demosaicing. An embedded preview would be faster than the sensor, but has the camera's curve in it: gains measured there
would be wrong by the slope of the curve. Everything else is decoded whole, and only some of its pixels are taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import rawpy
from numpy.typing import NDArray

from junmai.develop import calibration, color, decode_picture, decode_raw, icc, kernels, pipeline, tone
from junmai.develop.decode import Decoded, Pixels, Wanted, check_size, identify
from junmai.develop.raw_size import own_crop
from junmai.develop.settings import number
from junmai.develop.sniff import Sniffed
from junmai.domain.model import SettingValue

SEEN = 256
"""Rows and columns that are looked at, at least, where the photo has them: 4 x 4 samples for each cell of the grid."""
_FULL_CODE = 0.975
"""Share of the code range from which a developed photo counts as clipped: the mean of 8 x 8 pixels, some of which are
at 255, stays below 1."""
_DARK_CODE = 0.02
"""Share of the code range below which 8 bits have too few steps: at code 5 a step is 20 % of the light."""
_FULL_SENSOR = 0.9
"""From here on the engine rebuilds highlights (`kernels.load_light`)."""

Settings = Mapping[str, SettingValue]


@dataclass(frozen=True)
class Small:
    """A small upright picture: `light` (rows, columns, 3) float32 in the linear working space, 1.0 = white of a
    developed photo; `sound` (rows, columns) where no channel is clipped or too dark to be told."""

    kind: str
    light: NDArray[np.float32]
    sound: NDArray[np.bool_]


def decode_small(path: Path, settings: Settings) -> Small:
    """The photo at `path` small, with the exposure and white balance of its settings. Raises a `PhotoError`."""
    found = identify(path)
    decoded = _raw(path, found, settings) if found.kind == "raw" else _jpeg(path, found)
    if decoded is None:
        decoded = pipeline.decode_for(path, {**settings, "BaseLook": "neutral", "LensProfileEnable": False})
        decoded = some_of(decoded)
    return small_of(decoded, settings)


def some_of(decoded: Decoded) -> Decoded:
    """A decoded photo with only some of its pixels."""
    step = max(1, min(decoded.height, decoded.width) // SEEN)  # one for both, so that the shape stays
    pixels: Pixels = decoded.pixels[::step, ::step].copy()
    return replace(decoded, pixels=pixels)


def small_of(decoded: Decoded, settings: Settings) -> Small:
    """A decoded photo of few pixels as light, with the exposure of its settings."""
    light = np.empty((3, decoded.height, decoded.width), np.float32)
    full = np.array(decoded.full, np.float32) if decoded.full else np.empty(0, np.float32)
    kernels.load_light(decoded.pixels, decoded.table, full, _matrix(decoded, settings), light)
    upright = pipeline.upright(np.moveaxis(light, 0, -1), decoded.orientation)
    sound = pipeline.upright(_sound(decoded), decoded.orientation)
    return Small(decoded.kind, np.ascontiguousarray(upright, np.float32), np.ascontiguousarray(sound, np.bool_))


def _matrix(decoded: Decoded, settings: Settings) -> NDArray[np.float32]:
    """Light of the file to the working space, with what the settings do to light before any curve."""
    raw = decoded.kind == "raw"
    shift = color.shift_light(number(settings, "IncrementalTemperature"), number(settings, "IncrementalTint"))
    exposure = number(settings, "Exposure2012") + (decoded.baseline_exposure if raw else 0.0)
    gain = 2.0**exposure * (tone.RAW_GAIN if raw else 1.0)
    return np.asarray(calibration.matrix(settings) @ shift @ decoded.matrix * gain, dtype=np.float32)


def _sound(decoded: Decoded) -> NDArray[np.bool_]:
    pixels = decoded.pixels
    most = 255 if pixels.dtype == np.uint8 else 65535
    if decoded.full is None or decoded.kind != "raw":
        low, high = _DARK_CODE * most, np.full(3, _FULL_CODE * most)
    else:  # a sensor's code values are linear: 0.02 of them would be a good grey
        low, high = 0.0005 * most, _FULL_SENSOR * np.array(decoded.full) / decoded.table[:, -1] * most
    return of_channels(np.logical_and, (pixels < high) & (pixels > low))


def of_channels(act: np.ufunc, picture: NDArray[Any]) -> NDArray[Any]:
    """What `act.reduce(picture, axis=2)` gives: over an axis of 3, numpy takes 20 times as long for it."""
    red, green, blue = np.moveaxis(picture, 2, 0)
    return np.asarray(act(act(red, green), blue))


# --- JPEG --------------------------------------------------------------------------------------------------


def _jpeg(path: Path, found: Sniffed) -> Decoded | None:
    """The picture at 1/8 to 1/1 of its size; None for one that is not of three channels with a plain profile."""
    from PIL import Image

    if found.kind != "jpeg":
        return None
    try:
        with Image.open(path, formats=("JPEG",)) as image:
            check_size(*image.size)
            profile = image.info.get("icc_profile") or b""
            if image.mode != "RGB":
                return None
            shaper = _shaper(image, profile)
            orientation = image.getexif().get(274, 1)
            image.draft("RGB", (SEEN, SEEN))
            pixels = np.asarray(image)
    except (OSError, SyntaxError, ValueError, TypeError):
        return None  # the whole decoder knows what to say about it
    if shaper is None:
        return None
    return Decoded(
        kind="developed",
        format=found.format,
        pixels=np.ascontiguousarray(pixels),
        table=shaper.table,
        matrix=shaper.matrix,
        orientation=orientation if orientation in range(1, 9) else 1,
    )


def _shaper(image: Any, profile: bytes) -> icc.Shaper | None:
    if icc.color_space(profile) == "RGB":
        return icc.read_shaper(profile)
    return icc.adobe_rgb() if decode_picture.says_adobe_rgb(image) else icc.srgb()


# --- RAW ---------------------------------------------------------------------------------------------------


def _raw(path: Path, found: Sniffed, settings: Settings) -> Decoded | None:
    """Some blocks of 2 x 2 sites, each a pixel; None for sensors that are not laid out so."""
    try:
        with rawpy.RawPy() as raw:
            raw.open_file(str(path))
            check_size(raw.sizes.width, raw.sizes.height)
            raw.unpack()
            return _blocks(raw, path, found, settings)
    except rawpy.LibRawError:
        return None


def _blocks(raw: Any, path: Path, found: Sniffed, settings: Settings) -> Decoded | None:
    want = Wanted(base_look="neutral", camera_profile=str(settings.get("CameraProfile", "")))
    facts = decode_raw.facts_of(raw, path, found, want)
    camera = facts.camera
    if camera is None or not (facts.plain_black and decode_raw.is_plain_bayer(raw)):
        return None
    decode_raw.check_filled(raw.raw_image_visible, int(raw.white_level))
    gains = pipeline.balance(camera, settings)
    top, left, height, width = own_crop(raw.sizes)
    mosaic = raw.raw_image_visible[top - top % 2 : top + height, left - left % 2 : left + width]
    step = 2 * max(1, min(mosaic.shape) // 2 // SEEN)
    planes: list[list[NDArray[np.float32]]] = [[], [], []]
    rows, columns = (side // 2 * 2 for side in mosaic.shape)
    for (row, column), site in np.ndenumerate(np.asarray(raw.raw_pattern)):
        plane = mosaic[row:rows:step, column:columns:step].astype(np.float32)
        black = float(raw.black_level_per_channel[site])
        planes[1 if site == 3 else int(site)].append((plane - black) / max(int(raw.white_level) - black, 1.0))
    shares = np.stack([np.mean(each, axis=0) for each in planes], axis=2) * (np.array(gains) / max(gains))
    red, green, blue = decode_raw.saturation(raw)
    ramp = np.arange(65536, dtype=np.float32) / 65535
    return Decoded(
        kind="raw",
        format=found.format,
        pixels=np.clip(shares * 65535 + 0.5, 0, 65535).astype(np.uint16),
        table=np.repeat((ramp * np.float32(max(gains)))[None], 3, axis=0),
        matrix=camera.to_working(gains),
        orientation=decode_raw.ORIENTATION.get(raw.sizes.flip, 1),
        bit_depth=16,
        full=(gains[0] * red, gains[1] * green, gains[2] * blue),
        camera=camera,
        baseline_exposure=facts.baseline_exposure,
    )
