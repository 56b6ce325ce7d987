"""What the tabs of the data page read and do, without a browser."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from api.calendar_schemas import HoursIn
from api.dashboard.data import all_queues, driver_list, findings, moves, special_day
from api.dashboard.data.calendar import CalendarTab
from api.dashboard.data.driver_values import amount_read, pasted
from api.dashboard.data.drivers import DriversTab
from api.dashboard.data.finding import finding_card
from api.dashboard.data.finding_words import told
from api.dashboard.data.hours import HoursTab
from api.dashboard.data.hours_held import own_of
from api.dashboard.data.page import NAMES, TABS
from api.dashboard.data.quality import QualityTab
from api.dashboard.data.queues import QueuesTab
from api.dashboard.data.tabs import PICK, Answer, View
from api.dashboard.data.week import clock_changes, day_spans, open_hours, opening, spans_of
from api.dashboard.data.year import marked, year_table
from api.dashboard.desk import Change
from api.dashboard.scenario.bench import Bench
from api.dashboard.words import Words
from api.hours_told import hours_of
from forecast.buckets import Interval
from forecast.days import Calendar
from forecast.errors import InputError
from forecast.quality.findings import KINDS, Finding
from forecast.queue_map import Move
from store.database import connect, sessions
from store.day_rules import load_day_rules
from store.days import load_days, save_days
from store.drivers import load_drivers, save_drivers
from store.groups import load_groups
from store.hour_exceptions import load_exceptions
from store.quality import load_findings, load_marks
from store.queue_map import load_moves
from store.queues import Queue, load_queues, save_queue
from store.settings import Settings
from store.special_days import PUBLIC, KnownDay
from store.statements import table_of
from store.tables import AuditRow
from store.volumes import save_volumes
from tests.browser.test_dashboard_alerts import all_texts

NOW = dt.datetime(2026, 3, 10, 9, 42, tzinfo=dt.UTC)
TZ = "Europe/Amsterdam"
EN, NL = Words("en"), Words("nl")
CONFIG = Settings.model_validate({"company": {"timezone": TZ, "country": "NL"}})
TODAY = dt.date(2026, 3, 10)
NOTHING = pd.DataFrame(columns=["queue", "date", "opens", "closes", "name"])


@pytest.fixture
def session(sqlite_template: Path, tmp_path: Path) -> Iterator[Session]:
    """Two queues of which a fortnight of contacts is held: 10 and 20 in each hour from eight to ten."""
    path = tmp_path / "forecall.db"
    shutil.copy(sqlite_template, path)
    engine = connect(f"sqlite:///{path}")
    make: sessionmaker[Session] = sessions(engine)
    with make() as held:
        for name, offered in (("calls", 10.0), ("chats", 20.0)):
            save_queue(held, Queue(name, "phone", "all", Interval.HOUR, TZ))
            days = pd.date_range("2026-02-24", "2026-03-09", tz="UTC")
            ds = pd.DatetimeIndex(
                [day + pd.Timedelta(hours=hour) for day in days for hour in (8, 9)]
            ).as_unit("ns")
            rows = pd.DataFrame(
                {"queue": name, "ds": ds, "offered": offered, "known_at": ds + pd.Timedelta(hours=1)}
            )
            save_volumes(held, rows, upload_id=None)
        held.commit()
        yield held
    engine.dispose()


def view(queue: str = "calls", words: Words = EN, *, may: bool = True, **at: Any) -> View:
    return View(CONFIG, words, NOW, queue, None, may, at)


def change(session: Session) -> Change:
    return Change(session, "Anna", NOW)


def acts(session: Session) -> list[str]:
    table = table_of(AuditRow)
    return list(session.scalars(select(table.c.act).order_by(table.c.id)))


def filled(**fields: Any) -> Mapping[str, Any]:
    blank = {
        "name": "",
        "date": "",
        "until": "",
        "kind": "recurring",
        "queue": "*",
        "comes": "date",
        "moves": "stays",
        "rule": "",
    }
    return {**blank, **fields}


# ---- calendar


def test_a_day_saved_on_the_calendar_is_a_rule_and_undo_takes_it_back(session: Session) -> None:
    tab = CalendarTab()
    answer = tab.press(
        change(session),
        view(),
        "save",
        "",
        filled(name="Invoice run", date="2026-03-25", comes="monthly", moves="next"),
    )
    (rule,) = load_day_rules(session)
    assert (rule.name, rule.rule, rule.moves) == ("Invoice run", "FREQ=MONTHLY;BYMONTHDAY=25", "next")
    assert answer.changed and answer.undo == {"added": [rule.id]}
    tab.undo(change(session), view(), answer.undo or {})
    assert load_day_rules(session) == [] and acts(session) == ["special_day.add", "special_day.remove"]


def test_a_date_of_a_file_that_is_edited_becomes_a_rule_and_undo_brings_the_date_back(
    session: Session,
) -> None:
    date = pd.DatetimeIndex(["2026-04-24"]).tz_localize("UTC")
    save_days(session, pd.DataFrame({"date": date, "name": ["Line down"], "queue": [""], "kind": ["once"]}))
    tab, key = CalendarTab(), "date 2026-04-24 "
    answer = tab.press(
        change(session),
        view(),
        "save",
        key,
        filled(name="Line dead", date="2026-04-24", until="2026-04-25", kind="once"),
    )
    assert load_days(session).empty and [one.name for one in load_day_rules(session)] == ["Line dead"]
    tab.undo(change(session), view(), answer.undo or {})
    back = load_days(session)
    assert (
        back["name"].tolist() == ["Line down"]
        and back["kind"].tolist() == ["once"]
        and load_day_rules(session) == []
    )


def test_a_rule_that_is_removed_comes_back_as_it_was(session: Session) -> None:
    tab = CalendarTab()
    tab.press(change(session), view(), "save", "", filled(name="Pay day", comes="last", queue="calls"))
    (before,) = load_day_rules(session)
    answer = tab.press(change(session), view(), "remove", f"rule {before.id}", {})
    assert load_day_rules(session) == []
    tab.undo(change(session), view(), answer.undo or {})
    (after,) = load_day_rules(session)
    assert (after.name, after.rule, after.moves, after.queue, after.since) == (
        before.name, before.rule, before.moves, before.queue, before.since,
    )  # fmt: skip


def test_the_next_five_days_are_shown_before_a_rule_is_saved(session: Session) -> None:
    shown = all_texts(
        CalendarTab().preview(
            session, view(), filled(name="Invoices", date="2026-03-25", comes="monthly", moves="next")
        )
    )
    for day in (
        "Wed 25 Mar 2026",
        "Tue 28 Apr 2026",
        "Tue 26 May 2026",
        "Thu 25 Jun 2026",
        "Mon 27 Jul 2026",
    ):
        assert day in shown  # 25 April is a Saturday and Monday the 27th King's Day; 25 May is Whit Monday
    assert load_day_rules(session) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "", "date": "2026-03-25"}, "no name"),
        ({"name": "x", "date": ""}, "no date"),
        ({"name": "x", "date": "soon"}, "is no date"),
        ({"name": "x", "date": "2026-03-25", "until": "2026-03-24"}, "end lies before"),
        ({"name": "x", "comes": "rule", "rule": "FREQ=HOURLY"}, "repeats within a day"),
    ],
)
def test_what_cannot_be_a_special_day_is_refused_in_a_sentence(
    session: Session, fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        CalendarTab().press(change(session), view(), "save", "", filled(**fields))


def test_who_may_not_plan_sees_the_year_without_buttons(session: Session) -> None:
    CalendarTab().press(change(session), view(), "save", "", filled(name="Fair", date="2026-05-05"))
    may, look = (str(CalendarTab().body(session, view(may=one))) for one in (True, False))
    assert "'act': 'remove'" in may and "'act': 'new'" in may
    assert "'act': 'remove'" not in look and "'act': 'new'" not in look and "Fair" in look
    form = str(CalendarTab().press(session, view(may=False), PICK, "2026-05-05", {}).form)
    assert "Fair" in form and "'act': 'save'" not in form


def test_a_year_has_each_of_its_days_once_and_names_them_aloud() -> None:
    day = KnownDay(dt.date(2028, 2, 29), dt.date(2028, 2, 29), "Leap", "recurring", "rule", rule=1)
    table = year_table(2028, marked([day], NOTHING), TODAY, EN)
    text = str(table)
    assert (
        text.count("data-day='2028-") + text.count("'data-day': '2028-") == 366
        or text.count("data-day") == 366
    )
    assert "Tue 29 Feb 2028: Leap, special day" in text


def test_a_public_holiday_with_a_name_of_ones_own_is_shown_as_a_special_day() -> None:
    date = dt.date(2026, 4, 27)
    both = [KnownDay(date, date, "King's Day", "recurring", origin) for origin in ("date", PUBLIC)]
    assert marked(both, NOTHING)[date].kinds == ("special", "public") and marked(both, NOTHING)[
        date
    ].names == ("King's Day",)


def test_a_rule_shows_the_first_days_from_today_on() -> None:
    rule = special_day.rule_told(special_day.told_of(filled(name="x", date="2026-12-05", comes="yearly"), EN))
    found = special_day.next_days(rule, Calendar("NL"), TODAY)
    assert found[:2] == [dt.date(2026, 12, 5), dt.date(2027, 12, 5)]


# ---- opening hours


def week(**told: str) -> dict[str, Any]:
    return {
        "since": told.pop("since", ""),
        "replaces": "",
        **{f"hours-{day}": told.get(f"d{day}", "") for day in range(7)},
    }


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("08:00-20:00", [("08:00", "20:00")]),
        ("13-17.30, 8:00 – 12:00", [("08:00", "12:00"), ("13:00", "17:30")]),
        ("gesloten", []),
        ("", []),
        ("0-24", [("00:00", "24:00")]),
    ],
)
def test_hours_are_read_as_planners_write_them(text: str, spans: list[tuple[str, str]]) -> None:
    assert spans_of(text, NL) == spans


@pytest.mark.parametrize(
    "text", ["early", "8-", "25-26", "20:00-08:00", "08:00-12:00, 11:00-13:00", "8:75-9"]
)
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        spans_of(text, EN)


def test_a_week_is_saved_from_a_day_on_and_undo_brings_the_hours_back(session: Session) -> None:
    tab = HoursTab()
    tab.press(change(session), view(), "save", "", week(d0="8-20", d1="8-20"))
    before = own_of(hours_of(session, "calls"))
    answer = tab.press(change(session), view(), "save", "", week(since="2026-04-06", d0="9-17"))
    assert [one.valid_from for one in hours_of(session, "calls").weeks] == [None, dt.date(2026, 4, 6)]
    tab.undo(change(session), view(), answer.undo or {})
    assert own_of(hours_of(session, "calls")) == before
    assert acts(session) == ["hours.replace"] * 3


def test_a_set_whose_first_day_is_changed_does_not_stay_beside_itself(session: Session) -> None:
    tab = HoursTab()
    tab.press(change(session), view(), "save", "", week(since="2026-04-06", d0="9-17"))
    tab.press(
        change(session), view(), "save", "", {**week(since="2026-04-13", d0="9-17"), "replaces": "2026-04-06"}
    )
    assert [one.valid_from for one in hours_of(session, "calls").weeks] == [dt.date(2026, 4, 13)]


def test_a_day_without_hours_closes_the_queue_and_can_be_taken_back(session: Session) -> None:
    tab = HoursTab()
    tab.press(change(session), view(), "save", "", week(d0="8-20"))
    tab.press(change(session), view(), "save", "", {"date": "2026-03-16", "hours": "", "name": "Team day"})
    held = load_exceptions(session, queue="calls")
    assert held["opens"].tolist() == [""] and held["name"].tolist() == ["Team day"]
    answer = tab.press(change(session), view(), "remove-day", "2026-03-16", {})
    assert load_exceptions(session, queue="calls").empty
    tab.undo(change(session), view(), answer.undo or {})
    assert load_exceptions(session, queue="calls")["name"].tolist() == ["Team day"]


def test_a_form_of_hours_is_saved_to_the_queue_it_was_opened_for(session: Session) -> None:
    tab = HoursTab()
    tab.press(change(session), view("calls"), "save", "", week(d0="8-20"))
    tab.press(change(session), view("chats"), "save", "", week(d0="9-17"))
    for act, title in (("week", "Weekly hours of calls"), ("day", "One day with other hours: calls")):
        form = str(tab.press(session, view("calls"), act, "first", {}).form)
        assert title in form and "'name': 'queue'}, style={'display': 'none'}, value='calls'" in form
    fields = {**week(d0="7-20"), "replaces": "first", "queue": "calls"}
    assert "08:00–20:00 →  07:00–20:00" in all_texts(tab.preview(session, view("chats"), fields))
    answer = tab.press(change(session), view("chats"), "save", "", fields)
    opens = [hours_of(session, queue).weeks[0].spans[0].opens for queue in ("calls", "chats")]
    assert opens == ["07:00", "09:00"]
    tab.undo(change(session), view("chats"), answer.undo or {})
    assert hours_of(session, "calls").weeks[0].spans[0].opens == "08:00"


def test_hours_somebody_else_changed_since_are_not_undone(session: Session) -> None:
    tab = HoursTab()
    answer = tab.press(change(session), view(), "save", "", week(d0="8-20"))
    tab.press(change(session), view(), "save", "", {"date": "2026-03-16", "hours": "", "name": "Team day"})
    with pytest.raises(InputError, match="changed this after you"):
        tab.undo(change(session), view(), answer.undo or {})
    assert load_exceptions(session, queue="calls")["name"].tolist() == ["Team day"]


def test_the_preview_names_the_days_that_change_and_no_other(session: Session) -> None:
    tab = HoursTab()
    tab.press(change(session), view(), "save", "", week(d0="8-20", d1="8-20"))
    shown = all_texts(tab.preview(session, view(), week(since="2026-04-06", d0="9-17", d1="8-20")))
    assert "Mon 6 Apr 2026" in shown and "08:00–20:00" in shown and "09:00–17:00" in shown
    assert (
        "Tue 7 Apr 2026" not in shown and "Days that change: 9" in shown
    )  # nine Mondays in eight weeks and a day


@pytest.mark.parametrize(
    ("date", "hours"),
    [(dt.date(2026, 3, 29), 23.0), (dt.date(2026, 10, 25), 25.0), (dt.date(2026, 10, 24), 24.0)],
)
def test_a_queue_that_never_closes_is_open_23_and_25_hours_when_the_clock_changes(
    date: dt.date, hours: float
) -> None:
    told_ = {
        "weeks": [
            {
                "valid_from": None,
                "spans": [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in range(7)],
            }
        ]
    }
    found = opening("calls", HoursIn.model_validate(told_), NOTHING)
    day = (date - dt.date(1970, 1, 1)).days
    assert found is not None and open_hours(found, day, TZ) == hours
    assert day_spans(found, day, day, TZ)[day] == [("00:00", "24:00")]


def test_the_clock_changes_twice_in_the_coming_year() -> None:
    first = (TODAY - dt.date(1970, 1, 1)).days
    assert [long for _, long in clock_changes(first, first + 364, TZ)] == [23, 25]


# ---- drivers


@pytest.mark.parametrize(
    ("text", "words", "amount"),
    [("1.500", NL, 1500.0), ("1.500", EN, 1.5), ("1,500", EN, 1500.0), ("1.234,5", EN, 1234.5), ("500", NL, 500.0), ("12,5", NL, 12.5), ("", EN, None)],
)  # fmt: skip
def test_amounts_are_read_with_the_marks_of_the_language(
    text: str, words: Words, amount: float | None
) -> None:
    assert amount_read(text, words) == amount


def test_two_pasted_columns_are_read_and_a_heading_is_passed_over() -> None:
    found = pasted("Datum\tAantal\n1-12-2026\t1.500\n2026-12-02;20\n", NL)
    assert [(one.date, one.amount) for one in found] == [
        (dt.date(2026, 12, 1), 1500.0),
        (dt.date(2026, 12, 2), 20.0),
    ]


@pytest.mark.parametrize("text", ["2026-12-01\t5\n31-02-2026\t5", "2026-12-01\tmany", "2026-12-01\t=1+1"])
def test_a_pasted_line_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(InputError, match="Line"):
        pasted(text, EN)


def test_amounts_are_saved_changed_and_taken_back_as_they_were(session: Session) -> None:
    tab = DriversTab()
    first = {"driver": "letters", "queue": "*", "pasted": "2026-03-20\t100\n2026-03-21\t200", "amount": None}
    tab.press(change(session), view(), "save", "", first)
    fields = {"driver": "letters", "queue": "*", "on 2026-03-20": 150, "on 2026-03-21": ""}
    later = Change(session, "Anna", NOW + dt.timedelta(minutes=1))
    answer = tab.press(later, view(), "save", "", fields)
    assert load_drivers(session)["value"].tolist() == [150.0]
    tab.undo(Change(session, "Anna", NOW + dt.timedelta(minutes=2)), view(), answer.undo or {})
    assert load_drivers(session)["value"].tolist() == [100.0, 200.0]


def test_amounts_that_are_held_already_change_nothing_and_say_so(session: Session) -> None:
    fields = {"driver": "letters", "queue": "*", "pasted": "2026-03-20\t100"}
    DriversTab().press(change(session), view(), "save", "", fields)
    with pytest.raises(InputError, match="Nothing is other"):
        DriversTab().press(change(session), view(), "save", "", fields)


def test_a_plan_that_stops_is_warned_of_and_one_that_goes_on_is_not() -> None:
    def values(*days: str) -> pd.DataFrame:
        return pd.DataFrame({"ds": pd.DatetimeIndex(days).tz_localize("UTC"), "value": 1.0})

    assert driver_list.stops(values("2026-02-01", "2026-03-01"), NOW)
    assert not driver_list.stops(values("2026-02-01", "2026-03-01", "2026-03-20"), NOW)
    assert not driver_list.stops(values("2025-01-01", "2025-02-01"), NOW)


def test_without_drivers_the_page_says_what_to_do(session: Session) -> None:
    assert EN("data_drivers_none_text") in all_texts(DriversTab().body(session, view()))


def driver_rows(session: Session, **columns: Any) -> None:
    """Amounts of one driver as a file brings them, a week before now."""
    rows = pd.DataFrame(columns).assign(queue="")
    known = pd.Timestamp(NOW - dt.timedelta(days=7)).as_unit("ns")
    ds = pd.DatetimeIndex(rows["ds"]).tz_localize("UTC").as_unit("ns")
    save_drivers(session, rows.assign(ds=ds, known_at=known))


def minutes(session: Session, past: int) -> Change:
    return Change(session, "Anna", NOW + dt.timedelta(minutes=past))


def held_amounts(session: Session) -> list[tuple[str, float]]:
    held = load_drivers(session)
    return [(f"{at:%d %H:%M}", value) for at, value in zip(held["ds"], held["value"], strict=True)]


def worths(session: Session) -> list[float]:
    return [float(one) for one in load_drivers(session)["worth"]]


def test_amounts_within_the_day_are_shown_changed_removed_and_undone_each_at_its_own_moment(
    session: Session,
) -> None:
    tab = DriversTab()
    ds = ["2026-03-20 08:00", "2026-03-20 09:00"]  # UTC, an hour later in Amsterdam
    driver_rows(session, driver=["visitors"] * 2, ds=ds, value=[500.0, 300.0])
    held = view(driver='["visitors", ""]')
    form = str(tab.press(session, held, "coming", "", {}).form)
    assert "Fri 20 Mar 2026 09:00" in form and "Fri 20 Mar 2026 10:00" in form
    fields = {"driver": "visitors", "queue": "*", "on 2026-03-20T09:00:00+00:00": 400, "pasted": ""}
    answer = tab.press(minutes(session, 1), held, "save", "", fields)
    assert held_amounts(session) == [("20 08:00", 500.0), ("20 09:00", 400.0)]
    tab.undo(minutes(session, 2), held, answer.undo or {})
    assert held_amounts(session) == [("20 08:00", 500.0), ("20 09:00", 300.0)]
    key = json.dumps(["visitors", "", "2026-03-20T08:00:00+00:00"])
    assert key.replace('"', "") in str(tab.body(session, held)).replace('"', "").replace("\\", "")
    tab.press(minutes(session, 3), held, "remove", key, {})
    assert held_amounts(session) == [("20 09:00", 300.0)]
    one = {"driver": "visitors", "queue": "*", "date": "2026-03-20", "amount": 350}
    tab.press(minutes(session, 4), held, "save", "", one)  # the only one of its day
    assert held_amounts(session) == [("20 09:00", 350.0)]


def test_a_day_that_has_several_amounts_is_not_given_one_more(session: Session) -> None:
    ds = ["2026-03-20 08:00", "2026-03-20 09:00"]
    driver_rows(session, driver=["visitors"] * 2, ds=ds, value=[500.0, 300.0])
    fields = {"driver": "visitors", "queue": "*", "pasted": "2026-03-20\t400"}
    with pytest.raises(InputError, match="2 amounts fall within the day"):
        DriversTab().press(change(session), view(), "save", "", fields)


def test_what_was_assumed_of_an_amount_stays_when_it_is_changed_and_comes_back_with_undo(
    session: Session,
) -> None:
    tab = DriversTab()
    driver_rows(session, driver=["letters"], ds=["2026-03-19 23:00"], value=[1000.0], worth=[0.05])
    changed = tab.press(
        minutes(session, 1), view(), "save", "", {"driver": "letters", "queue": "*", "on 2026-03-20": "1200"}
    )
    assert held_amounts(session) == [("19 23:00", 1200.0)] and worths(session) == [0.05]
    tab.undo(minutes(session, 2), view(), changed.undo or {})
    assert held_amounts(session) == [("19 23:00", 1000.0)] and worths(session) == [0.05]
    fields = {"driver": "letters", "queue": "*", "date": "2026-03-20", "amount": "1000", "worth": "0.08"}
    assert "contacts per unit: 0.080" in all_texts(tab.preview(session, view(), fields))
    assumed = tab.press(minutes(session, 3), view(), "save", "", fields)
    assert worths(session) == [0.08]
    tab.undo(minutes(session, 4), view(), assumed.undo or {})
    assert worths(session) == [0.05]


def test_an_amount_somebody_else_changed_since_is_not_undone(session: Session) -> None:
    tab, fields = DriversTab(), {"driver": "letters", "queue": "*"}
    answer = tab.press(minutes(session, 1), view(), "save", "", {**fields, "pasted": "2026-03-20\t100"})
    tab.press(minutes(session, 2), view(), "save", "", {**fields, "pasted": "2026-03-20\t150"})
    with pytest.raises(InputError, match="changed this after you"):
        tab.undo(minutes(session, 3), view(), answer.undo or {})
    assert load_drivers(session)["value"].tolist() == [150.0]


# ---- queues


def test_a_split_shows_what_it_makes_of_last_week(session: Session) -> None:
    fields = {
        "kind": "split",
        "queue": "chats",
        "date": "2026-04-01",
        "into-0": "north",
        "share-0": 70,
        "into-1": "",
        "share-1": None,
    }
    shown = all_texts(QueuesTab().preview(session, view(), fields))
    assert "north" in shown and "196" in shown and "84" in shown  # 280 in the last seven days


def test_moves_are_undone_and_the_undoing_is_undone(session: Session) -> None:
    tab = QueuesTab()
    fields = {"kind": "merge", "queues": ["calls", "chats"], "date": "2026-04-01", "into-0": "desk"}
    answer = tab.press(change(session), view(), "save", "", fields)
    assert {(one.move.queue, one.move.into) for one in load_moves(session)} == {
        ("calls", "desk"),
        ("chats", "desk"),
    }
    taken = tab.press(change(session), view(), "back", str(load_moves(session)[0].id), {})
    assert load_moves(session) == [] and "desk" not in {queue.name for queue in load_queues(session)}
    tab.undo(change(session), view(), taken.undo or {})
    assert len(load_moves(session)) == 2 and isinstance(answer, Answer) and answer.changed


def test_a_move_in_a_circle_is_refused(session: Session) -> None:
    tab = QueuesTab()
    tab.press(
        change(session),
        view(),
        "save",
        "",
        {"kind": "rename", "queue": "calls", "date": "2026-04-01", "into-0": "lines"},
    )
    with pytest.raises(InputError):
        tab.press(
            change(session),
            view(),
            "save",
            "",
            {"kind": "rename", "queue": "lines", "date": "2026-05-01", "into-0": "calls"},
        )


def test_contacts_are_moved_in_the_order_of_the_moves() -> None:
    found = moves.moved({"a": 100.0, "b": 10.0}, [Move(1, "a", "b", 0.5), Move(2, "b", "c", 1.0)])
    assert found == {"a": 50.0, "b": 0.0, "c": 60.0}


def test_groups_are_added_removed_and_brought_back(session: Session) -> None:
    tab = QueuesTab()
    tab.press(
        change(session),
        view(),
        "save-group",
        "",
        {"queue": "calls", "group": "Desk", "site": "Utrecht", "share": 60, "since": ""},
    )
    tab.press(
        change(session),
        view(),
        "save-group",
        "",
        {"queue": "calls", "group": "Partner", "site": "", "share": 40, "since": ""},
    )
    answer = tab.press(
        change(session), view(), "remove-group", json.dumps(["calls", "Desk", "Utrecht", ""]), {}
    )
    assert [part.group for part in load_groups(session).parts] == ["Partner"]
    tab.undo(change(session), view(), answer.undo or {})
    assert [(part.group, part.share) for part in load_groups(session).parts] == [
        ("Desk", 0.6),
        ("Partner", 0.4),
    ]
    with pytest.raises(InputError, match="add up"):
        tab.press(
            change(session),
            view(),
            "save-group",
            "",
            {"queue": "calls", "group": "Third", "site": "", "share": 10, "since": ""},
        )


def test_groups_somebody_else_changed_since_are_not_undone(session: Session) -> None:
    tab = QueuesTab()
    desk = {"queue": "calls", "group": "Desk", "site": "", "share": 60, "since": ""}
    answer = tab.press(change(session), view(), "save-group", "", desk)
    tab.press(change(session), view(), "save-group", "", {**desk, "group": "Partner", "share": 40})
    with pytest.raises(InputError, match="changed this after you"):
        tab.undo(change(session), view(), answer.undo or {})
    assert [part.group for part in load_groups(session).parts] == ["Desk", "Partner"]


def far_west(session: Session) -> None:
    """A queue in Los Angeles: 10 contacts an hour around the clock, from 20 February to now; 50 on 1 March."""
    zone = "America/Los_Angeles"
    save_queue(session, Queue("west", "phone", "all", Interval.HOUR, zone))
    ds = pd.date_range("2026-02-20", "2026-03-10", freq="h", tz=zone).tz_convert("UTC").as_unit("ns")
    offered = [50.0 if f"{at:%m-%d}" == "03-01" else 10.0 for at in ds.tz_convert(zone)]
    known = ds + pd.Timedelta(hours=1)
    save_volumes(
        session,
        pd.DataFrame({"queue": "west", "ds": ds, "offered": offered, "known_at": known}),
        upload_id=None,
    )


def test_the_days_of_a_queue_are_those_of_its_own_zone(session: Session) -> None:
    far_west(session)
    one = Finding("west", "outlier", "2026-03-01", "2026-03-01", 1.0, "", "", "", "warning")
    bars = str(finding_card(session, one, view("west")))
    found = re.findall(r"title='(\w+ \d+ Mar): ([\d,]+)'", bars)
    assert ("Sat 28 Feb", "240") in re.findall(r"title='(\w+ 28 Feb): ([\d,]+)'", bars)
    assert found[:2] == [("Sun 1 Mar", "1,200"), ("Mon 2 Mar", "240")]
    week_ = moves.last_week(session, view("calls"))
    assert week_["west"] == 7 * 240 - 10  # the night of 8 March has an hour less there
    assert week_["chats"] == 280


# ---- quality


def many_queues(session: Session) -> None:
    for place in range(findings.FEW):
        save_queue(session, Queue(f"other {place:02}", "phone", "all", Interval.HOUR, TZ))


def test_with_many_queues_the_chosen_one_alone_is_looked_at_until_all_are_asked_for(session: Session) -> None:
    many_queues(session)
    session.commit()
    tab, bench = QualityTab(), Bench()
    first = all_texts(tab.body(session, view()))
    assert EN("data_one_note", queue="calls") in first and EN("data_all_look", n=14) in first
    number = all_queues.ask(session, view(), bench).number
    for _ in range(200):
        if all_queues.looked(number, EN, bench)[1]:
            break
        time.sleep(0.05)
    assert (
        all_queues.answer(session, view(), bench) is None
    )  # nobody who did not ask is shown what may be old
    asked, found = all_queues.answer(session, view(ticket=number, looked=number), bench) or (None, ())
    assert asked == NOW and {one.queue for one in found} >= {"calls", "chats"}
    wanted = [one for one in load_findings(session, CONFIG, now=NOW) if one.kind != "gap"]
    assert [one for one in found if one.kind != "gap"] == wanted


def test_what_was_found_of_all_queues_is_kept_until_the_database_changes(session: Session) -> None:
    many_queues(session)
    session.commit()
    marked_ = replace(view(), mark="one")
    told_: list[tuple[int, int, str]] = []
    found = findings.found_beside(session, CONFIG, NOW, "one", lambda *step: told_.append(step))
    assert told_[0] == (0, 14, "calls") and told_[-1] == (14, 14, "")
    assert all_queues.answer(session, marked_) == (None, found)
    shown = all_texts(QualityTab().body(session, marked_))
    assert EN("data_findings_open") in shown and EN("data_all_note") not in shown
    assert all_queues.answer(session, replace(marked_, mark="two")) is None


def test_a_finding_that_is_right_is_marked_and_told_again_after_undo(session: Session) -> None:
    tab, on = QualityTab(), json.dumps(["gap", "calls", "2026-03-01", "2026-03-01"])
    answer = tab.press(change(session), view(), "right", on, {})
    assert {key: mark.who for key, mark in load_marks(session).items()} == {
        ("gap", "calls", "2026-03-01"): "Anna"
    }
    tab.undo(change(session), view(), answer.undo or {})
    assert load_marks(session) == {} and acts(session) == ["finding.mark", "finding.unmark"]


def test_days_left_out_of_history_from_a_finding_are_a_rule_of_that_queue(session: Session) -> None:
    tab, on = QualityTab(), json.dumps(["outlier", "calls", "2026-03-01", "2026-03-01"])
    answer = tab.press(change(session), view(), "leave-out", on, {})
    (rule,) = load_day_rules(session)
    assert (rule.kind, rule.queue, rule.rule) == ("once", "calls", "FREQ=DAILY;COUNT=1")
    tab.undo(change(session), view(), answer.undo or {})
    assert load_day_rules(session) == []


def test_findings_are_told_in_dutch_with_its_numbers_and_dates() -> None:
    says = "From 2026-10-03 on 19% fewer contacts: 1,367 a day before, 299 after."
    one = Finding(
        "calls", "level_shift", "2026-10-03", "2026-11-20", 0.8, says, "A day beside Easter.", "", "info"
    )
    assert told(one, NL) == (
        "Vanaf 3 okt 2026 19 % minder contacten: 1.367 per dag ervoor, 299 erna.",
        "Een dag naast Easter.",
    )
    assert told(one, EN)[0] == "From 3 Oct 2026 on 19% fewer contacts: 1,367 a day before, 299 after."


def test_every_kind_of_finding_has_a_name_and_a_thing_to_do_in_both_languages() -> None:
    for words in (EN, NL):
        assert [
            kind for kind in KINDS if not (words.has(f"finding_{kind}") and words.has(f"finding_do_{kind}"))
        ] == []


def test_quality_shows_each_queue_and_what_lies_beside_its_counts(session: Session) -> None:
    shown = all_texts(QualityTab().body(session, view()))
    assert "calls" in shown and "chats" in shown
    beside = all_texts(QualityTab().late(session, view()))
    for title in ("data_demand_title", "data_reasons_title", "data_backlog_title", "data_repeats_title"):
        assert EN(title) in beside


# ---- all of them


@pytest.mark.parametrize("name", NAMES)
def test_every_tab_has_a_name_in_both_languages(name: str) -> None:
    assert EN.has(f"data_tab_{name}") and NL.has(f"data_tab_{name}")


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.name)
@pytest.mark.parametrize("words", [EN, NL], ids=["en", "nl"])
def test_every_tab_can_be_shown_to_who_may_and_who_may_not(session: Session, tab: Any, words: Words) -> None:
    for may in (True, False):
        held = view(words=words, may=may)
        shown = str([tab.show(words, {}, may=may), tab.body(session, held), tab.late(session, held)])
        assert "dangerously" not in shown
        if not may:
            acts_ = (
                "save",
                "remove",
                "add",
                "new",
                "week",
                "day",
                "coming",
                "rename",
                "merge",
                "split",
                "group",
                "right",
                "leave-out",
                "back",
            )
            assert [act for act in acts_ if f"'act': '{act}'" in shown] == []
