"""What page Staffing needs from the store: teams with their forecast, and the plan; kept while nothing changes, so that a slider recomputes only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

import pandas as pd
from sqlalchemy.orm import Session

from api.dashboard.staffing.choice import Choice, usual_day
from api.dashboard.staffing.worked import Worked
from forecast.errors import NotFound
from forecast.planning_groups import Groups
from forecast.staffing.needs import Targets
from store.backlog import target_hours
from store.export_span import zone_of
from store.forecasts import list_versions, load_forecast
from store.groups import load_groups
from store.queues import Queue, load_queues
from store.settings import Settings
from store.staffing import load_staffing
from store.staffing_team import (
    TOGETHER,
    Asked,
    Known,
    Team,
    load_known,
    load_said,
    members_of,
    team_names,
    team_of,
)
from store.staffing_work import LATER

SOON = dt.timedelta(days=8)
NONE_THERE = "There is no queue yet."


@dataclass(frozen=True)
class House:
    """Who there is to be staffed. moment: what counts as now (the forecast's own where it does not reach the real now).

    made: when the published forecast was made, None without one; live: is `moment` the real now?
    """

    queues: tuple[Queue, ...]
    groups: Groups
    tz: str
    moment: dt.datetime
    made: dt.datetime | None
    live: bool

    @property
    def teams(self) -> tuple[str, ...]:
        """The planning groups, by name."""
        return tuple(sorted({key[0] for key in self.groups.keys}))

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.channel for one in self.queues))

    @property
    def usual(self) -> dt.date:
        return usual_day(self.moment, self.tz)


@dataclass(frozen=True)
class Seen:
    """Teams as configured, over one span. plan: staffing[group, ds, agents, gross]; notes: of the store, in English.

    tz: in which its days begin and its times are read; worked: what was worked out of the teams already
    """

    teams: tuple[Team, ...]
    plan: pd.DataFrame
    notes: tuple[str, ...]
    tz: str
    start: dt.datetime
    stop: dt.datetime
    worked: Worked = field(default_factory=Worked, compare=False)

    def held_to(self, asked: Asked) -> Seen:
        """The same teams held to other promises; InputError for targets that cannot be."""
        return replace(self, teams=tuple(held_to(one, asked) for one in self.teams))

    def told(self) -> list[str]:
        """Notes, with what follows from the certainty asked for."""
        several = any(one.quantile > 0.5 and len(one.works) > 1 for one in self.teams)
        return [*self.notes, *([TOGETHER] if several else [])]


def held_to(team: Team, asked: Asked) -> Team:
    """A team held to other promises; its forecast stays."""
    targets = replace(team.targets, **dict(asked.targets))  # type: ignore[arg-type]
    quantile = team.quantile if asked.quantile is None else asked.quantile
    return replace(team, targets=targets, quantile=quantile)


def load_house(session: Session, settings: Settings, now: dt.datetime) -> House:
    """NotFound without a queue; everything else may be empty."""
    queues = tuple(load_queues(session))
    if not queues:
        raise NotFound(NONE_THERE, field="queue")
    published = next((one for one in list_versions(session, limit=50) if one.state != "draft"), None)
    live = published is None or any(
        len(load_forecast(session, series=[one.name], start=now, end=now + SOON)) for one in queues
    )  # as a rule the first has a row; one that is no longer forecast says nothing of the others
    moment = now if live or published is None else published.cutoff
    made = None if published is None else published.created_at
    return House(queues, load_groups(session), zone_of(queues, settings), moment, made, live)


def named(house: House, choice: Choice) -> list[tuple[str, bool]]:
    """(team, is all of a queue meant?) of a choice; NotFound for a queue, channel or team that is not there."""
    if choice.scope == "queue":
        names = [one.name for one in house.queues]
        return [(choice.name if choice.name in names else names[0], True)]
    if choice.scope == "channel":
        channel = choice.name if choice.name in house.channels else house.channels[0]
        return [(one.name, True) for one in house.queues if one.channel == channel]
    if choice.scope == "team":
        if not house.teams:
            raise NotFound("There is no planning group yet.", field="group")
        return [(choice.name if choice.name in house.teams else house.teams[0], False)]
    return []


def zone(settings: Settings, house: House, choice: Choice) -> str:
    """In which the days of a choice begin and its times are read: that of its queues where they share one."""
    lean = Known(house.queues, house.groups, {}, {}, {}, house.moment)
    mine = {one for name, whole in named(house, choice) for one in members_of(lean, name, whole=whole)}
    return zone_of([one for one in house.queues if one.name in mine], settings) if mine else house.tz


def load_seen(session: Session, settings: Settings, house: House, choice: Choice, now: dt.datetime) -> Seen:
    """The teams of a choice, read at once: two queries for all of them."""
    tz = zone(settings, house, choice)
    start, stop = choice.bounds(tz)
    lean = Known(house.queues, house.groups, {}, {}, {}, now)
    teams = named(house, choice) or [(name, False) for name in team_names(lean, start, stop)]
    members = sorted({one for name, whole in teams for one in members_of(lean, name, whole=whole)})
    known = load_known(session, settings, now, members)
    said = load_said(session, members, start, stop, now)
    found, notes = list[Team](), list[str]()
    for name, whole in teams:
        team, told = team_of(settings, known, name, said, start=start, stop=stop, whole=whole)
        found += [] if team is None else [team]
        notes += told
    plan = load_staffing(session, start=start, end=stop)
    mine = plan[plan["group"].isin([name for name, _ in teams])]
    return Seen(tuple(found), mine, tuple(dict.fromkeys(notes)), tz, start, stop)


def configured(
    settings: Settings, house: House, choice: Choice
) -> list[tuple[Targets, float, frozenset[str]]]:
    """Per team of a choice what it is held to by the settings: targets, certainty, and whether it takes `line` or `later`."""
    start, stop = choice.bounds(zone(settings, house, choice))
    hours = {one.name: target_hours(settings, one.name) for one in house.queues if one.channel in LATER}
    known = Known(house.queues, house.groups, {}, {}, hours, house.moment)
    teams = named(house, choice) or [(name, False) for name in team_names(known, start, stop)]
    channel = {one.name: one.channel for one in house.queues}
    found = []
    for name, whole in teams:
        mine = members_of(known, name, whole=whole)
        targets, quantile = settings.staffing.of(name, mine, hours)
        kinds = frozenset("later" if channel[one] in LATER else "line" for one in mine)
        found.append((targets, quantile, kinds))
    return found
