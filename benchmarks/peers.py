"""The peers: other people's methods as Models, used as their documentation advises, with bands of their own.

    fit(snapshot) ─► one fit per series ─► quantiles(history, grid) ─► comonotone draws ─► Paths

What all of them get: closed hours are left out of what they learn from; hours outside the opening hours, and special days
that by our own estimate close the queue, are zero; quantiles below zero are zero. Holidays are given to those that
can use them (Prophet here, LightGBM in `boosted.py`, AutoGluon in `gluon.py`). Nothing of ours dresses them.

A peer has quantiles and no paths. They become Paths by comonotone draws: draw k of all buckets is the quantile at
(k + .5) / draws, so that every bucket has the peer's own distribution. Sums over buckets would be too wide; the bench
scores single buckets only.

statsforecast: https://nixtlaverse.nixtla.io/statsforecast; Bandara, Hyndman & Bergmeir (2021), MSTL, arXiv:2107.13462;
Fiorucci et al. (2016), Models for optimising the theta method, Int. J. Forecasting 32:1151-1161; Hyndman et al. (2002),
A state space framework for automatic forecasting using exponential smoothing, Int. J. Forecasting 18:439-454;
Taylor & Letham (2018), Forecasting at scale, The American Statistician 72:37-45.
"""

from __future__ import annotations

import copy
import importlib
import importlib.util
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid, local_ns
from forecast.errors import ForecallError, InputError, NotEnoughHistory
from forecast.models.base import Leads, Paths, require_days
from forecast.models.prophet_rate import FittedProphet, ProphetRate, frame_of
from forecast.models.special_days import special_days
from forecast.vintage import History, Snapshot

LEAST_DAYS = 21
LEVELS = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99)
LEVEL_TAUS = np.array(
    [*(0.5 - level / 200 for level in LEVELS[::-1]), 0.5, *(0.5 + level / 200 for level in LEVELS)]
)
PROPHET_SAMPLES = 1000  # its default


class FittedPeer(Protocol):
    """One series, fitted."""

    def quantiles(self, history: History, grid: Grid, *, seed: int) -> tuple[Floats, Floats]:
        """(taus[t] ascending, float[n, t]) for each bucket of `grid`, which `asked` has chosen."""
        ...


Fit = Callable[[History], FittedPeer]


@dataclass(frozen=True)
class Peer:
    """A Model out of a function that fits one series."""

    name: str
    fit_one: Fit

    def fit(self, snapshot: Snapshot) -> FittedPeers:
        """NotEnoughHistory below three weeks; RuntimeError where the library refuses, whatever it raises."""
        fits: dict[str, FittedPeer] = {}
        for name in snapshot.names:
            history = snapshot.history(name)
            require_days(history, LEAST_DAYS, self.name)
            with refusals(self.name):
                fits[name] = self.fit_one(history)
        return FittedPeers(self.name, fits)


@dataclass(frozen=True)
class FittedPeers:
    """A fitted peer of each series."""

    name: str
    fits: Mapping[str, FittedPeer]

    def predict(self, snapshot: Snapshot, leads: Leads, *, draws: int, seed: int) -> Paths:
        """Comonotone draws of each series; zero in buckets that are not asked of a peer."""
        values = np.zeros((len(snapshot.names), len(leads.grid), draws))
        for at, name in enumerate(snapshot.names):
            history = snapshot.history(name)
            rows = asked(history, leads.grid)
            if not rows.any():
                continue
            with refusals(self.name):
                taus, found = self.fits[name].quantiles(history, leads.grid.take(rows), seed=seed)
            if not np.isfinite(found).all():
                raise RuntimeError(f"{self.name} gave a forecast that is no number.")
            values[at, rows] = comonotone(taus, found, draws)
        return Paths(snapshot.names, leads.grid, values)


