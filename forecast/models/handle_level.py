"""The level of handling time: a random walk, seen through days of more or fewer contacts.

What a day shows is level + the day's own effect + sampling error of its contacts. The best estimate then is an exponentially
weighted mean in which a day counts by its contacts (Muth 1960, J. Am. Stat. Assoc. 55:299-306, of the random walk seen
with noise; the filter is Kalman's). How far the level walks a day and how much days differ is not known: a few values of
both are run side by side and weighed by how likely they made what came lately, so that the memory of a queue is as long
as its level is steady and its days are thin, and a level that jumps is followed as soon as the contacts prove it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ns

# standard deviations, as shares of the level: of its step from day to day, and of a day's own effect
DRIFTS = (0.002, 0.005, 0.012, 0.03, 0.08)
DAY_SDS = (0.0, 0.01, 0.025, 0.06, 0.15)
JUDGED_DAYS = 30.0  # half-life of the likelihood
FIRST_VARIANCE = 0.25  # of the level before anything is known
SURPRISE = 4.0  # a day counts for at most so many standard deviations
LEAST = 0.1  # of the usual level


@dataclass(frozen=True)
class Level:
    """The level on the cutoff's day, for each pair of values [k].

    mean, variance: before the day's own contacts; drift, day: variances of a step and of a day's effect; weight: sums to 1
    news, doubt: what today has shown so far (NaN: nothing), and its sampling variance
    """

    mean: Floats
    variance: Floats
    drift: Floats
    day: Floats
    weight: Floats
    news: float
    doubt: float

    @classmethod
    def of(cls, ratio: Floats, doubt: Floats) -> Level:
        """Ratios to the usual [d], NaN where nothing came, and their sampling variances [d]; the last day is the cutoff's."""
        drift, day = (each.ravel() ** 2 for each in np.meshgrid(DRIFTS, DAY_SDS, indexing="ij"))
        mean, variance = np.ones(len(drift)), np.full(len(drift), FIRST_VARIANCE)
        likely = np.zeros(len(drift))
        for seen, error in zip(ratio[:-1].tolist(), doubt[:-1].tolist(), strict=True):
            variance = variance + drift
            likely = likely * 0.5 ** (1 / JUDGED_DAYS)
            if seen != seen:
                continue
            whole = variance + day + error
            wide = SURPRISE * np.sqrt(whole)
            step = np.clip(seen - mean, -wide, wide)
            likely = likely - (np.log(whole) + step**2 / whole) / 2
            gain = variance / whole
            mean, variance = mean + gain * step, variance * (1 - gain)
        weight = np.exp(likely - likely.max())
        return cls(
            mean, variance + drift, drift, day, weight / weight.sum(), float(ratio[-1]), float(doubt[-1])
        )

    @property
    def gains(self) -> tuple[Floats, Floats]:
        """How much of today's news is believed of the level, and of the day's own effect [k]; 0 without news."""
        if self.news != self.news:
            return np.zeros(len(self.mean)), np.zeros(len(self.mean))
        whole = self.variance + self.day + self.doubt
        return self.variance / whole, self.day / whole

    @property
    def step(self) -> Floats:
        """Today's news less the level expected, float[k]; 0 without news."""
        if self.news != self.news:
            return np.zeros(len(self.mean))
        wide = SURPRISE * np.sqrt(self.variance + self.day + self.doubt)
        return np.asarray(np.clip(self.news - self.mean, -wide, wide))

    def expected(self, ahead: Ns) -> Floats:
        """Level expected so many days ahead [n]; today (0) its own effect is in it as far as it has shown."""
        of_level, of_day = self.gains
        later = float(self.weight @ (self.mean + of_level * self.step))
        today = later + float(self.weight @ (of_day * self.step))
        return np.asarray(np.maximum(np.where(ahead == 0, today, later), LEAST))

    def draw(self, ahead: Ns, draws: int, rng: np.random.Generator) -> Floats:
        """Levels float[days, draw] so many days ahead [days], jointly, with the days' own effects."""
        at = rng.choice(len(self.weight), size=draws, p=self.weight)
        off = np.sqrt(self.variance[at]) * rng.standard_normal(draws)
        steps = np.sqrt(self.drift[at]) * rng.standard_normal((int(ahead.max(initial=0)) + 1, draws))
        steps[0] = 0.0
        effect = np.sqrt(self.day[at]) * rng.standard_normal((len(ahead), draws))
        of_level, of_day = self.gains
        # draws that agree with today: each is moved by what it missed (Matheron's rule)
        own = np.sqrt(self.day[at]) * rng.standard_normal(draws)
        missed = self.step[at] - (off + own + np.sqrt(self.doubt) * rng.standard_normal(draws))
        level = self.mean[at] + off + of_level[at] * missed
        today = np.where(ahead == 0, 1.0, 0.0)[:, None]
        effect = effect * (1 - today) + today * (own + of_day[at] * missed)
        return np.asarray(np.maximum(level + np.cumsum(steps, axis=0)[ahead] + effect, LEAST))
