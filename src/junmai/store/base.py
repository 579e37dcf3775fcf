"""The store as every other room sees it.

`Store` is one class of verbs over an `Engine`; the verbs are written once, in the other modules of this room, and each
kind of database brings its engine and its named queries. The conformance suite runs over every engine.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from junmai.store.batches import BatchVerbs
from junmai.store.claims import ClaimVerbs
from junmai.store.collections import CollectionVerbs
from junmai.store.dispatching import DispatchVerbs
from junmai.store.library import LibraryVerbs
from junmai.store.matching import MatchVerbs
from junmai.store.merging import MergeVerbs
from junmai.store.outside import OutsideVerbs
from junmai.store.presets import PresetVerbs
from junmai.store.reopening import ReopenVerbs
from junmai.store.rooting import RootVerbs
from junmai.store.snapshots import SnapshotVerbs
from junmai.store.states import StateVerbs
from junmai.store.watching import WatchVerbs


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds, counted: a copy must hold the same."""

    schema: int
    photos: int
    batches: int
    items: int
    events: int


class Store(
    LibraryVerbs,
    CollectionVerbs,
    BatchVerbs,
    ReopenVerbs,
    ClaimVerbs,
    DispatchVerbs,
    MatchVerbs,
    MergeVerbs,
    OutsideVerbs,
    RootVerbs,
    StateVerbs,
    PresetVerbs,
    SnapshotVerbs,
    WatchVerbs,
):
    """All verbs."""

    @abc.abstractmethod
    def close(self) -> None:
        """Close every connection."""

    @abc.abstractmethod
    def integrity(self) -> list[str]:
        """What the database finds wrong with itself; empty when nothing is."""

    @abc.abstractmethod
    def backup_to(self, target: Path, *, between: Callable[[], None]) -> Contents:
        """Copy the store as it is at this moment into a new file, in steps, while others write.

        `between` is called after each step; what it raises ends the copying. Returns what was copied.
        """
