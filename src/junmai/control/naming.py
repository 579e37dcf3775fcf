"""The names of a batch's outputs: asked of the template, fitted to what the folder has already."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from junmai import errors
from junmai.control.outputs import is_original
from junmai.domain.model import FurtherOutput, Photo
from junmai.domain.naming import NameFacts, Template
from junmai.domain.plan import further_name, name_key, plain_stem, plan_names
from junmai.store.base import Store

PAGE = 1000
LONGEST_PATH = {"win32": 259, "darwin": 1023}.get(sys.platform, 4095)
"""Characters of a path on Windows (without its long paths, which few programs open), bytes elsewhere."""


@dataclass(frozen=True, slots=True)
class Names:
    """The name of every photo's output by photo id, in order, with `/` after each sub-folder."""

    by_photo: dict[int, str]
    kept: int = 0
    """Photos that the template would call otherwise, which keep the name that they have in the folder."""


def decide(
    store: Store,
    photos: Mapping[int, str],
    template: Template | None,
    folder: Path,
    *,
    extension: str,
    preset: str,
    known: Mapping[int, str],
    taken: Iterable[str],
    further: Sequence[FurtherOutput] = (),
    owners: Mapping[str, tuple[int, str]] | None = None,
) -> Names:
    """Names for photos (file names by id, in order); without a template their own, all in one folder.

    `known` are the names that photos have in the folder, which they keep; `taken` the keys of all names there, `owners`
    the photo and label of each. A name is such that those of the `further` outputs, which follow it, are free too.
    Raises `OutputFolderRefused` where a sub-folder cannot be had or leads to originals, or a path would be too long.
    """
    standing = _Standing(store, folder)
    beside = _Beside(further, owners or {})

    def is_reserved(photo_id: int, name: str) -> bool:
        return standing.is_original(name) or beside.taken(photo_id, name) is not None

    reserved = is_reserved if standing.is_there or (further and owners) else None
    if template is None:
        plain = plan_names(
            photos.items(), stem=plain_stem, extension=extension, known=known, taken=taken, reserved=reserved
        )
        beside.check(folder, plain, standing)
        return Names(plain)
    facts = _facts(store, photos, preset) if template.needs_photo else _bare_facts(photos, preset)
    kept = _Kept(template, known)
    by_photo = plan_names(
        kept.watched(facts),
        stem=template.stem,
        extension=extension,
        known=known,
        taken=taken,
        reserved=reserved,
        counts=template.counts,
    )
    _check_folders(folder, by_photo.values(), standing)
    beside.check(folder, by_photo, standing)
    return Names(by_photo, kept.count)


class _Beside:
    """The names of further outputs, which follow the main ones."""

    def __init__(self, further: Sequence[FurtherOutput], owners: Mapping[str, tuple[int, str]]) -> None:
        self._further = further
        self._owners = owners

    def taken(self, photo_id: int, name: str) -> str | None:
        """The first name beside a main one that belongs to something else."""
        for one in self._further if self._owners else ():
            beside = further_name(name, one.label, one.output.format)
            mine = (photo_id, one.label)
            if self._owners.get(name_key(beside), mine) != mine:
                return beside
        return None

    def check(self, folder: Path, names: Mapping[int, str], standing: _Standing) -> None:
        """Every further output can have its name. Raises `OutputFolderRefused`."""
        if not self._further:
            return
        labels = {one.label.casefold(): one.label for one in self._further}
        for photo_id, name in names.items():
            label = labels.get(name.partition("/")[0].casefold()) if "/" in name else None
            if label:
                detail = f"main outputs go to that sub-folder ({name}); the further output needs another label"
                raise errors.OutputFolderRefused(path=folder / label, detail=detail)
            if (beside := self.taken(photo_id, name)) is not None:
                detail = "the name belongs to another output; the further output needs another label"
                raise errors.OutputFolderRefused(path=folder / beside, detail=detail)
        for one in self._further:
            beside_all = [further_name(name, one.label, one.output.format) for name in names.values()]
            _check_folders(folder, beside_all, standing)
            original = next(filter(standing.is_original, beside_all), None)
            if original:
                detail = "an original lies there; the further output needs another label"
                raise errors.OutputFolderRefused(path=folder / original, detail=detail)


