from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that is not there yet, as a new user's is not."""
    return tmp_path / "data"
