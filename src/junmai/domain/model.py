"""The values that every room shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

OutputFormat = Literal["jpeg"]
ColorSpace = Literal["srgb"]
MetadataPolicy = Literal["all", "no_gps", "none"]

SettingValue = float | bool | str
"""The value of one develop setting."""


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """How developed photos are written. `long_edge` is in pixels, None for full size; `quality` is 1..100."""

    format: OutputFormat = "jpeg"
    quality: int = 92
    long_edge: int | None = None
    color_space: ColorSpace = "srgb"
    metadata: MetadataPolicy = "all"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything beside the source file that decides an output's bytes.

    `settings` holds resolved develop settings by Adobe's `crs` names, preset and blend already applied;
    a setting that is absent is neutral.
    """

    settings: dict[str, SettingValue] = field(default_factory=dict)
    output: OutputOptions = OutputOptions()


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


@dataclass(frozen=True, slots=True)
class Claim:
    """An item that one attempt of a runner holds, with what developing it needs."""

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


@dataclass(frozen=True, slots=True)
class Staged:
    """A whole temporary file of one attempt."""

    batch_no: int
    position: int
    attempt: int
    photo_id: int
    output_name: str
    size: int
    sha256: str
    key: str
    seconds: float


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
    """An output that has its final name; `mtime_ns` as the folder says it."""

    staged: Staged
    mtime_ns: int


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


@dataclass(frozen=True, slots=True)
class RunnerInfo:
    """A runner as the store has it; `scope_batch_no` None serves every batch."""

    no: int
    id: str
    host: str
    pid: int
    role: str
    scope_batch_no: int | None
    workers: int
    started_at: float
    ended_at: float | None
