"""Presets: named, versioned sets of develop settings. The built-in ones stand here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from junmai import errors
from junmai.develop import settings as develop_settings
from junmai.domain.model import SettingValue


@dataclass(frozen=True, slots=True)
class Preset:
    """A named set of settings. `version` is raised by hand whenever the settings change."""

    name: str
    version: int
    title: str
    description: str
    settings: Mapping[str, SettingValue] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """The exact version, as `find` takes it: `vivid-landscape@1`."""
        return f"{self.name}@{self.version}"


def find(name: str) -> Preset:
    """Return the preset called `name` (the newest version) or `name@version`.

    Raises:
        UnknownPreset: there is none; the nearest name is named.
    """
    wanted = name.strip().casefold()
    for preset in _BUILT_IN:
        if wanted in (preset.name, preset.reference):
            return preset
    hint = develop_settings.nearest_hint(wanted.partition("@")[0], [each.name for each in _BUILT_IN])
    raise errors.UnknownPreset(name=name, nearest=hint)


def all_presets() -> tuple[Preset, ...]:
    """Return every preset, `default` first."""
    return _BUILT_IN


def _built_in(name: str, title: str, description: str, **values: SettingValue) -> Preset:
    checked = MappingProxyType(develop_settings.parse(values))
    return Preset(name=name, version=1, title=title, description=description, settings=checked)


_BUILT_IN: tuple[Preset, ...] = (
    _built_in("default", "Default", "The photo as the camera saw it, with nothing added."),
    _built_in(
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
    _built_in(
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
    _built_in(
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
