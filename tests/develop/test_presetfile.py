from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from crs import TEMPLATE, packet
from junmai import errors
from junmai.develop import presetfile, presets, xmp
from junmai.develop.presetfile import PresetFile
from junmai.develop.taking import Verdict
from junmai.domain.model import SettingValue
from junmai.domain.preset import Preset

GOLD = packet(
    '<crs:Name><rdf:Alt><rdf:li xml:lang="x-default">Gold</rdf:li></rdf:Alt></crs:Name>'
    '<crs:Look><rdf:Description crs:Name="Cinema" crs:Amount="0.5"><crs:Parameters><rdf:Description'
    ' crs:LookTable="AB"/></crs:Parameters></rdf:Description></crs:Look>'
    "<crs:MaskGroupBasedCorrections><rdf:Seq><rdf:li><rdf:Description crs:What='Correction'><crs:CorrectionMasks>"
    "<rdf:Seq><rdf:li crs:What='Mask/Image' crs:MaskSubType='1'/></rdf:Seq></crs:CorrectionMasks></rdf:Description>"
    "</rdf:li></rdf:Seq></crs:MaskGroupBasedCorrections>"
    "<crs:ToneCurvePV2012><rdf:Seq><rdf:li>0, 8</rdf:li><rdf:li>255, 250</rdf:li></rdf:Seq></crs:ToneCurvePV2012>",
    'crs:PresetType="Normal" crs:UUID="AB12" crs:Exposure2012="+0.50" crs:SharpnessRadius="1.4" crs:ColorVariance="+9"'
    ' crs:Madeup="yes"',
)
SIDECAR = packet(
    attributes='crs:Exposure2012="+0.50" crs:HasCrop="True" crs:CropTop="0.1" crs:AlreadyApplied="False" dc:format="x"',
    spaces='xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"',
)


def kept(found: PresetFile, name: str | None = None) -> Preset:
    """A preset as the store gives it back."""
    new = found.as_new(name)
    return Preset(new.name, 1, new.name, "", settings=new.settings, origin=new.origin)


def test_a_preset_has_its_own_name_and_its_kind() -> None:
    found = presetfile.read(GOLD, "some file.xmp")
    assert (found.name, found.kind) == ("Gold", "xmp")


def test_a_preset_without_a_name_is_called_by_its_file() -> None:
    assert presetfile.read(packet(attributes='crs:PresetType="Normal" crs:Tint="1"'), "My Look.XMP").name == "My Look"


def test_names_lose_what_would_make_them_ambiguous() -> None:
    data = packet(attributes='crs:Name="  A@2\n\tB\u200b " crs:Tint="1"')
    assert presetfile.read(data, "x.xmp").name == "A 2 B"


def test_a_template_is_told_by_what_it_holds_and_not_by_its_name_alone() -> None:
    assert presetfile.read(TEMPLATE.encode(), "x.xmp").kind == "lrtemplate"
    assert presetfile.read(GOLD, "x.lrtemplate").kind == "xmp"


def test_a_sidecar_as_a_preset_leaves_out_what_belongs_to_its_photo() -> None:
    found = presetfile.read(SIDECAR, "IMG_1.xmp")
    assert (found.name, found.kind) == ("IMG_1", "sidecar")
    assert found.taken.settings == {"Exposure2012": 0.5}
    left_out = {line.field for line in found.taken.lines(Verdict.LEFT_OUT)}
    assert left_out == {"HasCrop", "CropTop", "metadata"}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b"\xff\xd8\xff\xe0" + bytes(99), "neither XMP nor a Lightroom template"),
        (b"PK\x03\x04", "neither|line 1"),
        (packet(), "holds no develop settings"),
        (b"<html></html>", "no rdf:RDF"),
        (b"s = { value = { settings = {} } }", "holds no develop settings"),
    ],
)
def test_what_is_no_preset_is_refused_with_a_sentence(data: bytes, why: str) -> None:
    with pytest.raises(errors.PresetUnreadable, match=why):
        presetfile.read(data, "x.xmp")


def test_the_same_content_is_the_same_whatever_its_file_looks_like() -> None:
    other = GOLD.replace(b" crs:", b"\r\n   crs:")
    assert presetfile.read(GOLD, "a.xmp").as_new().content == presetfile.read(other, "b.xmp").as_new().content
    changed = GOLD.replace(b"+0.50", b"+0.51")
    assert presetfile.read(GOLD, "a.xmp").as_new().content != presetfile.read(changed, "a.xmp").as_new().content


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(errors.PresetRefused):
        presetfile.read(GOLD, "a.xmp").as_new(" @ ")


