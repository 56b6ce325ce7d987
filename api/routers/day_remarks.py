"""/v1/day-remarks: why days came as they did, as people say."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api import paging
from api.auth import Who
from api.deps import Db, Now
from api.openapi import READ_NAMED, WRITE, responses
from api.remark_schemas import DayRemarkIn, DayRemarkOut, DayRemarkQuery
from api.schemas import Page
from store.day_remarks import load_day_remarks, save_day_remark
from store.queues import require_queues

router = APIRouter(tags=["evidence"])


@router.get("/v1/day-remarks", responses=READ_NAMED)
def list_day_remarks(session: Db, query: Annotated[DayRemarkQuery, Query()]) -> Page[DayRemarkOut]:
    """What people say of days that came otherwise than forecast, by queue and day. The newest remark of a day counts."""
    if query.queue:
        require_queues(session, query.queue)
    held = load_day_remarks(session, queues=query.queue, start=query.start, end=query.end)
    rows = [DayRemarkOut(**vars(one)) for one in held]
    page, cursor = paging.cut(query, rows, lambda row: (row.queue, row.day.isoformat()), (str, str))
    return Page(rows=page, next_cursor=cursor)


@router.post("/v1/day-remarks", responses={**WRITE, **responses(404)})
def save_remark(session: Db, now: Now, who: Who, told: DayRemarkIn) -> DayRemarkOut:
    """Say why a day came as it did, or with an empty reason take the remark away. It never changes what is counted or forecast."""
    held = save_day_remark(session, queue=told.queue, day=told.day, reason=told.reason, who=who, now=now)
    if held is None:
        return DayRemarkOut(queue=told.queue, day=told.day, reason="", who=who, at=now)
    return DayRemarkOut(**vars(held))
