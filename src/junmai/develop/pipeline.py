"""One photo from file to finished bytes, step by step.

decode (white balance before demosaicing) -> crop, angle, lens -> camera matrix, exposure, match -> dehaze, highlights,
shadows, clarity -> base curve, contrast, whites, blacks, parametric and point curves -> HSL, vibrance, saturation,
black and white, colour grading -> noise reduction, texture, sharpening -> vignette, grain -> output space ->
orientation -> resize, output sharpening -> encode -> metadata. Between decoding and resizing everything is done on
strips of rows, so that no full-size picture in float ever exists. Several outputs of one photo part at the output
space: one full-size picture of each space and depth, from one pass over the strips.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from junmai import errors
from junmai.develop import detail, effects, encode, geometry, kernels, match_apply, palette, tone
from junmai.develop import plan as planning
from junmai.develop.color import Camera, Gains
from junmai.develop.decode import Decoded, decode, wanted
from junmai.develop.output_sharpening import sharpen_output
from junmai.develop.plan import Plan
from junmai.develop.settings import NAMED_WHITE_BALANCE, number
from junmai.develop.spaces import SPACES
from junmai.develop.unheeded import unheeded
from junmai.develop.version import ENGINE_VERSION
from junmai.domain.matching import Solution
from junmai.domain.model import ColorSpace, OutputOptions, Recipe, SettingValue

__all__ = ["ENGINE_VERSION", "Developed", "balance", "decode_for", "develop_outputs", "develop_photo", "render"]

_CHUNK = 16
"""Rows that go through all kernels at once: 1.1 MB of a 22 megapixel photo, which stays in a core's own cache."""

_F = np.float32

Settings = Mapping[str, SettingValue]
Picture = NDArray[np.uint8] | NDArray[np.uint16]
Kind = tuple[int, ColorSpace]
"""Bits a channel, 8 or 16, and the colour space: what two outputs must share to come from one picture."""
Bands = Iterator[tuple[int, NDArray[np.float32]]]
"""The row where a band begins, and its values (3, rows, width), good until the next one is asked for."""
Opening = Callable[[Path, Settings], Decoded]
"""Decodes the photo at a path as the settings ask; raises a `PhotoError`."""


@dataclass(frozen=True)
class Developed:
    """A finished output of a photo: the bytes of its file, its size in pixels, the seconds that each step took, and
    sentences about what was asked for and could not be done."""

    data: bytes
    width: int
    height: int
    seconds: dict[str, float]
    remarks: tuple[str, ...] = ()


def develop_photo(source: Path, recipe: Recipe) -> Developed:
    """Develop the photo at `source` (opened for reading only) as the recipe says: its main output.

    Raises:
        PhotoError: something is wrong with this photo; see `junmai.develop.decode.decode`.
    """
    (developed,) = develop_outputs(source, replace(recipe, further=()))
    return developed


def decode_for(source: Path, settings: Settings) -> Decoded:
    """The photo at `source` decoded as these settings ask. Raises a `PhotoError`."""
    return decode(source, lambda camera: balance(camera, settings), wanted(settings))


def develop_outputs(
    source: Path, recipe: Recipe, opening: Opening = decode_for, *, solution: Solution | None = None
) -> Iterator[Developed]:
    """Decode and develop the photo at `source` once; its main output, then each further one, encoded when asked for.

    `opening` gives the decoded photo, whose pixels stay as they are. `solution` is what matching found. The time of
    decoding and developing counts to the main one. Raises a `PhotoError` as `develop_photo` does.
    """
    seconds: dict[str, float] = {}
    clock = _StopWatch(seconds)
    kinds = [(encode.depth_of(output), output.color_space) for output in recipe.outputs]
    try:
        decoded = opening(source, recipe.settings)
        clock.lap("decode")
        pictures = render_kinds(decoded, recipe.settings, kinds, solution=solution)
        remarks = (*decoded.remarks, *unheeded(decoded, recipe.settings))
        del decoded
        clock.lap("develop")
        for number, output in enumerate(recipe.outputs):
            last = kinds[number] not in kinds[number + 1 :]
            picture = pictures.pop(kinds[number]) if last else pictures[kinds[number]]
            width, height, data = _finished(source, [picture], output, clock)
            del picture
            yield Developed(data, width, height, seconds, remarks)
            del data
            clock = _StopWatch(seconds := {})
    except MemoryError as error:
        raise errors.OutOfMemory(detail=str(error) or "while developing") from error


