"""How large the picture of a RAW is: for whoever decodes it, and for whoever only asks."""

from __future__ import annotations

from typing import Any

MARGIN = 0.03
"""A crop of more than this share of a side is the photographer's choice of aspect, which the settings may make anew."""


def own_crop(sizes: Any) -> tuple[int, int, int, int]:
    """(top, left, height, width) of what the camera shows of the decoded pixels in its own pictures (DNG: DefaultCrop).

    `sizes` are those of `rawpy`, as the sensor lies. All of it where the camera says nothing, or crops to an aspect.
    """
    height, width = int(sizes.height), int(sizes.width)
    top, left = sizes.crop_top_margin - sizes.top_margin, sizes.crop_left_margin - sizes.left_margin
    bottom, right = height - top - sizes.crop_height, width - left - sizes.crop_width
    fits = 0 < sizes.crop_width <= width and all(0 <= margin <= MARGIN * height for margin in (top, bottom))
    if not fits or not all(0 <= margin <= MARGIN * width for margin in (left, right)):
        return 0, 0, height, width
    return top, left, int(sizes.crop_height), int(sizes.crop_width)
