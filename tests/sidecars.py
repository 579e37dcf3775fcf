"""A shoot with sidecars as Lightroom leaves them."""

from __future__ import annotations

import shutil
from pathlib import Path

from junmai.demo.shoot import make_sample_shoot

OF_LIGHTROOM = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 5.6-c140">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:catalogue="http://example.org/catalogue/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xmp:Rating="4"
   xmp:Label='Green "A" &gt; B'
   xmp:MetadataDate="2026-05-17T14:03:05+02:00"
   catalogue:shelf="7"
   crs:Version="15.4"
   crs:ProcessVersion="11.0"
   crs:Exposure2012="+1.35"
   crs:Contrast2012="+40"
   crs:CropTop="0.1"
   crs:CropLeft="0"
   crs:CropBottom="0.9"
   crs:CropRight="1"
   crs:HasCrop="True"
   crs:HasSettings="True">
   <dc:subject>
    <rdf:Bag>
     <rdf:li>lake</rdf:li>
     <rdf:li>\u65e9\u6668</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <lr:hierarchicalSubject><rdf:Bag><rdf:li>place|lake</rdf:li></rdf:Bag></lr:hierarchicalSubject>
   <!-- what no program reads -->
   <xmpMM:History>
    <rdf:Seq>
     <rdf:li stEvt:action="saved" stEvt:when="2026-05-17T14:03:05+02:00"/>
    </rdf:Seq>
   </xmpMM:History>
   <crs:ToneCurvePV2012>
    <rdf:Seq>
     <rdf:li>0, 0</rdf:li>
     <rdf:li>255, 255</rdf:li>
    </rdf:Seq>
   </crs:ToneCurvePV2012>
   <crs:MaskGroupBasedCorrections>
    <rdf:Seq>
     <rdf:li>
      <rdf:Description crs:What="Correction" crs:LocalExposure2012="0.5"/>
     </rdf:li>
    </rdf:Seq>
   </crs:MaskGroupBasedCorrections>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
""".encode()
"""A sidecar with everything in it that must survive: stars, keywords, history, a mask, a foreign name, a comment."""


def make_raws(folder: Path, count: int) -> list[Path]:
    """Small RAW files `IMG_1.dng` and so on in a folder, without sidecars."""
    made = folder.with_name(f"{folder.name}-made")
    make_sample_shoot(made, count=4, long_edge=240)
    raw = sorted(made.rglob("*.dng"))[0]
    folder.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copy(raw, folder / f"IMG_{number}.dng")) for number in range(1, count + 1)]


def make_jpeg(path: Path) -> Path:
    """A small JPEG, beside what `make_raws` made."""
    made = path.parent.with_name(f"{path.parent.name}-made")
    return Path(shutil.copy(sorted(made.rglob("*.jpg"))[0], path))
