"""Structured logs: one JSON object a line in the data folder, and on the console where the user asks for it.

As a library Junmai prints nothing and sets up nothing: its loggers are those of the standard library below
`junmai`, with a handler that does nothing; structlog's own configuration is not touched. A program that sets up
`logging` sees readable lines. `configure` is for the command line and the server.

Many processes write to the one file. Each line is one append under a lock, and the file is opened for that line
only: so a line is whole also on Windows, where appending is not atomic, the file can be rotated there while others
log (an open file cannot be renamed), and nobody goes on writing into a file that another process has rotated away.
That costs about 0.2 ms a line; what is logged is commands and failures, not photos.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import logging
import os
import re
import socket
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import structlog
from filelock import FileLock, Timeout
from structlog.typing import EventDict, WrappedLogger

from junmai import files
from junmai.clock import iso

FOLDER = "logs"
LOG_BYTES = 5_000_000
LOG_FILES = 5
LOCK_SECONDS = 0.5
"""After that a line is appended without the lock: a log must not hold up the photos."""
TEXT_LIMIT = 20_000
NOTHING_SAID = "***"

_ROOT = "junmai"
_FACTS = "junmai"
"""The attribute of a log record that carries its facts."""

_process: dict[str, object] = {}
_command: ContextVar[Mapping[str, object]] = ContextVar("junmai_log_command")

logging.getLogger(_ROOT).addHandler(logging.NullHandler())


# --- for whoever logs -------------------------------------------------------------------------------------


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A structured logger over the standard library's logger of that name, which is `junmai` or below it."""
    inside = name if name == _ROOT or name.startswith(f"{_ROOT}.") else f"{_ROOT}.{name}"
    logger = structlog.wrap_logger(
        logging.getLogger(inside),
        processors=[structlog.stdlib.filter_by_level, _with_command, _without_secrets, _as_record],
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    return cast("structlog.stdlib.BoundLogger", logger)


class Bound:
    """What `bind_command` said. As a context manager it is unsaid at the end."""

    def __init__(self, before: Mapping[str, object], process: bool) -> None:
        self._before = before
        self._process = process

    def __enter__(self) -> None:
        """It was said already."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            _process.clear()
            _process.update(self._before)
        else:
            _command.set(self._before)


def bind_command(what: str, *, by: str | None = None, batch: str | None = None, process: bool = False) -> Bound:
    """Put the command and whose it is into every line from here on: of this thread or task, or with `process` of
    every thread that has no command of its own. What a line says itself wins."""
    said = {"command": what, "by": by, "batch": batch}
    facts = {name: value for name, value in said.items() if value is not None}
    before: Mapping[str, object] = dict(_process) if process else _command.get({})
    if process:
        _process.clear()
        _process.update(facts)
    else:
        _command.set({**before, **facts})
    return Bound(before, process)


# --- for the command line and the server -------------------------------------------------------------------


def configure(data: Path | None, *, console: int | None = None) -> None:
    """Send the log to `logs/junmai.log` in the data folder (None: to no file), and lines of at least the level
    `console` (as `logging.WARNING`) to the error output. Uncaught errors go to the file with their trace."""
    logger = logging.getLogger(_ROOT)
    for handler in [handler for handler in logger.handlers if isinstance(handler, _SharedFile | _Console)]:
        logger.removeHandler(handler)
        handler.close()
    if data is not None:
        logger.addHandler(_SharedFile(data / FOLDER / "junmai.log"))
        _log_uncaught()
    if console is not None:
        logger.addHandler(_Console(console))
    logger.setLevel(min(logging.INFO, console or logging.INFO))


@cache
def _log_uncaught() -> None:
    """Put ourselves before the hooks that are there; they are called as before."""
    of_process, of_threads = sys.excepthook, threading.excepthook

    def process_hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            get("junmai").critical("uncaught", exc_info=(kind, error, trace))
        of_process(kind, error, trace)

    def thread_hook(given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None and not issubclass(given.exc_type, SystemExit):
            name = given.thread.name if given.thread else None
            info = (given.exc_type, given.exc_value, given.exc_traceback)
            get("junmai").critical("uncaught", thread=name, exc_info=info)
        of_threads(given)

    sys.excepthook, threading.excepthook = process_hook, thread_hook


class _SharedFile(logging.Handler):
    """Appends to a file that other processes append to as well, and rotates it."""

    def __init__(self, path: Path) -> None:
        super().__init__(logging.INFO)
        self._path = path
        self._lock = FileLock(str(path.with_suffix(".lock")), thread_local=False)

    def emit(self, record: logging.LogRecord) -> None:
        # a log that cannot be written must not stop the photos
        with contextlib.suppress(OSError, ValueError):
            data = (json.dumps(line_of(record), ensure_ascii=False, default=str) + "\n").encode("utf-8", "replace")
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._alone() as alone:
                if files.append(self._path, data) > LOG_BYTES and alone:
                    files.rotate(self._path, LOG_FILES)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        try:
            self._lock.acquire(timeout=LOCK_SECONDS, poll_interval=0.0005)
        except (Timeout, OSError):
            yield False
            return
        try:
            yield True
        finally:
            self._lock.release()


class _Console(logging.Handler):
    """Readable lines on the error output, whatever that is at the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError, ValueError):
            print(f"junmai: {record.levelname.lower()}: {record.getMessage()}", file=sys.stderr, flush=True)
            if record.exc_info and record.exc_info[0]:
                print("".join(traceback.format_exception(*record.exc_info)), file=sys.stderr, end="", flush=True)


