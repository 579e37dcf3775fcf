"""Lists and tables: batches, photos, findings."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

from rich.cells import cell_len, set_cell_size
from rich.markup import escape
from rich.table import Table

from junmai.cli.render import Reporter, clean, console, counted, print_json, relative, span
from junmai.cli.session import EXIT_DONE, EXIT_FAILURES
from junmai.control import conditions, presetting, rooting
from junmai.control.controller import BatchController
from junmai.control.doctor import Finding, all_batches, all_items
from junmai.control.importing import Imported
from junmai.control.rebuild import TakenIn
from junmai.control.reverting import Reverted
from junmai.domain.lifecycle import BatchStatus
from junmai.domain.model import Batch, OutputOptions, Photo
from junmai.store.base import Store

NAMES_SHOWN = 12
_DONE_WORDS = {
    "pause": "is paused; photos in hand are finished, no other is begun.",
    "resume": "goes on.",
    "cancel": "is cancelled; what was developed stays.",
    "priority": "has its new priority.",
    "retry": "tries its failed photos again.",
}


def _form(output: OutputOptions) -> str:
    size = f"{output.long_edge} px" if output.long_edge else "full size"
    quality = f" of quality {output.quality}" if output.format in ("jpeg", "webp", "avif") else ""
    return f"{output.format}{quality}, {size}, {output.color_space}"


def _batches(count: int) -> str:
    return counted(count, "batch", "batches")


def steered(verb: str, controller: BatchController, batch: Batch, *, as_json: bool) -> None:
    """Say what a command did."""
    if as_json:
        print_json(controller.status(batch.id))
    else:
        console.print(f"{batch.id} {_DONE_WORDS[verb]}")


def batches(controller: BatchController, status: str | None, *, as_json: bool) -> int:
    """Every batch, the newest first."""
    table = Table(box=None, pad_edge=False)
    for title in ("batch", "state", "photos", "done", "failed", "created", "folder"):
        numeric = title in {"photos", "done", "failed"}
        table.add_column(
            title,
            justify="right" if numeric else "left",
            no_wrap=title != "folder",
            overflow="fold",
            min_width=18 if title == "batch" else None,
        )
    found = [batch for batch in all_batches(controller.store) if status in (None, batch.status)]
    for batch in found:
        shown = controller.status(batch.id)
        if as_json:
            print_json(shown)
            continue
        counts = [f"{value:,}" for value in (batch.total, batch.processed + batch.skipped, batch.failed)]
        created = str(shown["created_at"])[:16].replace("T", " ")
        table.add_row(batch.id, batch.status, *counts, created, escape(batch.folder))
    if not as_json:
        console.print(table if found else "There is no batch yet. `junmai develop FOLDER` starts one.")
    return EXIT_DONE


def reverted(found: Reverted, *, as_json: bool) -> int:
    """What became of the sidecars of a batch; one that was left alone changes the exit code."""
    if as_json:
        print_json(found.to_dict())
        return EXIT_FAILURES if found.left else EXIT_DONE
    for one in found.left:
        console.print(f"[red]left alone[/] {escape(one.detail)}")
    parts = [
        f"{counted(count, 'sidecar')} {what}"
        for count, what in (
            (found.restored, "put back as before"),
            (found.removed, "removed that were not there before"),
            (found.already, "as before already"),
            (len(found.left), "left alone"),
        )
        if count
    ]
    console.print(f"{found.batch_id}: {', '.join(parts) or 'there is no sidecar of it to take back'}.")
    return EXIT_FAILURES if found.left else EXIT_DONE


def recovered(answer: dict[str, object], *, as_json: bool) -> int:
    """What recover paused."""
    if as_json:
        print_json(answer)
    else:
        count = answer["recovered_count"]
        console.print(f"{count} interrupted batches are paused; `junmai batch resume BATCH` goes on with one.")
    return EXIT_DONE


def cleaned(count: int, days: float, *, as_json: bool) -> int:
    """What cleanup removed."""
    if as_json:
        print_json({"cleaned_count": count, "days_old": days})
    else:
        console.print(f"{_batches(count)} that ended {days:g} days ago or earlier forgotten; developed photos stay.")
    return EXIT_DONE


def merged(answer: dict[str, object], *, as_json: bool) -> int:
    """What merge made."""
    if as_json:
        print_json(answer)
    else:
        console.print(
            f"{answer['batch_id']} has {counted(int(str(answer['photo_count'])))} now; the other batches are cancelled."
        )
        console.print(f"  `junmai batch resume {answer['batch_id']}` goes on with it")
    return EXIT_DONE


def rebuilt(found: TakenIn, *, as_json: bool) -> int:
    """What came of taking in state files."""
    code = EXIT_FAILURES if found.set_aside or found.left else EXIT_DONE
    if as_json:
        aside = [{"path": str(one.path), "reason": one.reason} for one in found.set_aside]
        print_json({**asdict(found), "set_aside": aside})
        return code
    console.print(
        f"{_batches(len(found.batch_ids))} taken in, {counted(found.photos)} new to the library, "
        f"{counted(found.outputs_found, 'output')} found as they were recorded, {found.outputs_missing:,} not."
    )
    for batch_id in found.batch_ids:
        console.print(f"  {batch_id}; `junmai batch show {batch_id}` shows it")
    for warning in found.warnings:
        console.print(f"  [yellow]{escape(warning)}[/]")
    return code


def batch(controller: BatchController, found: Batch, *, as_json: bool) -> int:
    """One batch: where it stands, what failed by cause, and what helps."""
    shown = controller.status(found.id)
    if as_json:
        print_json(shown)
        return EXIT_DONE
    ended = found.processed + found.failed + found.skipped
    console.print(f"[bold]{found.id}[/]  {found.status}, {ended:,} of {counted(found.total)}")
    done = f"developed {found.processed:,}, failed {found.failed:,}, right already {found.skipped:,}"
    cancelled = f", not developed {found.total - ended:,}" if found.status == BatchStatus.CANCELLED else ""
    console.print(f"  {done}, to go {found.remaining:,}{cancelled}")
    look = f"preset {found.preset}" + (", photos' own settings over it" if found.recipe.own else "")
    console.print(f"  {escape(look)}, priority {found.priority}")
    console.print(f"  {_form(found.recipe.output)}, into {escape(found.folder)}")
    for one in found.recipe.further:
        folder = escape(str(Path(found.folder) / one.label))
        console.print(f"  also {one.label}: {_form(one.output)}, into {folder}")
    served = controller.served_by(found)
    missing = rooting.missing_for(controller.store, controller.settings, found)
    if missing:
        console.print(f"  [yellow]{escape(rooting.sentence(missing))}[/]")
    if found.status == BatchStatus.PAUSED:
        cause = conditions.sentence(found.pause_reason, found.pause_detail)
        console.print(f"  [yellow]paused by {escape(str(found.pause_by))}: {escape(cause)}[/]")
        console.print(f"  `junmai batch resume {found.id}` goes on")
    elif found.status == BatchStatus.RUNNING and served:
        eta = shown["eta_seconds"]
        rate = f", {shown['photos_per_second']} photos/s" if eta is not None else ""
        left = f"{rate}, about {span(float(str(eta)))} left" if eta is not None else ""
        console.print(f"  at work: {escape('; '.join(served))}{left}")
    elif found.status == BatchStatus.RUNNING:
        console.print(f"  [yellow]no Junmai is at work on it[/]; `junmai batch resume {found.id}` goes on")
    _failures(controller.store, found)
    _remarks(controller.store, found)
    return EXIT_DONE


def _failures(store: Store, found: Batch) -> None:
    by_cause: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in all_items(store, found.no, status="failed"):
        name = item.path or f"photo {item.photo_id}"
        by_cause[str(item.error_kind), str(item.error_message)].append(name)
    for (kind, message), names in sorted(by_cause.items()):
        console.print(f"  [red]{kind}[/]: {escape(message)}")
        _names(names)


def _remarks(store: Store, found: Batch) -> None:
    """What of the preset, of photos' own settings and of what was asked for could not be done, by what it is."""
    for line in presetting.lost_of(store, found.preset):
        value = f" = {line.value}" if line.value else ""
        console.print(f"  [yellow]not of the preset[/]: {escape(line.field + value)}: {escape(line.says)}")
    by_remark: dict[str, list[int]] = defaultdict(list)
    for photo_id, remarks in store.remarks(found.no).items():
        for remark in remarks:
            by_remark[remark].append(photo_id)
    for remark, photo_ids in sorted(by_remark.items()):
        console.print(f"  [yellow]could not be done[/]: {escape(remark)}")
        _names([photo.path for photo in store.photos_by_ids(photo_ids[: NAMES_SHOWN + 1])], len(photo_ids))


