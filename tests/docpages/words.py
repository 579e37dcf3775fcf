"""Commands of the command line, as the documentation names them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from docpages.pages import code_spans, fences
from junmai.cli.main import app

_OPTION = re.compile(r"(?<!\S)(--?[a-z][a-z-]*)")
_END = re.compile(r"\s*(?:[|;#]|&&|\d?>)")


def named_commands(text: str) -> Iterator[str]:
    """Everything in a page that begins with `junmai`, in inline code and in blocks that are shown only."""
    yield from (span for span in code_spans(text) if span.startswith("junmai "))
    for fence in fences(text):
        if fence.language in {"", "sh"}:
            for line in fence.text.splitlines():
                words = re.sub(r"^(?:[A-Z_]+=\S+ )+", "", line)
                if words.startswith("junmai "):
                    yield _END.split(words)[0]


def fault_of(command: str) -> str | None:
    """What is wrong with a command that a page names: a word or an option that the command line does not know."""
    found: Any = typer.main.get_command(app)
    options: set[str] = set()
    words = command.split()[1:]
    while True:
        options |= {option for parameter in found.params for option in parameter.opts} | {"--help"}
        known = getattr(found, "commands", {})
        while words and words[0].startswith("-") and known:
            words = words[2 if words[0] == "--data" else 1 :]
        if not words or not known:
            break
        if words[0] not in known:
            if words[0].isupper():  # a word in capitals stands for any
                return None
            return f"there is no {words[0]!r}"
        found = known[words.pop(0)]
    unknown = set(_OPTION.findall(" ".join(command.split()[1:]))) - options
    return f"unknown: {', '.join(sorted(unknown))}" if unknown else None
