"""A burst is noticed soon, dated right, never from the future, and hardly ever where there is none."""

from __future__ import annotations

import time

import numpy as np
import pytest

from forecast.arrays import Floats
from forecast.buckets import DAY, Grid, Interval, end
from forecast.errors import InputError
from forecast.social.bursts import NEVER, WEEKS, Bursts, burst_now, burst_of
from forecast.versions import Versions
from tests.worlds import HOUR, MINUTE, MONDAY, TZ

HALF = Interval.HALF_HOUR


def grid_of(days: int, interval: Interval = HALF) -> Grid:
    return Grid.days(MONDAY, MONDAY + days - 1, interval, TZ)


def week(grid: Grid, per_hour: float) -> Floats:
    """Posts expected per bucket: few at night, fewer at the weekend, `per_hour` on the mean."""
    hour = grid.slot * 24 / grid.slots
    shape = (1 + 0.7 * np.sin((hour - 8) / 24 * 2 * np.pi)) * np.where(hour < 6, 0.25, 1.0)
    shape = shape * np.where(grid.weekday >= 5, 0.7, 1.0)
    return np.asarray(per_hour * grid.interval.seconds / 3600 * shape / shape.mean())


def seen_at_once(grid: Grid, values: Floats, late: int = 0) -> Versions:
    said = (values > 0) | (
        np.arange(len(values)) == 0
    )  # the grid begins with the first row, whatever it holds
    ends = end(grid.ds, grid.interval, TZ)
    return Versions.of(grid.ds[said], values[said], ends[said] + late)


def judge(grid: Grid, values: Floats | Versions, until: int | None = None, **more: int) -> Bursts:
    versions = values if isinstance(values, Versions) else seen_at_once(grid, values)
    last = int(end(grid.ds, grid.interval, TZ)[-1])
    return burst_of(versions, interval=grid.interval, tz=TZ, until=last if until is None else until, **more)


def calm(days: int = 100, per_hour: float = 20.0, seed: int = 1) -> tuple[Grid, Floats]:
    grid = grid_of(days)
    return grid, np.random.default_rng(seed).poisson(week(grid, per_hour)).astype(np.float64)


def storm(grid: Grid, values: Floats, row: int, extra: int, rng: np.random.Generator) -> Floats:
    """`extra` posts from the start of bucket `row` on, on the mean an hour after it."""
    times = grid.ds[row] + (rng.exponential(1.0, extra) * HOUR).astype(np.int64)
    added = np.zeros(len(values))
    np.add.at(added, np.minimum(np.searchsorted(grid.ds, times, side="right") - 1, len(values) - 1), 1)
    return values + added


def starts(bursts: Bursts) -> int:
    return len(np.unique(bursts.onset[bursts.onset != NEVER]))


@pytest.mark.parametrize("interval", [Interval.HALF_HOUR, Interval.HOUR])
@pytest.mark.parametrize("per_hour", [2, 20])
@pytest.mark.parametrize("extra", [60, 200])
def test_a_planted_onset_is_found_and_dated_within_two_buckets(
    interval: Interval, per_hour: int, extra: int
) -> None:
    grid = grid_of(98, interval)
    found, dated = [], []
    for run in range(40):
        rng = np.random.default_rng((2, per_hour, extra, run))
        values = rng.poisson(week(grid, per_hour)).astype(np.float64)
        row = int(rng.integers(70 * grid.slots, 96 * grid.slots))
        bursts = judge(grid, storm(grid, values, row, extra, rng))
        near = row + np.arange(3)
        near = near[bursts.onset[near] != NEVER]
        found.append(len(near) > 0)
        dated.append(len(near) > 0 and abs(int(np.searchsorted(grid.ds, bursts.onset[near[0]])) - row) <= 2)
    assert np.mean(found) >= 0.9
    assert np.mean(dated) >= 0.85


@pytest.mark.parametrize("interval", [Interval.QUARTER, Interval.HALF_HOUR, Interval.HOUR, Interval.DAY])
@pytest.mark.parametrize("per_hour", [0.2, 2, 20])
def test_ordinary_weeks_have_no_bursts(interval: Interval, per_hour: float) -> None:
    grid = grid_of(365, interval)
    count = 0
    for seed in range(3):
        count += starts(judge(grid, np.random.default_rng(seed).poisson(week(grid, per_hour)).astype(float)))
    assert count / 3 < 12  # one a month a signal is the bar; theory says four a year


