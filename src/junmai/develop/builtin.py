"""The presets that Junmai brings along, as Adobe's settings.

A version never changes once it was released: a change is a new entry with the next number beside the old one.
"""

from __future__ import annotations

from types import MappingProxyType

from junmai.develop import settings as develop_settings
from junmai.domain.preset import Preset


def _preset(name: str, title: str, description: str, version: int = 1, **values: object) -> Preset:
    checked = MappingProxyType(develop_settings.parse(values))
    origin = MappingProxyType({"kind": "built-in"})
    return Preset(name=name, version=version, title=title, description=description, settings=checked, origin=origin)


PRESETS: tuple[Preset, ...] = (
    _preset("default", "Default", "The photo as the camera saw it, with nothing added."),
    _preset(
        "warm-portrait",
        "Warm portrait",
        "Warm skin, soft contrast, opened shadows and calm highlights.",
        IncrementalTemperature=14.0,
        IncrementalTint=4.0,
        Exposure2012=0.15,
        Contrast2012=-8.0,
        Highlights2012=-30.0,
        Shadows2012=22.0,
        Vibrance=8.0,
        Saturation=-4.0,
    ),
    _preset(
        "vivid-landscape",
        "Vivid landscape",
        "Deep skies and strong greens, with detail in clouds and shade.",
        IncrementalTemperature=3.0,
        Contrast2012=18.0,
        Highlights2012=-55.0,
        Shadows2012=30.0,
        Whites2012=10.0,
        Blacks2012=-8.0,
        Vibrance=32.0,
        Saturation=8.0,
    ),
    _preset(
        "classic-black-and-white",
        "Classic black and white",
        "Black and white with the bite of a print: firm contrast, full blacks.",
        ConvertToGrayscale=True,
        Contrast2012=30.0,
        Highlights2012=-20.0,
        Shadows2012=8.0,
        Whites2012=8.0,
        Blacks2012=-12.0,
    ),
)
