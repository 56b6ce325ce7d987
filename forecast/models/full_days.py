"""Days as if the queue had been open in all the hours it ever has: what closed or unknown slots would have brought.

A day's total means something only together with the day's hours. Where hours change with a date, a level read before it
and a profile learnt after it do not fit, unless both speak of the same hours. So the slots in which a day was closed,
but which belong to the queue's hours at some other time, past or ahead, are filled with what the day's other slots let
expect: totals and profiles are then those of full days, and a closed slot is simply left out of a forecast. The hour
that spring leaves out is filled in the same way.

A slot that no day has shown yet is taken to be like the nearest one, halving every three hours away from it.
"""

from __future__ import annotations

import numpy as np

from forecast.arrays import Flags, Floats, Ns

ROUNDS = 6
HALVING_HOURS = 3.0
LEAST_SEEN = 0.05  # of a full day's contacts; of a day with less, nothing is concluded


def filled(y: Floats, known: Flags, asked: Flags, weekday: Ns) -> Floats:
    """y float[d, slots] -> y where known, its expectation where asked for, 0 elsewhere.

    Each day is a total times the shares of its kind of day (working day, Saturday, Sunday), estimated in turn from the
    slots known.
    """
    kind = np.maximum(weekday - 4, 0)
    came = np.where(known, y, 0.0)
    share = np.full((3, y.shape[1]), 1 / y.shape[1])
    total = came.sum(axis=1)
    for _ in range(ROUNDS):
        seen = (known * share[kind]).sum(axis=1)
        total = came.sum(axis=1) / np.where(seen > LEAST_SEEN, seen, 1.0)
        share = _shares(came, known * total[:, None], asked, kind)
    return np.where(known, y, np.where(asked, total[:, None] * share[kind], 0.0))


def _shares(came: Floats, exposure: Floats, asked: Flags, kind: Ns) -> Floats:
    """float[3, slots] contacts per full day's contact, by kind of day; each row sums to 1 over the slots asked for."""
    common = _everywhere(came.sum(axis=0), exposure.sum(axis=0))
    shares = np.empty((3, came.shape[1]))
    for each in range(3):
        mine = kind == each
        top, bottom = came[mine].sum(axis=0), exposure[mine].sum(axis=0)
        seen = bottom > 0
        scale = top.sum() / max(float((common * bottom).sum()), 1e-12) if seen.any() else 1.0
        own = np.where(seen, top / np.where(seen, bottom, 1.0), scale * common)
        whole = own[asked[mine].any(axis=0)].sum() if mine.any() else 0.0
        shares[each] = own / whole if whole > 0 else own
    return shares


def _everywhere(came: Floats, exposure: Floats) -> Floats:
    """float[slots]: the rate of each slot; where there was none, that of the nearest one, fading with the hours between."""
    seen = np.flatnonzero(exposure > 0)
    if len(seen) == 0:
        return np.full(len(came), 1 / len(came))
    slots = np.arange(len(came))
    apart = np.abs(slots[:, None] - seen[None, :])
    near = seen[np.argmin(apart, axis=1)]
    fade = 0.5 ** (apart.min(axis=1) * (24 / len(came)) / HALVING_HOURS)
    return np.asarray(came[near] / exposure[near] * fade)
