"""What agents cost: euros for hours that are paid for, of too many and too few of them, and of being sure.

A rate is euros for an hour that is paid for, so that it goes with gross hours: who is paid for an hour is at work for
(1 - shrinkage) of it. Too few agents cost nothing on the payroll: what is told of them is what the missing hours would have
cost, to be held against what the customers' waiting costs, which nobody here knows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats

WEEK = 7


@dataclass(frozen=True)
class Sureness:
    """What staffing for one probability rather than a lower one takes, per week of seven days."""

    low: float
    high: float
    hours_net: float
    hours_gross: float
    euros: float | None


def euros(hours_gross: float, rate: float | None) -> float | None:
    """Hours that are paid for -> what they cost; None without a rate, or where the hours are not known."""
    return None if rate is None or not np.isfinite(hours_gross) else float(hours_gross * rate)


def agent_hours(agents: Floats, seconds: Floats) -> float:
    """Agents in intervals [n] of so many seconds -> hours; intervals whose agents are not known (NaN) are left out."""
    return float(np.nansum(agents * seconds) / 3600)


def sureness(
    low: tuple[float, Floats],
    high: tuple[float, Floats],
    seconds: Floats,
    *,
    days: float,
    shrinkage: float,
    rate: float | None,
) -> Sureness:
    """(probability, net agents [n]) twice, over `days` local days -> what the higher one takes more, per week.

    Only intervals in which both are known count.
    """
    more = agent_hours(high[1] - low[1], seconds) * WEEK / days
    paid = more / (1 - shrinkage)
    return Sureness(low[0], high[0], more, paid, euros(paid, rate))
