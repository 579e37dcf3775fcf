"""The `config` of a batch, as programs send it, as an order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from junmai import errors
from junmai.control.planning import FURTHER_KEYS, Look, Order, check_label
from junmai.domain.matching import TO_SESSION, Match
from junmai.domain.model import FurtherOutput, OutputOptions

CONFIG_KEYS = ("preset", "blend", "settings", "settings_from", "match", "output")
MATCH_KEYS = ("to", "strength")
OUTPUT_KEYS = tuple(field.name for field in fields(OutputOptions))
SIZE = "size"
"""What the contract (section 4) calls `long_edge`."""
ALSO = "also"
"""The further outputs."""
_OUTPUT = TypeAdapter(OutputOptions)


def order_from(given: Mapping[str, object]) -> Order:
    """Check a `config` and turn it into an order. Raises `BadInput` naming the key that does not fit."""
    if not isinstance(given, Mapping):
        raise errors.BadInput(detail=f"config must be an object; it is {given!r}.")
    _refuse_unknown("config", given, CONFIG_KEYS)
    output = _object(given, "output")
    settings = _object(given, "settings")
    _refuse_unknown("config.output", output, (*OUTPUT_KEYS, SIZE, "folder", ALSO))
    main = _options({key: value for key, value in output.items() if key not in ("folder", ALSO)})
    look = Look(
        preset=_optional_text(given, "preset"),
        blend=_number(given, "blend", 100.0),
        settings={str(name): value for name, value in settings.items()},
        settings_from=_optional_text(given, "settings_from"),
    )
    return Order(
        look, main, _folder(output.get("folder")), further=_further(output.get(ALSO), main), match=_match(given)
    )


def _match(given: Mapping[str, object]) -> Match | None:
    if given.get("match") is None:
        return None
    match = _object(given, "match")
    _refuse_unknown("config.match", match, MATCH_KEYS)
    strength = match.get("strength", 100.0)
    to = match.get("to", TO_SESSION)
    if isinstance(strength, bool) or not isinstance(strength, int | float):
        raise errors.BadInput(detail=f"config.match.strength must be a number, 0 to 100; it is {strength!r}.")
    if isinstance(to, bool) or not isinstance(to, int | str):
        raise errors.BadInput(detail=f"config.match.to must be session, collection or a photo's id; it is {to!r}.")
    return match_of(to, float(strength))


def match_of(to: str | int, strength: float) -> Match:
    """What photos are matched to, and how much. Raises `BadInput`."""
    try:
        return Match(to, strength)
    except ValueError as error:
        raise errors.BadInput(detail=f"The match does not fit: {error}.") from error


def _further(given: object, main: OutputOptions) -> tuple[FurtherOutput, ...]:
    if given is None:
        return ()
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise errors.BadInput(detail=f"config.output.also must be a list of objects; it is {given!r}.")
    return tuple(_further_one(f"config.output.also[{number}]", one, main) for number, one in enumerate(given))


def _further_one(where: str, given: object, main: OutputOptions) -> FurtherOutput:
    if not isinstance(given, Mapping) or not isinstance(given.get("label"), str):
        raise errors.BadInput(detail=f"{where} must be an object with a label; it is {given!r}.")
    _refuse_unknown(where, given, ("label", *FURTHER_KEYS, SIZE))
    chosen = {key: value for key, value in given.items() if key != "label"}
    return further_of(str(given["label"]), _options(chosen, where), main)


def further_of(label: str, own: OutputOptions, main: OutputOptions) -> FurtherOutput:
    """A further output: its own options, with the metadata of the main one. Raises `BadInput` for the label."""
    check_label(label)
    shared = replace(own, metadata=main.metadata, creator=main.creator, copyright=main.copyright)
    return FurtherOutput(label, shared)


def _options(output: Mapping[str, object], where: str = "config.output") -> OutputOptions:
    chosen = {key: value for key, value in output.items() if key != SIZE}
    if SIZE in output and chosen.setdefault("long_edge", output[SIZE]) != output[SIZE]:
        raise errors.BadInput(detail=f"{where}.size and {where}.long_edge are the same thing; give one.")
    try:
        # strictly, a dataclass is only read from JSON
        return _OUTPUT.validate_json(json.dumps(chosen, default=repr), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise errors.BadInput(detail=f"{where}.{name} does not fit: {first['msg']}.") from error


def _folder(folder: object) -> Path | None:
    if folder is None:
        return None
    if not isinstance(folder, str) or "\0" in folder or not Path(folder).is_absolute():
        raise errors.BadInput(detail=f"config.output.folder must be an absolute path; it is {folder!r}.")
    return Path(folder)


def _object(given: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = given.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise errors.BadInput(detail=f"config.{key} must be an object; it is {value!r}.")
    return value


def _refuse_unknown(where: str, given: Mapping[str, object], known: Sequence[str]) -> None:
    unknown = sorted(str(key) for key in given if key not in known)
    if unknown:
        raise errors.BadInput(detail=f"{where} has unknown keys: {', '.join(unknown)}. Known: {', '.join(known)}.")


def _optional_text(given: Mapping[str, object], key: str) -> str | None:
    value = given.get(key)
    if value is not None and not isinstance(value, str):
        raise errors.BadInput(detail=f"config.{key} must be a text; it is {value!r}.")
    return value


def _number(given: Mapping[str, object], key: str, default: float) -> float:
    value = given.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise errors.BadInput(detail=f"config.{key} must be a number; it is {value!r}.")
    return float(value)
