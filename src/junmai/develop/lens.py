"""Lens correction through lensfun: distortion, vignetting, lateral colour.

lensfunpy carries lensfun and its database. Its functions are asked on a coarse grid once for each photo and
interpolated.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

_GRID_EDGE = 256
"""Long edge of the coarse grid. Linear interpolation on it misses a strong barrel (2.5 % at the corner of 5760
pixels) by 0.03 pixels at most."""

_LEAST_SCORE = 45
"""lensfun's likeness of names, 0..100. A right name without its maker has 52; "35mm" alone, which fits any, has 37."""

_NO_NAME = ("n/a", "unknown", "(0)", "----")

_NAMES = (
    *("Exif.Image.Make", "Exif.Image.Model", "Exif.Photo.LensMake", "Exif.Photo.LensModel", "Exif.Photo.FocalLength"),
    *("Exif.Photo.FNumber", "Exif.Photo.ApertureValue", "Exif.Photo.SubjectDistance"),
)


@dataclass(frozen=True)
class Lens:
    """The correction of one lens at one setting, for one picture as it is stored.

    `shifts` (rows, columns, 3, 2): how far x and y of the decoded picture lie from the place in the corrected one,
    in pixels, for red, green and blue. `gains` (rows, columns): what vignetting took, as a factor in linear light.
    Both over the whole picture of `width` x `height` pixels.
    """

    name: str
    width: int
    height: int
    shifts: NDArray[np.float32]
    gains: NDArray[np.float32]

    def places(self, x: Values, y: Values) -> Values:
        """(3, 2, ...): x and y in the decoded picture of red, green and blue at pixel centres (x, y) of the new one."""
        shift = self._between(self.shifts.reshape(*self.shifts.shape[:2], 6), x, y)
        moved = np.moveaxis(shift, -1, 0).reshape(3, 2, *np.shape(x))
        return np.asarray(moved + np.stack([x, y])[None], dtype=np.float64)

    def gain(self, x: Values, y: Values) -> Values:
        """The factor for linear light at places (x, y) of the decoded picture."""
        return np.asarray(self._between(self.gains[:, :, None], x, y)[..., 0], dtype=np.float64)

    def _between(self, grid: NDArray[np.float32], x: Values, y: Values) -> Values:
        rows, columns = grid.shape[:2]
        across = np.clip(np.asarray(x) * ((columns - 1) / max(self.width - 1, 1)), 0, columns - 1)
        down = np.clip(np.asarray(y) * ((rows - 1) / max(self.height - 1, 1)), 0, rows - 1)
        left, top = np.minimum(across.astype(int), columns - 2), np.minimum(down.astype(int), rows - 2)
        u, v = (across - left)[..., None], (down - top)[..., None]
        upper = grid[top, left] * (1 - u) + grid[top, left + 1] * u
        lower = grid[top + 1, left] * (1 - u) + grid[top + 1, left + 1] * u
        return np.asarray(upper * (1 - v) + lower * v, dtype=np.float64)


def find(path: Path, width: int, height: int) -> tuple[Lens | None, str]:
    """The correction for the photo at `path`, stored as `width` x `height`; or None and a sentence that says why."""
    try:
        import lensfunpy  # a Python or a system without a wheel goes without it
    except ImportError:
        return None, "The lens was not corrected: lensfunpy is not installed."
    said = exif(path)
    make, model = said.get("Exif.Image.Make", ""), said.get("Exif.Image.Model", "")
    lens_name = said.get("Exif.Photo.LensModel", "")
    if any(word in lens_name.casefold() for word in _NO_NAME):
        lens_name = ""
    maker = "" if model.casefold().startswith(make.split(" ")[0].casefold()) else f"{make} "
    focal, stop = _number(said, "Exif.Photo.FocalLength"), _aperture(said)
    if not model or focal <= 0:
        return None, "The lens was not corrected: the photo does not say its camera and focal length."
    database = _database()
    cameras = database.find_cameras(make, model)
    if not cameras:
        return None, f"The lens was not corrected: lensfun does not know the camera {maker}{model}."
    camera = cameras[0]
    lens = _best(database, camera, said.get("Exif.Photo.LensMake", ""), lens_name, focal)
    if lens is None:
        named = lens_name or "of this photo, which has no name,"
        return None, f"The lens was not corrected: lensfun does not know the lens {named} on the {maker}{model}."
    distance = _number(said, "Exif.Photo.SubjectDistance")
    grid = _grid(lensfunpy, lens, camera.crop_factor, (width, height), (focal, stop, distance))
    if grid is None:
        return None, f"The lens was not corrected: lensfun has no measurements of {lens.model} at {focal:g} mm."
    return Lens(lens.model, width, height, *grid), ""


