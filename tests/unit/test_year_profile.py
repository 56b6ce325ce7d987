"""The rate that knows the year: a wave that comes back is found, what came once is given to the level."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.arrays import Floats
from forecast.buckets import Grid, Interval
from forecast.models.rates import rates
from forecast.models.year_profile import YearProfile, waves
from forecast.vintage import History
from tests.worlds import MONDAY, OFFICE, Mean, archive, counts, known, series

MODEL = YearProfile()


def yearly(amplitude: float = 0.3, growth: float = 0.0, level: float = 300.0) -> Mean:
    """A working week times one cosine a year, times growth."""

    def mean(grid: Grid) -> Floats:
        wave = amplitude * np.cos(2 * np.pi * (grid.day - 20) / 365.25)
        grown = growth * (grid.day - MONDAY) / 365.25
        return np.where(grid.weekday < 5, level * np.exp(wave + grown), 0.0)

    return mean


def past(mean: Mean, days: int, *, seed: int = 1) -> History:
    return known(archive(series(counts(mean, seed), days=days, interval=Interval.DAY)), days)


def year_ahead(history: History) -> Grid:
    return Grid.days(history.today, history.today + 364, Interval.DAY, history.series.tz)


def month_errors(history: History, mean: Mean) -> float:
    """The mean absolute error of four-week sums over the next year, relative to the truth."""
    grid = year_ahead(history)
    rate, truth = MODEL.fit(history).rate(history, grid), mean(grid)
    edges = np.arange(0, len(grid), 28)
    off = np.abs(np.add.reduceat(rate, edges) - np.add.reduceat(truth, edges))
    return float(off.sum() / truth.sum())


@pytest.mark.parametrize(("days", "most"), [(600, 0.15), (800, 0.09), (1500, 0.045)])
def test_a_planted_yearly_wave_is_found_and_better_with_every_year(days: int, most: float) -> None:
    flat = 0.19  # what the present level alone is off by, about
    error = month_errors(past(yearly(), days), yearly())
    assert error < most < flat


def test_with_one_year_of_history_the_year_stays_flat() -> None:
    history = past(yearly(), 400)
    grid = year_ahead(history)
    rate = MODEL.fit(history).rate(history, grid)
    open_ = rate > 0
    assert MODEL.fit(history).year.growth == 0
    for weekday in range(5):
        mine = rate[open_ & (grid.weekday == weekday)]
        np.testing.assert_allclose(mine, mine[0])


def test_without_a_wave_none_is_made_up_of_a_walk_of_the_level() -> None:
    def walk(grid: Grid) -> Floats:
        steps = np.random.default_rng(3).normal(0, 0.02, len(grid))
        return np.where(grid.weekday < 5, 300 * np.exp(np.cumsum(steps)), 0.0)

    history = past(walk, 800)
    wave = np.exp(waves(year_ahead(history).day) @ MODEL.fit(history).year.wave)
    assert wave.max() / wave.min() < 1.35  # the walk itself went over a factor of two


def test_growth_is_believed_in_part_and_comes_to_rest() -> None:
    history = past(yearly(growth=0.15), 1500)
    fitted = MODEL.fit(history)
    assert 0.03 < fitted.year.growth < 0.15
    days = np.array([history.today, history.today + 10 * 365 + 3])
    grown = (
        fitted._shape(history, days) / fitted.weekday[(days + 3) % 7] / np.exp(waves(days) @ fitted.year.wave)
    )
    assert np.log(grown[1] / grown[0]) == pytest.approx(fitted.year.growth, rel=0.01)  # one year's worth


def test_a_storm_and_closed_days_teach_nothing() -> None:
    mean = yearly()

    def troubled(grid: Grid) -> Floats:
        day = grid.day - MONDAY
        storm = np.where((day >= 700) & (day < 703), 12.0, 1.0)
        return np.where((day >= 400) & (day < 420), 0.0, mean(grid) * storm)

    calm, wild = past(mean, 1100), past(troubled, 1100)
    grid = year_ahead(calm)
    one, other = (MODEL.fit(each).rate(each, grid) for each in (calm, wild))
    assert np.abs(one - other).sum() < 0.03 * one.sum()


def test_the_latest_weeks_set_the_level() -> None:
    mean = yearly(0.0)

    def dropped(grid: Grid) -> Floats:
        return mean(grid) * np.where(grid.day - MONDAY >= 1060, 0.6, 1.0)

    history = past(dropped, 1100)
    grid = year_ahead(history)
    assert MODEL.fit(history).rate(history, grid).sum() < 0.8 * mean(grid).sum()


def test_half_hours_get_their_share_of_the_day() -> None:
    history = known(archive(series(days=60, hours=OFFICE)), 60)
    grid = Grid.days(history.today, history.today + 6, Interval.HOUR, history.series.tz)
    rate = MODEL.fit(history).rate(history, grid)
    assert (rate[~OFFICE.mask(grid)] == 0).all()
    assert rate[grid.slot == 13].sum() > 1.2 * rate[grid.slot == 8].sum()


def test_it_is_in_the_list_of_methods() -> None:
    assert rates(["year_profile"]) == (MODEL,)
