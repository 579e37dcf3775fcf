"""From a temporary file to its final name: the only place that decides what may be replaced."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from junmai import files
from junmai.control import sidecars
from junmai.domain.model import Batch, Settled, Staged
from junmai.domain.plan import further_name
from junmai.store.base import Store
from junmai.store.engine import Row


class Placing(StrEnum):
    """What came of bringing an output to its final name."""

    PLACED = "placed"
    BLOCKED = "blocked"
    """A file that Junmai did not write stands there."""
    LOST = "lost"
    """The temporary file is gone or not the one that was recorded."""


@dataclass(frozen=True, slots=True)
class Place:
    """The two names of one attempt's output in a folder."""

    folder: Path
    final_name: str
    temporary_name: str

    @property
    def final(self) -> Path:
        """Where the output belongs."""
        return self.folder / self.final_name

    @property
    def temporary(self) -> Path:
        """Where the attempt writes."""
        return self.folder / self.temporary_name


def places_of(batch: Batch, position: int, attempt: int, output_name: str) -> tuple[Place, ...]:
    """Where an attempt writes its outputs (always in the batch's folder), and where they belong (there or below): the
    main one, then the further ones."""
    folder = _folder(batch.folder)
    main = Place(folder, output_name, files.temporary_name(batch.id, position, attempt))
    if not batch.recipe.further:
        return (main,)
    further = (
        Place(
            folder,
            further_name(output_name, one.label, one.output.format),
            files.temporary_name(batch.id, position, attempt, number),
        )
        for number, one in enumerate(batch.recipe.further, 1)
    )
    return (main, *further)


def remove_temporaries_of(batch: Batch, position: int, attempt: int) -> None:
    """Remove the temporary files of one attempt, as far as they are there."""
    for place in places_of(batch, position, attempt, ""):
        files.remove_temporary(place.temporary)


_folder = functools.lru_cache(maxsize=16)(Path)


@dataclass(frozen=True, slots=True)
class _Part:
    """One output of a staged item, the main one or a further one, on its way to its name."""

    place: Place
    photo_id: int
    label: str
    size: int
    sha256: str


def _parts(batch: Batch, staged: Staged) -> list[_Part]:
    """Every output of a staged item; names as they were staged. None where nothing but a sidecar is written."""
    if not batch.recipe.output.pixels:
        return []
    main, *further = places_of(batch, staged.position, staged.attempt, staged.output_name)
    found = [_Part(main, staged.photo_id, "", staged.size, staged.sha256)]
    for place, part in zip(further, staged.further, strict=True):
        named = replace(place, final_name=part.name)
        found.append(_Part(named, staged.photo_id, part.label, part.size, part.sha256))
    return found


def bring_to_name(
    store: Store, batch: Batch, staged: Staged, *, holder: int | None = None, recovering: bool = False
) -> tuple[Placing, Settled | None]:
    """Rename the temporary files of an item without replacing anything that is not Junmai's own.

    What stands at a name already may be the very same output (a crash came between the rename and the settling, or the
    database was lost): then it is taken as it is. Of several outputs none is renamed before it is seen that each can
    be, so that an item does not fail with one of them in place. A sidecar is written before them, and gets its name
    after them. `holder` is the runner that developed it. Raises OSError, and a `PhotoError` where its sidecar cannot be
    written.
    """
    parts = _parts(batch, staged)
    if recovering and not all(_holds(one.place.final, one) or _holds(one.place.temporary, one) for one in parts):
        sidecars.clear(store, batch, staged)
        return Placing.LOST, None
    pending = sidecars.prepare(store, batch, staged, holder=holder)
    if pending is None and not parts:
        return Placing.LOST, None
    try:
        placing, times = _bring_parts(store, batch, parts, recovering)
        if placing is Placing.PLACED and pending is not None:
            sidecars.place(store, pending, holder=holder)
    except BaseException:
        sidecars.discard(pending)
        raise
    if placing is not Placing.PLACED:
        sidecars.discard(pending)
        return placing, None
    if pending is not None and not parts:
        times = [pending.path.stat().st_mtime_ns]
    path = pending.snapshot.path if pending is not None else ""
    return placing, Settled(staged, times[0], tuple(times[1:]), path, pixels=bool(parts))


