"""What the documentation says about codes, settings, states and columns, made from the code itself.

    PYTHONPATH=tests python -m docpages.generated

writes it anew into the pages, between `<!-- made: NAME -->` and `<!-- end: NAME -->`. A test holds the pages equal.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from types import ModuleType

from docpages.advice import ADVICE
from docpages.pages import DOCS
from junmai import config, error, errors
from junmai import photo_errors as photo_errors_module
from junmai.config import Settings
from junmai.develop.fields import FIELDS
from junmai.domain import lifecycle
from junmai.domain.lifecycle import BATCH_EDGES, ITEM_EDGES, BatchStatus, Edge, ItemStatus

Row = Sequence[str]


def blocks() -> dict[str, dict[str, str]]:
    """Every made block, by page and name."""
    return {
        "architecture.md": {
            "batch-states": _states(BatchStatus),
            "batch-edges": _edges(BATCH_EDGES),
            "item-states": _states(ItemStatus),
            "item-edges": _edges(ITEM_EDGES),
        },
        "configuration.md": {"settings": settings_table()},
        "develop.md": {"develop-settings": develop_settings_table()},
        "errors.md": {"photo-errors": photo_errors(), "command-errors": command_errors()},
    }


def filled(page: str, text: str) -> str:
    """The text of a page with its made blocks as they should be. Raises ValueError where one has no place."""
    for name, made in blocks().get(page, {}).items():
        place = re.compile(rf"(<!-- made: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        if len(place.findall(text)) != 1:
            raise ValueError(f"{page} has no place, or more than one, for {name}")
        text = place.sub(lambda found, made=made: f"{found[1]}\n{made}\n\n{found[2]}", text)  # type: ignore[misc]
    return text


# --- errors -------------------------------------------------------------------------------------------------


def kinds() -> list[type[errors.JunmaiError]]:
    """Every exception, in the order of the modules that define them."""
    found = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.JunmaiError)]
    names = [name for module in (error, photo_errors_module, errors) for name in _classes(module)]
    lines = {name: number for number, name in enumerate(names)}
    return sorted(found, key=lambda kind: lines[kind.__name__])


def photo_errors() -> str:
    """The kinds of failures that an item can have."""
    found = [kind for kind in kinds() if issubclass(kind, errors.PhotoError)]
    rows = [(f"`{one.code}`", _sentence(one), _yes(one.may_pass), ADVICE[one.code]) for one in found]
    return _table(("code", "sentence", "may pass", "what to do"), rows)


def command_errors() -> str:
    """The reasons for which a command cannot be carried out."""
    found = [kind for kind in kinds() if not issubclass(kind, errors.PhotoError)]
    rows = [
        (f"`{one.code}`", _sentence(one), str(one.exit_code), str(one.http_status), ADVICE[one.code]) for one in found
    ]
    return _table(("code", "sentence", "exit", "HTTP", "what to do"), rows)


def _sentence(kind: type[errors.JunmaiError]) -> str:
    """The message, with its fields in braces. In a table a `|` would end the cell."""
    return inspect.cleandoc(kind.__doc__ or "").replace("\n", " ").replace("|", "\\|").replace("!r}", "}")


# --- settings -----------------------------------------------------------------------------------------------


def settings_table() -> str:
    """Every setting, its default, what it may be, and what it means."""
    said = _said_below(config, "Settings")
    rows = []
    for name, field in Settings.model_fields.items():
        default = "the platform's folder" if name == "data" else _shown(field.get_default())
        rows.append((f"`{name}`", f"`JUNMAI_{name.upper()}`", default, _allowed(name), _flat(said[name])))
    return _table(("setting", "environment", "default", "may be", "what it means"), rows)


def develop_settings_table() -> str:
    """Every develop setting, what it may be, and what it does."""
    rows = [(f"`{one.name}`", one.expected, one.meaning) for one in FIELDS.values()]
    return _table(("setting", "may be", "what it does"), rows)


def _shown(default: object) -> str:
    if default is None:
        return "none"
    return f"{default:g}" if isinstance(default, int | float) else f"`{default}`"


def _allowed(name: str) -> str:
    """The bounds or the choices, as the schema of the settings tells them."""
    schema = Settings.model_json_schema()["properties"][name]
    if {one.get("type") for one in schema.get("anyOf", [])} == {"array", "object"}:
        return "a list or a table"
    given = next((one for one in schema.get("anyOf", []) if one.get("type") != "null"), schema)
    if "enum" in given:
        return ", ".join(f"`{one}`" for one in given["enum"])
    if "exclusiveMinimum" in given:
        return f"more than {given['exclusiveMinimum']:g}"
    low, high = given.get("minimum"), given.get("maximum")
    if low is None:
        return {"array": "a list", "string": "a path" if given.get("format") == "path" else "a text"}[given["type"]]
    return f"{low:g} or more" if high is None else f"{low:g} to {high:g}"


# --- states -------------------------------------------------------------------------------------------------


def _states(kind: type[StrEnum]) -> str:
    said = _said_below(lifecycle, kind.__name__)
    return _table(("state", "what it means"), [(f"`{one}`", _flat(said[one.name])) for one in kind])


def _edges(edges: tuple[Edge, ...]) -> str:
    rows = [
        (f"`{one.verb}`", ", ".join(f"`{source}`" for source in one.sources), f"`{one.target}`", one.meaning)
        for one in edges
    ]
    return _table(("verb", "from", "to", "meaning"), rows)


# --- small steps --------------------------------------------------------------------------------------------


def _table(heads: Row, rows: Iterable[Row]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _flat(text: str) -> str:
    return inspect.cleandoc(text).replace("\n", " ").replace("|", "\\|")


def _classes(module: ModuleType) -> Iterator[str]:
    tree = ast.parse(inspect.getsource(module))
    return (node.name for node in tree.body if isinstance(node, ast.ClassDef))


def _said_below(module: ModuleType, class_name: str) -> dict[str, str]:
    """What the text below each field of a class says of it."""
    tree = ast.parse(inspect.getsource(module))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name)
    said: dict[str, str] = {}
    for field, text in itertools.pairwise(body):
        targets = [field.target] if isinstance(field, ast.AnnAssign) else getattr(field, "targets", [])
        below = text.value if isinstance(text, ast.Expr) else None
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(below, ast.Constant) and isinstance(below.value, str):
                said[target.id] = below.value
    return said


def main(fill: Callable[[str, str], str] = filled) -> None:
    """Write every made block anew."""
    for page in blocks():
        path: Path = DOCS / page
        path.write_text(fill(page, path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
