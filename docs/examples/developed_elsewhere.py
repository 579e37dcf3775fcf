"""Let something else develop the photos, and keep the account of it in Junmai.

    python developed_elsewhere.py

Nothing is developed here: `shrink` stands for another program. A run that was killed is gone on with.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from junmai import BatchController, BatchStatus

BATCH_ID = "batch_00000000c0de"
"""An id of our own, so that the next run finds its batch again."""


def shrink(photo: Path, target: Path) -> None:
    """What the other program does."""
    with Image.open(photo) as picture:
        picture.thumbnail((64, 64))
        picture.save(target, "JPEG")


def main() -> None:
    """Begin the batch, or go on with it, and end each of its photos once."""
    out = Path("small")
    out.mkdir(exist_ok=True)
    with BatchController(by="developed_elsewhere.py") as controller:
        photos = {photo.id: Path(photo.path) for photo in controller.store.photos()}
        if controller.get_batch_status(BATCH_ID) is None:
            controller.start_batch(list(photos), batch_id=BATCH_ID)
        state = controller.state(BATCH_ID)
        done = {*state.processed_photo_ids, *state.failed_photo_ids}
        for photo_id in state.photo_ids:
            if photo_id in done:
                continue
            try:
                shrink(photos[photo_id], out / photos[photo_id].name)
            except OSError as error:
                controller.update_batch_progress(BATCH_ID, photo_id, False, str(error))
            else:
                controller.update_batch_progress(BATCH_ID, photo_id, True)
        status = controller.status(BATCH_ID)
        assert status["status"] in (BatchStatus.COMPLETED, BatchStatus.FAILED)
        print(status["status"], status["processed_count"], "developed,", status["failed_count"], "failed")


if __name__ == "__main__":
    main()
