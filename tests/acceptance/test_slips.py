"""What a photographer may mistype or misunderstand, and what is said then."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from crs import TEMPLATE, packet
from helpers import make_jpeg
from running import junmai

pytestmark = pytest.mark.slow


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return make_jpeg(tmp_path / "shoot" / "IMG_1.jpg")


def test_kelvin_on_a_jpeg_is_told_and_the_photo_is_developed(photo: Path, data: Path, tmp_path: Path) -> None:
    ended = junmai("develop", photo, "--out", tmp_path / "out", "--set", "Temperature=3000", "--json", data=data)
    assert ended.code == 0, ended.err
    said = [line["remarks"] for line in ended.lines if line["event"] == "photo_remarks"]
    assert "Temperature (3000) is not applied to a developed picture" in said[0][0]
    assert "IncrementalTemperature works on both" in junmai("batch", "show", data=data).out


def test_a_crop_that_leaves_nothing_is_refused_and_nothing_is_created(photo: Path, data: Path, tmp_path: Path) -> None:
    settings = ("--set", "CropTop=0.9", "--set", "CropBottom=0.1")
    ended = junmai("develop", photo, "--out", tmp_path / "out", *settings, data=data)
    assert (ended.code, "CropBottom must be more than CropTop (0.9)" in ended.err) == (2, True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["--copyright", "--creator", "--preset", "--name", "--set", "--also"])
def test_an_option_without_its_value_does_not_take_the_next_one(
    option: str, photo: Path, data: Path, tmp_path: Path
) -> None:
    ended = junmai("develop", photo, option, "--out", "wb", data=data, cwd=tmp_path)
    assert (ended.code, f"{option} needs a value; '--out' looks like an option" in ended.err) == (2, True)
    assert not data.exists()


def test_a_value_that_begins_like_an_option_can_be_given_with_a_sign(photo: Path, data: Path, tmp_path: Path) -> None:
    ended = junmai("develop", photo, "--out", tmp_path / "out", "--copyright=--x", "--json", data=data)
    assert ended.code == 0, ended.err


# --- sheets and endings --------------------------------------------------------------------------------------


def compare(photo: Path, out: Path, data: Path) -> tuple[int, str]:
    ended = junmai("presets", "diff", "warm-portrait", "default", "--photo", photo, "--out", out, data=data)
    return ended.code, ended.err


@pytest.mark.parametrize(("name", "form"), [("both.jpg", "JPEG"), ("both.png", "PNG")])
def test_a_sheet_is_what_its_name_says_and_never_a_photo(name: str, form: str, photo: Path, data: Path) -> None:
    assert compare(photo, photo.with_name(name), data)[0] == 0
    with Image.open(photo.with_name(name)) as sheet:
        assert sheet.format == form
    ended = junmai("develop", photo.parent, "--out", photo.parent.parent / "out", "--json", data=data)
    assert [Path(line["path"]).name for line in ended.photos("processed")] == [photo.name]
    left = [(Path(line["path"]).name, line["error_message"]) for line in ended.photos("left_out")]
    assert left == [(name, "developed by Junmai")]


def test_an_ending_that_says_something_else_is_refused(photo: Path, data: Path, tmp_path: Path) -> None:
    code, said = compare(photo, tmp_path / "both.gif", data)
    assert (code, "must end in .jpg, .jpeg, .png" in said) == (2, True)
    ended = junmai("presets", "export", "warm-portrait", tmp_path / "soft.jpg", data=data)
    assert (ended.code, "soft.jpg does not end so" in ended.err) == (2, True)
    assert {path.name for path in tmp_path.iterdir()} == {"shoot", "data"}


def test_a_folder_that_is_not_there_is_named(photo: Path, data: Path, tmp_path: Path) -> None:
    code, said = compare(photo, tmp_path / "nodir" / "both.jpg", data)
    assert (code, "There is no folder" in said, "make it first" in said) == (2, True, True)
    assert "make it first" in junmai("presets", "export", "default", tmp_path / "nodir" / "x.xmp", data=data).err


# --- versions ------------------------------------------------------------------------------------------------


def write_preset(folder: Path, name: str, **settings: float) -> Path:
    attributes = " ".join(f'crs:{field}="{value:+g}"' for field, value in settings.items())
    path = folder / f"{name}.xmp"
    path.write_bytes(packet(attributes=f'crs:PresetType="Normal" crs:Name="{name}" {attributes}'))
    return path


def test_a_slip_with_a_name_is_pointed_out_and_undone(data: Path, tmp_path: Path) -> None:
    warm = write_preset(tmp_path, "Autochrome", Exposure2012=0.5, Vibrance=20)
    other = write_preset(tmp_path, "Other", Clarity2012=-40, GrainAmount=60)
    junmai("presets", "import", warm, data=data)
    slip = junmai("presets", "import", other, "--name", "AUTOCHROME", data=data)
    assert "Autochrome@2 is a new version" in slip.out
    assert "almost nothing in common with Autochrome@1" in slip.out
    back = junmai("presets", "use", "autochrome@1", "--json", data=data).summary
    assert (back["name"], back["version"], back["note"]) == ("Autochrome", 3, "version 1 again")
    assert back["settings"] == {"Exposure2012": 0.5, "Vibrance": 20}
    again = junmai("presets", "use", "Autochrome@1", data=data)
    assert (again.code, "Autochrome@3 is the newest version already" in again.out) == (0, True)
    shown = junmai("presets", "show", "Autochrome", data=data).out
    assert all(row in shown for row in ("Autochrome@1", "Other.xmp", "Autochrome@3", "version 1 again"))


def test_a_new_version_that_is_like_the_one_before_is_not_pointed_out(data: Path, tmp_path: Path) -> None:
    junmai("presets", "import", write_preset(tmp_path, "Gold", Exposure2012=0.5, Vibrance=20), data=data)
    again = junmai("presets", "import", write_preset(tmp_path, "Gold", Exposure2012=0.6, Vibrance=20), data=data)
    assert "Gold@2 is a new version" in again.out
    assert "in common" not in again.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("use", "Gold"), "Gold@VERSION; it has version 1 only"),
        (("use", "default@1"), "built in"),
        (("show", "gold@9"), "Gold has version 1 only"),
    ],
)
def test_a_version_that_is_not_there_is_answered_with_those_that_are(
    words: tuple[str, str], said: str, data: Path, tmp_path: Path
) -> None:
    junmai("presets", "import", write_preset(tmp_path, "Gold", Exposure2012=0.5), data=data)
    ended = junmai("presets", *words, data=data)
    assert (ended.code, said in ended.err) == (2, True)


@pytest.mark.parametrize("field", ["Exposure2012 = 0.5", "Exposure = 0.5"])
def test_a_template_that_went_out_and_in_again_is_the_same_version(field: str, data: Path, tmp_path: Path) -> None:
    template = tmp_path / "faded.lrtemplate"
    template.write_text(TEMPLATE.replace("Contrast2012 = -12.5", field))
    junmai("presets", "import", template, data=data)
    junmai("presets", "export", 'Faded "Summer"', tmp_path / "out.xmp", data=data)
    again = junmai("presets", "import", tmp_path / "out.xmp", "--json", data=data).summary
    assert (again["new"], again["version"]) == (False, 1)


# --- what is said --------------------------------------------------------------------------------------------


def test_what_of_a_preset_cannot_be_done_is_said_at_the_end_and_later(photo: Path, data: Path, tmp_path: Path) -> None:
    path = write_preset(tmp_path, "Gold", Exposure2012=0.5, ColorVariance=9)
    junmai("presets", "import", path, data=data)
    ended = junmai("develop", photo, "--preset", "Gold", "--out", tmp_path / "out", data=data)
    assert "1 field of the preset Gold@1 could not be done on any photo" in ended.out
    assert "not of the preset: ColorVariance = +9" in junmai("batch", "show", data=data).out


def test_an_output_folder_that_is_developed_itself_or_is_a_file_is_refused_as_such(photo: Path, data: Path) -> None:
    for source, out, said in ((photo.parent, photo.parent, "developed as a whole"), (photo, photo, "it is a file")):
        ended = junmai("develop", source, "--out", out, data=data)
        assert (ended.code, said in ended.err) == (2, True), ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--also", "web:metadata=none"), "there is no option 'metadata'"),
        (("--also", "web:longedge=800"), "Did you mean long-edge"),
        (("--collection", "best"), "not both"),
        (("--set", "PerspectiveVertical=5"), "Lightroom has it"),
        (("--set", "Fluffiness=5"), "develop.md"),
        (("--set", "ToneCurvePV2012=nothing"), "0,10;128,140;255,250"),
    ],
)
def test_a_mistake_is_answered_with_what_is_right(words: tuple[str, str], said: str, photo: Path, data: Path) -> None:
    ended = junmai("develop", photo, "--out", photo.parent / "out", *words, data=data)
    assert (ended.code, said in ended.err) == (2, True), ended.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--blend", "50"), "--blend scales a preset"),
        (("--settings", "both"), "the same as own"),
        (("--sharpen-strength", "high"), "without --sharpen-for"),
    ],
)
def test_an_option_that_changes_nothing_is_pointed_out(
    words: tuple[str, str], said: str, photo: Path, data: Path, tmp_path: Path
) -> None:
    ended = junmai("develop", photo, "--out", tmp_path / "out", *words, data=data)
    assert (ended.code, said in ended.err) == (0, True), ended.err


def test_a_pattern_that_fits_nothing_is_said(data: Path, tmp_path: Path) -> None:
    ended = junmai("develop", "*.CR2", data=data, cwd=tmp_path)
    assert (ended.code, "no file fits the pattern" in ended.err) == (2, True)


def test_a_name_with_the_sign_of_versions_is_refused(data: Path, tmp_path: Path) -> None:
    ended = junmai("presets", "import", write_preset(tmp_path, "Gold", Exposure2012=1), "--name", "a@b", data=data)
    assert (ended.code, "@ cannot stand in a name" in ended.err) == (2, True)


def test_an_import_of_a_folder_counts_what_could_not_be_read(data: Path, tmp_path: Path) -> None:
    write_preset(tmp_path, "Gold", Exposure2012=1)
    (tmp_path / "broken.xmp").write_text("<x")
    ended = junmai("presets", "import", tmp_path, data=data)
    assert (ended.code, "1 imported, 1 could not be read" in ended.err) == (3, True)
    assert "export it again from Lightroom" in ended.err
