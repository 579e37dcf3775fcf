"""Lens correction through lensfun: distortion, vignetting, lateral colour."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lens:
    """The correction of one lens at one setting, for one size of picture."""

    name: str


def find(path: Path, width: int, height: int) -> tuple[Lens | None, str]:
    """The correction for the photo at `path`, or None and a sentence that says why there is none."""
    return None, "lens correction is not built yet"
