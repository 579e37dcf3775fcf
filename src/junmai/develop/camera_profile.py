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

_PARTS = {
    50721: "ColorMatrix1",
    50722: "ColorMatrix2",
    50938: "ProfileHueSatMapData1",
    50939: "ProfileHueSatMapData2",
    50940: "ProfileToneCurve",
    50964: "ForwardMatrix1",
    50965: "ForwardMatrix2",
    50982: "ProfileLookTableData",
    51109: "BaselineExposureOffset",
}


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
    kelvins = _kelvins(tags)
    forward = [_matrix(tags, 50964), _matrix(tags, 50965)]
    dims = _whole_numbers(tags, 50937)
    maps = [_hue_sat(dims, _numbers(tags, 50938)), _hue_sat(dims, _numbers(tags, 50939))]
    order = [each for each in (0, 1) if matrices[each] is not None]
    if len(order) == 2 and kelvins[0] == kelvins[1]:
        order = order[:1]
    order.sort(key=lambda each: kelvins[each])
    if not order:
        return None
    look = _hue_sat(_whole_numbers(tags, 50981), _numbers(tags, 50982))
    return Profile(
        name=str(tags.get(50936, (name,))[0]),
        camera=str(tags.get(50708, ("",))[0]),
        kelvins=tuple(kelvins[each] for each in order),
        to_camera=_all(matrices, order),
        forward=_all(forward, order),
        hue_sat=HueSatMap(found, _first(tags, 51107) == 1) if (found := _all(maps, order)) else None,
        look=HueSatMap((look,), _first(tags, 51108) == 1) if look is not None else None,
        tone=_tone(tags),
        signature=str(tags.get(50932, ("",))[0]),
        exposure_offset=_exposure_offset(tags) or 0.0,
    )


def damaged_part(tags: Tags) -> str:
    """The first part of a profile that is there and makes no sense; `""` where all of it does."""
    dims, look_dims = _whole_numbers(tags, 50937), _whole_numbers(tags, 50981)
    makes_sense = {
        50721: _matrix(tags, 50721) is not None,
        50722: _matrix(tags, 50722) is not None,
        50938: _hue_sat(dims, _numbers(tags, 50938)) is not None,
        50939: _hue_sat(dims, _numbers(tags, 50939)) is not None,
        50940: _tone(tags) is not None,
        50964: _matrix(tags, 50964) is not None,
        50965: _matrix(tags, 50965) is not None,
        50982: _hue_sat(look_dims, _numbers(tags, 50982)) is not None,
        51109: _exposure_offset(tags) is not None,
    }
    return next((_PARTS[tag] for tag, sound in makes_sense.items() if tag in tags and not sound), "")


def dng_camera(directories: Iterable[Tags], as_shot: Gains | None, profile: Profile | None = None) -> Camera | None:
    """The camera that a DNG describes, with another profile where one is given; None where it has no matrix.

    `as_shot` are LibRaw's gains, for files that say theirs in no other way.
    """
    tags = next(iter(directories), {})
    own = read_profile(tags, "Embedded")
    profile = profile or own
    if profile is None:
        return None
    balance = _numbers(tags, 50727)
    balance = balance if balance.shape == (3,) and balance.min() > 0 else np.ones(3)
    measured = [_matrix(tags, 50723), _matrix(tags, 50724)]
    first, second = _kelvins(tags)
    if first > second:
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


def _kelvins(tags: Tags) -> tuple[float, float]:
    """The temperatures of the two calibration illuminants; that of D50 where one is none of EXIF's."""
    return float(_KELVIN.get(_first(tags, 50778), 5003)), float(_KELVIN.get(_first(tags, 50779), 5003))


def _numbers(tags: Tags, tag: int) -> Values:
    """The values of a tag; none where it is absent, is text or holds what is not finite."""
    given = tags.get(tag, ())
    if not all(isinstance(each, int | float) for each in given):
        return np.empty(0)
    values = np.asarray(given, dtype=np.float64)
    return values if np.isfinite(values).all() else np.empty(0)


def _whole_numbers(tags: Tags, tag: int) -> tuple[int, ...]:
    given = tags.get(tag, ())
    return tuple(given) if all(isinstance(each, int) for each in given) else ()


def _tone(tags: Tags) -> Values | None:
    """ProfileToneCurve as points (n, 2), x and y in 0..1, neither ever falling; None where it is not that."""
    points = _numbers(tags, 50940)
    if points.size < 4 or points.size % 2 or points.min() < 0 or points.max() > 1:
        return None
    points = points.reshape(-1, 2)
    rising = (np.diff(points, axis=0) >= 0).all() and (points[-1] > points[0]).all()
    return points if rising else None


def _exposure_offset(tags: Tags) -> float | None:
    """BaselineExposureOffset in EV; None where it is not one number of 5 EV at most, as for a DNG's own."""
    given = _numbers(tags, 51109)
    return float(given[0]) if given.size == 1 and abs(given[0]) <= 5 else None


def _first(tags: Tags, tag: int) -> int:
    value = tags.get(tag, (0,))[0]
    return int(value) if isinstance(value, int | float) else 0


def _all(found: list[Values | None], order: list[int]) -> tuple[Values, ...]:
    """What belongs to the lights in `order`; nothing unless all of it is there."""
    kept = [each for place in order if (each := found[place]) is not None]
    return tuple(kept) if len(kept) == len(order) else ()


def _matrix(tags: Tags, tag: int) -> Matrix | None:
    values = _numbers(tags, tag)
    if values.shape != (9,):
        return None
    matrix = values.reshape(3, 3)
    return matrix if abs(np.linalg.det(matrix)) > 1e-6 else None


def _hue_sat(dims: tuple[int, ...], table: Values) -> Values | None:
    if len(dims) < 2:
        return None
    hues, saturations, values = dims[0], dims[1], dims[2] if len(dims) > 2 else 1
    if min(hues, saturations, values) < 1 or saturations < 2 or table.size != hues * saturations * values * 3:
        return None
    return table.reshape(values, hues, saturations, 3)
