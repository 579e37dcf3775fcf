"""Who runs in the bench, and by which command line.

Each contender takes a folder of photos to a folder of JPEGs of quality 92, in one call for the whole folder, in a home
folder of the bench's own. What the options mean: `man darktable-cli` and `man darktable`
(`--core`, `-t`, `--conf`), `rawtherapee-cli -h`, `dcraw_emu` without arguments.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.parts import looks
from bench.parts.material import Material

Threads = Literal["one", "default"]
Kind = Literal["raw", "jpeg"]

QUALITY = 92
ROOT = Path(__file__).parent.parent.parent
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM", "NUMBA_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Job:
    """Develop every photo of `source` into `out`, both folders. `scratch` is a folder for this run alone."""

    source: Path
    out: Path
    scratch: Path
    home: Path
    threads: Threads

    @property
    def photos(self) -> list[str]:
        """The photos' paths."""
        return sorted(str(path) for path in self.source.iterdir())

    @property
    def env(self) -> dict[str, str]:
        """The environment: the bench's own home, and one thread a process where that is asked for."""
        folders = {"HOME": "", "XDG_CONFIG_HOME": "config", "XDG_CACHE_HOME": "cache", "XDG_DATA_HOME": "data"}
        env = {name: value for name, value in os.environ.items() if name not in _ONE_THREAD}
        env |= {name: str(self.home / folder) for name, folder in folders.items()}
        if self.threads == "one":
            env |= dict.fromkeys(_ONE_THREAD, "1")
        return env


@dataclass(frozen=True, slots=True)
class Contender:
    """One row of the table: `program` must be there (None: nothing beyond Junmai's own libraries), `package` has it."""

    name: str
    folder: Callable[[Material], Path]
    command: Callable[[Job], Sequence[str]]
    program: str | None = None
    package: str = ""
    keep_output: bool = True
    writes: bool = True

    @property
    def missing(self) -> str | None:
        """What to install; None where all is there."""
        if self.program is None or shutil.which(self.program):
            return None
        return f"{self.name}: {self.program} is not there; on Debian and Ubuntu, 'apt install {self.package}'."


# --- Junmai --------------------------------------------------------------------------------------------------


def _junmai(workers: int | None, *, everything: bool) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        data = job.scratch / "data"
        line = [sys.executable, "-m", "junmai", "develop", str(job.source), "--out", str(job.out), "--json"]
        line += ["--data", str(data), "--quality", str(QUALITY)]
        if everything:
            _keep_preset(data, job.scratch / "all.xmp")
            line += ["--preset", looks.ALL]
        wanted = 1 if workers is None and job.threads == "one" else workers
        return [*line, "--workers", str(wanted)] if wanted else line

    return command


def _keep_preset(data: Path, file: Path) -> None:
    """Import the preset, as `junmai presets import` does."""
    from junmai import BatchController
    from junmai.control import presetting

    looks.write_preset(file)
    with BatchController(data) as controller:
        presetting.import_file(controller.store, file)


# --- the others ----------------------------------------------------------------------------------------------

_NICE = ["nice", "-n", "5"] if shutil.which("nice") else []
"""Junmai's workers run at nice 5. So does everybody else, or a busy machine would favour them."""


def _darktable(job: Job) -> list[str]:
    settings = {
        "plugins/imageio/format/jpeg/quality": str(QUALITY),
        "write_sidecar_files": "never",
    }
    line = [*_NICE, "darktable-cli", "--import", str(job.source), str(job.out), "--out-ext", "jpg", "--core"]
    line += ["--configdir", str(job.home / "darktable"), "--cachedir", str(job.home / "darktable-cache")]
    line += ["--library", ":memory:", "--disable-opencl"]
    for key, value in settings.items():
        line += ["--conf", f"{key}={value}"]
    return [*line, "-t", "1"] if job.threads == "one" else line


def _rawtherapee(job: Job) -> list[str]:
    return [*_NICE, "rawtherapee-cli", "-o", str(job.out), "-q", f"-j{QUALITY}", "-js3", "-Y", "-c", str(job.source)]


def _dcraw_emu(quality: int) -> Callable[[Job], list[str]]:
    return lambda job: [*_NICE, "dcraw_emu", "-w", "-W", "-q", str(quality), "-Z", "-", *job.photos]


def _two_dcraw_emu(job: Job) -> list[str]:
    """PPG in two processes at once."""
    line = _dcraw_emu(2)(job)
    return [sys.executable, "-m", "bench.parts.pair", *job.photos, "--", *line[: -len(job.photos)]]


def _floor(kind: Kind) -> Callable[[Job], list[str]]:
    return lambda job: [*_NICE, sys.executable, "-m", "bench.parts.floor", kind, str(job.source), str(job.out)]


# --- the rows ------------------------------------------------------------------------------------------------

PLAIN, ALL, ALL_UNCOMPRESSED, TWO_WORKERS = (
    "junmai, plain",
    "junmai, all features",
    "junmai, all features, uncompressed DNG",
    "junmai, all features, 2 workers",
)
DARKTABLE, RAWTHERAPEE, PPG, TWO_PPG, AHD, FLOOR = (
    "darktable-cli",
    "rawtherapee-cli",
    "dcraw_emu PPG, nothing encoded or written",
    "dcraw_emu PPG, 2 processes at once",
    "dcraw_emu AHD, nothing encoded or written",
    "floor: LibRaw PPG and Pillow, one process",
)


def contenders(kind: Kind, threads: Threads) -> list[Contender]:
    """Those who develop this kind of photo with so many threads, in the order of the table."""
    raw = kind == "raw"

    def usual(made: Material) -> Path:
        return made.compressed if raw else made.jpeg

    def plain_dng(made: Material) -> Path:
        return made.uncompressed if raw else made.jpeg

    found = [
        Contender(PLAIN, usual, _junmai(None, everything=False)),
        Contender(ALL, usual, _junmai(None, everything=True)),
    ]
    if raw:
        found.append(Contender(ALL_UNCOMPRESSED, plain_dng, _junmai(None, everything=True)))
    if threads == "one":
        found.append(Contender(TWO_WORKERS, usual, _junmai(2, everything=True)))
    found += [
        Contender(DARKTABLE, plain_dng, _darktable, "darktable-cli", "darktable"),
        Contender(RAWTHERAPEE, usual, _rawtherapee, "rawtherapee-cli", "rawtherapee"),
    ]
    if raw:
        for name, quality in ((PPG, 2), (AHD, 3)):
            tool = _dcraw_emu(quality)
            found.append(Contender(name, usual, tool, "dcraw_emu", "libraw-bin", keep_output=False, writes=False))
    if raw and threads == "one":
        found.append(
            Contender(TWO_PPG, usual, _two_dcraw_emu, "dcraw_emu", "libraw-bin", keep_output=False, writes=False)
        )
    if threads == "one":
        floor = FLOOR if raw else FLOOR_JPEG
        found.append(Contender(floor, usual, _floor(kind)))
    return found


FLOOR_JPEG = "floor: Pillow decodes and encodes, one process"
