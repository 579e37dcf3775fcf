"""Runs a command and says what it took: seconds, processor seconds, memory of its tree of processes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Usage:
    """What a command took. Seconds of wall and of processor (all its processes; 0 where the system does not tell), peak
    bytes of all its processes together and of the largest one; `output` is what it printed."""

    seconds: float
    cpu: float
    tree: int
    largest: int
    output: str


def measure(command: Sequence[str], env: Mapping[str, str], folder: Path, *, keep_output: bool = True) -> Usage:
    """Run a command in `folder` to its end.

    `keep_output` False throws its standard output away unread. Raises `SystemExit` where it fails, with the end of what
    it said.
    """
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as complained:
        cpu, began = _cpu_of_children(), time.perf_counter()
        out = said if keep_output else subprocess.DEVNULL
        with subprocess.Popen(command, cwd=folder, env=dict(env), stdout=out, stderr=complained) as process:
            memory = _Memory(process.pid)
            process.wait()
            seconds = time.perf_counter() - began
            memory.end()
        said.seek(0)
        complained.seek(0)
        text = said.read()
        if process.returncode:
            tail = (text + complained.read())[-2000:]
            raise SystemExit(f"{' '.join(command)}\nended with {process.returncode}:\n{tail}")
    return Usage(seconds, _cpu_of_children() - cpu, memory.tree, memory.largest, text)


def _cpu_of_children() -> float:
    """Processor seconds of every child that has ended, and of theirs."""
    if sys.platform == "win32":
        return 0.0
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Memory:
    """Looks at a tree of processes 20 times a second.

    The sum is of resident memory, in which what processes share counts in each. The peak of one process comes from the
    kernel's own high-water mark where there is one, so that no short peak is missed.
    """

    def __init__(self, pid: int) -> None:
        self.tree, self.largest = 0, 0
        self._pid, self._stop = pid, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        try:
            root = psutil.Process(self._pid)
        except psutil.Error:
            return
        while True:
            self._add(root)
            if self._stop.wait(LOOK_SECONDS):
                return

    def _add(self, root: psutil.Process) -> None:
        total = 0
        try:
            members = [root, *root.children(recursive=True)]
        except psutil.Error:
            return
        for one in members:
            try:
                held = one.memory_info().rss
            except psutil.Error:
                continue
            total += held
            self.largest = max(self.largest, held, _high_water(one.pid))
        self.tree = max(self.tree, total)

    def end(self) -> None:
        """Stop looking."""
        self._stop.set()
        self._thread.join()


def _high_water(pid: int) -> int:
    """Most bytes that a process ever held, by Linux (proc(5), VmHWM); 0 elsewhere."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