def line_of(record: logging.LogRecord) -> dict[str, object]:
    """A record as the object that stands in the log: when, how grave, what, who, which batch, and its facts."""
    facts: dict[str, object] = dict(getattr(record, _FACTS, None) or {"event": record.getMessage()})
    line: dict[str, object] = {
        "timestamp": iso(record.created),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": facts.pop("event", ""),
        "who": _who(),
        "pid": record.process,
        **facts,
    }
    if record.exc_info and record.exc_info[0]:
        line["exception"] = _plain("".join(traceback.format_exception(*record.exc_info)))
    return line


@cache
def _who() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    return f"{user}@{socket.gethostname()}"


# --- processors -------------------------------------------------------------------------------------------

_SECRET_NAME = re.compile(r"token|passw|secret|authorization|cookie|api_?key|credential", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"(?P<name>\b(?:token|password|passwd|secret|api_?key|access_key)[\"']?\s*[=:]\s*[\"']?|\bBearer\s+|://[^\s/:@]*:)"
    r"(?P<value>[^\s&\"'@,;]+)",
    re.IGNORECASE,
)


def _with_command(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    return {**_process, **_command.get({}), **event}


def _without_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    return {
        name: NOTHING_SAID if _SECRET_NAME.search(name) else value if name == "exc_info" else _plain(value)
        for name, value in event.items()
    }


def _plain(value: Any) -> Any:
    """A value as it may stand in the log: no contents of files, no secrets, no endless texts."""
    match value:
        case None | bool() | int() | float():
            return value
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case Mapping():
            return {
                str(name): NOTHING_SAID if _SECRET_NAME.search(str(name)) else _plain(inner)
                for name, inner in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_plain(inner) for inner in value]
        case _:
            text = _SECRET_TEXT.sub(lambda found: found["name"] + NOTHING_SAID, str(value))
            return text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + "…"


def _as_record(logger: WrappedLogger, method: str, event: EventDict) -> tuple[tuple[object, ...], dict[str, object]]:
    """The arguments of the standard library's logger: a readable message, and the facts beside it."""
    exc_info = event.pop("exc_info", None)
    event.pop("stack_info", None)
    facts = "".join(f" {name}={value!r}" for name, value in event.items() if name != "event")
    return ("%s%s", str(event.get("event", "")), facts), {"extra": {_FACTS: dict(event)}, "exc_info": exc_info}
