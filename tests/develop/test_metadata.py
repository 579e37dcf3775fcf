"""What metadata outputs carry: everything standard of the source, nothing that is not true of the output."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import IFDRational

from junmai.develop import metadata, metadata_write
from junmai.domain.model import MetadataPolicy, OutputOptions
from junmai.log import line_of
from shoots import SAMPLES, WITHOUT_SAMPLES

needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=WITHOUT_SAMPLES)

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SIZE = (60, 40)
TAKEN = b"2026:05:17 23:59:58"
USER_COMMENT = b"UNICODE\0" + "Käse, 酒".encode("utf-16-le")


def picture(**options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", SIZE, "teal").save(buffer, "JPEG", **options)
    return buffer.getvalue()


def xmp(body: str) -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:exif="http://ns.adobe.com/exif/1.0/" '
        'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/">'
        f"{body}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def subject(*words: str) -> str:
    return "<dc:subject><rdf:Bag>" + "".join(f"<rdf:li>{word}</rdf:li>" for word in words) + "</rdf:Bag></dc:subject>"


XMP = xmp(
    "<xmp:Rating>2</xmp:Rating><xmp:Label>Red</xmp:Label><xmp:CreatorTool>Other 1.0</xmp:CreatorTool>"
    + subject("sea", "sky, blue")
    + '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Title</rdf:li></rdf:Alt></dc:title>'
    "<photoshop:City>Rome</photoshop:City><exif:GPSLatitude>41,53.4N</exif:GPSLatitude>"
    '<Iptc4xmpExt:LocationShown><rdf:Bag><rdf:li Iptc4xmpExt:City="Rome"/></rdf:Bag></Iptc4xmpExt:LocationShown>'
    "<crs:Exposure2012>+1.50</crs:Exposure2012><xmpMM:DocumentID>x</xmpMM:DocumentID><tiff:Orientation>6</tiff:Orientation>"
)


def source_exif() -> bytes:
    tags = Image.Exif()
    tags[0x010F], tags[0x0110], tags[0x0112] = "Canon", "Canon EOS R6", 6
    tags[0x013B], tags[0x8298], tags[0x0131] = "Ann", "© Ann", "Firmware 1.2"
    photo = tags.get_ifd(0x8769)
    photo[0x829A], photo[0x829D] = IFDRational(10, 1600), IFDRational(56, 10)
    photo[0x9003], photo[0x9291], photo[0x9011] = TAKEN.decode(), "07", "+02:00"
    photo[0x9286], photo[0x927C], photo[0x8827] = USER_COMMENT, b"maker's own" * 20, 400
    photo[0xA434], photo[0xA002], photo[0xA003], photo[0xA001] = "RF 50mm F1.2", 6000, 4000, 65535
    place = tags.get_ifd(0x8825)
    place[1], place[2] = "N", (IFDRational(41), IFDRational(53), IFDRational(2401, 100))
    place[3], place[4] = "E", (IFDRational(12), IFDRational(29), IFDRational(32))
    return tags.tobytes()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "IMG_1.jpg"
    path.write_bytes(picture(exif=source_exif(), xmp=XMP))
    return path


@pytest.fixture
def told() -> Iterator[list[dict[str, object]]]:
    """What is logged meanwhile."""
    lines: list[dict[str, object]] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(line_of(record))  # type: ignore[method-assign]
    logging.getLogger("junmai").addHandler(handler)
    yield lines
    logging.getLogger("junmai").removeHandler(handler)


def transfer(source: Path, policy: MetadataPolicy = "all", encoded: bytes | None = None) -> bytes:
    encoded = picture(icc_profile=PROFILE) if encoded is None else encoded
    return written(source, OutputOptions(metadata=policy), encoded)


def written(source: Path, output: OutputOptions, encoded: bytes) -> bytes:
    return metadata_write.written(encoded, metadata_write.collect(source, output, width=SIZE[0], height=SIZE[1]))


def tags_of(data: bytes, tmp_path: Path) -> metadata.Tags:
    path = tmp_path / "read" / "out.jpg"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return metadata.read(path).tags


def one(tags: metadata.Tags, key: str) -> str:
    (text,) = tags[key]
    return text


# --- what is kept --------------------------------------------------------------------------------------------


def test_the_picture_and_its_profile_stay_as_they_were(source: Path) -> None:
    encoded = picture(icc_profile=PROFILE)
    with Image.open(io.BytesIO(transfer(source, encoded=encoded))) as after, Image.open(io.BytesIO(encoded)) as before:
        assert after.info["icc_profile"] == PROFILE
        assert after.tobytes() == before.tobytes()


def test_time_rationals_and_names_are_kept_as_written(source: Path, tmp_path: Path) -> None:
    tags = tags_of(transfer(source), tmp_path)
    assert one(tags, "Exif.Photo.DateTimeOriginal") == TAKEN.decode()
    assert one(tags, "Exif.Photo.SubSecTimeOriginal") == "07"
    assert one(tags, "Exif.Photo.OffsetTimeOriginal") == "+02:00"
    before = metadata.read(source).tags
    for name in ("ExposureTime", "FNumber", "LensModel", "ISOSpeedRatings", "UserComment"):
        assert tags[f"Exif.Photo.{name}"] == before[f"Exif.Photo.{name}"]
    assert tags["Exif.Image.Copyright"] == before["Exif.Image.Copyright"]
    assert tags["Exif.GPSInfo.GPSLatitude"] == ("41/1 53/1 2401/100",)


def test_a_comment_keeps_its_charset(source: Path) -> None:
    assert USER_COMMENT in transfer(source)


def test_descriptive_xmp_is_kept_with_its_structures(source: Path, tmp_path: Path) -> None:
    tags = tags_of(transfer(source), tmp_path)
    assert tags["Xmp.dc.subject"] == ("sea", "sky, blue")
    assert tags["Xmp.dc.title"] == ("Title",)
    assert tags["Xmp.iptcExt.LocationShown[1]/Iptc4xmpExt:City"] == ("Rome",)


# --- what is true of the output ------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["all", "no_gps", "none"])
def test_the_output_says_what_it_is(source: Path, tmp_path: Path, policy: MetadataPolicy) -> None:
    tags = tags_of(transfer(source, policy), tmp_path)
    assert one(tags, "Exif.Image.Orientation") == "1"
    assert one(tags, "Exif.Photo.ColorSpace") == "1"
    assert one(tags, "Exif.Image.Software") == "Junmai"
    assert (one(tags, "Exif.Photo.PixelXDimension"), one(tags, "Exif.Photo.PixelYDimension")) == ("60", "40")


def test_the_tool_is_named_in_xmp_too(source: Path, tmp_path: Path) -> None:
    assert tags_of(transfer(source), tmp_path)["Xmp.xmp.CreatorTool"] == ("Junmai",)


def test_maker_notes_and_the_settings_of_other_programs_stay_behind(source: Path) -> None:
    data = transfer(source)
    for left in (b"maker's own", b"camera-raw-settings", b"DocumentID", b"Other 1.0", b"Firmware 1.2", b"tiff:"):
        assert left not in data


def test_the_same_source_gives_the_same_bytes(source: Path) -> None:
    assert transfer(source) == transfer(source)


# --- policies ------------------------------------------------------------------------------------------------


def test_without_places_no_place_is_left_in_any_form(source: Path, tmp_path: Path) -> None:
    data = transfer(source, "no_gps")
    tags = tags_of(data, tmp_path)
    assert not [key for key in tags if "GPS" in key or "City" in key or "Location" in key]
    assert b"Rome" not in data
    assert tags["Xmp.dc.subject"] == ("sea", "sky, blue")


def test_without_metadata_nothing_personal_is_left(source: Path, tmp_path: Path) -> None:
    data = transfer(source, "none")
    assert not [key for key in tags_of(data, tmp_path) if key.startswith(("Xmp.", "Iptc.", "Exif.GPSInfo."))]
    for personal in (b"Ann", b"Canon", TAKEN):
        assert personal not in data


# --- creator and copyright -----------------------------------------------------------------------------------

SIGNED = OutputOptions(creator="Zoë; Bob", copyright="© 2026 Zoë")


@pytest.mark.parametrize("policy", ["all", "none"])
def test_creator_and_copyright_stand_where_programs_look_for_them(
    source: Path, tmp_path: Path, policy: MetadataPolicy
) -> None:
    tags = tags_of(written(source, replace(SIGNED, metadata=policy), picture()), tmp_path)
    assert one(tags, "Exif.Image.Artist") == "Zoë; Bob"
    assert tags["Xmp.dc.creator"] == tags["Iptc.Application2.Byline"] == ("Zoë", "Bob")
    for key in ("Exif.Image.Copyright", "Xmp.dc.rights", "Iptc.Application2.Copyright"):
        assert one(tags, key) == "© 2026 Zoë"


def test_whoever_was_named_before_is_named_nowhere_any_more(source: Path, tmp_path: Path) -> None:
    source.write_bytes(picture(exif=source_exif(), xmp=xmp("<tiff:Artist>Ann</tiff:Artist>")))
    assert b"Ann" in transfer(source)
    assert b"Ann" not in written(source, SIGNED, picture())


def test_texts_of_iptc_in_an_older_charset_become_utf_8_beside_a_new_one(source: Path, tmp_path: Path) -> None:
    caption = "Blick über Zürich".encode("cp1252")
    block = b"\x1c\x02\x78" + len(caption).to_bytes(2, "big") + caption
    resource = b"8BIM\x04\x04\0\0" + len(block).to_bytes(4, "big") + block + bytes(len(block) % 2)
    marker = b"Photoshop 3.0\0" + resource
    bare = picture()
    source.write_bytes(bare[:2] + b"\xff\xed" + (len(marker) + 2).to_bytes(2, "big") + marker + bare[2:])
    tags = tags_of(written(source, SIGNED, picture()), tmp_path)
    assert tags["Iptc.Application2.Caption"] == ("Blick über Zürich",)
    assert tags["Iptc.Application2.Byline"] == ("Zoë", "Bob")
    assert "über".encode() in written(source, SIGNED, picture())


def test_a_long_copyright_is_cut_in_iptc_only_where_there_is_a_limit(source: Path, tmp_path: Path) -> None:
    long = "© " + "é" * 200
    tags = tags_of(written(source, OutputOptions(copyright=long), picture()), tmp_path)
    assert one(tags, "Xmp.dc.rights") == long
    assert len(one(tags, "Iptc.Application2.Copyright").encode()) <= 128
    assert long.startswith(one(tags, "Iptc.Application2.Copyright"))


# --- sidecars ------------------------------------------------------------------------------------------------


def test_the_sidecar_wins_over_what_is_embedded(source: Path, tmp_path: Path) -> None:
    source.with_suffix(".xmp").write_bytes(xmp("<xmp:Rating>5</xmp:Rating>" + subject("bride")))
    tags = tags_of(transfer(source), tmp_path)
    assert (tags["Xmp.xmp.Rating"], tags["Xmp.dc.subject"], tags["Xmp.xmp.Label"]) == (("5",), ("bride",), ("Red",))


def test_a_place_given_in_the_sidecar_is_written_where_map_programs_look(source: Path, tmp_path: Path) -> None:
    place = "<exif:GPSLatitude>48,30.5S</exif:GPSLatitude><exif:GPSLongitude>2,21,36W</exif:GPSLongitude>"
    source.with_suffix(".jpg.xmp").write_bytes(xmp(place))
    tags = tags_of(transfer(source), tmp_path)
    assert (one(tags, "Exif.GPSInfo.GPSLatitude"), one(tags, "Exif.GPSInfo.GPSLatitudeRef")) == ("48/1 305/10 0/1", "S")
    assert (one(tags, "Exif.GPSInfo.GPSLongitude"), one(tags, "Exif.GPSInfo.GPSLongitudeRef")) == ("2/1 21/1 36/1", "W")


def test_a_broken_sidecar_costs_nothing_else(source: Path, tmp_path: Path) -> None:
    source.with_suffix(".xmp").write_bytes(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF")
    assert tags_of(transfer(source), tmp_path)["Xmp.xmp.Rating"] == ("2",)


def test_a_sidecar_of_too_many_properties_costs_nothing_else_and_is_named(source: Path, tmp_path: Path) -> None:
    many = "".join(f' crs:A{number}="1"' for number in range(150_000))
    text = xmp("<xmp:Rating>5</xmp:Rating>").replace(b" xmlns:tiff", many.encode() + b" xmlns:tiff")
    source.with_suffix(".xmp").write_bytes(text)
    assert tags_of(transfer(source), tmp_path)["Xmp.xmp.Rating"] == ("2",)
    (problem,) = metadata.read(source).problems
    assert problem.startswith(f"{source.stem}.xmp: it has about 150,0")


def test_a_sidecar_with_long_lists_is_read(source: Path, tmp_path: Path) -> None:
    dabs = "".join(f"<rdf:li>d 0.{number} 0.5</rdf:li>" for number in range(60_000))
    strokes = f"<crs:Dabs><rdf:Seq>{dabs}</rdf:Seq></crs:Dabs>"
    source.with_suffix(".xmp").write_bytes(xmp("<xmp:Rating>5</xmp:Rating>" + strokes))
    assert tags_of(transfer(source), tmp_path)["Xmp.xmp.Rating"] == ("5",)


# --- what goes wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"no photo", b"\xff\xd8\xff\xe1\x00\x20Exif\0\0II*\0\xff\xff\xff\xff"])
def test_a_source_without_readable_metadata_still_gives_a_photo(tmp_path: Path, data: bytes) -> None:
    source = tmp_path / "odd.jpg"
    source.write_bytes(data)
    assert one(tags_of(transfer(source), tmp_path), "Exif.Image.Software") == "Junmai"
    assert metadata.read(source).tags.get("Exif.Image.Make") is None


def test_what_does_not_fit_is_dropped_and_told_and_the_rest_is_kept(
    source: Path, tmp_path: Path, told: list[dict[str, object]]
) -> None:
    huge = "".join(f"<rdf:li>{'x' * 90}{number}</rdf:li>" for number in range(900))
    source.write_bytes(picture(exif=source_exif()))
    source.with_suffix(".xmp").write_bytes(
        xmp(
            f"<xmp:Rating>4</xmp:Rating><photoshop:SupplementalCategories><rdf:Bag>{huge}</rdf:Bag></photoshop:SupplementalCategories>"
        )
    )
    tags = tags_of(transfer(source), tmp_path)
    assert tags["Xmp.xmp.Rating"] == ("4",)
    assert "Xmp.photoshop.SupplementalCategories" not in tags
    assert any("no room" in str(entry.get("problems")) for entry in told)


def test_the_source_is_not_touched(source: Path) -> None:
    source.chmod(0o400)
    before = (source.read_bytes(), source.stat().st_mtime_ns)
    transfer(source)
    assert (source.read_bytes(), source.stat().st_mtime_ns) == before


# --- real files ----------------------------------------------------------------------------------------------


@needs_samples
@pytest.mark.parametrize(
    "name",
    [
        "raw/bayer_22mp_synthetic.dng",
        "jpeg/ie_iphone_13_pro_max.HEIC",
        "jpeg/me_Canon_EOS_5D.jpg",
        "jpeg/ie_DSCN0021.jpg",
    ],
)
def test_standard_exif_of_real_cameras_is_kept_whole(name: str, tmp_path: Path) -> None:
    before = metadata.read(SAMPLES / name).tags
    after = tags_of(transfer(SAMPLES / name), tmp_path)
    renewed = {
        "ColorSpace",
        "PixelXDimension",
        "PixelYDimension",
        "MakerNote",
        "ComponentsConfiguration",
        "InteroperabilityTag",
    }
    groups = ("Exif.Photo.", "Exif.GPSInfo.")
    kept = {key for key in before if key.startswith(groups) and "0x" not in key and key.split(".")[2] not in renewed}
    assert kept
    assert {key: after.get(key) for key in kept} == {key: before[key] for key in kept}


@needs_samples
def test_the_time_of_a_crw_does_not_depend_on_the_time_zone_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    if not hasattr(time, "tzset"):
        pytest.skip("this system cannot change its time zone for one process")
    taken = set()
    for zone in ("UTC", "America/New_York", "Asia/Tokyo"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        taken.add(metadata.read(SAMPLES / "raw/Canon_EOS_D30.CRW").tags["Exif.Photo.DateTimeOriginal"])
    monkeypatch.undo()
    time.tzset()
    assert taken == {("2018:01:01 13:03:32",)}


@needs_samples
def test_the_lens_that_only_the_maker_notes_name_is_written_as_a_standard_tag(tmp_path: Path) -> None:
    tags = tags_of(transfer(SAMPLES / "jpeg/me_Canon_EOS_1000D.jpg"), tmp_path)
    assert one(tags, "Exif.Photo.LensModel") == "Canon EF-S 18-55mm f/3.5-5.6 IS"
