"""What manual changes make of stored rows: means, quantiles, handling time and workload of any granularity.

A row changes by the sums of the units in it: new = row * (rest + changed) / (rest + unchanged). The rest is what the row
holds beyond its units: contacts that had come when its forecast was made. Where there is none, the new mean is the sum of
the changed units, so that a day is the sum of its intervals. Quantiles scale with the mean, workload with both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from forecast.arrays import Flags, Floats, Ns
from forecast.models.base import QUANTILES
from forecast.overriding import Changed, Units

NEAR = 1e-5  # a row is the sum of its units to float32 precision
LEAST = 1e-12
MEDIAN = 1 + QUANTILES.index(0.5)


@dataclass(frozen=True)
class Rows:
    """Stored rows [n] of one series and granularity, in order.

    start, end: ns; version, cutoff (ns): of the forecast each is taken from; values: float[n, 1 + tau], the mean first
    aht, work: the same in seconds, NaN unknown; None where they are not asked for
    """

    start: Ns
    end: Ns
    version: Ns
    cutoff: Ns
    values: Floats
    aht: Floats | None = None
    work: Floats | None = None


def changed_rows(units: Units, changed: Changed, rows: Rows) -> tuple[Rows, Flags]:
    """The rows as the changed units make them, and which of them changed, bool[n]; the others keep every bit."""
    sums = _Sums(units, changed, rows)
    touched = sums.touched
    if not touched.any():
        return rows, touched
    values = np.where(sums.moved[:, None], _contacts(rows, sums), rows.values)
    if rows.aht is None or rows.work is None:
        return replace(rows, values=values), touched
    aht, work = _costs(rows, rows.aht, rows.work, values, sums)
    aht, work = (np.where(touched[:, None], new, old) for new, old in ((aht, rows.aht), (work, rows.work)))
    return replace(rows, values=values, aht=aht, work=work), touched


class _Sums:
    """Over the units of each row, float[n]: contacts and seconds of work before and after, and the means of the AHT.

    A unit that ended before the row's forecast was made has come, and is in the rest; unless both are of one forecast, of
    data that ended before.
    """

    def __init__(self, units: Units, changed: Changed, rows: Rows) -> None:
        place = np.searchsorted(rows.start, units.start, side="right") - 1
        at = np.maximum(place, 0)
        inside = (place >= 0) & (units.start < rows.end[at]) if len(rows.start) else place >= 0
        inside &= (units.version == rows.version[at]) | (units.end > rows.cutoff[at])
        self._at, self._count = at[inside], len(rows.start)
        mean, aht, new_mean, new_aht = (
            each[inside] for each in (units.mean, units.aht, changed.mean, changed.aht)
        )
        same = (new_aht == aht) | (np.isnan(new_aht) & np.isnan(aht))
        self.moved = self._sum(new_mean != mean) > 0
        self.touched = self.moved | (self._sum(~same) > 0)
        self.before, self.after = self._sum(mean), self._sum(new_mean)
        self.work_before = self._sum(mean * np.nan_to_num(aht))
        self.work_after = self._sum(new_mean * np.nan_to_num(new_aht))
        self.costed = self._sum(new_mean * ~np.isnan(new_aht))
        both = ~np.isnan(aht) & ~np.isnan(new_aht)
        old, new = (self._sum(np.where(both, each, 0.0)) for each in (aht, new_aht))
        self.longer = np.divide(new, old, out=np.ones(self._count), where=old > 0)

    def _sum(self, values: Floats | Flags) -> Floats:
        if len(self._at) == 0:  # numpy counts nothing in integers
            return np.zeros(self._count)
        weights = np.asarray(values, dtype=np.float64)
        return np.asarray(np.bincount(self._at, weights=weights, minlength=self._count), dtype=np.float64)


def _factor(row: Floats, before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Of numbers of rows [n] and the sums of their units: the new numbers, and by what factor (1 where it was nothing)."""
    exact = np.abs(row - before) <= NEAR * (1e-3 + np.abs(row))
    rest = np.where(exact, 0.0, np.maximum(row - before, 0.0))
    held = rest + before
    new = np.where(exact | (held <= LEAST), after, row * ((rest + after) / np.maximum(held, LEAST)))
    return new, np.divide(new, row, out=np.ones_like(new), where=row > LEAST)


def _contacts(rows: Rows, sums: _Sums) -> Floats:
    """float[n, 1 + tau]. Where there was next to nothing, counts spread as little as counts can (Poisson)."""
    mean, factor = _factor(rows.values[:, 0], sums.before, sums.after)
    values = np.column_stack([mean, rows.values[:, 1:] * factor[:, None]])
    thin = (
        (rows.values[:, MEDIAN] <= 0)
        & (mean > rows.values[:, 0])
        & ((mean >= 1) | (rows.values[:, 0] <= LEAST))
    )
    values[thin, 1:] = stats.poisson.ppf(np.array(QUANTILES), mean[thin, None])
    return np.asarray(values)


def _costs(rows: Rows, aht: Floats, work: Floats, values: Floats, sums: _Sums) -> tuple[Floats, Floats]:
    """Handling time and workload, each float[n, 1 + tau]."""
    old_mean, new_mean = rows.values[:, 0], values[:, 0]
    old_work = np.nan_to_num(work[:, 0])
    new_work, factor = _factor(old_work, sums.work_before, sums.work_after)
    full = (old_mean > LEAST) & (new_mean > LEAST) & (old_work > LEAST) & (new_work > LEAST)
    old, new = (
        np.divide(each, contacts, out=np.ones_like(each), where=full)
        for each, contacts in ((old_work, old_mean), (new_work, new_mean))
    )
    longer = np.where(full, new / old, sums.longer)
    given = np.divide(sums.work_after, sums.costed, out=np.full(len(new), np.nan), where=sums.costed > LEAST)
    unknown = np.isnan(aht[:, 0])
    seconds = np.where(unknown[:, None], given[:, None], aht * longer[:, None])
    none = unknown & np.isnan(given)
    spent = np.where((old_work > LEAST)[:, None], work * factor[:, None], values * given[:, None])
    spent[:, 0] = np.where(none, work[:, 0], new_work)
    return seconds, np.where(none[:, None], work, spent)
