"""Writes state files: at once for a small batch, behind the command for a large one, never an older over a newer."""

from __future__ import annotations

import atexit
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from junmai import errors, files, locks
from junmai import log as logs
from junmai.clock import iso
from junmai.config import Settings
from junmai.control.statefile import (
    COLUMNS,
    FORMAT,
    INLINE_ITEMS,
    BatchState,
    Mark,
    items_path,
    mark_of,
    read_state,
    state_path,
)
from junmai.domain.lifecycle import ENDED
from junmai.domain.model import Batch
from junmai.store.base import Store
from junmai.store.engine import Row

log = logs.get("junmai.states")

PROGRESS_SECONDS = 30.0
"""A batch that only gets on is written at most this often."""
RETRY_SECONDS = 5.0
ITEMS_SHARE = 20
"""The second file is written at most for 1/20 of the time: at a million photos it takes seconds."""
LOCK_SECONDS = 10.0
LOCK = ".lock"
ORIGINAL = "original"
_CATCH_UP = -1
"""In place of a batch number: look which files are behind (batch numbers begin at 1)."""
_OWN_KEYS = ("preset", "folder", "priority", "request_key", "generation")
_OWN_STATE = ("pause_reason", "pause_by", "pause_detail", "cancel_reason")


class StateWriter:
    """Writes the state files of one process. Its thread begins with the first batch that is written behind."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._data = settings.data
        self._changed = threading.Condition()
        self._due: dict[int, float] = {}
        self._busy = False
        self._closing = False
        self._catch_up = False
        self._written: dict[int, float] = {}
        self._items_next: dict[int, float] = {}
        self._warned: set[int] = set()
        self._flushing = 0
        self._thread: threading.Thread | None = None

    def heard(self, no: int, *, lifecycle: bool, command: bool) -> None:
        """What the store tells of its changes: a command waits for the file of a small batch, a runner does not."""
        if lifecycle:
            self.note(no, behind=not command)
        else:
            self.progress(no)

    def note(self, no: int, *, behind: bool = False) -> None:
        """A batch changed its state. Up to 2,000 photos its file is written when this returns (not so with `behind`),
        above that within a second. Never raises: what cannot be written is said in the log and tried again."""
        if not behind and self._is_small(no) and self._try(no):
            return
        self._plan(no, 0.0 if no not in self._warned else RETRY_SECONDS)

    def progress(self, no: int) -> None:
        """Photos of a batch ended: its file is written when the last one is 30 s old."""
        since = time.monotonic() - self._written.get(no, 0.0)
        if no not in self._due:
            self._plan(no, max(0.0, PROGRESS_SECONDS - since) if no in self._written else PROGRESS_SECONDS)

    def heard_elsewhere(self, no: int, of_state: bool) -> None:
        """What processes with data folders of their own did to a batch. Never raises."""
        if not of_state:
            self.progress(no)
            return
        try:
            batch = self._store.find_batch(no)
            if batch is not None and self._is_behind(batch, self._store.store_id()):
                self._plan(no, 0.0)
        except (errors.JunmaiError, OSError):
            self._plan(no, RETRY_SECONDS)

    def catch_up_behind(self) -> None:
        """Catch up in the writer's own thread: a look at 10,000 files takes a second."""
        with self._changed:
            self._catch_up = True
            self._begin()

    def catch_up(self) -> None:
        """Plan the files that are missing or older than the store: of batches made before there were any, or whose
        process ended before it wrote them."""
        before = 1 << 62
        store_id = self._store.store_id()
        while page := self._store.batches(before=before, limit=200):
            before = page[-1].no
            for batch in page:
                if self._is_behind(batch, store_id):
                    self._plan(batch.no, 0.0)

    def flush(self, seconds: float = 60.0) -> bool:
        """Write everything that is planned now. Returns whether it all was written within that time."""
        deadline = time.monotonic() + seconds
        with self._changed:
            self._items_next.clear()
            self._flushing += 1
            try:
                while self._busy or self._due:
                    for no in self._due:
                        self._due[no] = 0.0
                    self._changed.notify_all()
                    if not self._changed.wait(min(0.1, deadline - time.monotonic())) and time.monotonic() >= deadline:
                        return False
            finally:
                self._flushing -= 1
        return True

    def close(self, seconds: float = 60.0) -> None:
        """Write what is planned, once more even what could not be written before, and end."""
        with self._changed:
            self._closing = True
            for no in self._due:
                self._due[no] = 0.0
            self._changed.notify_all()
        if self._thread is not None:
            atexit.unregister(self.close)
            self._thread.join(seconds)
            self._thread = None
        self._closing = False

    # --- the thread ---------------------------------------------------------------------------------------

    def _plan(self, no: int, seconds: float) -> None:
        with self._changed:
            at = time.monotonic() + (0.0 if self._closing else seconds)  # or the end waits 30 s for it
            self._due[no] = min(at, self._due.get(no, at))
            self._begin()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="junmai-states", daemon=True)
            self._thread.start()
            atexit.register(self.close)  # a client that never closes its controller loses nothing either
        self._changed.notify_all()

    def _run(self) -> None:
        while (no := self._next()) is not None:
            if no == _CATCH_UP:
                self._guarded_catch_up()
                continue
            written = self._try(no)
            with self._changed:
                self._busy = False
                if not written and not self._closing:
                    self._due.setdefault(no, time.monotonic() + RETRY_SECONDS)
                self._changed.notify_all()

    def _next(self) -> int | None:
        """Wait for the next batch that is due; None at the end."""
        with self._changed:
            while True:
                if self._catch_up and not self._closing:
                    self._catch_up = False
                    return _CATCH_UP
                no = min(self._due, key=self._due.__getitem__, default=None)
                if no is None and self._closing:
                    return None
                wait = None if no is None else self._due[no] - time.monotonic()
                if no is not None and wait is not None and wait <= 0:
                    del self._due[no]
                    self._busy = True
                    return no
                self._changed.wait(wait)

    def _guarded_catch_up(self) -> None:
        try:
            self.catch_up()
        except (errors.JunmaiError, OSError) as error:
            log.warning("the state files could not be looked through", error=str(error))

    # --- writing ------------------------------------------------------------------------------------------

    def _is_behind(self, batch: Batch, store_id: str) -> bool:
        mark = mark_of(state_path(self._data, batch.id))
        return mark is None or mark.store != store_id or mark.sequence < (self._store.newest_event(batch.no) or 0)

    def _is_small(self, no: int) -> bool:
        try:
            return self._store.batch_no(no).total <= INLINE_ITEMS
        except errors.JunmaiError:
            return False

    def _try(self, no: int, *, items: bool = True) -> bool:
        try:
            self._write(no, items=items)
        except Exception as error:  # noqa: BLE001 - a second copy that cannot be written must not fail the first
            if no not in self._warned:
                log.warning("the state file could not be written; trying again", batch_no=no, error=str(error))
            self._warned.add(no)
            return False
        self._warned.discard(no)
        return True

    def _write(self, no: int, *, items: bool) -> None:
        self._written[no] = time.monotonic()
        row = write_state(self._store, self._data, no)
        if row is not None and row["items"] is None and items:
            self._write_second(no, row)

    def _write_second(self, no: int, row: Row) -> None:
        items = items_path(state_path(self._data, row["id"]))
        began = time.monotonic()
        if row["status"] in ENDED or not items.exists() or began >= self._items_next.get(no, 0.0):
            _write_items(self._store, items, no, row["id"], between=self._write_due)
            took = time.monotonic() - began
            self._items_next[no] = time.monotonic() + max(PROGRESS_SECONDS, ITEMS_SHARE * took)

    def _write_due(self) -> None:
        """Between two pages of a second file: a million photos must not keep a changed state waiting for seconds.

        Not while everything is due: each of 13 states of 100,000 photos was written anew 100 times.
        """
        while True:
            with self._changed:
                now = time.monotonic()
                no = next((no for no, at in self._due.items() if at <= now), None)
                if no is None or self._closing or self._flushing:
                    return
                del self._due[no]
            written = self._try(no, items=False)
            self._plan(no, PROGRESS_SECONDS if written else RETRY_SECONDS)


