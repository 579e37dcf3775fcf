"""RAW files, through LibRaw.

Output is the camera's own linear values with white balance applied before demosaicing (the interpolation compares
channels, so it wants grey to be grey). LibRaw's own conversion to a colour space would clip what leaves the space;
the matrix is applied in float by the kernels instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rawpy
from numpy.typing import NDArray

from junmai import errors
from junmai.develop import color, dcp, look, preview, tiff_tags, tone
from junmai.develop.camera_profile import TAGS, Profile, ProfiledCamera, dng_camera
from junmai.develop.color import Camera, Gains
from junmai.develop.decode import Balance, Decoded, Wanted, check_size
from junmai.develop.fields import STANDARD_PROFILES
from junmai.develop.raw_size import own_crop
from junmai.develop.sniff import Sniffed
from junmai.develop.tiff_tags import Tags

RESAVE = "Re-save it as DNG with Adobe DNG Converter (free), or as TIFF with the camera maker's program, and try again."

FROM_DNG = "Open it in the program that made it, save it as a TIFF of 16 bits a channel, and try again."

# LibRaw's flip to EXIF orientation.
ORIENTATION = {0: 1, 3: 3, 5: 8, 6: 6}


def decode(path: Path, found: Sniffed, balance: Balance, want: Wanted) -> Decoded:
    """Decode the RAW file at `path`; see `junmai.develop.decode.decode`."""
    try:
        with rawpy.RawPy() as raw:
            raw.open_file(str(path))
            check_size(raw.sizes.width, raw.sizes.height)
            raw.unpack()
            return _develop(raw, path, found, balance, want)
    except rawpy.LibRawError as error:
        raise _photo_error(error, path, found) from error


def _develop(raw: Any, path: Path, found: Sniffed, balance: Balance, want: Wanted) -> Decoded:
    if raw.raw_type == rawpy.RawType.Flat:
        check_filled(raw.raw_image_visible, int(raw.white_level))
    facts = facts_of(raw, path, found, want)
    camera = facts.camera
    gains = balance(camera) if camera else None
    orientation = ORIENTATION.get(raw.sizes.flip, 1)  # read first: turning it off below makes LibRaw forget it
    shown = (
        preview.read(raw, most=int(raw.sizes.raw_width) * int(raw.sizes.raw_height))
        if want.base_look == "camera" and facts.profile is None
        else None
    )
    pixels = cropped(raw, _demosaic(raw, gains, plain=facts.plain_black))
    if camera is None or gains is None:  # one or four colours: LibRaw made linear sRGB of it
        full, matrix = (1.0, 1.0, 1.0), color.SRGB_TO_WORKING
    else:
        red, green, blue = saturation(raw)
        full, matrix = (gains[0] * red, gains[1] * green, gains[2] * blue), camera.to_working(gains)
    ramp = np.arange(65536, dtype=np.float32) / 65535
    return Decoded(
        kind="raw",
        format=found.format,
        pixels=pixels,
        table=np.repeat((ramp * np.float32(max(gains or full)))[None], 3, axis=0),
        matrix=matrix,
        orientation=orientation,
        bit_depth=16,
        full=full,
        camera=camera,
        baseline_exposure=facts.baseline_exposure,
        base=_base(want, facts, shown, pixels, gains or full),
        remarks=facts.remarks,
    )


def _base(
    want: Wanted, facts: _Facts, shown: preview.Light | None, pixels: NDArray[np.uint16], gains: Gains
) -> look.Base:
    """The base look; `camera` compares preview and sensor under the light that the camera believed in."""
    camera = facts.camera
    if want.base_look == "neutral":
        return look.neutral()
    if want.base_look == "camera" and facts.profile and isinstance(camera, ProfiledCamera):
        return dcp.base(facts.profile, camera, gains)
    if shown is None:
        return look.standard()
    brightness = tone.RAW_GAIN * 2.0**facts.baseline_exposure
    balanced = np.array(camera.as_shot if camera else gains) / gains * (max(gains) / 65535 * brightness)
    to_working = (camera.to_working(camera.as_shot) if camera else color.SRGB_TO_WORKING) * balanced
    seen = preview.align(preview.shrink(pixels) @ to_working.T.astype(np.float32), shown)
    if seen is None:
        return look.standard()
    scene, small = (each.astype(np.float64) for each in seen)
    return look.matched(scene, small, brightness) or look.standard()


@dataclass(frozen=True)
class _Facts:
    """What the file says about its camera. `plain_black` says that black repeats over 2 x 2 sites at most."""

    camera: Camera | None
    profile: Profile | None = None
    baseline_exposure: float = 0.0
    plain_black: bool = True
    remarks: tuple[str, ...] = ()


def facts_of(raw: Any, path: Path, found: Sniffed, want: Wanted) -> _Facts:
    if raw.num_colors != 3:
        return _Facts(None, baseline_exposure=found.baseline_exposure)
    directories: list[Tags] = []
    if found.format == "DNG":
        with path.open("rb") as stream:
            directories = list(tiff_tags.directories(stream, TAGS))
    profile, remark = None, ""
    if want.camera_profile:
        model = str((directories[0] if directories else {}).get(50708, ("",))[0]) or _model(path)
        profile, remark = dcp.find(want.camera_profile, model)
    camera = dng_camera(directories, _as_shot(raw), profile) or _camera(raw)
    used = camera.profile if isinstance(camera, ProfiledCamera) else None
    return _Facts(
        camera=camera,
        profile=profile,
        baseline_exposure=found.baseline_exposure + (used.exposure_offset if used else 0.0),
        plain_black=all(max(tags.get(50713, (1,))) <= 2 for tags in directories),
        remarks=(remark,) if remark and want.camera_profile not in STANDARD_PROFILES else (),
    )


def _model(path: Path) -> str:
    """Make and model as profiles name them (`Canon EOS 5D Mark III`): the model alone where it has the make in it."""
    from junmai.develop.lens import exif

    said = exif(path)
    make, model = said.get("Exif.Image.Make", ""), said.get("Exif.Image.Model", "")
    word = make.split(" ")[0]
    return model if model.casefold().startswith(word.casefold()) else f"{word} {model}".strip()


# --- pixels ------------------------------------------------------------------------------------------------


def _demosaic(raw: Any, gains: Gains | None, *, plain: bool) -> NDArray[np.uint16]:
    """(height, width, 3) uint16. 65535 is the fullest channel's clipping point, so nothing is cut at white."""
    if gains is not None and plain and is_plain_bayer(raw):
        from junmai.develop import demosaic

        black, white = raw.black_level_per_channel, int(raw.white_level)
        shares = [65535 * gain / max(gains) for gain in (*gains, gains[1])]
        scale = [share / max(white - level, 1) for share, level in zip(shares, black, strict=True)]
        return demosaic.bayer(raw.raw_image_visible, raw.raw_pattern, tuple(black), tuple(scale))
    return by_libraw(raw, gains)


