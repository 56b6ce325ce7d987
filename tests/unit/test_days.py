"""What is known ahead about days: hours, holidays, special days; and what the hours of a queue are inferred to be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecast.arrays import Floats
from forecast.buckets import Grid, Interval
from forecast.days import Calendar, OpeningHours, country_of, minutes
from forecast.errors import InputError
from tests.worlds import HOUR, MONDAY, TZ, archive, counts, known, midnight, series, working_week


def day(date: str) -> int:
    return int(np.datetime64(date, "D").astype(np.int64))


def hours(*rows: tuple[object, ...]) -> OpeningHours:
    return OpeningHours.from_frame(pd.DataFrame(rows, columns=["weekday", "opens", "closes", "valid_from"]))


def open_hours(opening: OpeningHours, date: str) -> list[int]:
    grid = Grid.days(day(date), day(date), Interval.HOUR, TZ)
    return grid.slot[opening.mask(grid)].tolist()


def test_hours_are_half_open_and_24_00_is_the_end_of_the_day() -> None:
    opening = hours((0, "08:00", "12:00", None), (0, "13:00", "24:00", None), (1, "00:00", "24:00", None))
    assert open_hours(opening, "2024-05-13") == [*range(8, 12), *range(13, 24)]
    assert open_hours(opening, "2024-05-14") == list(range(24))
    assert open_hours(opening, "2024-05-15") == []


def test_new_hours_count_from_the_day_they_are_valid() -> None:
    opening = hours(
        (0, "08:00", "18:00", None),
        (1, "08:00", "18:00", None),
        (0, "10:00", "14:00", pd.Timestamp("2024-05-20")),
    )
    assert open_hours(opening, "2024-05-13") == list(range(8, 18))
    assert open_hours(opening, "2024-05-14") == list(range(8, 18))
    assert open_hours(opening, "2024-05-20") == list(range(10, 14))
    assert open_hours(opening, "2024-05-21") == []  # the new set names no Tuesday


def test_hours_apply_to_daily_data_by_weekday() -> None:
    grid = Grid.days(day("2024-05-13"), day("2024-05-19"), Interval.DAY, TZ)
    assert hours((0, "08:00", "18:00", None), (4, "08:00", "12:00", None)).mask(grid).tolist() == [
        weekday in (0, 4) for weekday in range(7)
    ]


@pytest.mark.parametrize("clock", ["25:00", "24:01", "08:60", "half past", "-1:00"])
def test_what_is_no_time_of_day_is_refused(clock: str) -> None:
    with pytest.raises(InputError):
        minutes(clock)


def test_times_of_day_are_minutes() -> None:
    assert [minutes(clock) for clock in ("00:00", "08:30", "24:00", "8:05:00")] == [0, 510, 1440, 485]


def test_without_hours_the_last_eight_weeks_tell_when_a_queue_is_open() -> None:
    def moved(grid: Grid) -> Floats:
        """Open 8 to 18 at first; from the third week on 10 to 16."""
        late = (grid.slot >= 10) & (grid.slot < 16) | (grid.day < MONDAY + 14)
        return np.where(late, counts(working_week())(grid), 0.0)

    held = archive(series(moved, days=80, hours=None))
    week = Grid.days(MONDAY + 77, MONDAY + 83, Interval.HOUR, TZ)
    for days, opens in ((66, 8), (77, 10)):
        opening = known(held, days).opening(week)
        assert set(week.slot[opening].tolist()) == set(range(opens, 18 if opens == 8 else 16))
        assert not opening[week.weekday >= 5].any()


def test_the_inferred_hours_of_the_past_are_those_of_their_own_weeks() -> None:
    def moved(grid: Grid) -> Floats:
        late = (grid.slot >= 10) | (grid.day < MONDAY + 14)
        return np.where(late, counts(working_week())(grid), 0.0)

    history = known(archive(series(moved, days=98, hours=None)), 98)
    nine = history.grid.slot == 9
    assert history.open[nine & (history.grid.day == MONDAY + 1)].all()
    assert not history.open[nine & (history.grid.day == MONDAY + 92)].any()


def test_hours_are_inferred_from_what_the_cutoff_knew_and_not_from_the_whole_file() -> None:
    def saturdays_from_now_on(grid: Grid) -> Floats:
        busy = (grid.weekday == 5) & (grid.day >= MONDAY + 40) & (grid.slot == 10)
        return np.where(busy, 30.0, counts(working_week())(grid))

    held = archive(series(saturdays_from_now_on, days=60, hours=None))
    saturday = Grid.days(MONDAY + 61, MONDAY + 61, Interval.HOUR, TZ)
    assert not known(held, 40).opening(saturday).any()
    assert known(held, 60).opening(saturday).sum() == 1


@pytest.mark.parametrize(("level", "closed"), [(20.0, True), (0.05, False)])
def test_a_whole_absent_day_is_closed_only_where_that_is_improbable(level: float, closed: bool) -> None:
    def strike(grid: Grid) -> Floats:
        return np.where(grid.day == MONDAY + 23, 0.0, counts(working_week(level))(grid))

    history = known(archive(series(strike)), 49)
    absent = history.grid.day == MONDAY + 23
    assert history.open[absent & (history.grid.slot == 10)].any() == (not closed)
    assert history.open[(history.grid.day == MONDAY + 24) & (history.grid.slot == 10)].all()


def test_a_day_that_has_only_begun_is_not_absent() -> None:
    held = archive(series(lambda grid: np.where(grid.slot < 9, 0.0, counts(working_week())(grid))))
    history = held.at(midnight(44) + 9 * HOUR).history("calls")
    assert history.open[(history.grid.day == MONDAY + 44) & (history.grid.slot == 8)].all()


def test_dutch_holidays_are_known_years_ahead() -> None:
    calendar = Calendar.of(country="NL")
    dates = ["2024-04-27", "2024-04-28", "2024-12-25", "2031-04-26", "2031-04-27"]
    found = [bool(name) for name in calendar.names([day(date) for date in dates])]
    assert found == [True, False, True, True, False]  # King's Day moves to Saturday when the 27th is a Sunday
    assert calendar.special(np.array([day(date) for date in dates])).tolist() == found


def test_the_planners_own_days_go_before_public_ones_and_may_last() -> None:
    rows = pd.DataFrame(
        {
            "date": [pd.Timestamp("2024-12-25", tz="UTC"), pd.Timestamp("2024-06-03", tz="UTC")],
            "name": ["open house", "move"],
            "kind": ["recurring", "once"],
            "until": [pd.NaT, pd.Timestamp("2024-06-05", tz="UTC")],
        }
    )
    calendar = Calendar.of(rows, country="NL")
    june = [day("2024-06-03") + number for number in range(4)]
    assert calendar.names([day("2024-12-25")]) == ["open house"]
    assert calendar.names(june) == ["move", "move", "move", ""]
    assert calendar.once == frozenset(june[:3])


def test_a_country_without_holidays_is_refused_where_it_is_named() -> None:
    with pytest.raises(InputError, match="ISO 3166"):
        Calendar.of(country="XX")


@pytest.mark.parametrize(
    ("tz", "country"),
    [("Europe/Amsterdam", "NL"), ("America/New_York", "US"), ("Asia/Tokyo", "JP"), ("UTC", None)],
)
def test_a_zone_tells_its_country(tz: str, country: str | None) -> None:
    assert country_of(tz) == country
