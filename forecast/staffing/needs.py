"""Agents needed: the least whole number that keeps the targets of a line, net, and gross by shrinkage.

The figures of a line improve with every agent, so the least number is found by bisection, in all cells at once. It starts
from what load alone asks for (Erlang C: more agents than erlangs; Erlang A: enough to serve the share that is promised)
and looks as far above it as the square root of the load, which is what staffing for randomness takes (Halfin & Whitt 1981).

Callbacks are work that waits for an idle agent: they count for the occupancy, and no call waits for them. They are taken
up between two calls and put aside for the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from forecast.arrays import Flags, Floats
from forecast.errors import InputError
from forecast.staffing.chat import chat_line, work_rate
from forecast.staffing.erlang import ErlangA, ErlangC, cells

ROUNDING = 1e-9
LONGEST_HOURS = 24.0 * 92
CLOCKS = ("clock", "open")


@dataclass(frozen=True)
class Targets:
    """What is promised to customers, and what is asked of agents.

    service_level: share of the calls (chats) offered that are answered within answer_seconds, 0 .. < 1
    patience_seconds: mean time a caller waits before hanging up; None: for ever (Erlang C)
    shrinkage: share of paid time in which nobody can take contacts; max_occupancy: share of time on contacts at most
    min_agents: at least so many where contacts are expected
    concurrency: chats an agent holds at most; slowdown: 0 they do not slow each other .. 1 no gain (`chat.py`)
    response_share: share of e-mails and posts that is to be answered within response_hours, > 0 .. 1
    response_clock: those hours go on by the `clock`, or in `open` hours only
    """

    service_level: float = 0.8
    answer_seconds: float = 20.0
    patience_seconds: float | None = None
    shrinkage: float = 0.3
    max_occupancy: float = 0.9
    min_agents: float = 0.0
    concurrency: int = 1
    slowdown: float = 0.0
    response_hours: float = 24.0
    response_share: float = 0.9
    response_clock: str = "clock"

    def __post_init__(self) -> None:
        checks = {
            "service_level": 0 <= self.service_level < 1,
            "answer_seconds": self.answer_seconds >= 0,
            "patience_seconds": self.patience_seconds is None or self.patience_seconds > 0,
            "shrinkage": 0 <= self.shrinkage < 1,
            "max_occupancy": 0 < self.max_occupancy <= 1,
            "min_agents": self.min_agents >= 0,
            "concurrency": self.concurrency >= 1 and self.concurrency == int(self.concurrency),
            "slowdown": 0 <= self.slowdown <= 1,
            "response_hours": 0 < self.response_hours <= LONGEST_HOURS,
            "response_share": 0 < self.response_share <= 1,
            "response_clock": self.response_clock in CLOCKS,
        }
        for name, fine in checks.items():
            if not fine:
                raise InputError(
                    f"{name} cannot be {getattr(self, name)}.",
                    remedy="Shares lie from 0 to below 1 (max_occupancy, response_share: above 0 to 1; slowdown: 0 to 1), "
                    f"times and agents above 0, response_hours up to {LONGEST_HOURS:g}; concurrency is a whole number "
                    "from 1; response_clock is `clock` or `open`.",
                    field=name,
                )


def gross(net: Floats, shrinkage: float) -> Floats:
    """Agents at work -> agents to be planned: net / (1 - shrinkage)."""
    return np.asarray(net / (1 - shrinkage))


def net(gross: Floats, shrinkage: float) -> Floats:
    """Agents planned -> agents at work: gross x (1 - shrinkage)."""
    return np.asarray(gross * (1 - shrinkage))


@dataclass(frozen=True)
class Calls:
    """Cells [n] of callers (chats: concurrency above 1) who wait for one group of agents.

    load: erlangs; aht: seconds; callbacks: erlangs of work beside it that nobody waits for
    """

    load: Floats
    aht: Floats
    callbacks: Floats
    targets: Targets
    chats: bool = False

    def take(self, rows: Flags | npt.NDArray[np.intp]) -> Calls:
        """The chosen cells."""
        return Calls(self.load[rows], self.aht[rows], self.callbacks[rows], self.targets, self.chats)

    @property
    def held(self) -> int:
        """Contacts an agent holds at most."""
        return self.targets.concurrency if self.chats else 1

    @property
    def power(self) -> float:
        """What an agent does who holds as many."""
        return work_rate(self.held, self.targets.slowdown)

    def met(self, agents: Floats) -> ErlangC | ErlangA:
        """What callers meet with so many agents [n]."""
        own = self.targets
        return chat_line(
            self.load, self.aht, agents, own.patience_seconds, concurrency=self.held, slowdown=own.slowdown
        )

    def occupancy(self, agents: Floats) -> Floats:
        """Share of the agents' time [n] on calls and callbacks, at most 1; chats: of what they do at full stretch."""
        met = self.met(agents)
        power = np.where(agents > 0, agents, 1.0) * self.power
        beside = np.where(self.callbacks > 0, np.where(agents > 0, self.callbacks / power, 1.0), 0.0)
        found = np.minimum(met.occupancy + beside, 1.0)
        return np.where(np.isnan(self.callbacks), np.nan, found)


