"""What the user sees: a bar, a line for each failure, a closing summary; or JSON, one object a line."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from junmai.domain.progress import UNKNOWN, Meter

PLAIN_SECONDS = 10.0
"""Where the output is no terminal, a line of progress comes this often."""

WIDE = 1000
"""Columns where the output is a file or another program: nothing is folded for a terminal that is not there."""
console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
complaints = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else WIDE)


class Unbreakable:
    """Standard output that a reader may leave (`| head -1`): the work goes on, and nothing more is said."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._left = False

    def write(self, text: str) -> int:
        """Write, as long as somebody reads."""
        self._attempt(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Flush, as long as somebody reads."""
        self._attempt(self._stream.flush)

    def _attempt(self, act: Callable[[], object]) -> None:
        if self._left:
            return
        try:
            act()
        except OSError:  # the reader left, the terminal was closed, the disk of the file is full
            self._left = True
            # what lies in the buffer would be tried once more when the process ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


class Reporter(Protocol):
    """Shows how a run goes."""

    def importing(self, count: int, total: int | None) -> None:
        """So many photos have been looked at."""

    def begin(self, *, total: int, ended: int, failed: int) -> None:
        """The batch is at hand."""

    def measuring(self, count: int) -> None:
        """So many photos of the batch are measured for matching; all of them are before any is developed."""

    def photo(self, event: str, *, path: str, photo_id: int | None, status: str, **facts: object) -> None:
        """A photo ended, or was left out."""

    def remark(self, path: str, photo_id: int | None, remarks: list[str]) -> None:
        """What of a photo's own settings could not be honoured."""

    def word(self, text: str) -> None:
        """Something the user should know."""

    def waiting(self, text: str | None) -> None:
        """The batch stands still, and why; None: it goes on."""

    def tick(self, remaining: int) -> None:
        """Time passes."""

    def end(self, summary: dict[str, object], lines: Iterable[str]) -> None:
        """The run is over."""


class JsonReporter:
    """One JSON object a line, for programs."""

    def importing(self, count: int, total: int | None) -> None:
        """Programs are told of ends only."""

    def begin(self, *, total: int, ended: int, failed: int) -> None:
        """Programs are told of ends only."""

    def measuring(self, count: int) -> None:
        """Programs are told of ends only."""

    def photo(self, event: str, *, path: str, photo_id: int | None, status: str, **facts: object) -> None:
        """One line for the photo."""
        shown = {"event": event, "path": path, "photo_id": photo_id, "status": status}
        print_json({**shown, "error_kind": None, "error_message": None, **facts})

    def remark(self, path: str, photo_id: int | None, remarks: list[str]) -> None:
        """One line for the photo."""
        print_json({"event": "photo_remarks", "path": path, "photo_id": photo_id, "remarks": remarks})

    def word(self, text: str) -> None:
        """To the error output, so that the lines stay JSON."""
        complaints.print(escape(text))

    def waiting(self, text: str | None) -> None:
        """To the error output."""
        if text:
            complaints.print(escape(text))

    def tick(self, remaining: int) -> None:
        """Programs are told of ends only."""

    def end(self, summary: dict[str, object], lines: Iterable[str]) -> None:
        """The last line."""
        print_json({"event": "summary", **summary})


class BarReporter:
    """A bar on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._meter = Meter()
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._failed = 0
        self._ended = 0
        self._total = 0
        self._spoke = time.monotonic()
        self._waiting: str | None = None
        self._measured: int | None = None

    def importing(self, count: int, total: int | None) -> None:
        """Show how many photos have been looked at."""
        if self._progress is None:
            self._start("Looking at photos")
        if self._progress is not None:
            self._progress.update(self._task, completed=count, total=total)

    def begin(self, *, total: int, ended: int, failed: int) -> None:
        """From here on the bar is the batch's."""
        self._stop()
        self._total, self._ended, self._failed = total, ended, failed
        self._start("Developing")
        self._update(None)

    def measuring(self, count: int) -> None:
        """The bar is that of measuring, until the last photo is."""
        if self._measured is not None and count < self._total:
            for _ in range(count - self._measured):
                self._meter.add(time.monotonic())
        elif count >= self._total and self._measured != count:
            self._meter.forget()
        self._measured = count

    def photo(self, event: str, *, path: str, photo_id: int | None, status: str, **facts: object) -> None:
        """Count it; a failure gets a line."""
        if status == "left_out":
            console.print(f"[yellow]left out[/]  {escape(relative(path))}: {escape(str(facts.get('error_message')))}")
            return
        if status == "skipped":
            return
        self._ended += 1
        self._meter.add(time.monotonic())
        if status == "failed":
            self._failed += 1
            console.print(f"[red]failed[/]    {escape(relative(path))}: {escape(str(facts.get('error_message')))}")

    def remark(self, path: str, photo_id: int | None, remarks: list[str]) -> None:
        """Counted at the end: where masks are in use it would be a line for every photo."""

    def word(self, text: str) -> None:
        """A line of its own."""
        console.print(escape(text))

    def waiting(self, text: str | None) -> None:
        """Said once, until it changes."""
        if text != self._waiting:
            self._waiting = text
            self._meter.forget()
            console.print(f"[yellow]{escape(text)}[/]" if text else "It goes on.")

    def tick(self, remaining: int) -> None:
        """Move the bar; where there is none, say how far it is now and then."""
        self._update(remaining)
        if self._progress is None and time.monotonic() - self._spoke >= PLAIN_SECONDS and not self._waiting:
            self._spoke = time.monotonic()
            if self._measured is not None and self._measured < self._total:
                console.print(f"{self._measured:,} of {counted(self._total)} measured")
                return
            pace = self._meter.pace(remaining)
            rate = f", {pace.photos_per_second:.2f} photos/s" if pace.photos_per_second else ""
            left = f", {span(pace.eta_seconds)} left" if pace.eta_seconds is not None else ""
            console.print(f"{self._ended} of {counted(self._total)}, {self._failed} failed{rate}{left}")

    def end(self, summary: dict[str, object], lines: Iterable[str]) -> None:
        """Close the bar and say what came of it."""
        self._stop()
        for line in lines:
            console.print(line)

    def _start(self, text: str) -> None:
        if not console.is_terminal:
            return
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=None), _Counts(), console=console, transient=True
        )
        self._task = self._progress.add_task(text, total=None)
        self._progress.start()

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _update(self, remaining: int | None) -> None:
        if self._progress is None:
            return
        measuring = self._measured is not None and self._measured < self._total
        if measuring:
            remaining = self._total - (self._measured or 0)
        pace = UNKNOWN if self._waiting else self._meter.pace(remaining or 0)
        self._progress.update(
            self._task,
            description="Paused" if self._waiting else "Measuring" if measuring else "Developing",
            completed=self._measured if measuring else self._ended,
            total=self._total,
            failed=self._failed,
            rate=pace.photos_per_second,
            left=pace.eta_seconds,
        )


