"""The verbs over collections: photos picked by the user, across sessions."""

from __future__ import annotations

from collections.abc import Iterable

from junmai import errors
from junmai.domain.model import Collection
from junmai.store.engine import Engine


class CollectionVerbs(Engine):
    """Collections and their photos."""

    def collections(self) -> list[Collection]:
        """Every collection, by name."""
        return [
            Collection(row["id"], row["name"], row["photo_count"], row["cover_photo_id"])
            for row in self.read("collections_all")
        ]

    def collection_id(self, name: str) -> int:
        """The id of a collection. Raises `UnknownCollection`."""
        row = self.read_one("collection_by_name", name=name)
        if row is None:
            raise errors.UnknownCollection(name=name)
        return int(row["id"])

    def add_to_collection(self, name: str, photo_ids: Iterable[int]) -> int:
        """Put photos into a collection, made if it is new; returns how many it did not hold yet."""
        now = self.clock.now()
        with self.write() as transaction:
            row = transaction.row("collection_by_name", name=name) or transaction.row(
                "add_collection", name=name, now=now
            )
            if row is None:
                raise errors.StoreError(detail=f"the collection {name} was not made")
            return transaction.many(
                "add_to_collection", ({"id": row["id"], "photo_id": photo_id} for photo_id in photo_ids)
            )

    def take_from_collection(self, name: str, photo_ids: Iterable[int]) -> int:
        """Take photos out of a collection; returns how many it held."""
        collection = self.collection_id(name)
        with self.write() as transaction:
            return transaction.many(
                "take_from_collection", ({"id": collection, "photo_id": photo_id} for photo_id in photo_ids)
            )

    def remove_collection(self, name: str) -> bool:
        """Remove a collection; its photos stay. Raises `UnknownCollection`."""
        collection = self.collection_id(name)
        with self.write() as transaction:
            return bool(transaction.rows("remove_collection", id=collection))
