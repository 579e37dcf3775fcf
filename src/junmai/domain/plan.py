"""The names of outputs: decided when a batch is created, and kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping

EXTENSIONS = {"jpeg": ".jpg"}
LONGEST_NAME = 240
"""Bytes of a name in UTF-8; most file systems end at 255, and a number may still follow."""


def name_key(name: str) -> str:
    """One spelling for all names that some file system takes for the same: NFC and casefolded."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def plan_names(
    photos: Iterable[tuple[int, str]],
    *,
    extension: str,
    known: Mapping[int, str],
    taken: Iterable[str],
    reserved: Callable[[str], bool] | None,
) -> dict[int, str]:
    """The output name of each photo (id, file name), unique in its folder.

    `known` are the names that photos already have there, which they keep; `taken` are the keys of all names given
    away; `reserved` says whether a name must not be used although nobody has it (an original lies there).
    `IMG_1.CR2` and `IMG_1.JPG` become `IMG_1.jpg` and `IMG_1-2.jpg`.
    """
    used = {*taken, *map(name_key, known.values())}
    numbers: dict[str, int] = {}
    names: dict[int, str] = {}
    for photo_id, file_name in photos:
        name = known.get(photo_id)
        if name is None:
            stem = _stem(file_name)
            name = stem + extension
            key = first = name.lower() if name.isascii() else name_key(name)
            while key in used or (reserved is not None and reserved(name)):
                number = numbers.get(first, 2)  # counts on from the last twin: a million twins stay quick
                numbers[first] = number + 1
                name = f"{stem}-{number}{extension}"
                key = name_key(name)
            used.add(key)
        names[photo_id] = name
    return names


def _stem(file_name: str) -> str:
    head, dot, _ = file_name.rpartition(".")
    stem = head if dot and head else file_name
    if stem.isascii():
        return stem[:LONGEST_NAME]
    stem = unicodedata.normalize("NFC", stem)
    encoded = stem.encode("utf-8")
    return stem if len(encoded) <= LONGEST_NAME else encoded[:LONGEST_NAME].decode("utf-8", "ignore")
