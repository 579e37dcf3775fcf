"""What the verbs of a store stand on: transactions over named queries. One engine per kind of database."""

from __future__ import annotations

import abc
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Protocol

from junmai import errors
from junmai.clock import Clock
from junmai.store.roots import Roots

Row = dict[str, Any]

_LIFECYCLE = "batch_"
_TAKEN_IN = "batch_taken_in"
"""Tells where a batch came from, and changes nothing about it."""
_ENDS = frozenset({"item_processed", "item_failed", "item_skipped"})


class Listener(Protocol):
    """Whoever wants to know of committed changes. It must not raise."""

    def __call__(self, no: int, *, lifecycle: bool, command: bool) -> None:
        """Batch `no` changed its state (`lifecycle`), or photos of it ended; `command` where a user waits for it."""


class Transaction(abc.ABC):
    """A write transaction that is open. Rows come back as dictionaries by column."""

    def __init__(self, roots: Roots) -> None:
        self.roots = roots
        self.changed: dict[int, bool] = {}
        """The batches that events of this transaction are about, and whether one of these is of their lifecycle."""

    @abc.abstractmethod
    def rows(self, query: str, /, **parameters: object) -> list[Row]:
        """Run a named query and return its rows."""

    @abc.abstractmethod
    def many(self, query: str, parameters: Iterable[Mapping[str, object]], /) -> int:
        """Run a named query once for each set of parameters; returns the number of rows that it changed."""

    @abc.abstractmethod
    def many_rows(self, query: str, parameters: Iterable[Mapping[str, object]], /) -> list[Row]:
        """The same, for a query that returns rows: those of every set of parameters, in their order."""

    @abc.abstractmethod
    def bulk(self, query: str, rows: Sequence[Sequence[object]], /, **parameters: object) -> int:
        """Run a named query once over many short rows (`:rows`, a JSON list of lists); returns the rows changed."""

    def row(self, query: str, /, **parameters: object) -> Row | None:
        """The first row, or None."""
        found = self.rows(query, **parameters)
        return found[0] if found else None

    def must(self, query: str, /, **parameters: object) -> list[Row]:
        """A guarded write whose guard holds by what this transaction has read; returns its rows.

        Raises `StoreError` where it changes nothing: then the rows contradict each other, and everything is undone.
        """
        found = self.rows(query, **parameters)
        if not found:
            raise errors.StoreError(detail=f"its rows contradict each other ({query} changed none)")
        return found

    def event(
        self,
        kind: str,
        now: float,
        *,
        batch_no: int | None = None,
        photo_id: int | None = None,
        generation: int = 0,
        **data: object,
    ) -> None:
        """Record that something happened, in the transaction that made it so."""
        self.events([event_values(kind, now, batch_no, photo_id, generation, data)])

    def events(self, values: Sequence[Mapping[str, object]]) -> None:
        """Record several events at once, each as `event_values` gives it, in their order."""
        for one in values:
            kind, no = str(one["type"]), one["batch_no"]
            lifecycle = kind.startswith(_LIFECYCLE)
            if isinstance(no, int) and kind != _TAKEN_IN and (lifecycle or kind in _ENDS):
                self.changed[no] = self.changed.get(no, False) or lifecycle
        self.many("add_event", values)


def event_values(
    kind: str, now: float, batch_no: int | None, photo_id: int | None, generation: int, data: Mapping[str, object]
) -> dict[str, object]:
    """An event as the store keeps it."""
    return {
        "type": kind,
        "now": now,
        "batch_no": batch_no,
        "photo_id": photo_id,
        "generation": generation,
        "data": json.dumps(data, sort_keys=True, ensure_ascii=False),
    }


class Engine(abc.ABC):
    """Opens transactions and reads. `clock` gives the time that rows and events carry."""

    clock: Clock
    roots: Roots
    """The named folders of this machine: paths go through them on their way in and out."""
    kind: ClassVar[str]
    """Which database it is: `sqlite`, `postgresql`."""
    lease_seconds: float | None = None
    """How long a runner counts as alive after its last sign of life, where that decides; None where its lock does."""

    @abc.abstractmethod
    def listen(self, listener: Listener) -> None:
        """Tell `listener` of every change that this store commits, in the thread that made it, after the commit."""

    @abc.abstractmethod
    def hear(self, hearer: Callable[[], None]) -> None:
        """Call `hearer` when another process, on whatever machine, has changed the state of a batch, where the database
        tells such news; it must not raise. News hurries a look at the events, and takes the place of none."""

    @abc.abstractmethod
    def write(self, *, command: bool = False) -> AbstractContextManager[Transaction]:
        """A write transaction. A `command` of a user goes before the settling of results."""

    @abc.abstractmethod
    def read(self, query: str, /, **parameters: object) -> list[Row]:
        """Run a named query that only reads."""

    @abc.abstractmethod
    def tuples(self, query: str, /, **parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a query that only reads, without their names: for many rows."""

    def read_one(self, query: str, /, **parameters: object) -> Row | None:
        """The first row of a query that only reads, or None."""
        found = self.read(query, **parameters)
        return found[0] if found else None
