"""Taking photos into the library: scan, look at what is new or touched, store, make sessions.

The same folder again changes nothing. Metadata is read in worker processes, because it may be hostile.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from junmai import errors, files
from junmai import log as logs
from junmai.control.grouping import put_in_sessions
from junmai.develop.sidecars import sidecars_of
from junmai.develop.version import SOFTWARE
from junmai.domain.model import NewPhoto, Photo
from junmai.executors.base import Ending, Executor, Outcome, ProbeJob
from junmai.library.exif import PhotoFacts
from junmai.library.scan import FoundPhoto, LeftOut, scan, shown
from junmai.locks import Turnstile
from junmai.store.roots import folder_key, lacking

if TYPE_CHECKING:
    from junmai.control.controller import BatchController
    from junmai.store.base import Store

log = logs.get("junmai.import")

SAVE_CHUNK = 200
"""Photos that are stored in one transaction: a crash while importing loses no more than these."""
WAIT_SECONDS = 0.2
OnProgress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import found, in the order of the sources."""

    photos: list[Photo]
    new: int
    known: int
    left_out: tuple[LeftOut, ...]
    session_ids: tuple[int, ...]


@dataclass
class _Work:
    """What one import has done so far."""

    order: dict[str, None] = field(default_factory=dict)
    known: dict[str, Photo] = field(default_factory=dict)
    gone: dict[str, list[Photo]] = field(default_factory=dict)
    """Photos by fingerprint whose path is gone: what was moved is looked for among them."""
    to_probe: list[FoundPhoto] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    new: int = 0
    fresh: set[int] = field(default_factory=set)
    """Ids of the photos that are new to the library."""


def import_photos(
    controller: BatchController,
    sources: Sequence[Path],
    executor: Executor,
    *,
    leave_out: Path | None = None,
    session: str | None = None,
    on_progress: OnProgress | None = None,
) -> Imported:
    """Take in everything below the sources. `leave_out` is the folder that outputs will go to.

    Raises `SourceFolderUnreadable`, and `OutputFolderRefused` where outputs would go among the originals.
    """
    roots = [Path(os.path.abspath(source)) for source in sources]  # links stay as the user names them
    if leave_out is not None:
        _check_folder(leave_out, roots)
    store = controller.store
    work = _Work()
    for found in scan(roots, leave_out=_refusal(store, controller.settings.data, leave_out)):
        _sort(store, found, work)
        if on_progress and len(work.order) % 100 == 0:
            on_progress(len(work.order) - len(work.to_probe), None)
    if work.to_probe:
        _take_in(store, executor, work, on_progress)
    with Turnstile(controller.settings.data / "import.lock").hold():  # two imports at once make one session
        session_ids = put_in_sessions(store, _photos(store, work), name=session)
    photos = _photos(store, work)
    _tell(store, [photo for photo in photos if photo.id in work.fresh])
    log.info("imported", new=work.new, known=len(photos) - work.new, left_out=len(work.left_out))
    return Imported(photos, work.new, len(photos) - work.new, tuple(work.left_out), session_ids)


def _tell(store: Store, fresh: Sequence[Photo]) -> None:
    for start in range(0, len(fresh), SAVE_CHUNK):
        store.tell_imported(fresh[start : start + SAVE_CHUNK])


def _photos(store: Store, work: _Work) -> list[Photo]:
    return [photo for path in work.order if (photo := store.photo_by_path(path)) is not None]


# --- what is not taken --------------------------------------------------------------------------------------


def _check_folder(folder: Path, roots: Sequence[Path]) -> None:
    """Refuse a folder for outputs that is a file, or is itself to be developed. Raises `OutputFolderRefused`."""
    if folder.is_dir():
        if any(folder == root or files.is_same(folder, root) for root in roots):
            detail = "it is to be developed as a whole; choose another, such as a new folder in it"
            raise errors.OutputFolderRefused(path=folder, detail=detail)
    elif files.is_there(folder):
        raise errors.OutputFolderRefused(path=folder, detail="it is a file; name a folder")


def _refusal(store: Store, data: Path, out: Path | None) -> Callable[[Path], str | None]:
    """Why a file or folder is not taken: data and outputs are never photos."""
    folders = {folder_key(str(row["path"])): row for row in store.output_folders()}

    def why(path: Path) -> str | None:
        if path == data:
            return "Junmai's data folder"
        key = folder_key(str(path))
        if path == out or (out is not None and out.name == path.name and files.is_same(path, out)):
            return "the folder that outputs go to"
        if key in folders and folders[key]["made_by_junmai"]:
            return "a folder of developed photos"
        for folder in path.parents if folders else ():
            if folder_key(str(folder)) in folders:
                row = store.output_at(str(folder), path.relative_to(folder).as_posix())
                if row is not None and row["size"] is not None:
                    return "developed by Junmai"
        return None

    return why


def _sort(store: Store, found: FoundPhoto | LeftOut, work: _Work) -> None:
    if isinstance(found, LeftOut):
        work.left_out.append(found)
        return
    path = str(found.path)
    if shown(found.path) != path:
        work.left_out.append(LeftOut(Path(shown(found.path)), "its name is not valid text; rename it", True))
        return
    work.order[path] = None
    known = store.photo_by_path(path)
    if known is None:
        work.to_probe.append(found)
        return
    work.known[path] = known
    same = (known.size, known.mtime_ns, known.inode) == (found.size, found.mtime_ns, found.inode)
    if not same or known.sidecars != _sidecar_state(found.path):
        work.to_probe.append(found)


