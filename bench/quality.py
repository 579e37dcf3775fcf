"""How far Junmai's neutral look is from other developers' on the same RAW files.

    python bench/quality.py [FILE ...] [--sheet SHEET.png]

Without files: the RAW files of JUNMAI_SAMPLES (or `shared/samples` beside the project). For each, the mean CIEDE2000

- against `dcraw_emu` (wanted: at most 0.5) with the same white balance and, for a DNG, with LibRaw's way of using the
  file's matrix, so that everything else is compared; `dcraw_emu, DNG colour` is Junmai as it is, for which nothing is
  wanted: the DNG specification adapts colours to white in another way;
- against `rawtherapee-cli` with its neutral profile (at most 2.5); it takes the camera's white balance, so a file that
  has none is compared after a gain for each channel, and says so;
- of the `camera` look against the preview in the file (at most 6).

Programs have their own idea of middle grey and end highlights in their own way: one gain over all channels comes
first, and clipped pixels are left out. `mean`, `median` and `90 %` are of single pixels, where the ways to interpolate
differ: LibRaw's AHD is 1.0 to 1.4 away from LibRaw's own PPG on these files (the row `PPG`). So what is held
against the wanted number is the last figure, the mean of blocks of 8 x 8 pixels, and of the small pictures that are
laid over each other for the preview. `same interpolation` is Junmai with LibRaw's PPG in place of its own against
`dcraw_emu` with PPG: there the mean of single pixels is held against 0.5, too.

On Debian and Ubuntu: apt install libraw-bin rawtherapee
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import rawpy
import tifffile
from numpy.typing import NDArray
from PIL import Image

from junmai.develop import color, decode_raw, icc, preview
from junmai.develop.color import Camera
from junmai.develop.decode import Wanted, decode
from junmai.develop.decode_raw import says_white_balance
from junmai.develop.difference import ciede2000, working_to_lab
from junmai.develop.look import BaseLook
from junmai.develop.pipeline import render
from junmai.develop.sniff import RAW_EXTENSIONS

Light = NDArray[np.float64]

PACKAGES = {"dcraw_emu": "libraw-bin", "rawtherapee-cli": "rawtherapee"}
WANTED = {"dcraw_emu": 0.5, "same interpolation": 0.5, "rawtherapee-cli": 2.5, "preview": 6.0}
BY_PIXEL = ("same interpolation",)
_REACH = 14
"""Programs leave out margins of up to so many pixels."""


@dataclass(frozen=True)
class Result:
    """One comparison: mean, middle and 90th percentile of CIEDE2000, at full size and of blocks of 8 x 8 pixels."""

    mean: float
    median: float
    most: float
    blocks: float
    remark: str = ""


def main() -> None:
    """Compare and print; exit code 1 where a mean is above what is wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--sheet", type=Path, help="write a contact sheet of the three looks and the preview")
    given = parser.parse_args()
    missing = [name for name in PACKAGES if shutil.which(name) is None]
    for name in missing:
        print(f"{name} is not there: on Debian and Ubuntu, 'apt install {PACKAGES[name]}'.", file=sys.stderr)
    files = given.files or samples()
    if not files:
        raise SystemExit("There are no RAW files: name some, or set JUNMAI_SAMPLES to the samples' folder.")
    failed = False
    print(f"{'file':30} {'against':22} {'mean':>6} {'median':>7} {'90 %':>6} {'8x8':>6}  wanted")
    with tempfile.TemporaryDirectory(prefix="junmai-quality-") as folder:
        for path in files:
            for name, result in compare(path, Path(folder), leave_out=missing).items():
                wanted = WANTED.get(name)
                good = wanted is None or (result.mean if name in BY_PIXEL else result.blocks) <= wanted
                failed |= not good
                row = f"{path.name[:30]:30} {name:22} {result.mean:6.2f} {result.median:7.2f} {result.most:6.2f}"
                verdict = f"{'ok' if good else 'NO'} (<= {wanted})" if wanted else ""
                print(f"{row} {result.blocks:6.2f}  {verdict} {result.remark}")
    if given.sheet:
        sheet(files, given.sheet)
    raise SystemExit(1 if failed else 0)


def samples() -> list[Path]:
    """The RAW files among the samples."""
    folder = Path(os.environ.get("JUNMAI_SAMPLES") or Path(__file__).parents[2] / "shared" / "samples")
    return sorted(each for each in folder.glob("raw/*") if each.suffix.casefold() in RAW_EXTENSIONS)


