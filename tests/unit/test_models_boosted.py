"""Boosted trees learn habits of days, know where they start from, and do not run after what is over."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.arrays import Floats
from forecast.buckets import Grid, Interval
from forecast.days import Calendar
from forecast.errors import NotEnoughHistory
from forecast.models.boosted import Boosted
from forecast.vintage import Archive, History
from tests.worlds import MONDAY, archive, counts, known, series, working_week

TZ = "Europe/Amsterdam"
USUAL = working_week(30.0)


def ahead(history: History, days: int = 28) -> tuple[Grid, Floats]:
    grid = Grid.days(history.today, history.today + days - 1, Interval.DAY, TZ)
    return grid, Boosted().fit(history).rate(history, grid)


def daily(mean: object, days: int, seed: int = 1) -> Archive:
    return archive(series(counts(mean, seed), days=days + 40, interval=Interval.DAY))  # type: ignore[arg-type]


def test_a_habit_of_the_months_first_days_is_learnt() -> None:
    def mean(grid: Grid) -> Floats:
        first = (
            grid.day.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        )
        return USUAL(grid) * np.where(grid.day - first < 4, 1.4, 1.0)

    history = known(daily(mean, 400), 400)
    grid, found = ahead(history, 35)
    truth = mean(grid)
    busy = (truth > 0) & (truth > 1.2 * USUAL(grid))
    assert busy.any()
    assert 0.85 < found[busy].sum() / truth[busy].sum() < 1.1  # without the habit 0.71
    assert found.sum() / truth.sum() == pytest.approx(1, abs=0.06)


def test_a_new_level_is_followed_from_where_it_stands() -> None:
    def mean(grid: Grid) -> Floats:
        return USUAL(grid) * np.where(grid.day >= MONDAY + 290, 1.5, 1.0)

    grid, found = ahead(known(daily(mean, 318), 318))
    assert found.sum() / mean(grid).sum() == pytest.approx(1, abs=0.08)


def test_a_holiday_never_seen_breaks_nothing() -> None:
    held = daily(USUAL, 200)
    calendar = Calendar(own={MONDAY + 203: "jubilee"})
    grid, found = ahead(known(Archive(held.series, calendar=calendar), 200))
    plain = ahead(known(held, 200))[1]
    assert np.isfinite(found).all()
    assert found[grid.day == MONDAY + 203][0] == pytest.approx(plain[grid.day == MONDAY + 203][0], rel=0.2)


def test_a_storm_that_is_over_does_not_return() -> None:
    def mean(grid: Grid) -> Floats:
        return USUAL(grid) * np.where((grid.day >= MONDAY + 150) & (grid.day < MONDAY + 153), 5.0, 1.0)

    grid, found = ahead(known(daily(mean, 200), 200))
    assert found.sum() / USUAL(grid).sum() == pytest.approx(1, abs=0.06)


def test_two_fits_are_the_same_to_the_bit() -> None:
    history = known(daily(USUAL, 120), 120)
    assert np.array_equal(ahead(history)[1], ahead(history)[1])


def test_ten_days_are_not_enough_for_trees() -> None:
    with pytest.raises(NotEnoughHistory, match="boosted"):
        Boosted().fit(known(daily(USUAL, 10), 10))