def _best(database: Any, camera: Any, make: str, name: str, focal: float) -> Any | None:
    """The lens by its name; a camera with a fixed lens needs none."""
    if name:
        found = [each for each in database.find_lenses(camera, make or None, name) if each.score >= _LEAST_SCORE]
    else:
        found = [each for each in database.find_lenses(camera) if each.mounts and _is_fixed(each, camera)]
    fits = [each for each in found if each.min_focal * 0.9 <= focal <= max(each.max_focal, each.min_focal) * 1.1]
    return fits[0] if fits else None


def _is_fixed(lens: Any, camera: Any) -> bool:
    """lensfun names the mounts of fixed lenses in small letters; such a mount belongs to one camera only."""
    return bool(camera.mount) and camera.mount[0].islower() and camera.mount in lens.mounts


def _grid(
    lensfunpy: Any, lens: Any, crop: float, size: tuple[int, int], at: tuple[float, float, float]
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Shifts and gains on a coarse grid; None where lensfun has no measurements. lensfun works in shares of the
    picture, so that a small picture of the same form stands for the large one."""
    width, height = size
    scale = min(1.0, _GRID_EDGE / max(width, height))
    columns, rows = max(2, round((width - 1) * scale) + 1), max(2, round((height - 1) * scale) + 1)
    focal, stop, distance = at
    modifier = lensfunpy.Modifier(lens, crop, columns, rows)
    modifier.initialize(
        focal, stop, distance or 1000.0, scale=0.0, pixel_format=np.float32, flags=_flags(lensfunpy, stop)
    )
    places = modifier.apply_subpixel_geometry_distortion()
    gains = np.ones((rows, columns, 3), np.float32)
    brightened = modifier.apply_color_modification(gains)
    if places is None and not brightened:
        return None
    if places is None:
        return np.zeros((rows, columns, 3, 2), np.float32), np.ascontiguousarray(gains[:, :, 1])
    here = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).astype(np.float32)
    wide = np.array([(width - 1) / (columns - 1), (height - 1) / (rows - 1)], np.float32)
    return (places - here[:, :, None]) * wide, np.ascontiguousarray(gains[:, :, 1])


def _flags(lensfunpy: Any, stop: float) -> int:
    """Vignetting only where the aperture is known; the kind of projection (fisheye) stays as it is."""
    flags = lensfunpy.ModifyFlags
    chosen = int(flags.TCA | flags.DISTORTION | flags.SCALE)
    return chosen | int(flags.VIGNETTING) if stop > 0 else chosen


@functools.cache
def _database() -> Any:
    """lensfun's own database, read once (0.25 s).

    Those of the system and the user are left out: they differ from machine to machine, and no output's key would know.
    """
    import lensfunpy

    return lensfunpy.Database(load_common=False)


# --- what the photo says -----------------------------------------------------------------------------------


def exif(path: Path) -> dict[str, str]:
    """What the photo at `path` says about camera and lens, by exiv2's names; empty where it says nothing."""
    from junmai.develop import metadata  # exiv2 is slow to load and only workers need it

    tags = metadata.read(path).tags
    said = {name: tags[name][0].strip("\0 ") for name in _NAMES if tags.get(name)}
    if not said.get("Exif.Photo.LensModel") and tags.get("Easy.Lens"):
        said["Exif.Photo.LensModel"] = tags["Easy.Lens"][0].strip()
    return said


def _number(said: dict[str, str], name: str) -> float:
    """A rational as exiv2 writes it (`35/1`); 0 where it is absent or damaged."""
    above, _, below = said.get(name, "").split(" ")[0].partition("/")
    try:
        value = float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        return 0.0
    return value if 0 < value < 1e6 else 0.0


def _aperture(said: dict[str, str]) -> float:
    """f-number; ApertureValue is its APEX form, 2 log2 N (EXIF 2.32)."""
    stop = _number(said, "Exif.Photo.FNumber")
    return stop or (2 ** (apex / 2) if (apex := _number(said, "Exif.Photo.ApertureValue")) else 0.0)
