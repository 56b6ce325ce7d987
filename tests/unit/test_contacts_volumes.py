"""Volume files: layouts, clock changes, broken rows, doubles and sums."""

from __future__ import annotations

import time
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from forecast.buckets import Interval
from forecast.contacts.assumed import with_known_at
from forecast.contacts.loaded import Loaded
from forecast.contacts.volumes import read_volumes
from forecast.errors import AmbiguousDates, EmptyFile, InputError, UnknownZone

HEAD = "queue,interval_start,offered\n"


def read(text: str, tz: str = "Europe/Amsterdam", **options: str) -> Loaded:
    return read_volumes(text.encode(), tz=tz, **options)  # type: ignore[arg-type]


def placed(loaded: Loaded) -> list[tuple[str, float]]:
    frame = loaded.frame
    return [(f"{ds:%m-%d %H:%M}", offered) for ds, offered in zip(frame["ds"], frame["offered"], strict=True)]


def test_a_tidy_file_becomes_volumes_with_defaults() -> None:
    loaded = read(HEAD + "sales,2024-01-01T09:00,5\nsales,2024-01-01T10:00,7\n")
    assert placed(loaded) == [("01-01 08:00", 5), ("01-01 09:00", 7)]
    assert (loaded.interval, loaded.layout, loaded.problems, loaded.warnings, loaded.rows) == (
        Interval.HOUR,
        "tidy",
        (),
        (),
        2,
    )
    assert list(loaded.frame.columns) == ["queue", "ds", "offered", "channel", "topic"]
    assert loaded.frame[["channel", "topic"]].iloc[0].tolist() == ["phone", "all"]
    assert "12 contacts offered" in loaded.summary()
    assert "sales" in loaded.summary()


def test_headers_are_compared_without_case_and_blanks_and_strange_columns_are_named() -> None:
    loaded = read(
        " Queue ,Interval Start,OFFERED,AHT (seconds),remark\na,2024-01-01T09:00,5,300,x\na,2024-01-01T09:30,5,,x\n"
    )
    assert loaded.frame["aht_seconds"].iloc[0] == 300
    assert loaded.interval is Interval.HALF_HOUR
    assert any("remark" in warning for warning in loaded.warnings)


def test_semicolon_decimal_comma_bom_and_utf_16(tmp_path: Path) -> None:
    text = "queue;interval_start;offered;channel;aht_seconds\nvragen;31-01-2024 09:00;1.250;E-mail;312,5\nvragen;31-01-2024 09:15;3;E-mail;1.312,5\n"
    for encoding in ("utf-8-sig", "utf-16"):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(text.encode(encoding))
        loaded = read_volumes(path, tz="Europe/Amsterdam")
        assert loaded.problems == ()
        assert loaded.frame["offered"].tolist() == [1250, 3]
        assert loaded.frame["aht_seconds"].tolist() == [312.5, 1312.5]
        assert loaded.frame["channel"].tolist() == ["email", "email"]
        assert loaded.interval is Interval.QUARTER


def test_a_workbook_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["queue", "interval_start", "offered"],
        ["a", pd.Timestamp("2024-01-01 09:00").to_pydatetime(), 5],
    ):
        sheet.append(row)
    book.save(tmp_path / "volumes.xlsx")
    assert placed(read_volumes(tmp_path / "volumes.xlsx", tz="UTC", interval="1h")) == [("01-01 09:00", 5)]


def test_genesys_adds_skill_sets_and_takes_seconds_and_utc() -> None:
    loaded = read(
        "Interval Start UTC Date,Queue,Media Type,Skill Set,Language,Offered,Interactions Handled,Total Handle Time (Seconds)\n"
        "2024-01-01T09:00:00Z,Help,Voice,a|||b,Dutch,10,8,2400\n"
        "2024-01-01T09:00:00Z,Help,Voice,c,Dutch,5,2,1600\n"
        "2024-01-01T09:00:00.000Z,Help,Voice,c,Dutch,6,2,1600\n"
        "2024-01-01T09:15:00,Help,Email,,,3,0,0\n"
    )
    assert (loaded.layout, loaded.interval) == ("genesys", Interval.QUARTER)
    frame = loaded.frame.set_index("channel")
    assert frame.loc["phone", ["offered", "handled", "aht_seconds"]].tolist() == [16, 10, 400]
    assert f"{frame.loc['email', 'ds']:%H:%M}" == "09:15"
    assert pd.isna(frame.loc["email", "aht_seconds"])
    assert any("1 row(s) stand in the file more than once" in warning for warning in loaded.warnings)


