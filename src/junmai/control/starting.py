"""Starting a batch once, however often it is asked for: what clients over a network need."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from junmai import errors
from junmai.control import picking
from junmai.control.controller import BatchController
from junmai.control.ordering import order_from
from junmai.control.planning import make_plan, new_batch_id
from junmai.control.recovery import remove_unsealed
from junmai.control.sidecars import folder_for
from junmai.domain.lifecycle import BatchStatus
from junmai.domain.model import Batch
from junmai.library.selection import Selection

WRITING_SECONDS = 120.0
POLL_SECONDS = 0.02


def start(
    controller: BatchController,
    photos: Sequence[int] | Selection,
    *,
    session_id: int | None,
    config: Mapping[str, object] | None,
    key: str | None = None,
) -> Batch:
    """Create a batch over photo ids or a selection; or, with a `key` that came before, find the one that it made.

    The id of the batch is made from the key, so the store itself refuses a second one, whichever process asks and
    whatever crashed in between. Raises what `BatchController.start_batch` and `start_selection` raise, and
    `KeyReused`, `KeyUsedUp`.
    """
    if key is None:
        return _create(controller, photos, session_id, config, new_batch_id(), None)
    batch_id = f"batch_{_digest('key', key)[:12]}"
    what = asdict(photos) if isinstance(photos, Selection) else list(photos)
    asked = f"key:{_digest('request', json.dumps([what, session_id, config], sort_keys=True, default=str))}"
    store = controller.store
    deadline = store.clock.monotonic() + WRITING_SECONDS
    while True:
        found = _found(controller, batch_id, asked)
        if found is None:
            try:
                return _create(controller, photos, session_id, config, batch_id, asked)
            except errors.BatchIdTaken:
                continue  # the same request a moment earlier
        if found.status != BatchStatus.PENDING:
            return found
        if store.clock.monotonic() > deadline:
            raise errors.StoreBusy(seconds=WRITING_SECONDS)
        # whoever was writing it may have died; where no runner is at work, nobody else clears it away
        if not remove_unsealed(store, controller.settings):
            store.clock.sleep(POLL_SECONDS)


def _found(controller: BatchController, batch_id: str, asked: str) -> Batch | None:
    try:
        batch = controller.store.batch(batch_id)
    except errors.UnknownBatch:
        if controller.store.forgotten_batch_ids([batch_id]):
            raise errors.KeyUsedUp(batch_id=batch_id) from None
        return None
    if batch.request_key != asked:
        raise errors.KeyReused(batch_id=batch_id)
    return batch


def _create(
    controller: BatchController,
    photos: Sequence[int] | Selection,
    session_id: int | None,
    config: Mapping[str, object] | None,
    batch_id: str,
    key: str | None,
) -> Batch:
    store = controller.store
    names = _names(controller, photos)
    order = order_from(config or {})
    if order.folder is None:
        data = controller.settings.data
        order = replace(order, folder=folder_for(order.output, data / "developed" / batch_id, data))
    session = photos.session_id if isinstance(photos, Selection) else session_id
    return controller.create(make_plan(store, names, order, batch_id=batch_id, key=key, session_id=session))


def _names(controller: BatchController, photos: Sequence[int] | Selection) -> dict[int, str]:
    if not isinstance(photos, Selection):
        return picking.names_of(controller.store, photos)
    if photos.is_empty:
        raise errors.BadInput(detail="Say what photos are meant: a session, a collection, dates, a folder, ...")
    names = {photo.id: photo.file_name for photo in picking.selected(controller.store, photos)}
    if not names:
        raise errors.NothingToDevelop(where="the selection", reasons="")
    return names


def _digest(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