def _names(names: list[str], count: int | None = None) -> None:
    total = len(names) if count is None else count
    for name in names[:NAMES_SHOWN]:
        console.print(f"    {escape(relative(name))}")
    if total > NAMES_SHOWN:
        console.print(f"    and {total - NAMES_SHOWN} more")


def photos(store: Store, session: int | None, min_rating: int | None, *, as_json: bool) -> int:
    """The photos of the library, page by page: a table of 100,000 rows takes a minute to lay out."""
    after, empty = 0, True
    while page := store.photos(session_id=session, min_rating=min_rating, after=after):
        if as_json:
            for photo in page:
                print_json(photo_object(photo))
        else:
            _photo_page([_photo_row(photo) for photo in page], with_head=empty)
        after, empty = page[-1].id, False
    if empty and not as_json:
        nothing = (
            "No photo is like that."
            if session or min_rating
            else "There is no photo yet. `junmai import FOLDER` takes some in."
        )
        console.print(nothing)
    return EXIT_DONE


def _photo_row(photo: Photo) -> tuple[str, ...]:
    return (
        str(photo.id),
        clean(photo.file_name),
        (photo.captured_at or "")[:19].replace("T", " "),
        clean(photo.camera or ""),
        f"{photo.width}x{photo.height}" if photo.width else "",
        str(photo.rating if photo.rating is not None else ""),
        str(photo.session_id or ""),
    )