@contextmanager
def refusals(name: str) -> Iterator[None]:
    """Libraries warn a lot and raise anything: warnings are silenced, errors become RuntimeError with the peer's name."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ForecallError:
        raise
    except Exception as error:
        raise RuntimeError(f"{name} could not run: {type(error).__name__}: {error}") from error


def comonotone(taus: Floats, quantiles: Floats, draws: int) -> Floats:
    """taus[t], quantiles float[n, t] -> float[n, draws] >= 0: draw k is the quantile at (k + .5) / draws.

    Crossing quantiles are put in order first; between two of them it is linear, beyond the outermost it is flat.
    """
    ordered = np.sort(np.maximum(quantiles, 0.0), axis=1)
    levels = np.clip((np.arange(draws) + 0.5) / draws, taus[0], taus[-1])
    right = np.clip(np.searchsorted(taus, levels), 1, len(taus) - 1)
    share = (levels - taus[right - 1]) / (taus[right] - taus[right - 1])
    return np.asarray((1 - share) * ordered[:, right - 1] + share * ordered[:, right])


def asked(history: History, grid: Grid) -> Flags:
    """grid[n] -> bool[n]: open by what is known, and no special day that most likely closes the queue."""
    closed = special_days(history).factor(grid.day) == 0
    return np.asarray(history.opening(grid) & ~closed)


@dataclass(frozen=True)
class OpenSlots:
    """The open slots in a row: what a library that knows no opening hours takes for the whole series.

    weekdays, slots: every (weekday, slot) that the queue opens in, made a full rectangle so that seasons keep their length
    begin: first local day; values: float[m] contacts of whole days before the cutoff's day, all numbers
    known: bool[m] which of them are contacts, and not filled in
    """

    weekdays: Ns
    slots: Ns
    begin: int
    values: Floats
    known: Flags

    @classmethod
    def of(cls, history: History) -> OpenSlots:
        """A day that was closed or is unknown takes the values of a week before, so that the week keeps its length."""
        coming = Grid.days(history.today, history.today + 6, history.series.interval, history.series.tz)
        open_ = history.opening(coming)
        weekdays, slots = np.unique(coming.weekday[open_]), np.unique(coming.slot[open_])
        first = history.first_day
        came = np.bincount(history.grid.day - first, weights=history.usable) > 0
        y = np.where(came[history.grid.day - first], history.y, np.nan)
        table = history.table(y, first=first, last=history.today - 1)
        days = np.arange(first, history.today)
        rows = np.isin((days + 3) % 7, weekdays) & (np.cumsum(came[: len(days)]) > 0)
        if not rows.any():
            raise NotEnoughHistory(f"{history.series.name}: no whole day is known.")
        values = table[rows][:, slots].ravel()
        filled = _filled(values, len(weekdays) * len(slots))
        return cls(weekdays, slots, int(days[rows][0]), filled, ~np.isnan(values))

    @property
    def a_day(self) -> int:
        return len(self.slots)

    @property
    def a_week(self) -> int:
        return len(self.slots) * len(self.weekdays)

    def calendar(self, count: int) -> tuple[Ns, Ns]:
        """Local day and slot, int64[count] each, of the first `count` places of the row; it may go on into the future."""
        weeks = count // self.a_week + 2
        days = np.arange(self.begin, self.begin + 7 * weeks, dtype=np.int64)
        days = days[np.isin((days + 3) % 7, self.weekdays)]
        return np.repeat(days, self.a_day)[:count], np.tile(self.slots, len(days))[:count].astype(np.int64)

    def place(self, grid: Grid) -> Ns:
        """grid[n] -> int64[n]: where each bucket stands in the row (the cutoff's day begins at len(values)); -1: nowhere."""
        if len(grid) == 0:
            return np.zeros(0, dtype=np.int64)
        days = np.arange(self.begin, int(grid.day.max()) + 1)
        days = days[np.isin((days + 3) % 7, self.weekdays)]
        inside = np.isin(grid.day, days) & np.isin(grid.slot, self.slots)
        row = np.searchsorted(days, grid.day) * self.a_day + np.searchsorted(self.slots, grid.slot)
        return np.where(inside, row, -1).astype(np.int64)


def _filled(values: Floats, week: int) -> Floats:
    """float[m] with NaN -> without: the value a week before; the mean of all where there is none."""
    filled = np.where(np.isnan(values) & (np.arange(len(values)) < week), np.nanmean(values), values)
    for at in np.flatnonzero(np.isnan(filled)):
        filled[at] = filled[at - week]
    return np.asarray(filled)


@dataclass(frozen=True)
class FittedStatistical:
    """A model of statsforecast fitted on the open slots in a row."""

    model: Any
    row: OpenSlots

    def quantiles(self, history: History, grid: Grid, *, seed: int) -> tuple[Floats, Floats]:
        """Its own intervals at LEVELS, and its point forecast as the median."""
        place = self.row.place(grid) - len(self.row.values)
        found = self.model.predict(h=int(place.max()) + 1, level=list(LEVELS))
        columns = [
            *(found[f"lo-{level}"] for level in LEVELS[::-1]),
            found["mean"],
            *(found[f"hi-{level}"] for level in LEVELS),
        ]
        inside = place >= 0
        values = np.zeros((len(grid), len(LEVEL_TAUS)))
        values[inside] = np.stack(columns, axis=1)[place[inside]]
        return LEVEL_TAUS, values


def mstl_ets(history: History) -> FittedPeer:
    """MSTL with its default trend forecaster, AutoETS without a season; season of a day and of a week, daily: a week."""
    row = OpenSlots.of(history)
    seasons = [row.a_day, row.a_week] if row.a_day > 1 else [row.a_week]
    return FittedStatistical(_statsforecast().MSTL(season_length=seasons).fit(row.values), row)


def auto_theta(history: History) -> FittedPeer:
    """AutoTheta on daily totals, season of the open days of a week."""
    row = OpenSlots.of(history)
    return FittedStatistical(_statsforecast().AutoTheta(season_length=row.a_week).fit(row.values), row)


def auto_ets(history: History) -> FittedPeer:
    """AutoETS on daily totals, season of the open days of a week."""
    row = OpenSlots.of(history)
    return FittedStatistical(_statsforecast().AutoETS(season_length=row.a_week).fit(row.values), row)


def _statsforecast() -> Any:
    if not has_statsforecast():
        raise InputError("statsforecast is not installed.", remedy="./dev bench accuracy installs it.")
    return importlib.import_module("statsforecast.models")


def has_statsforecast() -> bool:
    """Is it installed? It is no dependency of ours, only of this bench."""
    return importlib.util.find_spec("statsforecast") is not None


@dataclass(frozen=True)
class FittedProphetPeer:
    """Prophet with its own uncertainty; the fit is the catalogue's, the dressing is not."""

    fitted: FittedProphet

    def quantiles(self, history: History, grid: Grid, *, seed: int) -> tuple[Floats, Floats]:
        """Quantiles of its own posterior predictive samples (trend changes and noise), a thousand as by default."""
        taus = np.linspace(0.0, 1.0, 201)
        if self.fitted.model is None:
            return taus, np.zeros((len(grid), len(taus)))
        model = copy.copy(self.fitted.model)
        model.uncertainty_samples = PROPHET_SAMPLES
        frame = frame_of(history, grid, self.fitted.drivers, self.fitted.quiet)
        unique = frame.drop_duplicates("ds").sort_values("ds", ignore_index=True)
        with _seeded(seed):
            samples = np.asarray(model.predictive_samples(unique)["yhat"], dtype=np.float64)
        wall = pd.DatetimeIndex(local_ns(grid.ds, grid.tz).astype("datetime64[ns]"))
        rows = pd.DatetimeIndex(unique["ds"]).get_indexer(wall)
        return taus, np.quantile(samples, taus, axis=1).T[rows]


def prophet(history: History) -> FittedPeer:
    """Prophet on open buckets with holidays, as `forecast/models/prophet_rate.py` sets it up."""
    return FittedProphetPeer(ProphetRate().fit(history))


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Prophet draws from numpy's global generator: seed it, and leave it as it was."""
    before = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before)
