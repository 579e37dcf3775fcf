"""Develop a folder of photos from Python, as `junmai develop` does.

    python develop_folder.py FOLDER OUT

A second run develops only what is new or missing; a run that was killed is gone on with.
"""

from __future__ import annotations

import sys
from pathlib import Path

from junmai import BatchController
from junmai.control.importing import import_photos  # no promise yet: its place may change


def go_on(controller: BatchController, out: Path) -> None:
    """Finish what an earlier run left unfinished in that folder."""
    for status in controller.get_all_batches():
        config = status["config"]
        assert isinstance(config, dict)
        if config["output"]["folder"] == str(out) and status["status"] in ("running", "paused"):
            batch = controller.store.batch(str(status["batch_id"]))
            controller.resume_batch(batch.id)
            controller.runner(batch).run()


def develop(controller: BatchController, folder: Path, out: Path) -> str:
    """Import and develop every photo of the folder; returns how the batch ended."""
    config = {"preset": "warm-portrait", "output": {"folder": str(out), "quality": 90}}
    executor = controller.executor()
    try:
        imported = import_photos(controller, [folder], executor, leave_out=out)
        batch_id = controller.start_batch([photo.id for photo in imported.photos], config=config)
        controller.runner_with(executor, controller.store.batch(batch_id)).run()
    finally:
        executor.stop()
    ended = controller.status(batch_id)
    return f"{ended['status']}: {ended['processed_count']} developed, {ended['skipped_count']} right already"


def main() -> None:
    """The folders are named on the command line."""
    folder, out = (Path(name).absolute() for name in sys.argv[1:3])
    with BatchController(by="develop_folder.py") as controller:
        go_on(controller, out)
        print(develop(controller, folder, out))


if __name__ == "__main__":  # worker processes load this file as well, and must not begin anew
    main()
