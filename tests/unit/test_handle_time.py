"""Handling time: what is expected, how fast it follows, and how wide its band is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecast.buckets import Grid, Interval, column_ns, day_start, end, local_day
from forecast.days import OpeningHours
from forecast.handling import Handling, spent
from forecast.models.handle_time import FittedHandleTime, fit_handle_time, lent
from forecast.simulate import World, energy_supplier, simulate
from forecast.vintage import Archive, Series, Versions
from tests.handle_worlds import SECONDS, Calls, ahead, queue, volume, without_handling
from tests.worlds import HOUR, archive, counts, known, midnight, working_week
from tests.worlds import series as plain_series


def fit(held: Archive, day: int = 120) -> FittedHandleTime:
    found = fit_handle_time(known(held, day))
    assert found is not None
    return found


def expected(held: Archive, day: int = 120) -> np.ndarray:
    return fit(held, day).expected(ahead(held, day))


def test_busy_buckets_count_for_more_than_thin_ones() -> None:
    """Of 100 contacts of 200 s and one of 1,000 s the mean is 208 s, not 600 s."""
    grid = Calls().grid
    thin = np.random.default_rng(1).random(len(grid)) < 0.5
    held = archive(queue(grid, np.where(thin, 1.0, 100.0), np.where(thin, 1000.0, 200.0)))
    np.testing.assert_allclose(expected(held), 208, rtol=0.02)


def test_a_single_contact_of_3000_seconds_does_not_shout() -> None:
    """Not in the level of a busy queue, not in its own thin slot, and hardly in a queue of a few contacts a day."""
    for level, most in ((20.0, 0.005), (0.2, 0.1)):
        held = Calls(level=level).series()
        ds = np.array([midnight(119) + 8 * HOUR])  # the last day's first half hour
        late, one = np.array([midnight(120)]), np.array([1.0])
        assert held.handling is not None
        was = held.handling.seconds
        loud = Handling(
            Versions.of(np.append(was.ds, ds), np.append(was.value, 3000.0), np.append(was.known_at, late)),
            Versions.of(
                np.append(was.ds, ds),
                np.append(held.handling.contacts.value, one),
                np.append(was.known_at, late),
            ),
        )
        with_it, without = expected(archive(replace(held, handling=loud))), expected(archive(held))
        assert np.abs(with_it / without - 1).max() < most


def test_a_call_that_nobody_closed_is_taken_as_a_long_one_not_as_ten_hours() -> None:
    held = Calls().series()
    assert held.handling is not None
    seconds = held.handling.seconds.value.copy()
    seconds[-5] += 36_000
    loud = Handling(replace(held.handling.seconds, value=seconds), held.handling.contacts)
    np.testing.assert_allclose(
        expected(archive(replace(held, handling=loud))), expected(archive(held)), rtol=0.01
    )


def test_where_slots_and_weekdays_do_not_differ_none_is_made_up() -> None:
    factors = fit(Calls().archive()).factors
    assert np.abs(factors.slot - 1).max() < 0.02 and np.abs(factors.weekday - 1).max() < 0.02
    thin = fit(Calls(level=0.5).archive()).factors
    assert np.abs(thin.slot - 1).max() < 0.1 and np.abs(thin.weekday - 1).max() < 0.1


def test_slots_and_weekdays_that_differ_are_found() -> None:
    calls = Calls(slots=0.2, weekdays=0.1, days=0.03)
    found, truth = (
        expected(calls.archive()),
        replace(calls, days=0.0).truth()[-144:],
    )  # six days, Tuesday to Monday
    np.testing.assert_allclose(found / found.mean(), truth / truth.mean(), rtol=0.06)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_level_change_of_ten_percent_is_followed_within_two_weeks(seed: int) -> None:
    held = Calls(seed, level=40.0, days=0.02, jump=(90, 1.1)).archive()
    before, after = expected(held, 90).mean(), expected(held, 104).mean()
    assert 0.975 < before / SECONDS < 1.025
    assert 1.075 < after / SECONDS < 1.125


def test_a_steady_level_is_remembered_longer_than_one_that_walks() -> None:
    def memory(walk: float) -> float:
        level = fit(Calls(level=40.0, walk=walk).archive()).level
        return float(level.weight @ np.sqrt(level.drift))

    assert memory(0.0) < 0.004 < 0.01 < memory(0.03)


def test_a_long_morning_lengthens_the_rest_of_the_day_and_the_next_day_less() -> None:
    calls = Calls(level=60.0, days=0.06, jump=(119, 1.2))
    held = calls.archive()
    noon = held.at(midnight(119) + 14 * HOUR).history("calls")
    at_midnight, at_noon = fit_handle_time(held.at(midnight(119)).history("calls")), fit_handle_time(noon)
    assert at_midnight is not None and at_noon is not None
    grid = ahead(held, 119, 3)
    rise = at_noon.expected(grid) / at_midnight.expected(grid) - 1
    today = grid.day == grid.day[0]
    assert rise[today].min() > 0.05 and 0 < rise[~today].max() < rise[today].min() / 2


def test_the_band_grows_with_the_lead_where_the_level_walks() -> None:
    held = Calls(level=60.0, walk=0.02).archive()
    grid = ahead(held, 120, 28)
    paths = fit(held).draw(grid, np.full((len(grid), 400), 1e6), seed=1)  # no sampling error to speak of
    width = np.log(paths).std(axis=1)
    week = (grid.day - grid.day[0]) // 7
    widths = [width[week == one].mean() for one in range(4)]
    assert widths == sorted(widths) and widths[3] > 1.2 * widths[0]


def test_few_contacts_make_a_wide_band_and_many_a_narrow_one() -> None:
    held = Calls().archive()
    grid = ahead(held, 120, 1)
    few, many = (
        np.quantile(fit(held).draw(grid, np.full((len(grid), 2000), float(n)), seed=1), [0.1, 0.9], axis=1)
        for n in (1, 100)
    )
    assert (few[1] / few[0]).mean() > 5 and (many[1] / many[0]).mean() < 1.4


def test_a_draw_without_a_contact_borrows_the_number_of_another() -> None:
    rng = np.random.default_rng(1)
    filled = lent(np.array([[0.0, 4.0, 0.0, 7.0], [0.0, 0.0, 0.0, 0.0], [1.0, 2.0, 3.0, 4.0]]), rng)
    assert filled[0, [1, 3]].tolist() == [4, 7] and set(filled[0]) <= {4.0, 7.0}
    assert filled[1].tolist() == [1] * 4 and filled[2].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "kw", [{}, {"level": 1.0}, {"days": 0.05, "walk": 0.01, "slots": 0.15}, {"spread": 2.0}]
)
def test_eight_in_ten_lie_in_the_band_whatever_the_truth(kw: dict[str, float]) -> None:
    found = []
    for seed in range(3):
        held = Calls(seed, span=150, **kw).archive()  # type: ignore[arg-type]
        for day in (90, 104, 118):
            found += inside(held, "calls", day, 14, Calls(**kw).level)  # type: ignore[arg-type]
    assert 0.75 <= np.mean(found) <= 0.85


def inside(held: Archive, name: str, day: int, days: int, mean: float | np.ndarray) -> list[bool]:
    """Of each bucket with contacts: does its handling time lie in the 80 % band?"""
    grid = ahead(held, day, days, name)
    series = held.series[name]
    assert series.handling is not None
    came = series.handling.on(grid.ds)
    drawn = fit(held, day).draw(grid, volume(grid, mean).values[0], seed=1)
    low, high = np.quantile(drawn, [0.1, 0.9], axis=1)
    return list(((low <= came.aht) & (came.aht <= high))[came.contacts > 0])


# ---- the simulated company

END = pd.Timestamp("2026-03-06 10:00", tz="Europe/Amsterdam")


@pytest.fixture(scope="module")
def company() -> World:
    """Another seed than the demo's."""
    return simulate(energy_supplier(), days=150, end=END, seed=101, ongoing=False)


