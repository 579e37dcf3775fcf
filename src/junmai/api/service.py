"""What the routes share: the controller, threads for it, the feed, previews, and what may be reached."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from junmai import errors
from junmai.api.door import Counts
from junmai.api.feed import Feed
from junmai.api.imports import Imports
from junmai.api.previews import Previews
from junmai.api.problems import Refused
from junmai.api.security import Guard
from junmai.control.controller import BatchController

T = TypeVar("T")

READS, COMMANDS, LONG = 6, 4, 2
"""Threads for each kind of work: a pause does not stand in line behind lists, and neither behind an import. Each thread
has a connection to the store, with a cache of up to 16 MB."""


@dataclass
class Service:
    """One server's parts. `roots` None: anything on this machine may be imported and written to."""

    controller: BatchController
    guard: Guard
    roots: tuple[Path, ...] | None = None
    counts: Counts = field(default_factory=lambda: Counts({}))

    def __post_init__(self) -> None:
        self.feed = Feed(self.controller.store)
        self.previews = Previews(self.controller)
        self.imports = Imports()
        self._reads = anyio.CapacityLimiter(READS)
        self._commands = anyio.CapacityLimiter(COMMANDS)
        self._long = anyio.CapacityLimiter(LONG)

    async def read(self, act: Callable[..., T], *arguments: object, **named: object) -> T:
        """Look something up, in a thread."""
        return await anyio.to_thread.run_sync(partial(act, *arguments, **named), limiter=self._reads)

    async def command(self, act: Callable[..., T], *arguments: object, **named: object) -> T:
        """Carry out a command, in a thread."""
        return await anyio.to_thread.run_sync(partial(act, *arguments, **named), limiter=self._commands)

    async def long(self, act: Callable[..., T], *arguments: object, **named: object) -> T:
        """Do what takes long (an import, a batch of many photos), in a thread."""
        return await anyio.to_thread.run_sync(partial(act, *arguments, **named), limiter=self._long)

    def check_path(self, given: str) -> Path:
        """A path that a client names. Raises `BadInput`, and `Refused` (403) outside of the roots."""
        if "\0" in given or not Path(given).is_absolute():
            raise errors.BadInput(detail=f"A folder must be an absolute path; this is {given[:200]!r}.")
        try:
            path = Path(os.path.abspath(given))
            resolved = Path(os.path.realpath(path))
        except (OSError, ValueError) as error:
            raise errors.BadInput(detail=f"{given[:200]!r} is no path ({error}).") from error
        if self.roots is not None:
            roots = [Path(os.path.realpath(root)) for root in self.roots]
            if not any(resolved == root or root in resolved.parents for root in roots):
                raise Refused(403, f"{path} is not below a folder that this server may use.", code="outside_roots")
        return path
