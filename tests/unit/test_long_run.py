"""The long run: months ahead by day, honest about how far the history carries."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecast.arrays import Floats
from forecast.buckets import Grid, Interval, day_start, end
from forecast.days import Calendar, OpeningHours
from forecast.models.base import Paths
from forecast.models.day_series import day_series
from forecast.models.long_noise import LongNoise
from forecast.models.long_run import LongRun, beyond, long_run, note, reach
from forecast.simulate import energy_supplier
from forecast.simulate.contacts import base_rates, hours_frame, offered
from forecast.simulate.timeline import Timeline
from forecast.vintage import Archive, Series, Versions
from tests.worlds import MONDAY, Mean, Stream, archive, counts, fresh, midnight, series

DRAWS = 200


def restless(seed: int, *, wave: float = 0.25) -> Mean:
    """Counts of a week with a yearly wave, a level that walks and days that stray."""

    def mean(grid: Grid) -> Floats:
        rng = np.random.default_rng(seed)
        level = np.cumsum(rng.normal(0, 0.008, 4000))[grid.day - MONDAY]
        days = rng.normal(0, 0.06, 4000)[grid.day - MONDAY]
        season = wave * np.cos(2 * np.pi * grid.day / 365.25)
        rate = np.where(grid.weekday < 5, 250 * np.exp(season + level + days), 0.0)
        return np.random.default_rng(seed + 1).poisson(rate).astype(np.float64)

    return mean


def held(days: int, seed: int = 1, contacts: Mean | None = None) -> Archive:
    return archive(series(contacts or restless(seed), days=days, interval=Interval.DAY))


def look(world: Archive, day: int, *, days: int = 548, draws: int = DRAWS, seed: int = 1) -> LongRun:
    return long_run(world.at(midnight(day)).only("calls"), "calls", days=days, draws=draws, seed=seed)


def width(paths: Paths, first: int, last: int) -> float:
    low, middle, high = np.moveaxis(paths.quantiles((0.1, 0.5, 0.9))[0, first:last], 1, 0)
    return float((high - low).sum() / middle.sum())


@pytest.fixture(scope="module")
def four_years() -> LongRun:
    return look(held(1461), 1461)


def test_bands_of_weeks_and_months_widen_with_the_days_ahead(four_years: LongRun) -> None:
    weeks, months = four_years.paths.total(Interval.WEEK), four_years.paths.total(Interval.MONTH)
    widths = [width(weeks, *span) for span in ((1, 13), (13, 26), (26, 52), (52, 77))]
    assert widths == sorted(widths) and widths[-1] > 1.25 * widths[0]
    widths = [width(months, *span) for span in ((1, 4), (4, 10), (10, 17))]
    assert widths == sorted(widths)


def test_a_month_is_the_sum_of_its_days_in_every_path(four_years: LongRun) -> None:
    paths = four_years.paths
    months = paths.total(Interval.MONTH)
    of_month = paths.grid.day.astype("datetime64[D]").astype("datetime64[M]")
    for at, month in enumerate(np.unique(of_month)):
        np.testing.assert_array_equal(months.values[0, at], paths.values[0, of_month == month].sum(axis=0))


def test_a_month_strays_more_than_days_that_had_nothing_in_common(four_years: LongRun) -> None:
    values = four_years.paths.values[0, 300:328]
    assert values.sum(axis=0).std() > 2 * np.sqrt((values.std(axis=1) ** 2).sum())


def test_a_yearly_wave_is_carried_on(four_years: LongRun) -> None:
    assert four_years.weights["year_profile"] > four_years.weights["level_profile"]
    month = (four_years.paths.grid.day % 365.25) / 30.44
    winter, summer = (four_years.expected[(month >= low) & (month < low + 2)].mean() for low in (0, 6))
    assert winter > 1.3 * summer


def test_eight_in_ten_weeks_and_months_fall_into_the_band() -> None:
    inside: dict[Interval, list[float]] = {Interval.WEEK: [], Interval.MONTH: []}
    for seed in range(3):
        contacts = restless(10 * seed)
        world = held(1280 + 365, contacts=contacts)
        for day in (1100, 1280):
            paths = look(world, day, days=365).paths
            came = replace(paths, values=contacts(paths.grid)[None, :, None])
            for size, found in inside.items():
                low, high = np.moveaxis(paths.total(size).quantiles((0.1, 0.9))[0, 1:-1], 1, 0)
                total = came.total(size).values[0, 1:-1, 0]
                found += list((low <= total) & (total <= high))
    assert 0.68 < np.mean(inside[Interval.WEEK]) < 0.95
    assert 0.65 < np.mean(inside[Interval.MONTH]) < 0.97


def test_what_became_known_later_changes_nothing() -> None:
    world = held(900)
    later = restless(1)
    changed = held(900, contacts=lambda grid: later(grid) * np.where(grid.day - MONDAY >= 700, 7.0, 1.0))
    one, other = look(world, 700), look(changed, 700)
    np.testing.assert_array_equal(one.paths.values, other.paths.values)
    assert one.note == other.note and one.weights == other.weights


def test_the_same_seed_gives_the_same_and_another_draws_anew() -> None:
    world = held(500)
    one, again, other = look(world, 500), look(fresh(world), 500), look(world, 500, seed=2)
    np.testing.assert_array_equal(one.paths.values, again.paths.values)
    np.testing.assert_array_equal(one.expected, other.expected)
    assert (one.paths.values != other.paths.values).any()


def test_a_dead_queue_is_zero_to_the_end() -> None:
    contacts = restless(1)
    world = held(600, contacts=lambda grid: np.where(grid.day - MONDAY < 500, contacts(grid), 0.0))
    found = look(world, 600)
    assert len(found.paths.grid) == 548 and (found.paths.values == 0).all() and found.note == ""


@pytest.mark.parametrize(
    ("taught", "most", "said"),
    [
        (60, 91, "8 weeks of history: no year pattern is known; the forecast ends after 13 weeks"),
        (120, 182, "4 months of history: no year pattern is known; beyond 13 weeks .* ends after 26 weeks"),
        (
            334,
            182,
            "11 months of history: no year pattern is known; beyond 13 weeks this is the present level",
        ),
        (400, 548, r"13 months of history: no year pattern is known; .* with wide bands\.$"),
        (700, 548, "23 months of history: the year pattern rests on little"),
        (1200, 548, "^$"),
    ],
)
def test_the_forecast_says_how_far_its_history_carries(taught: int, most: int, said: str) -> None:
    assert min(548, reach(taught)) == most
    assert re.search(said, note("calls", taught, 548))
    assert note("calls", taught, 91) == ""


def test_a_young_queue_gets_what_its_history_supports() -> None:
    world = held(120)
    assert len(look(world, 120).paths.grid) == 182
    assert len(look(world, 40).paths.grid) == 91
    assert look(world, 40).paths.values.sum() > 0


def test_less_history_gives_wider_bands(four_years: LongRun) -> None:
    young = look(held(200), 200)
    weeks = [found.paths.total(Interval.WEEK) for found in (young, four_years)]
    assert width(weeks[0], 14, 26) > width(weeks[1], 14, 26)


@pytest.mark.parametrize("name", ["phone_moving", "phone_billing"])
def test_the_simulated_company_stays_within_its_bands(name: str) -> None:
    company = energy_supplier()
    time = Timeline.of(company, days=2300, end=pd.Timestamp("2026-03-06 10:00", tz=company.zone), seed=31)
    queue = next(one for one in company.queues if one.name == name)
    nothing = np.zeros(len(time.grid))
    came = offered(company, queue, base_rates(company, time)[name], nothing, nothing, time)
    first, zone = int(time.days[0]), company.zone
    hours = hours_frame(company)
    known_at = end(time.grid.ds, Interval.HALF_HOUR, zone)
    plain = Series(
        name,
        Interval.HALF_HOUR,
        zone,
        Versions.of(time.grid.ds, came, known_at),
        hours=OpeningHours.from_frame(hours[hours["queue"] == name]),
    )
    world = Archive({name: plain}, calendar=Calendar(country=company.country))
    totals = day_series(plain).offered
    inside: dict[Interval, list[float]] = {Interval.WEEK: [], Interval.MONTH: []}
    for day in (1000, 1180, 1360, 1540, 1720):
        cutoff = int(day_start([first + day], zone)[0])
        paths = long_run(world.at(cutoff), name, days=548, draws=DRAWS, seed=1).paths
        truth = replace(paths, values=np.nan_to_num(totals.on(paths.grid.ds))[None, :, None])
        for size, found in inside.items():
            low, high = np.moveaxis(paths.total(size).quantiles((0.1, 0.9))[0, 1:-1], 1, 0)
            total = truth.total(size).values[0, 1:-1, 0]
            found += list((low <= total) & (total <= high))
    assert 0.7 < np.mean(inside[Interval.WEEK]) < 0.99
    assert 0.65 < np.mean(inside[Interval.MONTH]) <= 1


class TestBeyond:
    """The long run fitted on to the near forecast."""

    near_days = 56

    @pytest.fixture
    def near(self, four_years: LongRun) -> Paths:
        """A near forecast a quarter above the long run, its draws in another order."""
        grid = four_years.paths.grid.take(slice(0, self.near_days))
        values = np.roll(four_years.paths.values[:, : self.near_days], 17, axis=2)
        return Paths(("calls",), grid, 1.25 * values)

    def test_it_begins_on_the_day_after_and_what_sets_the_two_apart_fades(
        self, near: Paths, four_years: LongRun
    ) -> None:
        later = beyond(near, four_years, int(near.grid.day[0]))
        assert later is not None and later.grid.day[0] == near.grid.day[-1] + 1
        assert later.grid.day[-1] == four_years.paths.grid.day[-1]
        alone = four_years.paths.values[0, self.near_days :]
        ratio = np.median(later.values[0], axis=1).reshape(-1) / np.maximum(np.median(alone, axis=1), 1)
        open_ = np.median(alone, axis=1) > 0
        assert 1.15 < np.mean(ratio[open_][:10]) < 1.3
        assert np.mean(ratio[open_][-60:]) == pytest.approx(1, abs=0.01)

    def test_the_draws_that_are_high_go_on_high(self, near: Paths, four_years: LongRun) -> None:
        later = beyond(near, four_years, int(near.grid.day[0]))
        assert later is not None
        ending, going = near.values[0, -28:].sum(axis=0), later.values[0, :28].sum(axis=0)
        assert np.corrcoef(ending, going)[0, 1] > 0.95

    def test_nothing_lies_beyond_a_near_forecast_that_is_longer(
        self, near: Paths, four_years: LongRun
    ) -> None:
        short = replace(four_years, paths=near, expected=four_years.expected[: self.near_days])
        assert beyond(near, short, int(near.grid.day[0])) is None


class TestDaySeries:
    """Versions of days made of versions of buckets."""

    @pytest.mark.parametrize("back", [0, 1, 3, 10, 40])
    def test_what_was_known_of_a_day_is_what_was_known_of_its_buckets(self, back: int) -> None:
        plain = series(counts(lambda grid: np.full(len(grid), 5.0)), days=50, hours=None)
        ds, value = plain.offered.latest()
        late = replace(plain, offered=Stream(4).versions(ds, ds + 3_600_000_000_000, value))
        cutoff = midnight(50 - back)
        buckets, days = (archive(each).at(cutoff).history("calls") for each in (late, day_series(late)))
        total = np.bincount(buckets.grid.day - buckets.grid.day[0], weights=np.nan_to_num(buckets.y))
        np.testing.assert_allclose(np.nan_to_num(days.y), total)

    def test_contacts_outside_the_opening_hours_do_not_count(self) -> None:
        always = series(lambda grid: np.full(len(grid), 2.0), days=14)
        _, value = day_series(always).offered.latest()
        np.testing.assert_array_equal(value, [20.0] * 10)

    def test_a_day_of_which_little_is_known_is_unknown(self) -> None:
        def patchy(grid: Grid) -> Floats:
            gone = (grid.day == MONDAY + 8) & (grid.slot < 15) | (grid.day == MONDAY + 9) & (grid.slot == 12)
            return np.where(gone, np.nan, 2.0)

        days = day_series(series(patchy, days=14, absent_is_zero=False))
        ds, value = days.offered.latest()
        by_day = dict(zip((Grid.of(ds, Interval.DAY, days.tz).day - MONDAY).tolist(), value, strict=True))
        assert np.isnan(by_day[8]) and by_day[9] == pytest.approx(20) and by_day[7] == 20

    def test_a_series_by_day_stays_as_it_is_and_one_without_rows_has_none(self) -> None:
        daily = series(days=30, interval=Interval.DAY)
        assert day_series(daily) == daily
        assert len(day_series(replace(series(), offered=Versions.none())).offered) == 0


class TestLongNoise:
    """Sizes found from hindcasts, and drawn."""

    def errors(self, noise: LongNoise, origins: int = 40, ahead: int = 364) -> tuple[Floats, Floats]:
        rng = np.random.default_rng(5)
        rate = np.full((origins, ahead), 1000.0)
        log = noise.draw(np.arange(1, ahead + 1), origins, rng).T
        return rate, rng.poisson(rate * np.exp(log)).astype(np.float64)

    @pytest.mark.parametrize("times", [0.3, 3.0])
    def test_planted_sizes_are_found_but_for_what_is_usual(self, times: float) -> None:
        planted = LongNoise(*(times * size for size in (0.0064, 0.18**2 / 365, 0.0025, 0.0064)))
        found = LongNoise.of(*self.errors(planted))
        assert found.day == pytest.approx(planted.day, rel=0.35)
        year = [each.level + 365 * each.walk for each in (found, planted, LongNoise())]
        assert abs(np.log(year[0] / year[1])) < abs(np.log(year[2] / year[1]))

    def test_without_hindcasts_sizes_are_usual_and_bands_widen(self) -> None:
        none = LongNoise.of(np.zeros((0, 100)), np.zeros((0, 100)))
        assert none == LongNoise()
        log = none.draw(np.arange(1, 549), 4000, np.random.default_rng(1))
        assert log[500:].std() > 1.5 * log[:30].std()

    def test_hindcasts_that_were_always_right_leave_a_band_that_still_widens(self) -> None:
        rate = np.full((40, 364), 1000.0)
        found = LongNoise.of(rate, rate)
        assert found.walk > 0 and found.day < 0.001
