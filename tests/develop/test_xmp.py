from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crs import CRS, RDF, packet
from junmai import errors
from junmai.develop import xmp


def test_attributes_and_elements_are_read_alike() -> None:
    attribute = xmp.parse(packet(attributes='crs:Exposure2012="+0.50"'))
    element = xmp.parse(packet("<crs:Exposure2012>+0.50</crs:Exposure2012>"))
    assert attribute == element == {"Exposure2012": "+0.50"}


def test_the_namespace_counts_and_not_its_prefix() -> None:
    spaces = (
        'xmlns:a="http://ns.adobe.com/camera-raw-settings/1.0/" xmlns:b="http://ns.adobe.com/camera-raw-settings/1.0/"'
    )
    assert xmp.parse(packet("<b:Texture>5</b:Texture>", 'a:Dehaze="7"', spaces=spaces)) == {
        "Dehaze": "7",
        "Texture": "5",
    }


def test_names_of_other_namespaces_carry_theirs() -> None:
    found = xmp.parse(packet(attributes='dc:format="image/jpeg"', spaces='xmlns:dc="http://purl.org/dc/elements/1.1/"'))
    assert found == {"{http://purl.org/dc/elements/1.1/}format": "image/jpeg"}


def test_a_name_in_languages_wins_over_the_attribute_of_that_name() -> None:
    inner = '<crs:Name><rdf:Alt><rdf:li xml:lang="x-default">Gold</rdf:li></rdf:Alt></crs:Name>'
    found = xmp.parse(packet(inner, 'crs:Name="other"'))
    assert found["Name"] == {"lang": [["x-default", "Gold"]]}
    assert xmp.text_of(found["Name"]) == "Gold"


def test_points_of_a_curve_are_a_sequence() -> None:
    inner = (
        "<crs:ToneCurvePV2012><rdf:Seq><rdf:li>0, 0</rdf:li><rdf:li>255, 240</rdf:li></rdf:Seq></crs:ToneCurvePV2012>"
    )
    found = xmp.parse(packet(inner))
    assert xmp.items_of(found["ToneCurvePV2012"]) == ["0, 0", "255, 240"]


def test_structures_are_read_in_all_three_spellings() -> None:
    spellings = (
        '<crs:Look crs:Name="Film" crs:Amount="1"/>',
        '<crs:Look><rdf:Description crs:Name="Film" crs:Amount="1"/></crs:Look>',
        '<crs:Look rdf:parseType="Resource"><crs:Name>Film</crs:Name><crs:Amount>1</crs:Amount></crs:Look>',
    )
    assert [xmp.parse(packet(inner))["Look"] for inner in spellings] == [
        {"struct": {"Name": "Film", "Amount": "1"}}
    ] * 3


