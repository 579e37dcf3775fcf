"""Named roots: folders of photos and outputs that every machine has at a place of its own.

The store keeps a path below one as `root:archive/2026/IMG_1.CR3`, and others as they are. Here, at the boundary of the
store, paths of this machine are turned into that, and back. A path in a root that this machine lacks is
`/root:archive/2026/IMG_1.CR3`: absolute, so that nothing makes it relative to the working folder; at a place where
nothing is; and written back to the store it is what it was.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from junmai.domain.plan import name_key

MARK = "root:"
NAME = r"[a-z0-9][a-z0-9_-]+"
PATHS = frozenset({"path", "root", "folder", "detail", "pause_detail"})
"""Columns and parameters of named queries that hold a path; in the last two it is a path where it is one."""
_KEPT = re.compile(rf"{MARK}({NAME})(/.*)?", re.DOTALL)
_LACKING = re.compile(rf"[\\/]{MARK}({NAME})([\\/].*)?", re.DOTALL)


class Roots:
    """The named folders of this machine; none is inside another."""

    def __init__(self, folders: Mapping[str, Path | str] | None = None, *, windows: bool = sys.platform == "win32"):
        self._separator = "\\" if windows else "/"
        self._windows = windows
        self.folders = {name: self._bare(str(folder)) for name, folder in sorted((folders or {}).items())}
        self.names = tuple(self.folders)
        self.at_hand = f" {' '.join(self.names)} "
        """The names as queries that claim take them: each stands between two spaces."""

    def kept(self, path: str) -> str:
        """A path of this machine as the store keeps it; what is kept already stays."""
        lacking = _LACKING.fullmatch(path)
        if lacking is not None:
            return f"{MARK}{lacking[1]}{self._posix(lacking[2] or '')}"
        for name, folder in self.folders.items():
            rest = self._below(path, folder)
            if rest is not None:
                return f"{MARK}{name}{self._posix(rest)}"
        return path

    def local(self, text: str) -> str:
        """What the store keeps as a path of this machine."""
        found = _KEPT.fullmatch(text) if text.startswith(MARK) else None
        if found is None:
            return text
        folder = self.folders.get(found[1])
        if folder is None:
            return f"/{text}"
        return folder + (found[2] or "").replace("/", self._separator) or self._separator

    def inside(self, folder: str) -> list[str]:
        """The names of the roots that lie in a folder of this machine, and are not that folder."""
        return [name for name, root in self.folders.items() if self._below(root, self._bare(folder))]

    def bounds(self, name: str) -> tuple[str, str]:
        """Two texts between which all paths below that root are, and no others."""
        below = self.folders[name] + self._separator
        return below, below[:-1] + chr(ord(self._separator) + 1)

    def written(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Parameters of a query with their paths as the store keeps them."""
        if PATHS.isdisjoint(values):
            return values
        return {name: self.kept(one) if name in PATHS and isinstance(one, str) else one for name, one in values.items()}

    def read(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows of a query, with their paths as this machine has them."""
        for name in PATHS & rows[0].keys() if rows else ():
            for row in rows:
                text = row[name]
                if isinstance(text, str) and text.startswith(MARK):
                    row[name] = self.local(text)
        return rows

    def _below(self, path: str, folder: str) -> str | None:
        """What of a path comes after a folder, with its separator; None where it is not below it."""
        given, wanted = (path, folder) if not self._windows else (_same(path), _same(folder))
        if given == wanted or given.startswith(wanted + self._separator):
            return path[len(folder) :]
        return None

    def _posix(self, rest: str) -> str:
        return rest.replace("\\", "/") if self._windows else rest

    def _bare(self, folder: str) -> str:
        return folder.replace("/", "\\").rstrip("\\") if self._windows else folder.rstrip("/")


def name_in(path: str) -> str | None:
    """The root that a path of the store is in, or one of a machine that lacks it; None for any other."""
    found = _KEPT.fullmatch(path) or _LACKING.fullmatch(path)
    return found[1] if found else None


def folder_key(path: str) -> str:
    """One spelling for all paths that are one folder here: Linux tells `Out` and `out` apart, others do not."""
    return path if sys.platform.startswith("linux") else name_key(path)


def lacking(path: str) -> str | None:
    """The root that this machine lacks, where a path that came out of the store is in one."""
    found = _LACKING.fullmatch(path)
    return found[1] if found else None


def _same(path: str) -> str:
    """One spelling for all that are one on Windows; as long as the path, for no letter becomes two."""
    return "".join(one.lower() if len(one.lower()) == 1 else one for one in path.replace("/", "\\"))
