"""From what the user asks for to a batch: settings resolved, names decided, what is done already left alone."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter

from junmai import errors, files
from junmai.control import naming
from junmai.control.presetting import finder
from junmai.control.standing import Standing
from junmai.develop import presets
from junmai.develop import settings as develop_settings
from junmai.domain.matching import Match
from junmai.domain.model import (
    LONGEST_SIDE,
    MOST_FURTHER,
    FurtherOutput,
    NewBatch,
    NewItem,
    OutputOptions,
    Recipe,
    is_label,
)
from junmai.domain.naming import Template, is_device, parse
from junmai.domain.plan import EXTENSIONS
from junmai.domain.preset import Preset, split_reference
from junmai.store.base import Store

QUALITY_RANGE = (1, 100)
SETTINGS_FROM = ("own", "preset", "both")
LONG_EDGE_RANGE = (16, 65_500)  # a JPEG ends at 65,535 pixels a side; some formats earlier
LONGEST_CREDIT = 1000
FURTHER_KEYS = ("format", "quality", "long_edge", "color_space", "sharpen_for", "sharpen_strength")
"""The options that a further output has of its own; the others are the main one's."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the photos should look like: a preset, how much of it (0..100), and settings over it.

    `settings_from` says what else counts: "preset" the preset alone, "own" each photo's own Lightroom settings alone,
    "both" the photo's own over the preset. None is "preset" where a preset is named, else "own".
    """

    preset: str | None = None
    blend: float = 100.0
    settings: dict[str, object] = field(default_factory=dict)
    settings_from: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What the user asks for. `folder` is where outputs go; `overwrite` allows to replace foreign files there; `match`
    asks for one look over the photos."""

    look: Look = Look()
    output: OutputOptions = field(default_factory=OutputOptions)
    folder: Path | None = None
    overwrite: bool = False
    further: tuple[FurtherOutput, ...] = ()
    match: Match | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A batch that could be created: `items` in order, of which `done` need nothing."""

    new: NewBatch
    folder_id: int
    items: list[NewItem]
    replaced: int = 0
    """Photos that have an earlier output in the folder, which is not the right one any more."""
    kept_names: int = 0
    """Photos that the template would call otherwise, which keep the name that they have in the folder."""
    lacking: int = 0
    """Photos whose right main output stands there, but not all of their further ones."""

    @property
    def done(self) -> int:
        """Photos whose right output stands there already."""
        return sum(item.done for item in self.items)


def new_batch_id() -> str:
    """`batch_` and 12 hexadecimal digits."""
    return f"batch_{secrets.token_hex(6)}"


def resolve(order: Order, find: Callable[[str], Preset] = presets.find) -> tuple[Recipe, str]:
    """The settings in force and the exact preset, which `find` finds by its name.

    Raises `UnknownPreset`, `UnknownSetting`, `SettingOutOfRange`, `BadInput`.
    """
    look = order.look
    preset = find(look.preset or presets.DEFAULT)
    _check_output(order.output)
    check_further(order.further)
    if order.further and not order.output.pixels:
        raise errors.BadInput(detail="Without pixels there are no further outputs; leave them out.")
    settings = develop_settings.blend(preset.settings, look.blend)
    overrides = develop_settings.asked_for(look.settings)
    if settings_from(look) == "preset":
        merged = develop_settings.merge(settings, overrides)
        recipe = Recipe(settings=merged, output=order.output)
    else:
        recipe = Recipe(settings=settings, output=order.output, own=True, overrides=overrides)
    return replace(recipe, further=order.further, match=order.match), preset.reference


def settings_from(look: Look) -> str:
    """ "own", "preset" or "both", as asked for or as it is without a word. Raises `BadInput`."""
    chosen = look.settings_from or ("own" if look.preset is None else "preset")
    if chosen not in SETTINGS_FROM:
        raise errors.BadInput(detail=f"Settings come from {', '.join(SETTINGS_FROM)}; not from {chosen!r}.")
    if chosen == "own" and look.preset not in (None, presets.DEFAULT):
        detail = f"With the photos' own settings alone the preset {look.preset} has no say; take one of them, or both."
        raise errors.BadInput(detail=detail)
    return chosen


def request_key(order: Order, sources: Sequence[str]) -> str:
    """The same command has the same key: its sources, look, output options and folder."""
    output = asdict(order.output)
    if order.output.sidecars == "none":  # without them the key is the same as before there were any
        del output["sidecars"], output["pixels"]
    facts: dict[str, object] = {
        "sources": sorted(sources),
        "look": asdict(order.look),
        "output": output,
        "folder": str(order.folder),
        **({"overwrite": True} if order.overwrite else {}),
    }
    if order.further:  # without them the key is the same as before there were any
        facts["further"] = [asdict(one) for one in order.further]
    if order.match is not None:
        facts["match"] = asdict(order.match)
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

    Makes the output folder, and writes nothing but its number. Raises `OutputFolderRefused` and what `resolve` raises;
    then there is no folder that was not there before.
    """
    recipe, preset = resolve(order, finder(store))
    check_target(order.match, photos)
    if order.folder is None:
        raise errors.OutputFolderRefused(path="", detail="none is given")
    folder_id, made = _use_folder(store, order.folder)
    try:
        new = _new_batch(order, order.folder, recipe, preset, batch_id=batch_id, key=key, priority=priority)
        return _planned(store, photos, order, replace(new, session_id=session_id), folder_id)
    except BaseException:
        if made:
            files.remove_if_empty(order.folder)
        raise


