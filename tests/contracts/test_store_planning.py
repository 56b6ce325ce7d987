"""Staffing plans and forecasts made elsewhere in the store, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.errors import InputError, NotFound
from store.imports.other_forecasts import import_forecast
from store.imports.staffing import import_staffing
from store.other_forecasts import load_other_forecasts
from store.queues import save_queue
from store.settings import Settings
from store.staffing import load_staffing
from store.uploads import remove_upload
from tests import builders as b

NOW = pd.Timestamp(b.NOON)
SETTINGS = Settings()
PLAN = b"interval_start,group,agents\n2026-03-09T09:00,calls,12\n2026-03-09T09:30,calls,14\n"
SAID = b"queue,interval_start,offered,made_at\ncalls,2026-03-09T09:00,40,%s\ncalls,2026-03-09T10:00,50,%s\n"


def said(date: str) -> bytes:
    return SAID % (date.encode(), date.encode())


def test_a_plan_is_kept_with_its_mark_and_twice_is_once(session: Session) -> None:
    first = import_staffing(session, SETTINGS, PLAN, now=NOW, marked="net")
    again = import_staffing(session, SETTINGS, PLAN, now=NOW + pd.Timedelta(days=1), marked="net")
    assert (first.changed, again.changed) == (2, 0)
    held = load_staffing(session)
    assert held["agents"].tolist() == [12, 14] and held["gross"].tolist() == [0, 0]


def test_the_same_numbers_marked_gross_are_another_plan_and_taking_it_out_brings_the_first_back(
    session: Session,
) -> None:
    import_staffing(session, SETTINGS, PLAN, now=NOW, marked="net")
    second = import_staffing(session, SETTINGS, PLAN, now=NOW + pd.Timedelta(days=1), marked="gross")
    assert second.changed == 2 and load_staffing(session)["gross"].tolist() == [1, 1]
    earlier = load_staffing(session, as_of=(NOW + pd.Timedelta(hours=1)).to_pydatetime())
    assert earlier["gross"].tolist() == [0, 0]
    assert second.upload_id is not None
    remove_upload(session, second.upload_id, now=b.NOON + dt.timedelta(days=2))
    assert load_staffing(session)["gross"].tolist() == [0, 0]


def test_whether_a_plan_is_net_or_gross_is_asked_for(session: Session) -> None:
    with pytest.raises(InputError, match="--marked net"):
        import_staffing(session, SETTINGS, PLAN, now=NOW)
    assert load_staffing(session).empty


def test_a_forecast_made_anew_with_the_same_numbers_is_a_version_of_its_own(session: Session) -> None:
    save_queue(session, b.queue())
    for date in ("2026-02-23", "2026-03-02"):
        assert import_forecast(session, SETTINGS, said(date), now=NOW).changed == 2
    assert import_forecast(session, SETTINGS, said("2026-03-02"), now=NOW).changed == 0
    held = load_other_forecasts(session, ["calls"])
    assert len(held) == 4 and held["known_at"].nunique() == 2 and not held["aht_seconds"].notna().any()
    assert load_other_forecasts(session, ["mails"]).empty


def test_a_correction_of_the_same_moment_counts_and_an_upload_that_is_taken_out_is_gone_for_all_time(
    session: Session,
) -> None:
    save_queue(session, b.queue())
    import_forecast(session, SETTINGS, said("2026-02-23"), now=NOW)
    changed = said("2026-02-23").replace(b",40,", b",41,")
    second = import_forecast(session, SETTINGS, changed, now=NOW)
    assert second.changed == 1 and load_other_forecasts(session)["offered"].tolist() == [41, 50]
    assert second.upload_id is not None
    remove_upload(session, second.upload_id, now=b.NOON + dt.timedelta(days=1))
    held = load_other_forecasts(session)
    assert held["offered"].tolist() == [40, 50]
    assert held["known_at"].unique().tolist() == [pd.Timestamp("2026-02-22T23:00Z")]
    assert import_forecast(session, SETTINGS, changed, now=NOW).changed == 1


def test_when_a_forecast_was_made_is_asked_for_where_it_is_not_told(session: Session) -> None:
    save_queue(session, b.queue())
    silent = b"queue,interval_start,offered\ncalls,2026-03-11T09:00,40\ncalls,2026-03-17T09:00,50\n"
    with pytest.raises(InputError, match="--made-on"):
        import_forecast(session, SETTINGS, silent, now=NOW)
    import_forecast(session, SETTINGS, silent, now=NOW, ahead_days=7)
    made = load_other_forecasts(session)["known_at"].tolist()
    assert made == [pd.Timestamp("2026-03-01T23:00Z"), pd.Timestamp("2026-03-08T23:00Z")]
    with pytest.raises(InputError, match="Both"):
        import_forecast(session, SETTINGS, silent, now=NOW, ahead_days=7, made_on=NOW)


def test_rows_of_unknown_queues_are_left_out_by_name_and_a_file_of_them_alone_is_refused(
    session: Session, tmp_path: Path
) -> None:
    save_queue(session, b.queue())
    mixed = said("2026-02-23") + b"cals,2026-03-09T09:00,40,2026-02-23\n"
    found = import_forecast(session, SETTINGS, mixed, now=NOW)
    assert found.changed == 2 and any("'cals'" in problem for problem in found.problems)
    with pytest.raises(NotFound, match="Did you mean calls"):
        import_forecast(session, SETTINGS, said("2026-02-23").replace(b"calls", b"cals"), now=NOW)
