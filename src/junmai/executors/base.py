"""What every executor offers: it takes jobs, does them somewhere, and says how each one ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from junmai.develop.sidecars import Instead
from junmai.develop.sniff import Kind
from junmai.domain.matching import Found, Match, OutputLight, Seen, Solution
from junmai.domain.model import Recipe
from junmai.files import FileState


@dataclass(frozen=True, slots=True)
class SidecarJob:
    """Say the settings of a photo as a sidecar: at `target`, or beside the photo where that is None. `alone`: nothing
    is developed."""

    target: Path | None
    alone: bool = False


@dataclass(frozen=True, slots=True)
class MadeSidecar:
    """What is to be a sidecar, and what stands at its path (None: nothing)."""

    path: str
    before: bytes | None
    content: bytes
    base_key: str = ""
    """SHA-256 of the photo's sidecars, which one at another place was made from; `""` for one beside the photo."""


@dataclass(frozen=True, slots=True)
class DevelopJob:
    """Develop one source into a temporary file for each of its outputs: the main one, and `further` in their order.

    `expected` and `fingerprint` are what import knew of the source; `known_sha256` spares reading it once more
    where size, time and inode are still those of `expected`. `again_soon` asks the worker to keep the decoded photo,
    because it will be asked for with other settings. `solution` is what matching found for the photo. `instead` is
    read in place of a sidecar that holds a match already, as in the other jobs that read a photo's own settings.
    """

    source: Path
    expected: FileState
    fingerprint: str
    known_sha256: str | None
    recipe: Recipe
    temporary: Path
    further: tuple[Path, ...] = ()
    again_soon: bool = False
    sidecar: SidecarJob | None = None
    solution: Solution | None = None
    instead: Instead | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A whole temporary file of a further output."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Developed:
    """A whole temporary file, and what the worker learned of the source."""

    size: int
    sha256: str
    source_sha256: str
    source_state: FileState
    width: int
    height: int
    seconds: dict[str, float]
    own_key: str = ""
    """SHA-256 of the sidecars that the photo's own settings came from; `""` where there are none or none is asked."""
    told_key: str = ""
    """SHA-256 of the metadata that sidecars give to the outputs, where no own settings are asked; `""` for none."""
    profile_key: str = ""
    """SHA-256 of the camera profiles that a RAW may be developed with; `""` where there are none or none is asked."""
    match_key: str = ""
    """SHA-256 of what of the match's solution decides the outputs; `""` where it changes nothing."""
    remarks: tuple[str, ...] = ()
    """Sentences about what could not be honoured."""
    further: tuple[Written, ...] = ()
    sidecar: MadeSidecar | None = None
    """The sidecar that is to be written; with it alone, size and checksum are the sidecar's."""


@dataclass(frozen=True, slots=True)
class ProbeJob:
    """Read the metadata of one source."""

    path: Path
    kind: Kind


@dataclass(frozen=True, slots=True)
class NoJob:
    """Nothing, for measuring what everything around a job costs; it takes `seconds`."""

    answer: Developed
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PreviewJob:
    """Write a small JPEG of a photo as it is into a temporary file."""

    source: Path
    long_edge: int
    temporary: Path


@dataclass(frozen=True, slots=True)
class MeasureJob:
    """Measure one source small, for matching. `known_key` is that of the newest measure of it, which need not be made
    anew where it would be the same."""

    source: Path
    expected: FileState
    fingerprint: str
    recipe: Recipe
    known_key: str = ""
    instead: Instead | None = None


@dataclass(frozen=True, slots=True)
class PhotoMeasured:
    """What a photo measures: the bytes of a `junmai.develop.match_measure.Measure` under the key of whatever decides
    them; `is_known` where they are those of the job's `known_key`. `why` says why there are none."""

    key: str
    measure: bytes = b""
    is_known: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class SolveJob:
    """Find a solution for each photo of a batch, from what was measured of all of them."""

    seen: tuple[Seen, ...]
    match: Match


@dataclass(frozen=True, slots=True)
class Solved:
    """What was found, in the order of the positions, and what to tell of it."""

    found: tuple[Found, ...]
    summary: dict[str, object]


@dataclass(frozen=True, slots=True)
class OutputJob:
    """Look at a written output whose photo was matched, beside the photo developed without: into a temporary file,
    which is taken away again. `sha256` is the output's as it was written."""

    source: Path
    expected: FileState
    fingerprint: str
    recipe: Recipe
    output: Path
    sha256: str
    temporary: Path
    instead: Instead | None = None


@dataclass(frozen=True, slots=True)
class OutputLooked:
    """What an output shows; `why` says why that is not known."""

    light: OutputLight | None
    why: str = ""


Job = DevelopJob | ProbeJob | PreviewJob | NoJob | MeasureJob | SolveJob | OutputJob


class Ending(StrEnum):
    """How a job ended."""

    DONE = "done"
    ERROR = "error"
    """The job raised; the worker lives on."""
    DIED = "died"
    """The worker ended under the job."""
    HUNG = "hung"
    """The job took too long; its worker was stopped."""
    TOO_BIG = "too_big"
    """The worker grew beyond its memory and was stopped."""
    NOT_BEGUN = "not_begun"
    """The worker ended before it came to this job."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one job. `result` where it is done; else a stable kind, a sentence, and for the log a trace."""

    ticket: int
    ending: Ending
    seconds: float
    result: object = None
    error_kind: str = ""
    error_message: str = ""
    may_pass: bool = False
    trace: str = ""


class Executor(Protocol):
    """Takes jobs and gives back outcomes, from one thread."""

    @property
    def workers(self) -> int:
        """How many jobs are done side by side."""

    def start(self) -> None:
        """Get ready to take jobs."""

    def submit(self, ticket: int, job: Job) -> None:
        """Take a job; its outcome will carry the ticket."""

    def wait(self, seconds: float) -> Sequence[Outcome]:
        """Outcomes that are there, waiting up to that long for the first."""

    def retract(self) -> list[int]:
        """Take back the jobs that were not begun; returns their tickets, for which no outcome will come."""

    def stop(self, *, at_once: bool = False) -> None:
        """End; jobs in hand are lost when it must be at once."""
