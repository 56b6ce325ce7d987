"""GET /v1/demand: contacts as counted and as true demand, side by side, with the parts and where each comes from."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from api import moments, paging
from api.demand_schemas import (
    DemandPage,
    DemandPartOut,
    DemandQuery,
    DemandQueueOut,
    DemandRow,
    DeviationOut,
    RateOut,
)
from api.deps import Config, Db, Now
from api.openapi import READ_NAMED
from forecast.buckets import Interval
from store.demand import QueueDemand, Row, load_demand
from store.queues import Queue, load_queues, require_queues
from store.settings import Settings

router = APIRouter(tags=["volumes"])
DAYS = dt.timedelta(days=28)
MOST_DAYS = {"interval": 100, "day": 1100, "week": 1100}
DIGITS = 2
OFF: Literal["off"] = "off"


@router.get("/v1/demand", responses=READ_NAMED)
def get_demand(session: Db, now: Now, config: Config, query: Annotated[DemandQuery, Query()]) -> DemandPage:
    """The contacts of each queue as they were counted and as the demand they stand for, with what lies between: short
    abandons, redials, transfers, overflow, callbacks. Redials that no log shows are estimated, and marked as such.
    """
    if query.queue:
        require_queues(session, query.queue)
    place = paging.read(query, query.cursor, (str, int))
    rows: list[DemandRow] = []
    queues: list[DemandQueueOut] = []
    for queue in load_queues(session):
        passed = place is not None and queue.name < place.after[0]
        if passed or (query.queue and queue.name not in query.queue) or len(rows) > query.limit:
            continue
        found = _of_queue(session, config, queue, query, now)
        mine = [_row(queue, row) for row in found.rows]
        rows += [row for row in mine if place is None or _key(row) > place.after]
        queues.append(_queue(found))
    page, more = paging.take(rows, query.limit)
    cursor = paging.write(query, paging.Place(_key(page[-1]))) if more else None
    named = {row.queue for row in page}
    return DemandPage(rows=page, next_cursor=cursor, queues=[one for one in queues if one.queue in named])


def _of_queue(
    session: Session, config: Settings, queue: Queue, query: DemandQuery, now: dt.datetime
) -> QueueDemand:
    start = moments.optional(query.start, queue.tz, "start")
    start = moments.day_of(now - DAYS, queue.tz) if start is None else start
    end = moments.optional(query.end, queue.tz, "end")
    moments.span(start, end, now, most_days=MOST_DAYS[query.granularity])
    length = None if query.granularity == "interval" else Interval.parse(query.granularity)
    return load_demand(
        session, config, queue, start=start, end=end, granularity=length, deviation=query.cursor is None
    )


def _key(row: DemandRow) -> tuple[str, int]:
    return row.queue, int(row.start_utc.timestamp())


def _row(queue: Queue, row: Row) -> DemandRow:
    moment = row.ds.to_pydatetime()
    parts = [
        DemandPartOut.model_validate(
            {
                "part": name,
                "contacts": None if value is None else round(value, DIGITS),
                "origins": list(row.origins[name]),
            }
        )
        for name, value in row.parts.items()
    ]
    return DemandRow(
        queue=queue.name,
        channel=queue.channel,
        start=moments.local_of(moment, queue.tz),
        start_utc=moment,
        offered=round(row.offered, DIGITS),
        corrected=round(row.corrected, DIGITS),
        estimated=row.estimated,
        parts=parts,
    )


def _queue(found: QueueDemand) -> DemandQueueOut:
    rate, missed = found.rate, found.deviation
    told = None
    if rate is not None and found.decided_at is not None:
        told = RateOut(
            r=rate.r, lower=rate.lower, upper=rate.upper, weeks=rate.n, decided_at=found.decided_at
        )
    return DemandQueueOut(
        queue=found.queue.name,
        correct=OFF if found.correct == OFF else "auto",
        rate=told,
        deviation=DeviationOut(days=missed.days, offered=missed.offered, corrected=missed.corrected),
    )
