"""The main job: sources in, developed photos out; the same words again go on where they stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from junmai import errors
from junmai.control import picking, rooting
from junmai.control.controller import BatchController
from junmai.control.dispatching import WORKER
from junmai.control.importing import Imported, OnProgress, import_photos
from junmai.control.planning import Order, Plan, make_plan, new_batch_id, request_key, resolve
from junmai.control.presetting import finder
from junmai.control.recovery import live_runners, remove_unsealed
from junmai.develop.sidecar_write import takes_sidecar
from junmai.domain.lifecycle import BatchStatus
from junmai.domain.model import Batch, Photo
from junmai.executors.processes import ProcessExecutor
from junmai.library.scan import LeftOut
from junmai.library.selection import Selection
from junmai.store.base import Store
from junmai.store.roots import Roots, lacking

REASONS_NAMED = 5
NO_SIDECAR = "is no RAW: Lightroom keeps its settings in the file itself, and an original is never written to"
TWIN_SECONDS = 3.0
"""How long to wait for a batch that takes the names of this one: it may be the same command's, not yet sealed."""
TWIN_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `develop` has before it: a batch (None: everything is right already), and how it came to it."""

    batch: Batch | None
    resumed: bool
    left_out: tuple[LeftOut, ...]
    skipped_photo_ids: tuple[int, ...]
    last_event: int
    """The newest event before the batch was made or resumed: what comes after it belongs to this run."""
    replaced: int = 0
    """Photos whose earlier output, of another look or of a changed photo, will be replaced."""
    low_rated: int = 0
    """Photos that the asked rating leaves out."""
    kept_names: int = 0
    """Photos that the template would call otherwise, which keep the name that they have in the folder."""
    lacking: int = 0
    """Photos whose right main output stands there, but not all of their further ones."""


def prepare(
    controller: BatchController,
    sources: Sequence[Path],
    order: Order,
    executor: ProcessExecutor,
    *,
    collection: str | None = None,
    min_rating: int | None = None,
    match_to: str | None = None,
    on_import: OnProgress | None = None,
) -> Prepared:
    """Resume the unfinished batch of the same command, or import and make a new one.

    Photos come from `sources`, or from a `collection` of the library. `match_to` is the id, name or path of the one
    that the others are matched to.

    Raises `BadInput` and its kinds; then no batch was created or changed.
    """
    store = controller.store
    resolve(order, finder(store))
    remove_unsealed(store, controller.settings)
    picked = [f"collection {collection}"] if collection is not None else [str(source) for source in sources]
    matched = [f"matched to {match_to}"] if match_to is not None else []
    rest = [f"rating>={min_rating}", *matched]
    key = request_key(_kept(order, store.roots), [*map(store.roots.kept, picked), *rest])
    last_event = store.last_event()
    unfinished = store.unfinished_by_request(key)
    if unfinished is None:  # of a batch from before its root had a name
        unfinished = store.unfinished_by_request(request_key(order, [*picked, *rest]))
    if unfinished is not None:
        return _resumed(controller, unfinished, last_event)
    if collection is None:
        imported = import_photos(controller, sources, executor, leave_out=order.folder, on_progress=on_import)
    else:
        imported = _looked_at_anew(controller, collection, executor, order, on_import)
    if not order.output.pixels:
        imported = _that_take_sidecars(imported)
    if match_to is not None:
        order = replace(order, match=picking.matched_to(match_to, imported.photos, order.match))
    deadline = store.clock.monotonic() + TWIN_SECONDS
    while True:
        plan = _plan(controller, picked, order, imported, min_rating, key)
        done = tuple(item.photo_id for item in plan.items if item.done)
        last_event = store.last_event()
        try:
            batch = controller.create(plan) if plan.done < len(plan.items) else None
        except errors.OutputsTaken as taken:
            twin = store.unfinished_by_request(key)
            if twin is not None:  # the same command was given twice at the same moment
                return _resumed(controller, twin, last_event)
            if not _may_be_twin(store, str(taken.fields["batch_id"]), key) or store.clock.monotonic() > deadline:
                raise
            store.clock.sleep(TWIN_POLL_SECONDS)  # it is still writing its batch, or ended just now
        else:
            low = len(imported.photos) - len(plan.items)
            counts = (plan.replaced, low, plan.kept_names, plan.lacking)
            return Prepared(batch, False, imported.left_out, done, last_event, *counts)


def _kept(order: Order, roots: Roots) -> Order:
    """With its folder as the store keeps it: a named root lies elsewhere on another machine."""
    return order if order.folder is None else replace(order, folder=Path(roots.kept(str(order.folder))))


def _looked_at_anew(
    controller: BatchController, collection: str, executor: ProcessExecutor, order: Order, on_import: OnProgress | None
) -> Imported:
    """The photos of a collection as they are now; one that is gone stays among them, and fails as such by name."""

    def members() -> list[Photo]:
        return list(picking.selected(controller.store, Selection.of(collection=collection)))

    missing = sorted({name for photo in members() if (name := lacking(photo.path))})
    if missing and controller.settings.executor != "celery":
        raise rooting.refusal(f"The collection {collection}", missing)
    there = [path for photo in members() if (path := Path(photo.path)).is_file()]
    if not there:
        return Imported(members(), 0, 0, (), ())
    imported = import_photos(controller, there, executor, leave_out=order.folder, on_progress=on_import)
    return replace(imported, photos=members())


def _that_take_sidecars(imported: Imported) -> Imported:
    """Only the photos that something is written for, the others left out by name."""
    taken = [photo for photo in imported.photos if takes_sidecar(photo.file_name)]
    left = [LeftOut(Path(photo.path), NO_SIDECAR) for photo in imported.photos if not takes_sidecar(photo.file_name)]
    return replace(imported, photos=taken, left_out=(*imported.left_out, *left))


def _may_be_twin(store: Store, batch_id: str, key: str) -> bool:
    try:
        return store.batch(batch_id).request_key == key
    except errors.UnknownBatch:
        return True  # it was given up while it was being written


def _resumed(controller: BatchController, batch: Batch, last_event: int) -> Prepared:
    refuse_without_roots(controller, batch)
    if batch.status == BatchStatus.PAUSED:
        batch = controller.resume(batch.id)
    return Prepared(batch, True, (), (), last_event)


def refuse_without_roots(controller: BatchController, batch: Batch) -> None:
    """Raises `RootMissing` where a batch would be developed by this machine alone, and it lacks a root of it."""
    missing = controller.store.lacks(batch.no)
    if missing and controller.settings.executor != "celery" and not is_served(controller, batch):
        raise rooting.refusal(f"Batch {batch.id}", missing)


def is_served(controller: BatchController, batch: Batch) -> bool:
    """Whether a live runner develops this batch already, or somebody offers it to workers."""
    found = live_runners(controller.store, controller.settings, serving=batch.no)
    if controller.settings.executor == "celery":  # workers alone would find it, only later
        return any(one.role != WORKER for one in found)
    return not rooting.beyond(controller.store.roots_of(batch.no), found)


def _plan(
    controller: BatchController,
    picked: Sequence[str],
    order: Order,
    imported: Imported,
    min_rating: int | None,
    key: str,
) -> Plan:
    photos = [photo for photo in imported.photos if min_rating is None or (photo.rating or 0) >= min_rating]
    if not photos:
        raise errors.NothingToDevelop(where=", ".join(picked), reasons=_reasons(imported, min_rating))
    names = {photo.id: photo.file_name for photo in photos}
    return make_plan(controller.store, names, order, batch_id=new_batch_id(), key=key)


def _reasons(imported: Imported, min_rating: int | None) -> str:
    if imported.photos:
        return f" None of its {len(imported.photos)} photos is rated {min_rating} or more."
    named = [f" {left.path.name}: {left.reason}" for left in imported.left_out[:REASONS_NAMED]]
    more = len(imported.left_out) - len(named)
    return "".join(named) + (f" And {more} more." if more > 0 else "")
