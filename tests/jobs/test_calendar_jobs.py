"""Hours, special days, school holidays and rules on their way from a file or a service to the published forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from httpx2 import Client
from sqlalchemy.orm import Session

from forecast.errors import ConfigError, SourceError
from jobs.predict import forecast_all
from jobs.school_holidays import fetch_school_holidays
from jobs.sources import Line
from store.day_rules import load_day_rules
from store.days import load_days, load_hours
from store.facts import open_archive
from store.groups import load_groups
from store.hour_exceptions import load_exceptions
from store.imports.days import import_days
from store.imports.groups import import_groups
from store.imports.hours import import_hours
from store.settings import Settings
from tests.jobs.test_queue_map_jobs import TODAY, contacts, days_ahead, load
from tests.peers.base import Answer, Asked
from tests.peers.base import Peer as Supplier


def with_(settings: Settings, **changed: object) -> Settings:
    return Settings(**{**settings.model_dump(), "company": {"country": None}, **changed})


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Without public holidays."""
    return with_(settings)


def test_a_closed_wednesday_and_an_open_saturday_come_from_one_file(
    session: Session, settings: Settings
) -> None:
    load(session, settings, contacts("calls", "2026-01-05", "2026-03-29"))
    text = (
        b"queue,weekday,date,opens,closes,name\n"
        + b"".join(b"calls,%d,,09:00,17:00,\n" % day for day in range(5))
        + b"calls,sun,,gesloten,,\n,,2026-04-01,gesloten,,move\ncalls,,2026-04-04,10:00,14:00,sale\ncalls,mon,2026-04-06,10:00,14:00,both\n"
    )
    found = import_hours(session, settings, text, now=TODAY)
    assert found.changed == 7 and len(found.problems) == 1 and "goes with a date" in found.problems[0]
    forecast_all(session, settings, TODAY)
    ahead = days_ahead(session, "calls")
    assert ahead[2] == 0 and ahead[6] == 0
    assert ahead[:2] == pytest.approx([160] * 2, rel=0.1)
    assert ahead[5] == pytest.approx(0.6 * 80, rel=0.2)  # half the hours of a working day


def test_exceptions_hold_where_the_hours_are_inferred_too(session: Session, settings: Settings) -> None:
    load(session, settings, contacts("calls", "2026-01-05", "2026-03-29"))
    import_hours(
        session,
        settings,
        b"queue,date,opens,closes\n,2026-04-01,closed,\ncalls,2026-04-02,13:00,17:00\n",
        now=TODAY,
    )
    assert len(load_hours(session)) == 0 and len(load_exceptions(session)) == 2
    forecast_all(session, settings, TODAY)
    assert days_ahead(session, "calls") == pytest.approx([160, 160, 0, 80, 160, 0, 0], rel=0.1)


@pytest.mark.parametrize("tz", ["America/New_York", "Asia/Tokyo"])
def test_local_dates_stay_the_same_in_every_zone(session: Session, settings: Settings, tz: str) -> None:
    import_days(session, settings, b"date,name\n2026-12-05,Feast\n", now=TODAY, timezone=tz)
    text = b"queue,weekday,opens,closes,valid_from,date\ncalls,1,08:00,18:00,2026-06-01,\ncalls,,closed,,,2026-12-25\n"
    import_hours(session, settings, text, now=TODAY, timezone=tz)
    import_groups(session, settings, b"queue,group,since\ncalls,G,2026-06-01\n", now=TODAY, timezone=tz)
    assert str(load_days(session)["date"].iloc[0])[:10] == "2026-12-05"
    assert str(load_hours(session)["valid_from"].iloc[0])[:10] == "2026-06-01"
    assert str(load_exceptions(session)["date"].iloc[0])[:10] == "2026-12-25"
    assert load_groups(session).parts[0].date == "2026-06-01"


def test_a_file_of_school_holidays_is_a_driver_and_no_special_day(
    session: Session, settings: Settings
) -> None:
    load(session, settings, contacts("calls", "2026-01-05", "2026-03-29"))
    text = b"date,name,until,region,kind\n2026-02-14,Spring,2026-02-22,Zuid,period\n2026-02-21,Spring,2026-03-01,Noord,period\n2026-03-05,Fair,,,\n"
    south = with_(settings, calendar={"school_holidays": {"region": "Zuid"}})
    found = import_days(session, south, text, now=TODAY)
    assert (
        found.changed == 2 and import_days(session, south, text, now=TODAY).changed == 1
    )  # a date is written again
    archive = open_archive(session, south)
    assert set(archive.calendar.own.values()) == {"Fair"}
    (spring,) = archive.drivers.values()
    assert (spring.name, spring.period, len(spring.values)) == ("Spring", True, 9)


def test_the_built_in_list_gives_dutch_school_holidays_by_region(
    session: Session, settings: Settings
) -> None:
    load(session, settings, contacts("calls", "2026-01-05", "2026-03-29"))
    south = with_(settings, company={"country": "NL", "region": "Zuid"})
    (driver,) = open_archive(session, south).drivers.values()
    days = driver.by_day("Europe/Amsterdam")[0].astype("datetime64[D]")
    assert driver.name == "school holidays" and np.datetime64("2026-02-16") in days
    assert np.datetime64("2026-03-16") not in days
    assert open_archive(session, with_(settings, company={"country": "NL"})).drivers == {}


