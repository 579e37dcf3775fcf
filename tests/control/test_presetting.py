from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crs import TEMPLATE, packet
from helpers import FakeClock, make_jpeg
from junmai import errors
from junmai.control import comparing, planning, presetting
from junmai.control.endings import output_key
from junmai.control.planning import Look, Order
from junmai.control.presetting import Imported, Refused
from junmai.domain.model import OutputOptions, Recipe
from junmai.executors.inline import InlineExecutor
from junmai.store.base import Store
from junmai.store.sqlite import SqliteStore

GOLD = packet(attributes='crs:PresetType="Normal" crs:Name="Gold" crs:Exposure2012="+0.5" crs:ColorVariance="+9"')


@pytest.fixture
def store(tmp_path: Path, fake_clock: FakeClock) -> Iterator[Store]:
    opened = SqliteStore(tmp_path / "data" / "junmai.db", clock=fake_clock)
    yield opened
    opened.close()


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "presets" / "gold.xmp"
    path.parent.mkdir()
    path.write_bytes(GOLD)
    return path


# --- importing -----------------------------------------------------------------------------------------------


def test_an_imported_preset_is_found_by_name_and_by_version(store: Store, gold: Path) -> None:
    imported = presetting.import_file(store, gold, note="warm")
    assert (imported.new, imported.preset.reference, imported.preset.note) == (True, "Gold@1", "warm")
    assert presetting.find(store, "gold") == presetting.find(store, "GOLD@1") == imported.preset


def test_the_same_file_again_is_the_same_version(store: Store, gold: Path) -> None:
    presetting.import_file(store, gold)
    again = presetting.import_file(store, gold)
    assert (again.new, again.preset.version) == (False, 1)


def test_a_changed_file_is_the_next_version_and_the_first_stays_as_it_was(store: Store, gold: Path) -> None:
    first = presetting.import_file(store, gold).preset
    gold.write_bytes(GOLD.replace(b"+0.5", b"+1"))
    assert presetting.import_file(store, gold).preset.version == 2
    assert presetting.find(store, "Gold").settings == {"Exposure2012": 1}
    assert presetting.find(store, "Gold@1") == first


def test_the_name_of_a_built_in_preset_is_refused(store: Store, gold: Path) -> None:
    with pytest.raises(errors.PresetRefused, match="--name"):
        presetting.import_file(store, gold, name="Default")
    assert store.presets() == []


def test_a_folder_gives_all_its_presets_and_one_that_is_none_stops_no_other(store: Store, gold: Path) -> None:
    below = gold.parent / "more"
    below.mkdir()
    (below / "old.LRTEMPLATE").write_text(TEMPLATE)
    (below / "broken.xmp").write_bytes(GOLD[:-20])
    (below / "notes.txt").write_text("nothing")
    results = presetting.import_all(store, [gold.parent])
    assert [type(result) for result in results] == [Imported, Refused, Imported]
    assert len(store.presets()) == 2


def test_one_name_for_several_presets_is_refused_before_anything_is_kept(store: Store, gold: Path) -> None:
    (gold.parent / "other.xmp").write_bytes(GOLD)
    with pytest.raises(errors.BadInput, match="one by one"):
        presetting.import_all(store, [gold.parent], name="X")
    assert store.presets() == []


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: None])
def test_what_is_no_file_is_refused(store: Store, tmp_path: Path, make: object) -> None:
    path = tmp_path / "x.xmp"
    make(path)  # type: ignore[operator]
    with pytest.raises(errors.PresetUnreadable):
        presetting.import_file(store, path)


def test_an_unknown_preset_is_refused_with_the_nearest_of_all(store: Store, gold: Path) -> None:
    presetting.import_file(store, gold)
    with pytest.raises(errors.UnknownPreset, match="'Gold'"):
        presetting.find(store, "gould")
    with pytest.raises(errors.UnknownPreset, match="'warm-portrait'"):
        presetting.find(store, "warm portrait")
    with pytest.raises(errors.UnknownPreset):
        presetting.find(store, "Gold@9")


# --- exporting -----------------------------------------------------------------------------------------------


def test_an_export_is_imported_as_the_same_version(store: Store, gold: Path, tmp_path: Path) -> None:
    presetting.import_file(store, gold)
    presetting.export(store, "Gold", tmp_path / "out.xmp")
    assert not presetting.import_file(store, tmp_path / "out.xmp").new


def test_an_export_replaces_nothing_unless_it_is_asked_to(store: Store, tmp_path: Path) -> None:
    there = tmp_path / "out.xmp"
    there.write_text("mine")
    with pytest.raises(errors.BadInput, match="--overwrite"):
        presetting.export(store, "default", there)
    assert there.read_text() == "mine"
    presetting.export(store, "default", there, overwrite=True)
    assert there.read_bytes().startswith(b"<x:xmpmeta")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.xmp"]


