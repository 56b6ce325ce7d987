"""The echo of the last day: how much of its error comes back today and tomorrow.

A level that is smoothed over weeks runs behind; a storm or an outage lasts beyond midnight. So a part of the last known
day's log error is expected again, less of it each day. How much is the share that would have lost least on past
origins, "nothing" among the choices and shrunk towards it, so that a queue whose days do not hang together gets none.
It is the autoregressive error term of regression models (Hyndman & Athanasopoulos, Forecasting: Principles and
Practice, 3rd ed., ch. 10), with a robust loss and a cut at two standard deviations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.models.hindcasts import Hindcasts
from forecast.models.noise import HALF

SHARES = np.arange(0.0, 0.65, 0.1)
REACH = 3  # days
PRIOR_DAYS = 20.0  # more for each day further ahead
LARGEST = 2.0  # robust standard deviations
LEAST_ORIGINS = 21
SILENT = 4  # an error older than so many days says nothing any more


@dataclass(frozen=True)
class Echo:
    """shares: float[REACH] by days ahead; news: the log error that returns, as of local day `day`."""

    shares: Floats
    news: float
    day: int

    @classmethod
    def none(cls) -> Echo:
        """No echo at all."""
        return cls(np.zeros(REACH), 0.0, 0)

    @classmethod
    def of(cls, hindcasts: Hindcasts, today: int) -> Echo:
        """Learn from hindcasts of the origins before `today`."""
        if len(hindcasts) < LEAST_ORIGINS:
            return cls.none()
        before = _last_known(hindcasts, np.append(hindcasts.origins, today))
        return cls(_shares(hindcasts, before[:-1]), float(before[-1]), today)

    def ahead(self, today: int, days: int) -> Floats:
        """Log adjustment float[days] of the local days from `today` on."""
        adjustment = np.zeros(days)
        late = today - self.day
        if 0 <= late < REACH:
            some = self.shares[late : late + days] * self.news
            adjustment[: len(some)] = some
        return adjustment

    def applied(self, hindcasts: Hindcasts) -> Hindcasts:
        """The hindcasts as they would have been with these shares."""
        if not self.shares.any():
            return hindcasts
        before = _last_known(hindcasts, hindcasts.origins)
        rate = hindcasts.rate.copy()
        rate[:, :REACH] *= np.exp(before[:, None] * self.shares)[:, :, None]
        return hindcasts.with_rate(rate)


def _day_errors(hindcasts: Hindcasts) -> Floats:
    """Log error of each forecast's own day float[o], shrunk for chance and cut; NaN unknown."""
    scored = hindcasts.scored[:, 0]
    came = np.where(scored, np.nan_to_num(hindcasts.came[:, 0]), 0.0).sum(axis=1)
    expected = np.where(scored, hindcasts.rate[:, 0], 0.0).sum(axis=1)
    known = scored.any(axis=1) & (expected > HALF)
    error = np.where(known, np.log((came + HALF) / (expected + HALF)), np.nan)
    size = float(np.quantile(np.abs(error[known]), 0.68)) if known.any() else 0.0
    believed = expected * size**2 / (expected * size**2 + 1)
    return np.asarray(np.clip(error * believed, -LARGEST * size, LARGEST * size))


def _last_known(hindcasts: Hindcasts, asked: Ns) -> Floats:
    """The latest error known before each asked day float[n]; 0 where none of the last days is known."""
    freshest = hindcasts.freshest()
    error, origins = _day_errors(freshest), freshest.origins
    known = ~np.isnan(error)
    if not known.any():
        return np.zeros(len(asked))
    days, values = origins[known], error[known]
    place = np.maximum(np.searchsorted(days, asked, side="left") - 1, 0)
    fresh = (days[place] < asked) & (asked - days[place] <= SILENT)
    return np.asarray(np.where(fresh, values[place], 0.0))


def _shares(hindcasts: Hindcasts, before: Floats) -> Floats:
    """float[REACH]: the shares that lost least, shrunk, never growing with days ahead."""
    shares = np.zeros(REACH)
    for ahead in range(min(REACH, hindcasts.rate.shape[1])):
        scored = hindcasts.scored[:, ahead]
        came = np.where(scored, np.nan_to_num(hindcasts.came[:, ahead]), 0.0).sum(axis=1)
        expected = np.where(scored, hindcasts.rate[:, ahead], 0.0).sum(axis=1)
        rows = scored.any(axis=1) & (before != 0)
        if rows.sum() < 14:
            break
        moved = expected[rows, None] * np.exp(before[rows, None] * SHARES)
        best = SHARES[int(np.argmin(np.abs(came[rows, None] - moved).sum(axis=0)))]
        shares[ahead] = best * rows.sum() / (rows.sum() + PRIOR_DAYS * (1 + ahead))
        if ahead:
            shares[ahead] = min(shares[ahead], shares[ahead - 1])
    return shares
