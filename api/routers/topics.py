"""GET /v1/topics and /v1/topics/rising: what people write about, how that changes, and what is new."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import numpy as np
import pandas as pd
from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from api import paging
from api.deps import Config, Db, Now
from api.openapi import READ
from api.queries import Paged, RisingQuery
from api.schemas import BurstOut, Page, RisingOut, TopicOut
from forecast.buckets import end, to_ns
from forecast.social.bursts import WEEKS, Bursts, burst_now, burst_of
from forecast.social.rising import PAST_DAYS, rising
from forecast.vintage import Signal
from store.archive import load_signal
from store.mentions import load_scored
from store.signals import load_signals

router = APIRouter(tags=["signals"])
DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)
MEASURES = ("posts", "negative", "failed_contact")


@router.get("/v1/topics", responses=READ)
def list_topics(session: Db, now: Now, query: Annotated[Paged, Query()]) -> Page[TopicOut]:
    """What people write about: posts in the last day and week, how many were negative, and whether more than usual is
    said. `all`: every post once."""
    signals = load_signals(session, start=now - WEEK, end=now)
    topics = sorted(set(signals.loc[signals["signal"] == "posts", "topic"]))
    page, cursor = paging.cut(query, [(topic,) for topic in topics], lambda row: row, (str,))
    counts = {(span, name): _counts(signals, name, now - span) for span in (DAY, WEEK) for name in MEASURES}
    rows = [_topic(session, topic, counts, now) for (topic,) in page]
    return Page(rows=rows, next_cursor=cursor)


def _topic(
    session: Session, topic: str, counts: dict[tuple[dt.timedelta, str], dict[str, float]], now: dt.datetime
) -> TopicOut:
    day, week = (counts[span, "posts"].get(topic, 0.0) for span in (DAY, WEEK))

    def share(span: dt.timedelta, name: str, of: float) -> float | None:
        return counts[span, name].get(topic, 0.0) / of if of else None

    signal = load_signal(session, "posts", topic, since=now - (WEEKS + 1) * WEEK)
    return TopicOut(
        topic=topic,
        posts_24h=day,
        posts_7d=week,
        negative_share_24h=share(DAY, "negative", day),
        negative_share_7d=share(WEEK, "negative", week),
        failed_contact_share_7d=share(WEEK, "failed_contact", week),
        usual_24h=None if signal is None else _usual(signal, now),
        burst=None if signal is None else _burst(signal, now),
    )


def _usual(signal: Signal, now: dt.datetime) -> float | None:
    found: Bursts = burst_of(signal.values, interval=signal.interval, tz=signal.tz, until=to_ns(now))
    ends = end(found.grid.ds, found.grid.interval, found.grid.tz)
    lately = found.expected[ends > to_ns(now - DAY)]
    return None if len(lately) == 0 or np.isnan(lately).any() else round(float(lately.sum()), 2)


def _burst(signal: Signal, now: dt.datetime) -> BurstOut | None:
    found = burst_now(signal.values, interval=signal.interval, tz=signal.tz, now=to_ns(now))
    if found is None:
        return None
    return BurstOut(
        since=found.onset.to_pydatetime(),
        over=None if found.over is None else found.over.to_pydatetime(),
        age_minutes=found.age,
        posts_beyond_usual=round(found.size, 1),
    )


def _counts(signals: pd.DataFrame, name: str, since: dt.datetime) -> dict[str, float]:
    chosen = signals[(signals["signal"] == name) & (signals["ds"] >= since)]
    return {str(topic): float(total) for topic, total in chosen.groupby("topic")["value"].sum().items()}


@router.get("/v1/topics/rising", responses=READ)
def list_rising(
    session: Db, now: Now, config: Config, query: Annotated[RisingQuery, Query()]
) -> Page[RisingOut]:
    """What is new: words said more often than in the same hours of past days, surest first, with example phrases.

    It needs kept texts (`social.privacy.level: kept`); nothing is told of fewer people than `social.privacy.least_shown`.
    """
    posts = load_scored(session, start=now - dt.timedelta(days=PAST_DAYS + 1))
    rose = rising(
        posts[posts["text"].notna()],
        now=now,
        hours=query.hours,
        tz=config.company.timezone,
        least=config.social.privacy.least_shown,
    )
    rows = [
        RisingOut(
            phrase=one.phrase,
            terms=list(one.terms),
            language=one.language,
            topic=one.reason or None,
            posts=one.posts,
            authors=one.authors,
            usual=round(one.usual, 2),
            growth=round(one.growth, 2),
            certainty=round(one.z, 2),
            since=one.since.to_pydatetime(),
            examples=list(one.examples),
        )
        for one in rose
        if query.language in (None, one.language)
    ]
    page, cursor = paging.cut(
        query, rows, lambda row: (-row.certainty, row.language, row.phrase), (float, str, str)
    )
    return Page(rows=page, next_cursor=cursor)