def test_an_export_to_a_folder_that_is_not_there_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(errors.BadInput, match="There is no folder"):
        presetting.export(store, "default", tmp_path / "nowhere" / "out.xmp")


# --- comparing -----------------------------------------------------------------------------------------------


def test_presets_differ_in_what_they_do_and_not_in_what_they_leave_alone(store: Store, gold: Path) -> None:
    first = presetting.import_file(store, gold).preset
    gold.write_bytes(GOLD.replace(b"+0.5", b"+1").replace(b"crs:Color", b'crs:Contrast2012="0" crs:Tint="5" crs:Color'))
    second = presetting.import_file(store, gold).preset
    found = presetting.differences(first, second)
    assert [(row.field, row.first, row.second) for row in found] == [("Tint", None, 5), ("Exposure2012", 0.5, 1)]
    assert presetting.differences(first, first) == []


def test_a_file_is_compared_without_being_kept(store: Store, gold: Path) -> None:
    assert presetting.find_or_read(store, str(gold)).settings == {"Exposure2012": 0.5}
    assert store.presets() == []


def test_two_looks_of_a_photo_come_side_by_side_and_leave_nothing_else(tmp_path: Path) -> None:
    photo = make_jpeg(tmp_path / "photo.jpg", width=90, height=80)
    looks = (comparing.Look("dark", {"Exposure2012": -2.0}), comparing.Look("light", {"Exposure2012": 1.0}))
    data = comparing.side_by_side(photo, looks, tmp_path / "both.jpg", InlineExecutor())
    picture = _opened(data)
    assert picture.width > 180
    left, right = (picture.crop(box).resize((1, 1)).getpixel((0, 0)) for box in ((0, 0, 90, 80), (102, 0, 192, 80)))
    assert sum(left) < sum(right)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_photo_that_cannot_be_developed_is_not_compared(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 nothing")
    looks = (comparing.Look("a", {}), comparing.Look("b", {}))
    with pytest.raises(errors.BadInput, match=r"broken\.jpg cannot be developed"):
        comparing.side_by_side(broken, looks, tmp_path / "both.jpg", InlineExecutor())
    assert [path.name for path in tmp_path.iterdir()] == ["broken.jpg"]


def _opened(data: bytes):  # type: ignore[no-untyped-def]
    import io

    from PIL import Image

    return Image.open(io.BytesIO(data))


# --- what a batch makes of it --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("look", "own", "settings", "overrides"),
    [
        (Look(), True, {}, {}),
        (Look(settings={"Tint": 1}), True, {}, {"Tint": 1}),
        (Look("default"), False, {}, {}),
        (Look("default", settings={"Tint": 1}), False, {"Tint": 1}, {}),
        (Look("Gold", 50), False, {"Exposure2012": 0.25}, {}),
        (Look("Gold@1", settings={"Exposure2012": 2}), False, {"Exposure2012": 2}, {}),
        (Look("Gold", settings_from="both"), True, {"Exposure2012": 0.5}, {}),
        (Look("default", settings_from="own"), True, {}, {}),
        (Look(settings_from="preset"), False, {}, {}),
    ],
)
def test_what_is_asked_for_says_where_settings_come_from(
    store: Store, gold: Path, look: Look, own: bool, settings: dict[str, float], overrides: dict[str, float]
) -> None:
    presetting.import_file(store, gold)
    recipe, _ = planning.resolve(Order(look), presetting.finder(store))
    assert (recipe.own, recipe.settings, recipe.overrides) == (own, settings, overrides)


@pytest.mark.parametrize("look", [Look("Gold", settings_from="own"), Look(settings_from="all")])
def test_an_order_that_contradicts_itself_is_refused(store: Store, gold: Path, look: Look) -> None:
    presetting.import_file(store, gold)
    with pytest.raises(errors.BadInput):
        planning.resolve(Order(look), presetting.finder(store))


def test_sidecars_decide_the_key_of_an_output_only_where_they_are_asked() -> None:
    own, preset = Recipe(own=True), Recipe()
    assert output_key("a", own, "1") != output_key("a", own, "2")
    assert output_key("a", preset, "1") == output_key("a", preset, "2")
    assert output_key("a", preset, told_key="1") != output_key("a", preset, told_key="2")
    bare = Recipe(output=OutputOptions(metadata="none"))
    assert output_key("a", bare, told_key="1") == output_key("a", bare, told_key="2")
    assert output_key("a", own) != output_key("a", preset)
    assert output_key("a", replace(own, overrides={"Tint": 1.0})) != output_key("a", own)
