"""Presets as every room sees them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from junmai.domain.model import SettingValue

LONGEST_NAME = 120
"""Characters of a preset's name."""
_REFERENCE = re.compile(r"(?P<name>.*)@(?P<version>[1-9][0-9]{0,8})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Preset:
    """One version of a named set of settings; it never changes.

    `origin` says where it comes from: `kind` ("built-in", "xmp", "lrtemplate", "sidecar"), and of an imported one
    `file` (its name) and `fields` (everything that it held, as `junmai.develop.xmp` has it). `created_at` is in
    seconds since 1970; None for a built-in one.
    """

    name: str
    version: int
    title: str
    description: str
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    created_at: float | None = None

    @property
    def reference(self) -> str:
        """The exact version, as `find` takes it: `vivid-landscape@1`."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class NewPreset:
    """A version that is to be kept. `content` is the SHA-256 of what it holds: the same content under the same name
    is one version."""

    name: str
    settings: Mapping[str, SettingValue]
    origin: Mapping[str, Any]
    content: str
    note: str = ""


def split_reference(text: str) -> tuple[str, int | None]:
    """`name@3` as ("name", 3); the version is None where none is given."""
    found = _REFERENCE.fullmatch(text.strip())
    return (found["name"].strip(), int(found["version"])) if found else (text.strip(), None)


def clean_name(text: str) -> str:
    """A text as the name of a preset: one line, no `@`, which tells versions, not too long; `""` if nothing is left."""
    normal = unicodedata.normalize("NFC", text).replace("@", " ")
    printable = "".join(" " if each.isspace() else each for each in normal if each.isprintable() or each.isspace())
    return " ".join(printable.split())[:LONGEST_NAME].strip()
