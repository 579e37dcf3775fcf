"""The least that developing a folder takes: LibRaw's PPG (a JPEG is only decoded) and a JPEG, in one thread.

python -m bench.parts.floor raw|jpeg FOLDER OUT
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from bench.parts.material import libraw_ppg

QUALITY = 92


def main() -> None:
    """Develop every photo of the folder."""
    from PIL import Image, ImageCms

    kind, source, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for photo in sorted(source.iterdir()):
        picture: Any = Image.fromarray(libraw_ppg(photo)) if kind == "raw" else Image.open(photo)
        target = out / f"{photo.stem}.jpg"
        picture.save(target, "JPEG", quality=QUALITY, subsampling="4:4:4", icc_profile=profile)


if __name__ == "__main__":
    main()