# --- writing -------------------------------------------------------------------------------------------------


def test_a_preset_leaves_with_every_field_it_came_with() -> None:
    assert xmp.parse(presetfile.write(kept(presetfile.read(GOLD, "a.xmp")))) == xmp.parse(GOLD)


def test_a_template_leaves_as_a_preset_that_reads_the_same() -> None:
    first = presetfile.read(TEMPLATE.encode(), "a.lrtemplate")
    again = presetfile.read(presetfile.write(kept(first)), "a.xmp")
    assert again.kind == "xmp"
    assert again.name == first.name
    assert again.taken.settings == first.taken.settings
    assert first.fields.items() <= again.fields.items()


def test_a_preset_that_was_renamed_leaves_under_its_new_name() -> None:
    written = presetfile.write(kept(presetfile.read(GOLD, "a.xmp"), "Silver"))
    assert presetfile.read(written, "a.xmp").name == "Silver"


def test_every_sample_comes_back_from_its_export_field_by_field(samples: Path) -> None:
    found = sorted((samples / "presets").glob("*.xmp"))
    assert found
    for path in found:
        before = presetfile.read(path.read_bytes(), path.name)
        written = presetfile.write(kept(before))
        assert xmp.parse(written) == before.fields
        again = presetfile.read(written, "x.xmp").taken
        assert again.settings == before.taken.settings
        assert set(again.report) == set(before.taken.report)


@pytest.mark.parametrize("preset", presets.all_presets(), ids=lambda preset: preset.name)
def test_a_built_in_preset_comes_back_from_its_export(preset: Preset) -> None:
    found = presetfile.read(presetfile.write(preset), "x.xmp")
    assert found.name == preset.title
    assert found.taken.settings == preset.settings
    assert not found.taken.lines(Verdict.NOT_SUPPORTED, Verdict.ADJUSTED)


def test_the_same_version_is_the_same_preset_to_lightroom() -> None:
    preset = presets.find("warm-portrait")
    assert presetfile.write(preset) == presetfile.write(preset)
    assert len(xmp.text_of(xmp.parse(presetfile.write(preset))["UUID"])) == 32


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("Exposure2012", 0.5, "+0.50"),
        ("Contrast2012", -12.5, "-12.5"),
        ("Contrast2012", 30.0, "+30"),
        ("Contrast2012", 0.0, "0"),
        ("Temperature", 5500.0, "5500"),
        ("Sharpness", 40.0, "40"),
        ("ConvertToGrayscale", True, "True"),
        ("WhiteBalance", "Daylight", "Daylight"),
        ("ToneCurvePV2012", ((0.0, 8.0), (255.0, 247.5)), {"Seq": ["0, 8", "255, 247.5"]}),
    ],
)
def test_settings_are_written_as_adobe_writes_them(name: str, value: SettingValue, written: object) -> None:
    assert presetfile.node_of(name, value) == written


# --- read by others ------------------------------------------------------------------------------------------


def _exports(folder: Path) -> list[Path]:
    files = {"gold.xmp": kept(presetfile.read(GOLD, "a.xmp")), "old.xmp": kept(presetfile.read(TEMPLATE.encode(), "b"))}
    files |= {f"{preset.name}.xmp": preset for preset in presets.all_presets()}
    for name, preset in files.items():
        (folder / name).write_bytes(presetfile.write(preset))
    return [folder / name for name in files]


def test_exiv2_reads_what_is_exported(tmp_path: Path) -> None:
    exiv2 = pytest.importorskip("exiv2")
    for path in _exports(tmp_path):
        image = exiv2.ImageFactory.open(str(path))
        image.readMetadata()
        keys = {str(datum.key()) for datum in image.xmpData()}
        assert any(key.startswith("Xmp.crs.PresetType") for key in keys), path.name
        expected = xmp.parse(path.read_bytes())
        assert {f"Xmp.crs.{name}" for name, node in expected.items() if isinstance(node, str)} <= keys


def test_exiftool_reads_what_is_exported(tmp_path: Path) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed (Debian: libimage-exiftool-perl), so it was not asked")
    paths = _exports(tmp_path)
    said = subprocess.run(
        ["exiftool", "-validate", "-warning", "-a", "-s", "-XMP-crs:all", *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "Error" not in said
    assert "Warning" not in said.replace("Validate                        : OK", "")
    assert said.count("Exposure2012") >= 2
