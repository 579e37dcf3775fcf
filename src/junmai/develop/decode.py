"""Opens a photo of any kind and gives its linear light. Files are opened for reading only.

What the libraries raise becomes a `PhotoError` here, with a sentence for a person; nothing else leaves this room
but what was not foreseen.
"""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from junmai import errors
from junmai.develop.color import Camera, Gains, Matrix
from junmai.develop.lens import Lens
from junmai.develop.look import Base, BaseLook
from junmai.develop.sniff import sniff

MAX_PIXELS = 300_000_000
MAX_BYTES = 2 << 30

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Balance = Callable[[Camera], Gains]


@dataclass(frozen=True)
class Wanted:
    """What decoding must find out beside the pixels.

    `base_look` is for RAW only; `camera` falls back to `standard` where there is no usable preview.
    `camera_profile` names a DCP profile, "" for none. `lens` asks for the correction of the lens.
    """

    base_look: BaseLook = "camera"
    camera_profile: str = ""
    lens: bool = False


def wanted(settings: Mapping[str, object]) -> Wanted:
    """What the settings `BaseLook`, `CameraProfile` and `LensProfileEnable` ask of decoding."""
    look = settings.get("BaseLook", "camera")
    return Wanted(
        base_look=look if look in ("standard", "neutral") else "camera",
        camera_profile=str(settings.get("CameraProfile", "")),
        lens=settings.get("LensProfileEnable") in (1, True, "1"),
    )


@dataclass(frozen=True)
class Decoded:
    """A photo ready to be developed, as its file stores it (orientation not yet applied).

    `pixels` is (height, width, 3), uint8 or uint16, C-contiguous. `table` is (3, 256 or 65536) float32 and turns a
    channel's code value to linear light; 1.0 is white (RAW: where green is full). `matrix` takes linear light to the
    working space (linear Rec. 2020). `full` is each channel's value of a full sensor, for RAW; white balance is
    already applied; for RAW the tables are straight lines. `orientation` is an EXIF one, 1..8. `exact_srgb` says that
    the code values are plain 8-bit sRGB. `base` is the base look of a RAW, `lens` the correction of its lens where it
    was asked for and is known; `remarks` says what could not be done.
    """

    kind: Literal["raw", "developed"]
    format: str
    pixels: Pixels
    table: NDArray[np.float32]
    matrix: Matrix
    orientation: int = 1
    bit_depth: int = 8
    exact_srgb: bool = False
    full: tuple[float, float, float] | None = None
    camera: Camera | None = None
    baseline_exposure: float = 0.0
    base: Base | None = None
    lens: Lens | None = None
    remarks: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


def as_shot(camera: Camera) -> Gains:
    """The balance that the camera chose."""
    return camera.as_shot


def decode(path: Path, balance: Balance = as_shot, want: Wanted = Wanted()) -> Decoded:
    """Decode the photo at `path`. For a RAW, `balance` chooses the gains, which are applied before demosaicing.

    Raises:
        EmptyPhoto, TruncatedPhoto, BrokenPhoto, BlankPhoto, UnsupportedPhoto, PhotoTooLarge: the file is at fault.
        SourceMissing, SourceUnreadable: it cannot be read. OutOfMemory: there was not enough memory.
    """
    from junmai.develop import decode_picture, decode_raw

    with _as_photo_errors(path):
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size == 0:
                raise errors.EmptyPhoto()
            if size > MAX_BYTES:
                raise errors.PhotoTooLarge(detail=f"{size / (1 << 30):.1f} GiB")
            found = sniff(stream, path.name)
            if found.kind != "raw":
                stream.seek(0)
                decoded = decode_picture.decode(stream, found)
            else:
                stream.close()  # LibRaw opens it again
                decoded = decode_raw.decode(path, found, balance, want)
        return _with_lens(path, decoded) if want.lens else decoded


def _with_lens(path: Path, decoded: Decoded) -> Decoded:
    from junmai.develop import lens

    found, remark = lens.find(path, decoded.width, decoded.height)
    return replace(decoded, lens=found, remarks=(*decoded.remarks, remark) if remark else decoded.remarks)


def check_size(width: int, height: int) -> None:
    """Refuse more than 300 megapixels before anything is decoded."""
    if width <= 0 or height <= 0:
        raise errors.BrokenPhoto(detail=f"it says that it is {width} x {height} pixels")
    if width * height > MAX_PIXELS:
        raise errors.PhotoTooLarge(detail=f"{width} x {height} = {width * height / 1e6:.0f} megapixels")


_READING = frozenset((errno.EIO, errno.EACCES, errno.EPERM, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT))


@contextmanager
def _as_photo_errors(path: Path) -> Iterator[None]:
    """Turn what reading raises into the photo's errors; libraries' warnings about odd files stay inside."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except FileNotFoundError:
        raise errors.SourceMissing(path=path) from None
    except IsADirectoryError:
        raise errors.UnsupportedPhoto(detail="it is a folder", help="Name the photos in it.") from None
    except MemoryError as error:
        raise errors.OutOfMemory(detail=str(error) or "while decoding") from error
    except OSError as error:
        if error.errno in _READING:
            raise errors.SourceUnreadable(detail=error.strerror or str(error)) from error
        raise
