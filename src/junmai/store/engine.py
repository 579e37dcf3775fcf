"""What the verbs of a store stand on: transactions over named queries. One engine per kind of database."""

from __future__ import annotations

import abc
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from junmai.clock import Clock

Row = dict[str, Any]


class Transaction(abc.ABC):
    """A write transaction that is open. Rows come back as dictionaries by column."""

    @abc.abstractmethod
    def rows(self, query: str, /, **parameters: object) -> list[Row]:
        """Run a named query and return its rows."""

    @abc.abstractmethod
    def many(self, query: str, parameters: Iterable[Mapping[str, object]], /) -> int:
        """Run a named query once for each set of parameters; returns the number of rows that it changed."""

    @abc.abstractmethod
    def bulk(self, query: str, rows: Sequence[Sequence[object]], /, **parameters: object) -> int:
        """Run a named query once over many short rows (`:rows`, a JSON list of lists); returns the rows changed."""

    def row(self, query: str, /, **parameters: object) -> Row | None:
        """The first row, or None."""
        found = self.rows(query, **parameters)
        return found[0] if found else None

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
        self.rows(
            "add_event",
            type=kind,
            now=now,
            batch_no=batch_no,
            photo_id=photo_id,
            generation=generation,
            data=json.dumps(data, sort_keys=True, ensure_ascii=False),
        )


class Engine(abc.ABC):
    """Opens transactions and reads. `clock` gives the time that rows and events carry."""

    clock: Clock

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
