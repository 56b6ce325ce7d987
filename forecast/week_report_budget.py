"""A budget by day: a day's own row, else its part of the week's, else its part of the month's.

A week or month is spread over its open days by what is forecast of them where all of them are forecast, else evenly.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.week_report_line import Counts

EPOCH = dt.date(1970, 1, 1)
Opens: TypeAlias = Callable[[Ns], Flags]  # local days [n] -> is the queue open on any part of each?


@dataclass(frozen=True)
class Budget:
    """A row. length: day, week or month; day: its first local day, whole days since 1970-01-01; aht in seconds, NaN not told."""

    length: str
    day: int
    contacts: float
    aht: float = np.nan
    fte: float = np.nan

    @property
    def days(self) -> Ns:
        """The local days it is the budget of."""
        if self.length == "month":
            first = EPOCH + dt.timedelta(days=self.day)
            after = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
            return np.arange(self.day, (after - EPOCH).days)
        return np.arange(self.day, self.day + (7 if self.length == "week" else 1))


def by_day(
    budgets: list[Budget], days: Ns, opens: Opens, expected: Mapping[int, float]
) -> tuple[Counts, Floats]:
    """Rows of one queue and local days [7] -> what is budgeted of each, and the FTE of its row [7]; NaN where nothing is.

    expected: contacts forecast, by local day
    """
    order = {"day": 0, "week": 1, "month": 2}
    contacts, seconds, fte = (np.full(len(days), np.nan) for _ in range(3))
    for one in sorted(budgets, key=lambda each: order[each.length]):
        held = one.days
        shares = dict(zip(held.tolist(), weights(held, opens, expected).tolist(), strict=True))
        for place, day in enumerate(days.tolist()):
            if day in shares and np.isnan(contacts[place]):
                contacts[place] = one.contacts * shares[day]
                seconds[place] = contacts[place] * one.aht
                fte[place] = one.fte
    return Counts(contacts, seconds, contacts), fte


def weights(days: Ns, opens: Opens, expected: Mapping[int, float]) -> Floats:
    """float[n] that add up to 1: the part of each day."""
    if len(days) == 1:
        return np.ones(1)
    open_ = opens(days)
    open_ = open_ if open_.any() else np.ones(len(days), dtype=bool)
    shape = np.array([expected.get(day, np.nan) for day in days.tolist()])
    known = bool(not np.isnan(shape[open_]).any() and shape[open_].sum() > 0)
    parts = np.where(open_, shape if known else 1.0, 0.0)
    return np.asarray(parts / parts.sum(), dtype=np.float64)
