"""Agents given, as they come in, and what they reach, as it goes out."""

from __future__ import annotations

import datetime as dt

import numpy as np

from api import moments
from api.staffing_rows import DAYS, days_on, group_out
from api.staffing_schemas import Chance, CheckDay, CheckIn, CheckOut, CheckRow
from forecast.buckets import from_ns, to_ns
from forecast.errors import InputError
from forecast.staffing.certainty import Bound, often
from forecast.staffing.needs import gross
from store.staffing_check import Check, DayCheck, Given
from store.staffing_plan import Selection
from store.staffing_rows import number

MOST_DAYS = 35
ONE_OF = "Give `agents` for so many in every open interval, or `rows` with the agents of each."


def given_of(body: CheckIn, now: dt.datetime, tz: str) -> tuple[Selection, Given]:
    """A body -> which team over which span, and its agents; InputError for what cannot be used together."""
    if (body.agents is None) == (body.rows is None):
        raise InputError("Agents are given twice, or not at all.", remedy=ONE_OF, field="agents")
    if (body.group is None) == (body.queue is None):
        raise InputError(
            "One group or one queue is checked at a time.", remedy="Give `group` or `queue`.", field="group"
        )
    starts = [moments.parse(one.start, tz, "rows.start") for one in body.rows or ()]
    if len(set(starts)) < len(starts):
        raise InputError(
            "Two rows begin at the same moment.",
            remedy="Keep one of each; write the offset where an hour comes twice.",
            field="rows.start",
        )
    start = moments.optional(body.start, tz, "start") or moments.day_of(min(starts, default=now), tz)
    stop = moments.optional(body.end, tz, "end") or days_on(start, DAYS, tz)
    if starts and body.end is None:
        stop = days_on(moments.day_of(max(starts), tz), dt.timedelta(days=1), tz)
    moments.span(start, stop, now, most_days=MOST_DAYS)
    selection = Selection(start, stop, body.group, body.queue)
    return selection, _given(body, starts)


def _given(body: CheckIn, starts: list[dt.datetime]) -> Given:
    marked = body.marked == "gross"
    if body.rows is None:
        return Given(marked, level=body.agents)
    ds = np.array([to_ns(one) for one in starts], dtype=np.int64)
    return Given(marked, ds=ds, agents=np.array([one.agents for one in body.rows], dtype=np.float64))


def check_out(found: Check, selection: Selection, notes: list[str]) -> CheckOut:
    """A check as it goes out."""
    return CheckOut(
        start=selection.start,
        end=selection.stop,
        group=group_out(found.team, found.gap.methods),
        holds=_chance(found.share, found.bound),
        sentence=found.sentence,
        days=[_day(one, found) for one in found.days],
        rows=_rows(found),
        notes=list(dict.fromkeys(notes)),
    )


def _chance(share: float, bound: Bound, one: str = "day", many: str = "days") -> Chance:
    return Chance(share=number(share), bound=bound, words=often(share, bound, one, many))


def _day(one: DayCheck, found: Check) -> CheckDay:
    shrinkage = found.team.targets.shrinkage
    return CheckDay(
        date=str(np.datetime64(one.sums.day, "D")),
        service_level=number(one.service_level),
        in_time=number(one.in_time),
        agent_hours_net=round(one.sums.planned_net, 4),
        agent_hours_gross=round(one.sums.planned_net / (1 - shrinkage), 4),
        under_gross=round(one.sums.under_gross, 4),
        over_gross=round(one.sums.over_gross, 4),
        cost_euros=_cents(one.euros),
        under_euros=_cents(one.under_euros),
        over_euros=_cents(one.over_euros),
        unknown=one.sums.unknown,
        holds=_chance(one.share, one.bound),
    )


def _cents(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _rows(found: Check) -> list[CheckRow]:
    """Intervals in which something comes, somebody is needed, or somebody is there."""
    one, at_mean, targets = found.gap, found.reached, found.team.targets
    given = np.nan_to_num(one.planned_net) > 0
    figures = {
        "contacts": one.contacts,
        "agents_net": one.planned_net,
        "agents_gross": gross(one.planned_net, targets.shrinkage),
        "needed_net": one.needed_net,
        "needed_gross": one.needed_gross,
        "service_level": at_mean.service_level,
        "asa_seconds": at_mean.asa,
        "occupancy": at_mean.occupancy,
        "abandonment": at_mean.abandonment,
        "in_time": at_mean.in_time,
        "backlog": at_mean.backlog,
        "oldest_hours": at_mean.oldest_hours,
    }
    rows = []
    for at in np.flatnonzero(given | (one.contacts > 0) | (np.nan_to_num(one.needed_net) > 0)).tolist():
        start = from_ns(int(one.ds[at])).to_pydatetime()
        rows.append(
            CheckRow(
                start=moments.local_of(start, found.team.tz),
                start_utc=start,
                seconds=float(one.seconds[at]),
                **{name: number(values[at]) for name, values in figures.items()},
                holds=_chance(float(found.holds.share[at]), found.holds.bound(at), "interval", "intervals"),
            )
        )
    return rows
