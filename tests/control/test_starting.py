"""Starting a batch once, whatever became of the one who began to."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from junmai import BatchController
from junmai.config import Settings
from junmai.control.importing import import_photos
from junmai.control.starting import start
from junmai.executors.inline import InlineExecutor
from junmai.store.sqlite import SqliteStore


class Killed(BaseException):
    """Ends a writer as SIGKILL does: nothing is cleared away."""


class KilledStore(SqliteStore):
    """Dies before a batch is sealed."""

    def _seal(self, no: int) -> None:  # type: ignore[override]  # it never returns
        raise Killed

    def discard_unsealed(self, no: int) -> bool:
        return False


def test_a_key_whose_first_writer_was_killed_starts_its_batch_at_the_next_asking(
    settings: Settings, tmp_path: Path
) -> None:
    Image.new("RGB", (60, 40)).save(tmp_path / "IMG_1.jpg")
    with BatchController(settings=settings, store=KilledStore(settings.database)) as dying:
        import_photos(dying, [tmp_path / "IMG_1.jpg"], InlineExecutor())
        with pytest.raises(Killed):
            start(dying, [1], session_id=None, config=None, key="the same")
        assert len(dying.store.unsealed()) == 1
    with BatchController(settings=settings) as controller:
        batch = start(controller, [1], session_id=None, config=None, key="the same")
        assert (batch.status, batch.total) == ("running", 1)
        assert start(controller, [1], session_id=None, config=None, key="the same").id == batch.id
        assert controller.store.unsealed() == []
