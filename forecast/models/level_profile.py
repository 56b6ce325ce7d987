"""Level times profile: a recent day level, its weekday, its special day, and how such a day spreads over its slots.

The day's total is written as level x weekday factor x special-day factor, plus what drivers add. The level is an exponentially weighted mean
of the deseasonalised totals, at several memories at once: how fast a queue's level moves differs per queue and per
year, so the memories are averaged by how well each did lately (inverse squared error, shrunk to equal weights, in the
spirit of Bates & Granger 1969). The intraday profile of a weekday is shrunk towards its kind (weekday, weekend) by
empirical Bayes, because a thin queue cannot show five different profiles. Shen & Huang (2008, M&SOM 10:391-410) is
the model of forecasting day totals and profiles apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid
from forecast.models.base import require_days
from forecast.models.day_totals import RECENT_DAYS, DayTotals
from forecast.models.driver_effects import DriverEffects, driver_effects
from forecast.models.special_days import SpecialDays, special_days
from forecast.vintage import History

MEMORIES = (4.0, 10.0, 25.0)  # half-lives of the level, in open days
WEEKDAY_WEEKS = 12.0  # half-life of the weekday factors
PROFILE_WEEKS = 6.0  # half-life of the intraday profile
SCORED_AHEAD = (1, 7)  # open days ahead at which the memories are compared
SCORED_DAYS = 60
TAUGHT_DAYS = 730  # what is older weighs nothing in any of these


@dataclass(frozen=True)
class LevelProfile:
    """Day level times intraday profile."""

    name: str = "level_profile"
    cost: float = 0.01

    def fit(self, history: History) -> FittedLevelProfile:
        """Weekday factors, special days, memory weights and profiles from one series as known."""
        require_days(history, 3, "a level")
        drivers = driver_effects(history)
        totals = drivers.cleaned(DayTotals.of(history, latest=TAUGHT_DAYS))
        special = special_days(history)
        cleaned, teaches = _cleaned(totals, special)
        weekday = weekday_factors(totals, cleaned, teaches)
        weights = _memory_weights(cleaned / weekday[totals.weekday], teaches)
        return FittedLevelProfile(special, drivers, weekday, weights, intraday_profile(totals))


@dataclass(frozen=True)
class FittedLevelProfile:
    """weekday float[7], weights float[memories], profile float[7, slots] (rows sum to 1)."""

    special: SpecialDays
    drivers: DriverEffects
    weekday: Floats
    weights: Floats
    profile: Floats

    def rate(self, history: History, grid: Grid) -> Floats:
        """Expected contacts [n], with the level of the history's last usable days."""
        drivers = self.drivers.seen(history)
        totals = drivers.cleaned(DayTotals.of(history, latest=RECENT_DAYS))
        cleaned, teaches = _cleaned(totals, self.special)
        level = _level(cleaned / self.weekday[totals.weekday], teaches) @ self.weights
        days, place = np.unique(grid.day, return_inverse=True)
        per_day = drivers.on(days, level * self.weekday[(days + 3) % 7] * self.special.factor(days))
        rate = per_day[place] * self.profile[grid.weekday, grid.slot] * history.opening(grid)
        return np.maximum(np.nan_to_num(rate), 0.0)


def _cleaned(totals: DayTotals, special: SpecialDays) -> tuple[Floats, Flags]:
    """Totals without the effect of special days [d], and the days that may teach a level [d]."""
    factor = special.factor(totals.days)
    return totals.total / np.maximum(factor, 0.3), totals.usable & (factor > 0.3)


def weekday_factors(totals: DayTotals, cleaned: Floats, teaches: Flags) -> Floats:
    """float[7] > 0: a weekday's total relative to the level around it, recent weeks counting most.

    Three rounds of dividing by the factors and smoothing over 15 days; a weekday hardly seen keeps 1.
    """
    factors = np.ones(7)
    age = (totals.days[-1] - totals.days) / 7
    weight = 0.5 ** (age / WEEKDAY_WEEKS)
    for _ in range(3):
        plain = pd.Series(np.where(teaches, cleaned / factors[totals.weekday], np.nan))
        around = plain.rolling(15, center=True, min_periods=3).mean().to_numpy()
        good = teaches & (np.nan_to_num(around) > 0)
        for day in range(7):
            rows = good & (totals.weekday == day)
            if rows.sum() >= 2:
                expected = (weight * around)[rows].sum()
                capped = np.minimum(cleaned, 4 * np.nan_to_num(around))[rows]
                factors[day] = max((weight[rows] * capped).sum() / expected, 1e-3)
    return factors


