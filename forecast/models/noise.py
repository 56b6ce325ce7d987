"""The noise around a rate: how far days, hours and single counts stray from it, and how today's start moves the rest.

The contacts of a slot are Poisson around  rate x exp(day effect) x exp(slot effect) x gamma:
- the day effect is Gaussian (Student-t with six degrees in the draws), wider for days further ahead, correlated from
  day to day; it carries the errors of level, weekday and season;
- the slot effect is a first-order autoregression within the day: errors of the profile, a busy hour;
- the gamma factor is the over-dispersion that is left in a single slot (negative-binomial counts).
All sizes are moment estimates from hindcasts, robust to a few wild days. Mixed Poisson arrivals with a daily factor:
Whitt (1999), Oper. Res. Letters 24:205-212; Aldor-Noiman, Feigin & Mandelbaum (2009), Ann. Appl. Stat. 3:1403-1447.

Because the logarithm of the rate is Gaussian, seeing part of today moves the rest by ordinary conditioning
(`condition`): a thin queue's noisy morning is shrunk towards no news, a busy queue's is believed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecast.arrays import Floats
from forecast.models.hindcasts import Hindcasts

FREEDOM = 6.0  # degrees of freedom of the day effect in the draws
T_NINTH_DECILE = 1.4398  # of Student-t with six degrees of freedom
PRIOR_DAY_SD = 0.15  # what we expect of an unseen queue, worth PRIOR_DAYS days of evidence
PRIOR_DAYS = 10.0
SLOT_MEMORY_SECONDS = 7200.0  # e-folding time of the slot effect
HALF = 0.5  # added to counts before a logarithm


@dataclass(frozen=True)
class Noise:
    """Sizes of the effects of one series.

    day_sd:     float[ahead] standard deviation of the log day effect, by days ahead; non-decreasing
    persistent: correlation of day effects far apart; neighbour: of adjacent days
    slot_var:   variance of the log slot effect; slot_rho: its correlation from slot to slot
    gamma_var:  variance of the gamma factor
    """

    day_sd: Floats
    persistent: float
    neighbour: float
    slot_var: float
    slot_rho: float
    gamma_var: float

    def sd(self, ahead: npt.NDArray[np.int64]) -> Floats:
        """Day sd for days ahead [n]; beyond what was seen the variance grows as it did, linearly."""
        last = len(self.day_sd) - 1
        variance = self.day_sd**2
        step = max(0.0, float(variance[last] - variance[min(7, last)]) / max(1, last - min(7, last)))
        beyond = np.maximum(0, ahead - last)
        return np.sqrt(variance[np.minimum(ahead, last)] + step * beyond)

    @classmethod
    def of(cls, hindcasts: Hindcasts, interval_seconds: int) -> Noise:
        """Estimate from hindcasts; with few of them, shrunk towards what is usual."""
        rho = float(np.exp(-interval_seconds / SLOT_MEMORY_SECONDS))
        if len(hindcasts) == 0:
            return cls(np.full(28, PRIOR_DAY_SD * 1.5), 0.3, 0.5, 0.005, rho, 0.02)
        ratio, weight = day_ratios(hindcasts)
        day_sd = _day_sd(ratio, weight)
        persistent, neighbour = _correlations(ratio / day_sd)
        slot_var, gamma_var = _slot_variances(hindcasts, rho)
        return cls(day_sd, persistent, neighbour, slot_var, rho, gamma_var)

    def draw_days(self, ahead: npt.NDArray[np.int64], draws: int, rng: np.random.Generator) -> Floats:
        """Log day effects float[days, draws] for days ahead [days], jointly."""
        apart = np.abs(ahead[:, None] - ahead[None, :])
        fading = self.neighbour - self.persistent
        correlation = self.persistent + 2 * fading * 0.5**apart
        np.fill_diagonal(correlation, 1.0)
        root = np.linalg.cholesky(correlation + 1e-9 * np.eye(len(ahead)))
        normal = root @ rng.standard_normal((len(ahead), draws))
        scale = np.sqrt(FREEDOM / rng.chisquare(FREEDOM, size=(1, draws)))
        return self.sd(ahead)[:, None] * normal * scale

    def draw_slots(self, slots: int, days: int, draws: int, rng: np.random.Generator) -> Floats:
        """Log slot effects float[days, slots, draws], autoregressive within the day, mean about 0."""
        if self.slot_var <= 0 or slots == 1:
            return np.zeros((days, slots, draws))
        effects = np.empty((days, slots, draws))
        shocks = rng.standard_normal((days, slots, draws)) * np.sqrt(self.slot_var)
        effects[:, 0] = shocks[:, 0]
        for slot in range(1, slots):
            effects[:, slot] = (
                self.slot_rho * effects[:, slot - 1] + np.sqrt(1 - self.slot_rho**2) * shocks[:, slot]
            )
        return effects

    def counts(self, mean: Floats, rng: np.random.Generator) -> Floats:
        """Counts around a mean of any shape: gamma-Poisson."""
        if self.gamma_var > 1e-4:
            mean = mean * rng.gamma(1 / self.gamma_var, self.gamma_var, size=mean.shape)
        return rng.poisson(np.minimum(mean, 1e12)).astype(np.float64)

    def condition(self, rate: Floats, came: Floats, seen: int) -> tuple[Floats, Floats, float]:
        """What the first `seen` slots of days say about their remaining slots.

        rate, came: float[days, slots]; NaN in `came` is no observation
        -> log adjustment float[days, slots] (0 in seen slots), the day effect's part float[days], and the share of
           the day effect's variance that is left (mean over the days)
        """
        days, slots = rate.shape
        prior = float(self.sd(np.zeros(1, dtype=np.int64))[0]) ** 2
        used = slice(0, seen)
        known = ~np.isnan(came[:, used]) & (rate[:, used] > 0)
        expected = np.where(known, rate[:, used], 1.0)
        news = np.where(known, _log_ratio(np.nan_to_num(came[:, used]), expected), 0.0)
        error = np.where(known, 1 / (expected + HALF) + self.gamma_var, 1e9)
        place = np.arange(slots)
        shared = self.slot_var * self.slot_rho ** np.abs(place[:, None] - place[None, :])
        inner = prior + shared[used, used][None] + np.eye(seen)[None] * error[:, :, None]
        solved = np.linalg.solve(inner, news[:, :, None])[:, :, 0]
        adjustment = prior * solved.sum(axis=1, keepdims=True) + solved @ shared[used, :]
        adjustment[:, used] = 0.0
        ones = np.ones((days, seen, 1))
        left = 1 - prior * np.linalg.solve(inner, ones)[:, :, 0].sum(axis=1)
        return adjustment, prior * solved.sum(axis=1), float(np.clip(left.mean(), 0.02, 1.0))


def day_ratios(hindcasts: Hindcasts) -> tuple[Floats, Floats]:
    """Log of what came over what was expected, per origin and day ahead float[o, ahead] (NaN unknown), and expected."""
    scored = hindcasts.scored
    came = np.where(scored, np.nan_to_num(hindcasts.came), 0.0).sum(axis=2)
    expected = np.where(scored, hindcasts.rate, 0.0).sum(axis=2)
    ratio = np.where(expected > 0.5, _log_ratio(came, np.maximum(expected, 1e-9)), np.nan)
    return np.clip(ratio, -3, 3), expected


def _log_ratio(came: Floats, expected: Floats) -> Floats:
    return np.asarray(np.log((came + HALF) / (expected + HALF)))


def _day_sd(ratio: Floats, expected: Floats) -> Floats:
    """float[ahead]: robust spread beyond Poisson, shrunk to the prior where few days speak, non-decreasing ahead."""
    ahead = ratio.shape[1]
    variance = np.full(ahead, np.nan)
    count = (~np.isnan(ratio)).sum(axis=0)
    for day in range(ahead):
        values = ratio[~np.isnan(ratio[:, day]), day]
        if len(values) >= 5:
            spread = np.subtract(*np.quantile(values, [0.9, 0.1])) / (2 * T_NINTH_DECILE)
            sampling = np.median(1 / (expected[~np.isnan(ratio[:, day]), day] + HALF))
            centre = np.median(values)
            variance[day] = max(float(spread) ** 2 + float(centre) ** 2 - float(sampling), 1e-5)
    prior = PRIOR_DAY_SD**2 * (1 + np.arange(ahead) / 14)
    variance = np.where(np.isnan(variance), prior, variance)
    mixed = (count * variance + PRIOR_DAYS * prior) / (count + PRIOR_DAYS)
    smooth = np.array(
        [
            np.average(mixed[max(0, d - 2) : d + 3], weights=(count + 1)[max(0, d - 2) : d + 3])
            for d in range(ahead)
        ]
    )
    smooth[0] = mixed[0]
    return np.sqrt(np.maximum.accumulate(smooth))


def _correlations(standard: Floats) -> tuple[float, float]:
    """Correlation of day effects a week apart and of adjacent days, robust (by clipped products), shrunk to 0.3."""
    clipped = np.clip(standard, -2.5, 2.5)

    def at(apart: int) -> float:
        if clipped.shape[1] <= apart:
            return 0.3
        products = clipped[:, :-apart] * clipped[:, apart:]
        squares = (clipped[:, :-apart] ** 2 + clipped[:, apart:] ** 2) / 2
        good = ~np.isnan(products)
        size = good.sum() / clipped.shape[1]
        found = products[good].sum() / max(squares[good].sum(), 1e-9) if good.any() else 0.3
        return float((found * size + 0.3 * PRIOR_DAYS) / (size + PRIOR_DAYS))

    persistent = float(np.clip(np.mean([at(lag) for lag in (5, 6, 7, 8)]), 0.0, 0.9))
    neighbour = float(np.clip(at(1), persistent, (1 + persistent) / 2))
    return persistent, neighbour


def _slot_variances(hindcasts: Hindcasts, rho: float) -> tuple[float, float]:
    """Variance of the slot effect and of the gamma factor, from errors within the day after its own level is known."""
    if hindcasts.rate.shape[2] == 1:
        return 0.0, 0.0
    rate, came = hindcasts.rate[:, 0], hindcasts.came[:, 0]
    scored = ~np.isnan(came) & (rate > 0)
    level = np.where(scored, np.nan_to_num(came), 0).sum(axis=1) / np.maximum(
        np.where(scored, rate, 0).sum(axis=1), 1e-9
    )
    mean = np.where(scored, rate * level[:, None], 0.0)
    error = np.where(scored, np.nan_to_num(came) - mean, 0.0)
    # a slot's error beyond four standard deviations of a first guess is an incident, not noise
    guess = np.sqrt(mean + 0.02 * mean**2) + 1e-9
    error = np.clip(error, -4 * guess, 4 * guess)
    total = (error**2 - mean).sum() / max((mean**2).sum(), 1e-9)
    both = scored[:, :-1] & scored[:, 1:]
    products = np.where(both, error[:, :-1] * error[:, 1:], 0).sum()
    slot_var = products / max(np.where(both, mean[:, :-1] * mean[:, 1:], 0).sum(), 1e-9) / rho
    total = float(np.clip(total, 0.0, 1.0))
    slot = float(np.clip(slot_var, 0.0, total))
    return slot, total - slot
