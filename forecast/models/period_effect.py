"""What weeks with a name do to a queue's level while they last: school holidays, a sale.

    period_effects(...) -> by how much the level is higher in the period (log), 0 where the past does not support it

Each past stretch of a period is compared with the same weekdays around it. How far such a comparison strays by itself,
with no period at all, is measured on all other stretches of that length: a permutation of where the period lies, which
takes in weather, campaigns and a level that moves. Against that the period either does nothing or has an effect of
usual size; it counts by the probability of the latter, and not at all below BELIEVED.

Mitchell & Beauchamp (1988), Bayesian variable selection in linear regression, JASA 83:1023-1036 (odds of no effect);
Abadie, Diamond & Hainmueller (2010), JASA 105:493-505 (placebo stretches as the null).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.models.day_totals import baseline

AROUND_WEEKS = 6
USUAL_SIZE = 0.2  # standard deviation of the log effect of a period that does something
LIKELY = 0.5  # probability that it does, before any was seen
BELIEVED = 0.8  # a smaller probability of an effect is none
ALIKE = 0.07  # standard deviation of one stretch's effect about that of all
LEAST_DAYS = 2  # open days of a stretch that tell something
LEAST_NOISE, PRIOR_STRETCHES = 0.03, 6.0  # spread of a stretch where few others tell, and what that is worth
OFFSET = 0.5  # contacts added before a log is taken


class PeriodEffect(NamedTuple):
    """name of the driver; log effect with its standard deviation; stretches seen; probability that it does anything."""

    name: str
    effect: float
    spread: float
    seen: int
    likely: float


def period_effect(name: str, days: Ns, totals: Floats, tells: Flags, inside: Flags) -> PeriodEffect:
    """Consecutive local days[d], their totals freed of all else, which of them tell, and which lie in the period -> its effect."""
    with np.errstate(invalid="ignore", divide="ignore"):
        base = baseline(np.where(tells & ~inside, totals, np.nan), weeks=AROUND_WEEKS)
        log = np.where(tells & (base > 0), np.log((totals + OFFSET) / (base + OFFSET)), np.nan)
    weight = np.where(
        np.isnan(log), 0.0, base / (1 + base * 0.05**2)
    )  # certainty: counts, and days' own moods
    means, sizes = _stretches(log, weight, inside)
    if len(means) == 0:
        return PeriodEffect(name, 0.0, 0.0, 0, LIKELY)
    noise = np.array([_noise(log, weight, inside, int(size)) for size in sizes])
    certainty = 1 / (noise**2 + ALIKE**2)
    mean, variance = float(means @ certainty / certainty.sum()), float(1 / certainty.sum())
    wide = variance + USUAL_SIZE**2
    news = 0.5 * (mean**2 / variance - mean**2 / wide + np.log(variance / wide))
    odds = LIKELY / (1 - LIKELY) * float(np.exp(np.clip(news, -50, 50)))
    likely = odds / (1 + odds)
    if likely < BELIEVED:
        return PeriodEffect(name, 0.0, 0.0, len(means), likely)
    found = mean * USUAL_SIZE**2 / wide
    spread = float(np.sqrt(USUAL_SIZE**2 * variance / wide + ALIKE**2))
    return PeriodEffect(name, likely * found, spread, len(means), likely)


def _stretches(log: Floats, weight: Floats, inside: Flags) -> tuple[Floats, Ns]:
    """Runs of days inside -> mean log of each that tells [s], and how long it is in days [s]."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(np.int64), [0]])))
    means, sizes = [], []
    for begin, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        held = slice(begin, stop)
        if (weight[held] > 0).sum() >= LEAST_DAYS:
            means.append(float(np.nansum(log[held] * weight[held]) / weight[held].sum()))
            sizes.append(stop - begin)
    return np.array(means), np.array(sizes, dtype=np.int64)


def _noise(log: Floats, weight: Floats, inside: Flags, size: int) -> float:
    """Standard deviation of the mean log of stretches of so many days that lie wholly outside the period."""
    top, bottom, out = (
        np.convolve(each, np.ones(size), mode="valid")
        for each in (np.nan_to_num(log) * weight, weight, inside.astype(np.float64))
    )
    usual = np.median(bottom[bottom > 0]) if (bottom > 0).any() else 0.0
    rows = (out == 0) & (bottom > 0.3 * usual) & (bottom > 0)
    means = top[rows] / bottom[rows]
    own = 1.4826 * float(np.median(np.abs(means))) if len(means) else LEAST_NOISE
    count = len(means) / max(size, 1)  # stretches that overlap are one
    return float(np.sqrt((count * own**2 + PRIOR_STRETCHES * LEAST_NOISE**2) / (count + PRIOR_STRETCHES)))
