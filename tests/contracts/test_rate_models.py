"""What every rate model keeps, run on all of them from one list."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from forecast.arrays import Floats
from forecast.buckets import Grid, Interval, day_start, end, local_day, to_ns
from forecast.days import Calendar, OpeningHours
from forecast.errors import NotEnoughHistory
from forecast.models.base import RateModel
from forecast.models.boosted import Boosted
from forecast.models.dhr import Dhr
from forecast.models.ets import Ets
from forecast.models.naive import Mean8, Mean8Open, Median8, SeasonalNaive
from forecast.models.prophet_rate import ProphetRate
from forecast.models.year_profile import YearProfile
from forecast.vintage import Archive, Driver, History, Series, Versions

MODELS: list[RateModel] = [
    SeasonalNaive(),
    Mean8(),
    Mean8Open(),
    Median8(),
    Ets(),
    Boosted(),
    Dhr(),
    YearProfile(),
    ProphetRate(),
]
TZ = "Europe/Amsterdam"
HOURS = OpeningHours(tuple((weekday, 8 * 60, 18 * 60, 0) for weekday in range(5)))
Volume = Callable[[Grid], Floats]


@pytest.fixture(params=MODELS, ids=lambda model: model.name)
def model(request: pytest.FixtureRequest) -> RateModel:
    found: RateModel = request.param
    return found


def usual(grid: Grid) -> Floats:
    """A plain working week: Mondays busier, a hump in the day, Poisson noise."""
    mean = 20.0 * (1 + 0.3 * (grid.weekday == 0)) * (1 + 0.5 * np.sin(np.pi * grid.slot / max(grid.slots, 2)))
    noisy = np.random.default_rng(7).poisson(mean).astype(np.float64)
    return np.where(grid.weekday < 5, noisy, 0.0)


def archive(
    volume: Volume = usual,
    *,
    days: int = 63,
    first: str = "2024-02-05",
    interval: Interval = Interval.HALF_HOUR,
    hours: OpeningHours | None = HOURS,
    zero: bool = True,
    calendar: Calendar | None = None,
) -> Archive:
    """An archive of one series, known at the end of each bucket; nothing is offered in closed buckets."""
    begin = int(np.datetime64(first, "D").astype(np.int64))
    grid = Grid.days(begin, begin + days - 1, interval, TZ)
    y = volume(grid)
    if hours is not None:
        y = np.where(hours.mask(grid), y, 0.0)
    held = (y > 0) | np.isin(np.arange(len(y)), [0, len(y) - 1]) if zero else ~np.isnan(y)
    offered = Versions.of(grid.ds[held], y[held], end(grid.ds, interval, TZ)[held])
    series = Series("calls", interval, TZ, offered, hours=hours, absent_is_zero=zero)
    return Archive({"calls": series}, calendar=calendar or Calendar(country="NL"))


def known(held: Archive, day: str) -> History:
    """The series as known at local midnight of `day`."""
    return held.at(int(day_start([np.datetime64(day, "D").astype(np.int64)], TZ)[0])).history("calls")


def ahead(history: History, days: int = 7) -> Grid:
    return Grid.days(history.today, history.today + days - 1, history.series.interval, TZ)


def sound(rate: Floats, grid: Grid, history: History) -> None:
    assert rate.shape == (len(grid),)
    assert np.isfinite(rate).all()
    assert (rate >= 0).all()
    assert (rate[~history.opening(grid)] == 0).all()


@pytest.mark.parametrize("interval", [Interval.HALF_HOUR, Interval.DAY])
def test_gives_a_rate_for_exactly_the_buckets_asked_and_none_when_closed(
    model: RateModel, interval: Interval
) -> None:
    history = known(archive(interval=interval), "2024-04-08")
    grid = ahead(history, 14)
    rate = model.fit(history).rate(history, grid)
    sound(rate, grid, history)
    expected = usual(grid)[history.opening(grid)].sum()
    assert rate.sum() == pytest.approx(expected, rel=0.15)

    some = grid.take(np.arange(3, len(grid), 5))
    np.testing.assert_allclose(model.fit(history).rate(history, some), rate[3::5], rtol=1e-9, atol=1e-9)


def test_fitting_and_predicting_twice_gives_the_same_and_changes_nothing(model: RateModel) -> None:
    history = known(archive(), "2024-04-08")
    y, open_, grid = history.y.copy(), history.open.copy(), ahead(history)
    fitted = model.fit(history)
    first = fitted.rate(history, grid)
    np.testing.assert_array_equal(fitted.rate(history, grid), first)
    np.testing.assert_array_equal(model.fit(history).rate(history, grid), first)
    np.testing.assert_array_equal(history.y, y)
    np.testing.assert_array_equal(history.open, open_)


def test_what_became_known_later_changes_nothing(model: RateModel) -> None:
    full = archive(lambda grid: usual(grid) * np.where(grid.day >= local_day(CUT, TZ), 9.0, 1.0))
    series = full.series["calls"]
    held = series.offered.until(CUT)
    cut = Archive({"calls": Series("calls", series.interval, TZ, held, hours=HOURS)}, calendar=full.calendar)
    history, truncated = full.at(CUT).history("calls"), cut.at(CUT).history("calls")
    grid = ahead(history)
    np.testing.assert_array_equal(
        model.fit(history).rate(history, grid), model.fit(truncated).rate(truncated, grid)
    )


CUT = to_ns(pd.Timestamp("2024-03-26 11:00", tz=TZ))


def test_predicts_from_a_later_history_than_it_was_fitted_on(model: RateModel) -> None:
    held = archive()
    fitted = model.fit(known(held, "2024-04-01"))
    for day in ("2024-04-02", "2024-04-06", "2024-04-08"):
        later = known(held, day)
        grid = ahead(later)
        rate = fitted.rate(later, grid)
        sound(rate, grid, later)
        assert rate.sum() == pytest.approx(usual(grid)[later.opening(grid)].sum(), rel=0.2)


@pytest.mark.parametrize("days", [0, 1, 3, 8, 16, 24])
def test_a_short_history_works_or_is_refused_with_the_reason(model: RateModel, days: int) -> None:
    held = archive(days=max(days, 1))
    first = np.datetime64("2024-02-05") + days
    history = known(held, str(first))
    grid = ahead(history)
    try:
        rate = model.fit(history).rate(history, grid)
    except NotEnoughHistory as refused:
        assert "calls" in refused.message
        assert refused.remedy
    else:
        sound(rate, grid, history)


@pytest.mark.parametrize("interval", [Interval.HOUR, Interval.DAY])
def test_a_constant_history_is_continued(model: RateModel, interval: Interval) -> None:
    history = known(archive(lambda grid: np.full(len(grid), 12.0), interval=interval), "2024-04-08")
    grid = ahead(history)
    rate = model.fit(history).rate(history, grid)
    sound(rate, grid, history)
    np.testing.assert_allclose(rate[history.opening(grid)], 12.0, rtol=0.1)


@pytest.mark.parametrize("hours", [HOURS, None], ids=["hours given", "hours inferred"])
def test_a_history_of_zeros_gives_zeros_or_is_refused(model: RateModel, hours: OpeningHours | None) -> None:
    history = known(archive(lambda grid: np.zeros(len(grid)), hours=hours), "2024-04-08")
    grid = ahead(history)
    try:
        rate = model.fit(history).rate(history, grid)
    except NotEnoughHistory:
        return
    sound(rate, grid, history)
    assert rate.sum() < 0.01


def test_gaps_are_unknown_and_not_zero(model: RateModel) -> None:
    def gappy(grid: Grid) -> Floats:
        gone = np.random.default_rng(3).random(len(grid)) < 0.04
        week = (grid.day >= grid.day[0] + 35) & (grid.day < grid.day[0] + 42)
        return np.where(gone | week, np.nan, usual(grid))

    history = known(archive(gappy, zero=False), "2024-04-08")
    assert np.isnan(history.y).any()
    grid = ahead(history)
    rate = model.fit(history).rate(history, grid)
    sound(rate, grid, history)
    assert rate.sum() == pytest.approx(usual(grid)[history.opening(grid)].sum(), rel=0.2)


@pytest.mark.parametrize("monday", ["2024-03-25", "2024-10-21"])
def test_both_weeks_of_the_clock_change_have_all_their_buckets(model: RateModel, monday: str) -> None:
    def round_the_clock(grid: Grid) -> Floats:
        return np.random.default_rng(1).poisson(10 + 5 * (grid.slot > 9)).astype(np.float64)

    start = str(np.datetime64(monday) - 35)
    held = archive(round_the_clock, first=start, days=49, interval=Interval.HOUR, hours=None)
    for day in (monday, str(np.datetime64(monday) + 7)):
        history = known(held, day)
        grid = ahead(history)
        assert len(grid) - 7 * 24 in (-1, 0, 1)
        rate = model.fit(history).rate(history, grid)
        sound(rate, grid, history)
        assert rate.mean() == pytest.approx(round_the_clock(grid).mean(), rel=0.15)


class TestSpecialDays:
    """Of the models that know them (the naive bars do not, by definition)."""

    @pytest.fixture(params=MODELS[4:], ids=lambda model: model.name)
    def model(self, request: pytest.FixtureRequest) -> RateModel:
        found: RateModel = request.param
        return found

    def test_a_holiday_that_was_always_closed_will_be_closed(self, model: RateModel) -> None:
        calendar = Calendar(own={DAY0 + day: "fair" for day in (23, 44, 65)})

        def shut(grid: Grid) -> Floats:
            return np.where(np.isin(grid.day, list(calendar.own)), 0.0, usual(grid))

        history = known(archive(shut, calendar=calendar), "2024-04-08")
        grid = ahead(history)
        rate = model.fit(history).rate(history, grid)
        assert rate[grid.day == DAY0 + 65].sum() == 0
        assert rate[grid.day == DAY0 + 64].sum() > 200

    def test_a_driver_known_ahead_raises_the_days_it_falls_on(self, model: RateModel) -> None:
        busy = DAY0 + np.array([9, 17, 22, 31, 38, 46, 51, 57, 66])
        held = archive(lambda grid: usual(grid) * np.where(np.isin(grid.day, busy), 1.6, 1.0))
        letters = Driver(
            "letters", Versions.of(day_start(busy, TZ), np.full(len(busy), 5000.0), [0] * len(busy))
        )
        told = Archive(held.series, drivers={"letters": letters}, calendar=Calendar())
        history, ignorant = known(told, "2024-04-08"), known(held, "2024-04-08")
        grid = ahead(history)
        day = grid.day == DAY0 + 66
        assert model.fit(history).rate(history, grid)[day].sum() > 1.15 * (
            model.fit(ignorant).rate(ignorant, grid)[day].sum()
        )


DAY0 = int(np.datetime64("2024-02-05", "D").astype(np.int64))
