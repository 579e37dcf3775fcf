"""The values that every room shares."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import Literal, NamedTuple

from junmai.domain.matching import Match
from junmai.domain.snapshot import NewSnapshot

OutputFormat = Literal["jpeg", "tiff", "webp", "avif"]
ColorSpace = Literal["srgb", "display-p3", "adobe-rgb"]
MetadataPolicy = Literal["all", "no_gps", "none"]
SharpenFor = Literal["none", "screen", "print"]
SharpenStrength = Literal["low", "standard", "high"]
Sidecars = Literal["none", "output", "originals"]

LONGEST_SIDE: dict[OutputFormat, int] = {"jpeg": 65_500, "tiff": 65_500, "webp": 16_383, "avif": 32_768}
"""Pixels of the longest side that a format holds (TIFF: as many as the engine makes; AVIF: as many as readers take)."""

SettingValue = float | bool | str | tuple[tuple[float, float], ...]
"""The value of one develop setting; a point curve is pairs of (input, output), 0..255."""


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """How developed photos are written.

    `quality` is 1..100; what it means to each format says `junmai.develop.encode`. `long_edge` is in pixels, None for
    full size. `creator` (several: "Ann; Bob") and `copyright` go into every output's metadata where they are not empty.
    `name` is a template of `junmai.domain.naming`; empty: the photo's own name, all in one folder. `sharpen_for` says
    where the output will be seen, which is sharpened for after resizing. `sidecars` says where the settings of RAW
    photos are written for Lightroom: nowhere, beside the output, or beside the originals. Without `pixels` nothing else
    is written.
    """

    format: OutputFormat = "jpeg"
    quality: int = 92
    long_edge: int | None = None
    color_space: ColorSpace = "srgb"
    metadata: MetadataPolicy = "all"
    creator: str = ""
    copyright: str = ""
    name: str = ""
    sharpen_for: SharpenFor = "none"
    sharpen_strength: SharpenStrength = "standard"
    sidecars: Sidecars = "none"
    pixels: bool = True

    def deciding(self) -> dict[str, object]:
        """The options that decide the bytes of an output, as part of its key.

        What came after the first five options is in it only where it differs from its default, so that a new option
        changes no key of an output that stands already.
        """
        first = ("format", "quality", "long_edge", "color_space", "metadata")
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        differing = {field.name for field in fields(self) if values[field.name] != field.default}
        left_out = {"name", "sidecars", "pixels"} | ({"quality"} if self.format == "tiff" else set())
        left_out |= {"sharpen_strength"} if self.sharpen_for == "none" else set()
        return {name: value for name, value in values.items() if name in (differing | {*first}) - left_out}


MOST_FURTHER = 8
"""Further outputs of one photo."""
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,40}")


def is_label(text: str) -> bool:
    """Whether a further output may be called so: 1 to 40 letters, digits, `-` and `_`."""
    return _LABEL.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class FurtherOutput:
    """An output beside the main one, from the same decoding and developing. Its label is the name of its folder.

    Its `name` is never used: the name follows the main one, as `junmai.domain.plan.further_name` says. Raises
    ValueError where the label is none.
    """

    label: str
    output: OutputOptions

    def __post_init__(self) -> None:
        if not is_label(self.label):  # a state file may have been written by anybody, and this is part of a path
            raise ValueError(f"{self.label!r} is no label of an output")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything beside the source file that decides an output's bytes.

    `settings` holds resolved develop settings by Adobe's `crs` names, preset and blend already applied;
    a setting that is absent is neutral. Where `own` is set, a photo's own settings (sidecar, embedded XMP) are laid
    over them when it is developed, and `overrides` over those; else `overrides` is empty and part of `settings`.
    `further` are the outputs beside the main one; they decide nothing of its bytes. `match`: one look over the photos;
    what it comes to for each is found before any is developed.
    """

    settings: dict[str, SettingValue] = field(default_factory=dict)
    output: OutputOptions = OutputOptions()
    own: bool = False
    overrides: dict[str, SettingValue] = field(default_factory=dict)
    further: tuple[FurtherOutput, ...] = ()
    match: Match | None = None

    @property
    def outputs(self) -> tuple[OutputOptions, ...]:
        """The options of every output: the main one, then the further ones."""
        return (self.output, *(one.output for one in self.further))