def _finished(source: Path, held: list[Picture], output: OutputOptions, clock: _StopWatch) -> tuple[int, int, bytes]:
    """Width, height and the whole file of one output. The picture is taken out of `held`, so that it goes as soon as a
    smaller one is made of it."""
    picture = encode.resize(held.pop(), output.long_edge)
    picture = sharpen_output(picture, output.sharpen_for, output.sharpen_strength)
    clock.lap("resize")
    height, width = picture.shape[:2]
    told = encode.told_of(source, output, width=width, height=height)
    clock.lap("metadata")
    data = encode.encode(picture, output, told)
    del picture
    clock.lap("encode")
    data = encode.with_metadata(data, output, told)
    clock.lap("metadata")
    return width, height, data


def balance(camera: Camera, settings: Settings) -> Gains:
    """The gains that the settings ask of a RAW photo.

    A temperature without tint (or the other way round) takes the missing half from the photo. Between as-shot and
    asked, `WhiteBalanceAmount` goes in a straight line of log gains.
    """
    choice = settings.get("WhiteBalance", "Custom")
    named = NAMED_WHITE_BALANCE.get(str(choice))
    if choice == "As Shot" or (named is None and not {"Temperature", "Tint"} & settings.keys()):
        return camera.as_shot
    if named is None:
        shot_kelvin, shot_tint = camera.as_shot_temperature()
        named = (number(settings, "Temperature", shot_kelvin), number(settings, "Tint", shot_tint))
    asked = camera.gains_for(*named)
    amount = number(settings, "WhiteBalanceAmount", 100.0) / 100
    red, green, blue = (
        shot ** (1 - amount) * wanted**amount for shot, wanted in zip(camera.as_shot, asked, strict=True)
    )
    return (red, green, blue)


def render(
    decoded: Decoded, settings: Settings, *, depth: int = 8, space: ColorSpace = "srgb", strip: int = _CHUNK
) -> Picture:
    """Develop decoded light into an upright (height, width, 3) picture of 8 or 16 bits in a colour space.

    `strip` is the number of rows in hand at a time (32 at most); it never changes the result.
    """
    return render_kinds(decoded, settings, [(depth, space)], strip=strip)[depth, space]


def render_kinds(
    decoded: Decoded,
    settings: Settings,
    kinds: Iterable[Kind],
    *,
    strip: int = _CHUNK,
    solution: Solution | None = None,
) -> dict[Kind, Picture]:
    """Develop decoded light once into one picture of each kind that is asked for, each as `render` alone makes it."""
    strip = min(strip, detail.MOST_ROWS)
    frame = geometry.frame(settings, decoded.width, decoded.height)
    source = geometry.Source(decoded.pixels, frame, decoded.lens)
    pictures: dict[Kind, Picture] = {}
    open_kinds = sorted(set(kinds), key=lambda kind: kind[1] != "srgb")
    todo = planning.plan(decoded, settings, frame, open_kinds[0][1], solution)
    if todo is None:  # as they are in sRGB; another space still has its work to do
        whole = np.ascontiguousarray(upright(source.rows(0, source.height), decoded.orientation), dtype=np.uint8)
        as_they_are = [kind for kind in open_kinds if kind[1] == "srgb"]
        pictures = {kind: whole if kind[0] == 8 else whole.astype(np.uint16) * 257 for kind in as_they_are}
        open_kinds = open_kinds[len(as_they_are) :]
        todo = planning.plan(decoded, settings, frame, open_kinds[0][1], solution) if open_kinds else None
    if todo is None:
        return pictures
    targets = {kind: _Target(todo, decoded.orientation, kind, strip) for kind in open_kinds}
    bands = _shown(source, decoded.table, todo, strip)
    if todo.detail:
        bands = _detailed(bands, todo, todo.detail, strip)
    for top, band in bands:
        if todo.effects:
            effects.apply(band, top, todo.effects, planning.WEIGHTS)
        for target in targets.values():
            target.store(top, band)
    return pictures | {kind: target.picture for kind, target in targets.items()}


