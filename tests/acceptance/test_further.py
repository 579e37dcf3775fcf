"""Several outputs of one pass, through the real command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from junmai import BatchController
from junmai.demo.shoot import make_sample_shoot
from running import Ended, junmai

COUNT = 3
WEB = ("--also", "web:long-edge=100,quality=80,sharpen-for=screen")


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("further") / "shoot"
    make_sample_shoot(folder, count=COUNT, long_edge=240)
    return folder


class Place:
    """A library and a folder for outputs."""

    def __init__(self, shoot: Path, tmp: Path) -> None:
        self.shoot, self.data, self.out = shoot, tmp / "data", tmp / "out"

    def develop(self, *words: str) -> Ended:
        return junmai("develop", self.shoot, "--out", self.out, "--json", *words, data=self.data)

    def run(self, *words: str) -> Ended:
        return junmai(*words, data=self.data)


def long_edge_of(path: Path) -> int:
    with Image.open(path) as opened:
        return max(opened.size)


@pytest.fixture
def place(shoot: Path, tmp_path: Path) -> Place:
    return Place(shoot, tmp_path)


def test_a_further_output_stands_beside_each_main_one_and_is_as_one_developed_alone(
    place: Place, shoot: Path, tmp_path: Path
) -> None:
    assert place.develop(*WEB).code == 0
    alone = Place(shoot, tmp_path / "alone")
    alone.data.parent.mkdir()
    alone.develop("--long-edge", "100", "--quality", "80", "--sharpen-for", "screen")
    web = {path.name: path.read_bytes() for path in (place.out / "web").iterdir()}
    assert web == {path.name: path.read_bytes() for path in alone.out.iterdir()}
    assert {path.name for path in place.out.glob("*.jpg")} == web.keys()
    assert {long_edge_of(path) for path in (place.out / "web").iterdir()} == {100}


def test_what_is_done_with_all_its_outputs_is_left_alone(place: Place) -> None:
    place.develop(*WEB)
    assert place.develop(*WEB).summary["skipped_count"] == COUNT


def test_a_photo_without_one_of_its_outputs_is_developed_again(place: Place) -> None:
    place.develop(*WEB)
    gone = next((place.out / "web").iterdir())
    gone.unlink()
    again = place.develop(*WEB)
    assert (again.summary["processed_count"], again.summary["skipped_count"]) == (1, COUNT - 1)
    assert gone.exists()


def test_an_output_that_is_added_is_told_and_made(place: Place) -> None:
    place.develop()
    again = place.develop(*WEB)
    assert f"{COUNT} photos developed earlier without all of these outputs" in again.err
    assert len(list((place.out / "web").iterdir())) == COUNT


def test_doctor_finds_a_further_output_that_is_gone_and_one_that_was_changed(place: Place) -> None:
    place.develop(*WEB)
    gone, changed, _ = sorted((place.out / "web").iterdir())
    gone.unlink()
    changed.write_bytes(b"edited")
    said = place.run("doctor").out
    assert f"1 outputs ({gone})" in said.replace("\n", " ")
    assert f"1 outputs ({changed})" in said.replace("\n", " ")


def test_a_lost_database_comes_back_with_further_outputs(place: Place) -> None:
    place.develop(*WEB)
    for path in place.data.glob("junmai.db*"):
        path.unlink()
    rebuilt = place.run("batch", "rebuild")
    assert f"{2 * COUNT} outputs found as they were recorded, 0 not" in rebuilt.out
    assert place.develop(*WEB).summary["skipped_count"] == COUNT
    with BatchController(place.data) as controller:
        assert controller.examine(read_outputs=True) == []


def test_a_foreign_file_in_the_place_of_a_further_output_fails_the_photo_and_stays(place: Place) -> None:
    (place.out / "web").mkdir(parents=True)
    place.develop()
    name = next(place.out.glob("*.jpg")).name
    foreign = place.out / "web" / name
    foreign.write_bytes(b"mine")
    ended = place.develop(*WEB)
    (failed,) = ended.photos("failed")
    assert failed["error_kind"] == "output_exists"
    assert str(foreign) in failed["error_message"]
    assert foreign.read_bytes() == b"mine"


def test_a_label_in_the_way_of_main_names_is_refused(place: Place) -> None:
    ended = place.develop("--name", "web/{name}", *WEB)
    assert ended.code == 2
    assert "main outputs go to that sub-folder" in ended.err


@pytest.mark.parametrize(
    ("also", "said"),
    [
        ("web:long=3", "long=3"),
        ("web:quality=x", "is not a whole number"),
        ("web:quality=0", "quality must be 1 to 100"),
        ("we/b", "label"),
        ("con", "label"),
        ("web:format=jpg,format=tiff", "given twice"),
    ],
)
def test_the_part_of_a_further_output_that_is_wrong_is_named(also: str, said: str, place: Place) -> None:
    ended = place.develop("--also", also)
    assert ended.code == 2
    assert said in ended.err


def test_a_config_asks_for_further_outputs(place: Place) -> None:
    place.run("import", str(place.shoot))
    with BatchController(place.data) as controller:
        ids = [photo.id for photo in controller.store.photos()]
        also = [{"label": "web", "long_edge": 100}]
        batch_id = controller.start_batch(ids, config={"output": {"folder": str(place.out), "also": also}})
        batch = controller.store.batch(batch_id)
        controller.runner(batch, workers=1).run()
        assert [part.label for part in controller.store.items(batch.no)[0].further] == ["web"]
        assert controller.examine(read_outputs=True) == []
