"""A photo's own Lightroom settings: from its sidecar, else from the XMP that it carries. For worker processes.

A sidecar with settings stands for all of them, as Lightroom means it; it is not mixed with what the photo carries.
`crs:AlreadyApplied` says that a finished picture was made with the settings: they are history and not applied again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from junmai import errors
from junmai.develop import settings as develop_settings
from junmai.develop import sidecars, xmp
from junmai.develop.sniff import RAW_EXTENSIONS
from junmai.develop.taking import Line, Taken, Verdict, take
from junmai.develop.xmp import Fields, text_of
from junmai.domain.model import SettingValue

EMBEDDED = "the photo"
REMARKS_LIMIT = 12

_NAMESPACE = xmp.CRS.encode()

LIGHTROOM_STARTS: dict[str, float] = {"Sharpness": 40, "ColorNoiseReduction": 25, "ColorGradeBlending": 50}
"""Where Lightroom's controls stand for a RAW photo that nobody touched, beside those that are neutral."""


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """What a photo brings along.

    `source` is the sidecar's name or "the photo"; `""` where there are no settings. `remarks` are sentences about what
    cannot be honoured. `key` is the SHA-256 of the sidecars that were read, `""` for none: with the photo's own
    SHA-256 it decides what its own settings are.
    """

    settings: Mapping[str, SettingValue]
    source: str
    remarks: tuple[str, ...]
    key: str


NONE = OwnSettings({}, "", (), "")


def own_settings(photo: Path, instead: sidecars.Instead | None = None) -> OwnSettings:
    """Read a photo's own settings. Raises OSError where the photo or its sidecar cannot be read.

    XMP that is broken is remarked on, and the photo goes without.
    """
    found = sidecars.read(photo, instead)
    key = sidecars.content_key(found)
    remarks = [
        f"{path.name}: is too large to be read; its settings are not applied" for path in sidecars.too_large(photo)
    ]
    for sidecar in reversed(found):
        taken = _settings_of(sidecar.data, sidecar.path.name, remarks, finished=False)
        if taken is not None:
            return _own(taken, sidecar.path.name, remarks, key)
    from junmai.develop.metadata_packet import EXTENDED, packet_of

    packet = packet_of(photo)
    taken = _settings_of(packet, EMBEDDED, remarks, finished=photo.suffix.lower() not in RAW_EXTENSIONS)
    if taken is None:
        return OwnSettings({}, "", tuple(remarks), key)
    if EXTENDED in packet:
        remarks.append(f"{EMBEDDED}: carries more settings, mostly masks, in segments that are not read")
    return _own(taken, EMBEDDED, remarks, key)


def settings_in(sidecar: bytes) -> dict[str, SettingValue]:
    """The settings that a sidecar holds; none where it holds none, or is broken."""
    taken = _settings_of(sidecar, "", [], finished=False)
    return taken.settings if taken is not None else {}


def laid_between(
    below: Mapping[str, SettingValue], own: Mapping[str, SettingValue], above: Mapping[str, SettingValue]
) -> dict[str, SettingValue]:
    """The settings in force: a preset's, a photo's own over them, explicit ones over both.

    Lightroom writes every control into a sidecar, most of them untouched. Over a preset only those count that were
    moved, or nothing would be left of it.
    """
    if below:
        own = {name: value for name, value in own.items() if not _untouched(name, value)}
    return develop_settings.merge(below, own, above)


# --- one source ---------------------------------------------------------------------------------------------


def _settings_of(data: bytes, name: str, remarks: list[str], *, finished: bool) -> Taken | None:
    """What one packet says of developing; None where it says nothing, or only what was done already.

    `finished` pictures must say that their settings are still to be applied (`AlreadyApplied="False"`): programs
    leave the settings of the RAW in what they made of it.
    """
    if not data:
        return None
    try:
        fields = xmp.parse(data, name=name)
    except errors.XmpUnreadable as error:
        if name == EMBEDDED and _NAMESPACE not in data:
            return None  # whatever it was, it held no settings
        remarks.append(f"{name}: {error.fields['detail']}; its settings are not applied")
        return None
    develop: Fields = {key: node for key, node in fields.items() if not key.startswith("{")}
    applied = text_of(develop.get("AlreadyApplied")).casefold()
    if applied == "true" or (finished and applied != "false"):
        return None
    if text_of(develop.get("HasSettings")).casefold() == "false":
        return None
    taken = take(develop)
    return taken if len(taken.lines(Verdict.ABOUT)) < len(taken.report) else None


def _own(taken: Taken, source: str, remarks: list[str], key: str) -> OwnSettings:
    said = [*remarks, *(_sentence(line) for line in taken.lines(Verdict.NOT_SUPPORTED))]
    if len(said) > REMARKS_LIMIT:
        said = [*said[:REMARKS_LIMIT], f"and {len(said) - REMARKS_LIMIT} more"]
    return OwnSettings(taken.settings, source, tuple(said), key)


def _sentence(line: Line) -> str:
    return f"{line.field} ({line.value}) {line.says}" if line.value else f"{line.field} {line.says}"


def _untouched(name: str, value: SettingValue) -> bool:
    return develop_settings.is_neutral(name, value) or (name in LIGHTROOM_STARTS and value == LIGHTROOM_STARTS[name])
