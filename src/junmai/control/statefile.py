"""State files: the readable second copy of a batch. What one says, and how it is read.

`batch_states/{batch_id}.json` holds the 15 keys of the contract, one a line, and under `junmai` what a rebuild needs
beyond them: the batch as it was frozen and, up to 2,000 photos, an array for each photo in the order of `COLUMNS`.
Above that the arrays are in `batch_states/{batch_id}.items.json`, one a line. Both end with a mark: the database that
wrote them and its newest event of the batch; of one database the higher number is the newer file.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from junmai import errors, files
from junmai.domain.lifecycle import BatchStatus

FOLDER = "batch_states"
FORMAT = 1
INLINE_ITEMS = 2000
"""Photos up to which a batch is one file, written before a command is answered: 2,000 take about 30 ms."""
LARGEST_FILE = 1 << 30
LARGEST_NUMBER = 1 << 53
"""Beyond it JSON numbers are not exact everywhere, and no id or count comes near it."""
COLUMNS = (
    *("photo_id", "status", "path", "root", "kind", "size", "mtime_ns", "inode", "fingerprint", "sha256"),
    *("output_name", "output_size", "output_mtime_ns", "output_sha256", "output_key"),
    *("attempt", "tries", "worker_deaths", "generation"),
    *("error_kind", "error_message", "ended_at", "seconds", "external"),
    *("output_folder", "further"),
)
_COLUMNS = frozenset(COLUMNS)
_BATCH_ID = re.compile(r"batch_[0-9a-f]{12}")
_MARK = re.compile(rb'"store":"([0-9a-f]{16})","sequence":(\d+)\}\}?\s*$')
_MARK_BYTES = 160


# --- the 15 keys --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BatchState:
    """What the contract says of a batch. Timestamps are ISO 8601 in UTC with a trailing `Z`, or None.

    `photo_ids` are in the order of the batch; `task_ids` are the executor's outstanding tasks.
    """

    batch_id: str
    photo_ids: tuple[int, ...]
    status: BatchStatus
    session_id: int | None = None
    processed_photo_ids: tuple[int, ...] = ()
    failed_photo_ids: tuple[int, ...] = ()
    created_at: str | None = None
    started_at: str | None = None
    paused_at: str | None = None
    completed_at: str | None = None
    total_photos: int = 0
    processed_count: int = 0
    failed_count: int = 0
    config: dict[str, object] = field(default_factory=dict)
    task_ids: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """The 15 keys, as JSON has them: lists, texts, numbers, None."""
        return {
            "batch_id": self.batch_id,
            "session_id": self.session_id,
            "photo_ids": list(self.photo_ids),
            "processed_photo_ids": list(self.processed_photo_ids),
            "failed_photo_ids": list(self.failed_photo_ids),
            "status": str(self.status),
            "created_at": self.created_at,
            "started_at": self.started_at,
            "paused_at": self.paused_at,
            "completed_at": self.completed_at,
            "total_photos": self.total_photos,
            "processed_count": self.processed_count,
            "failed_count": self.failed_count,
            "config": dict(self.config),
            "task_ids": list(self.task_ids),
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> BatchState:
        """Read the keys; unknown ones are ignored, and only `batch_id`, `photo_ids` and `status` must be there.

        Times without a zone are UTC. Raises `StateUnreadable` naming the key that does not fit.
        """
        if not isinstance(given, Mapping):
            _refuse("the state", f"must be an object; it is a {type(given).__name__}")
        photo_ids = _ids(given, "photo_ids", required=True)
        processed = _ids(given, "processed_photo_ids")
        failed = _ids(given, "failed_photo_ids")
        return cls(
            batch_id=_batch_id(given),
            photo_ids=photo_ids,
            status=_status(given),
            session_id=None if given.get("session_id") is None else _whole(given, "session_id", 0),
            processed_photo_ids=processed,
            failed_photo_ids=failed,
            **{name: _time(given, name) for name in ("created_at", "started_at", "paused_at", "completed_at")},
            total_photos=_whole(given, "total_photos", len(photo_ids)),
            processed_count=_whole(given, "processed_count", len(processed)),
            failed_count=_whole(given, "failed_count", len(failed)),
            config=_object(given, "config"),
            task_ids=_texts(given, "task_ids"),
        )


def _refuse(name: str, detail: str) -> NoReturn:
    raise errors.StateUnreadable(field=name, detail=detail)


def _batch_id(given: Mapping[str, Any]) -> str:
    value = given.get("batch_id")
    if not isinstance(value, str) or not _BATCH_ID.fullmatch(value):
        _refuse("batch_id", f"must be batch_ and 12 hexadecimal digits; it is {_short(value)}")
    return value


def _status(given: Mapping[str, Any]) -> BatchStatus:
    value = given.get("status")
    if not isinstance(value, str) or value not in set(BatchStatus):
        _refuse("status", f"must be one of {', '.join(BatchStatus)}; it is {_short(value)}")
    return BatchStatus(value)


def _ids(given: Mapping[str, Any], name: str, *, required: bool = False) -> tuple[int, ...]:
    value = given.get(name)
    if value is None and not required:
        return ()
    if not isinstance(value, list | tuple):
        _refuse(name, f"must be a list of whole numbers; it is {_short(value)}")
    if required and not value:
        _refuse(name, "must be a non-empty list")
    if set(map(type, value)) - {int}:
        wrong = next(one for one in value if type(one) is not int)
        _refuse(name, f"must hold whole numbers only; it holds {_short(wrong)}")
    if value and not (min(value) >= 0 and max(value) <= LARGEST_NUMBER):
        _refuse(name, f"must hold numbers from 0 to 2^53; it holds {_short(min(value))} to {_short(max(value))}")
    return tuple(value)


def _whole(given: Mapping[str, Any], name: str, default: int) -> int:
    value = given.get(name)
    if value is None:
        return default
    if type(value) is not int or not 0 <= value <= LARGEST_NUMBER:
        _refuse(name, f"must be a whole number from 0 to 2^53; it is {_short(value)}")
    return value


def _time(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        _refuse(name, f"must be a time in ISO 8601; it is {_short(value)}")
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _object(given: Mapping[str, Any], name: str) -> dict[str, object]:
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        _refuse(name, f"must be an object; it is {_short(value)}")
    return {str(key): one for key, one in value.items()}


def _texts(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = given.get(name)
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        _refuse(name, f"must be a list of texts; it is {_short(value)}")
    return tuple(value)


def _short(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # a number of more than 4,300 digits
        text = "a very long number"
    return text if len(text) <= 60 else f"{text[:57]}..."


# --- files --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mark:
    """How new a file is: the newest event of its batch in the database that wrote it."""

    store: str
    sequence: int


@dataclass(frozen=True, slots=True)
class StateFile:
    """A state file as it was read. `own` is the key `junmai`, empty in a file of an older installation."""

    path: Path
    state: BatchState
    own: dict[str, Any]


def state_path(data: Path, batch_id: str) -> Path:
    """Where the state of a batch is kept."""
    return data / FOLDER / f"{batch_id}.json"


def items_path(state: Path) -> Path:
    """Where the photos of a batch of more than 2,000 are kept."""
    return state.with_name(f"{state.stem}.items.json")


def read_state(path: Path) -> StateFile:
    """Read a state file. Raises `StateUnreadable` saying why it cannot be, and OSError."""
    there = files.state_of(path)
    if there is None:
        _refuse("the file", "is no file but a folder, a pipe or a device")
    if there.size > LARGEST_FILE:
        _refuse("the file", f"is larger than {LARGEST_FILE:,} bytes")
    given = _parsed(path.read_bytes())
    state = BatchState.from_dict(given)
    if state.batch_id != path.stem:
        _refuse("batch_id", f"is {state.batch_id}, which is not the name of the file")
    return StateFile(path, state, _object(given, "junmai"))


def read_items(file: StateFile) -> Iterator[dict[str, Any]]:
    """What a state file, or the second one beside it, says of each photo, by column; of an older one nothing.

    Raises `StateUnreadable`, also in the midst, and OSError.
    """
    if "items" in file.own:
        rows = file.own["items"]
        if not isinstance(rows, list):
            _refuse("junmai.items", "must be a list")
        yield from (_row(row, file.own.get("columns")) for row in rows)
    elif "items_file" in file.own:
        with items_path(file.path).open("rb") as stream:
            head = _parsed(stream.readline() + b"]}")
            if head.get("batch_id") != file.state.batch_id:
                _refuse("batch_id", "of the second file is another one")
            for line in stream:
                if line.startswith(b"]"):
                    return
                yield _row(_parsed(line.rstrip().removesuffix(b",")), head.get("columns"))
            _refuse("the file", "ends too early")


def mark_of(path: Path) -> Mark | None:
    """The mark at the end of a state file; None where there is no file, or it has none: an older or a damaged one."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _MARK_BYTES))
            found = _MARK.search(stream.read())
    except FileNotFoundError:
        return None
    return Mark(found[1].decode(), int(found[2])) if found else None


def _row(row: Any, columns: Any) -> dict[str, Any]:
    if not isinstance(row, list) or not isinstance(columns, list) or len(row) != len(columns):
        _refuse("junmai.items", f"must hold a list with a value for each column; one is {_short(row)}")
    return {name: value for name, value in zip(columns, row, strict=True) if isinstance(name, str) and name in _COLUMNS}


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        _refuse("the file", "is not UTF-8")
    except (ValueError, RecursionError) as error:
        _refuse("the file", f"is not whole JSON ({error})")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")
