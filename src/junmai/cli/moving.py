"""`junmai store migrate`: from the file in the data folder to PostgreSQL."""

from __future__ import annotations

import re
import time
from typing import Annotated

import typer
from rich.markup import escape

from junmai import errors
from junmai.cli.opening import configured
from junmai.cli.render import complaints, console, counted, print_json, span
from junmai.cli.session import EXIT_DONE
from junmai.control.moving import Moved, move_to_postgres

app = typer.Typer(help="Where the library is kept.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
To = Annotated[str, typer.Option("--to", metavar="URL", help="postgresql://user@server/name, an empty database.")]
ADDRESS = re.compile(r"postgres(ql)?://")


@app.callback()
def _store() -> None:
    """Where the library is kept."""


@app.command("migrate")
def migrate(to: To, json: Json = False) -> int:
    """Move the library with all its batches to PostgreSQL, and compare every row there."""
    if not ADDRESS.match(to):
        raise errors.BadInput(detail="--to takes a postgresql:// address, such as postgresql://junmai@server/junmai.")
    settings, _ = configured("store migrate")
    began = time.monotonic()

    def progress(table: str, done: int, total: int) -> None:
        if complaints.is_terminal and done:
            left = (time.monotonic() - began) * (total - done) / done
            complaints.print(f"{100 * done // total} %, {span(left)} left: {table:20}", end="\r")

    moved = move_to_postgres(settings, to, progress)
    _print(moved, time.monotonic() - began, as_json=json)
    return EXIT_DONE


def _print(moved: Moved, seconds: float, *, as_json: bool) -> None:
    rows = sum(one.rows for one in moved.tables)
    if as_json:
        for one in moved.tables:
            print_json({"table": one.name, "rows": one.rows, "sha256": one.sha256})
        print_json({"rows": rows, "seconds": round(seconds, 2), "config": str(moved.config)})
        return
    for one in moved.tables:
        console.print(f"{one.name:18} {one.rows:>12,}  the same on both sides")
    console.print(f"{counted(rows, 'row', 'rows')} moved in {span(seconds)}.")
    console.print(
        f"{escape(str(moved.config))} says `store = ...` now, and every command uses it; the file stays as it was."
    )
    console.print("To go back to it, take that line out: what is done from here on is not in the file.")
