"""From Adobe's fields to develop settings, with a report that names every field: applied, or not and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from junmai import errors
from junmai.develop import adobe
from junmai.develop import settings as develop_settings
from junmai.develop.fields import STANDARD_PROFILES
from junmai.develop.xmp import Fields, Node, items_of, members_of, text_of
from junmai.domain.model import SettingValue


class Verdict(StrEnum):
    """What became of a field."""

    APPLIED = "applied"
    ADJUSTED = "adjusted"
    """Applied with another value or under another name; the line says how."""
    NOT_SUPPORTED = "not_supported"
    LEFT_OUT = "left_out"
    """It belongs to one photo and not into a preset."""
    NO_EFFECT = "no_effect"
    """Not applied, and nothing is lost: at its value it changes nothing."""
    ABOUT = "about"
    """It speaks about the preset or the file."""


@dataclass(frozen=True, slots=True)
class Line:
    """One field of the report: its value in short, what became of it, and what there is to say."""

    field: str
    value: str
    verdict: Verdict
    says: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """Settings, and a line for every field that was given, in its order."""

    settings: dict[str, SettingValue]
    report: tuple[Line, ...]

    def lines(self, *verdicts: Verdict) -> tuple[Line, ...]:
        """The lines with one of these verdicts."""
        return tuple(line for line in self.report if line.verdict in verdicts)


def take(fields: Fields, *, with_crop: bool = True) -> Taken:
    """Read Adobe's fields. Never raises for what they hold: a value that cannot be read is reported.

    Without `with_crop`, crop and angle are left out: of a photo's fields that become a preset.
    """
    off = adobe.switched_off(fields)
    older = _is_older(fields)
    settings: dict[str, SettingValue] = {}
    report: dict[str, Line] = {}
    standard_first = sorted(fields, key=lambda name: name not in develop_settings.FIELDS)
    for name in standard_first:
        line, found = _judge(name, fields, off=off, older=older, with_crop=with_crop)
        report[name] = line
        for key, value in found.items():
            settings.setdefault(key, value)
    if "ConvertToGrayscale" not in settings and _is_monochrome(fields):
        settings["ConvertToGrayscale"] = True
    ordered = develop_settings.parse(settings)
    return Taken(ordered, tuple(report[name] for name in fields))


def shown(node: Node) -> str:
    """A value in a few words."""
    if isinstance(node, str):
        return node if len(node) <= _SHOWN else f"{node[: _SHOWN - 1]}…"
    if items_of(node):
        count = len(items_of(node))
        return f"{count} {'entry' if count == 1 else 'entries'}"
    members = members_of(node)
    return text_of(members.get("Name")) or (f"{len(members)} values" if members else text_of(node))


# --- one field ----------------------------------------------------------------------------------------------

_SHOWN = 60
_Found = dict[str, SettingValue]


def _judge(
    name: str, fields: Fields, *, off: dict[str, str], older: bool, with_crop: bool
) -> tuple[Line, dict[str, SettingValue]]:
    node = fields[name]
    value = shown(node)
    if name.startswith("{"):
        return Line(name, value, Verdict.ABOUT, "is metadata, no develop setting"), {}
    if name in off:
        return Line(name, value, Verdict.NO_EFFECT, f"is switched off by {off[name]}"), {}
    if name.startswith("Crop") and with_crop and text_of(fields.get("HasCrop")).casefold() == "false":
        return Line(name, value, Verdict.NO_EFFECT, "the photo is not cropped (HasCrop)"), {}
    if not with_crop and name.startswith(("Crop", "HasCrop")):
        return Line(name, value, Verdict.LEFT_OUT, "belongs to one photo, so a preset leaves it out"), {}
    if name in ("Temperature", "Tint") and text_of(fields.get("WhiteBalance")) == "As Shot":
        return Line(name, value, Verdict.NO_EFFECT, "says what the camera measured (WhiteBalance is As Shot)"), {}
    if name == "CameraProfile" and text_of(node).strip() in STANDARD_PROFILES:
        return Line(name, value, Verdict.NO_EFFECT, "is Adobe's standard; the base look takes its place"), {}
    if name in _SUCCESSORS:
        return _of_older_process(name, value, node, older=older)
    if name == "ToneCurveName2012" and "ToneCurvePV2012" not in fields:
        points = _NAMED_CURVES.get(text_of(node))
        if points is not None and "ToneCurvePV2012" in develop_settings.FIELDS:
            _verdict, found = _read("ToneCurvePV2012", {"Seq": points})
            return Line(name, value, Verdict.APPLIED, "read as its points"), found
    if _standard(name) is not None:
        return _setting(name, value, node)
    if name == "Look":
        return _look(value, node)
    if adobe.is_about(name):
        return Line(name, value, Verdict.ABOUT), {}
    return _not_applied(name, value, node, fields)


def _not_applied(name: str, value: str, node: Node, fields: Fields) -> tuple[Line, _Found]:
    known = adobe.find(name)
    if known is None:
        return Line(name, value, Verdict.NOT_SUPPORTED, "is not known to Junmai"), {}
    verdict = Verdict.NOT_SUPPORTED if adobe.has_effect(name, node, fields) else Verdict.NO_EFFECT
    return Line(name, value, verdict, known.says), {}


def _standard(name: str) -> str | None:
    """The name under which a setting is known here; None where it is not."""
    if name in develop_settings.FIELDS:
        return name
    return develop_settings.ALIASES.get(name)


def _setting(name: str, value: str, node: Node) -> tuple[Line, _Found]:
    """A field that is applied, if its value can be read."""
    standard = _standard(name)
    says, found = _read(name, node)
    if not found:
        return Line(name, value, Verdict.NOT_SUPPORTED, says), {}
    if says:
        return Line(name, value, Verdict.ADJUSTED, says), found
    return Line(name, value, Verdict.APPLIED, "" if standard == name else f"read as {standard}"), found


def _read(name: str, node: Node) -> tuple[str, _Found]:
    """The setting that a node means, and what had to be changed or is wrong with it."""
    raw: object = [text_of(item) for item in items_of(node)] if isinstance(node, dict) else node.strip()
    if raw == "":
        return "is empty", {}
    try:
        return "", develop_settings.parse({name: raw})
    except errors.SettingOutOfRange as error:
        field = develop_settings.FIELDS[str(_standard(name))]
        if isinstance(field, develop_settings.NumberField) and isinstance(raw, str):
            number = _finite(raw)
            if number is not None:
                nearest = min(field.high, max(field.low, round(number) if field.whole else number))
                says = f"goes from {field.low:g} to {field.high:g}; {nearest:g} is used"
                return says, develop_settings.parse({name: nearest})
        return f"cannot be read: {error.fields.get('expected', 'another value')} is expected", {}


def _finite(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e9 else None  # false for NaN, too


# --- the older process --------------------------------------------------------------------------------------

_SUCCESSORS: dict[str, tuple[str, Callable[[float], float]]] = {
    "Exposure": ("Exposure2012", lambda value: value),
    "Contrast": ("Contrast2012", lambda value: value - 25),
    "HighlightRecovery": ("Highlights2012", lambda value: -value),
    "FillLight": ("Shadows2012", lambda value: value),
    "Shadows": ("Blacks2012", lambda value: 5 - value),
    "Clarity": ("Clarity2012", lambda value: value),
}
"""Fields of the processes of 2003 and 2010, the nearest one of today's, and how a value is read: they stood at
Contrast +25 and Shadows 5 (the blacks) for a RAW photo with nothing done to it. The look is near, not the same."""
_FIRST_OF_TODAY = 6.7
"""`ProcessVersion` of the process of 2012."""
_NAMED_CURVES = {
    "Medium Contrast": ["0, 0", "32, 22", "64, 56", "128, 128", "192, 196", "255, 255"],
    "Strong Contrast": ["0, 0", "32, 16", "64, 50", "128, 128", "192, 202", "255, 255"],
}
"""The points that Lightroom writes for its named curves."""


def _is_older(fields: Fields) -> bool:
    version = _finite(text_of(fields.get("ProcessVersion")))
    if version is not None:
        return version < _FIRST_OF_TODAY
    return not any(name.endswith("2012") for name in fields) and any(name in _SUCCESSORS for name in fields)


def _of_older_process(name: str, value: str, node: Node, *, older: bool) -> tuple[Line, _Found]:
    successor, convert = _SUCCESSORS[name]
    if not older:
        return Line(name, value, Verdict.NO_EFFECT, "is of the process before 2012, which is not asked for"), {}
    number = _finite(text_of(node))
    if number is None or successor not in develop_settings.FIELDS:
        return Line(name, value, Verdict.NOT_SUPPORTED, "is of Lightroom's older process (before 2012)"), {}
    found = _read(successor, str(convert(number)))[1]
    says = (
        f"is of Lightroom's older process; read as {successor} {found[successor]:+g}, which looks alike, not the same"
    )
    return Line(name, value, Verdict.ADJUSTED, says), found


# --- profiles -----------------------------------------------------------------------------------------------

_STANDARD_LOOKS = ("", "Adobe Color", "Adobe Standard", "Adobe Monochrome")
"""Lightroom's own starting points; Junmai's base look takes their place."""


def _look(value: str, node: Node) -> tuple[Line, _Found]:
    members = members_of(node)
    name = text_of(members.get("Name")) if members else text_of(node)
    if name in _STANDARD_LOOKS and not members_of(members.get("Parameters")):
        return Line("Look", value, Verdict.NO_EFFECT, "is Lightroom's standard; the base look takes its place"), {}
    if name in _STANDARD_LOOKS:
        return Line(
            "Look", value, Verdict.NO_EFFECT, "is Lightroom's standard, with its curve; the base look has one"
        ), {}
    says = "applies a creative profile: its own colours and curve"
    inner = members_of(members.get("Parameters"))
    if text_of(inner.get("ConvertToGrayscale")).casefold() == "true":
        return Line("Look", value, Verdict.NOT_SUPPORTED, f"{says}; black and white is taken from it"), {}
    return Line("Look", value, Verdict.NOT_SUPPORTED, says), {}


def _is_monochrome(fields: Fields) -> bool:
    """Whether a preset is black and white although it does not say so in ConvertToGrayscale."""
    if "ConvertToGrayscale" in fields:
        return False
    look = members_of(fields.get("Look"))
    said: Iterable[Node | None] = (
        fields.get("Treatment"),
        members_of(look.get("Parameters")).get("ConvertToGrayscale"),
    )
    words = {text_of(node).casefold() for node in said}
    return bool(words & {"monochrome", "black & white", "true"}) or text_of(look.get("Name")) == "Adobe Monochrome"