def _levels(plain: Floats, teaches: Flags) -> Floats:
    """Deseasonalised totals [d] -> float[memories, d]: exponentially weighted means up to and including each day.

    A day that teaches nothing keeps the level of the last one that did; before the first one, the first one's.
    """
    rows = np.flatnonzero(teaches)
    if len(rows) == 0:
        return np.zeros((len(MEMORIES), len(plain)))
    seen, kept = plain[rows], 0.5 ** (1 / np.array(MEMORIES))
    top, size = np.zeros(len(MEMORIES)), np.zeros(len(MEMORIES))
    means = np.empty((len(rows), len(MEMORIES)))
    for at, value in enumerate(seen.tolist()):
        top, size = kept * top + value, kept * size + 1.0
        means[at] = top / size
    last = np.maximum(np.cumsum(teaches) - 1, 0)
    return np.asarray(means[last].T)


def _level(plain: Floats, teaches: Flags) -> Floats:
    """The last column of `_levels` by itself, float[memories]."""
    seen = plain[teaches]
    if len(seen) == 0:
        return np.zeros(len(MEMORIES))
    weight = 0.5 ** (np.arange(len(seen) - 1, -1, -1)[None] / np.array(MEMORIES)[:, None])
    return np.asarray(weight @ seen / weight.sum(axis=1))


def _memory_weights(plain: Floats, teaches: Flags) -> Floats:
    """float[memories] summing to 1: half equal, half by inverse squared recent error, one day to a week ahead."""
    rows = np.flatnonzero(teaches)
    equal = np.full(len(MEMORIES), 1 / len(MEMORIES))
    if len(rows) < 30:
        return equal
    levels = _levels(plain, teaches)[:, rows]
    actual = plain[rows]
    loss = np.zeros(len(MEMORIES))
    for ahead in range(SCORED_AHEAD[0], SCORED_AHEAD[1] + 1):
        loss += np.abs(actual[ahead:] - levels[:, :-ahead])[:, -SCORED_DAYS:].mean(axis=1)
    inverse = 1 / np.maximum(loss, 1e-9) ** 2
    return np.asarray((equal + inverse / inverse.sum()) / 2)


def intraday_profile(totals: DayTotals) -> Floats:
    """float[7, slots], rows sum to 1: how a day's total spreads over its slots.

    A weekday's own profile p and that of its kind q are mixed as b p + (1 - b) q with b = tau / (tau + noise): tau is
    the squared distance beyond what multinomial noise explains.
    """
    slots, days = totals.slots[totals.usable], totals.days[totals.usable]
    weekday = (days + 3) % 7
    weight = 0.5 ** ((totals.days[-1] - days) / 7 / PROFILE_WEEKS)
    sums = np.stack([(weight[weekday == day, None] * slots[weekday == day]).sum(axis=0) for day in range(7)])
    squares = np.array(
        [(weight[weekday == day] ** 2 * slots[weekday == day].sum(axis=1)).sum() for day in range(7)]
    )
    profile = np.empty_like(sums)
    for day in range(7):
        kind = slice(0, 5) if day < 5 else slice(5, 7)
        whole = _share(sums[kind].sum(axis=0), fallback=sums.sum(axis=0))
        if sums[day].sum() <= 0:
            profile[day] = whole
            continue
        own = sums[day] / sums[day].sum()
        size = sums[day].sum() ** 2 / max(squares[day], 1e-12)
        noise = float((own * (1 - own)).sum() / max(size, 1.0))
        beyond = max(0.0, float(((own - whole) ** 2).sum()) - noise)
        share = beyond / (beyond + noise) if beyond + noise > 0 else 0.0
        profile[day] = share * own + (1 - share) * whole
    return profile


def _share(sums: Ns | Floats, *, fallback: Floats) -> Floats:
    total = float(sums.sum())
    if total > 0:
        return np.asarray(sums / total)
    return np.asarray(fallback / max(float(fallback.sum()), 1e-12))
