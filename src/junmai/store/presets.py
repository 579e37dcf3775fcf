"""The verbs over presets that the user imported, and over what of photos' own settings could not be honoured.

Versions of presets are added and never changed.
"""

from __future__ import annotations

import json

from junmai import errors
from junmai.domain.plan import name_key
from junmai.domain.preset import NewPreset, Preset
from junmai.domain.recipes import settings_from_json
from junmai.store.engine import Engine, Row


class PresetVerbs(Engine):
    """Presets and their versions; names differ by more than case."""

    def presets(self) -> list[Preset]:
        """The newest version of every preset, by name."""
        return [preset_from(row) for row in self.read("presets_newest")]

    def preset(self, name: str, version: int | None = None) -> Preset | None:
        """One version of a preset, by default the newest; None where there is none."""
        row = self.read_one("preset_version", name_key=name_key(name), version=version)
        return preset_from(row) if row else None

    def preset_versions(self, name: str) -> list[Preset]:
        """Every version of a preset, the newest first."""
        return [preset_from(row) for row in self.read("preset_versions", name_key=name_key(name))]

    def add_preset(self, new: NewPreset) -> tuple[Preset, bool]:
        """Keep a preset as the next version of its name, and say whether it is new: what is there already under that
        name, in any of its versions, is that version."""
        key = name_key(new.name)
        with self.write(command=True) as transaction:
            known = transaction.row("preset_by_content", name_key=key, content=new.content)
            if known is not None:
                return preset_from(known), False
            row = transaction.row(
                "add_preset",
                name=new.name,
                name_key=key,
                settings=json.dumps(dict(new.settings), ensure_ascii=False),
                origin=json.dumps(dict(new.origin), ensure_ascii=False),
                content=new.content,
                note=new.note,
                now=self.clock.now(),
            )
            if row is None:
                raise errors.StoreError(detail=f"the preset {new.name} was not kept")
            return preset_from(row), True

    def remarks(self, no: int) -> dict[int, tuple[str, ...]]:
        """By photo id, what could not be honoured when the photo was last developed in a batch."""
        return {row["photo_id"]: tuple(json.loads(row["data"])["remarks"]) for row in self.read("remarks", no=no)}


def preset_from(row: Row) -> Preset:
    """A row of `presets` as a value."""
    return Preset(
        name=row["name"],
        version=row["version"],
        title=row["name"],
        description=row["note"],
        settings=settings_from_json(json.loads(row["settings"])),
        origin=json.loads(row["origin"]),
        note=row["note"],
        created_at=row["created_at"],
    )
