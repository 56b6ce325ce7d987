"""Agents who answer the phone: Erlang C, and Erlang A where callers lose patience; over arrays, to 10,000 erlangs and beyond.

Calls come as a Poisson stream of `load` erlangs (calls an interval x AHT / seconds of the interval), each takes an
exponential time of mean `aht`, and the interval is long enough for a steady state. In Erlang A a caller waits for an
exponential time of mean `patience` at most, then hangs up.

B = pois(n; a) / Q(n + 1, a)                            Erlang (1917): all n agents busy, nobody waits
C = B / (1 - a/n (1 - B))                               Erlang (1917): a caller waits; n > a, else 1
A = P(x, y) / pois(x; y), x = n patience / aht, y = calls patience / interval      Palm (1957)
P(wait) = A B / (1 + (A - 1) B),  P(hang up | wait) = 1 - 1/rho + 1/(rho A)        Garnett, Mandelbaum & Reiman (2002)

The wait offered to a caller who waits exceeds t with P(x, y e^(-t/patience)) / P(x, y), which follows from its density
in Baccelli & Hebuterne (1981), "On queues with impatient customers". Service level, as in Koole (2013), "Call Center
Optimization", ch. 4: the share of all calls OFFERED that are answered within `answer_seconds`.

Nothing here asks how B came about, nor that n is a whole number: where agents hold several chats, n is what they do at
full stretch, in agents with one contact each, and B is that of `chat.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from forecast.arrays import Flags, Floats
from forecast.staffing.tails import log_lower, log_poisson, log_upper

STEP = 1e-3  # of the derivative that gives the mean wait of those who are answered, in units of that wait


class Line(Protocol):
    """What callers and agents meet in each cell [n]. Without calls: all answered at once, nobody busy."""

    def service_level(self, answer_seconds: float) -> Floats:
        """Share of the calls offered that are answered within so many seconds."""
        ...

    @property
    def asa(self) -> Floats:
        """Average speed of answer: mean seconds waited by those who are answered; inf where the queue only grows."""
        ...

    @property
    def occupancy(self) -> Floats:
        """Share of the agents' time spent on calls."""
        ...

    @property
    def abandonment(self) -> Floats:
        """Share of the calls offered that hang up."""
        ...


def erlangs(calls: npt.ArrayLike, aht: npt.ArrayLike, interval_seconds: npt.ArrayLike) -> Floats:
    """Calls an interval and seconds per call -> load [n]; 0 where there is no call, whatever a call would take."""
    number = np.asarray(calls, dtype=np.float64)
    return np.asarray(np.where(number == 0, 0.0, number * np.asarray(aht) / np.asarray(interval_seconds)))


def log_erlang_b(load: Floats, agents: Floats) -> Floats:
    """log of the share of time in which all agents [n] are busy where nobody waits; load > 0, agents >= 0."""
    return log_poisson(agents, load) - log_upper(agents, load)


def erlang_b(load: npt.ArrayLike, agents: npt.ArrayLike) -> Floats:
    """Blocking [n]: the share of calls that find all agents busy where nobody waits; 0 without load."""
    a, n = cells(load, agents)
    some = a > 0
    return np.where(some, np.exp(log_erlang_b(np.where(some, a, 1.0), n)), np.where(a == 0, 0.0, a))


def line(load: npt.ArrayLike, aht: npt.ArrayLike, agents: npt.ArrayLike, patience: float | None) -> Line:
    """Erlang A where callers have a patience (mean seconds), else Erlang C; arrays that broadcast."""
    a, seconds, n = cells(load, aht, agents)
    return ErlangC(a, seconds, n) if patience is None else ErlangA(a, seconds, n, patience)


def cells(*given: npt.ArrayLike) -> tuple[Floats, ...]:
    made = np.broadcast_arrays(*(np.asarray(one, dtype=np.float64) for one in given))
    return tuple(np.atleast_1d(one) for one in made)


def _log_b(load: Floats, agents: Floats, given: Floats | None) -> Floats:
    """log B as given, else Erlang's."""
    return log_erlang_b(load, agents) if given is None else given


