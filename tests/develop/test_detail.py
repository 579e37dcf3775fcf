from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from junmai.develop import detail
from junmai.develop.settings import parse

WEIGHTS = np.array([0.3, 0.6, 0.1], np.float32)
Band = NDArray[np.float32]


def done(picture: Band, asked: Mapping[str, object], rows: int = 16) -> Band:
    """A picture (3, height, width) of display values after the settings, handed over so many rows at a time."""
    plan = detail.plan(parse(asked))
    assert plan is not None
    flow = detail.Flow(plan, picture.shape[1], picture.shape[2], WEIGHTS)
    out, given, taken = np.empty_like(picture), 0, 0
    while given < picture.shape[1]:
        if taken < picture.shape[1]:
            flow.push(np.ascontiguousarray(picture[:, taken : taken + rows]))
            taken += rows
        else:
            flow.run_out()
        while given < flow.ready:
            part = np.empty((3, min(rows, flow.ready - given), picture.shape[2]), np.float32)
            flow.give(given, part)
            out[:, given : given + part.shape[1]] = part
            given += part.shape[1]
    return out


def grey(values: NDArray[Any]) -> Band:
    return np.repeat(values[None].astype(np.float32), 3, axis=0)


def noisy(deviation: float, shape: tuple[int, int] = (160, 160)) -> NDArray[np.float64]:
    return np.random.default_rng(1).normal(0.5, deviation, shape)


def edge(low: float = 0.3, high: float = 0.7, shape: tuple[int, int] = (96, 96)) -> NDArray[np.float64]:
    picture = np.full(shape, low)
    picture[:, shape[1] // 2 :] = high
    return picture


ALL = {
    "Sharpness": 60,
    "SharpenRadius": 3,
    "SharpenEdgeMasking": 30,
    "Texture": 40,
    "LuminanceSmoothing": 30,
    "ColorNoiseReduction": 40,
}


def test_settings_that_only_shape_others_ask_for_nothing() -> None:
    shaping = {"SharpenRadius": 3, "SharpenDetail": 90, "LuminanceNoiseReductionDetail": 0}
    assert detail.plan(parse({**shaping, "ColorNoiseReductionSmoothness": 100})) is None
    assert detail.plan({}) is None


@pytest.mark.parametrize("name", list(ALL))
def test_an_even_area_stays_as_it_is(name: str) -> None:
    even = np.array([0.6, 0.4, 0.2], np.float32)[:, None, None] * np.ones((1, 70, 90), np.float32)
    assert done(even, {"Sharpness": 50, name: ALL[name]}) == pytest.approx(even, abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 2), (37, 53), (150, 40), (301, 24)])
@pytest.mark.parametrize("name", ["all", *ALL])
def test_how_the_rows_come_does_not_matter_for_any_size(shape: tuple[int, int], name: str) -> None:
    picture = np.random.default_rng(4).random((3, *shape)).astype(np.float32)
    asked = ALL if name == "all" else {"Sharpness": 50, name: ALL[name]}
    first = done(picture, asked)
    assert np.isfinite(first).all()
    for rows in (1, 7, 32):
        assert np.array_equal(done(picture, asked, rows), first)


# --- noise -------------------------------------------------------------------------------------------------


def test_luminance_smoothing_takes_noise_out_the_more_the_higher_it_is() -> None:
    left = [float(done(grey(noisy(0.02)), {"LuminanceSmoothing": value})[1].std()) for value in (1, 25, 60, 100)]
    assert left == sorted(left, reverse=True)
    assert left[0] > 0.019
    assert left[2] < 0.006


def test_luminance_smoothing_keeps_edges() -> None:
    result = done(grey(edge()), {"LuminanceSmoothing": 80})[1]
    assert result == pytest.approx(edge(), abs=0.04)


