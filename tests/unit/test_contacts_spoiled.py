"""Defects that spoiled files brought to light (tests/fuzz), each as the smallest file that shows it."""

from __future__ import annotations

import io

import openpyxl
import pandas as pd
import pytest

from forecast.contacts.loaded import Loaded
from forecast.contacts.volumes import read_volumes
from forecast.errors import InputError, UnreadableFile

HEAD = "queue,interval_start,offered\n"


def read(data: str | bytes) -> Loaded:
    return read_volumes(data.encode() if isinstance(data, str) else data, tz="Europe/Amsterdam")


@pytest.mark.parametrize(
    "mark", ["\ufeff", "\u200b", "\u200e", "\u200f", "\u2060", "\u202a", "\u00ad", "\u00a0"]
)
def test_signs_nobody_sees_make_no_other_queue(mark: str) -> None:
    loaded = read(
        HEAD + f"Sales,2026-01-13 09:00,1\nSales{mark},2026-01-13 10:00,2\n{mark}Sales,2026-01-13 11:00,3\n"
    )
    assert loaded.frame["queue"].tolist() == ["Sales"] * 3


def test_lines_of_two_encodings_are_told_apart_in_every_alphabet() -> None:
    rows = "Техпомощь,2026-01-13 09:00,1\n".encode() + "Café,2026-01-13 09:00,2\n".encode("cp1252")
    loaded = read(HEAD.encode() + rows)
    assert set(loaded.frame["queue"]) == {"Техпомощь", "Café"} and any(
        "mixes" in one for one in loaded.warnings
    )


def test_a_page_of_parquet_that_fails_its_checksum_is_refused() -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    pa = pytest.importorskip("pyarrow")
    out, starts = io.BytesIO(), pd.date_range("2026-01-13", periods=200, freq="h").to_list()
    columns = {"queue": ["Sales"] * 200, "interval_start": starts, "offered": list(range(200))}
    pq.write_table(pa.table(columns), out, compression="none", use_dictionary=False, write_page_checksum=True)
    data = bytearray(out.getvalue())
    assert len(read(bytes(data)).frame) == 200
    data[data.find((100).to_bytes(8, "little"))] ^= 1
    with pytest.raises(UnreadableFile, match="damaged Parquet"):
        read(bytes(data))


def test_a_quote_that_swallows_rows_is_refused() -> None:
    rows = [f"Sales;2026-01-{day} 0{hour}:00;{day}\n" for day in range(13, 16) for hour in range(8, 10)]
    rows[1] = rows[1].replace(";13", ';"13')
    rows[4] = rows[4].replace(";15", ';"15')
    with pytest.raises(UnreadableFile, match="closed rows later") as refused:
        read("queue;interval_start;offered\n" + "".join(rows))
    assert refused.value.remedy


def test_a_line_of_a_million_cells_is_refused_before_it_is_split() -> None:
    with pytest.raises(UnreadableFile, match="a row of 1,000,00"):
        read(HEAD + "Sales,2026-01-13 09:00,1" + "," * 1_000_000 + "\n")


@pytest.mark.parametrize("name", ["Tijdvak", "Blok"])
def test_times_of_day_beside_a_date_are_not_dropped_for_a_bad_cell_or_an_unknown_name(name: str) -> None:
    rows = [
        f"{day}-01-2026;{hour:02}:00-{hour + 1:02}:00;Sales;{hour}\n"
        for day in (13, 14)
        for hour in range(9, 12)
    ]
    spoiled = rows if name == "Blok" else [rows[0].replace("09:00-1", "p9:00-1"), *rows[1:]]
    loaded = read(f"Datum;{name};Wachtrij;Aanbod\n" + "".join(spoiled))
    assert len(loaded.frame) + len(loaded.problems) == 6
    assert loaded.frame["offered"].max() == 11 and loaded.frame["ds"].nunique() == len(loaded.frame)


def test_a_count_written_as_text_with_a_point_is_told_of() -> None:
    book = openpyxl.Workbook()
    for row in (["queue", "interval_start", "offered"], ["Sales", "2026-01-13 09:00", "7.306"], ["Sales", "2026-01-13 10:00", "12"]):  # fmt: skip
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    assert any("7.306 was read with a decimal point" in one for one in read(out.getvalue()).warnings)


def test_a_date_that_fits_only_the_other_order_doubts_those_near_it() -> None:
    good = "".join(f"Sales,{day}-01-2026 09:00,1\n" for day in range(13, 30))
    loaded = read(HEAD + good + "Sales,02-13-2026 09:00,5\n")
    assert [problem.reason for problem in loaded.problems] == [
        "is a date only with day and month exchanged: are the dates near it right?"
    ]


def test_digits_that_are_no_numbers_in_a_header_are_names() -> None:
    header = ";".join(["Datum", "Wachtrij", *"³45678", "9"])
    loaded = read(header + "\n13-01-2026;Sales" + ";1" * 7 + "\n")
    assert any("³" in one for one in loaded.warnings) and len(loaded.frame) == 6


def test_rows_that_something_unread_tells_apart_are_refused_and_corrections_are_not() -> None:
    sites = "".join(
        f"{site},Sales,{day}-01-2026 09:00,{n}\n" for day in range(13, 29) for n, site in enumerate("AB")
    )
    with pytest.raises(InputError, match="16 of 32 rows have another count") as refused:
        read("Vestiging," + HEAD + sites)
    assert refused.value.remedy
    rows = "".join(f"Sales,{day}-01-2026 09:00,1\n" for day in range(13, 29))
    assert len(read(HEAD + rows + rows).frame) == 16  # pasted twice
    assert read(HEAD + rows + "Sales,28-01-2026 09:00,9\n").frame["offered"].iloc[-1] == 9