@dataclass(frozen=True)
class ErlangC:
    """load: erlangs; aht: seconds; agents: float[n] >= 0. Where they cannot keep up, everybody waits, for ever longer.

    log_b: log B where it is not Erlang's
    """

    load: Floats
    aht: Floats
    agents: Floats
    log_b: Floats | None = None

    @cached_property
    def stable(self) -> Flags:
        """bool[n]: can the agents keep up?"""
        return self.agents > self.load

    @cached_property
    def waiting(self) -> Floats:
        """Share of calls that wait."""
        fine = self.stable & (self.load > 0)
        a, n = np.where(fine, self.load, 1.0), np.where(fine, self.agents, 2.0)
        blocked = np.exp(_log_b(a, n, self.log_b))
        found = np.where(fine, blocked / (1 - a / n * (1 - blocked)), 1.0)
        return np.where(self.load == 0, 0.0, _known(found, self.load))

    def service_level(self, answer_seconds: float) -> Floats:
        """See `Line`."""
        spare = np.where(self.stable & (self.load > 0), self.agents - self.load, 0.0)
        seconds = np.where(self.load > 0, self.aht, 1.0)
        return np.asarray(1 - self.waiting * np.exp(-spare * answer_seconds / seconds))

    @property
    def asa(self) -> Floats:
        """See `Line`."""
        with np.errstate(divide="ignore", invalid="ignore"):
            seconds = self.waiting * self.aht / np.maximum(self.agents - self.load, 0.0)
        return np.where(self.load == 0, 0.0, seconds)

    @property
    def occupancy(self) -> Floats:
        """See `Line`."""
        return np.where(self.stable, self.load / np.where(self.stable, self.agents, 1.0), _busy(self.load))

    @property
    def abandonment(self) -> Floats:
        """See `Line`."""
        return _known(np.zeros_like(self.load), self.load)


@dataclass(frozen=True)
class ErlangA:
    """load: erlangs; aht: seconds; agents: float[n] >= 0; patience: seconds > 0; log_b: log B where it is not Erlang's."""

    load: Floats
    aht: Floats
    agents: Floats
    patience: float
    log_b: Floats | None = None

    @cached_property
    def served(self) -> Flags:
        """bool[n]: somebody calls and somebody answers."""
        return (self.load > 0) & (self.agents > 0) & (self.aht > 0)

    @cached_property
    def _shape(self) -> tuple[Floats, Floats]:
        """x and y of the formulae; 1 where nobody is served."""
        seconds = np.where(self.served, self.aht, 1.0)
        per = self.patience / seconds
        return np.where(self.served, self.agents * per, 1.0), np.where(self.served, self.load * per, 1.0)

    @cached_property
    def _log_tail(self) -> Floats:
        """log P(x, y)."""
        return log_lower(*self._shape)

    @cached_property
    def _log_a(self) -> Floats:
        return self._log_tail - log_poisson(*self._shape)

    @cached_property
    def waiting(self) -> Floats:
        """Share of calls that are not answered at once."""
        a, n = np.where(self.served, self.load, 1.0), np.where(self.served, self.agents, 1.0)
        log_b = _log_b(a, n, self.log_b)
        # A B / (1 + (A - 1) B), with both as logarithms: A alone may be larger than any float
        found = 1 / (1 - np.expm1(log_b) * np.exp(np.minimum(-self._log_a - log_b, 700.0)))
        return self._filled(found, idle=0.0, unanswered=1.0)

    def service_level(self, answer_seconds: float) -> Floats:
        """See `Line`."""
        x, y = self._shape
        later = y * np.exp(-answer_seconds / self.patience)
        late = x / y * np.exp(log_lower(x + 1, later) - self._log_tail)
        return self._filled(1 - self.waiting * (self._lost + late), idle=1.0, unanswered=0.0)

    @cached_property
    def _lost(self) -> Floats:
        """Share of those who wait that hang up."""
        x, y = self._shape
        return np.clip(1 - x / y * -np.expm1(-self._log_a), 0.0, 1.0)

    @property
    def asa(self) -> Floats:
        """See `Line`. Of those who wait, E[e^(-s V / patience)] = x A(x + s, y) / ((x + s) A(x, y)), V the wait offered;
        a caller who is offered V stays for it with e^(-V / patience), so the slope at s = 1 is the wait of the answered."""
        x, y = self._shape
        step = np.clip(STEP / np.maximum(self._lost, STEP), STEP, 1.0)  # short waits need longer steps
        low, high = (
            np.exp(log_lower(x + s, y) - log_poisson(x + s, y) - self._log_a) * x / (x + s)
            for s in (1 - step, 1 + step)
        )
        waited = np.maximum(low - high, 0.0) / (2 * step) * self.patience
        answered = 1 - self.waiting * self._lost
        with np.errstate(divide="ignore", invalid="ignore"):
            return self._filled(self.waiting * waited / answered, idle=0.0, unanswered=np.inf)

    @property
    def abandonment(self) -> Floats:
        """See `Line`."""
        return self._filled(self.waiting * self._lost, idle=0.0, unanswered=1.0)

    @property
    def occupancy(self) -> Floats:
        """See `Line`."""
        n = np.where(self.served, self.agents, 1.0)
        return self._filled(self.load * (1 - self.waiting * self._lost) / n, idle=0.0, unanswered=0.0)

    def _filled(self, found: Floats, *, idle: float, unanswered: float) -> Floats:
        """The figure where somebody is served; that of a line without calls, and of one where nobody answers."""
        filled = np.where(self.served, found, unanswered)
        return np.where(self.load == 0, idle, _known(filled, self.load + self.agents))


def _busy(load: Floats) -> Floats:
    return np.where(load > 0, 1.0, _known(np.zeros_like(load), load))


def _known(found: Floats, given: Floats) -> Floats:
    """NaN where what was given is not known."""
    return np.where(np.isnan(given), np.nan, found)
