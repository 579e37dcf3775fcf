"""When to try again, how much to claim, how many workers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junmai.domain.policy import AHEAD_LIMIT, BYTES_PER_WORKER, RetryPolicy, claims_wanted, workers_for

GIB = 1024**3


def test_three_retries_are_allowed_and_a_fourth_is_not() -> None:
    policy = RetryPolicy()
    assert [policy.allows(tries) for tries in (1, 2, 3, 4)] == [True, True, True, False]


def test_no_retry_is_allowed_where_the_limit_is_zero() -> None:
    assert not RetryPolicy(limit=0).allows(1)


def test_the_wait_doubles_with_each_try() -> None:
    policy = RetryPolicy(base_seconds=1.0)
    assert [policy.delay(tries, 0.5) for tries in (1, 2, 3, 4)] == [1.0, 2.0, 4.0, 8.0]


@given(tries=st.integers(0, 100), randomness=st.floats(0, 1))
def test_jitter_spreads_the_wait_over_half_to_one_and_a_half(tries: int, randomness: float) -> None:
    policy = RetryPolicy(base_seconds=1.0, ceiling_seconds=300.0)
    middle = policy.delay(tries, 0.5)
    assert 0.5 * middle <= policy.delay(tries, randomness) <= 1.5 * middle
    assert middle <= 300.0


def test_the_wait_before_the_first_retry_is_the_base() -> None:
    assert RetryPolicy(base_seconds=2.0).delay(1, 0.0) == 1.0
    assert RetryPolicy(base_seconds=0.0).delay(3, 1.0) == 0.0


def test_without_a_measure_only_the_free_workers_are_claimed_for() -> None:
    assert claims_wanted(workers=4, in_hand=1, seconds_per_item=None) == 3


def test_slow_photos_are_not_claimed_ahead() -> None:
    assert claims_wanted(workers=4, in_hand=4, seconds_per_item=2.0) == 0


def test_quick_items_are_claimed_ahead_by_fifty_milliseconds_of_work() -> None:
    assert claims_wanted(workers=2, in_hand=0, seconds_per_item=0.01) == 2 + 10


def test_claiming_ahead_has_a_limit() -> None:
    assert claims_wanted(workers=2, in_hand=0, seconds_per_item=0.0) == 2 + AHEAD_LIMIT


@given(
    workers=st.integers(1, 256),
    in_hand=st.integers(0, 1000),
    seconds=st.none() | st.floats(0, 1e6),
)
def test_what_is_claimed_is_never_negative_and_never_beyond_workers_and_limit(
    workers: int, in_hand: int, seconds: float | None
) -> None:
    assert 0 <= claims_wanted(workers=workers, in_hand=in_hand, seconds_per_item=seconds) <= workers + AHEAD_LIMIT


@pytest.mark.parametrize(
    ("cores", "free_memory", "workers"),
    [(8, 64 * GIB, 8), (8, 3 * BYTES_PER_WORKER, 3), (8, 1, 1), (1, 64 * GIB, 1), (4, 4 * BYTES_PER_WORKER - 1, 3)],
)
def test_there_is_one_worker_a_core_as_far_as_memory_goes_and_at_least_one(
    cores: int, free_memory: int, workers: int
) -> None:
    assert workers_for(cores=cores, free_memory=free_memory) == workers
