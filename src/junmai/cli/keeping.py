"""`junmai backup` and `junmai restore`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from junmai import errors
from junmai.cli.opening import configured
from junmai.cli.render import console, counted, print_json
from junmai.cli.session import EXIT_BAD_INPUT, EXIT_DONE
from junmai.clock import SystemClock, iso
from junmai.config import Settings
from junmai.control.backup import BackupInfo, backup_now, list_backups
from junmai.control.restoring import find
from junmai.control.restoring import restore as put_back
from junmai.store.opening import open_store

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]

backup_app = typer.Typer(help="Back the library up, also while photos are developed.", invoke_without_command=True)


@backup_app.callback()
def backup(context: typer.Context, json: Json = False) -> int:
    """Back the library up now, also while photos are developed. `junmai backup list` shows the backups."""
    if context.invoked_subcommand is not None:
        return EXIT_DONE
    settings = _settings("backup")
    if settings.store is None and not settings.database.exists():
        raise errors.BadInput(detail=f"There is no library in {settings.data} yet; nothing to back up.")
    store = open_store(settings)
    try:
        made = backup_now(store, settings, SystemClock())
    finally:
        store.close()
    if json:
        print_json(made.to_dict())
    else:
        console.print(f"Backed up: {escape(str(made.path))} ({_size(made)}{_counts(made)}), checked.")
    return EXIT_DONE


@backup_app.command("list")
def backup_list(json: Json = False) -> int:
    """List the backups, the newest first."""
    settings = _settings("backup list")
    backups = list_backups(settings)
    if json:
        for one in backups:
            print_json(one.to_dict())
        return EXIT_DONE
    table = Table(box=None, pad_edge=False)
    for title in ("backup", "made (UTC)", "size"):
        table.add_column(title, justify="right" if title == "size" else "left", no_wrap=True)
    for one in backups:
        table.add_row(one.name, _moment(one), _size(one))
    console.print(table if backups else f"There is no backup in {escape(str(settings.backups))} yet.")
    return EXIT_DONE


def restore(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A backup's name or path; none: newest.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    json: Json = False,
) -> int:
    """Put a backup in the place of the library. What is there now is kept beside it."""
    settings = _settings("restore")
    found = find(settings, name)
    if not yes:
        if json or not sys.stdin.isatty():
            raise errors.BadInput(detail=f"This would restore {found.name}. Say --yes to do so; nothing was changed.")
        question = f"Put the library back to {found.name} of {_moment(found)} UTC? What is there now is kept."
        if not typer.confirm(question):
            console.print("Nothing was changed.")
            return EXIT_BAD_INPUT
    done = put_back(settings, found.path)
    if json:
        print_json(done.to_dict())
        return EXIT_DONE
    console.print(f"Restored {escape(done.backup.name)} of {_moment(done.backup)} UTC{_counts(done.backup)}.")
    if done.set_aside is not None:
        back = escape(done.set_aside.name)
        console.print(f"What was there is kept as {back}; `junmai restore {back}` goes back to it.")
    console.print("`junmai resume` goes on; photos that were developed since are recognised.")
    return EXIT_DONE


def _settings(command: str) -> Settings:
    return configured(command)[0]


def _counts(one: BackupInfo) -> str:
    return (
        f", {counted(one.contents.photos)}, {counted(one.contents.batches, 'batch', 'batches')}" if one.contents else ""
    )


def _moment(one: BackupInfo) -> str:
    return str(iso(one.at))[:19].replace("T", " ")


def _size(one: BackupInfo) -> str:
    return f"{one.size / 1e6:,.1f} MB"
