"""Agents needed against planned on a stretch of one day: the teams of one queue, and what a surge of contacts adds to them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import SECOND, from_ns
from forecast.staffing.gap import Gap
from forecast.staffing.needs import gross
from forecast.staffing.plan import needed
from store.groups import load_groups
from store.queues import Queue
from store.settings import Settings
from store.staffing import load_staffing
from store.staffing_gap import gap_of
from store.staffing_team import Known, Team, load_known, load_team


@dataclass(frozen=True)
class TeamGap:
    """One planning group, or a queue that is one, with its gap."""

    name: str
    tz: str
    queues: tuple[str, ...]
    gap: Gap

    @property
    def planned(self) -> bool:
        """Is there a plan for any of it?"""
        return bool(np.isfinite(self.gap.planned_net).any())


@dataclass(frozen=True)
class More:
    """Agents that a surge asks for on top, at its busiest interval."""

    net: float
    gross: float


def load_day_agents(
    session: Session,
    settings: Settings,
    queue: Queue,
    *,
    start: dt.datetime,
    stop: dt.datetime,
    now: dt.datetime,
) -> list[TeamGap]:
    """The teams of a queue over start <= ds < stop; a team of which nothing is forecast by interval is left out."""
    parts = load_groups(session).parts
    names = sorted({part.group for part in parts if part.queue == queue.name}) or [queue.name]
    members = {queue.name, *(part.queue for part in parts if part.group in names)}
    known = load_known(session, settings, now, only=sorted(members))
    plan = load_staffing(session, start=start, end=stop)
    found = []
    for name in names:
        team, _ = load_team(session, settings, known, name, start=start, stop=stop)
        if team is not None:
            held = gap_of(team, plan[plan["group"] == name])
            found.append(TeamGap(team.name, team.tz, team.queues, held.gap))
    return found


def more_agents(
    session: Session, settings: Settings, known: Known, queue: str, *, start: int, stop: int, extra: float
) -> More | None:
    """What so many contacts on top, spread evenly over start .. stop (ns), ask for. None where it is not forecast by interval.

    Over what is forecast, at the queue's own targets, whoever staffs it.
    """
    first, last = (from_ns(at).to_pydatetime() for at in (start, stop))
    team, _ = load_team(session, settings, known, queue, start=first, stop=last, whole=True)
    if team is None or last <= first:
        return None
    without = _net(team, 0.0, start, stop)
    with_it = _net(team, extra, start, stop)
    added = with_it - without
    if not np.isfinite(added).any():
        return None
    net = float(np.nanmax(added))
    return More(net, float(gross(np.array(net), team.targets.shrinkage)))


def _net(team: Team, extra: float, start: int, stop: int) -> Floats:
    """Net agents per interval [n] with so many contacts on top."""
    demands = []
    for one in team.demands():
        share = _inside(one.ds, team.interval.seconds * SECOND, start, stop)
        total = float(share.sum())
        added = extra * share / total if total else share
        demands.append(replace(one, contacts=one.contacts + added))
    found = needed(demands, team.targets, interval=team.interval, tz=team.tz, blended=team.blended)
    return np.asarray(found.net)


def _inside(ds: Ns, length: int, start: int, stop: int) -> Floats:
    """The part of each bucket [n] that lies between start and stop."""
    inside = np.minimum(ds + length, stop) - np.maximum(ds, start)
    return np.asarray(np.clip(inside, 0, None) / length)
