"""Presets and sidecars as Lightroom writes them, for tests."""

from __future__ import annotations

CRS = 'xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"'
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'


def packet(inner: str = "", attributes: str = "", before: str = "", spaces: str = CRS) -> bytes:
    return (
        f'{before}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}>'
        f'<rdf:Description rdf:about="" {spaces} {attributes}>{inner}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


TEMPLATE = """s = {
\tid = "41A00AE2-0000-40DA-968B-91CE82FF0A48",
\tinternalName = "faded",
\ttitle = "Faded \\"Summer\\"",
\ttype = "Develop",
\tvalue = {
\t\tsettings = {
\t\t\tAutoTone = false,
\t\t\tConvertToGrayscale = true, -- a comment
\t\t\tContrast2012 = -12.5,
\t\t\tToneCurvePV2012 = {
\t\t\t\t0,
\t\t\t\t20,
\t\t\t\t255,
\t\t\t\t235,
\t\t\t},
\t\t\tWhiteBalance = "Custom",
\t\t},
\t\tuuid = "83C3EAE3-1E07-4D0C-84E5-ECAA759F976F",
\t},
\tversion = 0,
}
"""
