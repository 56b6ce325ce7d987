"""Did a signal's source change its behaviour? The last one and two weeks against the eight weeks before.

    versions ─► a number per local day, each as known the same time after its day ─► ratio of the latest days to those
    before, storms capped ─► over the spread that such ratios had so far ─► shifted, where it is far beyond it

The spread is the median absolute ratio of the past year (Rousseeuw & Croux 1993, JASA 88:1273-1283), held towards a
usual one while few windows have been seen, so that the test works from the sixth week on and gets sharper with time.
The thresholds stand for about one false alarm a year on counts with storms (`tests/unit/test_signal_health.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import DAY, SECOND, day_start, end, local_ns
from forecast.features import known_sums
from forecast.vintage import Signal, Versions

SPANS = ((7, 3.5), (14, 3.25))  # days looked at, and how many spreads are too many
BEFORE, LEAST_BEFORE = 56, 28
YEAR = 364
PRIOR_WINDOWS = 2  # what the usual spread is worth, in windows of its own
PROMPT = 3600 * SECOND  # what is known later than this after its bucket is late
LEAST_WHOLE = 10.0  # posts a day of which a share can be told


@dataclass(frozen=True)
class Shift:
    """What one measure says at each of t moments. recent, before: float[t] of the latest days and of those before.

    what: volume, late, share or level; days: int64[t] how many latest days; found: bool[t]
    """

    what: str
    days: Ns
    recent: Floats
    before: Floats
    found: Flags


@dataclass(frozen=True)
class _Measure:
    """How latest and earlier days compare. ratio: (recent, before [n]) -> [n], 0 where nothing changed.

    middle: float[n, days] -> [n], robust against storms; spread: the usual one; least: smaller ratios do not matter
    """

    what: str
    values: Floats
    middle: Callable[[Floats], Floats]
    ratio: Callable[[Floats, Floats], Floats]
    spread: float
    least: float


def shifts(signal: Signal, today: Ns, wait: int, whole: Signal | None = None) -> list[Shift]:
    """Each measure at local days `today` int64[t], every day's number being known `wait` >= 1 days after its end.

    whole: what the signal is a part of (`posts` of `negative`), so that its share is looked at too
    """
    if len(signal.values) == 0 or len(today) == 0 or signal.interval.seconds * SECOND > DAY:
        return []
    first, last = _first_day(signal, wait), int(today.max()) - 1 - wait
    if last - first < LEAST_BEFORE + SPANS[0][0]:
        return []
    days = np.arange(first, last + 1)
    place = today - 1 - wait - first
    return [_shift(measure, place) for measure in _measures(signal, days, wait, whole)]


def _first_day(signal: Signal, wait: int) -> int:
    """The first local day that was known in time; what was brought in afterwards says nothing of the source."""
    day = local_ns(signal.values.ds, signal.tz) // DAY
    timely = signal.values.known_at <= _closed(day, wait, signal.tz)
    return int(day[timely].min()) if timely.any() else int(day.max()) + 1


def _closed(day: Ns, wait: int, tz: str) -> Ns:
    """Local days [n] -> ns[n]: `wait` days after the end of each, when its number is taken."""
    unique, place = np.unique(day, return_inverse=True)
    return day_start(unique + 1 + wait, tz)[place]


def _measures(signal: Signal, days: Ns, wait: int, whole: Signal | None) -> list[_Measure]:
    if signal.kind == "level":
        level = _by_day(signal, days, wait, mean=True)
        scale = _scale(level)
        return [_Measure("level", level, median, np.subtract, scale, 2 * scale)]
    total = totals(signal, days, wait)
    found = [_Measure("volume", total, capped_mean, _log_ratio, 0.3, 0.4)]
    prompt = np.nan_to_num(_by_day(signal, days, wait=None))
    late = np.where(total > 0, 1 - np.minimum(prompt / np.maximum(total, 1e-9), 1), np.nan)
    found.append(_Measure("late", late, median, np.subtract, 0.1, 0.25))
    if whole is not None and whole.name != signal.name and len(whole.values):
        all_ = totals(whole, days, wait)
        share = np.where(all_ >= LEAST_WHOLE, total / np.maximum(all_, 1), np.nan)
        found.append(_Measure("share", share, median, _share_ratio, 0.2, 0.4))
    return found


def totals(signal: Signal, days: Ns, wait: int) -> Floats:
    """float[d]: a count's sum over each local day (of 24 hours), as known `wait` days after its end."""
    ages = np.array([wait, wait + 1], dtype=np.int64) * DAY + 1
    return known_sums(signal.values, day_start(days + 1 + wait, signal.tz), ages)[:, 0]


