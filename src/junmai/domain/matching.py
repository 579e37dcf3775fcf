"""One look over the photos of a batch: what is asked for, and what came of it for each photo."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace

MATCH_VERSION = 1
"""Raised by hand when the same photos come to be matched otherwise."""
TO_SESSION = "session"
TO_COLLECTION = "collection"


@dataclass(frozen=True, slots=True)
class Match:
    """What photos are brought to: the middle of their own `session`, the middle of all of the batch (`collection`), or
    one of its photos, by id. `strength` is 0..100."""

    to: str | int
    strength: float = 100.0

    def __post_init__(self) -> None:
        if not (type(self.to) is int or self.to in (TO_SESSION, TO_COLLECTION)):
            raise ValueError(f"{self.to!r} is neither session, collection nor the id of a photo")
        if isinstance(self.strength, bool) or not 0 <= self.strength <= 100:
            raise ValueError(f"a strength of {self.strength!r} is not within 0..100")


@dataclass(frozen=True, slots=True)
class Solution:
    """What is done to a photo's linear light: times 2 ** `exposure` (EV), times `red`, `green` and `blue`, which leave
    the luminance of grey as it is. `top` is where its brightest parts are then, in linear sRGB with white at 1.

    `group` counts the scenes from 0. `capped` says that more was wanted. `why` says why the photo could not be measured
    and has the middle of its neighbours' gains; it is empty for all others.
    """

    exposure: float = 0.0
    red: float = 1.0
    green: float = 1.0
    blue: float = 1.0
    group: int = 0
    capped: bool = False
    top: float = 1.0
    why: str = ""

    @property
    def gains(self) -> tuple[float, float, float]:
        """What each channel is multiplied by."""
        light = 2.0**self.exposure
        return (light * self.red, light * self.green, light * self.blue)

    @property
    def is_neutral(self) -> bool:
        """Whether it changes nothing."""
        return self.gains == (1.0, 1.0, 1.0)

    def deciding(self) -> dict[str, object]:
        """What decides an output's bytes, as part of its key; empty where it changes nothing."""
        if self.is_neutral:
            return {}
        return {"version": MATCH_VERSION, "gains": [self.exposure, self.red, self.green, self.blue], "top": self.top}


def match_key(solution: Solution | None) -> str:
    """SHA-256 of what of a solution decides an output; `""` where it changes nothing."""
    decides = solution.deciding() if solution is not None else {}
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest() if decides else ""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What the user wants of a photo beside what matching finds: EV, and red and blue by green. `off`: no match."""

    exposure: float = 0.0
    red: float = 1.0
    blue: float = 1.0
    off: bool = False

    def on(self, found: Solution) -> Solution:
        """What is done to the photo then."""
        if self.off:
            return Solution(group=found.group)
        if self == Adjustment():
            return found
        return replace(
            found,
            exposure=found.exposure + self.exposure,
            red=found.red * self.red,
            blue=found.blue * self.blue,
            top=found.top * 2.0**self.exposure * max(1.0, self.red, self.blue),
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of measuring one claimed photo: the bytes of its measure under the key of whatever decides it, or why
    there is none. `known` is where a measure of that key stands already: number of a batch, and position."""

    batch_no: int
    position: int
    attempt: int
    key: str | None = None
    measure: bytes | None = None
    why: str | None = None
    known: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A measured photo of a batch; `measure` is its measure, or the sentence that says why there is none."""

    position: int
    photo_id: int
    session_id: int | None
    measure: bytes | str


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for one photo. The distances (dE00) are those of its middle colour to the middle of its scene's,
    before and after; None for a photo alone in its scene, or not measured."""

    position: int
    solution: Solution
    before: float | None = None
    after: float | None = None


Color = tuple[float, float, float]
"""Linear light of red, green and blue in the working space."""


@dataclass(frozen=True, slots=True)
class OutputLight:
    """What an output shows beside the same photo developed without its match: the middle colour of each, and the share
    of their pixels (0..1) that are at the top of the range in a channel. `newly_clipped` are so in the output only."""

    before: Color
    after: Color
    clipped_before: float
    clipped_after: float
    newly_clipped: float


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known of the match of one photo in a batch: what was found, and what the user wants beside it."""

    position: int
    photo_id: int
    path: str | None
    status: str
    output_name: str | None
    found: Found | None
    adjustment: Adjustment

    @property
    def solution(self) -> Solution | None:
        """What is done to the photo; None where nothing was found yet."""
        return None if self.found is None else self.adjustment.on(self.found.solution)
