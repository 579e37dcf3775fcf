"""How well matching brings photos of one session to one look.

    python bench/match.py [--seed 1] [--size 400]
    python bench/match.py --batch 500 [--rounds 3] [--workers 2]

Photos of JUNMAI_SAMPLES (or `shared/samples` beside the project) are made wrong on purpose, measured from the files
that this leaves, solved, and compared with what they were, in CIEDE2000. Every second photo (`held out`) had no part in
the choice of any threshold; only those are held against what is wanted.

- `same view`: each photo three times, wrong by up to 1.5 EV and e^0.25 in red and blue, target is the right one; once
  as JPEG of 8 bits (quality 95), once as TIFF of 16. The mean over all pixels of a photo; median and 90 % over photos
  (wanted: 0.5 and 1.5). `exact inverse` is what the true gains leave: rounding and clipping; nothing with gains can do
  better. `of what was left` leaves out pixels that are clipped or near black in the file.
- `other framing`: six crops of each photo, 60 to 85 % of its sides, wrong in the same way but the target. How much of
  the standard deviation of the error over the session (exposure, red by green, blue by green) is gone (wanted: 80 %),
  and the mean distance to the truth (at most 6.0).
- `other scenes`: all photos as one session. How much of the spread of their middle colours is left (wanted: 70 %).
- `newly clipped`: pixels at 255 that were not before, and are not in the truth; the mean over photos (at most 1 %).
- Reinhard: means and deviations of L*a*b* carried over from the target (after Reinhard et al. 2001, in CIELAB).
- `time`: measuring against developing with an exposure (wanted: a tenth).

With `--batch` nothing but time: so many photos (copies of the samples, each RAW and JPEG of a camera as often) as one
batch of the command line, from its start to its match and from there to its end, in a new library each round.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageOps

from junmai import BatchController
from junmai.develop import color, match_apply
from junmai.develop.decode import decode
from junmai.develop.difference import ciede2000, working_to_lab
from junmai.develop.match_measure import Measure, measure
from junmai.develop.match_solve import solve
from junmai.develop.pipeline import develop_photo
from junmai.domain.matching import Solution
from junmai.domain.model import Recipe

Light = NDArray[np.float64]
"""(rows, columns, 3) in the linear working space."""
EV, COLOR, COPIES, CROPS = 1.5, 0.25, 3, 6
ENDINGS = (".jpg",)
LEAST_SIDE = 400


@dataclass(frozen=True)
class Case:
    """One photo made wrong: the file's own light, the truth, and the log2 gains that lead from truth to file."""

    path: Path
    light: Light
    truth: Light
    wrong: NDArray[np.float64]