def company_queue(world: World, name: str) -> Series:
    rows = world.volumes[world.volumes["queue"] == name]
    ds = column_ns(rows["ds"])
    numbers = rows[["offered", "handled", "aht_seconds"]].to_numpy(dtype=float).T
    seconds, contacts = spent(*numbers)
    known_at = end(ds, Interval.HALF_HOUR, "Europe/Amsterdam")
    hours = OpeningHours.from_frame(world.hours[world.hours["queue"] == name])
    return Series(
        name,
        Interval.HALF_HOUR,
        "Europe/Amsterdam",
        Versions.of(ds, numbers[0], known_at),
        name,
        hours=hours,
        handling=Handling.of(ds, known_at, seconds=seconds, contacts=contacts),
    )


@pytest.mark.parametrize(
    "name", ["phone_outage", "phone_billing", "phone_moving", "email_billing", "email_moving"]
)
def test_eight_in_ten_lie_in_the_band_on_the_simulated_company(company: World, name: str) -> None:
    series = company_queue(company, name)
    held = archive(series)
    rates = company.truth.rates[company.truth.rates["queue"] == name]
    assert series.handling is not None
    last = local_day(int(series.offered.ds[-1]), series.tz)
    found: list[bool] = []
    for back in (70, 56, 42, 28, 14):
        snapshot = held.at(int(day_start([last - back], series.tz)[0]))
        fitted = fit_handle_time(snapshot.history(name))
        assert fitted is not None
        rows = rates[(column_ns(rates["ds"]) >= snapshot.cutoff)].head(14 * 48)
        ds = column_ns(rows["ds"])
        grid = Grid.of(ds, series.interval, series.tz)
        came = series.handling.on(grid.ds)
        paths = volume(grid, rows["rate"].to_numpy(), name=name)
        low, high = np.quantile(fitted.draw(grid, paths.values[0], seed=1), [0.1, 0.9], axis=1)
        found += list(((low <= came.aht) & (came.aht <= high))[came.contacts > 0])
    assert len(found) > 1200
    assert 0.75 <= np.mean(found) <= 0.85


