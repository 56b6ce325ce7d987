"""Contacts by reason: as an archive for the question whether a fix worked, and as sums by week."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import column_ns
from forecast.vintage import Archive
from store.archive import WHOLE, load_archive
from store.queue_map import load_queue_map
from store.queues import load_queues
from store.reasons import with_reasons
from store.signals import load_signals
from store.volumes import load_volumes, volume_series


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
    rows = load_volumes(session, start=start, end=end)
    said = {queue.name: queue.topic for queue in load_queues(session)}
    whole = rows[rows["topic"] == WHOLE].set_index(["queue", "ds"])["offered"]
    named = rows[rows["topic"] != WHOLE]
    summed = named.groupby(["queue", "ds"])["offered"].sum()
    rest = whole.sub(summed.reindex(whole.index, fill_value=0.0)).clip(lower=0.0).reset_index()
    rest["topic"] = rest["queue"].map(said).astype(object)
    parts = pd.concat([named[["queue", "ds", "topic", "offered"]], rest[["queue", "ds", "topic", "offered"]]])
    parts = parts.assign(week=mondays(parts["ds"], tz))
    parts = parts.rename(columns={"offered": "contacts"})
    return parts.groupby(["topic", "queue", "week"])[["contacts"]].sum().reset_index()


def failed_contact_by_week(
    session: Session, tz: str, *, start: dt.datetime, end: dt.datetime
) -> pd.DataFrame:
    """-> posts[topic, week, posts]: posts of people who tried another channel in vain."""
    rows = load_signals(session, start=start, end=end)
    rows = rows[rows["signal"] == "failed_contact"]
    rows = rows.assign(week=mondays(rows["ds"], tz))
    rows = rows.rename(columns={"value": "posts"})
    return rows.groupby(["topic", "week"])[["posts"]].sum().reset_index()


def mondays(moments: pd.Series, tz: str) -> list[str]:
    """Moments [n] -> the Monday of each local week, ISO 8601 [n]."""
    ns = column_ns(moments)
    unique, place = np.unique(ns, return_inverse=True)
    local = pd.DatetimeIndex(pd.to_datetime(unique, utc=True)).tz_convert(tz)
    days = local.tz_localize(None).normalize()
    starts = (days - pd.to_timedelta(days.dayofweek, unit="D")).strftime("%Y-%m-%d").to_numpy()
    return [str(one) for one in starts[place]]
