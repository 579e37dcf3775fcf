"""A solution of matching as Lightroom's settings: exposure, temperature and tint, so that a sidecar says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import rawpy

from junmai.develop import decode_raw, pipeline
from junmai.develop.color import Camera
from junmai.develop.decode import Wanted, identify
from junmai.develop.fields import FIELDS, NumberField
from junmai.domain.matching import Solution
from junmai.domain.model import SettingValue

Settings = Mapping[str, SettingValue]


def with_match(source: Path, settings: Settings, solution: Solution) -> tuple[dict[str, SettingValue], tuple[str, ...]]:
    """The settings of the RAW photo at `source` with its solution in them, and sentences about what they cannot say.

    The light that becomes grey is another one: that of the white balance which a pick on it would give.
    """
    said = dict(settings)
    exposure = float(str(settings.get("Exposure2012", 0.0))) + solution.exposure
    said["Exposure2012"] = _within("Exposure2012", round(exposure, 2))
    remarks = [] if said["Exposure2012"] == round(exposure, 2) else [f"An exposure of {exposure:+.2f} EV is cut off"]
    if solution.red == solution.green == solution.blue:
        return said, tuple(remarks)
    camera = _camera(source, settings)
    if camera is None or camera.xyz_to_camera is None:
        remarks.append("The match's white balance is not in the sidecar: the colours of this camera are not known")
        return said, tuple(remarks)
    kelvin, tint = balance_of(camera, settings, solution)
    said["WhiteBalance"] = "Custom"
    said["Temperature"], said["Tint"] = _within("Temperature", round(kelvin)), _within("Tint", round(tint))
    said.pop("WhiteBalanceAmount", None)
    return said, tuple(remarks)


def balance_of(camera: Camera, settings: Settings, solution: Solution) -> tuple[float, float]:
    """Kelvin and tint under which the light that the solution makes grey is grey."""
    gains = np.array(pipeline.balance(camera, settings))
    becomes_grey = 1 / np.array([solution.red, solution.green, solution.blue])
    seen = np.linalg.solve(camera.to_working((gains[0], gains[1], gains[2])), becomes_grey)
    picked = gains / np.maximum(seen, 1e-4)
    picked /= picked[1]
    shot = replace(camera, as_shot=(float(picked[0]), 1.0, float(picked[2])))
    return shot.as_shot_temperature()


def _within(name: str, value: float) -> float:
    field = FIELDS[name]
    return min(max(value, field.low), field.high) if isinstance(field, NumberField) else value


def _camera(source: Path, settings: Settings) -> Camera | None:
    found = identify(source)
    if found.kind != "raw":
        return None
    want = Wanted(base_look="neutral", camera_profile=str(settings.get("CameraProfile", "")))
    try:
        with rawpy.RawPy() as raw:
            raw.open_file(str(source))
            return decode_raw.facts_of(raw, source, found, want).camera
    except rawpy.LibRawError:
        return None  # developing it says what is wrong with it
