"""The photos that the pages of the documentation speak of."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image

BEGIN = datetime(2026, 5, 17, 16, 0, 0)  # noqa: DTZ001 - a camera's clock has no zone
_MAKE, _MODEL, _RATING, _EXIF, _TAKEN = 0x010F, 0x0110, 0x4746, 0x8769, 0x9003
TIMES = (0, 1, 2, 26, 27, 28)
"""Hours after the first photo: two shoots, of one day and the next."""


def make_photos(folder: Path) -> list[Path]:
    """Six small JPEGs, each different, in two shoots of one camera, rated 0 to 5 stars."""
    folder.mkdir(parents=True)
    made = []
    for number, hours in enumerate(TIMES, 1):
        exif = Image.Exif()
        exif[_MAKE], exif[_MODEL], exif[_RATING] = "Canon", "EOS R6", number - 1
        exif.get_ifd(_EXIF)[_TAKEN] = (BEGIN + timedelta(hours=hours)).strftime("%Y:%m:%d %H:%M:%S")
        grain = np.random.default_rng(number).integers(0, 60, (80, 120, 3))
        picture = (grain + np.linspace(0, 190, 120).astype(np.int64)[None, :, None]).astype(np.uint8)
        made.append(folder / f"IMG_{number:04}.jpg")
        Image.fromarray(picture).save(made[-1], "JPEG", quality=90, exif=exif)
    return made
