from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from junmai.develop import local

WEIGHTS = np.array([0.3, 0.6, 0.1], np.float32)


def base(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Local brightness of log2 light (rows, columns)."""
    grey = np.repeat(np.exp2(light)[:, :, None], 3, axis=2)
    grid = local.solve(grey, WEIGHTS, 1).grid
    return np.asarray(grid[:, :, 0] * light + grid[:, :, 1], dtype=np.float32)


def test_even_light_is_its_own_base() -> None:
    assert np.allclose(base(np.full((40, 60), -3.0, np.float32)), -3.0)


def test_texture_is_averaged_away() -> None:
    texture = np.random.default_rng(1).normal(-3, 0.1, (200, 300)).astype(np.float32)
    assert base(texture).std() < 0.3 * texture.std()


def test_a_strong_edge_is_kept_sharp() -> None:
    edge = np.full((100, 150), -6.0, np.float32)
    edge[:, 75:] = -1.0
    result = base(edge)
    assert abs(result[50, 74] + 6) < 0.3
    assert abs(result[50, 75] + 1) < 0.3


def test_the_small_copy_has_at_most_its_edge_and_at_least_one_pixel_a_cell() -> None:
    assert local.cell_size(100, 100) == 1
    for size in (640, 641, 3840, 5760):
        cell = local.cell_size(size, 10)
        assert -(-size // cell) <= local.SMALL_EDGE
        assert cell < 3 or cell % 3 == 0
