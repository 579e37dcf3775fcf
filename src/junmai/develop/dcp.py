"""DCP camera profiles (DNG specification 1.7, chapter 6): finding the user's files, and their look.

Matrices are used by `camera_profile`. The tables of hue, saturation and value and the tone curve make the base look.
The tables are wrapped into a function of display light: it goes back through the curve, is moved, and goes through it
again. So they come after exposure and the settings of tone, where the specification has the first before exposure.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from junmai.develop import color, look, tiff_tags, tone
from junmai.develop.camera_profile import TAGS, HueSatMap, Profile, ProfiledCamera, damaged_part, read_profile
from junmai.develop.color import Gains
from junmai.develop.curves import slopes
from junmai.develop.look import Base
from junmai.develop.profile_files import State, all_files, folder, state_of

Values = NDArray[np.float64]

_PROFILE_NAME = 50936

_PROPHOTO_TO_XYZ = color.rgb_to_xyz(((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001)), (0.3457, 0.3585))
_D50_TO_D65 = color.adapt(color.xy_to_xyz(0.3457, 0.3585), color.xy_to_xyz(*color.D65))
_PROPHOTO_TO_WORKING = color.XYZ_TO_WORKING @ _D50_TO_D65 @ _PROPHOTO_TO_XYZ
_WORKING_TO_PROPHOTO = np.linalg.inv(_PROPHOTO_TO_WORKING)


def find(name: str, camera: str) -> tuple[Profile | None, str]:
    """The profile of that name (or file name) for a camera (UniqueCameraModel), or None and why there is none."""
    others, unusable = set(), []
    for path in all_files():
        if not is_named(path, name):
            continue
        profile = read(path)
        if profile is None:
            unusable.append(path.name)
        elif profile.camera.casefold() == camera.casefold():
            return profile, ""
        else:
            others.add(profile.camera)
    if unusable:
        return None, f"The camera profile {', '.join(unusable)} is damaged; copy it again from where it came from."
    if others:
        return (
            None,
            f"The camera profile {name!r} is for {', '.join(sorted(others))}, not for {camera or 'this camera'}.",
        )
    return None, f"There is no camera profile {name!r} in {folder()}: put its .dcp file there."


def is_named(path: Path, name: str) -> bool:
    """Whether a DCP file is the profile of that name, for any camera: by the name in it or by that of the file."""
    return name.casefold() in (_name_in(path).casefold(), path.stem.casefold())


def read(path: Path) -> Profile | None:
    """The profile in a DCP file; None if it is none, is damaged or cannot be read."""
    try:
        return _read(path, state_of(path))
    except OSError:
        return None


@lru_cache(maxsize=8)
def _read(path: Path, _state: State) -> Profile | None:
    tags = _tags(path, TAGS)
    return None if damaged_part(tags) else read_profile(tags, path.stem)


def _name_in(path: Path) -> str:
    """What the profile calls itself; `""` where the file does not say."""
    try:
        return _read_name(path, state_of(path))
    except OSError:
        return ""


@lru_cache(maxsize=4096)  # Adobe's own collection has some thousand files; all their tables would not fit
def _read_name(path: Path, _state: State) -> str:
    return str(_tags(path, frozenset((_PROFILE_NAME,))).get(_PROFILE_NAME, ("",))[0])


def _tags(path: Path, wanted: frozenset[int]) -> tiff_tags.Tags:
    with path.open("rb") as stream:
        return next(tiff_tags.directories(stream, wanted), {})


# --- the look ----------------------------------------------------------------------------------------------


def base(profile: Profile, camera: ProfiledCamera, gains: Gains) -> Base:
    """The profile's curve and tables as a base look; the standard curve where it has no curve of its own.

    Two tables are mixed for the light under which `gains` turn grey to grey, as the matrices are.
    """
    curve = tone.base_curve if profile.tone is None else _tone_curve(profile.tone)
    kelvin, _tint = color.light_temperature(camera.white(gains))
    maps: list[tuple[Values, bool]] = []
    if profile.hue_sat:
        maps.append((profile.mixed(profile.hue_sat.tables, kelvin), profile.hue_sat.srgb_values))
    if profile.look:
        maps.append((profile.look.tables[0], profile.look.srgb_values))
    points = np.linspace(0, 1, 4097) ** 2 * tone.RAW_GAIN
    shown = np.maximum.accumulate(curve(points)) + np.arange(len(points)) * 1e-12

    def back(display: Values) -> Values:
        return np.asarray(np.interp(display, shown, points), dtype=np.float64)

    def colors(rgb: Values) -> Values:
        scene = look.apply_curve(np.clip(rgb, 0, 1), back) / tone.RAW_GAIN
        prophoto = np.clip(scene @ _WORKING_TO_PROPHOTO.T, 0, 1)
        for table, srgb_values in maps:
            prophoto = shifted(prophoto, table, srgb_values)
        return look.apply_curve(np.maximum(prophoto @ _PROPHOTO_TO_WORKING.T, 0) * tone.RAW_GAIN, curve)

    parts = [np.array([] if profile.tone is None else profile.tone), *(table for table, _ in maps)]
    flags = bytes(srgb_values for _table, srgb_values in maps)
    key = b"dcp" + flags + profile.name.encode() + b"".join(part.tobytes() for part in parts)
    return Base("camera", curve, tone.RAW_GAIN, colors if maps else None, key)


def _tone_curve(points: Values) -> look.Curve:
    """ProfileToneCurve: linear to linear, both 0..1 with 1 a full sensor."""
    x, first = np.unique(points[:, 0], return_index=True)
    y = np.clip(np.maximum.accumulate(points[first, 1]), 0, 1)
    slope = slopes(x, y)
    return lambda light: look.cubic(np.asarray(light, dtype=np.float64) / tone.RAW_GAIN, x, y, slope)


def shifted(rgb: Values, table: Values, srgb_values: bool) -> Values:
    """Linear ProPhoto (n, 3), 0..1, moved as a HueSatMap or LookTable says; trilinear, hue goes round."""
    top, low = rgb.max(axis=1), rgb.min(axis=1)
    spread = top - low
    safe = np.where(spread > 0, spread, 1)
    red, green, blue = rgb.T
    hue = np.where(top == red, (green - blue) / safe % 6, np.where(top == green, (blue - red) / safe + 2, 0))
    hue = np.where((top == blue) & (top != red) & (top != green), (red - green) / safe + 4, hue)
    saturation = np.where(top > 0, spread / np.where(top > 0, top, 1), 0)
    value = np.asarray(color.srgb_encode(top), dtype=np.float64) if srgb_values else top

    shift = _look_up(table, value, hue / 6, saturation)
    hue = (hue + shift[:, 0] / 60) % 6
    saturation = np.minimum(saturation * shift[:, 1], 1)
    value = np.clip(value * shift[:, 2], 0, 1)
    value = np.asarray(color.srgb_decode(value), dtype=np.float64) if srgb_values else value

    # HSV to RGB in one formula for each channel (n = 5, 3, 1 for red, green, blue).
    places = (np.array([5.0, 3.0, 1.0]) + hue[:, None]) % 6
    fall = np.clip(np.minimum(places, 4 - places), 0, 1)
    return np.asarray(value[:, None] * (1 - saturation[:, None] * fall), dtype=np.float64)


def _look_up(table: Values, value: Values, hue: Values, saturation: Values) -> Values:
    values, hues, saturations, _ = table.shape
    result = np.zeros((len(hue), 3))
    v, v_share = _place(np.clip(value, 0, 1) * (values - 1), values)
    s, s_share = _place(np.clip(saturation, 0, 1) * (saturations - 1), saturations)
    at = hue * hues
    h = at.astype(int)
    h_share = at - h
    for dv, wv in ((0, 1 - v_share), (1, v_share)):
        for dh, wh in ((0, 1 - h_share), (1, h_share)):
            for ds, ws in ((0, 1 - s_share), (1, s_share)):
                found = table[np.minimum(v + dv, values - 1), (h + dh) % hues, np.minimum(s + ds, saturations - 1)]
                result += (wv * wh * ws)[:, None] * found
    return result


def _place(at: Values, count: int) -> tuple[NDArray[np.int64], Values]:
    left = np.minimum(at.astype(np.int64), max(count - 2, 0))
    return left, np.asarray(at - left, dtype=np.float64)


__all__ = ["HueSatMap", "base", "find", "folder", "is_named", "read", "shifted"]
