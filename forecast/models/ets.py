"""Exponential smoothing of the day totals, times the usual profile of the day.

The series is that of working days (a five-day week has a season of five), freed of special days, of drivers and of
days without data, so that neither a holiday nor a wave of letters enters the level; both go on again afterwards. Additive or
multiplicative season by AICc, then with or without a damped trend.

Hyndman, Koehler, Ord & Snyder (2008), Forecasting with Exponential Smoothing: The State Space Approach;
Gardner & McKenzie (1985), Forecasting trends in time series, Mgmt Science 31 (the damped trend).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import Grid
from forecast.models.base import require_days
from forecast.models.day_totals import RECENT_DAYS, DayTotals, baseline
from forecast.models.driver_effects import DriverEffects, driver_effects
from forecast.models.special_days import SpecialDays, special_days
from forecast.vintage import History

LATEST = 274  # days that teach: nine months
PROFILE_DAYS = 56
KINDS = ("add", "mul")
FREE = 0.2  # a special day with a smaller factor says nothing of the level
STORM = 2.0
NEAR = 35  # days either side that tell what is usual for a weekday


@dataclass(frozen=True)
class Ets:
    """Exponential smoothing with a weekly season on working-day totals of at most nine months."""

    name: str = "ets"
    cost: float = 0.1

    def fit(self, history: History) -> FittedEts:
        """NotEnoughHistory below three weeks with contacts."""
        require_days(history, 15, self.name)
        special = special_days(history)
        drivers = driver_effects(history)
        days, y = working_days(history, special, drivers, latest=LATEST)
        state = best_state(y, sum(special.works))
        return FittedEts(
            special,
            drivers,
            state,
            int(days[-1]) if len(days) else history.today - 1,
            mean_profile(history, special),
        )


@dataclass(frozen=True)
class State:
    """The smoothed state after the last day seen; season [m], the next day's first."""

    level: float
    slope: float
    season: Floats
    alpha: float
    beta: float
    gamma: float
    phi: float
    multiplicative: bool

    def ahead(self, steps: int) -> Floats:
        """Expected totals float[steps] of the next working days."""
        trend = self.level + self.slope * np.cumsum(self.phi ** np.arange(1, steps + 1))
        season = np.resize(self.season, steps)
        return np.maximum(trend * season if self.multiplicative else trend + season, 0.0)

    def after(self, y: float) -> State:
        """The state one working day later; an unknown day (NaN) changes nothing but the place in the week."""
        slope = self.phi * self.slope
        level, season = self.level + slope, float(self.season[0])
        expected = level * season if self.multiplicative else level + season
        error = 0.0 if np.isnan(y) else y - expected
        by_level = max(season, 1e-9) if self.multiplicative else 1.0
        moved = level + self.alpha * error / by_level
        by_season = max(moved, 1e-9) if self.multiplicative else 1.0  # the new level, as statsmodels has it
        return replace(
            self,
            level=moved,
            slope=slope + self.beta * error / by_level,
            season=np.append(self.season[1:], season + self.gamma * error / by_season),
        )


@dataclass(frozen=True)
class FittedEts:
    """A smoothed state as of local day `last`, and shares float[7, slots] of a day."""

    special: SpecialDays
    drivers: DriverEffects
    state: State
    last: int
    shares: Floats

    def rate(self, history: History, grid: Grid) -> Floats:
        """grid[n] -> float[n]; the state first takes in the days the history knows beyond those of the fit."""
        state, special, drivers = self.state, self.special, self.drivers.seen(history)
        since, y = working_days(history, special, drivers, latest=RECENT_DAYS)
        for value in y[since > self.last]:
            state = state.after(float(value))
        begin = max(self.last, int(since[-1]) if len(since) else self.last) + 1
        days, place = np.unique(grid.day, return_inverse=True)
        span = np.arange(begin, max(begin, int(days[-1]) if len(days) else begin) + 1, dtype=np.int64)
        order = np.cumsum(np.array(special.works)[(span + 3) % 7])
        ahead = np.append(0.0, state.ahead(int(order[-1])))
        total = ahead[order[np.clip(days - begin, 0, len(span) - 1)]] * special.factor(days)
        total = drivers.on(days, total)
        return np.where(history.opening(grid), total[place] * self.shares[grid.weekday, grid.slot], 0.0)


