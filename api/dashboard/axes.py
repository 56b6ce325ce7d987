"""Time axes: x is the UTC moment, so that a repeated hour is two places and a missing one none; labels are local."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from api.dashboard.windows import Window
from api.dashboard.words import Words, local
from forecast.arrays import Ns
from forecast.buckets import SECOND, Grid, Interval, day_start, from_ns, local_day

HOUR = 3600 * SECOND
MONTHS_FROM = 200  # days from which months are marked instead of weeks


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
    if days > MONTHS_FROM:
        return _months(moments, midnights, words)
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


def _months(moments: list[dt.datetime], midnights: list[int], words: Words) -> Ticks:
    """The first days of months, with their years."""
    firsts = [place for place, one in enumerate(moments) if one.day == 1]
    every = 1 if len(firsts) <= 9 else 2
    kept = [place for count, place in enumerate(firsts) if count % every == 0]
    labels = [f"{words.date(moments[place]).split()[1]}<br>{moments[place].year}" for place in kept]
    return Ticks([midnights[place] for place in kept], labels, [midnights[place] for place in firsts])


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
    """[ds, end] -> names of buckets: `Tue 10 Mar 10:00–10:30`, `Tue 10 Mar`, `wk 11 · 9 Mar–15 Mar`, `Mar 2026`.

    The second of two repeated hours carries a star; a day or week of another year than the first one its year.
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
    if step is Interval.MONTH:
        return [f"{words.date(begin).split()[1]} {begin.year}" for begin in begins]
    years = ["" if begin.year == begins[0].year else f" {begin.year}" for begin in begins]
    if step is Interval.WEEK:
        return [
            f"{words('week_short', n=begin.isocalendar().week)} · {words.date(begin)}–{words.date(end)}{year}"
            for begin, end, year in zip(begins, ends, years, strict=True)
        ]
    return [f"{words.day(begin)}{year}" for begin, year in zip(begins, years, strict=True)]
