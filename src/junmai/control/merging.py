"""Which batches may become one: unfinished, each named once, with the same options."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from junmai import errors
from junmai.domain.model import Batch
from junmai.store.base import Store

FEWEST = 2


def merge(store: Store, data: Path, batch_ids: Sequence[str], *, by: str) -> Batch:
    """Make one batch of several; the first one stays. Raises `BadInput`, `UnknownBatch`, `OptionsDiffer` naming what
    differs, `WrongState`, `PhotosInHand`; then nothing was changed."""
    if isinstance(batch_ids, str) or not isinstance(batch_ids, Sequence) or len(batch_ids) < FEWEST:
        raise errors.BadInput(detail="batch_ids must be a list of two or more batches.")
    wrong = [one for one in batch_ids if not isinstance(one, str)]
    if wrong:
        raise errors.BadInput(detail=f"batch_ids must be texts; {wrong[0]!r} is not.")
    doubled = {one for one in batch_ids if batch_ids.count(one) > 1}
    if doubled:
        raise errors.BadInput(detail=f"Name each batch once; named more than once: {', '.join(sorted(doubled))}.")
    into, *others = [store.batch(batch_id) for batch_id in batch_ids]
    for one in (into, *others):
        if one.recipe.match is not None:
            raise errors.BadInput(
                detail=f"{one.id} is matched: what is found for its photos holds among them alone. Let it end so."
            )
    for other in others:
        if names := _differences(_options(into, data), _options(other, data)):
            raise errors.OptionsDiffer(first=into.id, other=other.id, names=", ".join(names))
    return store.merge(batch_ids, by=by)


def _options(batch: Batch, data: Path) -> dict[str, object]:
    """What decides a batch's outputs, by the names of `config`; the default folder is every batch's own."""
    given: Any = batch.config.get("output")
    output: dict[str, object] = dict(given) if isinstance(given, dict) else {}
    own_folder = Path(batch.folder) == data / "developed" / batch.id
    folder = {} if own_folder else {"output.folder": batch.folder}
    return {
        "preset": batch.preset,
        "settings": (batch.recipe.settings, batch.recipe.overrides),
        "settings_from": batch.recipe.own,
        "overwrite": batch.overwrite,
        **{f"output.{name}": value for name, value in output.items() if name != "folder"},
        **{f"output.{name}": getattr(batch.recipe.output, name) for name in batch.recipe.output.__slots__},
        "output.also": batch.recipe.further,
        **folder,
    }


def _differences(first: dict[str, object], second: dict[str, object]) -> list[str]:
    missing = object()
    return [
        name for name in sorted(first.keys() | second.keys()) if first.get(name, missing) != second.get(name, missing)
    ]
