"""GET and POST /v1/volumes: the contacts counted."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import numpy as np
import pandas as pd
from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from api import intake, moments, paging
from api.csv_bodies import BODY, CsvBodies
from api.deps import Db, Now
from api.openapi import READ_NAMED, WRITE
from api.queries import VolumeBatch, VolumeQuery
from api.schemas import BatchResult, Page, VolumeOut
from forecast.buckets import Interval, column_ns, floor
from store.queues import Queue, load_queues, require_queues
from store.volumes import load_volumes, save_volumes

router = APIRouter(tags=["volumes"], route_class=CsvBodies)
NUMBERS = ("offered", "handled", "abandoned", "aht_seconds")
DAYS = dt.timedelta(days=28)


@router.get("/v1/volumes", responses=READ_NAMED)
def get_volumes(session: Db, now: Now, query: Annotated[VolumeQuery, Query()]) -> Page[VolumeOut]:
    """The contacts counted per queue, contact reason and bucket, as known now. A bucket without a row counted nothing."""
    if query.queue:
        require_queues(session, query.queue)
    place = paging.read(query, query.cursor, (str, str, int))
    rows: list[VolumeOut] = []
    for queue in load_queues(session):
        passed = place is not None and queue.name < place.after[0]
        if passed or (query.queue and queue.name not in query.queue) or len(rows) > query.limit:
            continue
        found = _of_queue(session, queue, query, now)
        rows += [row for row in found if place is None or _key(row) > place.after]
    page, more = paging.take(rows, query.limit)
    cursor = paging.write(query, paging.Place(_key(page[-1]))) if more else None
    return Page(rows=page, next_cursor=cursor)


def _key(row: VolumeOut) -> tuple[str, str, int]:
    return row.queue, row.topic, int(row.start_utc.timestamp())


def _of_queue(session: Session, queue: Queue, query: VolumeQuery, now: dt.datetime) -> list[VolumeOut]:
    start = moments.optional(query.start, queue.tz, "start")
    start = moments.day_of(now - DAYS, queue.tz) if start is None else start
    end = moments.optional(query.end, queue.tz, "end")
    moments.span(start, end, now, most_days=1100 if query.granularity != "interval" else 400)
    volumes = load_volumes(session, queue.name, start, end)
    topics = volumes["topic"].mask(volumes["topic"] == "all", queue.topic)
    volumes = volumes.assign(topic=topics)
    if query.topic is not None:
        volumes = volumes[volumes["topic"] == query.topic]
    if query.granularity != "interval":
        volumes = summed(volumes, Interval.parse(query.granularity), queue.tz)
    volumes = volumes.sort_values(["topic", "ds"])
    values = moments.or_none(volumes[list(NUMBERS)])
    known = moments.utc_of(volumes["known_at"])
    return [
        VolumeOut(
            queue=queue.name,
            channel=queue.channel,
            topic=topic,
            start=moments.local_of(moment, queue.tz),
            start_utc=moment,
            **dict(zip(NUMBERS, numbers, strict=True)),
            known_at=since,
        )
        for topic, moment, numbers, since in zip(
            volumes["topic"], moments.utc_of(volumes["ds"]), values, known, strict=True
        )
    ]


def summed(volumes: pd.DataFrame, interval: Interval, tz: str) -> pd.DataFrame:
    """volumes[topic, ds, offered, handled, abandoned, aht_seconds, known_at] -> the same over longer local buckets.

    Handling time is the mean weighted by contacts handled (offered, where that is unknown).
    """
    starts = pd.to_datetime(floor(column_ns(volumes["ds"]), interval, tz), utc=True)
    weight = volumes["handled"].fillna(volumes["offered"]).where(volumes["aht_seconds"].notna())
    spent = volumes.assign(ds=starts, weight=weight, spent=volumes["aht_seconds"] * weight)
    parts = spent.groupby(["topic", "ds"], as_index=False)
    sums = parts[["offered", "handled", "abandoned", "weight", "spent"]].sum(min_count=1)
    aht = sums["spent"] / sums["weight"].where(sums["weight"] > 0, np.nan)
    return sums.assign(aht_seconds=aht, known_at=parts["known_at"].max()["known_at"])


@router.post("/v1/volumes", responses={207: {"model": BatchResult}, **WRITE}, openapi_extra=BODY)
def post_volumes(session: Db, now: Now, response: Response, batch: VolumeBatch) -> BatchResult:
    """Take contacts counted, known now. A row that says what is held already stores nothing; a bad one is reported."""
    queues = {queue.name: (queue.interval, queue.tz) for queue in load_queues(session)}
    good, errors = intake.sift(batch.rows, lambda row: intake.read_volume(row, queues, now))
    stored = save_volumes(session, intake.frame(good, NUMBERS, now), upload_id=None) if good else 0
    return intake.answer(response, received=len(batch.rows), stored=stored, errors=errors)