def compare(path: Path, folder: Path, leave_out: list[str]) -> dict[str, Result]:
    """Every comparison that can be made of one file."""
    photo = decode(path, want=Wanted(base_look="neutral"))
    if photo.camera is None:
        raise SystemExit(f"{path.name}: only cameras of three colours are compared")
    own = linear(render(photo, {}, depth=16))
    results: dict[str, Result] = {}
    if "dcraw_emu" not in leave_out:
        ahd, ppg = (dcraw_emu(path, folder, photo.camera.as_shot, quality) for quality in (3, 2))
        plain = Camera(photo.camera.as_shot, photo.camera.xyz_to_camera)
        as_libraw = replace(photo, matrix=plain.to_working(plain.as_shot))
        results["dcraw_emu"] = difference(linear(render(as_libraw, {}, depth=16)), ahd)
        if photo.format == "DNG":
            results["dcraw_emu, DNG colour"] = difference(own, ahd)
        same = replace(as_libraw, pixels=interpolated_by_libraw(path, photo.camera.as_shot))
        results["same interpolation"] = difference(linear(render(same, {}, depth=16)), ppg)
        results["PPG"] = difference(ahd, ppg, remark="LibRaw's PPG against LibRaw's AHD")
    if "rawtherapee-cli" not in leave_out:
        same_light = says_white_balance(path)
        remark = "" if same_light else "the file has no white balance: a gain for each channel"
        results["rawtherapee-cli"] = difference(own, rawtherapee(path, folder), each=not same_light, remark=remark)
    against_preview = preview_result(path)
    if against_preview:
        results["preview"] = against_preview
    return results


def interpolated_by_libraw(path: Path, gains: color.Gains) -> NDArray[np.uint16]:
    """Junmai's pixels of a RAW, if LibRaw's PPG interpolated them."""
    with rawpy.imread(str(path)) as raw:
        return decode_raw.cropped(raw, decode_raw.by_libraw(raw, gains))


# --- the pictures ------------------------------------------------------------------------------------------


def dcraw_emu(path: Path, folder: Path, gains: color.Gains, quality: int) -> Light:
    """LibRaw's own developing, PPG (quality 2) or AHD (3), with its matrix, to linear sRGB; the same white balance."""
    copy = folder / path.name
    shutil.copyfile(path, copy)
    red, green, blue = (f"{gain:.6f}" for gain in gains)
    options = ["-r", red, green, blue, green, "-o", "1", "-q", str(quality), "-4", "-c", "0", "-T"]
    subprocess.run(["dcraw_emu", *options, str(copy)], check=True, capture_output=True)
    return np.asarray(tifffile.imread(f"{copy}.tiff") / 65535 @ color.SRGB_TO_WORKING.T, dtype=np.float64)


