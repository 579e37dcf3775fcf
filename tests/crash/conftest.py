"""A shoot, and what it looks like developed without any trouble: everything else is compared with that."""

from __future__ import annotations

import os

import pytest

from junmai.demo.shoot import make_sample_shoot
from running import checksums, fingerprints, junmai
from shoots import Shoot

KILLS = int(os.environ.get("JUNMAI_TEST_KILLS", "30"))
PHOTOS = int(os.environ.get("JUNMAI_TEST_PHOTOS", str(7 * KILLS)))


@pytest.fixture(scope="session")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Shoot:
    """Photos enough, and large enough, to be killed in the middle many times."""
    base = tmp_path_factory.mktemp("reference")
    folder = base / "shoot"
    make_sample_shoot(folder, count=PHOTOS)
    ended = junmai("develop", folder, "--out", base / "out", "--json", "--workers", "2", data=base / "data")
    assert ended.code == 0, ended.err
    return Shoot(folder, fingerprints(folder), checksums(base / "out"))