def _photo_page(rows: list[tuple[str, ...]], *, with_head: bool) -> None:
    heads = ("id", "file", "taken", "camera", "size", "rating", "session")
    widths = [max(map(cell_len, column)) for column in zip(heads, *rows, strict=True)]
    for row in [heads, *rows] if with_head else rows:
        line = "  ".join(set_cell_size(text, width) for text, width in zip(row, widths, strict=True)).rstrip()
        console.out(line, style="bold" if row is heads else None, highlight=False)


def photo_object(photo: Photo) -> dict[str, object]:
    """A photo as programs see it."""
    return {
        **photo.facts,
        "photo_id": photo.id,
        "session_id": photo.session_id,
        "file_name": photo.file_name,
        "path": photo.path,
        "kind": photo.kind,
        "captured_at": photo.captured_at,
        "camera": photo.camera,
        "width": photo.width,
        "height": photo.height,
        "rating": photo.rating,
        "size": photo.size,
        "unsupported": photo.unsupported,
    }


def imported(found: Imported, reporter: Reporter, *, as_json: bool) -> int:
    """What import took in, knew, and left out."""
    for left in found.left_out:
        reporter.photo(
            "left_out",
            path=str(left.path),
            photo_id=None,
            status="left_out",
            error_kind="left_out",
            error_message=left.reason,
        )
    for photo in found.photos:
        if photo.unsupported and not as_json:
            console.print(f"[yellow]cannot be developed[/]  {escape(photo.path)}: {escape(photo.unsupported)}")
    summary: dict[str, object] = {
        "imported": found.new,
        "known": found.known,
        "left_out": len(found.left_out),
        "session_ids": list(found.session_ids),
    }
    sessions = counted(len(found.session_ids), "session")
    words = f"{found.new} new, {found.known} known, {len(found.left_out)} left out, in {sessions}."
    reporter.end(summary, [words])
    return EXIT_DONE


def findings(found: list[Finding], *, as_json: bool) -> None:
    """What doctor found."""
    for finding in found:
        if as_json:
            print_json(asdict(finding))
        else:
            colour = "red" if finding.level == "error" else "yellow"
            where = f"{finding.batch_id}: " if finding.batch_id else ""
            console.print(f"[{colour}]{finding.level}[/] {finding.check}: {where}{escape(finding.message)}")
    if not as_json and not found:
        console.print("Everything is as it should be.")