def _by_day(signal: Signal, days: Ns, wait: int | None, *, mean: bool = False) -> Floats:
    """float[d]: sum or mean of each bucket's first version that came within an hour, or within `wait` days; NaN: none."""
    held: Versions = signal.values
    ds, place = np.unique(held.ds, return_index=True)
    value, known_at = held.value[place], held.known_at[place]
    day = local_ns(ds, signal.tz) // DAY
    until = (
        end(ds, signal.interval, signal.tz) + PROMPT if wait is None else day_start(day + 1 + wait, signal.tz)
    )
    keep = (known_at <= until) & (day >= days[0]) & (day <= days[-1]) & ~np.isnan(value)
    count = np.bincount(day[keep] - days[0], minlength=len(days)).astype(np.float64)
    total = np.bincount(day[keep] - days[0], weights=value[keep], minlength=len(days))
    return np.where(count > 0, total / np.where(mean, np.maximum(count, 1), 1.0), np.nan)


def _scale(values: Floats) -> float:
    """How much a level sways from day to day in the first weeks, which every later day knows."""
    early = values[:LEAST_BEFORE]
    early = early[~np.isnan(early)]
    if len(early) == 0:
        return 1.0
    middle = float(np.median(early))
    return max(1.4826 * float(np.median(np.abs(early - middle))), 0.05 * abs(middle), 1e-6)


def capped_mean(windows: Floats) -> Floats:
    """float[n, days] -> [n]: the mean of days cut at twice the window's median and three: a storm is no level."""
    middle = median(windows)[:, None]
    return np.asarray(np.nanmean(np.minimum(windows, 2 * middle + 3), axis=1))


def median(windows: Floats) -> Floats:
    """float[n, k] -> [n]: the median of what is there; NaN where nothing is. (`np.nanmedian` is ten times as slow here.)"""
    ordered = np.sort(windows, axis=1)  # NaN last
    count = (~np.isnan(windows)).sum(axis=1)
    low, high = (np.maximum(count - 1, 0) // 2, count // 2)
    rows = np.arange(len(windows))
    return np.asarray((ordered[rows, low] + ordered[rows, np.minimum(high, windows.shape[1] - 1)]) / 2)


def _log_ratio(recent: Floats, before: Floats) -> Floats:
    return np.asarray(np.log((recent + 1) / (before + 1)))


def _share_ratio(recent: Floats, before: Floats) -> Floats:
    return np.asarray(np.log((recent + 0.05) / (before + 0.05)))


def _shift(measure: _Measure, place: Ns) -> Shift:
    """A measure at rows `place` int64[t] of its days; the shorter span is named where both find something."""
    days, found = np.full(len(place), SPANS[-1][0]), np.zeros(len(place), dtype=bool)
    recent, before = np.full((2, len(place)), np.nan)
    there = (place >= 0) & (place < len(measure.values))
    at = np.where(there, place, 0)
    for span, most in reversed(SPANS):
        now, then, ratio = _compared(measure, span)
        size = np.abs(ratio)
        beyond = (size > most * _spread(ratio, span, measure.spread)) & (size > measure.least)
        mine = beyond[at] & there
        take = mine | np.isnan(recent)
        recent, before = np.where(take, now[at], recent), np.where(take, then[at], before)
        days, found = np.where(mine, span, days), found | mine
    return Shift(measure.what, days, recent, before, found)


def _compared(measure: _Measure, span: int) -> tuple[Floats, Floats, Floats]:
    """float[d] each: the latest `span` days up to each day, the eight weeks before them, and their ratio; NaN: too few."""
    padded = np.concatenate([np.full(BEFORE + span - 1, np.nan), measure.values])
    windows = sliding_window_view(padded, BEFORE + span)
    then, now = windows[:, :BEFORE], windows[:, BEFORE:]
    enough = ((~np.isnan(then)).sum(axis=1) >= LEAST_BEFORE) & ((~np.isnan(now)).sum(axis=1) > span / 2)
    recent, before, ratio = np.full((3, len(windows)), np.nan)
    recent[enough], before[enough] = measure.middle(now[enough]), measure.middle(then[enough])
    ratio[enough] = measure.ratio(recent[enough], before[enough])
    return recent, before, ratio


def _spread(ratio: Floats, span: int, usual: float) -> Floats:
    """float[d]: the spread of a ratio without change, from the year that ended before the latest days began."""
    past = pd.Series(np.abs(ratio)).shift(span).rolling(YEAR, min_periods=1)
    own, seen = 1.4826 * past.median().fillna(0.0).to_numpy(), past.count().to_numpy()
    windows = seen / span
    return np.asarray(np.sqrt((windows * own**2 + PRIOR_WINDOWS * usual**2) / (windows + PRIOR_WINDOWS)))
