"""What the settings mean for one photo: the tables and numbers that the kernels take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from junmai.develop import (
    calibration,
    color,
    curves,
    detail,
    effects,
    geometry,
    kernels,
    local,
    match_apply,
    palette,
    tone,
)
from junmai.develop.decode import Decoded
from junmai.develop.settings import number
from junmai.domain.matching import Solution
from junmai.domain.model import ColorSpace, SettingValue

Settings = Mapping[str, SettingValue]
Table = NDArray[np.float32]

WEIGHTS = color.WORKING_LUMINANCE.astype(np.float32)
_NONE = np.empty(0, np.float32)
_CHUNK = 64


@dataclass(frozen=True)
class LocalTone:
    """What `kernels.local_tone` takes."""

    light: local.LocalLight
    lift: Table
    clarity: Table


@dataclass(frozen=True)
class Plan:
    """What is done to a photo, in this order; what is None or empty is not done.

    `width` and `height` are those of the frame, as stored. `lens_light` (rows, columns) are gains for linear light
    every `geometry.SPACING` pixels of the frame.
    """

    width: int
    height: int
    matrix: Table
    full: Table
    lens_light: Table | None
    shoulder: match_apply.Shoulder | None
    local: LocalTone | None
    curve: Table
    curve_scale: np.float32
    channels: Table
    colors: Table
    detail: detail.Plan | None
    effects: effects.Plan | None


def plan(
    decoded: Decoded,
    settings: Settings,
    frame: geometry.Frame | None,
    space: ColorSpace = "srgb",
    solution: Solution | None = None,
) -> Plan | None:
    """The tables for the kernels; None if every pixel of this photo comes out as it is. `solution` is what matching
    found."""
    raw = decoded.kind == "raw"
    width, height = (frame.width, frame.height) if frame else (decoded.width, decoded.height)
    shift = color.shift_light(number(settings, "IncrementalTemperature"), number(settings, "IncrementalTint"))
    shift = calibration.matrix(settings) @ shift
    if solution is not None:
        shift = np.diag(solution.gains) @ shift
    exposure = number(settings, "Exposure2012")
    base = decoded.base
    colors = palette.table(settings, base.colors if base else None, base.key if base else b"")
    fine = detail.plan(settings)
    effect = effects.plan(settings, width, height, effects.seed_of(decoded.pixels))
    touched = exposure or colors.size or fine or effect or not np.array_equal(shift, np.eye(3))
    touched = touched or _wants_local(settings) or not curves.is_neutral(settings)
    if decoded.exact_srgb and space == "srgb" and not touched and decoded.lens is None:
        return None
    light = 2.0 ** (exposure + (decoded.baseline_exposure if raw else 0.0)) * (tone.RAW_GAIN if raw else 1.0)
    matrix = (shift @ decoded.matrix * light).astype(np.float32)
    full = np.array(decoded.full, np.float32) if decoded.full else _NONE
    curve, top = (base.curve, base.top) if base else (tone.base_curve, tone.RAW_GAIN) if raw else (_straight, 1.0)
    return Plan(
        width=width,
        height=height,
        matrix=matrix,
        full=full,
        shoulder=match_apply.shoulder(solution, top),
        lens_light=geometry.lens_light(decoded.lens, frame, width, height),
        local=_local_tone(decoded, settings, frame, matrix, full),
        curve=curves.light_table(settings, curve, top),
        curve_scale=np.float32(1 / top),
        channels=curves.channel_tables(settings),
        colors=colors,
        detail=fine,
        effects=effect,
    )


def _straight(light: NDArray[np.float64]) -> NDArray[np.float64]:
    return light


def _wants_local(settings: Settings) -> bool:
    return any(number(settings, name) for name in ("Highlights2012", "Shadows2012", "Clarity2012", "Dehaze"))


def _local_tone(
    decoded: Decoded, settings: Settings, frame: geometry.Frame | None, matrix: Table, full: Table
) -> LocalTone | None:
    """Local tone is measured on the whole photo: a crop doesn't change it."""
    if not _wants_local(settings):
        return None
    cell = local.cell_size(decoded.height, decoded.width)
    light = local.solve(small_copy(decoded, matrix, full, cell), WEIGHTS, cell, number(settings, "Dehaze"))
    lift = tone.lift(
        raw=decoded.kind == "raw",
        highlights=number(settings, "Highlights2012"),
        shadows=number(settings, "Shadows2012"),
    )
    return LocalTone(local.framed(light, frame), lift, tone.clarity(number(settings, "Clarity2012")))


def small_copy(decoded: Decoded, matrix: Table, full: Table, cell: int) -> NDArray[np.float32]:
    """Mean linear light of each cell x cell block, (rows, columns, 3), from about 3 x 3 of its pixels."""
    step = max(1, cell // 3)
    inner = cell // step
    seen = decoded.pixels[::step, ::step]
    rows, width = seen.shape[:2]
    found = np.empty((-(-rows // inner), -(-width // inner), 3), np.float32)
    chunk = _CHUNK // inner * inner or inner
    for top in range(0, rows, chunk):
        part = np.ascontiguousarray(seen[top : top + chunk])
        light = np.empty((3, part.shape[0], width), np.float32)
        kernels.load_light(part, decoded.table, full, matrix, light)
        kernels.measure_cells(light, inner, found[top // inner : -(-(top + part.shape[0]) // inner)])
    return found