CONNECT = "QueueName,QueueId,ChannelType,TimeStamp,IntervalDuration,IncomingContactVolume,AverageHandleTime,ContactsHandled\n"


def test_connect_is_recognised_by_its_header() -> None:
    loaded = read(
        CONNECT
        + "Q,1,VOICE,2024-01-01T09:00:00Z,15mins,10,300.5,9\nQ,1,CHAT,2024-01-01T09:00:00Z,15MINS,4,200,4\n"
    )
    assert (loaded.layout, loaded.interval, loaded.problems) == ("connect", Interval.QUARTER, ())
    assert loaded.frame["channel"].tolist() == ["chat", "phone"]
    assert loaded.frame["aht_seconds"].tolist() == [200, 300.5]


def test_connect_days_at_utc_midnight_are_calendar_days_and_lengths_are_not_mixed() -> None:
    rows = (
        "Q,1,VOICE,2024-01-01T00:00:00Z,daily,10,300,9\nQ,1,VOICE,2024-01-02T00:00:00-05:00,daily,11,300,9\n"
    )
    loaded = read(CONNECT + rows, tz="America/New_York")
    assert placed(loaded) == [("01-01 05:00", 10), ("01-02 05:00", 11)]
    assert any("calendar day" in warning for warning in loaded.warnings)
    mixed = (
        CONNECT
        + rows
        + "Q,1,VOICE,2024-01-02T09:00:00Z,30mins,4,300,9\nQ,1,VOICE,2024-01-02T09:00:00Z,weekly,4,300,9\n"
    )
    loaded = read(mixed, tz="America/New_York")
    assert loaded.interval is Interval.HALF_HOUR
    assert [problem.row for problem in loaded.problems] == [2, 3, 5]
    assert read(mixed, tz="America/New_York", interval="1d").frame["offered"].tolist() == [10, 11]


@pytest.mark.parametrize(
    ("tz", "day", "hour", "dst", "std"),
    [
        ("Europe/Amsterdam", "2024-10-27", "02", "00:00", "01:00"),
        ("America/New_York", "2024-11-03", "01", "05:00", "06:00"),
    ],
)
def test_two_rows_of_the_repeated_hour_are_taken_in_order_and_one_is_split(
    tz: str, day: str, hour: str, dst: str, std: str
) -> None:
    loaded = read(
        f"queue,interval_start,offered,handled,aht_seconds\nb,{day}T{hour}:00,7,3,60\na,{day}T{hour}:00,5,5,60\na,{day}T{hour}:00,9,9,60\n"
        f"a,{day}T{int(hour) + 1:02d}:00,1,1,60\n",
        tz,
    )
    frame = loaded.frame.assign(at=loaded.frame["ds"].dt.strftime("%H:%M"))
    assert frame.query("queue == 'a'")[["at", "offered"]].to_numpy().tolist()[:2] == [[dst, 5], [std, 9]]
    assert frame.query("queue == 'b'")[["at", "offered", "handled", "aht_seconds"]].to_numpy().tolist() == [
        [dst, 3.5, 1.5, 60],
        [std, 3.5, 1.5, 60],
    ]
    assert [warning for warning in loaded.warnings if "split evenly" in warning]
    assert loaded.problems == ()


