"""The verbs over photos, sessions and the places of outputs. Written once for every kind of database."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TypedDict, Unpack

from junmai.domain.model import NewPhoto, Photo, Session
from junmai.domain.plan import name_key
from junmai.store import rooting
from junmai.store.engine import Engine, Row
from junmai.store.roots import MARK, folder_key

PAGE = 1000
COLUMN_FACTS = ("captured_at", "rating", "label", "camera", "width", "height")
"""Facts that have a column of their own, because photos are picked by them."""


class PhotoFilters(TypedDict, total=False):
    """What photos are picked by; None asks nothing."""

    session_id: int | None
    below: str | None
    first: str | None
    last: str | None
    min_rating: int | None
    label: str | None
    camera: str | None
    collection_id: int | None


class LibraryVerbs(Engine):
    """Photos, sessions, output folders and names."""

    def photo_by_path(self, path: str) -> Photo | None:
        """The photo at that path."""
        row = self.read_one("photo_by_path", path=path)
        return photo_from(row) if row else None

    def photo(self, photo_id: int) -> Photo | None:
        """The photo with that id."""
        row = self.read_one("photo_by_id", id=photo_id)
        return photo_from(row) if row else None

    def photos_at_inode(self, inode: int) -> list[Photo]:
        """Photos with that inode number, on whatever disk."""
        return [photo_from(row) for row in self.read("photos_by_inode", inode=inode)]

    def photos_like(self, fingerprint: str) -> list[Photo]:
        """Photos with that content, wherever they are."""
        return [photo_from(row) for row in self.read("photos_by_fingerprint", fingerprint=fingerprint)]

    def photos(self, *, after: int = 0, limit: int = PAGE, **filters: Unpack[PhotoFilters]) -> list[Photo]:
        """A page of photos in the order of their ids; `first` <= captured_at < `last` (ISO 8601)."""
        pages = [self.read("photos_page", after=after, limit=limit, **one) for one in self._parts(filters)]
        rows = pages[0] if len(pages) == 1 else sorted(chain.from_iterable(pages), key=lambda row: int(row["id"]))
        return [photo_from(row) for row in rows[:limit]]

    def count_photos(self, **filters: Unpack[PhotoFilters]) -> int:
        """How many photos `photos` would give in all."""
        return sum(int(self.read("photos_count", **one)[0]["count"]) for one in self._parts(filters))

    def _parts(self, filters: PhotoFilters) -> list[dict[str, object]]:
        """The filters as queries take them; more than once where named roots lie in the folder that is asked for."""
        every: dict[str, object] = {**dict.fromkeys(PhotoFilters.__annotations__), **filters}
        below = filters.get("below")
        if below is None:
            return [every]
        within = [f"{MARK}{name}/" for name in self.roots.inside(below)]
        return [{**every, "below": text} for text in (self.roots.kept(below), *within)]

    def photos_by_ids(self, photo_ids: Sequence[int]) -> list[Photo]:
        """The photos with these ids, in that order; unknown ids are passed over."""
        found: dict[int, Photo] = {}
        for start in range(0, len(photo_ids), PAGE * 20):
            chunk = json.dumps(list(photo_ids[start : start + PAGE * 20]))
            found.update((row["id"], photo_from(row)) for row in self.read("photos_by_ids", ids=chunk))
        return [found[photo_id] for photo_id in photo_ids if photo_id in found]

    def photo_names(self, photo_ids: Sequence[int]) -> dict[int, str]:
        """The file names of the photos with these ids; unknown ids are passed over."""
        names: dict[int, str] = {}
        for start in range(0, len(photo_ids), PAGE * 20):
            names.update(self.tuples("photo_names", ids=json.dumps(photo_ids[start : start + PAGE * 20])))
        return names

    def known_photo_ids(self, photo_ids: Sequence[int]) -> set[int]:
        """Which of these ids the library has."""
        return {row["id"] for row in self.read("known_photo_ids", ids=json.dumps(list(photo_ids)))}

    def save_photos(self, photos: Iterable[tuple[int | None, NewPhoto]]) -> list[int]:
        """Add (id None) or change photos, in one transaction; returns their ids in the order given."""
        new_facts: dict[str, object] = {"session_id": None, "now": self.clock.now()}
        ids: list[int] = []
        with self.write() as transaction:
            # in their order, since a photo may have moved away from the path of a new one
            for is_new, run in itertools.groupby(photos, key=lambda one: one[0] is None):
                if is_new:
                    rows = transaction.many_rows("add_photo", [new_facts | _photo_values(photo) for _, photo in run])
                else:
                    known = [{"id": photo_id} | _photo_values(photo) for photo_id, photo in run]
                    rows = transaction.many_rows("change_photo", known)
                    rooting.need_moved(transaction, known)
                    if gone := {one["id"] for one in known} - {row["id"] for row in rows}:
                        raise LookupError(f"photo {gone.pop()} is gone from the library")
                ids += [int(row["id"]) for row in rows]
        return ids

    def sessions(self, *, after: int = 0, limit: int = PAGE) -> list[Session]:
        """A page of sessions in the order of their ids."""
        return [session_from(row) for row in self.read("sessions_all", after=after, limit=limit)]

    def add_session(
        self, name: str, *, folder: str | None, first_at: str | None, last_at: str | None, named_by_user: bool
    ) -> int:
        """A new session; one that the user named is made once and then found again."""
        with self.write() as transaction:
            row = transaction.row("session_by_user_name", name=name) if named_by_user else None
            row = row or transaction.row(
                "add_session",
                name=name,
                folder=folder,
                first_at=first_at,
                last_at=last_at,
                named_by_user=int(named_by_user),
                now=self.clock.now(),
            )
            return int(row["id"]) if row else 0

    def put_in_session(
        self, session_id: int, photo_ids: Iterable[int], *, first_at: str | None, last_at: str | None
    ) -> None:
        """Photos belong to a session, whose time is now that."""
        with self.write() as transaction:
            transaction.rows("widen_session", id=session_id, first_at=first_at, last_at=last_at)
            transaction.many("put_in_session", ({"id": i, "session_id": session_id} for i in photo_ids))

    # --- where outputs go ---------------------------------------------------------------------------------

    def photo_in_folder(self, folder: str) -> str | None:
        """The path of a photo of the library that lies in the folder itself, not in one below; None without any."""
        below = self.roots.kept(folder.rstrip(os.sep) + os.sep)
        found = self.read_one("photo_in_folder", below=below, beyond=below[:-1] + chr(ord(below[-1]) + 1))
        return None if found is None else str(found["path"])

    def output_folders(self) -> list[Row]:
        """Every folder that outputs ever went to: `id`, `path`, `made_by_junmai`."""
        return self.read("output_folders_all")

    def output_folder(self, path: str, *, made_by_junmai: bool) -> int:
        """The number of an output folder, recorded if it is new."""
        key = folder_key(self.roots.kept(path))
        found = self.read_one("output_folder_by_key", path_key=key)
        if found:
            return int(found["id"])
        with self.write() as transaction:
            row = transaction.row("add_output_folder", path=path, path_key=key, made_by_junmai=int(made_by_junmai))
            return int(row["id"]) if row else 0

    def outputs_of(self, folder_id: int) -> list[Row]:
        """Every name of a folder: `name`, `photo_id`, `format`, and of what stands there `key`, `size`,
        `mtime_ns`, `sha256` (None before the first time)."""
        return self.read("outputs_of_folder", folder_id=folder_id)

    def outputs_in(self, folder: str) -> list[Row]:
        """The same of a folder by its path."""
        found = self.read_one("output_folder_by_key", path_key=folder_key(self.roots.kept(folder)))
        return self.outputs_of(found["id"]) if found is not None else []

    def output_at(self, folder: str, name: str) -> Row | None:
        """What Junmai knows of one name in a folder."""
        found = self.read_one("output_folder_by_key", path_key=folder_key(self.roots.kept(folder)))
        if found is None:
            return None
        return self.read_one("output_by_name", folder_id=found["id"], name_key=name_key(name))


def photo_from(row: Row) -> Photo:
    """A row of `photos` as a value."""
    names = Photo.__dataclass_fields__
    values = {name: row[name] for name in names}
    values["facts"] = json.loads(row["facts"])
    return Photo(**values)


def session_from(row: Row) -> Session:
    """A row of `sessions` as a value."""
    return Session(
        id=row["id"],
        name=row["name"],
        folder=row["folder"],
        first_at=row["first_at"],
        last_at=row["last_at"],
        named_by_user=bool(row["named_by_user"]),
        photo_count=row["photo_count"],
        cover_photo_id=row["cover_photo_id"],
    )


def _photo_values(photo: NewPhoto) -> dict[str, object]:
    return {
        "path": photo.path,
        "file_name": photo.path.replace("\\", "/").rsplit("/", 1)[-1],
        "root": photo.root,
        "kind": photo.kind,
        "size": photo.size,
        "mtime_ns": photo.mtime_ns,
        "inode": photo.inode,
        "fingerprint": photo.fingerprint,
        "facts": json.dumps(photo.facts, sort_keys=True, ensure_ascii=False),
        "sidecars": photo.sidecars,
        "unsupported": photo.unsupported,
        **{name: photo.facts.get(name) for name in COLUMN_FACTS},
    }
