"""Every develop setting that Junmai knows: Adobe's `crs` name, its range, what changes nothing, what it does.

The table's order is the order in which the settings take effect. Ranges are those of Adobe Camera Raw's controls
(process version 2012 and later). Two names are Junmai's own, because Adobe has no field for them:
`WhiteBalanceAmount` and `GrayscaleAmount` say how much of an absolute white balance or of a black-and-white conversion
is applied; `blend` sets them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from junmai import errors

NAMED_WHITE_BALANCE: dict[str, tuple[float, float]] = {
    "Daylight": (5500.0, 10.0),
    "Cloudy": (6500.0, 10.0),
    "Shade": (7500.0, 10.0),
    "Tungsten": (2850.0, 0.0),
    "Fluorescent": (3800.0, 21.0),
    "Flash": (5500.0, 0.0),
}
"""Kelvin and tint of Adobe's named white balances."""

STANDARD_PROFILES = ("", "Adobe Standard", "Embedded", "Default Color")
"""Camera profiles without a look of their own: where there is no such file, the base look takes their place."""

Curve = tuple[tuple[float, float], ...]
"""Points of a curve: (input, output), both 0..255."""

COLORS = ("Red", "Orange", "Yellow", "Green", "Aqua", "Blue", "Purple", "Magenta")
"""The eight colours of HSL and of the black-and-white mixer, around the wheel."""

STRAIGHT: Curve = ((0.0, 0.0), (255.0, 255.0))
MAX_POINTS = 64


