"""What matching did to the written outputs of a batch, looked at by an executor of this process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from control.shoot import develop, imported
from junmai import BatchController, files
from junmai.config import Settings
from junmai.control.match_outputs import CHANGED, OUTDATED, OWNER, Looked, look_at_outputs, summed_up, told
from junmai.executors.base import Job, Outcome
from junmai.executors.inline import InlineExecutor
from matching import write_shoot
from running import fingerprints

COUNT = 4
NO_PROCESS = 1 << 30


class Matched:
    """A library with one matched batch over photos of one scene, developed."""

    def __init__(self, settings: Settings, tmp: Path) -> None:
        self.controller = BatchController(settings=settings)
        self.shoot, self.out = tmp / "shoot", tmp / "out"
        write_shoot(self.shoot, COUNT, rows=120, columns=160)
        self.ids = imported(self.controller, self.shoot)
        self.batch_id = self.developed()

    def developed(self, **config: object) -> str:
        output = {"folder": str(self.out), **dict(config.pop("output", {}))}  # type: ignore[call-overload]
        wanted = {"match": {"to": "session"}, "output": output, **config}
        batch_id = self.controller.start_batch(self.ids, config=wanted)
        develop(self.controller, batch_id)
        return batch_id

    def look(self, batch_id: str = "", executor: InlineExecutor | None = None) -> list[Looked]:
        batch = self.controller.store.batch(batch_id or self.batch_id)
        data = self.controller.settings.data
        return look_at_outputs(self.controller.store, data, batch, executor or InlineExecutor(), lambda *_: None)

    def why(self) -> dict[str, str]:
        return {Path(one.shown.path or "").name: one.why for one in self.look() if one.why}


@pytest.fixture
def matched(settings: Settings, tmp_path: Path) -> Iterator[Matched]:
    found = Matched(settings, tmp_path)
    yield found
    found.controller.close()


class Counting(InlineExecutor):
    """Counts its jobs."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def submit(self, ticket: int, job: Job) -> None:
        self.count += 1
        super().submit(ticket, job)


class Interrupted(InlineExecutor):
    """The user presses Ctrl-C while a photo is developed into its temporary file."""

    def submit(self, ticket: int, job: Job) -> None:
        job.temporary.write_bytes(b"half a picture")  # type: ignore[union-attr]
        super().submit(ticket, job)

    def wait(self, seconds: float) -> Sequence[Outcome]:
        raise KeyboardInterrupt


def test_what_was_seen_of_an_output_is_kept(matched: Matched) -> None:
    first = matched.look()
    again = Counting()
    assert matched.look(executor=again) == first
    assert again.count == 0


def test_outputs_that_were_skipped_are_looked_at_too(matched: Matched) -> None:
    again = matched.developed()
    assert matched.controller.status(again)["skipped_count"] == COUNT
    assert summed_up(matched.look(again))["looked_at"] == COUNT


def test_an_output_that_was_changed_since_is_not_looked_at_as_if_matching_had_made_it(matched: Matched) -> None:
    shutil.copyfile(matched.out / "IMG_001.jpg", matched.out / "IMG_002.jpg")
    assert matched.why() == {"IMG_002.jpg": CHANGED}


def test_an_output_that_a_later_batch_developed_otherwise_is_not_looked_at(matched: Matched) -> None:
    matched.developed(match={"to": "session", "strength": 50})
    assert set(matched.why().values()) == {OUTDATED}


def test_an_original_that_is_gone_is_named_and_the_others_are_looked_at(matched: Matched) -> None:
    (matched.shoot / "IMG_003.jpg").unlink()
    assert list(matched.why()) == ["IMG_003.jpg"]


@pytest.mark.parametrize("form", ["tiff", "webp", "avif"])
def test_every_format_of_output_can_be_looked_at(matched: Matched, form: str) -> None:
    looked = matched.look(matched.developed(output={"format": form}))
    assert [one.why for one in looked] == [""] * COUNT
    for jpeg, other in zip(matched.look(), looked, strict=True):
        assert other.before == pytest.approx(jpeg.before, abs=0.5)
        assert other.after == pytest.approx(jpeg.after, abs=0.5)


def test_a_target_is_what_the_distances_are_told_to(matched: Matched) -> None:
    looked = matched.look(matched.developed(match={"to": matched.ids[1]}))
    distances = {one.shown.photo_id: (one.before or 0.0, one.after or 0.0) for one in looked}
    assert distances[matched.ids[1]] == (0, 0)
    assert all(after < before for photo, (before, after) in distances.items() if photo != matched.ids[1])


@pytest.mark.parametrize("left_by", ["this process", "a killed one"])
def test_nothing_is_left_beside_what_is_kept_and_no_original_is_touched(matched: Matched, left_by: str) -> None:
    originals, outputs = fingerprints(matched.shoot), fingerprints(matched.out)
    folder = matched.controller.settings.data / OWNER
    if left_by == "this process":
        with pytest.raises(KeyboardInterrupt):
            matched.look(executor=Interrupted())
    else:
        folder.mkdir()
        (folder / files.temporary_name(OWNER, NO_PROCESS, 0)).write_bytes(b"half a picture")
        matched.look()
    assert not files.leftovers_in(folder)
    assert (fingerprints(matched.shoot), fingerprints(matched.out)) == (originals, outputs)


def test_what_is_told_holds_the_names_that_programs_rely_on(matched: Matched) -> None:
    one = told(matched.look()[1])
    names = "output_distance_before output_distance_after clipped_before_percent clipped_after_percent"
    assert set(f"{names} newly_clipped_percent output_why file_name scene exposure".split()) <= set(one)
    assert one["output_why"] is None
