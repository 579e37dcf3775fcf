"""What of a photo's sidecars is not its own: a match that an earlier batch of the same look wrote into them.

Read as the photo's own settings, it would be found once more on top of itself: a photo that is brought half of the way
went on by another half with every run of the same command.
"""

from __future__ import annotations

from pathlib import Path

from junmai import errors
from junmai.control.sidecars import sha256_at
from junmai.develop import sidecar_write
from junmai.develop.sidecars import Instead
from junmai.domain.model import Photo, Recipe
from junmai.domain.snapshot import Snapshot
from junmai.store.base import Store


def written_match(store: Store, photo: Photo, recipe: Recipe) -> Instead | None:
    """What to read in place of the photo's sidecar, for a matched batch that honours it; None where it is its own.

    The file must be byte for byte what a batch of the same settings wrote with a match, and that batch still be known.
    """
    if recipe.match is None or not recipe.own:
        return None
    try:
        path = sidecar_write.place_beside(Path(photo.path))
        standing = sha256 = sha256_at(path)
    except (errors.SidecarRefused, OSError):
        return None  # developing it says what is wrong with its sidecar
    if sha256 is None:
        return None
    first: Snapshot | None = None
    for one in store.snapshots_at(str(path)):  # the newest first, and so back to what Junmai found there
        if one.photo_id == photo.id and one.state == "written" and one.written_sha256 == standing:
            if not _is_match_of(store, one, recipe):
                break
            first, standing = one, one.before_sha256
    if first is None or standing == sha256:
        return None
    return Instead(path, sha256, store.snapshot_before(first.id))


def _is_match_of(store: Store, snapshot: Snapshot, recipe: Recipe) -> bool:
    """Whether a batch of the same look wrote a match there. One that moved nothing says what stood there before."""
    try:
        batch = store.batch(snapshot.batch_id)
        item = store.item(batch.no, batch.id, snapshot.photo_id)
    except (errors.UnknownBatch, errors.PhotoNotInBatch):
        return False
    then = batch.recipe
    same = (then.settings, then.own, then.overrides) == (recipe.settings, recipe.own, recipe.overrides)
    if then.match is None or not same:
        return False
    solution = store.solution(batch.no, item.position)
    return solution is not None and not solution.is_neutral
