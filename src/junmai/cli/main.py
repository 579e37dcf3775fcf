"""The command line: every command and its options. What they do stands in `control`."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from junmai import __version__, errors
from junmai.cli import (
    batches,
    collections,
    keeping,
    listing,
    matching,
    moving,
    options,
    presetting,
    serving,
    slips,
    working,
)
from junmai.cli.opening import choose, chosen, data_first, opened, tell_more
from junmai.cli.render import BarReporter, JsonReporter, Reporter, Unbreakable, complain, complaints, counted
from junmai.cli.session import EXIT_BAD_INPUT, EXIT_DONE, EXIT_FAILURES, EXIT_FAULT, Foreground
from junmai.control import developing
from junmai.control.controller import BatchController
from junmai.control.importing import import_photos
from junmai.control.planning import Look, Order
from junmai.control.sidecars import folder_for
from junmai.domain.model import OutputOptions

INTERRUPTED = 130
"""Exit code of a Ctrl-C before there was a batch, as shells have it."""

app = typer.Typer(
    name="junmai",
    help="Develops photos in batches that survive anything. `junmai develop FOLDER` is all it takes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(batches.app, name="batch")
app.add_typer(presetting.app, name="presets")
app.add_typer(matching.app, name="match")
app.add_typer(collections.app, name="collections")
app.add_typer(keeping.backup_app, name="backup")
app.add_typer(moving.app, name="store")
app.command("serve")(serving.serve)
app.command("worker")(working.worker)
app.command("workers")(working.workers)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
Sources = Annotated[list[str], typer.Argument(metavar="SRC", help="Photos, or folders with photos.")]
OptionalSources = Annotated[list[str] | None, typer.Argument(metavar="SRC", help="Photos, or folders with photos.")]
Workers = Annotated[
    int | None, typer.Option(min=1, max=256, help="Worker processes; none: what cores and free memory allow.")
]


def run(arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code and never raises."""
    as_json = "--json" in arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal's encoding cannot hold
    sys.stderr = Unbreakable(sys.stderr)
    sys.stdout = Unbreakable(sys.stdout)
    try:
        _check_text(arguments)
        slips.check(arguments, typer.main.get_command(app))
        answer = app(data_first(list(arguments)), standalone_mode=False)
    except errors.JunmaiError as error:
        complain(error.message, error.code, as_json=as_json)
        return error.exit_code
    except typer.Exit as ending:
        return int(ending.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        complaints.print("Stopped. No batch was begun.")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last net: said in one sentence, the trace goes to the log
        return _unforeseen(error, as_json=as_json)
    if answer == INTERRUPTED:
        complaints.print("Stopped. No batch was begun.")
    return answer if isinstance(answer, int) else EXIT_DONE


@app.callback(invoke_without_command=True)
def _options(
    data: Annotated[
        Path | None,
        typer.Option(help="The data folder; also JUNMAI_DATA. It may stand before or after the command."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show on the error output what goes to the log.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit
    choose(data)
    if verbose:
        tell_more(logging.INFO)


# --- the main job -------------------------------------------------------------------------------------------


@app.command("develop")
def develop(
    sources: OptionalSources = None,
    collection: options.Collection = None,
    preset: options.Preset = None,
    blend: options.Blend = 100.0,
    settings: options.SettingsFrom = None,
    chosen: options.Set = None,
    match: options.MatchTo = None,
    match_strength: options.MatchStrength = 100.0,
    out: options.Out = "developed",
    name: options.Name = "",
    form: options.Format = "jpeg",
    quality: options.Quality = 92,
    long_edge: options.LongEdge = None,
    color_space: options.Space = "srgb",
    sharpen_for: options.SharpenFor_ = "none",
    sharpen_strength: options.SharpenStrength_ = "standard",
    also: options.Also = None,
    sidecars: options.Sidecars_ = "none",
    no_pixels: options.NoPixels = False,
    metadata: options.Metadata = "all",
    no_gps: options.NoGps = False,
    creator: options.Creator = "",
    copyright: options.Copyright = "",  # noqa: A002 - the option's name
    min_rating: options.MinRating = None,
    workers: Workers = None,
    overwrite: options.Overwrite = False,
    json: Json = False,
) -> int:
    """Develop photos. The same command again goes on where it stopped, and does only what is missing."""
    if sources and collection is not None:
        raise errors.BadInput(detail="Name folders and photos, or --collection NAME; not both.")
    if not sources and collection is None:
        raise errors.BadInput(detail="Name what to develop: folders and photos, or --collection NAME.")
    words = options.words(form, color_space, metadata, sharpen_for, sharpen_strength, sidecars, no_gps=no_gps)
    credit = {"creator": creator, "copyright": copyright}
    output = OutputOptions(**words | credit, quality=quality, long_edge=long_edge, name=name, pixels=not no_pixels)
    matched, match_to = options.match(match, match_strength)
    for said in options.idle(preset, blend, settings, output, (matched, match_strength)):
        complaints.print(said, style="yellow")
    reporter = _reporter(json)
    with opened("develop") as controller:
        taken = presetting.taken(controller.store, preset, reporter.word)
        look = Look(taken, blend, options.settings(chosen or []), settings)
        folder = folder_for(output, _absolute(out), controller.settings.data)
        order = Order(look, output, folder, overwrite, options.further(also or [], output), matched)
        executor = controller.executor(workers)
        try:
            prepared = developing.prepare(
                controller,
                [_absolute(source) for source in sources or ()],
                order,
                executor,
                collection=collection,
                min_rating=min_rating,
                match_to=match_to,
                on_import=reporter.importing,
            )
            return _develop(controller, prepared, executor, reporter)
        finally:
            executor.stop(at_once=True)


app.command("export", help="The same as develop.")(develop)


def _develop(controller: BatchController, prepared: developing.Prepared, executor: Any, reporter: Reporter) -> int:
    for left in prepared.left_out:
        reporter.photo(
            "left_out",
            path=str(left.path),
            photo_id=None,
            status="left_out",
            error_kind="left_out",
            error_message=left.reason,
        )
    foreground = Foreground(controller, reporter)
    foreground.resumed = prepared.resumed
    foreground.unreadable = sum(left.unreadable for left in prepared.left_out)
    foreground.counts.skipped = len(prepared.skipped_photo_ids)
    for photo_id in prepared.skipped_photo_ids:
        photo = controller.store.photo(photo_id)
        reporter.photo("photo_skipped", path=photo.path if photo else "", photo_id=photo_id, status="skipped")
    if prepared.kept_names:
        reporter.word(f"The names that {counted(prepared.kept_names)} had there stay; another folder gives new ones.")
    if prepared.batch is None:
        skipped = len(prepared.skipped_photo_ids)
        summary = {"batch_id": None, "status": "completed", "processed_count": 0, "failed_count": 0}
        words = [f"All photos ({skipped}) are developed already; nothing to do."]
        reporter.end({**summary, "skipped_count": skipped, "seconds": 0.0}, words)
        return EXIT_FAILURES if foreground.unreadable else EXIT_DONE
    if prepared.low_rated:
        reporter.word(f"{counted(prepared.low_rated)} with fewer stars left out.")
    if prepared.replaced:
        reporter.word(f"{counted(prepared.replaced)} developed earlier in another way; the new ones replace them.")
    if prepared.lacking:
        reporter.word(f"{counted(prepared.lacking)} developed earlier without all of these outputs; developing again.")
    if prepared.resumed:
        reporter.word(f"Going on with {prepared.batch.id}.")
    return foreground.run(prepared.batch, executor, since=prepared.last_event)


@app.command("import")
def import_command(
    sources: Sources,
    session: Annotated[str | None, typer.Option(help="Name the session of these photos.")] = None,
    workers: Workers = None,
    json: Json = False,
) -> int:
    """Take photos into the library without developing them."""
    reporter = _reporter(json)
    with opened("import") as controller:
        executor = controller.executor(workers)
        try:
            found = import_photos(
                controller,
                [_absolute(source) for source in sources],
                executor,
                session=session,
                on_progress=reporter.importing,
            )
        finally:
            executor.stop(at_once=True)
        if not found.photos:
            where = ", ".join(str(source) for source in sources)
            raise errors.NothingToDevelop(where=where, reasons="")
        return listing.imported(found, reporter, as_json=json)


@app.command("photos")
def photos(
    session: Annotated[int | None, typer.Option(help="Only of the session with this id.")] = None,
    min_rating: Annotated[
        int | None,
        typer.Option(min=0, max=5, help="Only photos with so many stars or more; unrated is 0, rejected is less."),
    ] = None,
    json: Json = False,
) -> int:
    """List the photos of the library."""
    with opened("photos") as controller:
        return listing.photos(controller.store, session, min_rating, as_json=json)


@app.command("doctor")
def doctor(
    read: Annotated[bool, typer.Option("--read", help="Read every output again and compare checksums.")] = False,
    json: Json = False,
) -> int:
    """Check that everything is as it should be. Warnings don't change the exit code."""
    with opened("doctor") as controller:
        findings = controller.examine(read_outputs=read)
        listing.findings(findings, as_json=json)
        return EXIT_FAULT if any(finding.level == "error" for finding in findings) else EXIT_DONE


@app.command("demo")
def demo(
    out: Annotated[str, typer.Option(help="Where the sample shoot goes.")] = "junmai-demo",
    count: Annotated[int, typer.Option(min=2, max=500, help="How many photos.")] = 24,
) -> int:
    """Make a sample shoot and develop it, to see Junmai at work."""
    from junmai.cli.demo import run_demo

    if chosen() is None:  # a library of its own: trying Junmai out leaves nothing in the user's
        choose(_absolute(out) / "library")
    return run_demo(_absolute(out), count, develop)


# --- the latest batch ---------------------------------------------------------------------------------------

app.command("status", help="Show the latest batch.")(batches.show)
app.command("pause", help="Pause the latest batch.")(batches.pause)
app.command("cancel", help="Cancel the latest batch.")(batches.cancel)
app.command("retry-failed", help="Try the failed photos of the latest batch again.")(batches.retry)
app.command("resume", help="Resume the latest batch.")(batches.resume)


app.command("restore")(keeping.restore)  # here, so that the help begins with what is used every day


# --- small steps --------------------------------------------------------------------------------------------


def _reporter(as_json: bool) -> Reporter:
    return JsonReporter() if as_json else BarReporter()


def _absolute(path: Path | str) -> Path:
    if not str(path):
        raise errors.BadInput(detail="A folder is named by an empty text (is a variable of your shell not set?).")
    try:
        return Path(os.path.abspath(Path(path).expanduser()))
    except FileNotFoundError as error:
        detail = f"{path} cannot be found from here: the folder that the shell is in is gone. Go to another (cd)."
        raise errors.BadInput(detail=detail) from error


def _check_text(arguments: Sequence[str]) -> None:
    """Raise `BadInput` for what is no text in the system's encoding: no database, log or file of JSON can hold it."""
    for argument in arguments:
        if not argument.isascii() and any("\ud800" <= letter <= "\udfff" for letter in argument):
            shown = argument.encode("utf-8", "backslashreplace").decode()
            detail = (
                f"{shown} holds bytes that are no UTF-8 text. Rename the file, or use a UTF-8 locale (LANG=C.UTF-8)."
            )
            raise errors.BadInput(detail=detail)


def _unforeseen(error: Exception, *, as_json: bool) -> int:
    show = getattr(error, "show", None)
    if show is not None:  # a wrong word or option: the parser knows how to say it
        show()
        return int(getattr(error, "exit_code", EXIT_BAD_INPUT))
    if isinstance(error, OSError):
        refused = errors.SystemRefused(detail=str(error))
        complain(refused.message, refused.code, as_json=as_json)
        return refused.exit_code
    from junmai import log

    log.get("junmai.cli").error("unforeseen", exc_info=error)
    complain(
        f"an error inside Junmai: {type(error).__name__}: {error}. The log has the details.",
        "internal",
        as_json=as_json,
    )
    return EXIT_FAULT
