"""Merging, by section 2 of the contract: the first batch stays, a photo is kept once, what is done stays done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from control.model import ENDED, HELD, UNFINISHED, Answer, Model, Photo, Shoot

DONE = ("processed", "skipped")
FURTHER = ("processed", "skipped", "pending", "failed")
"""Of two rows of a photo the one that stands first here is kept; between two alike that of the first batch."""


class MergingModel(Model):
    """The model with one verb more: one batch of several."""

    def do_merge(self, batch_ids: Sequence[str]) -> Answer:
        refusal = self._refusal_of_merge(batch_ids)
        if refusal:
            return refusal
        into, *others = (self.batches[one] for one in batch_ids)
        before = into.generation
        for number, other in enumerate(others, 1):
            into.generation = before + number
            self._take_in(into, other)
            assert self.do_cancel(other.id)
        self._end_if_done(into)
        return [into.id, len(into.photos), list(batch_ids[1:])]

    def mergeable_with(self, batch_id: str) -> list[str]:
        """A batch and up to two that may be merged with it."""
        found = [batch_id]
        for other in self.batches:
            if other != batch_id and self._refusal_of_merge([*found, other]) is None:
                found.append(other)
        return found[:3]

    def _refusal_of_merge(self, batch_ids: Sequence[str]) -> str | None:
        if len(batch_ids) < 2 or len(set(batch_ids)) != len(batch_ids):
            return "bad_input"
        if not set(batch_ids) <= self.batches.keys():
            return "unknown_batch"
        batches = [self.batches[one] for one in batch_ids]
        if len({(one.quality, None if one.folder.endswith(one.id) else one.folder) for one in batches}) > 1:
            return "options_differ"
        for batch in batches:
            if batch.status not in UNFINISHED:
                return "wrong_state"
            if batch.count(*HELD):
                return "photos_in_hand"
        return None

    def _take_in(self, into: Shoot, other: Shoot) -> None:
        for theirs in other.photos:
            mine = into.of(theirs.photo)
            taken = self._taken(into, other, theirs, mine.attempt if mine else 0)
            if mine is None:
                into.photos.append(taken)
            elif FURTHER.index(theirs.status) < FURTHER.index(mine.status):
                into.photos[into.photos.index(mine)] = taken
            else:
                continue
            if taken.status in ENDED:
                self.finals[into.no, taken.photo, taken.generation] += 1

    @staticmethod
    def _taken(into: Shoot, other: Shoot, theirs: Photo, attempt: int) -> Photo:
        """The photo as it is in the other batch; what is done stays where it stands, the rest gets its name anew."""
        taken = replace(theirs, attempt=max(theirs.attempt, attempt), generation=into.generation, placed=None)
        if theirs.status in DONE:
            taken.folder = theirs.folder or (other.folder if other.folder != into.folder else None)
        elif other.folder != into.folder:
            taken.name = ""
        return taken

    def named(self, batch_id: str, names: Sequence[str]) -> None:
        """How the store named what a merge brought; names are kept, and each is used once in its folder."""
        batch = self.batches[batch_id]
        for one, name in zip(batch.photos, names, strict=True):
            assert one.name in ("", name), (one, name)
            one.name = name
            if one.folder is None:
                self.names[batch.folder, one.photo] = name
        own = [one.name.casefold() for one in batch.photos if one.folder is None]
        assert len(own) == len(set(own)), own
