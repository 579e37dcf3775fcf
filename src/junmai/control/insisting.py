"""Doing something with the store as often as it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from junmai import errors
from junmai import log as logs
from junmai.store.base import Store

log = logs.get("junmai.runner")
T = TypeVar("T")

RETRY_SECONDS = 0.5


class Insistence:
    """A full disk, a long lock or a server that restarts must not lose a result: what needs the store waits for it."""

    def __init__(self, store: Store, is_over: Callable[[], bool]) -> None:
        """`is_over` says that nobody waits for anything any more."""
        self._store = store
        self._is_over = is_over

    def __call__(self, act: Callable[[], T]) -> T | None:
        """What `act` returns; None only where all is over."""
        warned = False
        while True:
            try:
                return act()
            except (errors.StoreUnavailable, errors.StoreBusy) as error:
                if not warned:
                    log.warning("the store does not answer; waiting", error=error.message)
                    warned = True
                if self._is_over():
                    return None
                self._store.clock.sleep(RETRY_SECONDS)