def is_plain_bayer(raw: Any) -> bool:
    """Whether the sensor is a rectangle of 2 x 2 red, green and blue sites, which `demosaic` develops.

    Not so Fuji's sensors turned by 45 degrees (LibRaw makes them one row less than columns) and pixels that are not
    square, which LibRaw stretches.
    """
    if raw.raw_type != rawpy.RawType.Flat or raw.color_desc != b"RGBG" or raw.raw_pattern is None:
        return False
    pattern = np.asarray(raw.raw_pattern)
    height, width = raw.raw_image_visible.shape
    return (
        pattern.shape == (2, 2)
        and sorted(1 if site == 3 else int(site) for site in pattern.ravel()) == [0, 1, 1, 2]
        and (pattern[0, 0] in (0, 2)) == (pattern[1, 1] in (0, 2))
        and height % 2 == 0 == width % 2
        and min(height, width) >= 16
        and height != width - 1
        and raw.sizes.pixel_aspect == 1
    )


def by_libraw(raw: Any, gains: Gains | None) -> NDArray[np.uint16]:
    """(height, width, 3) as `_demosaic`, by LibRaw's PPG; linear sRGB where there are no `gains`."""
    own_colors = gains is not None
    balance = {"user_wb": [gains[0], gains[1], gains[2], gains[1]]} if gains else {"use_camera_wb": True}
    pixels = raw.postprocess(
        demosaic_algorithm=rawpy.DemosaicAlgorithm.PPG,
        output_color=rawpy.ColorSpace.raw if own_colors else rawpy.ColorSpace.sRGB,
        highlight_mode=rawpy.HighlightMode.Ignore if own_colors else rawpy.HighlightMode.Clip,
        gamma=(1, 1),
        output_bps=16,
        no_auto_bright=True,  # these two make exposure depend on content, by up to 0.36 EV
        adjust_maximum_thr=0,
        user_flip=0,
        **balance,
    )
    if pixels.min() == pixels.max():
        raise errors.BlankPhoto(detail=f"every pixel is {int(pixels.min())}")
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        pixels = np.repeat(pixels.reshape(*pixels.shape[:2], 1), 3, axis=2)
    return np.ascontiguousarray(pixels[:, :, :3], dtype=np.uint16)


