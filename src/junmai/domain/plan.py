"""The names of outputs: decided when a batch is created, and kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")

EXTENSIONS = {"jpeg": ".jpg", "tiff": ".tif", "webp": ".webp", "avif": ".avif"}
LONGEST_NAME = 240
"""Bytes of a name in UTF-8; most file systems end at 255, and a number may still follow."""


def name_key(name: str) -> str:
    """One spelling for all names that some file system takes for the same: NFC and casefolded."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def plan_names(
    photos: Iterable[tuple[int, T]],
    *,
    stem: Callable[[T, int], str],
    extension: str,
    known: Mapping[int, str],
    taken: Iterable[str],
    reserved: Callable[[int, str], bool] | None,
    counts: bool = False,
) -> dict[int, str]:
    """The output name of each photo (id, what `stem` makes its name of), unique in its folder.

    `stem` gives the name without its ending, `/` after each sub-folder, for a number from 1 up; where `counts` is set,
    that number is part of the name, and one whose name is taken is passed over. Else `IMG_1.CR2` and `IMG_1.JPG` become
    `IMG_1.jpg` and `IMG_1-2.jpg`. `known` are the names that photos already have there, which they keep; `taken` are
    the keys of all names given away; `reserved` says whether a name must not be used for a photo although nobody has it
    (an original lies there).
    """
    used = {*taken, *map(name_key, known.values())}
    numbers: dict[str, int] = {}
    names: dict[int, str] = {}

    def is_taken(photo_id: int, name: str, key: str) -> bool:
        return key in used or (reserved is not None and reserved(photo_id, name))

    sequence = 1
    for photo_id, source in photos:
        name = known.get(photo_id)
        if name is None:
            wanted = stem(source, sequence)
            name = wanted + extension
            key = name_key(name)
            while counts and is_taken(photo_id, name, key):
                sequence += 1
                last, wanted = wanted, stem(source, sequence)
                name = wanted + extension
                key = name_key(name)
                if wanted == last:  # so long that its number is cut off
                    break
            sequence += 1
            first = key
            while is_taken(photo_id, name, key):
                number = numbers.get(first, 2)  # counts on from the last twin: a million twins stay quick
                numbers[first] = number + 1
                name = f"{wanted}-{number}{extension}"
                key = name_key(name)
            used.add(key)
        names[photo_id] = name
    return names


def further_name(output_name: str, label: str, form: str) -> str:
    """The name of a further output: that of the main one, with its own ending, in the folder of its label.

    So these names are unique because the main ones are.
    """
    below, slash, name = output_name.rpartition("/")
    head, dot, _ending = name.rpartition(".")
    return f"{label}/{below}{slash}{head if dot and head else name}{EXTENSIONS[form]}"


def plain_stem(file_name: str, _: int = 1) -> str:
    """A photo's own name without its ending, as the name of its output."""
    head, dot, _ending = file_name.rpartition(".")
    stem = head if dot and head else file_name
    if stem.isascii():
        return stem[:LONGEST_NAME]
    stem = unicodedata.normalize("NFC", stem)
    encoded = stem.encode("utf-8")
    return stem if len(encoded) <= LONGEST_NAME else encoded[:LONGEST_NAME].decode("utf-8", "ignore")
