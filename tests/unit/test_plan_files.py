"""Staffing plans and forecasts of planners as files: their headers, shapes, clocks, and what is wrong in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecast.contacts.forecast_files import read_forecast
from forecast.contacts.staffing_files import read_staffing
from forecast.errors import AmbiguousDates, EmptyFile, InputError

TZ = "Europe/Amsterdam"


def staffing(text: str) -> pd.DataFrame:
    return read_staffing(text.encode(), tz=TZ).frame


def forecast(text: str) -> pd.DataFrame:
    return read_forecast(text.encode(), tz=TZ).frame


def test_a_tidy_plan_is_read_and_placed_in_its_zone() -> None:
    frame = staffing("interval_start,group,agents\n2026-03-02T09:00,Calls,12\n2026-03-02T09:30,Calls,12.5\n")
    assert frame["agents"].tolist() == [12.0, 12.5]
    assert frame["ds"].iloc[0] == pd.Timestamp("2026-03-02T08:00Z")


def test_dutch_headers_with_a_date_and_a_time_and_decimal_commas() -> None:
    frame = staffing(
        "Datum;Tijd;Groep;Bezetting\n28-02-2026;09:00;Bellen;12,5\n28-02-2026;09:15;Bellen;13,0\n"
    )
    assert frame["group"].unique().tolist() == ["Bellen"] and frame["agents"].tolist() == [12.5, 13.0]
    assert frame["ds"].diff().iloc[1] == pd.Timedelta(minutes=15)


def test_a_plan_that_is_wide_by_time_has_a_row_per_cell_and_none_for_an_empty_one() -> None:
    frame = staffing("Datum;Groep;08:00;08:30;09:00\n30-03-2026;Bellen;4;5;\n31-03-2026;Bellen;6;7;8\n")
    assert frame["agents"].tolist() == [4, 5, 6, 7, 8]
    assert frame["ds"].iloc[0] == pd.Timestamp("2026-03-30T06:00Z")


def test_bad_rows_are_told_by_their_number_and_the_good_ones_stay() -> None:
    loaded = read_staffing(
        b"interval_start,group,agents\n2026-03-02T09:00,Calls,-3\n2026-03-02T09:30,Calls,4\n2026-03-02T10:00,,4\n",
        tz=TZ,
    )
    assert loaded.frame["agents"].tolist() == [4.0]
    assert [(problem.row, problem.column) for problem in loaded.problems] == [(2, "agents"), (4, "group")]


def test_the_repeated_hour_keeps_its_agents_and_splits_its_contacts() -> None:
    plan = staffing(
        "interval_start,group,agents\n2026-10-25T01:30,A,9\n2026-10-25T02:00,A,6\n2026-10-25T03:00,A,9\n"
    )
    assert plan["agents"].tolist() == [9, 6, 6, 9]
    said = forecast(
        "interval_start,queue,forecast\n2026-10-25T01:30,A,9\n2026-10-25T02:00,A,6\n2026-10-25T03:00,A,9\n"
    )
    assert said["offered"].tolist() == [9, 3, 3, 9]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("interval_start,agents\n2026-03-02T09:00,3\n", InputError),
        ("interval_start,group,agents\n02-03-2026 09:00,A,3\n", AmbiguousDates),
        ("interval_start,group,agents\n", EmptyFile),
        ("interval_start,group,agents\nsoon,A,3\n", EmptyFile),
    ],
)
def test_a_plan_that_cannot_be_read_says_so(text: str, error: type[InputError]) -> None:
    with pytest.raises(error):
        staffing(text)


def test_a_forecast_may_have_several_versions_of_an_interval() -> None:
    frame = forecast(
        "queue,interval_start,offered,aht_seconds,made_at\n"
        "A,2026-03-02T09:00,40,300,2026-02-16\nA,2026-03-02T09:00,44,,2026-02-23\n"
    )
    assert frame["offered"].tolist() == [40, 44] and np.isnan(frame["aht_seconds"].iloc[1])
    assert frame["known_at"].tolist() == [
        pd.Timestamp("2026-02-15T23:00Z"),
        pd.Timestamp("2026-02-22T23:00Z"),
    ]


def test_columns_as_genesys_and_connect_name_them_are_known() -> None:
    genesys = forecast(
        "Interval Start UTC Date,Queue,Media Type,Offered,Total Handle Time\n2026-03-02T09:00:00Z,A,Voice,40,12000\n"
    )
    assert genesys["aht_seconds"].tolist() == [300.0] and genesys["ds"].iloc[0] == pd.Timestamp(
        "2026-03-02T09:00Z"
    )
    connect = forecast(
        "QueueName,TimeStamp,IncomingContactVolume,AverageHandleTime\nA,2026-03-02T09:00:00Z,40,300\n"
    )
    assert connect["offered"].tolist() == [40] and "known_at" not in connect.columns