def test_detail_and_contrast_keep_more_of_the_fine_and_of_the_coarse() -> None:
    stripes = np.tile(0.5 + 0.02 * np.sign(np.sin(np.arange(160) * np.pi / 2)), (160, 1))
    waves = np.tile(0.5 + 0.01 * np.sin(np.arange(160) * np.pi / 8), (160, 1))

    def kept(pattern: NDArray[Any], **asked: object) -> float:
        return float(done(grey(pattern), {"LuminanceSmoothing": 40, **asked})[1].std() / pattern.std())

    few, many = kept(stripes, LuminanceNoiseReductionDetail=0), kept(stripes, LuminanceNoiseReductionDetail=100)
    assert few < many - 0.2
    flat, modelled = kept(waves), kept(waves, LuminanceNoiseReductionContrast=100)
    assert flat < modelled - 0.2


def test_color_noise_reduction_takes_color_noise_out_and_leaves_brightness_alone() -> None:
    noise = np.random.default_rng(2).normal(0, 0.03, (3, 160, 160)).astype(np.float32)
    noise -= np.tensordot(WEIGHTS, noise, 1)[None]  # no brightness in it
    picture = np.float32(0.5) + noise
    result = done(picture, {"ColorNoiseReduction": 60})
    assert np.abs(np.tensordot(WEIGHTS, result - picture, 1)).max() < 1e-5
    assert (result - 0.5).std() < 0.35 * noise.std()


def test_color_noise_reduction_keeps_a_strong_edge_of_color() -> None:
    picture = np.full((3, 96, 96), 0.5, np.float32)
    picture[0, :, 48:], picture[2, :, 48:] = 0.8, 0.2
    result = done(picture, {"ColorNoiseReduction": 25})
    assert result == pytest.approx(picture, abs=0.06)
    assert np.abs(result - picture).mean() < 0.004


# --- texture -----------------------------------------------------------------------------------------------


def test_texture_strengthens_and_softens_small_detail_and_leaves_large_edges() -> None:
    waves = np.tile(0.5 + 0.01 * np.sin(np.arange(128) * np.pi / 4), (128, 1))
    strong, soft = (done(grey(waves), {"Texture": value})[1].std() / waves.std() for value in (100, -100))
    assert strong > 1.3
    assert soft < 0.6
    assert np.abs(done(grey(edge(0.2, 0.8)), {"Texture": 100})[1] - edge(0.2, 0.8)).max() < 0.05


# --- sharpening --------------------------------------------------------------------------------------------


def over(result: Band) -> float:
    """How far an edge from 0.3 to 0.7 is overdrawn."""
    return float(result[1].max() - 0.7)


def test_sharpening_makes_edges_steeper_in_all_channels_alike() -> None:
    color = np.array([0.2, 0.1, -0.2], np.float32)[:, None, None]
    picture = grey(edge()) + color
    change = done(picture, {"Sharpness": 60}) - picture
    assert change[:, :, 48].min() > 0.02
    assert change[:, :, 47].max() < -0.02
    assert np.ptp(change, axis=0).max() < 1e-5


def test_more_sharpness_overdraws_more_and_a_wider_radius_reaches_further() -> None:
    assert over(done(grey(edge()), {"Sharpness": 20})) < over(done(grey(edge()), {"Sharpness": 120}))

    def reach(radius: float) -> int:
        change = np.abs(done(grey(edge()), {"Sharpness": 80, "SharpenRadius": radius})[1] - edge())
        return int((change[40] > 0.004).sum())

    assert reach(0.5) < reach(1.5) < reach(3)


def test_low_detail_holds_halos_back_and_leaves_fine_texture_alone() -> None:
    def of(picture: NDArray[Any], value: int) -> Band:
        return done(grey(picture), {"Sharpness": 100, "SharpenDetail": value})

    assert over(of(edge(), 0)) < 0.6 * over(of(edge(), 100))
    texture = noisy(0.003)
    assert of(texture, 0)[1].std() < 1.2 * texture.std() < of(texture, 100)[1].std()


def test_edge_masking_keeps_even_areas_and_still_sharpens_edges() -> None:
    picture = edge() + noisy(0.004, (96, 96)) - 0.5
    asked = {"Sharpness": 100, "SharpenDetail": 100}
    open_, masked = (done(grey(picture), {**asked, "SharpenEdgeMasking": value})[1] for value in (0, 100))
    assert masked[:, :40].std() < 1.02 * picture[:, :40].std() < 0.8 * open_[:, :40].std()
    assert masked.max() > 0.72
