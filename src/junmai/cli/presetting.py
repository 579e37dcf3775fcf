"""`junmai presets`: looks by name, from Lightroom and back to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from junmai import errors
from junmai.cli.opening import opened
from junmai.cli.render import complain, complaints, console, print_json, relative
from junmai.cli.session import EXIT_DONE, EXIT_FAILURES
from junmai.clock import iso
from junmai.control import comparing, presetting
from junmai.control.presetting import Difference, Imported, Refused
from junmai.develop import presetfile
from junmai.develop.taking import Line, Verdict
from junmai.domain.model import SettingValue
from junmai.domain.preset import Preset
from junmai.store.base import Store

app = typer.Typer(help="Looks: list them, take them from Lightroom, give them back.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="The preset's name; no version: the newest.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the file that stands there.")]

_COUNTED = {
    Verdict.APPLIED: "applied",
    Verdict.ADJUSTED: "applied in another way",
    Verdict.NOT_SUPPORTED: "not supported",
    Verdict.LEFT_OUT: "left out",
    Verdict.NO_EFFECT: "without effect",
    Verdict.ABOUT: "about the preset itself",
}
_NAMED = (Verdict.ADJUSTED, Verdict.NOT_SUPPORTED, Verdict.LEFT_OUT)


@app.command("list")
def list_all(json: Json = False) -> int:
    """List the presets."""
    with opened("presets list") as controller:
        found = presetting.all_presets(controller.store)
    table = Table(box=None, pad_edge=False)
    for title in ("name", "version", "from", "what it does"):
        table.add_column(title, overflow="fold")
    for preset in found:
        if json:
            print_json(preset_object(preset))
        origin = str(preset.origin.get("file") or preset.origin.get("kind") or "")
        table.add_row(*(escape(text) for text in (preset.name, str(preset.version), origin, preset.description)))
    if not json:
        console.print(table)
    return EXIT_DONE


@app.command("show")
def show(name: Name, json: Json = False) -> int:
    """Show what a preset sets, and what of it Junmai cannot do."""
    with opened("presets show") as controller:
        preset = presetting.find(controller.store, name)
        known = presetting.versions(controller.store, name)
    report = presetfile.report_of(preset)
    if json:
        numbers = [each.version for each in known]
        print_json({**preset_object(preset), "versions": numbers, "report": _lines(report)})
        return EXIT_DONE
    said = f": {escape(preset.description)}" if preset.description else ""
    console.print(f"[bold]{escape(preset.title)}[/] ({escape(preset.reference)}){said}")
    if preset.created_at is not None:
        file = escape(str(preset.origin.get("file")))
        console.print(f"  from {file}, {str(iso(preset.created_at))[:10]}; {len(known)} version{_s(len(known))}")
        for each in known if len(known) > 1 else ():
            told = f": {each.note}" if each.note else ""
            row = f"{each.reference}  {str(iso(each.created_at or 0))[:10]}  {each.origin.get('file')}{told}"
            console.print(f"    {escape(row)}")
    for field, value in preset.settings.items():
        console.print(f"  {field:32} {escape(_shown(value))}")
    if not preset.settings:
        console.print("  It changes nothing.")
    _print_lines(report, _NAMED)
    return EXIT_DONE


@app.command("import")
def import_presets(
    sources: Annotated[
        list[str], typer.Argument(metavar="FILE...", help=".xmp, .lrtemplate, a photo's sidecar, or folders of them.")
    ],
    name: Annotated[str | None, typer.Option(help="Call it so; none: as it calls itself.")] = None,
    note: Annotated[str, typer.Option(help="A note to keep with it.")] = "",
    json: Json = False,
) -> int:
    """Take presets from Lightroom. Every field is applied, or named with what it would have done."""
    paths = [Path(source).expanduser() for source in sources]
    with opened("presets import") as controller:
        results = presetting.import_all(controller.store, paths, name=name, note=note)
    refused = [result for result in results if isinstance(result, Refused)]
    if len(results) == 1 and refused:
        raise refused[0].error
    for result in results:
        if isinstance(result, Refused):
            complain(result.error.message, result.error.code, as_json=json)
        elif json:
            print_json(_imported_object(result))
        else:
            _print_imported(result)
    if refused:
        complaints.print(
            f"{len(results) - len(refused)} imported, {len(refused)} could not be read; they are named above."
        )
    return EXIT_FAILURES if refused else EXIT_DONE


@app.command("use")
def use(
    name: Annotated[str, typer.Argument(metavar="NAME@VERSION", help="The older version.")], json: Json = False
) -> int:
    """Make an older version of a preset the newest one again. No version is lost, and no batch changes."""
    with opened("presets use") as controller:
        preset, changed = presetting.use_again(controller.store, name)
    state = f"is the newest version now: {preset.note}." if changed else "is the newest version already."
    _tell({**preset_object(preset), "new": changed}, f"{preset.reference} {state}", json)
    return EXIT_DONE


@app.command("export")
def export(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it: an .xmp.")],
    overwrite: Overwrite = False,
    json: Json = False,
) -> int:
    """Write a preset as an .xmp for Lightroom, with every field that it came with."""
    with opened("presets export") as controller:
        preset = presetting.export(controller.store, name, file.expanduser(), overwrite=overwrite)
    _tell({"preset": preset.reference, "file": str(file)}, f"{preset.reference} is written to {file}.", json)
    return EXIT_DONE


@app.command("diff")
def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="NAME, NAME@VERSION, or a file.")],
    second: Annotated[str, typer.Argument(metavar="B", help="The other one.")],
    photo: Annotated[Path | None, typer.Option(help="Develop this photo with both, side by side.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="The sheet with both of them (.jpg or .png), where --photo is given.")
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> int:
    """Compare two presets, or two versions of one: by what they set, and on a photo."""
    if (photo is None) != (out is None):
        raise errors.BadInput(detail="--photo and --out go together: the photo, and the sheet to write (.jpg or .png).")
    with opened("presets diff") as controller:
        one, other = (presetting.find_or_read(controller.store, text) for text in (first, second))
        if photo is not None and out is not None:
            looks = (comparing.Look(_label(one), one.settings), comparing.Look(_label(other), other.settings))
            executor = controller.executor(1)
            try:
                data = comparing.side_by_side(photo.expanduser(), looks, out.expanduser(), executor)
            finally:
                executor.stop(at_once=True)
            presetting.write_new(controller.store, out.expanduser(), data, overwrite=overwrite)
    found = presetting.differences(one, other)
    if json:
        rows = [{"field": row.field, "first": row.first, "second": row.second} for row in found]
        print_json({"first": _label(one), "second": _label(other), "differences": rows, "file": _text(out)})
        return EXIT_DONE
    _print_differences(one, other, found)
    if out is not None:
        console.print(f"Side by side: {escape(str(out))}")
    return EXIT_DONE


def taken(store: Store, preset: str | None, say: Callable[[str], None]) -> str | None:
    """A preset as `develop` takes it: a file is imported first, and its exact version is meant.

    `say` is told what of it is new or cannot be done. Raises `PresetUnreadable`, `PresetRefused`.
    """
    if preset is None or not presetting.is_preset_file(preset):
        return preset
    imported = presetting.import_file(store, Path(preset).expanduser())
    lost = sum(line.verdict is Verdict.NOT_SUPPORTED for line in imported.report)
    if imported.new:
        say(f"The preset {imported.preset.reference} is imported from {relative(str(imported.path))}.")
    if lost:
        shown = f"`junmai presets show '{imported.preset.reference}'` names them"
        say(f"{lost} field{_s(lost)} of the preset {imported.preset.reference} cannot be done; {shown}.")
    return imported.preset.reference


def preset_object(preset: Preset) -> dict[str, object]:
    """A preset as programs see it."""
    return {
        "name": preset.name,
        "version": preset.version,
        "title": preset.title,
        "description": preset.description,
        "settings": dict(preset.settings),
        "origin": {key: preset.origin.get(key) for key in ("kind", "file")},
        "note": preset.note,
        "created_at": iso(preset.created_at) if preset.created_at is not None else None,
    }


# --- what the user sees -------------------------------------------------------------------------------------


def _print_imported(result: Imported) -> None:
    preset = result.preset
    what = "is new" if preset.version == 1 else "is a new version"
    state = what if result.new else "was there already"
    counts = [f"{count} {words}" for verdict, words in _COUNTED.items() if (count := _count(result.report, verdict))]
    console.print(f"[bold]{escape(preset.reference)}[/] {state} ({escape(result.path.name)}): {', '.join(counts)}.")
    if result.unlike is not None:
        older = result.unlike.reference
        console.print(
            f"  [yellow]It has almost nothing in common with {escape(older)}.[/] If it is another preset, import it "
            f"with another --name; `junmai presets use '{escape(older)}'` goes back."
        )
    _print_lines(result.report, _NAMED)


def _print_lines(report: Sequence[Line], verdicts: Sequence[Verdict]) -> None:
    for line in report:
        if line.verdict in verdicts:
            value = f" = {line.value}" if line.value else ""
            console.print(f"  {_COUNTED[line.verdict]}: {escape(line.field + value)}: {escape(line.says)}")


def _print_differences(one: Preset, other: Preset, found: Sequence[Difference]) -> None:
    if not found:
        console.print(f"{escape(_label(one))} and {escape(_label(other))} set the same.")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("setting", _label(one), _label(other), "what it is"):
        table.add_column(escape(title), overflow="fold")
    for row in found:
        table.add_row(row.field, escape(_shown(row.first)), escape(_shown(row.second)), escape(row.meaning))
    console.print(table)


def _shown(value: SettingValue | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, tuple):
        return "  ".join(f"{x:g},{y:g}" for x, y in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _label(preset: Preset) -> str:
    return preset.reference if preset.version else f"{preset.name} ({preset.origin.get('file')})"


def _count(report: Sequence[Line], verdict: Verdict) -> int:
    return sum(line.verdict is verdict for line in report)


def _lines(report: Sequence[Line]) -> list[dict[str, object]]:
    return [
        {"field": line.field, "value": line.value, "verdict": line.verdict.value, "says": line.says} for line in report
    ]


def _imported_object(result: Imported) -> dict[str, Any]:
    return {
        "file": str(result.path),
        "new": result.new,
        **preset_object(result.preset),
        "report": _lines(result.report),
    }


def _tell(facts: dict[str, object], words: str, as_json: bool) -> None:
    if as_json:
        print_json(facts)
    else:
        console.print(escape(words))


def _text(path: Path | None) -> str | None:
    return str(path) if path is not None else None


def _s(count: int) -> str:
    return "" if count == 1 else "s"
