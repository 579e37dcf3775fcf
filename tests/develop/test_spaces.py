"""The colour spaces of outputs and their profiles."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from junmai.develop import icc
from junmai.develop.decode import decode
from junmai.develop.pipeline import render
from junmai.develop.spaces import SPACES, profile_of
from junmai.domain.model import ColorSpace

PUBLISHED: dict[ColorSpace, tuple[tuple[float, float, float], ...]] = {
    "srgb": ((0.43607, 0.22249, 0.01392), (0.38515, 0.71690, 0.09708), (0.14307, 0.06061, 0.71410)),
    "display-p3": ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
    "adobe-rgb": ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06317, 0.74457)),
}
"""Colorants that the profiles of the spaces' makers have, adapted to D50 as ICC asks."""


@pytest.mark.parametrize("name", SPACES)
def test_a_profile_has_the_colorants_that_the_maker_of_the_space_publishes(name: ColorSpace) -> None:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(profile_of(name))).profile
    for made, published in zip(
        (profile.red_colorant, profile.green_colorant, profile.blue_colorant), PUBLISHED[name], strict=True
    ):
        assert made is not None
        assert made[0] == pytest.approx(published, abs=2.5e-4)  # they round D65 in their own ways


@pytest.mark.parametrize("name", SPACES)
def test_a_profile_is_small_has_no_date_of_its_making_and_a_true_checksum(name: ColorSpace) -> None:
    data = bytearray(profile_of(name))
    assert len(data) < 600
    assert int.from_bytes(data[:4], "big") == len(data)
    assert data[24:36] == bytes.fromhex("07e8 0001 0001 0000 0000 0000")
    said = bytes(data[84:100])
    for part in (slice(44, 48), slice(64, 68), slice(84, 100)):
        data[part] = bytes(part.stop - part.start)
    assert said == hashlib.md5(data, usedforsecurity=False).digest()


@pytest.mark.parametrize("name", SPACES)
def test_what_is_encoded_is_read_back_through_the_profile(name: ColorSpace) -> None:
    shaper = icc.read_shaper(profile_of(name), 65536)
    assert shaper is not None
    assert shaper.is_srgb == (name == "srgb")
    linear = np.linspace(0, 1, 4001)
    codes = np.rint(SPACES[name].encode(linear) * 65535).astype(int)
    assert shaper.table[0][codes] == pytest.approx(linear, abs=1e-4)
    assert shaper.matrix @ SPACES[name].from_working == pytest.approx(np.eye(3), abs=2e-4)


@pytest.mark.parametrize("name", SPACES)
def test_code_values_come_back_from_linear_light(name: ColorSpace) -> None:
    codes = np.linspace(0, 1, 1001)
    assert SPACES[name].encode(SPACES[name].decode(codes)) == pytest.approx(codes, abs=1e-6)


def _shown(picture: NDArray[np.generic], name: ColorSpace) -> NDArray[np.int64]:
    """What a colour-managed viewer makes of the picture on an sRGB screen."""
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile_of(name))), ImageCms.createProfile("sRGB"), "RGB", "RGB"
    )
    shown = ImageCms.applyTransform(Image.fromarray(np.asarray(picture, np.uint8)), transform)
    assert shown is not None
    return np.asarray(shown).astype(np.int64)


@pytest.mark.parametrize("name", ["display-p3", "adobe-rgb"])
@pytest.mark.parametrize("photo", ["jpeg/me_Canon_EOS_5D.jpg", "raw/Canon_EOS_D30.CRW"])
def test_a_photo_looks_the_same_in_every_space(samples: Path, photo: str, name: ColorSpace) -> None:
    decoded = decode(samples / photo)
    plain = render(decoded, {}).astype(np.int64)
    wide = render(decoded, {}, space=name)
    inside = (plain.min(axis=2) > 8) & (plain.max(axis=2) < 247)  # at the edge of sRGB the wider space goes on
    off = np.abs(_shown(wide, name) - plain).max(axis=2)[inside]
    assert inside.mean() > 0.25
    assert np.percentile(off, 99) <= 2
    assert np.abs(wide.astype(np.int64) - plain).max() > 10


def test_a_colour_outside_of_srgb_stays_whole_in_display_p3(samples: Path) -> None:
    decoded = decode(samples / "jpeg" / "sharp_p3.png")
    with Image.open(samples / "jpeg" / "sharp_p3.png") as image:
        stored = np.asarray(image.convert("RGB")).astype(int)
    light = SPACES["display-p3"].decode
    made = light(render(decoded, {}, space="display-p3") / 255)
    assert np.abs(made - light(stored / 255)).max() < 0.01  # half a level of a bright channel
    in_srgb = _shown(stored.astype(np.uint8), "display-p3")
    assert np.abs(in_srgb - stored).max() > 10  # it is outside


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("depth", [8, 16])
def test_grey_is_grey_in_every_space(tmp_path: Path, name: ColorSpace, depth: int) -> None:
    path = tmp_path / "ramp.png"
    Image.fromarray(np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)).save(path)
    made = render(decode(path), {"Exposure2012": 0.3}, depth=depth, space=name).astype(int)
    assert np.ptp(made, axis=2).max() <= (1 if depth == 8 else 30)
    assert (np.diff(made[0, :, 1]) >= 0).all()
