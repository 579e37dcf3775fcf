"""Taking in batches that only their state files tell of: from an older installation, or of a lost database."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import psutil

from junmai import config as configuration
from junmai import errors, files, locks
from junmai import log as logs
from junmai.config import Settings
from junmai.control.intake import Entry, end_of, entries, frozen_batch, seconds_of, standing
from junmai.control.presence import SERVES_NOTHING, Presence
from junmai.control.statefile import FOLDER, FORMAT, StateFile, items_path, read_state
from junmai.control.statewriter import ORIGINAL, discard, write_state
from junmai.domain.plan import EXTENSIONS, plain_stem, plan_names
from junmai.store.base import Store
from junmai.store.opening import open_store
from junmai.store.states import RestoredBatch, RestoredItem

log = logs.get("junmai.rebuild")

CHUNK = 2000
LOCK = ".take-in.lock"
LOCK_SECONDS = 60.0
_TEMPORARY_OF = re.compile(r"-(\d+)-\d+\.part$")


@dataclass(frozen=True, slots=True)
class SetAside:
    """A state file that cannot be read: where it is kept, and why."""

    path: Path
    reason: str


@dataclass
class TakenIn:
    """What came of taking in state files."""

    batch_ids: list[str] = field(default_factory=list)
    photos: int = 0
    """Photos that are new to the library."""
    renumbered: int = 0
    """Photos whose old id another photo has; they have a new one."""
    outputs_found: int = 0
    outputs_missing: int = 0
    """Outputs that do not stand where and as they were recorded."""
    set_aside: list[SetAside] = field(default_factory=list)
    left: int = 0
    """State files that stay as they are and are not taken in: of a newer Junmai, or unreadable at this moment."""
    warnings: list[str] = field(default_factory=list)


def rebuild(data_dir: str | Path | None = None, *, verify: bool = True) -> TakenIn:
    """Make a lost database anew from the state files of a data folder; `verify` reads every output again.

    A database that is there is kept, and gets the batches that it does not know. Raises a `StoreError`.
    """
    settings = configuration.load(Path(data_dir) if data_dir is not None else None)
    store = open_store(settings)
    try:
        return take_in_unknown(store, settings, verify=verify)
    finally:
        store.close()


def take_in_unknown(store: Store, settings: Settings, *, verify: bool = False) -> TakenIn:
    """Take in every state file whose batch the store does not know. Costs a look at the folder where there is none.

    A file that cannot be read is set aside and named, and does not hinder the others. Outputs are checked by size and
    time, by their SHA-256 where the time differs, with `verify` always. Raises a `StoreError`.
    """
    found = TakenIn()
    folder = settings.data / FOLDER
    if not _unknown(store, folder):
        return found
    try:
        with locks.exclusive(folder / LOCK, seconds=LOCK_SECONDS):
            _remove_leftovers(folder)
            _TakeIn(store, settings, found, verify).run(_unknown(store, folder))
    except TimeoutError:
        _warn(found, "another process is taking in state files; they are left to it")
    return found


def _unknown(store: Store, folder: Path) -> list[Path]:
    """State files of batches that the store does not know; those of batches cleaned up are removed."""
    if not folder.is_dir():
        return []
    names = {path.stem: path for path in sorted(folder.glob("*.json")) if not path.name.endswith(".items.json")}
    known = store.known_batch_ids(list(names)) if names else set()
    unknown = [name for name in names if name not in known]
    forgotten = store.forgotten_batch_ids(unknown) if unknown else set()
    for name in forgotten:
        discard(folder.parent, name)
    return [names[name] for name in unknown if name not in forgotten]


def _remove_leftovers(folder: Path) -> None:
    """Temporary files of processes that were killed while they wrote."""
    for path in files.leftovers_in(folder):
        owner = _TEMPORARY_OF.search(path.name)
        if owner is not None and not psutil.pid_exists(int(owner[1])):
            files.remove_temporary(path)


class _TakeIn:
    """One taking in."""

    def __init__(self, store: Store, settings: Settings, found: TakenIn, verify: bool) -> None:
        self._store = store
        self._settings = settings
        self._found = found
        self._verify = verify
        self._presence: Presence | None = None
        self._renumbered: set[int] = set()

    def run(self, paths: Iterable[Path]) -> None:
        """The oldest batch first, as they were made."""
        order: list[tuple[float, Path]] = []
        highest = 0
        for path in paths:
            if (file := self._read(path)) is not None and not self._too_new(file):
                order.append((seconds_of(file.state.created_at) or path.stat().st_mtime, path))
                highest_here = max(file.state.photo_ids)
                highest = max(highest, highest_here)
        if not order:
            return
        self._store.keep_photo_ids_free(highest)
        self._presence = Presence(self._store, self._settings, role="rebuild", scope=SERVES_NOTHING, workers=0)
        try:
            for _, path in sorted(order):
                if (file := self._read(path)) is not None:
                    self._guarded(file)
        finally:
            self._presence.leave()

    def _read(self, path: Path) -> StateFile | None:
        try:
            return read_state(path)
        except errors.StateUnreadable as error:
            self._set_aside(path, error.message)
        except OSError as error:
            self._found.left += 1
            _warn(self._found, f"{path.name} cannot be opened ({error.strerror or error}); it is left as it is")
        return None

    def _too_new(self, file: StateFile) -> bool:
        version = file.own.get("format", FORMAT)
        if type(version) is int and version <= FORMAT:
            return False
        self._found.left += 1
        _warn(self._found, f"{file.path.name} was written by a newer Junmai; it is left as it is. Upgrade Junmai")
        return True

    def _guarded(self, file: StateFile) -> None:
        second = items_path(file.path)
        try:
            self._take_in(file)
        except (errors.StoreUnavailable, errors.StoreBusy, OSError) as error:
            missing = isinstance(error, FileNotFoundError) and not second.exists() and "items_file" in file.own
            if not missing:
                self._found.left += 1
                _warn(self._found, f"{file.state.batch_id} could not be taken in now ({error}); it is tried again")
                return
            self._without_items(file, f"{second.name} is missing")
        except (errors.StateUnreadable, errors.StoreError, ValueError, TypeError) as error:
            if isinstance(error, errors.StoreError) and type(error) is not errors.StoreError:
                raise  # a damaged store says nothing of the file
            if "items_file" in file.own and isinstance(error, errors.StateUnreadable):
                self._set_aside(second, str(error))
                self._without_items(file, f"{second.name} cannot be read")
            else:
                self._set_aside(file.path, str(error))

    def _without_items(self, file: StateFile, why: str) -> None:
        _warn(self._found, f"{file.state.batch_id} is taken in by its ids alone: {why}")
        own = {name: value for name, value in file.own.items() if name != "items_file"}
        self._guarded(replace(file, own=own))

    def _take_in(self, file: StateFile) -> None:
        batch, made, warning = frozen_batch(file, self._settings, self._store.roots)
        writer_no = self._presence.no if self._presence else 0
        if not file.own:
            files.make_folder(Path(batch.folder))  # not that of a lost database: its disk may not be connected
        folder_id = self._store.output_folder(batch.folder, made_by_junmai=made)
        no = self._store.restore_batch(batch, folder_id, writer_no=writer_no)
        before = replace(self._found)
        try:
            counts = self._write_items(no, folder_id, batch, file)
            end = end_of(file, counts, self._store.clock.now())
            self._store.end_restored(no, end, was=str(file.state.status), older=not file.own)
        except BaseException:
            self._store.discard_unsealed(no)
            vars(self._found).update(vars(before))
            raise
        self._found.batch_ids.append(batch.id)
        log.info("batch taken in from its state file", batch=batch.id, status=end.status, **counts)
        if warning:
            _warn(self._found, warning)
        self._write_anew(file, no)

    def _write_anew(self, file: StateFile, no: int) -> None:
        """The file says from now on what the store says; one of an older installation is kept beside it."""
        try:
            if not file.own:
                files.keep_aside(file.path, ORIGINAL)
            write_state(self._store, self._settings.data, no)
        except OSError as error:
            _warn(self._found, f"the state file of {file.state.batch_id} could not be written ({error})")

    # --- items --------------------------------------------------------------------------------------------

    def _write_items(self, no: int, folder_id: int, batch: RestoredBatch, file: StateFile) -> Counter[str]:
        counts: Counter[str] = Counter()
        used: set[int] = set()
        folders: dict[str | None, int] = {None: folder_id}
        for chunk in _chunks(entries(file, Path(batch.folder), self._store.roots, verify=self._verify)):
            items = self._with_photos(chunk, batch, used)
            for folder in {item.output_folder for item in items} - folders.keys():
                folders[folder] = self._store.output_folder(str(folder), made_by_junmai=True)
            self._store.restore_items(no, folders, batch.recipe, items)
            counts.update(item.status for item in items)
            self._found.outputs_found += sum(map(standing, items))
            self._found.outputs_missing += sum(entry.missing for entry in chunk)
        return counts

    def _with_photos(self, chunk: Sequence[Entry], batch: RestoredBatch, used: set[int]) -> list[RestoredItem]:
        """The items of a chunk under the ids that their photos have now, each photo once."""
        ids, new = self._store.restore_photos([entry.photo for entry in chunk if entry.photo is not None])
        self._found.photos += new
        self._renumbered |= {now for old, now in ids.items() if old != now}
        self._found.renumbered = len(self._renumbered)
        bare = [entry.item.photo_id for entry in chunk if entry.photo is None]
        names = self._names(bare, batch) if bare else {}
        items = []
        for entry in chunk:
            item = entry.item
            if ids.get(item.photo_id, item.photo_id) != item.photo_id:
                item = replace(item, photo_id=ids[item.photo_id])
            if entry.photo is None and item.photo_id in names:
                item = replace(item, has_photo=True, output_name=names[item.photo_id])
            if item.photo_id in used:
                _warn(self._found, f"{batch.id}: photo {item.photo_id} is in it twice by now and is kept once")
                continue
            used.add(item.photo_id)
            items.append(item)
        return items

    def _names(self, photo_ids: Sequence[int], batch: RestoredBatch) -> dict[int, str]:
        """Names for the outputs of photos that the library knows and the file tells nothing of."""
        known = sorted(self._store.known_photo_ids(photo_ids))
        photos = [photo for photo_id in known if (photo := self._store.photo(photo_id)) is not None]
        return plan_names(
            ((photo.id, photo.file_name) for photo in photos),
            stem=plain_stem,
            extension=EXTENSIONS[batch.recipe.output.format],
            known={},
            taken=(),
            reserved=None,
        )

    def _set_aside(self, path: Path, reason: str) -> None:
        aside = files.keep_aside(path, "unreadable")
        second = items_path(path)
        if second.exists() and second != path:
            files.keep_aside(second, "unreadable")
        self._found.set_aside.append(SetAside(aside, reason))
        _warn(self._found, f"the state file {path.name} cannot be read: {reason} It was set aside as {aside.name}")


def _chunks(found: Iterator[Entry]) -> Iterator[list[Entry]]:
    while chunk := list(islice(found, CHUNK)):
        yield chunk


def _warn(found: TakenIn, text: str) -> None:
    found.warnings.append(text)
    log.warning(text)
