"""A small JPEG of a photo as it is, for looking at: the camera's own picture of a RAW, any other photo itself."""

from __future__ import annotations

import io
from pathlib import Path

import rawpy
from PIL import Image, ImageCms, ImageOps

from junmai import errors
from junmai.develop.decode import check_size, identify
from junmai.develop.pipeline import develop_photo
from junmai.domain.model import OutputOptions, Recipe

QUALITY = 82
LEAST_SHARE = 0.75
"""A camera's own picture that is smaller than this share of what is asked for is not used."""
_QUICK = {"JPEG", "PNG", "WEBP", "MPO", "TIFF", "AVIF"}
_TURNS = {3: 180, 5: 90, 6: 270}
"""LibRaw's flip, as degrees counter-clockwise for Pillow."""


def small_jpeg(path: Path, long_edge: int) -> bytes:
    """An upright sRGB JPEG whose longer side has at most `long_edge` pixels. Opened for reading only.

    Raises a `PhotoError`.
    """
    sniffed = identify(path)
    try:
        small = _from_raw(path, long_edge) if sniffed.kind == "raw" else _from_picture(path, long_edge)
    except (errors.PhotoError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - whatever a damaged file makes these libraries say, the engine says it better
        small = None
    if small is None:
        return develop_photo(path, Recipe(output=_output(long_edge))).data
    return small


def _output(long_edge: int) -> OutputOptions:
    return OutputOptions(quality=QUALITY, long_edge=long_edge, metadata="none")


def _from_raw(path: Path, long_edge: int) -> bytes | None:
    with rawpy.imread(str(path)) as raw:
        flip = raw.sizes.flip
        longest = max(raw.sizes.width, raw.sizes.height)
        try:
            found = raw.extract_thumb()
        except rawpy.LibRawError:
            return None
    if found.format != rawpy.ThumbFormat.JPEG:
        return None
    with Image.open(io.BytesIO(found.data), formats=("JPEG",)) as image:
        if max(image.size) < min(long_edge, longest) * LEAST_SHARE:
            return None
        said = image.getexif().get(274, 1)
        small = _shrunk(image, long_edge)
        turned = small if said != 1 or flip not in _TURNS else small.rotate(_TURNS[flip], expand=True)
        return _encoded(turned)


def _from_picture(path: Path, long_edge: int) -> bytes | None:
    with Image.open(path) as image:
        check_size(*image.size)
        if image.format not in _QUICK or image.mode.startswith(("I", "F")) or _is_deep(image):
            return None
        return _encoded(_shrunk(image, long_edge))


def _is_deep(image: Image.Image) -> bool:
    return image.format == "TIFF" and any(bits > 8 for bits in getattr(image, "tag_v2", {}).get(258, (8,)))


def _shrunk(image: Image.Image, long_edge: int) -> Image.Image:
    """Shrunk first, so that turning and colours cost little."""
    profile = image.info.get("icc_profile")
    image.draft("RGB", (long_edge, long_edge))
    small = image.copy()
    small.thumbnail((long_edge, long_edge), Image.Resampling.LANCZOS, reducing_gap=2.0)
    small = ImageOps.exif_transpose(small)
    if profile and small.mode in ("RGB", "L", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(small, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            converted = None
        if converted is not None:
            return converted
    return small.convert("RGB")


def _encoded(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY, optimize=False, exif=b"", icc_profile=b"")
    return stream.getvalue()
