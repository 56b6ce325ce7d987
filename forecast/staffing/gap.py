"""The gap per interval: agents planned less agents needed, net and gross, and its sums by day.

    demands of a group's queues ─► pooled per channel ─► need (Erlang, or workload) ─┐
    plan: agents per interval, each net or gross ────────────────────────────────────┴─► gap, agent hours under and over

Queues of one channel in one group are one line: their erlangs add up, and a call takes the mean over their contacts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import DAY, SECOND, Interval, end, floor, local_ns
from forecast.staffing.erlang import erlangs, line
from forecast.staffing.needs import Targets, agents_needed, gross

DAILY_FROM = 20 * 3600 * SECOND  # rows of a plan that lie so far apart are whole days


@dataclass(frozen=True)
class Demand:
    """What a group is expected to do of one queue: contacts, and seconds per contact (NaN unknown), in buckets ds[n]."""

    queue: str
    channel: str
    ds: Ns
    contacts: Floats
    aht: Floats


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


def by_erlang(contacts: Floats, aht: Floats, seconds: Floats, targets: Targets) -> Floats:
    """Agents for a line of callers who wait."""
    return agents_needed(erlangs(contacts, aht, seconds), aht, targets)


def by_workload(contacts: Floats, aht: Floats, seconds: Floats, targets: Targets) -> Floats:
    """Agents for work that can wait: its seconds over those of the interval at the highest occupancy, in the interval it
    comes in. What may be put off until later is not counted: a backlog is another model's."""
    load = erlangs(contacts, aht, seconds) / targets.max_occupancy
    return np.where(contacts > 0, np.maximum(load, targets.min_agents), load)


NEEDS: Mapping[str, tuple[str, Callable[[Floats, Floats, Floats, Targets], Floats]]] = {
    "phone": ("erlang", by_erlang),
    "email": ("workload", by_workload),
    "chat": ("workload", by_workload),
    "social": ("workload", by_workload),
}


def gap(demands: Sequence[Demand], plan: Plan, targets: Targets, *, interval: Interval, tz: str) -> Gap:
    """One group. interval: of the longest-bucketed queue, shorter than a day; finer demands are summed to it."""
    every = np.unique(np.concatenate([floor(one.ds, interval, tz) for one in demands] or [plan.ds]))
    seconds = np.full(len(every), float(interval.seconds))
    need, contacts, work = np.zeros(len(every)), np.zeros(len(every)), np.zeros(len(every))
    methods, calls = [], None
    for channel in dict.fromkeys(one.channel for one in demands):
        mine = [_on(one, every, interval, tz) for one in demands if one.channel == channel]
        number, took = (np.sum([part[at] for part in mine], axis=0) for at in (0, 1))
        aht = np.where(number > 0, took / np.where(number > 0, number, 1.0), np.nan)
        name, find = NEEDS.get(channel, NEEDS["email"])
        need = need + find(number, aht, seconds, targets)
        contacts, work = contacts + number, work + took
        methods.append(f"{channel}: {name}")
        calls = (number, aht) if channel == "phone" else calls
    planned = _planned(plan, every, seconds, targets, tz)
    only_calls = calls is not None and len(methods) == 1
    reached = (
        _reached(calls, seconds, planned, targets) if only_calls and calls else np.full(len(every), np.nan)
    )
    mean = np.where(contacts > 0, work / np.where(contacts > 0, contacts, 1.0), np.nan)
    return Gap(every, seconds, contacts, mean, need, planned, reached, targets.shrinkage, tuple(methods))


def _on(one: Demand, every: Ns, interval: Interval, tz: str) -> tuple[Floats, Floats]:
    """Contacts and seconds of work on the common buckets [n]; contacts whose handling time is unknown make work unknown."""
    place = np.searchsorted(every, floor(one.ds, interval, tz))
    work = np.where(one.contacts > 0, one.contacts * one.aht, 0.0)
    contacts, total = (
        np.bincount(place, weights=values, minlength=len(every)).astype(np.float64)
        for values in (one.contacts, work)
    )
    return contacts, total


def _reached(calls: tuple[Floats, Floats], seconds: Floats, planned: Floats, targets: Targets) -> Floats:
    number, aht = calls
    found = line(erlangs(number, aht, seconds), aht, planned, targets.patience_seconds)
    return found.service_level(targets.answer_seconds)


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
