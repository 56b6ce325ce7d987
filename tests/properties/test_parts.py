"""The parts of a forecast add up to its mean, whatever it is made of, and each says what it is named after."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from forecast.arrays import Floats
from forecast.buckets import Grid, Interval, day_start, from_ns
from forecast.days import Calendar
from forecast.explain import Explained, explained
from forecast.models.attribution import switched, usual_week
from forecast.models.base import Leads
from forecast.models.dressed import Dressed, FittedDressed, always_open
from forecast.models.level_profile import LevelProfile
from forecast.models.naive import Mean8, Mean8Open
from forecast.models.rates import rates
from forecast.parts import PARTS
from forecast.vintage import ALWAYS, Archive, Driver, Snapshot, Versions
from store.looking_ahead import Forecast, _came, _with_what_came
from store.looking_ahead import rows as rows_of
from tests.worlds import HOUR, MONDAY, TZ, Storms, archive, counts, midnight, series, working_week

DAY, DAYS, DRAWS = 112, 114, 60  # the cutoff's day, a Monday, the 29th of April
FEAST = 126
FEASTS = {MONDAY + day: "feast" for day in (42, 63, 91, FEAST)}
LETTERS = dict.fromkeys((35, 56, 77, 98, DAY), 40_000.0)


def with_plans(held: Archive) -> Archive:
    """The archive with a feast on a Monday ahead on which a third comes, and letters that are worth a day's contacts."""
    grid = Grid.days(MONDAY, MONDAY + DAYS - 1, held.series["calls"].interval, TZ)
    offered = held.series["calls"].offered
    place = np.searchsorted(grid.ds, offered.ds)
    day = grid.day[place]
    value = offered.value * np.where(np.isin(day, list(FEASTS)), 1 / 3, 1.0)
    for sent in LETTERS:
        value = np.round(value * (1 + 0.5 * (day == MONDAY + sent + 1)))
    ds = day_start(MONDAY + np.array(sorted(LETTERS), dtype=np.int64), TZ)
    amounts = Versions.of(ds, [LETTERS[each] for each in sorted(LETTERS)], np.full(len(ds), ALWAYS))
    calls = replace(held.series["calls"], offered=replace(offered, value=value))
    return replace(
        held, series={"calls": calls}, drivers={"letters": Driver("letters", amounts)},
        calendar=Calendar(own=FEASTS), memo={}, recent={},
    )  # fmt: skip


def model(*, gate: bool = True) -> Dressed:
    return Dressed("mixed", (LevelProfile(), Mean8Open()), gate=always_open if gate else None)


@lru_cache(maxsize=1)
def storms() -> Archive:
    return with_plans(Storms(5, days=DAYS, posts=120.0).archive())


@lru_cache(maxsize=1)
def storm_at() -> int:
    """The first half hour after the cutoff's day's opening in which posts stand out, so that calls are on their way."""
    signal = storms().signals["posts"].values
    ds, value = signal.ds, signal.value
    first = int(midnight(DAY - 14)) + 9 * HOUR
    hours = (ds - first) % (24 * HOUR)
    found = np.flatnonzero((ds >= first) & (hours < 6 * HOUR) & (value > 30))
    return int(ds[found[0]]) + HOUR // 2


@lru_cache(maxsize=4)
def looked(cutoff: int, gate: bool) -> tuple[Explained, Snapshot, FittedDressed]:
    snapshot = storms().at(cutoff)
    fitted = model(gate=gate).fit(snapshot)
    start = int(midnight(snapshot.history("calls").today - MONDAY))
    leads = Leads(Leads.days(snapshot.at(start), "calls", 35).grid, cutoff)
    return explained(fitted, snapshot, "calls", leads, draws=DRAWS, seed=3), snapshot, fitted


def part(values: Floats, name: str) -> Floats:
    return values[:, PARTS.index(name)]


