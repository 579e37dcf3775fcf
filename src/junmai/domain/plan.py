"""The names of outputs: decided when a batch is created, and kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath

EXTENSIONS = {"jpeg": ".jpg"}
LONGEST_NAME = 240
"""Bytes of a name in UTF-8; most file systems end at 255, and a number may still follow."""


def name_key(name: str) -> str:
    """One spelling for all names that some file system takes for the same: NFC and casefolded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def plan_names(
    photos: Iterable[tuple[int, str]],
    *,
    extension: str,
    known: Mapping[int, str],
    taken: Iterable[str],
    reserved: Callable[[str], bool],
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
            start = numbers.get(name_key(stem), 1)
            name, numbers[name_key(stem)] = _free_name(stem, extension, used, reserved, start)
            used.add(name_key(name))
        names[photo_id] = name
    return names


def _free_name(
    stem: str, extension: str, used: set[str], reserved: Callable[[str], bool], number: int
) -> tuple[str, int]:
    """The first free name from that number on, and the number after it: lower ones are not looked at again."""
    while True:
        name = f"{stem}{extension}" if number == 1 else f"{stem}-{number}{extension}"
        number += 1
        if name_key(name) not in used and not reserved(name):
            return name, number


def _stem(file_name: str) -> str:
    stem = unicodedata.normalize("NFC", PurePath(file_name).stem)
    encoded = stem.encode("utf-8")
    return stem if len(encoded) <= LONGEST_NAME else encoded[:LONGEST_NAME].decode("utf-8", "ignore")
