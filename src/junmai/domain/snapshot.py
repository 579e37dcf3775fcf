"""What stood where a batch writes a sidecar."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NewSnapshot:
    """What stands at the path of a sidecar (None: nothing), and what is to stand there."""

    path: str
    before: bytes | None
    content: bytes
    key: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A sidecar that a batch writes or wrote: what it found (`before_sha256` None: nothing) and what it wrote.

    `state` is `kept` from when what stood there is in the store, `written` once the new file is settled, `reverted`
    when what was there stands there again.
    """

    id: int
    batch_id: str
    photo_id: int
    path: str
    state: str
    before_sha256: str | None
    written_sha256: str
    key: str
