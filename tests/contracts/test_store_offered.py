"""Contacts per bucket, each counted once, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.buckets import Interval, index, to_ns
from store.offered import load_offered
from store.queues import Queue, save_queue
from store.volumes import load_volumes, save_volumes

NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
HOUR = 3600 * 10**9


def told(
    session: Session, queue: str, hours: range, offered: float, topic: str = "all", known: int = 1
) -> None:
    """So many contacts in each hour before now, known so many hours after it began."""
    ds = index(np.array([to_ns(NOW) - hour * HOUR for hour in hours], dtype=np.int64))
    rows = {
        "queue": queue,
        "ds": ds,
        "offered": offered,
        "topic": topic,
        "known_at": ds + pd.Timedelta(hours=known),
    }
    save_volumes(session, pd.DataFrame(rows), upload_id=None)


@pytest.fixture
def held(session: Session) -> Session:
    for name in ("calls", "mail", "chat"):
        save_queue(session, Queue(name, "phone", "all", Interval.HOUR, "UTC"))
    told(session, "calls", range(1, 6), 10.0)
    told(session, "calls", range(1, 3), 12.0, known=3)  # counted anew
    told(session, "mail", range(1, 6), 4.0, "outage")
    told(session, "mail", range(1, 6), 3.0, "billing", known=2)
    told(session, "mail", range(1, 3), 8.0)  # the whole of two hours, more than its reasons
    return session


def test_the_latest_value_of_each_bucket_counts(held: Session) -> None:
    found = load_offered(held, ["calls"], NOW - dt.timedelta(hours=5), NOW)
    assert found.contacts.tolist() == [10.0, 10.0, 10.0, 12.0, 12.0]
    rows = load_volumes(held, "calls", NOW - dt.timedelta(hours=5), NOW)
    assert found.contacts.tolist() == rows["offered"].tolist()
    assert (found.known_at - found.ds).tolist() == [HOUR, HOUR, HOUR, 3 * HOUR, 3 * HOUR]


def test_a_bucket_told_as_a_whole_is_that_row_and_else_the_sum_of_its_reasons(held: Session) -> None:
    found = load_offered(held, ["mail"], NOW - dt.timedelta(hours=5), NOW)
    assert found.contacts.tolist() == [7.0, 7.0, 7.0, 8.0, 8.0]
    assert (found.known_at - found.ds).tolist() == [2 * HOUR, 2 * HOUR, 2 * HOUR, HOUR, HOUR]


def test_queues_stand_one_after_the_other_and_one_without_rows_is_empty(held: Session) -> None:
    found = load_offered(held, ["mail", "chat", "calls"], NOW - dt.timedelta(hours=2), NOW)
    assert [found.contacts[found.of(name)].tolist() for name in found.names] == [[8.0, 8.0], [], [12.0, 12.0]]
    assert load_offered(held, ["chat"], NOW - dt.timedelta(hours=2), NOW).contacts.tolist() == []
