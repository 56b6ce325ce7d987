"""How far the slots of a day stray from its rate, and for how long: a busy hour is followed by a busy hour.

The log effect of a slot is a sum of first-order autoregressions that forget within one, four and twelve hours, next to
the day effect that does not forget. Their variances are found by least squares with none below zero (Lawson & Hanson
1974, Solving Least Squares Problems, ch. 23) from the covariance of slot errors in hindcasts of the day ahead; what is
left on its diagonal is a gamma factor (negative-binomial counts). Doubly stochastic arrivals of this kind: Channouf &
L'Ecuyer (2012), Comput. Oper. Res. 39:1391-1402; Ibrahim, Ye, L'Ecuyer & Shen (2016), Int. J. Forecasting 32:865-874.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.optimize import nnls

from forecast.arrays import Flags, Floats
from forecast.models.day_effect import NORMAL_NINTH_DECILE
from forecast.models.hindcasts import Hindcasts

HOURS = np.array([1.0, 4.0, 12.0, np.inf])  # e-folding times; the last is the day as a whole
WILDEST = 3.0  # robust standard deviations at which a slot's error is cut: beyond lies an incident, not noise
MEMORY_DAYS = 60.0
PRIOR_DAYS = 10.0
USUAL, USUAL_GAMMA = np.array([0.0, 0.005, 0.0, 0.02]), 0.02
LEAST = 0.1  # contacts


@dataclass(frozen=True)
class SlotEffect:
    """variances: float[4] of the log effect by HOURS, the last that of the whole day; gamma: of the gamma factor."""

    variances: Floats
    gamma: float
    slots: int

    @classmethod
    def usual(cls, slots: int) -> SlotEffect:
        """What is expected of a series nobody has forecast yet."""
        return cls(USUAL, USUAL_GAMMA, slots) if slots > 1 else cls(np.zeros(4), 0.0, slots)

    @classmethod
    def of(cls, hindcasts: Hindcasts) -> SlotEffect:
        """Estimate from the freshest forecast of each day; shrunk to what is usual where there are few."""
        days = hindcasts.freshest()
        rate, came = days.rate[:, 0], days.came[:, 0]
        slots = rate.shape[1]
        if slots == 1 or len(rate) < 2:
            return cls.usual(slots)
        known = ~np.isnan(came) & (rate > 0)
        if not known.any():
            return cls.usual(slots)
        root = np.sqrt(np.where(known, rate, 0.0) + LEAST)
        error = np.where(known, (np.nan_to_num(came) - rate) / root, 0.0)
        wild = WILDEST * (np.quantile(np.abs(error), 0.68, axis=0) + 0.5)
        error = np.clip(error, -wild, wild)
        weight = 0.5 ** ((days.origins[-1] - days.origins) / MEMORY_DAYS)
        covariance = (error * weight[:, None]).T @ error / weight.sum()
        size = np.sqrt((weight[:, None] * root**2).sum(axis=0) / weight.sum())
        found, gamma = _decompose(covariance, size)
        robust = _robust_share(error, known, weight, size**2 * (found.sum() + gamma))
        found, gamma = robust * found, robust * gamma
        total, usual = max(float(found.sum()) + gamma, 1e-6), float(USUAL.sum()) + USUAL_GAMMA
        scale = (usual / total) ** (PRIOR_DAYS / (weight.sum() + PRIOR_DAYS))
        return cls(scale * found, scale * gamma, slots)

    def widened(self, factor: float) -> SlotEffect:
        """The same law, so many times as wide."""
        return replace(self, variances=factor**2 * self.variances, gamma=factor**2 * self.gamma)

    @property
    def middle(self) -> float:
        """Median of a log slot effect: so far below 0 that a day's total is not raised by the waves within it."""
        return -0.5 * float(self.variances[:-1].sum())

    @cached_property
    def within(self) -> Floats:
        """Covariance of the log slot effects about their day's, float[slots, slots]."""
        return _kernels(self.slots)[:, :, :-1] @ self.variances[:-1]

    @cached_property
    def whole(self) -> Floats:
        """Covariance of the log slot effects, the day's own included, float[slots, slots]."""
        return self.within + float(self.variances[-1])

    def share_of_day(self, rate: Floats) -> float:
        """Variance that the slot effects bring into a day's total with rates float[slots]."""
        share = rate / max(float(rate.sum()), 1e-12)
        return float(share @ self.within @ share)

    def draw(self, days: int, draws: int, rng: np.random.Generator) -> Floats:
        """Log slot effects about their day's float[days, slots, draws]."""
        if self.slots == 1 or not self.variances[:-1].any():
            return np.zeros((days, self.slots, draws))
        root = np.linalg.cholesky(self.within + 1e-9 * np.eye(self.slots))
        return np.asarray(root @ rng.standard_normal((days, self.slots, draws)))


def _robust_share(error: Floats, known: Flags, weight: Floats, excess: Floats) -> float:
    """The share of the excess variance [slots] with which the deciles of the errors [days, slots] come out right."""
    standard = (error / np.sqrt(1 + excess))[known]
    mass = np.broadcast_to(weight[:, None] * (1 + excess), known.shape)[known]
    order = np.argsort(standard)
    low, high = np.interp([0.1, 0.9], np.cumsum(mass[order]) / mass.sum(), standard[order])
    found = ((high - low) / (2 * NORMAL_NINTH_DECILE)) ** 2
    busy = float((excess**2).sum() / max(float(excess.sum()), 1e-12))
    return float(np.clip((found * (1 + busy) - 1) / max(busy, 1e-12), 0.2, 1.5))


def _kernels(slots: int) -> Floats:
    """float[slots, slots, 4]: correlation of two slots by each autoregression."""
    hours = np.abs(np.subtract.outer(np.arange(slots), np.arange(slots))) * 24 / slots
    return np.asarray(np.exp(-hours[:, :, None] / HOURS))


def _decompose(covariance: Floats, size: Floats) -> tuple[Floats, float]:
    """Covariance of scaled errors [slots, slots], their scale [slots] -> variances [4] and the gamma factor's."""
    pairs = np.triu_indices(len(size), 1)
    scale = np.outer(size, size)
    kernels = _kernels(len(size)) * scale[:, :, None]
    variances, _ = nnls(kernels[pairs], covariance[pairs])
    left = np.diag(covariance) - np.diagonal(kernels @ variances)
    gamma = float(((left - 1) * size**2).sum() / max(float((size**4).sum()), 1e-12))
    return variances, float(np.clip(gamma, 0.0, 1.0))
