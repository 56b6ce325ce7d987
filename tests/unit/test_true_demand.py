"""True demand: what lies between contacts offered and the demand they stand for, and what a bad week does to a forecast."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from forecast.arrays import Floats
from forecast.buckets import Grid, Interval, column_ns, day_start
from forecast.models.level_profile import LevelProfile
from forecast.redial_rate import LEAST_WEEKS, PRIOR, RedialRate, estimate, leaning
from forecast.redials import Counted, counted, delays
from forecast.true_demand import (
    COUNTED,
    ESTIMATED,
    OFF,
    PARTS,
    TOLD,
    UNKNOWN,
    Rule,
    Volumes,
    corrected,
    now_known,
    settle,
    together,
)
from forecast.vintage import Series, Versions
from tests.demand_worlds import Calls, Phone, call
from tests.worlds import MONDAY, TZ, archive

HALF = Interval.HALF_HOUR
STEP = 1800 * 10**9
NONE = Versions.none()
NOTHING = (NONE,) * len(PARTS)


def versions(*rows: tuple[int, float, int]) -> Versions:
    """(bucket, value, known at) in half hours."""
    ds, value, known = zip(*rows, strict=True)
    return Versions.of(np.array(ds) * STEP, value, np.array(known) * STEP)


def told(**parts: Versions) -> tuple[Versions, ...]:
    return tuple(parts.get(name, NONE) for name in PARTS)


def parts(**values: float) -> Floats:
    return np.array([[values.get(name, np.nan) for name in PARTS]])


def test_each_part_goes_its_own_way_and_overflow_out_comes_back() -> None:
    given = parts(
        short_abandoned=2, redialled=5, transferred_in=3, overflow_in=4, overflow_out=6, callbacks=1
    )
    found = settle(np.array([100.0]), given, np.full((1, 6), np.nan), np.array([np.nan]), frozenset())
    assert found.corrected.tolist() == [100 - 2 - 5 - 3 - 4 + 6 - 1]
    assert set(found.origin[0].tolist()) == {TOLD}


def test_told_goes_before_counted_and_counted_before_estimated_and_unknown_corrects_nothing() -> None:
    none = np.full((1, 6), np.nan)
    seen = parts(short_abandoned=1, redialled=4)
    both = settle(np.array([50.0]), parts(redialled=3), seen, np.array([9.0]), frozenset())
    assert both.corrected.tolist() == [50 - 1 - 3]
    assert both.origin[0, :3].tolist() == [COUNTED, TOLD, UNKNOWN]
    guess = settle(np.array([50.0]), none, none, np.array([9.0]), frozenset())
    assert guess.corrected.tolist() == [41.0] and guess.origin[0, 1] == ESTIMATED
    off = settle(np.array([50.0]), none, seen, np.array([9.0]), frozenset(PARTS))
    assert off.corrected.tolist() == [50.0] and set(off.origin[0].tolist()) == {OFF}


def test_demand_is_never_below_zero() -> None:
    none = np.full((1, 6), np.nan)
    found = settle(np.array([3.0]), parts(transferred_in=9), none, np.array([np.nan]), frozenset())
    assert found.corrected.tolist() == [0.0]


def test_what_is_known_together_changes_with_every_version_and_keeps_the_last_of_a_moment() -> None:
    ds, known_at, values = together(
        [versions((0, 5, 1), (0, 6, 3), (0, 7, 3)), versions((0, 2, 2), (1, 1, 2))]
    )
    assert (ds // STEP).tolist() == [0, 0, 0, 1]
    assert (known_at // STEP).tolist() == [1, 2, 3, 2]
    np.testing.assert_array_equal(values, [[5, 5, 7, np.nan], [np.nan, 2, 2, 1]])


def test_a_later_correction_of_those_who_hung_up_is_a_later_version_of_the_demand_after_them() -> None:
    given = Volumes(
        versions((0, 100, 1), (1, 100, 2)),
        versions((0, 20, 1), (0, 40, 9), (1, 0, 2)),
        NOTHING,
        Counted.nothing(),
    )
    rule, spread = Rule(r=0.5), delays(HALF, 60)
    found = corrected(given, rule, HALF)
    then, now = (found.until(at * STEP).on(np.array([0, STEP])) for at in (5, 9))
    np.testing.assert_allclose(then, [100 - 10 * spread[0], 100 - 10 * spread[1]])
    np.testing.assert_allclose(now, [100 - 20 * spread[0], 100 - 20 * spread[1]])
    assert len(found.until(STEP)) == 1  # nothing is said of a bucket before its contacts are known


def test_a_bucket_that_is_taken_back_is_taken_back_in_the_demand_too() -> None:
    given = Volumes(
        versions((0, 10, 1), (0, np.nan, 5)),
        NONE,
        told(transferred_in=versions((0, 3, 1))),
        Counted.nothing(),
    )
    found = corrected(given, Rule(), HALF)
    np.testing.assert_array_equal(found.value, [7, np.nan])


def test_what_became_known_later_changes_no_earlier_version() -> None:
    rng = np.random.default_rng(3)

    def stream(scale: float) -> Versions:
        ds, known = rng.integers(0, 30, 90), rng.integers(0, 60, 90)
        value = np.where(rng.random(90) < 0.1, np.nan, rng.poisson(scale, 90))
        return Versions.of(ds * STEP, value, known * STEP)

    seen = Counted(stream(2), stream(4))
    given = Volumes(stream(50), stream(10), told(overflow_out=stream(3)), seen)
    cutoff = 25 * STEP
    cut = Volumes(
        given.offered.until(cutoff),
        given.abandoned.until(cutoff),
        tuple(one.until(cutoff) for one in given.parts),
        Counted(seen.short.until(cutoff), seen.redialled.until(cutoff)),
    )
    grid = np.arange(30) * STEP
    rule = Rule(r=0.4)
    there, gone = (corrected(one, rule, HALF).until(cutoff).on(grid) for one in (given, cut))
    np.testing.assert_array_equal(there, gone)
    starts, latest = now_known(cut, rule, HALF)
    np.testing.assert_allclose(latest.corrected, gone[np.isin(grid, starts)])


def test_delays_add_up_and_a_day_holds_its_own_redials() -> None:
    for interval in (Interval.QUARTER, HALF, Interval.HOUR, Interval.DAY):
        assert delays(interval, 60).sum() == pytest.approx(1.0)
    assert delays(Interval.DAY, 60)[0] > 0.98
    assert (np.diff(delays(Interval.QUARTER, 60)[1:]) <= 0).all()


def contacts(*rows: tuple[float, str | None, str, float | None]) -> pd.DataFrame:
    """(minutes, customer, outcome, seconds waited)."""
    at, customer, outcome, waited = zip(*rows, strict=True)
    moment = pd.to_datetime(np.array(at) * 60 * 10**9, utc=True)
    columns = {"at": moment, "customer": pd.Series(customer, dtype=object), "outcome": list(outcome)}
    return pd.DataFrame({**columns, "waited_seconds": np.array(waited, dtype=float), "known_at": moment})


def test_a_redial_is_the_next_call_of_somebody_who_hung_up_within_the_window() -> None:
    log = contacts(
        (0, "a", "abandoned", 60), (10, "a", "handled", 5), (20, "a", "handled", 5),  # the third is another matter
        (0, "b", "abandoned", 60), (70, "b", "handled", 5),  # too late
        (0, "c", "abandoned", 2), (5, "c", "handled", 5),  # hung up at once
        (1, "d", "abandoned", 60), (29, "d", "abandoned", 60), (31, "d", "handled", 5),
    )  # fmt: skip
    found = counted(log, interval=HALF, tz=TZ, short_seconds=5, window_minutes=60)
    assert found["redialled"].tolist() == [2, 1, 0]
    assert found["short_abandoned"].tolist() == [1, 0, 0]


def test_where_too_few_customers_are_known_redials_are_not_seen() -> None:
    log = contacts((0, "a", "abandoned", 60), (1, None, "abandoned", 60), (10, "a", "handled", 5))
    found = counted(log, interval=HALF, tz=TZ, short_seconds=5, window_minutes=60)
    assert found["redialled"].isna().all() and found["short_abandoned"].tolist() == [0]


def test_an_estimate_leans_on_the_prior_as_far_as_it_is_unsure() -> None:
    assert leaning(0.6, 1e-6, 40).r == pytest.approx(0.6)
    assert leaning(0.6, 10.0, 40).r == pytest.approx(PRIOR, abs=0.01)
    wide, narrow = leaning(0.3, 0.4, 9), leaning(0.3, 0.05, 40)
    assert wide.upper - wide.lower > 3 * (narrow.upper - narrow.lower)


def test_nothing_is_estimated_of_days_of_short_histories_and_where_nobody_hangs_up() -> None:
    frame = world(Phone(1, weeks=LEAST_WEEKS - 2, level=30)).volumes()
    facts = {"interval": HALF, "tz": TZ, "window_minutes": 60.0}
    ds, offered = column_ns(frame["ds"]), frame["offered"].to_numpy()
    assert estimate(ds, offered, frame["abandoned"].to_numpy(), **facts) is None
    many = world(Phone(1, weeks=12, level=30)).volumes()
    ds, offered = column_ns(many["ds"]), many["offered"].to_numpy()
    assert estimate(ds, offered, np.zeros(len(ds)), **facts) is None
    assert estimate(ds, offered, np.ones(len(ds)), **{**facts, "interval": Interval.DAY}) is None


@cache
def world(truth: Phone) -> Calls:
    return call(truth)


def rate(truth: Phone) -> RedialRate:
    frame = world(truth).volumes()
    lost = (frame["abandoned"] - frame["short_abandoned"]).to_numpy()
    found = estimate(
        column_ns(frame["ds"]), frame["offered"].to_numpy(), lost, interval=HALF, tz=TZ, window_minutes=60
    )
    assert found is not None
    return found


@pytest.mark.parametrize("r", [0.0, 0.3, 0.6])
def test_with_a_bad_week_the_estimate_is_near_the_truth(r: float) -> None:
    found = rate(Phone(1, r=r, bad=(39,)))
    assert abs(found.r - r) < 0.15 and found.lower <= r + 0.02 and found.upper >= r - 0.05


@pytest.mark.long
@pytest.mark.parametrize("seed", [2, 3, 4])
@pytest.mark.parametrize("r", [0.0, 0.3, 0.6])
def test_without_a_bad_week_the_estimate_is_as_near_as_its_interval_says(r: float, seed: int) -> None:
    found = rate(Phone(seed, r=r))
    assert found.lower - 0.05 <= r <= found.upper + 0.1


@pytest.mark.long
def test_incidents_that_bring_calls_and_make_many_hang_up_are_no_redials() -> None:
    assert rate(Phone(5, r=0.0, surges=20)).r < 0.35


LEVEL = 60.0


def given(truth: Phone, how: str) -> tuple[Volumes, Rule]:
    """The queue as it comes with redials told, in a log, hidden, or left as they are."""
    calls = world(truth)
    frame = calls.volumes()
    ds, known = column_ns(frame["ds"]), column_ns(frame["known_at"])

    def of(name: str) -> Versions:
        return Versions.of(ds, frame[name].to_numpy(), known)

    seen = Counted.nothing()
    if how == "log":
        counts = counted(calls.contacts(), interval=HALF, tz=TZ, short_seconds=5, window_minutes=60)
        at = column_ns(counts["ds"])
        when = column_ns(counts["known_at"])
        seen = Counted(*(Versions.of(at, counts[name], when) for name in ("short_abandoned", "redialled")))
    shown = (
        told(redialled=of("redialled"), short_abandoned=of("short_abandoned")) if how == "told" else NOTHING
    )
    r = rate(truth).r if how == "estimate" else None
    off = frozenset(PARTS) if how == "off" else frozenset()
    return Volumes(of("offered"), of("abandoned"), shown, seen), Rule(r=r, off=off)


def ahead(truth: Phone, how: str) -> tuple[float, Floats]:
    """The next four weeks by level_profile: their total, and the shape of their working days float[5, slots]."""
    volumes, rule = given(truth, how)
    series = Series("calls", HALF, TZ, corrected(volumes, rule, HALF))
    last = MONDAY + 7 * truth.weeks
    history = archive(series).at(int(day_start([last], TZ)[0])).history("calls")
    grid = Grid.days(last, last + 27, HALF, TZ)
    rates = LevelProfile().fit(history).rate(history, grid)
    expected = rates[: 5 * HALF.slots].reshape(5, HALF.slots)
    return float(rates.sum()), expected / expected.sum(axis=1, keepdims=True)


def changes(how: str, seed: int) -> tuple[float, float]:
    """What a week at a service level of 30 % changes: the total of the next four weeks, and the shape of a day (half the sum of differences)."""
    (usual, shape), (after, bent) = (
        ahead(Phone(seed, level=LEVEL, steep=0.0, bad=bad), how) for bad in ((), (39,))
    )
    return abs(after / usual - 1), float(np.abs(bent - shape).sum(axis=1).mean() / 2)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("how", ["told", "log", "estimate"])
def test_a_week_with_a_service_level_of_30_percent_changes_the_next_month_by_less_than_3_percent(
    how: str, seed: int
) -> None:
    total, shape = changes(how, seed)
    assert total < 0.03 and shape < 0.03


@pytest.mark.parametrize("seed", [1, 2])
def test_without_correction_it_would_change_it_by_more(seed: int) -> None:
    assert changes("off", seed)[0] > 0.05
