"""The store that the settings name."""

from __future__ import annotations

from junmai import errors
from junmai.clock import Clock
from junmai.config import Settings
from junmai.store.base import Store
from junmai.store.roots import Roots
from junmai.store.sqlite import SqliteStore


def open_store(settings: Settings, *, clock: Clock | None = None) -> Store:
    """Open the PostgreSQL database of the setting `store`, or the file in the data folder, making what is not there.

    What is known below a folder that is a named root since the last time gets that name.

    Raises a `StoreError`: `ClusterNotInstalled`, `StoreRefused` and `StoreAway` beside those of a file.
    """
    store = _open(settings, clock, Roots(settings.named_roots))
    try:
        store.name_what_is_known()
    except BaseException:
        store.close()
        raise
    return store


def _open(settings: Settings, clock: Clock | None, roots: Roots) -> Store:
    if settings.store is None:
        return SqliteStore(settings.database, clock=clock, roots=roots)
    try:
        from junmai.store.postgres import PostgresStore
    except ImportError as error:
        raise errors.ClusterNotInstalled(detail=str(error)) from error
    return PostgresStore(settings.store, clock=clock, lease_seconds=settings.lease_seconds, roots=roots)
