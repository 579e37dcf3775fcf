"""The develop settings that Junmai knows, by Adobe's `crs` field names, with their ranges.

One table holds them all. Everything is neutral at its default, so an absent setting changes nothing.
Two names are Junmai's own, because Adobe has no field for them: `WhiteBalanceAmount` and `GrayscaleAmount` say how
much of an absolute white balance or of a black-and-white conversion is applied; `blend` sets them.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from junmai import errors
from junmai.domain.model import SettingValue

NAMED_WHITE_BALANCE: dict[str, tuple[float, float]] = {
    "Daylight": (5500.0, 10.0),
    "Cloudy": (6500.0, 10.0),
    "Shade": (7500.0, 10.0),
    "Tungsten": (2850.0, 0.0),
    "Fluorescent": (3800.0, 21.0),
    "Flash": (5500.0, 0.0),
}
"""Kelvin and tint of Adobe's named white balances."""


@dataclass(frozen=True, slots=True)
class NumberField:
    """A number from `low` to `high`; `neutral` changes nothing (None: only absence changes nothing)."""

    name: str
    low: float
    high: float
    neutral: float | None
    meaning: str

    @property
    def expected(self) -> str:
        return f"a number from {self.low:g} to {self.high:g}"

    def read(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise _out_of_range(self, value)
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise _out_of_range(self, value) from None
        if not math.isfinite(number) or not self.low <= number <= self.high:
            raise _out_of_range(self, value)
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
        raise _out_of_range(self, value)


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
        raise _out_of_range(self, value)


SettingField = NumberField | SwitchField | ChoiceField

_SWITCH_WORDS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}

_ALL: tuple[SettingField, ...] = (
    ChoiceField(
        "WhiteBalance", ("As Shot", "Custom", *NAMED_WHITE_BALANCE), "where a RAW photo's white balance comes from"
    ),
    NumberField("Temperature", 2000, 50000, None, "colour of the light in kelvin; RAW only"),
    NumberField("Tint", -150, 150, None, "green (-) to magenta (+) of the light; RAW only"),
    NumberField("WhiteBalanceAmount", 0, 100, 100, "percent of the way from the as-shot white balance"),
    NumberField("IncrementalTemperature", -100, 100, 0, "cooler (-) or warmer (+) than the photo is"),
    NumberField("IncrementalTint", -100, 100, 0, "greener (-) or more magenta (+) than the photo is"),
    NumberField("Exposure2012", -5, 5, 0, "brightness in EV: +1 doubles the light"),
    NumberField("Contrast2012", -100, 100, 0, "contrast around the middle grey"),
    NumberField("Highlights2012", -100, 100, 0, "darkens (-) or brightens (+) bright areas"),
    NumberField("Shadows2012", -100, 100, 0, "darkens (-) or brightens (+) dark areas"),
    NumberField("Whites2012", -100, 100, 0, "where white begins"),
    NumberField("Blacks2012", -100, 100, 0, "where black ends"),
    NumberField("Vibrance", -100, 100, 0, "strength of the colours that are weak"),
    NumberField("Saturation", -100, 100, 0, "strength of all colours"),
    SwitchField("ConvertToGrayscale", "black and white"),
    NumberField("GrayscaleAmount", 0, 100, 100, "percent of the black and white conversion"),
)

FIELDS: dict[str, SettingField] = {each.name: each for each in _ALL}
"""Every known setting, in the order in which it takes effect."""

_RAW_WHITE_BALANCE = ("Temperature", "Tint")
# An absolute value has no neutral to scale towards: these carry their blend in an amount of their own.
_AMOUNTS = {"Temperature": "WhiteBalanceAmount", "Tint": "WhiteBalanceAmount", "WhiteBalance": "WhiteBalanceAmount"}
_AMOUNTS["ConvertToGrayscale"] = "GrayscaleAmount"


def parse(given: Mapping[str, object]) -> dict[str, SettingValue]:
    """Check names and ranges and return plain values, in the table's order.

    Numbers may be strings as presets hold them (`"+12.5"`), switches may be `"True"`/`"False"`.

    Raises:
        UnknownSetting: a name is not in `FIELDS`; the nearest one is named.
        SettingOutOfRange: a value is not what its field expects.
    """
    for name in given:
        if name not in FIELDS:
            raise errors.UnknownSetting(name=name, nearest=nearest_hint(name, FIELDS))
    return {name: known.read(given[name]) for name, known in FIELDS.items() if name in given}


def blend(settings: Mapping[str, SettingValue], amount: float) -> dict[str, SettingValue]:
    """Scale settings towards neutral: 0 gives none of the look, 100 gives it whole.

    Numbers are scaled in a straight line. What has no neutral number is scaled by an amount that the engine applies:
    a temperature, tint or named white balance by `WhiteBalanceAmount` (in log space between the as-shot gains and the
    wanted ones, for only the photo knows what it was shot at), black and white by `GrayscaleAmount`.

    Raises:
        SettingOutOfRange: `amount` is not within 0..100.
    """
    share = _BLEND.read(amount) / 100
    if share == 0:
        return {}
    result = dict(settings)
    for name, value in settings.items():
        if name in _AMOUNTS and value is not False and value != "As Shot":
            result[_AMOUNTS[name]] = _number(settings, _AMOUNTS[name], 100.0) * share
        elif isinstance(value, float | int) and not isinstance(value, bool) and name not in _AMOUNTS.values():
            result[name] = value * share if name not in _RAW_WHITE_BALANCE else value
    return result if share < 1 else dict(settings)


def merge(*layers: Mapping[str, SettingValue]) -> dict[str, SettingValue]:
    """Lay settings over each other; what a later layer names wins.

    A later temperature or tint replaces an earlier named white balance, and the other way round, since both speak of
    the same thing; either replaces an earlier amount.
    """
    result: dict[str, SettingValue] = {}
    for layer in layers:
        absolute = any(name in layer for name in _RAW_WHITE_BALANCE)
        if absolute or "WhiteBalance" in layer:
            result.pop("WhiteBalance", None)
            result.pop("WhiteBalanceAmount", None)
        if "WhiteBalance" in layer and not absolute:
            for name in _RAW_WHITE_BALANCE:
                result.pop(name, None)
        if "ConvertToGrayscale" in layer:
            result.pop("GrayscaleAmount", None)
        result.update(layer)
    return result


def nearest_hint(name: str, known: Iterable[str]) -> str:
    """Return `" Did you mean 'X'?"` for the known name nearest to `name`, or `""`; case does not matter."""
    by_folded = {each.casefold(): each for each in known}
    wanted = name.strip().casefold()
    near = difflib.get_close_matches(wanted, by_folded, n=1, cutoff=0.6)
    if not near:  # `Exposure` alone is far from `Exposure2012` by ratio, but clear to a reader
        near = [folded for folded in by_folded if len(wanted) > 3 and wanted in folded][:1]
    return f" Did you mean {by_folded[near[0]]!r}?" if near else ""


_BLEND = NumberField("blend", 0, 100, 100, "percent of a preset")


def _number(settings: Mapping[str, SettingValue], name: str, default: float) -> float:
    value = settings.get(name, default)
    return value if isinstance(value, float | int) else default


def _out_of_range(known: SettingField, value: object) -> errors.SettingOutOfRange:
    return errors.SettingOutOfRange(name=known.name, expected=known.expected, value=value)
