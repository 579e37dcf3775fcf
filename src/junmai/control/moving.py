"""Moving a whole installation from its file to PostgreSQL."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from junmai import errors, files
from junmai import log as logs
from junmai.clock import Clock, SystemClock
from junmai.config import Settings
from junmai.control.backup import only_one
from junmai.control.restoring import at_work
from junmai.store.opening import open_store
from junmai.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from junmai.store.sqlite_move import MovedTable, Progress

log = logs.get("junmai.moving")

CONFIG = "config.toml"
PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved, table by table, and the file of settings that names the new place."""

    tables: tuple[MovedTable, ...]
    config: Path


def move_to_postgres(settings: Settings, url: str, on_progress: Progress, *, clock: Clock | None = None) -> Moved:
    """Move everything to the database at `url`, compare it there, and have `config.toml` name it from here on.

    The file of the library stays as it is. Raises `MoveRefused` (nothing to move, somebody at work, a target that holds
    something), `MoveFailed`, `ClusterNotInstalled`, `StoreAway`, `StoreRefused`; then nothing was changed.
    """
    if settings.store is not None:
        raise errors.MoveRefused(detail="it is in PostgreSQL already, as the setting `store` says")
    if not settings.database.exists():
        raise errors.MoveRefused(detail=f"there is no library in {settings.data}")
    with only_one(settings):
        SqliteStore(settings.database, clock=clock).close()  # brings its tables to this version
        if names := at_work(settings, clock or SystemClock()):
            raise errors.MoveRefused(detail=f"at work on it: {'; '.join(names)}. End that first")
        tables = _moved(settings, url, on_progress)
        config = settings.data / CONFIG
        before = config.read_text(encoding="utf-8") if config.exists() else ""
        # JSON's texts are texts of TOML too; it goes first, for below a table's head it would be the table's
        files.write_whole(config, f"store = {json.dumps(url)}\n{before}".encode(), mode=PRIVATE)
    log.info("moved", rows=sum(one.rows for one in tables))
    return Moved(tuple(tables), config)


def _moved(settings: Settings, url: str, on_progress: Progress) -> list[MovedTable]:
    target = open_store(settings.model_copy(update={"store": url}))
    try:
        from junmai.store.postgres import PostgresStore
        from junmai.store.sqlite_move import move

        if not isinstance(target, PostgresStore):
            raise errors.BadInput(detail="--to takes a postgresql:// address.")
        return move(settings.database, target, on_progress)
    finally:
        target.close()
