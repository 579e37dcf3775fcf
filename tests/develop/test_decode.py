from __future__ import annotations

import contextlib
import io
import os
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms

from junmai import errors
from junmai.develop import decode as decoding
from junmai.develop.decode import decode
from junmai.develop.decode_raw import check_filled
from junmai.develop.pipeline import render
from junmai.develop.sniff import sniff

Write = Callable[..., Path]
Picture = NDArray[Any]


def shown(path: Path) -> Picture:
    return render(decode(path), {})


# --- what a file is ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kind"), [("a.jpg", "jpeg"), ("a.png", "png"), ("a.tif", "tiff"), ("a.webp", "webp")])
def test_a_picture_is_known_by_its_content(name: str, kind: str, write: Write, gradient: Picture) -> None:
    path = write(gradient, name)
    for name_now in (name, "photo.xyz"):
        with path.open("rb") as stream:
            assert sniff(stream, name_now).kind == kind


def test_a_jpeg_that_calls_itself_raw_is_developed_as_the_jpeg_it_is(write: Write, gradient: Picture) -> None:
    path = write(gradient, "photo.jpg")
    assert decode(path.rename(path.with_suffix(".nef"))).kind == "developed"


def test_a_dng_is_raw_even_when_it_calls_itself_tiff(write_dng: Write, mosaic: Any) -> None:
    photo = decode(write_dng(mosaic(0.1, 0.1, 0.1), "photo.tif"))
    assert (photo.kind, photo.format) == ("raw", "DNG")


# --- developed pictures ------------------------------------------------------------------------------------


def test_a_16_bit_png_keeps_its_16_bits(tmp_path: Path) -> None:
    values = np.arange(64 * 64 * 3, dtype=np.uint16).reshape(64, 64, 3) * 5
    assert np.array_equal(decode(_png16(tmp_path / "deep.png", values)).pixels, values)


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"planarconfig": "separate"}, {"tile": (16, 16)}])
def test_a_16_bit_tiff_keeps_its_16_bits_however_it_is_stored(options: dict[str, Any], tmp_path: Path) -> None:
    values = np.arange(64 * 48 * 3, dtype=np.uint16).reshape(64, 48, 3) * 7
    stored = np.moveaxis(values, -1, 0) if options.get("planarconfig") else values
    path = tmp_path / "deep.tif"
    tifffile.imwrite(path, stored, photometric="rgb", **options)
    photo = decode(path)
    assert photo.bit_depth == 16
    assert np.array_equal(photo.pixels, values)


def test_a_grey_picture_becomes_three_equal_channels(write: Write, gradient: Picture) -> None:
    grey = gradient[:, :, 0]
    assert np.array_equal(shown(write(grey)), np.repeat(grey[:, :, None], 3, axis=2))


def test_a_16_bit_grey_tiff_spans_black_to_white(tmp_path: Path) -> None:
    path = tmp_path / "grey.tif"
    tifffile.imwrite(path, np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64))
    result = shown(path)
    assert (int(result.min()), int(result.max())) == (0, 255)


def test_a_palette_is_resolved(tmp_path: Path, gradient: Picture) -> None:
    path = tmp_path / "palette.png"
    image = Image.fromarray(gradient).quantize(16)
    image.save(path)
    assert np.array_equal(shown(path), np.asarray(image.convert("RGB")))


def test_what_is_transparent_shows_white_paper(write: Write, gradient: Picture) -> None:
    clear = np.dstack([gradient, np.where(np.arange(120) < 60, 0, 255)[None].repeat(80, axis=0)]).astype(np.uint8)
    result = shown(write(clear))
    assert (result[:, :60] == 255).all()
    assert np.array_equal(result[:, 60:], gradient[:, 60:])


def test_a_cmyk_jpeg_is_readable(tmp_path: Path) -> None:
    path = tmp_path / "print.jpg"
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(path, quality=95)
    red, green, blue = shown(path)[8, 8]
    assert red > 200
    assert max(green, blue) < 60


