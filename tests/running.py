"""Runs the real command line in real processes, for acceptance and crash tests."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

Line = dict[str, Any]
PATIENCE = 120.0


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Line]:
        """Its JSON lines."""
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]

    @property
    def summary(self) -> Line:
        """Its last line."""
        return self.lines[-1]

    def photos(self, status: str) -> list[Line]:
        """The lines about photos that ended so."""
        return [line for line in self.lines if line.get("status") == status and "photo_id" in line]


def junmai(*arguments: str | Path, data: Path, cwd: Path | None = None, **environment: str) -> Ended:
    """Run a command to its end."""
    return _ended(start(*arguments, data=data, cwd=cwd, **environment))


def start(
    *arguments: str | Path,
    data: Path,
    cwd: Path | None = None,
    program: Sequence[str] = ("-m", "junmai"),
    **environment: str,
) -> subprocess.Popen[str]:
    """Start a command as the leader of a process group of its own."""
    return subprocess.Popen(
        [sys.executable, *program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "JUNMAI_DATA": str(data), **environment},
        start_new_session=True,
    )


def _ended(process: subprocess.Popen[str]) -> Ended:
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        kill_group(process)
        out, err = process.communicate()
        raise AssertionError(f"the command did not end:\n{out}\n{err}") from None
    return Ended(process.returncode, out, err)


@dataclass
class Develop:
    """A `develop --json` that runs, with what it has said so far."""

    process: subprocess.Popen[str]
    lines: list[Line] = field(default_factory=list)

    def read(self) -> Iterator[Line]:
        """Its lines as they come."""
        assert self.process.stdout is not None
        for text in self.process.stdout:
            if text.startswith("{"):
                line = json.loads(text)
                self.lines.append(line)
                yield line

    def wait_for_photo(self) -> bool:
        """Wait until a photo has ended. False where the command ended first."""
        return any(line["event"] in {"photo_processed", "photo_failed"} for line in self.read())

    def end(self) -> Ended:
        """Wait for its end."""
        ended = _ended(self.process)
        said = "".join(json.dumps(line) + "\n" for line in self.lines)
        return Ended(ended.code, said + ended.out, ended.err)

    def close(self) -> None:
        """Let go of its pipes."""
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def workers(self) -> list[psutil.Process]:
        """Its worker processes."""
        try:
            children = psutil.Process(self.process.pid).children(recursive=True)
            return [child for child in children if "spawn_main" in " ".join(child.cmdline())]
        except psutil.Error:
            return []


def kill_group(process: subprocess.Popen[str]) -> None:
    """SIGKILL to the command and everything that it started, at the same moment."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(condition: Any, seconds: float = 30.0) -> bool:
    """Look again and again until the condition holds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by relative name."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def fingerprints(folder: Path) -> dict[str, tuple[str, int, int]]:
    """SHA-256, time and mode of every file below a folder: what must not change of an original."""
    sums = checksums(folder)
    states = {name: (folder / name).stat() for name in sums}
    return {name: (sums[name], states[name].st_mtime_ns, states[name].st_mode) for name in sums}


def last_id(lines: Sequence[Mapping[str, Any]], kind: str) -> int:
    """The id of the last event of a kind, 0 where there is none."""
    return max((int(line["id"]) for line in lines if line["type"] == kind), default=0)
