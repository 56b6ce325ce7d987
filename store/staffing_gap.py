"""The gap between a staffing plan and what the published forecast asks for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import column_ns
from forecast.staffing.gap import DaySum, Gap, Plan, day_sums, gap
from forecast.staffing.needs import Targets
from store.settings import Settings
from store.staffing import load_staffing
from store.staffing_settings import nearest_quantile
from store.staffing_team import (
    NO_FORECAST,
    TOGETHER,
    Asked,
    Team,
    load_known,
    load_team,
    require_team,
    team_names,
)


@dataclass(frozen=True)
class GroupGap:
    """One planning group (or queue): its gap, the targets it was held against, and its sums by day. rate: euros an hour paid."""

    group: str
    queues: tuple[str, ...]
    tz: str
    targets: Targets
    quantile: float
    gap: Gap
    days: tuple[DaySum, ...]
    rate: float | None = None


def load_gap(
    session: Session,
    settings: Settings,
    *,
    start: dt.datetime,
    end: dt.datetime,
    now: dt.datetime,
    group: str | None = None,
    quantile: float | None = None,
) -> tuple[list[GroupGap], list[str]]:
    """Per group of the plan, of the planning groups, or of no group (a queue), with what to know about it.

    From the forecast that is published now, start <= ds < end. NotFound for a group nobody knows; InputError for a
    quantile that forecasts do not keep.
    """
    asked = Asked(quantile=None if quantile is None else nearest_quantile(quantile))
    plan, known = load_staffing(session, start=start, end=end), load_known(session, settings, now)
    names = team_names(known, start, end, list(plan["group"]))
    if group is not None:
        require_team(group, names)
    found, notes = list[GroupGap](), list[str]()
    for name in names if group is None else [group]:
        team, told = load_team(session, settings, known, name, start=start, stop=end, asked=asked)
        mine = plan[plan["group"] == name]
        if team is not None:
            found.append(gap_of(team, mine))
        elif mine.empty:  # nothing is planned either
            told = [note for note in told if note != NO_FORECAST.format(group=name)]
        notes += told
    notes += [TOGETHER] if any(one.quantile > 0.5 and len(one.queues) > 1 for one in found) else []
    return found, list(dict.fromkeys(notes))


def gap_of(team: Team, plan: pd.DataFrame) -> GroupGap:
    """A team against the rows of its plan [ds, agents, gross]; without rows nothing is planned, which is not nobody."""
    made = gap(
        team.demands(), _plan(plan), team.targets, interval=team.interval, tz=team.tz, blended=team.blended
    )
    days = tuple(day_sums(made, team.tz))
    return GroupGap(team.name, team.queues, team.tz, team.targets, team.quantile, made, days, team.rate)


def _plan(rows: pd.DataFrame) -> Plan:
    rows = rows.sort_values("ds")
    gross = np.nan_to_num(rows["gross"].to_numpy(dtype=np.float64)) > 0
    return Plan(column_ns(rows["ds"]), rows["agents"].to_numpy(dtype=np.float64), gross)
