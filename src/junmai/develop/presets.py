"""The presets that Junmai brings along, and how a preset is found by its name."""

from __future__ import annotations

from collections.abc import Iterable

from junmai import errors
from junmai.develop import settings as develop_settings
from junmai.develop.builtin import PRESETS
from junmai.domain.plan import name_key
from junmai.domain.preset import Preset, split_reference

DEFAULT = "default"
"""The preset of a batch that names none."""


def find(name: str) -> Preset:
    """The built-in preset called `name` (the newest version) or `name@version`.

    Raises:
        UnknownPreset: there is none; the nearest name is named.
    """
    found = built_in(*split_reference(name))
    if found is None:
        raise unknown(name, (each.name for each in PRESETS))
    return found


def built_in(name: str, version: int | None = None) -> Preset | None:
    """A built-in preset, by default its newest version; None where there is none. Case does not matter."""
    wanted = name_key(name)
    fitting = [each for each in PRESETS if name_key(each.name) == wanted and version in (None, each.version)]
    return max(fitting, key=lambda each: each.version, default=None)


def all_presets() -> tuple[Preset, ...]:
    """The newest version of every built-in preset, `default` first."""
    newest = {each.name: each for each in sorted(PRESETS, key=lambda each: each.version)}
    return tuple(newest[name] for name in dict.fromkeys(each.name for each in PRESETS))


def unknown(name: str, known: Iterable[str]) -> errors.UnknownPreset:
    """The refusal of a name, with the nearest one that is known."""
    hint = develop_settings.nearest_hint(split_reference(name)[0], known)
    return errors.UnknownPreset(name=name, nearest=hint)
