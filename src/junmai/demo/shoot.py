"""Makes the sample shoot: two sessions of RAW and JPEG photos, the same for the same seed."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from junmai.demo.canvas import Picture
from junmai.demo.dng import dng_bytes
from junmai.demo.exif import Exif, jpeg_exif
from junmai.demo.light import neutral
from junmai.demo.plan import Shot, plan
from junmai.demo.scenes import paint
from junmai.demo.tiff import tiff_bytes
from junmai.errors import BadInput

_MIN_COUNT, _MIN_EDGE, _MAX_EDGE = 2, 48, 1240  # at 1240 pixels a DNG takes 2.2 MB
_QUALITY = 92


def make_sample_shoot(
    folder: Path,
    *,
    count: int = 24,
    seed: int = 1,
    long_edge: int = 1080,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Make ``count`` photos in two sub-folders of ``folder`` and return their paths, in order of capture.

    ``long_edge`` in pixels, 48..1240. ``on_progress(done, count)`` is called after each photo. The same arguments
    give the same bytes (on one kind of CPU): photos that are there already are left as they are, one that an
    interruption cut off is completed. Raises `BadInput` if a file with other content stands at a photo's place, or
    for an argument out of range; nothing is written then.
    """
    if count < _MIN_COUNT:
        raise BadInput(detail=f"A sample shoot has at least {_MIN_COUNT} photos; {count} were asked for.")
    if not _MIN_EDGE <= long_edge <= _MAX_EDGE:
        raise BadInput(detail=f"The long edge must be {_MIN_EDGE} to {_MAX_EDGE} pixels; it is {long_edge}.")
    shots = plan(count, seed)
    paths = [folder / shot.session / shot.name for shot in shots]
    # What is there already is looked at first, so that a refusal leaves the folder as it was.
    work = sorted(zip(paths, shots, strict=True), key=lambda pair: not pair[0].exists())
    for done, (path, shot) in enumerate(work, start=1):
        _put(path, photo_bytes(shot, long_edge))
        if on_progress is not None:
            on_progress(done, count)
    return paths


def photo_bytes(shot: Shot, long_edge: int) -> bytes:
    """The whole file of a shot."""
    picture = paint(shot, long_edge)
    if shot.exif.orientation != 1:  # the camera was held upright: turned by 90° to the right (6) or left (8)
        picture = np.ascontiguousarray(np.rot90(picture, 1 if shot.exif.orientation == 6 else -1))
    shown = _camera_look(_miscast(picture, shot))
    if not shot.raw:
        return _jpeg_bytes(shown, shot.exif)
    return dng_bytes(
        picture,
        shot.exif,
        kelvin=shot.kelvin,
        as_shot_kelvin=shot.as_shot_kelvin,
        noise_seed=shot.seed[0] * 100_003 + shot.seed[1],
        preview=shown,  # the base look `camera` goes by it; without a curve every RAW came out dull
    )


def _put(path: Path, data: bytes) -> None:
    """Write a new file; leave an equal one alone; complete one that was cut off."""
    try:
        there = path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(data)
        return
    if not data.startswith(there):
        raise BadInput(
            detail=f"Another file stands at {path}; the sample shoot would overwrite it. Choose another folder."
        )
    if len(there) < len(data):
        with path.open("ab") as file:
            file.write(data[len(there) :])


# --- JPEG --------------------------------------------------------------------------------------------------


def _miscast(picture: Picture, shot: Shot) -> Picture:
    """The tint that is left when the camera takes the light for another than it is."""
    gains = neutral(shot.kelvin) / neutral(shot.as_shot_kelvin)
    return np.asarray(picture * gains.astype(np.float32), dtype=np.float32)


def _camera_look(picture: Picture) -> NDArray[np.uint8]:
    """The tone curve of the camera's own JPEGs: some contrast, a soft shoulder from 0.5 up to twice white."""
    top, size = 2.0, 16_384
    x = np.linspace(0, top, size)
    bent = np.where(x < 0.5, x, 0.5 + 0.5 * np.tanh((x - 0.5) / 0.62))
    encoded = np.where(bent <= 0.0031308, 12.92 * bent, 1.055 * bent ** (1 / 2.4) - 0.055)
    encoded += 0.18 * encoded * (1 - encoded) * (encoded - 0.42) * 2
    table = np.rint(np.clip(encoded, 0, 1) * 255).astype(np.uint8)
    index = (np.clip(picture, 0, top) * np.float32((size - 1) / top)).astype(np.int32)
    return np.asarray(table[index], dtype=np.uint8)


def _jpeg_bytes(picture: NDArray[np.uint8], exif: Exif) -> bytes:
    """A JPEG with its EXIF block in the place of JFIF's, as cameras do (EXIF 2.32, 4.5.4)."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    done, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    assert done  # memory is the only thing that it can lack
    data = encoded.tobytes()
    height, width = picture.shape[:2]
    block = b"Exif\0\0" + tiff_bytes(jpeg_exif(exif, width, height))
    jfif_end = 4 + struct.unpack(">H", data[4:6])[0]
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[jfif_end:]
