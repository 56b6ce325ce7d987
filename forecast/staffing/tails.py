"""Logarithms of Poisson and gamma tails that neither overflow nor underflow, for the queueing formulae.

    log pois(c; a) = -a + c log a - log Gamma(c + 1)
    log Q(c + 1, a): the Poisson distribution function sum_{k<=c} pois(k; a); log P(x, y): the lower tail

Far out in a tail, where scipy's gammaincc and gammainc round to zero, their series are summed instead; all their terms
are positive there and fall like a geometric series. Abramowitz & Stegun (1964), 6.5.4, 6.5.29, 26.4.21.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from forecast.arrays import Floats

TINY = 1e-250
STIRLING = 30.0  # from here on three terms of Stirling's series are exact to the last bit
HALF_LOG_TAU = 0.5 * float(np.log(2 * np.pi))


def log_poisson(count: Floats, mean: Floats) -> Floats:
    """log(e^-m m^c / Gamma(c + 1)) [n] of counts c >= 0, whole or not, and means m > 0.

    By its saddle point, so that numbers of the size of c never cancel: Loader (2000), Fast and accurate computation of
    binomial probabilities; the last summand is what Stirling's series leaves of log Gamma.
    """
    safe = np.where(count > 0, count, 1.0)
    over = (mean - safe) / safe
    near = over > -0.5  # far below, log1p would meet -1
    deviance = safe * (over - np.where(near, np.log1p(np.maximum(over, -0.5)), np.log(mean / safe)))
    large = np.maximum(safe, STIRLING)
    inverse = 1 / (large * large)
    rest = (1 / 12 - inverse * (1 / 360 - inverse / 1260)) / large
    small = safe < STIRLING
    if small.any():
        low = safe[small]
        rest = np.where(small, 0.0, rest)
        rest[small] = special.gammaln(low + 1) - (low + 0.5) * np.log(low) + low - HALF_LOG_TAU
    found = -deviance - rest - HALF_LOG_TAU - 0.5 * np.log(safe)
    return np.where(count > 0, found, -mean)


def log_upper(count: Floats, mean: Floats) -> Floats:
    """log Q(c + 1, a) [n]: log of the chance of at most c of a Poisson number of mean a > 0; c >= 0."""
    tail = np.asarray(special.gammaincc(count + 1, mean), dtype=np.float64)
    found: Floats = np.log(np.maximum(tail, TINY))
    lost = tail < TINY
    if lost.any():
        c, a = count[lost], mean[lost]
        found[lost] = log_poisson(c, a) + np.log(_falling(c, a))
    return found


def log_lower(shape: Floats, mean: Floats) -> Floats:
    """log P(x, y) [n] of the regularised lower incomplete gamma function; x > 0, y > 0."""
    tail = np.asarray(special.gammainc(shape, mean), dtype=np.float64)
    found: Floats = np.log(np.maximum(tail, TINY))
    lost = tail < TINY
    if lost.any():
        x, y = shape[lost], mean[lost]
        found[lost] = log_poisson(x, y) + np.log(_rising(x, y))
    return found


def log_between(low: Floats, high: Floats, mean: Floats) -> Floats:
    """log of the sum of pois(x; a) over x = low + 1, low + 2 .. high [n]; 0 <= low < high, high - low whole, a > 0.

    The difference of two upper tails, or of two lower ones where those are the smaller: neither cancels.
    """
    found = np.empty(len(mean))
    above = mean > (low + high) / 2
    for rows, tail, shift in ((above, log_upper, 0.0), (~above, log_lower, 1.0)):
        ends = [tail(one[rows] + shift, mean[rows]) for one in (low, high)]
        much, less = (ends[1], ends[0]) if shift == 0 else (ends[0], ends[1])
        with np.errstate(divide="ignore"):
            found[rows] = much + np.log(-np.expm1(np.minimum(less - much, 0.0)))
    return found


def _falling(count: Floats, mean: Floats) -> Floats:
    """1 + c/a + c(c-1)/a^2 + ... [n], c < a: Q(c + 1, a) over its last and largest summand."""
    total, term, at = np.ones_like(count), np.ones_like(count), count.copy()
    while (term > 1e-17 * total).any():
        term = np.where(at > 0, term * np.maximum(at, 0.0) / mean, 0.0)
        total += term
        at -= 1
    return total


def _rising(shape: Floats, mean: Floats) -> Floats:
    """1 + y/(x+1) + y^2/((x+1)(x+2)) + ... [n], y < x: P(x, y) over pois(x; y)."""
    total, term, at = np.ones_like(shape), np.ones_like(shape), shape + 1
    while (term > 1e-17 * total).any():
        term = term * mean / at
        total += term
        at += 1
    return total
