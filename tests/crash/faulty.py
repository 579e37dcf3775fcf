"""The command line with a decoder that crashes or hangs on one photo.

Worker processes import the main script again, so the fault is in them as well. FAULT is `segfault:NAME`,
`hang:NAME` or `exit_after:POINT:N`, which ends the whole process at the N-th pass of a point: a verb of the store, or
a function of `files` or `control.sidecars`.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from junmai import files
from junmai.control import sidecars
from junmai.develop import pipeline
from junmai.domain import policy
from junmai.store.claims import ClaimVerbs
from junmai.store.snapshots import SnapshotVerbs

_kind, _, _rest = os.environ.get("FAULT", "").partition(":")
_develop = pipeline.develop_outputs


def _faulty_develop(source: Path, recipe: Any, opening: Any = pipeline.decode_for, *, solution: Any = None) -> Any:
    if source.name == _rest and _kind == "segfault":
        ctypes.string_at(0)
    if source.name == _rest and _kind == "hang":
        time.sleep(3600)
    return _develop(source, recipe, opening, solution=solution)


def _ends_after(count: int, function: Callable[..., Any]) -> Callable[..., Any]:
    passes = 0

    def passing(*arguments: Any, **named: Any) -> Any:
        nonlocal passes
        result = function(*arguments, **named)
        passes += 1
        if passes == count:
            os._exit(137)
        return result

    return passing


pipeline.develop_outputs = _faulty_develop
if _kind == "exit_after" and __name__ == "__main__":
    # Six quick photos would be settled in one group or in three, as it falls; one at a time there are passes to count.
    policy.GROUP_SECONDS, policy.GROUP_SIZE = 0.0, 1
    _point, _, _count = _rest.partition(":")
    _owner: Any = next((one for one in (ClaimVerbs, SnapshotVerbs, sidecars) if hasattr(one, _point)), files)
    setattr(_owner, _point, _ends_after(int(_count), getattr(_owner, _point)))

if __name__ == "__main__":
    from junmai.cli.main import run

    sys.exit(run(sys.argv[1:]))
