"""Contacts by day that the outlook compares with, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import Interval, day_start, index, local_day, to_ns
from store.outlook import contacts, whole_contacts
from store.queues import Queue, save_queue
from store.volumes import save_volumes

TZ = "Europe/Amsterdam"
NOW = dt.datetime(2026, 4, 1, 12, tzinfo=dt.UTC)  # the clock went forward three days ago
TODAY = local_day(to_ns(NOW), TZ)


def told(session: Session, queue: str, offered: float, topic: str, *, days: int = 14, late: int = 0) -> None:
    """So many contacts at local noon of each of the last days. late: hours until they are known."""
    noon = day_start(np.arange(TODAY - days, TODAY), TZ) + 11 * 3600 * 10**9
    rows = {"queue": queue, "ds": index(noon), "offered": offered, "topic": topic}
    known = index(noon) + pd.Timedelta(hours=late)
    save_volumes(session, pd.DataFrame(rows).assign(known_at=known), upload_id=None)


def test_a_day_is_the_version_in_force_by_the_local_calendar_also_where_the_clock_changes(
    session: Session,
) -> None:
    save_queue(session, Queue("calls", "phone", "outage", Interval.HOUR, TZ))
    told(session, "calls", 10.0, "all", late=1)
    told(session, "calls", 12.0, "all", days=2, late=30)
    counts, days = contacts(session, [Queue("calls", "phone", "outage", Interval.HOUR, TZ)], NOW)[
        "calls", "outage"
    ]
    assert days.tolist() == list(range(TODAY - 14, TODAY))
    assert counts.tolist() == [10.0] * 12 + [12.0] * 2


def test_the_whole_of_a_queue_counts_its_reasons_once(session: Session) -> None:
    queue = Queue("calls", "phone", "service", Interval.HOUR, TZ)
    save_queue(session, queue)
    told(session, "calls", 4.0, "outage")
    told(session, "calls", 3.0, "billing")
    counts, _ = whole_contacts(session, [queue], NOW)["calls"]
    assert counts.tolist() == [7.0] * 14
    told(session, "calls", 9.0, "all")
    counts, _ = whole_contacts(session, [queue], NOW)["calls"]
    assert counts.tolist() == [9.0] * 14
    parts = contacts(session, [queue], NOW)
    assert parts["calls", "outage"][0].tolist() == [4.0] * 14
    assert whole_contacts(session, [Queue("mail", "email", "all", Interval.HOUR, TZ)], NOW) == {}