def write_state(store: Store, data: Path, no: int) -> Row | None:
    """Write the state file of a batch, unless a newer one stands there. Returns what the store said of the batch,
    None where there is no such batch. Raises OSError and `StoreError`."""
    row = store.batch_state(no, items_up_to=INLINE_ITEMS)
    if row is None:
        return None
    path = state_path(data, row["id"])
    files.make_folder(path.parent)
    mark = Mark(row["store"], row["sequence"])
    kept = {**row, **store.roots.written({"folder": row["folder"], "pause_detail": row["pause_detail"]})}
    files.write_whole_if(path, document(kept), _admission(store, path, no, mark))
    return row


def discard(data: Path, batch_id: str) -> None:
    """Remove the files of a batch that was cleaned up; what was set aside as unreadable stays. Raises OSError and
    TimeoutError; what stays then goes when state files are next taken in, since the store knows it as forgotten."""
    path = state_path(data, batch_id)
    if not path.parent.is_dir():
        return
    with locks.exclusive(path.parent / LOCK, seconds=LOCK_SECONDS):
        for one in (path, items_path(path), *path.parent.glob(f"{batch_id}.json.{ORIGINAL}-*")):
            files.remove(one)


def state_of(store: Store, batch_id: str) -> BatchState:
    """The state of a batch as the store has it. Raises `UnknownBatch`."""
    row = store.batch_state(store.batch(batch_id).no, items_up_to=-1)
    if row is None:
        raise errors.UnknownBatch(batch_id=batch_id)
    return BatchState.from_dict(json.loads(b"".join(document(row))))


