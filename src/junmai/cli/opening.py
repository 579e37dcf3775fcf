"""Opens the controller in the data folder that the user named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from junmai import config, log
from junmai.control.controller import BatchController
from junmai.control.recovery import this_process


class _Chosen:
    folder: Path | None = None


_chosen = _Chosen()


def choose(folder: Path | None) -> None:
    """Use this data folder from here on; None: JUNMAI_DATA, or the platform's."""
    _chosen.folder = folder


def chosen() -> Path | None:
    """The data folder that was named on the command line."""
    return _chosen.folder


@contextmanager
def opened(command: str) -> Iterator[BatchController]:
    """A controller for one command, which the others see under that name."""
    settings = config.load(_chosen.folder)
    log.configure(settings.data)
    by = f"junmai {command} ({this_process()})"
    log.bind_command(command, by=by, process=True)
    with BatchController(settings=settings, by=by) as controller:
        yield controller


def data_first(arguments: list[str]) -> list[str]:
    """`--data DIR` may stand anywhere before `--`; the parser wants it first."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    for index, argument in enumerate(arguments[:end]):
        if argument == "--data" and index + 1 < end:
            return ["--data", arguments[index + 1], *arguments[:index], *arguments[index + 2 :]]
        if argument.startswith("--data="):
            return [argument, *arguments[:index], *arguments[index + 1 :]]
    return arguments
