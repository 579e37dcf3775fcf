"""Takes the sidecars of a batch back: what stood there before stands there again, byte for byte.

The newest first, so that what a batch wrote twice is unwound. What was changed since is left alone and named. The file
is put back and on the disk before the store says so: killed in between, the next time sees by the checksum that it is
done. It may be repeated as often as one likes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from junmai import errors, files
from junmai.control.sidecars import sha256_at
from junmai.domain.lifecycle import ENDED
from junmai.domain.model import Batch
from junmai.domain.snapshot import Snapshot
from junmai.store.base import Store


@dataclass(frozen=True, slots=True)
class Left:
    """A sidecar that was not taken back, and why, in a sentence."""

    path: str
    photo_id: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Reverted:
    """What became of the sidecars of a batch: `restored` hold again what they held, `removed` were not there before,
    `already` was so before."""

    batch_id: str
    restored: int
    removed: int
    already: int
    left: tuple[Left, ...]

    def to_dict(self) -> dict[str, object]:
        """For JSON."""
        left = [
            {"path": one.path, "photo_id": one.photo_id, "reason": one.reason, "detail": one.detail}
            for one in self.left
        ]
        counts = {"restored_count": self.restored, "removed_count": self.removed, "already_count": self.already}
        return {"batch_id": self.batch_id, **counts, "left_count": len(left), "left": left}


def revert(store: Store, batch_id: str) -> Reverted:
    """Put back what stood where a batch wrote sidecars.

    Raises `UnknownBatch`, and `WrongState` for a batch that has not ended. One that was forgotten can still be
    reverted.
    """
    batch = _ended(store, batch_id)
    counts = {"restored": 0, "removed": 0, "already": 0}
    left: list[Left] = []
    standing: set[str] = set()
    for one in _all(store, batch_id):
        if one.path in standing:
            continue  # a newer one of the same path was left alone
        try:
            counts[_put_back(store, one)] += 1
        except errors.PhotoError as error:
            standing.add(one.path)
            left.append(Left(one.path, one.photo_id, error.code, error.message))
    if batch is not None and (counts["restored"] or counts["removed"] or left):
        store.tell_reverted(batch.no, restored=counts["restored"], removed=counts["removed"], left=len(left))
    return Reverted(batch_id, **counts, left=tuple(left))


def _ended(store: Store, batch_id: str) -> Batch | None:
    try:
        batch = store.batch(batch_id)
    except errors.UnknownBatch:
        if next(store.snapshots(batch_id), None) is None:
            raise
        return None
    in_hand = store.in_hand_of(batch.no)
    if batch.status not in ENDED or in_hand:
        reason = f" ({in_hand} in hand)" if in_hand else ""
        raise errors.WrongState(batch_id=batch_id, status=batch.status, reason=reason, verb="reverted before it ends")
    return batch


def _all(store: Store, batch_id: str) -> Iterator[Snapshot]:
    return (one for one in store.snapshots(batch_id) if one.state != "reverted")


def _put_back(store: Store, one: Snapshot) -> str:
    """One sidecar; returns what was done. Raises `SidecarEdited`, `SidecarNotWritable`, `DiskFull`."""
    path = Path(one.path)
    if not path.parent.is_dir():
        # where nothing stood before, "nothing is there" would be taken for "it is as it was", and written down so
        raise errors.SidecarNotWritable(path=path, detail="its folder is not there")
    # one name for one sidecar, so that what a killed revert left is written over by the next one, or removed
    temporary = path.with_name(files.temporary_name(one.batch_id, one.id, 0))
    files.remove_temporary(temporary)
    try:
        now = sha256_at(path)
        if now == one.before_sha256:
            done = "already"
        elif now != one.written_sha256:
            raise errors.SidecarEdited(path=path, detail=_who(store, one, now))
        elif one.before_sha256 is None:
            files.remove(path)
            files.sync_folder(path.parent)
            done = "removed"
        else:
            files.write_temporary(temporary, store.snapshot_before(one.id) or b"", mode=files.mode_of(path))
            files.rename_replacing(temporary, path)
            files.sync_folder(path.parent)
            done = "restored"
    except OSError as error:
        files.remove_temporary(temporary)
        raise errors.SidecarNotWritable(path=path, detail=error.strerror or os.fspath(path)) from error
    store.snapshot_reverted(one.id)
    return done


def _who(store: Store, one: Snapshot, now: str | None) -> str:
    """What is known of the change: that the file is gone, that another batch wrote it, or nothing."""
    if now is None:
        return "it is gone"
    later = store.snapshot_at(one.path)
    if later is not None and later.batch_id != one.batch_id and later.written_sha256 == now:
        return f"{later.batch_id} wrote it since; revert that one first"
    return "another program wrote to it"
