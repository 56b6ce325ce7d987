"""Sums by week that the database makes are those of the rows, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.buckets import Interval
from store.contact_log import knows_customers, save_contacts
from store.queues import save_queue
from store.reason_archive import contacts_by_week, failed_contact_by_week, mondays
from store.signals import load_signals, save_signals
from store.versions import KINDS
from store.volumes import load_volumes, save_volumes, volume_series
from store.week_sums import Weeks, sums_by_week
from tests import builders as b

TZ = "Europe/Amsterdam"
START, END = (dt.datetime(2026, 3, 1, 23, tzinfo=dt.UTC), dt.datetime(2026, 4, 5, 22, tzinfo=dt.UTC))
HOURS = 24 * 34  # from Monday 2 March, noon; the clock goes forward on 29 March


def _kept(session: Session) -> None:
    """Two queues: one counted as a whole and by reason, one of a single reason; some hours corrected, some taken away."""
    save_queue(session, b.queue("desk", topic="billing"))
    save_queue(session, b.queue("outages", topic="outage"))
    rng = np.random.default_rng(5)
    for name, topic, rate in (
        ("desk", "all", 9),
        ("desk", "billing", 3),
        ("desk", "moving", 4),
        ("outages", "all", 5),
    ):
        save_volumes(
            session,
            b.volumes(rng.poisson(rate, HOURS).astype(float).tolist(), name=name, topic=topic),
            upload_id=None,
        )
        some = rng.choice(HOURS, 90, replace=False).tolist()
        corrected = np.where(np.arange(90) < 70, rng.poisson(2 * rate, 90).astype(float), np.nan)
        save_volumes(
            session, b.volumes(corrected.tolist(), ds=some, known=96, name=name, topic=topic), upload_id=None
        )
        earlier = b.volumes([500.0] * 30, ds=some[:30], known=72, name=name, topic=topic)
        save_volumes(session, earlier, upload_id=None)  # written last, and yet known before


def _by_hand(session: Session) -> dict[tuple[str, str, str], float]:
    """The rule, row by row: what of the whole is in no reason is the queue's own."""
    rows = load_volumes(session, start=START, end=END)
    rows = rows.assign(week=mondays(rows["ds"], TZ))
    own, found = {"desk": "billing", "outages": "outage"}, dict[tuple[str, str, str], float]()
    for group, bucket in rows.groupby(["queue", "ds", "week"]):
        queue, week = str(group[0]), str(group[2])
        parts = bucket[bucket["topic"] != "all"]
        whole = bucket.loc[bucket["topic"] == "all", "offered"]
        told = list(zip(parts["topic"], parts["offered"], strict=True))
        if len(whole):
            told.append((own[queue], max(0.0, float(whole.iloc[0]) - float(parts["offered"].sum()))))
        for topic, contacts in told:
            key = (topic, queue, week)
            found[key] = found.get(key, 0.0) + contacts
    return found


def test_contacts_by_week_are_the_sums_of_the_rows_in_force(session: Session) -> None:
    _kept(session)
    made = contacts_by_week(session, TZ, start=START, end=END)
    found = {(row.topic, row.queue, row.week): row.contacts for row in made.itertuples()}
    assert found == pytest.approx(_by_hand(session))
    assert len({week for _, _, week in found}) == 5


def test_a_span_that_begins_within_a_week_counts_from_there_alone(session: Session) -> None:
    _kept(session)
    start, end = START + dt.timedelta(days=3, hours=5), END - dt.timedelta(days=9)
    weeks = Weeks.of(start, end, TZ)
    found = sums_by_week(session, KINDS["volumes"], list(volume_series(session)), weeks)
    rows = load_volumes(session, start=start, end=end)
    assert sum(held for _, _, held in found) == rows["offered"].sum() > 0
    assert weeks.names == ("2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23")


def test_the_hours_of_sunday_evening_stay_in_their_week_when_the_clock_changes(session: Session) -> None:
    save_queue(session, b.queue("calls"))
    ends = [dt.datetime(2026, 3, 29, 21, tzinfo=dt.UTC), dt.datetime(2026, 3, 29, 22, tzinfo=dt.UTC)]
    hours = [(one - b.NOON) / dt.timedelta(hours=1) for one in ends]
    save_volumes(session, b.volumes([3.0, 4.0], ds=hours, known=900), upload_id=None)
    made = contacts_by_week(session, TZ, start=START, end=END)
    assert dict(zip(made["week"], made["contacts"], strict=True)) == {"2026-03-23": 3.0, "2026-03-30": 4.0}


def test_nothing_held_and_an_empty_span_are_no_weeks(session: Session) -> None:
    assert contacts_by_week(session, TZ, start=START, end=END).empty
    _kept(session)
    empty = contacts_by_week(session, TZ, start=START, end=START)
    assert empty.empty and list(empty.columns) == ["topic", "queue", "week", "contacts"]
    assert failed_contact_by_week(session, TZ, start=START, end=END).empty


def test_posts_after_failed_contact_are_the_sums_of_that_signal_alone(session: Session) -> None:
    rng = np.random.default_rng(7)
    for name, topic in (("failed_contact", "all"), ("failed_contact", "billing"), ("posts", "billing")):
        first = b.signals(rng.poisson(2, 400).astype(float).tolist(), name=name, topic=topic, known=500)
        save_signals(session, first, interval=Interval.HOUR, tz=TZ)
        later = b.signals(rng.poisson(3, 60).astype(float).tolist(), name=name, topic=topic, known=600)
        save_signals(session, later, interval=Interval.HOUR, tz=TZ)
    made = failed_contact_by_week(session, TZ, start=START, end=END)
    rows = load_signals(session, start=START, end=END)
    rows = rows[rows["signal"] == "failed_contact"]
    wanted = rows.groupby(["topic", pd.Series(mondays(rows["ds"], TZ), index=rows.index)])["value"].sum()
    assert {(row.topic, row.week): row.posts for row in made.itertuples()} == wanted.to_dict()


def test_it_is_told_whether_a_contact_with_a_customer_is_held(session: Session) -> None:
    save_queue(session, b.queue("calls"))
    facts = {"source": "log", "queue": "calls", "channel": "phone"}
    one = pd.DataFrame([{**facts, "id": "1", "at": b.at(1), "customer": ""}])
    save_contacts(session, one, upload_id=None, secret="s" * 32)
    assert not knows_customers(session, START, END)
    two = pd.DataFrame([{**facts, "id": "2", "at": b.at(2), "customer": "0612345678"}])
    save_contacts(session, two, upload_id=None, secret="s" * 32)
    assert knows_customers(session, START, END)
    assert not knows_customers(session, b.NOON + dt.timedelta(hours=3), END)
