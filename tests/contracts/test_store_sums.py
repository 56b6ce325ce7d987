"""What the database adds up is what its rows add up to: by local day, and where no backlog can be told."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.buckets import Grid, Interval, index, local_day, to_ns
from store.backlog import COHORT, NOT_HANDLED, NOT_TOLD, backlog_of, load_backlogs
from store.backlog_untold import load_untold
from store.contact_log import save_contacts
from store.day_sums import sums_by_day
from store.days_came import _by_day, _load, load_days_came
from store.quality import load_records
from store.queues import Queue, save_queue
from store.settings import Settings
from store.volumes import save_volumes, volume_series

TZ = "Europe/Amsterdam"
NOW = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
CHANGES = (dt.date(2026, 3, 29), dt.date(2026, 10, 25))
EPOCH = dt.date(1970, 1, 1)


def rows(name: str, first: int, last: int, seed: int, **values: object) -> pd.DataFrame:
    """Half hours of local days, each known at its end; handling times are missing here and there."""
    chance = np.random.default_rng(seed)
    ds = Grid.days(first, last, Interval.HALF_HOUR, TZ).ds
    offered = chance.poisson(9, len(ds)).astype(float)
    aht = np.where(chance.random(len(ds)) < 0.1, np.nan, 200 + 50 * chance.random(len(ds)))
    handled = np.where(
        chance.random(len(ds)) < 0.2, np.nan, offered - chance.poisson(1, len(ds)).clip(0, offered)
    )
    told = {"offered": offered, "handled": handled, "aht_seconds": aht} | values
    return pd.DataFrame(
        {"queue": name, "ds": index(ds), "known_at": index(ds) + pd.Timedelta(minutes=30), **told}
    )


@pytest.mark.parametrize("changed", CHANGES)
def test_sums_of_the_database_are_those_of_the_rows_also_where_clocks_change(
    session: Session, changed: dt.date
) -> None:
    queue, middle = Queue("calls", "phone", "all", Interval.HALF_HOUR, TZ), (changed - EPOCH).days
    save_queue(session, queue)
    held = rows("calls", middle - 9, middle + 9, 1)
    save_volumes(session, held, upload_id=None)
    later = held.iloc[40:60].assign(
        offered=33.0, known_at=held["known_at"].iloc[40:60] + pd.Timedelta(days=1)
    )
    save_volumes(session, later, upload_id=None)  # corrected
    gone = held.iloc[100:110].assign(offered=np.nan, handled=np.nan, aht_seconds=np.nan)
    save_volumes(session, gone.assign(known_at=gone["known_at"] + pd.Timedelta(days=1)), upload_id=None)
    unborn = held.iloc[200:210].assign(offered=77.0, known_at=pd.Timestamp("2027-06-01", tz="UTC"))
    save_volumes(session, unborn, upload_id=None)  # not known yet
    (number,) = volume_series(session, ["calls"])
    span = {"first": middle - 8, "last": middle + 8}
    found = sums_by_day(session, [number], TZ, **span, now=to_ns(NOW))[number]
    (read,) = _load(session, Settings(), [queue], span["first"], span["last"], NOW, frozenset())
    told = _by_day(queue, read)
    assert found.days.tolist() == told.days.tolist() == list(range(middle - 8, middle + 9))
    np.testing.assert_allclose(found.sums, told.sums, rtol=1e-12)
    for name in ("rows", "bare", "until"):
        assert getattr(found, name).tolist() == getattr(told, name).tolist(), name


def test_what_came_of_a_queue_does_not_depend_on_whether_its_rows_tell_the_reason(session: Session) -> None:
    today = local_day(to_ns(NOW), TZ)
    queues = [Queue(name, "phone", "all", Interval.HALF_HOUR, TZ) for name in ("one", "two")]
    for queue in queues:
        save_queue(session, queue)
    held = rows("one", today - 30, today - 1, 2)
    save_volumes(session, held, upload_id=None)
    save_volumes(session, held.assign(queue="two", topic="all"), upload_id=None)
    reason = held.iloc[:50].assign(queue="two", topic="billing", offered=1.0)
    save_volumes(session, reason, upload_id=None)  # makes `two` a queue of two series, read row by row
    came = load_days_came(session, Settings(), queues, first=today - 40, last=today, now=NOW)
    for name in ("offered", "seconds", "timed", "work"):
        one, two = getattr(came, name)
        np.testing.assert_allclose(one, two, rtol=1e-12, err_msg=name)
    assert np.isfinite(came.offered[0]).sum() == 30
    assert 0 < np.isfinite(came.work[0]).sum() < 30  # too few handling times on some days


def backlog_world(session: Session) -> None:
    today = local_day(to_ns(NOW), TZ)
    for name in ("cohort", "untold", "counted", "short", "logged"):
        save_queue(session, Queue(name, "email", "all", Interval.HALF_HOUR, TZ))
        held = rows(name, today - 10, today - 1, 3)
        held["handled"] = held["offered"] if name in ("cohort", "short", "logged") else np.nan
        if name == "counted":
            held["handled"] = np.roll(held["offered"], 3)
        save_volumes(session, held.iloc[:19] if name == "short" else held, upload_id=None)
    at = pd.Series(pd.to_datetime(["2026-11-16T09:00Z", "2026-11-16T10:00Z"])).dt.as_unit("ns")
    log = pd.DataFrame(
        {"source": "mail", "id": ["a", "b"], "at": at, "queue": "logged", "channel": "email", "outcome": "handled",
         "answered_at": at + pd.Timedelta(hours=2), "known_at": at + pd.Timedelta(hours=2)}
    )  # fmt: skip
    save_contacts(session, log, upload_id=None)


def test_backlogs_are_those_that_all_rows_tell(session: Session) -> None:
    backlog_world(session)
    found = {one.queue: one for one in load_backlogs(session, Settings(), now=NOW)}
    assert sorted(found) == ["cohort", "counted", "logged", "short", "untold"]
    for record in load_records(session):
        made, how, notes = backlog_of(session, record, found[record.queue].target_hours, NOW)
        told = found[record.queue]
        assert (told.how, told.notes) == (how, notes), record.queue
        assert to_ns(told.as_of) == record.last_end()
        assert told.waiting == (None if made is None else made.waiting[-1])
    assert (found["cohort"].how, found["cohort"].notes) == (NOT_TOLD, (COHORT,))
    assert found["untold"].notes == (NOT_HANDLED,)


def test_only_queues_that_tell_nothing_are_spared_the_reading(session: Session) -> None:
    backlog_world(session)
    names = ["cohort", "untold", "counted", "short", "logged"]
    assert sorted(load_untold(session, names, NOW)) == ["cohort", "untold"]
    assert load_untold(session, [], NOW) == {}
    some = load_backlogs(session, Settings(), now=NOW, only=["counted", "cohort"])
    assert [one.queue for one in some] == ["cohort", "counted"]
