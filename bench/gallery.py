"""Every develop setting on one real photo, at the low end, the middle and the high end of its range: one contact sheet.

    python bench/gallery.py [--photo FILE] [--raw FILE] [--out gallery.jpg] [--only NAME ...]

Settings that only shape another one are shown with that one at work; settings of detail are shown at 1:1. Without
`--photo` it takes a photo of JUNMAI_SAMPLES, or makes one (`junmai.demo`). `--only` names settings or beginnings of
their names. Look at it: each row should look like what its name says in Lightroom.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from junmai.demo.shoot import make_sample_shoot
from junmai.develop.color import Camera, Gains
from junmai.develop.decode import Decoded, decode, wanted
from junmai.develop.fields import FIELDS, ChoiceField, CurveField, NumberField, SettingField, SwitchField
from junmai.develop.pipeline import balance, render
from junmai.develop.settings import parse
from junmai.domain.model import SettingValue

CELL = 300, 200
GROUPS = 3
"""Settings beside each other."""
_LABEL = 16

Given = dict[str, object]

WITH: dict[str, Given] = {
    **{f"Crop{edge}": {"HasCrop": True} for edge in ("Top", "Left", "Bottom", "Right", "Angle")},
    "ParametricShadowSplit": {"ParametricShadows": 100, "ParametricDarks": -100},
    "ParametricMidtoneSplit": {"ParametricDarks": 100, "ParametricLights": -100},
    "ParametricHighlightSplit": {"ParametricLights": 100, "ParametricHighlights": -100},
    "GrayMixer": {"ConvertToGrayscale": True},
    "GrayscaleAmount": {"ConvertToGrayscale": True},
    "WhiteBalanceAmount": {"Temperature": 3000},
    "SplitToningShadowHue": {"SplitToningShadowSaturation": 60},
    "SplitToningShadowSaturation": {"SplitToningShadowHue": 220},
    "SplitToningHighlightHue": {"SplitToningHighlightSaturation": 60},
    "SplitToningHighlightSaturation": {"SplitToningHighlightHue": 45},
    "SplitToningBalance": {
        "SplitToningShadowHue": 220,
        "SplitToningShadowSaturation": 70,
        "SplitToningHighlightHue": 45,
        "SplitToningHighlightSaturation": 70,
    },
    "ColorGradeBlending": {
        "SplitToningShadowHue": 220,
        "SplitToningShadowSaturation": 70,
        "SplitToningHighlightHue": 45,
        "SplitToningHighlightSaturation": 70,
    },
    "ColorGradeMidtoneHue": {"ColorGradeMidtoneSat": 60},
    "ColorGradeMidtoneSat": {"ColorGradeMidtoneHue": 120},
    "ColorGradeGlobalHue": {"ColorGradeGlobalSat": 60},
    "ColorGradeGlobalSat": {"ColorGradeGlobalHue": 30},
    "Sharpen": {"Sharpness": 100},
    "LuminanceNoiseReduction": {"LuminanceSmoothing": 60},
    "ColorNoiseReductionDetail": {"ColorNoiseReduction": 60},
    "ColorNoiseReductionSmoothness": {"ColorNoiseReduction": 60},
    "PostCropVignetteAmount": {},
    "PostCropVignette": {"PostCropVignetteAmount": -80},
    "GrainAmount": {},
    "Grain": {"GrainAmount": 60},
}
"""What must be at work beside a setting to see it; the longest beginning of its name counts."""

CURVES: dict[str, list[list[int]]] = {
    "pulled down": [[0, 0], [128, 70], [255, 255]],
    "straight": [[0, 0], [255, 255]],
    "lifted": [[0, 0], [64, 110], [190, 225], [255, 255]],
}
CLOSE = ("Sharp", "LuminanceSmoothing", "LuminanceNoise", "ColorNoise", "Texture", "Grain")
"""Shown at 1:1."""
COLORFUL = ("HueAdj", "SaturationAdj", "LuminanceAdj", "GrayMixer", "Vibrance", "Saturation")
"""Shown with a strip of all hues below, since no photo has all of them."""
LENS = {
    0x010F: "Canon",
    0x0110: "Canon EOS 20D",
    0x8769: {0x920A: 18.0, 0x829D: 3.5, 0xA433: "Canon", 0xA434: "Canon EF-S 18-55mm f/3.5-5.6"},
}
"""EXIF of a lens that bends straight lines outward (a barrel of 3 % at 18 mm), for `LensProfileEnable`."""
RAW_ONLY = ("Temperature", "Tint", "WhiteBalance", "WhiteBalanceAmount", "BaseLook", "CameraProfile")


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        photo = options.photo or _some_photo(Path(folder))
        names = [name for name in FIELDS if not options.only or name.startswith(tuple(options.only))]
        rows = [row for name in names if (row := _row(name, photo, options.raw, Path(folder))) is not None]
    sheet = _sheet(rows)
    sheet.save(options.out, quality=90)
    print(f"{len(rows)} settings on {photo.name}: {options.out}")


def _options() -> argparse.Namespace:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--photo", type=Path)
    asked.add_argument("--raw", type=Path, default=_sample("raw", "*.dng"))
    asked.add_argument("--out", type=Path, default=Path("gallery.jpg"))
    asked.add_argument("--only", nargs="*")
    return asked.parse_args()


def _sample(kind: str, pattern: str) -> Path | None:
    folder = Path(os.environ.get("JUNMAI_SAMPLES", Path(__file__).parents[2] / "shared" / "samples")) / kind
    found = sorted(folder.glob(pattern), key=lambda path: path.stat().st_size) if folder.is_dir() else []
    return found[0] if found else None


def _some_photo(folder: Path) -> Path:
    found = _sample("jpeg", "*20D*.jpg") or _sample("jpeg", "*.jpg")
    if found:
        return found
    make_sample_shoot(folder / "shoot")
    return sorted((folder / "shoot").rglob("*.jpg"))[0]


# --- one setting -------------------------------------------------------------------------------------------


def _row(name: str, photo: Path, raw: Path | None, folder: Path) -> list[tuple[str, Image.Image]] | None:
    """The cells of one setting: what stands over each, and the picture."""
    values = _values(FIELDS[name])
    if values is None or (name in RAW_ONLY and raw is None):
        return None
    source = raw if name in RAW_ONLY and raw else photo
    if name == "LensProfileEnable":
        source = _through_a_lens(photo, folder / "lens.jpg")
    beside = next((WITH[key] for key in sorted(WITH, key=len, reverse=True) if name.startswith(key)), {})
    cells = []
    for value in values:
        settings = parse({**beside, name: value})
        decoded = decode(source, partial(_balanced, settings), wanted(settings))
        seen = _seen(decoded, close=name.startswith(CLOSE))
        picture = render(_with_hues(seen) if name.startswith(COLORFUL) else seen, settings)
        shown = next((word for word, points in CURVES.items() if points == value), value)
        cells.append((f"{name} {shown}", _fitted(picture, close=name.startswith(CLOSE))))
    return cells


SHOWN: dict[str, tuple[float, ...]] = {
    "Exposure2012": (-2, 0, 2),
    "Temperature": (3000, 5500, 12000),
    "Tint": (-60, 0, 60),
    "CropTop": (0, 0.2, 0.4),
    "CropLeft": (0, 0.2, 0.4),
    "CropBottom": (0.6, 0.8, 1),
    "CropRight": (0.6, 0.8, 1),
    "CropAngle": (-8, 0, 8),
    "PostCropVignetteStyle": (1, 2, 3),
}
"""Where the ends of the range would show nothing sensible."""


def _values(known: SettingField) -> tuple[Any, ...] | None:
    match known:
        case NumberField() if known.name in SHOWN:
            return SHOWN[known.name]
        case NumberField() if known.name.endswith("Hue") and known.low == 0:
            return 30, 120, 240
        case NumberField():
            middle = 0 if known.low < 0 else known.neutral if known.neutral else (known.low + known.high) / 2
            return known.low, middle if middle < known.high else (known.low + known.high) / 2, known.high
        case CurveField():
            return tuple(CURVES.values())
        case ChoiceField():
            return known.choices
        case SwitchField():
            return False, True
    return None


def _balanced(settings: Mapping[str, SettingValue], camera: Camera) -> Gains:
    return balance(camera, settings)


def _seen(decoded: Decoded, *, close: bool) -> Decoded:
    """A part of the photo at 1:1, or all of it at three times the size that is shown."""
    height, width = decoded.pixels.shape[:2]
    if close:
        across, down = min(width, CELL[0]), min(height, CELL[1])
        top, left = (height - down) // 2, (width - across) // 2
        return dataclasses.replace(decoded, pixels=decoded.pixels[top : top + down, left : left + across].copy())
    step = max(1, max(height, width) // (3 * CELL[0]))
    pixels: Any = np.ascontiguousarray(decoded.pixels[::step, ::step])
    lens = decoded.lens and dataclasses.replace(
        decoded.lens, width=pixels.shape[1], height=pixels.shape[0], shifts=decoded.lens.shifts / step
    )
    return dataclasses.replace(decoded, pixels=pixels, lens=lens)


def _through_a_lens(photo: Path, path: Path) -> Path:
    """Write the photo to `path` under a net of straight lines, as if taken with LENS: a correction bends them."""
    told = Image.Exif()
    for tag, value in LENS.items():
        told[tag] = value
    with Image.open(photo) as opened:
        picture = opened.convert("RGB")
    draw = ImageDraw.Draw(picture)
    for part in range(1, 8):
        x, y = picture.width * part // 8, picture.height * part // 8
        draw.line((x, 0, x, picture.height), fill=(255, 255, 0), width=max(2, picture.width // 400))
        draw.line((0, y, picture.width, y), fill=(255, 255, 0), width=max(2, picture.width // 400))
    picture.save(path, quality=95, exif=told)
    return path


def _with_hues(decoded: Decoded) -> Decoded:
    pixels = decoded.pixels.copy()
    height, width = pixels.shape[:2]
    sixth = np.linspace(0, 6, width)[:, None]
    full = np.clip(np.abs((sixth + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    pixels[-(height // 7) :] = (200 * (0.3 + 0.7 * full)).astype(pixels.dtype)
    return dataclasses.replace(decoded, pixels=pixels)


def _fitted(picture: Any, *, close: bool) -> Image.Image:
    image = Image.fromarray(picture)
    if not close:
        image.thumbnail(CELL, Image.Resampling.LANCZOS)
    return image


# --- the sheet ---------------------------------------------------------------------------------------------


def _sheet(rows: list[list[tuple[str, Image.Image]]]) -> Image.Image:
    """Settings beside each other in GROUPS of three cells; longer ones take a line of their own."""
    lines: list[list[tuple[str, Image.Image]]] = []
    room = 0
    for row in rows:
        if len(row) > room:
            lines.append([])
            room = 3 * GROUPS
        lines[-1].extend(row)
        room -= len(row)
    width, height = CELL[0] + 6, CELL[1] + _LABEL + 4
    sheet = Image.new("RGB", (width * 3 * GROUPS, height * len(lines)), (40, 40, 40))
    draw = ImageDraw.Draw(sheet)
    for down, line in enumerate(lines):
        for across, (label, image) in enumerate(line):
            draw.text((across * width + 3, down * height + 2), label, fill=(230, 230, 230))
            sheet.paste(image, (across * width + 3, down * height + _LABEL))
    return sheet


if __name__ == "__main__":
    main()
