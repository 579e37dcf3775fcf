"""The verbs of state files: what they say of a batch, and a batch made from what one says. Written once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath

from junmai import errors
from junmai.domain.model import FurtherPart, Recipe
from junmai.domain.plan import further_name, name_key
from junmai.store import rooting
from junmai.store.batches import parts_json
from junmai.store.engine import Engine, Row, Transaction

LINE_PAGE = 5000
REBUILT = "rebuilt"
"""In place of the state of a photo's sidecars: the next import sees that it differs and looks at the photo anew."""
_FINAL = {"processed": "item_processed", "failed": "item_failed", "skipped": "item_skipped"}


@dataclass(frozen=True, slots=True)
class RestoredPhoto:
    """A photo as a state file has it. `id` is the one that it had."""

    id: int
    path: str
    root: str
    kind: str
    size: int
    mtime_ns: int
    inode: int
    fingerprint: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class RestoredPart:
    """A further output as a state file has it; `stands` where it was found at its name."""

    part: FurtherPart
    mtime_ns: int | None
    stands: bool = False


@dataclass(frozen=True, slots=True)
class RestoredItem:
    """One photo of one batch as a state file has it; `stands` where its main output was found at its name, in
    `output_folder` where that is not the batch's."""

    position: int
    photo_id: int
    status: str
    output_name: str
    attempt: int = 0
    tries: int = 0
    worker_deaths: int = 0
    generation: int = 0
    output_size: int | None = None
    output_mtime_ns: int | None = None
    output_sha256: str | None = None
    output_key: str | None = None
    error_kind: str | None = None
    error_message: str | None = None
    external: int = 0
    ended_at: float | None = None
    seconds: float | None = None
    output_folder: str | None = None
    further: tuple[RestoredPart, ...] = ()
    stands: bool = False
    has_photo: bool = True


@dataclass(frozen=True, slots=True)
class RestoredBatch:
    """A batch as a state file has it, without its photos. Times are seconds since 1970 in UTC."""

    id: str
    session_id: int | None
    preset: str
    config: dict[str, object]
    recipe: Recipe
    folder: str
    overwrite: bool
    priority: int
    request_key: str | None
    begun: bool
    generation: int
    created_at: float


@dataclass(frozen=True, slots=True)
class RestoredEnd:
    """The state that a restored batch takes when all its items are written."""

    status: str
    started_at: float
    paused_at: float | None = None
    completed_at: float | None = None
    pause_reason: str | None = None
    pause_by: str | None = None
    pause_detail: str | None = None
    cancel_reason: str | None = None


