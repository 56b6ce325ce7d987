"""Days on which other hours hold: what is closed gets nothing, what opens gets a sensible number, and neither teaches a level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecast.arrays import Floats
from forecast.buckets import Grid, Interval
from forecast.days import Calendar, Exceptions, OpeningHours
from forecast.models.base import Leads
from forecast.models.day_totals import DayTotals
from forecast.models.dressed import Dressed
from forecast.models.rates import rates
from forecast.vintage import Archive, Series
from tests.worlds import MONDAY, OFFICE, TZ, archive, counts, known, midnight, series, working_week

CLOSED: tuple[tuple[int, int], ...] = ()
SIX_DAYS = OpeningHours(tuple((weekday, 480, 1080, 0) for weekday in range(6)))
NOW = 56  # days of history


def saturdays(grid: Grid) -> Floats:
    """As a working week, and Saturdays half as busy; nothing on Sundays."""
    plain = working_week()(grid)
    hour = grid.slot * (grid.interval.seconds / 3600)
    return np.where((grid.weekday == 5) & (hour >= 8) & (hour < 18), 10.0, plain)


def excepted(one: Series, **spans: tuple[tuple[int, int], ...]) -> Series:
    """The series with exceptions: d55=((600, 960),) for local day MONDAY + 55."""
    found = Exceptions({MONDAY + int(name[1:]): value for name, value in spans.items()})
    if one.hours is None:
        return replace(one, exceptions=found)
    return replace(one, hours=replace(one.hours, exceptions=found))


def expected(held: Archive, first: int, last: int, model: str = "level_profile") -> tuple[Grid, Floats]:
    """Mean contacts per bucket of the days first .. last, from midnight of day NOW."""
    snapshot = held.at(midnight(NOW))
    grid = Grid.days(MONDAY + first, MONDAY + last, Interval.HOUR, TZ)
    fitted = Dressed("one", rates([model])).fit(snapshot)
    return grid, fitted.predict(snapshot, Leads(grid, snapshot.cutoff), draws=200, seed=1).mean()[0]


@pytest.mark.parametrize("given", [True, False])
def test_a_closed_day_ahead_is_forecast_as_zero_and_shorter_hours_as_those_alone(given: bool) -> None:
    one = series(days=NOW, hours=OFFICE if given else None)
    usual = expected(archive(one), NOW, NOW + 4)[1]
    grid, mean = expected(archive(excepted(one, d57=CLOSED, d58=((600, 960),))), NOW, NOW + 4)
    assert mean[grid.day == MONDAY + 57].sum() == 0
    short = grid.day == MONDAY + 58
    inside = short & (grid.slot >= 10) & (grid.slot < 16)
    assert mean[short & ~inside].sum() == 0
    assert mean[inside].sum() == pytest.approx(usual[inside].sum(), rel=0.05)
    assert mean[grid.day == MONDAY + 59].sum() == pytest.approx(
        usual[grid.day == MONDAY + 59].sum(), rel=0.05
    )


@pytest.mark.parametrize("model", ["level_profile", "dhr", "mean8_open"])
def test_an_open_sunday_is_read_off_saturday(model: str) -> None:
    one = series(counts(saturdays), days=NOW, hours=SIX_DAYS)
    grid, mean = expected(archive(excepted(one, d62=((600, 960),))), NOW, NOW + 6, model)
    sunday = (grid.day == MONDAY + 62) & (grid.slot >= 10) & (grid.slot < 16)
    saturday = (grid.day == MONDAY + 61) & (grid.slot >= 10) & (grid.slot < 16)
    assert mean[sunday].sum() == pytest.approx(mean[saturday].sum(), rel=0.1)
    assert mean[(grid.day == MONDAY + 62) & ~sunday].sum() == 0


def test_without_saturdays_an_open_sunday_is_part_of_a_working_day_until_one_was_seen() -> None:
    def world(grid: Grid) -> Floats:
        """One open Sunday in the past, as busy as a quarter of a working day's hours."""
        open_ = (grid.day == MONDAY + 48) & (grid.slot >= 8) & (grid.slot < 18)
        return np.where(open_, 6.0, counts(working_week())(grid))

    one = series(world, days=NOW)
    day = ((480, 1080),)
    grid, first = expected(archive(excepted(one, d62=day)), NOW, NOW + 7)
    _, again = expected(archive(excepted(one, d48=day, d62=day)), NOW, NOW + 7)
    sunday, monday = grid.day == MONDAY + 62, grid.day == MONDAY + 63  # the nearest working day
    assert first[sunday].sum() == pytest.approx(0.6 * first[monday].sum(), rel=0.1)
    assert 0.15 < again[sunday].sum() / again[monday].sum() < 0.3


