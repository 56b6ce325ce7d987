"""Their forecast against ours: an honest judge of made-up planners, and every week accounted for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecast.arrays import Floats
from forecast.buckets import DAY, SECOND, Grid, Interval, end
from forecast.comparison import (
    LEVEL,
    OURS,
    THEIRS,
    TOO_FEW,
    Compared,
    Said,
    Tally,
    finish,
    hindcast,
    left_out,
    score,
)
from forecast.handling import Handling
from forecast.selection import champion
from forecast.their_weeks import Unit, Versions, interval_of, not_come, units
from forecast.vintage import Series
from forecast.vintage import Versions as Known
from tests import worlds as w

WEEKS = 12
FIRST = w.MONDAY + 8 * 7  # the first of their weeks
MEAN = w.working_week(30.0)


def half_hours(first: int = FIRST, weeks: int = WEEKS) -> Grid:
    whole = Grid.days(first, first + 7 * weeks - 1, Interval.HALF_HOUR, w.TZ)
    return whole.take(MEAN(whole) > 0)


def queue(seed: int = 1) -> Series:
    made = w.series(w.counts(MEAN, seed), days=(8 + WEEKS) * 7, interval=Interval.HALF_HOUR)
    contacts = np.nan_to_num(made.offered.value)
    rng = np.random.default_rng(seed)
    seconds = Known(made.offered.ds, contacts * rng.normal(300, 10, len(contacts)), made.offered.known_at)
    return replace(made, handling=Handling(seconds, made.offered))


def theirs(offered: Floats, aht: Floats | float = 300.0, *, ahead: int = 7) -> Versions:
    """Said week by week, each so many days before it began."""
    grid = half_hours()
    monday = grid.day - grid.weekday
    made = np.array([w.midnight(int(day) - ahead - w.MONDAY) for day in monday], dtype=np.int64)
    return Versions(grid.ds, offered, np.broadcast_to(aht, offered.shape).astype(float), made)


def judged(said: Versions, ours: Floats | None = None, seed: int = 1) -> Compared:
    """Ours: the true mean of each bucket, off by a tenth day by day, where nothing else is given."""
    series, grid, tally = queue(seed), half_hours(), Tally()
    rng = np.random.default_rng(99)
    off = np.exp(0.1 * rng.standard_normal(7 * WEEKS))[grid.day - FIRST]
    mean = MEAN(grid) * off if ours is None else ours
    made = Said("hindcast", grid.ds, mean, mean, np.full(len(grid), 305.0))
    found, late = units(said, w.TZ)
    assert late == 0
    return finish("calls", tally, [score(tally, series, one, made) for one in found], "30min", seed=1)


def came(series: Series) -> Floats:
    return np.nan_to_num(series.offered.on(half_hours().ds))


def test_a_planner_who_knows_the_truth_but_for_a_little_noise_wins_and_we_say_so() -> None:
    truth = came(queue())
    found = judged(theirs(truth * np.exp(0.02 * np.random.default_rng(5).standard_normal(len(truth)))))
    assert found.winner == THEIRS and len(found.weeks) == WEEKS
    assert {one.winner for one in found.measures if one.what == "volume"} == {THEIRS}
    first = found.measures[0]
    assert (first.what, first.level) == ("volume", "interval") and first.theirs < 0.03 < first.ours
    assert first.high is not None and first.high < 0


def test_a_planner_who_repeats_the_week_before_mostly_loses() -> None:
    lost = 0
    for seed in range(4):
        series = queue(seed)
        before = np.nan_to_num(series.offered.on(half_hours(FIRST - 7).ds))
        found = judged(theirs(before), ours=MEAN(half_hours()), seed=seed)
        lost += found.winner == OURS
    assert lost == 4


def test_the_same_forecast_is_level() -> None:
    same = MEAN(half_hours())
    found = judged(theirs(same, 305.0), ours=same)
    assert {one.winner for one in found.measures} == {LEVEL}
    assert all(one.difference == pytest.approx(0, abs=1e-12) for one in found.measures)


def test_two_equally_good_forecasts_are_seldom_told_apart() -> None:
    rng = np.random.default_rng(8)
    grid, wrong = half_hours(), 0
    for seed in range(8):
        one, two = (
            MEAN(grid) * np.exp(0.1 * rng.standard_normal(7 * WEEKS))[grid.day - FIRST] for _ in range(2)
        )
        wrong += judged(theirs(one), ours=two, seed=seed).winner != LEVEL
    assert wrong <= 3  # a tenth is expected of a 90 % interval


def test_handling_time_and_workload_are_compared_where_both_say_them() -> None:
    found = judged(theirs(came(queue()), 290.0))
    by = {(one.what, one.level): one for one in found.measures}
    assert set(by) == {
        (what, level) for what in ("volume", "aht", "workload") for level in ("interval", "day", "week")
    }
    assert by["aht", "week"].theirs == pytest.approx(10 / 300, abs=0.005)
    assert by["aht", "week"].theirs_bias == pytest.approx(-10 / 300, abs=0.005)
    assert by["workload", "week"].theirs == pytest.approx(10 / 300, abs=0.005)
    silent = judged(theirs(came(queue()), np.nan))
    assert {one.what for one in silent.measures} == {"volume"}


def test_a_forecast_of_days_or_weeks_is_compared_at_its_own_length() -> None:
    grid = half_hours()
    days = Grid.days(FIRST, FIRST + 7 * WEEKS - 1, Interval.DAY, w.TZ)
    totals = np.bincount(grid.day - FIRST, weights=MEAN(grid), minlength=7 * WEEKS)
    made = np.array([w.midnight(int(day) - 7 - w.MONDAY) for day in days.day - days.weekday])
    daily = judged(Versions(days.ds, totals, np.full(len(days), np.nan), made))
    assert [one.level for one in daily.measures] == ["day", "week"] and daily.winner == THEIRS
    mondays = days.ds[::7]
    weekly = judged(Versions(mondays, totals.reshape(-1, 7).sum(axis=1), np.full(WEEKS, np.nan), made[::7]))
    assert [one.level for one in weekly.measures] == ["week"]
    assert weekly.measures[0].theirs == pytest.approx(daily.measures[1].theirs)


def test_of_several_versions_the_last_of_before_the_week_counts_and_later_ones_do_not() -> None:
    monday = w.midnight(FIRST - w.MONDAY)
    ds = np.full(3, monday + 10 * 3600 * SECOND)
    made = np.array([monday - 14 * DAY, monday - 7 * DAY, monday + 3600 * SECOND])
    (unit,), late = units(Versions(ds, np.array([1.0, 2.0, 3.0]), np.full(3, np.nan), made), w.TZ)
    assert unit.rows.offered.tolist() == [2.0] and unit.made_at == made[1] and late == 0


def test_a_week_forecast_day_by_day_is_split_and_what_was_made_too_late_is_counted() -> None:
    starts = np.array([w.midnight(FIRST - w.MONDAY + at) for at in range(7)])
    ds, made = starts + 10 * 3600 * SECOND, starts - DAY
    made[6] = ds[6] + SECOND
    found, late = units(Versions(ds, np.arange(7.0), np.full(7, np.nan), made), w.TZ)
    assert len(found) == 6 and late == 1 and sum(len(one.rows.ds) for one in found) == 6


def test_a_bucket_they_leave_out_on_a_day_they_forecast_is_a_forecast_of_none() -> None:
    truth = came(queue())
    said = theirs(truth)
    kept = np.flatnonzero(half_hours().slot != 20)  # ten o'clock is missing
    volume = judged(said.take(kept)).measures[0]
    missing = truth[half_hours().slot == 20].sum() / truth.sum()
    assert volume.theirs == pytest.approx(missing) and volume.n == WEEKS * 7 * 48 - 2 * WEEKS * 48


@pytest.mark.parametrize(
    ("week", "why"),
    [
        (0, ""),
        (WEEKS - 1, ""),
        (WEEKS, "the contacts end on"),
        (WEEKS + 40, "not over"),
        (-9, "the contacts begin on"),
    ],
)
def test_a_week_that_cannot_be_compared_says_why(week: int, why: str) -> None:
    first = FIRST + 7 * week
    grid = half_hours(first, 1)
    rows = Versions(
        grid.ds, MEAN(grid), np.full(len(grid), np.nan), np.full(len(grid), int(grid.ds[0]) - DAY)
    )
    (unit,), _ = units(rows, w.TZ)
    told = not_come(queue(), unit, w.midnight(FIRST - w.MONDAY + 7 * (WEEKS + 30)))
    assert told.startswith(why) if not why or why != "not over" else why in told
    assert left_out(unit, "so").why == "so"


def test_few_weeks_make_figures_and_no_winner() -> None:
    said = theirs(came(queue()))
    two = np.flatnonzero(said.ds < w.midnight(FIRST - w.MONDAY + 14))
    found = judged(said.take(two))
    assert found.winner == TOO_FEW and found.measures[0].low is None and found.measures[0].theirs == 0.0


def test_ours_is_what_the_production_choice_says_from_what_was_known_when_theirs_was_made() -> None:
    series = queue()
    made_at, last = w.midnight(FIRST - 7 - w.MONDAY), FIRST + 6
    model = champion(["level_profile"], social=False)
    options = {"made_at": made_at, "last_day": last, "draws": 60, "seed": 1}
    whole = hindcast(w.archive(series), model, "calls", **options)
    later = series.offered.known_at > made_at
    other = replace(series.offered, value=np.where(later, 500.0, series.offered.value))
    changed = hindcast(w.archive(replace(series, offered=other)), model, "calls", **options)
    assert isinstance(whole, Said) and isinstance(changed, Said)
    assert (whole.mean == changed.mean).all() and whole.ds[0] >= made_at
    young = hindcast(
        w.archive(series), model, "calls", made_at=w.midnight(3), last_day=w.MONDAY + 10, draws=60, seed=1
    )
    assert isinstance(young, str) and young


def test_the_interval_of_a_forecast_is_its_shortest_step() -> None:
    grid = half_hours()
    assert interval_of(grid.ds, w.TZ) is Interval.HALF_HOUR
    assert interval_of(end(grid.ds, Interval.WEEK, w.TZ)[::500], w.TZ) in (Interval.WEEK, Interval.DAY)
    clocks = Grid.days(w.MONDAY, w.MONDAY + 150, Interval.DAY, w.TZ)  # one day of these has 23 hours
    assert interval_of(clocks.ds, w.TZ) is Interval.DAY
    assert Unit(FIRST, 0, theirs(np.zeros(len(grid))), Interval.WEEK).days(w.TZ).tolist() == list(
        range(FIRST, FIRST + 7)
    )
