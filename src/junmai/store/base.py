"""The store as every other room sees it.

`Store` is one class of verbs over an `Engine`; the verbs are written once (`library`, `batches`, `claims`) and each
kind of database brings its engine and its named queries. The conformance suite runs over every engine.
"""

from __future__ import annotations

import abc

from junmai.store.batches import BatchVerbs
from junmai.store.claims import ClaimVerbs
from junmai.store.library import LibraryVerbs


class Store(LibraryVerbs, BatchVerbs, ClaimVerbs):
    """All verbs."""

    @abc.abstractmethod
    def close(self) -> None:
        """Close every connection."""

    @abc.abstractmethod
    def integrity(self) -> list[str]:
        """What the database finds wrong with itself; empty when nothing is."""
