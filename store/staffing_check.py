"""What agents given reach, and how often the promise to customers holds: nine days of ten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import floor
from forecast.errors import NotFound
from forecast.staffing.certainty import FINE, Bound, Held, between, of_days, often, share_kept
from forecast.staffing.cost import euros
from forecast.staffing.gap import DaySum, Gap, Plan, day_sums, gap
from forecast.staffing.needs import Targets
from forecast.staffing.plan import Reached, reached
from store.settings import Settings
from store.staffing_plan import Selection
from store.staffing_team import Asked, Team, load_known, load_team
from store.staffing_work import Work

ALIKE = "Per day, all intervals of the day are taken to be busy or quiet together."
NO_DAYS = "Days that are not forecast as such: their intervals are each taken at the same quantile."
PROMISE = "What holds is the promise to customers; occupancy is shown, and is no part of it."
COUNTS = "Quantiles are of counts, and the formulae for calls and chats add the chance of single contacts once more: it holds a little more often than is said."
SHARED = "The agents given are shared out over the channels of the team by what each needs."
NOT_ON = "{count:,} of the rows given lie in no interval of the forecast and are left out."


@dataclass(frozen=True)
class Given:
    """Agents: `level` in every interval in which the team is open, or agents[k] from ds[k] on; gross: with shrinkage in them."""

    gross: bool
    level: float | None = None
    ds: Ns | None = None
    agents: Floats | None = None


@dataclass(frozen=True)
class Promised:
    """The figures that something is promised of [n]; NaN where nothing is."""

    service_level: Floats
    in_time: Floats


@dataclass(frozen=True)
class DayCheck:
    """One local day. service_level, in_time: at the mean of the forecast; share: how often the promise holds."""

    sums: DaySum
    service_level: float
    in_time: float
    share: float
    bound: Bound
    under_euros: float | None
    over_euros: float | None
    euros: float | None


@dataclass(frozen=True)
class Check:
    """gap: given against needed, per bucket [n]; reached: at the mean; holds: per bucket; days: those with agents and contacts."""

    team: Team
    gap: Gap
    reached: Reached
    holds: Held
    days: tuple[DayCheck, ...]
    share: float
    bound: Bound
    sentence: str


def load_check(
    session: Session,
    settings: Settings,
    selection: Selection,
    given: Given,
    *,
    now: dt.datetime,
    asked: Asked | None = None,
) -> tuple[Check, list[str]]:
    """One team with agents given -> what they reach, and what to know about it.

    NotFound for a name nobody knows, or a team of which nothing is forecast; InputError for targets that cannot be.
    """
    known = load_known(session, settings, now)
    (name,) = selection.names(known)
    team, notes = load_team(
        session,
        settings,
        known,
        name,
        start=selection.start,
        stop=selection.stop,
        asked=asked,
        whole=selection.queue is not None,
    )
    if team is None:
        raise NotFound(
            " ".join(notes),
            remedy="Publish a forecast that covers the span: `forecall run predict`.",
            field="queue" if selection.queue is not None else "group",
        )
    return check(team, given), [*notes, *_notes(team, given)]


def _notes(team: Team, given: Given) -> list[str]:
    every = _every(team)
    later = {one.later for one in team.works}
    notes = [ALIKE, PROMISE] + ([COUNTS] if False in later else [])
    several = len({one.queue.channel for one in team.works}) > 1
    notes += [SHARED] if several and not team.blended else []
    notes += [NO_DAYS] if any(np.isnan(one.factor[:, one.usual > 0]).any() for one in team.works) else []
    if given.ds is not None:
        last = int(every[-1]) + team.interval.seconds * 10**9
        outside = int(((given.ds < every[0]) | (given.ds >= last)).sum())
        notes += [NOT_ON.format(count=outside)] if outside else []
    return notes


def check(team: Team, given: Given) -> Check:
    """A team and agents -> what they reach, per bucket and day."""
    every = _every(team)
    plan = _plan(team, given, every)
    found = gap(team.demands(), plan, team.targets, interval=team.interval, tz=team.tz, blended=team.blended)
    agents = np.nan_to_num(found.planned_net)
    unknown = np.isnan(found.planned_net) | np.isnan(found.needed_net)
    usual = [one.usual for one in team.works]
    at_mean = _reached(team, usual, agents)
    single = np.stack(
        [
            np.where(unknown, np.nan, _margin(_reached(team, one, agents), team.targets))
            for one in _at_each([one.levels for one in team.works])
        ]
    )
    busy = sum(_on(team, one, part, every) for one, part in zip(team.works, usual, strict=True)) > 0
    holds = share_kept(np.where(busy, single, np.nan))
    days = _days(team, found, at_mean, agents, unknown)
    known = [one for one in days if one.share == one.share]
    share = float(np.mean([one.share for one in known])) if known else np.nan
    bounds = {one.bound for one in known}
    bound = bounds.pop() if len(bounds) == 1 else None
    return Check(team, found, at_mean, holds, days, share, bound, _sentence(team, given, share, bound))


def _every(team: Team) -> Ns:
    """The buckets in which any queue of a team has a forecast [n]."""
    return np.unique(np.concatenate([floor(one.ds, team.interval, team.tz) for one in team.works]))


def _on(team: Team, work: Work, values: Floats, every: Ns) -> Floats:
    """A queue's contacts on the buckets of its team [n]."""
    place = np.searchsorted(every, floor(work.ds, team.interval, team.tz))
    return np.bincount(place, weights=values, minlength=len(every)).astype(np.float64)


