"""`junmai demo`: a sample shoot, developed, in a folder and with a library of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.markup import escape

from junmai.cli.render import BarReporter, console


def run_demo(out: Path, count: int, develop: Callable[..., int]) -> int:
    """Make the shoot in `out`/shoot, develop it into `out`/developed, and say what to try next."""
    from junmai.demo.shoot import make_sample_shoot

    reporter = BarReporter()
    console.print(f"Making a sample shoot of {count} photos (RAW and JPEG, two sessions) ...")
    reporter.importing(0, count)
    photos = make_sample_shoot(out / "shoot", count=count, on_progress=reporter.importing)
    reporter.end({}, [f"{len(photos)} photos are in {escape(str(out / 'shoot'))}"])
    code = develop([out / "shoot"], preset="vivid-landscape", blend=60.0, out=out / "developed")
    console.print("\nNow your own photos:")
    console.print("  junmai develop PATH/TO/YOUR/PHOTOS --preset warm-portrait --out developed")
    return code
