"""Exceptions to opening hours, rules of days, weeks with a name and planning groups, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.day_rules import ONCE, PERIOD, DayRule
from forecast.errors import InputError, NotFound
from forecast.planning_groups import Groups
from store.archive import load_archive
from store.day_rules import add_rule, load_day_rules, remove_rule, save_periods
from store.days import save_days
from store.groups import load_groups, save_groups
from store.hour_exceptions import load_exceptions, save_exceptions
from store.queues import save_queue
from store.volumes import save_volumes
from tests import builders as b

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def utc(date: str) -> pd.Timestamp:
    return pd.Timestamp(date, tz="UTC")


def day(date: str) -> int:
    return int(np.datetime64(date, "D").astype(np.int64))


def exceptions(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["queue", "date", "opens", "closes"], dtype=object)
    return frame.assign(date=pd.to_datetime(frame["date"], utc=True), name="why")


def days(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """(date, until, name) -> days of kind period."""
    frame = pd.DataFrame(rows, columns=["date", "until", "name"], dtype=object)
    at = {name: pd.to_datetime(frame[name], utc=True) for name in ("date", "until")}
    return frame.assign(**at, kind="period")


class TestExceptions:
    def test_those_of_a_date_are_replaced_and_others_stay(self, session: Session) -> None:
        first = exceptions(("", "2026-05-14", "", ""), ("calls", "2026-12-06", "10:00", "16:00"))
        assert save_exceptions(session, first) == 2
        save_exceptions(session, exceptions(("calls", "2026-12-06", "12:00", "14:00"), ("calls", "2026-12-06", "15:00", "17:00")))  # fmt: skip
        held = load_exceptions(session, queue="calls")
        assert held[["queue", "opens", "closes", "name"]].to_numpy().tolist() == [
            ["", "", "", "why"],
            ["calls", "12:00", "14:00", "why"],
            ["calls", "15:00", "17:00", "why"],
        ]
        assert held["date"].iloc[0] == utc("2026-05-14")
        save_exceptions(session, exceptions(), whole=["calls"])
        assert load_exceptions(session)["queue"].tolist() == [""]

    def test_hours_that_end_before_they_begin_are_refused(self, session: Session) -> None:
        with pytest.raises(InputError, match="end before they begin"):
            save_exceptions(session, exceptions(("calls", "2026-12-06", "16:00", "10:00")))

    def test_the_archive_s_hours_have_them(self, session: Session) -> None:
        save_queue(session, b.queue())
        save_volumes(session, b.volumes([1, 2, 3]), upload_id=None)
        save_exceptions(session, exceptions(("", "2026-05-14", "", "")))
        series = load_archive(session).series["calls"]
        assert series.hours is None and series.excepted.closed == {day("2026-05-14")}


class TestRules:
    def test_the_same_rule_again_is_the_first_and_a_removed_one_is_gone(self, session: Session) -> None:
        rule = DayRule("Invoice run", "freq=monthly;bymonthday=25", day("2026-01-01"), moves="next")
        kept = add_rule(session, rule, now=NOW)
        assert add_rule(session, rule, now=NOW).id == kept.id and kept.rule == "FREQ=MONTHLY;BYMONTHDAY=25"
        assert load_day_rules(session, queue="calls") == [kept]
        assert remove_rule(session, kept.id, now=NOW).name == "Invoice run"
        assert load_day_rules(session) == []
        with pytest.raises(NotFound):
            remove_rule(session, kept.id, now=NOW)
        assert add_rule(session, rule, now=NOW).id != kept.id

    def test_periods_come_once_and_a_longer_one_replaces_its_own(self, session: Session) -> None:
        first = days(("2026-02-14", "2026-02-22", "Spring"), ("2026-07-04", "2026-08-16", "Summer"))
        assert save_periods(session, first, now=NOW) == 2
        assert save_periods(session, first, now=NOW) == 0
        assert save_periods(session, days(("2026-02-14", "2026-02-23", "Spring")), now=NOW) == 1
        assert sorted(one.rule for one in load_day_rules(session)) == [
            "FREQ=DAILY;COUNT=10",
            "FREQ=DAILY;COUNT=44",
        ]

    def test_the_archive_has_rules_as_days_and_periods_as_drivers(self, session: Session) -> None:
        for name in ("calls", "mail"):
            save_queue(session, b.queue(name))
            save_volumes(session, b.volumes([1, 2, 3], name=name), upload_id=None)
        add_rule(session, DayRule("run", "FREQ=MONTHLY;BYMONTHDAY=25", day("2026-01-01")), now=NOW)
        add_rule(
            session, DayRule("move", "FREQ=DAILY;COUNT=2", day("2026-02-03"), ONCE, queue="calls"), now=NOW
        )
        add_rule(
            session, DayRule("sale", "FREQ=DAILY;COUNT=2", day("2026-04-06"), PERIOD, queue="mail"), now=NOW
        )
        save_days(session, pd.DataFrame({"date": [utc("2026-04-25")], "name": ["Open house"]}))
        archive = load_archive(session, queues=["calls"])
        names = archive.calendar.names([day("2026-03-25"), day("2026-04-25"), day("2029-01-25")])
        assert names == ["run", "Open house", "run"]
        assert archive.calendar.once == {day("2026-02-03"), day("2026-02-04")}
        assert load_archive(session, queues=["mail"]).calendar.once == frozenset()
        (sale,) = archive.drivers.values()
        assert sale.period and sale.queue == "mail"
        assert sale.by_day("Europe/Amsterdam")[0].tolist() == [day("2026-04-06"), day("2026-04-07")]


class TestGroups:
    def test_a_set_is_replaced_by_its_queue_and_date(self, session: Session) -> None:
        def rows(*told: tuple[str, str, str | None, float]) -> pd.DataFrame:
            frame = pd.DataFrame(told, columns=["queue", "group", "since", "share"])
            return frame.assign(
                since=pd.to_datetime(frame["since"], utc=True), share=frame["share"].astype(float)
            )

        assert (
            save_groups(
                session, rows(("a", "G", None, 1.0), ("a", "H", "2026-06-01", 0.5), ("b", "G", None, 0.3))
            )
            == 3
        )
        save_groups(session, rows(("a", "K", "2026-06-01", 0.2)))
        held = load_groups(session)
        assert [(one.queue, one.group, one.date) for one in held.parts] == [("a", "G", ""), ("a", "K", "2026-06-01"), ("b", "G", "")]  # fmt: skip
        assert load_groups(session, on=dt.date(2026, 5, 31)).of("a", day("2026-05-31"))[0].group == "G"
        assert {one.group for one in load_groups(session, on=dt.date(2026, 6, 1)).parts} == {"K", "G"}
        save_groups(session, rows(), whole=True)
        assert load_groups(session) == Groups()
