"""Buckets are right at both clock changes, in Amsterdam and in New York."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from forecast.buckets import (
    SECOND,
    Grid,
    Interval,
    day_start,
    end,
    floor,
    from_ns,
    index,
    local_day,
    to_ns,
    zone,
)
from forecast.errors import InputError, UnknownZone

CHANGES = [  # zone, day of spring, day of autumn, the hour that is skipped, the hour that comes twice
    ("Europe/Amsterdam", "2024-03-31", "2024-10-27", 2, 2),
    ("America/New_York", "2024-03-10", "2024-11-03", 2, 1),
]


def day(date: str) -> int:
    return int(np.datetime64(date, "D").astype(np.int64))


def ns(text: str, tz: str) -> int:
    return to_ns(pd.Timestamp(text, tz=tz))


@pytest.mark.parametrize(("tz", "spring", "autumn", "skipped", "twice"), CHANGES)
@pytest.mark.parametrize("interval", [Interval.QUARTER, Interval.HALF_HOUR, Interval.HOUR])
def test_the_repeated_hour_is_there_twice_and_the_missing_one_not(
    tz: str, spring: str, autumn: str, skipped: int, twice: int, interval: Interval
) -> None:
    per_hour = 3600 // interval.seconds
    short, long = (Grid.days(day(date), day(date), interval, tz) for date in (spring, autumn))
    assert len(short) == 23 * per_hour
    assert len(long) == 25 * per_hour
    assert not np.isin(short.slot // per_hour, [skipped]).any()
    assert np.bincount(long.slot // per_hour).tolist() == [
        per_hour * (2 if hour == twice else 1) for hour in range(24)
    ]
    for grid in (short, long):
        assert (np.diff(grid.ds) == interval.seconds * SECOND).all()
        assert (grid.day == grid.day[0]).all()


@pytest.mark.parametrize(("tz", "spring", "autumn", "skipped", "twice"), CHANGES)
def test_a_day_ends_where_the_next_begins_though_it_has_23_or_25_hours(
    tz: str, spring: str, autumn: str, skipped: int, twice: int
) -> None:
    for date, hours in ((spring, 23), (autumn, 25)):
        start = day_start([day(date)], tz)
        (until,) = end(start, Interval.DAY, tz)
        assert until == day_start([day(date) + 1], tz)[0]
        assert until - start[0] == hours * 3600 * SECOND
        inside = np.arange(start[0], until, 900 * SECOND)
        assert (floor(inside, Interval.DAY, tz) == start[0]).all()
        assert floor(np.array([until]), Interval.DAY, tz)[0] == until


@pytest.mark.parametrize(("tz", "spring", "autumn", "skipped", "twice"), CHANGES)
def test_the_repeated_hour_keeps_its_two_buckets_apart(
    tz: str, spring: str, autumn: str, skipped: int, twice: int
) -> None:
    grid = Grid.days(day(autumn), day(autumn), Interval.HOUR, tz)
    both = grid.ds[grid.slot == twice]
    assert len(both) == 2
    np.testing.assert_array_equal(floor(both + 1799 * SECOND, Interval.HOUR, tz), both)
    np.testing.assert_array_equal(end(both, Interval.HOUR, tz), both + 3600 * SECOND)


@pytest.mark.parametrize(
    ("interval", "moment", "begins", "ends"),
    [
        (Interval.QUARTER, "2024-05-15 13:44:59", "2024-05-15 13:30", "2024-05-15 13:45"),
        (Interval.HALF_HOUR, "2024-05-15 13:44:59", "2024-05-15 13:30", "2024-05-15 14:00"),
        (Interval.HOUR, "2024-05-15 13:59", "2024-05-15 13:00", "2024-05-15 14:00"),
        (Interval.DAY, "2024-05-15 23:59", "2024-05-15", "2024-05-16"),
        (Interval.DAY, "2024-05-15 00:00", "2024-05-15", "2024-05-16"),
        (Interval.WEEK, "2024-05-15 13:00", "2024-05-13", "2024-05-20"),
        (Interval.WEEK, "2024-05-13 00:00", "2024-05-13", "2024-05-20"),
        (Interval.WEEK, "2024-03-31 12:00", "2024-03-25", "2024-04-01"),
        (Interval.MONTH, "2024-02-29 12:00", "2024-02-01", "2024-03-01"),
        (Interval.MONTH, "2024-12-31 23:59", "2024-12-01", "2025-01-01"),
        (Interval.MONTH, "2024-10-31 12:00", "2024-10-01", "2024-11-01"),
    ],
)
@pytest.mark.parametrize("tz", ["Europe/Amsterdam", "America/New_York", "Asia/Kolkata"])
def test_a_moment_lies_in_the_local_bucket_a_planner_expects(
    interval: Interval, moment: str, begins: str, ends: str, tz: str
) -> None:
    start = floor(np.array([ns(moment, tz)]), interval, tz)
    assert start[0] == ns(begins, tz)
    assert end(start, interval, tz)[0] == ns(ends, tz)


def test_a_local_day_is_the_planners_and_not_that_of_greenwich() -> None:
    late = ns("2024-05-15 00:30", "Europe/Amsterdam")
    assert local_day(late, "Europe/Amsterdam") == day("2024-05-15")
    assert local_day(late, "UTC") == day("2024-05-14")
    assert local_day(late, "America/New_York") == day("2024-05-14")


def test_no_moments_are_no_buckets() -> None:
    none = np.array([], dtype=np.int64)
    assert len(floor(none, Interval.DAY, "UTC")) == len(end(none, Interval.DAY, "UTC")) == 0
    assert len(Grid.of(none, Interval.HOUR, "UTC")) == 0


def test_weekdays_count_from_monday() -> None:
    grid = Grid.days(day("2024-05-13"), day("2024-05-19"), Interval.DAY, "Europe/Amsterdam")
    assert grid.weekday.tolist() == list(range(7))


@pytest.mark.parametrize(
    ("text", "interval"), [("hour", "1h"), ("60min", "1h"), ("24h", "1d"), ("15min", "15min"), ("week", "1w")]
)
def test_intervals_are_read_as_people_write_them(text: str, interval: str) -> None:
    assert str(Interval.parse(text)) == interval


def test_an_unknown_interval_and_an_unknown_zone_are_refused_with_what_to_do() -> None:
    with pytest.raises(InputError, match="15min"):
        Interval.parse("7min")
    with pytest.raises(UnknownZone, match="Europe/Amsterdam"):
        zone("Europe/Amsterdm")


def test_a_naive_moment_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="naive"):
        to_ns(dt.datetime(2024, 1, 1))
    assert from_ns(to_ns(dt.datetime(2024, 1, 1, tzinfo=dt.UTC))) == pd.Timestamp("2024-01-01", tz="UTC")
    assert index(np.array([0], dtype=np.int64))[0] == pd.Timestamp("1970-01-01", tz="UTC")
