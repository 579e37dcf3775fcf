"""A finished picture to the bytes of a file. No date, path or name of a machine goes in.

What `quality` (1..100) means:

- jpeg: libjpeg's scale. From 90 on colour is kept at full resolution (4:4:4), below at half (4:2:0).
- webp: the encoder's own scale, always with colour at half resolution (the format has no other); 100 is lossless.
- avif: libavif's scale, 8 bits. From 90 on colour is kept at full resolution, up to 32 megapixels.
- tiff: nothing. 16 bits a channel, compressed without loss.

On five photos, WebP and AVIF of 90 were as near in lightness as a JPEG of 92 or nearer, at 0.6 and 0.8 of its bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from junmai import errors
from junmai.develop.spaces import profile_of
from junmai.domain.model import LONGEST_SIDE, OutputOptions

if TYPE_CHECKING:
    from junmai.develop.metadata_write import Told

Picture = NDArray[np.uint8] | NDArray[np.uint16]

FULL_COLOR_QUALITY = 90
"""From here on colour is kept at full resolution (4:4:4). Below, 4:2:0 saves a third of the bytes and the loss hides
among the other losses; above, it would be the largest one (red edges)."""
LOSSLESS_QUALITY = 100
AVIF_FULL_COLOR_PIXELS = 32_000_000
"""Above, an AVIF has colour at half resolution: libaom takes 36 bytes a pixel with all of it, 24 with half, and a
worker is to stay below 2 GB."""
STRIP_ROWS = 32
"""Rows of a strip of a TIFF: 1.1 MB of 22 megapixels, which a reader can decode without holding the picture twice."""


def depth_of(output: OutputOptions) -> int:
    """Bits a channel that the format takes: 8, or 16 for TIFF."""
    return 16 if output.format == "tiff" else 8


def resize(picture: Picture, long_edge: int | None) -> Picture:
    """Shrink (height, width, 3) so that its longer side is `long_edge` pixels; never enlarges."""
    from PIL import Image

    height, width = picture.shape[:2]
    if long_edge is None or max(height, width) <= long_edge:
        return picture
    scale = long_edge / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Lanczos after a whole-number box: the same to the eye as Lanczos alone, in a third of the time.
    how: dict[str, Any] = {"resample": Image.Resampling.LANCZOS, "reducing_gap": 3.0}
    if picture.dtype == np.uint8:
        return np.asarray(Image.fromarray(picture).resize(size, **how))
    small = np.empty((size[1], size[0], 3), np.uint16)
    for channel in range(3):  # Pillow knows no 16-bit colour
        one = Image.fromarray(picture[:, :, channel].astype(np.float32)).resize(size, **how)
        small[:, :, channel] = np.clip(np.rint(np.asarray(one)), 0, 65535)
    return small


def told_of(source: Path, output: OutputOptions, *, width: int, height: int) -> Told:
    """The metadata that the output of `width` x `height` pixels of the photo at `source` gets."""
    from junmai.develop import metadata_write  # exiv2 is slow to load and only workers need it

    return metadata_write.collect(source, output, width=width, height=height)


def encode(picture: Picture, output: OutputOptions, told: Told | None = None) -> bytes:
    """The file of (height, width, 3), 16 bits for TIFF and 8 for the others, with its profile.

    WebP and AVIF have their metadata in it; the others get it by `with_metadata`. Raises `OutputTooLarge`.
    """
    height, width = picture.shape[:2]
    longest = LONGEST_SIDE[output.format]
    if max(width, height) > longest:
        raise errors.OutputTooLarge(width=width, height=height, format=output.format, longest=longest)
    if output.format == "tiff":
        return _tiff(picture, output, told)
    from PIL import Image

    quality = _OPTIONS[output.format](output.quality, width * height)
    options: dict[str, Any] = {"icc_profile": profile_of(output.color_space), **quality}
    if told is not None and output.format != "jpeg":
        from junmai.develop import metadata_write

        packets = metadata_write.packets(told)
        options |= {"exif": packets.exif, "xmp": packets.xmp}
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, output.format.upper(), **options)
    return buffer.getvalue()


def with_metadata(encoded: bytes, output: OutputOptions, told: Told) -> bytes:
    """The file with its metadata, where `encode` could not put it in."""
    if output.format not in ("jpeg", "tiff"):
        return encoded
    from junmai.develop import metadata_write

    return metadata_write.written(encoded, told)


# --- the formats -------------------------------------------------------------------------------------------


def _sampling(quality: int) -> str:
    return "4:4:4" if quality >= FULL_COLOR_QUALITY else "4:2:0"


def _jpeg(quality: int, _: int) -> dict[str, Any]:
    return {"quality": quality, "subsampling": _sampling(quality)}


def _webp(quality: int, _: int) -> dict[str, Any]:
    # Method 2 takes half the time of 4, the encoder's own choice; 0.1 dB at the same bytes on four photos.
    return {"quality": quality, "lossless": quality == LOSSLESS_QUALITY, "method": 2}


def _avif(quality: int, pixels: int) -> dict[str, Any]:
    sampling = _sampling(quality) if pixels <= AVIF_FULL_COLOR_PIXELS else "4:2:0"
    # One thread a worker. Speed 9 takes 2.6 s for 22 megapixels where 6 takes 15.7 s, for 12 % more bytes; 8 takes
    # 3.7 s and saves none.
    return {"quality": quality, "subsampling": sampling, "speed": 9, "max_threads": 1, "codec": "aom"}


_OPTIONS = {"jpeg": _jpeg, "webp": _webp, "avif": _avif}


def _tiff(picture: Picture, output: OutputOptions, told: Told | None) -> bytes:
    import tifffile

    # exiv2 takes the resolution for a part of the picture and leaves what is there, so it is written with the pixels.
    across, down, unit = told.kept.resolution() if told is not None else ((72, 1), (72, 1), 2)
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        _strips(picture),
        byteorder="<",
        shape=picture.shape,
        dtype=picture.dtype,
        photometric="rgb",
        compression="adobe_deflate",
        predictor=True,
        rowsperstrip=STRIP_ROWS,
        iccprofile=profile_of(output.color_space),
        resolution=(across, down),
        resolutionunit=unit,
        metadata=None,
        software=False,
    )
    return buffer.getvalue()


def _strips(picture: Picture) -> Iterator[bytes]:
    """Compressed strips of rows, of differences from pixel to pixel (TIFF 6.0, section 14)."""
    for top in range(0, picture.shape[0], STRIP_ROWS):
        rows = picture[top : top + STRIP_ROWS]
        steps = rows.astype("<u2")
        steps[:, 1:] -= rows[:, :-1]
        yield _deflated(steps.tobytes())


def _deflated(data: bytes) -> bytes:
    """By ISA-L: 0.2 s for 22 megapixels where zlib takes 2.8 s for 2 % more bytes. Where there is none, by zlib."""
    try:
        from isal import isal_zlib
    except ImportError:
        import zlib

        return zlib.compress(data, 1)
    return isal_zlib.compress(data, 1)