def forecast(cutoff: int) -> Forecast:
    made, snapshot, _ = looked(cutoff, True)
    history = snapshot.history("calls")
    paths = _with_what_came(made.paths, history)
    assert made.parts is not None
    parts = made.parts.with_came(paths.grid, history.grid.ds, _came(history))
    return Forecast(paths, cutoff, [], parts=parts)


@pytest.mark.parametrize("hour", [0, 13])
def test_parts_add_up_to_the_stored_mean_in_every_interval_hour_day_week_and_month(hour: int) -> None:
    found = {each.granularity: each for each in rows_of(forecast(midnight(DAY) + hour * HOUR))}
    assert set(found) == {"interval", "hour", "day", "week", "month"}
    for each in found.values():
        assert each.parts is not None and len(each.ds) > 0
        stored, mean = each.parts.astype(np.float32).astype(np.float64), each.values[:, 0].astype(np.float32)
        size = np.abs(stored).sum(axis=1)
        np.testing.assert_array_less(np.abs(stored.sum(axis=1) - mean), 1e-6 * size + 1e-9)
        assert (np.abs(part(stored, "spread")) <= 0.15 * mean + 0.5).all()  # sixty draws
    whole, days = found["interval"], found["day"]
    assert whole.parts is not None and days.parts is not None
    np.testing.assert_allclose(
        part(days.parts, "season")[1:].sum(),
        part(whole.parts[whole.ds >= days.ds[1]], "season").sum(),
        atol=1e-3,
    )


def test_what_has_come_in_of_a_running_day_is_a_part_of_it() -> None:
    cutoff = midnight(DAY) + 13 * HOUR
    days = next(each for each in rows_of(forecast(cutoff)) if each.granularity == "day")
    history = storms().at(cutoff).history("calls")
    assert days.parts is not None
    assert part(days.parts, "came")[0] == np.nansum(history.y[history.grid.day == history.today])
    assert part(days.parts, "came")[1:].max() == 0


def test_paths_are_the_same_to_the_bit_with_and_without_explanation() -> None:
    made, snapshot, fitted = looked(midnight(DAY) + 13 * HOUR, True)
    leads = Leads(made.paths.grid, snapshot.cutoff)
    plain = fitted.predict(snapshot, leads, draws=DRAWS, seed=3)
    np.testing.assert_array_equal(made.paths.values, plain.values)


def test_social_is_above_zero_in_a_storm_and_says_which_posts_and_since_when() -> None:
    made, snapshot, _ = looked(storm_at(), True)
    assert made.parts is not None
    ahead = (made.parts.grid.ds >= snapshot.cutoff) & (made.parts.grid.ds < snapshot.cutoff + 2 * HOUR)
    assert part(made.parts.values, "social")[ahead].sum() > 10
    heard = made.facts.social[0]
    assert heard.signal == "posts" and heard.contacts > 0 and heard.beyond > 10
    since = (snapshot.cutoff - int(np.datetime64(heard.since[:19], "ns").astype(np.int64))) / HOUR
    assert 0 < since <= 3


def test_social_is_zero_where_the_gate_is_shut() -> None:
    made, _, _ = looked(storm_at(), False)
    assert made.parts is not None
    assert not part(made.parts.values, "social").any()
    assert made.facts.social == ()


def test_a_feast_and_letters_are_named_and_carry_their_own_effect() -> None:
    made, _, _ = looked(midnight(DAY), True)
    assert made.parts is not None
    days = made.parts.total(Interval.DAY)
    day = days.grid.day - MONDAY
    feast, sent = days.values[day == FEAST][0], days.values[day == DAY + 1][0]
    usual = feast[PARTS.index("level")] + feast[PARTS.index("weekday_and_time")]
    assert -0.7 * usual < feast[PARTS.index("special_day")] < -0.25 * usual  # one method of two knows it
    assert 0.2 * usual < sent[PARTS.index("drivers")] < 0.8 * usual
    date = f"{from_ns(int(days.grid.ds[day == FEAST][0])).tz_convert(TZ):%Y-%m-%d}"
    assert made.facts.special_days[date] == "own:feast"
    assert made.facts.drivers == ("letters",)
    quiet = (day > DAY + 8) & (day < FEAST - 1)
    assert np.abs(part(days.values, "special_day")[quiet]).max(initial=0.0) == 0


