"""How far days, weeks and months stray from a rate that looks months ahead: bands that widen.

    log error of a day = level error + random walk + wave of some weeks + the day's own;  contacts ~ Poisson

The level error is the same on every day of a path and the walk only adds to it, so the errors of the days of a month do
not cancel and the bands of sums are honest; the variance grows with a straight line of days ahead, also beyond what the
hindcasts have seen. Sizes come from the spread of four-week sums by how far ahead they lie, of weeks about their four
weeks, and of days about their weeks: by the deciles, and shrunk to what is usual by how many spells that do not overlap
speak. That the variance of a forecast of a walking level grows linearly: Harvey (1989), Forecasting, Structural Time
Series Models and the Kalman Filter, section 4.6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from forecast.arrays import Floats, Ns

WEEK, BLOCK = 7, 28
USUAL_LEVEL, USUAL_WALK = 0.08**2, 0.18**2 / 365  # variance of the level error, and added to it a day
USUAL_SPELLS = 3.0  # what is usual counts as so many spells that do not overlap
LEAST_WALK = 0.25  # of the usual walk: bands always widen
USUAL_WAVE, USUAL_DAY = 0.05**2, 0.08**2
USUAL_PIECES = 20.0
FORGET = 10.0  # days in which a wave of some weeks falls to 1 / e
WAVE_OF_BLOCK, WAVE_OF_WEEK = (
    0.47,
    0.33,
)  # of its variance: left in the mean of four weeks; of a week about those
FREEDOM = 8.0
T_NINTH_DECILE, NORMAL_NINTH_DECILE = 1.3968, 1.2816
LEAST_KNOWN = 0.4  # of the days of a week or block
HALF = 0.5  # added to counts before a logarithm


@dataclass(frozen=True)
class LongNoise:
    """Variances of the log error: of the level, of the walk per day ahead, of the wave, of a day."""

    level: float = USUAL_LEVEL
    walk: float = USUAL_WALK
    wave: float = USUAL_WAVE
    day: float = USUAL_DAY

    @classmethod
    def of(cls, rate: Floats, came: Floats) -> LongNoise:
        """rate, came float[origins, ahead] by day; NaN in `came` is unknown. Usual sizes where there are none."""
        if came.shape[0] == 0 or np.isnan(came).all():
            return cls()
        days = _ratios(rate, came, 1)
        weeks, blocks = _ratios(rate, came, WEEK), _ratios(rate, came, BLOCK)
        own = days.ratio - _spread_out(weeks.ratio, WEEK, days.ratio.shape[1])
        day = _piece(own, WEEK / (WEEK - 1), float(np.nanmedian(days.sampling)), USUAL_DAY)
        about = weeks.ratio - _spread_out(blocks.ratio, BLOCK // WEEK, weeks.ratio.shape[1])
        alone = day / WEEK + float(np.nanmedian(weeks.sampling))
        wave = _piece(about, 1 / WAVE_OF_WEEK, alone, USUAL_WAVE)
        alone = WAVE_OF_BLOCK * wave + day / BLOCK + float(np.nanmedian(blocks.sampling))
        level, walk = _line(blocks.ratio, alone)
        return cls(level, walk, wave, day)

    def draw(self, ahead: Ns, draws: int, rng: np.random.Generator) -> Floats:
        """Log errors float[days, draws] for ascending days ahead [days], jointly."""
        steps = np.diff(ahead, prepend=0).astype(np.float64)
        walk = np.sqrt(self.walk * steps)[:, None] * rng.standard_normal((len(ahead), draws))
        lasting = np.sqrt(self.level) * rng.standard_normal(draws) + np.cumsum(walk, axis=0)
        lasting *= np.sqrt(FREEDOM / rng.chisquare(FREEDOM, size=draws))
        news = rng.standard_normal((len(ahead), draws))
        kept = np.exp(-steps / FORGET)
        wave = np.empty_like(news)
        state = rng.standard_normal(draws)
        for at in range(len(ahead)):
            state = kept[at] * state + np.sqrt(1 - kept[at] ** 2) * news[at]
            wave[at] = state
        own = np.sqrt(self.day) * rng.standard_normal(news.shape)
        raised = (self.wave + self.day) / 2  # a sum of days is not raised by how its days stray
        return np.asarray(lasting + np.sqrt(self.wave) * wave + own - raised)


@dataclass(frozen=True)
class _Ratios:
    """Log of what came over what was expected float[origins, pieces], NaN unknown; and its variance by chance."""

    ratio: Floats
    sampling: Floats


def _ratios(rate: Floats, came: Floats, length: int) -> _Ratios:
    """Of pieces of so many days ahead; the last one may be shorter."""
    known = ~np.isnan(came)
    edges = np.arange(0, came.shape[1], length)
    count = np.add.reduceat(known, edges, axis=1)
    top = np.add.reduceat(np.nan_to_num(came), edges, axis=1)
    bottom = np.add.reduceat(np.where(known, rate, 0.0), edges, axis=1)
    enough = (count >= LEAST_KNOWN * length) & (bottom > HALF)
    ratio = np.where(enough, np.log((top + HALF) / (bottom + HALF)), np.nan)
    return _Ratios(np.clip(ratio, -3, 3), np.where(enough, 1 / (bottom + HALF), np.nan))


def _spread_out(pieces: Floats, times: int, count: int) -> Floats:
    return np.repeat(pieces, times, axis=1)[:, :count]


def _piece(about: Floats, scale: float, alone: float, usual: float) -> float:
    """Variance of pieces about the longer ones they lie in, beyond what is explained otherwise, shrunk to the usual."""
    found = about[~np.isnan(about)]
    if len(found) < 5:
        return usual
    spread = (float(np.quantile(np.abs(found), 0.8)) / NORMAL_NINTH_DECILE) ** 2
    beyond = max(scale * spread - alone, 1e-5)
    pieces = about.shape[0] + about.shape[1]  # hindcasts overlap: days are seen again and again
    return float(beyond * (usual / beyond) ** (USUAL_PIECES / (pieces + USUAL_PIECES)))


def _line(blocks: Floats, alone: float) -> tuple[float, float]:
    """Variance of the level error and its growth a day, from log ratios float[origins, blocks ahead]."""
    ahead = BLOCK * (np.arange(blocks.shape[1]) + 0.5)
    usual = USUAL_LEVEL + USUAL_WALK * ahead
    mixed, scale = usual.copy(), 1.0
    for at in range(blocks.shape[1]):
        found = blocks[~np.isnan(blocks[:, at]), at]
        if len(found):
            spells = 1 + (len(found) - 1) / (at + 1)
            spread = (float(np.quantile(np.abs(found), 0.8)) / T_NINTH_DECILE) ** 2
            beyond = max(spread - alone, 0.02**2)
            scale = (beyond / usual[at]) ** (spells / (spells + USUAL_SPELLS))
        mixed[at] = (
            scale * usual[at]
        )  # beyond what was seen, as much more or less than usual as at the end of it
    design = np.stack([np.ones(len(ahead)), ahead], axis=1) / mixed[:, None]
    least = LEAST_WALK * USUAL_WALK
    (level, walk), _ = nnls(design, 1 - design[:, 1] * least)
    return float(max(level, 0.02**2)), float(walk + least)
