"""A shoot, and what it looks like developed without any trouble: everything else is compared with that."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from running import checksums, fingerprints, junmai

from junmai.demo.shoot import make_sample_shoot

PHOTOS = 60


@dataclass(frozen=True)
class Shoot:
    """A folder of originals, their fingerprints, and the checksums of their outputs."""

    folder: Path
    originals: dict[str, tuple[str, int, int]]
    outputs: dict[str, str]


@pytest.fixture(scope="session")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Shoot:
    """Sixty photos of real size enough to be killed in the middle."""
    base = tmp_path_factory.mktemp("reference")
    folder = base / "shoot"
    make_sample_shoot(folder, count=int(os.environ.get("JUNMAI_TEST_PHOTOS", PHOTOS)), long_edge=900)
    ended = junmai("develop", folder, "--out", base / "out", "--json", "--workers", "2", data=base / "data")
    assert ended.code == 0, ended.err
    return Shoot(folder, fingerprints(folder), checksums(base / "out"))