def _plan(team: Team, given: Given, every: Ns) -> Plan:
    if given.ds is not None and given.agents is not None:
        order = np.argsort(given.ds, kind="stable")
        return Plan(given.ds[order], given.agents[order], np.full(len(order), given.gross))
    open_ = np.zeros(len(every), dtype=bool)
    for one in team.works:
        some = one.usual > 0
        if one.later:
            some = np.ones(len(one.ds), dtype=bool) if one.open is None else one.open
        open_ |= _on(team, one, some.astype(np.float64), every) > 0
    return Plan(every, np.where(open_, given.level or 0.0, 0.0), np.full(len(every), given.gross))


def _reached(team: Team, contacts: Sequence[Floats], agents: Floats) -> Reached:
    return reached(
        [one.demand(part) for one, part in zip(team.works, contacts, strict=True)],
        agents,
        team.targets,
        interval=team.interval,
        tz=team.tz,
        blended=team.blended,
    )


def _at_each(levels: Sequence[Floats]) -> list[list[Floats]]:
    """Contacts of each queue at the kept quantiles [13, n] -> of each queue at every probability looked at."""
    fine = [between(one) for one in levels]
    return [[one[at] for one in fine] for at in range(len(FINE))]


def _margin(found: Promised | Reached, targets: Targets) -> Floats:
    """What is reached less what is promised [n], of what the team promises the least; +inf where nothing is."""
    parts = (found.service_level - targets.service_level, found.in_time - targets.response_share)
    return np.asarray(np.minimum(*(np.where(np.isnan(one), np.inf, one) for one in parts)))


def _days(team: Team, found: Gap, at_mean: Reached, agents: Floats, unknown: Flags) -> tuple[DayCheck, ...]:
    """Days that the agents cover and on which contacts are expected."""
    every, day = found.ds, team.day_of(found.ds)
    days, place = np.unique(day, return_inverse=True)
    usual = [one.usual for one in team.works]
    alike = [of_days(one.usual, one.levels, one.factor) for one in team.works]
    margins = np.stack(
        [
            _margin(_of_days(team, one, _reached(team, one, agents), every, place, len(days)), team.targets)
            for one in _at_each(alike)
        ]
    )
    untold = np.bincount(place, weights=unknown, minlength=len(days)) > 0
    holds = share_kept(np.where(untold, np.nan, margins))
    mean = _of_days(team, usual, at_mean, every, place, len(days))
    came = np.bincount(place, weights=found.contacts, minlength=len(days))
    made = []
    for sums in day_sums(found, team.tz):
        at = int(np.searchsorted(days, sums.day))
        if came[at] <= 0:
            continue
        paid = sums.planned_net / (1 - team.targets.shrinkage)
        made.append(
            DayCheck(
                sums,
                float(mean.service_level[at]),
                float(mean.in_time[at]),
                float(holds.share[at]),
                holds.bound(at),
                euros(sums.under_gross, team.rate),
                euros(sums.over_gross, team.rate),
                euros(paid, team.rate),
            )
        )
    return tuple(made)


def _of_days(
    team: Team, contacts: Sequence[Floats], found: Reached, every: Ns, place: Ns, count: int
) -> Promised:
    """What is reached by interval [n] -> by day [d]: over the contacts of the day; NaN where none come."""

    def mean(values: Floats, later: bool) -> Floats:
        weight = np.zeros(len(every))
        for one, part in zip(team.works, contacts, strict=True):
            weight += _on(team, one, part, every) if one.later == later else 0.0
        weight = np.where(np.isnan(values), 0.0, weight)
        total = np.bincount(place, weights=weight, minlength=count)
        parts = np.bincount(place, weights=np.nan_to_num(values) * weight, minlength=count)
        return np.where(total > 0, parts / np.where(total > 0, total, 1.0), np.nan)

    return Promised(mean(found.service_level, False), mean(found.in_time, True))


def _sentence(team: Team, given: Given, share: float, bound: Bound) -> str:
    """What a planner asks: how often do so many agents keep the promise?"""
    marked = "gross" if given.gross else "net"
    who = "The agents given" if given.level is None else f"{given.level:,g} agents"
    targets, later = team.targets, {one.later for one in team.works}
    promises = []
    if False in later:
        promises.append(f"{targets.service_level:.0%} within {targets.answer_seconds:g} seconds")
    if True in later:
        promises.append(
            f"{targets.response_share:.0%} of what can wait within {targets.response_hours:g} hours"
        )
    kept = f"{who} ({marked}) answer {' and '.join(promises)}"
    if share != share:
        return f"How often {kept[0].lower() + kept[1:]} is not known."
    return f"{kept} on {often(share, bound)}."
