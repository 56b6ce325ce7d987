"""Budgets as layers, and the week report from the store, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.buckets import Grid, Interval, day_start, index, to_ns
from forecast.errors import InputError, NotFound, UnreadableFile
from forecast.overriding import Override
from store.budgets import load_budgets
from store.days import save_days, save_hours
from store.drivers import save_drivers
from store.forecasts import COLUMNS, create_version, publish_version, save_forecast
from store.imports.budget import import_budget
from store.imports.kinds import importer
from store.locks import lock_span
from store.overrides import add_override
from store.queues import Queue, save_queue
from store.settings import Settings
from store.uploads import remove_upload, restore_upload
from store.volumes import save_volumes
from store.week_report import load_report

TZ = "Europe/Amsterdam"
MONDAY = dt.date(2026, 3, 23)  # the clock goes forward on its Sunday
BEFORE = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 3, 30, 7, tzinfo=dt.UTC)
AHT = 300.0
SETTINGS = Settings()


def day(date: dt.date) -> int:
    return (date - dt.date(1970, 1, 1)).days


def came(
    session: Session,
    each: float,
    *,
    first: dt.date = MONDAY,
    days: int = 7,
    aht: float = AHT,
    queue: str = "calls",
) -> None:
    """So many contacts in each open hour, from 9 to 17."""
    grid = Grid.days(day(first), day(first) + days - 1, Interval.HOUR, TZ)
    open_ = (grid.slot >= 9) & (grid.slot < 17)
    ds = index(grid.ds[open_])
    columns: dict[str, Any] = {
        "queue": queue, "ds": ds, "offered": each, "aht_seconds": aht, "known_at": ds + pd.Timedelta(hours=1),
    }  # fmt: skip
    save_volumes(session, pd.DataFrame(columns), upload_id=None)


def said(
    session: Session,
    each: float,
    *,
    made: dt.datetime = BEFORE,
    by_day: bool = True,
    queues: Sequence[str] = ("calls",),
) -> int:
    """A published forecast of so many contacts in each open hour of the week."""
    version = create_version(session, run_id=None, cutoff=made, now=made)
    grid = Grid.days(day(MONDAY), day(MONDAY) + 6, Interval.HOUR, TZ)
    mean = np.where((grid.slot >= 9) & (grid.slot < 17), each, 0.0)

    def wide(values: np.ndarray) -> Any:  # type: ignore[type-arg]
        return np.repeat(values[:, None], len(COLUMNS), axis=1)

    def save(granularity: str, ds: np.ndarray, values: np.ndarray) -> None:  # type: ignore[type-arg]
        costs = (wide(np.full(len(values), AHT)), wide(values * AHT))
        for queue in queues:
            save_forecast(session, version, queue, granularity, ds, wide(values), costs=costs)

    save("interval", grid.ds, mean)
    if by_day:
        days = day_start(np.arange(day(MONDAY), day(MONDAY) + 7), TZ)
        save("day", days, np.bincount(grid.day - day(MONDAY), weights=mean))
    publish_version(session, version, made)
    return version


@pytest.fixture
def company(session: Session) -> Session:
    """One queue that is open every day, with a week that came and a forecast of it."""
    save_queue(session, Queue("calls", "phone", "all", Interval.HOUR, TZ))
    rows = {"queue": ["calls"] * 7, "weekday": range(7), "opens": ["09:00"] * 7, "closes": ["17:00"] * 7}
    save_hours(session, pd.DataFrame(rows))
    came(session, 12)
    said(session, 10)
    return session


def report(session: Session, **more: Any) -> Any:
    return load_report(session, SETTINGS, **{"monday": MONDAY, "now": NOW, **more})


def test_a_locked_week_is_held_against_what_came_in_a_week_of_a_clock_change(company: Session) -> None:
    lock_span(company, first=MONDAY, last=MONDAY + dt.timedelta(days=6), who="anna", now=BEFORE)
    said(company, 99, made=BEFORE + dt.timedelta(hours=5))  # later forecasts do not move the plan
    line = report(company).whole
    assert (line.days, line.basis) == (7, "locked")
    assert (line.plan.contacts, line.actual.contacts) == (560, 672)
    assert line.hours.gap == pytest.approx(112 * AHT / 3600) and line.hours.aht == pytest.approx(0)


def test_without_a_lock_it_is_what_was_published_when_the_week_began(company: Session) -> None:
    said(company, 99, made=dt.datetime(2026, 3, 24, 12, tzinfo=dt.UTC))
    line = report(company).whole
    assert (line.plan.contacts, line.basis) == (560, "published")


def test_a_lock_made_in_the_week_holds_from_the_next_day_on(company: Session) -> None:
    late = dt.datetime(2026, 3, 25, 12, tzinfo=dt.UTC)
    said(company, 11, made=late)
    lock_span(
        company,
        first=MONDAY,
        last=MONDAY + dt.timedelta(days=6),
        who="anna",
        now=late + dt.timedelta(hours=1),
    )
    line = report(company).whole
    assert line.basis == "mixed" and line.plan.contacts == 3 * 80 + 4 * 88


def test_a_forecast_kept_by_interval_alone_is_summed(session: Session) -> None:
    save_queue(session, Queue("calls", "phone", "all", Interval.HOUR, TZ))
    came(session, 12, days=8)  # without hours, a day is known whole once a later row is
    said(session, 10, by_day=False)
    assert report(session).whole.plan.contacts == 560


def test_without_any_plan_the_gap_is_not_known(session: Session) -> None:
    save_queue(session, Queue("calls", "phone", "all", Interval.HOUR, TZ))
    came(session, 12, days=8)  # without hours, a day is known whole once a later row is
    found = report(session)
    assert found.whole.plan.contacts is None and found.whole.contacts.gap is None
    assert found.whole.actual.contacts == 12 * 8 * 7 and found.without == ("calls",)


def test_last_year_is_the_same_weekdays_52_weeks_before(company: Session) -> None:
    came(company, 7, first=MONDAY - dt.timedelta(days=364))
    assert report(company).whole.last_year.contacts == 7 * 8 * 7


def test_of_a_week_that_runs_the_days_that_are_over_are_compared(company: Session) -> None:
    now = dt.datetime(2026, 3, 26, 11, tzinfo=dt.UTC)
    found = report(company, now=now)
    assert (found.over, found.whole.days) == (3, 3)
    assert (found.whole.plan.contacts, found.whole.actual.contacts) == (240, 288)
    assert found.data_as_of is not None and found.data_as_of <= now


def test_a_closed_day_without_rows_had_nothing(session: Session) -> None:
    save_queue(session, Queue("calls", "phone", "all", Interval.HOUR, TZ))
    rows = {"queue": ["calls"] * 5, "weekday": range(5), "opens": ["09:00"] * 5, "closes": ["17:00"] * 5}
    save_hours(session, pd.DataFrame(rows))
    came(session, 12, days=5)
    line = report(session).whole
    assert (line.days, line.actual.contacts) == (7, 480)


def test_an_adjustment_made_after_the_lock_is_a_known_event_and_one_before_is_none(company: Session) -> None:
    start, end = (
        to_ns(dt.datetime(2026, 3, 24 + more, tzinfo=dt.UTC)) - 3_600_000_000_000 for more in (0, 1)
    )

    def adjust(percent: float, reason: str, now: dt.datetime) -> None:
        change = Override(0, "calls", "", "", "volume", "percent", percent, start, end, reason, "anna")
        add_override(company, change, now=now)

    adjust(5, "known before", BEFORE - dt.timedelta(hours=1))
    lock_span(company, first=MONDAY, last=MONDAY + dt.timedelta(days=6), who="anna", now=BEFORE)
    adjust(10, "mailing", BEFORE + dt.timedelta(days=1))
    found = report(company)
    (event,) = found.events
    assert (event.name, event.first, event.kind) == ("mailing", 1, "adjustment")
    assert event.contacts == pytest.approx(8, abs=0.5) and found.whole.contacts.known == event.contacts


def test_a_later_lock_of_another_queue_leaves_a_queues_known_events(company: Session) -> None:
    save_queue(company, Queue("mails", "email", "all", Interval.HOUR, TZ))
    said(company, 10, queues=("calls", "mails"))
    sunday = MONDAY + dt.timedelta(days=6)
    lock_span(company, first=MONDAY, last=sunday, queues=["calls"], who="anna", now=BEFORE)
    start, end = (int(at) for at in day_start([day(MONDAY), day(MONDAY) + 7], TZ))
    change = Override(0, "calls", "", "", "volume", "percent", 20, start, end, "press release", "anna")
    add_override(company, change, now=BEFORE + dt.timedelta(hours=5))
    alone = report(company).events
    lock_span(
        company, first=MONDAY, last=sunday, queues=["mails"], who="anna", now=BEFORE + dt.timedelta(days=1)
    )
    assert [one.name for one in alone] == ["press release"] and report(company).events == alone


def test_a_driver_booked_after_the_lock_explains_what_it_is_worth_of_its_day(company: Session) -> None:
    lock_span(company, first=MONDAY, last=MONDAY + dt.timedelta(days=6), who="anna", now=BEFORE)
    ds = index(day_start([day(MONDAY) + 2], TZ))
    rows = {"driver": ["letters"], "ds": ds, "value": [500.0], "worth": [0.02], "known_at": [pd.Timestamp(BEFORE + dt.timedelta(days=2))]}  # fmt: skip
    save_drivers(company, pd.DataFrame(rows))
    (event,) = report(company).events
    assert (event.kind, event.first, event.contacts, event.claimed) == ("driver", 2, 10, 10)


def test_a_day_left_out_of_history_explains_all_of_its_gap(company: Session) -> None:
    date = pd.Series(pd.to_datetime(["2026-03-26"], utc=True)).dt.as_unit("ns")
    save_days(company, pd.DataFrame({"date": date, "name": ["Storm"], "kind": ["once"]}))
    found = report(company)
    assert [(one.name, one.contacts, one.claimed) for one in found.events] == [("Storm", 16, None)]
    assert found.whole.contacts.unexpected == 96


def test_a_budget_of_a_month_is_spread_and_a_week_of_its_own_goes_before(company: Session) -> None:
    import_budget(
        company,
        SETTINGS,
        b"month,queue,offered,aht_seconds,fte\n2026-03,calls,3100,290,2\n",
        now=pd.Timestamp(BEFORE),
    )
    budget = report(company).whole.budget
    assert budget.contacts == pytest.approx(700) and budget.aht == pytest.approx(290) and budget.fte == 2
    import_budget(company, SETTINGS, b"week;wachtrij;aanbod\n2026-W13;calls;650\n", now=pd.Timestamp(BEFORE))
    assert report(company).whole.budget.contacts == pytest.approx(650)


def test_budgets_are_layers_that_can_be_taken_out_and_put_back(company: Session) -> None:
    now = pd.Timestamp(BEFORE)
    import_budget(company, SETTINGS, b"date,queue,offered\n2026-03-23,calls,80\n", now=now)
    second = import_budget(company, SETTINGS, b"date,queue,offered\n2026-03-23,calls,90\n", now=now)
    assert importer("budget") is import_budget and second.upload_id is not None
    assert load_budgets(company)["offered"].tolist() == [90]
    remove_upload(company, second.upload_id, now=NOW)
    assert load_budgets(company)["offered"].tolist() == [80]
    restore_upload(company, second.upload_id, now=NOW)
    assert load_budgets(company)["offered"].tolist() == [90]
    again = import_budget(company, SETTINGS, b"date,queue,offered\n2026-03-23,calls,90\n", now=now)
    assert again.changed == 0


def test_bad_rows_of_a_budget_are_told_and_the_others_kept(company: Session) -> None:
    text = b"date,week,month,queue,offered\n,2026-W60,,calls,1\n,,2026-3,calls,2\n2026-03-02,2026-W10,,calls,3\n,,,calls,4\n,2026-W12,,cals,5\n"
    found = import_budget(company, SETTINGS, text, now=pd.Timestamp(BEFORE))
    told = " ".join(found.problems)
    assert found.rows == 1 and "'2026-W60' is not a week" in told and "more than one" in told
    assert "tells no date, week or month" in told and "'cals' is not known" in told
    assert found.summary == "1 budget rows; 4 of 5 rows were left out."
    with pytest.raises(NotFound, match="Did you mean calls"):
        import_budget(company, SETTINGS, b"week,queue,offered\n2026-W12,cals,5\n", now=pd.Timestamp(BEFORE))
    with pytest.raises(UnreadableFile, match="what its rows are the budget of"):
        import_budget(company, SETTINGS, b"queue,offered\ncalls,5\n", now=pd.Timestamp(BEFORE))


def test_a_week_that_has_not_begun_or_a_queue_nobody_knows_is_refused(company: Session) -> None:
    with pytest.raises(InputError, match="has not begun"):
        report(company, monday=dt.date(2026, 4, 6))
    with pytest.raises(NotFound, match="Did you mean calls"):
        report(company, queues=["cals"])
    assert load_report(company, SETTINGS, now=NOW).monday == MONDAY