def test_intraday_is_what_today_shows_and_nothing_at_midnight() -> None:
    at_midnight, _, _ = looked(midnight(DAY), True)
    later, _, _ = looked(midnight(DAY) + 13 * HOUR, True)
    assert at_midnight.parts is not None and later.parts is not None
    assert not part(at_midnight.parts.values, "intraday").any()
    assert part(later.parts.values, "intraday").any()


def test_level_is_one_number_and_weekdays_differ_from_it_as_they_always_did() -> None:
    held = archive(series(counts(working_week(20.0), 2), days=DAYS))
    snapshot = held.at(midnight(DAY))
    level, week = usual_week(snapshot.history("calls"))
    made = explained(
        model().fit(snapshot), snapshot, "calls", Leads.days(snapshot, "calls", 7), draws=DRAWS, seed=1
    )
    assert made.parts is not None
    open_ = snapshot.history("calls").opening(made.parts.grid)
    assert set(part(made.parts.values, "level")[open_]) == {np.float32(level)}
    assert not made.parts.values[~open_].any()
    monday = made.parts.grid.weekday == 0
    usual = part(made.parts.values, "level") + part(made.parts.values, "weekday_and_time")
    assert usual[monday & open_].mean() / usual[~monday & open_].mean() == pytest.approx(1.3, rel=0.05)
    assert level == pytest.approx(20.0 * (1 + 0.5 * 2 / np.pi) * 1.06, rel=0.05)
    np.testing.assert_allclose(week[0, 8:18], usual[monday & open_], rtol=1e-5)
    assert np.abs(part(made.parts.values, "season")[open_]).mean() < 0.1 * level


def test_a_storm_once_in_eight_weeks_is_no_habit() -> None:
    def wild(grid: Grid) -> Floats:
        return np.where(grid.day - MONDAY == 91, 500.0, working_week(20.0)(grid))

    held = archive(series(wild, days=DAYS)).at(midnight(98)).history("calls")
    assert usual_week(held)[1].max() < 50


def test_a_plain_average_has_parts_too_and_a_queue_without_open_buckets_has_none_of_anything() -> None:
    held = archive(series(counts(working_week(20.0), 2), days=DAYS))
    snapshot = held.at(midnight(DAY) + 10 * HOUR)
    plain = Dressed("mean8", (Mean8(),), intraday=False, plain=True)
    leads = Leads.days(snapshot, "calls", 3)
    made = explained(plain.fit(snapshot), snapshot, "calls", leads, draws=DRAWS, seed=1)
    assert made.parts is not None
    np.testing.assert_allclose(made.parts.values.sum(axis=1), made.paths.mean()[0], rtol=1e-5, atol=1e-6)
    assert not part(made.parts.values, "intraday").any()


@pytest.mark.parametrize("method", ["level_profile", "dhr", "boosted", "ets", "year_profile"])
def test_special_days_and_drivers_of_every_method_that_knows_them_can_be_switched_off(method: str) -> None:
    history = storms().at(midnight(DAY)).history("calls")
    (rate,) = rates([method])
    grid = Grid.days(MONDAY + DAY, MONDAY + FEAST, Interval.HALF_HOUR, TZ)
    fit = rate.fit(history)
    without_drivers = switched(fit, "drivers")
    bare = switched(without_drivers, "special", history.today)
    told, named, plain = (each.rate(history, grid) for each in (fit, without_drivers, bare))
    letters, feast = grid.day == MONDAY + DAY + 1, grid.day == MONDAY + FEAST
    assert told[letters].sum() > 1.1 * named[letters].sum()
    assert named[feast].sum() < 0.75 * plain[feast].sum()
    later = grid.day == MONDAY + FEAST - 4
    np.testing.assert_allclose(told[later], plain[later])
