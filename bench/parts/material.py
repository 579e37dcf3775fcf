"""The photos of the bench: one 22-megapixel Bayer DNG, the same uncompressed, and a JPEG made from it."""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from junmai.demo.tiff import ASCII, RATIONAL, SHORT, Ifd, Value, tiff_bytes

EXIF_POINTER = 34665
_RAW_TAGS = frozenset(
    (
        *(254, 256, 257, 262, 271, 272, 274, 277, 278, 284, 306),  # TIFF 6.0: what it is, its size, make, model, time
        *(33421, 33422),  # TIFF/EP: the pattern of colours
        *(50706, 50707, 50708, 50713, 50714, 50717, 50718, 50719, 50720, 50829),  # DNG 1.6: levels and areas
        *(50721, 50722, 50728, 50730, 50778, 50779),  # DNG 1.6: matrices, neutral, exposure, lights
    )
)
_RATIONALS = (5, 10)
_FACTS: Mapping[int, tuple[int, Value]] = {
    33434: (RATIONAL, [Fraction(1, 160)]),  # ExposureTime
    33437: (RATIONAL, [5]),  # FNumber
    34855: (SHORT, [160]),  # ISOSpeedRatings
    36867: (ASCII, "2026:01:02 03:04:05"),  # DateTimeOriginal
    37386: (RATIONAL, [35]),  # FocalLength
    42036: (ASCII, "EF24-70mm f/2.8L USM"),  # LensModel: one that lensfun knows, so that its correction is measured too
}


@dataclass(frozen=True, slots=True)
class Material:
    """One folder for each kind of photo, each with the same number of equal photos."""

    compressed: Path
    uncompressed: Path
    jpeg: Path


def prepare(sample: Path, folder: Path, count: int) -> Material:
    """Lay out `count` copies of the sample DNG, of its uncompressed twin and of its JPEG below `folder`."""
    folder.mkdir(parents=True)
    plain, picture = folder / "plain.dng", folder / "picture.jpg"
    plain.write_bytes(uncompressed_dng(sample))
    picture.write_bytes(camera_jpeg(sample))
    made = Material(folder / "compressed", folder / "uncompressed", folder / "jpeg")
    for source, target in ((sample, made.compressed), (plain, made.uncompressed), (picture, made.jpeg)):
        target.mkdir()
        for number in range(count):
            shutil.copyfile(source, target / f"photo-{number:03}{source.suffix.casefold()}")
    return made


def uncompressed_dng(sample: Path) -> bytes:
    """The sample's sensor picture and what describes it, without compression: darktable refuses lossless JPEG of this
    layout."""
    import rawpy
    import tifffile

    with rawpy.imread(str(sample)) as raw:
        mosaic = np.array(raw.raw_image, dtype="<u2")
    with tifffile.TiffFile(sample) as file:
        tags = {int(tag.code): (int(tag.dtype), _value(tag)) for tag in file.pages[0].tags if tag.code in _RAW_TAGS}
    tags |= {258: (SHORT, [16]), 259: (SHORT, [1])}
    return tiff_bytes(Ifd(tags, {EXIF_POINTER: Ifd(dict(_FACTS))}, mosaic.tobytes()))


def _value(tag: Any) -> Value:
    value = tag.value
    if isinstance(value, (str, bytes)):
        return value
    numbers = [int(each) for each in (value if isinstance(value, tuple) else (value,))]
    if tag.dtype in _RATIONALS:
        return [Fraction(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
    return numbers


def camera_jpeg(sample: Path) -> bytes:
    """The sample as a camera would have written it: quality 95, 4:2:2, with EXIF. LibRaw develops it, not Junmai, which
    does not import its own outputs."""
    from PIL import Image

    camera = Ifd({271: (ASCII, "Canon"), 272: (ASCII, "Canon EOS 5D Mark III")}, {EXIF_POINTER: Ifd(dict(_FACTS))})
    exif = b"Exif\0\0" + tiff_bytes(camera)
    buffer = io.BytesIO()
    Image.fromarray(libraw_ppg(sample)).save(buffer, "JPEG", quality=95, subsampling="4:2:2", exif=exif)
    return buffer.getvalue()


def libraw_ppg(path: Path) -> Any:
    """(height, width, 3) uint8 sRGB by LibRaw alone: decode, white balance of the camera, PPG."""
    import rawpy

    with rawpy.imread(str(path)) as raw:
        return raw.postprocess(
            demosaic_algorithm=rawpy.DemosaicAlgorithm.PPG,
            use_camera_wb=True,
            no_auto_bright=True,
            adjust_maximum_thr=0.0,
            output_color=rawpy.ColorSpace.sRGB,
            output_bps=8,
        )
