from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from helpers import develop_job
from junmai.develop import dcp, profile_files, tone
from junmai.develop.camera_profile import HueSatMap, Profile, ProfiledCamera
from junmai.develop.decode import Wanted, decode
from junmai.domain.model import Recipe
from junmai.executors import work
from rawfiles import CAMERA, COLOR_MATRIX, make_dcp, tone_curve

Values = NDArray[np.float64]
NOTHING = [0.0, 1.0, 1.0]
"""No shift of hue, saturation and value kept."""


@pytest.fixture
def write_dcp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write a DCP file into the folder where they are looked for."""
    folder = tmp_path / "profiles"
    folder.mkdir()
    monkeypatch.setenv("JUNMAI_CAMERA_PROFILES", str(folder))

    def make(name: str = "Velvet", camera: str = CAMERA, extra: list[Any] | None = None) -> Path:
        return make_dcp(folder / f"{name}.dcp", name, camera, extra)

    return make


def table(entry: list[float], tag: int, dims: int) -> list[Any]:
    """A table of 2 hues, 2 saturations and one value; what has no saturation stays as it is."""
    values = (NOTHING + entry) * 2
    return [(dims, "I", 3, (2, 2, 1), True), (tag, "f", 12, tuple(values), True)]


def colors(path: Path, rgb: list[float]) -> Values:
    profile = dcp.read(path)
    assert profile is not None
    camera = ProfiledCamera((2.0, 1.0, 1.4), profile.to_camera[0], profile=profile, calibration=(np.eye(3),))
    base = dcp.base(profile, camera, camera.as_shot)
    assert base.colors is not None
    return np.asarray(base.colors(np.array([rgb]))[0], dtype=np.float64)


def test_a_profile_is_found_by_its_name_for_its_camera(write_dcp: Callable[..., Path]) -> None:
    write_dcp("Velvet")
    profile, remark = dcp.find("velvet", "Junmai Test")
    assert profile is not None
    assert (profile.name, remark) == ("Velvet", "")


@pytest.mark.parametrize(("name", "camera"), [("Silk", "Junmai Test"), ("Velvet", "Another")])
def test_what_is_missing_is_said(name: str, camera: str, write_dcp: Callable[..., Path]) -> None:
    write_dcp("Velvet")
    profile, remark = dcp.find(name, camera)
    assert profile is None
    assert name in remark


def test_a_photo_is_developed_with_the_profile_that_is_asked_for(
    write_dcp: Callable[..., Path], write_dng: Callable[..., Path], mosaic: Callable[..., Any]
) -> None:
    curve = (0.0, 0.0, 0.25, 0.5, 1.0, 1.0)
    write_dcp("Velvet", extra=[tone_curve(*curve)])
    photo = decode(write_dng(mosaic(0.2, 0.3, 0.2)), want=Wanted(camera_profile="Velvet"))
    assert photo.base is not None
    assert photo.base.curve(np.array([0.25 * tone.RAW_GAIN]))[0] == pytest.approx(0.5)
    assert photo.remarks == ()


def test_a_photo_whose_profile_is_missing_is_developed_and_says_so(
    write_dng: Callable[..., Path], mosaic: Callable[..., Any], write_dcp: Callable[..., Path]
) -> None:
    photo = decode(write_dng(mosaic(0.2, 0.3, 0.2)), want=Wanted(camera_profile="Velvet"))
    assert photo.base is not None
    assert photo.base.name == "standard"
    assert "Velvet" in photo.remarks[0]


@pytest.mark.parametrize(("tag", "dims"), [(50938, 50937), (50982, 50981)], ids=["HueSatMap", "LookTable"])
def test_a_table_that_changes_nothing_changes_nothing(tag: int, dims: int, write_dcp: Callable[..., Path]) -> None:
    path = write_dcp(extra=table(NOTHING, tag, dims))
    assert colors(path, [0.5, 0.2, 0.1]) == pytest.approx([0.5, 0.2, 0.1], abs=2e-4)


@pytest.mark.parametrize(("tag", "dims"), [(50938, 50937), (50982, 50981)], ids=["HueSatMap", "LookTable"])
def test_a_table_that_halves_saturation_does_so_and_leaves_grey(
    tag: int, dims: int, write_dcp: Callable[..., Path]
) -> None:
    path = write_dcp(extra=table([0.0, 0.5, 1.0], tag, dims))
    red = colors(path, [0.5, 0.2, 0.1])
    assert 0.1 < red[2] < red[1] < red[0]
    assert red[2] > 0.15
    assert colors(path, [0.3, 0.3, 0.3]) == pytest.approx([0.3, 0.3, 0.3], abs=2e-4)


def test_a_shift_of_hue_by_120_degrees_makes_red_green() -> None:
    entry = np.array([[NOTHING, [120.0, 1.0, 1.0]]] * 2)[None]
    shifted = dcp.shifted(np.array([[0.8, 0.0, 0.0], [0.0, 0.8, 0.0]]), entry, False)
    assert shifted == pytest.approx(np.array([[0.0, 0.8, 0.0], [0.0, 0.0, 0.8]]), abs=1e-9)


def test_hue_saturation_and_value_go_there_and_back() -> None:
    rgb = np.random.default_rng(2).uniform(0, 1, (500, 3))
    entry = np.array([[NOTHING, NOTHING]] * 2)[None]
    assert dcp.shifted(rgb, entry, False) == pytest.approx(rgb, abs=1e-12)


def test_a_file_that_is_no_profile_counts_for_none(tmp_path: Path) -> None:
    (tmp_path / "a.dcp").write_bytes(b"IIRC" + bytes(100))
    assert dcp.read(tmp_path / "a.dcp") is None


CURVE, OFFSET, MATRIX_2, LOOK_DIMS, LOOK = 50940, 51109, 50722, 50981, 50982


@pytest.mark.parametrize(
    "extra",
    [
        [(OFFSET, "f", 1, float("nan"), True)],
        [(OFFSET, "f", 1, 200.0, True)],
        [(OFFSET, "s", 0, "one", True)],
        [tone_curve(0.0, 0.0, float("nan"), 0.5, 1.0, 1.0)],
        [tone_curve(0.0, 0.0, 1e38, 1.0)],
        [tone_curve(0.0, 1.0, 1.0, 0.0)],
        [(MATRIX_2, "s", 0, "no matrix", True)],
        [(LOOK_DIMS, "f", 3, (2.0, 2.0, 1.0), True), (LOOK, "f", 12, (0.0,) * 12, True)],
    ],
    ids=["nan", "200 EV", "text for a number", "curve of nan", "far", "falling", "text for a matrix", "sizes"],
)
def test_a_profile_that_makes_no_sense_is_named_as_damaged_and_the_photo_is_developed_without_it(
    extra: list[Any], write_dcp: Callable[..., Path], write_dng: Callable[..., Path], mosaic: Callable[..., Any]
) -> None:
    write_dcp("Velvet", extra=extra)
    photo = decode(write_dng(mosaic(0.2, 0.3, 0.2)), want=Wanted(camera_profile="Velvet"))
    assert photo.base is not None
    assert photo.base.name == "standard"
    assert "Velvet.dcp is damaged" in photo.remarks[0]


def test_what_else_lies_in_the_folder_stands_in_nobodys_way(write_dcp: Callable[..., Path]) -> None:
    folder = write_dcp("Velvet").parent
    (folder / "A folder.dcp").mkdir()
    (folder / "A link.dcp").symlink_to(folder / "nowhere")
    (folder / "Junk.dcp").write_bytes(b"IIRC" + bytes(range(256)) * 20)
    write_dcp("Text", extra=[(MATRIX_2, "s", 0, "no matrix", True)])
    assert dcp.find("Velvet", CAMERA)[1] == ""
    assert profile_files.key(Recipe({"CameraProfile": "Velvet"})) != ""


def test_the_tables_of_two_lights_are_mixed_for_the_light_that_is_chosen() -> None:
    still = np.tile(NOTHING, 8).reshape(1, 2, 4, 3)
    turned = still + np.array([40.0, 0.0, 0.0])
    matrix = np.array(COLOR_MATRIX).reshape(3, 3) / 10000
    tables = HueSatMap((still, turned))
    profile = Profile("x", CAMERA, (2856.0, 6504.0), (matrix, matrix), hue_sat=tables)
    camera = ProfiledCamera((2.0, 1.0, 1.4), matrix, profile=profile, calibration=(np.eye(3), np.eye(3)))
    red = np.array([[0.4, 0.2, 0.2]])
    seen = [dcp.base(profile, camera, camera.gains_for(kelvin, 0)).colors for kelvin in (2856, 6504)]
    warm, cold = (colors(red) if colors else red for colors in seen)
    assert warm == pytest.approx(red, abs=0.002)
    assert np.abs(cold - red).max() > 0.05


def test_looks_that_divide_value_in_different_ways_are_different_looks() -> None:
    table = np.tile(NOTHING, 8).reshape(1, 2, 4, 3)
    matrix = np.array(COLOR_MATRIX).reshape(3, 3) / 10000

    def key(srgb_values: bool) -> bytes:
        profile = Profile("x", CAMERA, (5003.0,), (matrix,), look=HueSatMap((table,), srgb_values))
        camera = ProfiledCamera((2.0, 1.0, 1.4), matrix, profile=profile, calibration=(np.eye(3),))
        return dcp.base(profile, camera, camera.as_shot).key

    assert key(False) != key(True)


def test_a_profile_that_was_replaced_by_one_of_the_same_time_is_read_anew(write_dcp: Callable[..., Path]) -> None:
    path = write_dcp("Velvet")
    written = path.stat()
    assert dcp.find("Velvet", CAMERA)[0] is not None
    write_dcp("Velvet", camera="Another One")
    os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))
    assert dcp.find("Velvet", CAMERA)[0] is None


def test_a_dng_by_another_name_is_developed_with_its_profile_and_has_it_in_its_key(
    write_dcp: Callable[..., Path], write_dng: Callable[..., Path], mosaic: Callable[..., Any]
) -> None:
    write_dcp("Velvet")
    photo = write_dng(mosaic(0.2, 0.3, 0.2), name="shot.tif")
    recipe = Recipe({"CameraProfile": "Velvet"})
    developed = work.develop(develop_job(photo, photo.with_name("out.part"), recipe=recipe))
    assert developed.profile_key == profile_files.key(recipe) != ""
