"""How a queue answered past bursts of posts: how many contacts a post, how much later, and how often none at all.

Per burst b the contacts beyond the usual are taken as  gain_b x template_d + the day's own level x usual + noise,  where the
template is the burst's posts beyond the usual, each followed by a gamma time with mean d (while closed, by `RETRY` of
a contact after the opening). Contacts follow with probability `share`, and then log gain_b ~ N(centre, width^2). All of it is
unknown and stands on a grid, with a prior that few bursts are shrunk to, and an even chance that bursts bring nothing:

    evidence_b(d, gain) = exp(gain c - gain^2 a / 2)      a = T' S^-1 T,  c = T' S^-1 (y - usual)
    S = diag(usual (1 + spread usual)) + LEVEL^2 usual usual'        (Woodbury: two sums per burst and d)

A burst's best case weighs `MOST_EVIDENCE` at most, and the others keep their distance from it: cut off at the top instead, a
large burst says any gain is as good as its own, and the gain is learnt at half of what it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc

from forecast.arrays import Flags, Floats, Ns

DELAYS = np.array(
    [-45.0, 0.0, 20.0, 40.0, 60.0, 90.0, 120.0, 180.0]
)  # minutes; negative: posts follow the calls
DELAY_SHAPE = 4.0  # of the gamma law of a delay: half its mean is its standard deviation
RETRY, RETRY_MINUTES = (
    0.4,
    60.0,
)  # of those who find the queue closed, and how soon after the opening they call
CENTRES = np.linspace(np.log(0.02), np.log(20.0), 24)  # contacts a post, log
CENTRE_PRIOR = np.log(0.5), 1.5
WIDTHS = np.array([0.3, 0.6, 0.9])
SHARES = (np.arange(10) + 0.5) / 10
LEVEL = 0.08  # a day's contacts stray by so much as a whole
MOST_EVIDENCE = 8.0  # log; a burst that met another storm must not decide alone
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)


def followed(minutes: Floats, delay: float) -> Floats:
    """Share of contacts that come within `minutes` of their post."""
    if delay <= 0:
        return np.asarray(minutes >= delay, dtype=np.float64)
    return np.asarray(gammainc(DELAY_SHAPE, np.maximum(minutes, 0.0) * DELAY_SHAPE / delay))


def retried(wanted: Floats, open_: Flags, edges: Floats) -> Floats:
    """wanted float[..., k] contacts, open_[k], edges[k + 1] minutes -> made: those of closed hours partly after the opening."""
    made = wanted * open_
    since = 0
    for opening in np.flatnonzero(open_[1:] & ~open_[:-1]) + 1:
        waiting = RETRY * (wanted[..., since:opening] * ~open_[since:opening]).sum(axis=-1)
        later = 1 - np.exp(-np.maximum(edges[opening:] - edges[opening], 0.0) / RETRY_MINUTES)
        made[..., opening:] += waiting[..., None] * np.diff(later) * open_[opening:]
        since = int(opening)
    return made


@dataclass(frozen=True)
class Aftermath:
    """One past burst. at, posts float[j]: minutes and posts beyond the usual; edges float[k + 1] minutes of the buckets of
    contacts; open bool[k]; excess, usual float[k] contacts (NaN: unknown)."""

    at: Floats
    posts: Floats
    edges: Floats
    open: Flags
    excess: Floats
    usual: Floats

    def sums(self, spread: float) -> Floats:
        """float[2, d]: a and c of each delay."""
        known = self.open & ~np.isnan(self.excess) & ~np.isnan(self.usual)
        excess, usual = (np.where(known, values, 0.0) for values in (self.excess, self.usual))
        weight = known / (usual * (1 + spread * usual) + 0.5)
        out = np.zeros((2, len(DELAYS)))
        square = 1 + LEVEL**2 * (weight * usual**2).sum()
        for row, delay in enumerate(DELAYS):
            came = followed(self.edges[None] - self.at[:, None], float(delay))
            template = retried(self.posts @ np.diff(came, axis=1), self.open, self.edges) * known
            across = LEVEL**2 * (weight * usual * template).sum() / square
            out[0, row] = (weight * template**2).sum() - across * (weight * usual * template).sum()
            out[1, row] = (weight * template * excess).sum() - across * (weight * usual * excess).sum()
        return out


@dataclass(frozen=True)
class Reaction:
    """What was learnt. chance: float[d, centre, width, share] posterior given that contacts follow bursts at all.

    reacts: probability that they do; bursts: how many were learnt from
    """

    chance: Floats
    reacts: float
    bursts: int

    @property
    def share(self) -> float:
        """Of bursts that contacts follow."""
        return float((self.chance.sum(axis=(0, 1, 2)) * SHARES).sum())

    @property
    def delay(self) -> float:
        """Minutes from a post to its contact, on the mean."""
        return float((self.chance.sum(axis=(1, 2, 3)) * DELAYS).sum())

    def draws(self, rng: np.random.Generator, count: int) -> tuple[Ns, Floats]:
        """Row of DELAYS [count] and contacts per post [count] of bursts that contacts follow; how many do is `share`."""
        weight = self.chance * SHARES
        flat = rng.choice(weight.size, count, p=weight.ravel() / weight.sum())
        delay, centre, width, _ = np.unravel_index(flat, weight.shape)
        return np.asarray(delay), np.exp(CENTRES[centre] + WIDTHS[width] * rng.standard_normal(count))


def _log_mean(power: Floats) -> Floats:
    """[..., node] -> log of the mean of exp(power) over the nodes of a normal law [...]."""
    top = power.max(axis=-1)
    return np.asarray(top + np.log((np.exp(power - top[..., None]) * _WEIGHTS).sum(axis=-1) / _WEIGHTS.sum()))


def learn(past: list[Aftermath], spread: float) -> Reaction:
    """Past bursts -> what is known of the queue's reaction; of none the prior."""
    gain = np.exp(CENTRES[:, None, None] + WIDTHS[:, None] * _NODES)  # [centre, width, node]
    log = np.zeros((len(DELAYS), len(CENTRES), len(WIDTHS), len(SHARES)))
    for burst in past:
        a, c = (row[:, None, None, None] for row in burst.sums(spread))
        follows = _log_mean(gain * c - gain**2 * a / 2)
        follows -= max(0.0, float(follows.max()) - MOST_EVIDENCE)
        log += np.log1p(SHARES * np.expm1(follows[..., None]))
    centre, width = CENTRE_PRIOR
    prior = np.exp(-0.5 * ((CENTRES - centre) / width) ** 2)
    log += np.log(prior / prior.sum() / (len(DELAYS) * len(WIDTHS) * len(SHARES)))[None, :, None, None]
    top = log.max()
    joint = np.exp(log - top)
    against = np.exp(-min(max(top + np.log(joint.sum()), -700.0), 700.0))
    return Reaction(joint / joint.sum(), float(1 / (1 + against)), len(past))
