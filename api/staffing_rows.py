"""The answer to GET /v1/staffing, a page or a file at a time: no more in memory than a page and one team hold."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from api import moments, paging
from api.paging import Place
from api.staffing_schemas import (
    StaffingDay,
    StaffingGroup,
    StaffingOut,
    StaffingQuery,
    StaffingRow,
    SurenessOut,
    TargetsIn,
    TargetsOut,
)
from api.table import FORMULA
from forecast.buckets import day_start, from_ns
from forecast.models.base import QUANTILES
from store.plain import plain
from store.settings import Settings
from store.staffing_plan import DayPlan, Selection, TeamPlan, load_plans
from store.staffing_rows import number, rows_of
from store.staffing_settings import nearest_quantile
from store.staffing_team import Asked, Team

LEVELS = "agents_net_by_quantile"
DAYS, MOST_DAYS = dt.timedelta(days=14), 92


@dataclass(frozen=True)
class Ask:
    """A question that was understood."""

    query: StaffingQuery
    selection: Selection
    asked: Asked
    now: dt.datetime

    @property
    def by_day(self) -> bool:
        return self.query.granularity == "day"


@dataclass(frozen=True)
class Entry:
    """What counts as one row of an answer. key: (team, microseconds)."""

    key: tuple[str, int]
    days: tuple[StaffingDay, ...]
    row: StaffingRow | None


def understood(query: StaffingQuery, now: dt.datetime, tz: str) -> Ask:
    """A question with its span; InputError where that is upside down or too long."""
    start = moments.optional(query.start, tz, "start") or moments.day_of(now, tz)
    stop = moments.optional(query.end, tz, "end") or days_on(start, DAYS, tz)
    moments.span(start, stop, now, most_days=MOST_DAYS)
    return Ask(query, Selection(start, stop, query.group, query.queue), asked_of(query), now)


def days_on(start: dt.datetime, days: dt.timedelta, tz: str) -> dt.datetime:
    """So many days after a moment: from a local midnight to another, whatever the clocks do in between."""
    if start != moments.day_of(start, tz):
        return start + days
    return moments.day_of(start + days + dt.timedelta(hours=2), tz)


def asked_of(query: TargetsIn) -> Asked:
    """Targets that a question names; a patience of 0 is none. InputError for a quantile that forecasts do not keep."""
    names = set(TargetsIn.model_fields) - {"blended", "quantile"}
    given = {name: value for name, value in query.model_dump(include=names).items() if value is not None}
    if given.get("patience_seconds") == 0:
        given["patience_seconds"] = None
    quantile = None if query.quantile is None else nearest_quantile(query.quantile)
    return Asked(given, quantile, query.blended)


def page(session: Session, settings: Settings, ask: Ask, place: Place | None, limit: int) -> StaffingOut:
    """One page of the answer: the entries after `place`, at most `limit`."""
    groups, notes, taken, more = list[StaffingGroup](), list[str](), list[Entry](), False
    after = ("", 0) if place is None else (str(place.after[0]), int(place.after[1]))
    plans = load_plans(
        session,
        settings,
        ask.selection,
        now=ask.now,
        asked=ask.asked,
        certainty=ask.query.certainty,
        after=after[0],
    )
    for name, plan, told in plans:
        entries = [] if plan is None else _entries(plan, ask)
        if place is not None and name == after[0]:
            entries = [one for one in entries if one.key > after]
        room = limit - len(taken)
        if entries and room == 0:
            more = True
            break
        groups += [] if plan is None else [group_out(plan.team, plan.need.methods, plan)]
        notes += told
        taken += entries[:room]
        if len(entries) > room:
            more = True
            break
    return StaffingOut(
        start=ask.selection.start,
        end=ask.selection.stop,
        granularity=ask.query.granularity,
        groups=groups,
        days=[day for one in taken for day in one.days],
        rows=[one.row for one in taken if one.row is not None],
        notes=list(dict.fromkeys(notes)),
        next_cursor=paging.write(ask.query, Place(taken[-1].key)) if more else None,
    )


def _entries(plan: TeamPlan, ask: Ask) -> list[Entry]:
    """The rows of a team, each day with the first of its rows, and a closed day with the next that is open."""
    team, days = plan.team, [_day(plan.team, one) for one in plan.days]
    if ask.by_day:
        starts = day_start([one.day for one in plan.days], team.tz) // 1000
        return [Entry((team.name, int(at)), (day,), None) for at, day in zip(starts, days, strict=True)]
    rows = _rows(plan, hourly=ask.query.granularity == "hour")
    found, first = [], 0
    for at, row in enumerate(rows):
        last = at == len(rows) - 1
        stop = len(days) if last else first
        while not last and stop < len(days) and days[stop].date <= row.start.date().isoformat():
            stop += 1
        micros = (row.start_utc - moments.EPOCH) // dt.timedelta(microseconds=1)
        found.append(Entry((team.name, micros), tuple(days[first:stop]), row))
        first = stop
    return found


def _rows(plan: TeamPlan, *, hourly: bool) -> list[StaffingRow]:
    made = rows_of(plan, hourly=hourly)
    out = []
    for at in made.told().tolist():
        start = from_ns(int(made.ds[at])).to_pydatetime()
        levels = {f"{tau:g}": number(values[at]) for tau, values in made.levels.items()}
        out.append(
            StaffingRow(
                group=plan.team.name,
                start=moments.local_of(start, plan.team.tz),
                start_utc=start,
                seconds=float(made.seconds[at]),
                **{name: number(values[at]) for name, values in made.columns.items()},
                agents_net_by_quantile=levels or None,
            )
        )
    return out


def _day(team: Team, one: DayPlan) -> StaffingDay:
    return StaffingDay(
        group=team.name,
        date=str(np.datetime64(one.day, "D")),
        contacts=number(one.contacts),
        workload_hours=number(one.workload_hours),
        agent_hours_net=number(one.hours_net),
        agent_hours_gross=number(one.hours_gross),
        peak_net=number(one.peak_net),
        peak_gross=number(one.peak_gross),
        cost_euros=None if one.euros is None else round(one.euros, 2),
        unknown=one.unknown,
    )


def group_out(team: Team, methods: Sequence[str], plan: TeamPlan | None = None) -> StaffingGroup:
    """A team as it goes out."""
    sure = None if plan is None else plan.sureness
    return StaffingGroup(
        group=team.name,
        queues=list(team.queues),
        timezone=team.tz,
        interval=str(team.interval),
        methods=list(methods),
        blended=team.blended,
        quantile=team.quantile,
        targets=TargetsOut(**plain(team.targets)),
        rate_euros=team.rate,
        sureness=None if sure is None else SurenessOut(**plain(sure)),
    )


def csv_of(pages: Iterable[StaffingOut], ask: Ask) -> Iterator[str]:
    """Pages -> CSV, a piece per page: the columns of `StaffingRow`, by day those of `StaffingDay`."""
    yield _header(ask)
    for made in pages:
        shown: Sequence[StaffingDay | StaffingRow] = made.days if ask.by_day else made.rows
        yield _text([_cells(one) for one in shown])


def _header(ask: Ask) -> str:
    fields = list((StaffingDay if ask.by_day else StaffingRow).model_fields)
    if not ask.by_day:
        fields.remove(LEVELS)
        fields += [f"agents_net_{tau:g}" for tau in QUANTILES] if ask.query.certainty else []
    return _text([fields])


def _cells(one: StaffingDay | StaffingRow) -> list[Any]:
    values = one.model_dump(mode="json")
    levels = values.pop(LEVELS, None) or {}
    return [*values.values(), *levels.values()]


def _text(rows: Sequence[Sequence[Any]]) -> str:
    """Rows of cells -> CSV; a text that a spreadsheet would run as a formula gets an apostrophe before it."""
    text = io.StringIO()
    safe = ([f"'{v}" if isinstance(v, str) and v.startswith(FORMULA) else v for v in row] for row in rows)
    csv.writer(text, lineterminator="\r\n").writerows(safe)
    return text.getvalue()
