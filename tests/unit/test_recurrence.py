"""Days that come again: rules, where they move to, and calendars that hold them."""

from __future__ import annotations

import time

import numpy as np
import pytest

from forecast.contacts.special_days import read_days
from forecast.day_rules import ONCE, PERIOD, DayRule, periods, rule_of, special
from forecast.days import Calendar
from forecast.errors import InputError
from forecast.recurrence import occurrences

TZ = "Europe/Amsterdam"
NL = Calendar.of(country="NL")


def day(date: str) -> int:
    return int(np.datetime64(date, "D").astype(np.int64))


def dates(days: np.ndarray) -> list[str]:  # type: ignore[type-arg]
    return [str(np.datetime64(int(one), "D")) for one in days]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=25", ["2026-01-25", "2026-02-25", "2026-03-25"]),
        ("RRULE:FREQ=MONTHLY;BYDAY=-1FR;", ["2026-01-30", "2026-02-27", "2026-03-27"]),
        ("FREQ=DAILY;COUNT=3", ["2026-01-05", "2026-01-06", "2026-01-07"]),
        ("FREQ=DAILY;INTERVAL=30;BYDAY=MO,WE", ["2026-01-05", "2026-02-04"]),
        ("FREQ=WEEKLY;INTERVAL=4;BYDAY=TU", ["2026-01-06", "2026-02-03", "2026-03-03", "2026-03-31"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", []),
        ("FREQ=WEEKLY;UNTIL=20260112T225959Z", ["2026-01-05", "2026-01-12"]),
        ("FREQ=DAILY;BYMONTHDAY=-1", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("FREQ=MONTHLY;BYHOUR=9,17;BYMONTHDAY=7", ["2026-01-07", "2026-02-07", "2026-03-07"]),
    ],
)
def test_a_rule_falls_on_its_days(rule: str, expected: list[str]) -> None:
    assert dates(occurrences(rule, day("2026-01-05"), day("2026-03-31"))) == expected


@pytest.mark.parametrize(
    "rule",
    [
        "", "every 25th", "FREQ=HOURLY", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;FREQ=DAILY", "FREQ=MONTHLY;BYMONTHDAY=x",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=WEEKLY;BYMONTHDAY=3", "FREQ=DAILY;BYDAY=1MO", "FREQ=DAILY;UNTIL=soon",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=30", "FREQ=DAILY;BYSETPOS=2", "FREQ=MONTHLY;" + "BYMONTHDAY=1;" * 60, "FREQ=YEARLY;X=1",
    ],
)  # fmt: skip
def test_what_is_no_rule_or_never_happens_is_refused(rule: str) -> None:
    with pytest.raises(InputError, match="RFC 5545"):
        occurrences(rule, day("2026-01-05"), day("2099-12-31"))


def test_a_rule_that_never_meets_its_day_does_not_search_for_ever() -> None:
    began = time.monotonic()
    assert len(occurrences("FREQ=DAILY;INTERVAL=7;BYDAY=TU", day("2026-01-05"), day("2099-12-31"))) == 0
    assert time.monotonic() - began < 15  # milliseconds, on a machine of its own


def test_an_invoice_run_moves_off_weekends_and_holidays() -> None:
    """25 April 2026 is a Saturday, the Monday after it King's Day; 25 December is a holiday."""
    for moves, april, december in (
        ("stays", "2026-04-25", "2026-12-25"),
        ("next", "2026-04-28", "2026-12-28"),
        ("previous", "2026-04-24", "2026-12-24"),
    ):
        rule = DayRule("Invoice run", "FREQ=MONTHLY;BYMONTHDAY=25", day("2026-01-01"), moves=moves)
        found = dates(rule.days(day("2026-12-31"), NL))
        assert len(found) == 12 and april in found and december in found


def test_friendly_forms_say_what_they_mean() -> None:
    monthly, _ = rule_of(monthly=31)
    assert dates(occurrences(monthly, day("2026-01-01"), day("2026-04-30"))) == [
        "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30",
    ]  # fmt: skip
    last, moves = rule_of(last_working_day=True)
    rule = DayRule("pay day", last, day("2026-04-01"), moves=moves or "stays")
    assert dates(rule.days(day("2026-05-31"), NL)) == ["2026-04-30", "2026-05-29"]
    assert (
        dates(occurrences(rule_of(yearly="12-05")[0], day("2025-01-01"), day("2026-12-31")))[1]
        == "2026-12-05"
    )
    for wrong in ({}, {"monthly": 32}, {"yearly": "13-01"}, {"monthly": 1, "yearly": "12-05"}):
        with pytest.raises(InputError):
            rule_of(**wrong)  # type: ignore[arg-type]


def test_rules_become_days_and_periods_are_none() -> None:
    rules = [
        DayRule("run", "FREQ=MONTHLY;BYMONTHDAY=25", day("2026-01-01")),
        DayRule("strike", "FREQ=DAILY;COUNT=2", day("2026-02-02"), ONCE),
        DayRule("sale", "FREQ=DAILY;COUNT=9", day("2026-03-02"), PERIOD),
    ]
    calendar = Calendar.of(special(rules, day("2026-03-31"), NL))
    assert calendar.names([day("2026-02-25"), day("2026-02-02"), day("2026-03-04")]) == ["run", "strike", ""]
    assert calendar.once == {day("2026-02-02"), day("2026-02-03")}
    assert len(periods(rules, day("2026-03-31"), NL)["sale", ""]) == 9


ICS = """BEGIN:VCALENDAR
BEGIN:VTIMEZONE
TZID:Europe/Amsterdam
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:1
SUMMARY:Invoice run
DTSTART;VALUE=DATE:20260125
RRULE:FREQ=MONTHLY;BYMONTHDAY=25
EXDATE;VALUE=DATE:20260225
RDATE;VALUE=DATE:20260227
BEGIN:VALARM
TRIGGER:-PT15M
DURATION:PT1H
SUMMARY:not this
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:1
RECURRENCE-ID;VALUE=DATE:20260325
SUMMARY:Invoice run (late)
DTSTART;VALUE=DATE:20260326
END:VEVENT
BEGIN:VEVENT
UID:1
RECURRENCE-ID;VALUE=DATE:20260525
STATUS:CANCELLED
SUMMARY:Invoice run
DTSTART;VALUE=DATE:20260525
END:VEVENT
BEGIN:VEVENT
SUMMARY:Release
DTSTART:20260310T233000Z
DURATION:PT1H
RRULE:FREQ=WEEKLY;UNTIL=20260317T233000Z
END:VEVENT
BEGIN:VEVENT
SUMMARY:Night shift
DTSTART;TZID=America/New_York:20260401T200000
DTEND;TZID=America/New_York:20260401T230000
END:VEVENT
BEGIN:VEVENT
SUMMARY:Fair
DTSTART;VALUE=DATE:20260501
DURATION:P3D
END:VEVENT
BEGIN:VEVENT
SUMMARY:Off
STATUS:CANCELLED
DTSTART;VALUE=DATE:20260501
END:VEVENT
BEGIN:VEVENT
SUMMARY:Hourly
DTSTART:20260501T090000
RRULE:FREQ=HOURLY
END:VEVENT
END:VCALENDAR
"""


def test_a_calendar_that_repeats_is_read_fully() -> None:
    loaded = read_days(ICS.replace("\n", "\r\n").encode(), tz=TZ, until=day("2026-05-31"))
    found = {(str(row.date)[:10], row.name) for row in loaded.frame.itertuples(index=False)}
    assert found == {
        *(
            (f"2026-{month}-{date}", "Invoice run")
            for month, date in (("01", 25), ("02", 27), ("04", 25))  # that of May is cancelled by itself
        ),
        ("2026-03-26", "Invoice run (late)"),
        ("2026-03-11", "Release"),
        ("2026-03-18", "Release"),
        ("2026-04-02", "Night shift"),
        ("2026-05-01", "Fair"),
    }
    fair = loaded.frame[loaded.frame["name"] == "Fair"]
    assert str(fair["until"].iloc[0])[:10] == "2026-05-03"
    assert [(problem.column, problem.value) for problem in loaded.problems] == [("RRULE", "FREQ=HOURLY")]
    assert any("up to 2026-05-31" in warning for warning in loaded.warnings)


def test_rows_of_other_regions_are_left_out_and_said() -> None:
    text = b"date,name,until,region,kind\n2026-02-14,Voorjaar,2026-02-22,Zuid,period\n2026-02-21,Voorjaar,2026-03-01,Noord,period\n"
    loaded = read_days(text, tz=TZ, region="noord")
    assert [str(one)[:10] for one in loaded.frame["date"]] == ["2026-02-21"]
    assert "1 row(s) of other regions (Zuid) left out." in loaded.warnings[0] and not loaded.problems
