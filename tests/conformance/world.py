"""A small world for the conformance suite: photos, a folder, batches and runners in any store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from junmai.domain.lifecycle import ITEM_ENDED, PauseReason
from junmai.domain.model import Batch, Claim, Failure, Item, NewBatch, NewItem, NewPhoto, Recipe, Settled, Staged
from junmai.store.base import Store

FINAL = ("item_processed", "item_failed", "item_skipped")
MTIME = 1_700_000_000_000_000_000


def a_photo(number: int = 1, **changes: Any) -> NewPhoto:
    """A photo as import finds it."""
    facts: dict[str, Any] = {
        "path": f"/photos/IMG_{number}.jpg",
        "root": "/photos",
        "kind": "jpeg",
        "size": 1000 + number,
        "mtime_ns": MTIME + number,
        "inode": number,
        "fingerprint": f"fingerprint-{number}",
        "facts": {"captured_at": f"2024-05-01T10:00:{number % 60:02}", "rating": number % 6, "camera": "Test"},
    }
    return NewPhoto(**{**facts, **changes})


def a_batch(number: int = 1, **changes: Any) -> NewBatch:
    """A batch as planning freezes it."""
    facts: dict[str, Any] = {
        "id": f"batch_{number:012x}",
        "preset": "default@1",
        "config": {"preset": "default"},
        "recipe": Recipe({"Exposure2012": 0.5}),
        "folder": "/out",
    }
    return NewBatch(**{**facts, **changes})


def staged_of(claim: Claim, **changes: Any) -> Staged:
    """What a claim's attempt developed."""
    facts: dict[str, Any] = {
        "batch_no": claim.batch_no,
        "position": claim.position,
        "attempt": claim.attempt,
        "photo_id": claim.photo_id,
        "output_name": claim.output_name,
        "size": 500,
        "sha256": f"{claim.photo_id:064x}",
        "key": f"key-{claim.photo_id}",
        "seconds": 0.25,
    }
    return Staged(**{**facts, **changes})


def failure_of(claim: Claim, **changes: Any) -> Failure:
    """An error of a claim's attempt."""
    facts: dict[str, Any] = {
        "batch_no": claim.batch_no,
        "position": claim.position,
        "attempt": claim.attempt,
        "error_kind": "broken_file",
        "error_message": "The file is damaged.",
    }
    return Failure(**{**facts, **changes})


@dataclass
class World:
    """The store under test with short words for what tests do all the time."""

    store: Store
    _photos: int = field(default=0)
    _made: int = field(default=0)
    _runners: int = field(default=0)

    def photos(self, count: int) -> list[int]:
        """That many new photos; returns their ids."""
        start = self._photos + 1
        self._photos += count
        return self.store.save_photos((None, a_photo(number)) for number in range(start, start + count))

    def folder(self, path: str = "/out") -> int:
        return self.store.output_folder(path, made_by_junmai=True)

    def batch(
        self, count: int = 3, *, folder: str = "/out", photo_ids: list[int] | None = None, done: int = 0, **changes: Any
    ) -> Batch:
        """A batch that runs, over new photos or over these; the first `done` need nothing."""
        self._made += 1
        ids = photo_ids or self.photos(count)
        items = [NewItem(photo_id, f"{photo_id}.jpg", done=index < done) for index, photo_id in enumerate(ids)]
        new = a_batch(self._made, folder=folder, **changes)
        return self.store.create_batch(new, self.folder(folder), items, writer_no=None)

    def runner(self, scope: int | None = None) -> int:
        self._runners += 1
        return self.store.add_runner(f"runner-{self._runners}", host="here", pid=1, role="test", scope=scope, workers=2)

    def claim(self, runner: int, limit: int = 100, scope: int | None = None) -> list[Claim]:
        return self.store.claim(runner, scope=scope, limit=limit)

    def develop(self, runner: int, claims: Iterable[Claim]) -> None:
        """Stage and settle."""
        staged = [staged_of(claim) for claim in claims]
        self.store.stage(runner, staged)
        self.store.settle(runner, [Settled(one, MTIME) for one in staged])

    def fail(self, runner: int, claims: Iterable[Claim], **changes: Any) -> None:
        self.store.end_attempts(runner, [failure_of(claim, **changes) for claim in claims])

    def now(self, batch: Batch) -> Batch:
        return self.store.batch(batch.id)

    def statuses(self, batch: Batch) -> list[str]:
        return [item.status for item in self.store.items(batch.no)]

    def item(self, batch: Batch, position: int = 0) -> Item:
        return self.store.items(batch.no)[position]

    def event_types(self, batch: Batch) -> list[str]:
        return [event.type for event in self.store.events(no=batch.no)]

    def pause(self, batch: Batch, reason: PauseReason = PauseReason.USER) -> Batch:
        return self.store.pause(batch.id, reason=reason, by="test")

    def resume(self, batch: Batch) -> Batch:
        return self.store.resume(batch.id, by="test")

    def cancel(self, batch: Batch) -> Batch:
        return self.store.cancel(batch.id, by="test")

    def follow(self) -> None:
        while self.store.follow_cancelled():
            pass

    def everything(self) -> tuple[object, ...]:
        """All that a late or foreign result must not change."""
        batches = self.store.batches()
        return (
            batches,
            [self.store.items(batch.no) for batch in batches],
            self.store.events(limit=10_000),
            [self.store.outputs_of(row["id"]) for row in self.store.output_folders()],
        )

    def check(self) -> None:
        """Counters equal rows, and every end has one final event in its generation."""
        for batch in self.store.batches():
            rows = Counter(self.store.item_counts(batch.no))
            assert (batch.processed, batch.failed, batch.skipped) == (
                rows["processed"],
                rows["failed"],
                rows["skipped"],
            ), batch
            assert batch.total == sum(rows.values())
            assert self.store.final_event_faults(batch.no) == []
            finals = Counter(
                event.photo_id for event in self.store.events(no=batch.no, limit=10_000) if event.type in FINAL
            )
            for item in self.store.items(batch.no):
                assert finals[item.photo_id] <= item.generation + 1
                if item.status in ITEM_ENDED and item.status != "cancelled":
                    assert finals[item.photo_id] >= 1
