"""How good was the plan? What stood for days that are over, held against what came, in contacts and in agent hours.

    rows by interval (and days known by day alone) ─► day and week sums ─► WAPE, bias
                                                  ─► open intervals within 10 %, and how many a perfect forecast had had
                                                  ─► agents needed for both ─► agent hours over and under

Means are scored, not medians: a plan is a number per interval, and means add up over days and weeks. An interval without
data, or without a forecast, counts on neither side and is counted apart.

Sources. WAPE and bias as in `losses.py`. Within 10 % of the forecast: the variation of contact centre planning, actual less
forecast over forecast (Klenke, "Measuring Call Center Forecast Accuracy", SWPP On Target, fall 2015). That a target for it
must allow for Poisson noise: Koole, "Call Center Optimization" (2013), ch. 3; of counts that come at exactly the rate
forecast, the share P(0.9 m <= Y <= 1.1 m), Y ~ Poisson(m), lies within.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy import stats

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid
from forecast.losses import bias, wape
from forecast.staffing.needs import gross

WITHIN = 0.10
ROUNDING = 1e-9
HOUR = 3600.0
WEEK_DAYS = 7
# ds, contacts, seconds per contact, open -> net agents
Needs: TypeAlias = Callable[[Ns, Floats, Floats, Flags], Floats]


@dataclass(frozen=True)
class Said:
    """What stood. mean, aht: float[n] on the intervals of whole local days, contacts and seconds, NaN not said.

    day_mean: float[days], what was said of each whole day, NaN not said; counts where its intervals say nothing
    """

    mean: Floats
    aht: Floats
    day_mean: Floats


@dataclass(frozen=True)
class Came:
    """What came. offered, aht: float[n] on the same intervals, NaN unknown; open: bool[n] by the opening hours."""

    offered: Floats
    aht: Floats
    open: Flags


@dataclass(frozen=True)
class Cost:
    """Agent hours, net (at work) and gross (planned, shrinkage included). Under: too few were foreseen; over: too many.

    needed_net: for what came; unknown: intervals of which a handling time is not known on either side
    """

    under_net: float
    over_net: float
    under_gross: float
    over_gross: float
    needed_net: float
    intervals: int
    unknown: int


@dataclass(frozen=True)
class Figures:
    """One queue. WAPE, bias, shares: None where nothing tells them. forecast, came: contacts of the days scored.

    weeks: those of which every day lies in the span; intervals: open ones that were scored
    possible: share within 10 % that a perfect forecast of the rate would be expected to reach
    without_data, not_said: open intervals left out, because what came or what was forecast is not known
    """

    days: int
    day_wape: float | None
    weeks: int
    week_wape: float | None
    bias: float | None
    forecast: float
    came: float
    intervals: int
    within: float | None
    possible: float | None
    without_data: int
    not_said: int
    cost: Cost | None


def score_plan(grid: Grid, said: Said, came: Came, *, shrinkage: float, needs: Needs | None) -> Figures:
    """All figures of one queue over the whole local days of grid[n]. needs: how it is staffed; None: no cost.

    A queue forecast by day has one interval a day: no shares of intervals and no cost.
    """
    day_sums = _days(grid, said, came)
    day, forecast, actual = day_sums
    week_forecast, week_actual = _weeks(grid, day_sums)
    both = ~np.isnan(said.mean) & ~np.isnan(came.offered)
    scored = both & came.open & (grid.slots > 1)
    some = bool(scored.any())
    return Figures(
        days=len(day),
        day_wape=_known(wape(actual, forecast)),
        weeks=len(week_actual),
        week_wape=_known(wape(week_actual, week_forecast)),
        bias=_known(bias(actual, forecast)),
        forecast=float(forecast.sum()),
        came=float(actual.sum()),
        intervals=int(scored.sum()),
        within=float(is_within(said.mean[scored], came.offered[scored]).mean()) if some else None,
        possible=float(chance_within(said.mean[scored]).mean()) if some else None,
        without_data=int((came.open & np.isnan(came.offered)).sum()),
        not_said=int((came.open & np.isnan(said.mean) & ~np.isnan(came.offered)).sum()),
        cost=None if needs is None or grid.slots == 1 else _cost(grid, said, came, both, shrinkage, needs),
    )


def is_within(forecast: Floats, came: Floats) -> Flags:
    """bool[n]: does what came lie within 10 % of the forecast, the bounds included? Of a forecast of 0: did nothing come?"""
    return np.asarray(np.abs(came - forecast) <= WITHIN * forecast + ROUNDING)


def chance_within(rate: Floats) -> Floats:
    """float[n]: how probably a Poisson count lies within 10 % of its own rate."""
    low = np.ceil((1 - WITHIN) * rate - ROUNDING)
    high = np.floor((1 + WITHIN) * rate + ROUNDING)
    return np.asarray(stats.poisson.cdf(high, rate) - stats.poisson.cdf(low - 1, rate), dtype=np.float64)


def _days(grid: Grid, said: Said, came: Came) -> tuple[Ns, Floats, Floats]:
    """Local days that can be scored [d], contacts forecast and come [d].

    Over the intervals of which both are known; a day said as a whole alone counts where all of what came is known.
    """
    days, place = np.unique(grid.day, return_inverse=True)
    both = ~np.isnan(said.mean) & ~np.isnan(came.offered)
    forecast, actual, number = (
        np.bincount(place, weights=np.where(both, values, 0.0), minlength=len(days))
        for values in (said.mean, came.offered, np.ones(len(grid)))
    )
    silent = np.bincount(place, weights=~np.isnan(said.mean), minlength=len(days)) == 0
    missing = np.bincount(place, weights=np.isnan(came.offered), minlength=len(days)) > 0
    whole = silent & ~missing & ~np.isnan(said.day_mean)
    total = np.bincount(place, weights=np.nan_to_num(came.offered), minlength=len(days))
    forecast, actual = np.where(whole, said.day_mean, forecast), np.where(whole, total, actual)
    kept = (number > 0) | whole
    return days[kept], forecast[kept].astype(np.float64), actual[kept].astype(np.float64)


def _weeks(grid: Grid, day_sums: tuple[Ns, Floats, Floats]) -> tuple[Floats, Floats]:
    """Contacts forecast and come [w] of the weeks (from Monday) whose every day lies on the grid, over the days scored."""
    day, forecast, actual = day_sums
    all_days = np.unique(grid.day)
    mondays, count = np.unique(all_days - (all_days + 3) % WEEK_DAYS, return_counts=True)
    own = day - (day + 3) % WEEK_DAYS
    inside = np.isin(own, mondays[count == WEEK_DAYS])
    starts, place = np.unique(own[inside], return_inverse=True)
    first, second = (
        np.bincount(place, weights=values[inside], minlength=len(starts)).astype(np.float64)
        for values in (forecast, actual)
    )
    return first, second


def _cost(grid: Grid, said: Said, came: Came, both: Flags, shrinkage: float, needs: Needs) -> Cost | None:
    """Agent hours by which the need foreseen missed the need that came; None where no handling time is known at all.

    The need of each is what its contacts and its handling time ask for under the same targets, so that an error of volume
    and one of handling time may cancel, as they do on the floor.
    """
    timed = (~np.isnan(said.aht) | (said.mean == 0)) & (~np.isnan(came.aht) | (came.offered == 0))
    known = both & timed
    if not (known & ((said.mean > 0) | (came.offered > 0))).any():
        return None
    ds, open_ = grid.ds[known], came.open[known]
    foreseen = needs(ds, said.mean[known], said.aht[known], open_)
    needed = needs(ds, came.offered[known], came.aht[known], open_)
    hours = grid.interval.seconds / HOUR
    miss = foreseen - needed
    under, over = (float(np.maximum(part, 0.0).sum()) * hours for part in (-miss, miss))
    under_gross, over_gross = gross(np.array([under, over]), shrinkage).tolist()
    total = float(needed.sum()) * hours
    return Cost(under, over, under_gross, over_gross, total, int(known.sum()), int((both & ~timed).sum()))


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
