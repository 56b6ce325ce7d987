"""The naive bars: last week again, and the mean or median of the last eight weeks.

They are what every other model has to beat, so they are kept as plain as planners know them ("the same half hour,
the last eight weeks"): no holidays, no level, no trend. Only one thing is added: 0 where the queue will be closed.
The eight weeks end at the cutoff of the history they predict from; nothing is learnt in `fit`.

Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 5.2 (seasonal naive method);
definitions: docs on measuring, `seasonal_naive`, `mean8`, `mean8_open`, `median8`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats
from forecast.buckets import Grid
from forecast.models.base import require_days
from forecast.vintage import History

WEEKS = 8


@dataclass(frozen=True)
class SeasonalNaive:
    """The same bucket of the latest week known; beyond one week that week repeats."""

    name: str = "seasonal_naive"
    cost: float = 0.001

    def fit(self, history: History) -> Weekly:
        """NotEnoughHistory without a single day with contacts."""
        require_days(history, 1, self.name)
        return Weekly(_latest)


@dataclass(frozen=True)
class Mean8:
    """The mean of the same weekday and slot over the last eight weeks; absent and closed days count as zeros."""

    name: str = "mean8"
    cost: float = 0.001

    def fit(self, history: History) -> Weekly:
        """NotEnoughHistory without a single day with contacts."""
        require_days(history, 1, self.name)
        return Weekly(_mean)


@dataclass(frozen=True)
class Mean8Open:
    """The mean of the same weekday and slot over the last eight weeks, days with contacts only."""

    name: str = "mean8_open"
    cost: float = 0.001

    def fit(self, history: History) -> Weekly:
        """NotEnoughHistory without a single day with contacts."""
        require_days(history, 1, self.name)
        return Weekly(_mean, open_only=True)


@dataclass(frozen=True)
class Median8:
    """The median of the same weekday and slot over the last eight weeks, days with contacts only."""

    name: str = "median8"
    cost: float = 0.001

    def fit(self, history: History) -> Weekly:
        """NotEnoughHistory without a single day with contacts."""
        require_days(history, 1, self.name)
        return Weekly(_median, open_only=True)


@dataclass(frozen=True)
class Weekly:
    """A statistic over the last eight weeks, repeated every week."""

    statistic: Callable[[Floats], Floats]
    open_only: bool = False

    def rate(self, history: History, grid: Grid) -> Floats:
        """grid[n] -> float[n]; a weekday and slot of which nothing is known counts as 0."""
        values = on_open_days(history) if self.open_only else history.y
        if history.calendar.once:  # what a planner leaves out of history is in no average either
            left_out = np.isin(history.grid.day, list(history.calendar.once))
            values = np.where(left_out & (history.grid.day < history.today), np.nan, values)
        week = self.statistic(last_weeks(history, values))
        rate = np.nan_to_num(week[grid.weekday, grid.slot])
        return np.where(history.opening(grid), rate, 0.0)


def on_open_days(history: History) -> Floats:
    """float[n]: the contacts, NaN on days without any: to a planner such a day was closed or is missing."""
    grid, y = history.grid, history.y
    if len(grid) == 0:
        return y
    day = grid.day - grid.day[0]
    total = np.bincount(day, weights=np.nan_to_num(y))
    return np.where(total[day] > 0, y, np.nan)


def last_weeks(history: History, values: Floats, *, weeks: int = WEEKS) -> Floats:
    """values[n] -> float[weeks, 7, slots], Monday first, the last week latest; NaN where nothing is known.

    The weeks end at the cutoff: today's slots are there if they have begun, and those of the same weekday `weeks`
    ago if not.
    """
    today, span = history.today, 7 * weeks
    days = history.table(values, first=today - span, last=today)
    begun = np.zeros(history.grid.slots, dtype=bool)
    begun[history.grid.slot[history.grid.day == today]] = True
    same = days[::7]
    recent = days[1:].reshape(weeks, 7, -1)
    recent[:, -1] = np.where(begun, same[1:], same[:-1])
    monday_first = np.argsort((np.arange(today - span + 1, today - span + 8) + 3) % 7)
    return recent[:, monday_first]


def _latest(weeks: Floats) -> Floats:
    backwards = weeks[::-1]
    place = (~np.isnan(backwards)).argmax(axis=0)
    return np.asarray(np.take_along_axis(backwards, place[None], axis=0)[0])


def _mean(weeks: Floats) -> Floats:
    known = ~np.isnan(weeks)
    return np.asarray(np.where(known, weeks, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))


def _median(weeks: Floats) -> Floats:
    ordered = np.sort(weeks, axis=0)  # NaN goes last
    count = np.maximum((~np.isnan(weeks)).sum(axis=0), 1)
    low = np.take_along_axis(ordered, ((count - 1) // 2)[None], axis=0)[0]
    high = np.take_along_axis(ordered, (count // 2)[None], axis=0)[0]
    return np.asarray((low + high) / 2)
