"""The same numbers, however a planner's export lays them out, load to the same volumes."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable

import openpyxl
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.buckets import Interval
from forecast.contacts.reading import Reading
from forecast.contacts.volumes import read_volumes

TZ = "Europe/Amsterdam"
QUEUES = ("Verkoop", "Klantenservice", "Totaal Zorg")
DAYS = (dt.date(2026, 3, 12), dt.date(2026, 3, 13), dt.date(2026, 3, 14))
TIMES = tuple(dt.time(hour, minute) for hour in (8, 9) for minute in (0, 15, 30, 45))
Numbers = dict[tuple[str, dt.date, dt.time], int]  # hundredths
Rows = list[list[str]]


def mark(hundredths: int, decimal: str) -> str:
    return f"{hundredths / 100:.2f}".replace(".", decimal)


def span(time: dt.time) -> str:
    end = (dt.datetime.combine(DAYS[0], time) + dt.timedelta(minutes=15)).time()
    return f"{time:%H:%M}-{end:%H:%M}"


def tidy(numbers: Numbers, decimal: str) -> Rows:
    rows = [
        [queue, f"{day:%d-%m-%Y}", span(time), mark(value, decimal)]
        for (queue, day, time), value in numbers.items()
    ]
    return [["Wachtrij", "Datum", "Tijdvak", "Aanbod"], *rows]


def one_column(numbers: Numbers, decimal: str) -> Rows:
    rows = [
        [queue, f"{day.isoformat()}T{time:%H:%M}", mark(value, decimal)]
        for (queue, day, time), value in numbers.items()
    ]
    return [["queue", "interval_start", "offered"], *rows]


def by_time(numbers: Numbers, decimal: str) -> Rows:
    times = sorted({time for _, _, time in numbers})
    rows = [["Datum", "Wachtrij", *map(span, times), "Totaal"]]
    for queue, day in dict.fromkeys((queue, day) for queue, day, _ in numbers):
        values = [numbers.get((queue, day, time)) for time in times]
        total = mark(sum(value or 0 for value in values), decimal)
        rows.append(
            [
                f"{day:%d-%m-%Y}",
                queue,
                *("" if value is None else mark(value, decimal) for value in values),
                total,
            ]
        )
    return rows


def by_queue(numbers: Numbers, decimal: str) -> Rows:
    queues = sorted({queue for queue, _, _ in numbers})
    rows = [["Date", "Time", *queues]]
    for day, time in dict.fromkeys((day, time) for _, day, time in numbers):
        values = [numbers.get((queue, day, time)) for queue in queues]
        rows.append(
            [
                day.isoformat(),
                f"{time:%H:%M}",
                *("" if value is None else mark(value, decimal) for value in values),
            ]
        )
    return rows


def by_date(numbers: Numbers, decimal: str) -> Rows:
    days = sorted({day for _, day, _ in numbers})
    rows = [["Wachtrij", "Tijd", *(f"{day:%d-%m-%Y}" for day in days)]]
    for queue, time in dict.fromkeys((queue, time) for queue, _, time in numbers):
        values = [numbers.get((queue, day, time)) for day in days]
        rows.append(
            [queue, f"{time:%H:%M}", *("" if value is None else mark(value, decimal) for value in values)]
        )
    return rows


SHAPES: tuple[Callable[[Numbers, str], Rows], ...] = (tidy, one_column, by_time, by_queue, by_date)


def dressed(rows: Rows, numbers: Numbers, decimal: str) -> Rows:
    """Titles above, a total and a footer beneath."""
    width = len(rows[0])
    total = ["Totaal", *[""] * (width - 2), mark(sum(numbers.values()), decimal)]
    blank = [""] * width
    title, period = (
        ["Rapportage klantcontact", *blank[1:]],
        ["Periode: 12-03-2026 t/m 31-03-2026", *blank[1:]],
    )
    return [title, period, blank, *rows, total, blank, ["Gegenereerd op 01-04-2026", *blank[1:]]]


def as_text(rows: Rows, delimiter: str, encoding: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(encoding)


def as_workbook(rows: Rows) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append([cell or None for cell in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@settings(max_examples=60, deadline=None)
@given(
    numbers=st.dictionaries(
        st.tuples(st.sampled_from(QUEUES), st.sampled_from(DAYS), st.sampled_from(TIMES)), st.integers(101, 99_999),
        min_size=1, max_size=30,
    ),
    shape=st.sampled_from(SHAPES),
    delimiter=st.sampled_from([",", ";", "\t", "|", "^", "xlsx"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"]),
    decimal=st.sampled_from([".", ","]),
    dress=st.booleans(),
)  # fmt: skip
def test_every_layout_loads_to_the_same_volumes(
    numbers: Numbers,
    shape: Callable[[Numbers, str], Rows],
    delimiter: str,
    encoding: str,
    decimal: str,
    dress: bool,
) -> None:
    # All days, times and queues occur, so that each shape can be told from the others by what it holds.
    full = {(queue, day, time): 101 for queue in QUEUES for day in DAYS for time in TIMES[:3]} | numbers
    rows = shape(full, decimal)
    if dress:
        rows = dressed(rows, full, decimal)
    data = as_workbook(rows) if delimiter == "xlsx" else as_text(rows, delimiter, encoding)
    loaded = read_volumes(data, tz=TZ, reading=Reading(interval="15min"))
    assert loaded.problems == ()
    assert loaded.interval is Interval.QUARTER
    found = {(row.queue, row.ds): round(row.offered * 100) for row in loaded.frame.itertuples()}
    wanted = {
        (queue, pd.Timestamp(dt.datetime.combine(day, time), tz=TZ).tz_convert("UTC")): value
        for (queue, day, time), value in full.items()
    }
    assert found == wanted
