"""Quantities known ahead, by local day, and the two kinds of them: pulses and stocks.

A pulse (letters, campaigns, invoice runs) is zero on most days, or jumps about. A stock (customers, bookings) has an
amount on nine working days of ten and moves little from one to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid, Interval
from forecast.versions import Versions

DENSE = 0.9  # share of working days with an amount
STEADY = 0.05  # median step from one working day to the next
LEAST_DAYS = 20  # working days that tell one kind from the other
WEEK = 5  # working days


@dataclass(frozen=True)
class Driver:
    """One quantity known ahead, past and future, per local day start or bucket; `queue` '' applies to every queue.

    worth: contacts per unit as the planner assumes them, NaN where a row says nothing
    period: is 1 on the days of weeks with a name (school holidays, a sale) and moves the level while they last
    """

    name: str
    values: Versions
    queue: str = ""
    worth: Versions = field(default_factory=Versions.none)
    period: bool = False

    def until(self, cutoff: int) -> Driver:
        """As known at the cutoff."""
        return replace(self, values=self.values.until(cutoff), worth=self.worth.until(cutoff))

    def by_day(self, tz: str) -> tuple[Ns, Floats]:
        """Local days with an amount, ascending [n], and the latest known amounts [n]."""
        ds, value = self.values.latest()
        days, place = np.unique(Grid.of(ds, Interval.DAY, tz).day, return_inverse=True)
        return days, np.bincount(place, weights=value, minlength=len(days)).astype(np.float64)

    @property
    def assumed(self) -> float | None:
        """Contacts per unit by the latest day that says so; None where the planner assumes nothing."""
        said = self.worth.latest()[1]
        said = said[~np.isnan(said)]
        return float(said[-1]) if len(said) else None


@dataclass(frozen=True)
class Plan:
    """One driver's amounts as known at a cutoff, float[days] from local day `first` on.

    dense: nearly every working day has one; then a day after the last has the mean of its weekday in the last four
           weeks known, else it has none
    stock: dense, and steady from day to day
    """

    first: int
    amount: Floats
    dense: bool = False
    stock: bool = False

    @classmethod
    def of(cls, days: Ns, amounts: Floats, works: Flags) -> Plan:
        """Known local days ascending [n] with their amounts [n]; works: bool[7], Monday first."""
        if len(days) == 0:
            return cls(0, np.zeros(0))
        every = np.arange(days[0], days[-1] + 1)
        amount = np.zeros(len(every))
        amount[days - days[0]] = amounts
        held = amount[works[(every + 3) % 7]]
        some = held > 0
        dense = len(held) >= LEAST_DAYS and bool(some.mean() >= DENSE)
        step = float(np.median(np.abs(np.diff(np.log(held[some]))))) if dense else np.inf
        return cls(int(days[0]), amount, dense, step <= STEADY)

    def on(self, days: Ns) -> Floats:
        """Local days[n] -> amount [n]."""
        count = len(self.amount)
        if count == 0:
            return np.zeros(len(days))
        at = days - self.first
        beyond = self._beyond[at % 7] if self.dense else 0.0
        return np.where(at < 0, 0.0, np.where(at < count, self.amount[np.clip(at, 0, count - 1)], beyond))

    @cached_property
    def _beyond(self) -> Floats:
        """float[7]: mean amount of each weekday lately, the one of day `first` first."""
        count = len(self.amount)
        return np.array(
            [self.amount[max(count - 28, 0) :][(at - max(count - 28, 0)) % 7 :: 7].mean() for at in range(7)]
        )

    def level(self, days: Ns) -> Floats:
        """Local days[n] -> the latest amount above zero by each [n]; before the first one, the first; NaN without any."""
        held = np.flatnonzero(self.amount > 0)
        if len(held) == 0:
            return np.full(len(days), np.nan)
        at = np.searchsorted(held, days - self.first, side="right") - 1
        return self.amount[held[np.maximum(at, 0)]]

    @property
    def most(self) -> float:
        """What the seven days in a row with the most send; 0 where nothing is sent."""
        sent = np.cumsum(np.concatenate([np.zeros(7), np.abs(self.amount)]))
        return float((sent[7:] - sent[:-7]).max(initial=0.0))

    def waves(self, days: Ns) -> int:
        """Working days in a row [n] -> how many runs of them have an amount; of a dense driver, how many weeks."""
        if self.dense or len(days) == 0:
            return len(days) // WEEK
        sent = np.add.reduceat(self.on(np.arange(days[0], days[-1] + 1)), days - days[0]) != 0
        return int(np.count_nonzero(sent & ~np.append(False, sent[:-1])))
