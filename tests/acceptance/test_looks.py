"""Presets and photos' own Lightroom settings, as a photographer meets them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from crs import packet
from helpers import make_jpeg
from junmai import BatchController
from running import checksums, fingerprints, junmai

pytestmark = pytest.mark.slow

GOLD = packet(
    attributes='crs:PresetType="Normal" crs:Name="Gold" crs:ConvertToGrayscale="True" crs:ColorVariance="+9" '
    'crs:Vibrance="0"'
)


@pytest.fixture
def shoot(tmp_path: Path) -> Path:
    """Two JPEGs, of which the first was darkened in Lightroom, with a mask."""
    folder = tmp_path / "shoot"
    for number in (1, 2):
        make_jpeg(folder / f"IMG_{number}.jpg", seed=number)
    edit(folder, "-2")
    return folder


def edit(folder: Path, exposure: str, photo: str = "IMG_1") -> None:
    name = "crs:MaskGroupBasedCorrections"
    masks = f"<{name}><rdf:Seq><rdf:li crs:What='Correction'/></rdf:Seq></{name}>"
    attributes = f'crs:HasSettings="True" crs:AlreadyApplied="False" crs:Exposure2012="{exposure}" crs:Contrast2012="0"'
    (folder / f"{photo}.xmp").write_bytes(packet(masks, attributes))


def light(folder: Path, name: str = "IMG_1.jpg") -> int:
    """How light a picture is, 0..255."""
    with Image.open(folder / name) as picture:
        return int(picture.convert("L").resize((1, 1)).getpixel((0, 0)))  # type: ignore[arg-type]


def is_grey(folder: Path, name: str = "IMG_1.jpg") -> bool:
    with Image.open(folder / name) as picture:
        red, green, blue = picture.convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    return max(red, green, blue) - min(red, green, blue) <= 2


# --- a photo's own settings ----------------------------------------------------------------------------------


def test_lightrooms_edits_are_honoured_and_what_cannot_be_is_named(shoot: Path, data: Path, tmp_path: Path) -> None:
    before = fingerprints(shoot)
    run = junmai("develop", shoot, "--out", tmp_path / "out", "--json", data=data)
    assert run.code == 0, run.err
    assert light(tmp_path / "out") < light(shoot) - 50
    assert abs(light(tmp_path / "out", "IMG_2.jpg") - light(shoot, "IMG_2.jpg")) <= 2
    said = [line for line in run.lines if line.get("event") == "photo_remarks"]
    assert [Path(line["path"]).name for line in said] == ["IMG_1.jpg"]
    assert said[0]["remarks"] == ["MaskGroupBasedCorrections (1 entry) changes parts of the picture through masks"]
    assert "through masks" in junmai("batch", "show", data=data).out
    assert fingerprints(shoot) == before


def test_a_sidecar_that_was_edited_makes_its_output_outdated_and_no_other(
    shoot: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = ("develop", shoot, "--out", out, "--json")
    junmai(*command, data=data)
    assert junmai(*command, data=data).summary["skipped_count"] == 2
    dark = light(out)
    edit(shoot, "+0.5")
    again = junmai(*command, data=data)
    assert (again.summary["processed_count"], again.summary["skipped_count"]) == (1, 1)
    assert light(out) > dark + 50
    (shoot / "IMG_1.xmp").unlink()
    assert junmai(*command, data=data).summary["processed_count"] == 1
    assert junmai(*command, data=data).summary["skipped_count"] == 2


def test_a_sidecar_with_another_time_and_the_same_content_changes_nothing(
    shoot: Path, data: Path, tmp_path: Path
) -> None:
    command = ("develop", shoot, "--out", tmp_path / "out", "--json")
    junmai(*command, data=data)
    os.utime(shoot / "IMG_1.xmp", (1, 1))
    assert junmai(*command, data=data).summary["skipped_count"] == 2


def test_the_outputs_of_a_preset_do_not_follow_sidecars(shoot: Path, data: Path, tmp_path: Path) -> None:
    command = ("develop", shoot, "--preset", "default", "--out", tmp_path / "out", "--json")
    junmai(*command, data=data)
    assert abs(light(tmp_path / "out") - light(shoot)) <= 2
    edit(shoot, "+1")
    assert junmai(*command, data=data).summary["skipped_count"] == 2


def test_with_both_a_photos_own_settings_lie_over_the_preset(shoot: Path, data: Path, tmp_path: Path) -> None:
    run = junmai(
        *("develop", shoot, "--preset", "classic-black-and-white", "--settings", "both"),
        *("--out", tmp_path / "out", "--json"),
        data=data,
    )
    assert run.code == 0, run.err
    assert is_grey(tmp_path / "out")
    assert light(tmp_path / "out") < light(shoot) - 50


def test_own_settings_alone_beside_a_preset_are_refused_and_nothing_is_created(
    shoot: Path, data: Path, tmp_path: Path
) -> None:
    command = ("develop", shoot, "--preset", "warm-portrait", "--settings", "own", "--out", tmp_path / "out", "--json")
    assert junmai(*command, data=data).code == 2
    assert not (tmp_path / "out").exists()


def test_any_number_of_workers_gives_the_same_bytes(shoot: Path, data: Path, tmp_path: Path) -> None:
    for number in (3, 4, 5):
        make_jpeg(shoot / f"IMG_{number}.jpg", seed=number)
        edit(shoot, f"0.{number}", f"IMG_{number}")
    for workers in ("1", "2"):
        out = tmp_path / workers
        assert junmai("develop", shoot, "--out", out, "--workers", workers, data=tmp_path / f"d{workers}").code == 0
    assert checksums(tmp_path / "1") == checksums(tmp_path / "2")


# --- presets -------------------------------------------------------------------------------------------------


def test_a_preset_file_is_imported_once_and_develops_by_its_version(shoot: Path, data: Path, tmp_path: Path) -> None:
    preset = tmp_path / "my gold.xmp"
    preset.write_bytes(GOLD)
    command = ("develop", shoot, "--preset", preset, "--out", tmp_path / "out", "--json")
    first = junmai(*command, data=data)
    assert first.code == 0, first.err
    assert "1 field of the preset Gold@1 cannot be done" in first.err
    assert is_grey(tmp_path / "out")
    assert junmai(*command, data=data).summary["skipped_count"] == 2
    assert junmai("presets", "show", "Gold", "--json", data=data).summary["versions"] == [1]


def test_a_new_version_leaves_an_older_batch_as_it_was(shoot: Path, data: Path, tmp_path: Path) -> None:
    preset = tmp_path / "gold.xmp"
    preset.write_bytes(GOLD)
    junmai("presets", "import", preset, data=data)
    with BatchController(data) as controller:
        assert junmai("import", shoot, data=data).code == 0
        ids = [photo.id for photo in controller.store.photos()]
        batch_id = controller.start_batch(ids, config={"preset": "Gold"})
        preset.write_bytes(GOLD.replace(b'"True"', b'"False"'))
        assert junmai("presets", "import", preset, "--json", data=data).summary["version"] == 2
        batch = controller.store.batch(batch_id)
        assert (batch.preset, batch.recipe.settings["ConvertToGrayscale"]) == ("Gold@1", True)
    assert junmai("batch", "resume", batch_id, data=data).code == 0
    assert is_grey(data / "developed" / batch_id)


def test_every_field_of_an_import_is_reported(data: Path, tmp_path: Path) -> None:
    (tmp_path / "gold.xmp").write_bytes(GOLD)
    told = junmai("presets", "import", tmp_path / "gold.xmp", "--note", "mine", "--json", data=data).summary
    verdicts = {line["field"]: line["verdict"] for line in told["report"]}
    assert verdicts == {
        "PresetType": "about",
        "Name": "about",
        "ConvertToGrayscale": "applied",
        "ColorVariance": "not_supported",
        "Vibrance": "applied",
    }
    words = junmai("presets", "import", tmp_path / "gold.xmp", data=data).out
    assert "Gold@1 was there already" in words
    assert "ColorVariance = +9: brings colours nearer to each other" in words


def test_a_preset_goes_out_and_is_compared_on_a_photo(shoot: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "warm.xmp"
    assert junmai("presets", "export", "warm-portrait", out, data=data).code == 0
    assert junmai("presets", "export", "warm-portrait", out, data=data).code == 2
    both = tmp_path / "both.jpg"
    told = junmai(
        *("presets", "diff", "warm-portrait", "default"),
        *("--photo", shoot / "IMG_2.jpg", "--out", both, "--json"),
        data=data,
    ).summary
    assert {row["field"] for row in told["differences"]} >= {"Exposure2012", "Shadows2012"}
    with Image.open(both) as picture:
        assert picture.height > 2 * 32
    assert "set the same" in junmai("presets", "diff", "warm-portrait", "warm-portrait@1", data=data).out


def test_mistakes_are_answered_with_a_sentence_and_what_is_nearest(shoot: Path, data: Path, tmp_path: Path) -> None:
    for command, said in (
        (("presets", "show", "warm-potrait"), "Did you mean 'warm-portrait'?"),
        (("presets", "import", tmp_path / "no.xmp"), "there is no such file"),
        (("presets", "import", shoot / "IMG_1.jpg"), "neither XMP nor a Lightroom template"),
        (("presets", "diff", "default", "default", "--photo", shoot / "IMG_1.jpg"), "go together"),
        (("develop", shoot, "--preset", "gold.xmp"), "there is no such file"),
        (("develop", shoot, "--settings", "mine"), "own, preset, both"),
    ):
        ended = junmai(*command, data=data, cwd=tmp_path)
        assert ended.code == 2, command
        assert said in ended.err
