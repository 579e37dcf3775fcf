"""Pictures that are already developed: JPEG, PNG, TIFF, WebP, HEIC, through Pillow (tifffile, OpenCV for 16 bits)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from junmai import errors
from junmai.develop import icc
from junmai.develop.decode import Decoded, Pixels, check_size
from junmai.develop.sniff import Sniffed
from junmai.develop.spaces import profile_of

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # else it writes to stderr about odd files

PngImagePlugin.MAX_TEXT_CHUNK = 16 * 1024 * 1024  # holds for profiles and XMP, too: 1 MB refuses sound pictures

Image.MAX_IMAGE_PIXELS = None  # our own limit is checked right after opening; Pillow's would refuse 180 megapixels

_PLUGINS = {
    "jpeg": ("JPEG",),  # its plugin hands files of several pictures (MPO) on by itself
    "png": ("PNG",),
    "tiff": ("TIFF",),
    "webp": ("WEBP",),
    "heif": ("HEIF", "AVIF"),
}
_ORIENTATION, _EXIF_IFD, _INTEROP_IFD, _COLOR_SPACE = 274, 0x8769, 0xA005, 0xA001
_BITS, _PHOTOMETRIC, _EXTRA_SAMPLES = 258, 262, 338
_STRIP = 256
_END_OF_JPEG = b"\xff\xd9"


def decode(stream: BinaryIO, found: Sniffed) -> Decoded:
    """Decode an open picture; see `junmai.develop.decode.decode`."""
    if found.kind not in _PLUGINS:
        raise errors.BrokenPhoto(detail="its content is not that of a photo")
    if found.kind == "heif" and found.cut_off:
        raise errors.TruncatedPhoto(detail="the HEIC data stops")
    with _as_photo_errors(found):
        image = _open(stream, found)
        try:
            check_size(*image.size)
            deep = _sixteen_bit(stream, found, image)
            if deep is not None:
                return _from_deep(deep, image, found)
            plain = _plain_jpeg(stream, found, image)
            if plain is not None:
                return plain
            image.load()
            return _from_pillow(image, found)
        except Exception as error:
            _check_tiff_end(stream, image, error)
            raise


def _open(stream: BinaryIO, found: Sniffed) -> Image.Image:
    if found.kind == "heif":
        import pillow_heif

        pillow_heif.register_heif_opener()
    stream.seek(0)
    return Image.open(stream, formats=_PLUGINS[found.kind])


# --- 8 bits a channel, and grey ----------------------------------------------------------------------------


def _plain_jpeg(stream: BinaryIO, found: Sniffed, image: Image.Image) -> Decoded | None:
    """A whole JPEG of three channels, by OpenCV: both use libjpeg-turbo and give the same pixels, but Pillow keeps four
    bytes a pixel and copies (22 megapixels: 0.13 s and 66 MB instead of 0.17 s and 154 MB).

    None is for Pillow, which says what is wrong: a file that does not stop with the end of a picture may be cut off,
    which OpenCV would not say.
    """
    profile = image.info.get("icc_profile") or b""
    if found.kind != "jpeg" or image.mode != "RGB" or (shaper := _shaper(image, profile, "RGB", 256)) is None:
        return None
    import cv2

    stream.seek(0)
    data = stream.read()
    if not data.endswith(_END_OF_JPEG):
        return None
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    if pixels is None or pixels.dtype != np.uint8 or pixels.shape != (image.height, image.width, 3):
        return None
    return _shaped(_of_eight_bits(image, found), np.asarray(pixels, dtype=np.uint8), shaper, 8)


def _of_eight_bits(image: Image.Image, found: Sniffed) -> Decoded:
    """What the file says, without its pixels."""
    return Decoded(
        kind="developed",
        format=found.format,
        pixels=np.empty((0, 0, 3), np.uint8),
        table=np.empty((3, 0), np.float32),
        matrix=np.eye(3),
        orientation=_orientation(image),
    )


def _from_pillow(image: Image.Image, found: Sniffed) -> Decoded:
    profile = image.info.get("icc_profile") or b""
    base = _of_eight_bits(image, found)
    if image.mode.startswith("I"):
        grey, bits = _deep_grey(image)
        return _shaped(base, np.repeat(grey[:, :, None], 3, axis=2), _shaper(image, profile, "GRAY", 65536), bits)
    if image.mode == "F":
        raise errors.UnsupportedPhoto(
            detail="a TIFF of floating-point values", help="Save it as a TIFF of 16 bits a channel and try again."
        )
    if image.mode in ("CMYK", "LAB"):
        pixels = _eight_bit(image, icc.lcms_transform(profile, image.mode) if profile else None)
        return _shaped(base, pixels, icc.srgb(), 8)
    space = "GRAY" if image.mode in ("1", "L", "LA", "La") else "RGB"
    shaper = _shaper(image, profile, space, 256)
    if shaper is not None:
        return _shaped(base, _eight_bit(image, None), shaper, 8)
    return _shaped(base, _eight_bit(image, icc.lcms_transform(profile, "RGB")), icc.srgb(), 8)


def _shaper(image: Image.Image, profile: bytes, space: str, codes: int) -> icc.Shaper | None:
    """What the code values mean; None where only LittleCMS can tell. A profile of another space counts for none."""
    if icc.color_space(profile) == space:
        shaper = icc.read_shaper(profile, codes)
        return shaper if shaper or space == "RGB" else icc.srgb(codes)
    return icc.adobe_rgb(codes) if space == "RGB" and says_adobe_rgb(image) else icc.srgb(codes)


def _shaped(base: Decoded, pixels: Pixels, shaper: icc.Shaper | None, bits: int) -> Decoded:
    shaper = shaper or icc.srgb(256 if pixels.dtype == np.uint8 else 65536)
    exact = shaper.is_srgb and pixels.dtype == np.uint8
    shaper = icc.srgb(shaper.table.shape[1]) if shaper.is_srgb else shaper
    return replace(base, pixels=pixels, table=shaper.table, matrix=shaper.matrix, bit_depth=bits, exact_srgb=exact)


def _eight_bit(image: Image.Image, transform: Any | None) -> NDArray[np.uint8]:
    """(height, width, 3) RGB, strip by strip: Pillow's own conversions of a whole picture cost three copies."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _STRIP):
        strip = image.crop((0, top, width, min(top + _STRIP, height)))
        if transform is not None:
            strip = transform.apply(_opaque(strip) if strip.mode not in ("CMYK", "LAB") else strip)
        pixels[top : top + _STRIP] = np.asarray(_opaque(strip))
    return pixels