# ---- what is known, and when


def test_a_queue_without_handling_times_has_none() -> None:
    assert fit_handle_time(known(archive(plain_series(counts(working_week()))), 40)) is None
    assert fit_handle_time(known(without_handling(Calls(span=40).archive()), 40)) is None


def test_a_handful_of_contacts_is_no_handling_time() -> None:
    held = Calls(level=0.01, span=30).archive()
    assert fit_handle_time(known(held, 30)) is None


def test_handling_times_that_stopped_long_ago_leave_a_wider_band() -> None:
    calls = Calls(level=40.0, walk=0.01)
    whole = calls.series()
    assert whole.handling is not None
    stopped = archive(replace(whole, handling=whole.handling.until(midnight(60))))
    widths = []
    for held in (archive(whole), stopped):
        grid = ahead(held, 120, 7)
        widths.append(np.log(fit(held).draw(grid, np.full((len(grid), 400), 1e6), seed=1)).std())
    assert widths[1] > 1.5 * widths[0]


def test_a_revision_counts_from_when_it_is_known() -> None:
    """A week's handling times come in at half their length and are put right a day later."""
    whole = Calls(level=200.0, spread=0.1).series()
    assert whole.handling is not None
    seconds = whole.handling.seconds
    mine = (seconds.ds >= midnight(94)) & (seconds.ds < midnight(101))
    again = np.full(mine.sum(), midnight(102))

    def versions(was: Versions, factor: float) -> Versions:
        """Other values of that week, and the right ones as known at day 102."""
        return Versions.of(
            np.append(was.ds, was.ds[mine]),
            np.append(np.where(mine, was.value * factor, was.value), was.value[mine]),
            np.append(was.known_at, again),
        )

    halves, contacts = versions(seconds, 0.5), versions(whole.handling.contacts, 1.0)
    revised = archive(replace(whole, handling=Handling(halves, contacts)))
    honest = archive(whole)
    assert expected(revised, 101).mean() < 0.97 * expected(honest, 101).mean()
    np.testing.assert_allclose(expected(revised, 102), expected(honest, 102), rtol=1e-12)


def test_the_handling_time_is_a_mean_over_those_handled_or_else_over_those_offered() -> None:
    seconds, contacts = spent(
        np.array([10.0, 10.0, 10.0, 10.0, 0.0]),
        np.array([8.0, np.nan, 0.0, 8.0, 0.0]),
        np.array([100.0, 100.0, 100.0, np.nan, 50.0]),
    )
    np.testing.assert_array_equal(seconds, [800, 1000, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(contacts, [8, 10, np.nan, np.nan, np.nan])


def test_the_same_seed_gives_the_same_draws_and_another_other_ones() -> None:
    held = Calls().archive()
    grid = ahead(held, 120)
    paths = volume(grid, 20.0).values[0]
    one, two, three = (fit(held).draw(grid, paths, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, three)


def test_the_draws_agree_with_what_is_expected() -> None:
    held = Calls(days=0.05, slots=0.1).archive()
    found, grid = fit(held), ahead(held, 120)
    drawn = found.draw(grid, volume(grid, 20.0, draws=4000).values[0], seed=1)
    np.testing.assert_allclose(drawn.mean(axis=1), found.expected(grid), rtol=0.03)
