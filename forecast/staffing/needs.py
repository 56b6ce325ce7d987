"""Agents needed: the least whole number that keeps the targets of a line, net, and gross by shrinkage.

The figures of a line improve with every agent, so the least number is found by bisection, in all cells at once. It starts
from what load alone asks for (Erlang C: more agents than erlangs; Erlang A: enough to serve the share that is promised)
and looks as far above it as the square root of the load, which is what staffing for randomness takes (Halfin & Whitt 1981).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecast.arrays import Flags, Floats
from forecast.errors import InputError
from forecast.staffing.erlang import line

ROUNDING = 1e-9


@dataclass(frozen=True)
class Targets:
    """What is promised to callers, and what is asked of agents.

    service_level: share of the calls offered that are answered within answer_seconds, 0 .. < 1
    patience_seconds: mean time a caller waits before hanging up; None: for ever (Erlang C)
    shrinkage: share of paid time in which nobody can take contacts; max_occupancy: share of time on contacts at most
    min_agents: at least so many where contacts are expected
    """

    service_level: float = 0.8
    answer_seconds: float = 20.0
    patience_seconds: float | None = None
    shrinkage: float = 0.3
    max_occupancy: float = 0.9
    min_agents: float = 0.0

    def __post_init__(self) -> None:
        checks = {
            "service_level": 0 <= self.service_level < 1,
            "answer_seconds": self.answer_seconds >= 0,
            "patience_seconds": self.patience_seconds is None or self.patience_seconds > 0,
            "shrinkage": 0 <= self.shrinkage < 1,
            "max_occupancy": 0 < self.max_occupancy <= 1,
            "min_agents": self.min_agents >= 0,
        }
        for name, fine in checks.items():
            if not fine:
                raise InputError(
                    f"{name} cannot be {getattr(self, name):g}.",
                    remedy="Shares lie from 0 to below 1 (max_occupancy: above 0 to 1), times and agents above 0.",
                    field=name,
                )


def gross(net: Floats, shrinkage: float) -> Floats:
    """Agents at work -> agents to be planned: net / (1 - shrinkage)."""
    return np.asarray(net / (1 - shrinkage))


def net(gross: Floats, shrinkage: float) -> Floats:
    """Agents planned -> agents at work: gross x (1 - shrinkage)."""
    return np.asarray(gross * (1 - shrinkage))


def agents_needed(load: npt.ArrayLike, aht: npt.ArrayLike, targets: Targets) -> Floats:
    """Loads in erlangs [n] and seconds per call -> the least whole number of net agents [n]; NaN where either is not known.

    Without calls none are needed.
    """
    a, seconds = np.broadcast_arrays(
        np.atleast_1d(np.asarray(load, dtype=np.float64)), np.asarray(aht, dtype=np.float64)
    )
    found = np.where(a == 0, 0.0, np.nan)
    some = (a > 0) & (seconds > 0) & np.isfinite(a)
    if some.any():
        least = _bisected(a[some], seconds[some], targets)
        found[some] = np.maximum(least, np.ceil(targets.min_agents - ROUNDING))
    return found


def _bisected(load: Floats, aht: Floats, targets: Targets) -> Floats:
    """load > 0, aht > 0 -> least whole numbers [n] that keep the targets."""
    low = _too_few(load, targets)
    high = low + np.ceil(np.sqrt(load)) + 1
    open_ = np.flatnonzero(~_kept(load, aht, high, targets))
    while len(open_):
        low[open_], high[open_] = high[open_], high[open_] + 2 * (high[open_] - low[open_])
        open_ = open_[~_kept(load[open_], aht[open_], high[open_], targets)]
    open_ = np.flatnonzero(high - low > 1)
    while len(open_):
        middle = np.floor((low[open_] + high[open_]) / 2)
        fine = _kept(load[open_], aht[open_], middle, targets)
        high[open_] = np.where(fine, middle, high[open_])
        low[open_] = np.where(fine, low[open_], middle)
        open_ = open_[high[open_] - low[open_] > 1]
    return high


def _too_few(load: Floats, targets: Targets) -> Floats:
    """A whole number of agents [n] that cannot keep the targets; -1 where none is known.

    Whoever is served costs time: agents >= load x the share served. Nobody hangs up in Erlang C, so that share is 1.
    """
    if targets.patience_seconds is None:
        busiest = np.ceil(load / targets.max_occupancy - ROUNDING) - 1
        return np.asarray(np.maximum(np.floor(load), busiest))
    return np.asarray(np.ceil(load * targets.service_level - ROUNDING) - 1)


def _kept(load: Floats, aht: Floats, agents: Floats, targets: Targets) -> Flags:
    """bool[n]: are both the service level and the occupancy within the targets?"""
    calls = line(load, aht, agents, targets.patience_seconds)
    reached = calls.service_level(targets.answer_seconds) >= targets.service_level - ROUNDING
    if targets.patience_seconds is None:
        return np.asarray(reached & (agents >= load / targets.max_occupancy - ROUNDING))
    return np.asarray(reached & (calls.occupancy <= targets.max_occupancy + ROUNDING))