class _Target:
    """An upright picture of one kind, filled with bands as they come."""

    def __init__(self, todo: Plan, orientation: int, kind: Kind, strip: int) -> None:
        depth, space = kind
        turned, code = orientation >= 5, np.uint8 if depth == 8 else np.uint16
        size = (todo.width, todo.height, 3) if turned else (todo.height, todo.width, 3)
        self.picture: Any = np.empty(size, code)
        self._out = lying(self.picture, orientation)
        self._codes = np.empty((strip, todo.width, 3), code)
        self._to_output, self._table = _output_of(space, depth)

    def store(self, top: int, band: NDArray[np.float32]) -> None:
        """Keep the band that begins at row `top` of the frame."""
        rows = band.shape[1]
        place = self._out[top : top + rows]
        codes = place if place.flags.c_contiguous else self._codes[:rows]
        kernels.store(band, self._to_output, planning.WEIGHTS, self._table, codes)
        if codes is not place:
            place[...] = codes


@functools.cache
def _output_of(space: ColorSpace, depth: int) -> tuple[NDArray[np.float32], NDArray[np.uint8] | NDArray[np.uint16]]:
    """The matrix from the working space, and the table of code values."""
    return SPACES[space].from_working.astype(np.float32), tone.encode_table(depth, SPACES[space].encode)


def _shown(source: geometry.Source, table: NDArray[np.float32], todo: Plan, rows: int) -> Bands:
    """Bands of display values: light, local tone, curves, colours."""
    room = np.empty(3 * rows * todo.width, np.float32)
    for top in range(0, todo.height, rows):
        part = source.rows(top, min(top + rows, todo.height))
        band = room[: 3 * part.shape[0] * todo.width].reshape(3, part.shape[0], todo.width)
        kernels.load_light(part, table, todo.full, todo.matrix, band)
        if todo.lens_light is not None:
            kernels.lens_light(band, top, todo.lens_light, geometry.SPACING)
        if todo.shoulder:
            match_apply.roll_off(band, todo.shoulder)
        if todo.local:
            light = todo.local.light
            scale = _F(tone.BASE_LOW), _F(tone.BASE_SIZE / (tone.BASE_HIGH - tone.BASE_LOW))
            tables = todo.local.lift, todo.local.clarity, light.haze
            kernels.local_tone(band, top, light.grid, light.cell, *scale, *tables, planning.WEIGHTS)
        kernels.show(band, todo.curve, todo.curve_scale, todo.channels)
        if todo.colors.size:
            kernels.look_up_colors(band, todo.colors, palette.EDGE)
        yield top, band


def _detailed(bands: Bands, todo: Plan, plan: detail.Plan, most: int) -> Bands:
    """Bands with noise, texture and sharpness done; they come a little later than those that go in."""
    flow = detail.Flow(plan, todo.height, todo.width, planning.WEIGHTS)
    room = np.empty(3 * most * todo.width, np.float32)
    given = 0
    while given < todo.height:
        band = next(bands, None)
        flow.run_out() if band is None else flow.push(band[1])
        while given < flow.ready:
            rows = min(most, flow.ready - given)
            done = room[: 3 * rows * todo.width].reshape(3, rows, todo.width)
            flow.give(given, done)
            yield given, done
            given += rows


# --- orientation -------------------------------------------------------------------------------------------


def upright(picture: NDArray[np.generic], orientation: int) -> NDArray[np.generic]:
    """View of a picture as stored, turned as its EXIF orientation (1..8) says (EXIF 2.32, tag 274)."""
    if orientation >= 5:
        picture = picture.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    return picture


def lying(picture: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """View of an upright picture as its file would store it: the inverse of `upright`."""
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    return picture.swapaxes(0, 1) if orientation >= 5 else picture


class _StopWatch:
    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds
        self._since = time.perf_counter()

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self._seconds[step] = self._seconds.get(step, 0.0) + now - self._since
        self._since = now
