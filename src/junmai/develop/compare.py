"""Two developed pictures in one, side by side, each with its name."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from junmai import errors
from junmai.develop.spaces import profile_of
from junmai.develop.version import SOFTWARE

GAP = 12
BAR_SHARE = 0.045
"""Height of the bar with the names, as a share of the pictures' height."""
_PAPER, _INK = (24, 24, 24), (235, 235, 235)


FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
"""What a sheet is written as, by the ending of its file."""
_WROTE_IT = 305
"""EXIF's tag Software, by which an import knows what Junmai made."""


def format_of(path: Path) -> str:
    """What a sheet is written as at that path. Raises `BadInput` where the ending names nothing that it can be."""
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise errors.BadInput(detail=f"{path} cannot be the sheet: its name must end in {', '.join(FORMATS)}.")
    return found


def side_by_side(pictures: Sequence[bytes], names: Sequence[str], form: str = "JPEG", *, quality: int = 92) -> bytes:
    """A JPEG or PNG (sRGB) with the pictures from left to right, their names below them.

    The pictures are files that Junmai itself developed. Those that are wider than high stand below each other.
    """
    opened = [Image.open(io.BytesIO(data)).convert("RGB") for data in pictures]
    stacked = opened[0].width > opened[0].height * 1.2
    bar = max(20, round(opened[0].height * BAR_SHARE))
    width, height = max(each.width for each in opened), max(each.height for each in opened) + bar
    count = len(opened)
    across, down = (1, count) if stacked else (count, 1)
    size = (across * width + (across - 1) * GAP, down * height + (down - 1) * GAP)
    sheet = Image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(bar * 0.6)
    for index, (picture, name) in enumerate(zip(opened, names, strict=True)):
        left = 0 if stacked else index * (width + GAP)
        top = index * (height + GAP) if stacked else 0
        sheet.paste(picture, (left, top))
        pen.text((left + bar * 0.3, top + height - bar * 0.5), name, fill=_INK, font=font, anchor="lm")
    stream = io.BytesIO()
    mark = Image.Exif()
    mark[_WROTE_IT] = SOFTWARE
    options = {"quality": quality, "subsampling": 0} if form == "JPEG" else {}
    sheet.save(stream, form, icc_profile=profile_of("srgb"), exif=mark, **options)
    return stream.getvalue()
