"""Formats, spaces, credits and names of outputs on the real command line, from real camera files."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import tifffile
from PIL import Image, ImageCms

from junmai.demo.shoot import make_sample_shoot
from junmai.develop import metadata
from running import checksums, junmai
from shoots import SAMPLES, WITHOUT_SAMPLES

needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=WITHOUT_SAMPLES)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outputs") / "shoot"
    make_sample_shoot(folder, count=8, long_edge=240)
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@needs_samples
@pytest.mark.parametrize(("form", "ending"), [("jpg", ".jpg"), ("tiff", ".tif"), ("webp", ".webp"), ("avif", ".avif")])
def test_a_format_is_written_whole_with_profile_and_credits(out: Path, data: Path, form: str, ending: str) -> None:
    sources: list[str | Path] = [SAMPLES / "jpeg" / "me_Canon_EOS_5D.jpg", SAMPLES / "raw" / "Canon_EOS_D30.CRW"]
    how: list[str | Path] = ["--format", form, "--color-space", "display-p3", "--long-edge", "900", "--out", out]
    credit = ["--creator", "Zoë; Bob", "--copyright", "© 2026 Zoë"]
    ended = junmai("develop", *sources, *how, *credit, "--json", data=data)
    assert ended.code == 0, ended.err
    assert sorted(path.name for path in out.iterdir()) == [f"Canon_EOS_D30{ending}", f"me_Canon_EOS_5D{ending}"]
    for path in out.iterdir():
        tags = metadata.read(path).tags
        assert tags["Exif.Image.Artist"] == ("Zoë; Bob",)
        assert tags["Xmp.dc.rights"] == ("© 2026 Zoë",)
        if ending == ".tif":
            with tifffile.TiffFile(path) as opened:
                assert (opened.pages.first.bitspersample, max(opened.pages.first.shape)) == (16, 900)
                profile = opened.pages.first.iccprofile
        else:
            with Image.open(path) as picture:
                picture.load()
                assert max(picture.size) == 900
                profile = picture.info["icc_profile"]
        assert ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip() == "Display P3"


def test_a_template_sorts_a_shoot_and_a_second_run_has_nothing_to_do(shoot: Path, out: Path, data: Path) -> None:
    command = ("develop", shoot, "--out", out, "--name", "{date}/{camera}_{name}", "--json")
    first = junmai(*command, data=data)
    assert first.code == 0, first.err
    before = checksums(out)
    assert len(before) == 8
    assert all(len(Path(name).parts) == 2 for name in before)
    assert {line["output"] for line in first.photos("processed")} == {Path(name).as_posix() for name in before}

    second = junmai(*command, data=data)

    assert (second.code, second.summary["skipped_count"]) == (0, 8)
    assert checksums(out) == before
    doctor = junmai("doctor", "--read", "--json", data=data)
    assert (doctor.code, doctor.lines) == (0, [])


def test_another_template_in_the_same_folder_says_that_names_are_kept(shoot: Path, out: Path, data: Path) -> None:
    assert junmai("develop", shoot, "--out", out, data=data).code == 0
    before = checksums(out)
    again = junmai("develop", shoot, "--out", out, "--name", "{year}/{name}", data=data)
    assert again.code == 0, again.err
    assert "The names that 8 photos had there stay" in again.out + again.err
    assert checksums(out) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--name", "{sesion}/{name}"), "Did you mean {session}?"),
        (("--name", "../{name}"), "out of the output folder"),
        (("--format", "avlf"), "Did you mean avif?"),
        (("--color-space", "adobe"), "Did you mean adobe-rgb?"),
        (("--metadata", "some"), "Known: all, no_gps, none."),
        (("--format", "webp", "--long-edge", "17000"), "16 to 16383"),
        (("--quality", "101"), "1 to 100"),
    ],
)
def test_what_cannot_be_is_named_with_the_nearest_word_and_nothing_is_made(
    shoot: Path, out: Path, data: Path, arguments: tuple[str, ...], said: str
) -> None:
    ended = junmai("develop", shoot, "--out", out, *arguments, data=data, COLUMNS="300")
    assert ended.code == 2
    assert said in ended.err
    assert not out.exists()
