"""What a worker makes of a photo's own settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crs import packet
from helpers import develop_job, make_jpeg
from junmai import errors
from junmai.develop import sidecars
from junmai.domain.model import Recipe
from junmai.executors import work
from junmai.executors.base import Developed, Ending

EDITED = packet("<crs:RetouchAreas><rdf:Seq><rdf:li>x</rdf:li></rdf:Seq></crs:RetouchAreas>", 'crs:Exposure2012="-1"')


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A JPEG with a sidecar."""
    path = make_jpeg(tmp_path / "IMG_1.jpg")
    path.with_suffix(".xmp").write_bytes(EDITED)
    return path


def developed(photo: Path, recipe: Recipe) -> tuple[Developed, bytes]:
    job = develop_job(photo, photo.with_name("out.part"), recipe=recipe)
    outcome = work.do(1, job)
    assert isinstance(outcome.result, Developed), outcome
    return outcome.result, job.temporary.read_bytes()


def test_a_worker_develops_by_the_photos_own_settings_and_says_which_they_were(photo: Path) -> None:
    result, data = developed(photo, Recipe(own=True))
    assert result.own_key == sidecars.content_key(sidecars.read(photo)) != ""
    assert result.remarks == ("RetouchAreas (1 entry) removes spots and objects",)
    assert data == developed(photo, Recipe({"Exposure2012": -1.0}))[1]


def test_what_is_asked_for_explicitly_goes_over_them(photo: Path) -> None:
    own = developed(photo, Recipe({"Contrast2012": 20.0}, own=True, overrides={"Exposure2012": 0.5}))[1]
    assert own == developed(photo, Recipe({"Contrast2012": 20.0, "Exposure2012": 0.5}))[1]


def test_a_worker_that_is_not_asked_does_not_look(photo: Path) -> None:
    result, data = developed(photo, Recipe())
    assert (result.own_key, result.told_key, result.remarks) == ("", "", ())
    photo.with_suffix(".xmp").unlink()
    assert data == developed(photo, Recipe())[1]


def test_what_a_sidecar_tells_the_output_has_a_key_that_its_settings_and_times_do_not_change(photo: Path) -> None:
    def told(rating: int, exposure: str, written: str) -> str:
        about = f'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="{rating}" xmp:MetadataDate="{written}"'
        photo.with_suffix(".xmp").write_bytes(packet("", f'crs:Exposure2012="{exposure}" {about}'))
        return developed(photo, Recipe())[0].told_key

    first = told(3, "-1", "2026-01-01")
    assert first == told(3, "+2", "2026-02-02") != ""
    assert first != told(4, "-1", "2026-01-01")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is closed to this user")
def test_a_sidecar_that_cannot_be_opened_fails_the_photo_for_now(photo: Path) -> None:
    photo.with_suffix(".xmp").chmod(0)
    outcome = work.do(1, develop_job(photo, photo.with_name("out.part"), recipe=Recipe(own=True)))
    assert outcome.ending is Ending.ERROR
    assert (outcome.error_kind, outcome.may_pass) == (errors.SourceUnreadable.code, True)
    assert "IMG_1.xmp" in outcome.error_message


def test_what_the_engine_could_not_do_is_told_as_well(photo: Path) -> None:
    result, _ = developed(photo, Recipe({"LensProfileEnable": True}, own=True))
    assert len(result.remarks) == 2
    assert "lens" in result.remarks[1]


def test_a_sidecar_that_is_saved_while_its_photo_is_written_makes_the_output_outdated(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rated = 'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5"'
    outputs = work._outputs

    def saved_meanwhile(*given: object) -> object:
        photo.with_suffix(".xmp").write_bytes(packet("", rated))
        return outputs(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "_outputs", saved_meanwhile)
    assert developed(photo, Recipe())[0].told_key != sidecars.told_key(sidecars.read(photo))
