"""The job that tells what waits for an answer: levels known when their rows were known, judged like any other signal."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.buckets import Interval, column_ns
from forecast.frames import VOLUMES, check
from jobs.backlog import run
from store.archive import load_archive
from store.contact_log import save_contacts
from store.queues import Queue, save_queue
from store.settings import Settings
from store.signals import save_signals
from store.uploads import create_upload
from store.volumes import save_volumes
from tests.jobs.conftest import NOW

TZ = "Europe/Amsterdam"
LENGTH = pd.Timedelta(minutes=30)


def volumes(now: pd.Timestamp, *, days: int = 30, behind: int = 60, seed: int = 1) -> pd.DataFrame:
    """E-mails by half hour up to `now`, answered so many half hours later, each row known at its end."""
    ds = pd.date_range(now.floor("30min") - pd.Timedelta(days=days), now - LENGTH, freq="30min").as_unit("ns")
    came = np.random.default_rng(seed).poisson(5.0, len(ds)).astype(float)
    handled = np.r_[np.zeros(behind), came[:-behind]]
    frame = pd.DataFrame(
        {"queue": "mail", "ds": ds, "offered": came, "handled": handled, "known_at": ds + LENGTH}
    )
    return check(frame.astype({"queue": object}), VOLUMES)


def filled(session: Session, rows: pd.DataFrame) -> None:
    save_queue(session, Queue("mail", "email", "all", Interval.HALF_HOUR, TZ))
    save_volumes(session, rows, upload_id=None)


def test_an_empty_store_and_a_store_of_phones_give_nothing(session: Session, settings: Settings) -> None:
    assert run(session, settings, NOW).done == {"queues": 0, "versions": 0}
    save_queue(session, Queue("calls", "phone", "all", Interval.HALF_HOUR, TZ))
    save_volumes(session, volumes(NOW).assign(queue="calls"), upload_id=None)
    assert run(session, settings, NOW).done == {"queues": 0, "versions": 0}


def test_the_signal_is_a_level_that_a_snapshot_sees_only_as_it_was_known(
    session: Session, settings: Settings
) -> None:
    rows = volumes(NOW)
    filled(session, rows)
    told = run(session, settings, NOW)
    assert told.done["queues"] == 1 and not told.problems
    signal = load_archive(session).signals["backlog:mail"]
    assert signal.kind == "level" and len(signal.values) == len(rows)
    assert (signal.values.known_at == column_ns(rows["known_at"])).all()
    assert (signal.values.value[-48:] > 0).all()  # 30 hours behind, with a target of 24
    assert "age:mail" in load_archive(session).signals


def test_a_second_run_writes_nothing_and_a_third_only_what_came(session: Session, settings: Settings) -> None:
    later = NOW + pd.Timedelta(hours=2)
    rows = volumes(later)
    filled(session, rows[rows["known_at"] <= NOW])
    run(session, settings, NOW)
    assert run(session, settings, NOW).done["versions"] == 0
    save_volumes(session, rows, upload_id=None)
    assert 0 < int(run(session, settings, later).done["versions"]) <= 2 * 4


def test_a_signal_that_came_from_a_file_stays_what_it_is(session: Session, settings: Settings) -> None:
    filled(session, volumes(NOW))
    upload = create_upload(
        session, kind="signals", name="x", layout="tidy", mode="revision", now=NOW.to_pydatetime(), rows=1
    )
    ds = pd.DatetimeIndex([NOW.floor("30min") - pd.Timedelta(days=2)]).as_unit("ns")
    theirs = pd.DataFrame({"signal": ["backlog:mail"], "ds": ds, "value": [7.0], "kind": ["level"]})
    save_signals(session, theirs, interval="30min", tz=TZ, upload_id=upload.id)
    assert run(session, settings, NOW).done["versions"] == 0
    assert load_archive(session).signals["backlog:mail"].values.value.tolist() == [7.0]


def test_rows_that_tell_of_arrivals_whether_they_were_answered_give_no_signal(
    session: Session, settings: Settings
) -> None:
    rows = volumes(NOW)
    filled(session, rows.assign(handled=rows["offered"]))
    assert run(session, settings, NOW).done == {"queues": 0, "versions": 0}


def test_answers_told_one_by_one_go_before_counts(session: Session, settings: Settings) -> None:
    rows = volumes(NOW)
    filled(session, rows.assign(handled=rows["offered"]))
    at = rows["ds"].iloc[:-100].repeat(2).reset_index(drop=True)
    answered = (at + pd.Timedelta(hours=30)).where(at + pd.Timedelta(hours=30) <= NOW)
    contacts = pd.DataFrame(
        {
            "source": pd.Series(["box"] * len(at), dtype=object),
            "id": pd.Series([str(one) for one in range(len(at))], dtype=object),
            "at": at,
            "queue": pd.Series(["mail"] * len(at), dtype=object),
            "answered_at": answered,
            "known_at": at,
        }
    )
    save_contacts(session, contacts, upload_id=None)
    assert run(session, settings, NOW).done["queues"] == 1
    values = load_archive(session).signals["backlog:mail"].values
    late = values.on(np.unique(values.ds))[200:-110]
    assert late.min() >= 20 and late.max() <= 26  # six hours of two contacts a half hour
