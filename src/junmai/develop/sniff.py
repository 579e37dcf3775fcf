"""What a file is, by its content first and its extension second."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import BinaryIO, Literal

Kind = Literal["raw", "jpeg", "png", "tiff", "webp", "heif", "other"]

_RAW_NAMES = """
3fr ari arw bay bmq cap cr2 cr3 crw cs1 dc2 dcr dcs dng drf eip erf fff gpr ia iiq k25 kc2 kdc mdc mef mfw mos mrw
nef nrw orf ori pef ptx pxn qtk raf raw rdc rw2 rwl rwz sr2 srf srw sti x3f
"""
RAW_EXTENSIONS = frozenset("." + name for name in _RAW_NAMES.split())

_RAW_MAGIC = (
    (0, b"FUJIFILMCCD-RAW"),
    (0, b"FOVb"),
    (0, b"\0MRM"),
    (0, b"IIRO"),
    (0, b"IIRS"),
    (0, b"MMOR"),
    (0, b"IIU\0"),
    (8, b"CR\x02\0"),
    (0, b"ARRI"),
)
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_HEIF_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"))

_SUB_IFDS, _PHOTOMETRIC, _DNG_VERSION, _BASELINE_EXPOSURE = 330, 262, 50706, 50730
_CFA, _LINEAR_RAW = 32803, 34892


@dataclass(frozen=True, slots=True)
class Sniffed:
    """`kind` decides the decoder; `baseline_exposure` is a DNG's own correction in EV.

    `cut_off` says that the file's own structure points beyond its end.
    """

    kind: Kind
    format: str
    baseline_exposure: float = 0.0
    cut_off: bool = False


def sniff(stream: BinaryIO, name: str) -> Sniffed:
    """Look at an open file and its name. Reads a few kilobytes; raises only what reading raises."""
    stream.seek(0)
    head = stream.read(32)
    raw_name = PurePath(name).suffix.casefold() in RAW_EXTENSIONS
    if head.startswith(b"\xff\xd8\xff"):
        return Sniffed("jpeg", "JPEG")
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Sniffed("png", "PNG")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Sniffed("webp", "WebP")
    if head[4:12] == b"ftypcrx ":
        return Sniffed("raw", "CR3", cut_off=_boxes_cut_off(stream))
    if head[6:14] == b"HEAPCCDR":
        return Sniffed("raw", "CRW", cut_off=_heap_cut_off(stream, head))
    if any(head[at : at + len(magic)] == magic for at, magic in _RAW_MAGIC):
        return Sniffed("raw", "RAW")
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return Sniffed("heif", "HEIC", cut_off=_boxes_cut_off(stream))
    if head[:4] in _TIFF_MAGIC:
        facts = _walk(stream)
        if facts.is_raw or raw_name:
            return Sniffed("raw", "DNG" if facts.is_dng else "RAW", facts.baseline_exposure, facts.cut_off)
        return Sniffed("tiff", "TIFF", cut_off=facts.cut_off)
    return Sniffed("raw" if raw_name else "other", "RAW" if raw_name else "unknown")


def _heap_cut_off(stream: BinaryIO, head: bytes) -> bool:
    """Whether a CRW (CIFF) lacks its end: the last four bytes must point to a directory within the file."""
    end = stream.seek(-4, 2) + 4
    order = "<" if head[:2] == b"II" else ">"
    start = struct.unpack(order + "I", head[2:6])[0]
    at = start + struct.unpack(order + "I", stream.read(4))[0]
    if at + 2 > end:
        return True
    stream.seek(at)
    count = struct.unpack(order + "H", stream.read(2))[0]
    return not 1 <= count <= 100 or bool(at + 2 + 10 * count > end)


def _boxes_cut_off(stream: BinaryIO) -> bool:
    """Whether the last box of an ISO media file (HEIC, CR3; ISO/IEC 14496-12 section 4.2) ends beyond the file.

    libheif decodes such files without a word and leaves the missing tiles empty.
    """
    end, at = stream.seek(0, 2), 0
    for _ in range(1000):
        if at + 8 > end:
            return False
        stream.seek(at)
        size, _name, large = struct.unpack(">I4sQ", stream.read(16).ljust(16, b"\0"))
        size = large if size == 1 else size
        if size < 8:  # 0 means up to the end; other small ones are damage that the decoder will name
            return False
        at += size
        if at > end:
            return True
    return False


# --- TIFF structure ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Facts:
    is_raw: bool = False
    is_dng: bool = False
    cut_off: bool = False
    baseline_exposure: float = 0.0
    pending: list[int] = field(default_factory=list)


def _walk(stream: BinaryIO, most: int = 32) -> _Facts:
    """Read the directories of a classic TIFF. Broken ones end the walk; at most `most` are read (loops)."""
    facts = _Facts()
    stream.seek(0)
    head = stream.read(8)
    order = "<" if head[:2] == b"II" else ">"
    if len(head) < 8 or head[2:4] in (b"+\0", b"\0+"):
        return facts
    seen: set[int] = set()
    first = struct.unpack(order + "I", head[4:])[0]
    facts.cut_off = first >= stream.seek(0, 2)  # many programs write the directory last
    facts.pending.append(first)
    while facts.pending and len(seen) < most:
        at = facts.pending.pop()
        if at == 0 or at in seen:
            continue
        seen.add(at)
        _read_directory(stream, order, at, facts)
    return facts


def _read_directory(stream: BinaryIO, order: str, at: int, facts: _Facts) -> None:
    stream.seek(at)
    count_bytes = stream.read(2)
    if len(count_bytes) < 2:
        return
    count = struct.unpack(order + "H", count_bytes)[0]
    body = stream.read(count * 12 + 4)
    for index in range(min(count, len(body) // 12)):
        entry = body[index * 12 : index * 12 + 12]
        tag, kind, number = struct.unpack(order + "HHI", entry[:8])
        short, long = struct.unpack(order + "H", entry[8:10])[0], struct.unpack(order + "I", entry[8:])[0]
        if tag == _PHOTOMETRIC and kind == 3:
            facts.is_raw |= short in (_CFA, _LINEAR_RAW)
        elif tag == _DNG_VERSION:
            facts.is_raw = facts.is_dng = True
        elif tag == _SUB_IFDS and kind in (4, 13):
            facts.pending += _longs(stream, order, long, number)
        elif tag == _BASELINE_EXPOSURE and kind == 10:
            facts.baseline_exposure = _signed_rational(stream, order, long)
    if len(body) == count * 12 + 4:
        facts.pending.insert(0, struct.unpack(order + "I", body[-4:])[0])


def _longs(stream: BinaryIO, order: str, value: int, number: int) -> list[int]:
    if number == 1:
        return [value]
    number = min(number, 16)
    stream.seek(value)
    data = stream.read(4 * number)
    return list(struct.unpack(f"{order}{len(data) // 4}I", data[: len(data) // 4 * 4]))


def _signed_rational(stream: BinaryIO, order: str, at: int) -> float:
    stream.seek(at)
    data = stream.read(8)
    if len(data) < 8:
        return 0.0
    above, below = struct.unpack(order + "ii", data)
    # Beyond 5 EV it is damage, not a camera's correction.
    return above / below if below and abs(above) <= 5 * abs(below) else 0.0