@pytest.mark.parametrize(
    ("tz", "day", "hour", "utc"),
    [("Europe/Amsterdam", "2024-03-31", "02", "01"), ("America/New_York", "2024-03-10", "02", "07")],
)
def test_the_missing_hour_moves_forward_and_nothing_is_lost(tz: str, day: str, hour: str, utc: str) -> None:
    loaded = read(
        HEAD + f"a,{day}T{hour}:00,2\na,{day}T{hour}:30,3\na,{day}T03:00,10\na,{day}T03:30,20\n", tz
    )
    assert [(at[-5:], offered) for at, offered in placed(loaded)] == [(f"{utc}:00", 12), (f"{utc}:30", 23)]
    assert any("moved forward" in warning for warning in loaded.warnings)


def test_an_offset_settles_the_repeated_hour_and_days_are_never_split() -> None:
    loaded = read(
        HEAD + "a,2024-10-27T02:00+02:00,5\na,2024-10-27T02:00+01:00,9\na,2024-10-27T02:30+01:00,1\n"
    )
    assert placed(loaded) == [("10-27 00:00", 5), ("10-27 01:00", 9), ("10-27 01:30", 1)]
    days = read(HEAD + "a,2024-10-26,1\na,2024-10-27,2\na,2024-10-28,3\n")
    assert (days.interval, days.warnings) == (Interval.DAY, ())
    assert placed(days) == [("10-25 22:00", 1), ("10-26 22:00", 2), ("10-27 23:00", 3)]


def test_bad_rows_are_listed_with_row_column_value_and_reason_and_good_rows_load() -> None:
    loaded = read(
        "queue,interval_start,offered,handled\n"
        "a,2024-01-01T09:00,5,\na,2024-01-01T09:30,many,1\na,2024-01-01T10:00,-1,1\n,2024-01-01T10:30,1,1\na,2024-13-01,1,1\n"
        "a,2024-01-01T11:00,nan,1\na,2024-01-01T11:30,inf,1\na,2024-01-01T12:00,,1\na,2024-01-01T12:10,1,1\na,2024-01-01T12:30,4,x\n"
        "a,2024-01-01T13:30,1e400,1\na\na,2024-01-01T13:00,8,8\n",
    )
    assert loaded.frame["offered"].tolist() == [5, 8]
    found = {problem.row: (problem.column, problem.value, problem.reason) for problem in loaded.problems}
    assert sorted(found) == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    assert found[3] == ("offered", "many", "is not a number")
    assert found[4] == ("offered", "-1", "is negative")
    assert found[5] == ("queue", "", "is empty")
    assert found[10] == ("interval_start", "2024-01-01T12:10", "is not the start of an interval of 30min")
    assert (loaded.rows, loaded.interval) == (13, Interval.HALF_HOUR)
    assert "11 of 13 rows were left out" in loaded.summary()
    assert "'many' is not a number" in str(loaded.problems[0])


def test_the_last_of_equal_rows_wins_and_versions_stay_apart() -> None:
    loaded = read(HEAD + "a,2024-01-01T09:00,5\na,2024-01-01T10:00,1\na,2024-01-01T09:00,6\n")
    assert placed(loaded) == [("01-01 08:00", 6), ("01-01 09:00", 1)]
    assert any("1 row(s) stand" in warning for warning in loaded.warnings)
    versions = read(
        "queue,interval_start,offered,known_at\na,2024-01-01T09:00,5,2024-01-01T10:00\na,2024-01-01T09:00,6,2024-01-02T10:00\na,2024-01-01T10:00,1,\n"
    )
    assert versions.frame["offered"].tolist() == [5, 6, 1]
    assert versions.frame["known_at"].iloc[1] == pd.Timestamp("2024-01-02T09:00Z")
    assert (
        read("queue,interval_start,offered,known_at\na,2024-01-01T09:00,5,soon\na,2024-01-01T10:00,5,\n")
        .problems[0]
        .column
        == "known_at"
    )


