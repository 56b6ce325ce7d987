"""Contacts by reason: as an archive for the question whether a fix worked, and as sums by week."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from forecast.buckets import column_ns
from forecast.social.signals import FAILED_CONTACT
from forecast.vintage import Archive
from store.archive import load_archive
from store.queue_map import load_queue_map
from store.queues import load_queues
from store.reasons import with_reasons
from store.statements import table_of
from store.tables import SignalSeries, VolumeSeries
from store.versions import KINDS
from store.volumes import volume_series
from store.week_sums import Weeks, sums_by_week, within
from store.wholes import WHOLE


def load_reason_archive(session: Session, *, country: str | None, region: str | None) -> Archive:
    """All queues, the reasons of divided ones beside them, their histories moved by the queue map."""
    topics: dict[str, set[str]] = {}
    for queue, topic in volume_series(session).values():
        topics.setdefault(queue, set()).add(topic)
    only = {queue: next(iter(held)) for queue, held in topics.items() if len(held) == 1}
    archive = with_reasons(session, load_archive(session, country=country, region=region))
    moved = load_queue_map(session).apply(archive)
    facts = {queue.name: queue for queue in load_queues(session)}
    series = {
        name: replace(each, topic=_topic(facts[name].topic, only.get(name, WHOLE))) if name in facts else each
        for name, each in moved.series.items()
    }
    return replace(moved, series=series, signals={})


def _topic(configured: str, counted: str) -> str:
    """The reason of a queue's contacts: as the queue says, else as its only rows do."""
    return configured if configured != WHOLE else counted


def contacts_by_week(session: Session, tz: str, *, start: dt.datetime, end: dt.datetime) -> pd.DataFrame:
    """-> contacts[topic, queue, week, contacts]: each contact once, `all` where its reason is not known.

    week: the Monday it begins with in `tz`, ISO 8601
    """
    weeks = Weeks.of(start, end, tz)
    keys = volume_series(session)
    named = {queue for queue, topic in keys.values() if topic != WHOLE}
    both = {queue for queue, topic in keys.values() if topic == WHOLE and queue in named}
    said = {queue.name: queue.topic for queue in load_queues(session)}
    alone = {number: key for number, key in keys.items() if key[1] != WHOLE or key[0] not in both}
    sums: dict[tuple[str, str, str], float] = {}
    for number, week, held in sums_by_week(session, KINDS["volumes"], alone, weeks):
        queue, topic = alone[number]
        sums[said[queue] if topic == WHOLE else topic, queue, week] = held
    for queue, week, held in _rest_by_week(session, both, weeks):
        key = (said[queue], queue, week)
        sums[key] = sums.get(key, 0.0) + held
    rows = [(*key, held) for key, held in sorted(sums.items())]
    return pd.DataFrame(rows, columns=["topic", "queue", "week", "contacts"])


def _rest_by_week(
    session: Session, queues: Collection[str], weeks: Weeks
) -> Iterator[tuple[str, str, float]]:
    """(queue, week, contacts) of queues counted as a whole and by reason: what of the whole is in no reason, by bucket."""
    if not queues or not weeks.names:
        return
    kind, names = KINDS["volumes"], table_of(VolumeSeries)
    rows = kind.versions
    series = session.scalars(select(names.c.id).where(names.c.queue.in_(sorted(queues)))).all()
    whole = func.sum(case((names.c.topic == WHOLE, rows.c.offered)))
    parts = func.sum(case((names.c.topic != WHOLE, rows.c.offered), else_=0.0))
    held = (
        select(names.c.queue, rows.c.ds, whole.label("whole"), parts.label("parts"))
        .join(names, names.c.id == rows.c.series_id)
        .where(*within(kind, series, weeks))
        .group_by(names.c.queue, rows.c.ds)
        .subquery()
    )
    rest: Any = func.sum(case((held.c.whole > held.c.parts, held.c.whole - held.c.parts), else_=0.0))
    query = select(held.c.queue, weeks.place(held.c.ds).label("week"), rest)
    query = query.where(held.c.whole.is_not(None)).group_by(held.c.queue, "week")
    for queue, at, contacts in session.execute(query):
        yield queue, weeks.names[at], float(contacts)


def failed_contact_by_week(
    session: Session, tz: str, *, start: dt.datetime, end: dt.datetime
) -> pd.DataFrame:
    """-> posts[topic, week, posts]: posts of people who tried another channel in vain."""
    names = table_of(SignalSeries)
    query = select(names.c.id, names.c.topic).where(names.c.signal == FAILED_CONTACT)
    topics = {int(number): str(topic) for number, topic in session.execute(query)}
    sums = sums_by_week(session, KINDS["signals"], topics, Weeks.of(start, end, tz))
    rows = sorted((topics[number], week, posts) for number, week, posts in sums)
    return pd.DataFrame(rows, columns=["topic", "week", "posts"])


def mondays(moments: pd.Series, tz: str) -> list[str]:
    """Moments [n] -> the Monday of each local week, ISO 8601 [n]."""
    ns = column_ns(moments)
    unique, place = np.unique(ns, return_inverse=True)
    local = pd.DatetimeIndex(pd.to_datetime(unique, utc=True)).tz_convert(tz)
    days = local.tz_localize(None).normalize()
    starts = (days - pd.to_timedelta(days.dayofweek, unit="D")).strftime("%Y-%m-%d").to_numpy()
    return [str(one) for one in starts[place]]
