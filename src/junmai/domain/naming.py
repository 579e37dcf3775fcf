"""Names of outputs by a template: `{session}/{date}_{camera}_{name}`. Pure.

A template is text with fields in braces; a slash makes a sub-folder of the output folder; `{{` and `}}` are braces. The
ending is added by itself. What a field says is made safe for every platform: no character, name or ending that Windows
refuses, no way out of the folder, NFC, a length that all file systems hold.
"""

from __future__ import annotations

import difflib
import functools
import re
import string
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from junmai import errors
from junmai.domain.plan import EXTENSIONS, LONGEST_NAME, plain_stem

FIELDS = {
    "name": "the photo's own name, without its ending",
    "session": "the name of its session",
    "date": "the day it was taken: 2026-05-17",
    "time": "the time it was taken: 14-03-05",
    "year": "2026",
    "month": "05",
    "day": "17",
    "camera": "the camera's name",
    "lens": "the lens's name",
    "rating": "its stars, 0 to 5; -1 for rejected",
    "sequence": "0001, 0002, ... through the batch: the next number that is free",
    "preset": "the preset's name",
}
"""What a template may say; what is not known of a photo reads `unknown`."""
UNKNOWN = "unknown"
LONGEST_FOLDER = 120
"""Bytes of the name of a sub-folder in UTF-8, so that a whole path stays below Windows' 259 characters more often."""
DEEPEST = 8
"""Sub-folders inside each other."""

_FROM_PHOTO = frozenset(FIELDS) - {"name", "sequence", "preset"}
_REFUSED = '<>:"\\|?*'
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff]')
_AT_THE_END = ". " + "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
"""What Windows takes off the end of a name, and every kind of space."""
_UNSEEN = re.compile("[\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Marks that turn the direction of text, which make `gpj.exe` read `exe.jpg`, and line ends."""
_RESERVED = re.compile(
    r"(con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]|conin\$|conout\$)", re.I
)
"""Names of devices on Windows, whatever ending follows."""


@dataclass(frozen=True, slots=True)
class NameFacts:
    """What a template may say of one photo; `captured_at` is ISO 8601 on the camera's clock."""

    file_name: str
    session: str | None = None
    captured_at: str | None = None
    camera: str | None = None
    lens: str | None = None
    rating: int | None = None
    preset: str = ""

    def value(self, field: str, sequence: int) -> str:
        """The text of one field."""
        match field:
            case "name":
                return plain_stem(self.file_name)
            case "sequence":
                return f"{sequence:04}"
            case "rating":
                return str(self.rating or 0)
            case "session" | "camera" | "lens" | "preset":
                return getattr(self, field) or UNKNOWN
        day, _, time = (self.captured_at or "").partition("T")
        if field == "time":
            return time[:8].replace(":", "-") or UNKNOWN
        parts = [day, *day.split("-"), "", ""]
        return parts[("date", "year", "month", "day").index(field)] or UNKNOWN


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was checked: pieces of text, each followed by a field or by nothing."""

    pieces: tuple[tuple[str, str | None], ...]

    @property
    def fields(self) -> frozenset[str]:
        """The fields in it."""
        return frozenset(field for _, field in self.pieces if field)

    @property
    def needs_photo(self) -> bool:
        """Whether more than the file's name and the batch decide a name."""
        return bool(self.fields & _FROM_PHOTO)

    @property
    def counts(self) -> bool:
        """Whether the names have numbers of their own."""
        return "sequence" in self.fields

    def stem(self, facts: NameFacts, sequence: int) -> str:
        """The name of an output without its ending, with `/` after each sub-folder."""
        text = "".join(
            literal + (_UNSAFE.sub("_", facts.value(field, sequence)) if field else "")
            for literal, field in self.pieces
        )
        *folders, name = text.split("/")
        return "/".join([*map(_folder, folders), _safe(name, LONGEST_NAME)])


def parse(template: str) -> Template:
    """Check a template. Raises `UnknownNameField`, naming the nearest one, and `NameTemplateRefused`."""
    try:
        parsed = list(string.Formatter().parse(template))
    except ValueError as error:
        raise _refused(template, f"its braces do not fit ({error})") from error
    pieces: list[tuple[str, str | None]] = []
    for literal, field, how, conversion in parsed:
        if field is not None and field not in FIELDS:
            raise errors.UnknownNameField(field=field, nearest=_nearest(field), known=", ".join(FIELDS))
        if how or conversion:
            raise _refused(template, f"{{{field}}} stands alone in its braces")
        pieces.append((literal, field))
    _check_text(template, pieces)
    return Template(tuple(pieces))


def is_relative_name(name: str) -> bool:
    """Whether a name, with `/` after each sub-folder, leads to a file below its folder and nowhere else."""
    return "\\" not in name and "\0" not in name and not {"", ".", ".."} & {*name.split("/")}


def is_device(name: str) -> bool:
    """Whether Windows takes that name for a device."""
    return _RESERVED.fullmatch(name) is not None


def _check_text(template: str, pieces: Iterable[tuple[str, str | None]]) -> None:
    literal = "".join(text for text, _ in pieces)
    bad = sorted({sign for sign in literal if sign in _REFUSED or ord(sign) < 32 or ord(sign) == 127})
    if bad:
        hint = "; folders are divided by /" if "\\" in bad else ""
        raise _refused(template, f"{' '.join(map(repr, bad))} cannot stand in a file's name on every system{hint}")
    parts = "".join(text + ("x" if field else "") for text, field in pieces).split("/")
    if template.startswith("/") or any(part.strip() in {".", ".."} for part in parts):
        raise _refused(template, "it leads out of the output folder")
    if any(not part.strip() for part in parts):
        raise _refused(template, "a folder or the name in it is empty")
    if len(parts) > DEEPEST + 1:
        raise _refused(template, f"it has more than {DEEPEST} folders inside each other")
    ending = next((end for end in EXTENSIONS.values() if literal.lower().endswith(end)), None)
    if ending:
        raise _refused(template, f"the ending ({ending}) is added by itself")


def _refused(template: str, detail: str) -> errors.NameTemplateRefused:
    return errors.NameTemplateRefused(template=template, detail=detail)


def _nearest(field: str) -> str:
    near = difflib.get_close_matches(field.casefold(), FIELDS, n=1, cutoff=0.5)
    return f" Did you mean {{{near[0]}}}?" if near else ""


# --- safe names --------------------------------------------------------------------------------------------


@functools.lru_cache(1024)  # few folders for many photos
def _folder(text: str) -> str:
    """The name of a sub-folder; never one that an output could have, which would stand in its way."""
    name = _safe(text, LONGEST_FOLDER)
    head, dot, ending = name.rpartition(".")
    return f"{head}_{ending}" if dot and f".{ending.lower()}" in EXTENSIONS.values() else name


def _safe(text: str, longest: int) -> str:
    """One part of a path that every system takes and shows as it is."""
    if not text.isascii():
        text = _UNSEEN.sub("", unicodedata.normalize("NFC", text))
    if len(text) * 4 > longest:
        text = text.encode("utf-8")[:longest].decode("utf-8", "ignore")
        text = unicodedata.normalize("NFC", text)  # a cut may leave the first part of what belonged together
    text = text.lstrip().rstrip(_AT_THE_END)
    if not text:
        return "_"
    if text.startswith("."):  # hidden on most systems, and passed over when photos are looked for
        text = f"_{text[1:]}"
    device, dot, rest = text.partition(".")
    return f"{device.rstrip()}_{dot}{rest}" if _RESERVED.fullmatch(device.rstrip()) else text
