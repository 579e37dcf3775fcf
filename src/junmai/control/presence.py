"""How a process shows the others that it lives: a row in the store, and a lock that ends with the process.

Where several machines share a store, a lock says nothing to the others. There the row has a lease as well, which a
thread renews while the process lives.
"""

from __future__ import annotations

import os
import socket
import threading
import uuid

from junmai import __version__, errors
from junmai import log as logs
from junmai.config import Settings
from junmai.control.recovery import lock_path
from junmai.develop.version import ENGINE_VERSION
from junmai.locks import ProcessLock
from junmai.store.base import Store

log = logs.get("junmai.presence")

SIGNS_IN_A_LEASE = 4
"""A lease lasts through this many signs of life, so that one or two may be late."""
VERSION = f"{__version__}, engine {ENGINE_VERSION}"
"""What two workers must have in common to develop one batch."""
SERVES_NOTHING = 0
"""Scope of a process that writes batches but develops none (batch numbers begin at 1)."""


class Presence:
    """One entry of the table of runners, alive from `enter` to `leave` or to the end of the process."""

    def __init__(self, store: Store, settings: Settings, *, role: str, scope: int | None, workers: int) -> None:
        self._store = store
        self.id = f"{role}-{uuid.uuid4().hex[:12]}"
        path = lock_path(settings, self.id)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = ProcessLock(path)
        if not self._lock.take():
            raise errors.StoreError(detail=f"the lock {path} is held by another process")
        # the lock first, then the row: whoever sees the row sees it alive
        try:
            self.no = store.add_runner(
                self.id,
                host=socket.gethostname(),
                pid=os.getpid(),
                role=role,
                scope=scope,
                workers=workers,
                version=VERSION,
            )
        except BaseException:
            self._lock.release()
            path.unlink(missing_ok=True)
            raise
        self._left = threading.Event()
        self._signs: threading.Thread | None = None
        if store.lease_seconds is not None:
            every = store.lease_seconds / SIGNS_IN_A_LEASE
            self._signs = threading.Thread(target=self._keep_lease, args=(every,), name="junmai-lease", daemon=True)
            self._signs.start()

    def leave(self) -> None:
        """Say goodbye; nothing may be in hand any more."""
        self._left.set()
        if self._signs is not None:
            self._signs.join()
        try:
            self._store.end_runner(self.no)
        finally:
            self._lock.release()
            self._path.unlink(missing_ok=True)

    def _keep_lease(self, every: float) -> None:
        while not self._left.wait(every):
            try:
                self._store.keep_lease(self.no)
            except errors.StoreError as error:
                log.warning("the lease of this process was not renewed", runner=self.id, error=error.message)