def _opaque(image: Image.Image) -> Image.Image:
    """RGB; what is transparent shows white paper."""
    if image.mode == "RGB":
        return image
    if image.mode in ("RGBa", "La"):
        image = image.convert("RGBA" if image.mode == "RGBa" else "LA")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return Image.alpha_composite(paper, image).convert("RGB")
    return image.convert("RGB")


def _deep_grey(image: Image.Image) -> tuple[NDArray[np.uint16], int]:
    """Grey of 9 to 16 bits, spread over 0..65535."""
    tags = getattr(image, "tag_v2", {})
    bits = max(tags.get(_BITS, (16,)))
    if bits > 16:
        raise errors.UnsupportedPhoto(
            detail=f"a TIFF of {bits}-bit numbers", help="Save it as a TIFF of 16 bits a channel and try again."
        )
    if 2 in tags.get(339, (1,)):  # signed samples: light is the positive half
        bits -= 1
    values = np.clip(np.asarray(image, dtype=np.int32), 0, (1 << bits) - 1)
    if tags.get(_PHOTOMETRIC) == 0:  # white is zero; Pillow turns 8 bits only
        values = (1 << bits) - 1 - values
    return (values * (65535 / ((1 << bits) - 1)) + 0.5).astype(np.uint16), bits


# --- 16 bits a channel -------------------------------------------------------------------------------------


def _sixteen_bit(stream: BinaryIO, found: Sniffed, image: Image.Image) -> NDArray[np.uint16] | None:
    """(height, width, 3 or 4) of a colour picture with 16 bits a channel, which Pillow would cut to 8; else None."""
    if found.kind == "png":
        stream.seek(24)
        depth, kind = stream.read(2)
        return _by_opencv(stream) if depth == 16 and kind in (2, 6) else None
    tags = getattr(image, "tag_v2", {})
    if found.kind != "tiff" or tags.get(_PHOTOMETRIC) != 2 or set(tags.get(_BITS, ())) != {16}:
        return None
    return _by_tifffile(stream)


def _by_tifffile(stream: BinaryIO) -> NDArray[np.uint16] | None:
    import tifffile

    stream.seek(0)
    with tifffile.TiffFile(stream) as tiff:
        page = tiff.pages[0]
        if page.dtype != np.uint16:
            return None
        _check_strips(page)
        separate = page.planarconfig == 2
        try:
            pixels = np.squeeze(page.asarray())
        except ValueError:
            # LZW needs a package of 20 MB more. OpenCV reads it, but mixes up separate planes; these rare files are
            # left to Pillow, at 8 bits.
            return None if separate else _by_opencv(stream)
    if separate:
        pixels = np.moveaxis(pixels, 0, -1)
    return np.ascontiguousarray(pixels) if pixels.ndim == 3 and pixels.shape[2] >= 3 else None


def _check_strips(page: Any) -> None:
    """tifffile fills strips that are not there with zeros, and multiplies the picture by its depth."""
    if page.imagedepth != 1:
        raise errors.UnsupportedPhoto(
            detail=f"a TIFF of {page.imagedepth} layers of depth", help="Save it as a flat picture and try again."
        )
    missing = sum(not at or not count for at, count in zip(page.dataoffsets, page.databytecounts, strict=False))
    if missing or len(page.dataoffsets) != len(page.databytecounts):
        raise errors.TruncatedPhoto(detail=f"{missing or 'some'} of {len(page.dataoffsets)} strips are missing")


