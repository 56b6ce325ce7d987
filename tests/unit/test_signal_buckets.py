"""Signals whose buckets are not the queue's: daily, weekly, longer, taken back; and queues where nothing comes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from forecast import evidence, selection
from forecast.arrays import Floats
from forecast.buckets import Grid, Interval, end, floor
from forecast.features import deviations
from forecast.models.base import Leads
from forecast.models.dressed import Dressed
from forecast.models.head_start import LEAD, head_start
from forecast.models.past import past_of
from forecast.models.rates import rates
from forecast.parts import PARTS
from forecast.vintage import Archive, Signal, Versions
from tests.worlds import DAILY, HOUR, MONDAY, TZ, Storms, archive, midnight, series

RATES = rates(("level_profile",))
LONG = 430


@cache
def daily(known: int = 0) -> Archive:
    """A queue per day whose storms come two days after the posts; one post storm on the last day. known: hours after it."""
    grid = Grid.days(MONDAY, MONDAY + LONG - 1, Interval.DAY, TZ)
    rng = np.random.default_rng(1)
    storm = np.zeros(LONG + 20)
    for day in rng.choice(LONG, 60, replace=False):
        storm[day : day + 4] += np.array([1, 0.7, 0.4, 0.2]) * rng.lognormal(0, 0.4)
    storm[LONG - 3 : LONG + 1], storm[LONG + 1] = 0, 3
    posts = rng.poisson(20 + 60 * storm[2 : LONG + 2]).astype(float)
    came = rng.poisson(150 + 120 * storm[:LONG]).astype(float)
    queue = series(lambda _: came, days=LONG, interval=Interval.DAY, hours=None)
    told = Versions.of(grid.ds, posts, end(grid.ds, Interval.DAY, TZ) + known * HOUR)
    return archive(queue, signals=(Signal("posts", Interval.DAY, TZ, told),))


def social(hours: int) -> Floats:
    """Contacts that posts add on each of five days, forecast so many hours after the last midnight."""
    model = Dressed("champion", RATES, gate=evidence.gate)
    first = daily().at(midnight(LONG)).only("calls")
    later = daily().at(midnight(LONG) + hours * HOUR).only("calls")
    leads = Leads(Leads.days(first, "calls", 5).grid, later.cutoff)
    parts = model.fit(later).explain(later, "calls", leads, draws=20, seed=1).parts
    return np.asarray(parts[:, PARTS.index("social")])


def test_a_storm_in_a_daily_signal_says_the_same_in_the_morning_as_at_midnight() -> None:
    night, morning = social(0), social(7)
    assert night[2] > 200
    assert morning[2] > 0.5 * night[2]


def test_a_daily_signal_that_comes_in_the_next_morning_has_incidents() -> None:
    found = evidence.findings(daily(6).at(midnight(LONG)), "calls", RATES)
    nearest = next(one for one in found if one.lead_band == "0-1d")
    assert nearest.lower > 0.05
    assert nearest.incidents


def test_an_hourly_signal_runs_ahead_of_a_queue_of_half_hours() -> None:
    held = Storms(3, ahead=120.0, days=130).archive()
    ds, value = held.signals["posts"].values.latest()
    hours, place = np.unique(floor(ds, Interval.HOUR, TZ), return_inverse=True)
    told = Versions.of(hours, np.bincount(place, weights=value), hours + HOUR)
    snapshot = replace(
        held, signals={"posts": Signal("posts", Interval.HOUR, TZ, told)}, memo={}, recent={}
    ).at(midnight(130))
    past = past_of(RATES, snapshot, "calls", 366)
    assert head_start(snapshot, "calls", "posts", past.hindcasts).regime == LEAD


def test_a_weekly_sum_of_the_same_week_does_not_run_ahead() -> None:
    grid = Grid.days(MONDAY, MONDAY + 419, Interval.DAY, TZ)
    rng = np.random.default_rng(1)
    weeks = np.unique(floor(grid.ds, Interval.WEEK, TZ))
    shock = rng.standard_normal(len(weeks))
    came = rng.poisson(200 * np.exp(0.15 * shock[(grid.day - MONDAY) // 7])).astype(float)
    told = Versions.of(weeks, rng.poisson(60 * np.exp(0.6 * shock)), end(weeks, Interval.WEEK, TZ))
    queue = series(lambda _: came, days=420, interval=Interval.DAY, hours=None)
    snapshot = archive(queue, signals=(Signal("sums", Interval.WEEK, TZ, told),)).at(midnight(420))
    past = past_of(RATES, snapshot, "calls", 366)
    assert head_start(snapshot, "calls", "sums", past.hindcasts).regime != LEAD


def test_a_queue_without_a_contact_is_forecast_beside_a_signal() -> None:
    silent = series(lambda grid: np.zeros(len(grid)), days=130, interval=Interval.HALF_HOUR, hours=DAILY)
    snapshot = archive(silent, signals=(Storms(1, days=130).archive().signals["posts"],)).at(midnight(130))
    fitted = selection.champion(("level_profile",)).fit(snapshot)
    assert fitted.predict(snapshot, Leads.days(snapshot, "calls", 1), draws=5, seed=1).values.sum() == 0


def test_a_level_that_was_taken_back_is_the_one_before() -> None:
    grid = Grid.days(MONDAY, MONDAY + 60, Interval.DAY, TZ)
    value = np.where(np.arange(61) == 50, np.nan, 4.1)
    ended = end(grid.ds, Interval.DAY, TZ)
    rating = Signal("rating", Interval.DAY, TZ, Versions.of(grid.ds, value, ended), "level")
    assert np.abs(deviations(rating, ended[48:54])[0][:, 0]).max() < 0.01