class _Kept:
    """Counts the photos whose name in the folder is another than the template would give."""

    def __init__(self, template: Template, known: Mapping[int, str]) -> None:
        self._template = template
        self._known = known
        self.count = 0

    def watched(self, facts: Iterable[tuple[int, NameFacts]]) -> Iterator[tuple[int, NameFacts]]:
        for photo_id, known_of in facts:
            name = self._known.get(photo_id)
            if name is not None and not self._template.counts:
                wanted, has = self._template.stem(known_of, 1), str(PurePosixPath(name).with_suffix(""))
                number = has.removeprefix(f"{wanted}-")
                self.count += has != wanted and not number.isdecimal()
            yield photo_id, known_of


def _bare_facts(photos: Mapping[int, str], preset: str) -> Iterator[tuple[int, NameFacts]]:
    return ((photo_id, NameFacts(name, preset=preset)) for photo_id, name in photos.items())


def _facts(store: Store, photos: Mapping[int, str], preset: str) -> Iterator[tuple[int, NameFacts]]:
    sessions = _session_names(store)
    waiting = iter(photos)
    while ids := list(islice(waiting, PAGE)):
        for photo in store.photos_by_ids(ids):
            yield photo.id, facts_of(photo, sessions.get(photo.session_id or 0), preset)


def facts_of(photo: Photo, session: str | None, preset: str) -> NameFacts:
    """What a template may say of a photo."""
    lens = photo.facts.get("lens")
    return NameFacts(
        file_name=photo.file_name,
        session=session,
        captured_at=photo.captured_at,
        camera=photo.camera,
        lens=lens if isinstance(lens, str) else None,
        rating=photo.rating,
        preset=preset,
    )


def _session_names(store: Store) -> dict[int, str]:
    names: dict[int, str] = {}
    page = store.sessions()
    while page:
        names.update((session.id, session.name) for session in page)
        page = store.sessions(after=page[-1].id)
    return names


# --- what stands there -------------------------------------------------------------------------------------


class _Standing:
    """What stands in the output folder and in those of its sub-folders that are asked for."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._names: dict[str, dict[str, str]] = {"": _listed(folder)}
        self.is_there = bool(self._names[""])

    def check_leads_to_no_originals(self, below: str) -> None:
        """A sub-folder that is a link does not lead to originals: the user named the folder, not where it leads.

        Raises `OutputFolderRefused`.
        """
        path = self._folder / below
        real = Path(os.path.realpath(path))
        if real.is_relative_to(os.path.realpath(self._folder)):
            return
        photo = self._store.photo_in_folder(str(real))
        if photo is not None:
            detail = f"it is a link to a folder of originals ({photo}); choose another"
            raise errors.OutputFolderRefused(path=path, detail=detail)

    def is_original(self, name: str) -> bool:
        """Whether an original lies under that name: such a name is never used."""
        below, _, last = name.rpartition("/")
        if below not in self._names:
            self._names[below] = _listed(self._folder / below)
        if not self._names[below]:
            return False
        there = self._names[below].get(name_key(last))
        return there is not None and is_original(self._store, self._folder / below / there)


def _listed(folder: Path) -> dict[str, str]:
    """File names by their keys; none where there is no such folder yet."""
    try:
        return {name_key(entry.name): entry.name for entry in os.scandir(folder)}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise errors.OutputFolderRefused(path=folder, detail=error.strerror or str(error)) from error


def _check_folders(folder: Path, names: Iterable[str], standing: _Standing) -> None:
    """Every sub-folder can be had and leads to no originals, and no path is too long for this system."""
    below: dict[str, None] = {}
    room = LONGEST_PATH - _length(str(folder)) - 1
    for name in names:
        if _length(name) > room:
            detail = f"{name} makes a path longer than the {LONGEST_PATH} that this system holds; shorten the template"
            raise errors.OutputFolderRefused(path=folder, detail=detail)
        below[name.rpartition("/")[0]] = None
    device = folder.stat().st_dev
    for one in dict.fromkeys(part for path in below if path for part in _parts(path)):
        state = _state(folder / one)
        if state is not None and not (folder / one).is_dir():
            raise errors.OutputFolderRefused(path=folder / one, detail="a file stands where a sub-folder belongs")
        if state is not None and state.st_dev != device:
            raise errors.OutputFolderRefused(path=folder / one, detail="it is on another disk than the output folder")
        if state is not None:
            standing.check_leads_to_no_originals(one)


def _parts(path: str) -> Sequence[str]:
    """Of `a/b/c`: `a`, `a/b`, `a/b/c`."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _state(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return path.lstat() if path.is_symlink() else None  # a link that leads nowhere stands in the way, too


def _length(path: str) -> int:
    return len(path) if sys.platform == "win32" else len(os.fsencode(path))
