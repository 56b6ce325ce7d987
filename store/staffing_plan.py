"""Agents needed by the published forecast, per team: by interval, hour and day, in hours and euros, and how sure that is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from forecast.arrays import Floats
from forecast.errors import InputError
from forecast.models.base import QUANTILES
from forecast.staffing.cost import Sureness, agent_hours, euros, sureness
from forecast.staffing.needs import gross
from forecast.staffing.plan import Need, needed
from store.settings import Settings
from store.staffing_team import TOGETHER, Asked, Known, Team, load_known, load_team, require_team, team_names

USUAL, SURE = 0.5, 0.9  # what being sure costs is told between these


@dataclass(frozen=True)
class DayPlan:
    """One local day of a team. hours: of agents; peak: the most agents in one interval; unknown: intervals left out."""

    day: int
    contacts: float
    workload_hours: float
    hours_net: float
    hours_gross: float
    peak_net: float
    peak_gross: float
    euros: float | None
    unknown: int


@dataclass(frozen=True)
class TeamPlan:
    """What a team needs. by_quantile: net agents [n] at each kept quantile, where they were asked for."""

    team: Team
    need: Need
    days: tuple[DayPlan, ...]
    by_quantile: Mapping[float, Floats]
    sureness: Sureness | None


@dataclass(frozen=True)
class Selection:
    """Which teams over which span: one planning group, one whole queue, or all."""

    start: dt.datetime
    stop: dt.datetime
    group: str | None = None
    queue: str | None = None

    def __post_init__(self) -> None:
        if self.group is not None and self.queue is not None:
            raise InputError(
                "A group and a queue are asked for at once.",
                remedy="Give `group` for what a team takes of its queues, or `queue` for all of one queue.",
                field="queue",
            )

    def names(self, known: Known) -> list[str]:
        """The teams, by name. NotFound for a group or queue nobody knows."""
        if self.queue is not None:
            return [self.queue]
        names = team_names(known, self.start, self.stop)
        if self.group is None:
            return names
        require_team(self.group, names)
        return [self.group]


def load_plans(
    session: Session,
    settings: Settings,
    selection: Selection,
    *,
    now: dt.datetime,
    asked: Asked | None = None,
    certainty: bool = False,
    after: str = "",
) -> Iterator[tuple[str, TeamPlan | None, list[str]]]:
    """Per team from the name `after` on: its plan (None where nothing is forecast for it), and what to know about it.

    certainty: also the agents at every kept quantile, and what being sure costs. Nothing is read before the first is
    asked for. NotFound for a name nobody knows, InputError for targets that cannot be.
    """
    known = load_known(session, settings, now)
    for name in selection.names(known):
        if name < after:
            continue
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
        made = None if team is None else plan_of(team, certainty=certainty)
        several = team is not None and team.quantile > 0.5 and len(team.works) > 1
        yield name, made, [*notes, *([TOGETHER] if several else [])]


def plan_of(team: Team, *, certainty: bool = False) -> TeamPlan:
    """A team -> what it needs at its quantile; with `certainty` at every kept one."""
    need = _needed(team, team.quantile)
    levels: dict[float, Floats] = {}
    sure = None
    days = tuple(day_plans(team, need))
    if certainty:
        levels = {tau: need.net if tau == team.quantile else _needed(team, tau).net for tau in QUANTILES}
        sure = sureness(
            (USUAL, levels[USUAL]),
            (SURE, levels[SURE]),
            need.seconds,
            days=max(len(days), 1),
            shrinkage=team.targets.shrinkage,
            rate=team.rate,
        )
    return TeamPlan(team, need, days, levels, sure)


def _needed(team: Team, quantile: float) -> Need:
    return needed(
        team.demands(quantile), team.targets, interval=team.interval, tz=team.tz, blended=team.blended
    )


def day_plans(team: Team, need: Need) -> Iterator[DayPlan]:
    """The local days of a team in order; intervals whose need is not known are counted, and left out of the sums."""
    day = team.day_of(need.ds)
    work = work_hours(need)
    for one in np.unique(day):
        mine = day == one
        net, seconds = need.net[mine], need.seconds[mine]
        known = net[~np.isnan(net)]
        hours = agent_hours(net, seconds)
        peak = float(known.max()) if len(known) else np.nan
        paid = hours / (1 - team.targets.shrinkage)
        yield DayPlan(
            day=int(one),
            contacts=float(need.contacts[mine].sum()),
            workload_hours=float(np.nansum(work[mine])),
            hours_net=hours,
            hours_gross=paid,
            peak_net=peak,
            peak_gross=float(gross(np.array(peak), team.targets.shrinkage)),
            euros=euros(paid, team.rate),
            unknown=int(np.isnan(net).sum()),
        )


def work_hours(need: Need) -> Floats:
    """Hours that the contacts of each interval take [n]; NaN where their handling time is not known."""
    return np.where(need.contacts > 0, need.contacts * need.aht / 3600, 0.0)
