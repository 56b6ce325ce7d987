"""Features of a signal, by hand: what is compared with what, and that lateness cancels out."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.buckets import DAY, Grid, Interval
from forecast.features import WEEKS, deviations, edges, known_sums
from forecast.vintage import Signal, Versions
from tests.worlds import HOUR, MINUTE, MONDAY, TZ, midnight

GRID = Grid.days(MONDAY, MONDAY + 83, Interval.HOUR, TZ)


def posts(value: np.ndarray, *, late: int = 0, kind: str = "count") -> Signal:
    return Signal("posts", Interval.HOUR, TZ, Versions.of(GRID.ds, value, GRID.ds + HOUR + late), kind)


def test_a_window_sums_the_buckets_of_its_ages_as_known_then() -> None:
    versions = Versions.of([0, 0, HOUR], [5.0, 8.0, 2.0], [HOUR, 3 * HOUR, 2 * HOUR])
    times = np.array([HOUR - 1, HOUR, 2 * HOUR, 3 * HOUR, 5 * HOUR])
    ages = np.array([0, 2, 4], dtype=np.int64) * HOUR
    np.testing.assert_array_equal(
        known_sums(versions, times, ages), [[0, 0], [5, 0], [2, 5], [0, 10], [0, 0]]
    )


def test_windows_reach_a_little_further_than_the_round_number() -> None:
    assert (edges(Interval.HALF_HOUR)[1:3] // MINUTE).tolist() == [35, 65]
    assert edges(Interval.DAY)[1] == DAY + 2 * HOUR


def test_a_week_like_any_other_deviates_by_nothing() -> None:
    week = 10.0 + GRID.slot + 5 * GRID.weekday
    values, enough = deviations(posts(week), np.array([midnight(70) + 12 * HOUR]))
    assert enough.all()
    np.testing.assert_allclose(values, 0.0, atol=1e-9)


def test_lateness_cancels_out_and_a_burst_stands_out() -> None:
    burst = np.where(GRID.ds == midnight(70) + 10 * HOUR, 60.0, 10.0)
    at = np.array([midnight(70) + 12 * HOUR])
    calm, _ = deviations(posts(np.full(len(GRID), 10.0), late=90 * MINUTE), at)
    np.testing.assert_allclose(calm, 0.0, atol=1e-9)
    loud, _ = deviations(posts(burst), at)
    assert loud[0].tolist() == pytest.approx([0.0, 0.0, 50.0, 0.0, 0.0, 0.0])
    unknown, _ = deviations(posts(burst, late=90 * MINUTE), at)
    np.testing.assert_allclose(unknown, 0.0, atol=1e-9)


def test_a_storm_of_last_week_is_no_expectation_of_this_one() -> None:
    storm = np.where(GRID.ds == midnight(63) + 11 * HOUR, 1000.0, 10.0)
    values, _ = deviations(posts(storm), np.array([midnight(70) + 12 * HOUR]))
    assert values[0, 1] > -1000 / WEEKS * 0.6
    assert values[0, 1] < 0


def test_two_weeks_of_past_are_needed() -> None:
    times = np.array([midnight(day) + 12 * HOUR for day in (7, 20, 21, 30)])
    _, enough = deviations(posts(np.full(len(GRID), 10.0)), times)
    assert enough.tolist() == [False, False, True, True]


def test_a_level_is_carried_forward_and_compared_with_its_own_weeks() -> None:
    level = np.where(GRID.ds >= midnight(70) + 9 * HOUR, 8.0, 5.0)
    values, enough = deviations(posts(level, kind="level"), np.array([midnight(70) + 12 * HOUR]))
    assert enough.all()
    assert values[0, :3].tolist() == pytest.approx([3.0, 3.0, 3.0])
    assert values[0, 4] == pytest.approx(0.0)


def test_a_signal_that_never_spoke_has_no_feature() -> None:
    values, enough = deviations(Signal("x", Interval.HOUR, TZ, Versions.none()), np.array([midnight(30)]))
    assert not enough.any()
    assert (values == 0).all()
