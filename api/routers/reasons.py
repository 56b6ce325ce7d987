"""GET /v1/reasons: contact reasons by queue and week, with what they cover, where files tell them apart from the totals."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api import moments, paging
from api.deps import Db, Now
from api.openapi import READ_NAMED
from api.queries import Name, Paged, When
from api.schemas import Out, Page
from forecast.contacts.reason_files import UNKNOWN
from store.queues import load_queues, require_queues
from store.reason_weeks import Week, reason_weeks

router = APIRouter(tags=["topics"])
WEEKS = dt.timedelta(weeks=26)


class ReasonsQuery(Paged):
    queue: list[Name] = Field([], max_length=500, description="May be repeated; all queues without it.")
    start: When | None = Field(None, description="26 weeks ago without it.")
    end: When | None = None


class ReasonShare(Out):
    topic: str = Field(examples=["invoice"])
    known: bool = Field(description="False for the part of which nobody knows the reason.")
    contacts: float
    share: float = Field(description="Of the contacts offered.")


class ReasonWeek(Out):
    """One week of one queue. The reasons add up to the contacts offered on the days of which reasons are told."""

    queue: str
    week: dt.date = Field(description="Its Monday.")
    days: int = Field(description="Days of the week of which reasons are told.")
    offered: float
    handled: float | None
    coverage: float = Field(description="Part of the contacts offered whose reason is known.")
    trend: float | None = Field(description="Coverage less its mean over the four weeks before.")
    reasons: list[ReasonShare] = Field(description="The largest first, the unknown part last.")


@router.get("/v1/reasons", responses=READ_NAMED)
def get_reasons(session: Db, now: Now, query: Annotated[ReasonsQuery, Query()]) -> Page[ReasonWeek]:
    """Contact reasons per queue and week as files tell them apart from the totals: contacts, shares, and how much they cover.

    Shares in the files are of the contacts handled; what is not handled, and what nobody gave a reason, stays unknown.
    """
    if query.queue:
        require_queues(session, query.queue)
    rows = []
    for queue in load_queues(session):
        if query.queue and queue.name not in query.queue:
            continue
        start = moments.optional(query.start, queue.tz, "start")
        start = moments.day_of(now - WEEKS, queue.tz) if start is None else start
        end = moments.optional(query.end, queue.tz, "end")
        moments.span(start, end, now, most_days=1100)
        rows += [_out(week) for week in reason_weeks(session, queue, start=start, end=end)]
    page, cursor = paging.cut(query, rows, lambda row: (row.queue, row.week.isoformat()), (str, str))
    return Page(rows=page, next_cursor=cursor)


def _out(week: Week) -> ReasonWeek:
    shares = week.shares
    order = sorted(week.contacts, key=lambda topic: (topic == UNKNOWN, -week.contacts[topic], topic))
    return ReasonWeek(
        queue=week.queue,
        week=week.week,
        days=week.days,
        offered=week.offered,
        handled=week.handled,
        coverage=round(week.coverage, 4),
        trend=None if week.trend is None else round(week.trend, 4),
        reasons=[
            ReasonShare(
                topic=topic,
                known=topic != UNKNOWN,
                contacts=round(week.contacts[topic], 2),
                share=round(shares[topic], 4),
            )
            for topic in order
        ],
    )
