"""Writes develop settings as sidecars that Lightroom reads: `IMG_1.xmp` for `IMG_1.CR2`.

Of a sidecar that is there only the settings are replaced; everything else in it stays as it is, byte for byte. No date
goes into it, so the same settings over the same sidecar give the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from junmai import errors
from junmai.develop import adobe, sidecars, xmp, xmp_edit
from junmai.develop.fields import (
    ALIASES,
    FIELDS,
    NAMED_WHITE_BALANCE,
    STRAIGHT,
    ChoiceField,
    CurveField,
    NumberField,
    SettingField,
    SwitchField,
)
from junmai.develop.presetfile import node_of
from junmai.develop.sniff import RAW_EXTENSIONS
from junmai.develop.xmp import Fields, Node, text_of
from junmai.domain.model import SettingValue

SUFFIX = ".xmp"
PROCESS = 11.0
"""The oldest `ProcessVersion` that has every setting."""
_FOR_EXTENSION = "{http://ns.adobe.com/photoshop/1.0/}SidecarForExtension"
_WHITE_BALANCE = ("WhiteBalance", "Temperature", "Tint")
_JUNMAIS_OWN = ("BaseLook", "WhiteBalanceAmount", "GrayscaleAmount")
_ABSENT = ("Crop", "HasCrop", "GrayMixer", "Incremental", *_WHITE_BALANCE, *_JUNMAIS_OWN, "CameraProfile")
"""Fields that are not written at their neutral value: they would say something that nobody decided."""
_ALWAYS_NEW = ("ProcessVersion", "HasSettings", "AlreadyApplied", "RawFileName", "ToneCurveName2012", "Treatment")


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A sidecar to be written: where, what stands there (None: nothing), and what is to stand there."""

    path: Path
    before: bytes | None
    content: bytes


def takes_sidecar(name: str) -> bool:
    """Whether Lightroom keeps the settings of a photo of that name in a sidecar: those of RAW files. It writes them
    into a JPEG or TIFF itself, which Junmai never does with an original."""
    return Path(name).suffix.lower() in RAW_EXTENSIONS


def place_beside(photo: Path) -> Path:
    """Where the sidecar of a RAW photo stands, or belongs: its extension replaced. Raises `SidecarRefused`."""
    if not takes_sidecar(photo.name):
        detail = f"Lightroom keeps the settings of {photo.name} in the file itself, and an original is never written to"
        raise errors.SidecarRefused(detail=detail)
    there = sidecars.shared_place(photo)
    place = photo.with_suffix(SUFFIX) if there is None else there
    if place.is_symlink():
        raise errors.SidecarRefused(detail=f"{place} is a link to another file, which is not written through")
    if there is not None:
        if there in sidecars.too_large(photo):
            raise errors.SidecarRefused(detail=f"{place} is too large to be read")
        if not sidecars.shared_is_for(place, photo):
            raise errors.SidecarRefused(detail=f"{place} belongs to another file of that name, as it says itself")
    return place


def made(
    photo: Path, settings: Mapping[str, SettingValue], target: Path | None, *, keeps_look: bool
) -> tuple[Sidecar, tuple[str, ...]]:
    """The sidecar of a RAW photo with these settings, beside the photo or (`target`) somewhere else; and what it
    cannot say, in sentences.

    What stands beside the photo is what it is made from, in both cases. `keeps_look`: a creative profile that the
    sidecar names stays, because the photo's own settings count. Raises `SidecarRefused`, OSError.
    """
    beside = place_beside(photo)
    there = _bytes_of(beside)
    try:
        content = _written(there, photo, settings, keeps_look=keeps_look)
    except errors.XmpUnreadable as error:
        raise errors.SidecarRefused(detail=error.message) from error
    remarks = tuple(_not_said(settings))
    if target is None:
        return Sidecar(beside, there, content), remarks
    return Sidecar(target, _bytes_of(target), content), remarks


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _written(there: bytes | None, photo: Path, settings: Mapping[str, SettingValue], *, keeps_look: bool) -> bytes:
    existing = xmp.parse(there, name=photo.with_suffix(SUFFIX).name) if there is not None else {}
    fields = fields_of(settings, existing, photo)
    if there is None:
        return xmp.write(fields)
    with_crop = any(name in fields for name in ("HasCrop", "CropTop", "CropAngle"))
    as_shot = fields["WhiteBalance"] == text_of(existing.get("WhiteBalance")) == "As Shot"

    def goes(name: str) -> bool:
        if name in fields:
            return True
        if name.startswith("Crop") or name == "HasCrop":
            return with_crop
        if name in _WHITE_BALANCE:
            return not as_shot  # else they say what the camera measured
        if name == "Look":
            return not keeps_look
        return name in FIELDS or name in ALIASES or name in _ALWAYS_NEW or adobe.is_switch(name)

    return xmp_edit.replace(there, fields, goes, name=photo.with_suffix(SUFFIX).name)


