"""Hours that change, clocks that change, days that are missing or closed: none of them bends what is expected."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from forecast import catalogue
from forecast.arrays import Floats
from forecast.buckets import Grid, Interval
from forecast.days import Calendar, OpeningHours
from forecast.models.base import Leads, Paths
from forecast.models.day_totals import DayTotals
from forecast.models.full_days import filled
from forecast.vintage import Archive, by_day
from tests.worlds import (
    MONDAY,
    OFFICE,
    TZ,
    Mean,
    archive,
    counts,
    known,
    midnight,
    series,
    working_week,
)

CHANGE = 98  # a Monday after the clock change of spring
DAYS = 160
METHODS = ("level_profile", "champion")
ROUND_THE_CLOCK = OpeningHours(tuple((weekday, 0, 1440, 0) for weekday in range(7)))
AUTUMN = int(np.datetime64("2024-10-27", "D").astype(int)) - MONDAY
SPRING = int(np.datetime64("2024-03-31", "D").astype(int)) - MONDAY


def hours(before: tuple[int, int], after: tuple[int, int], *, saturday: bool = False) -> OpeningHours:
    """Open on weekdays between two hours, other ones from the day CHANGE on, and then perhaps on Saturdays too."""
    rows = [(weekday, before[0] * 60, before[1] * 60, 0) for weekday in range(5)]
    days = range(6 if saturday else 5)
    return OpeningHours((*rows, *((day, after[0] * 60, after[1] * 60, MONDAY + CHANGE) for day in days)))


def demand(grid: Grid) -> Floats:
    """Contacts there would be at any hour of a working day or Saturday: a hump that tails off in the evening."""
    hour = grid.slot * grid.interval.seconds / 3600
    late = np.maximum(0.5, 1 - 0.15 * (hour - 18))
    hump = np.where(hour >= 18, late, 1 + 0.5 * np.sin(np.pi * (hour - 8) / 10))
    return np.where(grid.weekday < 6, 20 * hump * (1 + 0.3 * (grid.weekday == 0)), 0.0)


def night(grid: Grid) -> Floats:
    """Contacts round the clock, every day; forty an hour at night."""
    hour = grid.slot * grid.interval.seconds / 3600
    return 60 * (1 + 0.33 * np.sin(2 * np.pi * (hour - 9) / 24)) * (1 + 0.2 * (grid.weekday == 0))


def opened(mean: Mean, when: OpeningHours) -> Mean:
    """What is left of it in the opening hours."""
    return lambda grid: np.where(when.mask(grid), mean(grid), 0.0)


def forecast(held: Archive, day: int, method: str, *, ahead: int = 7, draws: int = 200) -> Paths:
    """The next days of `calls` as seen from the start of that day."""
    snapshot = held.at(midnight(day)).only("calls")
    leads = Leads.days(snapshot, "calls", ahead)
    return catalogue.model(method).fit(snapshot).predict(snapshot, leads, draws=draws, seed=1)


def table(grid: Grid, values: Floats, day: int, *, days: int = 7) -> Floats:
    """float[days, slots] from that day on; 0 where there is no bucket."""
    return np.nan_to_num(by_day(grid, values, first=MONDAY + day, last=MONDAY + day + days - 1))


def means(held: Archive, day: int, method: str) -> Floats:
    """Contacts expected, float[7, slots]."""
    paths = forecast(held, day, method)
    return table(paths.grid, paths.mean()[0], day)


def truth(mean: Mean, day: int) -> Floats:
    """Contacts that are to be expected, float[7, slots]."""
    grid = Grid.days(MONDAY + day, MONDAY + day + 6, Interval.HOUR, TZ)
    return table(grid, mean(grid), day)


@pytest.mark.parametrize("method", METHODS)
class TestHoursThatChange:
    @pytest.mark.parametrize("after", [(8, 21), (7, 20)])
    def test_longer_hours_get_contacts_before_any_were_seen_and_the_right_ones_after(
        self, method: str, after: tuple[int, int]
    ) -> None:
        when = hours((8, 18), after)
        mean = opened(demand, when)
        held = archive(series(counts(mean), days=DAYS, hours=when))
        new = np.ones(24, dtype=bool)
        new[8:18] = False
        for day in (CHANGE - 7, CHANGE - 3, CHANGE, CHANGE + 2, CHANGE + 7, CHANGE + 21):
            found, right = means(held, day, method), truth(mean, day)
            assert found[:, ~new].sum() == pytest.approx(right[:, ~new].sum(), rel=0.08)
            assert found[:, new].sum() == pytest.approx(
                right[:, new].sum(), rel=0.25 if day < CHANGE + 7 else 0.12
            )
            assert (found[right == 0] == 0).all()

    def test_shorter_hours_leave_the_other_slots_as_they_were(self, method: str) -> None:
        when = hours((8, 21), (8, 18))
        mean = opened(demand, when)
        held = archive(series(counts(mean), days=DAYS, hours=when))
        for day in (CHANGE - 3, CHANGE, CHANGE + 7, CHANGE + 28):
            found, right = means(held, day, method), truth(mean, day)
            assert found.sum() == pytest.approx(right.sum(), rel=0.06)
            assert (found[right == 0] == 0).all()

    def test_a_new_weekday_is_like_the_others_until_it_is_known(self, method: str) -> None:
        when = hours((8, 18), (9, 17), saturday=True)
        mean = opened(demand, when)
        held = archive(series(counts(mean), days=DAYS, hours=when))
        for day, off in ((CHANGE - 5, 0.35), (CHANGE, 0.35), (CHANGE + 28, 0.12)):
            found, right = means(held, day, method), truth(mean, day)
            saturday = (MONDAY + day + np.arange(7)) % 7 == 2  # 1970-01-03 was a Saturday
            assert found[saturday].sum() == pytest.approx(right[saturday].sum(), rel=off)
            assert found[~saturday].sum() == pytest.approx(right[~saturday].sum(), rel=0.07)

    @pytest.mark.parametrize("given", [OFFICE, None])
    def test_closed_slots_are_zero_in_every_path(self, method: str, given: OpeningHours | None) -> None:
        held = archive(series(days=DAYS, hours=given))
        snapshot = held.at(midnight(DAYS - 9) + 11 * 3600 * 10**9).only("calls")
        leads = Leads.days(snapshot, "calls", 14)
        paths = catalogue.model(method).fit(snapshot).predict(snapshot, leads, draws=200, seed=1)
        closed = ~OFFICE.mask(paths.grid)
        assert paths.values[0, closed].max() == 0
        assert paths.values[0, ~closed].mean() > 15


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("given", [ROUND_THE_CLOCK, None])
class TestClockChanges:
    def held(self, day: int, given: OpeningHours | None) -> Archive:
        return archive(series(counts(night), first=MONDAY + day - 84, days=120, hours=given))

    @pytest.mark.parametrize("ahead", [0, 3])
    def test_each_of_the_repeated_hours_is_a_usual_one(
        self, method: str, given: OpeningHours | None, ahead: int
    ) -> None:
        paths = forecast(self.held(AUTUMN, given), AUTUMN - ahead, method)
        grid, mean = paths.grid, paths.mean()[0]
        today = grid.day == MONDAY + AUTUMN
        twice = today & (grid.slot == 2)
        assert (today.sum(), twice.sum()) == (25, 2)
        assert mean[twice] == pytest.approx(night(grid)[twice], rel=0.3)
        assert mean[today].sum() == pytest.approx(night(grid)[today].sum(), rel=0.07)

    @pytest.mark.parametrize("ahead", [0, 3])
    def test_spring_has_no_missing_hour_and_the_others_are_usual(
        self, method: str, given: OpeningHours | None, ahead: int
    ) -> None:
        paths = forecast(self.held(SPRING, given), SPRING - ahead, method)
        grid, mean = paths.grid, paths.mean()[0]
        today = grid.day == MONDAY + SPRING
        assert today.sum() == 23 and 2 not in grid.slot[today]
        assert mean[today].sum() == pytest.approx(night(grid)[today].sum(), rel=0.07)

    @pytest.mark.parametrize("change", [SPRING, AUTUMN])
    def test_a_day_of_23_or_25_hours_does_not_bend_the_days_after(
        self, method: str, given: OpeningHours | None, change: int
    ) -> None:
        held = self.held(change, given)
        for day in (change + 1, change + 7):
            found = means(held, day, method).sum()
            assert found == pytest.approx(truth(night, day).sum(), rel=0.05)


def test_a_day_without_an_hour_counts_as_a_full_one() -> None:
    """Five contacts in every hour: 120 a day, also on the days of 23 and 25 hours."""
    held = archive(series(lambda grid: np.full(len(grid), 5.0), days=320, hours=ROUND_THE_CLOCK))
    totals = DayTotals.of(known(held, 310), latest=310)
    np.testing.assert_allclose(totals.total, 120.0)


def without(mean: Mean, days: range, value: float) -> Mean:
    """The same, but for some days."""
    return lambda grid: np.where(np.isin(grid.day - MONDAY, days), value, mean(grid))


@pytest.mark.parametrize("method", METHODS)
class TestGaps:
    """A week from Monday 98 on is missing; seen on the days after, against the same world without the gap."""

    GAP = range(98, 105)

    def weeks(
        self, method: str, change: Callable[[Mean], Mean], calendar: Calendar | None, **facts: object
    ) -> None:
        contacts = counts(working_week())
        whole = archive(series(contacts, days=DAYS, **facts))  # type: ignore[arg-type]
        holed = archive(series(change(contacts), days=DAYS, **facts))  # type: ignore[arg-type]
        holed = Archive(holed.series, calendar=calendar or Calendar())
        for day in (105, 106, 110, 118):
            found, right = means(holed, day, method).sum(), means(whole, day, method).sum()
            assert found == pytest.approx(right, rel=0.05), day

    @pytest.mark.parametrize("given", [OFFICE, None])
    def test_a_week_without_rows_does_not_bend_the_level(
        self, method: str, given: OpeningHours | None
    ) -> None:
        self.weeks(method, lambda mean: without(mean, self.GAP, np.nan), None, hours=given)
        self.weeks(
            method, lambda mean: without(mean, self.GAP, np.nan), None, hours=given, absent_is_zero=False
        )

    def test_a_week_that_says_zero_does_not_either(self, method: str) -> None:
        self.weeks(method, lambda mean: without(mean, self.GAP, 0.0), None)

    def test_a_holiday_closure_does_not_either(self, method: str) -> None:
        closed = Calendar(own={MONDAY + day: "Works holiday" for day in range(98, 103)})
        self.weeks(method, lambda mean: without(mean, self.GAP, 0.0), closed)


class TestFullDays:
    WEEKDAYS = np.zeros(4, dtype=np.int64)

    def test_what_is_known_stays_and_what_is_asked_for_is_filled_in_proportion(self) -> None:
        y = np.array([[10.0, 30.0, 10.0], [20.0, 60.0, 20.0], [5.0, 15.0, 0.0], [0.0, 90.0, 30.0]])
        seen = y > 0
        found = filled(y, seen, np.ones_like(seen), self.WEEKDAYS)
        np.testing.assert_allclose(found[2], [5, 15, 5], rtol=1e-3)
        np.testing.assert_allclose(found[3], [30, 90, 30], rtol=1e-3)
        np.testing.assert_array_equal(found[seen], y[seen])

    def test_slots_nobody_asked_for_stay_empty(self) -> None:
        y = np.tile([0.0, 8.0, 8.0, 0.0], (4, 1))
        asked = np.tile([False, True, True, True], (4, 1))
        found = filled(y, y > 0, asked, self.WEEKDAYS)
        assert (found[:, 0] == 0).all() and (found[:, 3] > 0).all()

    def test_a_slot_never_seen_fades_with_the_hours_from_the_nearest(self) -> None:
        y = np.zeros((4, 24))
        y[:, 8:18] = 12.0
        found = filled(y, y > 0, np.ones(y.shape, dtype=bool), self.WEEKDAYS)
        np.testing.assert_allclose(
            found[0, [18, 20, 23, 5]], 12 * 0.5 ** (np.array([1, 3, 6, 3]) / 3), rtol=1e-6
        )


def test_hours_ever_open_are_those_of_any_time() -> None:
    ever = hours((8, 18), (7, 20), saturday=True).ever(24)
    assert np.flatnonzero(ever[0]).tolist() == list(range(7, 20))
    assert ever[5].sum() == 13 and not ever[6].any()
