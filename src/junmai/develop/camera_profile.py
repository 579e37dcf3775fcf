"""Colour profiles of cameras as DNG files and DCP files hold them (DNG specification 1.7, chapter 6).

A profile has matrices for one or two kinds of light; between them they are mixed by the temperature of the light of
the photo. From a white balance follows the temperature, from that the matrix, and the matrix says which white it is:
solved by repetition, as the specification says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from junmai.develop import color
from junmai.develop.color import Camera, Gains, Matrix
from junmai.develop.tiff_tags import Tags

Values = NDArray[np.float64]

TAGS = frozenset(
    (
        *(50708, 50713, 50721, 50722, 50723, 50724, 50727, 50728, 50729, 50730, 50778, 50779),
        *(50931, 50932, 50936, 50937, 50938, 50939, 50940, 50964, 50965, 50981, 50982, 51107, 51108, 51109),
    )
)

_KELVIN = {
    1: 5500,
    2: 4200,
    3: 2856,
    4: 5500,
    9: 5500,
    10: 6500,
    11: 7500,
    12: 6400,
    13: 5050,
    14: 4150,
    15: 3525,
    16: 2925,
    17: 2856,
    18: 4874,
    19: 6774,
    20: 5503,
    21: 6504,
    22: 7504,
    23: 5003,
    24: 3200,
}
"""EXIF 2.32 LightSource, as the calibration illuminants of DNG are numbered."""


@dataclass(frozen=True)
class HueSatMap:
    """Shifts by hue, saturation and value: `table` (values, hues, saturations, 3) holds degrees, factor, factor.

    Two tables are mixed by temperature like the matrices. `srgb_values` says that value is divided as sRGB encodes.
    """

    tables: tuple[Values, ...]
    srgb_values: bool = False


@dataclass(frozen=True)
class Profile:
    """A camera's colour profile. `kelvins` and the tuples of matrices go together, one or two of each, coolest light
    (lowest temperature) first; `forward` and `hue_sat` may be empty."""

    name: str
    camera: str
    kelvins: tuple[float, ...]
    to_camera: tuple[Matrix, ...]
    forward: tuple[Matrix, ...] = ()
    hue_sat: HueSatMap | None = None
    look: HueSatMap | None = None
    tone: Values | None = None
    signature: str = ""
    exposure_offset: float = 0.0

    def share(self, kelvin: float) -> float:
        """How much of the second light's matrices holds at a temperature, 0..1: straight in 1 / temperature."""
        if len(self.kelvins) < 2:
            return 0.0
        low, high = self.kelvins
        kelvin = min(max(kelvin, low), high)
        return (1 / low - 1 / kelvin) / (1 / low - 1 / high)

    def mixed(self, matrices: tuple[Values, ...], kelvin: float) -> Values:
        """Matrices or tables for a temperature."""
        if len(matrices) < 2:
            return matrices[0]
        share = self.share(kelvin)
        return np.asarray((1 - share) * matrices[0] + share * matrices[1], dtype=np.float64)


@dataclass(frozen=True)
class ProfiledCamera(Camera):
    """A camera with a profile. `calibration` (3, 3) is this very camera's difference from its model: AnalogBalance
    times CameraCalibration."""

    profile: Profile = field(kw_only=True)
    calibration: tuple[Matrix, ...] = field(kw_only=True)

    def _to_camera(self, kelvin: float) -> Matrix:
        return self._calibrated(kelvin) @ self.profile.mixed(self.profile.to_camera, kelvin)

    def _calibrated(self, kelvin: float) -> Matrix:
        return self.profile.mixed(self.calibration, kelvin)

    def white(self, gains: Gains) -> Matrix:
        """XYZ (Y = 1) of the light under which these gains turn grey to grey."""
        seen = 1 / np.array(gains)
        xyz = color.D50_XYZ
        for _ in range(30):
            kelvin, _tint = color.light_temperature(xyz)
            found = np.linalg.solve(self._to_camera(kelvin), seen)
            if not np.isfinite(found).all() or found.min() <= 0:
                return xyz
            found = found / found[1]
            if np.abs(found - xyz).max() < 1e-8:
                break
            xyz = np.asarray(found, dtype=np.float64)
        return xyz

    def to_working(self, gains: Gains) -> Matrix:
        """Balanced camera values to the working space; grey (1, 1, 1) stays grey."""
        white = self.white(gains)
        kelvin, _tint = color.light_temperature(white)
        seen = 1 / np.array(gains)
        d65 = color.xy_to_xyz(*color.D65)
        if self.profile.forward:
            reference = np.linalg.inv(self._calibrated(kelvin))
            forward = self.profile.mixed(self.profile.forward, kelvin)
            to_d50 = forward @ np.diag(1 / (reference @ seen)) @ reference @ np.diag(seen)
            to_d50 = to_d50 * (color.D50_XYZ / to_d50.sum(axis=1))[:, None]
            return np.asarray(color.XYZ_TO_WORKING @ color.adapt(color.D50_XYZ, d65) @ to_d50, dtype=np.float64)
        to_xyz = np.linalg.inv(self._to_camera(kelvin)) @ np.diag(seen)
        to_d65 = color.adapt(white, d65) @ to_xyz
        to_d65 = to_d65 * (d65 / to_d65.sum(axis=1))[:, None]  # exact grey, where the repetition stopped early too
        return np.asarray(color.XYZ_TO_WORKING @ to_d65, dtype=np.float64)

    def gains_for(self, kelvin: float, tint: float) -> Gains:
        """Gains under light of a temperature and tint."""
        seen = np.maximum(self._to_camera(kelvin) @ color.light_xyz(kelvin, tint), 1e-4)
        return (float(seen[1] / seen[0]), 1.0, float(seen[1] / seen[2]))

    def as_shot_temperature(self) -> tuple[float, float]:
        """Kelvin and tint of the as-shot gains."""
        return color.light_temperature(self.white(self.as_shot))


