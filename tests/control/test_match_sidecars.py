"""A match in sidecars beside the originals: what Junmai wrote there is not taken for the photo's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from control.shoot import develop, imported
from junmai import BatchController
from junmai.config import Settings
from junmai.develop import xmp
from junmai.domain.matching import Adjustment
from running import fingerprints
from sidecars import make_raws


class Shoot:
    """RAW photos whose settings are their own, developed with a match into sidecars beside them."""

    def __init__(self, settings: Settings, tmp: Path) -> None:
        self.controller = BatchController(settings=settings)
        self.folder, self.out = tmp / "shoot", tmp / "out"
        self.raws = make_raws(self.folder, 2)
        self.ids = imported(self.controller, self.folder)

    def run(self) -> dict[str, object]:
        output = {"folder": str(self.out), "sidecars": "originals", "long_edge": 64}
        config = {"settings_from": "own", "match": {"to": "collection"}, "output": output}
        batch_id = self.controller.start_batch(self.ids, config=config)
        develop(self.controller, batch_id)
        return self.controller.status(batch_id)

    def gains(self) -> list[tuple[float, ...]]:
        store = self.controller.store
        return [one.solution.gains for one in store.solutions(self.controller.latest().no) if one.solution]


@pytest.fixture
def shoot(settings: Settings, tmp_path: Path) -> Iterator[Shoot]:
    found = Shoot(settings, tmp_path)
    for photo_id, exposure in zip(found.ids, (0.5, -0.5), strict=True):
        found.controller.store.adjust_match(photo_id, Adjustment(exposure=exposure))
    yield found
    found.controller.close()


def test_the_same_command_once_more_writes_and_develops_nothing(shoot: Shoot) -> None:
    assert shoot.run()["processed_count"] == 2
    written, found = fingerprints(shoot.folder), shoot.gains()
    assert shoot.run()["skipped_count"] == 2
    assert (fingerprints(shoot.folder), shoot.gains()) == (written, found)


def test_another_match_begins_with_what_stood_there_before_the_first(shoot: Shoot) -> None:
    shoot.run()
    shoot.controller.store.adjust_match(shoot.ids[0], Adjustment(exposure=1.25))
    assert shoot.run()["processed_count"] == 1
    fields = xmp.parse(shoot.raws[0].with_suffix(".xmp").read_bytes())
    assert float(str(fields["Exposure2012"])) == pytest.approx(1.25, abs=0.01)
    assert shoot.run()["skipped_count"] == 2


def test_a_sidecar_that_was_changed_since_counts_as_the_photos_own(shoot: Shoot) -> None:
    shoot.run()
    sidecar = shoot.raws[0].with_suffix(".xmp")
    text = sidecar.read_text(encoding="utf-8")
    sidecar.write_text(text.replace("</x:xmpmeta>", "<!-- looked at -->\n</x:xmpmeta>"), encoding="utf-8")
    assert shoot.run()["skipped_count"] != 2
