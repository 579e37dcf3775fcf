from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from junmai.develop import kernels, palette
from junmai.develop.color import srgb_encode
from junmai.develop.settings import parse

STRONG = parse(
    {
        "HueAdjustmentBlue": -60,
        "SaturationAdjustmentOrange": 40,
        "SaturationAdjustmentGreen": -50,
        "LuminanceAdjustmentBlue": -50,
        "Vibrance": 30,
        "SplitToningShadowHue": 220,
        "SplitToningShadowSaturation": 25,
        "SplitToningHighlightHue": 45,
        "SplitToningHighlightSaturation": 25,
        "ColorGradeMidtoneLum": 20,
    }
)


def looked_up(colors: palette.Values, table: NDArray[np.float32]) -> palette.Values:
    """Linear light (n, 3) through the table, as the kernels do it."""
    band = np.ascontiguousarray(np.sqrt(colors).T[:, None, :], dtype=np.float32)
    kernels.look_up_colors(band, table, palette.EDGE)
    values = band[:, 0, :].T.astype(np.float64)
    return np.asarray(values * np.abs(values), dtype=np.float64)


def test_a_photo_whose_colors_do_not_change_gets_no_table() -> None:
    assert palette.table({"Exposure2012": 1.0, "GrayMixerRed": 50.0}).shape == (3, 0)


def test_the_table_says_what_working_out_each_pixel_says() -> None:
    colors = np.random.default_rng(5).random((20_000, 3)) ** 2
    exact = palette.change(colors, STRONG)
    inside = ((exact > 0) & (exact < 1)).all(axis=1)
    off = np.abs(srgb_encode(looked_up(colors, palette.table(STRONG)).clip(0, 1)) - srgb_encode(exact.clip(0, 1))) * 255
    assert off[inside].mean() < 0.25
    assert np.quantile(off[inside], 0.999) < 7


def test_a_table_that_changes_only_one_color_leaves_the_others_as_they_are() -> None:
    colors = np.random.default_rng(6).random((5000, 3))
    table = palette.table(parse({"SaturationAdjustmentBlue": 50}))
    changed = looked_up(colors, table)
    same = colors[:, 2] < colors[:, 0] - 0.3  # far from blue
    assert np.abs(srgb_encode(changed) - srgb_encode(colors))[same].max() < 0.001


def test_grey_stays_grey_through_the_table() -> None:
    greys = np.repeat(np.linspace(0, 1, 777)[:, None], 3, axis=1)
    table = palette.table(parse({"Vibrance": 80, "SaturationAdjustmentRed": -70, "HueAdjustmentAqua": 100}))
    assert looked_up(greys, table) == pytest.approx(greys, abs=2e-6)


def test_the_colors_of_the_base_look_come_first_and_are_told_apart_by_their_key() -> None:
    def warmer(rgb: palette.Values) -> palette.Values:
        return np.asarray(rgb * np.array([1.0, 0.9, 0.8]), dtype=np.float64)

    asked = parse({"ConvertToGrayscale": True})
    plain, warm = palette.table(asked), palette.table(asked, warmer, b"warmer")
    assert not np.array_equal(plain, warm)
    assert palette.table(asked, np.negative, b"warmer") is warm
    assert palette.table({}, warmer, b"warmer").size


def test_what_is_not_a_number_in_a_base_look_does_not_get_into_the_table() -> None:
    table = palette.table({}, lambda rgb: np.full_like(rgb, np.nan), b"broken")
    assert np.isfinite(table).all()
