"""`junmai demo`: a sample shoot, developed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.markup import escape

from junmai.cli.render import BarReporter, console


def run_demo(out: Path, count: int, data: Path | None, develop: Callable[..., int]) -> int:
    """Make the shoot in `out`/shoot, develop it into `out`/developed, and say what to try next."""
    from junmai.demo.shoot import make_sample_shoot

    reporter = BarReporter()
    console.print(f"Making a sample shoot of {count} photos (RAW and JPEG, two sessions) ...")
    photos = make_sample_shoot(out / "shoot", count=count, on_progress=reporter.importing)
    reporter.end({}, [f"{len(photos)} photos are in {escape(str(out / 'shoot'))}"])
    code = develop([out / "shoot"], preset="default", out=out / "developed")
    console.print("Now your own photos:\n  junmai develop PATH/TO/A/FOLDER --preset vivid-landscape --out developed")
    return code
