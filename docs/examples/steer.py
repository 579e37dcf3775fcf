"""Develop in a thread, and meanwhile look, pause and go on.

    python steer.py

It develops every photo that the library knows; `junmai import FOLDER` brings them in.
"""

from __future__ import annotations

import time

from junmai import BatchController, BatchStatus

ENDED = (BatchStatus.COMPLETED, BatchStatus.FAILED, BatchStatus.CANCELLED)


def main() -> None:
    """Start a batch, pause it once, let it go on, wait for its end."""
    with BatchController(by="steer.py") as controller:
        batch_id = controller.start_batch([photo.id for photo in controller.store.photos()])
        runner = controller.runner(controller.store.batch(batch_id), workers=1)
        thread = runner.start()

        if controller.pause_batch(batch_id):  # the photo in hand is finished, no other is begun
            print("paused with", controller.status(batch_id)["remaining_count"], "to go at the most")
            controller.resume_batch(batch_id)

        while thread.is_alive() and controller.status(batch_id)["status"] not in ENDED:
            time.sleep(0.1)
        thread.join()
        if runner.error is not None:
            raise runner.error
        status = controller.status(batch_id)
        print(status["status"], status["processed_count"], "of", status["total_photos"])


if __name__ == "__main__":  # worker processes load this file as well, and must not begin anew
    main()