# --- settings as fields -------------------------------------------------------------------------------------


def fields_of(settings: Mapping[str, SettingValue], existing: Fields, photo: Path) -> Fields:
    """The settings as Adobe's fields, every control said: Lightroom takes its own default for one that is absent
    (sharpening 40 for a RAW), which is not what was developed."""
    fields: Fields = {
        _FOR_EXTENSION: text_of(existing.get(_FOR_EXTENSION)) or photo.suffix.lstrip("."),
        "ProcessVersion": _process(existing),
        "HasSettings": "True",
        "AlreadyApplied": "False",
        "RawFileName": text_of(existing.get("RawFileName")) or photo.name,
        **_white_balance(settings),
    }
    for name, known in FIELDS.items():
        if name in _WHITE_BALANCE:
            continue
        value = settings.get(name)
        if value is None and not name.startswith(_ABSENT):
            value = _neutral(known)
        if value is not None:
            fields[name] = _node(name, value)
    if any(name.startswith("Crop") for name in settings):
        fields.setdefault("HasCrop", "True")
    curve = settings.get("ToneCurvePV2012", STRAIGHT)
    fields["ToneCurveName2012"] = "Linear" if curve == STRAIGHT else "Custom"
    return fields


def _process(existing: Fields) -> str:
    said = text_of(existing.get("ProcessVersion"))
    try:
        return said if float(said) >= PROCESS else f"{PROCESS:.1f}"
    except ValueError:
        return f"{PROCESS:.1f}"


def _white_balance(settings: Mapping[str, SettingValue]) -> Fields:
    named = settings.get("WhiteBalance", "")
    numbers = {name: _node(name, settings[name]) for name in ("Temperature", "Tint") if name in settings}
    if named in NAMED_WHITE_BALANCE and not numbers:
        kelvin, tint = NAMED_WHITE_BALANCE[str(named)]
        numbers = {"Temperature": _node("Temperature", kelvin), "Tint": _node("Tint", tint)}
    if not numbers:
        return {"WhiteBalance": "As Shot"}
    word = str(named) if named and named != "As Shot" else "Custom"
    return {"WhiteBalance": word, **numbers}


def _neutral(known: SettingField) -> SettingValue | None:
    if isinstance(known, NumberField):
        return known.neutral
    if isinstance(known, SwitchField):
        return False
    if isinstance(known, CurveField):
        return STRAIGHT
    return known.choices[0] if isinstance(known, ChoiceField) else None


def _node(name: str, value: SettingValue) -> Node:
    if name == "LensProfileEnable":  # the one switch that Lightroom writes as a number
        return "1" if value else "0"
    return node_of(name, value)


def _not_said(settings: Mapping[str, SettingValue]) -> list[str]:
    """What Lightroom will show otherwise than it was developed, because it has no field for it."""
    return [
        f"{name} ({settings[name]:g}) is Junmai's own; Lightroom shows the whole of it"
        for name in ("WhiteBalanceAmount", "GrayscaleAmount")
        if settings.get(name, 100) != 100
    ]


# --- reading back -------------------------------------------------------------------------------------------


def key_after(photo: Path, written: Sidecar) -> str:
    """What `sidecars.content_key` will say of the photo's sidecars once this one stands."""
    found = [one for one in sidecars.read(photo) if not _is_same(one.path, written.path)]
    return sidecars.content_key([sidecars.Sidecar(written.path, written.content), *found])


def _is_same(one: Path, other: Path) -> bool:
    return os.path.normcase(one) == os.path.normcase(other)
