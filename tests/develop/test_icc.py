from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from junmai.develop import icc
from junmai.develop.color import srgb_decode
from junmai.develop.decode import decode
from junmai.develop.pipeline import render
from junmai.develop.spaces import profile_of


def _profile(curve: bytes) -> bytes:
    """An RGB profile with sRGB's primaries (as adapted to D50) and one curve for all channels."""
    columns = {
        b"rXYZ": (0.4361, 0.2225, 0.0139),
        b"gXYZ": (0.3851, 0.7169, 0.0971),
        b"bXYZ": (0.1431, 0.0606, 0.7141),
    }
    parts = {
        name: b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in xyz)) for name, xyz in columns.items()
    }
    parts |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    header = bytearray(128)
    header[16:24], header[36:40] = b"RGB XYZ ", b"acsp"
    table, body = struct.pack(">I", len(parts)), b""
    for name, data in parts.items():
        table += struct.pack(">4sII", name, 132 + 12 * len(parts) + len(body), len(data))
        body += data
    return bytes(header) + table + body


def _para(kind: int, *numbers: float) -> bytes:
    return (
        b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + b"".join(struct.pack(">i", round(n * 65536)) for n in numbers)
    )


def test_the_parametric_curve_of_srgb_is_recognised_as_srgb() -> None:
    shaper = icc.read_shaper(_profile(_para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)))
    assert shaper is not None
    assert shaper.is_srgb


@pytest.mark.parametrize(
    ("curve", "middle"),
    [
        (b"curv\0\0\0\0" + struct.pack(">I", 0), 128 / 255),
        (b"curv\0\0\0\0" + struct.pack(">IH", 1, 512), (128 / 255) ** 2),
        (b"curv\0\0\0\0" + struct.pack(">I3H", 3, 0, 20000, 65535), 20000 / 65535 + (1 / 255) * (45535 / 65535)),
        (_para(0, 1.8), (128 / 255) ** 1.8),
        (_para(1, 2.0, 1.0, 0.0), (128 / 255) ** 2),
        (_para(2, 2.0, 0.5, 0.0, 0.25), (64 / 255) ** 2 + 0.25),
        (_para(4, 2.0, 1.0, 0.0, 0.5, 0.0, 0.125, 0.0), (128 / 255) ** 2 + 0.125),
    ],
)
def test_every_kind_of_curve_is_read(curve: bytes, middle: float) -> None:
    shaper = icc.read_shaper(_profile(curve))
    assert shaper is not None
    assert not shaper.is_srgb
    assert shaper.table[:, 128] == pytest.approx([middle] * 3, abs=2e-4)


def test_white_of_a_profile_is_white_of_the_working_space() -> None:
    shaper = icc.read_shaper(_profile(_para(0, 2.2)))
    assert shaper is not None
    assert shaper.matrix @ np.ones(3) == pytest.approx(np.ones(3), abs=0.002)


def test_our_own_srgb_profile_is_srgb_to_65536_codes() -> None:
    shaper = icc.read_shaper(profile_of("srgb"), 65536)
    assert shaper is not None
    assert shaper.is_srgb
    assert shaper.table[0] == pytest.approx(srgb_decode(np.arange(65536) / 65535), abs=1e-3)


@pytest.mark.parametrize("length", [0, 50, 131, 140, 200, 260, 300])
def test_a_profile_that_is_cut_off_is_none(length: int) -> None:
    assert icc.read_shaper(_profile(_para(0, 2.2))[:length]) is None


def test_a_profile_made_of_tables_goes_through_littlecms(samples: Path, tmp_path: Path) -> None:
    profile = (samples / "jpeg" / "sharp_hilutite.icm").read_bytes()
    assert icc.read_shaper(profile) is None
    path = tmp_path / "photo.png"
    Image.new("RGB", (8, 8), (90, 120, 60)).save(path, icc_profile=profile)
    assert np.abs(render(decode(path), {})[4, 4].astype(int) - (90, 120, 60)).max() > 5


def test_16_bits_stay_smooth_through_a_profile_made_of_tables(samples: Path, tmp_path: Path) -> None:
    import tifffile

    profile = (samples / "jpeg" / "sharp_hilutite.icm").read_bytes()
    ramp = np.linspace(20000, 40000, 512).astype(np.uint16)
    deep = np.repeat(np.repeat(ramp[None, :, None], 8, axis=0), 3, axis=2)
    tifffile.imwrite(tmp_path / "deep.tif", deep, photometric="rgb", iccprofile=profile)
    Image.fromarray((deep // 257).astype(np.uint8)).save(tmp_path / "flat.png", icc_profile=profile)
    photo = decode(tmp_path / "deep.tif")
    assert photo.bit_depth == 16
    assert len(np.unique(photo.pixels[:, :, 1])) > 300
    apart = render(photo, {}).astype(int) - render(decode(tmp_path / "flat.png"), {})
    assert np.abs(apart).max() <= 3


def test_a_parametric_curve_that_divides_by_nothing_is_left_to_littlecms() -> None:
    assert icc.read_shaper(_profile(_para(1, 2.2, 0.0, 0.1))) is None


def test_the_curve_of_a_grey_profile_in_lab_leads_to_lightness() -> None:
    header = bytearray(128)
    header[16:24], header[36:40] = b"GRAYLab ", b"acsp"
    curve = b"curv\0\0\0\0" + struct.pack(">I", 0)
    profile = bytes(header) + struct.pack(">I4sII", 1, b"kTRC", 144, len(curve)) + curve
    shaper = icc.read_shaper(profile)
    assert shaper is not None
    assert shaper.table[1, [0, 128, 255]] == pytest.approx([0, 0.1868, 1], abs=0.001)  # L* 50.2
