"""Presets of the library: finding, importing and exporting them, and what two of them have in common."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from junmai import errors, files
from junmai import log as logs
from junmai.control.comparing import require_folder
from junmai.control.outputs import is_original
from junmai.develop import presetfile, presets
from junmai.develop import settings as develop_settings
from junmai.develop.presetfile import PresetFile
from junmai.develop.taking import Line, Verdict
from junmai.domain.model import SettingValue
from junmai.domain.plan import name_key
from junmai.domain.preset import NewPreset, Preset, split_reference
from junmai.store.base import Store

log = logs.get("junmai.presets")

ALIKE = 0.2
"""The share of settings in which a new version agrees with the one before it, below which it is pointed out."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A preset as it was imported from a file; `new` is False where that very version was there already."""

    path: Path
    preset: Preset
    new: bool
    report: tuple[Line, ...]
    unlike: Preset | None = None
    """The version before it, where the two have almost nothing in common: it may be another preset."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is no preset, and why."""

    path: Path
    error: errors.BadInput


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting in which two presets differ; None where one does not touch it."""

    field: str
    first: SettingValue | None
    second: SettingValue | None
    meaning: str


# --- finding ------------------------------------------------------------------------------------------------


def find(store: Store, name: str) -> Preset:
    """A preset by `name` (its newest version) or `name@version`, the user's own before the built-in ones.

    Raises `UnknownPreset`, naming the nearest.
    """
    wanted, version = split_reference(name)
    found = store.preset(wanted, version) or presets.built_in(wanted, version)
    if found is None and version is not None and (known := versions_of(store, wanted)):
        raise errors.UnknownPreset(name=name, nearest=f" {known[0].name} has {numbered(known)}.")
    if found is None:
        raise presets.unknown(name, [each.name for each in all_presets(store)])
    return found


def lost_of(store: Store, reference: str) -> tuple[Line, ...]:
    """What of an exact version cannot be done; nothing for one that this library does not have."""
    preset = store.preset(*split_reference(reference))
    report = presetfile.report_of(preset) if preset is not None else ()
    return tuple(line for line in report if line.verdict is Verdict.NOT_SUPPORTED)


def finder(store: Store) -> Callable[[str], Preset]:
    """`find` over one store."""
    return lambda name: find(store, name)


def all_presets(store: Store) -> list[Preset]:
    """The newest version of every preset: the built-in ones, then the user's by name."""
    own = store.presets()
    taken = {name_key(preset.name) for preset in own}
    return [*(each for each in presets.all_presets() if name_key(each.name) not in taken), *own]


def versions(store: Store, name: str) -> list[Preset]:
    """Every version of a preset, the newest first. Raises `UnknownPreset`."""
    return versions_of(store, split_reference(name)[0]) or [find(store, name)]


def versions_of(store: Store, name: str) -> list[Preset]:
    """Every version of the preset of that name, the newest first; none where there is no such preset."""
    built_in = presets.built_in(name)
    return store.preset_versions(name) or ([built_in] if built_in is not None else [])


# --- importing ----------------------------------------------------------------------------------------------


