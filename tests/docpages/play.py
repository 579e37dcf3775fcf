"""Plays a page of the documentation: runs its `python` and `console` blocks in order, in the current folder.

    PYTHONPATH=tests python -m docpages.play PAGE [--show]

The Python blocks of a page share one namespace, as if typed at a prompt. A `text` block right behind a block is what
that block prints; in a `console` block what stands below a command is its output. `...` stands for anything. Every
command must end with 0. `--show` prints what came instead of comparing.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

from docpages.pages import Fence, fences, transcript

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PATIENCE = 300.0
_PROGRESS = re.compile(r"^\d+ of \d+ photos, .*\n", re.MULTILINE)
"""What a slow machine says now and then while it develops; no page can know of it."""


class Wrong(Exception):
    """The page says something that is not so."""


def main(page: Path, *, show: bool) -> None:
    """Play the page; raises `Wrong` at the first thing that is not as it says."""
    text = page.read_text(encoding="utf-8")
    found = fences(text)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for index, fence in enumerate(found):
        where = f"{page.name}:{fence.line}"
        if fence.language == "python":
            printed = run_python(fence, page, namespace)
            expected = _shown_behind(text, fence, found[index + 1] if index + 1 < len(found) else None)
            compare(where, expected, printed, show=show)
        elif fence.language == "console":
            for command, expected in transcript(fence.text):
                compare(f"{where}: {command}", expected or None, run_command(where, command), show=show)


def run_python(fence: Fence, page: Path, namespace: dict[str, Any]) -> str:
    """Run a block; its lines keep the numbers that they have in the page. Returns what it printed."""
    printed = io.StringIO()
    code = compile("\n" * (fence.line - 1) + fence.text, str(page), "exec")
    with contextlib.redirect_stdout(printed):
        exec(code, namespace)
    return printed.getvalue()


def run_command(where: str, command: str) -> str:
    """Run a line of shell. Returns what it said on both outputs."""
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode:
        raise Wrong(f"{where}: {command} ended with {done.returncode}:\n{done.stdout}")
    return _PROGRESS.sub("", done.stdout)


def compare(where: str, expected: str | None, got: str, *, show: bool) -> None:
    """Raise `Wrong` where something else was expected."""
    if show:
        print(f"--- {where}\n{got}", flush=True)
    elif expected is not None and not doctest.OutputChecker().check_output(expected, got, FLAGS):
        raise Wrong(f"{where} says\n{expected}\nand not\n{got}")


def _shown_behind(text: str, fence: Fence, following: Fence | None) -> str | None:
    if following is None or following.language != "text" or text[fence.end : following.start].strip():
        return None
    return following.text


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), show="--show" in sys.argv)
    except Wrong as error:
        sys.exit(str(error))
    except Exception:  # noqa: BLE001 - whatever an example raises is shown as its reader would see it
        traceback.print_exc()
        sys.exit(1)
