"""The naive bars give what a planner would work out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.buckets import Grid, Interval, day_start
from forecast.models.base import RateModel
from forecast.models.naive import Mean8, Mean8Open, Median8, SeasonalNaive
from forecast.vintage import Archive, History, Series, Versions

MONDAY = int(np.datetime64("2024-01-01", "D").astype(np.int64))


def nine_mondays(*, cutoff_hour: int = 0, hour: int = 10) -> History:
    """Nine weeks of an hourly queue: 10, 20 .. 90 contacts on Monday at ten, except none on the seventh Monday."""
    grid = Grid.days(MONDAY, MONDAY + 62, Interval.HOUR, "UTC")
    week = (grid.day - MONDAY) // 7
    y = np.where((grid.weekday == 0) & (grid.slot == hour), 10.0 * (week + 1) * (week != 6), 0.0)
    y = np.where((grid.weekday == 1) & (grid.slot == 10), 5.0, y)
    offered = Versions.of(grid.ds, y, grid.ds + 3_600_000_000_000)
    cutoff = int(day_start([MONDAY + 63], "UTC")[0]) + cutoff_hour * 3_600_000_000_000
    return Archive({"q": Series("q", Interval.HOUR, "UTC", offered)}).at(cutoff).history("q")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (SeasonalNaive(), 90.0),
        (Mean8(), (20 + 30 + 40 + 50 + 60 + 0 + 80 + 90) / 8),
        (Mean8Open(), (20 + 30 + 40 + 50 + 60 + 80 + 90) / 7),
        (Median8(), 50.0),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_last_eight_weeks_count_and_repeat(model: RateModel, expected: float) -> None:
    history = nine_mondays()
    grid = Grid.days(MONDAY + 63, MONDAY + 76, Interval.HOUR, "UTC")
    rate = model.fit(history).rate(history, grid)
    at_ten = (grid.weekday == 0) & (grid.slot == 10)
    np.testing.assert_allclose(rate[at_ten], [expected, expected])
    assert rate.sum() == pytest.approx(2 * expected + 2 * 5)


def test_last_week_is_used_for_what_of_today_is_not_yet_known() -> None:
    history = nine_mondays(cutoff_hour=9)
    grid = Grid.days(MONDAY + 63, MONDAY + 63, Interval.HOUR, "UTC")
    assert SeasonalNaive().fit(history).rate(history, grid)[10] == 90
