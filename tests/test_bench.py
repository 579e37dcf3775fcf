"""The bench of the control runs as a whole. Its figures are not looked at: they are the machine's."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parent.parent / "bench" / "control.py"
PARTS = ("items", "create", "load", "urgent", "memory", "state")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Every row of the quick bench without Celery."""
    folder = tmp_path_factory.mktemp("bench")
    told = folder / "rows.json"
    command = [sys.executable, str(BENCH), "--quick", "--no-celery", "--folder", str(folder), "--json", str(told)]
    ended = subprocess.run([*command, "--parts", ",".join(PARTS)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    found: list[dict[str, Any]] = json.loads(told.read_text())
    assert all(str(row["name"]) in ended.stdout for row in found)
    return found


@pytest.mark.slow
def test_every_row_of_the_bench_has_a_figure(rows: list[dict[str, Any]]) -> None:
    assert len({row["part"] for row in rows}) == len(PARTS) + 1  # `items` has two tables
    for row in rows:
        assert math.isfinite(row["value"]), row
        assert row["values"], row


@pytest.mark.slow
def test_a_verdict_of_the_bench_is_what_its_figure_says(rows: list[dict[str, Any]]) -> None:
    promised = [row for row in rows if row["promise"]]
    assert promised
    for row in promised:
        sign, bound, *_ = row["promise"].split()
        kept = row["value"] >= float(bound) if sign == ">=" else row["value"] <= float(bound)
        assert row["verdict"] == ("met" if kept else "not met"), row
    assert all(row["verdict"] is None for row in rows if not row["promise"])


@pytest.mark.slow
def test_no_runner_of_the_bench_claims_after_a_pause(rows: list[dict[str, Any]]) -> None:
    claims = [row["value"] for row in rows if row["name"].startswith("claims after")]
    assert claims == [0]
