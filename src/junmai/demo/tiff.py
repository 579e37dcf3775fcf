"""A minimal writer of TIFF image file directories: enough for a DNG and for the EXIF block of a JPEG.

Little-endian, one strip per image. The structure is that of TIFF 6.0, section 2. tifffile writes images well, but
not the EXIF and GPS directories that a camera's DNG must have, hence this page of code.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

Number = int | float | Fraction
Value = str | bytes | Sequence[Number]

# TIFF 6.0 field types: code, and the struct letter of one value.
BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL, DOUBLE = 1, 2, 3, 4, 5, 7, 10, 12
_LETTERS = {SHORT: "H", LONG: "I", DOUBLE: "d"}
_STRIP_OFFSETS, _STRIP_BYTES = 273, 279
_HEADER = b"II*\0" + struct.pack("<I", 8)


@dataclass(frozen=True)
class Ifd:
    """One image file directory.

    ``tags`` maps a tag number to (field type, value); ``subs`` maps a pointer tag (EXIF, GPS, SubIFDs) to the
    directory it points to; ``strip`` is the image's bytes, if it has one.
    """

    tags: dict[int, tuple[int, Value]]
    subs: dict[int, Ifd] = field(default_factory=dict)
    strip: bytes | None = None


def tiff_bytes(first: Ifd) -> bytes:
    """The whole TIFF stream whose first directory is ``first``."""
    return _HEADER + _encode(first, len(_HEADER))


def _encode(ifd: Ifd, at: int) -> bytes:
    """The directory, and behind it all it points to, for the file position ``at`` (even)."""
    count = len(ifd.tags) + len(ifd.subs) + (2 if ifd.strip is not None else 0)
    behind = bytearray()
    start_behind = at + 2 + 12 * count + 4
    entries: list[tuple[int, bytes]] = []

    def put(data: bytes) -> int:
        position = start_behind + len(behind)
        behind.extend(data + b"\0" * (len(data) % 2))  # offsets are even (TIFF 6.0, page 15)
        return position

    for code, (kind, value) in ifd.tags.items():
        data, length = _pack(kind, value)
        cell = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack("<I", put(data))
        entries.append((code, struct.pack("<HHI", code, kind, length) + cell))
    for code, sub in ifd.subs.items():
        where = start_behind + len(behind)
        put(_encode(sub, where))
        entries.append((code, struct.pack("<HHII", code, LONG, 1, where)))
    if ifd.strip is not None:
        entries.append((_STRIP_BYTES, struct.pack("<HHII", _STRIP_BYTES, LONG, 1, len(ifd.strip))))
        where = put(ifd.strip)
        entries.append((_STRIP_OFFSETS, struct.pack("<HHII", _STRIP_OFFSETS, LONG, 1, where)))
    table = b"".join(entry for _, entry in sorted(entries))
    return struct.pack("<H", count) + table + struct.pack("<I", 0) + bytes(behind)


def _pack(kind: int, value: Value) -> tuple[bytes, int]:
    """The bytes of a value and its count in the sense of TIFF."""
    if isinstance(value, str):
        data = value.encode("ascii") + b"\0"
        return data, len(data)
    if isinstance(value, bytes):
        return value, len(value)
    if kind in (RATIONAL, SRATIONAL):
        pairs = [_ratio(number) for number in value]
        letter = "I" if kind == RATIONAL else "i"
        return b"".join(struct.pack(f"<2{letter}", *pair) for pair in pairs), len(pairs)
    if kind == BYTE:
        return bytes(int(number) for number in value), len(value)
    letter = _LETTERS[kind]
    numbers = [float(n) if kind == DOUBLE else int(n) for n in value]
    return struct.pack(f"<{len(numbers)}{letter}", *numbers), len(numbers)


def _ratio(number: Number) -> tuple[int, int]:
    """Numerator and denominator; what is not a fraction already gets six decimals at most."""
    exact = number if isinstance(number, Fraction) else Fraction(round(number * 1_000_000), 1_000_000)
    return exact.numerator, exact.denominator