# --- library -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewPhoto:
    """A photo as import found it. Times are ISO 8601; `facts` holds the rest of what EXIF and XMP say."""

    path: str
    root: str
    kind: str
    size: int
    mtime_ns: int
    inode: int
    fingerprint: str
    facts: dict[str, object]
    sidecars: str = ""
    unsupported: str | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of the library. `sha256` is set where the file was read whole and not touched since."""

    id: int
    path: str
    file_name: str
    root: str
    kind: str
    session_id: int | None
    size: int
    mtime_ns: int
    inode: int
    fingerprint: str
    sha256: str | None
    captured_at: str | None
    rating: int | None
    label: str | None
    camera: str | None
    width: int | None
    height: int | None
    facts: dict[str, object]
    sidecars: str
    unsupported: str | None


@dataclass(frozen=True, slots=True)
class Collection:
    """Photos picked by the user."""

    id: int
    name: str
    photo_count: int
    cover_photo_id: int | None = None
    """One of its photos, to show."""


@dataclass(frozen=True, slots=True)
class Session:
    """Photos of one shoot."""

    id: int
    name: str
    folder: str | None
    first_at: str | None
    last_at: str | None
    named_by_user: bool
    photo_count: int
    cover_photo_id: int | None = None
    """One of its photos, to show."""


# --- batches -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewBatch:
    """What is frozen when a batch is created."""

    id: str
    preset: str
    config: dict[str, object]
    recipe: Recipe
    folder: str
    session_id: int | None = None
    overwrite: bool = False
    priority: int = 5
    request_key: str | None = None
    own_folder: bool = False
    """The folder is this batch's alone: its names need not be held against other batches."""


class NewItem(NamedTuple):
    """One photo of a new batch; `done` where the right output stands there already.

    A tuple: a million frozen dataclasses took 1.8 s to make, of 7.2 s for a whole batch, and these take 0.6 s.
    """

    photo_id: int
    output_name: str
    done: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as the store has it. Times are seconds since 1970 in UTC."""

    no: int
    id: str
    status: str
    session_id: int | None
    preset: str
    priority: int
    config: dict[str, object]
    recipe: Recipe
    folder: str
    overwrite: bool
    request_key: str | None
    begun: bool
    generation: int
    pause_reason: str | None
    pause_by: str | None
    pause_detail: str | None
    cancel_reason: str | None
    matching: str | None
    measured: int
    total: int
    processed: int
    failed: int
    skipped: int
    created_at: float
    started_at: float | None
    paused_at: float | None
    completed_at: float | None

    @property
    def remaining(self) -> int:
        """Photos that have not reached their end."""
        return 0 if self.status == "cancelled" else self.total - self.processed - self.failed - self.skipped


@dataclass(frozen=True, slots=True)
class Item:
    """One photo in one batch. Its output is `output_name` in `folder`: the batch's, or after a merge the one where it
    was developed."""

    batch_no: int
    position: int
    photo_id: int
    path: str | None
    status: str
    folder: str
    output_name: str | None
    attempt: int
    tries: int
    worker_deaths: int
    runner_deaths: int
    ready_at: float
    runner_no: int | None
    generation: int
    output_size: int | None
    output_sha256: str | None
    output_key: str | None
    error_kind: str | None
    error_message: str | None
    ended_at: float | None
    seconds: float | None
    further: tuple[FurtherPart, ...] = ()
    """Its further outputs, from when they are staged on."""


class FurtherPart(NamedTuple):
    """A further output of one item; `name` is its final name in the item's folder."""

    label: str
    name: str
    format: OutputFormat
    size: int
    sha256: str
    key: str


@dataclass(frozen=True, slots=True)
class Claim:
    """An item that one attempt of a runner holds, with what developing it needs; or measuring it for a match."""

    batch_no: int
    position: int
    attempt: int
    photo_id: int
    output_name: str
    generation: int
    tries: int
    worker_deaths: int
    alone: bool
    photo: Photo | None
    measuring: bool = False


@dataclass(frozen=True, slots=True)
class Staged:
    """The whole temporary files of one attempt: the main output's, and those of the further ones in their order.

    Where nothing but a sidecar is written, size and checksum are the sidecar's.
    """

    batch_no: int
    position: int
    attempt: int
    photo_id: int
    output_name: str
    size: int
    sha256: str
    key: str
    seconds: float
    remarks: tuple[str, ...] = ()
    """What of the photo's own settings could not be honoured; recorded when it is staged."""
    further: tuple[FurtherPart, ...] = ()
    sidecar: NewSnapshot | None = None
    """Its sidecar, to be kept when it is staged; from then on the store has it."""


@dataclass(frozen=True, slots=True)
class SourceRead:
    """A worker read a source wholly: its checksum, and the state of the file that it belongs to."""

    id: int
    sha256: str
    size: int
    mtime_ns: int
    inode: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Settled:
    """An item whose outputs all have their final names; times as the folders say them, `further` in their order.

    `sidecar` is the path of its sidecar, `""` where it has none; without `pixels` there is nothing else.
    """

    staged: Staged
    mtime_ns: int
    further: tuple[int, ...] = ()
    sidecar: str = ""
    pixels: bool = True


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that ended with an error; `retry_at` where the item is tried again."""

    batch_no: int
    position: int
    attempt: int
    error_kind: str
    error_message: str
    tried: bool = True
    worker_died: bool = False
    retry_at: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `id` rises in the order in which it was recorded."""

    id: int
    batch_no: int | None
    type: str
    at: float
    photo_id: int | None
    data: dict[str, object]
