"""The photo that was decoded last, for whoever develops it again at once with other settings: a slider is moved."""

from __future__ import annotations

from pathlib import Path

from junmai.develop.decode import Decoded
from junmai.develop.pipeline import Settings, decode_for
from junmai.develop.profile_files import named_key
from junmai.files import FileState

MOST_BYTES = 300_000_000
"""Of pixels: a RAW of 50 megapixels. A larger one is decoded each time."""

DECODED_WITH = (
    "WhiteBalance",
    "Temperature",
    "Tint",
    "WhiteBalanceAmount",
    "BaseLook",
    "CameraProfile",
    "LensProfileEnable",
)
"""The settings that `decode_for` looks at: `balance` and `wanted`. All others come after decoding."""


class Kept:
    """Keeps one decoded photo, whole, so that what is developed from it has the same bytes as from the file."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._key: object = None
        self._decoded: Decoded | None = None

    def decoded(self, source: Path, settings: Settings, state: FileState) -> Decoded:
        """What `decode_for` gives for the photo at `source`, whose file is in this state. Raises a `PhotoError`."""
        profile = str(settings.get("CameraProfile", ""))
        key = (source, state, tuple(settings.get(name) for name in DECODED_WITH), profile and named_key(profile))
        if self._decoded is not None and self._key == key:
            return self._decoded
        self._decoded = None  # first, so that there are never two
        decoded = decode_for(source, settings)
        if decoded.pixels.nbytes <= self._most_bytes:
            self._key, self._decoded = key, decoded
        return decoded
