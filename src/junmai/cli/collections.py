"""`junmai collections`: photos picked by the user, across sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from junmai import errors
from junmai.cli.opening import opened
from junmai.cli.render import console, counted, print_json
from junmai.cli.session import EXIT_DONE
from junmai.control import picking
from junmai.control.controller import BatchController
from junmai.library.selection import Selection, moment

app = typer.Typer(help="Pick photos across sessions.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The collection's name.")]
Ids = Annotated[list[int] | None, typer.Argument(metavar="[PHOTO]...", help="Ids of photos.")]
First = Annotated[str | None, typer.Option("--from", help="Taken then or later: 2026-05-17 or 2026-05-17T22:00.")]
Last = Annotated[str | None, typer.Option("--to", help="Taken then or earlier.")]
Camera = Annotated[str | None, typer.Option(help="Taken with this camera.")]
Session = Annotated[int | None, typer.Option(help="Of the session with this id.")]
Rating = Annotated[int | None, typer.Option("--min-rating", min=0, max=5, help="Rated so or better.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


@app.command("list")
def list_all(json: Json = False) -> int:
    """List the collections."""
    table = Table(box=None, pad_edge=False)
    for title in ("name", "photos"):
        table.add_column(title)
    with opened("collections list") as controller:
        found = controller.store.collections()
    for collection in found:
        if json:
            print_json({"name": collection.name, "photo_count": collection.photo_count})
        table.add_row(escape(collection.name), str(collection.photo_count))
    if not json:
        console.print(table if found else "There is no collection yet. `junmai collections add NAME ...` makes one.")
    return EXIT_DONE


@app.command("show")
def show(name: Name, json: Json = False) -> int:
    """List the photos of a collection."""
    with opened("collections show") as controller:
        for photo in picking.selected(controller.store, Selection.of(collection=name)):
            if json:
                print_json({"photo_id": photo.id, "path": photo.path})
            else:
                console.print(f"{photo.id:6}  {escape(photo.path)}")
    return EXIT_DONE


@app.command("add")
def add(
    name: Name,
    photos: Ids = None,
    first: First = None,
    last: Last = None,
    camera: Camera = None,
    session: Session = None,
    min_rating: Rating = None,
    json: Json = False,
) -> int:
    """Put photos into a collection, by their ids or by a search."""
    for option, text in (("--from", first), ("--to", last)):
        if text is not None:
            moment(option, text)
    search = Selection.of(first=first, last=last, camera=camera, session_id=session, min_rating=min_rating)
    with opened("collections add") as controller:
        chosen = _chosen(controller, photos, search)
        added = controller.store.add_to_collection(name, chosen)
    _tell({"name": name, "added": added, "known": len(chosen) - added}, f"{counted(added)} added to {name}.", json)
    return EXIT_DONE


@app.command("remove")
def remove(name: Name, photos: Ids = None, yes: Yes = False, json: Json = False) -> int:
    """Take photos out of a collection; without ids, remove the collection. Photos themselves stay."""
    with opened("collections remove") as controller:
        if photos:
            count = controller.store.take_from_collection(name, photos)
            _tell({"name": name, "removed": count}, f"{counted(count)} taken out of {name}.", json)
        else:
            _remove_whole(controller, name, sure=yes or json)
            _tell({"name": name, "removed": None}, f"The collection {name} is removed; its photos stay.", json)
    return EXIT_DONE


def _remove_whole(controller: BatchController, name: str, *, sure: bool) -> None:
    """What is in it is known nowhere else, so somebody at a terminal is asked."""
    collection = controller.store.collection_id(name)
    if console.is_terminal and not sure:
        found = next(one for one in controller.store.collections() if one.id == collection)
        if not typer.confirm(f"Remove the collection {name} of {counted(found.photo_count)}?"):
            raise errors.BadInput(detail=f"The collection {name} stays; nothing was changed.")
    controller.store.remove_collection(name)


def _chosen(controller: BatchController, ids: Sequence[int] | None, search: Selection) -> list[int]:
    if ids and not search.is_empty:
        raise errors.BadInput(detail="Give ids of photos or a search, not both.")
    if ids:
        return list(picking.names_of(controller.store, list(dict.fromkeys(ids))))
    if search.is_empty:
        raise errors.BadInput(detail="Say which photos: their ids, or --from, --to, --camera, --session, --min-rating.")
    found = [photo.id for photo in picking.selected(controller.store, search)]
    if not found:
        raise errors.BadInput(detail="No photo of the library is like that.")
    return found


def _tell(facts: dict[str, object], words: str, as_json: bool) -> None:
    if as_json:
        print_json(facts)
    else:
        console.print(escape(words))