class StateVerbs(Engine):
    """What state files are made from, and what is made from them."""

    # --- out ----------------------------------------------------------------------------------------------

    def store_id(self) -> str:
        """Which database this is: 16 hexadecimal digits, other ones after it was rebuilt or restored."""
        return str(self.read("store_identity")[0]["id"])

    def renew_store_id(self) -> str:
        """After a restore from a copy: its state files count anew from here, and older ones give way to them."""
        with self.write() as transaction:
            return str(transaction.rows("renew_store_identity")[0]["id"])

    def newest_event(self, no: int) -> int | None:
        """The id of the newest event of a batch, None where there is no such batch. Costs the same at any size."""
        row = self.read_one("newest_event", no=no)
        return int(row["sequence"]) if row else None

    def batch_state(self, no: int, *, items_up_to: int) -> Row | None:
        """A sealed batch and its ids as JSON texts, all of one moment; `items` is None above that many photos."""
        return self.read_one("batch_state", no=no, items_up_to=items_up_to)

    def item_lines(self, no: int) -> Iterator[str]:
        """The items of a batch as JSON arrays, one a line, in pages; no transaction is open between two pages."""
        after: int | None = -1
        while after is not None:
            row = self.read_one("item_lines", no=no, after=after, limit=LINE_PAGE)
            if row is None or row["lines"] is None:
                return
            yield str(row["lines"])
            after = row["last"] if row["count"] == LINE_PAGE else None

    # --- which ones ---------------------------------------------------------------------------------------

    def known_batch_ids(self, batch_ids: Sequence[str]) -> set[str]:
        """Which of these batches the database has."""
        return {row["id"] for row in self.read("known_batch_ids", ids=json.dumps(list(batch_ids)))}

    def forgotten_batch_ids(self, batch_ids: Sequence[str]) -> set[str]:
        """Which of these batches were cleaned up."""
        return {row["id"] for row in self.read("forgotten_batch_ids", ids=json.dumps(list(batch_ids)))}

    # --- in -----------------------------------------------------------------------------------------------

    def restore_photos(self, photos: Sequence[RestoredPhoto]) -> tuple[dict[int, int], int]:
        """Take photos in under the ids that they had; returns the ids that they have now, and how many are new.

        A path that the library knows keeps the library's id; an id that another photo has is replaced by a new one.
        The same content under the same id at another path is a photo that was moved between two batches, and lies
        where the batch that is taken in last has it.
        """
        now = self.clock.now()
        ids: dict[int, int] = {}
        new = 0
        with self.write() as transaction:
            for photo in photos:
                known, there = transaction.row("photo_by_path", path=photo.path), None
                if known is None:
                    there = transaction.row("photo_by_id", id=photo.id)
                    known = _moved(transaction, photo) if there else None
                if known is None:
                    new += 1
                    known = _add_photo(transaction, photo, photo.id if there is None else None, now)
                ids[photo.id] = int(known["id"])
        return ids, new

    def keep_photo_ids_free(self, highest: int) -> None:
        """Give no id up to this one to a new photo: they belong to photos that only a state file knows."""
        with self.write() as transaction:
            transaction.rows("photo_ids_begun")
            transaction.rows("keep_photo_ids_free", id=highest)

    def restore_batch(self, batch: RestoredBatch, folder_id: int, *, writer_no: int) -> int:
        """Begin a batch; it counts as being written by that runner until `end_restored`. Returns its number."""
        values = {
            **_shallow(batch),
            "config": json.dumps(batch.config, sort_keys=True, ensure_ascii=False),
            "recipe": json.dumps(asdict(batch.recipe), sort_keys=True, ensure_ascii=False),
            "overwrite": int(batch.overwrite),
            "begun": int(batch.begun),
        }
        del values["folder"]
        with self.write() as transaction:
            if batch.session_id is not None:
                name = f"Session {batch.session_id}"
                transaction.rows("restore_session", id=batch.session_id, name=name, now=batch.created_at)
            row = transaction.row("restore_batch", folder_id=folder_id, writer_no=writer_no, **values)
            if row is None:
                raise errors.StoreError(detail="the batch was not recorded")
            rooting.need_folder(transaction, int(row["no"]), batch.folder)
            return int(row["no"])

    def restore_items(
        self, no: int, folders: Mapping[str | None, int], recipe: Recipe, items: Sequence[RestoredItem]
    ) -> None:
        """Write items with their ends, events and outputs, and move the counters, in one transaction.

        `folders` has the number of each `output_folder`, under None that of the batch's own.
        """
        now = self.clock.now()
        with self.write() as transaction:
            form = recipe.output.format
            named = [(item, _reserve(transaction, no, folders[item.output_folder], form, item)) for item in items]
            for item, name in named if recipe.further else ():
                _reserve_further(transaction, no, folders[item.output_folder], recipe, item, name)
            transaction.many(
                "restore_item",
                (
                    _item_values(no, item, name, item.output_folder and folders[item.output_folder])
                    for item, name in named
                ),
            )
            if items:
                rooting.need_photos(transaction, no, items[0].position, items[-1].position)
            transaction.many(
                "restore_output",
                (values for item in items for values in _output_values(folders[item.output_folder], item, now)),
            )
            transaction.many("add_event", (_event_values(no, item, now) for item in items if item.status in _FINAL))
            counts = Counter(item.status for item in items)
            ended = {status: counts[status] for status in _FINAL}
            if not transaction.rows("count_restored", no=no, total=len(items), **ended):
                raise errors.StoreError(detail="the batch was changed while it was restored")

    def end_restored(self, no: int, end: RestoredEnd, *, was: str, older: bool) -> None:
        """The batch takes its state; `was` is the one that the file told, `older` whether an older program wrote it."""
        now = self.clock.now()
        with self.write() as transaction:
            transaction.must("start_restored", no=no, started_at=end.started_at)
            values = _shallow(end)
            del values["started_at"]
            if not transaction.rows("end_restored", no=no, **values):
                raise errors.StoreError(detail="the batch was changed while it was restored")
            transaction.event("batch_taken_in", now, batch_no=no, status=end.status, was=was, older=older)


