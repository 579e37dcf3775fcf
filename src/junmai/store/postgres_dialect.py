"""The named queries as PostgreSQL takes them.

Most are those of SQLite: the verbs are the same, and so is their SQL but for some words. Where more differs, a query of
the same name in `sql/postgres` takes the place of the other.
"""

from __future__ import annotations

import re

from junmai.store import queries

FIRST = "__first"
"""A query `x__first` is run in a write transaction before `x`, with its parameters. It takes locks: over SQLite one
writer is at work at a time; here many are, and a statement that waits for a lock goes on with what it had read."""

TOGETHER = "__together"
"""Where there is a query `x__together`, many sets of parameters of `x` are one statement: `:rows` has them as a JSON
list of objects. A statement for each took 0.12 ms a photo to stage it and as much to settle it, one for 20 of them 0.05
and 0.04 ms a photo."""

_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
_INDEX_HINT = re.compile(r"\s+INDEXED BY \w+")
_LOOP_ORDER = re.compile(r"CROSS JOIN (?=\w+ AS \w+ ON |\w+ ON )")
"""Over SQLite these words also keep the order of the loops."""
_PARAMETER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")
_MAY_BE_NULL = {
    **dict.fromkeys(("status", "or_status", "only_reason", "error_kind", "kind", "label", "camera"), "text"),
    **dict.fromkeys(("below", "first", "last", "at_hand"), "text"),
    **dict.fromkeys(("session_id", "collection_id", "min_rating", "batch_no", "version", "scope"), "bigint"),
    **dict.fromkeys(("kept_folder_id", "known_batch_no", "known_position"), "bigint"),
}
"""Parameters that queries ask of whether they are NULL: PostgreSQL must be told of which type such a NULL is."""


def load() -> dict[str, bytes]:
    """Every named query, by name."""
    named = queries.load("sqlite") | queries.load("postgres")
    return {name: as_postgres(text) for name, text in named.items()}


def as_postgres(text: str) -> bytes:
    """One query with the words of PostgreSQL and the placeholders of its driver."""
    plain = _LOOP_ORDER.sub("JOIN ", _INDEX_HINT.sub("", _COMMENT.sub("", text))).replace("%", "%%")
    return _PARAMETER.sub(_placeholder, plain).strip().encode()


def _placeholder(match: re.Match[str]) -> str:
    name = match[1]
    kind = _MAY_BE_NULL.get(name)
    return f"CAST(%({name})s AS {kind})" if kind else f"%({name})s"
