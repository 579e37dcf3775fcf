"""From the words of a state file to the rows of the store: checked, and nothing decided twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

from junmai import errors, files
from junmai.config import Settings
from junmai.control.ordering import order_from
from junmai.control.planning import Order, check_recipe, resolve
from junmai.control.statefile import COLUMNS, StateFile, items_path, mark_of, read_items
from junmai.domain.lifecycle import ENDED, ITEM_ENDED, BatchStatus, ItemStatus, PauseReason, outcome
from junmai.domain.model import FurtherPart, OutputOptions, Recipe, is_label
from junmai.domain.naming import is_relative_name
from junmai.domain.plan import EXTENSIONS
from junmai.domain.recipes import recipe_from_json
from junmai.store.roots import Roots
from junmai.store.states import RestoredBatch, RestoredEnd, RestoredItem, RestoredPart, RestoredPhoto

CONFIG_KEYS = ("preset", "blend", "settings", "settings_from", "output")
FORMER = "the former installation"
FAILED_BEFORE = "failed_before"
"""Kind of a failure of which an older state file tells no reason."""
_SAID_FAILED = "It failed before this batch was taken in from its state file, which tells no reason. Retry it."
_NUMBERS = frozenset({"size", "mtime_ns", "inode", "output_size", "output_mtime_ns"})
_COUNTS = frozenset({"photo_id", "attempt", "tries", "worker_deaths", "generation", "external"})
_TIMES = frozenset({"ended_at", "seconds"})
_PLACES = ("path", "root", "output_folder")
LATEST = 1e11
"""Seconds since 1970 that no time of a batch exceeds: the year 5138."""
_ITEM_COLUMNS = tuple(name for name in COLUMNS if name in RestoredItem.__dataclass_fields__)
_NOTHING: dict[str, Any] = {**dict.fromkeys(COLUMNS), **dict.fromkeys(_COUNTS - {"photo_id"}, 0)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One photo of a state file: its item, and the photo where the file tells of it."""

    item: RestoredItem
    photo: RestoredPhoto | None
    missing: int = 0
    """Outputs of it that do not stand as they were recorded."""


# --- the batch ----------------------------------------------------------------------------------------------


def frozen_batch(file: StateFile, settings: Settings, roots: Roots) -> tuple[RestoredBatch, bool, str | None]:
    """The frozen side of a batch, whether Junmai made its folder, and a warning. Raises `StateUnreadable`."""
    own, state = file.own, file.state
    created = seconds_of(state.created_at) or file.path.stat().st_mtime
    if not own:
        recipe, preset, folder, warning = _look(file, settings)
    else:
        recipe, preset, folder, warning = _recipe(own), _text(own, "preset"), roots.local(_text(own, "folder")), None
    batch = RestoredBatch(
        id=state.batch_id,
        session_id=state.session_id,
        preset=preset,
        config=state.config,
        recipe=recipe,
        folder=folder,
        overwrite=own.get("overwrite") is True,
        priority=_number(own, "priority", 5, 1, 10),
        request_key=_text(own, "request_key") if own.get("request_key") is not None else None,
        begun=own.get("begun", True) is True,
        generation=_number(own, "generation", 0, 0, 1 << 31),
        created_at=created,
    )
    if not Path(folder).is_absolute():
        raise errors.StateUnreadable(field="junmai.folder", detail="must be an absolute path")
    return batch, own.get("made_by_junmai", True) is True, warning


def end_of(file: StateFile, counts: dict[str, int], now: float) -> RestoredEnd:
    """The state that a batch takes. One that ran, or says it ended while photos have no end, is paused."""
    state, own = file.state, file.own
    started = seconds_of(state.started_at) or seconds_of(state.created_at) or now
    completed = seconds_of(state.completed_at) or seconds_of(state.paused_at) or started
    if state.status == BatchStatus.CANCELLED:
        reason = own.get("cancel_reason")
        return RestoredEnd(
            "cancelled", started, completed_at=completed, cancel_reason=reason if isinstance(reason, str) else "user"
        )
    if state.status in ENDED and not counts.get("pending"):
        ended = {name: counts.get(name, 0) for name in ("processed", "skipped", "failed")}
        return RestoredEnd(str(outcome(**ended)), started, completed_at=completed)
    reason, by, detail = PauseReason.INTERRUPTED.value, "junmai", None
    if state.status == BatchStatus.PAUSED:
        known = own.get("pause_reason") in set(PauseReason)
        reason = own["pause_reason"] if known else PauseReason.USER.value
        by = str(own.get("pause_by") or FORMER)
        detail = str(own["pause_detail"]) if own.get("pause_detail") else None
    paused = seconds_of(state.paused_at) or now
    return RestoredEnd("paused", started, paused_at=paused, pause_reason=reason, pause_by=by, pause_detail=detail)


def seconds_of(text: str | None) -> float | None:
    """Seconds since 1970 of a time in ISO 8601."""
    return None if text is None else datetime.fromisoformat(text).timestamp()