class _Counts(ProgressColumn):
    """`123/3000 photos  2 failed  1.9/s  24 min left`"""

    def render(self, task: Task) -> Text:
        total = "?" if task.total is None else f"{int(task.total):,}"
        text = Text(f"{int(task.completed):,}/{total} photos")
        if failed := task.fields.get("failed"):
            text.append(f"  {failed} failed", "red")
        if rate := task.fields.get("rate"):
            text.append(f"  {rate:.2f}/s", "cyan")
        if (left := task.fields.get("left")) is not None:
            text.append(f"  {span(left)} left", "green")
        return text


def counted(count: int, one: str = "photo", many: str = "") -> str:
    """A number with its noun: "1 photo", "2,000 photos"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def span(seconds: float | None) -> str:
    """A time span as people say it."""
    if seconds is None:
        return "?"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s" if whole < 600 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def relative(path: str) -> str:
    """A path as seen from here, where that is shorter."""
    try:
        return clean(str(Path(path).relative_to(Path.cwd())))
    except (ValueError, OSError):
        return clean(path)


def clean(text: str) -> str:
    """Text of others, such as a file name, without what would steer the terminal."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def print_json(value: object) -> None:
    """One JSON object on one line, written out at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=True, default=str) + "\n")
    sys.stdout.flush()


def complain(message: str, code: str, *, as_json: bool) -> None:
    """Say an error, to the user and, where asked for, as JSON."""
    if as_json:
        print_json({"event": "error", "code": code, "error": message})
    complaints.print(f"[red]junmai:[/] {escape(message)}")