def agents_needed(
    load: npt.ArrayLike,
    aht: npt.ArrayLike,
    targets: Targets,
    *,
    callbacks: npt.ArrayLike = 0.0,
    chats: bool = False,
) -> Floats:
    """Loads in erlangs [n] and seconds per call -> the least whole number of net agents [n]; NaN where either is not known.

    Without calls and callbacks none are needed. callbacks: erlangs [n]; chats: agents hold `concurrency` at once.
    """
    a, seconds, beside = cells(load, aht, callbacks)
    found = np.where((a == 0) & (beside == 0), 0.0, np.nan)
    some = ((a > 0) & (seconds > 0) | (a == 0)) & (beside >= 0) & (a + beside > 0) & np.isfinite(a + beside)
    if some.any():
        least = _least(Calls(a[some], seconds[some], beside[some], targets, chats))
        found[some] = np.maximum(least, np.ceil(targets.min_agents - ROUNDING))
    return found


def _least(calls: Calls) -> Floats:
    """As `_bisected`; who may hold several chats may also hold fewer.

    That takes fewer agents only in the corner where, with more room, more chats stay to be answered than the agents may be
    busy with: never without patience, where an agent who holds more does more.
    """
    found = _bisected(calls)
    if calls.targets.patience_seconds is None:
        return found
    for held in range(calls.held - 1, 0, -1):
        fewer = replace(calls, targets=replace(calls.targets, concurrency=held))
        rows = np.flatnonzero((found > 1) & _kept(fewer, np.maximum(found - 1, 0.0)))
        if len(rows):
            found[rows] = np.minimum(found[rows], _bisected(fewer.take(rows)))
    return found


def _bisected(calls: Calls) -> Floats:
    """-> least whole numbers [n] that keep the targets, where there is something to do."""
    low = _too_few(calls)
    high = low + np.ceil(np.sqrt(calls.load / calls.power)) + 1
    open_ = np.flatnonzero(~_kept(calls, high))
    while len(open_):
        low[open_], high[open_] = high[open_], high[open_] + 2 * (high[open_] - low[open_])
        open_ = open_[~_kept(calls.take(open_), high[open_])]
    open_ = np.flatnonzero(high - low > 1)
    while len(open_):
        middle = np.floor((low[open_] + high[open_]) / 2)
        fine = _kept(calls.take(open_), middle)
        high[open_] = np.where(fine, middle, high[open_])
        low[open_] = np.where(fine, low[open_], middle)
        open_ = open_[high[open_] - low[open_] > 1]
    return high


def _too_few(calls: Calls) -> Floats:
    """A whole number of agents [n] that cannot keep the targets; -1 where none is known.

    Whoever is served costs time: agents >= load x the share served. Nobody hangs up in Erlang C, so that share is 1.
    """
    targets, load = calls.targets, calls.load / calls.power
    beside = calls.callbacks / calls.power
    if targets.patience_seconds is None:
        busiest = np.ceil((load + beside) / targets.max_occupancy - ROUNDING) - 1
        return np.asarray(np.maximum(np.where(load > 0, np.floor(load), 0.0), busiest))
    served = load * targets.service_level + beside
    return np.asarray(np.ceil(served - ROUNDING) - 1)


def _kept(calls: Calls, agents: Floats) -> Flags:
    """bool[n]: are both the service level and the occupancy within the targets?"""
    targets, met = calls.targets, calls.met(agents)
    reached = met.service_level(targets.answer_seconds) >= targets.service_level - ROUNDING
    if targets.patience_seconds is None:
        work = (calls.load + calls.callbacks) / calls.power
        return np.asarray(reached & (agents >= work / targets.max_occupancy - ROUNDING))
    done = met.occupancy * agents + calls.callbacks / calls.power
    return np.asarray(reached & (done <= targets.max_occupancy * agents + ROUNDING))
