"""The XMP packet that a photo carries. For worker processes, as all that exiv2 does."""

from __future__ import annotations

import mmap
from pathlib import Path

import exiv2

exiv2.LogMsg.setLevel(exiv2.LogMsg.Level.mute)  # it would write to standard error about every odd tag

EXTENDED = b"HasExtendedXMP"
"""Stands in a JPEG's packet that goes on in further segments: those, mostly masks, are not read."""


def packet_of(photo: Path) -> bytes:
    """The packet embedded in a photo, `b""` where there is none (2 ms at most, on 36 photos of many makers).

    Never raises for what is in the file; OSError where the file itself cannot be read.
    """
    with photo.open("rb") as stream:
        try:
            image = exiv2.ImageFactory.open(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
            image.readMetadata()
            return str(image.xmpPacket()).encode("utf-8", "surrogateescape")
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - whatever a library says about odd bytes: there is no packet to be had
            return b""
