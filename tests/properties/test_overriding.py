"""Whatever is changed by hand, all granularities tell the same, nothing falls below zero, and the rest keeps every bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.arrays import Floats
from forecast.buckets import DAY, SECOND, Grid, Interval, end, floor
from forecast.models.base import QUANTILES
from forecast.override_rows import Rows, changed_rows
from forecast.overriding import ABSOLUTE, PERCENT, TOTAL, Changed, Override, Units, apply, targets

ZONES = ("Europe/Amsterdam", "America/New_York")
# local days on which the clocks go forward or back in one of the zones, each with days around it
MONTHS = [
    int(np.datetime64(date, "D").astype(np.int64)) for date in ("2026-03-06", "2026-03-27", "2026-10-23")
]
DAYS = 12
LENGTHS = (Interval.HOUR, Interval.DAY, Interval.WEEK, Interval.MONTH)


def unit(seed: int, first: int, interval: Interval, tz: str, name: str = "a", topic: str = "") -> Units:
    """Twelve days of a forecast as it is stored (float32), closed at night and on Sundays."""
    grid = Grid.days(first, first + DAYS - 1, interval, tz)
    drawn = np.random.default_rng([seed, len(name), len(topic)]).gamma(2.0, 9.0, len(grid))
    hour = (grid.ds - floor(grid.ds, Interval.DAY, tz)) / (3600 * SECOND)
    open_ = (interval.slots == 1) | ((hour >= 8) & (hour < 20))
    mean = np.where(open_ & (grid.weekday < 6), drawn, 0.0).astype(np.float32).astype(np.float64)
    aht = np.where(mean > 0, 200.0 + 10 * grid.weekday, np.nan)
    ends = end(grid.ds, interval, tz)
    whole = topic == ""
    return Units(
        f"{name}/{topic}" if topic else name, name, "phone" if name == "a" else "email", topic or "all", whole, tz,
        grid.ds, ends, mean, aht, np.ones(len(grid), dtype=np.int64), mean,
    )  # fmt: skip


def rows_of(units: Units, length: Interval) -> Rows:
    """The rows of a longer granularity, as a run stores them beside its intervals."""
    start, place = np.unique(floor(units.start, length, units.tz), return_inverse=True)
    mean, work = np.zeros(len(start)), np.zeros(len(start))
    np.add.at(mean, place, units.mean)
    np.add.at(work, place, units.mean * np.nan_to_num(units.aht))
    return wide(start, end(start, length, units.tz), mean, work)


def wide(start: np.ndarray, stop: np.ndarray, mean: Floats, work: Floats) -> Rows:
    spread = 1 + 0.4 * (np.array(QUANTILES) - 0.5)
    mean = mean.astype(np.float32).astype(np.float64)
    values = np.column_stack([mean, mean[:, None] * spread])
    seconds = np.divide(work, mean, out=np.full(len(mean), np.nan), where=mean > 0)
    aht = np.column_stack([seconds, seconds[:, None] * spread])
    ones = np.ones(len(start), dtype=np.int64)
    work_ = np.column_stack([work, work[:, None] * spread])
    return Rows(start, stop, ones, ones * 0, values, aht, work_)


def own_rows(units: Units) -> Rows:
    return wide(units.start, units.end, units.mean, units.mean * np.nan_to_num(units.aht))


@st.composite
def overrides(draw: st.DrawFn, first: int, *, topics: tuple[str, ...] = ("",)) -> list[Override]:
    """Up to four changes, their ranges to the minute: they begin inside intervals, days and clock changes."""
    made = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        begin = draw(st.integers(-600, DAYS * 1440))
        length = draw(st.sampled_from([17, 90, 600, 1440, 3000, 7200]))
        kind = draw(st.sampled_from([PERCENT, ABSOLUTE, TOTAL]))
        measure = draw(st.sampled_from(["volume", "volume", "aht"]))
        value = draw(st.floats(0, 4_000) if kind == TOTAL else st.floats(-100, 300))
        start = first * DAY + begin * 60 * SECOND
        queue, channel = draw(st.sampled_from([("a", ""), ("", ""), ("", "phone")]))
        topic = draw(st.sampled_from(topics))
        made.append(
            Override(number, queue, channel, topic, measure, kind, value, start, start + length * 60 * SECOND)
        )
    return made


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Units], list[Override]]:
    first = draw(st.sampled_from(MONTHS))
    interval = draw(st.sampled_from([Interval.QUARTER, Interval.HALF_HOUR, Interval.HOUR, Interval.DAY]))
    seed = draw(st.integers(0, 1000))
    held = [unit(seed, first, interval, ZONES[0]), unit(seed, first, interval, ZONES[1], "bb")]
    return held, draw(overrides(first))


@settings(max_examples=25, deadline=None)
@given(cases())
def test_the_sum_of_the_intervals_is_the_hour_the_day_the_week_and_the_month(
    case: tuple[list[Units], list[Override]],
) -> None:
    held, changes = case
    for units, changed in zip(held, apply(held, changes), strict=True):
        fine, _ = changed_rows(units, changed, own_rows(units))
        assert fine.work is not None and fine.aht is not None
        assert (fine.values >= 0).all() and (np.nan_to_num(fine.work) >= 0).all()
        np.testing.assert_allclose(fine.values[:, 0], changed.mean, rtol=1e-9, atol=1e-9)
        for length in LENGTHS:
            rows = rows_of(units, length)
            found, touched = changed_rows(units, changed, rows)
            assert found.work is not None and found.aht is not None and rows.work is not None
            place = np.searchsorted(found.start, units.start, side="right") - 1
            size = len(found.start)
            sums = np.bincount(place, weights=fine.values[:, 0], minlength=size)
            np.testing.assert_allclose(found.values[:, 0], sums, rtol=1e-5, atol=1e-5)
            work = np.bincount(place, weights=np.nan_to_num(fine.work[:, 0]), minlength=size)
            np.testing.assert_allclose(np.nan_to_num(found.work[:, 0]), work, rtol=1e-4, atol=1e-2)
            spent = found.values[:, 0] * np.nan_to_num(found.aht[:, 0])
            np.testing.assert_allclose(spent, work, rtol=1e-3, atol=0.1)
            assert (np.diff(found.values[:, 1:], axis=1) >= -1e-9).all()
            np.testing.assert_array_equal(found.values[~touched], rows.values[~touched])
            np.testing.assert_array_equal(found.work[~touched], rows.work[~touched])


@settings(max_examples=25, deadline=None)
@given(cases())
def test_a_change_gives_what_it_says_and_touches_nothing_outside_its_range_and_scope(
    case: tuple[list[Units], list[Override]],
) -> None:
    held, changes = case
    for one in changes:
        found = apply(held, [one])
        mine = targets(held, one)
        for at, (units, changed) in enumerate(zip(held, found, strict=True)):
            away = (units.share(one) == 0) | (at not in mine)
            np.testing.assert_array_equal(changed.mean[away], units.mean[away])
            np.testing.assert_array_equal(changed.aht[away], units.aht[away])
        if one.measure == "aht":
            continue
        before = sum(float((held[at].mean * held[at].share(one)).sum()) for at in mine)
        added = sum(float((found[at].mean - held[at].mean).sum()) for at in mine)
        if one.kind == PERCENT:
            np.testing.assert_allclose(added, before * one.value / 100, rtol=1e-9, atol=1e-9)
        if one.kind == ABSOLUTE and before > 0:
            np.testing.assert_allclose(added, max(one.value, -before), rtol=1e-6, atol=1e-6)
        if one.kind == TOTAL:
            _totals(held, found, mine, one)


def _totals(held: list[Units], found: tuple[Changed, ...], mine: list[int], one: Override) -> None:
    """Each local day comes to the value, as far as the range covers it; days on which nothing comes stay empty."""
    before: dict[int, float] = {}
    after: dict[int, float] = {}
    for at in mine:
        share, units = held[at].share(one), held[at]
        added = found[at].mean - units.mean
        for day in np.unique(units.day[share > 0]).tolist():
            rows = units.day == day
            before[day] = before.get(day, 0.0) + float((units.mean * share)[rows].sum())
            after[day] = after.get(day, 0.0) + float((units.mean * share + added)[rows].sum())
    for day, came in before.items():
        expected = one.value if came > 0 or len(before) == 1 else 0.0
        np.testing.assert_allclose(after[day], expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_the_reasons_of_a_queue_stay_its_sum(data: st.DataObject) -> None:
    first = data.draw(st.sampled_from(MONTHS))
    seed = data.draw(st.integers(0, 1000))
    bills = unit(seed, first, Interval.HALF_HOUR, ZONES[0], topic="bills")
    other = replace(bills, name="a/other", topic="other", mean=bills.mean * 0.5)
    none = np.full(len(bills.start), np.nan)
    whole = replace(bills, name="a", topic="all", whole=True, mean=bills.mean * 1.5)
    held = [whole, replace(bills, aht=none), replace(other, aht=none)]
    changes = [
        one
        for one in data.draw(overrides(first, topics=("", "bills")))
        if one.kind == PERCENT or one.topic == ""
    ]
    found = apply(held, changes)
    open_ = whole.mean > 0  # where nothing is expected a queue has no reasons to share it among
    np.testing.assert_allclose(
        found[0].mean[open_], (found[1].mean + found[2].mean)[open_], rtol=1e-9, atol=1e-9
    )