def _look(file: StateFile, settings: Settings) -> tuple[Recipe, str, str, str | None]:
    """What an older file's `config` means here; what it has beyond that is named."""
    config = file.state.config
    known = {name: config[name] for name in CONFIG_KEYS if config.get(name) is not None}
    warning = None if known.keys() == config.keys() else _said(file, "keys that mean nothing here", config, known)
    order = Order()
    try:
        order = order_from(known)
        recipe, preset = resolve(order)
    except (errors.BadInput, TypeError, ValueError) as error:
        recipe, preset = resolve(Order())
        warning = f"{file.state.batch_id}: its look cannot be had here ({error}); it would be developed by `default`"
    folder = order.folder or settings.data / "developed" / file.state.batch_id
    return recipe, preset, str(folder), warning


def _said(file: StateFile, what: str, config: dict[str, object], known: dict[str, object]) -> str:
    return f"{file.state.batch_id}: its config has {what}: {', '.join(sorted(config.keys() - known.keys()))}"


def _recipe(own: dict[str, Any]) -> Recipe:
    try:
        recipe = recipe_from_json(own["recipe"])
        check_recipe(recipe)
        return recipe
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, errors.BadInput) as error:
        raise errors.StateUnreadable(field="junmai.recipe", detail=f"does not fit ({error})") from error


# --- the photos ---------------------------------------------------------------------------------------------


def entries(file: StateFile, folder: Path, roots: Roots, *, verify: bool) -> Iterator[Entry]:
    """Every photo of a batch in its order, each once. Raises `StateUnreadable`, also in the midst."""
    said = _Said(file, folder, verify)
    rows = read_items(file)
    for position, photo_id in enumerate(dict.fromkeys(file.state.photo_ids)):
        row = next(rows, None)
        if row is None:
            yield Entry(said.bare(position, photo_id), None)
            continue
        facts = {**_NOTHING, **row}
        facts |= {name: roots.local(facts[name]) for name in _PLACES if isinstance(facts[name], str)}
        _check(facts)
        if facts["photo_id"] != photo_id:
            raise errors.StateUnreadable(field="junmai.items", detail=f"have another photo than {photo_id}")
        item = said.item(position, facts)
        yield Entry(item, _photo(facts), missing=_recorded(facts) - standing(item) if said.pixels else 0)


def _recorded(facts: dict[str, Any]) -> int:
    return 0 if facts["output_sha256"] is None else 1 + len(facts["further"] or ())


def standing(item: RestoredItem) -> int:
    """How many of its outputs were found."""
    return item.stands + sum(one.stands for one in item.further)


class _Said:
    """How the photos of one batch stand, by what its files say and by what lies in its folder."""

    def __init__(self, file: StateFile, folder: Path, verify: bool) -> None:
        state = file.state
        self._processed = set(state.processed_photo_ids)
        self._failed = set(state.failed_photo_ids) - self._processed  # an older file may have one photo in both
        self._cancelled = state.status == BatchStatus.CANCELLED
        self._ended = state.status in ENDED
        self._at = seconds_of(state.completed_at or state.paused_at or state.started_at or state.created_at) or 0.0
        output = _recipe(file.own).output if file.own else OutputOptions()
        self._extension = EXTENSIONS[output.format]
        self.pixels = output.pixels
        self._folder = folder
        self._folder_there = folder.is_dir()
        self._verify = verify
        first, second = mark_of(file.path), mark_of(items_path(file.path))
        self._reopened = first is not None and second is not None and first.sequence > second.sequence

    def bare(self, position: int, photo_id: int) -> RestoredItem:
        """A photo of which only the 15 keys tell."""
        name = f"{photo_id}{self._extension}"
        if photo_id in self._processed:
            return RestoredItem(
                position, photo_id, "processed", name, 1, external=1, ended_at=self._at, has_photo=False
            )
        if photo_id in self._failed:
            item = RestoredItem(position, photo_id, "failed", name, 1, ended_at=self._at, has_photo=False)
            return replace(item, error_kind=FAILED_BEFORE, error_message=_SAID_FAILED)
        status = "cancelled" if self._cancelled else "pending"
        return RestoredItem(position, photo_id, status, name, has_photo=False)

    def item(self, position: int, facts: dict[str, Any]) -> RestoredItem:
        """A photo of which everything is told."""
        values = {name: facts[name] for name in _ITEM_COLUMNS}
        values["output_name"] = values["output_name"] or f"{facts['photo_id']}{self._extension}"
        values["further"] = _further(facts)
        item = RestoredItem(position=position, **values, has_photo=facts["path"] is not None)
        if item.status == ItemStatus.FAILED and self._reopened and item.photo_id not in self._failed:
            return _pending_again(item)
        if item.status == ItemStatus.PROCESSED and item.output_sha256 is not None and self.pixels:
            return self._looked_for(item)  # a sidecar alone may be the user's own again by now
        if item.status not in ITEM_ENDED:
            return replace(_pending_again(item), status="cancelled" if self._cancelled else "pending")
        return item

    def _looked_for(self, item: RestoredItem) -> RestoredItem:
        """An output that stands is taken; one that is gone is made again where the batch goes on and its folder is
        there. Of a batch that ended it is history: its photographer may have moved it."""
        folder = Path(item.output_folder) if item.output_folder else self._folder
        if not (folder.is_dir() if item.output_folder else self._folder_there):
            return item
        wanted = item.output_size, item.output_mtime_ns, item.output_sha256
        mtime_ns = _stands(folder / item.output_name, *wanted, verify=self._verify)
        found = replace(item, further=tuple(self._part_looked_for(folder, one) for one in item.further))
        if mtime_ns is not None:
            found = replace(found, output_mtime_ns=mtime_ns, stands=True)
        if self._ended or standing(found) == 1 + len(found.further):
            return found
        return _pending_again(item)

    def _part_looked_for(self, folder: Path, one: RestoredPart) -> RestoredPart:
        wanted = one.part.size, one.mtime_ns, one.part.sha256
        mtime_ns = _stands(folder / one.part.name, *wanted, verify=self._verify)
        return one if mtime_ns is None else replace(one, mtime_ns=mtime_ns, stands=True)


