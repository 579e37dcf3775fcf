"""Brings a sidecar to its name, never without what stood there being in the store.

The snapshot is committed with the staging of its item; then the new file is written beside its name and brought to the
disk, the outputs get their names, the sidecar gets its own, the item is settled. Whatever ends the process in between,
what was there is in the store, and whoever takes over sees by its checksum which of the two stands there.
"""

from __future__ import annotations

import contextlib
import errno
from dataclasses import dataclass
from pathlib import Path

from junmai import errors, files
from junmai.control.endings import sidecar_key
from junmai.develop import sidecar_write, sidecars
from junmai.domain.model import MOST_FURTHER, Batch, OutputOptions, Photo, Recipe, Staged
from junmai.domain.snapshot import Snapshot
from junmai.executors.base import SidecarJob
from junmai.store.base import Store

FOLDER = "sidecars"
"""The folder in the data folder that stands for the output folder where everything goes beside the originals."""
_PART = MOST_FURTHER + 1
"""The number of a sidecar's temporary file among those of its attempt: behind every further output. The next number is
for one that takes over: whoever it takes over from may only have been stopped, and goes on with its own file."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A sidecar on its way to its name; `temporary` None where it stands there already."""

    snapshot: Snapshot
    temporary: Path | None

    @property
    def path(self) -> Path:
        """Where it belongs."""
        return Path(self.snapshot.path)


def job_of(batch: Batch, output_name: str) -> SidecarJob | None:
    """What a worker has to say as a sidecar; None where a batch writes none."""
    output = batch.recipe.output
    if output.sidecars == "none":
        return None
    return SidecarJob(target_of(batch.recipe, Path(batch.folder), output_name), alone=not output.pixels)


def folder_for(output: OutputOptions, folder: Path, data: Path) -> Path:
    """The folder of a batch's outputs; one in the data folder where everything goes beside the originals."""
    return data / FOLDER if output.sidecars == "originals" and not output.pixels else folder


def target_of(recipe: Recipe, folder: Path, output_name: str) -> Path | None:
    """The sidecar beside an output, of its name; None where it belongs beside the original."""
    if recipe.output.sidecars == "originals":
        return None
    return (folder / output_name).with_suffix(sidecar_write.SUFFIX)


def is_right(store: Store, photo: Photo, recipe: Recipe, folder: Path, output_name: str, match_key: str = "") -> bool:
    """Whether the sidecar that a batch would write stands there, or the photo gets none."""
    target = target_of(recipe, folder, output_name)
    try:
        path = sidecar_write.place_beside(Path(photo.path))
        base_key = sidecars.content_key(sidecars.read(Path(photo.path))) if target is not None else ""
    except errors.SidecarRefused:
        return recipe.output.pixels
    except OSError:
        return False
    known = store.snapshot_at(str(target or path))
    if known is None or known.state != "written" or photo.sha256 is None:
        return False
    if known.key != sidecar_key(photo.sha256, recipe, base_key, match_key):
        return False
    with contextlib.suppress(OSError):
        return sha256_at(Path(known.path)) == known.written_sha256
    return False


# --- to its name --------------------------------------------------------------------------------------------


def prepare(store: Store, batch: Batch, staged: Staged, *, holder: int | None) -> Pending | None:
    """Write the sidecar of a staged item beside its name, wholly on the disk; None where the item has none.

    `holder` is the runner that developed it, None where one takes over.

    Raises `SidecarChanged`, `SidecarNotWritable`, `OutputExists`, `DiskFull`; then nothing was written.
    """
    if batch.recipe.output.sidecars == "none":
        return None
    found = store.staged_snapshot(batch.id, staged)
    if found is None:
        return None
    snapshot, content = found
    path = Path(snapshot.path)
    own, of_heir = _temporaries(batch, staged, path)
    temporary = own
    if holder is None:
        temporary = of_heir
        files.remove_temporary(own)
        files.remove_temporary(of_heir)
    try:
        now = sha256_at(path)
        if now == snapshot.written_sha256:
            return Pending(snapshot, None)
        if now != snapshot.before_sha256:
            raise errors.SidecarChanged(path=path)
        if now is not None and not _may_replace(store, batch, snapshot):
            raise errors.OutputExists(path=path)
        if batch.recipe.output.sidecars == "output":
            files.make_folders_below(Path(batch.folder), path.parent)
        files.write_temporary(temporary, content, mode=files.mode_of(path))
    except (errors.PhotoError, OSError) as error:
        files.remove_temporary(temporary)
        _forget(store, snapshot, holder)
        raise (error if isinstance(error, errors.PhotoError) else _refusal(path, error)) from error
    return Pending(snapshot, temporary)