def main() -> None:
    """Measure and print; exit code 1 where a held-out figure is not what is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=400, help="long edge of the photos that are made wrong")
    parser.add_argument("--batch", type=int, default=0, help="photos of one batch whose phases are timed, and no more")
    parser.add_argument("--rounds", type=int, default=3, help="how often that batch is developed")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    if given.batch:
        raise SystemExit(batches(given.batch, given.rounds, given.workers))
    photos = samples()
    if not photos:
        raise SystemExit("There are no photos: set JUNMAI_SAMPLES to the samples' folder.")
    print(f"{len(photos)} photos, seed {given.seed}")
    good = True
    with tempfile.TemporaryDirectory(prefix="junmai-match-") as folder:
        for name, chosen in (("chosen by", photos[::2]), ("held out", photos[1::2])):
            rng = np.random.default_rng(given.seed)
            loaded = [load(path, given.size) for path in chosen]
            print(f"\n--- {name}: {len(chosen)} photos")
            for ending in ("jpg", "tif"):
                good &= same_view(loaded, Path(folder), ending, rng) or name != "held out"
            good &= other_framing(loaded, Path(folder), rng) or name != "held out"
            good &= other_scenes(loaded, Path(folder)) or name != "held out"
    times(photos)
    raise SystemExit(0 if good else 1)


def samples_folder() -> Path:
    return Path(os.environ.get("JUNMAI_SAMPLES") or Path(__file__).parents[2] / "shared" / "samples")


def samples() -> list[Path]:
    """Photos of three colours that are large enough; of pairs that show the same (`_2`, `_5`), the first."""
    found = []
    for path in sorted((samples_folder() / "jpeg").glob("*")):
        if path.suffix in ENDINGS and not path.stem.endswith(("portrait_2", "portrait_5", "landscape_5")):
            with Image.open(path) as image:
                if image.mode == "RGB" and min(image.size) >= LEAST_SIDE:
                    found.append(path)
    return found


def load(path: Path, size: int) -> Light:
    """A photo as sRGB (whatever it says) at a long edge of `size`, as linear light."""
    with Image.open(path) as image:
        image.draft("RGB", (size, size))
        upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.thumbnail((size, size), Image.Resampling.LANCZOS)
        return np.asarray(color.srgb_decode(np.asarray(upright) / 255.0) @ color.SRGB_TO_WORKING.T)


# --- making photos wrong, and right again ------------------------------------------------------------------


def make(truth: Light, logs: NDArray[np.float64], path: Path) -> Case:
    """Write a photo that is wrong by log2 gains of the channels, as sRGB of 8 (JPEG) or 16 bits (TIFF)."""
    code = color.srgb_encode(np.clip((truth * 2.0**logs) @ color.WORKING_TO_SRGB.T, 0, 1))
    if path.suffix == ".jpg":
        Image.fromarray(np.rint(code * 255).astype(np.uint8)).save(path, quality=95, subsampling=0)
    else:
        tifffile.imwrite(path, np.rint(code * 65535).astype(np.uint16), photometric="rgb")
    return Case(path, light_of(path), truth, logs)


def light_of(path: Path) -> Light:
    """The linear light of a file as the engine decodes it."""
    decoded = decode(path)
    planes = [decoded.table[channel][decoded.pixels[:, :, channel]] for channel in range(3)]
    return np.asarray(np.stack(planes, axis=2).astype(np.float64) @ decoded.matrix.T)


def random_wrong(rng: np.random.Generator) -> NDArray[np.float64]:
    """log2 gains of red, green and blue."""
    exposure, red, blue = rng.uniform(-1, 1, 3) * (EV, COLOR / np.log(2), COLOR / np.log(2))
    return np.array([exposure + red, exposure, exposure + blue])


def matched(light: Light, solution: Solution) -> NDArray[np.uint8]:
    """The photo matched, as sRGB codes."""
    band = np.ascontiguousarray(np.moveaxis(light, -1, 0), dtype=np.float32)
    band *= np.array(solution.gains, np.float32).reshape(3, 1, 1)
    shoulder = match_apply.shoulder(solution)
    if shoulder:
        match_apply.roll_off(band, shoulder)
    return codes(np.moveaxis(band, 0, -1).astype(np.float64))


def codes(light: Light) -> NDArray[np.uint8]:
    return np.rint(color.srgb_encode(np.clip(light @ color.WORKING_TO_SRGB.T, 0, 1)) * 255).astype(np.uint8)


def lab(code: NDArray[np.uint8]) -> Light:
    return working_to_lab(color.srgb_decode(code / 255.0) @ color.SRGB_TO_WORKING.T)


def reinhard(light: Light, target: Light) -> NDArray[np.uint8]:
    """The photo with the means and deviations of the target's L*a*b*."""
    own, wanted = lab(codes(light)), lab(codes(target))
    moved = (own - own.mean((0, 1))) / np.maximum(own.std((0, 1)), 1e-6) * wanted.std((0, 1)) + wanted.mean((0, 1))
    f_y = (moved[:, :, 0] + 16) / 116
    roots = np.stack([f_y + moved[:, :, 1] / 500, f_y, f_y - moved[:, :, 2] / 200], axis=2)
    xyz = np.where(roots > 6 / 29, roots**3, 3 * (6 / 29) ** 2 * (roots - 4 / 29)) * color.xy_to_xyz(*color.D65)
    return codes(xyz @ color.XYZ_TO_WORKING.T)


@dataclass
class Figures:
    """What is found of each photo of a session, by way."""

    all: dict[str, list[float]]
    left: dict[str, list[float]]
    clipped: list[float]
    errors: list[NDArray[np.float64]]

    def add(self, case: Case, solution: Solution, target: Light) -> None:
        """Compare one photo, matched in each way, with its truth."""
        own = codes(case.light)
        truth = codes(case.truth)
        ways = {
            "as it is": own,
            "exact inverse": codes(case.light * 2.0**-case.wrong),
            "match": matched(case.light, solution),
            "Reinhard": reinhard(case.light, target),
        }
        usable = ((own < 250) & (own > 8)).all(axis=2)
        for name, made in ways.items():
            apart = ciede2000(lab(made), lab(truth))
            self.all.setdefault(name, []).append(float(apart.mean()))
            if usable.any():
                self.left.setdefault(name, []).append(float(apart[usable].mean()))
        full, was, should = ((each == 255).any(axis=2) for each in (ways["match"], own, truth))
        self.clipped.append(float((full & ~was & ~should).mean()))
        self.errors.append(np.log2(solution.gains) + case.wrong)


