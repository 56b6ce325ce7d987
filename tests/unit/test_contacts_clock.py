"""Times as people write them, and where they lie in a zone."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from forecast.contacts.clock import parse_times
from forecast.contacts.zones import localise
from forecast.errors import AmbiguousDates, InputError

SECOND = 1_000_000_000


def moments(cells: list[str], tz: str = "UTC", order: str | None = None) -> list[str]:
    ns, reasons = parse_times(pd.Series(cells, dtype=object), tz=tz, date_order=order)
    return [
        reason or pd.Timestamp(int(one), tz="UTC").isoformat()
        for one, reason in zip(ns, reasons, strict=True)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-05T14:30", "2024-03-05 14:30:00", "2024-03-05T14:30:00.000Z", "2024-03-05T15:30+01:00", "2024-03-05T09:30-0500",
        "2024/03/05 14:30", "20240305 1430", "20240305T143000Z", "2024-03-05 02:30 PM", "45356.604166667", "2024-03-05 14:30 UTC",
    ],
)  # fmt: skip
def test_unambiguous_spellings_are_one_moment(text: str) -> None:
    assert moments([text]) == ["2024-03-05T14:30:00+00:00"]


def test_a_day_above_twelve_decides_for_the_whole_column() -> None:
    assert moments(["05-03-2024 14:30", "13-03-2024"]) == [
        "2024-03-05T14:30:00+00:00",
        "2024-03-13T00:00:00+00:00",
    ]
    assert moments(["03/05/24 2:30 pm", "03/13/24"]) == [
        "2024-03-05T14:30:00+00:00",
        "2024-03-13T00:00:00+00:00",
    ]


def test_dates_that_read_both_ways_are_asked_for() -> None:
    with pytest.raises(AmbiguousDates, match="--date-order"):
        moments(["05-03-2024", "06-03-2024"])
    assert moments(["05.03.2024"], order="dmy") == ["2024-03-05T00:00:00+00:00"]
    assert moments(["05/03/2024"], order="mdy") == ["2024-05-03T00:00:00+00:00"]
    assert moments(["03/03/2024"]) == ["2024-03-03T00:00:00+00:00"]
    with pytest.raises(AmbiguousDates, match="day first and others"):
        moments(["13-03-2024", "03-13-2024"])
    with pytest.raises(InputError, match="ymd"):
        moments(["05-03-2024"], order="ymd")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"), ("soon", "not a time"), ("2024-02-30", "calendar"), ("2024-01-01 25:00", "time of day"), ("1024-01-01", "1970"),
        ("2024-01-01 13:00 pm", "time of day"), ("2024-01-01T00:00+20:00", "offset"), ("2024-01-01 24:01", "time of day"), ("1", "not a time"),
    ],
)  # fmt: skip
def test_what_is_no_time_has_a_reason(text: str, words: str) -> None:
    assert words in moments([text])[0]


def test_twenty_four_o_clock_is_the_next_midnight() -> None:
    assert moments(["2024-01-31 24:00"]) == ["2024-02-01T00:00:00+00:00"]


@pytest.mark.parametrize(
    "tz",
    [
        "Europe/Amsterdam",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "Pacific/Apia",
        "America/Havana",
        "UTC",
    ],
)
def test_every_half_hour_of_a_year_lies_where_zoneinfo_puts_it(tz: str) -> None:
    start = dt.datetime(2011, 1, 1)
    locals_ = [start + dt.timedelta(minutes=30 * step) for step in range(366 * 48)]
    wall = np.array(
        [round((local - dt.datetime(1970, 1, 1)).total_seconds()) * SECOND for local in locals_],
        dtype=np.int64,
    )
    places = localise(wall, np.zeros(len(wall), dtype=bool), tz)
    zone = ZoneInfo(tz)
    both = np.array(
        [[round(local.replace(tzinfo=zone, fold=fold).timestamp()) for local in locals_] for fold in (0, 1)]
    )
    assert (places.first // SECOND == both[0]).all()
    assert (places.missing == (both[0] > both[1])).all()
    assert (places.repeated == (both[0] < both[1])).all()
    assert (places.second[places.repeated] // SECOND == both[1][places.repeated]).all()
