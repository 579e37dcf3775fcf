"""From tags to facts: what is read, in which order of belief, and what nonsense becomes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junmai.library.exif import PhotoFacts, facts_from


def facts(**tags: str) -> PhotoFacts:
    """Facts of tags given as ``Photo_FNumber="5/1"``, ``Xmp_xmp_Rating="3"``."""
    return facts_from(keyed(**tags))


def keyed(**tags: str) -> dict[str, tuple[str, ...]]:
    return {_key(name): (text,) for name, text in tags.items()}


def _key(name: str) -> str:
    key = name.replace("_", ".")
    return key if key.startswith(("Xmp.", "Easy.", "Iptc.")) else f"Exif.{key}"


# --- time ----------------------------------------------------------------------------------------------------


def test_the_time_of_capture_has_its_sub_seconds_and_offset() -> None:
    found = facts(
        Photo_DateTimeOriginal="2026:05:17 14:03:05", Photo_SubSecTimeOriginal="25", Photo_OffsetTimeOriginal="+02:00"
    )
    assert (found.captured_at, found.utc_offset) == ("2026-05-17T14:03:05.25", "+02:00")


@pytest.mark.parametrize(
    "text", ["0000:00:00 00:00:00", "", "    :  :     :  :  ", "2026:13:40 25:61:61", "0001:01:01 00:00:00"]
)
def test_a_time_that_cannot_be_is_none(text: str) -> None:
    assert facts(Photo_DateTimeOriginal=text).captured_at is None


def test_without_a_time_of_capture_the_time_of_digitizing_and_then_of_the_file_count() -> None:
    assert facts(Image_DateTime="2020:01:02 03:04:05").captured_at == "2020-01-02T03:04:05"
    both = facts(Image_DateTime="2020:01:02 03:04:05", Photo_DateTimeDigitized="2019:01:02 03:04:05")
    assert both.captured_at == "2019-01-02T03:04:05"


def test_a_time_in_xmp_brings_its_own_offset() -> None:
    found = facts(Xmp_photoshop_DateCreated="2013-09-23T10:09:46.5-05:30")
    assert (found.captured_at, found.utc_offset) == ("2013-09-23T10:09:46.5", "-05:30")


# --- camera and exposure -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS 5D Mark III", "Canon EOS 5D Mark III"),
        ("NIKON CORPORATION", "NIKON D7100", "NIKON D7100"),
        ("FUJIFILM", "X-T3", "FUJIFILM X-T3"),
        ("OLYMPUS IMAGING CORP.", "E-M1", "OLYMPUS E-M1"),
        ("EASTMAN KODAK COMPANY", "KODAK DC240", "KODAK DC240"),
        ("SONY", "ILCE-7M4", "SONY ILCE-7M4"),
        ("LEICA CAMERA AG", "LEICA Q2", "LEICA Q2"),
        ("Jolla", "Jolla", "Jolla"),
    ],
)
def test_the_camera_names_its_maker_once(make: str, model: str, camera: str) -> None:
    assert facts(Image_Make=make, Image_Model=model).camera == camera


@pytest.mark.parametrize("text", ["----", "", "(65535)", "None", "0.0 mm f/0.0", "Unknown Lens", "n/a"])
def test_a_lens_that_is_none_is_none(text: str) -> None:
    assert facts(Photo_LensModel=text).lens is None


def test_a_lens_that_only_the_maker_notes_name_is_known() -> None:
    assert facts(Photo_LensModel="----", Easy_Lens="Nikon AF Nikkor 50mm f/1.8D").lens == "Nikon AF Nikkor 50mm f/1.8D"


def test_exposure_is_read_as_numbers() -> None:
    found = facts(
        Photo_ExposureTime="1/160", Photo_FNumber="56/10", Photo_ISOSpeedRatings="400", Photo_FocalLength="105/1"
    )
    assert (found.shutter_seconds, found.aperture, found.iso, found.focal_length_mm) == (1 / 160, 5.6, 400, 105.0)


def test_shutter_and_aperture_are_worked_out_from_apex_values() -> None:
    found = facts(Photo_ShutterSpeedValue="7/1", Photo_ApertureValue="4/1")
    assert (found.shutter_seconds, found.aperture) == (1 / 128, 4.0)


def test_an_iso_beyond_65535_stands_in_the_newer_tags() -> None:
    assert facts(Photo_ISOSpeedRatings="65535", Photo_RecommendedExposureIndex="102400").iso == 102400


def test_zeros_and_zero_denominators_are_none() -> None:
    found = facts(
        Photo_ExposureTime="0/1000000",
        Photo_FNumber="0/0",
        Photo_ISOSpeedRatings="0",
        Photo_FocalLength="-3/1",
        Photo_ShutterSpeedValue="0/96",
    )
    assert (found.shutter_seconds, found.aperture, found.iso, found.focal_length_mm) == (None, None, None, None)


# --- place ---------------------------------------------------------------------------------------------------

ROME = {
    "GPSInfo_GPSLatitude": "41/1 53/1 2400/100",
    "GPSInfo_GPSLatitudeRef": "N",
    "GPSInfo_GPSLongitude": "12/1 29/1 3200/100",
    "GPSInfo_GPSLongitudeRef": "E",
}


def place(found: PhotoFacts) -> list[float | None]:
    return [found.latitude, found.longitude]


def test_the_place_is_in_degrees_with_south_and_west_negative() -> None:
    found = facts(**ROME)
    assert place(found) == pytest.approx([41.89, 12.49222], abs=1e-4)
    turned = facts(**{**ROME, "GPSInfo_GPSLatitudeRef": "S", "GPSInfo_GPSLongitudeRef": "W"})
    assert place(turned) == pytest.approx([-41.89, -12.49222], abs=1e-4)


def test_an_altitude_below_the_sea_is_negative() -> None:
    assert facts(**ROME, GPSInfo_GPSAltitude="40/1", GPSInfo_GPSAltitudeRef="1").altitude == -40


def test_no_fix_is_no_place() -> None:
    empty = {**ROME, "GPSInfo_GPSLatitude": "0/1 0/1 0/1", "GPSInfo_GPSLongitude": "0/1 0/1 0/1"}
    assert facts(**empty).latitude is None
    assert facts(**{**ROME, "GPSInfo_GPSLatitude": "0/0 0/0 0/0"}).latitude is None
    assert facts(**{**ROME, "GPSInfo_GPSLatitude": "91/1 0/1 0/1"}).longitude is None


def test_a_place_given_in_the_sidecar_wins() -> None:
    beside = {"Xmp.exif.GPSLatitude": ("48,30.5N",), "Xmp.exif.GPSLongitude": ("2,21,36W",)}
    found = facts_from(keyed(**ROME), beside)
    assert place(found) == pytest.approx([48.50833, -2.36], abs=1e-4)


# --- size ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "orientation"), [("6", 6), ("0", 1), ("9", 1), ("-1", 1), ("x", 1)])
def test_an_orientation_out_of_range_counts_as_1(text: str, orientation: int) -> None:
    assert facts(Image_Orientation=text).orientation == orientation


def test_width_and_height_are_those_of_the_upright_picture() -> None:
    found = facts_from({"Exif.Image.Orientation": ("6",)}, width=600, height=400)
    assert (found.width, found.height) == (400, 600)


# --- what the photographer said ------------------------------------------------------------------------------


def test_the_sidecar_wins_for_rating_label_pick_and_keywords() -> None:
    beside = {
        "Xmp.xmp.Rating": ("5",),
        "Xmp.xmp.Label": ("Green",),
        "Xmp.xmpDM.pick": ("1",),
        "Xmp.dc.subject": ("bride", "groom, standing"),
    }
    embedded = keyed(Xmp_xmp_Rating="2", Xmp_xmp_Label="Red", Xmp_xmpDM_pick="-1", Xmp_dc_subject="old")
    found = facts_from(embedded, beside)
    assert (found.rating, found.label, found.pick, found.keywords) == (5, "Green", 1, ("bride", "groom, standing"))


def test_a_rejected_photo_is_rated_minus_1() -> None:
    assert facts(Xmp_xmp_Rating="-1").rating == -1


@pytest.mark.parametrize(("text", "rating"), [("5.0", 5), ("0", 0), ("6", None), ("many", None), ("2.5", None)])
def test_a_rating_is_a_whole_number_of_stars(text: str, rating: int | None) -> None:
    assert facts(Xmp_xmp_Rating=text).rating == rating


def test_windows_rates_in_percent() -> None:
    assert facts(Image_RatingPercent="75").rating == 4


def test_good_and_bad_takes_are_picks() -> None:
    assert (facts(Xmp_xmpDM_good="True").pick, facts(Xmp_xmpDM_good="False").pick) == (1, -1)


def test_keywords_come_from_iptc_where_there_is_no_xmp() -> None:
    assert facts_from({"Iptc.Application2.Keywords": ("sea", "sea", "sky")}).keywords == ("sea", "sky")


KEYS = str.split("""
    Exif.Photo.DateTimeOriginal Exif.Photo.SubSecTimeOriginal Exif.Photo.OffsetTimeOriginal Exif.Photo.FNumber
    Exif.Photo.ExposureTime Exif.Photo.ShutterSpeedValue Exif.Photo.ApertureValue Exif.Photo.ISOSpeedRatings
    Exif.Photo.LensModel Exif.Photo.PixelXDimension Exif.Photo.PixelYDimension Exif.Image.Make Exif.Image.Model
    Exif.Image.Orientation Exif.Image.XPKeywords Exif.Image.RatingPercent Exif.GPSInfo.GPSLatitude
    Exif.GPSInfo.GPSLatitudeRef Exif.GPSInfo.GPSLongitude Exif.GPSInfo.GPSLongitudeRef Exif.GPSInfo.GPSAltitude
    Xmp.xmp.Rating Xmp.xmpDM.pick Xmp.exif.GPSLatitude Xmp.exif.GPSLongitude Xmp.photoshop.DateCreated
""")
ODD = (
    "nan",
    "inf/1",
    "1e999",
    "-1/0",
    "9" * 400,
    "2026:02:30 24:61:61",
    "48,8.5N",
    "999,99,99W",
    "1/2 3/0 x",
    "٣/٤",
    "²",
)


@given(
    st.dictionaries(
        st.sampled_from(KEYS),
        st.tuples(st.sampled_from(ODD) | st.text("0123456789-/.: ,NSTx\0²", max_size=24)),
        max_size=8,
    )
)
def test_no_text_in_a_tag_is_an_error(tags: dict[str, tuple[str, ...]]) -> None:
    found = facts_from(tags, tags)
    assert 1 <= found.orientation <= 8