def solved(cases: Sequence[Case], target: int | None) -> dict[int, Solution]:
    measures: dict[int, Measure | str] = {number: measure(case.path) for number, case in enumerate(cases)}
    return solve(measures, target)


def say(name: str, value: float, wanted: float | None = None, most: bool = True) -> bool:
    """Print a figure, and whether it is as wanted."""
    good = wanted is None or (value <= wanted if most else value >= wanted)
    verdict = "" if wanted is None else f"{'ok' if good else 'NO'} ({'<=' if most else '>='} {wanted:g})"
    print(f"  {name:44} {value:8.3f}  {verdict}")
    return good


# --- the sessions ------------------------------------------------------------------------------------------


def same_view(photos: Sequence[Light], folder: Path, ending: str, rng: np.random.Generator) -> bool:
    """Each photo several times with the same framing."""
    figures = Figures({}, {}, [], [])
    for photo in photos:
        wrongs = [np.zeros(3), *(random_wrong(rng) for _ in range(COPIES))]
        cases = [make(photo, wrong, folder / f"{number}.{ending}") for number, wrong in enumerate(wrongs)]
        solutions = solved(cases, 0)
        for number, case in enumerate(cases[1:], 1):
            figures.add(case, solutions[number], cases[0].light)
    print(f"same view, {ending}: mean dE00 of a photo")
    good = True
    for name, found in figures.all.items():
        mine = name == "match"
        good &= say(f"{name}, median", float(np.median(found)), 0.5 if mine else None)
        good &= say(f"{name}, 90 %", float(np.quantile(found, 0.9)), 1.5 if mine else None)
    for name in ("exact inverse", "match", "Reinhard"):
        say(f"{name}, of what was left, median", float(np.median(figures.left[name])))
    say("error of the gains, EV, median", float(np.median(np.abs(np.array(figures.errors)))))
    return say("newly clipped, %", 100 * float(np.mean(figures.clipped)), 1.0) and good


def other_framing(photos: Sequence[Light], folder: Path, rng: np.random.Generator) -> bool:
    """Crops of each photo: a session of one place."""
    figures = Figures({}, {}, [], [])
    gone, linked = [], []
    for photo in photos:
        cases = []
        for number in range(CROPS):
            part = crop(photo, rng)
            cases.append(make(part, random_wrong(rng) if number else np.zeros(3), folder / f"{number}.jpg"))
        solutions = solved(cases, 0)
        before, after = [], []
        for number, case in enumerate(cases[1:], 1):
            figures.add(case, solutions[number], cases[0].light)
            before.append(ratios(case.wrong))
            after.append(ratios(figures.errors[-1]))
            linked.append(solutions[number].group == solutions[0].group)
        gone.append(1 - np.std(after, axis=0).mean() / np.std(before, axis=0).mean())
    print("other framing, jpg: mean dE00 of a photo")
    good = True
    for name, found in figures.all.items():
        mine = name == "match"
        good &= say(f"{name}, mean", float(np.mean(found)), 6.0 if mine else None)
        say(f"{name}, 90 %", float(np.quantile(found, 0.9)))
    say("in the target's group, %", 100 * float(np.mean(linked)))
    good &= say("spread that is gone, mean of sessions, %", 100 * float(np.mean(gone)), 80, most=False)
    say("spread that is gone, worst session, %", 100 * float(np.min(gone)))
    return say("newly clipped, %", 100 * float(np.mean(figures.clipped)), 1.0) and good


