"""Presets as files: reads Lightroom's `.xmp` and `.lrtemplate` and photos' sidecars, writes `.xmp`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from junmai import errors
from junmai.develop import lrtemplate, xmp
from junmai.develop import settings as develop_settings
from junmai.develop.taking import Line, Taken, Verdict, take
from junmai.develop.xmp import Fields, Node, text_of
from junmai.domain.model import SettingValue
from junmai.domain.preset import NewPreset, Preset, clean_name

SUFFIXES = (".xmp", ".lrtemplate")
FILE_LIMIT = xmp.PACKET_LIMIT
AGAIN = "export it again from Lightroom"


@dataclass(frozen=True, slots=True)
class PresetFile:
    """A preset as its file holds it: every field, and what Junmai takes of them."""

    name: str
    kind: str
    file_name: str
    fields: Fields
    taken: Taken

    def as_new(self, name: str | None = None, note: str = "") -> NewPreset:
        """As the store keeps it, under its own name or another. Raises `PresetRefused` for an empty name.

        Its content is what it sets and what it would set; in what kind of file, and with what id, is nothing of it.
        """
        chosen = clean_name(name) if name is not None else self.name
        if not chosen:
            raise errors.PresetRefused(name=name, detail="a name needs a letter or a digit")
        lost = {line.field: self.fields.get(line.field) for line in self.taken.lines(Verdict.NOT_SUPPORTED)}
        held = json.dumps([lost, self.taken.settings], sort_keys=True, ensure_ascii=False)
        return NewPreset(
            name=chosen,
            settings=self.taken.settings,
            origin={"kind": self.kind, "file": self.file_name, "fields": self.fields},
            content=hashlib.sha256(held.encode("utf-8", "surrogatepass")).hexdigest(),
            note=note,
        )


# --- reading ------------------------------------------------------------------------------------------------


def read(data: bytes, file_name: str) -> PresetFile:
    """Read a preset or sidecar. Raises `PresetUnreadable`, saying what the file is where that can be told."""
    start = data[:64].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")
    if not start:
        raise errors.PresetUnreadable(path=file_name, detail="it is empty")
    if start.startswith((b"<", b"\0<")):
        return _read_xmp(data, file_name)
    if PurePath(file_name).suffix.casefold() == ".lrtemplate" or start[:1].isalpha() or start.startswith((b"{", b"--")):
        return _read_template(data, file_name)
    raise errors.PresetUnreadable(path=file_name, detail="it is neither XMP nor a Lightroom template")


def report_of(preset: Preset) -> tuple[Line, ...]:
    """The report of an imported preset, made anew from the fields that it holds; empty for a built-in one."""
    return _take(_fields_of(preset), str(preset.origin.get("kind"))).report


def _read_xmp(data: bytes, file_name: str) -> PresetFile:
    try:
        fields = xmp.parse(data, name=file_name)
    except errors.XmpUnreadable as error:
        raise errors.PresetUnreadable(path=file_name, detail=f"it {error.fields['detail']}; {AGAIN}") from error
    is_preset = "PresetType" in fields or "Name" in fields
    develop = {name: node for name, node in fields.items() if not name.startswith("{")}
    if not develop:
        raise errors.PresetUnreadable(path=file_name, detail="it holds no develop settings")
    name = clean_name(text_of(fields.get("Name"))) or _stem(file_name)
    if is_preset:
        return PresetFile(name, "xmp", file_name, fields, take(fields))
    taken = _take(develop, "sidecar")
    other = len(fields) - len(develop)
    if other:
        said = Line(
            "metadata",
            f"{other} field{'' if other == 1 else 's'}",
            Verdict.LEFT_OUT,
            "is the photo's own, so a preset leaves it out",
        )
        taken = Taken(taken.settings, (*taken.report, said))
    return PresetFile(name, "sidecar", file_name, develop, taken)


def _read_template(data: bytes, file_name: str) -> PresetFile:
    template = lrtemplate.parse(data, name=file_name)
    fields: Fields = dict(template.fields)
    if not fields:
        raise errors.PresetUnreadable(path=file_name, detail="it holds no develop settings")
    name = clean_name(template.title) or _stem(file_name)
    if template.uuid:
        fields.setdefault("UUID", template.uuid.replace("-", "").upper())
    return PresetFile(name, "lrtemplate", file_name, fields, take(fields))


def _take(fields: Fields, kind: str) -> Taken:
    return take(fields, with_crop=kind != "sidecar")


def _stem(file_name: str) -> str:
    return clean_name(PurePath(file_name).stem) or "preset"


# --- writing ------------------------------------------------------------------------------------------------

_HEAD: dict[str, Node] = {
    "PresetType": "Normal",
    "Cluster": "",
    "UUID": "",
    "SupportsAmount": "True",
    "SupportsColor": "True",
    "SupportsMonochrome": "True",
    "SupportsHighDynamicRange": "True",
    "SupportsNormalDynamicRange": "True",
    "SupportsSceneReferred": "True",
    "SupportsOutputReferred": "True",
    "RequiresRGBTables": "False",
    "Copyright": "",
    "ContactInfo": "",
    "ProcessVersion": "11.0",
    "HasSettings": "True",
}
"""What Lightroom expects of a preset beside its settings. Process 11.0 is the oldest that has all of them."""


def write(preset: Preset) -> bytes:
    """The preset as an `.xmp` of Lightroom's: every field that it was imported with, or its settings."""
    held = _fields_of(preset)
    fields: Fields = dict(held)
    is_preset = "PresetType" in held or "Name" in held
    if not is_preset:
        fields = {**_HEAD, **held}
        fields["UUID"] = text_of(held.get("UUID")) or _uuid(preset)
    known = _take(fields, str(preset.origin.get("kind"))).settings
    for name, value in preset.settings.items():
        if known.get(name) != value:  # built in, read by a Junmai that understood less, or of a process before 2012
            fields[name] = node_of(name, value)
    if clean_name(text_of(held.get("Name"))) != preset.name:
        fields["Name"] = {"lang": [["x-default", preset.title]]}
    if not held:
        fields["Group"] = {"lang": [["x-default", "Junmai"]]}
    return xmp.write(fields)


def node_of(name: str, value: SettingValue) -> Node:
    """A setting as Adobe writes it: a sign where both are possible, `True`, points of a curve as "x, y"."""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return {"Seq": [f"{x:g}, {y:g}" for x, y in value]}
    known = develop_settings.FIELDS.get(name)
    signed = isinstance(known, develop_settings.NumberField) and known.low < 0 < value
    digits = f"{value:.2f}" if name == "Exposure2012" else f"{value:.10g}"
    return f"+{digits}" if signed else digits


def _fields_of(preset: Preset) -> Fields:
    fields: Mapping[str, Node] = preset.origin.get("fields", {})
    return dict(fields)


def _uuid(preset: Preset) -> str:
    """32 hexadecimal digits that are always the same for a version of a preset: Lightroom tells presets by them."""
    return hashlib.sha256(f"junmai preset {preset.reference}".encode()).hexdigest()[:32].upper()