def test_a_longer_interval_sums_and_a_shorter_one_is_doubted() -> None:
    text = "queue,interval_start,offered,handled,aht_seconds\na,2024-01-01T09:00,5,4,100\na,2024-01-01T09:30,6,1,200\n"
    for interval in ("1h", "1d"):
        frame = read(text, interval=interval).frame
        assert frame[["offered", "handled", "aht_seconds"]].to_numpy().tolist() == [[11, 5, 120]]
    double = read(text + "a,2024-01-01T09:30,7,1,200\na,2024-01-08T09:00,1,1,200\n", interval="1w")
    assert placed(double) == [("12-31 23:00", 12), ("01-07 23:00", 1)]
    days = HEAD + "".join(f"a,2024-01-0{day},5\n" for day in range(1, 6))
    assert any("Every row begins at a full 1d" in warning for warning in read(days, interval="1h").warnings)
    hourly = (
        HEAD + "".join(f"a,2024-01-01T{hour:02d}:00,5\n" for hour in range(20)) + "a,2024-01-01T20:30,5\n"
    )
    assert [problem.row for problem in read(hourly, interval="1h").problems] == [22]


def test_totals_of_weeks_are_not_taken_for_days() -> None:
    weeks = HEAD + "".join(f"a,2024-01-{day:02d},700\n" for day in (1, 8, 15, 22, 29))
    with pytest.raises(InputError, match="weeks"):
        read(weeks)
    assert len(read(weeks, interval="1d").frame) == 5


def test_what_cannot_be_used_at_all_is_an_error_with_a_remedy() -> None:
    with pytest.raises(AmbiguousDates):
        read(HEAD + "a,05-03-2024 09:00,5\n")
    assert placed(read(HEAD + "a,05-03-2024 09:00,5\n", date_order="mdy")) == [("05-03 07:00", 5)]
    with pytest.raises(InputError, match="no column 'offered'"):
        read("queue,interval_start,calls_out\na,2024-01-01,5\n")
    with pytest.raises(EmptyFile, match="Row 2, offered: 'x' is not a number"):
        read(HEAD + "a,2024-01-01,x\n")
    with pytest.raises(UnknownZone):
        read(HEAD + "a,2024-01-01,5\n", tz="Europe/Amsterdm")
    with pytest.raises(InputError, match="layout"):
        read(HEAD + "a,2024-01-01,5\n", layout="avaya")
    with pytest.raises(InputError, match="no column 'interval_start'"):
        read(HEAD + "a,2024-01-01,5\n", layout="genesys")


def test_milliseconds_and_early_knowledge_raise_doubt() -> None:
    loaded = read(
        "queue,interval_start,offered,aht_seconds,known_at\na,2024-01-01T09:00,5,300000,2023-01-01\na,2024-01-01T10:00,5,300000,\n"
    )
    assert any("milliseconds" in warning for warning in loaded.warnings)
    assert any("before their interval" in warning for warning in loaded.warnings)


def test_known_at_is_the_end_of_the_interval_plus_the_delay_where_the_file_is_silent() -> None:
    frame = read("queue,interval_start,offered,known_at\na,2024-10-26,1,\na,2024-10-27,2,2024-10-30\n").frame
    known = with_known_at(frame, interval=Interval.DAY, tz="Europe/Amsterdam", delay_seconds=60)
    assert known["assumed"].tolist() == [True, False]
    assert known["known_at"].tolist() == [
        pd.Timestamp("2024-10-26T22:01Z"),
        pd.Timestamp("2024-10-29T23:00Z"),
    ]
    assert "assumed" not in frame.columns
    silent = with_known_at(frame.drop(columns="known_at"), interval=Interval.DAY, tz="Europe/Amsterdam")
    assert silent["known_at"].iloc[1] == pd.Timestamp("2024-10-27T23:00Z")
    assert silent["assumed"].all()


def test_fifty_thousand_rows_take_seconds_not_minutes(tmp_path: Path) -> None:
    hours = pd.date_range("2015-01-01", periods=8700, freq="h").strftime("%Y-%m-%dT%H:%M:%S")
    rows = [f"q{queue},phone,topic {queue},{hour},{queue}" for hour in hours for queue in range(6)]
    path = tmp_path / "volumes.csv"
    path.write_text("queue,channel,topic,interval_start,offered\n" + "\n".join(rows))
    start = time.process_time()
    loaded = read_volumes(path, tz="America/New_York")
    assert loaded.rows == 52_200
    assert time.process_time() - start < 30  # about 1 s measured; a tripwire for a slow road, not a benchmark
