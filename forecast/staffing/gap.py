"""The gap per interval: agents planned less agents needed, net and gross, and its sums by day.

demands of a group's queues ─► need (`plan.py`: each channel by its model) ─┐
plan: agents per interval, each net or gross ───────────────────────────────┴─► gap, agent hours under and over
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import DAY, SECOND, Interval, end, local_ns
from forecast.staffing.demand import Demand
from forecast.staffing.needs import Targets, gross
from forecast.staffing.plan import needed, reached

__all__ = ["DaySum", "Demand", "Gap", "Plan", "day_sums", "gap"]

DAILY_FROM = 20 * 3600 * SECOND  # rows of a plan that lie so far apart are whole days


@dataclass(frozen=True)
class Plan:
    """Agents planned in buckets ds[n], ascending; gross: bool[n], with shrinkage in them."""

    ds: Ns
    agents: Floats
    gross: Flags


@dataclass(frozen=True)
class Gap:
    """One group, bucket by bucket [n]; NaN where it is not known. net: at work, gross: planned before shrinkage is taken off.

    reached: the service level that the plan can be expected to reach; NaN where the group takes more than calls
    methods: how the need was found, per channel
    """

    ds: Ns
    seconds: Floats
    contacts: Floats
    aht: Floats
    needed_net: Floats
    planned_net: Floats
    reached: Floats
    shrinkage: float
    methods: tuple[str, ...]

    @property
    def net(self) -> Floats:
        """Planned less needed; below 0: too few."""
        return self.planned_net - self.needed_net

    @property
    def gross(self) -> Floats:
        """The same with shrinkage."""
        return gross(self.net, self.shrinkage)

    @property
    def needed_gross(self) -> Floats:
        return gross(self.needed_net, self.shrinkage)

    @property
    def planned_gross(self) -> Floats:
        return gross(self.planned_net, self.shrinkage)


def gap(
    demands: Sequence[Demand],
    plan: Plan,
    targets: Targets,
    *,
    interval: Interval,
    tz: str,
    blended: bool = False,
) -> Gap:
    """One group. interval: of the longest-bucketed queue, shorter than a day; finer demands are summed to it."""
    if not demands:
        return _without(plan, targets, interval, tz)
    need = needed(demands, targets, interval=interval, tz=tz, blended=blended)
    planned = _planned(plan, need.ds, need.seconds, targets, tz)
    level = np.full(len(need.ds), np.nan)
    if {one.channel for one in demands} == {"phone"}:
        level = reached(demands, planned, targets, interval=interval, tz=tz).service_level
    return Gap(
        need.ds,
        need.seconds,
        need.contacts,
        need.aht,
        need.net,
        planned,
        level,
        targets.shrinkage,
        need.methods,
    )


def _without(plan: Plan, targets: Targets, interval: Interval, tz: str) -> Gap:
    """A plan for a group that nothing is expected of."""
    every = np.unique(plan.ds)
    seconds, zeros = np.full(len(every), float(interval.seconds)), np.zeros(len(every))
    unknown = np.full(len(every), np.nan)
    planned = _planned(plan, every, seconds, targets, tz)
    return Gap(every, seconds, zeros, unknown, zeros, planned, unknown, targets.shrinkage, ())


def _planned(plan: Plan, every: Ns, seconds: Floats, targets: Targets, tz: str) -> Floats:
    """Net agents on the buckets [n]: the mean over each, nobody where a day of the plan has no row, NaN on other days."""
    if len(plan.ds) == 0:
        return np.full(len(every), np.nan)
    at_work = np.where(plan.gross, plan.agents * (1 - targets.shrinkage), plan.agents)
    until = _until(plan.ds, tz)
    knots = np.column_stack([plan.ds, until]).ravel()
    spent = np.cumsum(np.column_stack([np.zeros(len(until)), at_work * (until - plan.ds)]).ravel())
    base = knots[0]
    length = seconds * SECOND
    total = np.interp(every - base + length, knots - base, spent) - np.interp(
        every - base, knots - base, spent
    )
    days = np.unique(local_ns(plan.ds, tz) // DAY)
    return np.where(np.isin(local_ns(every, tz) // DAY, days), total / length, np.nan)


def _until(ds: Ns, tz: str) -> Ns:
    """The end of each row of a plan [n]: the shortest step of the file after its start, the day's end for rows by day."""
    step = int(np.diff(ds).min()) if len(ds) > 1 else DAILY_FROM
    if step >= DAILY_FROM:
        return end(ds, Interval.DAY, tz)
    return ds + step


@dataclass(frozen=True)
class DaySum:
    """Agent hours of a local day: too few (under) and too many (over) are not set off against each other."""

    day: int
    needed_net: float
    planned_net: float
    under_net: float
    over_net: float
    under_gross: float
    over_gross: float
    unknown: int


def day_sums(found: Gap, tz: str) -> list[DaySum]:
    """Per local day with a plan; unknown: intervals left out of it, because what they need is not known."""
    day = local_ns(found.ds, tz) // DAY
    hours, net, with_shrinkage = found.seconds / 3600, found.net, found.gross
    sums = []
    for one in np.unique(day[~np.isnan(found.planned_net)]):
        mine = day == one
        known = mine & ~np.isnan(net)
        under, over = (
            [
                float((hours[known] * np.maximum(sign * values[known], 0.0)).sum())
                for values in (net, with_shrinkage)
            ]
            for sign in (-1.0, 1.0)
        )
        needed, planned = (
            float((hours[known] * values[known]).sum()) for values in (found.needed_net, found.planned_net)
        )
        unknown = int((mine & np.isnan(net)).sum())
        sums.append(DaySum(int(one), needed, planned, under[0], over[0], under[1], over[1], unknown))
    return sums