def _new_batch(
    order: Order, folder: Path, recipe: Recipe, preset: str, *, batch_id: str, key: str | None, priority: int
) -> NewBatch:
    return NewBatch(
        id=batch_id,
        preset=preset,
        config=_config(order, folder),
        recipe=recipe,
        folder=str(folder),
        session_id=None,
        overwrite=order.overwrite,
        priority=priority,
        request_key=key,
        own_folder=folder.name == batch_id,
    )


def _planned(store: Store, photos: Mapping[int, str], order: Order, new: NewBatch, folder_id: int) -> Plan:
    folder, recipe = Path(new.folder), new.recipe
    rows = store.outputs_of(folder_id)
    if rows and new.own_folder:
        new = replace(new, own_folder=False)
    known = {
        row["photo_id"]: row
        for row in rows
        if row["format"] == order.output.format and not row["label"] and row["photo_id"] in photos
    }
    names = naming.decide(
        store,
        photos,
        template_of(order.output),
        folder,
        extension=EXTENSIONS[order.output.format],
        preset=split_reference(new.preset)[0],
        known={photo_id: str(row["name"]) for photo_id, row in known.items()},
        taken=(row["name_key"] for row in rows),
        further=order.further,
        owners={row["name_key"]: (row["photo_id"], row["label"]) for row in rows} if order.further else None,
    )
    standing = Standing(store, folder, recipe, rows)
    right = standing.right(known) if recipe.match is None else set()  # what is right, a match says when it is solved
    done = standing.whole(right, names.by_photo) if recipe.match is None else right
    items = [NewItem(photo_id, name, photo_id in done) for photo_id, name in names.by_photo.items()]
    replaced = recipe.match is None and sum(
        photo_id not in right and row["sha256"] is not None and (folder / str(row["name"])).exists()
        for photo_id, row in known.items()
    )
    lacking = len(right - done)
    return Plan(new, folder_id, items, replaced, names.kept, lacking)


def _use_folder(store: Store, folder: Path) -> tuple[int, bool]:
    """Make the output folder if it is not there; its number, and whether it was made. Raises `OutputFolderRefused`."""
    try:
        made = files.make_folder(folder)
    except OSError as error:
        raise errors.OutputFolderRefused(path=folder, detail=error.strerror or str(error)) from error
    if not files.takes_files(folder):
        raise errors.OutputFolderRefused(path=folder, detail="you may not write there")
    return store.output_folder(str(folder), made_by_junmai=made), made