def ratios(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([logs[1], logs[0] - logs[1], logs[2] - logs[1]])


def crop(photo: Light, rng: np.random.Generator) -> Light:
    height, width = photo.shape[:2]
    share = rng.uniform(0.60, 0.85)
    rows, columns = int(height * share), int(width * share)
    top, left = rng.integers(0, height - rows + 1), rng.integers(0, width - columns + 1)
    return photo[top : top + rows, left : left + columns]


def other_scenes(photos: Sequence[Light], folder: Path) -> bool:
    """Photos that have nothing to do with each other stay apart."""
    cases = [make(photo, np.zeros(3), folder / f"{number}.jpg") for number, photo in enumerate(photos)]
    solutions = solved(cases, None)
    results = {
        "match": [matched(case.light, solutions[number]) for number, case in enumerate(cases)],
        "Reinhard": [reinhard(case.light, cases[0].light) for case in cases],
    }
    before = spread([codes(case.light) for case in cases])
    print("other scenes, jpg: spread of middle colours that is left")
    for name, made in results.items():
        say(f"{name}, %", 100 * spread(made) / before)
    good = say("match, %", 100 * spread(results["match"]) / before, 70, most=False)
    say("groups", len({each.group for each in solutions.values()}))
    clipped = [
        float(((made == 255).any(axis=2) & ~(codes(case.light) == 255).any(axis=2)).mean())
        for made, case in zip(results["match"], cases, strict=True)
    ]
    return say("newly clipped, %", 100 * float(np.mean(clipped)), 1.0) and good


def spread(pictures: Sequence[NDArray[np.uint8]]) -> float:
    """Mean distance in L*a*b* of the photos' mean colours from the mean of them all."""
    middles = np.array([lab(each).mean((0, 1)) for each in pictures])
    return float(np.linalg.norm(middles - middles.mean(0), axis=1).mean())


def times(photos: Sequence[Path]) -> None:
    """The least of three runs each, in seconds of the processor: those of the clock tell of what else is running."""
    files: list[Any] = sorted(each for each in samples_folder().glob("raw/*") if each.suffix != ".json")
    print("\n--- processor time of measuring, s, of developing, s, and their ratio")
    for path in [*files, *sorted(photos, key=lambda each: -each.stat().st_size)[:3]]:
        took = [least(lambda path=path: measure(path))]
        took.append(least(lambda path=path: develop_photo(path, Recipe(settings={"Exposure2012": 0.3}))))
        print(f"  {path.name:34} {took[0]:8.3f} {took[1]:8.3f} {took[0] / took[1]:8.3f}")


def batches(count: int, rounds: int, workers: int) -> int:
    """Phases of one batch, each round in a new library; an exit code."""
    sources = [each for kind in ("jpeg", "raw") for each in sorted((samples_folder() / kind).glob("*"))]
    sources = [each for each in sources if each.suffix.lower() in (".jpg", ".dng", ".crw", ".cr2", ".nef", ".arw")]
    if not sources:
        raise SystemExit("There are no photos: set JUNMAI_SAMPLES to the samples' folder.")
    print(f"{count} photos of {len(sources)} samples, {workers} workers, {rounds} rounds")
    print("round  measuring s  developing s  measuring / developing")
    found: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory(prefix="junmai-match-") as folder:
        shoot = Path(folder) / "shoot"
        shoot.mkdir()
        for number in range(count):
            source = sources[number % len(sources)]
            shutil.copyfile(source, shoot / f"IMG_{number:05}{source.suffix}")
        for number in range(rounds):
            found.append(phases(shoot, Path(folder) / f"round-{number}", workers))
            print(f"{number + 1:5} {found[-1][0]:12.1f} {found[-1][1]:13.1f} {found[-1][0] / found[-1][1]:14.3f}")
    measuring, developing, ratio = (
        float(np.median(each)) for each in zip(*((*one, one[0] / one[1]) for one in found), strict=True)
    )
    print(f"median {measuring:11.1f} {developing:13.1f} {ratio:14.3f}")
    return 0


def phases(shoot: Path, folder: Path, workers: int) -> tuple[float, float]:
    """Seconds of measuring and solving, and of developing; the outputs are removed."""
    data = folder / "data"
    words = ["develop", str(shoot), "--out", str(folder / "out"), "--match", "collection", "--workers", str(workers)]
    ended = subprocess.run(
        [sys.executable, "-m", "junmai", "--data", str(data), *words], capture_output=True, text=True, check=False
    )
    with BatchController(data) as controller:
        batch = controller.latest()
        matched = _matched_at(controller, batch.no)
    if ended.returncode not in (0, 3) or not matched or batch.started_at is None or batch.completed_at is None:
        raise SystemExit(ended.stdout + ended.stderr)
    shutil.rmtree(folder)
    return matched[0] - batch.started_at, batch.completed_at - matched[0]


def _matched_at(controller: BatchController, no: int) -> list[float]:
    after = 0
    while page := controller.store.events(no=no, after=after):
        if found := [one.at for one in page if one.type == "batch_matched"]:
            return found
        after = page[-1].id
    return []


def least(act: Any) -> float:
    found = []
    for _ in range(3):
        begun = time.process_time()
        act()
        found.append(time.process_time() - begun)
    return min(found)


if __name__ == "__main__":
    main()
