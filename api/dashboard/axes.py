"""Time axes: x is the UTC moment, so that a repeated hour is two places and a missing one none; labels are local."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from api.dashboard.windows import Window
from api.dashboard.words import Words, local
from forecast.arrays import Ns
from forecast.buckets import SECOND, Grid, Interval, day_start, from_ns, local_day

HOUR = 3600 * SECOND


@dataclass(frozen=True)
class Ticks:
    """at[n] (ns) with their labels, and lines[k] (ns) between days or weeks."""

    at: list[int]
    labels: list[str]
    lines: list[int]


def positions(ns: Ns) -> list[str]:
    """ns[n] -> x values, as plotly wants moments."""
    moments = np.asarray(ns, dtype="datetime64[ns]").astype("datetime64[s]")
    return [str(text) for text in np.datetime_as_string(moments)]


def ticks(window: Window, start: int, stop: int, words: Words) -> Ticks:
    """Hours on one day, days up to ten, weeks beyond: never more labels than a phone can hold."""
    first, last = local_day(start, window.tz), local_day(stop - 1, window.tz)
    days = last - first + 1
    if days == 1:
        return _hours(window, start, stop)
    midnights = [int(one) for one in day_start(np.arange(first, last + 2), window.tz)]
    middles = [(a + b) // 2 for a, b in itertools.pairwise(midnights)]
    moments = [local(from_ns(one), window.tz) for one in middles]
    if days <= 10:
        labels = [f"{words.weekday(one)}<br>{one.day}" for one in moments]
        labels[0] = f"{words.weekday(moments[0])}<br>{words.date(moments[0])}"
        return Ticks(middles, labels, midnights[1:-1])
    mondays = [place for place, one in enumerate(moments) if one.weekday() == 0]
    every = 1 if len(mondays) <= 7 else 2
    at, labels = [], []
    for count, place in enumerate(mondays):
        if count % every == 0 and (window.drawn is not Interval.WEEK or place + 6 < len(middles)):
            at.append(middles[place + 3] if window.drawn is Interval.WEEK else midnights[place])
            labels.append(
                f"{words('week_short', n=moments[place].isocalendar().week)}<br>{words.date(moments[place])}"
            )
    return Ticks(at, labels, [midnights[place] for place in mondays])


def _hours(window: Window, start: int, stop: int) -> Ticks:
    hours = (stop - start) / HOUR
    every = 1 if hours <= 8 else 2 if hours <= 16 else 3
    grid = Grid.days(local_day(start, window.tz), local_day(start, window.tz), Interval.HOUR, window.tz)
    at = [
        int(ds)
        for ds, slot in zip(grid.ds, grid.slot, strict=True)
        if slot % every == 0 and start <= ds <= stop
    ]
    return Ticks(at, [f"{local(from_ns(one), window.tz):%H:%M}" for one in at], [])


def labels(frame: pd.DataFrame, step: Interval, tz: str, words: Words) -> list[str]:
    """[ds, end] -> names of buckets: `Tue 10 Mar 10:00–10:30`, `Tue 10 Mar`, `wk 11 · 9 Mar–15 Mar`.

    The second of two repeated hours carries a star.
    """
    begins = pd.DatetimeIndex(frame["ds"]).tz_convert(tz).to_pydatetime()
    ends = (
        pd.DatetimeIndex(frame["end"] - pd.Timedelta(hours=0 if step.slots > 1 else 12))
        .tz_convert(tz)
        .to_pydatetime()
    )
    if step.slots > 1:
        return [
            f"{words.day(begin)} {begin:%H:%M}–{end:%H:%M}{' *' if begin.fold else ''}"
            for begin, end in zip(begins, ends, strict=True)
        ]
    if step is Interval.WEEK:
        return [
            f"{words('week_short', n=begin.isocalendar().week)} · {words.date(begin)}–{words.date(end)}"
            for begin, end in zip(begins, ends, strict=True)
        ]
    return [words.day(begin) for begin in begins]
