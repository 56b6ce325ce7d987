"""GET and POST /v1/signals, GET /v1/topics: what people say in public, counted."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import pandas as pd
from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from api import intake, moments, paging
from api.deps import Config, Db, Now
from api.openapi import READ, WRITE
from api.queries import Paged, SignalBatch, SignalQuery
from api.schemas import BatchResult, Page, SignalOut, TopicOut
from forecast.buckets import Interval, column_ns, floor, zone
from store.signals import load_signal_catalogue, load_signals, save_signals

router = APIRouter(tags=["signals"])
DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)


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
    zones = _zones(session)
    if query.interval != "interval":
        signals = _summed(signals, Interval.parse(query.interval), zones)
    rows = [
        SignalOut(
            signal=signal,
            topic=topic,
            start=moments.local_of(at, zones[signal, topic]),
            start_utc=at,
            value=value,
        )
        for signal, topic, at, value in zip(
            signals["signal"], signals["topic"], moments.utc_of(signals["ds"]), signals["value"], strict=True
        )
    ]
    page, cursor = paging.cut(
        query, rows, lambda row: (row.signal, row.topic, int(row.start_utc.timestamp())), (str, str, int)
    )
    return Page(rows=page, next_cursor=cursor)


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


@router.get("/v1/topics", responses=READ)
def list_topics(session: Db, now: Now, query: Annotated[Paged, Query()]) -> Page[TopicOut]:
    """What people write about: posts in the last day and week, and how many of them were negative. `all`: every post once."""
    signals = load_signals(session, start=now - WEEK, end=now)
    counts = {
        (span, name): _counts(signals, name, now - span)
        for span in (DAY, WEEK)
        for name in ("posts", "negative")
    }
    rows = []
    for topic in sorted(set(signals.loc[signals["signal"] == "posts", "topic"])):
        day, week = (counts[span, "posts"].get(topic, 0.0) for span in (DAY, WEEK))
        bad_day, bad_week = (counts[span, "negative"].get(topic, 0.0) for span in (DAY, WEEK))
        rows.append(
            TopicOut(
                topic=topic,
                posts_24h=day,
                posts_7d=week,
                negative_share_24h=bad_day / day if day else None,
                negative_share_7d=bad_week / week if week else None,
            )
        )
    page, cursor = paging.cut(query, rows, lambda row: (row.topic,), (str,))
    return Page(rows=page, next_cursor=cursor)


def _counts(signals: pd.DataFrame, name: str, since: dt.datetime) -> dict[str, float]:
    chosen = signals[(signals["signal"] == name) & (signals["ds"] >= since)]
    return {str(topic): float(total) for topic, total in chosen.groupby("topic")["value"].sum().items()}


@router.post("/v1/signals", responses={207: {"model": BatchResult}, **WRITE})
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
