"""Tracks of a reason and its controls from the change on and from days before it, and how far apart they usually come.

What the comparison was off by on days before the change, when nothing was changed, is its error: a placebo in time. What the
controls are off by, each against the others, is a placebo in space. Both: Abadie, Diamond & Hainmueller (2015), Am. J. Polit.
Sci. 59:495-510. How the variance of a mean forecast grows with a walking level: Harvey (1989), Forecasting, Structural
Time Series Models and the Kalman Filter, section 4.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.models.long_noise import USUAL_WALK

WEEK = 7
ENOUGH_BLOCKS = 8  # so many of a length make the interval
LENT_BLOCKS = 4  # what the controls' own placebos count for in the noise of the reason
LEAST_LENDING = 3  # of them
MEMORY_DAYS = 80  # of the level: a mean with a half-life of four weeks is worth that of so many days
LEAST_DRIFT = 2  # spans of the very length, side by side, whose error is never taken for less than it was
SEASON_DAYS = (
    210  # before the change; with fewer the placebos have seen one half of the year, which is no season
)
SEASON = 0.25  # log: a reason may rise and fall by so much within a year, apart from the others
YEAR = 365.25
HALF = 0.5  # added to counts before a logarithm


@dataclass(frozen=True)
class Track:
    """One reason from each of several days on.

    expected, came: float[origins, ahead] contacts by local day; NaN in `came` is unknown or closed
    """

    expected: Floats
    came: Floats

    def sums(self, begin: int, stop: int) -> tuple[Floats, Floats]:
        """Expected and came float[origins] over days begin .. stop-1 ahead, of the days known."""
        expected, came = self.expected[:, begin:stop], self.came[:, begin:stop]
        known = ~np.isnan(came) & (expected > 0)
        return np.where(known, expected, 0.0).sum(axis=1), np.where(known, came, 0.0).sum(axis=1)

    def off(self, begin: int, stop: int) -> Floats:
        """float[origins]: log of came over expected."""
        expected, came = self.sums(begin, stop)
        return np.log((came + HALF) / (expected + HALF))


@dataclass(frozen=True)
class Placebos:
    """The reason and its controls from the change on, and from days before it.

    before: int64[origins] days before the change, descending to 0, the change itself
    taught: int64[origins] days of contacts known on each
    weights: float[controls], summing to 1
    """

    before: Ns
    taught: Ns
    target: Track
    controls: Mapping[str, Track]
    weights: Floats

    @property
    def length(self) -> int:
        return int(self.target.came.shape[1])

    def shift(self, begin: int, stop: int) -> Floats:
        """float[origins]: by how much the controls came out above what was expected, log; 0 without controls."""
        if not self.controls:
            return np.zeros(len(self.target.came))
        return _median(np.stack([each.off(begin, stop) for each in self.controls.values()]), self.weights)

    def apart(self, begin: int, stop: int) -> Floats:
        """float[origins]: log ratio of the reason less that of its controls; the last one is that of the change."""
        return self.target.off(begin, stop) - self.shift(begin, stop)

    @property
    def walk(self) -> float:
        """Variance that the level adds a day; half of the usual one where controls take off what they share."""
        return USUAL_WALK / 2 if self.controls else USUAL_WALK

    def blocks(self, span: int) -> int:
        """How many placebo spans of so many days lie side by side before the change."""
        return int(self.before[0]) // span

    def spread(self, span: int) -> tuple[float, int]:
        """Standard deviation of `apart` over so many days, and its degrees of freedom.

        From placebos of that very length where enough lie side by side; else of the longest shorter ones of which there are.
        What they were off by is taken as noise of days, in the mean of the span and in the level it is compared with, and a
        walk of that level: variance = noise x (1 / span + 1 / days of the level) + walk x (span + days of the level) / 3.
        What the controls are off by, each against the others, counts as a few placebos more. It is never less than what
        the placebos of that very length were off by: seasons and trends grow faster with the span than noise and walk do.
        """
        seen = span
        while self.blocks(seen) < ENOUGH_BLOCKS and seen > WEEK:
            seen = max(WEEK, (seen - 1) // WEEK * WEEK)
        own = self._noise(self.apart(0, seen), self.target, seen)
        others = self._others(seen)
        lent = LENT_BLOCKS if others is not None else 0
        blocks = self.blocks(seen)
        noise = _chance(self.target) + (blocks * own + lent * (others or 0.0)) / (blocks + lent)
        shape, walked = self._law(span)
        variance = max(float(noise * shape[-1] + walked[-1]), self._drift(span))
        return float(np.sqrt(variance)), blocks + lent

    def _drift(self, span: int) -> float:
        """What placebos of so many days were off by, mean square; 0 where too few fit before the change."""
        over = self.before >= span
        return float((self.apart(0, span)[over] ** 2).mean()) if self.blocks(span) >= LEAST_DRIFT else 0.0

    @property
    def seasonless(self) -> bool:
        """Whether too little of the year lies before the change to have shown a season."""
        return int(self.taught[-1]) < SEASON_DAYS

    def moved(self, days: float) -> float:
        """Variance that a season not seen yet adds between two spans whose middles lie so many days apart.

        The mean square over all phases of a wave of one year: A^2 / 2 x (2 sin(pi days / year))^2.
        """
        if not self.seasonless:
            return 0.0
        return float(2 * SEASON**2 * np.sin(np.pi * min(days / YEAR, 0.5)) ** 2)

    def later(self, begin: int, span: int) -> float:
        """Variance beyond that of `spread` of a span that begins so many days after the change."""
        level = min(int(self.taught[-1]), MEMORY_DAYS)
        return self.walk * begin + self.moved(begin + (span + level) / 2)

    def _noise(self, apart: Floats, track: Track, span: int) -> float:
        """Variance of a day beyond chance, from what placebos of so many days were off by."""
        over, (shape, walked) = self.before >= span, self._law(span)
        beyond = float((apart[over] ** 2 - walked[over]).mean() / shape[over].mean())
        return max(beyond - _chance(track), 0.0)

    def _others(self, span: int) -> float | None:
        """The same of the controls, each against the others: placebos in space; None where they are too few."""
        if len(self.controls) < LEAST_LENDING:
            return None
        off = np.stack([each.off(0, span) for each in self.controls.values()])
        found = []
        for at, track in enumerate(self.controls.values()):
            rest = np.delete(np.arange(len(off)), at)
            found.append(self._noise(off[at] - _median(off[rest], self.weights[rest]), track, span))
        return float(np.mean(found))

    def _law(self, span: int) -> tuple[Floats, Floats]:
        """float[origins]: by what a day's noise counts in a span, and the variance of the walk."""
        level = np.minimum(self.taught, MEMORY_DAYS).astype(np.float64)
        return 1 / span + 1 / level, self.walk * (span + level) / 3


def _chance(track: Track) -> float:
    """Variance of the log of a day's contacts by chance alone."""
    return 1 / max(float(track.expected[-1].mean()), HALF)


def _median(values: Floats, weights: Floats) -> Floats:
    """values float[k, n], weights float[k] -> weighted medians float[n], between the two middle ones where they tie."""
    order = np.argsort(values, axis=0)
    weights = weights / weights.sum()
    ranked, weight = np.take_along_axis(values, order, axis=0), weights[order]
    middle = np.cumsum(weight, axis=0) - weight / 2
    return np.array([np.interp(0.5, middle[:, at], ranked[:, at]) for at in range(values.shape[1])])
