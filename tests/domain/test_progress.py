"""How fast a batch goes and when it will be done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junmai.domain.progress import UNKNOWN, Meter, pace_of


@pytest.mark.parametrize("ends", [[], [5.0], [5.0, 5.0, 5.0]])
def test_a_pace_is_unknown_while_too_little_is_known(ends: list[float]) -> None:
    assert pace_of(ends, 10) == UNKNOWN


def test_a_steady_pace_is_the_rate_between_ends() -> None:
    pace = pace_of([0.0, 2.0, 4.0, 6.0], 5)
    assert pace.photos_per_second == 0.5
    assert (pace.eta_low_seconds, pace.eta_seconds, pace.eta_high_seconds) == (10.0, 10.0, 10.0)


def test_the_bounds_come_from_the_quicker_and_the_slower_half() -> None:
    pace = pace_of([0.0, 1.0, 2.0, 6.0, 10.0], 10)
    assert pace.photos_per_second == pytest.approx(0.4)
    assert pace.eta_low_seconds == pytest.approx(10.0)
    assert pace.eta_seconds == pytest.approx(25.0)
    assert pace.eta_high_seconds == pytest.approx(40.0)


def test_nothing_left_takes_no_time() -> None:
    assert pace_of([0.0, 1.0, 2.0, 3.0], 0).eta_seconds == 0.0


@given(ends=st.lists(st.floats(0, 1e6), min_size=2, max_size=50).map(sorted), remaining=st.integers(0, 10**6))
def test_the_estimate_lies_between_its_bounds(ends: list[float], remaining: int) -> None:
    pace = pace_of(ends, remaining)
    if pace.eta_seconds is not None:
        assert pace.eta_low_seconds is not None
        assert pace.eta_high_seconds is not None
        assert 0 <= pace.eta_low_seconds <= pace.eta_seconds <= pace.eta_high_seconds


def _metered(*ends: float, **options: float) -> Meter:
    meter = Meter(**options)  # type: ignore[arg-type]
    for end in ends:
        meter.add(end)
    return meter


def test_a_meter_forgets_an_idle_span() -> None:
    assert _metered(0.0, 10.0, 1000.0, 1001.0, 1002.0, 1003.0).pace(1).photos_per_second == 1.0


def test_a_meter_forgets_what_was_before_the_clock_was_set_back() -> None:
    assert _metered(500.0, 501.0, 100.0, 102.0, 104.0, 106.0).pace(1).photos_per_second == 0.5


def test_a_gap_as_long_as_allowed_still_counts() -> None:
    assert _metered(0.0, 120.0, 240.0, 360.0, idle_seconds=120.0).pace(1).photos_per_second == pytest.approx(1 / 120)


def test_a_meter_forgets_when_told_so() -> None:
    meter = _metered(0.0, 1.0, 2.0)
    meter.forget()
    assert meter.pace(1) == UNKNOWN


def test_a_meter_looks_back_on_its_window_only() -> None:
    slow_then_quick = [*(10.0 * step for step in range(5)), *(40.0 + step for step in range(1, 5))]
    assert _metered(*slow_then_quick, window=4).pace(1).photos_per_second == 1.0


def test_a_burst_of_two_says_nothing_about_the_pace() -> None:
    assert pace_of([10.0, 10.00003], 12) == UNKNOWN
    assert pace_of([10.0, 10.1, 10.2, 10.3], 12) == UNKNOWN