def rawtherapee(path: Path, folder: Path) -> Light:
    """RawTherapee with its neutral profile, which is what it uses without any."""
    out = folder / f"{path.name}.rt.tif"
    command = ["rawtherapee-cli", "-q", "-o", str(out), "-t", "-b16", "-Y", "-c", str(path)]
    home = {name: str(folder / "home") for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    subprocess.run(command, check=True, capture_output=True, env=dict(os.environ) | home)
    with tifffile.TiffFile(out) as tiff:
        codes, profile = tiff.pages[0].asarray(), tiff.pages[0].tags[34675].value
    shaper = icc.read_shaper(profile, 65536)
    if shaper is None:
        raise SystemExit("RawTherapee's output profile is not one of a matrix")
    light = np.stack([shaper.table[channel][codes[:, :, channel]] for channel in range(3)], axis=2)
    return np.asarray(light.astype(np.float64) @ shaper.matrix.T, dtype=np.float64)


def linear(picture: NDArray[Any]) -> Light:
    """An sRGB picture of 8 or 16 bits as linear light of the working space."""
    top = 255 if picture.dtype == np.uint8 else 65535
    return np.asarray(color.srgb_decode(picture / top) @ color.SRGB_TO_WORKING.T, dtype=np.float64)


# --- comparing ---------------------------------------------------------------------------------------------


def difference(own: Light, other: Light, *, each: bool = False, remark: str = "") -> Result:
    """`other` is brought to `own` by one gain (or one for each channel) over what is clipped in neither."""
    own, other = overlapping(own, other)
    own_codes, other_codes = (np.clip(light @ color.WORKING_TO_SRGB.T, 0, 1) for light in (own, other))
    clear = np.logical_and.reduce([(c.max(axis=2) < 0.9) & (c.min(axis=2) > 1e-4) for c in (own_codes, other_codes)])
    channels = np.median(own[clear] / np.maximum(other[clear], 1e-6), axis=0)
    one = own[clear].sum() / other[clear].sum()
    other = other * (channels if each else one)
    return measured(own, other, clear, remark)


def measured(own: Light, other: Light, clear: NDArray[np.bool_], remark: str = "") -> Result:
    """The figures over the pixels that are `clear`."""
    apart = ciede2000(working_to_lab(own), working_to_lab(other))[clear]
    blocks = ciede2000(working_to_lab(_blocks(own)), working_to_lab(_blocks(other)))
    blocks = blocks[_blocks(clear[:, :, None].astype(np.float64))[:, :, 0] == 1]
    return Result(
        float(apart.mean()), float(np.median(apart)), float(np.percentile(apart, 90)), float(blocks.mean()), remark
    )


def overlapping(own: Light, other: Light) -> tuple[Light, Light]:
    """The part that both show: one may have left out some margin. Found by the best match of a middle window."""
    import cv2

    rows, columns = min(own.shape[0], other.shape[0]), min(own.shape[1], other.shape[1])
    grey, seen = (np.log2(np.maximum(light[:, :, 1], 0) + 1e-3).astype(np.float32) for light in (own, other))
    top, left = rows // 3, columns // 3
    part = seen[top : 2 * top, left : 2 * left]
    around = grey[max(top - _REACH, 0) : 2 * top + _REACH, max(left - _REACH, 0) : 2 * left + _REACH]
    match = cv2.matchTemplate(around, part, cv2.TM_CCOEFF_NORMED)
    y, x = np.unravel_index(int(np.argmax(match)), match.shape)
    down, right = int(y) - min(top, _REACH), int(x) - min(left, _REACH)
    own = own[max(down, 0) :, max(right, 0) :]
    other = other[max(-down, 0) :, max(-right, 0) :]
    rows, columns = min(own.shape[0], other.shape[0]), min(own.shape[1], other.shape[1])
    return own[:rows, :columns], other[:rows, :columns]


def _blocks(light: Light) -> Light:
    rows, columns = light.shape[0] // 8 * 8, light.shape[1] // 8 * 8
    return np.asarray(light[:rows, :columns].reshape(rows // 8, 8, columns // 8, 8, -1).mean(axis=(1, 3)))


def preview_result(path: Path) -> Result | None:
    """The `camera` look against the preview, laid over it; None where there is no usable preview."""
    shown = embedded(path)
    photo = decode(path)
    if shown is None or photo.base is None or photo.base.name != "camera":
        return None
    pair = preview.align(small(linear(render(photo, {}))), shown)
    if pair is None:
        return None
    own, seen = (each.astype(np.float64) for each in pair)
    apart = ciede2000(working_to_lab(own), working_to_lab(seen))
    mean, median, most = float(apart.mean()), float(np.median(apart)), float(np.percentile(apart, 90))
    return Result(mean, median, most, mean)


def embedded(path: Path) -> preview.Light | None:
    """The preview in the file."""
    with rawpy.RawPy() as raw:
        raw.open_file(str(path))
        return preview.read(raw)


def small(light: Light) -> preview.Light:
    """As large as previews are laid over."""
    codes = np.clip(light * 65535, 0, 65535).astype(np.uint16)
    return np.asarray(preview.shrink(codes) / np.float32(65535), dtype=np.float32)


def sheet(files: list[Path], target: Path, width: int = 420) -> None:
    """Each file in the three looks, with its preview beside them."""
    rows = []
    for path in files:
        # A render of 8 bits is uint8, whatever its signature says of 16.
        pictures = [np.asarray(render(decode(path, want=Wanted(base_look=each)), {}), np.uint8) for each in LOOKS]
        shown = embedded(path)
        if shown is not None:
            light = color.srgb_encode(np.clip(shown @ color.WORKING_TO_SRGB.T, 0, 1))
            pictures.append(np.rint(light * 255).astype(np.uint8))
        tiles = [Image.fromarray(each).resize((width, width * each.shape[0] // each.shape[1])) for each in pictures]
        row = Image.new("RGB", (width * 4, max(tile.height for tile in tiles)), "white")
        for place, tile in enumerate(tiles):
            row.paste(tile, (place * width, 0))
        rows.append(np.asarray(row))
    Image.fromarray(np.vstack(rows)).save(target)


LOOKS: tuple[BaseLook, ...] = ("camera", "standard", "neutral")

if __name__ == "__main__":
    main()
