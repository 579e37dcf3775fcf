"""Tags of files that are built like TIFF: DNG, and DCP camera profiles. Reads a few kilobytes, never the picture."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

Tags = dict[int, tuple[Any, ...]]
"""Tag number to its values: numbers, or for text one `str`, for raw bytes one `bytes`."""

MAGIC = {b"II*\0": "<", b"MM\0*": ">", b"IIRC": "<", b"MMCR": ">"}
"""TIFF 6.0 section 2; `RC` in place of 42 in DCP files (DNG specification 1.7, chapter 6)."""

_FORMATS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I"}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SUB_IFDS = 330
_MOST_BYTES = 1 << 22
_MOST_DIRECTORIES = 32


def directories(stream: BinaryIO, wanted: frozenset[int]) -> Iterator[Tags]:
    """The wanted tags of each directory, first one first, sub-directories after it. Damage ends the walk quietly."""
    stream.seek(0)
    head = stream.read(8)
    order = MAGIC.get(head[:4])
    if order is None or len(head) < 8:
        return
    waiting, seen = [struct.unpack(order + "I", head[4:])[0]], set[int]()
    while waiting and len(seen) < _MOST_DIRECTORIES:
        at = waiting.pop(0)
        if at in seen or at == 0:
            continue
        seen.add(at)
        tags, following = _directory(stream, order, at, wanted | {_SUB_IFDS})
        waiting += [int(each) for each in tags.get(_SUB_IFDS, ()) if isinstance(each, int)] + following
        yield tags


def _directory(stream: BinaryIO, order: str, at: int, wanted: frozenset[int]) -> tuple[Tags, list[int]]:
    stream.seek(at)
    (count,) = struct.unpack(order + "H", stream.read(2).ljust(2, b"\0"))
    body = stream.read(count * 12 + 4)
    tags: Tags = {}
    for index in range(len(body) // 12):
        entry = body[index * 12 : index * 12 + 12]
        tag, kind, number = struct.unpack(order + "HHI", entry[:8])
        size = _SIZES.get(kind, 0) * number
        if tag not in wanted or not 0 < size <= _MOST_BYTES or index >= count:
            continue
        data = entry[8 : 8 + size]
        if size > 4:
            stream.seek(struct.unpack(order + "I", entry[8:])[0])
            data = stream.read(size)
        if len(data) == size:
            tags[tag] = _values(data, kind, number, order)
    following = list(struct.unpack(order + "I", body[-4:])) if len(body) == count * 12 + 4 else []
    return tags, following


def _values(data: bytes, kind: int, number: int, order: str) -> tuple[Any, ...]:
    if kind == 2:
        return (data.split(b"\0")[0].decode("utf-8", "replace"),)
    if kind == 7:
        return (data,)
    if kind in (5, 10):
        parts = struct.unpack(f"{order}{2 * number}{'I' if kind == 5 else 'i'}", data)
        return tuple(above / below if below else 0.0 for above, below in zip(parts[::2], parts[1::2], strict=True))
    return struct.unpack(f"{order}{number}{_FORMATS[kind]}", data)
