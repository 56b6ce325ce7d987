"""What somebody would forecast who knows a world's laws, and sees what has been said and who has called so far.

Per burst a posterior over its size, its posts per call and its length (a grid of hypotheses, weighted by their prior and by
the Poisson likelihood of the posts and calls so far beyond the base, which is known with the noise of its day). Beyond the
bursts it forecasts what the judged method does in the same world without their calls: both see the same noise. That it has
begun is known once a tenth of its posts (with posts) or of its calls have come: a little more than anybody can know, on
both sides. Bursts that overlap are told apart perfectly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from benchmarks.evidence_worlds import HALF_HOUR, STEPS, Burst, World, parameters, shares
from forecast.arrays import Floats, Ns
from forecast.models.base import BANDS

NODES = (-1.65, -1.0, -0.5, 0.0, 0.5, 1.0, 1.65)  # of a standard normal, weighted by its density
LENGTHS = 6


@dataclass(frozen=True)
class Oracle:
    """Contacts that a world's bursts are expected to bring yet, by posts and calls, or by calls alone."""

    world: World
    posts: bool

    def extra(self, moments: Ns, band: str) -> Floats:
        """float[r]: contacts that bursts known at each moment bring within a lead band."""
        begin, stop = next((low, high) for name, low, high in BANDS if name == band)
        grid = self.world.grid.ds
        low, high = (np.searchsorted(grid, moments + seconds * 10**9) for seconds in (begin, stop))
        total = np.zeros(len(moments))
        for one in self.world.bursts:
            total += self._burst(one, moments, low, high)
        return total

    def _burst(self, one: Burst, moments: Ns, low: Ns, high: Ns) -> Floats:
        first = int((one.begin - self.world.grid.ds[0]) // HALF_HOUR)
        known_from = min(one.told, one.seen) if self.posts else one.seen
        step = (moments - self.world.grid.ds[0]) // HALF_HOUR - first  # whole half hours seen of it
        live = (moments >= known_from) & (step >= 0) & (high > first) & (low < first + STEPS)
        found = np.zeros(len(moments))
        if not live.any():
            return found
        paths = _paths(self.world, one, first, posts=self.posts)
        at = np.minimum(step[live], STEPS)
        cumulative = np.concatenate([np.zeros((len(paths), 1)), np.cumsum(paths, axis=1)], axis=1)
        begin, stop = (np.clip(edge[live] - first, 0, STEPS) for edge in (low, high))
        found[live] = cumulative[at, stop] - cumulative[at, begin]
        return found


def _paths(world: World, one: Burst, first: int, *, posts: bool) -> Floats:
    """float[STEPS + 1, STEPS]: expected calls per half hour after so many half hours have been seen."""
    law = _hypotheses()
    minute = (one.begin - int(world.grid.ds[first])) / 6e10
    calls_of, posts_of = _shapes(world, one, first, minute)
    length = len(calls_of[0])
    expected_calls = law.calls[:, None] * calls_of[law.length]
    score = np.zeros((STEPS + 1, len(law.calls)))
    seen = slice(first, first + length)
    score[1 : length + 1] += np.cumsum(_log_likelihood(one.came, expected_calls, world.base[seen]), axis=0)
    if posts:
        expected_posts = law.posts[:, None] * posts_of[law.length]
        score[1 : length + 1] += np.cumsum(
            _log_likelihood(one.said, expected_posts, world.quiet_posts[seen]), axis=0
        )
    score[length + 1 :] = score[length]
    weight = np.exp(score - score.max(axis=1, keepdims=True)) * law.prior
    weight /= weight.sum(axis=1, keepdims=True)
    out = np.zeros((STEPS + 1, STEPS))
    out[:, :length] = weight @ expected_calls
    return out


def _log_likelihood(counted: Floats, extra: Floats, base: Floats) -> Floats:
    """Counts float[n] of base and burst, hypotheses float[h, n] -> float[n, h]."""
    rate = np.maximum(extra + base[None, :], 1e-3)
    return np.asarray((counted[None, :] * np.log(rate) - rate).T)


@dataclass(frozen=True)
class _Hypotheses:
    calls: Floats
    posts: Floats
    length: Ns
    prior: Floats


@lru_cache(maxsize=1)
def _hypotheses() -> _Hypotheses:
    law = parameters()["bursts"]
    nodes = np.array(NODES)
    size, ratio, length = (
        part.ravel() for part in np.meshgrid(nodes, nodes, np.arange(LENGTHS), indexing="ij")
    )
    calls = law["calls_median"] * np.exp(law["calls_sigma"] * size)
    posts = calls * law["posts_per_call"] * np.exp(law["posts_sigma"] * ratio)
    return _Hypotheses(calls, posts, length.astype(np.int64), np.exp(-(size**2 + ratio**2) / 2))


def _shapes(world: World, one: Burst, first: int, minute: float) -> tuple[Floats, Floats]:
    """Shares of calls and of posts per half hour after the begin, by length: float[LENGTHS, n] each."""
    low, high = np.log(parameters()["bursts"]["scale_minutes"])
    scales = np.exp(low + (np.arange(LENGTHS) + 0.5) / LENGTHS * (high - low))
    stop = min(first + STEPS, len(world.grid))
    found = [shares(world.kind, minute, float(scale), world.open[first:stop]) for scale in scales]
    calls, posts = (np.stack(part) for part in zip(*found, strict=True))
    return calls, posts