def test_restless_signals_have_few_bursts() -> None:
    grid = grid_of(365)
    rng = np.random.default_rng(4)
    restless = rng.poisson(week(grid, 20) * rng.gamma(5, 1 / 5, len(grid))).astype(np.float64)
    assert starts(judge(grid, restless)) < 12


def test_the_future_changes_nothing() -> None:
    grid, values = calm(90)
    rng = np.random.default_rng(3)
    values = storm(grid, storm(grid, values, 70 * 48 + 20, 200, rng), 80 * 48, 60, rng)
    whole = judge(grid, values)
    other = judge(grid, np.where(grid.ds >= grid.ds[75 * 48], 1000.0, values))
    upto = 75 * 48
    early = judge(grid, values, until=int(grid.ds[upto]))
    assert len(early.grid) == upto
    for name in ("value", "expected", "deviation", "onset", "age", "size", "over"):
        np.testing.assert_array_equal(getattr(early, name), getattr(whole, name)[:upto], err_msg=name)
        np.testing.assert_array_equal(getattr(early, name), getattr(other, name)[:upto], err_msg=name)


def test_posts_that_come_late_are_not_seen_before_they_came() -> None:
    grid, values = calm(80)
    row = 75 * 48 + 24
    late = Versions.of(
        [*grid.ds, grid.ds[row]], [*values, 500.0], [*(grid.ds + HOUR // 2), grid.ds[row] + 5 * HOUR]
    )
    assert judge(grid, late).value[row] == values[row]
    assert judge(grid, late, wait=5 * HOUR).value[row] == 500


def test_lateness_cancels_out() -> None:
    grid, values = calm(80)
    prompt, half = judge(grid, values), values // 2
    both = Versions.of(
        np.tile(grid.ds, 2), [*half, *values], [*(grid.ds + HOUR // 2), *(grid.ds + 2 * HOUR)]
    )  # half of the posts come an hour and a half late
    late = judge(grid, both)
    assert starts(late) == 0
    assert np.nanmean(late.deviation[60 * 48 :]) == pytest.approx(
        np.nanmean(prompt.deviation[60 * 48 :]), abs=0.1
    )


def test_size_and_age_grow_until_the_burst_is_over() -> None:
    grid, values = calm()
    row = 80 * 48 + 20
    bursts = judge(grid, storm(grid, values, row, 200, np.random.default_rng(5)))
    mine = np.flatnonzero(bursts.onset == grid.ds[row])
    assert mine[0] - row <= 1
    assert bursts.age[mine[0]] == (mine[0] - row + 1) * 30
    np.testing.assert_allclose(np.diff(bursts.age[mine]), 30.0)
    assert bursts.size[mine[-1]] == pytest.approx(200, abs=40)
    assert bursts.over[mine].tolist() == [False] * (len(mine) - 1) + [True]
    assert bursts.going_on.sum() == len(mine) - 1
    assert mine[-1] - row < 20
    assert np.isnan(bursts.age[row - 1])
    assert bursts.size[row - 1] == 0


def test_what_is_expected_is_the_mean_of_the_same_time_of_eight_weeks() -> None:
    grid = grid_of(100)
    weekly = 5.0 + grid.slot + 3 * grid.weekday
    bursts = judge(grid, weekly)
    np.testing.assert_allclose(bursts.expected[70 * 48 :], weekly[70 * 48 :])
    assert np.abs(bursts.deviation[70 * 48 :]).max() < 1e-9
    assert np.isnan(bursts.expected[: 14 * 48]).all()
    assert not np.isnan(bursts.expected[14 * 48 :]).any()


def test_the_clock_change_keeps_the_local_time_of_the_week() -> None:
    grid = grid_of(100)  # the last Sunday of March lies within
    by_the_clock = np.where((grid.slot >= 18) & (grid.slot < 36), 20.0, 4.0)
    bursts = judge(grid, by_the_clock)
    np.testing.assert_allclose(bursts.expected[70 * 48 :], by_the_clock[70 * 48 :])


def test_one_storm_is_no_habit() -> None:
    grid, values = calm(100)
    row = 80 * 48 + 20
    stormy = values.copy()
    stormy[row - 4 * 7 * 48 : row - 4 * 7 * 48 + 6] += 400
    once, never = judge(grid, stormy), judge(grid, values)
    habit = np.full(6, 400 / WEEKS)
    assert np.all(once.expected[row : row + 6] - never.expected[row : row + 6] < habit / 10)
    again = storm(grid, stormy, row, 60, np.random.default_rng(6))
    assert (judge(grid, again).onset[row : row + 3] != NEVER).any()


def test_deviations_of_overdispersed_counts_are_of_unit_size() -> None:
    grid = grid_of(365)
    rng = np.random.default_rng(7)
    for shape in (1e9, 4.0):
        values = rng.poisson(week(grid, 20) * rng.gamma(shape, 1 / shape, len(grid))).astype(np.float64)
        spread = np.std(judge(grid, values).deviation[120 * 48 :])
        assert 0.8 < spread < 1.15


def test_history_that_was_imported_is_compared_with_but_not_judged() -> None:
    grid, values = calm(60)
    live = 50 * 48
    known = np.where(np.arange(len(grid)) < live, grid.ds[live] + 2 * HOUR, grid.ds + HOUR // 2)
    bursts, truth = judge(grid, Versions.of(grid.ds, values, known)), judge(grid, values)
    assert np.isnan(bursts.value[:live]).all()
    assert starts(bursts) == 0
    assert np.isnan(bursts.expected[: live + 3]).all()
    np.testing.assert_allclose(bursts.expected[live + 4 :], truth.expected[live + 4 :])


def test_now_says_what_the_pass_says() -> None:
    grid, values = calm()
    row = 80 * 48 + 20
    versions = seen_at_once(grid, storm(grid, values, row, 200, np.random.default_rng(5)))
    whole = judge(grid, versions)
    ends = end(grid.ds, HALF, TZ)
    for at in range(row - 2, row + 60):
        now = burst_now(versions, interval=HALF, tz=TZ, now=int(ends[at]))
        if whole.onset[at] == NEVER:
            assert now is None or now.over is not None
        else:
            assert now is not None
            assert (now.onset.value, now.size, now.age) == (whole.onset[at], whole.size[at], whole.age[at])
            assert (now.over is not None) == whole.over[at]
    assert burst_now(versions, interval=HALF, tz=TZ, now=int(ends[row]) + 3 * DAY) is None


def test_a_burst_gets_older_between_two_buckets() -> None:
    grid, values = calm()
    row = 80 * 48 + 20
    versions = seen_at_once(grid, storm(grid, values, row, 400, np.random.default_rng(5)))
    now = burst_now(versions, interval=HALF, tz=TZ, now=int(grid.ds[row]) + 40 * MINUTE)
    assert now is not None
    assert now.age == 40
    assert now.over is None
    assert now.peak > 60


@pytest.mark.parametrize("interval", list(Interval)[:4])
def test_no_versions_no_bursts(interval: Interval) -> None:
    bursts = burst_of(Versions.none(), interval=interval, tz=TZ, until=10**18)
    assert len(bursts.grid) == len(bursts.expected) == len(bursts.onset) == 0
    assert burst_now(Versions.none(), interval=interval, tz=TZ, now=10**18) is None
    first = Versions.of([0], [3.0], [10 * DAY])
    assert len(burst_of(first, interval=interval, tz=TZ, until=HOUR).grid) == 0


def test_a_short_history_says_nothing_and_a_constant_one_no_burst() -> None:
    grid, values = calm(10)
    values[400:] += 500
    short = judge(grid, values)
    assert np.isnan(short.expected).all()
    assert starts(short) == 0
    assert (short.deviation == 0).all()
    assert starts(judge(grid_of(100), np.full(len(grid_of(100)), 7.0))) == 0


def test_weeks_and_months_are_refused_with_a_remedy() -> None:
    for interval in (Interval.WEEK, Interval.MONTH):
        with pytest.raises(InputError, match="Use days or shorter"):
            burst_of(Versions.none(), interval=interval, tz=TZ, until=0)
    with pytest.raises(InputError, match="Wait 0"):
        burst_of(Versions.none(), interval=HALF, tz=TZ, until=0, wait=-1)


def test_a_year_is_one_quick_pass() -> None:
    grid = grid_of(365, Interval.QUARTER)
    values = np.random.default_rng(1).poisson(week(grid, 20)).astype(np.float64)
    began = time.perf_counter()
    judge(grid, values)
    assert time.perf_counter() - began < 20  # 0.06 s measured
