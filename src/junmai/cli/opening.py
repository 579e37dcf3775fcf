"""Opens the controller in the data folder that the user named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.markup import escape

from junmai import config, log
from junmai.cli.render import complaints
from junmai.config import Settings
from junmai.control.controller import BatchController
from junmai.control.recovery import this_process

WORKER = "worker"
BEGIN = ("develop", "import", "serve", WORKER)
"""Commands that a library is expected to begin with; where another finds none, its place may be mistyped."""


class _Chosen:
    folder: Path | None = None
    console: int | None = None


_chosen = _Chosen()


def choose(folder: Path | None) -> None:
    """Use this data folder from here on; None: JUNMAI_DATA, or the platform's."""
    _chosen.folder = folder


def tell_more(level: int) -> None:
    """Show what goes to the log from that level on (as `logging.INFO`) on the error output too."""
    _chosen.console = level


def chosen() -> Path | None:
    """The data folder that was named on the command line."""
    return _chosen.folder


@contextmanager
def opened(command: str) -> Iterator[BatchController]:
    """A controller for one command, which the others see under that name."""
    settings, by = configured(command)
    new = settings.store is None and not settings.database.exists()
    with BatchController(settings=settings, by=by, state_files=command != WORKER) as controller:
        for batch_id in controller.taken_in.batch_ids:
            complaints.print(f"{batch_id} was taken in from its state file.", style="yellow")
        for warning in controller.taken_in.warnings:
            complaints.print(escape(warning), style="yellow")
        if new and command not in BEGIN and not controller.taken_in.batch_ids:
            words = (
                f"There was no library in {settings.data}: an empty one was made. --data and JUNMAI_DATA name another."
            )
            complaints.print(escape(words), style="yellow")
        yield controller


def configured(command: str) -> tuple[Settings, str]:
    """The settings in force and how this command is named to others; its log is set up."""
    settings = config.load(_chosen.folder)
    log.configure(settings.data, console=_chosen.console)
    by = f"junmai {command} ({this_process()})"
    log.bind_command(command, by=by, process=True)
    return settings, by


def data_first(arguments: list[str]) -> list[str]:
    """`--data DIR` may stand anywhere before `--`; the parser wants it first."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    for index, argument in enumerate(arguments[:end]):
        if argument == "--data" and index + 1 < end:
            return ["--data", arguments[index + 1], *arguments[:index], *arguments[index + 2 :]]
        if argument.startswith("--data="):
            return [argument, *arguments[:index], *arguments[index + 1 :]]
    return arguments