def test_an_evening_that_opens_once_fades_from_the_last_usual_hour() -> None:
    one = series(days=NOW)
    grid, mean = expected(archive(excepted(one, d57=((480, 1320),))), NOW, NOW + 2)
    evening = mean[(grid.day == MONDAY + 57) & (grid.slot >= 18) & (grid.slot < 22)]
    last = float(mean[(grid.day == MONDAY + 57) & (grid.slot == 17)][0])
    assert (evening > 0).all() and evening[0] < last and evening[-1] < evening[0]


@pytest.mark.parametrize("given", [True, False])
def test_a_past_exception_teaches_no_level(given: bool) -> None:
    """A closed week, a short day and an open Sunday: the same forecast as if these days had been usual."""

    def world(grid: Grid) -> Floats:
        y = counts(working_week())(grid)
        closed = (grid.day >= MONDAY + 42) & (grid.day < MONDAY + 45)
        short = (grid.day == MONDAY + 53) & (grid.slot >= 11)
        sunday = (grid.day == MONDAY + 55) & (grid.slot == 10)
        return np.where(closed | short, 0.0, np.where(sunday, 300.0, y))

    spans = {"d42": CLOSED, "d43": CLOSED, "d44": CLOSED, "d53": ((480, 660),), "d55": ((600, 660),)}
    one = series(world, days=NOW, hours=OFFICE if given else None)
    held = archive(excepted(one, **spans))
    grid, mean = expected(held, NOW, NOW + 6)
    _, usual = expected(archive(series(days=NOW)), NOW, NOW + 6)
    assert mean.sum() == pytest.approx(usual.sum(), rel=0.03)
    assert mean[grid.day == MONDAY + 62].sum() == 0  # the next Sunday is no open one
    history = known(held, NOW)
    totals = DayTotals.of(history, latest=30)
    assert totals.absent[totals.days == MONDAY + 42].all() and totals.absent[totals.days == MONDAY + 55].all()
    full = float(totals.total[totals.days == MONDAY + 46][0])
    assert totals.total[totals.days == MONDAY + 53][0] == pytest.approx(full, rel=0.35)


def test_a_holiday_on_which_the_queue_is_said_to_open_is_not_forecast_as_closed() -> None:
    """A queue that was closed on every holiday; on the next it opens."""
    days = [MONDAY + day for day in (1, 16, 30, 44)]

    def world(grid: Grid) -> Floats:
        return np.where(np.isin(grid.day, days), 0.0, counts(working_week())(grid))

    own = dict.fromkeys([*days, MONDAY + 58], "feast")
    one = series(world, days=NOW)
    closed, opened = (
        replace(archive(each), calendar=Calendar(own=own))
        for each in (one, excepted(one, d58=((480, 1080),)))
    )
    feast = expected(closed, NOW, NOW + 4)[0].day == MONDAY + 58
    assert expected(closed, NOW, NOW + 4)[1][feast].sum() == 0
    assert expected(opened, NOW, NOW + 4)[1][feast].sum() > 50


def test_weeks_closed_by_exceptions_are_no_death_of_the_queue() -> None:
    def world(grid: Grid) -> Floats:
        return np.where(grid.day >= MONDAY + 28, 0.0, counts(working_week())(grid))

    spans = {f"d{day}": CLOSED for day in range(28, 49)}
    one = series(world, days=49, hours=None)
    assert known(archive(one), 49).dead
    assert not known(archive(excepted(one, **spans)), 49).dead


def test_the_queue_s_own_exception_goes_before_that_of_all() -> None:
    rows = pd.DataFrame(
        {
            "queue": ["", "calls", "calls", "mail"],
            "date": pd.to_datetime(["2024-05-09"] * 4, utc=True),
            "opens": ["", "10:00", "14:00", ""],
            "closes": ["", "12:00", "16:00", ""],
            "name": ["Ascension Day"] * 4,
        }
    )
    day = int(np.datetime64("2024-05-09", "D").astype(np.int64))
    assert Exceptions.of(rows, "calls").spans[day] == ((600, 720), (840, 960))
    assert Exceptions.of(rows, "other").closed == {day}
    assert not Exceptions.of(rows.iloc[1:], "other")


def test_a_daily_bucket_is_open_at_all_or_not_by_an_exception() -> None:
    grid = Grid.days(MONDAY, MONDAY + 6, Interval.DAY, TZ)
    hours = replace(OFFICE, exceptions=Exceptions({MONDAY: CLOSED, MONDAY + 6: ((600, 960),)}))
    assert hours.mask(grid).tolist() == [False, True, True, True, True, False, True]
