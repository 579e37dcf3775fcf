"""What of a batch's outputs stands there already, whole and right, so that it need not be developed again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from junmai.control.endings import output_key
from junmai.control.outputs import stands_as_recorded
from junmai.control.sidecars import is_right
from junmai.control.written_match import written_match
from junmai.develop import profile_files, sidecars
from junmai.domain.matching import match_key
from junmai.domain.model import Batch, Photo, Recipe
from junmai.domain.plan import further_name, name_key
from junmai.store.base import Store
from junmai.store.engine import Row

PAGE = 1000


class Standing:
    """What stands in an output folder, whose recorded outputs are `rows`, of what a recipe would make.

    `match_keys` are those of the photos' solutions, by id, where they are matched.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        recipe: Recipe,
        rows: Sequence[Row],
        match_keys: Mapping[int, str] | None = None,
    ) -> None:
        self._store = store
        self._folder = folder
        self._recipe = recipe
        self._further = {row["name_key"]: row for row in rows if row["label"]}
        self._match_keys = match_keys or {}
        self._profile_key = profile_files.key(recipe) if rows else ""

    def right(self, known: Mapping[int, Row]) -> set[int]:
        """Of photos with a known main output, by id, those whose output is right: by its key, size and time."""
        return {
            photo.id
            for photo in self._store.photos_by_ids(list(known))
            if self._is_right(photo, known[photo.id], self._recipe)
        }

    def whole(self, right: set[int], names: Mapping[int, str]) -> set[int]:
        """Of photos whose main output is right, those of which everything else is: further outputs, sidecar. Where
        only sidecars are written, of all photos in `names`."""
        done = self._with_further(right, names) if self._recipe.further else right
        if self._recipe.output.sidecars == "none":
            return done
        return self._with_sidecar(done if self._recipe.output.pixels else names, names)

    def _with_further(self, right: set[int], names: Mapping[int, str]) -> set[int]:
        done = set()
        for photo in self._store.photos_by_ids(sorted(right)):
            for one in self._recipe.further:
                row = self._further.get(name_key(further_name(names[photo.id], one.label, one.output.format)))
                if row is None or (row["photo_id"], row["label"]) != (photo.id, one.label):
                    break
                if not self._is_right(photo, row, replace(self._recipe, output=one.output)):
                    break
            else:
                done.add(photo.id)
        return done

    def _with_sidecar(self, photos: Iterable[int], names: Mapping[int, str]) -> set[int]:
        found = self._store.photos_by_ids(sorted(photos))
        return {
            photo.id
            for photo in found
            if is_right(
                self._store, photo, self._recipe, self._folder, names[photo.id], self._match_keys.get(photo.id, "")
            )
        }

    def _is_right(self, photo: Photo, row: Row, recipe: Recipe) -> bool:
        if row["key"] is None:
            return False
        profiles = self._profile_key if profile_files.concern(photo.kind) else ""
        if row["key"] != key_now(self._store, photo, recipe, profiles, self._match_keys.get(photo.id, "")):
            return False
        return stands_as_recorded(row, self._folder)


def key_now(store: Store, photo: Photo, recipe: Recipe, profile_key: str, matched: str) -> str | None:
    """The key of what developing the photo would make now, with the sidecars that it has now; None where that is not
    known without developing it, which says what is wrong."""
    if photo.sha256 is None:
        return None
    try:
        asked = recipe.own or recipe.output.metadata != "none"
        found = sidecars.read(Path(photo.path), written_match(store, photo, recipe)) if asked else ()
    except OSError:
        return None
    own_key, told_key = (sidecars.content_key(found), "") if recipe.own else ("", sidecars.told_key(found))
    return output_key(photo.sha256, recipe, own_key, told_key, profile_key, matched)


def right_positions(store: Store, batch: Batch) -> list[int]:
    """Positions of the items of a batch that wait and need nothing, by the solutions of its match."""
    rows = store.outputs_in(batch.folder)
    shown = {one.position: one for one in store.solutions(batch.no) if one.found is not None}
    keys = {one.photo_id: match_key(one.solution) for one in shown.values()}
    standing = Standing(store, Path(batch.folder), batch.recipe, rows, keys)
    known = {row["photo_id"]: row for row in rows if not row["label"] and row["format"] == batch.recipe.output.format}
    positions: list[int] = []
    waiting = [one for one in shown.values() if one.status == "pending" and one.output_name is not None]
    for start in range(0, len(waiting), PAGE):
        names = {one.photo_id: one.output_name or "" for one in waiting[start : start + PAGE]}
        right = standing.right({photo_id: known[photo_id] for photo_id in names if photo_id in known})
        done = standing.whole(right, names)
        positions += [one.position for one in waiting[start : start + PAGE] if one.photo_id in done]
    return positions
