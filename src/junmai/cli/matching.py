"""`junmai match`: what one look over a session does to each photo, and what the user wants beside it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from junmai import errors
from junmai.cli import batches
from junmai.cli.opening import opened
from junmai.cli.render import complaints, console, counted, print_json
from junmai.cli.session import EXIT_DONE
from junmai.control.controller import BatchController
from junmai.control.match_outputs import look_at_outputs, summed_up, told
from junmai.control.matched import adjust, described
from junmai.control.recovery import live_runners
from junmai.domain.matching import Adjustment, Shown
from junmai.domain.model import Batch

app = typer.Typer(help="One look over a session: what it does to each photo.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
Outputs = Annotated[
    bool,
    typer.Option(
        "--outputs",
        help="Measure the written outputs: each beside the same photo developed once more without its match.",
    ),
]


@app.command("show")
def show(batch: batches.BatchId = None, outputs: Outputs = False, json: Json = False) -> int:
    """Show what matching found for each photo of a batch."""
    with opened("match show") as controller:
        found = batches.named(controller, batch)
        if outputs and found.matching is not None:
            return _show_outputs(controller, found, as_json=json)
        shown = controller.store.solutions(found.no)
        if json:
            for one in shown:
                print_json(described(one))
            return EXIT_DONE
        if found.matching is None:
            console.print(f"{found.id} is not matched; `junmai develop FOLDER --match session` does it.")
            return EXIT_DONE
        if found.matching == "measuring":
            console.print(f"{found.measured:,} of {counted(found.total)} measured; nothing is found yet.")
        table = Table(box=None, pad_edge=False)
        for title in ("id", "photo", "scene", "EV", "red", "blue", "apart before", "after", ""):
            table.add_column(title, justify="left" if title in ("photo", "") else "right")
        for one in shown:
            if one.found is not None:
                table.add_row(*_row(one))
    console.print(table)
    return EXIT_DONE


@app.command("set")
def set_one(
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="Its path, or its id.")],
    exposure: Annotated[float, typer.Option(help="EV brighter (or, below 0, darker) than matching makes it.")] = 0.0,
    red: Annotated[float, typer.Option(help="Times red beside what matching does: 1.05 is warmer.")] = 1.0,
    blue: Annotated[float, typer.Option(help="Times blue beside what matching does: 1.05 is cooler.")] = 1.0,
    off: Annotated[bool, typer.Option("--off", help="Leave this photo as it is.")] = False,
    clear: Annotated[bool, typer.Option("--clear", help="Nothing but what matching finds.")] = False,
    json: Json = False,
) -> int:
    """Change what matching does to one photo, from now on; it replaces what was set before."""
    wanted = Adjustment(exposure, red, blue, off)
    if (wanted == Adjustment()) != clear:
        raise errors.BadInput(detail="Say what is to change (--exposure, --red, --blue, --off), or --clear; not both.")
    if off and wanted != Adjustment(off=True):
        raise errors.BadInput(detail="--off leaves the photo as it is: nothing else can be changed with it.")
    with opened("match set") as controller:
        known, waiting = adjust(controller.store, photo, wanted)
    if json:
        print_json({"photo_id": known.id, "path": known.path, "waiting_count": waiting})
        return EXIT_DONE
    console.print(f"Kept for {escape(known.path)}.")
    if waiting:
        console.print("It waits to be developed, and will be so.")
    else:
        console.print("Where it is developed already, the same command as before does it again, and no other photo.")
    return EXIT_DONE


def _show_outputs(controller: BatchController, batch: Batch, *, as_json: bool) -> int:
    """What the outputs that are written by now show, and what that comes to."""
    if not batch.recipe.output.pixels:
        raise errors.BadInput(detail=f"{batch.id} writes sidecars only: there are no outputs to measure.")

    # beside a runner that develops, one worker: it must not take the cores that the runner counts on
    executor = controller.executor(1 if live_runners(controller.store, controller.settings) else None)
    with complaints.status("Measuring") as status:
        looked = look_at_outputs(
            controller.store,
            controller.settings.data,
            batch,
            executor,
            lambda done, total: status.update(f"{done:,} of {counted(total)} measured"),
        )
    said, summary = [told(one) for one in looked], summed_up(looked)
    if as_json:
        for one in said:
            print_json(one)
        print_json({"summary": summary})
        return EXIT_DONE
    table = Table(box=None, pad_edge=False)
    for title in ("id", "photo", "scene", "apart before", "after", "clipped before", "after", "newly", ""):
        table.add_column(title, justify="left" if title in ("photo", "") else "right")
    for one in said:
        table.add_row(*_output_row(one))
    console.print(table)
    console.print(_spread(summary))
    return EXIT_DONE


def _output_row(one: dict[str, object]) -> list[str]:
    name = one["file_name"] or f"photo {one['photo_id']}"
    percents = (one[f"{each}_percent"] for each in ("clipped_before", "clipped_after", "newly_clipped"))
    return [
        str(one["photo_id"]),
        escape(str(name)),
        str(one["scene"]),
        *(
            "" if each is None else f"{each:.1f}"
            for each in (one["output_distance_before"], one["output_distance_after"])
        ),
        *("" if each is None else f"{each:.2f} %" for each in percents),
        escape(str(one["output_why"] or "")),
    ]


def _spread(summary: dict[str, object]) -> str:
    words = f"{counted(int(str(summary['looked_at'])))} measured, in {counted(int(str(summary['scenes'])), 'scene')}."
    if summary["spread_before"] is not None:
        before, after = summary["spread_before"], summary["spread_after"]
        words += f" Apart from their scenes: {before:.2f} dE00 before, {after:.2f} after."
    if summary["newly_clipped_percent"] is not None:
        before, after, newly = (
            summary[f"{one}_percent"] for one in ("clipped_before", "clipped_after", "newly_clipped")
        )
        words += f" Clipped pixels: {before:.2f} % before, {after:.2f} % after, {newly:.2f} % newly."
    return words


def _row(one: Shown) -> list[str]:
    said = described(one)
    solution = one.solution
    if solution is None:
        raise RuntimeError("only what was found is shown")
    notes = []
    if said["why"]:
        notes.append(f"not measured: {said['why']}")
    if solution.capped:
        notes.append("more was wanted")
    if one.adjustment.off:
        notes.append("off")
    elif one.adjustment != Adjustment():
        notes.append("adjusted")
    name = said["file_name"] or f"photo {one.photo_id}"
    return [
        str(one.photo_id),
        escape(str(name)),
        str(solution.group),
        f"{solution.exposure:+.2f}",
        f"{solution.red:.3f}",
        f"{solution.blue:.3f}",
        *("" if each is None else f"{each:.1f}" for each in (said["distance_before"], said["distance_after"])),
        escape(", ".join(notes)),
    ]