def files_in(paths: Sequence[Path]) -> list[Path]:
    """The preset files that paths mean: files themselves, folders with all that lies below them.

    Raises `BadInput` where one is not there or a folder holds none.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        below = sorted(one for one in path.rglob("*") if is_preset_file(one.name) and one.is_file())
        if not below:
            raise errors.BadInput(detail=f"There is no preset (.xmp, .lrtemplate) in {path}.")
        found += below
    return list(dict.fromkeys(found))


def is_preset_file(text: str) -> bool:
    """Whether a text is the name of a preset file rather than of a preset."""
    return text.casefold().endswith(presetfile.SUFFIXES)


def import_all(
    store: Store, paths: Sequence[Path], *, name: str | None = None, note: str = ""
) -> list[Imported | Refused]:
    """Import files in their order; one that is no preset does not stop the others. Raises `BadInput` for a `name`
    for more than one file."""
    found = files_in(paths)
    if name is not None and len(found) > 1:
        raise errors.BadInput(detail=f"One name cannot be given to {len(found)} presets; import them one by one.")
    results: list[Imported | Refused] = []
    for path in found:
        try:
            results.append(import_file(store, path, name=name, note=note))
        except errors.BadInput as error:
            results.append(Refused(path, error))
    return results


def import_file(store: Store, path: Path, *, name: str | None = None, note: str = "") -> Imported:
    """Keep the preset of a file; the same content under the same name is the version that is there.

    Raises `PresetUnreadable`, `PresetRefused`.
    """
    if name is not None and "@" in name:
        raise errors.PresetRefused(name=name, detail="@ cannot stand in a name, for it tells versions")
    read = read_file(path)
    new = read.as_new(name, note)
    if presets.built_in(new.name) is not None:
        raise errors.PresetRefused(name=new.name, detail="a built-in preset is called so; give it another with --name")
    before = store.preset(new.name)
    preset, is_new = store.add_preset(new)
    log.info("preset imported", preset=preset.reference, new=is_new, file=str(path))
    unlike = before if is_new and before is not None and _common(before, preset) < ALIKE else None
    return Imported(path, preset, is_new, read.taken.report, unlike)


def _common(one: Preset, other: Preset) -> float:
    """The share of what either sets in which both agree; 1 where neither sets anything."""
    sets = {name for each in (one, other) for name, value in each.settings.items() if not _rests(name, value)}
    agree = sum(one.settings.get(name) == other.settings.get(name) for name in sets)
    return agree / len(sets) if sets else 1.0


def use_again(store: Store, reference: str) -> tuple[Preset, bool]:
    """Make an older version of an imported preset the newest one again, as a version of its own; and whether it was
    not so already. Raises `UnknownPreset`, and `BadInput` where no version is named or the preset is built in."""
    name, version = split_reference(reference)
    known = store.preset_versions(name)
    if not known and presets.built_in(name) is not None:
        raise errors.BadInput(detail=f"{name} is built in and has no older versions.")
    wanted = find(store, reference)
    if version is None:
        detail = f"Say which version of {wanted.name} to use: {wanted.name}@VERSION; it has {numbered(known)}."
        raise errors.BadInput(detail=detail)
    newest = known[0]
    if (newest.settings, newest.origin) == (wanted.settings, wanted.origin):
        return newest, False
    content = hashlib.sha256(f"{wanted.reference} after {newest.reference}".encode()).hexdigest()
    note = f"version {version} again" + (f": {wanted.note}" if wanted.note else "")
    preset, _ = store.add_preset(NewPreset(wanted.name, wanted.settings, wanted.origin, content, note))
    log.info("preset used again", preset=preset.reference, version=version)
    return preset, True


def numbered(known: Sequence[Preset]) -> str:
    """Which versions there are; they are counted without a gap."""
    return "version 1 only" if len(known) == 1 else f"versions 1 to {len(known)}"


def read_file(path: Path) -> PresetFile:
    """Read a preset without keeping it. Raises `PresetUnreadable`."""
    try:
        state = files.state_of(path)
        if state is None:
            raise errors.PresetUnreadable(path=path, detail="there is no such file")
        if state.size > presetfile.FILE_LIMIT:
            most = presetfile.FILE_LIMIT
            raise errors.PresetUnreadable(path=path, detail=f"it has {state.size:,} bytes; {most:,} are the most")
        data = path.read_bytes()
    except OSError as error:
        raise errors.PresetUnreadable(path=path, detail=error.strerror or str(error)) from error
    return presetfile.read(data, path.name)


def find_or_read(store: Store, text: str) -> Preset:
    """A preset by its name, or that of a file, which is not kept. Raises `UnknownPreset`, `PresetUnreadable`."""
    if not is_preset_file(text):
        return find(store, text)
    new = read_file(Path(text)).as_new()
    return Preset(new.name, 0, new.name, "", settings=new.settings, origin=new.origin)


# --- exporting ----------------------------------------------------------------------------------------------


def export(store: Store, name: str, path: Path, *, overwrite: bool = False) -> Preset:
    """Write a preset as an `.xmp` that Lightroom reads. Raises `UnknownPreset`, and `BadInput` where a file stands
    there or cannot be written."""
    preset = find(store, name)
    if path.suffix.casefold() != ".xmp":
        raise errors.BadInput(detail=f"A preset is exported as an .xmp; {path.name} does not end so.")
    write_new(store, path, presetfile.write(preset), overwrite=overwrite)
    return preset


def write_new(store: Store, path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write a file that the user names. What stands there stays, unless `overwrite`; an original stays in any case.

    Raises `BadInput`.
    """
    if overwrite and is_original(store, path):
        raise errors.BadInput(detail=f"{path} is a photo of the library, which is never replaced.")
    require_folder(path.parent)
    temporary = path.with_name(files.temporary_name("written", os.getpid(), 0))
    try:
        files.write_temporary(temporary, data)
        if overwrite:
            files.rename_replacing(temporary, path)
        elif not files.rename_without_replacing(temporary, path):
            raise errors.BadInput(detail=f"{path} is there already; name another file, or use --overwrite.")
        files.sync_folder(path.parent)
    except OSError as error:
        raise errors.BadInput(detail=f"{path} cannot be written ({error.strerror or error}).") from error
    finally:
        files.remove_temporary(temporary)


# --- comparing ----------------------------------------------------------------------------------------------


def differences(first: Preset, second: Preset) -> list[Difference]:
    """The settings in which two presets differ, in the order in which they take effect. One that a preset does not
    touch is as one that stands where it changes nothing."""
    found = []
    for name, known in develop_settings.FIELDS.items():
        one, other = first.settings.get(name), second.settings.get(name)
        if one != other and not (_rests(name, one) and _rests(name, other)):
            found.append(Difference(name, one, other, known.meaning))
    return found


def _rests(name: str, value: SettingValue | None) -> bool:
    return value is None or develop_settings.is_neutral(name, value)
