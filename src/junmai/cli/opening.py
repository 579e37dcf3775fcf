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
    with BatchController(settings=settings, by=f"junmai {command} ({this_process()})") as controller:
        yield controller
