"""Two worlds on the same futures: counts that follow another intensity draw by draw, and what moves between queues.

A path of counts is Poisson around an intensity that is known draw by draw. In the other world the intensity is another,
and its counts are those of the first, thinned where it is lower and with Poisson arrivals added where it is higher: each
world has the law it would have by itself, and where nothing differs the counts are the same to the bit. (Superposition
and thinning of Poisson counts: Kingman, Poisson Processes, 1993, ch. 2 and 5.) So the difference of two paths is a path,
and its quantiles are those of the difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Flags, Floats
from forecast.buckets import Grid, Interval, end
from forecast.models.base import Paths

MOST = 1e12  # contacts in a bucket; no Poisson law is drawn beyond


@dataclass(frozen=True)
class Future:
    """One queue's possible futures on Grid[n]: counts and the intensity they are drawn around, float[n, draw].

    cutoff: ns; buckets that began before it are past, or run, and nothing that is supposed changes them
    """

    grid: Grid
    counts: Floats
    intensity: Floats
    cutoff: int

    @property
    def ahead(self) -> Flags:
        """bool[n]: may still be changed."""
        return np.asarray(self.grid.ds >= self.cutoff)

    def toward(self, intensity: Floats, rng: np.random.Generator) -> Future:
        """The same futures around another intensity float[n, draw]; rows without a difference are left as they are."""
        after = np.where(self.ahead[:, None], np.clip(intensity, 0.0, MOST), self.intensity)
        rows = (after != self.intensity).any(axis=1)
        if not rows.any():
            return self
        counts = self.counts.copy()
        counts[rows] = followed(self.counts[rows], self.intensity[rows], after[rows], rng)
        return replace(self, counts=counts, intensity=after)

    def times(self, factor: Floats) -> Future:
        """Counts and intensity times a factor per bucket float[n]."""
        factor = np.where(self.ahead, factor, 1.0)[:, None]
        return replace(self, counts=self.counts * factor, intensity=self.intensity * factor)

    def without(self, gone: Floats) -> Future:
        """Fewer counts, by float[n, draw]; the intensity falls in proportion."""
        share = np.divide(gone, self.counts, out=np.zeros_like(gone), where=self.counts > 0)
        return replace(self, counts=self.counts - gone, intensity=self.intensity * (1 - share))

    def with_more(self, come: Floats) -> Future:
        """More counts, by float[n, draw]."""
        return replace(self, counts=self.counts + come, intensity=self.intensity + come)

    def take(self, rows: Flags) -> Future:
        """The chosen buckets."""
        return replace(
            self, grid=self.grid.take(rows), counts=self.counts[rows], intensity=self.intensity[rows]
        )

    def paths(self, name: str, interval: Interval | None = None) -> Paths:
        """The counts as paths, by their own buckets or summed over longer ones."""
        made = Paths((name,), self.grid, self.counts[None])
        return made if interval is None else made.total(interval)


def moved_by(held: Floats, before: Floats, after: Floats) -> Floats:
    """An intensity as the model's moves from before to after: what is more comes on top, what is less goes in proportion."""
    less = np.divide(after, before, out=np.ones_like(after), where=before > 0)
    return np.asarray(np.where(after < before, held * less, held + after - before))


def followed(counts: Floats, before: Floats, after: Floats, rng: np.random.Generator) -> Floats:
    """Counts around `before` -> counts around `after`, all of one shape: thinned, or with Poisson arrivals added."""
    kept = np.clip(np.divide(after, before, out=np.ones_like(after), where=before > 0), 0.0, 1.0)
    left = thinned(counts, np.where(after < before, kept, 1.0), rng)
    return np.asarray(left + rng.poisson(np.clip(after - before, 0.0, MOST)))


def thinned(counts: Floats, share: Floats, rng: np.random.Generator) -> Floats:
    """Each contact stays with the probability `share`; what a count has behind the point is shared out as it is."""
    whole = np.floor(counts)
    return np.asarray(
        rng.binomial(whole.astype(np.int64), np.broadcast_to(share, whole.shape)) + (counts - whole) * share
    )


def parted(counts: Floats, shares: Mapping[str, float], rng: np.random.Generator) -> dict[str, Floats]:
    """Counts -> where they go, by name; '' is what goes nowhere. The parts add up to the counts in every draw."""
    left, weight, found = counts, 1.0, {}
    for name, share in shares.items():
        part = left if share >= weight - 1e-9 else thinned(left, np.array(share / weight), rng)
        found[name], left, weight = part, left - part, max(weight - share, 0.0)
    return {**found, "": left}


def inside(grid: Grid, start: int, stop: int) -> Floats:
    """float[n]: the share of each bucket's time that lies from start to stop (ns)."""
    if len(grid) == 0:
        return np.zeros(0)
    ends = end(grid.ds, grid.interval, grid.tz)
    overlap = np.minimum(ends, stop) - np.maximum(grid.ds, start)
    return np.asarray(np.clip(overlap / (ends - grid.ds), 0.0, 1.0))


def landed(amounts: Floats, source: Grid, target: Future) -> Floats:
    """Contacts float[n, draw] of a source's buckets -> float[m, draw] on the target's, all of them that its days cover.

    A bucket of the source goes to the bucket of the target it begins in; a longer one is shared out over those it covers,
    as the target's own contacts are, or evenly where it has none.
    """
    grid, found = target.grid, np.zeros((len(target.grid), amounts.shape[1]))
    if len(grid) == 0:
        return found
    begin = np.searchsorted(grid.ds, source.ds, side="right") - 1
    stop = np.searchsorted(grid.ds, end(source.ds, source.interval, source.tz), side="left")
    reach = int(end(grid.ds[-1:], grid.interval, grid.tz)[0])
    mean = target.intensity.mean(axis=1)
    for row in np.flatnonzero((amounts > 0).any(axis=1)).tolist():
        first, last = max(int(begin[row]), 0), max(int(stop[row]), int(begin[row]) + 1)
        last = min(last, len(grid))
        if stop[row] <= 0 or int(source.ds[row]) >= reach:
            continue  # beyond the days looked at
        weight = mean[first:last] if mean[first:last].any() else np.ones(last - first)
        found[first:last] += amounts[row] * (weight / weight.sum())[:, None]
    return found