def _shallow(value: RestoredBatch | RestoredItem | RestoredPhoto | RestoredEnd) -> dict[str, object]:
    """The fields of a flat value; `asdict` copies deeply, which was half the time of a rebuild."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _moved(transaction: Transaction, photo: RestoredPhoto) -> Row | None:
    facts = {**_shallow(photo), "file_name": _file_name(photo), "sidecars": REBUILT}
    moved = transaction.rows("restore_place", **facts)
    return moved[0] if moved else None


def _add_photo(transaction: Transaction, photo: RestoredPhoto, photo_id: int | None, now: float) -> Row:
    values = {**_shallow(photo), "id": photo_id, "sidecars": REBUILT, "now": now}
    return transaction.rows("restore_photo", file_name=_file_name(photo), **values)[0]


def _file_name(photo: RestoredPhoto) -> str:
    return photo.path.replace("\\", "/").rsplit("/", 1)[-1]


def _reserve(transaction: Transaction, no: int, folder_id: int, form: str, item: RestoredItem) -> str:
    """The name of an item's output: the one it had, unless it belongs to another photo here."""
    if not item.has_photo or item.external:
        return item.output_name
    own = transaction.row("output_of_photo", folder_id=folder_id, photo_id=item.photo_id, format=form)
    if own is not None:
        return item.output_name if item.status == "processed" else str(own["name"])
    path = PurePosixPath(item.output_name)
    name, number = item.output_name, 1
    facts = {"folder_id": folder_id, "photo_id": item.photo_id, "format": form, "batch_no": no, "label": ""}
    while not transaction.rows("restore_name", name=name, name_key=name_key(name), **facts):
        if item.status == "processed":
            return item.output_name
        number += 1
        name = str(path.with_name(f"{path.stem}-{number}{path.suffix}"))
    return name


def _reserve_further(
    transaction: Transaction, no: int, folder_id: int, recipe: Recipe, item: RestoredItem, name: str
) -> None:
    """The names of an item's further outputs: those that it has, or will have. One that belongs to another photo stays
    there, and nothing replaces it."""
    if not item.has_photo or item.external:
        return
    planned = [
        (one.label, further_name(name, one.label, one.output.format), one.output.format) for one in recipe.further
    ]
    has = [(one.part.label, one.part.name, one.part.format) for one in item.further]
    facts: dict[str, object] = {"folder_id": folder_id, "photo_id": item.photo_id, "batch_no": no}
    for label, named, form in has or planned:
        transaction.rows("restore_name", name=named, name_key=name_key(named), format=form, label=label, **facts)


def _item_values(no: int, item: RestoredItem, name: str, folder_id: object) -> dict[str, object]:
    values = _shallow(item)
    for unused in ("output_mtime_ns", "output_folder", "stands", "has_photo"):
        del values[unused]
    values["further"] = parts_json([one.part for one in item.further])
    return {**values, "batch_no": no, "output_name": name, "folder_id": folder_id}


def _output_values(folder_id: int, item: RestoredItem, now: float) -> Iterator[dict[str, object]]:
    """What was found standing of an item."""
    facts: dict[str, object] = {"folder_id": folder_id, "at": item.ended_at or now}
    if item.stands:
        yield {
            **facts,
            "name_key": name_key(item.output_name),
            "label": "",
            "key": item.output_key,
            "size": item.output_size,
            "mtime_ns": item.output_mtime_ns,
            "sha256": item.output_sha256,
        }
    for one in item.further:
        if one.stands:
            yield {**facts, **one.part._asdict(), "name_key": name_key(one.part.name), "mtime_ns": one.mtime_ns}


def _event_values(no: int, item: RestoredItem, now: float) -> dict[str, object]:
    data: dict[str, object] = {"rebuilt": True}
    if item.status == "processed":
        data |= {"output": item.output_name, "seconds": item.seconds}
    elif item.status == "failed":
        data |= {"error_kind": item.error_kind, "error_message": item.error_message}
    return {
        "type": _FINAL[item.status],
        "now": item.ended_at or now,
        "batch_no": no,
        "photo_id": item.photo_id,
        "generation": item.generation,
        "data": json.dumps(data, sort_keys=True, ensure_ascii=False),
    }
