"""Settings as sidecars of Lightroom's: what is replaced, what stays, and what exiv2 and ExifTool read back."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junmai import errors
from junmai.develop import sidecar_write, sidecars, xmp, xmp_edit
from junmai.develop.fields import FIELDS
from junmai.develop.own import settings_in
from junmai.develop.settings import is_neutral
from junmai.domain.model import SettingValue
from sidecars import OF_LIGHTROOM

LOOK: dict[str, SettingValue] = {
    "Exposure2012": 0.5,
    "Contrast2012": -12.0,
    "Temperature": 5200.0,
    "Tint": 3.0,
    "Vibrance": 20.0,
    "ToneCurvePV2012": ((0.0, 10.0), (128.0, 140.0), (255.0, 255.0)),
}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    photo = tmp_path / "IMG_1.CR2"
    photo.write_bytes(b"raw")
    return photo


def made(photo: Path, settings: dict[str, SettingValue] | None = None, *, keeps_look: bool = False) -> bytes:
    found, _ = sidecar_write.made(photo, LOOK if settings is None else settings, None, keeps_look=keeps_look)
    return found.content


def with_sidecar(photo: Path, data: bytes) -> Path:
    photo.with_suffix(".xmp").write_bytes(data)
    return photo


def moved(settings: dict[str, SettingValue]) -> dict[str, SettingValue]:
    return {name: value for name, value in settings.items() if not is_neutral(name, value)}


def by_exiftool(path: Path) -> dict[str, Any]:
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed (Debian: libimage-exiftool-perl), so it was not asked")
    said = subprocess.run(
        ["exiftool", "-json", "-struct", "-G1", "-XMP:all", "-validate", "-warning", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    (found,) = json.loads(said.stdout)
    return dict(found)


def by_exiv2(path: Path) -> dict[str, str]:
    exiv2 = pytest.importorskip("exiv2")
    image = exiv2.ImageFactory.open(str(path))
    image.readMetadata()
    return {str(datum.key()): str(datum.toString()) for datum in image.xmpData()}


# --- a new one ----------------------------------------------------------------------------------------------


def test_the_settings_read_back_are_those_that_were_written(raw: Path) -> None:
    assert moved(settings_in(made(raw))) == {**LOOK, "WhiteBalance": "Custom"}


@given(
    st.dictionaries(
        st.sampled_from([name for name, known in FIELDS.items() if name.endswith("2012") and hasattr(known, "low")]),
        st.integers(-5, 5).map(float),
    )
)
def test_numbers_come_back_as_they_were(settings: dict[str, SettingValue]) -> None:
    fields = sidecar_write.fields_of(settings, {}, Path("IMG_1.CR2"))
    assert moved(settings_in(xmp.write(fields))) == moved(settings)


def test_every_control_is_said_because_lightroom_has_defaults_of_its_own(raw: Path) -> None:
    fields = xmp.parse(made(raw, {}))
    assert (fields["Sharpness"], fields["ColorNoiseReduction"], fields["Exposure2012"]) == ("0", "0", "0.00")
    assert fields["WhiteBalance"] == "As Shot"


def test_it_says_which_file_it_belongs_to(raw: Path) -> None:
    fields = xmp.parse(made(raw))
    assert fields["RawFileName"] == "IMG_1.CR2"
    assert fields["{http://ns.adobe.com/photoshop/1.0/}SidecarForExtension"] == "CR2"


def test_exiv2_and_exiftool_read_a_new_one(raw: Path) -> None:
    path = with_sidecar(raw, made(raw)).with_suffix(".xmp")
    assert by_exiv2(path)["Xmp.crs.Exposure2012"] == "+0.50"
    told = by_exiftool(path)
    assert (told["XMP-crs:Exposure2012"], told["XMP-crs:Contrast2012"]) == ("+0.50", -12)
    assert (told["ExifTool:Validate"], "ExifTool:Warning" in told) == ("OK", False)


# --- one that is there --------------------------------------------------------------------------------------


def test_whatever_is_no_setting_stays_as_exiftool_reads_it(raw: Path) -> None:
    path = with_sidecar(raw, OF_LIGHTROOM).with_suffix(".xmp")
    before = by_exiftool(path)
    path.write_bytes(made(raw))
    now = by_exiftool(path)
    assert {name: value for name, value in before.items() if not name.startswith("XMP-crs")} == {
        name: value for name, value in now.items() if not name.startswith(("XMP-crs", "XMP-photoshop"))
    }
    assert now["XMP-crs:MaskGroupBasedCorrections"] == before["XMP-crs:MaskGroupBasedCorrections"]
    assert (now["XMP-crs:Exposure2012"], now["XMP-crs:Contrast2012"]) == ("+0.50", -12)


def test_exiv2_reads_stars_keywords_history_and_foreign_names_as_before(raw: Path) -> None:
    path = with_sidecar(raw, OF_LIGHTROOM).with_suffix(".xmp")
    before = by_exiv2(path)
    path.write_bytes(made(raw))
    now = by_exiv2(path)
    assert now["Xmp.crs.Exposure2012"] == "+0.50"
    kept = {name: value for name, value in before.items() if not name.startswith("Xmp.crs.")}
    assert kept.items() <= now.items()
    assert before["Xmp.crs.MaskGroupBasedCorrections[1]/crs:LocalExposure2012"] == "0.5"
    assert now["Xmp.crs.MaskGroupBasedCorrections[1]/crs:LocalExposure2012"] == "0.5"


def test_what_stays_stays_byte_for_byte(raw: Path) -> None:
    now = made(with_sidecar(raw, OF_LIGHTROOM))
    for line in OF_LIGHTROOM.splitlines():
        if b"crs:" not in line and b"255, 255" not in line and b"0, 0" not in line and b"rdf:Seq" not in line:
            assert line.removesuffix(b">") in now
    assert b"<!-- what no program reads -->" in now


def test_written_again_it_is_the_same(raw: Path) -> None:
    once = made(with_sidecar(raw, OF_LIGHTROOM))
    assert made(with_sidecar(raw, once)) == once


def test_another_look_over_it_gives_the_same_as_that_look_alone(raw: Path) -> None:
    alone = made(with_sidecar(raw, OF_LIGHTROOM), {"Dehaze": 9.0})
    over = made(with_sidecar(raw, made(raw)), {"Dehaze": 9.0})
    assert over == alone


def test_no_property_is_said_twice(raw: Path) -> None:
    now = made(with_sidecar(raw, OF_LIGHTROOM))
    for name in (b"crs:Exposure2012=", b"crs:HasSettings=", b"crs:ProcessVersion=", b"<crs:ToneCurvePV2012>"):
        assert now.count(name) == 1


def test_a_crop_stays_where_the_look_has_none_and_goes_where_it_has(raw: Path) -> None:
    kept = xmp.parse(made(with_sidecar(raw, OF_LIGHTROOM)))
    cropped = xmp.parse(made(raw, {"HasCrop": True, "CropTop": 0.25}))
    assert (kept["CropTop"], kept["CropBottom"], kept["HasCrop"]) == ("0.1", "0.9", "True")
    assert (cropped["CropTop"], cropped["HasCrop"], cropped.get("CropBottom")) == ("0.25", "True", None)


@pytest.mark.parametrize("keeps_look", [True, False])
def test_a_creative_profile_stays_only_where_the_photos_own_settings_count(raw: Path, keeps_look: bool) -> None:
    fields: xmp.Fields = {"Look": {"struct": {"Name": "Vintage 03"}}, "Exposure2012": "+1.00"}
    with_sidecar(raw, xmp.write(fields))
    assert ("Look" in xmp.parse(made(raw, keeps_look=keeps_look))) == keeps_look


def test_a_newer_process_stays_and_an_older_one_is_raised(raw: Path) -> None:
    for before, after in (("15.4", "15.4"), ("6.7", "11.0")):
        with_sidecar(raw, xmp.write({"ProcessVersion": before}))
        assert xmp.parse(made(raw))["ProcessVersion"] == after


def test_prefixes_quotes_and_empty_elements_do_not_mislead_it(raw: Path) -> None:
    odd = (
        b"<a:xmpmeta xmlns:a='adobe:ns:meta/'><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        b"<r:Description r:about='uuid:7' xmlns:c='http://ns.adobe.com/camera-raw-settings/1.0/' "
        b"xmlns:o='http://example.org/' o:t='c:Exposure2012=\"9\" > x' c:Exposure2012 = '+1'><c:Texture/>"
        b"<o:empty/><c:Dehaze>5</c:Dehaze></r:Description><r:Description r:about='uuid:7' "
        b"xmlns:q='http://ns.adobe.com/camera-raw-settings/1.0/' q:Vibrance='3'/></r:RDF></a:xmpmeta>"
    )
    fields = xmp.parse(made(with_sidecar(raw, odd), {"Texture": 4.0}))
    assert fields["{http://example.org/}t"] == 'c:Exposure2012="9" > x'
    assert "{http://example.org/}empty" in fields
    assert (fields["Texture"], fields["Vibrance"], fields["Dehaze"]) == ("+4", "0", "0")
    assert b"q:Vibrance" not in made(raw)
    assert b'about="uuid:7"' in made(raw)


def test_one_with_nothing_in_it_is_written_anew(raw: Path) -> None:
    empty = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'
    assert made(with_sidecar(raw, empty)) == xmp.write(sidecar_write.fields_of(LOOK, {}, raw))


@pytest.mark.parametrize(
    "data",
    [b"", b"no xmp", b"<a/>", OF_LIGHTROOM[:700], OF_LIGHTROOM.decode().replace("\ufeff", "").encode("utf-16")],
    ids=["empty", "no-xml", "no-rdf", "cut-off", "utf-16"],
)
def test_one_that_cannot_be_edited_is_refused(raw: Path, data: bytes) -> None:
    with pytest.raises(errors.SidecarRefused):
        made(with_sidecar(raw, data))


def test_an_edit_that_would_change_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = xmp_edit._edited
    monkeypatch.setattr(xmp_edit, "_edited", lambda *given: cut(*given).replace(b"lake", b"sea"))
    with pytest.raises(errors.XmpUnreadable, match="without changing something else"):
        xmp_edit.replace(OF_LIGHTROOM, {"Exposure2012": "+1.00"}, lambda name: name == "Exposure2012", name="it")


# --- whose it is --------------------------------------------------------------------------------------------


def test_the_raw_of_a_pair_has_the_sidecar_and_the_jpeg_has_none(raw: Path) -> None:
    jpeg = raw.with_suffix(".jpg")
    jpeg.write_bytes(b"jpeg")
    assert sidecar_write.place_beside(raw) == raw.with_suffix(".xmp")
    with pytest.raises(errors.SidecarRefused, match="in the file itself"):
        sidecar_write.place_beside(jpeg)


def test_a_sidecar_that_names_another_file_is_left_alone(raw: Path) -> None:
    with_sidecar(raw, made(raw))
    other = raw.with_suffix(".dng")
    other.write_bytes(b"dng")
    with pytest.raises(errors.SidecarRefused, match="belongs to another file"):
        sidecar_write.place_beside(other)


def test_the_spelling_that_is_there_is_kept(raw: Path) -> None:
    there = raw.with_suffix(".XMP")
    there.write_bytes(OF_LIGHTROOM)
    assert sidecar_write.place_beside(raw) == there


def test_a_link_is_not_written_through(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.xmp").write_bytes(OF_LIGHTROOM)
    raw.with_suffix(".xmp").symlink_to(tmp_path / "elsewhere.xmp")
    with pytest.raises(errors.SidecarRefused, match="is a link"):
        made(raw)


def test_one_that_is_too_large_is_left_alone(raw: Path) -> None:
    with_sidecar(raw, OF_LIGHTROOM + b" " * sidecars.SIDECAR_LIMIT)
    with pytest.raises(errors.SidecarRefused, match="too large"):
        made(raw)


def test_what_lightroom_has_no_field_for_is_told(raw: Path) -> None:
    _, remarks = sidecar_write.made(raw, {"Temperature": 4000.0, "WhiteBalanceAmount": 50.0}, None, keeps_look=False)
    assert len(remarks) == 1
    assert "WhiteBalanceAmount (50)" in remarks[0]
