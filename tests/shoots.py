"""Shoots that the tests share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SAMPLES = Path(os.environ.get("JUNMAI_SAMPLES", Path(__file__).parent.parent.parent / "shared" / "samples"))
"""Real camera files, where they are at hand."""
WITHOUT_SAMPLES = f"the real camera files are not at {SAMPLES.name} (set JUNMAI_SAMPLES)"


@dataclass(frozen=True)
class Shoot:
    """A folder of originals, their fingerprints, and the checksums of their outputs."""

    folder: Path
    originals: dict[str, tuple[str, int, int]]
    outputs: dict[str, str]
