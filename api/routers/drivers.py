"""Drivers: quantities known ahead, past and future, and what each is worth in contacts."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import numpy as np
import pandas as pd
from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from api import moments, paging
from api.auditing import Noted
from api.calendar_schemas import (
    DriverBatch,
    DriverOut,
    DriverQuery,
    DriverRemoval,
    DriversOut,
    DriverValueOut,
    Stored,
    WorthOut,
)
from api.deps import Config, Db, Now
from api.openapi import READ_NAMED, responses
from forecast.buckets import index, to_ns
from store.drivers import load_drivers, remove_drivers, save_drivers
from store.queues import require_queues
from store.settings import Settings

router = APIRouter(tags=["drivers"])
CHANGE = responses(400, 401, 403, 404, 413, 422, 500, 503)


@router.get("/v1/drivers", responses=READ_NAMED)
def list_drivers(session: Db, now: Now, config: Config, query: Annotated[DriverQuery, Query()]) -> DriversOut:
    """The drivers there are; with `queue` what each is worth to it, with `start` their latest values."""
    held = load_drivers(session)
    if query.queue is not None:
        require_queues(session, [query.queue])
        held = held[held["queue"].isin(["", query.queue])]
    if query.driver:
        held = held[held["driver"].isin(query.driver)]
    start = moments.optional(query.start, config.company.timezone, "start")
    end = moments.optional(query.end, config.company.timezone, "end")
    if start is not None and end is not None:
        moments.span(start, end, now, most_days=4_000)
    rows = [] if start is None else _values(held, start, end)
    page, cursor = paging.cut(
        query, rows, lambda row: (row.driver, row.queue, int(row.start_utc.timestamp())), (str, str, int)
    )
    return DriversOut(
        drivers=[_driver(one) for _, one in held.groupby(["driver", "queue"], sort=True)],
        worths=None if query.queue is None else _worths(session, config, query.queue, now),
        rows=page,
        next_cursor=cursor,
    )


@router.post("/v1/drivers", responses=CHANGE)
def post_drivers(session: Db, now: Now, config: Config, note: Noted, batch: DriverBatch) -> Stored:
    """Take amounts known ahead. All are stored or none; what is held already stores nothing. A change is known from now on."""
    tz = config.company.timezone
    known = [
        now if row.known_at is None else moments.parse(row.known_at, tz, "known_at") for row in batch.rows
    ]
    require = sorted({row.queue for row in batch.rows if row.queue})
    require_queues(session, require)
    rows = pd.DataFrame([row.model_dump(exclude={"start", "known_at"}) for row in batch.rows])
    drivers = rows.assign(
        worth=rows["worth"].astype("float64"),
        ds=_index([moments.parse(row.start, tz, "start") for row in batch.rows]),
        known_at=_index([min(at, now) for at in known]),
    )
    stored = save_drivers(session, drivers)
    if stored:
        note("driver.save", f"driver {', '.join(sorted(set(drivers['driver'])))}", {"rows": stored})
    return Stored(stored=stored)


@router.delete("/v1/drivers", responses=CHANGE)
def delete_drivers(
    session: Db, now: Now, config: Config, note: Noted, query: Annotated[DriverRemoval, Query()]
) -> Stored:
    """Take a plan back, all of it or of a span: known from now on, so that past forecasts stay as they were."""
    tz = config.company.timezone
    start, end = moments.optional(query.start, tz, "start"), moments.optional(query.end, tz, "end")
    gone = remove_drivers(session, query.driver, queue=query.queue, start=start, end=end, now=now)
    if gone:
        note("driver.remove", f"driver {query.driver}", {**query.model_dump(), "rows": gone})
    return Stored(stored=gone)


def _index(at: list[dt.datetime]) -> pd.DatetimeIndex:
    return index(np.array([to_ns(one) for one in at], dtype=np.int64))


def _values(held: pd.DataFrame, start: dt.datetime, end: dt.datetime | None) -> list[DriverValueOut]:
    rows = held[(held["ds"] >= start) & (True if end is None else held["ds"] < end)]
    return [
        DriverValueOut(
            driver=driver, queue=queue, start_utc=at, value=value, worth=None if worth != worth else worth
        )
        for driver, queue, at, value, worth in zip(
            rows["driver"],
            rows["queue"],
            moments.utc_of(rows["ds"]),
            rows["value"],
            rows["worth"],
            strict=True,
        )
    ]


def _driver(one: pd.DataFrame) -> DriverOut:
    said = one["worth"].dropna()
    days = moments.utc_of(one["ds"])
    return DriverOut(
        driver=one["driver"].iloc[0],
        queue=one["queue"].iloc[0],
        values=len(one),
        first=days[0],
        last=days[-1],
        assumed_worth=float(said.iloc[-1]) if len(said) else None,
    )


def _worths(session: Session, config: Settings, queue: str, now: dt.datetime) -> list[WorthOut]:
    from store.driver_worths import (
        driver_worths,
    )  # it brings the models, which the start of the API does without

    return [WorthOut(**vars(one)) for one in driver_worths(session, config, queue, now=now)]
