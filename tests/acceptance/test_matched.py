"""One look over a session, through the real command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from junmai import BatchController
from junmai.develop import xmp
from junmai.develop.difference import ciede2000, srgb_to_lab
from matching import write_shoot
from running import Ended, checksums, fingerprints, junmai
from sidecars import make_raws

COUNT = 5


class Place:
    """A shoot of one scene, each photo taken in its own way; a library, and a folder for outputs."""

    def __init__(self, tmp: Path) -> None:
        self.shoot, self.data, self.out = tmp / "shoot", tmp / "data", tmp / "out"
        self.photos = write_shoot(self.shoot, COUNT)

    def run(self, *words: str | Path) -> Ended:
        return junmai(*words, data=self.data)

    def develop(self, *words: str | Path, match: str = "session", out: Path | None = None) -> Ended:
        return self.run(
            "develop", self.shoot, "--out", out or self.out, "--workers", "2", "--json", "--match", match, *words
        )

    def shown(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run("match", "show", "--json").out.splitlines()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def apart(folder: Path) -> float:
    """Mean dE00 of the photos in a folder to their middle, pixel by pixel, where none of them is clipped."""
    codes = np.stack([np.asarray(Image.open(path)) for path in sorted(folder.glob("*.jpg"))])
    sound = ((codes > 8) & (codes < 245)).all(axis=(0, 3))
    lab = srgb_to_lab(codes)
    middle = np.median(lab, axis=0)
    return float(np.mean([ciede2000(one, middle)[sound].mean() for one in lab]))


def test_photos_of_one_scene_come_out_alike(place: Place) -> None:
    originals = fingerprints(place.shoot)
    ended = place.develop()
    assert (ended.code, ended.summary["processed_count"]) == (0, COUNT), ended.err
    assert apart(place.out) < 0.15 * apart(place.shoot)
    assert fingerprints(place.shoot) == originals
    shown = place.shown()
    told = [sum(one[name] for one in shown) for name in ("distance_before", "distance_after")]
    assert told[1] < 0.3 * told[0]


def test_the_same_command_develops_nothing_again_and_measures_nothing_anew(place: Place) -> None:
    assert place.develop().code == 0
    outputs = checksums(place.out)
    again = place.develop()
    assert (again.code, again.summary["processed_count"], again.summary["skipped_count"]) == (0, 0, COUNT)
    assert checksums(place.out) == outputs
    assert place.run("doctor").code == 0


def test_the_others_are_brought_to_the_photo_that_is_named(place: Place) -> None:
    assert place.develop(match="IMG_001.jpg").code == 0
    target, *_ = (one for one in place.shown() if one["file_name"] == "IMG_001.jpg")
    assert (target["exposure"], target["red"], target["blue"]) == (0, 1, 1)
    plain = np.asarray(Image.open(place.photos[1]), np.float64).mean()
    for path in sorted(place.out.glob("*.jpg")):
        assert np.asarray(Image.open(path), np.float64).mean() == pytest.approx(plain, rel=0.05)


def test_half_the_strength_is_half_the_way(place: Place) -> None:
    assert place.develop().code == 0
    whole = {one["file_name"]: one["exposure"] for one in place.shown()}
    assert place.develop("--match-strength", "50%", out=place.out.with_name("half")).code == 0
    for one in place.shown():
        assert one["exposure"] == pytest.approx(whole[one["file_name"]] / 2, abs=0.02)


def test_what_the_user_sets_for_a_photo_develops_it_again_and_no_other(place: Place) -> None:
    assert place.develop().code == 0
    before = checksums(place.out)
    assert place.run("match", "set", place.photos[2], "--exposure", "0.5").code == 0
    again = place.develop()
    assert (again.summary["processed_count"], again.summary["skipped_count"]) == (1, COUNT - 1)
    after = checksums(place.out)
    assert {name for name in before if before[name] != after[name]} == {"IMG_002.jpg"}
    assert place.run("match", "set", place.photos[2], "--clear").code == 0
    assert place.develop().summary["processed_count"] == 1
    assert checksums(place.out) == before


def test_a_photo_that_is_set_off_stays_as_it_is(place: Place) -> None:
    assert place.run("import", place.shoot).code == 0
    assert place.run("match", "set", place.photos[1], "--off").code == 0
    assert place.develop().code == 0
    plain = place.run("develop", place.photos[1], "--out", place.out.with_name("plain"), "--json")
    assert plain.code == 0
    assert checksums(place.out)["IMG_001.jpg"] == checksums(place.out.with_name("plain"))["IMG_001.jpg"]


def test_a_broken_photo_is_named_and_the_others_are_matched(place: Place) -> None:
    place.photos[3].write_bytes(place.photos[3].read_bytes()[:400])
    ended = place.develop()
    assert ended.code == 3
    assert [line["path"] for line in ended.photos("failed")] == [str(place.photos[3])]
    assert ended.summary["processed_count"] == COUNT - 1
    (broken,) = (one for one in place.shown() if one["file_name"] == place.photos[3].name)
    assert broken["why"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--match", "IMG_01.jpg"), "Did you mean IMG_0"),
        (("--match", "session", "--match-strength", "120"), "0..100"),
        (("--match", ""), "--match is empty"),
    ],
)
def test_a_wrong_word_is_named_and_nothing_is_begun(place: Place, words: tuple[str, ...], said: str) -> None:
    ended = place.run("develop", place.shoot, "--out", place.out, *words)
    assert ended.code == 2
    assert said in ended.err
    with BatchController(place.data) as controller:
        assert controller.store.batches() == []


def test_the_order_of_the_photos_changes_no_byte(place: Place) -> None:
    assert place.develop().code == 0
    outputs = checksums(place.out)
    other = place.out.with_name("turned")
    words: list[str | Path] = [*reversed(place.photos)]
    ended = place.run("develop", *words, "--out", other, "--workers", "1", "--json", "--match", "session")
    assert ended.code == 0, ended.err
    assert checksums(other) == outputs


def test_a_sidecar_says_what_matching_found(tmp_path: Path) -> None:
    place = Place(tmp_path)
    raws = make_raws(place.shoot, 2)
    assert place.run("import", place.shoot).code == 0
    assert place.run("match", "set", raws[0], "--exposure", "0.75").code == 0
    assert place.develop("--sidecars", "originals").code == 0
    by_name = {one["file_name"]: one for one in place.shown()}
    fields = xmp.parse(raws[0].with_suffix(".xmp").read_bytes())
    assert float(str(fields["Exposure2012"])) == pytest.approx(by_name[raws[0].name]["exposure"], abs=0.01)
    assert place.run("batch", "revert").code == 0
    assert not raws[0].with_suffix(".xmp").exists()


def test_the_written_outputs_are_measured_beside_the_photos_without_their_match(place: Place) -> None:
    assert place.develop().code == 0
    *photos, last = place.run("match", "show", "--outputs", "--json").lines
    assert len(photos) == COUNT
    for one in photos:
        assert one["output_distance_after"] < max(0.3 * one["output_distance_before"], 1.0)
        assert 0 <= one["newly_clipped_percent"] <= 100
        assert one["output_why"] is None
    assert last["summary"]["looked_at"] == COUNT
    assert last["summary"]["spread_after"] < 0.3 * last["summary"]["spread_before"]
    assert apart(place.out) == pytest.approx(last["summary"]["spread_after"], abs=1.0)
