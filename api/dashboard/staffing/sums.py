"""Agents needed of one team or of several together, bucket by bucket and day by day, beside what is planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from api.dashboard.staffing.seen import Seen
from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Interval, floor
from forecast.staffing.cost import agent_hours, euros
from forecast.staffing.needs import gross
from store.columns import moments
from store.staffing_gap import GroupGap, gap_of
from store.staffing_plan import TeamPlan
from store.staffing_rows import rows_of

EXPECTED = 0.5
SURENESS = (0.5, 0.8, 0.9, 0.95)
WEIGHED = {"service_level": "contacts", "occupancy": "agents_net", "in_time": "contacts", "reached": "asked"}


@dataclass(frozen=True)
class Made:
    """What the teams need and what is planned for them.

    staffing: [ds, end, contacts, workload_hours, aht_seconds, agents_net, agents_gross, expected_net, expected_gross,
        planned_net, planned_gross, gap_net, gap_gross, service_level, occupancy, in_time, reached], a row per bucket in which
        something comes, is needed or planned; NaN where it is not known or does not apply
    tz: in which times are read; parts: name of a channel (or queue, or team) -> net agents [n], that add up to agents_net; one part where nothing is stacked
    plans: per team, with its days; gaps: of the teams that have a plan; unplanned: those that have none
    """

    staffing: pd.DataFrame
    parts: Mapping[str, Floats]
    step: Interval
    plans: tuple[TeamPlan, ...]
    gaps: tuple[GroupGap, ...]
    unplanned: tuple[str, ...]
    tz: str

    @property
    def bare(self) -> Mapping[str, tuple[int, ...]]:
        """Team -> the local days on which something is asked of it; of these, those that its plan says nothing of."""
        planned = {one.group: {day.day for day in one.days} for one in self.gaps}
        return {
            name: tuple(day for day in days if day not in planned.get(name, ()))
            for name, days in self.busy.items()
        }

    @property
    def busy(self) -> Mapping[str, tuple[int, ...]]:
        """Team -> the local days on which something comes, or somebody is needed; teams without such a day left out."""
        found = {}
        for plan in self.plans:
            some = (plan.need.contacts > 0) | (np.nan_to_num(plan.need.net) > 0)
            found[plan.team.name] = tuple(np.unique(plan.team.day_of(plan.need.ds[some])).tolist())
        return {name: days for name, days in found.items() if days}

    @property
    def hours_net(self) -> float:
        return float(sum(day.hours_net for plan in self.plans for day in plan.days))

    @property
    def hours_gross(self) -> float:
        return float(sum(day.hours_gross for plan in self.plans for day in plan.days))

    @property
    def euros(self) -> float | None:
        """None where a team has no rate."""
        each = [day.euros for plan in self.plans for day in plan.days]
        return None if not each or None in each else float(sum(one for one in each if one is not None))

    @property
    def unknown(self) -> int:
        return sum(day.unknown for plan in self.plans for day in plan.days)


@dataclass(frozen=True)
class Surer:
    """What staffing for one certainty takes. peak: the most agents in one bucket, of all teams together."""

    quantile: float
    hours_net: float
    hours_gross: float
    peak_net: float
    peak_gross: float
    euros: float | None


def made_of(seen: Seen, stacked: str) -> Made:
    """Teams -> what they need and what is planned. stacked: `channel`, `team`, or '' for one part."""
    plans = tuple(seen.worked.plan(team) for team in seen.teams)
    usual = [seen.worked.plan(team, EXPECTED).need.net for team in seen.teams]
    held = {str(name): rows for name, rows in seen.plan.groupby("group")}
    gaps = tuple(gap_of(team, held[team.name]) for team in seen.teams if team.name in held)
    unplanned = tuple(team.name for team in seen.teams if team.name not in held)
    step = max((team.interval for team in seen.teams), key=lambda one: one.seconds)
    grid = _Grid.over([one.need.ds for one in plans], step, seen.tz)
    told = [rows_of(one, hourly=False).columns for one in plans]
    columns = {
        name: grid.summed([(one.need.ds, row[name]) for one, row in zip(plans, told, strict=True)])
        for name in ("contacts", "workload_hours")
    }
    found = pd.DataFrame(
        {"ds": moments(grid.ds // 1000), "end": moments(grid.ds // 1000 + step.seconds * 10**6), **columns}
    )
    contacts, work = columns["contacts"], columns["workload_hours"]
    found["aht_seconds"] = np.where(contacts > 0, work * 3600 / np.where(contacts > 0, contacts, 1.0), np.nan)
    found = _agents(found, grid, plans, usual)
    found = _reached(found, grid, plans, told, gaps)
    parts = {name: grid.mean(given) for name, given in _parts(plans, stacked).items()}
    some = ((found["contacts"] > 0) | ~(found["agents_net"] == 0) | (found["planned_net"] > 0)).to_numpy()
    kept = {name: values[some] for name, values in parts.items()}
    return Made(found[some].reset_index(drop=True), kept, step, plans, gaps, unplanned, seen.tz)


def _agents(
    found: pd.DataFrame, grid: _Grid, plans: Sequence[TeamPlan], usual: Sequence[Floats]
) -> pd.DataFrame:
    made = {}
    for name, nets in (("agents", [one.need.net for one in plans]), ("expected", usual)):
        given = [(plan.need.ds, net, plan.need.seconds) for plan, net in zip(plans, nets, strict=True)]
        made[f"{name}_net"] = grid.mean(given)
        made[f"{name}_gross"] = grid.mean(
            [
                (ds, gross(net, plan.team.targets.shrinkage), seconds)
                for plan, (ds, net, seconds) in zip(plans, given, strict=True)
            ]
        )
    return found.assign(**made)


def _reached(
    found: pd.DataFrame,
    grid: _Grid,
    plans: Sequence[TeamPlan],
    told: Sequence[Mapping[str, Floats]],
    gaps: Sequence[GroupGap],
) -> pd.DataFrame:
    """What is reached with the agents needed, and what is planned and reached with the plan."""
    made = {}
    for name in ("service_level", "occupancy", "in_time"):
        rows = zip(plans, told, strict=True)
        made[name] = grid.weighed([(plan.need.ds, one[name], one[WEIGHED[name]]) for plan, one in rows])
    planned = [one.gap for one in gaps]
    for name in ("planned_net", "planned_gross"):
        made[name] = grid.mean([(one.ds, getattr(one, name), one.seconds) for one in planned], least=np.nan)
    made["gap_net"] = grid.mean([(one.ds, one.net, one.seconds) for one in planned], least=np.nan)
    made["gap_gross"] = grid.mean([(one.ds, one.gross, one.seconds) for one in planned], least=np.nan)
    made["reached"] = grid.weighed([(one.ds, one.reached, one.contacts) for one in planned])
    return found.assign(**made)


def _parts(plans: Sequence[TeamPlan], stacked: str) -> dict[str, list[tuple[Ns, Floats, Floats]]]:
    """Net agents by what they are stacked by."""
    found: dict[str, list[tuple[Ns, Floats, Floats]]] = {}
    for plan in plans:
        need = plan.need
        given = need.parts if stacked == "channel" else (((plan.team.name if stacked else ""), need.net),)
        for name, net in given:
            found.setdefault(name, []).append((need.ds, net, need.seconds))
    return found


@dataclass(frozen=True)
class _Grid:
    """Buckets ds[n] on which teams of several intervals are added up. held: where those of each array lie, found once."""

    ds: Ns
    step: Interval
    tz: str
    held: dict[int, tuple[Ns, Ns, Flags]] = field(default_factory=dict)

    @classmethod
    def over(cls, every: Sequence[Ns], step: Interval, tz: str) -> _Grid:
        return cls(np.unique(np.concatenate([floor(ds, step, tz) for ds in every])), step, tz)

    def place(self, ds: Ns) -> tuple[Ns, Flags]:
        """Buckets [k] -> their places, and which of them lie on the grid."""
        if id(ds) not in self.held:  # the array is kept beside its places, so that no other gets its number
            begins = floor(ds, self.step, self.tz)
            self.held[id(ds)] = (ds, np.searchsorted(self.ds, begins), np.isin(begins, self.ds))
        return self.held[id(ds)][1:]

    def summed(self, given: Sequence[tuple[Ns, Floats]]) -> Floats:
        """(ds, values)[k] -> their sum per bucket; NaN where a part is not known."""
        total = np.zeros(len(self.ds))
        for ds, values in given:
            place, inside = self.place(ds)
            total += np.bincount(place[inside], weights=values[inside], minlength=len(self.ds))
        return total

    def mean(self, given: Sequence[tuple[Ns, Floats, Floats]], least: float = 0.0) -> Floats:
        """(ds, agents, seconds)[k] -> agents per bucket, of all together; `least` where nothing is given."""
        if not given and np.isnan(least):
            return np.full(len(self.ds), least)
        return self.summed([(ds, values * seconds / self.step.seconds) for ds, values, seconds in given])

    def weighed(self, given: Sequence[tuple[Ns, Floats, Floats]]) -> Floats:
        """(ds, shares, weights)[k] -> the mean share per bucket over what is known; NaN where nothing is."""
        known = [
            (ds, np.where(np.isnan(values), 0.0, values * weights), np.where(np.isnan(values), 0.0, weights))
            for ds, values, weights in given
        ]
        above = self.summed([(ds, part) for ds, part, _ in known])
        below = self.summed([(ds, weight) for ds, _, weight in known])
        return np.asarray(np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan))


def surer_of(seen: Seen) -> tuple[Surer, ...]:
    """What the teams need at each of the usual certainties, over the whole span."""
    step = max((team.interval for team in seen.teams), key=lambda one: one.seconds)
    buckets = [seen.worked.plan(team, EXPECTED).need.ds for team in seen.teams]  # at every certainty the same
    grid = _Grid.over(buckets, step, seen.tz)
    found = []
    for quantile in SURENESS:
        plans = [seen.worked.plan(team, quantile) for team in seen.teams]
        peaks = []
        for marked in (False, True):
            given = [
                (
                    ds,
                    gross(one.need.net, one.team.targets.shrinkage) if marked else one.need.net,
                    one.need.seconds,
                )
                for ds, one in zip(buckets, plans, strict=True)
            ]
            peaks.append(float(np.nanmax(np.nan_to_num(grid.mean(given)), initial=0.0)))
        net = [agent_hours(one.need.net, one.need.seconds) for one in plans]
        paid = [hours / (1 - one.team.targets.shrinkage) for hours, one in zip(net, plans, strict=True)]
        costs = [euros(hours, one.team.rate) for hours, one in zip(paid, plans, strict=True)]
        cost = None if None in costs else float(sum(one for one in costs if one is not None))
        found.append(Surer(quantile, sum(net), sum(paid), peaks[0], peaks[1], cost))
    return tuple(found)
