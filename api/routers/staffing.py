"""GET /v1/staffing: agents needed. POST /v1/staffing/check: what agents given reach. GET /v1/staffing/gap: planned against needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session, sessionmaker

from api import moments, paging, staffing_rows
from api.deps import Config, Db, Now
from api.etags import FRESH
from api.openapi import READ_NAMED, responses
from api.staffing_check_rows import MOST_DAYS, check_out, given_of
from api.staffing_gap_schemas import GapDay, GapGroup, GapOut, GapQuery, GapRow
from api.staffing_rows import DAYS, Ask, asked_of, days_on
from api.staffing_schemas import CheckIn, CheckOut, StaffingOut, StaffingQuery, TargetsOut
from forecast.arrays import Floats
from forecast.buckets import from_ns
from forecast.staffing.cost import euros
from store.plain import plain
from store.settings import Settings
from store.staffing_check import load_check
from store.staffing_gap import GroupGap, load_gap

router = APIRouter(tags=["staffing"])
EXAMPLE = (
    "group,start,start_utc,seconds,contacts,aht_seconds,workload_hours,erlangs,agents_net,agents_gross,"
    "service_level,asa_seconds,occupancy,abandonment,in_time,backlog,oldest_hours\r\n"
    "Outage,2026-03-02T08:00:00+01:00,2026-03-02T07:00:00Z,1800.0,60.0,300.0,5.0,10.0,14.0,20.0,"
    "0.8883,13.06,0.7143,0.0,,,\r\n"
)
CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}, "example": EXAMPLE}}}
}


@router.get("/v1/staffing", response_model=StaffingOut, responses={**CSV, **READ_NAMED})
def get_staffing(
    request: Request,
    response: Response,
    session: Db,
    now: Now,
    config: Config,
    query: Annotated[StaffingQuery, Query()],
) -> StaffingOut | Response:
    """Agents needed by the published forecast, manual adjustments in it, per team and interval, net and gross, with what
    is reached with them; per day agent hours, peak and euros.

    A team is a planning group over all its sites, or a queue. At most 92 days, in pages of at most 10,000 rows.
    `Accept: text/csv` or `layout=tidy` gives the same rows as CSV: whole, or with `limit` a page whose `Link` header
    leads on.
    """
    ask = staffing_rows.understood(query, now, config.company.timezone)
    as_csv = query.layout == "tidy" or (
        query.layout is None and "text/csv" in request.headers.get("accept", "")
    )
    headers = {"Vary": "Accept, Authorization", "Cache-Control": FRESH}
    place = paging.read(query, query.cursor, (str, int))
    limit = query.limit or (paging.MOST if as_csv else paging.LIMIT)
    made = staffing_rows.page(session, config, ask, place, limit)
    if as_csv:
        return _csv(request, ask, made, headers)
    response.headers.update(headers)
    return made


def _csv(request: Request, ask: Ask, first: StaffingOut, headers: dict[str, str]) -> Response:
    headers["Content-Disposition"] = f'attachment; filename="forecall-staffing-{ask.query.granularity}.csv"'
    pages: Iterator[StaffingOut] = iter([first])
    if ask.query.limit is None:
        pages = _all(request.app.state.sessions, request.app.state.settings, ask, first)
    elif first.next_cursor is not None:
        headers["Link"] = f'<{request.url.include_query_params(cursor=first.next_cursor)}>; rel="next"'
    return StreamingResponse(staffing_rows.csv_of(pages, ask), media_type="text/csv", headers=headers)


def _all(
    sessions: sessionmaker[Session], config: Settings, ask: Ask, made: StaffingOut
) -> Iterator[StaffingOut]:
    """Every page; the request's own session ends before the first byte leaves, so each has its own."""
    yield made
    while made.next_cursor is not None:
        place = paging.read(ask.query, made.next_cursor, (str, int))
        with sessions() as session:
            made = staffing_rows.page(session, config, ask, place, paging.MOST)
        yield made


@router.post("/v1/staffing/check", responses={**READ_NAMED, **responses(400, 413)})
def check_staffing(session: Db, now: Now, config: Config, body: CheckIn) -> CheckOut:
    """What agents given can be expected to reach, and how often the promise to customers holds: per interval by its own
    distribution, per day by that of the day's total, with which its intervals rise and fall together. Nothing is stored."""
    selection, given = given_of(body, now, config.company.timezone)
    found, notes = load_check(session, config, selection, given, now=now, asked=asked_of(body))
    return check_out(found, selection, notes)


@router.get("/v1/staffing/gap", responses=READ_NAMED)
def get_staffing_gap(session: Db, now: Now, config: Config, query: Annotated[GapQuery, Query()]) -> GapOut:
    """Agents planned less agents needed by the published forecast, per interval and group, net and gross, with agent hours short and over by day."""
    tz = config.company.timezone
    start = moments.optional(query.start, tz, "start") or moments.day_of(now, tz)
    end = moments.optional(query.end, tz, "end") or days_on(start, DAYS, tz)
    moments.span(start, end, now, most_days=MOST_DAYS)
    found, notes = load_gap(
        session, config, start=start, end=end, now=now, group=query.group, quantile=query.quantile
    )
    return GapOut(as_of=now, start=start, end=end, groups=[_group(one) for one in found], notes=notes)


def _group(found: GroupGap) -> GapGroup:
    days = [
        GapDay(
            date=str(np.datetime64(one.day, "D")),
            **{k: v for k, v in vars(one).items() if k != "day"},
            under_euros=euros(one.under_gross, found.rate),
            over_euros=euros(one.over_gross, found.rate),
        )
        for one in found.days
    ]
    return GapGroup(
        group=found.group,
        queues=list(found.queues),
        methods=list(found.gap.methods),
        quantile=found.quantile,
        targets=TargetsOut(**plain(found.targets)),
        days=days,
        rows=_rows(found),
    )


def _rows(found: GroupGap) -> list[GapRow]:
    """Intervals in which somebody is needed or planned, or in which that is not known."""
    one = found.gap
    figures = {
        "contacts": one.contacts,
        "aht_seconds": one.aht,
        "needed_net": one.needed_net,
        "needed_gross": one.needed_gross,
        "planned_net": one.planned_net,
        "planned_gross": one.planned_gross,
        "gap_net": one.net,
        "gap_gross": one.gross,
        "service_level": one.reached,
    }
    told = (one.contacts > 0) | (np.nan_to_num(one.planned_net) > 0) | (np.nan_to_num(one.needed_net) > 0)
    rows = []
    for at in np.flatnonzero(told).tolist():
        start = from_ns(int(one.ds[at])).to_pydatetime()
        rows.append(
            GapRow(
                start=moments.local_of(start, found.tz),
                start_utc=start,
                seconds=float(one.seconds[at]),
                **{name: _or_none(values, at) for name, values in figures.items()},
            )
        )
    return rows


def _or_none(values: Floats, at: int) -> float | None:
    value = float(values[at])
    return value if np.isfinite(value) else None
