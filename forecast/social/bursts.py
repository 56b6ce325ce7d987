"""Bursts of a signal: when more is said than is usual at this time of the week, since when, and how much.

A bucket is judged as it was seen at its own end (or `wait` later) and held against the same local time of the week of
the eight weeks before, seen at their own ends too: lateness cancels out. What was imported long after it happened is
compared with as soon as it was known, and never judged itself.

    expected   mean of those weeks, each cut at median + 3 spreads (the larger of the Poisson one and 1.4826 times the
               median absolute deviation): one storm is no habit
    noise      negative binomial. Its size r joins what eight weeks leave unknown of the rate (a gamma posterior with
               Jeffreys' prior) and the overdispersion of the last eight weeks (method of moments)
    burst      C_t = max(0, C_{t-1} + l_t), where l_t is the log likelihood ratio of "`SHIFT` standard deviations more"
               against "as usual": the CUSUM of Page (1954) for counts whose mean changes with the calendar (Höhle &
               Paul 2008, "Count data regression charts for the monitoring of surveillance time series", section 2).
               There is a burst when C_t >= log(buckets in `QUIET` days), because the time to a false alarm is then at
               least `QUIET` days (Lorden 1971, theorem 2). Its onset is the bucket after the last one with C = 0.
    over       the same sum with the sign turned, from the alarm on, reaches log(100): "as usual" is a hundred times
               as likely as "still going on"

Only counts have bursts (an absent bucket holds zero); a level such as the mean sentiment is not for this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from forecast import buckets
from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import DAY, SECOND, Grid, Interval
from forecast.errors import InputError

WEEKS = 8
LEAST_WEEKS = 2  # with fewer nothing is usual yet
CUT, NOISE_CUT = 3.0, 8.0  # spreads at which a storm is cut, in what is expected and in what is noise
LEAST = 5  # posts beyond expected: fewer are no burst, however still the night
SHIFT = 3.0  # standard deviations the chart is tuned to; half of that is let pass for ever
LEAST_SHIFT = 2.0  # posts: at a rate near zero a standard deviation is less than one post
QUIET = 91  # days between false alarms, at the least
OVER = float(np.log(100.0))
NEVER = int(np.iinfo(np.int64).min)  # the onset where there is no burst
_LATE = 3600 * SECOND  # what is first known later than this after it is judged was imported


class Known(Protocol):
    """Versions of a count per bucket, ordered by `known_at`; `forecast.versions.Versions` is one."""

    @property
    def ds(self) -> Ns: ...
    @property
    def value(self) -> Floats: ...
    @property
    def known_at(self) -> Ns: ...


@dataclass(frozen=True)
class Bursts:
    """What is to be said of each bucket at its end, from the first known bucket on. All arrays have n rows.

    grid:      Grid[n]
    value:     float[n] posts as seen then; NaN where the bucket was imported
    expected:  float[n] posts usual at this time of the week; NaN with fewer than two earlier weeks
    deviation: float[n] (value - expected) in standard deviations; 0 where nothing is expected
    onset:     ns[n] start of the first bucket of the burst that is going on, NEVER where there is none
    age:       float[n] minutes from that start to the end of this bucket; NaN where there is none
    size:      float[n] posts beyond expected since the onset, this bucket included; 0 where there is none
    over:      bool[n] the burst was found to have ended in this bucket; the next has none
    """

    grid: Grid
    value: Floats
    expected: Floats
    deviation: Floats
    onset: Ns
    age: Floats
    size: Floats
    over: Flags

    @property
    def going_on(self) -> Flags:
        """bool[n]: a burst is known of and has not been found over."""
        return np.asarray((self.onset != NEVER) & ~self.over)


@dataclass(frozen=True)
class Burst:
    """The latest burst as known now. `age` in minutes, up to now or to the end; `size` in posts beyond expected.

    found: end of the bucket in which it was noticed; over: end of the bucket in which it was found over, or None
    """

    onset: pd.Timestamp
    found: pd.Timestamp
    age: float
    size: float
    peak: float
    over: pd.Timestamp | None


def burst_of(
    values: Known, *, interval: Interval, tz: str, until: int, wait: int = 0, least: float = LEAST
) -> Bursts:
    """Versions of a count -> Bursts of every bucket that had ended by `until` (ns) less `wait` (ns), in one pass.

    What stands at a bucket depends only on versions known `wait` after its end, so a pass over a year and a pass that
    stops at the bucket say the same. InputError for weeks and months, which have no time of the week.
    """
    if interval in (Interval.WEEK, Interval.MONTH):
        raise InputError(
            f"A burst cannot be told in buckets of {interval.value}.",
            remedy="Use days or shorter buckets.",
            field="interval",
        )
    if wait < 0:
        raise InputError(f"Buckets cannot be judged {-wait} ns before they end.", remedy="Wait 0 or longer.")
    grid, ends = _grid(values, interval, tz, until, wait)
    usual = _usual(_seen(values, grid, ends + wait), grid, ends + wait)
    first, size, over = _chart(usual, interval, least)
    onset = np.where(first < 0, NEVER, grid.ds[first])
    age = np.where(first < 0, np.nan, (ends - grid.ds[first]) / (60 * SECOND))
    return Bursts(grid, usual.value, usual.expected, usual.deviation, onset, age, size, over)


def burst_now(
    values: Known, *, interval: Interval, tz: str, now: int, wait: int = 0, least: float = LEAST
) -> Burst | None:
    """The burst that goes on at `now` (ns) or was found over within the last day; None where there is neither.

    Exactly what `burst_of` says at the last bucket that had ended.
    """
    passed = burst_of(values, interval=interval, tz=tz, until=now, wait=wait, least=least)
    rows = np.flatnonzero(passed.onset != NEVER)
    if len(rows) == 0:
        return None
    last = int(rows[-1])
    onset, ended = int(passed.onset[last]), bool(passed.over[last])
    since, found = int(np.searchsorted(passed.grid.ds, onset)), int(rows[passed.onset[rows] == onset][0])
    noticed, end = (int(one) for one in buckets.end(passed.grid.ds[[found, last]], interval, tz))
    if ended and end + wait < now - DAY:
        return None
    return Burst(
        onset=buckets.from_ns(onset),
        found=buckets.from_ns(noticed),
        age=((end if ended else now) - onset) / (60 * SECOND),
        size=float(passed.size[last]),
        peak=float(np.nanmax(passed.value[since : last + 1])),
        over=buckets.from_ns(end) if ended else None,
    )


def _grid(values: Known, interval: Interval, tz: str, until: int, wait: int) -> tuple[Grid, Ns]:
    """Every bucket from the first one known by `until` to the last that had ended `wait` before, and their ends."""
    known = np.asarray(values.ds)[np.asarray(values.known_at) <= until]
    if len(known) == 0:
        grid = Grid.of(np.zeros(0, dtype=np.int64), interval, tz)
        return grid, grid.ds
    start = int(buckets.floor(known.min()[None], interval, tz)[0])
    if interval is Interval.DAY:
        grid = Grid.days(buckets.local_day(start, tz), buckets.local_day(max(start, until), tz), interval, tz)
    else:
        step = interval.seconds * SECOND
        grid = Grid.of(np.arange(start, until + 1, step, dtype=np.int64), interval, tz)
    ends = buckets.end(grid.ds, interval, tz)
    count = int(np.searchsorted(ends, until - wait, side="right"))
    return grid.take(slice(0, count)), ends[:count]


class _Seen(NamedTuple):
    """Values[n] at their own ends; of imported buckets (the first `live` ones) what came, and when it was known [n]."""

    value: Floats
    imported: Floats
    known: Ns
    live: int


def _seen(values: Known, grid: Grid, judged: Ns) -> _Seen:
    """Versions -> the latest value of each bucket known when it is `judged` [n], and what was imported."""
    ds, known = np.asarray(values.ds), np.asarray(values.known_at)
    place = np.searchsorted(grid.ds, ds, side="right") - 1
    there = (place >= 0) & (ds <= grid.ds[-1] if len(grid) else False) & ~np.isnan(values.value)
    place, known, value = place[there], known[there], np.asarray(values.value, dtype=np.float64)[there]
    in_time = known <= judged[place]
    seen = np.zeros(len(grid))
    seen[place[in_time]] = value[in_time]  # the latest known comes last and stays
    prompt = place[known <= judged[place] + _LATE]
    live = int(prompt.min(initial=len(grid)))
    came = np.full(len(grid), np.iinfo(np.int64).max)
    imported = np.zeros(len(grid))
    # backwards, so that the first version stays: a later correction was not known with it
    imported[place[::-1]], came[place[::-1]] = value[::-1], known[::-1]
    # a bucket without posts is known to be empty with the next one of the import that holds any
    came[:live] = np.minimum.accumulate(came[:live][::-1])[::-1]
    return _Seen(np.where(np.arange(len(grid)) < live, np.nan, seen), imported, came, live)


class _Usual(NamedTuple):
    """Per bucket [n]: value, what is expected, its deviation, and the log likelihood ratio `step` of a burst."""

    value: Floats
    expected: Floats
    deviation: Floats
    step: Floats


def _earlier(seen: _Seen, grid: Grid, judged: Ns) -> Floats:
    """float[n, WEEKS]: the same local time of each week before, NaN where it is not known (or the clock left it out)."""
    place_of = grid.day * grid.slots + grid.slot
    keys, first = np.unique(place_of, return_index=True)
    weeks = np.full((len(grid), WEEKS), np.nan)
    for week in range(1, WEEKS + 1):
        wanted = place_of - 7 * week * grid.slots
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        then = first[at]
        late = then < seen.live
        value = np.where(late, seen.imported[then], seen.value[then])
        held = (keys[at] == wanted) & (~late | (seen.known[then] <= judged))
        weeks[:, week - 1] = np.where(held, value, np.nan)
    return weeks


def _usual(seen: _Seen, grid: Grid, judged: Ns) -> _Usual:
    if len(grid) == 0:
        return _Usual(seen.value, seen.value, seen.value, seen.value)
    weeks = _earlier(seen, grid, judged)
    count = (~np.isnan(weeks)).sum(axis=1)
    lower = np.maximum(count - 1, 0) // 2
    middle = _ranked(weeks, lower)
    away = 1.4826 * _ranked(np.abs(weeks - middle[:, None]), lower)
    width = np.maximum(np.sqrt(middle + 1), away)
    total = np.nansum(np.minimum(weeks, (middle + CUT * width)[:, None]), axis=1)
    enough = count >= LEAST_WEEKS
    held = np.maximum(count, 1)
    rate = (total + 0.5) / held
    tamed = np.minimum(seen.value, middle + NOISE_CUT * width)
    size = 1 / (1 / (total + 0.5) + _overdispersion(tamed, rate, held, enough, grid))
    spread = np.sqrt(rate + rate**2 / size)
    raised = rate + np.maximum(SHIFT * spread, LEAST_SHIFT)
    step = seen.value * np.log(raised * (size + rate) / (rate * (size + raised))) - size * np.log(
        (size + raised) / (size + rate)
    )
    expected = np.where(enough, total / held, np.nan)
    deviation = np.where(enough, np.nan_to_num((seen.value - expected) / spread), 0.0)
    return _Usual(seen.value, expected, deviation, np.where(enough, step, np.nan))


def _ranked(table: Floats, rank: Ns) -> Floats:
    """The value of the given rank of each row, NaN last; 0 for a row of NaN."""
    return np.asarray(np.nan_to_num(np.sort(table, axis=1)[np.arange(len(table)), rank]))


def _overdispersion(value: Floats, rate: Floats, weeks: Ns, enough: Flags, grid: Grid) -> Floats:
    """float[n]: a of the variance rate + a rate^2, from the eight weeks before each bucket; 0 where none shows."""
    usable = enough & ~np.isnan(value)
    beyond = np.where(usable, (np.nan_to_num(value) - rate) ** 2 - rate * (1 + 1 / weeks), 0.0)
    square = np.where(usable, rate**2, 0.0)
    sums = [np.concatenate([[0.0], np.cumsum(column)]) for column in (beyond, square)]
    row = np.arange(len(value))
    begin = np.maximum(row - 7 * WEEKS * grid.slots, 0)
    above, below = (column[row] - column[begin] for column in sums)
    return np.asarray(np.maximum(above / np.maximum(below, 1.0), 0.0))


def _chart(usual: _Usual, interval: Interval, least: float) -> tuple[Ns, Floats, Flags]:
    """-> row of the onset (-1: none), size so far, found over [n]."""
    n = len(usual.value)
    rows, sizes, over = np.full(n, -1), np.zeros(n), np.zeros(n, dtype=bool)
    surplus = np.nan_to_num(usual.value - usual.expected)
    limit = float(np.log(QUIET * interval.slots))
    steps = np.nan_to_num(usual.step).tolist()
    for first, found, last, ended in _runs(steps, surplus.tolist(), limit, least):
        rows[found : last + 1] = first
        sizes[found : last + 1] = np.cumsum(surplus[first : last + 1])[found - first :]
        over[last] = ended
    return rows, sizes, over


def _runs(
    steps: list[float], surplus: list[float], limit: float, least: float
) -> Iterator[tuple[int, int, int, bool]]:
    """steps[n] -> (onset, found, last, ended) of each burst. A plain loop: each value needs the one before it."""
    first, found, total, rising, falling = 0, -1, 0.0, 0.0, 0.0
    for row, step in enumerate(steps):
        if found < 0:
            if rising == 0.0:
                first, total = row, 0.0
            rising = max(0.0, rising + step)
            total += surplus[row]
            if rising >= limit and total >= least:
                found, falling = row, 0.0
            continue
        falling = max(0.0, falling - step)
        if falling >= OVER:
            yield first, found, row, True
            found, rising = -1, 0.0
    if found >= 0:
        yield first, found, len(steps) - 1, False
