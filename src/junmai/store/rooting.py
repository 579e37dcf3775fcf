"""Which named roots a batch needs, and what comes of naming a root whose photos the library has already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from junmai.store.engine import Engine, Transaction
from junmai.store.roots import MARK, folder_key, name_in

ALL = 1 << 62


class RootVerbs(Engine):
    """Looking at what batches need, and naming."""

    def roots_of(self, no: int) -> list[str]:
        """The names of the roots that a batch needs, for its photos and its outputs."""
        return [str(row["name"]) for row in self.read("roots_of_batch", no=no)]

    def lacks(self, no: int) -> list[str]:
        """Those of them that this machine lacks: nothing here claims from such a batch."""
        return [name for name in self.roots_of(no) if name not in self.roots.names]

    def name_what_is_known(self) -> int:
        """What the library knows below the folders that are named roots gets their names, so that it is found by them:
        photos, sessions, output folders, and what batches need. Returns how many photos and folders that were.

        To be called when the store is opened. A look without a find costs two probes of an index for each root. Naming
        is one transaction, for a batch must never be claimed by half: 3 s for 300,000 photos, once.
        """
        return sum(self._name(name) for name in self.roots.names if self._is_to_be_named(name))

    def _is_to_be_named(self, name: str) -> bool:
        low, high = self.roots.bounds(name)
        return bool(self.read("photo_below", low=low, high=high) or self._folders_below(name))

    def _folders_below(self, name: str) -> list[tuple[int, str]]:
        """Output folders that the store has by their place, with their paths by the name."""
        rows = self.tuples("output_folder_places")
        return [(row[0], kept) for row in rows if (kept := self.roots.kept(row[1])) != row[1] and name_in(kept) == name]

    def _name(self, name: str) -> int:
        low, high = self.roots.bounds(name)
        facts: dict[str, object] = {"low": low, "high": high, "plain": low[:-1], "separator": low[-1]}
        facts |= {"prefix": f"{MARK}{name}", "length": len(low)}
        with self.write(command=True) as transaction:
            photos = transaction.rows("name_photos", **facts)
            transaction.rows("name_sessions", **facts)
            folders = 0
            for folder_id, kept in self._folders_below(name):
                if transaction.rows("name_output_folder", id=folder_id, path=kept, path_key=folder_key(kept)):
                    folders += 1
                    for row in transaction.rows("batches_into", folder_id=folder_id):
                        transaction.rows("add_batch_root", batch_no=row["no"], name=name)
            for row in transaction.rows("batch_numbers") if photos else ():
                need_photos(transaction, row["no"], 0, ALL)
            return len(photos) + folders


def need_folder(transaction: Transaction, no: int, folder: str) -> None:
    """A batch needs the root that its output folder is in, where it is in one."""
    name = name_in(transaction.roots.kept(folder))
    if name is not None:
        transaction.rows("add_batch_root", batch_no=no, name=name)


def need_photos(transaction: Transaction, no: int, start: int, last: int) -> None:
    """A batch needs the roots of its photos from one position to another."""
    transaction.rows("add_item_roots", batch_no=no, start=start, until=last)


def need_moved(transaction: Transaction, changed: Sequence[Mapping[str, object]]) -> None:
    """Known photos were changed, and may lie in another root than before."""
    for one in changed:
        name = name_in(transaction.roots.kept(str(one["path"])))
        if name is not None:
            transaction.rows("add_moved_root", photo_id=one["id"], name=name)
