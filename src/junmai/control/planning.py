"""From what the user asks for to a batch: settings resolved, names decided, what is done already left alone."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from junmai import errors, files
from junmai.control.endings import output_key
from junmai.control.outputs import is_original
from junmai.develop import presets
from junmai.develop import settings as develop_settings
from junmai.domain.model import NewBatch, NewItem, OutputOptions, Photo, Recipe
from junmai.domain.plan import EXTENSIONS, name_key, plan_names
from junmai.store.base import Store

QUALITY_RANGE = (1, 100)
LONG_EDGE_RANGE = (16, 65_500)  # a JPEG ends at 65,535 pixels a side


@dataclass(frozen=True, slots=True)
class Look:
    """What the photos should look like: a preset, how much of it (0..100), and settings over it."""

    preset: str = "default"
    blend: float = 100.0
    settings: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """What the user asks for. `folder` is where outputs go; `overwrite` allows to replace foreign files there."""

    look: Look = Look()
    output: OutputOptions = field(default_factory=OutputOptions)
    folder: Path | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A batch that could be created: `items` in order, of which `done` need nothing."""

    new: NewBatch
    folder_id: int
    items: list[NewItem]
    replaced: int = 0
    """Photos that have an earlier output in the folder, which is not the right one any more."""

    @property
    def done(self) -> int:
        """Photos whose right output stands there already."""
        return sum(item.done for item in self.items)


def new_batch_id() -> str:
    """`batch_` and 12 hexadecimal digits."""
    return f"batch_{secrets.token_hex(6)}"


def resolve(order: Order) -> tuple[Recipe, str]:
    """The settings in force and the exact preset. Raises `UnknownPreset`, `UnknownSetting`, `SettingOutOfRange`,
    `BadInput`."""
    preset = presets.find(order.look.preset)
    _check_range("quality", order.output.quality, QUALITY_RANGE)
    if order.output.long_edge is not None:
        _check_range("long edge", order.output.long_edge, LONG_EDGE_RANGE)
    settings = develop_settings.merge(
        develop_settings.blend(preset.settings, order.look.blend), develop_settings.parse(order.look.settings)
    )
    return Recipe(settings=settings, output=order.output), preset.reference


def request_key(order: Order, sources: Sequence[str]) -> str:
    """The same command has the same key: its sources, look, output options and folder."""
    facts = {
        "sources": sorted(sources),
        "look": asdict(order.look),
        "output": asdict(order.output),
        "folder": str(order.folder),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def make_plan(
    store: Store,
    photos: Mapping[int, str],
    order: Order,
    *,
    batch_id: str,
    key: str | None = None,
    session_id: int | None = None,
    priority: int = 5,
) -> Plan:
    """Decide everything about a batch over photos (file names by id, in order).

    Writes nothing but the number of the output folder. Raises `OutputFolderRefused` and what `resolve` raises.
    """
    recipe, preset = resolve(order)
    if order.folder is None:
        raise errors.OutputFolderRefused(path="", detail="none is given")
    folder = order.folder
    folder_id = use_folder(store, folder)
    rows = store.outputs_of(folder_id)
    new = NewBatch(
        id=batch_id,
        preset=preset,
        config=_config(order, folder),
        recipe=recipe,
        folder=str(folder),
        session_id=session_id,
        overwrite=order.overwrite,
        priority=priority,
        request_key=key,
        own_folder=folder.name == batch_id and not rows,
    )
    known = {row["photo_id"]: row for row in rows if row["format"] == order.output.format and row["photo_id"] in photos}
    names = plan_names(
        photos.items(),
        extension=EXTENSIONS[order.output.format],
        known={photo_id: row["name"] for photo_id, row in known.items()},
        taken=(row["name_key"] for row in rows),
        reserved=_originals_in(store, folder),
    )
    done = {photo.id for photo in store.photos_by_ids(list(known)) if _is_done(folder, photo, known[photo.id], recipe)}
    items = [NewItem(photo_id, name, photo_id in done) for photo_id, name in names.items()]
    replaced = sum(
        photo_id not in done and row["sha256"] is not None and (folder / str(row["name"])).exists()
        for photo_id, row in known.items()
    )
    return Plan(new, folder_id, items, replaced)


def _originals_in(store: Store, folder: Path) -> Callable[[str], bool] | None:
    """Whether an original lies under a name in the folder: such a name is never used."""
    standing = {name_key(entry.name): entry.name for entry in os.scandir(folder)}

    if not standing:
        return None

    def reserved(name: str) -> bool:
        there = standing.get(name_key(name))
        return there is not None and is_original(store, folder / there)

    return reserved


def use_folder(store: Store, folder: Path) -> int:
    """Make the output folder if it is not there, and give its number. Raises `OutputFolderRefused`."""
    try:
        made = files.make_folder(folder)
    except OSError as error:
        raise errors.OutputFolderRefused(path=folder, detail=error.strerror or str(error)) from error
    if not files.takes_files(folder):
        raise errors.OutputFolderRefused(path=folder, detail="you may not write there")
    return store.output_folder(str(folder), made_by_junmai=made)


def _is_done(folder: Path, photo: Photo, row: dict[str, object], recipe: Recipe) -> bool:
    """Whether the right output of the photo stands in the folder, by its key, size and time."""
    if row["key"] is None or photo.sha256 is None:
        return False
    if row["key"] != output_key(photo.sha256, recipe):
        return False
    state = files.state_of(folder / str(row["name"]))
    return state is not None and (state.size, state.mtime_ns) == (row["size"], row["mtime_ns"])


def _config(order: Order, folder: Path) -> dict[str, object]:
    return {
        "preset": order.look.preset,
        "blend": order.look.blend,
        "settings": dict(order.look.settings),
        "output": {**asdict(order.output), "folder": str(folder)},
    }


def _check_range(name: str, value: int, bounds: tuple[int, int]) -> None:
    if not bounds[0] <= value <= bounds[1]:
        raise errors.BadInput(detail=f"The {name} must be {bounds[0]} to {bounds[1]}; it is {value}.")