def cropped(raw: Any, pixels: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """The part of all decoded pixels that `own_crop` says; all where they are not as many as the RAW says."""
    if pixels.shape[:2] != (raw.sizes.height, raw.sizes.width):
        return pixels
    top, left, height, width = own_crop(raw.sizes)
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def saturation(raw: Any) -> tuple[float, float, float]:
    """Where red, green and blue really saturate, as shares of the white level.

    Some sensors stop below the level that LibRaw knows for their kind; taken for unclipped, such highlights turn
    magenta. Saturation shows as many sites at the very largest value and few just below it.
    """
    shares = [1.0, 1.0, 1.0]
    if raw.raw_type != rawpy.RawType.Flat or np.shape(raw.raw_pattern) != (2, 2):
        return (1.0, 1.0, 1.0)
    for (row, column), site in np.ndenumerate(np.asarray(raw.raw_pattern)):
        black = int(raw.black_level_per_channel[site])
        span = max(int(raw.white_level) - black, 1)
        plane = raw.raw_image_visible[row::4, column::4]
        top = int(plane.max())
        at_top = int(np.count_nonzero(plane > top - 0.003 * span))
        below = int(np.count_nonzero(plane > top - 0.015 * span)) - at_top
        if top - black >= 0.75 * span and at_top > max(3 * below, 20, plane.size / 20_000):
            channel = 1 if site == 3 else int(site)
            shares[channel] = min(shares[channel], (top - black) / span)
    return (shares[0], shares[1], shares[2])


# --- what the file says about its camera -------------------------------------------------------------------


def says_white_balance(path: Path) -> bool:
    """Whether the RAW file at `path` has the camera's white balance, so that it need not be guessed."""
    with rawpy.RawPy() as raw:
        raw.open_file(str(path))
        return min(float(each) for each in raw.camera_whitebalance[:3]) > 0


def _camera(raw: Any) -> Camera:
    return Camera(as_shot=_as_shot(raw), xyz_to_camera=_xyz_to_camera(raw))


def _as_shot(raw: Any) -> Gains:
    """The camera's gains; guessed from the picture where the file has none (LibRaw gives -1 or 0)."""
    red, green, blue = (float(each) for each in raw.camera_whitebalance[:3])
    if min(red, green, blue) > 0:
        return (red / green, 1.0, blue / green)
    red, green, blue = (float(each) for each in raw.daylight_whitebalance[:3])
    daylight = (red / green, 1.0, blue / green) if min(red, green, blue) > 0 else (1.0, 1.0, 1.0)
    return _guess(raw, daylight) if raw.raw_type == rawpy.RawType.Flat else daylight


def _guess(raw: Any, daylight: Gains) -> Gains:
    """Gains for a file without white balance: six tenths of the way (in log) from daylight to grey world.

    All the way would take the warmth out of candle light, which cameras leave in; the Canon D30 sample then comes
    out like the JPEG that the camera made.
    """
    mosaic, pattern = raw.raw_image_visible, np.asarray(raw.raw_pattern)
    rows, columns = pattern.shape
    height, width = mosaic.shape[0] // rows * rows, mosaic.shape[1] // columns * columns
    planes = {(y, x): mosaic[y:height:rows, x:width:columns] for y in range(rows) for x in range(columns)}
    unclipped = np.logical_and.reduce([plane < 0.85 * raw.white_level for plane in planes.values()])
    if not unclipped.any():
        return daylight
    black = raw.black_level_per_channel
    means: list[list[float]] = [[], [], [], []]
    for place, plane in planes.items():
        channel = int(pattern[place])
        means[channel].append(float(plane[unclipped].mean()) - black[channel])
    red, green, blue = np.mean(means[0]), np.mean(means[1] + means[3]), np.mean(means[2])
    if min(red, green, blue) <= 1:
        return daylight
    share = 0.6
    return (
        float((green / red) ** share * daylight[0] ** (1 - share)),
        1.0,
        float((green / blue) ** share * daylight[2] ** (1 - share)),
    )


def _xyz_to_camera(raw: Any) -> color.Matrix | None:
    """From LibRaw's table of cameras, or from the matrix that the file itself carries."""
    table = np.asarray(raw.rgb_xyz_matrix, dtype=np.float64)[:3, :3]
    if abs(np.linalg.det(table)) > 1e-6:
        return table
    to_srgb = np.asarray(raw.color_matrix, dtype=np.float64)[:3, :3]
    if abs(np.linalg.det(to_srgb)) < 1e-6:
        return None
    # LibRaw keeps a file's own matrix only as sRGB from balanced camera values; the daylight gains are what it
    # divided the rows by.
    daylight = np.asarray(raw.daylight_whitebalance, dtype=np.float64)[:3]
    daylight = daylight if daylight.min() > 0 else np.ones(3)
    return np.asarray(np.linalg.inv(to_srgb) / daylight[:, None] @ np.linalg.inv(color.SRGB_TO_XYZ))


# --- what is wrong with a file -----------------------------------------------------------------------------


def check_filled(mosaic: NDArray[np.uint16], white: int) -> None:
    """Refuse a sensor picture (height, width) whose end was never written.

    Some decoders fill what a cut-off file lacks with one value and report nothing. Two rows of a real sensor are
    never the same, not even behind a lens cap: noise sees to that. So rows at the bottom that repeat the row two
    above (the same colours) are missing data, unless they are full white, which a burnt-out sky is. Only the right
    eighth is compared, since a cut-off tile leaves the left tiles whole.
    """
    height, width = mosaic.shape
    if mosaic.min() == mosaic.max():
        raise errors.BlankPhoto(detail=f"every pixel is {int(mosaic[0, 0])}")
    strip = mosaic[:, width - max(width // 8, 2) :]
    frozen = 0
    for row in range(height - 1, 1, -1):
        if strip[row].min() > 0.9 * white or not np.array_equal(strip[row], strip[row - 2]):
            break
        frozen += 1
    if frozen >= max(16, height // 100):
        raise errors.TruncatedPhoto(detail=f"the lowest {frozen + 2} of {height} rows are missing")


def _photo_error(error: Exception, path: Path, found: Sniffed) -> errors.PhotoError:
    text = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
    resave = FROM_DNG if found.format == "DNG" and path.suffix.casefold() == ".dng" else RESAVE
    if isinstance(error, rawpy.LibRawIOError):
        with path.open("rb") as stream:  # a file or disk that is gone raises its own error here
            stream.seek(-1, 2)
            stream.read(1)
        return errors.TruncatedPhoto(detail="LibRaw reached its end while reading the picture")
    if isinstance(error, rawpy.LibRawFileUnsupportedError) and found.cut_off:
        return errors.TruncatedPhoto(detail="the part that says what is in it is missing")
    if isinstance(error, rawpy.LibRawFileUnsupportedError):
        return errors.UnsupportedPhoto(detail=f"LibRaw does not know this {path.suffix} file", help=resave)
    if isinstance(error, rawpy.LibRawTooBigError):
        return errors.PhotoTooLarge(detail="LibRaw refuses its size")
    if isinstance(error, rawpy.LibRawUnsufficientMemoryError):
        return errors.OutOfMemory(detail="while decoding the RAW file")
    if isinstance(error, rawpy.LibRawNotImplementedError):
        return errors.UnsupportedPhoto(detail=f"LibRaw cannot read this compression of {found.format}", help=resave)
    return errors.BrokenPhoto(detail=f"LibRaw says: {text}")
