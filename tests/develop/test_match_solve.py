"""One look over a session: what is brought to what, and what is left alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from junmai.develop import match_solve
from junmai.develop.match_measure import Measure
from junmai.develop.match_solve import solve
from junmai.domain.matching import Solution
from matching import scene, taken


def _ratio(one: Solution, other: Solution) -> np.ndarray:
    return np.asarray(np.log2(np.array(one.gains) / np.array(other.gains)))


def test_a_photo_of_the_same_view_gets_the_inverse_of_what_was_wrong_with_it() -> None:
    view = scene(1)
    solutions = solve({1: taken(view), 2: taken(view, 0.8, 1.2, 0.85), 3: taken(view, -1.4, 0.8, 1.25)}, target=1)
    assert solutions[1].gains == pytest.approx((1, 1, 1), abs=1e-4)
    assert np.log2(solutions[2].gains) == pytest.approx([-0.8 - math.log2(1.2), -0.8, -0.8 - math.log2(0.85)], abs=0.01)
    assert np.log2(solutions[3].gains) == pytest.approx([1.4 - math.log2(0.8), 1.4, 1.4 - math.log2(1.25)], abs=0.01)
    assert {each.group for each in solutions.values()} == {0}


def test_without_a_target_a_scene_goes_to_its_own_middle() -> None:
    view = scene(2)
    solutions = solve({number: taken(view, exposure) for number, exposure in enumerate((-1.0, 0.25, 0.5))})
    assert [each.exposure for each in solutions.values()] == pytest.approx([1.25, 0.0, -0.25], abs=0.02)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_photos_of_one_place_framed_differently_are_brought_to_each_other(seed: int) -> None:
    place = scene(seed)
    whole, part, beside = place[0:200, 0:260], place[30:230, 50:310], place[20:180, 40:250]
    solutions = solve({1: taken(whole), 2: taken(part, -1.0, 1.15), 3: taken(beside, 0.6, 0.9, 1.1)}, target=1)
    assert {each.group for each in solutions.values()} == {0}
    assert np.log2(solutions[2].gains) == pytest.approx([1 - math.log2(1.15), 1, 1], abs=0.08)
    assert np.log2(solutions[3].gains) == pytest.approx([-0.6 - math.log2(0.9), -0.6, -0.6 - math.log2(1.1)], abs=0.08)


def test_an_upright_and_a_lying_frame_of_one_place_are_one_scene() -> None:
    place = scene(5, 300, 320)
    solutions = solve({1: taken(place[40:260]), 2: taken(place[:, 60:280], 0.7)}, target=1)
    assert solutions[2].group == solutions[1].group
    assert solutions[2].exposure == pytest.approx(-0.7, abs=0.08)


def test_other_scenes_keep_most_of_what_is_between_them() -> None:
    noon, sunset = taken(scene(10), 1.0), taken(scene(11), -1.2, 1.3, 0.75)
    solutions = solve({1: noon, 2: sunset})
    assert solutions[1].group != solutions[2].group
    apart = _ratio(solutions[1], solutions[2])
    assert abs(apart[1]) <= 2 * match_solve.BETWEEN_EXPOSURE + 1e-3
    assert np.abs(apart[[0, 2]] - apart[1]).max() <= 2 * match_solve.BETWEEN_COLOR + 1e-3


def test_a_target_leaves_another_scene_nearly_where_it_is() -> None:
    solutions = solve({1: taken(scene(10)), 2: taken(scene(11), -1.5, 1.3, 0.8)}, target=1)
    assert solutions[1].is_neutral
    assert abs(np.log2(solutions[2].gains[1])) <= match_solve.BETWEEN_EXPOSURE + 1e-4


def test_the_order_of_the_input_changes_nothing_not_even_a_bit() -> None:
    measures: dict[int, Measure | str] = {
        number: taken(scene(number // 3), number % 3 * 0.4 - 0.4, 1 + number % 5 * 0.05) for number in range(12)
    }
    measures[20] = "the file is damaged"
    straight = solve(measures)
    turned = solve(dict(reversed(measures.items())))
    assert list(straight) == list(turned)
    assert list(straight.items()) == list(turned.items())


def test_a_photo_that_was_measured_before_is_solved_to_the_same_bytes() -> None:
    measures = {number: taken(scene(3), number * 0.3) for number in range(4)}
    kept = {number: Measure.from_bytes(each.to_bytes()) for number, each in measures.items()}
    assert solve(kept) == solve(measures)


def test_strength_scales_what_is_done() -> None:
    measures = {1: taken(scene(4)), 2: taken(scene(4), -1.0, 1.2)}
    whole, half, none = (np.log2(solve(measures, 1, strength)[2].gains) for strength in (100, 50, 0))
    assert half == pytest.approx(whole / 2, abs=1e-3)
    assert none == pytest.approx([0, 0, 0], abs=1e-6)


def test_gains_are_capped_and_it_is_said() -> None:
    dark = scene(6) * 0.4
    solution = solve({1: taken(dark * 2, 0.0), 2: taken(dark, -3.0, 1.9)}, target=1)[2]
    assert solution.capped
    assert solution.exposure <= match_solve.MOST_EXPOSURE
    assert math.log2(solution.green / solution.red) <= match_solve.MOST_COLOR + 1e-5


def test_a_photo_that_cannot_be_measured_goes_like_the_group_of_its_neighbour_and_says_why() -> None:
    first, second = scene(7), scene(8)
    black = taken(np.zeros((64, 64, 3)))
    measures: dict[int, Measure | str] = {
        1: taken(first, -1),
        2: taken(first, -1),
        3: "the file is damaged",
        4: taken(first, 0.5),
    }
    solutions = solve({**measures, 10: taken(second), 11: taken(second), 12: black}, target=4)
    assert solutions[3].why == "the file is damaged"
    assert solutions[3].group == solutions[1].group
    assert solutions[3].gains == pytest.approx(solutions[1].gains, abs=1e-4)
    assert solutions[12].group == solutions[11].group
    assert "neither clipped nor black" in solutions[12].why


def test_nothing_measurable_changes_nothing() -> None:
    assert solve({1: "gone"}) == {1: Solution(why="gone")}
    assert solve({}) == {}


def test_one_photo_alone_stays_as_it_is() -> None:
    assert np.log2(solve({5: taken(scene(1))})[5].gains) == pytest.approx([0, 0, 0], abs=1e-6)


def test_a_raw_and_a_developed_photo_are_never_one_scene() -> None:
    solutions = solve({1: taken(scene(1)), 2: taken(scene(1), 1.0, kind="raw")}, target=1)
    assert solutions[1].group != solutions[2].group
    assert solutions[2].is_neutral


@pytest.mark.parametrize(
    ("target", "strength", "says"), [(9, 100, "not among"), (2, 100, "gone"), (1, 101, "0..100"), (1, -1, "0..100")]
)
def test_a_target_or_strength_that_makes_no_sense_is_refused(target: int, strength: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        solve({1: taken(scene(1)), 2: "gone"}, target, strength)
