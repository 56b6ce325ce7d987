"""Workload: what the contacts of a volume forecast cost, as paths: contacts x handling time, draw by draw.

The handling time of an hour, a day or a week is its workload over its contacts, so that it is weighted by contacts; the
quantiles of both come from the paths. The expectation needs no draws: handling time and volume are drawn apart, so the
mean workload is mean contacts x expected handling time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Flags, Floats
from forecast.buckets import Interval, floor
from forecast.models.base import QUANTILES, Paths
from forecast.models.handle_time import FittedHandleTime, fit_handle_time
from forecast.vintage import History

NEXT_TO_NONE = 1e-9  # weight of an open bucket in which no draw has a contact


@dataclass(frozen=True)
class Workload:
    """One series' contacts and what they cost, on the same buckets [n] and draws.

    contacts: volume paths; aht: float[n, draw] seconds per contact; seconds: paths of the workload
    expected: float[n] seconds per contact, NaN where the queue is closed
    """

    contacts: Paths
    aht: Floats
    seconds: Paths
    expected: Floats

    def total(self, interval: Interval) -> Workload:
        """The same over longer local buckets. A draw without a contact has the handling time of the busiest bucket in it."""
        grid = self.contacts.grid
        starts, place = np.unique(floor(grid.ds, interval, grid.tz), return_inverse=True)
        mean = self.contacts.mean()[0]
        order = np.lexsort((np.nan_to_num(mean), place))
        busiest = order[np.searchsorted(place[order], np.arange(len(starts)), side="right") - 1]
        weight = np.where(np.isnan(self.expected), 0.0, mean + NEXT_TO_NONE)
        cost, size = (
            np.bincount(place, weights=each) for each in (weight * np.nan_to_num(self.expected), weight)
        )
        contacts, seconds = self.contacts.total(interval), self.seconds.total(interval)
        some = contacts.values[0] > 0
        aht = np.where(some, seconds.values[0] / np.where(some, contacts.values[0], 1.0), self.aht[busiest])
        expected = np.where(size > 0, cost / np.where(size > 0, size, 1.0), np.nan)
        return Workload(contacts, aht, seconds, expected)

    def take(self, rows: Flags) -> Workload:
        """The chosen buckets."""
        contacts, seconds = (
            replace(paths, grid=paths.grid.take(rows), values=paths.values[:, rows])
            for paths in (self.contacts, self.seconds)
        )
        return Workload(contacts, self.aht[rows], seconds, self.expected[rows])

    def handle_time(self) -> Floats:
        """float[n, 1 + tau] seconds per contact: expected, and the quantiles; NaN where the queue is closed."""
        found = np.column_stack([self.expected, np.quantile(self.aht, QUANTILES, axis=1).T])
        return np.where(np.isnan(self.expected)[:, None], np.nan, found)

    def work(self) -> Floats:
        """float[n, 1 + tau] seconds of work: mean, and the quantiles."""
        mean = self.contacts.mean()[0] * np.nan_to_num(self.expected)
        return np.column_stack([mean, self.seconds.quantiles()[0]])


def workload(history: History, contacts: Paths, *, seed: int) -> Workload | None:
    """What the contacts of a series' volume paths will cost; None where its history has no handling times.

    Buckets that are past, or over today, cost what is known of them, and what is expected where nothing is.
    """
    fitted = fit_handle_time(history)
    return None if fitted is None else _drawn(fitted, history, contacts, seed=seed)


def _drawn(fitted: FittedHandleTime, history: History, contacts: Paths, *, seed: int) -> Workload:
    grid, values = contacts.grid, contacts.values[0]
    expected = fitted.expected(grid)
    aht = np.repeat(expected[:, None], values.shape[1], axis=1)
    ahead = grid.day >= fitted.today
    aht[ahead] = fitted.draw(grid.take(ahead), np.nan_to_num(values[ahead]), seed=seed)
    if history.series.handling is not None:
        known = history.series.handling.on(grid.ds).aht
        there = ~np.isnan(known)
        aht[there], expected[there] = known[there, None], known[there]
    expected[~(history.opening(grid) | (values > 0).any(axis=1))] = np.nan
    return Workload(contacts, aht, replace(contacts, values=(values * aht)[None]), expected)