def _stands(path: Path, size: int | None, mtime_ns: int | None, sha256: str | None, *, verify: bool) -> int | None:
    """The time of an output that is as it was recorded: by size and time, or where that differs by its SHA-256."""
    try:
        state = files.state_of(path)
        if state is None or state.size != size:
            return None
        if (verify or state.mtime_ns != mtime_ns) and files.sha256_of(path) != sha256:
            return None
    except OSError:
        return None
    return state.mtime_ns


def _pending_again(item: RestoredItem) -> RestoredItem:
    bare = replace(item, output_size=None, output_mtime_ns=None, output_sha256=None, output_key=None, external=0)
    bare = replace(bare, output_folder=None, further=())
    return replace(bare, status="pending", error_kind=None, error_message=None, ended_at=None, seconds=None)


def _further(facts: dict[str, Any]) -> tuple[RestoredPart, ...]:
    return tuple(RestoredPart(FurtherPart(*values), mtime_ns) for *values, mtime_ns in facts["further"] or ())


def _photo(facts: dict[str, Any]) -> RestoredPhoto | None:
    if facts["path"] is None:
        return None
    names = [name for name in RestoredPhoto.__dataclass_fields__ if name != "id"]
    return RestoredPhoto(id=facts["photo_id"], **{name: facts[name] for name in names})


# --- checks -------------------------------------------------------------------------------------------------


def _check(facts: dict[str, Any]) -> None:
    """Every value has its type, and an output's name leads nowhere else. Raises `StateUnreadable`."""
    told = facts["path"] is not None
    for name, value in facts.items():
        if not _fits(name, value, told):
            raise errors.StateUnreadable(field=f"junmai.items.{name}", detail=f"does not fit ({value!r:.60})")
    if facts["status"] not in set(ItemStatus):
        raise errors.StateUnreadable(field="junmai.items.status", detail="is not a state of an item")
    folder = facts["output_folder"]
    if folder is not None and not Path(folder).is_absolute():
        raise errors.StateUnreadable(field="junmai.items.output_folder", detail="must be an absolute path")
    if facts["output_name"] is not None and not _is_below(facts["output_name"]):
        raise errors.StateUnreadable(field="junmai.items.output_name", detail="must be a name below its folder")
    if not all(map(_fits_part, facts["further"] or ())):
        raise errors.StateUnreadable(field="junmai.items.further", detail="does not fit")


def _is_below(name: str) -> bool:
    return is_relative_name(name) and not PurePath(name).is_absolute() and not PurePath(name).drive


def _fits_part(part: object) -> bool:
    """Whether it is label, name, format, size, SHA-256, key and time of a further output."""
    if not isinstance(part, list) or len(part) != len(FurtherPart._fields) + 1:
        return False
    *texts, size, sha256, key, mtime_ns = part
    if not all(isinstance(text, str) and "\0" not in text for text in (*texts, sha256, key)):
        return False
    numbers = type(size) is int and 0 < size < 1 << 53 and (mtime_ns is None or type(mtime_ns) is int)
    label, name, form = texts
    return numbers and is_label(label) and _is_below(name) and form in EXTENSIONS


def _fits(name: str, value: object, told: bool) -> bool:
    if name in _COUNTS:
        return type(value) is int and 0 <= value < 1 << 53
    if name == "further":
        return value is None or isinstance(value, list)
    if value is None:
        needed = told and name in {"path", "root", "kind", "size", "mtime_ns", "inode", "fingerprint"}
        return not needed and name != "status"
    if name in _NUMBERS:
        return type(value) is int and -(1 << 63) <= value < 1 << 63
    if name in _TIMES:
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LATEST
    return isinstance(value, str) and "\0" not in value


def _text(own: dict[str, Any], name: str) -> str:
    value = own.get(name)
    if not isinstance(value, str) or "\0" in value:
        raise errors.StateUnreadable(field=f"junmai.{name}", detail="must be a text")
    return value


def _number(own: dict[str, Any], name: str, default: int, lowest: int, highest: int) -> int:
    value = own.get(name, default)
    if type(value) is not int or not lowest <= value <= highest:
        raise errors.StateUnreadable(field=f"junmai.{name}", detail=f"must be {lowest} to {highest}")
    return value