def working_days(
    history: History, special: SpecialDays, drivers: DriverEffects, *, latest: int
) -> tuple[Ns, Floats]:
    """Working days before the cutoff's day [n], their totals [n] freed of special days and drivers; NaN = tells nothing.

    A day beyond twice or below half of what its weekday does around it is cut to that.
    """
    totals = drivers.cleaned(DayTotals.of(history, latest=latest))
    factor = special.factor(totals.days)
    once = np.isin(totals.days, list(history.calendar.once))
    silent = totals.absent | (factor < FREE) | once
    free = np.where(silent, np.nan, totals.total / np.maximum(factor, FREE))
    usual = baseline(free)
    cut = np.where(usual > 0, np.clip(free, usual / STORM, usual * STORM), free)
    works = np.array(special.works)[(totals.days + 3) % 7]
    return totals.days[works], cut[works]


def filled(y: Floats, season: int) -> Floats:
    """Working-day totals [n], NaN replaced by the weekday's latest level (median of the four before, else of all)."""
    out = y.copy()
    everything = float(np.nanmedian(y)) if (~np.isnan(y)).any() else 0.0
    for at in np.flatnonzero(np.isnan(y)):
        same = out[at % season : at : season]
        same = same[~np.isnan(same)][-4:]
        out[at] = float(np.median(same)) if len(same) else everything
    return out


def best_state(y: Floats, season: int) -> State:
    """Working-day totals [n] -> the state of the kind, then of the trend, with the lowest AICc; a plain mean where none can be fitted."""
    y = filled(y, max(season, 1))
    best, lowest = (
        State(float(y.mean()) if len(y) else 0.0, 0.0, np.zeros(max(season, 1)), 0.1, 0.0, 0.0, 1.0, False),
        np.inf,
    )
    if len(y) < max(10, 2 * season + 1) or np.ptp(y) == 0:
        return best
    for kind in KINDS:
        if kind == "mul" and y.min() <= 0:
            continue
        found = smoothed(y, season, multiplicative=kind == "mul", trend=False)
        if found is not None and found[1] < lowest:
            best, lowest = found
    found = smoothed(y, season, multiplicative=best.multiplicative, trend=True)
    return found[0] if found is not None and found[1] < lowest else best


def smoothed(y: Floats, season: int, *, multiplicative: bool, trend: bool) -> tuple[State, float] | None:
    """Fit one exponential smoothing by maximum likelihood -> its last state and AICc; None where that fails."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    weekly = season > 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that has not fully converged is still scored by its AICc
        try:
            model = ETSModel(
                y,
                error="mul" if multiplicative else "add",
                trend="add" if trend else None,
                damped_trend=trend,
                seasonal=("mul" if multiplicative else "add") if weekly else None,
                seasonal_periods=season if weekly else None,
                initialization_method="heuristic",
            )
            fit = model.fit(disp=False, maxiter=60)
        except (ValueError, np.linalg.LinAlgError, FloatingPointError):
            return None
    values = dict(zip(fit.model.param_names, np.asarray(fit.params), strict=True))
    neutral = np.ones(1) if multiplicative else np.zeros(1)
    state = State(
        level=float(fit.level[-1]),
        slope=float(fit.slope[-1]) if trend else 0.0,
        season=np.asarray(fit.season[-season:], dtype=np.float64) if weekly else neutral,
        alpha=float(values["smoothing_level"]),
        beta=float(values.get("smoothing_trend", 0.0)),
        gamma=float(values.get("smoothing_seasonal", 0.0)),
        phi=float(values.get("damping_trend", 1.0)),
        multiplicative=multiplicative,
    )
    aicc = float(fit.aicc)
    return (state, aicc) if np.isfinite(aicc) and np.isfinite(state.level) else None


def mean_profile(history: History, special: SpecialDays) -> Floats:
    """float[7, slots]: mean share of each slot in its weekday's contacts, ordinary days of the last eight weeks.

    A weekday without contacts in that time has the shares of all days.
    """
    slots = history.grid.slots
    if slots == 1:
        return np.ones((7, 1))
    totals = DayTotals.of(history, latest=LATEST).telling(PROFILE_DAYS)
    y, days = totals.table, totals.days
    ordinary = special.ordinary(days) & ~np.isnan(y).all(axis=1)
    sums, seen = np.zeros((7, slots)), np.zeros((7, slots))
    np.add.at(sums, (days[ordinary] + 3) % 7, np.nan_to_num(y[ordinary]))
    np.add.at(seen, (days[ordinary] + 3) % 7, ~np.isnan(y[ordinary]))
    mean = sums / np.maximum(seen, 1)
    total = mean.sum(axis=1, keepdims=True)
    everywhere = mean.sum(axis=0) / max(float(mean.sum()), 1e-9)
    return np.asarray(np.where(total > 0, mean / np.where(total > 0, total, 1.0), everywhere))
