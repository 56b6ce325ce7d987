"""Signals, drivers, special days and opening hours."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from forecast.buckets import Interval
from forecast.contacts.assumed import with_known_at
from forecast.contacts.drivers import read_drivers
from forecast.contacts.opening_hours import read_hours
from forecast.contacts.queue_moves import read_queue_map
from forecast.contacts.signals import read_signals
from forecast.contacts.special_days import read_days
from forecast.errors import AmbiguousDates, EmptyFile, InputError, UnreadableFile

TZ = "Europe/Amsterdam"


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def test_the_kind_of_a_signal_is_guessed_from_its_values_and_the_guess_is_told() -> None:
    rows = "interval_start,signal,value\n2024-01-01T09:00,posts,3\n2024-01-01T10:00,posts,0\n2024-01-01T09:00,mood,-0.5\n2024-01-01T09:30,mood,1\n"
    loaded = read_signals(rows.encode(), tz=TZ)
    assert dict(zip(loaded.frame["signal"], loaded.frame["kind"], strict=True)) == {
        "posts": "count",
        "mood": "level",
    }
    assert loaded.intervals == {"posts": Interval.HOUR, "mood": Interval.HALF_HOUR}
    assert any("mood as level, posts as count" in warning for warning in loaded.warnings)
    assert "4 signals" in loaded.summary()


def test_what_the_file_says_of_kind_and_interval_holds() -> None:
    rows = "interval_start,signal,value,kind,interval,topic,known_at\n2024-01-01,posts,3,level,1w,,2024-01-09T08:00\n2024-01-08,posts,4,,,bills,\n"
    loaded = read_signals(rows.encode(), tz=TZ)
    assert loaded.frame["kind"].tolist() == ["level", "level"]
    assert loaded.frame["topic"].tolist() == ["all", "bills"]
    assert loaded.intervals == {"posts": Interval.WEEK}
    assert loaded.warnings == ()
    known = with_known_at(loaded.frame, interval=loaded.intervals, tz=TZ)
    assert known["known_at"].tolist() == [utc("2024-01-09T07:00"), utc("2024-01-14T23:00")]
    assert known["assumed"].tolist() == [False, True]
    with pytest.raises(InputError, match="two values in the column 'kind'"):
        read_signals(rows.replace("4,,", "4,count,").encode(), tz=TZ)


def test_a_count_in_the_repeated_hour_is_halved_and_a_level_is_not() -> None:
    rows = "interval_start,signal,value,kind\n2024-10-27T02:00,posts,3,count\n2024-10-27T02:00,mood,3,level\n2024-10-27T05:00,posts,1,\n2024-10-27T05:00,mood,1,\n"
    frame = read_signals(rows.encode(), tz=TZ).frame
    assert frame.query("kind == 'count'")["value"].tolist() == [1.5, 1.5, 1]
    assert frame.query("kind == 'level'")["value"].tolist() == [3, 3, 1]


def test_broken_signal_rows_are_listed() -> None:
    rows = "interval_start,signal,value,kind,interval\n2024-01-01T09:00,a,1,,\n2024-01-01T09:00,,1,,\n2024-01-01T10:00,a,inf,,\n2024-01-01T11:00,a,1,sum,\nx,a,1,,\n2024-01-01T12:00,a,1,,7min\n"
    loaded = read_signals(rows.encode(), tz=TZ)
    assert [(problem.row, problem.column) for problem in loaded.problems] == [
        (3, "signal"),
        (4, "value"),
        (5, "kind"),
        (6, "interval_start"),
        (7, "interval"),
    ]
    assert len(loaded.frame) == 1


def test_a_driver_s_date_is_the_start_of_the_local_day() -> None:
    rows = "date;driver;value;queue;known_at\n31-03-2024;letters;1.500;billing;\n01-04-2024;letters;2.500;;15-03-2024 12:00\n"
    loaded = read_drivers(rows.encode(), tz=TZ)
    assert loaded.frame["ds"].tolist() == [utc("2024-03-31T22:00"), utc("2024-03-30T23:00")]
    assert loaded.frame["queue"].tolist() == ["", "billing"]
    assert loaded.frame["known_at"].iloc[0] == utc("2024-03-15T11:00")
    assert any("1.500" in warning for warning in loaded.warnings)
    assert loaded.intervals == {"letters": Interval.DAY}
    hourly = read_drivers(
        b"interval_start,driver,value\n2024-01-01T09:00,campaign,-1\n2024-01-01T09:00,campaign,2\n2024-01-01T10:00,campaign,2\n",
        tz=TZ,
    )
    assert hourly.frame["value"].tolist() == [2, 2]
    assert any("more than once" in warning for warning in hourly.warnings)


def test_a_driver_s_row_may_say_what_a_unit_is_worth() -> None:
    rows = b"date,driver,value,worth\n2024-03-01,letters,100,0.03\n2024-03-02,letters,100,\n2024-03-03,letters,1,x\n"
    loaded = read_drivers(rows, tz=TZ)
    assert loaded.frame["worth"].tolist()[0] == 0.03
    assert pd.isna(loaded.frame["worth"].iloc[1])
    assert [(problem.row, problem.column) for problem in loaded.problems] == [(4, "worth")]


def test_special_days_are_local_days_with_an_end_and_a_kind() -> None:
    rows = "date,name,queue,kind,until\n2024-12-25,Christmas,,,2024-12-26\n2024-06-03,Price letter,billing,ONCE,\n2024-06-04,,,,\n2024-06-05,x,,yearly,\n2024-06-06,y,,,2024-06-01\n"
    loaded = read_days(rows.encode(), tz=TZ)
    assert loaded.frame["date"].tolist() == [utc("2024-06-03"), utc("2024-12-25")]
    assert loaded.frame["until"].iloc[1] == utc("2024-12-26")
    assert pd.isna(loaded.frame["until"].iloc[0])
    assert loaded.frame["kind"].tolist() == ["once", "recurring"]
    assert [(problem.row, problem.column) for problem in loaded.problems] == [
        (4, "name"),
        (5, "kind"),
        (6, "until"),
    ]
    with pytest.raises(AmbiguousDates):
        read_days(b"date,name\n01/02/2024,x\n", tz=TZ)


def test_a_calendar_gives_its_all_day_events(tmp_path: Path) -> None:
    path = tmp_path / "days.ics"
    path.write_bytes(
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20241225\r\nDTEND;VALUE=DATE:20241227\r\nSUMMARY:Kerst\\, beide\r\n  dagen\r\n"
        b"RRULE:FREQ=YEARLY\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:20240601T090000Z\r\nDTEND:20240601T170000Z\r\nSUMMARY:Release\r\nEND:VEVENT\r\n"
        b"BEGIN:VEVENT\r\nDTSTART:soon\r\nSUMMARY:Broken\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    loaded = read_days(path, tz=TZ, until=int(utc("2026-01-31").value // 86_400_000_000_000))
    assert loaded.frame["name"].tolist() == ["Release", *["Kerst, beide dagen"] * 2]
    assert loaded.frame["date"].tolist() == [utc("2024-06-01"), utc("2024-12-25"), utc("2025-12-25")]
    assert loaded.frame["until"].iloc[2] == utc("2025-12-26")
    assert [(problem.row, problem.column, problem.value) for problem in loaded.problems] == [
        (15, "DTSTART", "soon")
    ]
    assert len(loaded.warnings) == 2
    with pytest.raises(EmptyFile):
        read_days(b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", tz=TZ)


@pytest.mark.parametrize("monday", ["0", "mon", "Monday", "maandag", "Ma", "Montag", "lundi", "mo."])
def test_weekdays_are_read_by_number_and_by_name(monday: str) -> None:
    loaded = read_hours(f"queue,weekday,opens,closes\na,{monday},8:00,24:00\n".encode(), tz=TZ)
    assert loaded.frame.to_numpy().tolist() == [["a", 0, "08:00", "24:00"]]


def test_broken_hours_are_listed_and_several_openings_a_day_are_fine(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Queue", "Weekday", "Opens", "Closes", "Valid from"],
        ["a", 6, dt.time(8), dt.time(12), None],
        ["a", 6, dt.time(13), "17", dt.date(2024, 7, 1)],
        ["a", 7, "08:00", "12:00", None],
        ["a", "tue", "22:00", "06:00", None],
        ["a", "wed", "8 o'clock", "25:00", None],
        [None, "wed", "08:00", "12:00", None],
        ["a", None, "08:00", "12:00", None],
    ):
        sheet.append(row)
    book.save(tmp_path / "hours.xlsx")
    loaded = read_hours(tmp_path / "hours.xlsx", tz=TZ)
    assert loaded.frame[["weekday", "opens", "closes"]].to_numpy().tolist() == [
        [6, "13:00", "17:00"],
        [6, "08:00", "12:00"],
    ]
    assert loaded.frame["valid_from"].iloc[0] == utc("2024-07-01")
    assert pd.isna(loaded.frame["valid_from"].iloc[1])
    assert sorted({problem.row for problem in loaded.problems}) == [4, 5, 6, 7, 8]
    assert len(loaded.problems) == 6


def test_moves_between_queues_are_local_days_with_a_share() -> None:
    rows = "queue,into,date,share\nold,new,2024-03-01,\na,b,2024-06-01,0.4\na,c,2024-06-01,0\na,d,2024-06-01,40\n,e,2024-06-01,1\n"
    loaded = read_queue_map(rows.encode(), tz=TZ)
    assert loaded.frame["date"].tolist() == [utc("2024-06-01"), utc("2024-06-01"), utc("2024-03-01")]
    assert loaded.frame["share"].tolist() == [0.4, 0, 1]
    assert [problem.row for problem in loaded.problems] == [5, 6]
    assert "a share of 40 % is 0.4" in str(loaded.problems[0])
    assert "3 moves between queues" in loaded.summary()
    twice = read_queue_map(b"queue,into,date\na,b,2024-06-01\na,b,2024-06-01\n", tz=TZ)
    assert (len(twice.frame), len(twice.warnings)) == (1, 1)


@pytest.mark.parametrize("read", [read_signals, read_drivers, read_days, read_hours, read_queue_map])
def test_every_reader_refuses_what_it_cannot_use(read) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="has no column"):
        read(b"a,b\n1,2\n", tz=TZ)
    with pytest.raises(UnreadableFile):
        read(b"%PDF-1.7", tz=TZ)
    with pytest.raises(EmptyFile):
        read(
            b"interval_start,signal,driver,value,date,name,queue,weekday,opens,closes,into\n,,,,,,,,,x,\n",
            tz=TZ,
        )