# --- reading -----------------------------------------------------------------------------------------------


def read_profile(tags: Tags, name: str = "") -> Profile | None:
    """A profile from the tags of a directory; None where there is no usable matrix."""
    matrices = [_matrix(tags, 50721), _matrix(tags, 50722)]
    kelvins = [_kelvin(tags, tag) or 5003.0 for tag in (50778, 50779)]
    forward = [_matrix(tags, 50964), _matrix(tags, 50965)]
    dims = tags.get(50937, ())
    maps = [_hue_sat(dims, tags.get(50938)), _hue_sat(dims, tags.get(50939))]
    order = [each for each in (0, 1) if matrices[each] is not None]
    if len(order) == 2 and kelvins[0] == kelvins[1]:
        order = order[:1]
    order.sort(key=lambda each: kelvins[each])
    if not order:
        return None
    curve = np.asarray(tags.get(50940, ()), dtype=np.float64)
    look = _hue_sat(tags.get(50981, ()), tags.get(50982))
    return Profile(
        name=str(tags.get(50936, (name,))[0]),
        camera=str(tags.get(50708, ("",))[0]),
        kelvins=tuple(kelvins[each] for each in order),
        to_camera=_all(matrices, order),
        forward=_all(forward, order),
        hue_sat=HueSatMap(found, _first(tags, 51107) == 1) if (found := _all(maps, order)) else None,
        look=HueSatMap((look,), _first(tags, 51108) == 1) if look is not None else None,
        tone=curve.reshape(-1, 2) if curve.size >= 4 and curve.size % 2 == 0 else None,
        signature=str(tags.get(50932, ("",))[0]),
        exposure_offset=float(tags.get(51109, (0.0,))[0]),
    )


def dng_camera(directories: Iterable[Tags], as_shot: Gains | None, profile: Profile | None = None) -> Camera | None:
    """The camera that a DNG describes, with another profile where one is given; None where it has no matrix.

    `as_shot` are LibRaw's gains, for files that say theirs in no other way.
    """
    tags = next(iter(directories), {})
    own = read_profile(tags, "Embedded")
    profile = profile or own
    if profile is None:
        return None
    balance = np.asarray(tags.get(50727, (1.0, 1.0, 1.0)), dtype=np.float64)
    balance = balance if balance.shape == (3,) and balance.min() > 0 else np.ones(3)
    measured = [_matrix(tags, 50723), _matrix(tags, 50724)]
    if _kelvin(tags, 50778) > _kelvin(tags, 50779) > 0:
        measured.reverse()  # coolest light first, as in the profile
    if profile.signature != str(tags.get(50931, ("",))[0]):
        measured = [None, None]  # a calibration is for profiles of the same signature
    calibration = tuple(
        np.diag(balance) @ (np.eye(3) if each is None else each) for each in measured[: len(profile.kelvins)]
    )
    gains = _neutral(tags) or as_shot
    camera = ProfiledCamera((1.0, 1.0, 1.0), profile.to_camera[-1], profile=profile, calibration=calibration)
    if gains is None and len(tags.get(50729, ())) == 2:
        x, y = (float(each) for each in tags[50729])
        gains = camera.gains_for(*color.light_temperature(color.xy_to_xyz(x, y))) if y > 0 else None
    shot = gains or camera.gains_for(5003, 0)
    return ProfiledCamera(shot, profile.to_camera[-1], profile=profile, calibration=calibration)


def _neutral(tags: Tags) -> Gains | None:
    given = tags.get(50728, ())
    if len(given) != 3 or not all(math.isfinite(each) and each > 0 for each in given):
        return None
    red, green, blue = (float(each) for each in given)
    return (green / red, 1.0, green / blue)


def _kelvin(tags: Tags, tag: int) -> float:
    """The temperature of a calibration illuminant; 0 where there is none or it is not one of EXIF's."""
    return float(_KELVIN.get(_first(tags, tag), 0))


def _first(tags: Tags, tag: int) -> int:
    value = tags.get(tag, (0,))[0]
    return int(value) if isinstance(value, int | float) else 0


def _all(found: list[Values | None], order: list[int]) -> tuple[Values, ...]:
    """What belongs to the lights in `order`; nothing unless all of it is there."""
    kept = [each for place in order if (each := found[place]) is not None]
    return tuple(kept) if len(kept) == len(order) else ()


def _matrix(tags: Tags, tag: int) -> Matrix | None:
    values = np.asarray(tags.get(tag, ()), dtype=np.float64)
    if values.shape != (9,) or not np.isfinite(values).all():
        return None
    matrix = values.reshape(3, 3)
    return matrix if abs(np.linalg.det(matrix)) > 1e-6 else None


def _hue_sat(dims: tuple[int, ...], data: tuple[float, ...] | None) -> Values | None:
    if data is None or len(dims) < 2:
        return None
    hues, saturations, values = dims[0], dims[1], dims[2] if len(dims) > 2 else 1
    table = np.asarray(data, dtype=np.float64)
    if min(hues, saturations, values) < 1 or saturations < 2 or table.size != hues * saturations * values * 3:
        return None
    return table.reshape(values, hues, saturations, 3) if np.isfinite(table).all() else None
