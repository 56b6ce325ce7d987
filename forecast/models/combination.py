"""Several rates made one: weights by recent loss, shrunk to equal, smooth over how far ahead.

A single pick jumps from week to week and between lead bands, and picks the lucky one; equal weights ignore that a
method is lost on this queue. In between lies the combination of Bates & Granger (1969), Oper. Res. Quarterly
20:451-468, with the shrinkage found to pay by Diebold & Pauly (1990), Int. J. Forecasting 6:503-508.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecast.arrays import Floats
from forecast.models.hindcasts import Hindcasts

POWER = 3.0  # weight ~ loss ** -POWER
EQUAL_SHARE = 0.3  # of the weight that is shared out evenly among the methods in the race
OUT_OF_RACE = 1.2  # a method with this many times the least loss gets nothing
MEMORY_DAYS = 60.0  # half-life of a hindcast's say
PRIOR_DAYS = 10.0  # of equal loss, so that a handful of days decides nothing


def weigh(members: Sequence[Hindcasts]) -> Floats:
    """float[members, ahead], columns summing to 1, from hindcasts on the same origins."""
    first = members[0]
    count, ahead = len(members), first.rate.shape[1]
    if count == 1 or len(first) == 0:
        return np.full((count, ahead), 1 / count)
    age = 0.5 ** ((first.origins[-1] - first.origins) / MEMORY_DAYS)
    losses = np.stack([_loss(member, age) for member in members])
    losses = _smooth(losses + PRIOR_DAYS * losses.mean(axis=0) / max(len(first), 1))
    best = losses.min(axis=0)
    racing = losses <= OUT_OF_RACE * best + 1e-12
    raw = np.where(racing, (np.maximum(losses, 1e-9) / np.maximum(best, 1e-9)) ** -POWER, 0.0)
    raw /= raw.sum(axis=0)
    even = racing / racing.sum(axis=0)
    return np.asarray(_smooth(EQUAL_SHARE * even + (1 - EQUAL_SHARE) * raw))


def _loss(member: Hindcasts, age: Floats) -> Floats:
    """Weighted absolute error per day ahead [ahead]: of slots and, equally, of the day's total."""
    error = np.where(member.scored, member.rate - np.nan_to_num(member.came), 0.0)
    per_day = 0.5 * np.abs(error).sum(axis=2) + 0.5 * np.abs(error.sum(axis=2))
    known = member.scored.any(axis=2)
    weight = np.where(known, age[:, None], 0.0)
    total = (weight * per_day).sum(axis=0)
    size = weight.sum(axis=0)
    seen = np.where(size > 0, total / np.maximum(size, 1e-9), np.nan)
    fallback = np.nanmean(seen) if np.isfinite(seen).any() else 0.0
    return np.where(np.isnan(seen), fallback, seen)


def _smooth(rows: Floats) -> Floats:
    """Running mean over days ahead, wider further ahead, so that no band border shows."""
    ahead = rows.shape[1]
    smooth = np.empty_like(rows)
    for day in range(ahead):
        reach = 1 + day // 3
        smooth[:, day] = rows[:, max(0, day - reach) : day + reach + 1].mean(axis=1)
    return smooth


def combine(rates: Floats, weights: Floats) -> Floats:
    """rates float[members, ..., ahead, slots], weights float[members, ahead] -> float[..., ahead, slots].

    Beyond the weights' last day ahead its weights hold on.
    """
    ahead = rates.shape[-2]
    place = np.minimum(np.arange(ahead), weights.shape[1] - 1)
    shaped = weights[:, place].reshape(weights.shape[0], *([1] * (rates.ndim - 3)), ahead, 1)
    return np.asarray((rates * shaped).sum(axis=0))
