"""Develop settings: checked, blended, laid over each other. What there is stands in `junmai.develop.fields`.

Everything is neutral at its default, so an absent setting changes nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from junmai import errors
from junmai.develop import adobe
from junmai.develop.fields import (
    ALIASES,
    FIELDS,
    NAMED_WHITE_BALANCE,
    STRAIGHT,
    ChoiceField,
    Curve,
    CurveField,
    NumberField,
    SettingField,
    SwitchField,
    TextField,
)
from junmai.domain.model import SettingValue

__all__ = [
    "ALIASES",
    "FIELDS",
    "NAMED_WHITE_BALANCE",
    "ChoiceField",
    "CurveField",
    "NumberField",
    "SettingField",
    "SwitchField",
    "TextField",
    "asked_for",
    "blend",
    "is_neutral",
    "merge",
    "nearest_hint",
    "number",
    "parse",
]

_RAW_WHITE_BALANCE = ("Temperature", "Tint")
# An absolute value has no neutral to scale towards: these carry their blend in an amount of their own.
_AMOUNTS = {"Temperature": "WhiteBalanceAmount", "Tint": "WhiteBalanceAmount", "WhiteBalance": "WhiteBalanceAmount"}
_AMOUNTS["ConvertToGrayscale"] = "GrayscaleAmount"


def parse(given: Mapping[str, object]) -> dict[str, SettingValue]:
    """Check names and ranges and return plain values, in the table's order.

    Numbers may be strings as presets hold them (`"+12.5"`), switches may be `"True"`/`"False"`, curves are lists of
    pairs or of strings (`"64, 55"`). A name of `ALIASES` is read as the one that it stands for, unless that is given
    as well.

    Raises:
        UnknownSetting: a name is not in `FIELDS`; the nearest one is named.
        SettingOutOfRange: a value is not what its field expects.
    """
    named: dict[str, object] = {}
    for name, value in given.items():
        meant = ALIASES.get(name, name)
        if meant not in FIELDS:
            raise errors.UnknownSetting(name=name, nearest=_instead(name))
        if name in ALIASES:
            FIELDS[meant].read(value)
            named.setdefault(meant, value)
        else:
            named[meant] = value
    return {name: known.read(named[name]) for name, known in FIELDS.items() if name in named}


def asked_for(given: Mapping[str, object]) -> dict[str, SettingValue]:
    """What is asked for explicitly, as `parse` reads it: what makes no sense is refused rather than remarked on.

    Raises what `parse` does, and `SettingOutOfRange` for a crop that leaves nothing. One that is turned is judged when
    it meets the photo, whose shape decides.
    """
    settings = parse(given)
    if settings.get("HasCrop") is not False and not number(settings, "CropAngle"):
        for first, last in (("CropLeft", "CropRight"), ("CropTop", "CropBottom")):
            low, high = number(settings, first), number(settings, last, 1.0)
            if high <= low:
                raise errors.SettingOutOfRange(name=last, expected=f"more than {first} ({low:g})", value=high)
    return settings


def blend(settings: Mapping[str, SettingValue], amount: float) -> dict[str, SettingValue]:
    """Scale settings towards neutral: 0 gives none of the look, 100 gives it whole.

    - Numbers are scaled in a straight line. What only shapes another setting (radius, hue of a tint, split, size) stays
      as it is, for it does nothing without that setting.
    - A point curve goes in a straight line towards the diagonal.
    - What has no neutral number is scaled by an amount that the engine applies: a temperature, tint or named white
      balance by `WhiteBalanceAmount` (in log space between the as-shot gains and the wanted ones, for only the photo
      knows what it was shot at), black and white, its mixer included, by `GrayscaleAmount`.
    - A crop, an angle, a profile and a base look are kept whole above 0: half of a crop is another picture, not half of
      the look.

    Raises:
        SettingOutOfRange: `amount` is not within 0..100.
    """
    share = _BLEND.read(amount) / 100
    if share in (0, 1):
        return dict(settings) if share else {}
    result = dict(settings)
    for name, value in settings.items():
        known = FIELDS.get(name)
        if name in _AMOUNTS and value is not False and value != "As Shot":
            result[_AMOUNTS[name]] = number(settings, _AMOUNTS[name], 100.0) * share
        elif isinstance(known, CurveField) and isinstance(value, tuple):
            result[name] = _towards_diagonal(value, share)
        elif isinstance(known, NumberField) and known.scaled and known.neutral == 0 and isinstance(value, float | int):
            result[name] = value * share
    return result


def _towards_diagonal(points: Curve, share: float) -> Curve:
    """The ends are made points first: outside its points a curve is level, and levels are blended too."""
    whole = list(points)
    if whole[0][0] > 0:
        whole.insert(0, (0.0, whole[0][1]))
    if whole[-1][0] < 255:
        whole.append((255.0, whole[-1][1]))
    return tuple((x, x + (y - x) * share) for x, y in whole)


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


def is_neutral(name: str, value: SettingValue) -> bool:
    """Whether a setting changes nothing at that value."""
    known = FIELDS[name]
    if isinstance(known, NumberField):
        return value == known.neutral
    if isinstance(known, CurveField):
        return value == STRAIGHT
    if isinstance(known, ChoiceField):
        return value == known.choices[0]
    return value in (False, "")


def _instead(name: str) -> str:
    """What to say about a name that is no setting here: that Lightroom has it, or the nearest one."""
    known = adobe.named(name)
    if known is not None:
        return f" Lightroom has it ({known.says}); Junmai does not support it."
    return nearest_hint(name, FIELDS) or " The page develop.md of the documentation lists them."


def nearest_hint(name: str, known: Iterable[str]) -> str:
    """Return `" Did you mean 'X'?"` for the known name nearest to `name`, or `""`; case does not matter."""
    by_folded = {each.casefold(): each for each in known}
    wanted = name.strip().casefold()
    near = difflib.get_close_matches(wanted, by_folded, n=1, cutoff=0.6)
    if not near:  # `Exposure` alone is far from `Exposure2012` by ratio, but clear to a reader
        near = [folded for folded in by_folded if len(wanted) > 3 and wanted in folded][:1]
    return f" Did you mean {by_folded[near[0]]!r}?" if near else ""


_BLEND = NumberField("blend", 0, 100, 100, "percent of a preset")


def number(settings: Mapping[str, SettingValue], name: str, default: float = 0.0) -> float:
    """The value of a number, or `default`."""
    value = settings.get(name, default)
    return float(value) if isinstance(value, float | int) and not isinstance(value, bool) else default
