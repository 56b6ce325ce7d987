"""The noise around a rate: how far days, hours and single counts stray from it, and how today's start moves the rest.

The contacts of a slot are Poisson around  rate x exp(day effect) x exp(slot effect) x gamma:
- the day effect (`day_effect.py`) carries the errors of level, weekday and season;
- the slot effect (`slot_effect.py`) is what remains within a day: errors of the profile, a busy hour;
- the gamma factor is the over-dispersion that is left in a single slot (negative-binomial counts).
All sizes are learnt from hindcasts and robust to a few wild days. Mixed Poisson arrivals with a daily factor: Whitt
(1999), Oper. Res. Letters 24:205-212; Aldor-Noiman, Feigin & Mandelbaum (2009), Ann. Appl. Stat. 3:1403-1447.

Because the logarithm of the rate is Gaussian, seeing part of today moves the rest by ordinary conditioning
(`condition`): a thin queue's noisy morning is shrunk towards no news, a busy queue's is believed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from forecast.arrays import Floats
from forecast.models.day_effect import DayEffect
from forecast.models.hindcasts import Hindcasts
from forecast.models.slot_effect import SlotEffect

YOUNG_DAYS, YOUNG_DOUBT = 120, 0.8
A_YEAR = 400  # days of history after which the hindcasts have seen a season come back
HALF = 0.5  # added to counts before a logarithm


class News(NamedTuple):
    """What the first slots of days say about the rest, days being rows.

    adjustment: float[days, slots] of the log rate, 0 in seen slots; shift: float[days] of the day as a whole
    covariance: float[slots, slots] what is left of the log effects, after the last of the days
    """

    adjustment: Floats
    shift: Floats
    covariance: Floats


@dataclass(frozen=True)
class Noise:
    """Sizes of the effects of one series."""

    day: DayEffect
    slot: SlotEffect

    @classmethod
    def of(cls, hindcasts: Hindcasts, *, days_known: int = A_YEAR) -> Noise:
        """Estimate from hindcasts; with few of them, shrunk towards what is usual.

        days_known: how long the history is. What a few weeks of hindcasts show is the good weather; without a season
        more, all effects are taken for wider than they look, and drift is added that no hindcast can have seen.
        """
        if len(hindcasts) == 0:
            return cls(DayEffect.usual(), SlotEffect.usual(hindcasts.rate.shape[2]))
        ratio, expected = day_ratios(hindcasts)
        age = (hindcasts.origins[-1] - hindcasts.origins).astype(np.float64)
        day = DayEffect.of(ratio, expected, age, whole_year=days_known >= A_YEAR)
        doubt = 1 + YOUNG_DOUBT * max(0.0, 1 - days_known / YOUNG_DAYS)
        return cls(day.widened(doubt), SlotEffect.of(hindcasts).widened(doubt))

    def centred(self) -> Noise:
        """The same noise about the rate as it stands."""
        day = replace(self.day, centre=np.zeros_like(self.day.centre))
        gamma = self.slot.gamma + float(self.slot.variances[:-1].sum())
        whole = np.append(np.zeros(len(self.slot.variances) - 1), self.slot.variances[-1])
        return replace(self, day=day, slot=replace(self.slot, variances=whole, gamma=gamma))

    def counts(self, mean: Floats, rng: np.random.Generator) -> Floats:
        """Counts around a mean of any shape: gamma-Poisson."""
        gamma = self.slot.gamma
        if gamma > 1e-4:
            mean = mean * rng.gamma(1 / gamma, gamma, size=mean.shape)
        return rng.poisson(np.minimum(mean, 1e12)).astype(np.float64)

    def condition(self, rate: Floats, came: Floats, seen: int) -> News:
        """What the first `seen` slots of days say: rate, came float[days, slots]; NaN in `came` is no observation."""
        whole, used = self.slot.whole, slice(0, seen)
        known = ~np.isnan(came[:, used]) & (rate[:, used] > 0)
        expected = np.where(known, rate[:, used], 1.0)
        news = _log_ratio(np.nan_to_num(came[:, used]), expected) - self.slot.middle
        news = np.where(known, news, 0.0)
        error = np.where(known, 1 / (expected + HALF) + self.slot.gamma, 1e9)
        inner = whole[used, used][None] + np.eye(seen)[None] * error[:, :, None]
        solved = np.linalg.solve(inner, news[:, :, None])[:, :, 0]
        adjustment = solved @ whole[used, :]
        adjustment[:, used] = 0.0
        left = whole - whole[:, used] @ np.linalg.solve(inner[-1], whole[used, :])
        return News(adjustment, float(self.slot.variances[-1]) * solved.sum(axis=1), left)


def day_ratios(hindcasts: Hindcasts) -> tuple[Floats, Floats]:
    """Log of what came over what was expected, per origin and day ahead float[o, ahead] (NaN unknown), and expected."""
    scored = hindcasts.scored
    came = np.where(scored, np.nan_to_num(hindcasts.came), 0.0).sum(axis=2)
    expected = np.where(scored, hindcasts.rate, 0.0).sum(axis=2)
    ratio = np.where(expected > 0.5, _log_ratio(came, np.maximum(expected, 1e-9)), np.nan)
    return np.clip(ratio, -3, 3), expected


def _log_ratio(came: Floats, expected: Floats) -> Floats:
    return np.asarray(np.log((came + HALF) / (expected + HALF)))