def test_a_profile_with_other_primaries_is_converted(tmp_path: Path) -> None:
    """Colours of a made profile (BGR order of sRGB's primaries) come out as its creator meant them."""
    path = tmp_path / "swapped.png"
    Image.new("RGB", (8, 8), (200, 100, 50)).save(path, icc_profile=_swapped_profile())
    assert shown(path)[4, 4] == pytest.approx([50, 100, 200], abs=1)


def test_a_16_bit_picture_goes_through_its_profile_too(tmp_path: Path) -> None:
    path = tmp_path / "swapped.tif"
    values = np.full((8, 8, 3), (200 * 257, 100 * 257, 50 * 257), np.uint16)
    profile = _swapped_profile()
    tifffile.imwrite(path, values, photometric="rgb", iccprofile=profile)
    assert shown(path)[4, 4] == pytest.approx([50, 100, 200], abs=1)


def test_an_srgb_profile_changes_nothing(write: Write, gradient: Picture, tagged: dict[str, bytes]) -> None:
    path = write(gradient, **tagged)
    assert decode(path).exact_srgb
    assert np.array_equal(shown(path), gradient)


def test_a_damaged_profile_counts_as_srgb(write: Write, gradient: Picture, tagged: dict[str, bytes]) -> None:
    for profile in (tagged["icc_profile"][:150], b"not a profile", bytes(300)):
        assert np.array_equal(shown(write(gradient, "photo.tif", icc_profile=profile)), gradient)


def test_adobe_rgb_named_only_in_exif_is_honoured(write: Write) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 2
    green = np.full((16, 16, 3), (80, 200, 80), np.uint8)
    as_adobe = shown(write(green, "adobe.jpg", exif=exif, quality=95, subsampling=0))[8, 8]
    as_srgb = shown(write(green, "plain.jpg", quality=95, subsampling=0))[8, 8]
    assert as_adobe[0] < as_srgb[0] - 20


def test_a_heic_is_readable(tmp_path: Path, gradient: Picture) -> None:
    import pillow_heif

    path = tmp_path / "photo.heic"
    try:
        pillow_heif.from_pillow(Image.fromarray(gradient)).save(path, quality=95)
    except Exception as error:  # noqa: BLE001 - some builds of libheif have no encoder
        pytest.skip(f"no HEIC encoder here: {error}")
    assert np.abs(shown(path).astype(int) - gradient).mean() < 6


# --- files that cannot be developed ------------------------------------------------------------------------


def test_an_empty_file_is_named_empty(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    with pytest.raises(errors.EmptyPhoto):
        decode(tmp_path / "a.jpg")


def test_a_file_that_is_gone_is_named_missing(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceMissing):
        decode(tmp_path / "gone.jpg")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root and Windows may read everything")
def test_a_file_that_may_not_be_read_says_so_and_may_pass(write: Write, gradient: Picture) -> None:
    path = write(gradient)
    path.chmod(0)
    with pytest.raises(errors.SourceUnreadable) as caught:
        decode(path)
    assert caught.value.may_pass


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "photo.tif", "photo.webp"])
def test_a_picture_that_is_cut_off_is_refused(name: str, write: Write, gradient: Picture) -> None:
    path = write(np.random.default_rng(1).integers(0, 255, (200, 200, 3)).astype(np.uint8), name)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises((errors.TruncatedPhoto, errors.BrokenPhoto)):
        decode(path)


