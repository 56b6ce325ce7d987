"""Prophet, used as its documentation advises for data with closing hours.

Closed buckets and absent days are left out of the training ("Data with regular gaps"), special days are given as
holidays with the day after, drivers known ahead as extra regressors, seasonalities as the interval supports them,
the shape of the day apart for busy and quiet weekdays ("Seasonalities that depend on other factors").
The forecast is 0 outside the opening hours and on special days that were always closed, and never negative: the
library itself does none of this (facebook/prophet #337, #749, #1500). It has no way to take in newer data without a
new fit, so a later history changes opening hours, special days and drivers but not the level.

Taylor & Letham (2018), Forecasting at scale, The American Statistician 72; https://facebook.github.io/prophet/docs
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, Grid, local_ns
from forecast.models.base import require_days
from forecast.models.special_days import SpecialDays, special_days
from forecast.vintage import History

YEARS = 2.0
YEARLY_FROM = 1.5
AHEAD = 430  # special days are laid out this many days beyond the fit
DAILY_ORDER = 8
SEED = 1
STEPS = 500  # of the optimiser; thousands more changed the error by a tenth of a point, at ten times the cost


@dataclass(frozen=True)
class ProphetRate:
    """Prophet on open buckets of at most the last two years."""

    name: str = "prophet"
    cost: float = 6.0

    def fit(self, history: History) -> FittedProphet:
        """NotEnoughHistory below fourteen days with contacts."""
        require_days(history, 14, self.name)
        special = special_days(history)
        rows = history.usable & (history.grid.day > history.today - round(365.25 * YEARS))
        rows &= ~np.isin(history.grid.day, list(history.calendar.once))
        grid = history.grid.take(rows)
        drivers = _scales(history, grid)
        quiet = quiet_weekdays(history, grid)
        frame = frame_of(history, grid, drivers, quiet)
        frame["y"] = history.y[rows]
        if not (frame["y"] > 0).any():
            return FittedProphet(None, special, drivers, quiet)
        return FittedProphet(_fit(history, grid, frame, drivers), special, drivers, quiet)


@dataclass(frozen=True)
class FittedProphet:
    """A fitted Prophet (None where all was zero); drivers: name -> the amount that counts as 1; quiet weekdays."""

    model: Any
    special: SpecialDays
    drivers: dict[str, float]
    quiet: tuple[int, ...]

    def rate(self, history: History, grid: Grid) -> Floats:
        """grid[n] -> float[n]."""
        open_ = history.opening(grid)
        closed = replace(self.special, calendar=history.calendar).factor(grid.day) == 0
        rate = np.zeros(len(grid))
        asked = open_ & ~closed
        if self.model is None or not asked.any():
            return rate
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = self.model.predict(frame_of(history, grid.take(asked), self.drivers, self.quiet))
        # predict orders its rows by time; wall-clock time repeats an hour in autumn, so values go by time, not by row
        by_time = found.drop_duplicates("ds").set_index("ds")["yhat"]
        wall = pd.DatetimeIndex(local_ns(grid.ds[asked], grid.tz).astype("datetime64[ns]"))
        rate[asked] = np.maximum(by_time.reindex(wall).to_numpy(dtype=np.float64), 0.0)
        return rate


def frame_of(history: History, grid: Grid, drivers: dict[str, float], quiet: tuple[int, ...]) -> pd.DataFrame:
    """grid[n] -> frame[ds, busy, quiet, *drivers]: wall-clock time, because people call by the clock on the wall."""
    frame = pd.DataFrame({"ds": local_ns(grid.ds, grid.tz).astype("datetime64[ns]")})
    frame["quiet"] = np.isin(grid.weekday, quiet)
    frame["busy"] = ~frame["quiet"]
    for name, scale in drivers.items():
        unique, place = np.unique(grid.day, return_inverse=True)
        frame[name] = (history.driver(name, unique) / scale)[place]
    return frame


def _fit(history: History, grid: Grid, frame: pd.DataFrame, drivers: dict[str, float]) -> Any:
    _quiet()
    from prophet import Prophet

    span = int(grid.day[-1] - grid.day[0]) + 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Prophet(
            holidays=_holidays(history, grid.day),
            seasonality_mode="multiplicative",
            daily_seasonality=False,
            weekly_seasonality=True,
            yearly_seasonality=span >= YEARLY_FROM * 365,
            uncertainty_samples=0,
        )
        for kind in ("busy", "quiet"):
            if grid.slots > 1 and frame[kind].any():
                model.add_seasonality(f"daily_{kind}", 1, DAILY_ORDER, condition_name=kind)
        for name in drivers:
            model.add_regressor(name)
        return model.fit(frame, seed=SEED, iter=STEPS)


def quiet_weekdays(history: History, grid: Grid) -> tuple[int, ...]:
    """Weekdays with less than half the usual weekday's contacts: their day has a shape of its own."""
    rows = np.isin(history.grid.ds, grid.ds)
    volume = np.bincount(history.grid.weekday[rows], weights=np.nan_to_num(history.y[rows]), minlength=7)
    if not (volume > 0).any():
        return ()
    quiet = (volume > 0) & (volume < 0.5 * np.median(volume[volume > 0]))
    return tuple(int(day) for day in np.flatnonzero(quiet))


def _holidays(history: History, days: Ns) -> pd.DataFrame | None:
    """Special days of the training and the year after it as Prophet's holidays[ds, holiday, lower_window, upper_window]."""
    span = np.arange(int(days[0]), history.today + AHEAD, dtype=np.int64)
    names = history.calendar.names(span)
    rows = [
        (np.datetime64(int(day) * DAY, "ns"), name, 0, 1)
        for day, name in zip(span, names, strict=True)
        if name and int(day) not in history.calendar.once
    ]
    if not rows:
        return None
    return pd.DataFrame(rows, columns=["ds", "holiday", "lower_window", "upper_window"])


def _scales(history: History, grid: Grid) -> dict[str, float]:
    """Drivers with an amount in the training -> their mean amount."""
    days = np.unique(grid.day)
    amounts = {name: history.driver(name, days) for name in sorted(history.drivers)}
    return {name: float(amount[amount > 0].mean()) for name, amount in amounts.items() if (amount > 0).any()}


def _quiet() -> None:
    """Prophet and cmdstanpy talk at INFO; cmdstanpy sets its own level back at the first fit unless it has a handler."""
    for name in ("cmdstanpy", "prophet", "prophet.plot"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.CRITICAL if name == "prophet.plot" else logging.WARNING)
        logger.propagate = logger.propagate and name != "prophet.plot"
