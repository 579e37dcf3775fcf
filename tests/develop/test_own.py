from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import exiv2
import pytest

from crs import packet
from helpers import make_jpeg
from junmai.develop import sidecars
from junmai.develop.own import EMBEDDED, NONE, laid_between, own_settings
from junmai.domain.model import SettingValue

WriteDng = Callable[..., Path]


def settings_packet(attributes: str, inner: str = "") -> bytes:
    return packet(inner, f'crs:HasSettings="True" crs:AlreadyApplied="False" {attributes}')


def embed(photo: Path, data: bytes) -> Path:
    """Put a packet into a photo."""
    image = exiv2.ImageFactory.open(str(photo))
    image.readMetadata()
    image.setXmpPacket(data.decode())
    image.writeXmpFromPacket(True)
    image.writeMetadata()
    return photo


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A file with the name of a RAW: own settings need no more than that."""
    path = tmp_path / "IMG_1.CR2"
    path.write_bytes(b"no picture")
    return path


@pytest.fixture
def jpeg(tmp_path: Path) -> Path:
    return make_jpeg(tmp_path / "IMG_2.jpg")


def test_a_photo_that_brings_nothing_has_none(jpeg: Path) -> None:
    assert own_settings(jpeg) == NONE


def test_the_settings_of_a_sidecar_are_the_photos_own(raw: Path) -> None:
    sidecar = raw.with_suffix(".xmp")
    sidecar.write_bytes(settings_packet('crs:Exposure2012="+0.75" crs:HasCrop="True" crs:CropTop="0.1"'))
    own = own_settings(raw)
    assert own.settings == {"HasCrop": True, "CropTop": 0.1, "Exposure2012": 0.75}
    assert (own.source, own.remarks) == ("IMG_1.xmp", ())
    assert own.key == sidecars.content_key(sidecars.read(raw)) != ""


def test_what_a_photo_carries_counts_where_its_sidecar_has_no_settings(jpeg: Path) -> None:
    embed(jpeg, settings_packet('crs:Exposure2012="-1"'))
    jpeg.with_name("IMG_2.jpg.xmp").write_bytes(
        packet(attributes='xmp:Rating="5"', spaces='xmlns:xmp="http://ns.adobe.com/xap/1.0/"')
    )
    own = own_settings(jpeg)
    assert own.settings == {"Exposure2012": -1}
    assert own.source == EMBEDDED


def test_a_sidecar_with_settings_stands_for_all_of_them(jpeg: Path) -> None:
    embed(jpeg, settings_packet('crs:Exposure2012="-1" crs:Vibrance="50"'))
    jpeg.with_suffix(".xmp").write_bytes(settings_packet('crs:Exposure2012="+1"'))
    assert own_settings(jpeg).settings == {"Exposure2012": 1}


@pytest.mark.parametrize("applied", ['crs:AlreadyApplied="True"', ""])
def test_what_was_applied_to_a_finished_picture_is_history(jpeg: Path, applied: str) -> None:
    embed(jpeg, packet(attributes=f'crs:HasSettings="True" crs:Exposure2012="-1" {applied}'))
    assert own_settings(jpeg).settings == {}


def test_a_raw_need_not_say_that_its_settings_are_still_to_be_applied(
    write_dng: WriteDng, mosaic: Callable[..., object]
) -> None:
    dng = embed(write_dng(mosaic(0.2, 0.4, 0.3)), packet(attributes='crs:Exposure2012="-1"'))
    assert own_settings(dng).settings == {"Exposure2012": -1}


def test_settings_that_say_they_are_none_are_none(raw: Path) -> None:
    raw.with_suffix(".xmp").write_bytes(packet(attributes='crs:HasSettings="False" crs:Exposure2012="2"'))
    assert own_settings(raw).settings == {}


def test_what_cannot_be_honoured_is_named(raw: Path) -> None:
    name = "crs:MaskGroupBasedCorrections"
    masks = f"<{name}><rdf:Seq><rdf:li crs:What='Correction'/></rdf:Seq></{name}>"
    raw.with_suffix(".xmp").write_bytes(settings_packet('crs:ColorVariance="0" crs:Vibrance="9"', masks))
    own = own_settings(raw)
    assert own.settings == {"Vibrance": 9}
    assert own.remarks == ("MaskGroupBasedCorrections (1 entry) changes parts of the picture through masks",)


def test_a_broken_sidecar_is_remarked_on_and_the_photo_goes_without(raw: Path) -> None:
    raw.with_suffix(".xmp").write_bytes(settings_packet('crs:Vibrance="9"')[:-30])
    own = own_settings(raw)
    assert own.settings == {}
    assert len(own.remarks) == 1
    assert own.remarks[0].startswith("IMG_1.xmp: is not well-formed")
    assert own.key


def test_a_sidecar_too_large_to_be_read_is_remarked_on(raw: Path) -> None:
    with raw.with_suffix(".xmp").open("wb") as stream:
        stream.truncate(sidecars.SIDECAR_LIMIT + 1)
    own = own_settings(raw)
    assert own.remarks == ("IMG_1.xmp: is too large to be read; its settings are not applied",)


def test_the_settings_of_a_raw_beside_its_jpeg_are_not_the_jpegs(raw: Path) -> None:
    raw.with_suffix(".xmp").write_bytes(settings_packet('crs:Exposure2012="+1"'))
    assert own_settings(make_jpeg(raw.with_suffix(".JPG"))) == NONE


# --- the key -------------------------------------------------------------------------------------------------


def test_the_key_follows_what_sidecars_hold_and_not_their_times(raw: Path) -> None:
    sidecar = raw.with_suffix(".xmp")
    sidecar.write_bytes(settings_packet('crs:Vibrance="9"'))
    first = own_settings(raw).key
    sidecar.touch()
    assert own_settings(raw).key == first
    sidecar.write_bytes(settings_packet('crs:Vibrance="8"'))
    assert own_settings(raw).key not in (first, "")
    sidecar.unlink()
    assert own_settings(raw).key == ""


# --- precedence ----------------------------------------------------------------------------------------------


def test_own_settings_lie_over_the_preset_and_below_what_is_asked_for() -> None:
    found = laid_between(
        {"Contrast2012": 10.0, "Vibrance": 5.0, "Saturation": 1.0},
        {"Vibrance": 30.0, "Saturation": 20.0},
        {"Saturation": -10.0},
    )
    assert found == {"Contrast2012": 10, "Vibrance": 30, "Saturation": -10}


def test_controls_that_nobody_moved_leave_the_preset_as_it_is() -> None:
    untouched: dict[str, SettingValue] = {
        "Contrast2012": 0.0,
        "Sharpness": 40.0,
        "ColorNoiseReduction": 25.0,
        "ConvertToGrayscale": False,
        "WhiteBalance": "As Shot",
        "ToneCurvePV2012": ((0.0, 0.0), (255.0, 255.0)),
    }
    preset: dict[str, SettingValue] = {
        "Contrast2012": 10.0,
        "ConvertToGrayscale": True,
        "Sharpness": 10.0,
        "WhiteBalance": "Shade",
    }
    assert laid_between(preset, untouched, {}) == preset
    assert laid_between({}, untouched, {}) == untouched