def _config(order: Order, folder: Path) -> dict[str, object]:
    output: dict[str, object] = {**asdict(order.output), "folder": str(folder)}
    if order.further:
        output["also"] = [described(one) for one in order.further]
    return {
        "preset": order.look.preset or presets.DEFAULT,
        "blend": order.look.blend,
        "settings": dict(order.look.settings),
        "settings_from": settings_from(order.look),
        **({"match": asdict(order.match)} if order.match is not None else {}),
        "output": output,
    }


def check_target(match: Match | None, photos: Mapping[int, str]) -> None:
    """Raises `BadInput` where others are to be brought to a photo that is not among them."""
    if match is not None and isinstance(match.to, int) and match.to not in photos:
        detail = (
            f"Photo {match.to} is what the others are matched to, and is not among the photos of the batch; add it."
        )
        raise errors.BadInput(detail=detail)


def check_further(further: Sequence[FurtherOutput]) -> None:
    """Raises `BadInput` naming the label and what does not fit."""
    if len(further) > MOST_FURTHER:
        raise errors.BadInput(detail=f"A photo has {MOST_FURTHER} further outputs at most; these are {len(further)}.")
    seen: dict[str, str] = {}
    for one in further:
        check_label(one.label)
        if one.label.casefold() in seen:
            raise errors.BadInput(
                detail=f"Two further outputs have one label: {seen[one.label.casefold()]}, {one.label}."
            )
        seen[one.label.casefold()] = one.label
        try:
            _check_output(one.output)
        except errors.BadInput as error:
            raise errors.BadInput(detail=f"Further output {one.label}: {error.message}") from error


def check_label(label: str) -> None:
    """Raises `BadInput` where a further output cannot be called so; its label is the name of a folder."""
    if not is_label(label) or is_device(label):
        detail = f"The label of a further output is 1 to 40 letters, digits, - and _; {label!r} is none."
        raise errors.BadInput(detail=detail)


def described(one: FurtherOutput) -> dict[str, object]:
    """A further output as a config says it: its label, and its own options."""
    return {"label": one.label, **{name: getattr(one.output, name) for name in FURTHER_KEYS}}


def template_of(output: OutputOptions) -> Template | None:
    """The template of names; None where photos keep their own. Raises `UnknownNameField`, `NameTemplateRefused`."""
    return parse(output.name) if output.name else None


def check_recipe(recipe: Recipe) -> None:
    """Check a recipe that comes from outside. Raises `BadInput`, TypeError, ValueError, `OverflowError`."""
    TypeAdapter(OutputOptions).validate_json(json.dumps(asdict(recipe.output)), strict=True)
    _check_output(recipe.output)
    develop_settings.parse(dict(recipe.settings))
    develop_settings.parse(dict(recipe.overrides))


def _check_output(output: OutputOptions) -> None:
    _check_range("quality", output.quality, QUALITY_RANGE)
    longest = min(LONG_EDGE_RANGE[1], LONGEST_SIDE[output.format])
    if output.long_edge is not None:
        _check_range("long edge", output.long_edge, (LONG_EDGE_RANGE[0], longest))
    for name in ("creator", "copyright"):
        text = getattr(output, name)
        if len(text) > LONGEST_CREDIT or not text.isprintable():
            raise errors.BadInput(detail=f"The {name} must be one line of {LONGEST_CREDIT} characters or fewer.")
    template_of(output)
    if not output.pixels and output.sidecars == "none":
        raise errors.BadInput(detail="Without pixels there is nothing to write; say where sidecars go as well.")
    if output.format == "avif":
        from PIL import features

        if not features.check("avif"):  # Pillow's wheels have it on every system but Windows on ARM
            raise errors.BadInput(detail="AVIF cannot be written on this system; take webp, jpeg or tiff.")


def _check_range(name: str, value: int, bounds: tuple[int, int]) -> None:
    if not bounds[0] <= value <= bounds[1]:
        raise errors.BadInput(detail=f"The {name} must be {bounds[0]} to {bounds[1]}; it is {value}.")