@dataclass(frozen=True, slots=True)
class NumberField:
    """A number from `low` to `high`; `neutral` changes nothing (None: only absence changes nothing).

    `scaled` says whether `blend` scales it. What only shapes another setting (a radius, a hue, a split) is not.
    """

    name: str
    low: float
    high: float
    neutral: float | None
    meaning: str
    scaled: bool = True
    whole: bool = False

    @property
    def expected(self) -> str:
        return f"a {'whole ' if self.whole else ''}number from {self.low:g} to {self.high:g}"

    def read(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise out_of_range(self, value)
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise out_of_range(self, value) from None
        if not math.isfinite(number) or not self.low <= number <= self.high or (self.whole and number % 1):
            raise out_of_range(self, value)
        return number


@dataclass(frozen=True, slots=True)
class SwitchField:
    """True or false; false changes nothing."""

    name: str
    meaning: str

    @property
    def expected(self) -> str:
        return "true or false"

    def read(self, value: object) -> bool:
        if isinstance(value, (bool, int, float)) and value in (0, 1):
            return bool(value)
        if isinstance(value, str) and value.strip().casefold() in _SWITCH_WORDS:
            return _SWITCH_WORDS[value.strip().casefold()]
        raise out_of_range(self, value)


@dataclass(frozen=True, slots=True)
class ChoiceField:
    """One of a few words; the first one changes nothing."""

    name: str
    choices: tuple[str, ...]
    meaning: str

    @property
    def expected(self) -> str:
        return "one of " + ", ".join(self.choices)

    def read(self, value: object) -> str:
        wanted = str(value).strip().casefold()
        for choice in self.choices:
            if choice.casefold() == wanted:
                return choice
        raise out_of_range(self, value)


@dataclass(frozen=True, slots=True)
class CurveField:
    """Points (input, output) of a curve, both 0..255, input rising; a straight line changes nothing.

    Read from pairs, or from strings as XMP lists hold them (`"64, 55"`).
    """

    name: str
    meaning: str

    @property
    def expected(self) -> str:
        typed = "with --set: 0,10;128,140;255,250"
        return f"a list of 2 to {MAX_POINTS} points [input, output], each from 0 to 255, input rising ({typed})"

    def read(self, value: object) -> Curve:
        if isinstance(value, str) or not isinstance(value, Sequence) or not 2 <= len(value) <= MAX_POINTS:
            raise out_of_range(self, value)
        axis = NumberField(self.name, 0, 255, None, self.meaning)
        points = []
        for each in value:
            pair = each.split(",") if isinstance(each, str) else each
            if not isinstance(pair, Sequence) or len(pair) != 2:
                raise out_of_range(self, value)
            try:
                points.append((axis.read(pair[0]), axis.read(pair[1])))
            except errors.SettingOutOfRange:
                raise out_of_range(self, value) from None
        if any(after[0] <= before[0] for before, after in itertools.pairwise(points)):
            raise out_of_range(self, value)
        return tuple(points)


@dataclass(frozen=True, slots=True)
class TextField:
    """A short text; an empty one changes nothing."""

    name: str
    meaning: str

    @property
    def expected(self) -> str:
        return "a text of at most 1000 characters"

    def read(self, value: object) -> str:
        if not isinstance(value, str) or len(value) > 1000:
            raise out_of_range(self, value)
        return value.strip()


SettingField = NumberField | SwitchField | ChoiceField | CurveField | TextField

_SWITCH_WORDS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


def out_of_range(known: SettingField, value: object) -> errors.SettingOutOfRange:
    """The refusal of a value, with what the field expects."""
    return errors.SettingOutOfRange(name=known.name, expected=known.expected, value=value)


# --- the table ---------------------------------------------------------------------------------------------


def _both_ways(name: str, meaning: str) -> NumberField:
    return NumberField(name, -100, 100, 0, meaning)


def _percent(name: str, meaning: str) -> NumberField:
    return NumberField(name, 0, 100, 0, meaning)


def _shape(name: str, low: float, high: float, neutral: float, meaning: str) -> NumberField:
    """What only shapes another setting; `neutral` is Adobe's own default."""
    return NumberField(name, low, high, neutral, meaning, scaled=False)


def _for_colors(prefix: str, meaning: str, *, scaled: bool = True) -> tuple[NumberField, ...]:
    return tuple(
        NumberField(f"{prefix}{color}", -100, 100, 0, f"{meaning} {color.casefold()}", scaled) for color in COLORS
    )


_BASE: tuple[SettingField, ...] = (
    ChoiceField("BaseLook", ("camera", "standard", "neutral"), "how a RAW looks before any setting; RAW only"),
    TextField("CameraProfile", "DCP profile of the camera, by name; RAW only"),
    SwitchField("LensProfileEnable", "corrects distortion, vignetting and coloured edges of the lens"),
)

_GEOMETRY: tuple[SettingField, ...] = (
    SwitchField("HasCrop", "whether the crop below is applied"),
    _shape("CropTop", 0, 1, 0, "top of the crop, as a share of the height of the photo as stored"),
    _shape("CropLeft", 0, 1, 0, "left of the crop, as a share of the width of the photo as stored"),
    _shape("CropBottom", 0, 1, 1, "bottom of the crop"),
    _shape("CropRight", 0, 1, 1, "right of the crop"),
    _shape("CropAngle", -45, 45, 0, "angle of the crop in degrees; + turns the frame clockwise"),
)

_LIGHT: tuple[SettingField, ...] = (
    ChoiceField(
        "WhiteBalance", ("As Shot", "Custom", *NAMED_WHITE_BALANCE), "where a RAW photo's white balance comes from"
    ),
    NumberField("Temperature", 2000, 50000, None, "colour of the light in kelvin; RAW only"),
    NumberField("Tint", -150, 150, None, "green (-) to magenta (+) of the light; RAW only"),
    NumberField("WhiteBalanceAmount", 0, 100, 100, "percent of the way from the as-shot white balance"),
    _both_ways("IncrementalTemperature", "cooler (-) or warmer (+) than the photo is"),
    _both_ways("IncrementalTint", "greener (-) or more magenta (+) than the photo is"),
    *(
        _both_ways(f"{color}{kind}", f"{meaning} the camera's {color.casefold()}")
        for color in ("Red", "Green", "Blue")
        for kind, meaning in (("Hue", "hue of"), ("Saturation", "strength of"))
    ),
    NumberField("Exposure2012", -5, 5, 0, "brightness in EV: +1 doubles the light"),
    _both_ways("Dehaze", "adds (-) or clears (+) haze"),
    _both_ways("Highlights2012", "darkens (-) or brightens (+) bright areas"),
    _both_ways("Shadows2012", "darkens (-) or brightens (+) dark areas"),
    _both_ways("Clarity2012", "local contrast of the middle tones"),
)

_CURVES: tuple[SettingField, ...] = (
    _both_ways("Contrast2012", "contrast around the middle grey"),
    _both_ways("Whites2012", "where white begins"),
    _both_ways("Blacks2012", "where black ends"),
    _both_ways("ParametricShadows", "the darkest region of the parametric curve"),
    _both_ways("ParametricDarks", "the dark middle region of the parametric curve"),
    _both_ways("ParametricLights", "the bright middle region of the parametric curve"),
    _both_ways("ParametricHighlights", "the brightest region of the parametric curve"),
    _shape("ParametricShadowSplit", 10, 70, 25, "where shadows meet darks"),
    _shape("ParametricMidtoneSplit", 20, 80, 50, "where darks meet lights"),
    _shape("ParametricHighlightSplit", 30, 90, 75, "where lights meet highlights"),
    CurveField("ToneCurvePV2012", "point curve of all channels"),
    CurveField("ToneCurvePV2012Red", "point curve of red"),
    CurveField("ToneCurvePV2012Green", "point curve of green"),
    CurveField("ToneCurvePV2012Blue", "point curve of blue"),
)

_COLOR: tuple[SettingField, ...] = (
    *_for_colors("HueAdjustment", "hue of"),
    *_for_colors("SaturationAdjustment", "strength of"),
    *_for_colors("LuminanceAdjustment", "brightness of"),
    _both_ways("Vibrance", "strength of the colours that are weak"),
    _both_ways("Saturation", "strength of all colours"),
    SwitchField("ConvertToGrayscale", "black and white"),
    *_for_colors("GrayMixer", "brightness in black and white of", scaled=False),
    NumberField("GrayscaleAmount", 0, 100, 100, "percent of the black and white conversion"),
    _both_ways("ShadowTint", "greener (-) or more magenta (+) shadows"),
    _shape("SplitToningShadowHue", 0, 360, 0, "hue of the tint of shadows"),
    _percent("SplitToningShadowSaturation", "strength of the tint of shadows"),
    _shape("SplitToningHighlightHue", 0, 360, 0, "hue of the tint of highlights"),
    _percent("SplitToningHighlightSaturation", "strength of the tint of highlights"),
    _shape("SplitToningBalance", -100, 100, 0, "more area to the shadows' (-) or to the highlights' (+) tint"),
    _shape("ColorGradeMidtoneHue", 0, 360, 0, "hue of the tint of middle tones"),
    _percent("ColorGradeMidtoneSat", "strength of the tint of middle tones"),
    _shape("ColorGradeGlobalHue", 0, 360, 0, "hue of the tint of everything"),
    _percent("ColorGradeGlobalSat", "strength of the tint of everything"),
    _both_ways("ColorGradeShadowLum", "brightness of the shadows of colour grading"),
    _both_ways("ColorGradeMidtoneLum", "brightness of the middle tones of colour grading"),
    _both_ways("ColorGradeHighlightLum", "brightness of the highlights of colour grading"),
    _both_ways("ColorGradeGlobalLum", "brightness of everything, by colour grading"),
    NumberField("ColorGradeBlending", 0, 100, None, "how far the three ranges of colour grading overlap", scaled=False),
)

_DETAIL: tuple[SettingField, ...] = (
    _percent("LuminanceSmoothing", "takes out noise of brightness"),
    _shape("LuminanceNoiseReductionDetail", 0, 100, 50, "fine detail kept while noise is taken out"),
    _shape("LuminanceNoiseReductionContrast", 0, 100, 0, "coarse contrast kept while noise is taken out"),
    _percent("ColorNoiseReduction", "takes out noise of colour"),
    _shape("ColorNoiseReductionDetail", 0, 100, 50, "thin edges of colour kept"),
    _shape("ColorNoiseReductionSmoothness", 0, 100, 50, "how large the blotches are that are taken out"),
    _both_ways("Texture", "strength of detail of medium size"),
    NumberField("Sharpness", 0, 150, 0, "strength of sharpening"),
    _shape("SharpenRadius", 0.5, 3, 1, "width of what is sharpened, in pixels"),
    _shape("SharpenDetail", 0, 100, 25, "fine texture (high) or clean edges only (low)"),
    _shape("SharpenEdgeMasking", 0, 100, 0, "keeps even areas from being sharpened"),
)

_EFFECTS: tuple[SettingField, ...] = (
    _both_ways("PostCropVignetteAmount", "darkens (-) or brightens (+) the corners of the cropped photo"),
    _shape("PostCropVignetteMidpoint", 0, 100, 50, "how far out the vignette begins"),
    _shape("PostCropVignetteFeather", 0, 100, 50, "how soft the vignette's edge is"),
    _shape("PostCropVignetteRoundness", -100, 100, 0, "from the shape of the frame (-) to a circle (+)"),
    NumberField(
        "PostCropVignetteStyle", 1, 3, 1, "1 highlight priority, 2 colour priority, 3 paint", scaled=False, whole=True
    ),
    _shape("PostCropVignetteHighlightContrast", 0, 100, 0, "bright spots kept where corners are darkened"),
    _percent("GrainAmount", "strength of grain"),
    _shape("GrainSize", 0, 100, 25, "size of the grain"),
    _shape("GrainFrequency", 0, 100, 50, "roughness of the grain"),
)

FIELDS: dict[str, SettingField] = {
    each.name: each for each in (*_BASE, *_GEOMETRY, *_LIGHT, *_CURVES, *_COLOR, *_DETAIL, *_EFFECTS)
}
"""Every known setting, in the order in which it takes effect."""

ALIASES: dict[str, str] = {
    "SharpnessRadius": "SharpenRadius",
    "ColorGradeShadowHue": "SplitToningShadowHue",
    "ColorGradeShadowSat": "SplitToningShadowSaturation",
    "ColorGradeHighlightHue": "SplitToningHighlightHue",
    "ColorGradeHighlightSat": "SplitToningHighlightSaturation",
    "ColorGradeBalance": "SplitToningBalance",
}
"""Names that presets in the wild use, and what Lightroom itself calls the same thing."""


def numbers(names: Iterable[str]) -> list[NumberField]:
    """Those of the named fields that are numbers."""
    return [known for name in names if isinstance(known := FIELDS[name], NumberField)]
