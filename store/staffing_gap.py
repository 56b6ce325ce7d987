"""The gap between a staffing plan and what the published forecast asks for."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, Interval, column_ns, local_ns, to_ns
from forecast.errors import NotFound
from forecast.planning_groups import Groups
from forecast.staffing.gap import DaySum, Demand, Gap, Plan, day_sums, gap
from forecast.staffing.needs import Targets
from store.forecasts import load_forecast
from store.groups import load_groups
from store.queues import Queue, load_queues
from store.settings import Settings
from store.staffing import load_staffing
from store.staffing_settings import nearest_quantile

NO_TIMES = "{queue}: no handling time is forecast, so what {group} needs is not known."
BY_DAY = "{queue}: it is forecast by day, so what {group} needs in an interval is not known; it is left out."
NOT_SAID = "{queue}: no forecast is published of it in this span: its part in what {group} needs is left out."
NO_FORECAST = "{group}: no forecast is published for it in this span."
NO_QUEUE = "{group}: no queue and no planning group has this name, so what it needs is not known."
WORKLOAD = "E-mail, chat and social are staffed by the work that comes in each interval, as if none of it could wait."
TOGETHER = "Above 0.5, the quantiles of several queues are added up, as if all were busy at once."


@dataclass(frozen=True)
class GroupGap:
    """One planning group (or queue): its gap, the targets it was held against, and its sums by day."""

    group: str
    queues: tuple[str, ...]
    tz: str
    targets: Targets
    quantile: float
    gap: Gap
    days: tuple[DaySum, ...]


def load_gap(
    session: Session,
    settings: Settings,
    *,
    start: dt.datetime,
    end: dt.datetime,
    group: str | None = None,
    quantile: float | None = None,
) -> tuple[list[GroupGap], list[str]]:
    """Per group of the plan, of the planning groups, or of no group (a queue), with what to know about it.

    From the forecast that is published now, start <= ds < end. NotFound for a group nobody knows; InputError for a
    quantile that forecasts do not keep.
    """
    if quantile is not None:
        nearest_quantile(quantile)
    plan, queues = load_staffing(session, start=start, end=end), load_queues(session)
    groups = load_groups(session)
    names = list(
        dict.fromkeys([*plan["group"], *(key[0] for key in groups.keys), *_alone(groups, queues, start, end)])
    )
    _require(group, names)
    said = load_forecast(session, series=[one.name for one in queues], start=start, end=end, costs=True)
    found, notes = [], []
    for name in sorted(names) if group is None else [group]:
        one, told = _of_group(name, plan, said, queues, groups, settings, quantile)
        notes += told
        found += [] if one is None else [one]
    notes += [WORKLOAD] if any("workload" in text for one in found for text in one.gap.methods) else []
    notes += [TOGETHER] if any(one.quantile > 0.5 and len(one.queues) > 1 for one in found) else []
    return found, notes


def _alone(groups: Groups, queues: Sequence[Queue], start: dt.datetime, end: dt.datetime) -> list[str]:
    """Queues that keep contacts in the span, all of them or what planning groups leave: each is a group of its own."""
    ns = np.array([to_ns(start), to_ns(end) - 1], dtype=np.int64)
    found = []
    for queue in queues:
        first, last = (local_ns(ns, queue.tz) // DAY).tolist()
        if any(groups.rest(queue.name, day) > 0 for day in range(first, last + 1)):
            found.append(queue.name)
    return found


def _require(group: str | None, names: Sequence[str]) -> None:
    if group is None or group in names:
        return
    near = difflib.get_close_matches(group, names, n=3, cutoff=0.4)
    remedy = (
        f"Did you mean {', '.join(near)}?"
        if near
        else "Import a plan first: `forecall import staffing FILE`."
    )
    raise NotFound(f"There is no planning group or queue {group!r}.", remedy=remedy, field="group")


def _of_group(
    name: str,
    plan: pd.DataFrame,
    said: pd.DataFrame,
    queues: Sequence[Queue],
    groups: Groups,
    settings: Settings,
    quantile: float | None,
) -> tuple[GroupGap | None, list[str]]:
    """One group's gap; None where nothing is planned for it and nothing forecast."""
    mine = plan[plan["group"] == name]
    members = [queue for queue in queues if _ever(groups, queue.name, name)]
    targets, usual = settings.staffing.of(name, [queue.name for queue in members])
    chosen = usual if quantile is None else nearest_quantile(quantile)
    notes, demands, silent = [], [], []
    for queue in members:
        rows = said[said["series"] == queue.name]
        if queue.interval.slots == 1:
            notes += [BY_DAY.format(queue=queue.name, group=name)] if len(rows) else []
            continue
        one = _demand(queue, rows, groups, name, chosen)
        if np.isnan(one.aht[one.contacts > 0]).any():
            notes.append(NO_TIMES.format(queue=queue.name, group=name))
        demands += [one] if len(one.ds) else []
        silent += [] if len(one.ds) else [queue.name]
    if demands:
        notes += [NOT_SAID.format(queue=queue, group=name) for queue in silent]
    else:
        if mine.empty:
            return None, notes
        return None, [*notes, (NO_FORECAST if members else NO_QUEUE).format(group=name)]
    tz = members[0].tz
    known = {queue.name for queue in members} & {one.queue for one in demands}
    interval = max(
        (queue.interval for queue in members if queue.name in known), key=lambda each: each.seconds
    )
    made = gap(demands, _plan(mine), targets, interval=Interval(interval), tz=tz)
    names = tuple(one.queue for one in demands)
    return GroupGap(name, names, tz, targets, chosen, made, tuple(day_sums(made, tz))), notes


def _ever(groups: Groups, queue: str, group: str) -> bool:
    """May the group take contacts of the queue, on any day? A queue's own group has its name."""
    return queue == group or any(part.queue == queue and part.group == group for part in groups.parts)


def _demand(queue: Queue, rows: pd.DataFrame, groups: Groups, group: str, quantile: float) -> Demand:
    ds: Ns = column_ns(rows["ds"])
    share = _share(groups, queue.name, group, local_ns(ds, queue.tz) // DAY if len(ds) else ds)
    contacts = rows[f"{quantile:g}"].to_numpy(dtype=np.float64) * share
    return Demand(queue.name, queue.channel, ds, contacts, rows["aht"].to_numpy(dtype=np.float64))


def _share(groups: Groups, queue: str, group: str, day: Ns) -> Floats:
    """The part of a queue's contacts that a group takes on local days [n], over all its sites."""
    days, place = np.unique(day, return_inverse=True)
    found = groups.shares([queue], days)
    mine = [at for at, key in enumerate(found.keys) if key[0] == group]
    return np.asarray(found.share[mine, 0].sum(axis=0)[place]) if mine else np.zeros(len(day))


def _plan(rows: pd.DataFrame) -> Plan:
    rows = rows.sort_values("ds")
    gross = np.nan_to_num(rows["gross"].to_numpy(dtype=np.float64)) > 0
    return Plan(column_ns(rows["ds"]), rows["agents"].to_numpy(dtype=np.float64), gross)
