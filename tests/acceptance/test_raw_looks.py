"""RAW photos through the command line: the same bytes from every worker, and camera profiles decide as settings do."""

from __future__ import annotations

from pathlib import Path

import pytest

from junmai.develop import xmp
from rawfiles import make_dcp, make_dng, mosaic_of, tone_curve
from running import checksums, junmai
from shoots import SAMPLES, WITHOUT_SAMPLES

pytestmark = pytest.mark.slow
DARK, LIGHT = (0.0, 0.0, 0.5, 0.3, 1.0, 1.0), (0.0, 0.0, 0.25, 0.6, 1.0, 1.0)
VELVET = ("--set", "CameraProfile=Velvet")
EVERYTHING = (
    *("Exposure2012=0.4", "Highlights2012=-60", "Shadows2012=40", "Clarity2012=30", "Texture=20", "Dehaze=10"),
    *("Vibrance=30", "HueAdjustmentBlue=20", "Sharpness=60", "LuminanceSmoothing=30", "ColorNoiseReduction=50"),
    *("GrainAmount=30", "PostCropVignetteAmount=-30", "HasCrop=true", "CropAngle=1.5", "CropLeft=0.1"),
)


@pytest.fixture
def shoot(tmp_path: Path) -> Path:
    """Three RAWs of different colours, taller than a strip of the engine (128 rows), and each noisy in its own way."""
    folder = tmp_path / "shoot"
    folder.mkdir()
    for number, levels in enumerate(((0.1, 0.2, 0.1), (0.2, 0.15, 0.1), (0.05, 0.1, 0.2))):
        make_dng(folder / f"IMG_{number}.dng", mosaic_of(*levels, shape=(420, 300), noise=900, seed=number))
    return folder


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    folder = tmp_path / "profiles"
    folder.mkdir()
    return folder


def test_one_worker_and_three_give_the_same_bytes_from_raws_with_everything_set(shoot: Path, tmp_path: Path) -> None:
    settings = [part for setting in EVERYTHING for part in ("--set", setting)]
    for workers in ("1", "3"):
        command = ("develop", shoot, "--out", tmp_path / workers, "--workers", workers, *settings)
        ended = junmai(*command, data=tmp_path / f"data{workers}")
        assert ended.code == 0, ended.err
    assert len(checksums(tmp_path / "1")) == 3
    assert checksums(tmp_path / "1") == checksums(tmp_path / "3")


def test_a_single_setting_is_given_by_its_name_and_lies_over_the_preset(
    shoot: Path, data: Path, tmp_path: Path
) -> None:
    for name, settings in {
        "plain": [],
        "neutral": ["--set", "BaseLook=neutral"],
        "curve": ["--set", "ToneCurvePV2012=0,20; 128,128; 255,235"],
        "grey": ["--preset", "classic-black-and-white", "--set", "ConvertToGrayscale=no"],
    }.items():
        ended = junmai("develop", shoot, "--out", tmp_path / name, *settings, "--json", data=data)
        assert ended.code == 0, ended.err
    seen = {name: checksums(tmp_path / name)["IMG_0.jpg"] for name in ("plain", "neutral", "curve", "grey")}
    assert len(set(seen.values())) == 4


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Exposure=1", "Exposure2012"),
        ("Exposure2012=9", "-5 to 5"),
        ("Exposure2012", "NAME=VALUE"),
        ("ToneCurvePV2012=0,20;0,30", "input rising"),
    ],
)
def test_a_setting_that_is_wrong_is_named_and_nothing_is_made(
    given: str, said: str, shoot: Path, data: Path, tmp_path: Path
) -> None:
    ended = junmai("develop", shoot, "--out", tmp_path / "out", "--set", given, data=data)
    assert ended.code == 2
    assert said in ended.err
    assert not (tmp_path / "out").exists()


def test_a_setting_that_is_given_twice_is_refused(shoot: Path, data: Path, tmp_path: Path) -> None:
    twice = ("--set", "Texture=1", "--set", "Texture=2")
    ended = junmai("develop", shoot, "--out", tmp_path / "out", *twice, data=data)
    assert (ended.code, "Texture is given twice" in ended.err) == (2, True)


def test_a_camera_profile_that_was_replaced_makes_its_outputs_outdated(
    shoot: Path, data: Path, profiles: Path, tmp_path: Path
) -> None:
    make_dcp(profiles / "a.dcp", "Velvet", extra=[tone_curve(*DARK)])
    command = ("develop", shoot, *VELVET, "--out", tmp_path / "out", "--json")
    assert junmai(*command, data=data, JUNMAI_CAMERA_PROFILES=str(profiles)).summary["processed_count"] == 3
    dark = checksums(tmp_path / "out")
    assert junmai(*command, data=data, JUNMAI_CAMERA_PROFILES=str(profiles)).summary["skipped_count"] == 3

    make_dcp(profiles / "a.dcp", "Velvet", extra=[tone_curve(*LIGHT)])
    assert junmai(*command, data=data, JUNMAI_CAMERA_PROFILES=str(profiles)).summary["processed_count"] == 3
    assert all(dark[name] != now for name, now in checksums(tmp_path / "out").items())


def test_another_profile_that_nobody_asked_for_changes_nothing(
    shoot: Path, data: Path, profiles: Path, tmp_path: Path
) -> None:
    make_dcp(profiles / "a.dcp", "Velvet", extra=[tone_curve(*DARK)])
    command = ("develop", shoot, *VELVET, "--out", tmp_path / "out", "--json")
    assert junmai(*command, data=data, JUNMAI_CAMERA_PROFILES=str(profiles)).code == 0
    make_dcp(profiles / "b.dcp", "Silk", extra=[tone_curve(*LIGHT)])
    assert junmai(*command, data=data, JUNMAI_CAMERA_PROFILES=str(profiles)).summary["skipped_count"] == 3


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=WITHOUT_SAMPLES)
def test_real_presets_keep_every_field_through_the_library_and_out_again(data: Path, tmp_path: Path) -> None:
    presets = sorted((SAMPLES / "presets").glob("*.xmp"))
    assert presets
    for number, preset in enumerate(presets):
        told = junmai("presets", "import", preset, "--json", data=data).summary
        fields = xmp.parse(preset.read_bytes())
        assert {line["field"] for line in told["report"]} == {name for name in fields if not name.startswith("{")}
        out = tmp_path / f"{number}.xmp"
        assert junmai("presets", "export", told["name"], out, data=data).code == 0
        assert xmp.parse(out.read_bytes()) == fields