def _by_opencv(stream: BinaryIO) -> NDArray[np.uint16] | None:
    import cv2

    stream.seek(0)
    pixels = cv2.imdecode(np.frombuffer(stream.read(), np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None or pixels.dtype != np.uint16 or pixels.ndim != 3:
        return None
    return np.ascontiguousarray(pixels[:, :, [2, 1, 0, 3][: pixels.shape[2]]])


def _from_deep(pixels: NDArray[np.uint16], image: Image.Image, found: Sniffed) -> Decoded:
    profile = image.info.get("icc_profile") or b""
    base = Decoded(
        kind="developed",
        format=found.format,
        pixels=np.empty((0, 0, 3), np.uint16),
        table=np.empty((3, 0), np.float32),
        matrix=np.eye(3),
        orientation=_orientation(image),
    )
    if pixels.shape[2] == 4:
        _on_paper(pixels, premultiplied=1 in getattr(image, "tag_v2", {}).get(_EXTRA_SAMPLES, ()))
    colors = np.ascontiguousarray(pixels[:, :, :3])
    shaper = _shaper(image, profile, "RGB", 65536)
    if shaper is None:  # a profile of tables
        return _by_tables(base, colors, profile)
    return _shaped(base, colors, shaper, 16)


def _by_tables(base: Decoded, colors: NDArray[np.uint16], profile: bytes) -> Decoded:
    """LittleCMS through Pillow knows 8 bits only: it is asked on a grid, and 16 bits go between. By way of Adobe RGB,
    for scanners see more than sRGB holds."""
    from junmai.develop import color_grid

    transform = icc.lcms_transform(profile, "RGB", profile_of("adobe-rgb"))
    if transform is None:
        return _shaped(base, colors, icc.srgb(65536), 16)
    grid = np.asarray(transform.apply(Image.fromarray(color_grid.nodes())))
    return _shaped(base, color_grid.convert(colors, grid), icc.adobe_rgb(65536), 16)


def _on_paper(pixels: NDArray[np.uint16], *, premultiplied: bool) -> None:
    """Lay (height, width, 4) over white paper, in place and strip by strip."""
    for top in range(0, pixels.shape[0], _STRIP):
        strip = pixels[top : top + _STRIP]
        alpha = strip[:, :, 3:].astype(np.float32) / 65535
        colors = strip[:, :, :3] * (np.float32(1) if premultiplied else alpha)
        strip[:, :, :3] = np.minimum(colors + 65535 * (1 - alpha) + 0.5, 65535).astype(np.uint16)


# --- what the file says, and what is wrong with it ---------------------------------------------------------


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1..8; anything else counts as 1. Read after loading: some plugins turn the picture."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
        return int(value) if isinstance(value, int) and 1 <= value <= 8 else 1
    except Exception:  # noqa: BLE001 - damaged EXIF must not stop a sound picture
        return 1


def says_adobe_rgb(image: Image.Image) -> bool:
    """DCF option colour space: EXIF ColorSpace 2, or uncalibrated with interoperability index R03."""
    try:
        exif = image.getexif()
        space = exif.get_ifd(_EXIF_IFD).get(_COLOR_SPACE)
        return space == 2 or (space == 0xFFFF and str(exif.get_ifd(_INTEROP_IFD).get(1, "")).startswith("R03"))
    except Exception:  # noqa: BLE001
        return False


def _check_tiff_end(stream: BinaryIO, image: Image.Image, error: Exception) -> None:
    """Say `truncated` where a TIFF's strips or tiles lie beyond the end of the file."""
    tags = getattr(image, "tag_v2", None)
    if tags is None or isinstance(error, errors.PhotoError):
        return
    size = stream.seek(0, 2)
    for offsets, counts in ((273, 279), (324, 325)):
        ends = [at + count for at, count in zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False)]
        if ends and max(ends) > size:
            raise errors.TruncatedPhoto(detail=f"{size} of {max(ends)} bytes are there") from error


_CUT_OFF = ("truncat", "outside of file", "end of file", "premature end", "buffer is not large enough")


@contextmanager
def _as_photo_errors(found: Sniffed) -> Iterator[None]:
    name = found.format
    try:
        yield
    except (errors.PhotoError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        if found.cut_off:
            raise errors.TruncatedPhoto(detail=f"the part of the {name} that says what is in it is missing") from error
        raise errors.BrokenPhoto(detail=f"there is no readable {name} picture in it") from error
    except EOFError as error:
        raise errors.TruncatedPhoto(detail=f"the {name} data stops") from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None and error.errno != 22:
            raise  # reading failed, not the picture
        text = str(error).strip() or type(error).__name__
        if any(word in text.casefold() for word in _CUT_OFF):
            raise errors.TruncatedPhoto(detail=f"the {name} data stops") from error
        raise errors.BrokenPhoto(detail=f"the {name} data makes no sense: {text}") from error
