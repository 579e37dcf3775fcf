"""A finished picture to the bytes of a file. No date, path or name of a machine goes in."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from junmai.develop.icc import srgb_profile
from junmai.domain.model import MetadataPolicy, OutputOptions

FULL_COLOR_QUALITY = 90
"""From here on colour is kept at full resolution (4:4:4). Below, 4:2:0 saves a third of the bytes and the loss hides
among the other losses; above, it would be the largest one (red edges)."""


def resize(picture: NDArray[np.uint8], long_edge: int | None) -> NDArray[np.uint8]:
    """Shrink (height, width, 3) so that its longer side is `long_edge` pixels; never enlarges."""
    from PIL import Image

    height, width = picture.shape[:2]
    if long_edge is None or max(height, width) <= long_edge:
        return picture
    scale = long_edge / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Lanczos after a whole-number box: the same to the eye as Lanczos alone, in a third of the time.
    small = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(small)


def encode(picture: NDArray[np.uint8], output: OutputOptions) -> bytes:
    """JPEG bytes of (height, width, 3) sRGB, with the profile embedded."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(
        buffer,
        "JPEG",
        quality=output.quality,
        subsampling="4:4:4" if output.quality >= FULL_COLOR_QUALITY else "4:2:0",
        icc_profile=srgb_profile(),
    )
    return buffer.getvalue()


def add_metadata(source: Path, encoded: bytes, *, policy: MetadataPolicy, width: int, height: int) -> bytes:
    """Carry the source's metadata over, as the policy allows."""
    from junmai.develop import metadata  # exiv2 is slow to load and only workers need it

    return metadata.transfer(source, encoded, policy=policy, width=width, height=height)
