"""Every format of outputs: its pixels, its profile, its metadata, on pictures made for it and on real photos."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from junmai import errors
from junmai.develop import encode, metadata
from junmai.develop.decode import decode
from junmai.develop.pipeline import develop_photo, render
from junmai.develop.sniff import Kind
from junmai.develop.spaces import SPACES, profile_of
from junmai.domain.model import ColorSpace, OutputFormat, OutputOptions, Recipe
from junmai.library.probe import probe
from shoots import SAMPLES, WITHOUT_SAMPLES

FORMATS: tuple[OutputFormat, ...] = get_args(OutputFormat)
LOSSY = [form for form in FORMATS if form != "tiff"]
KIND: dict[OutputFormat, Kind] = {"jpeg": "jpeg", "tiff": "tiff", "webp": "webp", "avif": "heif"}
EXTENSION = {"jpeg": ".jpg", "tiff": ".tif", "webp": ".webp", "avif": ".avif"}
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=WITHOUT_SAMPLES)
Picture = NDArray[Any]

REAL = [
    "jpeg/me_Canon_EOS_5D.jpg",
    "jpeg/ie_DSCN0021.jpg",
    "jpeg/ie_iphone_13_pro_max.HEIC",
    "raw/Canon_KissX4_colorchart.DNG",
]


@pytest.fixture
def deep() -> NDArray[np.uint16]:
    """(75, 61, 3) of 16 bits, no two rows alike, an odd number of rows over whole strips."""
    return np.random.default_rng(3).integers(0, 65536, (75, 61, 3), dtype=np.uint16)


def opened(data: bytes) -> Picture:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


# --- pixels --------------------------------------------------------------------------------------------------


def test_a_tiff_keeps_16_bits_of_every_pixel_for_two_readers(deep: NDArray[np.uint16]) -> None:
    before = deep.copy()
    data = encode.encode(deep, OutputOptions(format="tiff"))
    assert (deep == before).all()
    assert (tifffile.imread(io.BytesIO(data)) == deep).all()
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert read is not None
    assert (read[:, :, ::-1] == deep).all()


def test_a_tiff_says_how_it_is_compressed_and_which_strip_is_where(deep: NDArray[np.uint16]) -> None:
    with tifffile.TiffFile(io.BytesIO(encode.encode(deep, OutputOptions(format="tiff")))) as opened_file:
        page = opened_file.pages.first
        assert (page.compression.name, page.predictor.name) == ("ADOBE_DEFLATE", "HORIZONTAL")
        assert (page.bitspersample, page.samplesperpixel, page.photometric.name) == (16, 3, "RGB")
        assert len(page.dataoffsets) == -(-deep.shape[0] // encode.STRIP_ROWS)
        assert not {"DateTime", "Software", "ImageDescription"} & set(page.tags.keys())


@needs_samples
@pytest.mark.parametrize("form", LOSSY)
def test_a_real_photo_comes_back_near_to_what_was_rendered(form: OutputFormat) -> None:
    picture = encode.resize(render(decode(SAMPLES / REAL[0]), {}), 1200)
    off = np.abs(opened(encode.encode(picture, OutputOptions(format=form))).astype(int) - picture)
    assert off.mean() < 2.5


@pytest.mark.parametrize("form", LOSSY)
def test_more_quality_is_nearer_and_larger(gradient: Picture, form: OutputFormat) -> None:
    noisy = np.clip(gradient + np.random.default_rng(1).normal(0, 12, gradient.shape), 0, 255).astype(np.uint8)
    low, high = (encode.encode(noisy, OutputOptions(format=form, quality=quality)) for quality in (50, 95))
    assert np.abs(opened(high).astype(int) - noisy).mean() < np.abs(opened(low).astype(int) - noisy).mean()
    assert len(high) > len(low)


def test_webp_of_quality_100_loses_nothing(gradient: Picture) -> None:
    assert (opened(encode.encode(gradient, OutputOptions(format="webp", quality=100))) == gradient).all()


@pytest.mark.parametrize(("quality", "limit", "half"), [(92, 10**6, 0), (89, 10**6, 3), (92, 100, 3)])
def test_an_avif_keeps_color_whole_from_quality_90_as_long_as_memory_allows(
    gradient: Picture, monkeypatch: pytest.MonkeyPatch, quality: int, limit: int, half: int
) -> None:
    monkeypatch.setattr(encode, "AVIF_FULL_COLOR_PIXELS", limit)
    data = encode.encode(gradient, OutputOptions(format="avif", quality=quality))
    configuration = data[data.index(b"av1C") + 4 :]
    assert configuration[2] >> 2 & 3 == half  # a bit for each direction of chroma_subsampling (AV1-ISOBMFF, 2.3.3)


def test_a_small_picture_of_16_bits_is_the_one_of_8_bits_with_more_between(gradient: Picture) -> None:
    noisy = np.clip(gradient + np.random.default_rng(1).normal(0, 9, gradient.shape), 0, 255).astype(np.uint8)
    small, deep = encode.resize(noisy, 37), encode.resize(noisy.astype(np.uint16) * 257, 37)
    assert deep.dtype == np.uint16
    assert np.abs(deep / 257 - small.astype(float)).mean() < 0.6  # that of 8 bits is rounded on its way
    assert len(np.unique(deep)) > 256


def test_an_untouched_photo_has_the_same_levels_in_a_tiff(write: Any, gradient: Picture) -> None:
    data = develop_photo(write(gradient), Recipe(output=OutputOptions(format="tiff"))).data
    assert (tifffile.imread(io.BytesIO(data)) == gradient.astype(np.uint16) * 257).all()


@pytest.mark.parametrize(("form", "side"), [("webp", 16_384), ("jpeg", 65_501), ("avif", 32_769)])
def test_a_picture_beyond_the_format_is_named_with_what_helps(form: OutputFormat, side: int) -> None:
    with pytest.raises(errors.OutputTooLarge, match="long edge"):
        encode.encode(np.zeros((1, side, 3), np.uint8), OutputOptions(format=form))


# --- profiles ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_carries_the_profile_of_its_space(
    write: Any, gradient: Picture, form: OutputFormat, space: ColorSpace
) -> None:
    data = develop_photo(write(gradient), Recipe(output=OutputOptions(format=form, color_space=space))).data
    if form == "tiff":
        with tifffile.TiffFile(io.BytesIO(data)) as opened_file:
            assert opened_file.pages.first.iccprofile == profile_of(space)
    else:
        with Image.open(io.BytesIO(data)) as image:
            assert image.info["icc_profile"] == profile_of(space)


@needs_samples
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("space", ["display-p3", "adobe-rgb"])
def test_our_own_output_in_a_wide_space_is_read_back_as_the_same_picture(
    tmp_path: Path, form: OutputFormat, space: ColorSpace
) -> None:
    options = OutputOptions(format=form, color_space=space, quality=97, long_edge=800)
    path = tmp_path / f"out{EXTENSION[form]}"
    path.write_bytes(develop_photo(SAMPLES / REAL[0], Recipe(output=options)).data)
    plain = encode.resize(render(decode(SAMPLES / REAL[0]), {}), 800).astype(int)
    decoded = decode(path)
    assert np.abs(render(decoded, {}).astype(int) - plain).mean() < 2
    assert np.abs(decoded.pixels[::1] * (255 / np.iinfo(decoded.pixels.dtype).max) - plain).mean() > 4


# --- metadata ------------------------------------------------------------------------------------------------


def tags_of(data: bytes, path: Path) -> metadata.Tags:
    path.write_bytes(data)
    return metadata.read(path).tags


RENEWED = {
    *(
        "ColorSpace",
        "PixelXDimension",
        "PixelYDimension",
        "MakerNote",
        "ComponentsConfiguration",
        "InteroperabilityTag",
    ),
}


@needs_samples
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", REAL)
def test_standard_exif_of_real_photos_is_kept_whole(tmp_path: Path, name: str, form: OutputFormat) -> None:
    before = metadata.read(SAMPLES / name).tags
    data = develop_photo(SAMPLES / name, Recipe(output=OutputOptions(format=form, long_edge=64))).data
    after = tags_of(data, tmp_path / f"out{EXTENSION[form]}")
    groups = ("Exif.Photo.", "Exif.GPSInfo.")
    kept = {key for key in before if key.startswith(groups) and "0x" not in key and key.split(".")[2] not in RENEWED}
    assert kept
    assert {key: after.get(key) for key in kept} == {key: before[key] for key in kept}
    for key in ("Exif.Image.Make", "Exif.Image.Model"):
        assert after[key] == before[key]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_says_who_made_the_picture(
    write: Any, gradient: Picture, tmp_path: Path, form: OutputFormat
) -> None:
    options = OutputOptions(format=form, creator="Zoë; Bob", copyright="© 2026 Zoë", metadata="none")
    path = tmp_path / f"out{EXTENSION[form]}"
    tags = tags_of(develop_photo(write(gradient), Recipe(output=options)).data, path)
    assert tags["Exif.Image.Artist"] == ("Zoë; Bob",)
    assert tags["Exif.Image.Copyright"] == tags["Xmp.dc.rights"] == ("© 2026 Zoë",)
    assert tags["Xmp.dc.creator"] == ("Zoë", "Bob")
    assert ("Iptc.Application2.Byline" in tags) == (form in {"jpeg", "tiff"})


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("space", "said"), [("srgb", "1"), ("display-p3", "65535"), ("adobe-rgb", "65535")])
def test_every_format_says_what_it_is(
    write: Any, gradient: Picture, tmp_path: Path, form: OutputFormat, space: ColorSpace, said: str
) -> None:
    options = OutputOptions(format=form, color_space=space, metadata="none", long_edge=60)
    path = tmp_path / f"out{EXTENSION[form]}"
    tags = tags_of(develop_photo(write(gradient), Recipe(output=options)).data, path)
    assert tags["Exif.Photo.ColorSpace"] == (said,)
    assert (tags["Exif.Photo.PixelXDimension"], tags["Exif.Photo.PixelYDimension"]) == (("60",), ("40",))
    assert tags.get("Exif.Image.Orientation", ("1",)) == ("1",)
    assert probe(path, KIND[form]).software == "Junmai"


@pytest.mark.parametrize("form", ["webp", "avif"])
def test_what_only_iptc_says_is_said_in_xmp_where_there_is_no_iptc(
    write: Any, gradient: Picture, tmp_path: Path, form: OutputFormat
) -> None:
    source = tmp_path / "with-iptc.jpg"
    source.write_bytes(_with_iptc(write(gradient, "bare.jpg").read_bytes()))
    path = tmp_path / f"out{EXTENSION[form]}"
    tags = tags_of(develop_photo(source, Recipe(output=OutputOptions(format=form))).data, path)
    assert tags["Xmp.dc.subject"] == ("sea", "sky")
    assert tags["Xmp.dc.description"] == ("Zürich",)
    assert tags["Xmp.photoshop.City"] == ("Genf",)
    no_gps = develop_photo(source, Recipe(output=OutputOptions(format=form, metadata="no_gps"))).data
    assert "Xmp.photoshop.City" not in tags_of(no_gps, path)


def _with_iptc(jpeg: bytes) -> bytes:
    sets = [(1, 90, b"\x1b%G"), (2, 25, b"sea"), (2, 25, b"sky"), (2, 90, b"Genf"), (2, 120, "Zürich".encode())]
    block = b"".join(
        b"\x1c" + bytes((record, number)) + len(text).to_bytes(2, "big") + text for record, number, text in sets
    )
    resource = b"8BIM\x04\x04\0\0" + len(block).to_bytes(4, "big") + block + bytes(len(block) % 2)
    marker = b"Photoshop 3.0\0" + resource
    return jpeg[:2] + b"\xff\xed" + (len(marker) + 2).to_bytes(2, "big") + marker + jpeg[2:]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_comment_in_unicode_survives_either_byte_order(
    write: Any, gradient: Picture, tmp_path: Path, form: OutputFormat, order: str
) -> None:
    tags = Image.Exif()
    tags.endian = order
    text = "Käse, 酒"
    tags.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode("utf-16-le" if order == "<" else "utf-16-be")
    source = write(gradient, "commented.jpg", exif=tags.tobytes())
    path = tmp_path / f"out{EXTENSION[form]}"
    path.write_bytes(develop_photo(source, Recipe(output=OutputOptions(format=form))).data)
    with Image.open(path) as image:
        read = image.getexif()
        comment = read.get_ifd(0x8769)[0x9286]
    assert comment[:8] == b"UNICODE\0"
    assert comment[8:].decode("utf-16-le" if read.endian == "<" else "utf-16-be") == text


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_photo_gives_the_same_bytes(write: Any, gradient: Picture, form: OutputFormat) -> None:
    source = write(gradient, "photo.jpg")
    recipe = Recipe(output=OutputOptions(format=form, color_space="display-p3", creator="Zoë"))
    first, second = (develop_photo(source, recipe).data for _ in range(2))
    assert first == second
    other = replace(recipe, output=replace(recipe.output, creator="Bob"))
    assert develop_photo(source, other).data != first


# --- TIFF of 16 bits -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_tiff_whose_strips_are_missing_is_truncated(share: float, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.full((64, 64, 3), 30000, np.uint16), photometric="rgb", rowsperstrip=4)
    with tifffile.TiffFile(path) as tiff:
        tag = tiff.pages[0].tags["StripByteCounts"]
        at, count, size = tag.valueoffset, tag.count, {3: 2, 4: 4}[int(tag.dtype)]
    data = bytearray(path.read_bytes())
    kept = round(count * (1 - share))
    data[at + kept * size : at + count * size] = bytes((count - kept) * size)
    path.write_bytes(data)
    with pytest.raises(errors.TruncatedPhoto):
        decode(path)


def test_a_tiff_of_many_layers_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((8, 16, 16, 3), np.uint16), photometric="rgb", volumetric=True)
    with pytest.raises(errors.PhotoError) as refused:
        decode(path)
    assert refused.value.code == "unsupported_file"


def test_a_grey_tiff_of_16_bits_in_which_white_is_zero_is_no_negative(tmp_path: Path) -> None:
    grey = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (32, 1))
    tifffile.imwrite(tmp_path / "a.tif", grey, photometric="miniswhite")
    pixels = decode(tmp_path / "a.tif").pixels
    assert pixels[0, 0, 0] == 65535
    assert pixels[0, -1, 0] == 0