@pytest.mark.parametrize("name", ["photo.jpg", "photo.tif"])
def test_a_cut_off_jpeg_or_tiff_is_named_truncated(name: str, write: Write) -> None:
    path = write(np.random.default_rng(1).integers(0, 255, (200, 200, 3)).astype(np.uint8), name)
    data = path.read_bytes()
    # Pillow writes a TIFF's directory first, so only pixels are lost.
    path.write_bytes(data[: len(data) * 3 // 4])
    with pytest.raises(errors.TruncatedPhoto, match="ends too early"):
        decode(path)


def test_a_tiff_whose_directory_came_last_and_is_gone_is_named_truncated(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"II*\0" + struct.pack("<I", 90_000) + bytes(40_000))
    with pytest.raises(errors.TruncatedPhoto):
        decode(tmp_path / "a.tif")


@pytest.mark.parametrize("name", ["text.jpg", "text.nef", "text.cr2", "text.png"])
def test_a_text_that_calls_itself_a_photo_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("Dear diary, " * 100)
    with pytest.raises((errors.BrokenPhoto, errors.UnsupportedPhoto)):
        decode(tmp_path / name)


def test_a_raw_that_nobody_knows_is_refused_with_what_helps(tmp_path: Path) -> None:
    (tmp_path / "a.nef").write_bytes(b"II*\0" + bytes(5000))
    with pytest.raises(errors.UnsupportedPhoto, match="DNG"):
        decode(tmp_path / "a.nef")


def test_a_picture_of_more_than_300_megapixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    header = struct.pack(">IIBBBBB", 20000, 15001, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", b"") + _chunk(b"IEND", b""))
    with pytest.raises(errors.PhotoTooLarge, match="20000 x 15001"):
        decode(path)


@pytest.mark.parametrize("side", [40000, 1_000_000])
def test_a_decompression_bomb_is_refused_as_too_large(side: int, tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", b""))
    with pytest.raises(errors.PhotoTooLarge):
        decode(path)


def test_a_file_of_more_than_2_gib_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_BYTES", 100)
    (tmp_path / "a.jpg").write_bytes(bytes(101))
    with pytest.raises(errors.PhotoTooLarge, match="GiB"):
        decode(tmp_path / "a.jpg")


def test_no_warning_leaves_the_decoder(write: Write, gradient: Picture) -> None:
    path = write(gradient, "photo.tif", compression="tiff_lzw")
    data = bytearray(path.read_bytes())
    data[-60:-40] = bytes(20)
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with contextlib.suppress(errors.PhotoError):
            decode(path)


# --- RAW files that lack data ------------------------------------------------------------------------------


def test_a_mosaic_whose_end_was_never_written_is_truncated(write_dng: Write, mosaic: Any) -> None:
    cut = mosaic(0.1, 0.1, 0.1)
    cut[-40:] = 0
    with pytest.raises(errors.TruncatedPhoto, match="lowest 40 of 128 rows"):
        decode(write_dng(cut))


def test_missing_tiles_at_the_lower_right_are_noticed_too(mosaic: Any) -> None:
    cut = mosaic(0.1, 0.1, 0.1)
    cut[-40:, 96:] = 512
    with pytest.raises(errors.TruncatedPhoto):
        check_filled(cut, 15000)


def test_a_sensor_picture_of_one_value_is_blank(write_dng: Write, mosaic: Any) -> None:
    with pytest.raises(errors.BlankPhoto):
        decode(write_dng(np.full((128, 192), 512, np.uint16)))


def test_a_photo_taken_with_the_lens_cap_on_is_a_photo(write_dng: Write, mosaic: Any) -> None:
    assert shown(write_dng(mosaic(0, 0, 0, noise=4))).max() < 40


def test_a_burnt_out_foreground_is_not_missing_data(write_dng: Write, mosaic: Any) -> None:
    burnt = mosaic(0.1, 0.1, 0.1)
    burnt[-60:] = 15000
    assert shown(write_dng(burnt))[-30:].min() >= 254


def test_a_cut_off_dng_is_refused(write_dng: Write, mosaic: Any) -> None:
    path = write_dng(mosaic(0.1, 0.1, 0.1))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(errors.TruncatedPhoto):
        decode(path)


# --- real files --------------------------------------------------------------------------------------------

REFUSED = {
    "truncated_Canon-R6.CR3": errors.TruncatedPhoto,
    "truncated_Nikon_D7100.NEF": errors.TruncatedPhoto,
    "unsupported_GoPro_Hero8.GPR": errors.UnsupportedPhoto,
    "pil_truncated_jpeg.jpg": errors.TruncatedPhoto,
    "sharp_truncated.jpg": errors.TruncatedPhoto,
    "pil_broken_data_stream.png": errors.BrokenPhoto,
    "ev_issue_1815_poc.jpg": errors.BrokenPhoto,
    "ev_issue_1881_poc.jpg": errors.BrokenPhoto,
    "ev_issue_1912_poc.jpg": errors.BrokenPhoto,
    "ev_issue_1920_poc.tiff": errors.BrokenPhoto,
    "ev_issue_2320_poc.jpg": errors.BrokenPhoto,
    "ev_2018-01-09-exiv2-crash-001.tiff": errors.BrokenPhoto,
    "ev_2018-01-09-exiv2-crash-003.tiff": errors.BrokenPhoto,
    "ev_crash-23eba73bb01cb01caa96a389eb12955c34b98a37.jpg": errors.BrokenPhoto,
    "pil_crash-0e16d3bfb83be87356d026d66919deaefca44dac.tif": errors.TruncatedPhoto,
    "pil_crash-1185209cf7655b5aed8ae5e77784dfdd18ab59e9.tif": errors.TruncatedPhoto,
    "pil_crash-86214e58da443d2b80820cff9677a38a33dcbbca.tif": errors.TruncatedPhoto,
}


def test_every_bad_sample_is_refused_for_its_reason_or_developed(samples: Path) -> None:
    refused: dict[str, errors.PhotoError] = {}
    for path in sorted((samples / "bad").iterdir()):
        try:
            decode(path)
        except errors.PhotoError as error:
            refused[path.name] = error
    assert {name: type(error) for name, error in refused.items()} == REFUSED
    for each in refused.values():
        assert len(each.message) > 40
        assert str(samples) not in each.message


@pytest.mark.parametrize(
    "name", ["raw/Canon_EOS_D30.CRW", "raw/Canon_KissX4_colorchart.DNG", "jpeg/ie_iphone_13_pro_max.HEIC"]
)
@pytest.mark.parametrize("share", [0.4, 0.97])
def test_a_real_file_that_is_cut_off_is_named_truncated(name: str, share: float, samples: Path, tmp_path: Path) -> None:
    data = (samples / name).read_bytes()
    path = tmp_path / Path(name).name
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(errors.TruncatedPhoto):
        decode(path)


@pytest.mark.slow
def test_every_good_sample_is_developed(samples: Path) -> None:
    paths = [each for folder in ("jpeg", "raw") for each in sorted((samples / folder).iterdir())]
    for path in paths:
        if path.suffix != ".icm":
            picture = shown(path)
            assert picture.min() < picture.max(), path.name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Landscape", "Portrait"])
def test_the_orientation_samples_come_out_alike(samples: Path, name: str) -> None:
    """They were turned losslessly only as far as the JPEG blocks go, and carry their number as text."""
    pictures = [shown(samples / "orientation" / f"{name}_{number}.jpg").astype(int) for number in range(9)]
    for picture in pictures[1:]:
        assert picture.shape == pictures[0].shape
        assert np.abs(picture - pictures[0]).mean() < 6


# --- helpers -----------------------------------------------------------------------------------------------


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png16(path: Path, values: NDArray[np.uint16]) -> Path:
    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    return path


def _swapped_profile() -> bytes:
    """sRGB with its red and blue primaries exchanged."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return data.replace(b"rXYZ", b"tmpX").replace(b"bXYZ", b"rXYZ").replace(b"tmpX", b"bXYZ")


def test_the_swapped_profile_of_these_tests_is_one_that_others_read_too() -> None:
    assert ImageCms.ImageCmsProfile(io.BytesIO(_swapped_profile())).profile.xcolor_space == "RGB "