def _bring_parts(store: Store, batch: Batch, parts: list[_Part], recovering: bool) -> tuple[Placing, list[int]]:
    """The outputs to their names; their times, in their order."""
    folder = Path(batch.folder)
    for one in parts:
        files.make_folders_below(folder, one.place.final.parent)
    if len(parts) > 1 and any(_is_blocked(store, batch, one) for one in parts):
        return _blocked(parts)
    for one in parts:
        if not _place(store, batch, one, recovering):
            return _blocked(parts)
    return Placing.PLACED, [_settled_at(one.place.final, folder) for one in parts]


def _place(store: Store, batch: Batch, one: _Part, recovering: bool) -> bool:
    """Bring one output to its name; False where a file that Junmai did not write stands there."""
    place = one.place
    if recovering and _holds(place.final, one):
        files.remove_temporary(place.temporary)
    elif not files.rename_without_replacing(place.temporary, place.final):
        if _holds(place.final, one):
            files.remove_temporary(place.temporary)
        elif may_replace(store, batch, one.place.final_name, one.photo_id, one.label):
            files.rename_replacing(place.temporary, place.final)
        else:
            return False
    return True


def _is_blocked(store: Store, batch: Batch, one: _Part) -> bool:
    final = one.place.final
    if not os.path.lexists(final) or _holds(final, one):
        return False
    return not may_replace(store, batch, one.place.final_name, one.photo_id, one.label)


def blocking(store: Store, batch: Batch, staged: Staged) -> Path:
    """The file that stands in the way of an item; its main name where it went away meanwhile."""
    parts = _parts(batch, staged)
    return next((one for one in parts if _is_blocked(store, batch, one)), parts[0]).place.final


def _blocked(parts: list[_Part]) -> tuple[Placing, list[int]]:
    for one in parts:
        files.remove_temporary(one.place.temporary)
    return Placing.BLOCKED, []


def _holds(path: Path, one: _Part) -> bool:
    """Whether the file at that path is wholly the recorded output."""
    state = files.state_of(path)
    return state is not None and state.size == one.size and files.sha256_of(path) == one.sha256


def may_replace(store: Store, batch: Batch, name: str, photo_id: int, label: str) -> bool:
    """Whether the file at a final name is Junmai's own, of that photo and untouched, or the user allows to replace it.

    An original is never replaced, whatever the user allows.
    """
    if is_original(store, Path(batch.folder) / name):
        return False
    if batch.overwrite:
        return True
    row = store.output_at(batch.folder, name)
    if row is None or (row["photo_id"], row["label"]) != (photo_id, label):
        return False
    return stands_as_recorded(row, Path(batch.folder))


def stands_as_recorded(row: Row, folder: Path) -> bool:
    """Whether what Junmai wrote under a name stands there as it left it, by size and time."""
    if row["size"] is None:
        return False
    state = files.state_of(folder / row["name"])
    return state is not None and (state.size, state.mtime_ns) == (row["size"], row["mtime_ns"])


def is_original(store: Store, path: Path) -> bool:
    """Whether the file at that path is a photo of the library, under this or any other spelling of its path.

    Links, `..`, bind mounts and case-insensitive disks give one file many paths: its inode tells.
    """
    if store.photo_by_path(str(path)) is not None or store.photo_by_path(os.path.realpath(path)) is not None:
        return True
    state = files.state_of(path)
    if state is None:
        return False
    return any(files.is_same(Path(photo.path), path) for photo in store.photos_at_inode(state.inode))


def _settled_at(final: Path, folder: Path) -> int:
    """The time of an output at its name. Its sub-folder is on the disk; whoever settles brings `folder` there, once for
    a group."""
    if final.parent != folder:
        files.sync_folder(final.parent)
    return final.stat().st_mtime_ns
