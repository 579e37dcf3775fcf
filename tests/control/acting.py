"""The verbs of the model, done for real: by a controller of this process, or by one of another process.

As a program it reads requests from its standard input, one JSON object a line (`data`, `now`, `verb`, `arguments`), and
answers each with one. It keeps a controller open for each data folder until it is told to close it.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from helpers import FakeClock
from junmai import BatchController, errors
from junmai.config import Settings
from junmai.control.endings import output_key
from junmai.control.recovery import remove_unstaged, take_over_from_dead
from junmai.domain.lifecycle import PauseReason
from junmai.domain.model import Claim, Failure, Settled, SourceRead, Staged
from junmai.library.selection import Selection
from junmai.store.base import Store
from junmai.store.sqlite import SqliteStore

REQUEST_SECONDS = 120


def settings_of(data: Path) -> Settings:
    """Nothing happens by itself: no full disk of this machine, no cleaning up, no backup."""
    return Settings(data=data, low_disk_mb=0, cleanup_days=0, backup_hours=0)


def open_controller(data: Path, clock: FakeClock, *, by: str) -> BatchController:
    settings = settings_of(data)
    return BatchController(settings=settings, store=SqliteStore(settings.database, clock=clock), by=by)


def source_sha(photo: int) -> str:
    return f"{photo:064x}"


def _said(act: Callable[[], object]) -> object:
    """The answer, or the code of the refusal."""
    try:
        answer = act()
    except errors.BadInput as refusal:
        return refusal.code
    return "done" if answer is None else answer


def _did(act: Callable[[], object]) -> bool:
    try:
        act()
    except (errors.UnknownBatch, errors.WrongState):
        return False
    return True


def _config(quality: int, folder: str | None) -> dict[str, object]:
    return {"output": {"quality": quality, **({"folder": folder} if folder else {})}}


def staged_from(store: Store, facts: Sequence[Any]) -> Staged:
    """What a worker developed; late words may speak of a batch that is gone, or of a photo that never was."""
    no, position, attempt, photo, size, sha = facts[:6]
    batch = next((one for one in store.batches() if one.no == no), None)
    items = store.items(no) if batch else []
    name = items[position].output_name if position < len(items) else None
    key = output_key(source_sha(photo), batch.recipe) if batch else "late"
    return Staged(no, position, attempt, photo, name or "late.jpg", size, sha, key, 0.5)


def _read(store: Store, photo_id: int) -> SourceRead:
    photo = store.photo(photo_id)
    assert photo is not None
    return SourceRead(photo.id, source_sha(photo.id), photo.size, photo.mtime_ns, photo.inode, photo.fingerprint)


def _claim_of(facts: Sequence[Any]) -> Claim:
    no, position, attempt, photo = facts[:4]
    return Claim(no, position, attempt, photo, "", 0, 0, 0, alone=False, photo=None)


def _claims(controller: BatchController, runner: int, scope: int | None, limit: int) -> object:
    return [
        [
            *(one.batch_no, one.position, one.attempt, one.photo_id, one.output_name),
            *(one.generation, one.tries, one.worker_deaths, one.alone),
        ]
        for one in controller.store.claim(runner, scope=scope, limit=limit)
    ]


def _recover(controller: BatchController) -> object:
    said = controller.recover_interrupted_batches()
    return [sorted(str(one) for one in said["batch_ids"]), said["recovered_count"], said["failed_count"]]  # type: ignore[attr-defined]


def _follow(controller: BatchController) -> None:
    while controller.store.follow_cancelled():
        pass


def _list(controller: BatchController) -> object:
    listed = controller.get_all_batches()
    assert listed == [controller.get_batch_status(str(one["batch_id"])) for one in listed]
    keys = ("batch_id", "status", "pause_reason", "total_photos")
    counts = ("processed_count", "failed_count", "skipped_count", "remaining_count")
    return [[one[key] for key in (*keys, *counts)] for one in listed]


def _merge(controller: BatchController, batch_ids: Sequence[str]) -> object:
    said = _said(lambda: controller.merge_batches(batch_ids))
    return [said["batch_id"], said["photo_count"], said["merged_batch_ids"]] if isinstance(said, dict) else said


def _take_over_half(controller: BatchController, lost: int, runner: int) -> object:
    remove_unstaged(controller.store, controller.store.in_hand(lost))
    back, staged = controller.store.take_over(lost, runner)
    return [sorted([no, position] for no, position, _ in back), sorted([one.batch_no, one.position] for one in staged)]


def _accepted(keys: set[tuple[int, int]]) -> object:
    return sorted([no, position] for no, position in keys)


def _do(controller: BatchController, verb: str, a: Sequence[Any]) -> object:
    store = controller.store
    verbs: dict[str, Callable[[], object]] = {
        "start": lambda: _said(lambda: controller.start_batch(a[0], None, _config(a[2], a[3]), a[1])),
        "start_selection": lambda: _said(lambda: controller.start_selection(Selection.of(**a[0]), _config(a[1], a[2]))),
        "pause": lambda: controller.pause_batch(a[0]),
        "pause_by_itself": lambda: _did(lambda: store.pause(a[0], reason=PauseReason(a[1]), by="junmai", detail=a[2])),
        "resume": lambda: controller.resume_batch(a[0]),
        "resume_by_itself": lambda: _did(lambda: store.resume(a[0], by="junmai", only_reason=PauseReason(a[1]))),
        "cancel": lambda: controller.cancel_batch(a[0]),
        "priority": lambda: "done" if not isinstance(said := _said(lambda: controller.set_priority(*a)), str) else said,
        "retry": lambda: _said(lambda: controller.retry_failed(a[0], a[1])),
        "progress": lambda: _said(lambda: controller.update_batch_progress(a[0], a[1], a[2])),
        "merge": lambda: _merge(controller, a[0]),
        "recover": lambda: _recover(controller),
        "cleanup": lambda: controller.cleanup_completed_batches(a[0]),
        "follow": lambda: _follow(controller),
        "list": lambda: _list(controller),
        "claim": lambda: _claims(controller, a[0], a[1], a[2]),
        "stage": lambda: _accepted(
            store.stage(a[0], [staged_from(store, one) for one in a[1]], [_read(store, one[3]) for one in a[1]])
        ),
        "settle": lambda: _accepted(store.settle(a[0], [Settled(staged_from(store, one), one[6]) for one in a[1]])),
        "fail": lambda: _accepted(
            store.end_attempts(
                a[0],
                [
                    Failure(no, position, attempt, kind, "It did not work.", tried, died, retry_at)
                    for no, position, attempt, kind, tried, died, retry_at in a[1]
                ],
            )
        ),
        "release": lambda: _accepted(store.release(a[0], [_claim_of(one) for one in a[1]], why="test")),
        "take_over": lambda: take_over_from_dead(store, controller.settings, a[0]),
        "take_over_half": lambda: _take_over_half(controller, a[0], a[1]),
    }
    return verbs[verb]()


def perform(controller: BatchController, verb: str, arguments: Sequence[Any]) -> object:
    """Do a verb; the answer is what the model's `do_` method of that name says, as JSON carries it."""
    return json.loads(json.dumps(_do(controller, verb, arguments)))


def _serve() -> None:
    clock = FakeClock()
    opened: dict[str, BatchController] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            data = str(asked["data"])
            if asked["verb"] == "close":
                if data in opened:
                    opened.pop(data).close()
                answer: object = None
            else:
                clock.turn(asked["now"] - clock.now())
                if data not in opened:
                    opened[data] = open_controller(Path(data), clock, by="another process")
                answer = perform(opened[data], asked["verb"], asked["arguments"])
            print(json.dumps({"answer": answer}), flush=True)
        except Exception:  # noqa: BLE001 - whatever it is, the test says it
            print(json.dumps({"error": traceback.format_exc()}), flush=True)


if __name__ == "__main__":
    _serve()
