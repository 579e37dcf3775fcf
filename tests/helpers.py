"""What many tests need: a clock with hands to turn, and small photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from junmai import files
from junmai.domain.model import OutputOptions, Recipe
from junmai.executors.base import DevelopJob


class FakeClock:
    """A clock that stands until it is turned; whoever sleeps turns it."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds

    def turn(self, seconds: float) -> None:
        """Let time pass; backwards as well, as a clock that is set does."""
        self._now += seconds


def make_jpeg(path: Path, *, width: int = 48, height: int = 32, seed: int = 0) -> Path:
    """A small photo of noise over a gradient; another seed makes another photo."""
    grain = np.random.default_rng(seed).integers(0, 60, (height, width, 3))
    picture = grain + np.linspace(0, 190, width).astype(np.int64)[None, :, None]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture.astype(np.uint8)).save(path, "JPEG", quality=90)
    return path


def develop_job(source: Path, temporary: Path, **changes: object) -> DevelopJob:
    """The job of developing that source as it is now."""
    state = files.state_of(source)
    facts: dict[str, object] = {
        "source": source,
        "expected": state or files.FileState(1, 1, 1),
        "fingerprint": files.fingerprint_of(source) if state else "",
        "known_sha256": None,
        "recipe": Recipe(output=OutputOptions(quality=80)),
        "temporary": temporary,
    }
    return DevelopJob(**{**facts, **changes})  # type: ignore[arg-type]
