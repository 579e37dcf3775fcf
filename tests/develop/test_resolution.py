"""The resolution of a photo stays with its outputs, in a TIFF too."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import tifffile
from PIL import Image

from junmai.develop.pipeline import develop_photo
from junmai.domain.model import MetadataPolicy, OutputOptions, Recipe


def resolution(photo: Path, metadata: MetadataPolicy = "all") -> tuple[object, ...]:
    data = develop_photo(photo, Recipe({}, OutputOptions(format="tiff", metadata=metadata))).data
    with tifffile.TiffFile(io.BytesIO(data)) as opened:
        tags = opened.pages.first.tags
        return tuple(tags[name].value for name in ("XResolution", "YResolution", "ResolutionUnit"))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    exif = Image.Exif()
    exif[282], exif[283], exif[296] = 300.0, 240.0, 2
    Image.new("RGB", (40, 30), (90, 120, 60)).save(tmp_path / "IMG_1.jpg", exif=exif)
    return tmp_path / "IMG_1.jpg"


def test_a_tiff_has_the_resolution_of_its_photo(photo: Path) -> None:
    assert resolution(photo) == ((300, 1), (240, 1), 2)


def test_a_tiff_without_metadata_or_of_a_photo_that_says_none_has_72_an_inch(photo: Path, tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "plain.png")
    assert resolution(photo, "none") == resolution(tmp_path / "plain.png") == ((72, 1), (72, 1), 2)
