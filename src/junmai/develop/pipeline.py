"""One photo from file to finished bytes, step by step.

decode (white balance before demosaicing) -> camera matrix, exposure -> local tone -> curve, contrast -> saturation,
black and white -> output space -> orientation -> resize -> encode -> metadata. Everything between decoding and
resizing is one pass over strips of rows (`kernels`), so that no full-size picture in float ever exists.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from junmai import errors
from junmai.develop import color, encode, local, tone
from junmai.develop.color import Camera, Gains
from junmai.develop.decode import Decoded, decode
from junmai.develop.settings import NAMED_WHITE_BALANCE
from junmai.develop.version import ENGINE_VERSION
from junmai.domain.model import Recipe, SettingValue

__all__ = ["ENGINE_VERSION", "Developed", "balance", "develop_photo", "render"]

_STRIP = 128

Settings = Mapping[str, SettingValue]


@dataclass(frozen=True)
class Developed:
    """A finished photo: the bytes of its file, its size in pixels, and the seconds that each step took."""

    data: bytes
    width: int
    height: int
    seconds: dict[str, float]


def develop_photo(source: Path, recipe: Recipe) -> Developed:
    """Develop the photo at `source` (opened for reading only) as the recipe says.

    Raises:
        PhotoError: something is wrong with this photo; see `junmai.develop.decode.decode`.
    """
    seconds: dict[str, float] = {}
    clock = _StopWatch(seconds)
    try:
        decoded = decode(source, lambda camera: balance(camera, recipe.settings))
        clock.lap("decode")
        picture = render(decoded, recipe.settings)
        del decoded
        clock.lap("develop")
        picture = encode.resize(picture, recipe.output.long_edge)
        clock.lap("resize")
        height, width = picture.shape[:2]
        data = encode.encode(picture, recipe.output)
        del picture
        clock.lap("encode")
        data = encode.add_metadata(source, data, policy=recipe.output.metadata, width=width, height=height)
        clock.lap("metadata")
    except MemoryError as error:
        raise errors.OutOfMemory(detail=str(error) or "while developing") from error
    return Developed(data=data, width=width, height=height, seconds=seconds)


def balance(camera: Camera, settings: Settings) -> Gains:
    """The gains that the settings ask of a RAW photo.

    A temperature without tint (or the other way round) takes the missing half from the photo. Between as-shot and
    asked, `WhiteBalanceAmount` goes in a straight line of log gains.
    """
    choice = settings.get("WhiteBalance", "Custom")
    named = NAMED_WHITE_BALANCE.get(str(choice))
    if choice == "As Shot" or (named is None and not {"Temperature", "Tint"} & settings.keys()):
        return camera.as_shot
    if named is None:
        shot_kelvin, shot_tint = camera.as_shot_temperature()
        named = (number(settings, "Temperature", shot_kelvin), number(settings, "Tint", shot_tint))
    asked = camera.gains_for(*named)
    amount = number(settings, "WhiteBalanceAmount", 100.0) / 100
    red, green, blue = (
        shot ** (1 - amount) * wanted**amount for shot, wanted in zip(camera.as_shot, asked, strict=True)
    )
    return (red, green, blue)


def render(decoded: Decoded, settings: Settings, *, strip: int = _STRIP) -> NDArray[np.uint8]:
    """Develop decoded light into an upright (height, width, 3) sRGB picture.

    `strip` is the number of rows in hand at a time; it never changes the result.
    """
    plan = _plan(decoded, settings)
    if plan is None:
        return np.ascontiguousarray(upright(decoded.pixels, decoded.orientation), dtype=np.uint8)
    from junmai.develop import kernels

    height, width = decoded.height, decoded.width
    turned = decoded.orientation >= 5
    picture = np.empty((width, height, 3) if turned else (height, width, 3), np.uint8)
    out = lying(picture, decoded.orientation)
    grid, cell = _local_light(decoded, plan, strip)
    for top in range(0, height, strip):
        kernels.develop_rows(
            decoded.pixels,
            out,
            top,
            min(top + strip, height),
            decoded.table,
            plan.full,
            plan.matrix,
            grid,
            cell,
            plan.gains,
            plan.curve,
            plan.curve_scale,
            plan.look,
            _WEIGHTS,
            _TO_OUTPUT,
            _ENCODE,
        )
    return picture


# --- what the settings mean for this photo -----------------------------------------------------------------

_WEIGHTS = color.WORKING_LUMINANCE.astype(np.float32)
_TO_OUTPUT = color.WORKING_TO_SRGB.astype(np.float32)
_ENCODE = tone.encode_table()
_NONE = np.empty(0, np.float32)


@dataclass(frozen=True)
class _Plan:
    matrix: NDArray[np.float32]
    full: NDArray[np.float32]
    gains: NDArray[np.float32]
    curve: NDArray[np.float32]
    curve_scale: np.float32
    look: NDArray[np.float32]


def _plan(decoded: Decoded, settings: Settings) -> _Plan | None:
    """The tables for the kernels; None if this photo would come out as it is."""
    raw = decoded.kind == "raw"
    gains = tone.local_gains(
        raw=raw, highlights=number(settings, "Highlights2012"), shadows=number(settings, "Shadows2012")
    )
    shift = color.shift_light(number(settings, "IncrementalTemperature"), number(settings, "IncrementalTint"))
    exposure = number(settings, "Exposure2012")
    tones = {name: number(settings, f"{name.title()}2012") for name in ("contrast", "whites", "blacks")}
    grey = number(settings, "GrayscaleAmount", 100.0) / 100 if settings.get("ConvertToGrayscale") is True else 0.0
    look = [number(settings, "Saturation") / 100, number(settings, "Vibrance") / 100, grey]
    touched = gains is not None or exposure or any(tones.values()) or any(look) or not np.array_equal(shift, np.eye(3))
    if decoded.exact_srgb and not touched:
        return None
    light = 2.0 ** (exposure + (decoded.baseline_exposure if raw else 0.0)) * (tone.RAW_GAIN if raw else 1.0)
    curve, top = tone.curve(raw=raw, **tones)
    return _Plan(
        matrix=(shift @ decoded.matrix * light).astype(np.float32),
        full=np.array(decoded.full, np.float32) if decoded.full else _NONE,
        gains=_NONE if gains is None else gains,
        curve=curve,
        curve_scale=np.float32(1 / top),
        look=np.array(look, np.float32),
    )


def _local_light(decoded: Decoded, plan: _Plan, strip: int) -> tuple[NDArray[np.float32], int]:
    """The grid of local tone and the pixels in one of its cells; empty where it is not asked."""
    if not plan.gains.size:
        return np.empty((0, 0, 2), np.float32), 1
    from junmai.develop import kernels

    cell = local.cell_size(decoded.height, decoded.width)
    light = np.empty((-(-decoded.height // cell), -(-decoded.width // cell)), np.float32)
    step = max(1, strip // cell)
    for top in range(0, light.shape[0], step):
        kernels.measure_light(
            decoded.pixels,
            decoded.table,
            plan.full,
            plan.matrix,
            _WEIGHTS,
            cell,
            top,
            min(top + step, light.shape[0]),
            light,
        )
    return local.solve(light), cell


def number(settings: Settings, name: str, default: float = 0.0) -> float:
    value = settings.get(name, default)
    return float(value) if isinstance(value, float | int) and not isinstance(value, bool) else default


# --- orientation -------------------------------------------------------------------------------------------


def upright(picture: NDArray[np.generic], orientation: int) -> NDArray[np.generic]:
    """View of a picture as stored, turned as its EXIF orientation (1..8) says (EXIF 2.32, tag 274)."""
    if orientation >= 5:
        picture = picture.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    return picture


def lying(picture: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """View of an upright picture as its file would store it: the inverse of `upright`."""
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    return picture.swapaxes(0, 1) if orientation >= 5 else picture


class _StopWatch:
    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds
        self._since = time.perf_counter()

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self._seconds[step] = now - self._since
        self._since = now
