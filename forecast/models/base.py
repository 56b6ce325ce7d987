"""The seam every model keeps: a Snapshot in, sample paths out.

    Model.fit(snapshot) -> FittedModel                      a new object; there is no unfitted state
    FittedModel.predict(snapshot, leads, draws, seed) -> Paths

Most models only have an opinion on the *rate*: the number of contacts expected in each bucket of one series. They
keep the narrower seam `RateModel`, and `dressed.py` makes a Model of them by giving the rate the noise that its own
past forecasts had. Quantiles of an interval, a day, a week, a sum of queues all come from the paths, because the
quantile of a sum is not the sum of quantiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, SECOND, Grid, Interval, floor, from_ns
from forecast.vintage import History, Snapshot

QUANTILES = (0.025, 0.05, *(round(0.1 * step, 1) for step in range(1, 10)), 0.95, 0.975)


@dataclass(frozen=True)
class Leads:
    """The buckets asked for: Grid[n] of starts at or after the cutoff (ns)."""

    grid: Grid
    cutoff: int

    @property
    def seconds(self) -> Ns:
        """int64[n]: elapsed seconds from the cutoff to each bucket's start."""
        return (self.grid.ds - self.cutoff) // SECOND

    @classmethod
    def days(cls, snapshot: Snapshot, name: str, days: int) -> Leads:
        """Every bucket of a series from the cutoff on, over `days` local days (the cutoff's own day included)."""
        history = snapshot.history(name)
        interval, tz = history.series.interval, history.series.tz
        grid = Grid.days(history.today, history.today + days - 1, interval, tz)
        if len(history.grid) and interval.slots > 1:
            step = interval.seconds * SECOND
            grid = Grid.of(grid.ds + (history.grid.ds[0] - grid.ds[0]) % step, interval, tz)
        return cls(grid.take(grid.ds >= snapshot.cutoff), snapshot.cutoff)


@dataclass(frozen=True)
class Paths:
    """Sample paths: values float[series, ds, draw] >= 0, drawn jointly over time; draw k is one possible future."""

    series: tuple[str, ...]
    grid: Grid
    values: npt.NDArray[np.float64]

    def quantiles(self, taus: Sequence[float] = QUANTILES) -> Floats:
        """float[series, ds, tau], non-decreasing in tau."""
        return np.moveaxis(np.quantile(self.values, list(taus), axis=2), 0, 2)

    def median(self) -> Floats:
        """float[series, ds]."""
        return np.asarray(np.median(self.values, axis=2))

    def mean(self) -> Floats:
        """float[series, ds]."""
        return np.asarray(self.values.mean(axis=2))

    def only(self, name: str) -> Paths:
        """The paths of one series."""
        at = self.series.index(name)
        return Paths((name,), self.grid, self.values[at : at + 1])

    def total(self, interval: Interval) -> Paths:
        """Sums per draw over longer local buckets (hour, day, week, month)."""
        starts = floor(self.grid.ds, interval, self.grid.tz)
        unique, place = np.unique(starts, return_inverse=True)
        sums = np.zeros((len(self.series), len(unique), self.values.shape[2]))
        for at in range(len(self.series)):
            np.add.at(sums[at], place, self.values[at])
        return Paths(self.series, Grid.of(unique, interval, self.grid.tz), sums)

    def sum(self, name: str) -> Paths:
        """One series that is the sum of all, draw by draw."""
        return Paths((name,), self.grid, self.values.sum(axis=0, keepdims=True))


class FittedModel(Protocol):
    """What `Model.fit` returns. Predicting never changes it."""

    def predict(self, snapshot: Snapshot, leads: Leads, *, draws: int, seed: int) -> Paths:
        """Paths of every series of the snapshot (all on the leads' interval), from what the snapshot knows."""
        ...


class Model(Protocol):
    """A forecasting method with its settings."""

    @property
    def name(self) -> str:
        """Its name in the catalogue."""
        ...

    def fit(self, snapshot: Snapshot) -> FittedModel:
        """Learn from what the snapshot knows. NotEnoughHistory where that is too little."""
        ...


class FittedRate(Protocol):
    """A fitted rate model of one series; may predict from a later history than it was fitted on."""

    def rate(self, history: History, grid: Grid) -> Floats:
        """Expected contacts float[n] >= 0 in each bucket of `grid`, 0 where `history.opening(grid)` says closed."""
        ...


class RateModel(Protocol):
    """A method that expects a number of contacts per bucket of one series.

    cost: how many seconds a fit on two years of open half hours takes, about; the hindcasts refit dear ones less often
    """

    @property
    def name(self) -> str:
        """Its name in the catalogue."""
        ...

    @property
    def cost(self) -> float:
        """Seconds of a fit, about."""
        ...

    def fit(self, history: History) -> FittedRate:
        """Learn from one series as known. NotEnoughHistory where that is too little."""
        ...


BANDS: tuple[tuple[str, int, int], ...] = (
    ("0-1h", 0, 3600),
    ("1-4h", 3600, 4 * 3600),
    ("4-24h", 4 * 3600, 86_400),
    ("1-3d", 86_400, 3 * 86_400),
    ("3-7d", 3 * 86_400, 7 * 86_400),
    ("7-14d", 7 * 86_400, 14 * 86_400),
    ("14-28d", 14 * 86_400, 28 * 86_400),
    ("28-56d", 28 * 86_400, 56 * 86_400),
    ("56d+", 56 * 86_400, 1 << 60),
)
LONG_RUN = "long run"  # the lead band of what is forecast by day, beyond the intervals (`long_run.py`)
DAILY_BANDS = (("0-1d", 0, 86_400), *BANDS[3:])


def bands(interval: Interval) -> tuple[tuple[str, int, int], ...]:
    """Lead bands (name, from, to) in seconds, half-open; daily data and longer begin with `0-1d`."""
    return BANDS if interval.slots > 1 else DAILY_BANDS


def band_of(seconds: Ns, interval: Interval) -> npt.NDArray[np.int64]:
    """Lead seconds [n] -> index into `bands(interval)` [n]."""
    edges = np.array([start for _, start, _ in bands(interval)][1:], dtype=np.int64)
    return np.searchsorted(edges, seconds, side="right").astype(np.int64)


def require_days(history: History, days: int, what: str) -> None:
    """NotEnoughHistory unless the history spans that many local days with a usable row."""
    from forecast.errors import NotEnoughHistory

    held = len(np.unique(history.grid.day[history.usable]))
    if held < days:
        raise NotEnoughHistory(
            f"{history.series.name}: {what} needs {days} days with contacts; "
            f"{held} are known at {from_ns(history.cutoff):%Y-%m-%d %H:%M} UTC.",
            remedy="Load more history, or choose a simpler method.",
        )


__all__ = [
    "BANDS",
    "DAILY_BANDS",
    "DAY",
    "LONG_RUN",
    "QUANTILES",
    "FittedModel",
    "FittedRate",
    "Leads",
    "Model",
    "Paths",
    "RateModel",
    "band_of",
    "bands",
    "require_days",
]