def test_settings_inside_a_look_are_not_taken_for_the_presets_own() -> None:
    inner = (
        '<crs:Look><rdf:Description crs:Name="Film"><crs:Parameters><rdf:Description crs:Exposure2012="+2"/>'
        "</crs:Parameters></rdf:Description></crs:Look>"
    )
    found = xmp.parse(packet(inner))
    assert set(found) == {"Look"}
    assert xmp.members_of(xmp.members_of(found["Look"])["Parameters"]) == {"Exposure2012": "+2"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_byte_order_marks_and_windows_line_ends_do_no_harm(encoding: str) -> None:
    text = packet(attributes='\r\n crs:Exposure2012="-0.3"\r\n').decode()
    assert xmp.parse(text.encode(encoding)) == {"Exposure2012": "-0.3"}


def test_the_wrapper_of_a_packet_and_its_padding_do_no_harm() -> None:
    wrapped = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n' + packet(attributes='crs:Tint="4"')
    assert xmp.parse(wrapped + b"\n" + b" " * 2000 + b'<?xpacket end="w"?>\0\0') == {"Tint": "4"}


def test_an_rdf_without_its_wrapper_is_read() -> None:
    bare = f'<rdf:RDF {RDF}><rdf:Description {CRS} crs:Tint="4"/></rdf:RDF>'.encode()
    assert xmp.parse(bare) == {"Tint": "4"}


# --- hostile -------------------------------------------------------------------------------------------------

LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("declared", [LAUGHS, OUTSIDE, '<!DOCTYPE x SYSTEM "http://localhost/x.dtd">'])
def test_a_packet_with_a_doctype_is_refused_before_anything_is_expanded(declared: str) -> None:
    with pytest.raises(errors.XmpUnreadable, match="DOCTYPE"):
        xmp.parse(packet("<crs:Name>&b;</crs:Name>", before=declared))


def test_an_entity_that_nobody_declared_is_refused() -> None:
    with pytest.raises(errors.XmpUnreadable, match="not well-formed"):
        xmp.parse(packet("<crs:Name>&b;</crs:Name>"))


def test_deep_nesting_is_refused() -> None:
    inner = "<crs:Look>" * 100_000
    with pytest.raises(errors.XmpUnreadable, match="nested deeper"):
        xmp.parse(packet(inner))


def test_more_elements_than_any_preset_has_are_refused() -> None:
    with pytest.raises(errors.XmpUnreadable, match="more than"):
        xmp.parse(packet("<crs:Tint/>" * (xmp.ELEMENT_LIMIT + 1)))


def test_a_packet_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(errors.XmpUnreadable, match="are the most"):
        xmp.parse(b"<" * (xmp.PACKET_LIMIT + 1))


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"nothing", b"<a/>", packet()[:-20], b"\xff\xfe", b'<?xml version="1.0" encoding="moon"?><a/>'],
)
def test_what_is_no_xmp_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(errors.XmpUnreadable, match=r"^XMP cannot be read: mine\.xmp "):
        xmp.parse(data, name="mine.xmp")


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_whatever_the_bytes_are_there_is_an_answer_or_a_refusal(data: bytes) -> None:
    try:
        xmp.parse(data)
    except errors.XmpUnreadable:
        return


# --- writing -------------------------------------------------------------------------------------------------

_TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20).map(str.strip)
_NAMES = st.from_regex(r"[A-Z][A-Za-z0-9_]{0,12}", fullmatch=True)
_LANGUAGES = st.lists(st.tuples(st.sampled_from(["x-default", "de", "ja"]), _TEXTS).map(list), min_size=1, max_size=3)
_NODES = st.recursive(
    _TEXTS,
    lambda inner: st.one_of(
        st.builds(lambda items: {"Seq": items}, st.lists(inner, max_size=3)),
        st.builds(lambda items: {"Bag": items}, st.lists(inner, max_size=3)),
        st.builds(lambda members: {"struct": members}, st.dictionaries(_NAMES, inner, min_size=1, max_size=3)),
        st.builds(lambda texts: {"lang": texts}, _LANGUAGES),
    ),
    max_leaves=8,
)


@given(st.dictionaries(_NAMES, _NODES, max_size=5))
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read_back_as_it_was(fields: dict[str, xmp.Node]) -> None:
    assert xmp.parse(xmp.write(fields)) == fields


def test_line_breaks_and_quotes_survive_in_attributes() -> None:
    fields: xmp.Fields = {"Copyright": "one\ntwo\t\"three\" <&> 'four'"}
    assert xmp.parse(xmp.write(fields)) == fields


def test_characters_that_xml_forbids_are_left_out() -> None:
    assert xmp.parse(xmp.write({"Copyright": "a\0b\ud800c\x1b"})) == {"Copyright": "abc"}


def test_a_name_that_xml_forbids_is_not_written() -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        xmp.write({'x="1"': "y"})


def test_unknown_namespaces_are_written_with_prefixes_of_their_own() -> None:
    fields: xmp.Fields = {"{http://one/}A": "1", "{http://two/}A": {"Seq": ["2"]}}
    assert xmp.parse(xmp.write(fields)) == fields


def test_every_sample_survives_reading_and_writing(samples: Path) -> None:
    found = sorted((samples / "presets").glob("*.xmp"))
    assert found
    for path in found:
        fields = xmp.parse(path.read_bytes(), name=path.name)
        assert xmp.parse(xmp.write(fields)) == fields
