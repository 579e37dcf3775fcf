"""Probing: facts of real and of broken files, and the kinds of RAW that are named as unreadable."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import pytest
from PIL import Image

from junmai.develop.sniff import Kind
from junmai.library.probe import _unreadable_compression, probe
from shoots import SAMPLES, WITHOUT_SAMPLES

KINDS: tuple[Kind, ...] = ("raw", "jpeg", "heif", "tiff", "png", "webp")
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=WITHOUT_SAMPLES)


def jpeg(path: Path, *, size: tuple[int, int] = (60, 40), orientation: int | None = None) -> Path:
    tags = Image.Exif()
    if orientation is not None:
        tags[0x0112] = orientation
    buffer = io.BytesIO()
    Image.new("RGB", size, "gray").save(buffer, "JPEG", exif=tags)
    path.write_bytes(buffer.getvalue())
    return path


def test_the_size_is_that_of_the_upright_picture(tmp_path: Path) -> None:
    facts = probe(jpeg(tmp_path / "1.jpg", orientation=8), "jpeg")
    assert (facts.orientation, facts.width, facts.height) == (8, 40, 60)


def test_a_broken_photo_has_no_facts_and_is_no_error(tmp_path: Path) -> None:
    broken = tmp_path / "1.cr2"
    for data in (b"", b"II*\0\x08\0\0\0\xff\xff" + bytes(40), b"\0" * 5000):
        broken.write_bytes(data)
        for kind in KINDS:
            facts = probe(broken, kind)
            assert (facts.captured_at, facts.unsupported) == (None, None)


def test_a_photo_that_cannot_be_read_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        probe(tmp_path / "missing.jpg", "jpeg")


def test_facts_can_be_sent_to_another_process(tmp_path: Path) -> None:
    facts = probe(jpeg(tmp_path / "1.jpg"), "jpeg")
    assert pickle.loads(pickle.dumps(facts)) == facts  # noqa: S301 - it was pickled here


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"Exif.Nikon3.NEFCompression": ("13",)}, "High Efficiency"),
        ({"Exif.SubImage1.Compression": ("52546",), "Exif.SubImage1.NewSubfileType": ("0",)}, "JPEG XL"),
    ],
)
def test_compressions_that_libraw_cannot_read_are_named(tags: dict[str, tuple[str, ...]], words: str) -> None:
    assert words in (_unreadable_compression(tags) or "")


def test_a_compressed_preview_says_nothing_against_a_raw() -> None:
    assert _unreadable_compression({"Exif.Image.Compression": ("9",), "Exif.Image.NewSubfileType": ("1",)}) is None


# --- real files ----------------------------------------------------------------------------------------------


@needs_samples
def test_a_raw_has_the_size_of_the_full_picture_and_its_embedded_rating() -> None:
    facts = probe(SAMPLES / "raw/bayer_22mp_synthetic.dng", "raw")
    assert (facts.width, facts.height, facts.rating, facts.iso) == (5760, 3840, 4, 160)
    assert facts.camera == "Canon EOS 5D Mark III"


@needs_samples
def test_an_unsupported_raw_is_named_with_what_helps() -> None:
    facts = probe(SAMPLES / "bad/unsupported_GoPro_Hero8.GPR", "raw")
    assert facts.unsupported is not None
    assert "VC-5" in facts.unsupported
    assert "DNG" in facts.unsupported


@needs_samples
def test_a_truncated_raw_is_damaged_and_not_unsupported() -> None:
    assert probe(SAMPLES / "bad/truncated_Nikon_D7100.NEF", "raw").unsupported is None


@needs_samples
def test_a_heic_has_its_upright_size_and_sub_seconds() -> None:
    facts = probe(SAMPLES / "jpeg/ie_iphone_13_pro_max.HEIC", "heif")
    assert (facts.width, facts.height, facts.captured_at) == (3024, 4032, "2022-02-16T12:55:41.762")


@needs_samples
@pytest.mark.parametrize("name", ["Landscape_0", "Landscape_6", "Portrait_5", "Portrait_8"])
def test_turned_photos_are_as_wide_as_they_look(name: str) -> None:
    facts = probe(SAMPLES / f"orientation/{name}.jpg", "jpeg")
    assert facts.width is not None
    assert facts.height is not None
    assert (facts.width > facts.height) == name.startswith("Landscape")


@needs_samples
def test_the_lens_of_an_old_camera_is_read_from_its_maker_notes() -> None:
    assert "18-55mm" in (probe(SAMPLES / "jpeg/me_Nikon_D40.jpg", "jpeg").lens or "")
