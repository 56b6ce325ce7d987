"""GET and POST /v1/signals: what people say in public, counted."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import numpy as np
import pandas as pd
from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from api import intake, moments, paging
from api.csv_bodies import BODY, CsvBodies
from api.deps import Config, Db, Now
from api.openapi import READ, WRITE
from api.queries import SignalBatch, SignalQuery
from api.schemas import BatchResult, Page, SignalOut
from forecast.buckets import Interval, column_ns, floor, zone
from forecast.social.signals import SignalName
from store.signals import load_signal_catalogue, load_signals, save_signals

router = APIRouter(tags=["signals"], route_class=CsvBodies)
WEEK = dt.timedelta(days=7)


@router.get("/v1/signals", responses=READ)
def get_signals(
    session: Db, now: Now, config: Config, query: Annotated[SignalQuery, Query()]
) -> Page[SignalOut]:
    """Posts (and other signals) per topic and bucket. A count without a row is zero; a level holds until the next row."""
    tz = config.company.timezone
    start = moments.optional(query.start, tz, "start") or now - WEEK
    end = moments.optional(query.end, tz, "end")
    moments.span(start, end, now, most_days=400)
    signals = load_signals(session, start=start, end=end)
    if query.name:
        signals = signals[signals["signal"].isin(query.name)]
    if query.topic:
        signals = signals[signals["topic"].isin(query.topic)]
    if query.language is not None or query.brand is not None:
        asked = [_asked(name, query) for name in signals["signal"]]
        signals = signals[np.array(asked, dtype=bool)]
    zones = _zones(session)
    if query.interval != "interval":
        signals = _summed(signals, Interval.parse(query.interval), zones)
    names = {name: SignalName.parse(name) for name in signals["signal"].unique()}
    least = config.social.privacy.least_shown
    rows = [
        _shown(signal, topic, moments.local_of(at, zones[signal, topic]), at, value, names[signal], least)
        for signal, topic, at, value in zip(
            signals["signal"], signals["topic"], moments.utc_of(signals["ds"]), signals["value"], strict=True
        )
    ]
    page, cursor = paging.cut(
        query, rows, lambda row: (row.signal, row.topic, int(row.start_utc.timestamp())), (str, str, int)
    )
    return Page(rows=page, next_cursor=cursor)


def _asked(name: str, query: SignalQuery) -> bool:
    parts = SignalName.parse(name)
    return query.language in (None, parts.language) and query.brand in (None, parts.brand)


def _shown(
    signal: str, topic: str, start: dt.datetime, at: dt.datetime, value: float, name: SignalName, least: int
) -> SignalOut:
    """A row; few posts of one reason in one language could be known people, and are not told."""
    hidden = bool(name.language) and topic != "all" and 0 < value < least
    return SignalOut(
        signal=signal,
        measure=name.measure,
        language=name.language or None,
        brand=name.brand or None,
        topic=topic,
        start=start,
        start_utc=at,
        value=None if hidden else value,
        suppressed=hidden,
    )


def _zones(session: Session) -> dict[tuple[str, str], str]:
    held = load_signal_catalogue(session)
    return dict(zip(zip(held["signal"], held["topic"], strict=True), held["tz"], strict=True))


def _summed(signals: pd.DataFrame, interval: Interval, zones: dict[tuple[str, str], str]) -> pd.DataFrame:
    """Counts are summed; of a level its last value in the bucket stands."""
    parts = []
    for _, one in signals.groupby(["signal", "topic"], sort=True):
        key = one["signal"].iloc[0], one["topic"].iloc[0]
        starts = pd.to_datetime(floor(column_ns(one["ds"]), interval, zones[key]), utc=True)
        how = "sum" if one["kind"].iloc[0] == "count" else "last"
        parts.append(
            one.assign(ds=starts).groupby(["signal", "topic", "ds"], as_index=False).agg({"value": how})
        )
    return pd.concat(parts, ignore_index=True) if parts else signals


@router.post("/v1/signals", responses={207: {"model": BatchResult}, **WRITE}, openapi_extra=BODY)
def post_signals(
    session: Db, now: Now, config: Config, response: Response, batch: SignalBatch
) -> BatchResult:
    """Take signals of your own, known now. A row that says what is held already stores nothing; a bad one is reported."""
    interval = Interval.parse(batch.interval or config.social.interval)
    tz = batch.timezone or config.company.timezone
    zone(tz)
    good, errors = intake.sift(batch.rows, lambda row: intake.read_signal(row, interval, tz, now))
    stored = 0
    if good:
        held = load_signal_catalogue(session)
        kinds = dict(zip(zip(held["signal"], held["topic"], strict=True), held["kind"], strict=True))
        for row in good:  # one kind per signal: as held, else as first said in this batch
            kind = kinds.setdefault((row["signal"], row["topic"]), row["kind"] or "count")
            row["kind"] = row["kind"] or kind
        frame = intake.frame(good, ("value",), now)
        stored = save_signals(session, frame, interval=interval, tz=tz)
    return intake.answer(response, received=len(batch.rows), stored=stored, errors=errors)
