"""LightGBM forecasting directly, the way a user of mlforecast sets it up: lags, rolling means, calendar, quantile loss.

One model per lead band and quantile (no forecast is fed back as a lag). Every feature of a band ends on the last day
that is known at the band's farthest lead, in the training as in the forecast: same slot 7, 14, 21 and 28 days before
(a week later for each week of lead) and their mean, rolling means of the slot and of the day's total over 7 and 28
days, weekday, slot, month, day of the month and of the year, holiday flags of the day and its neighbours, drivers.
Closed buckets are no rows. LightGBM's own defaults otherwise (100 trees, 31 leaves, rate 0.1); no tuning.

Ke et al. (2017), LightGBM, NeurIPS 30; Makridakis et al. (2022), M5, Int. J. Forecasting 38:1346-1364 (lags and rolling
means by LightGBM won it); https://nixtlaverse.nixtla.io/mlforecast (direct: `max_horizon`).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.peers import FittedPeer
from forecast.arrays import Floats, Ns
from forecast.buckets import Grid
from forecast.vintage import History

TAUS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
BAND_EDGES = (0, 1, 3, 7, 14, 28, 56, 112)  # days ahead, half-open
LAGS = 4
TREES = 100
SETTINGS = {"objective": "quantile", "num_threads": 1, "verbose": -1, "seed": 1, "deterministic": True}


@dataclass(frozen=True)
class DayTable:
    """Contacts by local day and slot, float[days, slots], NaN where closed or unknown; `first` is the first row's day."""

    first: int
    values: Floats

    @classmethod
    def of(cls, history: History) -> DayTable:
        """Whole days before the cutoff's day."""
        y = np.where(history.usable, history.y, np.nan)
        return cls(history.first_day, history.table(y, last=history.today - 1))

    def back(self, days: Ns, by: int) -> Floats:
        """float[n, slots]: the rows `by` days before each of days[n]; NaN outside the table."""
        row = days - by - self.first
        inside = (row >= 0) & (row < len(self.values))
        found = np.full((len(days), self.values.shape[1]), np.nan)
        found[inside] = self.values[row[inside]]
        return found


@dataclass(frozen=True)
class FittedBoosted:
    """What is needed to train a band when it is asked for."""

    table: DayTable
    history: History

    def quantiles(self, history: History, grid: Grid, *, seed: int) -> tuple[Floats, Floats]:
        """One model per band that the grid reaches and quantile; the grid's days count from the fit's cutoff."""
        ahead = grid.day - self.history.today
        found = np.zeros((len(grid), len(TAUS)))
        for begin, stop in pairwise(BAND_EDGES):
            rows = (ahead >= begin) & (ahead < stop)
            if rows.any():
                found[rows] = self._band(grid.take(rows), min(stop, int(ahead.max()) + 1))
        return TAUS, found

    def _band(self, grid: Grid, far: int) -> Floats:
        """float[n, TAUS] of buckets at most `far` - 1 days ahead, from what was known `far` days before each."""
        lightgbm = _lightgbm()
        train = np.arange(self.table.first + LAGS * 7, self.history.today, dtype=np.int64)
        y = self.table.values[LAGS * 7 :].ravel()
        X = features(self.table, self.history, train, far)
        known = ~np.isnan(y) & ~np.isnan(X[:, LAGS])
        if not known.any():
            raise RuntimeError("no row has both a value and a lag")
        days, place = np.unique(grid.day, return_inverse=True)
        asked = features(self.table, self.history, days, far)[place * grid.slots + grid.slot]
        columns = []
        for tau in TAUS:
            settings = {**SETTINGS, "alpha": float(tau)}
            data = lightgbm.Dataset(X[known], y[known])
            columns.append(lightgbm.train(settings, data, num_boost_round=TREES).predict(asked))
        return np.stack(columns, axis=1)


def lightgbm(history: History) -> FittedPeer:
    """Lay out the days; the bands are trained when the leads are known."""
    return FittedBoosted(DayTable.of(history), history)


def features(table: DayTable, history: History, days: Ns, far: int) -> Floats:
    """float[days * slots, features] for each slot of days[n], from rows at least `far` days before the day.

    Columns: LAGS lags, their mean, the slot's rolling means, the day total's rolling means, weekday, slot, month, day of
    the month, of the year, holiday flags, drivers.
    """
    slots = table.values.shape[1]
    weeks = -(-far // 7)
    lags = [table.back(days, 7 * (weeks + step)) for step in range(LAGS)]
    totals = DayTable(table.first, _day_means(table.values))
    columns = [*lags, _mean(lags)]
    columns += [_mean([table.back(days, far + step) for step in range(span)]) for span in (7, 28)]
    calendar = [_mean([totals.back(days, far + step) for step in range(span)])[:, 0] for span in (7, 28)]
    calendar += _calendar(history, days)
    columns += [np.repeat(column[:, None], slots, axis=1) for column in calendar]
    columns.append(np.tile(np.arange(slots, dtype=np.float64), (len(days), 1)))
    return np.stack([column.ravel() for column in columns], axis=1)


def _calendar(history: History, days: Ns) -> list[Floats]:
    """Columns float[n] of what is known of any day beforehand."""
    date = days.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    found: list[Any] = [
        (days + 3) % 7,
        month.astype(np.int64) % 12,
        (date - month).astype(np.int64),
        (date - date.astype("datetime64[Y]")).astype(np.int64),
        *(history.calendar.special(days + shift) for shift in (-1, 0, 1)),
        *(history.driver(name, days) for name in sorted(history.drivers)),
    ]
    return [np.asarray(column, dtype=np.float64) for column in found]


def _day_means(values: Floats) -> Floats:
    """float[days, slots] -> float[days, 1]: mean over the known slots of each day."""
    return _mean(list(values.T))[:, None]


def _mean(tables: list[Floats]) -> Floats:
    """Mean over tables of one shape, of what is known; NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the mean of nothing is NaN, as wanted
        return np.asarray(np.nanmean(np.stack(tables), axis=0))


def _lightgbm() -> Any:
    import lightgbm as library

    return library
