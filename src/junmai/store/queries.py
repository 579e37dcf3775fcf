"""Loads named SQL from `sql/*.sql`.

A query begins with a line `-- name: what it does` and ends where the next one begins.
"""

from __future__ import annotations

import re
from importlib import resources

_HEAD = re.compile(r"^-- (?P<name>[a-z0-9_]+): (?P<purpose>.+)$", re.MULTILINE)


def load(dialect: str) -> dict[str, str]:
    """Every named query of a dialect (a folder below `sql`), by name. Raises ValueError where a name is double."""
    found: dict[str, str] = {}
    for entry in sorted((resources.files("junmai.store") / "sql" / dialect).iterdir(), key=lambda e: e.name):
        if not entry.name.endswith(".sql"):
            continue
        text = entry.read_text(encoding="utf-8")
        heads = list(_HEAD.finditer(text))
        for index, head in enumerate(heads):
            end = heads[index + 1].start() if index + 1 < len(heads) else len(text)
            name = head["name"]
            if name in found:
                raise ValueError(f"two queries are named {name}")
            found[name] = text[head.end() : end].strip()
    return found


def migrations(dialect: str = "sqlite") -> list[tuple[int, str]]:
    """The migrations of a dialect in order, each with its number."""
    folder = resources.files("junmai.store") / "sql" / "migrations"
    if dialect != "sqlite":
        folder /= dialect
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name)
    found = [(int(entry.name[:4]), entry.read_text(encoding="utf-8")) for entry in files]
    if [number for number, _ in found] != list(range(1, len(found) + 1)):
        raise ValueError("migrations are numbered without gaps: a database that has passed a gap would never fill it")
    return found
