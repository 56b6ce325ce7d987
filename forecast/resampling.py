"""How sure a ratio of sums is: blocks of consecutive rows drawn anew, round the end, so that every row is as likely as any other.

All scores are ratios of sums over cutoffs or days, so that drawing these anew draws every score anew, and two methods in the
same draw stay paired. Lucky weeks come in a row, and forecasts overlap: a block is as long as one forecast reaches.

Politis & Romano (1992), A circular block-resampling procedure for stationary data; Künsch (1989), The jackknife and the
bootstrap for general stationary observations, Ann. Stat. 17:1217-1241; Hall, Horowitz & Jing (1995), On blocking rules
for the bootstrap with dependent data, Biometrika 82:561-574 (the order n^(1/3)).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from forecast.arrays import Floats, Ns

RESAMPLES = 2000
LEAST_BLOCKS = 3
PERCENTILES = (0.05, 0.95)


class Bounds(NamedTuple):
    """A figure with its 90 % interval; None where there is too little to say."""

    value: float | None
    low: float | None
    high: float | None


def resampled(count: int, block: int, *, seed: int) -> Ns | None:
    """int64[RESAMPLES, count]: rows drawn in circular blocks; None where there are fewer than LEAST_BLOCKS of them."""
    if count < LEAST_BLOCKS * block:
        return None
    starts = np.random.default_rng(seed).integers(0, count, size=(RESAMPLES, -(-count // block)))
    rows = (starts[:, :, None] + np.arange(block)) % count
    return rows.reshape(RESAMPLES, -1)[:, :count].astype(np.int64)


def ratio(top: Floats, bottom: Floats, rows: Ns | None) -> Bounds:
    """top, bottom float[n] -> sum(top) / sum(bottom) over the rows where both are known, with its interval."""
    top, bottom = _both(top, bottom)
    if bottom.sum() <= 0:
        return Bounds(None, None, None)
    value = float(top.sum() / bottom.sum())
    if rows is None:
        return Bounds(value, None, None)
    drawn = draws_of(top, bottom, rows)
    low, high = np.quantile(drawn[np.isfinite(drawn)], PERCENTILES)
    return Bounds(value, float(low), float(high))


def draws_of(top: Floats, bottom: Floats, rows: Ns) -> Floats:
    """float[RESAMPLES]: the ratio of sums in each resample; NaN where the bottom is empty."""
    top, bottom = _both(top, bottom)
    sums = bottom[rows].sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(sums > 0, top[rows].sum(axis=1) / sums, np.nan))


def _both(top: Floats, bottom: Floats) -> tuple[Floats, Floats]:
    """The two with zeros in rows where either is unknown, so that such a row counts for neither."""
    known = ~np.isnan(top) & ~np.isnan(bottom)
    return np.where(known, top, 0.0), np.where(known, bottom, 0.0)
