"""Scores, pure and short. Definitions: what each number means stands in docs/measuring.md.

y: float[n] what came; q: float[n, tau] quantiles; point: float[n] a median.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

from forecast.arrays import Flags, Floats

TAUS = np.round(np.arange(0.05, 0.951, 0.05), 2)
TAILS = (0.025, 0.1, 0.9, 0.975)


def pinball(y: Floats, q: Floats, taus: Floats) -> Floats:
    """float[n, tau]: the loss whose expectation the tau-quantile minimises (Koenker & Bassett 1978)."""
    error = y[:, None] - q
    return np.maximum(taus * error, (taus - 1) * error)


def wape(y: Floats, point: Floats) -> float:
    """Sum of absolute errors over the sum of contacts; NaN where nothing came."""
    return _ratio(float(np.abs(y - point).sum()), float(y.sum()))


def bias(y: Floats, mean: Floats) -> float:
    """Sum of (forecast mean - actual) over the sum of contacts; above 0: forecast too high."""
    return _ratio(float((mean - y).sum()), float(y.sum()))


def wql(y: Floats, q: Floats, taus: Floats = TAUS) -> float:
    """Weighted quantile loss: 2 x the pinball losses over the taus, averaged, over the sum of contacts."""
    return _ratio(2 * float(pinball(y, q, taus).sum()) / len(taus), float(y.sum()))


def mase(y: Floats, point: Floats, scale: float) -> float:
    """Mean absolute error over `scale`, the mean absolute change from a week earlier in the training part
    (Hyndman & Koehler 2006, Int. J. Forecasting 22:679-688)."""
    return _ratio(float(np.abs(y - point).mean()) if len(y) else 0.0, scale)


def poisson_floor(rate: Floats) -> float:
    """WAPE of one who knows the rate: mean absolute deviation of Poisson counts from their median, over their mean."""
    rate = rate[rate > 0]
    if len(rate) == 0:
        return float("nan")
    small = np.round(np.minimum(rate, 400.0), 1)
    unique, place = np.unique(small, return_inverse=True)
    deviation = np.array([_poisson_deviation(float(mean)) for mean in unique])[place]
    deviation = np.where(rate > 400.0, np.sqrt(2 * rate / np.pi), deviation)
    return _ratio(float(deviation.sum()), float(rate.sum()))


def _poisson_deviation(mean: float) -> float:
    if mean <= 0:
        return 0.0
    counts = np.arange(int(mean + 10 * np.sqrt(mean) + 12))
    median = stats.poisson.ppf(0.5, mean)
    return float((np.abs(counts - median) * stats.poisson.pmf(counts, mean)).sum())


def calibration(
    y: Floats, q: Floats, open_: Flags, taus: tuple[float, ...] = TAILS
) -> dict[str, dict[str, float]]:
    """{tau: {below, at_or_below}} over open slots: for counts, tau should lie between the two (within tolerance).

    q: float[n, taus]. Coverage alone cannot judge thin counts, where a perfect forecaster covers too much.
    """
    if not open_.any():
        return {}
    y, q = y[open_], q[open_]
    return {
        _short(tau): {"below": float((y < q[:, at]).mean()), "at_or_below": float((y <= q[:, at]).mean())}
        for at, tau in enumerate(taus)
    }


def skill(own: float, bar: float) -> float:
    """1 - WAPE / WAPE of the bar; above 0: better than the bar."""
    return 1 - own / bar if bar > 0 else float("nan")


def wape_interval(
    errors: npt.NDArray[np.float64], sums: npt.NDArray[np.float64], *, seed: int = 1
) -> tuple[float, float]:
    """Bootstrap over blocks (days or cutoffs): errors, sums float[blocks] -> 5th and 95th percentile of the WAPE."""
    if len(errors) < 2 or sums.sum() <= 0:
        return float("nan"), float("nan")
    rows = np.random.default_rng(seed).integers(0, len(errors), size=(1000, len(errors)))
    drawn = errors[rows].sum(axis=1) / np.maximum(sums[rows].sum(axis=1), 1e-9)
    low, high = np.quantile(drawn, [0.05, 0.95])
    return float(low), float(high)


def paired_interval(
    mine: npt.NDArray[np.float64],
    theirs: npt.NDArray[np.float64],
    sums: npt.NDArray[np.float64],
    *,
    seed: int = 1,
) -> tuple[float, float, float]:
    """Errors of two methods in the same blocks float[blocks] -> difference of their WAPE, 5th and 95th percentile.

    Blocks are drawn for both at once, so that what made a day hard for both is not in the interval; NaN for one block.
    """
    apart = mine - theirs
    if len(apart) == 0 or sums.sum() <= 0:
        return float("nan"), float("nan"), float("nan")
    low, high = wape_interval(apart, sums, seed=seed)
    return float(apart.sum() / sums.sum()), low, high


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom > 0 else float("nan")


def _short(tau: float) -> str:
    return f"{tau:g}"
