"""A Ctrl-C that comes while workers are being started is no word of Python's to the user."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups that a signal reaches")
STARTS_WORKERS = """
import signal, threading
from junmai.executors.processes import ProcessExecutor

if __name__ == "__main__":
    asked = threading.Event()
    signal.signal(signal.SIGINT, lambda number, frame: asked.set())
    executor = ProcessExecutor(2, job_seconds=60, memory_bytes=1_000_000_000)
    executor.start()
    print("started", flush=True)
    asked.wait(60)
    executor.stop()
"""


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.15, 0.3])
def test_workers_that_are_being_started_say_nothing(tmp_path: Path, seconds: float) -> None:
    script = tmp_path / "starts.py"
    script.write_text(STARTS_WORKERS, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert said == ""
