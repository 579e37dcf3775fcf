"""The pages of the documentation as data: fences, links, headings, inline code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = (README, *sorted(DOCS.glob("*.md")))
EXAMPLES = tuple(sorted((DOCS / "examples").glob("*.py")))

_FENCE = re.compile(r"^( *)```([a-z]*)[ \t]*\n(.*?)^\1```[ \t]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Fence:
    """A fenced block. `line` is that of its first line within, counted from 1."""

    language: str
    text: str
    line: int
    start: int
    end: int


def fences(text: str) -> list[Fence]:
    """Every fenced block of a page, in order."""
    return [
        Fence(found[2], found[3], text.count("\n", 0, found.start(3)) + 1, found.start(), found.end())
        for found in _FENCE.finditer(text)
    ]


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", text)


def links(text: str) -> list[str]:
    """Where the links and pictures of a page lead."""
    return [found[1] or found[2] for found in _LINK.finditer(_CODE.sub("", prose(text)))]


def code_spans(text: str) -> list[str]:
    """The inline code of a page."""
    return [found[1] for found in _CODE.finditer(prose(text))]


def headings(text: str) -> list[str]:
    """The headings of a page, without their marks."""
    return [found[1] for found in _HEADING.finditer(prose(text))]


def anchors(text: str) -> set[str]:
    """The names by which a link may point at a heading: as GitHub makes them, for headings that differ."""
    return {_anchor(heading) for heading in headings(text)}


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def commands(text: str) -> Iterator[str]:
    """The commands of a `console` block: what stands behind `$ `, with the lines that a backslash carries on."""
    for command, _ in transcript(text):
        yield command


def transcript(text: str) -> list[tuple[str, str]]:
    """The commands of a `console` block, each with the output that is shown below it."""
    found: list[tuple[str, str]] = []
    carried = False
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif found and carried:
            found[-1] = (f"{found[-1][0]}\n{line}", "")
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
        else:
            raise ValueError(f"output before the first command: {line!r}")
        carried = found[-1][0].endswith("\\") and not found[-1][1]
    return found
