"""How far days stray from a rate: where the middle lies, how wide, of what shape, and how days hang together.

Everything is learnt from hindcasts, as the log ratio of what came in a day to what was expected, per days ahead:

- centre: a method that runs behind a trend is off by a little more each day ahead; the median says by how much;
- sd: the spread beyond Poisson, from the deciles, so that a wild day does not decide it;
- shape: the quantiles of the standardised ratios, averaged with those of Student's t with six degrees of freedom
  (quantile averaging, Ratcliff 1979, Psychol. Bull. 86:446-461): a queue with rare surges keeps its long right tail;
- correlation: from the spread of week sums against that of days, because planners staff weeks: the level's error stays.

All sizes are shrunk towards what is usual, by how many independent days speak for them. That the past errors of a
method dress its next forecasts is the idea of conformal prediction; here each piece uses earlier origins only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from forecast.arrays import Flags, Floats

FREEDOM = 6.0
T_NINTH_DECILE, NORMAL_NINTH_DECILE = 1.4398, 1.2816
LEVELS = np.linspace(0.01, 0.99, 50)
USUAL_SHAPE = np.asarray(stats.t.ppf(LEVELS, FREEDOM))
PRIOR_SD = 0.15  # what we expect of an unseen queue, worth PRIOR_DAYS days of evidence
PRIOR_DAYS = 10.0
PRIOR_CENTRES = 20.0  # independent spells
PRIOR_SHAPE_DAYS = 60.0
PRIOR_CORRELATION, PRIOR_WEEKS = 0.3, 4.0
UNSEEN_SEASON, UNSEEN_FROM = 0.0003, 14  # variance a day, from so many days ahead: a season of a tenth or two
MEMORY_DAYS = 60.0  # half-life of a hindcast's say
WEEK = 7


@dataclass(frozen=True)
class DayEffect:
    """The law of the log day effect of one series.

    sd:         float[ahead] > 0, non-decreasing
    centre:     float[ahead] median
    persistent: correlation of day effects far apart; neighbour: of adjacent days
    shape:      float[50] standardised quantiles at LEVELS
    slope:      least growth of the variance per day beyond the last day ahead
    """

    sd: Floats
    centre: Floats
    persistent: float = PRIOR_CORRELATION
    neighbour: float = 0.5
    shape: Floats = field(default_factory=lambda: USUAL_SHAPE)
    slope: float = UNSEEN_SEASON

    @classmethod
    def usual(cls, size: float = 1.5 * PRIOR_SD, ahead: int = 28) -> DayEffect:
        """What is expected of a series nobody has forecast yet."""
        return cls(np.full(ahead, size), np.zeros(ahead))

    @classmethod
    def of(cls, ratio: Floats, expected: Floats, age: Floats, *, whole_year: bool = True) -> DayEffect:
        """Log ratios and expected contacts float[origins, ahead] (NaN unknown), age in days of each origin [origins].

        whole_year: has the history seen every season? Without, drift is added that no hindcast can show
        """
        known = ~np.isnan(ratio)
        weight = np.where(known, 0.5 ** (age / MEMORY_DAYS)[:, None], 0.0)
        sampling = 1 / (expected + 0.5)
        sampling = np.where(known, sampling, np.nan)
        sd = _spreads(ratio, weight, sampling)
        slope = 0.0 if whole_year else UNSEEN_SEASON
        sd = np.sqrt(sd**2 + slope * np.maximum(0, np.arange(len(sd)) - UNSEEN_FROM))
        centre = _centres(ratio, weight, -0.5 * sd**2)
        off = ratio - centre
        standard = off / np.sqrt(sd**2 + sampling)
        neighbour, persistent = _correlations(off, sd, sampling, expected)
        return cls(sd, centre, persistent, neighbour, _shape(standard, weight), slope)

    def widened(self, factor: float) -> DayEffect:
        """The same law, so many times as wide."""
        return replace(self, sd=factor * self.sd)

    def size(self, ahead: npt.NDArray[np.int64]) -> Floats:
        """Spread for days ahead [n]; beyond what was seen the variance grows as it did, linearly."""
        last = len(self.sd) - 1
        variance = self.sd**2
        seen = float(variance[last] - variance[min(7, last)]) / max(1, last - min(7, last))
        step = max(self.slope, seen)
        return np.sqrt(variance[np.minimum(ahead, last)] + step * np.maximum(0, ahead - last))

    def middle(self, ahead: npt.NDArray[np.int64]) -> Floats:
        """Centre for days ahead [n]; beyond what was seen the last one holds on."""
        return np.asarray(self.centre[np.minimum(ahead, len(self.centre) - 1)])

    def covariance(self, ahead: npt.NDArray[np.int64]) -> Floats:
        """Covariance of the normal scores of day effects float[n, n] for days ahead [n], in units of their sizes.

        What a day strays by today already fades from day to day to a persistent rest; what is added on the way ahead
        is drift, and stays.
        """
        apart = np.abs(ahead[:, None] - ahead[None, :])
        fading = self.persistent + 2 * (self.neighbour - self.persistent) * 0.5**apart
        variance, base = self.size(ahead) ** 2, float(self.sd[0]) ** 2
        drift = np.minimum(variance[:, None], variance[None, :]) - base
        return np.asarray(np.where(apart == 0, base, base * fading) + np.maximum(drift, 0.0))

    def correlation(self, ahead: npt.NDArray[np.int64]) -> Floats:
        """float[n, n]: how day effects so many days ahead hang together."""
        covariance = self.covariance(ahead)
        size = np.sqrt(np.diag(covariance))
        return np.asarray(covariance / np.outer(size, size))

    def draw(self, ahead: npt.NDArray[np.int64], draws: int, rng: np.random.Generator) -> Floats:
        """Log day effects about the centre float[days, draws] for days ahead [days], jointly (a t copula)."""
        root = np.linalg.cholesky(self.correlation(ahead) + 1e-9 * np.eye(len(ahead)))
        half = (
            draws + 1
        ) // 2  # each with its mirror image: the middle of few draws is steady from night to night
        student = root @ rng.standard_normal((len(ahead), half))
        student *= np.sqrt(FREEDOM / rng.chisquare(FREEDOM, size=(1, half)))
        student = np.concatenate([student, -student], axis=1)[:, :draws]
        beyond = student - np.clip(student, USUAL_SHAPE[0], USUAL_SHAPE[-1])
        return self.size(ahead)[:, None] * (np.interp(student, USUAL_SHAPE, self.shape) + beyond)


def _quantiles(values: Floats, weight: Floats, levels: Floats) -> Floats:
    """Weighted quantiles; values, weight [n] without NaN, at mid-points of the weights."""
    order = np.argsort(values, kind="stable")
    mass = np.cumsum(weight[order]) - 0.5 * weight[order]
    return np.interp(levels, mass / weight.sum(), values[order])


def _centres(ratio: Floats, weight: Floats, prior: Floats) -> Floats:
    """float[ahead]: median log ratio, shrunk to 0 by the number of independent spells, smoothed over days ahead."""
    ahead = ratio.shape[1]
    found = prior.copy()
    for day in range(ahead):
        rows = weight[:, day] > 0
        if rows.sum() >= 5:
            spells = weight[rows, day].sum() / (WEEK + day)
            median = float(_quantiles(ratio[rows, day], weight[rows, day], np.array([0.5]))[0])
            found[day] = (median * spells + prior[day] * PRIOR_CENTRES) / (spells + PRIOR_CENTRES)
    return smooth(found)


def _spreads(off: Floats, weight: Floats, sampling: Floats) -> Floats:
    """float[ahead]: spread beyond Poisson by the deciles, shrunk to the prior where few days speak, non-decreasing."""
    ahead = off.shape[1]
    prior = PRIOR_SD**2 * (1 + np.arange(ahead) / 14)
    mixed = prior.copy()
    for day in range(ahead):
        rows = weight[:, day] > 0
        if rows.sum() >= 5:
            low, middle, high = _quantiles(off[rows, day], weight[rows, day], np.array([0.1, 0.5, 0.9]))
            spread = ((high - low) / (2 * T_NINTH_DECILE)) ** 2 + middle**2
            beyond = max(float(spread - np.median(sampling[rows, day])), 1e-5)
            mixed[day] = beyond * (prior[day] / beyond) ** (PRIOR_DAYS / (rows.sum() + PRIOR_DAYS))
    return np.sqrt(np.maximum.accumulate(smooth(mixed)))


def smooth(values: Floats, reach: int = 2) -> Floats:
    """Running mean over days ahead [ahead]; today, whose news is freshest, stands by itself."""
    spread = np.array([values[max(0, day - reach) : day + reach + 1].mean() for day in range(len(values))])
    return np.concatenate([values[:1], spread[1:]])


def _shape(standard: Floats, weight: Floats) -> Floats:
    """float[50]: quantiles of the standardised ratios of all days ahead, averaged with the usual ones."""
    rows = weight > 0
    if rows.sum() < 50:
        return USUAL_SHAPE
    clipped = np.clip(standard[rows], -6, 6)
    found = _quantiles(clipped, weight[rows], LEVELS)
    deciles = np.interp([0.1, 0.9], LEVELS, found)
    found = (
        (found - np.interp(0.5, LEVELS, found))
        * 2
        * T_NINTH_DECILE
        / max(float(deciles[1] - deciles[0]), 0.5)
    )
    days = float(weight.max(axis=1).sum())
    return np.asarray((days * found + PRIOR_SHAPE_DAYS * USUAL_SHAPE) / (days + PRIOR_SHAPE_DAYS))


def _correlations(off: Floats, sd: Floats, sampling: Floats, expected: Floats) -> tuple[float, float]:
    """Correlation of adjacent days and of days far apart: from neighbours' products and from week sums, shrunk."""
    known = ~np.isnan(off)
    capped = np.clip(np.where(known, off, 0.0), -3 * sd, 3 * sd)
    both = known[:, 1:] & known[:, :-1]
    days = both.sum() / max(off.shape[1], 1)
    beyond = capped**2 - np.where(known, sampling, 0.0)
    squares = float(((beyond[:, 1:] + beyond[:, :-1]) / 2)[both].sum())
    cross = float((capped[:, 1:] * capped[:, :-1])[both].sum()) / squares if squares > 0 else 0.5
    neighbour = (days * np.clip(cross, -1, 1) + PRIOR_DAYS * 0.5) / (days + PRIOR_DAYS)
    found, weeks = [], 0.0
    for first in range(0, off.shape[1] - WEEK + 1, WEEK):
        span = slice(first, first + WEEK)
        whole = known[:, span].sum(axis=1) >= 4
        if whole.sum() >= 14:
            found.append(
                _persistence(
                    capped[whole, span],
                    known[whole, span],
                    np.append(sd[0], sd[span]),
                    sampling[whole, span],
                    expected[whole, span],
                )
            )
            weeks = whole.sum() / WEEK
    far = float(np.mean(found)) if found else PRIOR_CORRELATION
    persistent = (weeks * far + PRIOR_WEEKS * PRIOR_CORRELATION) / (weeks + PRIOR_WEEKS)
    persistent = float(np.clip(persistent, 0.0, 0.95))
    return float(np.clip(neighbour, persistent, (1 + persistent) / 2)), persistent


def _persistence(off: Floats, known: Flags, sd: Floats, sampling: Floats, expected: Floats) -> float:
    """The persistent correlation at which week sums would stray as they did: moments of origins x seven days.

    sd: float[8], today's first: what days further ahead stray by beyond it is drift that they share anyway
    """
    share = np.where(known, expected, 0.0)
    share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-9)
    week = (share * off).sum(axis=1)
    low, high = np.quantile(week, [0.1, 0.9])
    variance = ((high - low) / (2 * NORMAL_NINTH_DECILE)) ** 2
    day = (sd * T_NINTH_DECILE / NORMAL_NINTH_DECILE) ** 2  # as wide, by the deciles
    base, day = float(day[0]), day[1:]
    drift = np.minimum(day[:, None], day[None, :]) - base
    np.fill_diagonal(drift, 0.0)
    alone = (share**2 * np.where(known, day + sampling, 0.0)).sum(axis=1).mean()
    drifting = ((share @ drift) * share).sum(axis=1).mean()
    together = base * (1 - (share**2).sum(axis=1)).mean()
    return float(np.clip((variance - alone - drifting) / max(float(together), 1e-12), 0.0, 1.0))