# --- looking at photos --------------------------------------------------------------------------------------


def _take_in(store: Store, executor: Executor, work: _Work, on_progress: OnProgress | None) -> None:
    chunk: list[tuple[FoundPhoto, str, PhotoFacts]] = []
    total = len(work.order)
    looked_at = total - len(work.to_probe)
    if on_progress:
        on_progress(looked_at, total)  # workers are only about to start
    for found, fingerprint, facts in _probed(executor, work):
        looked_at += 1
        if on_progress:
            on_progress(looked_at, total)
        if facts.software == SOFTWARE:
            work.left_out.append(LeftOut(found.path, "developed by Junmai"))
            del work.order[str(found.path)]
            continue
        chunk.append((found, fingerprint, facts))
        if len(chunk) >= SAVE_CHUNK:
            _save(store, chunk, work)
            chunk = []
    _save(store, chunk, work)


def _probed(executor: Executor, work: _Work) -> Iterator[tuple[FoundPhoto, str, PhotoFacts]]:
    """Look at the photos in worker processes. A photo whose metadata kills two workers is taken without any."""
    executor.start()
    waiting = dict(enumerate(work.to_probe))
    tries = dict.fromkeys(waiting, 0)
    for ticket, found in waiting.items():
        executor.submit(ticket, ProbeJob(found.path, found.kind))
    while waiting:
        for outcome in executor.wait(WAIT_SECONDS):
            found = waiting[outcome.ticket]
            tries[outcome.ticket] += outcome.ending is not Ending.NOT_BEGUN
            if outcome.ending not in (Ending.DONE, Ending.ERROR) and tries[outcome.ticket] < 2:
                executor.submit(outcome.ticket, ProbeJob(found.path, found.kind))
                continue
            del waiting[outcome.ticket]
            looked = _seen(found, outcome)
            if isinstance(looked, LeftOut):
                work.left_out.append(looked)
                del work.order[str(found.path)]
            else:
                yield found, *looked


def _seen(found: FoundPhoto, outcome: Outcome) -> tuple[str, PhotoFacts] | LeftOut:
    if outcome.ending is Ending.DONE and isinstance(outcome.result, tuple):
        fingerprint, facts = outcome.result
        return str(fingerprint), facts
    try:
        fingerprint = files.fingerprint_of(found.path)
    except OSError as error:
        return LeftOut(found.path, f"it cannot be read ({error.strerror or error}); check its permissions", True)
    log.warning("metadata could not be read", path=str(found.path), error=outcome.error_message)
    return fingerprint, PhotoFacts()


# --- storing ------------------------------------------------------------------------------------------------


def _save(store: Store, chunk: Sequence[tuple[FoundPhoto, str, PhotoFacts]], work: _Work) -> None:
    if not chunk:
        return
    rows: list[tuple[int | None, NewPhoto]] = []
    for found, fingerprint, facts in chunk:
        path = str(found.path)
        known = work.known.get(path) or _moved(store, fingerprint, work)
        if known is None:
            work.new += 1
        rows.append((known.id if known else None, _new_photo(found, fingerprint, facts)))
    ids = store.save_photos(rows)
    work.fresh.update(photo_id for photo_id, (known_id, _) in zip(ids, rows, strict=True) if known_id is None)


def _moved(store: Store, fingerprint: str, work: _Work) -> Photo | None:
    """The photo that this file was before it was moved: same content, and nothing at the old path any more."""
    if fingerprint not in work.gone:
        work.gone[fingerprint] = [photo for photo in store.photos_like(fingerprint) if _is_gone(photo)]
    return work.gone[fingerprint].pop(0) if work.gone[fingerprint] else None


def _is_gone(photo: Photo) -> bool:
    # a root that is gone with its parent is a disk that is not connected, and its photos have not moved
    if lacking(photo.path):
        return False  # it lies where this machine cannot look
    root = Path(photo.root)
    return not files.is_there(Path(photo.path)) and (files.is_there(root) or files.is_there(root.parent))


def _new_photo(found: FoundPhoto, fingerprint: str, facts: PhotoFacts) -> NewPhoto:
    kept = {name: value for name, value in asdict(facts).items() if value not in (None, ()) and name != "software"}
    unsupported = kept.pop("unsupported", None)
    return NewPhoto(
        path=str(found.path),
        root=str(found.root),
        kind=found.kind,
        size=found.size,
        mtime_ns=found.mtime_ns,
        inode=found.inode,
        fingerprint=fingerprint,
        facts=kept,
        sidecars=_sidecar_state(found.path),
        unsupported=str(unsupported) if unsupported else None,
    )


def _sidecar_state(photo: Path) -> str:
    """Names, sizes and times of the sidecars beside a photo: a rating given later is seen by it."""
    states = []
    for sidecar in sidecars_of(photo):
        state = files.state_of(sidecar)
        if state is not None:
            states.append(f"{sidecar.name}:{state.size}:{state.mtime_ns}")
    return ";".join(states)