def document(row: Row) -> Iterator[bytes]:
    """A state file in pieces; the ids come as JSON from the store and are passed on as they are."""
    keys = {
        "batch_id": _json(row["id"]),
        "session_id": _json(row["session_id"]),
        "status": _json(row["status"]),
        **{name: _json(iso(row[name])) for name in ("created_at", "started_at", "paused_at", "completed_at")},
        "total_photos": _json(row["total"]),
        "processed_count": _json(row["processed"]),
        "failed_count": _json(row["failed"]),
        "config": row["config"],
        "task_ids": "[]",
        "photo_ids": row["photo_ids"],
        "processed_photo_ids": row["processed_photo_ids"],
        "failed_photo_ids": row["failed_photo_ids"],
    }
    yield b"{\n"
    for name, text in keys.items():
        yield f'"{name}": {text},\n'.encode()
    yield f'"junmai": {_own(row)}'.encode()
    if row["items"] is not None:
        yield f',"columns":{_json(COLUMNS)},"items":{row["items"]}'.encode()
    else:
        yield f',"items_file":{_json(items_path(Path(row["id"] + ".json")).name)}'.encode()
    yield f',"store":"{row["store"]}","sequence":{row["sequence"]}}}}}\n'.encode()


# --- small steps --------------------------------------------------------------------------------------------


def _own(row: Row) -> str:
    """What a rebuild needs of the batch itself, without the closing brace."""
    own = {name: row[name] for name in _OWN_KEYS} | {name: row[name] for name in _OWN_STATE if row[name] is not None}
    own |= {"recipe": json.loads(row["recipe"]), "format": FORMAT}
    own |= {name: bool(row[name]) for name in ("overwrite", "begun", "made_by_junmai")}
    return _json(own).removesuffix("}")


def _write_items(store: Store, path: Path, no: int, batch_id: str, *, between: Callable[[], None]) -> None:
    """Write the second file. Each photo in it is at least as new as the mark says; they need not be of one moment,
    because the state of one photo says nothing of another's."""
    mark = Mark(store.store_id(), store.newest_event(no) or 0)
    files.write_whole_if(path, _items_document(store, no, batch_id, mark, between), _admission(store, path, no, mark))


def _items_document(store: Store, no: int, batch_id: str, mark: Mark, between: Callable[[], None]) -> Iterator[bytes]:
    yield f'{{"batch_id":"{batch_id}","format":{FORMAT},"columns":{_json(COLUMNS)},"items":[\n'.encode()
    first = True
    for lines in store.item_lines(no):
        yield (lines if first else f",\n{lines}").encode()
        first = False
        between()
    yield f'\n],"store":"{mark.store}","sequence":{mark.sequence}}}\n'.encode()


@contextlib.contextmanager
def _admission(store: Store, path: Path, no: int, mark: Mark) -> Iterator[bool]:
    """Whether a file may be renamed to its name, held under the lock of the folder.

    Not where a newer one stands, nor where the batch was cleaned up meanwhile: its file would bring it back.
    """
    with locks.exclusive(path.parent / LOCK, seconds=LOCK_SECONDS):
        if store.newest_event(no) is None:
            yield False
            return
        there = mark_of(path)
        if there is None and path.exists():
            _keep_if_damaged(path)
        yield there is None or there.store != mark.store or there.sequence <= mark.sequence


def _keep_if_damaged(path: Path) -> None:
    """What stands at the name has no mark: a file of an older installation was taken in and gives way; one that
    cannot be read is kept."""
    try:
        read_state(path)
    except errors.StateUnreadable as error:
        aside = files.keep_aside(path, "unreadable")
        log.warning("a state file could not be read; it was set aside", aside=str(aside), error=error.message)


def _json(value: object | Iterable[object]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
