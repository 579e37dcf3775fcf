"""Slips of the fingers on the command line, found before anything is read or written."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from junmai import errors


def check(arguments: Sequence[str], command: Any) -> None:
    """Refuse an option that stands where another one's value should be. `command` is the whole command line.

    The parser takes whatever comes next: `--copyright --out web` would sign photos with `--out`. A value that truly
    begins so is written `--copyright=--x`. Raises `BadInput`.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    pairs = itertools.pairwise(arguments[:end])
    suspect = [(option, value) for option, value in pairs if option.startswith("--") and value.startswith("--")]
    taking = _with_value(command) if suspect else set()
    for option, value in suspect:
        if option in taking:
            raise errors.BadInput(detail=f"{option} needs a value; {value!r} looks like an option.")


def _with_value(command: Any) -> set[str]:
    """The options of a command and of those below it that take a value, wherever they stand."""
    options = [one for each in _all(command) for one in each.params if hasattr(one, "is_flag")]
    flags = {name for one in options if one.is_flag or one.count for name in (*one.opts, *one.secondary_opts)}
    return {name for one in options for name in one.opts} - flags


def _all(command: Any) -> list[Any]:
    below = getattr(command, "commands", {}).values()
    return [command, *(found for one in below for found in _all(one))]
