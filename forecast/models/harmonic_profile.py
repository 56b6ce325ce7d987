"""The shape of a day, smoothed by harmonics of the time of day.

log share ~ harmonics common to all days + harmonics of the kind of day (usual, quiet, Sunday) + harmonics of the
weekday, each shrunk the more the faster it waves. Under a Poisson law with given day totals the counts of a weekday
and slot summed over the weeks are sufficient, so this is a regression on at most 7 x 96 rows however long the history.

Rausch, Albrecht & Baier (2022), Beyond the beaten paths of forecasting call center arrivals, J. Business Economics 92;
Shen & Huang (2008), Forecasting time series of inhomogeneous Poisson processes, Annals of Applied Statistics 2.
"""

from __future__ import annotations

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.models.count_regression import count_regression
from forecast.models.day_totals import DayTotals
from forecast.models.special_days import SpecialDays
from forecast.vintage import History

LATEST = 730  # days that teach, as of the regression
PROFILE_FORGET = 56.0
PROFILE_DAYS = 182
BOLDNESS = (0.1, 0.3, 1.0, 3.0)


def profile(history: History, special: SpecialDays) -> Floats:
    """float[7, slots]: the share of a usual day's contacts in each slot; sums to 1 over the slots open so far."""
    slots = history.grid.slots
    if slots == 1:
        return np.ones((7, 1))
    totals = DayTotals.of(history, latest=LATEST).telling(PROFILE_DAYS)
    y, days = totals.table, totals.days
    known = ~np.isnan(y) & special.ordinary(days)[:, None]
    weight = 0.5 ** ((history.today - days) / PROFILE_FORGET)
    weight = weight * weight.sum() / (weight**2).sum() if len(weight) else weight
    total = np.where(known, y, 0.0).sum(axis=1)
    weekday = (days + 3) % 7
    counts, exposure = np.zeros((7, slots)), np.zeros((7, slots))
    np.add.at(counts, weekday, weight[:, None] * np.where(known, y, 0.0))
    np.add.at(exposure, weekday, weight[:, None] * np.where(known, total[:, None], 0.0))
    open_ = exposure > 0
    if not open_.any() or counts.sum() == 0:
        return np.full((7, slots), 1 / slots)
    shares = smooth_shares(counts, exposure, open_, _dispersion(y, known, total, weekday, counts, exposure))
    whole = np.where(open_, shares, 0.0).sum(axis=1, keepdims=True)
    everywhere = np.where(open_, shares, 0.0).sum(axis=0)
    return np.asarray(
        np.where(whole > 0, shares / np.where(whole > 0, whole, 1.0), everywhere / everywhere.sum())
    )


def smooth_shares(counts: Floats, exposure: Floats, open_: Flags, dispersion: float) -> Floats:
    """counts, exposure [7, slots] -> shares [7, slots] by harmonics; how bold they are is chosen by Akaike's criterion."""
    weekday, slot = np.nonzero(open_)
    y, offset = counts[weekday, slot] / dispersion, np.log(exposure[weekday, slot] / dispersion)
    wave, order = harmonics(open_)
    volume = counts.sum(axis=1)
    busy = volume > 0.5 * np.median(volume[volume > 0])
    kind = np.where(busy, 0, 1 + (np.arange(7) == 6))
    groups = [np.ones((7, 1)), *(_own(kind == k) for k in (1, 2) if (kind == k).any() and busy.any())]
    spreads = [1.0] * len(groups)
    groups += [_own(np.arange(7) == day) for day in range(7) if busy[day]]
    spreads += [0.3] * (len(groups) - len(spreads))
    everywhere = np.concatenate([(group[:, None] * wave[None]) for group in groups], axis=2)
    X = everywhere[weekday, slot]
    prior = np.concatenate([spread / np.maximum(order, 0.5) ** 1.5 for spread in spreads])
    best, lowest = np.zeros(X.shape[1]), np.inf
    for bold in BOLDNESS:
        found = best if bold > BOLDNESS[0] else None
        coefficients, freedom = count_regression(X, y, offset, np.ones(len(y)), prior * bold * 3, start=found)
        mean = np.exp(np.clip(X @ coefficients + offset, -30, 30))
        loss = 2 * float(np.sum(mean - y * np.log(mean))) + 2 * freedom
        if loss < lowest:
            best, lowest = coefficients, loss
    return np.asarray(np.exp(np.clip(everywhere @ best, -30, 5)))


def _own(rows: Flags) -> Floats:
    return np.asarray(rows, dtype=np.float64)[:, None]


def harmonics(open_: Flags) -> tuple[Floats, Floats]:
    """bool[7, slots] -> waves float[slots, k] and their order [k].

    Round the clock: a Fourier series. With closing hours: cosines of half periods over the opening span, which need
    not come back in the evening to where they began in the morning.
    """
    slots = open_.shape[1]
    held = np.flatnonzero(np.any(open_, axis=0))
    begin, length = int(held[0]), int(held[-1] - held[0]) + 1
    most = min(12, length // 2)
    if length == slots:
        angle = 2 * np.pi * np.arange(slots) / slots
        waves = [np.ones(slots), *(f(k * angle) for k in range(1, most + 1) for f in (np.cos, np.sin))]
        return np.stack(waves, axis=1), np.array([0.0, *(k for k in range(1, most + 1) for _ in range(2))])
    angle = np.pi * (np.clip(np.arange(slots) - begin, 0, length - 1) + 0.5) / length
    order = np.arange(min(2 * most, length))
    return np.cos(angle[:, None] * order), order / 2.0


def _dispersion(
    y: Floats, known: Flags, total: Floats, weekday: Ns, counts: Floats, exposure: Floats
) -> float:
    """Pearson dispersion of the slots about their weekday's raw shares: 1 for a Poisson law."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total[:, None] * (counts / exposure)[weekday]
        pearson = np.where(known & (mean > 0), (y - mean) ** 2 / mean, np.nan)
    return max(1.0, float(np.nanmean(pearson))) if bool(np.isfinite(pearson).any()) else 1.0
