"""What requests and answers look like: bodies that are checked, and answers for the OpenAPI."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, WithJsonSchema

INT64 = (1 << 63) - 1
Id = Annotated[StrictInt, Field(ge=0, le=INT64)]
Ids = Annotated[
    Any, WithJsonSchema({"type": "array", "minItems": 1, "items": {"type": "integer"}, "description": "Photo ids."})
]
"""Checked by the library, which names every id that is wrong."""
Object = Annotated[Any, WithJsonSchema({"type": "object"})]
Page = Annotated[int, Field(ge=1, le=1000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Wanted(_Body):
    """Which photos: all that is given must hold."""

    session_id: Id | None = None
    collection: StrictStr | None = None
    first: StrictStr | None = Field(default=None, description="Taken then or later: 2026-05-17 or 2026-05-17T22:00.")
    last: StrictStr | None = Field(default=None, description="Taken then or earlier; a day is included.")
    folder: StrictStr | None = None
    min_rating: Annotated[StrictInt, Field(ge=-1, le=5)] | None = None
    label: StrictStr | None = None
    camera: StrictStr | None = None


class StartBatch(_Body):
    """Photos by id, or a selection; and how they are developed."""

    photo_ids: Ids | None = None
    selection: Wanted | None = None
    session_id: Id | None = None
    config: Object | None = Field(default=None, description="preset, blend, settings, settings_from, match, output.")


class Cleanup(_Body):
    """How old."""

    days_old: Annotated[float, Field(strict=True, ge=0, le=1e9)] = 7


class Priority(_Body):
    """10 goes first, 5 is usual."""

    priority: Annotated[StrictInt, Field(ge=1, le=10)]


class RetryFailed(_Body):
    """Which failures: of one kind, or all."""

    error_kind: StrictStr | None = None


class Merge(_Body):
    """Two or more batches; the first one stays."""

    batch_ids: Annotated[list[StrictStr], Field(min_length=2, max_length=10_000)]


class Import(_Body):
    """Folders (or files) of the machine that the server runs on."""

    folders: Annotated[list[StrictStr], Field(min_length=1)]
    session: StrictStr | None = Field(default=None, min_length=1, max_length=200)


class Collect(_Body):
    """Photos to add to a collection, which is made if it is new."""

    name: Annotated[StrictStr, Field(min_length=1, max_length=200)]
    photo_ids: Ids


class Login(_Body):
    """The token of this server."""

    token: StrictStr


# --- answers ------------------------------------------------------------------------------------------------


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow")


class BatchAnswer(_Answer):
    message: str
    batch_id: str


class Started(BatchAnswer):
    photo_count: int


class Retried(BatchAnswer):
    retried_count: int


class Prioritised(BatchAnswer):
    priority: int


class Merged(BatchAnswer):
    photo_count: int
    merged_batch_ids: list[str]


class Left(_Answer):
    path: str
    photo_id: int
    reason: str
    detail: str


class Reverted(BatchAnswer):
    restored_count: int
    removed_count: int
    already_count: int
    left_count: int
    left: list[Left]


class Recovered(_Answer):
    message: str
    recovered_count: int
    failed_count: int
    timestamp: str


class Cleaned(_Answer):
    message: str
    cleaned_count: int
    days_old: float


class Status(_Answer):
    batch_id: str
    session_id: int | None
    status: Literal["pending", "running", "paused", "completed", "failed", "cancelled"]
    total_photos: int
    processed_count: int
    failed_count: int
    skipped_count: int
    cancelled_count: int
    remaining_count: int
    progress_percent: float
    created_at: str
    started_at: str | None
    paused_at: str | None
    completed_at: str | None
    priority: int
    photos_per_second: float | None
    eta_seconds: float | None
    eta_low_seconds: float | None
    eta_high_seconds: float | None
    pause_reason: str | None
    matching: Literal["measuring", "solved"] | None
    measured_count: int
    preset: str
    config: dict[str, Any]


class Batches(_Answer):
    batches: list[Status]
    count: int
    next_cursor: str | None


class MatchAnswer(_Answer):
    position: int
    photo_id: int
    file_name: str | None
    status: Literal["pending", "running", "staged", "processed", "failed", "skipped", "cancelled"]
    exposure: float | None
    red: float | None
    green: float | None
    blue: float | None
    scene: int | None
    capped: bool | None
    why: str | None
    distance_before: float | None
    distance_after: float | None
    off: bool
    by_exposure: float
    by_red: float
    by_blue: float


class Matches(_Answer):
    matching: Literal["measuring", "solved"] | None
    measured_count: int
    photos: list[MatchAnswer]
    next_cursor: str | None


class ItemAnswer(_Answer):
    position: int
    photo_id: int
    file_name: str | None
    status: Literal["pending", "running", "staged", "processed", "failed", "skipped", "cancelled"]
    attempts: int
    error_kind: str | None
    error_message: str | None
    output_path: str | None
    output_name: str | None
    output_sha256: str | None
    output_size: int | None
    seconds: float | None
    ended_at: str | None


class Items(_Answer):
    items: list[ItemAnswer]
    next_cursor: str | None


class FailureKindAnswer(_Answer):
    error_kind: str
    count: int
    error_message: str
    photo_ids: list[int]


class Failures(_Answer):
    failures: list[FailureKindAnswer]


class LeftOutAnswer(_Answer):
    path: str
    reason: str


class ImportedAnswer(_Answer):
    imported: int
    known: int
    left_out: list[LeftOutAnswer]
    session_ids: list[int]


class RunningImport(_Answer):
    folders: list[str]
    looked_at: int
    total: int | None


class RunningImports(_Answer):
    imports: list[RunningImport]


class PhotoAnswer(_Answer):
    photo_id: int
    session_id: int | None
    file_name: str
    path: str
    kind: str
    captured_at: str | None
    camera: str | None
    rating: int | None
    label: str | None
    width: int | None
    height: int | None
    facts: dict[str, Any]
    unsupported: str | None


class Photos(_Answer):
    photos: list[PhotoAnswer]
    total: int
    next_cursor: str | None


class SessionAnswer(_Answer):
    session_id: int
    name: str
    folder: str | None
    first_at: str | None
    last_at: str | None
    photo_count: int
    cover_photo_id: int | None


class Sessions(_Answer):
    sessions: list[SessionAnswer]
    next_cursor: str | None


class CollectionAnswer(_Answer):
    name: str
    photo_count: int
    cover_photo_id: int | None


class Collections(_Answer):
    collections: list[CollectionAnswer]


class Collected(_Answer):
    name: str
    added: int


class PresetAnswer(_Answer):
    name: str
    version: int
    title: str
    description: str
    settings: dict[str, Any]


class Presets(_Answer):
    presets: list[PresetAnswer]


class Roots(_Answer):
    roots: list[str]
    anywhere: bool


class RunnerAnswer(_Answer):
    role: str
    pid: int
    host: str
    workers: int
    batch_id: str | None


class Health(_Answer):
    status: Literal["ok"]
    version: str
    versions: dict[str, str]
    store: dict[str, Any]
    runners: list[RunnerAnswer]


class HeldPhotoAnswer(_Answer):
    photo_id: int
    file_name: str
    batch_id: str
    since: str | None


class WorkerAnswer(_Answer):
    id: str
    role: str
    host: str
    pid: int
    workers: int
    version: str
    roots: list[str]
    started_at: str
    photos: list[HeldPhotoAnswer]


class WaitingAnswer(_Answer):
    batch_id: str
    roots: list[str]


class Workers(_Answer):
    workers: list[WorkerAnswer]
    queue_depth: int | None
    queue_error: str | None
    waiting: list[WaitingAnswer]


class Live(_Answer):
    status: Literal["live"]


class Ready(_Answer):
    status: Literal["ready"]


class LoggedIn(_Answer):
    message: str