def place(store: Store, pending: Pending, *, holder: int | None) -> None:
    """Give a prepared sidecar its name, if still nothing stands there but what is in the store, or the very same that
    somebody who took over wrote.

    Raises `SidecarChanged`, `SidecarNotWritable`, `DiskFull`.
    """
    if pending.temporary is None:
        return
    path = pending.path
    try:
        placed = _give_name(pending.snapshot, pending.temporary, path)
        if placed:
            files.sync_folder(path.parent)
    except OSError as error:
        raise _refusal(path, error) from error
    if not placed:
        _forget(store, pending.snapshot, holder)
        raise errors.SidecarChanged(path=path)


def _give_name(snapshot: Snapshot, temporary: Path, path: Path) -> bool:
    if snapshot.before_sha256 is None and files.rename_without_replacing(temporary, path):
        return True
    now = sha256_at(path)
    if now == snapshot.written_sha256:
        files.remove_temporary(temporary)
        return True
    if now is None or now != snapshot.before_sha256:
        return False
    files.rename_replacing(temporary, path)
    return True


def discard(pending: Pending | None) -> None:
    """Remove the temporary file of a sidecar that does not come to its name."""
    if pending is not None and pending.temporary is not None:
        files.remove_temporary(pending.temporary)


def clear(store: Store, batch: Batch, staged: Staged) -> None:
    """Remove the temporary file that an earlier runner may have left of an item's sidecar."""
    found = store.staged_snapshot(batch.id, staged) if batch.recipe.output.sidecars != "none" else None
    if found is not None:
        for temporary in _temporaries(batch, staged, Path(found[0].path)):
            files.remove_temporary(temporary)


def sha256_at(path: Path) -> str | None:
    """The SHA-256 of what stands at a path; None where nothing does. Raises OSError."""
    try:
        return files.sha256_of(path)
    except FileNotFoundError:
        return None


def _temporaries(batch: Batch, staged: Staged, path: Path) -> tuple[Path, Path]:
    """That of the runner that developed it, and that of one that takes over.

    Beside the output they lie in the batch's folder, as all temporary files do; beside an original with the original,
    for they must be renamed on the same disk.
    """
    folder = Path(batch.folder) if batch.recipe.output.sidecars == "output" else path.parent
    own, of_heir = (files.temporary_name(batch.id, staged.position, staged.attempt, _PART + one) for one in (0, 1))
    return folder / own, folder / of_heir


def _may_replace(store: Store, batch: Batch, snapshot: Snapshot) -> bool:
    """Beside the originals it was asked for; beside the output only what Junmai wrote for that photo gives way."""
    if batch.recipe.output.sidecars == "originals" or batch.overwrite:
        return True
    return any(
        one.photo_id == snapshot.photo_id and one.written_sha256 == snapshot.before_sha256
        for one in store.snapshots_at(snapshot.path)
    )


def _forget(store: Store, snapshot: Snapshot, holder: int | None) -> None:
    """The attempt wrote nothing, so there is nothing to take back. After a crash that is not known."""
    if holder is not None:
        store.drop_snapshot(snapshot.id, holder)


def _refusal(path: Path, error: OSError) -> errors.PhotoError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return errors.DiskFull(path=path.parent)
    return errors.SidecarNotWritable(path=path, detail=error.strerror or str(error))