def test_a_queue_may_serve_another_country(session: Session, settings: Settings) -> None:
    load(
        session,
        settings,
        contacts("calls", "2026-01-05", "2026-03-29"),
        contacts("be", "2026-01-05", "2026-03-29"),
    )
    both = with_(settings, company={"country": "NL"}, queues=[{"name": "be", "country": "BE"}])
    national = int(np.datetime64("2026-07-21", "D").astype(np.int64))
    assert open_archive(session, both, ["be"]).calendar.names([national]) == ["National Day"]
    assert open_archive(session, both, ["calls"]).calendar.names([national]) == [""]


class Ministry(Supplier):
    """A service of school holidays: what it was asked, and whatever it is told to answer."""

    needs_key = False

    def __init__(self, *items: object) -> None:
        super().__init__()
        self.items = items

    def answer(self, asked: Asked) -> Answer:
        assert asked.path == "/SchoolHolidays" and len(asked.one("countryIsoCode")) == 2
        year = asked.one("validFrom")[:4]

        def told(one: object) -> bool:
            first = str(one.get("startDate")) if isinstance(one, dict) else ""
            return first.startswith(year) or not first[:4].isdigit()

        return Answer.json([one for one in self.items if told(one)])


def item(first: str, last: str, *codes: str, **more: object) -> dict[str, object]:
    parts = [{"code": code, "shortName": code[-2:]} for code in codes]
    name = [{"language": "EN", "text": f"Break of {first[:7]}"}]
    return {"id": first, "startDate": first, "endDate": last, "type": "School", "name": name, "nationwide": not codes, "subdivisions": parts, **more}  # fmt: skip


def fetch(session: Session, settings: Settings, peer: Ministry) -> object:
    where = {"url": peer.url, "country": "NL", "region": "NL-NO"}
    asked = with_(settings, calendar={"school_holidays": where})
    with Client() as client:
        return fetch_school_holidays(session, asked, TODAY, years=1, over=Line(client, lambda _: None))


def test_a_service_is_asked_by_year_and_its_holidays_of_our_region_are_kept_once(
    session: Session, settings: Settings
) -> None:
    items = (
        item("2026-02-21", "2026-03-01", "NL-NO"),
        item("2026-02-14", "2026-02-22", "NL-ZU"),
        item("2026-12-19", "2027-01-03"),
        item("soon", "later"),
        {"startDate": "2026-05-01", "endDate": "2028-05-01"},
        "nonsense",
    )
    with Ministry(*items) as peer:
        first = fetch(session, settings, peer)
        again = fetch(session, settings, peer)
    assert first.done == {"read": 2, "new": 2} and again.done == {"read": 2, "new": 0}  # type: ignore[attr-defined]
    assert any("cannot be read" in one for one in first.problems) and any(
        "lasts from" in one for one in first.problems
    )  # type: ignore[attr-defined]
    assert [one.one("validFrom")[:4] for one in peer.asked[:4]] == ["2025", "2026", "2027", "2028"]
    assert {(one.name, one.date, one.origin) for one in load_day_rules(session)} == {
        ("Break of 2026-02", "2026-02-21", "school"),
        ("Break of 2026-12", "2026-12-19", "school"),
    }
    load(session, settings, contacts("calls", "2026-01-05", "2026-03-29"))
    (driver,) = open_archive(session, settings).drivers.values()
    assert (driver.name, len(driver.values)) == ("school holidays", 9 + 16)


def test_without_a_service_nothing_is_asked_and_one_that_fails_says_so(
    session: Session, settings: Settings
) -> None:
    with pytest.raises(ConfigError, match=r"calendar\.school_holidays\.url"):
        fetch_school_holidays(session, settings, TODAY, years=1)
    with Ministry() as peer:
        peer.faults.append(Answer(404, b"gone"))
        with pytest.raises(SourceError, match="404"):
            fetch(session, settings, peer)
    with Ministry() as peer:
        peer.faults.append(Answer(200, b"<html>"))
        with pytest.raises(SourceError, match="no JSON"):
            fetch(session, settings, peer)
    assert load_day_rules(session) == []


def test_an_invoice_run_by_rule_is_in_the_calendar_of_history_and_horizon(
    session: Session, settings: Settings
) -> None:
    """The 25th of January 2025 is a Saturday."""
    load(session, settings, contacts("calls", "2025-06-02", "2026-03-24"))
    from forecast.day_rules import DayRule
    from store.day_rules import add_rule

    since = int(np.datetime64("2025-01-01", "D").astype(np.int64))
    add_rule(
        session,
        DayRule("Invoice run", "FREQ=MONTHLY;BYMONTHDAY=25", since, moves="next"),
        now=TODAY.to_pydatetime(),
    )
    own = open_archive(session, settings, ["calls"]).calendar.own
    dates = [pd.Timestamp(day, unit="D") for day in sorted(own)]
    assert (
        dates[0] == pd.Timestamp("2025-01-27") and len(dates) > 24 and all(one.dayofweek < 5 for one in dates)
    )
