"""Checks the invariants of the design on a live store. It reads and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from junmai import files, log
from junmai.config import Settings
from junmai.control.recovery import is_alive
from junmai.control.statefile import FOLDER as STATE_FILES
from junmai.domain.lifecycle import ENDED, ITEM_ENDED, BatchStatus
from junmai.domain.model import Batch, Item
from junmai.store.base import Store
from junmai.store.roots import lacking

NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be. A `warning` needs no repair of the store."""

    level: Literal["error", "warning"]
    check: str
    message: str
    batch_id: str | None = None


def examine(store: Store, settings: Settings, *, read_outputs: bool = False) -> Iterator[Finding]:
    """Every finding; with `read_outputs` each output is read again and its SHA-256 compared."""
    for problem in store.integrity():
        yield Finding("error", "integrity", f"The database is damaged: {problem}")
    yield from _folders(settings)
    yield from _runners(store, settings)
    for batch in all_batches(store):
        yield from _counters(store, batch)
        yield from _events(store, batch)
        for fault in store.match_faults(batch.no):
            yield Finding("error", "match", fault, batch.id)
        yield from _outputs(store, batch, read_outputs)
        yield from _temporaries(store, batch)


def all_batches(store: Store) -> Iterator[Batch]:
    """Every sealed batch, the newest first."""
    page = store.batches(limit=200)
    while page:
        yield from page
        page = store.batches(before=page[-1].no, limit=200)


def all_items(store: Store, no: int, *, status: str | None = None) -> Iterator[Item]:
    """Every item of a batch, by position."""
    page = store.items(no, status=status)
    while page:
        yield from page
        page = store.items(no, status=status, after=page[-1].position)


def _folders(settings: Settings) -> Iterator[Finding]:
    """What would be kept beside the store cannot be; batches go on, so nobody else tells."""
    for path, lost in (
        (settings.data / STATE_FILES, "state files, from which a lost database is made anew"),
        (settings.backups, "backups of the store"),
        (settings.data / log.FOLDER, "logs"),
    ):
        if not path.exists():
            continue  # it is made when it is needed
        if not path.is_dir() or not files.takes_files(path):
            words = (
                f"{path} takes no files, so there are no {lost}. Move what stands there, or give yourself the rights."
            )
            yield Finding("warning", "folder", words)


def _runners(store: Store, settings: Settings) -> Iterator[Finding]:
    for runner in store.open_runners():
        held = len(store.in_hand(runner.no))
        if held and not is_alive(settings, runner):
            yield Finding(
                "warning",
                "runner",
                f"Runner {runner.id} (process {runner.pid}) died; {held} photos of it wait for the next runner.",
            )


def _counters(store: Store, batch: Batch) -> Iterator[Finding]:
    """Both sides are of one moment: what was read with the page of batches may be minutes old by now."""
    found = store.counters(batch.no)
    if not found or found[0]["leaving"]:  # it was forgotten meanwhile, or is at this moment
        return
    said = found[0]
    rows = {row["status"]: row["count"] for row in found if row["status"] is not None}
    for status in ("processed", "failed", "skipped"):
        if rows.get(status, 0) != said[status]:
            words = f"{said[status]} {status} are counted, {rows.get(status, 0)} are there."
            yield Finding("error", "counters", words, batch.id)
    if sum(rows.values()) != said["total"]:
        words = f"{said['total']} items are counted, {sum(rows.values())} are there."
        yield Finding("error", "counters", words, batch.id)
    status = said["batch_status"]
    open_rows = sum(count for name, count in rows.items() if name not in ITEM_ENDED)
    if status in ENDED and status != BatchStatus.CANCELLED and open_rows:
        yield Finding("error", "ended", f"The batch is {status}, but {open_rows} items have no end.", batch.id)


def _events(store: Store, batch: Batch) -> Iterator[Finding]:
    faults = store.final_event_faults(batch.no)
    if faults:
        yield Finding("error", "events", f"{len(faults)} items do not have one final event.", batch.id)


def _outputs(store: Store, batch: Batch, read: bool) -> Iterator[Finding]:
    gone: list[str] = []
    changed: list[str] = []
    bare: list[str] = []
    unseen: set[str] = set()
    for item in all_items(store, batch.no, status="processed"):
        if item.output_sha256 is None or item.output_name is None:
            continue
        if name := lacking(item.folder):
            unseen.add(name)
            continue
        if len(item.further) != len(batch.recipe.further):
            bare.append(item.output_name)
        main = (item.output_name, item.output_size, item.output_sha256)
        for name, size, sha256 in (main, *((part.name, part.size, part.sha256) for part in item.further)):
            row = store.output_at(item.folder, name)
            if row is None or row["sha256"] != sha256:
                continue  # a later batch wrote the name anew
            path = Path(item.folder) / name
            state = files.state_of(path)
            if state is None:
                gone.append(str(path))
            elif state.size != size or (read and files.sha256_of(path) != sha256):
                changed.append(str(path))
    if bare:
        words = f"{_some(bare)} recorded without the further outputs that belong to them."
        yield Finding("error", "further", words, batch.id)
    for name in sorted(unseen):
        words = f"Its outputs in the root {name}, which this machine lacks, were not looked at."
        yield Finding("warning", "root", words, batch.id)
    if gone:
        words = f"{_some(gone)} gone (moved or deleted since); the same develop command makes anew."
        yield Finding("warning", "output", words, batch.id)
    if changed:
        words = f"{_some(changed)} not as Junmai wrote (edited since?)."
        yield Finding("warning", "output", words, batch.id)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:NAMES_SHOWN])
    return f"{len(names)} outputs ({shown}{', ...' if len(names) > NAMES_SHOWN else ''})"


def _temporaries(store: Store, batch: Batch) -> Iterator[Finding]:
    found = [path for path, _, _ in files.temporaries_in(Path(batch.folder), batch.id)]
    if not found or store.batch_status(batch.no) not in ENDED or store.in_hand_of(batch.no):
        return
    for path in found:
        yield Finding("warning", "temporary", f"{path} was left behind; it can be deleted.", batch.id)
