"""GET /v1/queues."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
from fastapi import APIRouter, Query

from api import paging
from api.deps import Db
from api.openapi import READ
from api.queries import Paged
from api.schemas import OpeningHour, Page, QueueOut
from store.days import load_hours
from store.queues import Queue, load_queues
from store.volumes import volume_series

router = APIRouter(tags=["queues"])


@router.get("/v1/queues", responses=READ)
def list_queues(session: Db, query: Annotated[Paged, Query()]) -> Page[QueueOut]:
    """The queues: channel, contact reasons, interval, zone and opening hours."""
    hours = dict(list(load_hours(session).groupby("queue")))
    topics: dict[str, set[str]] = {}
    for name, topic in volume_series(session).values():
        topics.setdefault(name, set()).add(topic)
    rows = [
        _out(queue, topics.get(queue.name, set()), hours.get(queue.name)) for queue in load_queues(session)
    ]
    page, cursor = paging.cut(query, rows, lambda row: (row.name,), (str,))
    return Page(rows=page, next_cursor=cursor)


def _out(queue: Queue, topics: set[str], hours: pd.DataFrame | None) -> QueueOut:
    spans = None
    if hours is not None:
        spans = [
            OpeningHour(
                weekday=row.weekday,
                opens=row.opens,
                closes=row.closes,
                valid_from=since,
            )
            for row, since in zip(hours.itertuples(index=False), _dates(hours["valid_from"]), strict=True)
        ]
    return QueueOut(
        name=queue.name,
        channel=queue.channel,
        topic=queue.topic,
        topics=sorted(topics),
        interval=str(queue.interval),
        timezone=queue.tz,
        hours=spans,
    )


def _dates(column: pd.Series) -> list[str | None]:
    """Midnights UTC -> local dates in ISO 8601, None where there is none."""
    return [None if pd.isna(stamp) else str(stamp)[:10] for stamp in column.tolist()]
